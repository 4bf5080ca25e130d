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

PREFIX = ".fetching-"
_NOTE = "download.json"
_A_MOMENT = 0.1  # seconds: somebody may look just now whether a process is at it


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
    return [_unfinished(note) for note in notes()]


def notes() -> list[DownloadNote]:
    """Return the notes of what lies half done, by name."""
    return [note for folder in sorted(paths.models().glob(f"{PREFIX}*")) if (note := read(folder)) is not None]


def set_paused(name: str, paused: bool) -> None:
    """Note whether the download is to rest until the user wants it. Raise PorterError if a process is at it."""
    with disk.troubles(paths.models()), lock.on_model(name, _A_MOMENT):
        write_paused(name, paused)


def write_paused(name: str, paused: bool) -> None:
    """The same, by who holds the model. Raise OSError."""
    if (note := read(folder_of(name))) is not None:
        write(folder_of(name), msgspec.structs.replace(note, paused=paused))


def rest(note: DownloadNote) -> None:
    """Have a download that no process is at found by the next program as well. Raise PorterError if one is."""
    folder = folder_of(note.name)
    with disk.troubles(paths.models()), lock.on_model(note.name, _A_MOMENT):
        folder.mkdir(exist_ok=True)
        before = read(folder) or note  # which has the listing already, perhaps
        write(folder, msgspec.structs.replace(before, hub=note.hub, paused=note.paused))


def forget(name: str) -> None:
    """Remove what has come of a model. Raise PorterError if a process is at it."""
    with disk.troubles(paths.models()), lock.on_model(name, _A_MOMENT):
        if folder_of(name).exists():
            shutil.rmtree(folder_of(name))


def folder_of(name: str) -> Path:
    return paths.models() / f"{PREFIX}{name}"


def read(folder: Path) -> DownloadNote | None:
    """Return the note in the folder; None if there is none that can be read."""
    try:
        note = msgspec.json.decode((folder / _NOTE).read_bytes(), type=DownloadNote)
    except (OSError, ValueError, RecursionError):
        return None
    return note if folder.name == f"{PREFIX}{note.name}" else None


def write(folder: Path, note: DownloadNote) -> None:
    disk.write(folder / _NOTE, msgspec.json.encode(note))


def size_so_far(folder: Path, listing: Listing) -> int:
    size = 0
    for file in listing.files:
        if (folder / file.name).is_file():
            size += min(file.size_bytes, (folder / file.name).stat().st_size)
    return size


def _unfinished(note: DownloadNote) -> Unfinished:
    done, total = 0, 0
    if note.listing:
        done, total = size_so_far(folder_of(note.name) / "model", note.listing), note.listing.size_bytes
    return Unfinished(note.name, note.repo, note.revision, note.hub, done, total, note.paused, lock.is_held(note.name))
