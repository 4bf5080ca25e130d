"""The list of the keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHeaderView,
    QMenu,
    QMenuBar,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from desktop_app.ui import wording
from desktop_app.ui.dialog import Dialog

LEAST_LINES = 12  # of the list, that are seen at least


class ShortcutList(Dialog):
    """Every key, by menu. It is made of the actions, so that it is never out of date."""

    manual_topic = "keyboard"

    def __init__(self, bar: QMenuBar, parent: QWidget | None = None) -> None:
        super().__init__(wording.SHORTCUTS_TITLE, parent, QSize(560, 640))
        self.list = QTreeWidget()
        self.list.setAccessibleName(wording.SHORTCUTS_TITLE)
        self.list.setMinimumHeight(LEAST_LINES * self.list.fontMetrics().lineSpacing())
        self.body.addWidget(self.list)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.foot.addWidget(buttons)
        self.list.setColumnCount(2)
        self.list.setHeaderLabels([wording.SHORTCUTS_ACTION, wording.SHORTCUTS_KEYS])
        self.list.setRootIsDecorated(False)
        self.list.setItemsExpandable(False)
        for entry in bar.actions():
            with_keys = [action for action in _actions(entry) if action.shortcuts()]
            if with_keys:
                self._add(_plain(entry.text()), with_keys)
        self.list.expandAll()
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        if (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)
        self.list.setFocus()

    def _add(self, heading: str, actions: Sequence[QAction]) -> None:
        top = QTreeWidgetItem(self.list, [heading])
        top.setFirstColumnSpanned(True)
        font = top.font(0)
        font.setWeight(font.Weight.DemiBold)
        top.setFont(0, font)
        for action in actions:
            keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
            item = QTreeWidgetItem(top, [_plain(action.text()), keys])
            item.setToolTip(0, _plain(action.text()))


def _actions(entry: QAction) -> Iterator[QAction]:
    """Yield what is in the menu that opens here, and in those inside it."""
    menu = entry.menu()
    if isinstance(menu, QMenu):
        for action in menu.actions():
            yield from _actions(action)
    else:
        yield entry


def _plain(label: str) -> str:
    return label.replace("&", "").rstrip("…")
