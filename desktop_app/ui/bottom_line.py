"""The line at the bottom of the window; what does not fit ends in an ellipsis, and is told whole when pointed at."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QStatusBar, QStyle, QStyleOption, QWidget

BESIDE = 6  # pixels left free at both ends


class OneLine(QLabel):
    """A sentence that never takes a second line, and never more room than there is."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)  # a long sentence shall not widen the window

    def say(self, sentence: str) -> None:
        self.setText(sentence)
        self.setToolTip(sentence)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        _write(painter, self.contentsRect(), self.text())
        painter.end()


class BottomLine(QStatusBar):
    """`standing` holds true for a while, and makes way while something is said in passing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.standing = OneLine()
        self.standing.setContentsMargins(0, 0, 12, 0)
        self.setSizeGripEnabled(False)
        self.messageChanged.connect(self._on_message)

    def room(self) -> QRect:
        """Return where what is said in passing stands."""
        there = self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        right = min([widget.x() for widget in there if widget.isVisible()], default=self.width())
        return self.rect().adjusted(BESIDE, 0, right - self.width() - BESIDE, 0)

    def _on_message(self, sentence: str) -> None:
        self.setToolTip(sentence)
        self.standing.setVisible(not sentence)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.fontMetrics().horizontalAdvance(self.currentMessage()) <= self.room().width():
            super().paintEvent(event)
            return
        option = QStyleOption()
        option.initFrom(self)
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelStatusBar, option, painter, self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        _write(painter, self.room(), self.currentMessage())
        painter.end()


def _write(painter: QPainter, room: QRect, sentence: str) -> None:
    text = painter.fontMetrics().elidedText(sentence, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, text)
