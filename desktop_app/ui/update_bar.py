"""A line that asks whether updates may be looked for, or tells of a new version."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop_app.ui import colours, update_wording


class UpdateBar(QWidget):
    """Hidden until there is something to say.

    allowed(may): whether it may be asked once a day.
    news_wanted(), news_put_off(): what is new is to be shown; not now.
    """

    allowed = Signal(bool)
    news_wanted = Signal()
    news_put_off = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_question = False
        self.setAccessibleName(update_wording.BAR)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.AlternateBase)  # its buttons have edges made of Window
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.yes, self.no = QPushButton(update_wording.YES_DAILY), QPushButton(update_wording.NO_NEVER)
        self.yes.clicked.connect(self._on_yes)
        self.no.clicked.connect(self._on_no)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.addWidget(self.said, 1)
        for button in (self.yes, self.no):
            button.setAutoDefault(True)
            row.addWidget(button)
        self._colour()
        self.hide()

    def ask(self) -> None:
        """Ask whether it may be looked for updates."""
        self._say(update_wording.MAY_WE_ASK, update_wording.YES_DAILY, update_wording.NO_NEVER, is_question=True)

    def tell(self, version: str, mine: str) -> None:
        """Tell that there is a new version."""
        there_is = update_wording.there_is(version, mine)
        self._say(there_is, update_wording.WHAT_IS_NEW, update_wording.LATER, is_question=False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "said"):
            self._colour()

    def _say(self, sentence: str, yes: str, no: str, is_question: bool) -> None:
        self._is_question = is_question
        self.said.setText(sentence)
        self.yes.setText(yes)
        self.no.setText(no)
        self.show()

    def _on_yes(self) -> None:
        self.hide()
        if self._is_question:
            self.allowed.emit(True)
        else:
            self.news_wanted.emit()

    def _on_no(self) -> None:
        self.hide()
        if self._is_question:
            self.allowed.emit(False)
        else:
            self.news_put_off.emit()

    def _colour(self) -> None:
        palette = QPalette()  # of which all but the ground follows the program's
        palette.setColor(self.backgroundRole(), colours.news(QApplication.palette()))
        self.setPalette(palette)
