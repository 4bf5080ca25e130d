"""The manual and the list of the keys, joined to the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QWidget

from desktop_app import manual
from desktop_app.settings import Settings
from desktop_app.ui import wording
from desktop_app.ui.manual_window import Manual
from desktop_app.ui.shortcut_list import ShortcutList
from desktop_app.work.history_thread import HistoryThread


class HelpActions(QObject):
    """One manual is open at a time: it belongs to the window, or to the dialog in front of it that asks for it."""

    def __init__(
        self,
        history: HistoryThread,
        settings: Settings,
        action: Callable[..., QAction],
        say: Callable[[str], None],
        window: QMainWindow,
    ) -> None:
        """history: its thread reads the pages. action, say: the window's, to make an action and to say a sentence."""
        super().__init__(window)
        self._history = history
        self._settings = settings
        self._say = say
        self._window = window
        self._manual: Manual | None = None
        self._number = 0  # of the manuals opened so far
        self.manual = action(wording.MANUAL, self.open_manual, QKeySequence.StandardKey.HelpContents)
        self.shortcuts = action(wording.SHORTCUTS, self._on_shortcuts, "Ctrl+F1")
        self.text_sizes: Sequence[QAction] = ()  # actions that the manual has as well

    def all(self) -> list[QAction]:
        return [self.manual, self.shortcuts]

    def open_manual(self, topic: str = "", asker: QWidget | None = None) -> None:
        """Show a page of the manual. asker: the dialog that it is shown in front of, if not the window."""
        parent = asker or self._window
        if self._manual is not None and self._manual.parentWidget() is parent:
            self._manual.go_to(topic)
            self._manual.raise_()
            self._manual.activateWindow()
            return
        self._history.ask(  # not of its lane for files, which may wait for a slow disk
            lambda _: manual.pages(),
            lambda pages: self._show(pages, topic, parent),
            lambda error: self._say(wording.no_manual(error)),
        )

    def show_in_size(self, points: int) -> None:
        """Show the manual's text in this size, as that of transcripts."""
        if self._manual is not None:
            self._manual.show_in_size(points)

    def _show(self, pages: Sequence[manual.Page], topic: str, parent: QWidget) -> None:
        if self._manual is not None:
            self._manual.close()
        self._number += 1
        number = self._number
        self._manual = Manual(pages, topic, self._settings.text_size, parent)
        self._manual.addActions(self.text_sizes)
        self._manual.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for gone in (self._manual.finished, self._manual.destroyed):  # a dialog that is closed takes it along
            gone.connect(lambda *_: self._forget(number))
        self._manual.show()

    def _forget(self, number: int) -> None:
        if number == self._number:
            self._manual = None

    def _on_shortcuts(self) -> None:
        dialog = ShortcutList(self._window.menuBar(), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
