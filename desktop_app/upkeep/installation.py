"""How this program came onto this computer, and so, which installer is for it."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from desktop_app.messages import Installation

_MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
_OF_THE_SYSTEM = "/usr"  # where packages of Linux put programs


def how() -> Installation:
    if os.environ.get("FLATPAK_ID"):
        return Installation.FLATPAK
    if not getattr(sys, "frozen", False):
        return Installation.SOURCE
    if sys.platform == "win32":
        return Installation.SETUP
    if sys.platform == "darwin":
        return Installation.IMAGE
    in_system = Path(sys.executable).resolve().is_relative_to(_OF_THE_SYSTEM)
    return Installation.PACKAGE if in_system else Installation.ARCHIVE


def wanted() -> str:
    """Return the platform, as the feed names it, whose installer is for this computer; empty: none is."""
    machine = _MACHINES.get(platform.machine().lower(), "unknown")
    return {
        Installation.SETUP: f"windows-{machine}",
        Installation.IMAGE: f"macos-{machine}",
        Installation.ARCHIVE: f"linux-{machine}-tar",
        Installation.PACKAGE: f"linux-{machine}-deb",
    }.get(how(), "")
