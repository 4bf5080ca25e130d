"""When it was last asked whether there is a newer version: once a day is enough."""

from __future__ import annotations

import time
from pathlib import Path

from desktop_app import paths

APART = 24 * 3600.0  # seconds


def is_due() -> bool:
    """Tell whether a day has passed. Raise OSError."""
    try:
        passed = time.time() - _mark().stat().st_mtime
    except FileNotFoundError:
        return True
    return not 0 <= passed < APART  # below zero: the clock was wrong then, or is now


def note() -> None:
    """It is asked now. Raise OSError."""
    _mark().touch()


def forget() -> None:
    """It came to nothing, and may be tried again before the day is over. Raise OSError."""
    _mark().unlink(missing_ok=True)


def _mark() -> Path:
    return paths.updates() / "asked"
