"""The text of a transcript: paragraphs, times in the margin, and a search that does not keep one waiting."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QPlainTextDocumentLayout, QPlainTextEdit, QToolTip, QWidget

from desktop_app.transcripts import lines
from desktop_app.transcripts.transcript import Segment, Word, speaker_name
from desktop_app.ui import colours, wording
from desktop_app.ui.announcing import announce

MORE_THAN_A_PAGE = 100  # paragraphs: there will be a scroll bar
LINE_LENGTH = 75  # characters: typographers recommend 45 to 75 (Bringhurst, The Elements of Typographic Style, 2.1.2)
SIZES = (8, 9, 10, 11, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48)  # points
PIECE = 200  # paragraphs that are looked at in one step of a search
WORN_AT_ONCE = 1000  # paragraphs, where a long text is deleted little by little: about 1.5 ms


class TranscriptText(QPlainTextEdit):
    """A paragraph a segment, or a few that are pieces of one clause, as live text has them.

    Its time stands in the margin, so that copied text is text alone.

    passage_entered(why): the text cursor is in another paragraph; why that should be checked, empty if it need not.
    """

    passage_entered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._starts = array("d")
        self._line: list[Segment] = []  # the first and the last segment of the last paragraph
        self.segments = 0  # a paragraph has one, or several that are pieces of one clause
        self._doubts: dict[int, str] = {}  # why, by paragraph
        self._pieces: list[str] = []  # the text, PIECE paragraphs each
        self._folded: list[str] = []  # the same without upper case, to search in
        self._sought = ""  # what was searched last, if the text is still the same
        self._sought_in: dict[int, int] = {}  # the pieces that have it, and how often
        self._provisional_from = 0  # where it begins, with what stands before it
        self._provisional: tuple[Word, ...] = ()  # at the end, in grey; in none of the above
        self._current = -1  # the paragraph with the text cursor
        self._margin = _TimeMargin(self)
        self.setReadOnly(True)
        self.setAcceptDrops(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setBackgroundRole(QPalette.ColorRole.Base)  # of what is left free beside the text
        self.setAutoFillBackground(True)
        self.setMinimumHeight(4 * self.fontMetrics().lineSpacing())
        self.setAccessibleName(wording.TRANSCRIPT)
        self.setPlaceholderText(wording.WAITING_FOR_TEXT)
        self._normal_size = self.font().pointSizeF() * 1.1
        self._begin_document()
        self.show_in_size(0)
        self.updateRequest.connect(self._on_update_request)
        self.cursorPositionChanged.connect(self._on_cursor_moved)
        self._place_margin()

    def setPlaceholderText(self, text: str) -> None:
        """Say why there is no text. Qt draws nothing anew where one such sentence takes the place of another."""
        super().setPlaceholderText(text)
        self.viewport().update()

    def clear(self) -> None:
        if self.paragraphs > MORE_THAN_A_PAGE:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        if self.paragraphs > WORN_AT_ONCE:
            _wear_away(self.document())
            self._begin_document()
        else:
            super().clear()
        del self._starts[:]
        self._line = []
        self.segments = 0
        self._current = -1
        self.setAccessibleDescription("")
        self.passage_entered.emit("")
        self._doubts.clear()
        self._pieces.clear()
        self._folded.clear()
        self._sought = ""
        self._provisional = ()

    def show_provisional(self, words: Sequence[Word]) -> None:
        """Show at the end, in grey, what was heard but may still change; it takes the place of what was so before."""
        if tuple(words) == self._provisional:
            return
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 1
        self._remove_provisional()
        self._provisional = tuple(words)
        self._insert_provisional()
        bar.setValue(bar.maximum() if follows else bar.value())

    def append(self, segments: Sequence[Segment]) -> None:
        """Add segments at the end, and scroll along unless the user has scrolled away."""
        if len(segments) > MORE_THAN_A_PAGE:  # a bar that comes later makes the page narrower, and all is laid out anew
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 1
        self._remove_provisional()
        inserted = [self._add(segment) for segment in segments]
        layout = self.document().documentLayout()
        layout.blockSignals(not follows)  # else Qt paints all that is seen again, though what is added lies below it
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText("".join(inserted), QTextCharFormat())
        layout.blockSignals(False)
        layout.documentSizeChanged.emit(layout.documentSize())
        self._sought = ""
        if self._current < 0:
            self._on_cursor_moved()
        if segments:  # those that are settled now are no longer provisional
            self._provisional = tuple(word for word in self._provisional if word.end > segments[-1].end)
        self._insert_provisional()
        bar.setValue(bar.maximum() if follows else bar.value())

    def _add(self, segment: Segment) -> str:
        """Note what a segment adds to the text, and return it: a paragraph, or the rest of the last one."""
        said = " ".join(segment.shown_text.split())
        goes_on = bool(self._line) and lines.goes_on(self._line, segment)
        self._line = [self._line[0], segment] if goes_on else [segment]  # the first and the last are looked at
        self.segments += 1
        if goes_on:
            added = lines.separator(self._pieces[-1][-1:], said) + said
            self._pieces[-1] += added
            self._folded[-1] += added.casefold()
        else:
            number = self.paragraphs
            paragraph = (f"{speaker_name(segment.speaker)}: " if segment.speaker else "") + said
            added = f"\n{paragraph}" if number else paragraph
            self._starts.append(segment.start)
            if number % PIECE:
                self._pieces[-1] += added
                self._folded[-1] += added.casefold()
            else:
                self._pieces.append(paragraph)
                self._folded.append(paragraph.casefold())
        if segment.doubts:
            last = self.paragraphs - 1
            reasons = [wording.DOUBTS[doubt] for doubt in segment.doubts]
            before = self._doubts[last].split("; ") if last in self._doubts else []
            self._doubts[last] = "; ".join(dict.fromkeys([*before, *reasons]))
        return added

    def show_in_size(self, points: int) -> None:
        """Write in letters of this size; 0: a little larger than the system's."""
        font = self.font()
        font.setPointSizeF(min(max(points, SIZES[0]), SIZES[-1]) if points else self._normal_size)
        self.setFont(font)

    def other_size(self, step: int) -> int:
        """Return the next larger size, or (-1) the next smaller one."""
        now = self.font().pointSizeF()
        others = [size for size in SIZES if (size - now) * step > 0]
        return (others[0] if step > 0 else others[-1]) if others else round(now)

    @property
    def paragraphs(self) -> int:
        return len(self._starts)

    @property
    def whole(self) -> str:
        """The text, a line a paragraph. (Qt would put it together anew, for 20 ms if it is long.)"""
        return "\n".join(self._pieces)

    @property
    def doubtful(self) -> int:
        """How many paragraphs should be listened to again."""
        return len(self._doubts)

    def doubt_at(self, y: int) -> str:
        """Return why the paragraph at this height of the margin is doubtful; empty if it is not."""
        return self._doubts.get(self.cursorForPosition(QPoint(0, y)).blockNumber(), "")

    def go_to_doubtful(self, step: int) -> bool:
        """Go to the next (1) or the previous (-1) paragraph that should be checked, round the end if need be."""
        here = self.textCursor().blockNumber()
        numbers = sorted(self._doubts, key=lambda number: ((number - here) * step - 1) % max(1, self.paragraphs))
        if numbers:
            self.setTextCursor(QTextCursor(self.document().findBlockByNumber(numbers[0])))
            self.centerCursor()
        return bool(numbers)

    def _on_cursor_moved(self) -> None:
        """Have a screen reader say what stands in the margin, which it cannot see."""
        number = self.textCursor().blockNumber()
        if number == self._current or number >= self.paragraphs:
            return
        self._current = number
        why = self._doubts.get(number, "")
        said = wording.passage(self._starts[number], why)
        self.setAccessibleDescription(said)
        self._margin.setAccessibleDescription(said)
        if self.hasFocus():
            announce(said, self)
        self.passage_entered.emit(why)

    def find_round(self, wanted: str, backwards: bool = False) -> bool:
        """Select the next place of `wanted`, or the one before, round the end if need be. Return False without one.

        Qt alone would take 70 ms to find the only place in a hundred thousand paragraphs: it is told where to look.
        """
        cursor = self.textCursor()
        cursor.setPosition(cursor.selectionStart() if backwards else cursor.selectionEnd())
        if wanted.casefold() not in _rest_of_paragraph(cursor, wanted, backwards).casefold():
            paragraph = self._paragraph_with(wanted.casefold(), cursor.blockNumber(), backwards)
            if paragraph is None:
                return False
            block = self.document().findBlockByNumber(paragraph)
            cursor.setPosition(block.position() + (block.length() - 1 if backwards else 0))
        direction = QTextDocument.FindFlag.FindBackward if backwards else QTextDocument.FindFlag(0)
        place = self.document().find(wanted, cursor, direction)
        if place.isNull():  # "ss" is in "ß" here, but not for Qt: the one place may be on the other side
            cursor.movePosition(QTextCursor.MoveOperation.End if backwards else QTextCursor.MoveOperation.Start)
            place = self.document().find(wanted, cursor, direction)
        if not place.isNull():
            self.setTextCursor(place)
        return not place.isNull()

    def place_of(self, wanted: str) -> tuple[int, int]:
        """Return which of all the places of `wanted` is the one that is selected, and how many there are."""
        folded, cursor = wanted.casefold(), self.textCursor()
        self._pieces_with(folded)
        paragraph, end = cursor.blockNumber(), cursor.selectionEnd() - cursor.block().position()
        here = paragraph // PIECE
        before = sum(count for piece, count in self._sought_in.items() if piece < here)
        if here < len(self._folded):
            before += sum(line.count(folded) for line in self._folded[here].split("\n")[: paragraph % PIECE])
        units = cursor.block().text().encode("utf-16-le")[: 2 * end]  # as Qt counts
        before += units.decode("utf-16-le", "replace").casefold().count(folded)
        return before, sum(self._sought_in.values())

    def _paragraph_with(self, folded: str, start: int, backwards: bool) -> int | None:
        """Return the first paragraph behind `start` that may have `folded` in it; `start` itself comes last."""
        here, step = start // PIECE, -1 if backwards else 1
        pieces = sorted(self._pieces_with(folded), key=lambda piece: (piece - here) * step % len(self._folded))
        for turn, piece in enumerate([*pieces, *pieces[:1]]):  # the first comes twice: its other half is the last
            lines = enumerate(self._folded[piece].split("\n"), piece * PIECE)
            found = [number for number, line in lines if folded in line]
            if turn == 0 and piece == here:
                found = [number for number in found if (number - start) * step > 0]
            if found:
                return found[-1 if backwards else 0]
        return None

    def _pieces_with(self, folded: str) -> Collection[int]:
        """Return the pieces that have `folded` in them; the answer is kept for the next step of a search."""
        if folded != self._sought:
            self._sought = folded
            counted = ((number, piece.count(folded)) for number, piece in enumerate(self._folded))
            self._sought_in = {number: count for number, count in counted if count}
        return self._sought_in

    def margin_width(self) -> int:
        return self.fontMetrics().horizontalAdvance("? 0:00:00") + 22

    def paint_margin(self, event: QPaintEvent) -> None:
        painter = QPainter(self._margin)
        dirty, palette = event.rect(), self.palette()
        painter.fillRect(dirty, palette.color(QPalette.ColorRole.Base))
        quiet, bad = colours.quiet(palette), colours.bad(palette)
        painter.setFont(self.font())
        room = QRect(0, 0, self._margin.width() - 12, self.fontMetrics().height())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= dirty.bottom():
            height, number = self.blockBoundingRect(block).height(), block.blockNumber()
            if number < self.paragraphs and top + height >= dirty.top():
                room.moveTop(round(top))
                painter.setPen(bad if number in self._doubts else quiet)
                mark = "? " if number in self._doubts else ""
                painter.drawText(room, Qt.AlignmentFlag.AlignRight, mark + wording.clock(self._starts[number]))
            top += height
            block = block.next()
        painter.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._align()
        super().paintEvent(event)

    def _align(self) -> None:
        """Set what is seen and written from right to left from the right: Qt sets all of a plain text from the left."""
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= self.viewport().height():
            top += self.blockBoundingRect(block).height()  # which lays the paragraph out, if it is not yet
            layout = block.layout()
            option = layout.textOption()
            is_aligned = bool(option.alignment() & Qt.AlignmentFlag.AlignRight)
            if is_aligned != (block.textDirection() == Qt.LayoutDirection.RightToLeft):
                option.setAlignment(Qt.AlignmentFlag.AlignLeft if is_aligned else Qt.AlignmentFlag.AlignRight)
                layout.setTextOption(option)
            block = block.next()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place_margin()  # first: else all is laid out for a width that does not last
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_margin"):
            self._place_margin()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_provisional"):
            self._remove_provisional()
            self._insert_provisional()

    def _begin_document(self) -> None:
        document = QTextDocument(self)
        document.setDocumentLayout(QPlainTextDocumentLayout(document))
        document.setDefaultFont(self.font())
        document.setDocumentMargin(8)
        document.setUndoRedoEnabled(False)
        self.setDocument(document)

    def _insert_provisional(self) -> None:
        said = "".join(word.text for word in self._provisional)
        if not said.strip():
            self._provisional = ()
            return
        grey = QTextCharFormat()
        grey.setForeground(colours.quiet(self.palette()))
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._provisional_from = cursor.position()
        before = (
            "\n" if self._starts else ""
        )  # never in a settled paragraph: it would be searched as if it were settled
        cursor.insertText(before + " ".join(said.split()), grey)

    def _remove_provisional(self) -> None:
        if not self._provisional:
            return
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.setPosition(self._provisional_from, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def _place_margin(self) -> None:
        """Times stand to the left; to the right is left free what would make lines too long to be read with ease."""
        bar = self.verticalScrollBar().sizeHint().width()
        column = round(LINE_LENGTH * self.fontMetrics().averageCharWidth() + 2 * self.document().documentMargin())
        free = max(0, self.width() - self.margin_width() - bar - column)
        before = self.viewport().size()
        self.setViewportMargins(self.margin_width(), 0, free, 0)
        # Before it is shown, Qt lays the text out for the width that the page had then.
        super().resizeEvent(QResizeEvent(self.viewport().size(), before))
        inside = self.contentsRect()
        self._margin.setGeometry(QRect(inside.left(), inside.top(), self.margin_width(), inside.height()))

    def _on_update_request(self, rect: QRect, dy: int) -> None:
        if dy:
            self._margin.scroll(0, dy)
        else:
            self._margin.update(0, rect.y(), self._margin.width(), rect.height())


class _TimeMargin(QWidget):
    def __init__(self, text: TranscriptText) -> None:
        super().__init__(text)
        self._text = text
        self.setAccessibleName(wording.TIMES)

    def sizeHint(self) -> QSize:
        return QSize(self._text.margin_width(), 0)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._text.doubt_at(event.pos().y()), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._text.paint_margin(event)


def _wear_away(document: QTextDocument) -> None:
    """Delete a document little by little: a hundred thousand paragraphs at once hold the window up for 40 ms."""

    def wear() -> None:
        rest = document.blockCount() - WORN_AT_ONCE
        if rest <= 0:
            document.deleteLater()
            return
        cursor = QTextCursor(document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.setPosition(document.findBlockByNumber(rest).position(), QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    timer = QTimer(document)
    timer.setInterval(10)
    timer.timeout.connect(wear)
    timer.start()


def _rest_of_paragraph(cursor: QTextCursor, wanted: str, backwards: bool) -> str:
    """Return the part in which `wanted` may stand as seen from `cursor`: backwards, it need only begin before that."""
    block, at = cursor.block(), cursor.positionInBlock()
    text = block.text().encode("utf-16-le")  # as Qt counts
    begun = at + len(wanted.encode("utf-16-le")) // 2 - 1
    return (text[: 2 * begun] if backwards else text[2 * at :]).decode("utf-16-le", "replace")
