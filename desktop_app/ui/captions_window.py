"""Captions: what is being said, in large letters, above all other windows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QByteArray, QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QColor,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop_app.settings import CaptionChoices
from desktop_app.transcripts.transcript import SPEAKERS, Segment, Word
from desktop_app.ui import colours, wording
from desktop_app.ui.dialog import bounded_to_screen

SIZE = QSize(900, 320)
SMALLEST, LARGEST, STEP = 14, 160, 4  # points
KEPT = 40  # segments: more than any screen shows
CONTROLS_SHOWN_MS = 4000  # in full screen, after the mouse was moved
MARGIN = 24.0  # points, between the edge and the text


class CaptionsWindow(QWidget):
    """Settled text in the chosen colour, provisional text paler. F11 fills the screen, Esc leaves that, or closes.

    closed(): the window was closed.
    """

    closed = Signal()

    def __init__(self, choices: CaptionChoices, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window | Qt.WindowType.WindowStaysOnTopHint)
        self._choices = choices
        self.setWindowTitle(wording.CAPTIONS_TITLE)
        self.lines = _Lines()
        self._make_controls()
        self._make_keys()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.lines, 1)
        column.addWidget(self.controls)
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

    # --- what is said ---

    def begin(self, segments: Sequence[Segment] = ()) -> None:
        """Show these segments, and what comes after them."""
        self.lines.begin(segments)

    def add_segments(self, segments: Sequence[Segment]) -> None:
        self.lines.add(segments)

    def show_provisional(self, words: Sequence[Word]) -> None:
        """Show words that may still change; they take the place of those before."""
        self.lines.show_provisional(words)

    @property
    def text(self) -> str:
        """What can be read, settled and provisional."""
        return self.lines.settled + self.lines.provisional

    # --- making ---

    def _make_controls(self) -> None:
        self.controls = QWidget()
        self.smaller = QPushButton(wording.SMALLER)
        self.larger = QPushButton(wording.LARGER)
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
        caption = QLabel(wording.COLOURS)
        caption.setBuddy(self.colours)
        row = QHBoxLayout(self.controls)
        row.setContentsMargins(12, 8, 12, 8)
        for widget in (self.smaller, self.larger, caption, self.colours, self.text_colour, self.ground_colour):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.full_screen)
        for button in (self.smaller, self.larger, self.text_colour, self.ground_colour, self.full_screen):
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

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
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
            self._paint_end(painter, said, len(self.settled.encode("utf-16-le")) // 2, room)
        else:
            font = self.font()
            font.setPointSizeF(min(font.pointSizeF(), 20))
            painter.setFont(font)
            painter.setPen(colours.paler(self._text_colour, self._ground))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, wording.CAPTIONS_WAIT)
        painter.end()

    def _paint_end(self, painter: QPainter, said: str, settled: int, room: QRectF) -> None:
        """Paint the last lines of `said` that fit; what comes before `settled` (UTF-16 units) is no longer changed."""
        layout = QTextLayout(said, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        ends = []
        for start, length, colour in (
            (0, settled, self._text_colour),
            (settled, len(said.encode("utf-16-le")) // 2 - settled, colours.paler(self._text_colour, self._ground)),
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
            line.setLineWidth(room.width())
            line.setPosition(QPointF(0, height))
            height += line.height()
        layout.endLayout()
        shown = self._whole_lines(layout, room.height())
        painter.setClipRect(QRectF(0, room.bottom() - shown, self.width(), shown))
        layout.draw(painter, QPointF(room.left(), room.bottom() - height))

    @staticmethod
    def _whole_lines(layout: QTextLayout, room: float) -> float:
        """Return the height of the last lines that fit whole; of the last line at least."""
        height = 0.0
        for number in reversed(range(layout.lineCount())):
            more = layout.lineAt(number).height()
            if height and height + more > room:
                break
            height += more
        return height

    def _changed(self) -> None:
        self.setAccessibleDescription((self.settled + self.provisional)[-400:])
        self.update()


def _joined(segments: Sequence[Segment]) -> str:
    """Return the segments as one text; where another speaker begins, a line begins and tells who."""
    parts: list[str] = []
    speaker = ""
    for segment in segments:
        said = " ".join(segment.text.split())
        if segment.speaker != speaker and segment.speaker:
            parts.append(("\u2028" if parts else "") + f"{SPEAKERS[segment.speaker]}: {said}")
        else:
            parts.append((" " if parts else "") + said)
        speaker = segment.speaker
    return "".join(parts)


def _colour(name: str, otherwise: str = "#ffffff") -> QColor:
    return QColor(name) if QColor.isValidColorName(name) else QColor(otherwise)
