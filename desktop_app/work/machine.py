"""What this computer is: its system, its processor, its memory. For crash reports."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from pathlib import Path

import msgspec

PF_AVX2_INSTRUCTIONS_AVAILABLE = 40  # as Windows numbers what a processor may have


class Memory(msgspec.Struct, frozen=True):
    total: int  # bytes
    available: int | None  # bytes; None if it cannot be told


class Machine(msgspec.Struct, frozen=True):
    system: str
    processors: int
    has_avx2: bool | None  # None if it cannot be told
    memory: Memory | None


def this_machine() -> Machine:
    """Return what this computer is now. May wait for the system: for a thread."""
    return Machine(platform.platform(), os.cpu_count() or 1, _has_avx2(), _memory())


def _has_avx2() -> bool | None:
    if sys.platform == "win32":
        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(PF_AVX2_INSTRUCTIONS_AVAILABLE))
    flags = re.search(r"^flags\s*:(.*)$", _text_of("/proc/cpuinfo"), re.MULTILINE)
    return "avx2" in flags[1].split() if flags else None


def _memory() -> Memory | None:
    if sys.platform == "win32":
        return _memory_of_windows()
    found = dict(re.findall(r"^(MemTotal|MemAvailable):\s*(\d+) kB$", _text_of("/proc/meminfo"), re.MULTILINE))
    if "MemTotal" in found:
        available = found.get("MemAvailable")
        return Memory(int(found["MemTotal"]) * 1024, int(available) * 1024 if available else None)
    try:
        return Memory(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), None)
    except (OSError, ValueError):
        return None


def _memory_of_windows() -> Memory | None:
    class Status(ctypes.Structure):  # MEMORYSTATUSEX
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "available", "c", "d", "e", "f", "g")),
        )

    status = Status(ctypes.sizeof(Status))
    if sys.platform != "win32" or not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return Memory(status.total, status.available)


def _text_of(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
