"""Puts text on the clipboard from the background; lends it to another window and gives back what was there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from PySide6.QtCore import QMimeData, QObject, QProcess, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

FETCH_MS = 1500  # a window that was told to paste has fetched the text by then, also on a busy computer
SETTLE_MS = 400  # it may fetch it more than once, in several formats
COPY_S = 0.5  # seconds for keeping what is on the clipboard: its owner may offer dozens of formats, and be slow
FIRST = ("text/", "image/png", "application/x-qt-image")  # formats that are kept before others

_PLACES = (QClipboard.Mode.Clipboard, QClipboard.Mode.Selection)


def copy(text: str) -> None:
    """Put `text` on the clipboard, whatever window has the keyboard."""
    # WORKAROUND: Wayland takes text for the clipboard only from the window with the keyboard; Qt knows no other way.
    program = shutil.which("wl-copy") if QGuiApplication.platformName().startswith("wayland") else None
    if program is None or QGuiApplication.focusWindow() is not None:
        QGuiApplication.clipboard().setText(text)
        return
    process = QProcess(QGuiApplication.instance())
    process.finished.connect(process.deleteLater)
    process.start(program, ["--type", "text/plain;charset=utf-8"])
    process.write(text.encode())
    process.closeWriteChannel()


class ClipboardLoan(QObject):
    """Lends a text to the window that is about to paste it.

    On X11 the text is the primary selection as well: that is what terminals paste.

    fetched(): a window has fetched it, and the clipboard is as it was before.
    not_fetched(): none has; the text stays on the clipboard.
    """

    fetched = Signal()
    not_fetched = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: dict[QClipboard.Mode, QMimeData] = {}
        self._is_expected = False
        self._alive = alive = [True]  # the clipboard may keep the text longer than Qt keeps this object
        self.destroyed.connect(lambda: alive.clear())
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(FETCH_MS)
        self._patience.timeout.connect(self._on_not_fetched)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLE_MS)
        self._settled.timeout.connect(self._on_settled)

    def lend(self, text: str) -> None:
        """Put the text where windows paste from. What the user had there is kept, all its formats."""
        clipboard = QGuiApplication.clipboard()
        self._patience.stop()
        self._settled.stop()
        self._is_expected = False
        for place in _PLACES:
            if place is QClipboard.Mode.Selection and not clipboard.supportsSelection():
                continue
            if place not in self._before or not _is_ours(place):  # else a text before this one was not given back yet
                self._before[place] = _copied(clipboard.mimeData(place))
            clipboard.setMimeData(_Lent(text, self.note_fetch, self._alive), place)

    def expect(self) -> None:
        """A window was told to paste."""
        self._is_expected = True
        self._patience.start()

    def keep(self) -> None:
        """No window could be told: the text stays on the clipboard."""
        self._patience.stop()
        self._settled.stop()
        self._before.clear()

    def note_fetch(self) -> None:
        if self._is_expected and not self._settled.isActive():  # some programs look at the clipboard all the time
            self._patience.stop()
            self._settled.start()

    def _on_not_fetched(self) -> None:
        self.keep()
        self.not_fetched.emit()

    def _on_settled(self) -> None:
        clipboard = QGuiApplication.clipboard()
        for place, before in self._before.items():
            if not _is_ours(place):
                continue  # the user has copied something else meanwhile
            if before.formats():
                clipboard.setMimeData(before, place)
            else:
                clipboard.clear(place)
        self._before.clear()
        self.fetched.emit()


class _Lent(QMimeData):
    """A text that tells when somebody fetches it."""

    def __init__(self, text: str, note_fetch: Callable[[], None], alive: list[bool]) -> None:
        """alive: empty once there is nobody to be told."""
        super().__init__()
        self._text = text
        self._note_fetch = note_fetch
        self._alive = alive

    def hasFormat(self, mime_type: str) -> bool:
        return mime_type in self.formats()

    def formats(self) -> list[str]:
        return ["text/plain"]

    def retrieveData(self, mime_type: str, preferred_type: object) -> str | None:
        if mime_type != "text/plain":
            return None
        QTimer.singleShot(0, self._on_fetched)  # once it is on its way
        return self._text

    def _on_fetched(self) -> None:
        if self._alive:
            self._note_fetch()


def _is_ours(place: QClipboard.Mode) -> bool:
    return isinstance(QGuiApplication.clipboard().mimeData(place), _Lent)


def _copied(data: QMimeData | None) -> QMimeData:
    """Return the same in all its formats, as far as its owner gives them in time."""
    copied = QMimeData()
    until = time.monotonic() + COPY_S
    formats = data.formats() if data is not None else []
    for mime_type in sorted(formats, key=lambda one: not one.startswith(FIRST)):
        if data is None or time.monotonic() > until:
            break
        if mime_type == "application/x-qt-image":
            copied.setImageData(data.imageData())
        else:
            copied.setData(mime_type, data.data(mime_type))
    return copied
