"""Finds words in the transcript."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from desktop_app.ui import wording
from desktop_app.ui.announcing import announce
from desktop_app.ui.transcript_text import TranscriptText


class FindBar(QWidget):
    """A line to type in, above the text it searches. Return finds the next place, Shift+Return the one before."""

    def __init__(self, text: TranscriptText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.line = QLineEdit()
        self.line.setPlaceholderText(wording.FIND_HINT)
        self.line.setAccessibleName(wording.FIND_HINT)
        self.line.setClearButtonEnabled(True)
        self.line.setAcceptDrops(False)  # a file dropped here is for the window, too
        self.line.textChanged.connect(self._on_typed)
        self.line.installEventFilter(self)
        self.answer = QLabel()
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        before, after, close = (QPushButton(name) for name in (wording.PREVIOUS, wording.NEXT, wording.CLOSE_FIND))
        before.clicked.connect(lambda: self.search(backwards=True))
        after.clicked.connect(lambda: self.search())
        close.clicked.connect(self.leave)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 6)
        for widget in (self.line, self.answer, before, after, close):
            row.addWidget(widget)
        self.hide()

    def enter(self) -> None:
        """Show the bar, with what is selected in the text as what to look for."""
        self.show()
        selected = self._text.textCursor().selectedText()
        if selected and "\u2029" not in selected:
            self.line.setText(selected)
        self.line.selectAll()
        self.line.setFocus()

    def leave(self) -> None:
        self.hide()
        self._text.setFocus()

    def search(self, backwards: bool = False) -> bool:
        """Go to the next place, round the end if need be. Return False if there is none."""
        wanted = self.line.text()
        found = bool(wanted) and self._text.find_round(wanted, backwards)
        self._say(wording.found(*self._text.place_of(wanted)) if found else wording.NOT_FOUND if wanted else "")
        return found

    def _say(self, answer: str) -> None:
        if answer != self.answer.text():
            self.answer.setText(answer)
            announce(answer, self.line)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.search(backwards=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return super().eventFilter(watched, event)

    def _on_typed(self) -> None:
        """Look from where the last place began, so that typing on does not walk on."""
        cursor = self._text.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self._text.setTextCursor(cursor)
        self.search()
