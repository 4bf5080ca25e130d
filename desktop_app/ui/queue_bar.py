"""A line above everything else that says why nothing runs, with the button that puts an end to it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop_app.ui import colours, wording


class QueueBar(QWidget):
    """Hidden while jobs may run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action: QAction | None = None
        self.setAccessibleName(wording.QUEUE_BAR)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.AlternateBase)  # its buttons have edges made of Window
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.button = QPushButton(wording.RESUME_QUEUE)
        self.button.setAutoDefault(True)
        self.button.clicked.connect(self._on_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.addWidget(self.said, 1)
        row.addWidget(self.button)
        self._colour()
        self.hide()

    def show_hold(self, sentence: str, button: str = "", action: QAction | None = None) -> None:
        """Say what holds the queue; nothing: hide. `button` triggers `action`; without one there is no button."""
        self._action = action
        self.said.setText(sentence)
        self.said.setAccessibleName(sentence)
        self.button.setText(button or wording.RESUME_QUEUE)
        self.button.setVisible(action is not None)
        self.setVisible(bool(sentence))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "said"):
            self._colour()

    def _on_clicked(self) -> None:
        if self._action is not None:
            self._action.trigger()

    def _colour(self) -> None:
        palette = QPalette()  # of which all but the ground follows the program's
        palette.setColor(self.backgroundRole(), colours.news(QApplication.palette()))
        self.setPalette(palette)
