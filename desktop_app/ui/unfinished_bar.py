"""A line that offers recordings a killed program has left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal, SignalInstance
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop_app.ui import colours, wording
from desktop_app.work.unfinished import Unfinished


class UnfinishedBar(QWidget):
    """One recording after the other; hidden when there is none.

    transcribe_pressed(unfinished), show_pressed(unfinished), dismiss_pressed(unfinished): so the user wants it.
    """

    transcribe_pressed = Signal(object)
    show_pressed = Signal(object)
    dismiss_pressed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Unfinished] = []
        self.setAccessibleName(wording.UNFINISHED_BAR)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.AlternateBase)  # its buttons have edges made of Window
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.transcribe = QPushButton(wording.TRANSCRIBE_IT)
        self.show_it = QPushButton(wording.SHOW_IT)
        self.dismiss = QPushButton(wording.DISMISS)
        self.transcribe.clicked.connect(lambda: self._decided(self.transcribe_pressed))
        self.show_it.clicked.connect(lambda: self.show_pressed.emit(self._waiting[0]))
        self.dismiss.clicked.connect(lambda: self._decided(self.dismiss_pressed))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.addWidget(self.said, 1)
        for button in (self.transcribe, self.show_it, self.dismiss):
            button.setAutoDefault(True)
            row.addWidget(button)
        self._colour()
        self.hide()

    def offer(self, found: Sequence[Unfinished]) -> None:
        self._waiting = list(found)
        self._tell()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "said"):
            self._colour()

    def _decided(self, signal: SignalInstance) -> None:
        signal.emit(self._waiting.pop(0))
        self._tell()

    def _tell(self) -> None:
        if self._waiting:
            first = self._waiting[0]
            self.said.setText(wording.unfinished(first.begun_at, first.seconds, len(self._waiting) - 1))
        self.setVisible(bool(self._waiting))

    def _colour(self) -> None:
        palette = QPalette()  # of which all but the ground follows the program's
        palette.setColor(self.backgroundRole(), colours.notice(QApplication.palette()))
        self.setPalette(palette)
