"""Controls side by side, in as many rows as the width needs."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QLayoutItem, QStyle, QWidget


class FlowLayout(QLayout):
    """Takes one row where there is room, and begins another one where there is not."""

    def __init__(self, parent: QWidget | None = None, across: int = 16, down: int = 6) -> None:
        """across, down: points between two controls, and between two rows."""
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._across, self._down = across, down

    # --- as Qt calls ---

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, at: int) -> QLayoutItem | None:
        return self._items[at] if 0 <= at < len(self._items) else None

    def takeAt(self, at: int) -> QLayoutItem | None:
        return self._items.pop(at) if 0 <= at < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        margins = self.contentsMargins()
        rows = list(self._rows(width - margins.left() - margins.right()))
        high = sum(_height(row) for row in rows) + self._down * max(0, len(rows) - 1)
        return high + margins.top() + margins.bottom()

    def setGeometry(self, room: QRect) -> None:
        super().setGeometry(room)
        inside = room.marginsRemoved(self.contentsMargins())
        top = inside.top()
        for row in self._rows(inside.width()):
            left, high = inside.left(), _height(row)
            for item in row:
                size = QSize(min(item.sizeHint().width(), inside.width()), item.sizeHint().height())
                place = QRect(QPoint(left, top + (high - size.height()) // 2), size)
                item.setGeometry(QStyle.visualRect(self._direction(), inside, place))
                left += size.width() + self._across
            top += high + self._down

    def sizeHint(self) -> QSize:
        """All in one row."""
        there = self._there()
        wide = sum(item.sizeHint().width() for item in there) + self._across * max(0, len(there) - 1)
        margins = self.contentsMargins()
        return QSize(wide, _height(there)).grownBy(margins)

    def minimumSize(self) -> QSize:
        there = self._there()
        wide = max((item.minimumSize().width() for item in there), default=0)
        return QSize(wide, _height(there)).grownBy(self.contentsMargins())

    def _there(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _direction(self) -> Qt.LayoutDirection:
        parent = self.parentWidget()
        return parent.layoutDirection() if parent is not None else Qt.LayoutDirection.LeftToRight

    def _rows(self, width: int) -> Iterator[list[QLayoutItem]]:
        row: list[QLayoutItem] = []
        taken = 0
        for item in self._there():
            wide = item.sizeHint().width()
            if row and taken + self._across + wide > width:
                yield row
                row, taken = [], 0
            taken += wide + (self._across if row else 0)
            row.append(item)
        if row:
            yield row


def _height(row: list[QLayoutItem]) -> int:
    return max((item.sizeHint().height() for item in row), default=0)


def captioned(caption: str, box: QWidget, *beside: QWidget) -> QWidget:
    """Return a control with its caption, and what belongs beside it, as one that is never torn apart."""
    label = QLabel(caption)
    label.setBuddy(box)
    together = QWidget()
    row = QHBoxLayout(together)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in (label, box, *beside):
        row.addWidget(widget)
    return together
