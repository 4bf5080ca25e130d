"""A global key on Windows: RegisterHotKey, whose message Qt's event loop brings."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication, QObject, QTimer

from desktop_app.work.hot_key import HotKey, Key, Refusal, key_from

WM_HOTKEY = 0x0312
MOD_NO_REPEAT = 0x4000
MASKS = {"Alt": 0x1, "Ctrl": 0x2, "Shift": 0x4, "Meta": 0x8}
CODES = {"Space": 0x20, "PgUp": 0x21, "PgDown": 0x22, "Ins": 0x2D, "Del": 0x2E, "Pause": 0x13, "ScrollLock": 0x91}
OUR_NUMBER = 0x5077
LOOK_MS = 30  # Windows tells when the key is pressed, not when it is released


class WindowsHotKey(HotKey):
    """The key's release is looked for while it is down."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._filter = _Filter(self._on_pressed)
        self._code = 0
        self._is_held = False  # by us
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._on_look)

    def take(self, key: str) -> None:
        self.give_back()
        wanted = key_from(key)
        self._code = _code_of(wanted) if wanted else 0
        application = QCoreApplication.instance()
        if wanted is None or not self._code or application is None:
            self.refused.emit(Refusal.KEY_UNKNOWN)
            return
        modifiers = MOD_NO_REPEAT
        for name in wanted.modifiers:
            modifiers |= MASKS[name]
        if not _user32().RegisterHotKey(None, OUR_NUMBER, modifiers, self._code):
            self.refused.emit(Refusal.KEY_TAKEN)
            return
        self._is_held = True
        application.installNativeEventFilter(self._filter)
        self.taken.emit()

    def give_back(self) -> None:
        self._look.stop()
        if self._is_held:
            _user32().UnregisterHotKey(None, OUR_NUMBER)
            self._is_held = False
            application = QCoreApplication.instance()
            if application is not None:
                application.removeNativeEventFilter(self._filter)

    def _on_pressed(self) -> None:
        if not self._look.isActive():
            self._look.start()
            self.pressed.emit()

    def _on_look(self) -> None:
        if not _user32().GetAsyncKeyState(self._code) & 0x8000:
            self._look.stop()
            self.released.emit()


class _Filter(QAbstractNativeEventFilter):
    def __init__(self, pressed: Any) -> None:
        super().__init__()
        self._pressed = pressed

    def nativeEventFilter(self, kind: QByteArray | bytes | bytearray | memoryview, message: int) -> tuple[bool, int]:
        if QByteArray(kind).data() in (b"windows_generic_MSG", b"windows_dispatcher_MSG"):
            told = _Message.from_address(int(message))
            if told.message == WM_HOTKEY and told.wParam == OUR_NUMBER:
                self._pressed()
                return True, 0
        return False, 0


class _Message(ctypes.Structure):
    """Windows' MSG."""

    _fields_ = (
        ("hwnd", ctypes.c_void_p),
        ("message", ctypes.c_uint),
        ("wParam", ctypes.c_size_t),
        ("lParam", ctypes.c_ssize_t),
        ("time", ctypes.c_uint),
        ("x", ctypes.c_long),
        ("y", ctypes.c_long),
    )


def _code_of(key: Key) -> int:
    """Return Windows' number of a key; 0 if it is not known."""
    name = key.name
    if len(name) == 1 and name.isascii() and name.isalnum():
        return ord(name.upper())
    if name[0] == "F" and name[1:].isdigit() and 1 <= int(name[1:]) <= 24:
        return 0x70 + int(name[1:]) - 1
    return CODES.get(name, 0)


def _user32() -> Any:
    if sys.platform == "win32":
        return ctypes.windll.user32
    raise OSError("there is no such library here")
