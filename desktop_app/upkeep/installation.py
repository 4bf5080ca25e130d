"""How this program came onto this computer, and so, which installer is for it."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from desktop_app.messages import Installation

_MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
_OF_THE_PACKAGE = Path("/usr/lib/sottovoce")


def how() -> Installation:
    if os.environ.get("FLATPAK_ID"):
        return Installation.FLATPAK
    if not getattr(sys, "frozen", False):
        return Installation.SOURCE
    if sys.platform == "win32":
        return Installation.SETUP
    if sys.platform == "darwin":
        return Installation.IMAGE
    program = Path(sys.executable).resolve()
    if program.is_relative_to(_OF_THE_PACKAGE):
        return Installation.PACKAGE
    # The variable alone may be that of another AppImage, by which this program was started.
    is_in_image = "APPIMAGE" in os.environ and any((folder / "AppRun").is_file() for folder in program.parents)
    return Installation.APPIMAGE if is_in_image else Installation.ARCHIVE


def wanted() -> str:
    """Return the platform, as the feed names it, whose installer is for this computer; empty: none is."""
    machine = _MACHINES.get(platform.machine().lower(), "unknown")
    return {
        Installation.SETUP: f"windows-{machine}",
        Installation.IMAGE: f"macos-{machine}",
        Installation.ARCHIVE: f"linux-{machine}-tar",
        Installation.APPIMAGE: f"linux-{machine}-appimage",
        Installation.PACKAGE: f"linux-{machine}-deb",
    }.get(how(), "")
