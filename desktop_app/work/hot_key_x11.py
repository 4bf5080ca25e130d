"""A global key on X11: the root window's, grabbed on a connection of our own."""

from __future__ import annotations

import contextlib
import logging

from PySide6.QtCore import QObject, QSocketNotifier, QTimer
from Xlib import XK, X, display, error
from Xlib.protocol import event as events

from desktop_app.work.hot_key import HotKey, Key, Refusal, key_from

log = logging.getLogger(__name__)

MASKS = {"Ctrl": X.ControlMask, "Alt": X.Mod1Mask, "Shift": X.ShiftMask, "Meta": X.Mod4Mask}
LOCKS = (0, X.LockMask, X.Mod2Mask, X.LockMask | X.Mod2Mask)  # caps lock and num lock shall make no difference
REPEAT_MS = 40  # a key held down is "released" and pressed again at once, over and over
NAMES = {  # where X11 calls a key otherwise than Qt
    "Space": "space",
    "PgUp": "Prior",
    "PgDown": "Next",
    "Ins": "Insert",
    "Del": "Delete",
    "Esc": "Escape",
    "Backspace": "BackSpace",
    "ScrollLock": "Scroll_Lock",
    ".": "period",
    ",": "comma",
    "-": "minus",
    "+": "plus",
    "/": "slash",
    ";": "semicolon",
    "'": "apostrophe",
    "`": "grave",
    "=": "equal",
    "\\": "backslash",
    "[": "bracketleft",
    "]": "bracketright",
}
# Where keys with Latin letters and digits lie, for keyboards that have none: the same codes on all of today's systems,
# 8 more than the kernel's. https://www.kernel.org/doc/html/latest/input/event-codes.html
PLACES = {
    sign: first + at
    for first, row in ((10, "1234567890"), (24, "QWERTYUIOP"), (38, "ASDFGHJKL"), (52, "ZXCVBNM"))
    for at, sign in enumerate(row)
}
# Letters that X11 knows by other numbers than Unicode: in blocks after these encodings.
SCRIPTS = (
    (0x100, "iso8859-2"),
    (0x500, "iso8859-6"),
    (0x600, "koi8-r"),
    (0x700, "iso8859-7"),
    (0xC00, "iso8859-8"),
    (0xD00, "tis-620"),
)
UNICODE = 0x01000000  # X11's number of all other letters: this and Unicode's
GONE = (error.DisplayError, error.ConnectionClosedError, OSError)


class X11HotKey(HotKey):
    """The window's thread asks the server once a key, as Qt does for each window; events come by a notifier."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._display: display.Display | None = None
        self._notifier: QSocketNotifier | None = None
        self._is_down = False
        self._wanted: Key | None = None
        self._release = QTimer(self)
        self._release.setSingleShot(True)
        self._release.setInterval(REPEAT_MS)
        self._release.timeout.connect(self._on_up)

    def take(self, key: str) -> None:
        self.give_back()
        self._wanted = wanted = key_from(key)
        if wanted is None:
            self.refused.emit(Refusal.KEY_UNKNOWN)
            return
        try:
            self._display = display.Display()
            why = self._grab(self._display, wanted)
        except GONE as trouble:
            log.warning("no global key: %s", trouble)
            why = Refusal.LOST
        if why is not None or self._display is None:
            self.give_back()
            self.refused.emit(why)
            return
        self._notifier = QSocketNotifier(self._display.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_readable)
        self.taken.emit()
        self._on_readable()  # what came with the answers is read already

    def give_back(self) -> None:
        self._release.stop()
        self._is_down = False
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._notifier = None
        if self._display is not None:
            try:
                self._display.close()  # and with it the grab
            except GONE as trouble:
                log.info("the connection was gone: %s", trouble)
            self._display = None

    def _grab(self, server: display.Display, wanted: Key) -> Refusal | None:
        code = _code_of(server, wanted.name)
        if not code:
            return Refusal.KEY_UNKNOWN
        modifiers = 0
        for name in wanted.modifiers:
            modifiers |= MASKS[name]
        refused = error.CatchError(error.BadAccess)
        for locks in LOCKS:
            server.screen().root.grab_key(
                code, modifiers | locks, False, X.GrabModeAsync, X.GrabModeAsync, onerror=refused
            )
        server.sync()
        return Refusal.KEY_TAKEN if refused.get_error() else None

    def _on_readable(self) -> None:
        try:
            while self._display is not None and self._display.pending_events():
                self._on_event(self._display.next_event())
        except GONE as trouble:
            log.warning("the global key is lost: %s", trouble)
            self.give_back()
            self.refused.emit(Refusal.LOST)

    def _on_event(self, event: object) -> None:
        if isinstance(event, events.KeyPress):
            self._release.stop()
            if not self._is_down:
                self._is_down = True
                self.pressed.emit()
        elif isinstance(event, events.KeyRelease):
            self._release.start()
        elif isinstance(event, events.MappingNotify) and event.request == X.MappingKeyboard:
            self._on_other_layout(event)

    def _on_other_layout(self, event: events.MappingNotify) -> None:
        """The keyboard has another layout now: the key may lie elsewhere."""
        server, wanted = self._display, self._wanted
        if server is None or wanted is None:
            return
        server.refresh_keyboard_mapping(event)
        server.screen().root.ungrab_key(X.AnyKey, X.AnyModifier)
        if (why := self._grab(server, wanted)) is not None:
            self.give_back()
            self.refused.emit(why)

    def _on_up(self) -> None:
        self._is_down = False
        self.released.emit()


def _code_of(server: display.Display, name: str) -> int:
    """Return the code of a key: the one that bears the letter, or lies where others have it; 0 if there is none."""
    codes = (server.keysym_to_keycode(keysym) for keysym in keysyms_of(name))
    return next((code for code in codes if code), PLACES.get(name.upper(), 0))


def keysyms_of(name: str) -> list[int]:
    """Return X11's numbers of a key as Qt names it; none if there is no such key."""
    keysym: int = XK.string_to_keysym(NAMES.get(name, name.lower() if len(name) == 1 else name))
    if keysym or len(name) != 1:
        return [keysym] if keysym else []
    letter = name.lower()
    found = [ord(letter)] if ord(letter) < 0x100 else []
    for block, encoding in SCRIPTS:
        with contextlib.suppress(UnicodeEncodeError):
            found.append(block + letter.encode(encoding)[0])
    return [*found, UNICODE + ord(letter)]
