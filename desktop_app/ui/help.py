"""Help: the manual, and the list of the keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QSize, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence, QTextCursor
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHeaderView,
    QMenu,
    QMenuBar,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from desktop_app.ui import wording
from desktop_app.ui.dialog import Dialog

LEAST_LINES = 12  # of the text or the list, that are seen at least
_PICTURES = re.compile(r"^(\||!\[).*!\[.*$\n?|^!\[.*\n?|^\| \| \|\n\|---\|---\|\n(?=\n)", re.MULTILINE)


class _Reading(Dialog):
    """One thing to read, which scrolls by itself, and a button that closes it."""

    def __init__(self, title: str, reading: QWidget, size: QSize, parent: QWidget | None) -> None:
        super().__init__(title, parent, size)
        reading.setAccessibleName(title)
        reading.setMinimumHeight(LEAST_LINES * reading.fontMetrics().lineSpacing())
        self.body.addWidget(reading)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.foot.addWidget(buttons)
        reading.setFocus()


class Manual(_Reading):
    """The README, without its pictures."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        """text: Markdown, as GitHub has it."""
        page = QTextBrowser()
        super().__init__(wording.MANUAL_TITLE, page, QSize(760, 640), parent)
        self.page = page
        self.page.setOpenLinks(False)
        self.page.setMarkdown(without_pictures(text))
        self.page.anchorClicked.connect(self._go_to)

    def _go_to(self, link: QUrl) -> None:
        """Show the heading that is meant, or open an address in the browser."""
        if link.scheme():
            QDesktopServices.openUrl(link)
            return
        block = self.page.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and _anchor(block.text()) == link.fragment():
                cursor = QTextCursor(block)
                self.page.moveCursor(QTextCursor.MoveOperation.End)  # so that the heading comes to stand on top
                self.page.setTextCursor(cursor)
                return
            block = block.next()


def without_pictures(text: str) -> str:
    """Return Markdown without the lines that show pictures."""
    return _PICTURES.sub("", text)


def _anchor(heading: str) -> str:
    """Return what GitHub calls a heading in links."""
    return re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-")


class ShortcutList(_Reading):
    """Every key, by menu. It is made of the actions, so that it is never out of date."""

    def __init__(self, bar: QMenuBar, parent: QWidget | None = None) -> None:
        keys = QTreeWidget()
        super().__init__(wording.SHORTCUTS_TITLE, keys, QSize(560, 640), parent)
        self.list = keys
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
