"""The small sign at the bottom of the screen that dictation listens. It takes neither the keyboard nor the mouse."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from desktop_app.ui import colours, icons, wording
from desktop_app.ui.level_meter import LevelMeter

SAID_MS = 2500
ABOVE_THE_EDGE = 80  # points
PICTURE = 20


class DictationIndicator(QFrame):
    """Lies above all windows while there is something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        flags = Qt.WindowType.ToolTip | Qt.WindowType.WindowDoesNotAcceptFocus | Qt.WindowType.WindowTransparentForInput
        super().__init__(parent, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setWindowTitle(wording.DICTATION_TITLE)
        self._picture = QLabel()
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.meter = LevelMeter()
        self.meter.setFixedWidth(120)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(10)
        for widget in (self._picture, self.said, self.meter):
            row.addWidget(widget)
        self._hide = QTimer(self)
        self._hide.setSingleShot(True)
        self._hide.setInterval(SAID_MS)
        self._hide.timeout.connect(self.hide)
        self._colour()

    def listen(self, sentence: str) -> None:
        """Say that the user is listened to, and how loud it is."""
        self._hide.stop()
        self._show(sentence, with_level=True)

    def work(self) -> None:
        """Say that what was dictated is being written down."""
        self._hide.stop()
        self._show(wording.WRITING)

    def tell(self, sentence: str) -> None:
        """Say something, and go."""
        self._show(sentence)
        self._hide.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "said"):
            self._colour()

    def _show(self, sentence: str, with_level: bool = False) -> None:
        self.said.setText(sentence)
        self.setAccessibleName(sentence)
        self.meter.setVisible(with_level)
        self.adjustSize()
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        self.move(room.center().x() - self.width() // 2, room.bottom() - self.height() - ABOVE_THE_EDGE)
        self.show()
        self.raise_()

    def _colour(self) -> None:
        self._picture.setPixmap(icons.pixmap("microphone", PICTURE, colours.accent(self.palette())))
