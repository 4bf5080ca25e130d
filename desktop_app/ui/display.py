"""Whether there is a screen to open a window on."""

from __future__ import annotations

import os
import sys


def is_there() -> bool:
    """Return False where a window cannot be opened and Qt would end the program without saying why."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
