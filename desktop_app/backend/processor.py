"""This computer's processor and memory."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal, TypeAlias

from desktop_app.backend.devices import threads
from desktop_app.messages import ProcessorFound

Level: TypeAlias = Literal["", "none", "avx", "avx2", "avx512"]
LEVELS: tuple[tuple[Level, str, int], ...] = (  # the best first: as Linux calls it, as Windows numbers it
    ("avx512", "avx512f", 41),
    ("avx2", "avx2", 40),
    ("avx", "avx", 39),
)
PATIENCE = 2  # seconds, for the system's own little program


def look() -> ProcessorFound:
    memory, free = _memory()
    return ProcessorFound(_name(), _level(), threads(), memory, free)


def _name() -> str:
    if sys.platform == "win32":
        import winreg

        where = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, where) as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
        except OSError:
            return platform.processor()
    if sys.platform == "darwin":
        return _asked_of_macos("machdep.cpu.brand_string")
    found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", _text_of("/proc/cpuinfo"), re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _level() -> Level:
    """Return the best of the extensions for which CTranslate2 has code on processors of this kind."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return "none"
    if sys.platform == "win32":
        has = ctypes.windll.kernel32.IsProcessorFeaturePresent
        return next((level for level, _, number in LEVELS if has(number)), "none")
    if sys.platform == "darwin":
        flags = f"{_asked_of_macos('machdep.cpu.features')} {_asked_of_macos('machdep.cpu.leaf7_features')}".lower()
        known = set(flags.replace("avx1.0", "avx").split())
    else:
        found = re.search(r"^flags\s*:(.*)$", _text_of("/proc/cpuinfo"), re.MULTILINE)
        known = set(found[1].split()) if found else set()
    if not known:
        return ""
    return next((level for level, flag, _ in LEVELS if flag in known), "none")


def _memory() -> tuple[int, int]:
    """Return the bytes there are, and those that are free; 0 for what cannot be told."""
    if sys.platform == "win32":
        return _memory_of_windows()
    found = dict(re.findall(r"^(MemTotal|MemAvailable):\s*(\d+) kB$", _text_of("/proc/meminfo"), re.MULTILINE))
    if "MemTotal" in found:
        return int(found["MemTotal"]) * 1024, int(found.get("MemAvailable", 0)) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), 0
    except (OSError, ValueError):
        return 0, 0


def _memory_of_windows() -> tuple[int, int]:
    class Status(ctypes.Structure):  # MEMORYSTATUSEX
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "available", "c", "d", "e", "f", "g")),
        )

    status = Status(ctypes.sizeof(Status))
    if sys.platform != "win32" or not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return 0, 0
    return status.total, status.available


def _asked_of_macos(name: str) -> str:
    try:
        answer = subprocess.run(["/usr/sbin/sysctl", "-n", name], capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", "replace").strip()


def _text_of(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
