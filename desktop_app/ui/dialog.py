"""What every dialog is made of: a body that scrolls, and a foot with its buttons that is always in sight."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QKeySequence, QShowEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from desktop_app.ui.scroll_area import VerticalScrollArea

SIZE = QSize(460, 0)
TITLE_BAR = QSize(16, 48)  # points: what a window manager adds around a window, at most


@runtime_checkable
class ShowsManual(Protocol):
    """A window that shows pages of the manual."""

    def open_manual(self, topic: str, asker: QWidget) -> None: ...


def ask_for_manual(topic: str, asker: QWidget) -> None:
    """Have the window that `asker` belongs to show the page of that topic."""
    window: QWidget | None = asker.parentWidget()
    while window is not None and not isinstance(window, ShowsManual):
        window = window.parentWidget()
    if window is not None:
        window.open_manual(topic, asker)


def bounded_to_screen(size: QSize, window: QWidget) -> QSize:
    """Return the size, or as much of it as the window's screen has beside a title bar."""
    return size.boundedTo(window.screen().availableGeometry().size() - TITLE_BAR)


class Dialog(QDialog):
    """`body` scrolls where the screen is too low for it, `foot` does not. No dialog is larger than its screen.

    F1 opens the manual where it tells of `manual_topic`.
    """

    manual_topic: ClassVar[str] = ""

    def __init__(self, title: str, parent: QWidget | None = None, size: QSize = SIZE) -> None:
        """size: as it opens, in points, where the screen has room; height 0: as high as what is in it."""
        super().__init__(parent)
        self._size = size
        self._was_fitted = False
        self.setWindowTitle(title)
        inside = QWidget()
        self.body = QVBoxLayout(inside)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(12)
        self.scrolled = VerticalScrollArea(inside)
        self.foot = QVBoxLayout()
        self.foot.setSpacing(8)
        self._column = column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(self.scrolled, 1)
        column.addLayout(self.foot)
        if self.manual_topic:
            help_wanted = QAction(self)
            help_wanted.setShortcuts(QKeySequence.StandardKey.HelpContents)
            help_wanted.triggered.connect(lambda: ask_for_manual(self.manual_topic, self))
            self.addAction(help_wanted)

    def showEvent(self, event: QShowEvent) -> None:
        if not event.spontaneous() and not self._was_fitted:
            self._was_fitted = True
            self._fit()
        super().showEvent(event)

    def _fit(self) -> None:
        """Take the size that is wanted, or as much of it as the screen has."""
        layout = self._column
        layout.activate()
        margins = layout.contentsMargins()
        width = max(self._size.width(), layout.minimumSize().width())
        inside = width - margins.left() - margins.right()
        foot = self.foot.heightForWidth(inside) if self.foot.hasHeightForWidth() else self.foot.sizeHint().height()
        around = margins.top() + margins.bottom() + layout.spacing() + foot
        height = self._size.height() or self.scrolled.height_for(inside) + around
        self.resize(bounded_to_screen(QSize(width, height), self))
