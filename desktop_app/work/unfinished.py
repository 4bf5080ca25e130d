"""Notes of the recordings that are being made, by which those are found again whose program was killed."""

from __future__ import annotations

import logging
import os
import uuid
from pathlib import Path

import msgspec
from PySide6.QtCore import QLockFile

from desktop_app import paths
from desktop_app.transcripts.export import sync_folder
from desktop_app.work import sound_file
from desktop_app.work.lock_files import lock_at, why_not_writable

log = logging.getLogger(__name__)

SAME_LENGTH = 1.0  # seconds that a transcript may be shorter than its recording, and be that of all of it


class Unfinished(msgspec.Struct, frozen=True):
    """A recording that its program left. Its file is whole."""

    file: Path
    begun_at: float  # seconds since 1970
    seconds: float
    note: Path | None = None  # by which it was found


class _Noted(msgspec.Struct):
    file: bytes  # its name need not be Unicode
    begun_at: float
    disk: int = 0  # the number of the device its folder is on


class Note:
    """The note of a recording that is being made. Its lock ends with this process, however that ends."""

    def __init__(self, file: Path, begun_at: float) -> None:
        """When this returns, the note is on the disk itself. Raise OSError if it cannot be written."""
        self._path = paths.unfinished() / f"{uuid.uuid4().hex}.json"
        self._lock = _lock_of(self._path)
        if not self._lock.tryLock(0):
            no_lock = OSError(f"no lock for a recording: {self._lock.error()}")
            raise why_not_writable(self._path.parent) or no_lock
        try:
            fresh = self._path.with_suffix(".new")
            with fresh.open("wb") as stream:
                noted = _Noted(os.fsencode(file.absolute()), begun_at, file.absolute().parent.stat().st_dev)
                stream.write(msgspec.json.encode(noted))
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(self._path)
            sync_folder(self._path.parent)
        except OSError:
            fresh.unlink(missing_ok=True)
            self.strike_off()
            raise

    def strike_off(self) -> None:
        """The recording is finished. Raise OSError if the note cannot be deleted."""
        self._path.unlink(missing_ok=True)
        self._lock.unlock()


def found() -> list[Unfinished]:
    """Return the recordings whose programs are gone, the oldest first; their headers are put right.

    One that is not there any more is forgotten, unless its disk is away too: then its folder is missing, or is that of
    another disk, as an empty mount point is.
    """
    left = []
    for note in paths.unfinished().glob("*.json"):
        lock = _lock_of(note)
        if not lock.tryLock(0):
            continue  # it is being made
        try:
            noted = msgspec.json.decode(note.read_bytes(), type=_Noted)
            file = Path(os.fsdecode(noted.file))
            if not file.parent.is_dir() or (noted.disk not in (0, file.parent.stat().st_dev) and not file.exists()):
                continue
            left.append(Unfinished(file, noted.begun_at, sound_file.mended(file), note))
        except msgspec.ValidationError as error:  # of another version, which can read it
            log.info("a note of a recording is not understood: %s", error)
        except (FileNotFoundError, sound_file.NotARecording, msgspec.DecodeError) as error:
            log.info("a note of a recording leads nowhere: %s", type(error).__name__)
            note.unlink(missing_ok=True)
        except OSError as error:
            log.warning("a recording that was left cannot be read: %s", error)
        finally:
            lock.unlock()
    return sorted(left, key=lambda one: one.begun_at)


def forget(unfinished: Unfinished) -> None:
    """Strike off the note. The recording stays where it is."""
    if unfinished.note is not None:
        unfinished.note.unlink(missing_ok=True)


def forget_heard(file: Path, seconds: float) -> None:
    """Strike off the note of `file`, of which so many seconds were transcribed, if that is all there is of it."""
    for left in found():
        if left.file == file and seconds >= left.seconds - SAME_LENGTH:
            forget(left)


def _lock_of(note: Path) -> QLockFile:
    return lock_at(note.with_suffix(".lock"))
