"""Presses the keys that paste in whatever window has the keyboard, where the system lets a program do that.

Ctrl+V; Shift+Insert in terminals, where Ctrl+V means something else, and on keyboards without a V.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

log = logging.getLogger(__name__)

LOOK_MS = 30
TERMINALS = frozenset(  # window classes; whatever has "term" in it is one, too
    {
        *(
            "alacritty",
            "com.mitchellh.ghostty",
            "contour",
            "cool-retro-term",
            "foot",
            "ghostty",
            "guake",
            "hyper",
            "kgx",
        ),
        *("kitty", "konsole", "org.gnome.console", "org.gnome.ptyxis", "ptyxis", "rio", "rxvt", "sakura", "st"),
        *("st-256color", "tabby", "tilda", "tilix", "urxvt", "yakuake"),
    }
)
PATIENCE = 100  # looks: for three seconds the user may still hold the keys down with which dictation was ended


class KeyStrokes(QObject):
    """pasted(): the keys were pressed, which says nothing of what the window did. not_pasted(): they could not be."""

    pasted = Signal()
    not_pasted = Signal()
    is_possible = False  # on this system

    def paste(self) -> None:
        """Press the keys, once no modifier is held down any more; `pasted` or `not_pasted` follows."""
        self.not_pasted.emit()


class _PatientKeyStrokes(KeyStrokes):
    """Waits until the user's own keys are up: Alt held down would make another key of it."""

    is_possible = True

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looks = 0
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._on_look)

    def paste(self) -> None:
        self._looks = 0
        self._look.start()

    def _on_look(self) -> None:
        self._looks += 1
        try:
            if self._modifiers_are_held():
                if self._looks >= PATIENCE:
                    self._look.stop()
                    self.not_pasted.emit()
                return
            self._look.stop()
            self._press()
        except OSError as trouble:
            log.warning("the text could not be pasted: %s", trouble)
            self._look.stop()
            self.not_pasted.emit()
            return
        self.pasted.emit()

    def _modifiers_are_held(self) -> bool:
        """Raise OSError if that cannot be told."""
        raise NotImplementedError

    def _press(self) -> None:
        """Raise OSError if it cannot be done."""
        raise NotImplementedError


class X11KeyStrokes(_PatientKeyStrokes):
    """By the XTEST extension, on a connection of our own."""

    def _modifiers_are_held(self) -> bool:
        with _X11() as server:
            down = server.query_keymap()
            held = [code for row in server.get_modifier_mapping()[:8] for code in row if code]
            locks = {code for index in (1, 4) for code in server.get_modifier_mapping()[index]}
            return any(down[code // 8] & 1 << code % 8 for code in held if code not in locks)

    def _press(self) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        with _X11() as server:
            if not server.has_extension("XTEST"):
                raise OSError("the X server has no XTEST")
            codes = self._codes(server, ("Shift_L", "Insert") if _is_terminal(server) else ("Control_L", "v"))
            codes = codes or self._codes(server, ("Shift_L", "Insert"))
            if not codes:
                raise OSError("this keyboard has neither V nor Insert")
            for code in codes:
                xtest.fake_input(server, X.KeyPress, code)
            for code in reversed(codes):
                xtest.fake_input(server, X.KeyRelease, code)
            server.sync()

    def _codes(self, server: Any, names: tuple[str, str]) -> list[int]:
        """Return the key codes; empty if the keyboard lacks one of the keys."""
        from Xlib import XK

        codes = [server.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
        return codes if all(codes) else []


def _is_terminal(server: Any) -> bool:
    """Tell whether the window with the keyboard is a terminal, by the class of it or of the window it is part of."""
    from Xlib import error

    window = server.get_input_focus().focus
    try:
        while hasattr(window, "query_tree") and window != server.screen().root:
            if (names := window.get_wm_class()) is not None:
                return any("term" in name.lower() or name.lower() in TERMINALS for name in names)
            window = window.query_tree().parent
    except error.XError as trouble:  # it was closed just now
        log.info("the window with the keyboard cannot be looked at: %s", trouble)
    return False


class WindowsKeyStrokes(_PatientKeyStrokes):
    """By SendInput."""

    CONTROL, ALT, SHIFT, LEFT_WINDOWS, RIGHT_WINDOWS, V = 0x11, 0x12, 0x10, 0x5B, 0x5C, 0x56
    KEY_UP = 0x2

    def _modifiers_are_held(self) -> bool:
        codes = (self.CONTROL, self.ALT, self.SHIFT, self.LEFT_WINDOWS, self.RIGHT_WINDOWS)
        return any(_user32().GetAsyncKeyState(code) & 0x8000 for code in codes)

    def _press(self) -> None:
        strokes = [(self.CONTROL, 0), (self.V, 0), (self.V, self.KEY_UP), (self.CONTROL, self.KEY_UP)]
        inputs = (_Input * len(strokes))(*(_Input(1, _Keyboard(code, 0, flags, 0, None)) for code, flags in strokes))
        if _user32().SendInput(len(strokes), inputs, ctypes.sizeof(_Input)) != len(strokes):
            raise OSError("SendInput was blocked")


class _Keyboard(ctypes.Structure):
    """Windows' KEYBDINPUT, as long as the longest that an INPUT can hold."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("scan", ctypes.c_ushort),
        ("flags", ctypes.c_uint),
        ("time", ctypes.c_uint),
        ("extra", ctypes.c_void_p),
        ("filler", ctypes.c_ubyte * 8),
    )


class _Input(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_uint), ("keyboard", _Keyboard))


class _X11:
    """A connection to the X server, for as long as it is needed. Raise OSError where there is none."""

    def __enter__(self) -> Any:
        from Xlib import display, error

        try:
            self._display = display.Display()
        except (error.DisplayError, error.ConnectionClosedError) as trouble:
            raise OSError(str(trouble)) from trouble
        return self._display

    def __exit__(self, *_: object) -> None:
        self._display.close()


def key_strokes_on(platform: str, parent: QObject | None = None) -> KeyStrokes:
    """Return what presses keys on this platform, as Qt names it: "xcb", "wayland", "windows", "cocoa"."""
    if platform == "xcb":
        return X11KeyStrokes(parent)
    if platform == "windows":
        return WindowsKeyStrokes(parent)
    return KeyStrokes(parent)


def _user32() -> Any:
    if sys.platform == "win32":
        return ctypes.windll.user32
    raise OSError("there is no such library here")
