"""Whether there is a screen to open a window on."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path


def is_there() -> bool:
    """Return False where a window cannot be opened and Qt would end the program without saying why."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM", "xcb") not in ("xcb", "wayland"):
        return True
    return _wayland_answers(os.environ.get("WAYLAND_DISPLAY", "")) or _x_answers(os.environ.get("DISPLAY", ""))


def _wayland_answers(name: str) -> bool:
    return bool(name) and _answers(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/"), name)))


def _x_answers(name: str) -> bool:
    if not name:
        return False
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", name)
    if local is None:
        return True  # on another machine: Qt will see
    socket_of_x = f"/tmp/.X11-unix/X{local[1]}"
    return _answers(socket_of_x) or _answers(f"\0{socket_of_x}")


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(1)
        try:
            knock.connect(address)
        except OSError:
            return False
    return True
