"""A key that is noticed whatever window has the keyboard, where the system has such keys."""

from __future__ import annotations

import enum
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

MODIFIERS = ("Ctrl", "Alt", "Shift", "Meta")  # as Qt calls them


class Refusal(enum.StrEnum):
    """Why there is no such key."""

    KEY_UNKNOWN = "key_unknown"  # there is no such key on this keyboard, or it has no modifier
    KEY_TAKEN = "key_taken"  # another program has it
    NOT_ALLOWED = "not_allowed"  # the user said no, or the system did
    NO_PORTAL = "no_portal"  # Wayland, and nothing in it that lends keys
    NOT_HERE = "not_here"  # this system is not known to us
    LOST = "lost"  # the system took it back


class Key(NamedTuple):
    modifiers: frozenset[str]
    name: str  # as Qt writes it: "D", "Space", "F9"


class HotKey(QObject):
    """One key at a time.

    taken(): the key works now.
    refused(why): it does not; a Refusal.
    pressed(), released(): the user did that. A key held down is pressed once.
    """

    taken = Signal()
    refused = Signal(object)
    pressed = Signal()
    released = Signal()

    def take(self, key: str) -> None:
        """Have `key`, such as "Ctrl+Alt+D", from now on; `taken` or `refused` follows. Give back the one before."""
        raise NotImplementedError

    def give_back(self) -> None:
        """Have no key any more."""


class NoHotKey(HotKey):
    """Refuses always."""

    def __init__(self, why: Refusal, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._why = why

    def take(self, key: str) -> None:
        self.refused.emit(self._why)


class _LateHotKey(HotKey):
    """Loads what the platform needs when a key is wanted for the first time: most people never want one."""

    def __init__(self, platform: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._platform = platform
        self._key: HotKey | None = None

    def take(self, key: str) -> None:
        if self._key is None:
            self._key = _made_for(self._platform, self)
            self._key.taken.connect(self.taken)
            self._key.refused.connect(self.refused)
            self._key.pressed.connect(self.pressed)
            self._key.released.connect(self.released)
        self._key.take(key)

    def give_back(self) -> None:
        if self._key is not None:
            self._key.give_back()


def hot_key_on(platform: str, parent: QObject | None = None) -> HotKey:
    """Return what takes keys on this platform, as Qt names it: "xcb", "wayland", "windows", "cocoa"."""
    return _LateHotKey(platform, parent)


def _made_for(platform: str, parent: QObject) -> HotKey:
    if platform == "xcb":
        from desktop_app.work.hot_key_x11 import X11HotKey

        return X11HotKey(parent)
    if platform == "windows":
        from desktop_app.work.hot_key_windows import WindowsHotKey

        return WindowsHotKey(parent)
    if platform.startswith("wayland"):
        from desktop_app.work.hot_key_portal import PortalHotKey

        return PortalHotKey(parent)
    return NoHotKey(Refusal.NOT_HERE, parent)


def key_from(written: str) -> Key | None:
    """Return the key written as Qt does. None if it is none that may be taken from all programs: a bare letter, say."""
    *modifiers, name = written.split("+") if not written.endswith("++") else [*written[:-2].split("+"), "+"]
    known = frozenset(modifiers)
    if not name or not known <= set(MODIFIERS):
        return None
    is_function_key = name[0] == "F" and name[1:].isdigit()
    return Key(known, name) if known - {"Shift"} or is_function_key else None
