"""Finds the libraries that CTranslate2 needs for a graphics card, and opens them, for this process alone.

They need not be on the system's path, nor need CUDA be installed: NVIDIA publishes them as Python packages, which lie
in folders of their own where no loader looks. A library that is open already is found by its name, so each is opened by
its full path before CTranslate2 asks for it. What it asks for is in its binary: cuBLAS, and nothing else.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from desktop_app.backend import cards
from desktop_app.messages import LibraryFound

FOLDER = "SOTTOVOCE_CUDA"  # in the environment: a folder where they may lie
ON_LINUX, ON_WINDOWS = ("libcublasLt.so.12", "libcublas.so.12"), ("cublasLt64_12.dll", "cublas64_12.dll")
NAMES = ON_WINDOWS if sys.platform == "win32" else ON_LINUX


def open_all() -> list[LibraryFound]:
    """Open what is there, in the order in which they need each other. Nothing if no graphics card could be used."""
    if sys.platform == "darwin" or not cards.driver_is_there():
        return []
    return [_opened(name) for name in NAMES]


def _opened(name: str) -> LibraryFound:
    """Return where the library was found: in one of our places, or where the system looks."""
    detail = ""
    for file in _files(name):
        try:
            _open(file)
        except OSError as error:
            detail = str(error)
        else:
            return LibraryFound(name, True, os.fsencode(file))
    try:
        ctypes.CDLL(name)
    except OSError as error:
        return LibraryFound(name, False, detail=detail or str(error))
    return LibraryFound(name, True, _mapped(name))


def _open(file: Path) -> None:
    if sys.platform == "win32":
        os.add_dll_directory(str(file.parent))  # of this process; what the library itself needs lies beside it
    ctypes.CDLL(str(file))


def _files(name: str) -> Iterator[Path]:
    yield from (folder / name for folder in _folders() if (folder / name).is_file())


def _folders() -> Iterator[Path]:
    roots = [Path(folder) for folder in (os.environ.get(FOLDER), getattr(sys, "_MEIPASS", None), *sys.path) if folder]
    for root in roots:
        yield from sorted(root.glob("nvidia/*/lib" if sys.platform != "win32" else "nvidia/*/bin"))
    yield from roots[:1] if os.environ.get(FOLDER) else []


def _mapped(name: str) -> bytes:
    """Return the file of a library that is open; empty where the system does not tell."""
    try:
        mapped = Path("/proc/self/maps").read_bytes().splitlines()
    except OSError:
        return b""
    files = (line.split(None, 5)[-1] for line in mapped)
    return next((file for file in files if os.path.basename(file).startswith(os.fsencode(name))), b"")  # noqa: PTH119
