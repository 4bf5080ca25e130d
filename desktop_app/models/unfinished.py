"""The downloads that lie half done.

Each lies in `.fetching-NAME/` in the models' folder: the files in `model/`, and beside them a note that says what is
being fetched, so that it can be gone on with. The token is in neither.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from desktop_app import paths
from desktop_app.models import disk, lock
from desktop_app.models.listing import Listing

_PREFIX = ".fetching-"
_NOTE = "download.json"


class Unfinished(msgspec.Struct, frozen=True):
    """A download that lies half done in the models' folder."""

    name: str
    repo: str
    revision: str  # as it was asked for; empty: the newest
    hub: str  # as it was asked for; empty: the usual one
    done_bytes: int
    total_bytes: int
    paused: bool  # until the user wants it
    running: bool = False  # a process is at it now


class DownloadNote(msgspec.Struct, frozen=True):
    """What is being fetched."""

    name: str
    repo: str
    revision: str  # as it was asked for
    hub: str  # as it was asked for
    listing: Listing | None = None  # None: the hub is to be asked
    paused: bool = False


def downloads() -> list[Unfinished]:
    """Return what lies half done, by name."""
    folders = sorted(paths.models().glob(f"{_PREFIX}*"))
    return [_unfinished(folder, note) for folder in folders if (note := read(folder)) is not None]


def set_paused(name: str, paused: bool) -> None:
    """Note whether the download is to rest until the user wants it. Raise PorterError."""
    folder = folder_of(name)
    if (note := read(folder)) is not None:
        with disk.troubles(folder):
            write(folder, msgspec.structs.replace(note, paused=paused))


def forget(name: str) -> None:
    """Remove what has come of a model. Raise PorterError."""
    with disk.troubles(paths.models()), lock.on_model(name):
        if folder_of(name).exists():
            shutil.rmtree(folder_of(name))


def folder_of(name: str) -> Path:
    return paths.models() / f"{_PREFIX}{name}"


def read(folder: Path) -> DownloadNote | None:
    """Return the note in the folder; None if there is none that can be read."""
    try:
        note = msgspec.json.decode((folder / _NOTE).read_bytes(), type=DownloadNote)
    except (OSError, ValueError, RecursionError):
        return None
    return note if folder.name == f"{_PREFIX}{note.name}" else None


def write(folder: Path, note: DownloadNote) -> None:
    disk.write(folder / _NOTE, msgspec.json.encode(note))


def size_so_far(folder: Path, listing: Listing) -> int:
    size = 0
    for file in listing.files:
        if (folder / file.name).is_file():
            size += min(file.size_bytes, (folder / file.name).stat().st_size)
    return size


def _unfinished(folder: Path, note: DownloadNote) -> Unfinished:
    done, total = 0, 0
    if note.listing:
        done, total = size_so_far(folder / "model", note.listing), note.listing.size_bytes
    return Unfinished(note.name, note.repo, note.revision, note.hub, done, total, note.paused, lock.is_held(note.name))
