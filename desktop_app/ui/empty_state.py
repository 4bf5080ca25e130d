"""What is seen before there is anything to see: where to drop, a button to open, a sample to try."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_app.ui import colours, icons, wording

PICTURE = 96


class EmptyState(QWidget):
    """Shown while the list is empty."""

    def __init__(self, open_files: QAction, record: QAction, try_it: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QLabel()
        self._title = QLabel(wording.DROP_HERE)
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.9)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
        self._more = QLabel(wording.DROP_HERE_MORE)
        self._promise = QLabel(wording.PROMISE)
        self.open_button = button_for(open_files)
        self.open_button.setDefault(True)
        self.record_button = button_for(record)
        self.try_button = button_for(try_it)

        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        for button in (self.open_button, self.record_button, self.try_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(3)
        for label in (self._picture, self._title, self._more):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addSpacing(16)
        column.addLayout(buttons)
        column.addStretch(3)
        self._promise.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._promise)
        column.addSpacing(12)
        self._colour()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_promise"):
            self._colour()

    def _colour(self) -> None:
        self._picture.setPixmap(icons.pixmap("drop", PICTURE, colours.accent(self.palette())))
        for label in (self._more, self._promise):
            colours.stand_back(label)


def button_for(action: QAction) -> QPushButton:
    """Return a large button that does what the action does."""
    button = QPushButton(action.text().replace("&", ""))  # it has a key; the letters are for the controls around it
    button.setToolTip(action.toolTip())
    button.setMinimumHeight(36)
    button.setMinimumWidth(150)
    button.setAutoDefault(True)
    button.clicked.connect(action.trigger)
    return button
