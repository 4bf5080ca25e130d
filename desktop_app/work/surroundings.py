"""What the computer can tell of its surroundings: whether it has mains power, and whether somebody is at it.

Programs are asked and files are read: not for the window's thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PATIENCE = 2.0  # seconds, for a program that is asked something
POWER_SUPPLIES = Path("/sys/class/power_supply")


def on_mains(supplies: Path = POWER_SUPPLIES) -> bool | None:
    """Return whether the computer runs on mains power, or has no battery at all. None: it cannot be told."""
    if sys.platform == "win32":
        return _mains_of_windows()
    if sys.platform == "darwin":
        return _mains_from(_said_by("pmset", "-g", "batt"))
    try:
        return _mains_of(list(supplies.iterdir()))
    except OSError:
        return None


def idle_seconds() -> float | None:
    """Return for how long nobody has touched keyboard or mouse. None: it cannot be told."""
    if sys.platform == "win32":
        return _idle_of_windows()
    if sys.platform == "darwin":
        return _idle_from(_said_by("ioreg", "-c", "IOHIDSystem"))
    for ask in (_idle_of_x11, _idle_of_gnome, _idle_of_session):
        if (idle := ask()) is not None:
            return idle
    return None


def _said_by(*command: str) -> str:
    """Return what the program printed, or nothing if it is not there or failed."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, encoding="utf-8", errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _mains_of(supplies: list[Path]) -> bool:
    """As systemd judges it, but for USB: such a supply may be a telephone that is being charged."""
    facts = [_facts(supply) for supply in supplies]
    if any(fact["type"] == "Mains" and fact["online"] == "1" for fact in facts):
        return True
    return not any(
        fact["type"] in ("Battery", "UPS") and fact["scope"] != "Device" and fact["status"] == "Discharging"
        for fact in facts  # the battery of a mouse has the scope Device
    )


def _facts(supply: Path) -> dict[str, str]:
    """Return what Linux tells of a supply; empty what it does not tell."""
    facts = dict.fromkeys(("type", "online", "scope", "status"), "")
    for name in facts:
        with contextlib.suppress(OSError, UnicodeDecodeError):  # a battery may be pulled out while it is read
            facts[name] = (supply / name).read_text("utf-8").strip()
    return facts


def _mains_from(pmset: str) -> bool | None:
    found = re.search("drawing from '(.+?)'", pmset)
    return found[1] == "AC Power" if found else None


def _idle_from(ioreg: str) -> float | None:
    found = re.search(r'"HIDIdleTime" = (\d+)', ioreg)
    return int(found[1]) / 1e9 if found else None


def _idle_of_x11() -> float | None:
    """Ask the X server. Under Wayland it hears only of what is typed into the X programs, and is not asked."""
    if not os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    try:
        x11, saver = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXss.so.1")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    if not (display := ctypes.c_void_p(x11.XOpenDisplay(None))):
        return None
    info = _ScreenSaverInfo()
    told = saver.XScreenSaverQueryInfo(display, ctypes.c_ulong(x11.XDefaultRootWindow(display)), ctypes.byref(info))
    x11.XCloseDisplay(display)
    return info.idle_ms / 1000 if told else None


class _ScreenSaverInfo(ctypes.Structure):
    """XScreenSaverInfo of X11/extensions/scrnsaver.h."""

    _fields_ = (
        ("window", ctypes.c_ulong),
        ("state", ctypes.c_int),
        ("kind", ctypes.c_int),
        ("til_or_since", ctypes.c_ulong),
        ("idle_ms", ctypes.c_ulong),
        ("event_mask", ctypes.c_ulong),
    )


def _idle_of_gnome() -> float | None:
    interface, place = "org.gnome.Mutter.IdleMonitor", "/org/gnome/Mutter/IdleMonitor/Core"
    match _bus("--user", "call", interface, place, interface, "GetIdletime"):
        case [{"data": [int(idle_ms)]}]:
            return idle_ms / 1000
    return None


def _idle_of_session() -> float | None:
    """Ask systemd's logind, which knows it of a terminal, and of a desktop that tells it.

    Most desktops do so when they dim the screen. One that never has, has no time of its last change: it cannot be told.
    """
    session = "/org/freedesktop/login1/session/auto"
    properties = ("Type", "IdleHint", "IdleSinceHint")
    match _bus("get-property", "org.freedesktop.login1", session, "org.freedesktop.login1.Session", *properties):
        case [{"data": str(kind)}, {"data": bool(is_idle)}, {"data": int(since)}] if since:
            return max(0.0, time.time() - since / 1e6) if is_idle or kind == "tty" else 0.0
    return None


def _bus(*question: str) -> list[Any]:
    """Ask over D-Bus; return the answers as busctl writes them, none if nobody answers."""
    said = _said_by("busctl", "--json=short", "--auto-start=no", f"--timeout={PATIENCE:.0f}", *question)
    try:
        return [json.loads(line) for line in said.splitlines()]
    except json.JSONDecodeError:
        return []


if sys.platform == "win32":

    class _PowerStatus(ctypes.Structure):
        """SYSTEM_POWER_STATUS of winbase.h."""

        _fields_ = (
            ("mains", ctypes.c_ubyte),  # 0, 1, or 255: unknown
            ("battery_flag", ctypes.c_ubyte),
            ("battery_percent", ctypes.c_ubyte),
            ("saving", ctypes.c_ubyte),
            ("battery_seconds", ctypes.c_ulong),
            ("full_battery_seconds", ctypes.c_ulong),
        )

    class _LastInput(ctypes.Structure):
        """LASTINPUTINFO of winuser.h."""

        _fields_ = (("size", ctypes.c_uint), ("tick", ctypes.c_ulong))

    def _mains_of_windows() -> bool | None:
        status = _PowerStatus()
        told = ctypes.windll.kernel32.GetSystemPowerStatus(ctypes.byref(status))
        return bool(status.mains) if told and status.mains in (0, 1) else None

    def _idle_of_windows() -> float | None:
        last = _LastInput(ctypes.sizeof(_LastInput))
        if not ctypes.windll.user32.GetLastInputInfo(ctypes.byref(last)):
            return None
        ticks = ctypes.windll.kernel32.GetTickCount() - last.tick
        return (ticks & 0xFFFFFFFF) / 1000  # milliseconds, which begin again at 0 after 49 days
