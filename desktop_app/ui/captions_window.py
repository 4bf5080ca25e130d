"""Captions: what is being said, in large letters, above all other windows."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QByteArray, QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QColor,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop_app.settings import CaptionChoices
from desktop_app.transcripts.transcript import Segment, Word, speaker_name
from desktop_app.ui import colours, icons, wording
from desktop_app.ui.announcing import announce
from desktop_app.ui.dialog import bounded_to_screen
from desktop_app.ui.flow_layout import FlowLayout, captioned
from desktop_app.ui.options_bar import LanguageBox
from desktop_app.ui.scroll_area import ScrollingBar
from desktop_app.ui.sentence import Sentence

SIZE = QSize(900, 320)
SMALLEST, LARGEST, STEP = 14, 160, 4  # points
KEPT = 40  # segments: more than any screen shows
CONTROLS_SHOWN_MS = 4000  # in full screen, after the mouse was moved
NEW_LINE = "\u2028"  # between speakers
MARGIN = 24.0  # points, between the edge and the text


class CaptionsWindow(QWidget):
    """Settled text in the chosen colour, provisional text paler. F11 fills the screen, Esc leaves that, or closes.

    closed(): the window was closed.
    start_pressed(), stop_pressed(): so the user wants it.
    microphone_chosen(row): of those that are on offer.
    language_chosen(code): Whisper's; None: it is to be found out.
    """

    closed = Signal()
    start_pressed = Signal()
    stop_pressed = Signal()
    microphone_chosen = Signal(int)
    language_chosen = Signal(object)

    def __init__(self, choices: CaptionChoices, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window | Qt.WindowType.WindowStaysOnTopHint)
        self._choices = choices
        self.setWindowTitle(wording.CAPTIONS_TITLE)
        self.setWindowIcon(icons.application_icon())
        self.lines = _Lines()
        self._make_controls()
        self._make_keys()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.lines, 1)
        column.addWidget(ScrollingBar(self.controls))
        self._hide_controls = QTimer(self)
        self._hide_controls.setSingleShot(True)
        self._hide_controls.setInterval(CONTROLS_SHOWN_MS)
        self._hide_controls.timeout.connect(self._on_still)
        self.setMouseTracking(True)
        self.lines.setMouseTracking(True)
        self.setMinimumSize(320, 140)
        self.resize(bounded_to_screen(SIZE, self))
        if choices.geometry:
            self.restoreGeometry(QByteArray(choices.geometry))
        self._apply()
        self._paint_icons()
        self.start.setFocus()

    # --- what is said ---

    def begin(self, segments: Sequence[Segment] = ()) -> None:
        """Show these segments, and what comes after them."""
        self.lines.begin(segments)

    def add_segments(self, segments: Sequence[Segment]) -> None:
        self.lines.add(segments)

    def show_provisional(self, words: Sequence[Word]) -> None:
        """Show words that may still change; they take the place of those before."""
        self.lines.show_provisional(words)

    def show_recording(self, is_recording: bool, can_record: bool, said: str) -> None:
        """Offer to start or to stop. said: what is wrong, if something is."""
        self._is_recording = is_recording
        self.start.setText(wording.STOP if is_recording else wording.CAPTIONS_START)
        self.start.setEnabled(is_recording or can_record)
        for box in (self.microphone, self.language):
            box.setEnabled(not is_recording)
        if said != self.status.text():
            self.status.setText(said)
            announce(said, self.status)
        self.status.setVisible(bool(said))
        self._paint_icons()

    def show_microphones(self, names: Sequence[str], chosen: int) -> None:
        """Offer these; `chosen` is the row of the one that is recorded."""
        with QSignalBlocker(self.microphone):
            self.microphone.clear()
            self.microphone.addItems(list(names))
            self.microphone.setCurrentIndex(chosen)

    def show_language(self, code: str | None) -> None:
        with QSignalBlocker(self.language):
            self.language.choose(code)

    @property
    def text(self) -> str:
        """What can be read, settled and provisional."""
        return self.lines.settled + self.lines.provisional

    # --- making ---

    def _make_controls(self) -> None:
        self.controls = QWidget()
        self._is_recording = False
        self.start = QPushButton(wording.CAPTIONS_START)
        self.start.setToolTip(wording.CAPTIONS_START_HINT)
        self.start.setAccessibleDescription(wording.CAPTIONS_START_HINT)
        self.start.clicked.connect(lambda: (self.stop_pressed if self._is_recording else self.start_pressed).emit())
        self.microphone, self.language = QComboBox(), LanguageBox()
        self.microphone.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.microphone.setMinimumContentsLength(16)
        for box, name, hint in (
            (self.microphone, wording.MICROPHONE, wording.MICROPHONE_HINT),
            (self.language, wording.LANGUAGE, wording.LANGUAGE_HINT),
        ):
            box.setAccessibleName(name.replace("&", ""))
            box.setAccessibleDescription(hint)
            box.setToolTip(hint)
        self.microphone.activated.connect(self.microphone_chosen)
        self.language.currentIndexChanged.connect(lambda: self.language_chosen.emit(self.language.code()))
        self.status = Sentence()
        self.status.hide()
        self.smaller, self.larger = QPushButton(), QPushButton()
        for button, name in ((self.smaller, wording.SMALLER), (self.larger, wording.LARGER)):
            button.setAccessibleName(name)
            button.setToolTip(name)
        self.colours = QComboBox()
        for pair, name in wording.CAPTION_COLOURS.items():
            self.colours.addItem(name, pair)
        self.colours.addItem(wording.OWN_COLOURS, None)
        self.colours.setAccessibleName(wording.COLOURS)
        self.text_colour = QPushButton(wording.TEXT_COLOUR)
        self.ground_colour = QPushButton(wording.GROUND_COLOUR)
        self.full_screen = QPushButton(wording.FULL_SCREEN)
        self.full_screen.setToolTip(wording.FULL_SCREEN_HINT)
        self.full_screen.setAccessibleDescription(wording.FULL_SCREEN_HINT)
        row = FlowLayout(across=10)
        for widget in (
            self.start,
            captioned(wording.MICROPHONE, self.microphone),
            captioned(wording.LANGUAGE, self.language),
            self.smaller,
            self.larger,
            captioned(wording.COLOURS, self.colours),
            self.text_colour,
            self.ground_colour,
            self.full_screen,
        ):
            row.addWidget(widget)
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(12, 8, 12, 8)
        column.addWidget(self.status)
        column.addLayout(row)
        for button in (self.start, self.smaller, self.larger, self.text_colour, self.ground_colour, self.full_screen):
            button.setAutoDefault(True)
        self.smaller.clicked.connect(lambda: self._resize_text(-STEP))
        self.larger.clicked.connect(lambda: self._resize_text(STEP))
        self.colours.activated.connect(self._on_colours)
        self.text_colour.clicked.connect(lambda: self._ask_for_colour(is_text=True))
        self.ground_colour.clicked.connect(lambda: self._ask_for_colour(is_text=False))
        self.full_screen.clicked.connect(self._fill_screen_or_not)

    def _make_keys(self) -> None:
        keys = QKeySequence.StandardKey
        for slot, sequences in (
            (self._fill_screen_or_not, [QKeySequence("F11")]),
            (self._on_escape, [QKeySequence("Esc")]),
            (partial(self._resize_text, STEP), [QKeySequence(keys.ZoomIn), QKeySequence("Ctrl+=")]),
            (partial(self._resize_text, -STEP), [QKeySequence(keys.ZoomOut)]),
            (self.close, [QKeySequence(keys.Close)]),
        ):
            action = QAction(self)
            action.setShortcuts(sequences)
            action.triggered.connect(lambda _checked=False, slot=slot: slot())
            self.addAction(action)

    # --- what the user does ---

    def _resize_text(self, by: int) -> None:
        self._choices.size = min(LARGEST, max(SMALLEST, self._choices.size + by))
        self._apply()

    def _on_colours(self) -> None:
        pair = self.colours.currentData()
        if pair is None:
            self._ask_for_colour(is_text=True)
        else:
            self._choices.text, self._choices.ground = pair
            self._apply()

    def _ask_for_colour(self, is_text: bool) -> None:
        dialog = QColorDialog(_colour(self._choices.text if is_text else self._choices.ground), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle((wording.TEXT_COLOUR if is_text else wording.GROUND_COLOUR).rstrip("…"))

        def take(colour: QColor) -> None:
            if is_text:
                self._choices.text = colour.name()
            else:
                self._choices.ground = colour.name()
            self._apply()

        dialog.colorSelected.connect(take)
        dialog.finished.connect(lambda _: self._apply())
        dialog.open()

    def _fill_screen_or_not(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _on_escape(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.close()

    # --- what is shown ---

    def _apply(self) -> None:
        """Show size and colours as they are chosen."""
        text, ground = _colour(self._choices.text), _colour(self._choices.ground, "#000000")
        if text == ground:
            text = _colour("#ffffff") if ground.lightness() < 128 else _colour("#000000")
        self._choices.size = min(LARGEST, max(SMALLEST, self._choices.size))
        self.lines.look(self._choices.size, text, ground)
        pair = (self._choices.text, self._choices.ground)
        row = next((n for n in range(self.colours.count()) if self.colours.itemData(n) == pair), -1)
        self.colours.setCurrentIndex(row if row >= 0 else self.colours.count() - 1)
        self.smaller.setEnabled(self._choices.size > SMALLEST)
        self.larger.setEnabled(self._choices.size < LARGEST)

    def _on_still(self) -> None:
        self.controls.setVisible(not self.isFullScreen() or self.controls.isAncestorOf(self.focusWidget() or self))

    # --- as Qt calls ---

    def _paint_icons(self) -> None:
        palette = self.palette()
        ink = palette.color(QPalette.ColorRole.ButtonText)
        faded = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        for button, name in ((self.smaller, "smaller"), (self.larger, "larger"), (self.full_screen, "full-screen")):
            button.setIcon(icons.icon(name, ink, faded))
        self.start.setIcon(icons.icon("stop" if self._is_recording else "record", colours.bad(palette), faded))
        colours.warn(self.status)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_hide_controls"):
            self._paint_icons()
        if event.type() == QEvent.Type.WindowStateChange and hasattr(self, "_hide_controls"):
            if self.isFullScreen():
                self.lines.setFocus()
            self.controls.setVisible(not self.isFullScreen())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.controls.show()
        self._hide_controls.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._choices.geometry = bytes(self.saveGeometry().data())
        super().closeEvent(event)
        self.closed.emit()


class _Lines(QWidget):
    """The end of the text, laid out from the bottom up: the newest line is always whole."""

    def __init__(self) -> None:
        super().__init__()
        self._segments: list[Segment] = []
        self._words: tuple[Word, ...] = ()
        self._text_colour, self._ground = QColor("#ffffff"), QColor("#000000")
        self.setAccessibleName(wording.CAPTIONS_TITLE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def settled(self) -> str:
        return _joined(self._segments)

    @property
    def provisional(self) -> str:
        said = " ".join("".join(word.text for word in self._words).split())
        return (" " if said and self._segments else "") + said

    def begin(self, segments: Sequence[Segment]) -> None:
        self._segments, self._words = list(segments)[-KEPT:], ()
        self._changed()

    def add(self, segments: Sequence[Segment]) -> None:
        self._segments = [*self._segments, *segments][-KEPT:]
        if segments:
            self._words = tuple(word for word in self._words if word.end > segments[-1].end)
        self._changed()

    def show_provisional(self, words: Sequence[Word]) -> None:
        self._words = tuple(words)
        self._changed()

    def look(self, size: int, text: QColor, ground: QColor) -> None:
        font = self.font()
        font.setPointSize(size)
        font.setWeight(font.Weight.DemiBold)
        self.setFont(font)
        self._text_colour, self._ground = text, ground
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._ground)
        said = self.settled + self.provisional
        room = QRectF(self.rect()).adjusted(MARGIN, MARGIN / 2, -MARGIN, -MARGIN / 2)
        if said:
            self._paint_end(painter, said, _units(self.settled), room)
        else:
            font = self.font()
            font.setPointSizeF(min(font.pointSizeF(), 20))
            painter.setFont(font)
            painter.setPen(colours.paler(self._text_colour, self._ground))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, wording.CAPTIONS_WAIT)
        painter.end()

    def _paint_end(self, painter: QPainter, said: str, settled: int, room: QRectF) -> None:
        """Paint the last lines of `said` that fit; what comes before `settled` (UTF-16 units) is no longer changed."""
        placed: list[tuple[float, QTextLayout]] = []
        height, begun = 0.0, 0
        for paragraph in said.split(NEW_LINE):
            length = _units(paragraph)
            layout = self._laid_out(paragraph, min(max(0, settled - begun), length), room.width())
            placed.append((height, layout))
            height += sum(layout.lineAt(number).height() for number in range(layout.lineCount()))
            begun += length + 1
        shown = _whole_lines([layout for _, layout in placed], room.height())
        painter.setClipRect(QRectF(0, room.bottom() - shown, self.width(), shown))
        for top, layout in placed:
            layout.draw(painter, QPointF(room.left(), room.bottom() - height + top))

    def _laid_out(self, paragraph: str, settled: int, width: float) -> QTextLayout:
        """Return lines of this width, set from the side from which the paragraph is written."""
        layout = QTextLayout(paragraph, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        if is_right_to_left(paragraph):
            option.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout.setTextOption(option)
        ends = []
        for start, length, colour in (
            (0, settled, self._text_colour),
            (settled, _units(paragraph) - settled, colours.paler(self._text_colour, self._ground)),
        ):
            part = QTextLayout.FormatRange()
            part.start, part.length = start, length
            form = part.format
            form.setForeground(colour)
            part.format = form
            ends.append(part)
        layout.setFormats(ends)
        layout.beginLayout()
        height = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, height))
            height += line.height()
        layout.endLayout()
        return layout

    def _changed(self) -> None:
        self.setAccessibleDescription((self.settled + self.provisional)[-400:])
        self.update()


def _whole_lines(layouts: Sequence[QTextLayout], room: float) -> float:
    """Return the height of the last lines that fit whole; of the last line at least."""
    height = 0.0
    for layout in reversed(layouts):
        for number in reversed(range(layout.lineCount())):
            more = layout.lineAt(number).height()
            if height and height + more > room:
                return height
            height += more
    return height


def _units(text: str) -> int:
    """Return the length of a text as Qt counts, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def is_right_to_left(text: str) -> bool:
    """Tell by its first letter that has a direction, as the Unicode bidirectional algorithm does (UAX 9, P2 and P3)."""
    directions = (unicodedata.bidirectional(sign) for sign in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


def _joined(segments: Sequence[Segment]) -> str:
    """Return the segments as one text; where another speaker begins, a line begins and tells who."""
    parts: list[str] = []
    speaker = ""
    for segment in segments:
        said = " ".join(segment.shown_text.split())
        if segment.speaker != speaker and segment.speaker:
            parts.append((NEW_LINE if parts else "") + f"{speaker_name(segment.speaker)}: {said}")
        else:
            parts.append((" " if parts else "") + said)
        speaker = segment.speaker
    return "".join(parts)


def _colour(name: str, otherwise: str = "#ffffff") -> QColor:
    return QColor(name) if QColor.isValidColorName(name) else QColor(otherwise)
