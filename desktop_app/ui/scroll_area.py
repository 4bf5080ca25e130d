"""A page that scrolls up and down where the screen is lower than the page."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

LEAST_LINES = 4  # of text that are seen at least


class VerticalScrollArea(QScrollArea):
    """As wide as its content needs, so that it scrolls sideways only where the screen itself is narrower."""

    def __init__(self, content: QWidget | None = None, least_lines: int = LEAST_LINES) -> None:
        super().__init__()
        self._least_lines = least_lines
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it has the keyboard, and is scrolled to
        if content is not None:
            self.setWidget(content)

    def height_for(self, width: int) -> int:
        """Return the height at which nothing has to scroll, if it is so wide."""
        content = self.widget()
        assert content is not None
        width -= 2 * self.frameWidth()
        height = content.heightForWidth(width) if content.hasHeightForWidth() else content.sizeHint().height()
        return max(height, content.minimumSizeHint().height()) + 2 * self.frameWidth()

    def sizeHint(self) -> QSize:
        content = self.widget()
        return content.sizeHint() if content is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        content = self.widget()
        inside = content.minimumSizeHint().width() if content is not None else 0
        beside = self.verticalScrollBar().sizeHint().width() + 2 * self.frameWidth()
        widest = round(self.screen().availableGeometry().width() * 0.9)
        return QSize(min(inside + beside, widest), self._least_lines * self.fontMetrics().lineSpacing())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class ScrollingBar(VerticalScrollArea):
    """As high as its content needs at this width; lower, and scrolling, only where the window has no room for that.

    It is there as long as its content is.
    """

    def __init__(self, content: QWidget) -> None:
        was_hidden = content.isHidden() and content.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
        super().__init__(content, least_lines=2)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        content.setHidden(was_hidden)  # Qt has shown it
        self.setHidden(was_hidden)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.height_for(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent) and watched is self.widget():
            self.setVisible(event.type() == QEvent.Type.ShowToParent)
        return super().eventFilter(watched, event)
