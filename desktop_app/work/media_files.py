"""Which files of a folder are recordings."""

from __future__ import annotations

import os
import re
from pathlib import Path

AUDIO = {
    *("aac", "ac3", "aif", "aiff", "amr", "ape", "au", "caf", "dts", "flac", "m4a", "m4b", "mka", "mp2", "mp3", "mpc"),
    *("oga", "ogg", "opus", "ra", "spx", "tta", "w64", "wav", "wma", "wv"),
}
VIDEO = {
    *("3g2", "3gp", "asf", "avi", "f4v", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf"),
    *("ogv", "rm", "ts", "vob", "webm", "wmv"),
}
SUFFIXES = frozenset(f".{suffix}" for suffix in AUDIO | VIDEO)


def media_in(folder: Path) -> list[Path]:
    """Return the media files in `folder` and its folders, in the order of their names. Hidden ones are left out.

    Links to folders are not followed: they may lead round in a circle. Raise OSError if `folder` cannot be read.
    """
    os.scandir(folder).close()  # os.walk says nothing about a folder it may not read
    found = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_order)
        found += [Path(where, name) for name in sorted(files, key=natural_order) if _is_media(name)]
    return found


def natural_order(name: str) -> tuple[object, ...]:
    """Return what names are sorted by as people and file managers do: "Part 2" comes before "part 10"."""
    parts = re.split(r"([0-9]+)", name.casefold())  # text and numbers by turns, text first
    return (*(int(part) if number % 2 else part for number, part in enumerate(parts)), name)


def _is_media(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
