"""What writing models onto a disk needs: room looked for first, names that are really there, troubles by kind."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeAlias

from desktop_app.messages import ModelTrouble
from desktop_app.models.errors import PorterError

SPARE = 32 * 1024 * 1024  # bytes that stay free

Count: TypeAlias = Callable[[int], None]  # is told how many bytes more are done

_BLOCK = 1 << 20  # bytes
_JUNCTION = 0xA0000003  # a folder's tag on Windows: it is somewhere else in truth. Path.is_junction is of Python 3.12
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def is_full(error: OSError) -> bool:
    """Tell whether that is the error of a disk that is full, or of what one may use of it."""
    return error.errno in _FULL


def free_bytes(folder: Path) -> int | None:
    """Return how much room is on the disk of `folder`; None if it is not connected."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def check_room(folder: Path, needed_bytes: int) -> None:
    """Raise PorterError (DISK_FULL) unless the disk that `folder` is on has room for that much, and some to spare."""
    free = shutil.disk_usage(folder).free
    if needed_bytes and free < needed_bytes + SPARE:
        raise PorterError(ModelTrouble.DISK_FULL, f"{folder}", needed_bytes + SPARE, free)


@contextlib.contextmanager
def troubles(folder: Path, needed_bytes: int = 0) -> Iterator[None]:
    """Raise an OSError of writing into `folder` as a PorterError: DISK_FULL or CANNOT_WRITE."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise PorterError(ModelTrouble.DISK_FULL, str(error), needed_bytes, free_bytes(folder) or 0) from error
        raise PorterError(ModelTrouble.CANNOT_WRITE, str(error)) from error


def write(file: Path, content: bytes) -> None:
    """Write a small file, whole or not at all; nobody else may write the same meanwhile. Raise OSError."""
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)


def flush(folder: Path) -> None:
    """Have the names in the folder written to the disk, where a system lets us ask for it."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Raise as PorterError what keeps us from reading."""
    try:
        yield
    except OSError as error:
        raise PorterError(ModelTrouble.CANNOT_READ, f"{type(error).__name__}: {error.strerror or error}") from error


def copy(source: IO[bytes], target: Path, most: int, count: Count) -> str:
    """Write what `source` gives as the new file `target`; return its SHA-256. Raise PorterError.

    `most` bytes, and no more, whatever the source said of itself.
    """
    checksum, size = hashlib.sha256(), 0
    with troubles(target.parent), target.open("xb") as written:
        while block := _read(source):
            size += len(block)
            if size > most:
                raise PorterError(ModelTrouble.CANNOT_READ, f"{target.name} is larger than it was said to be")
            checksum.update(block)
            written.write(block)
            count(len(block))
        written.flush()
        os.fsync(written.fileno())
    return checksum.hexdigest()


def checksum_of(file: Path, count: Count) -> str:
    """Return the SHA-256 of a file. Raise OSError."""
    with file.open("rb") as opened:
        return checksum(opened, count)


def checksum(opened: IO[bytes], count: Count) -> str:
    """Return the SHA-256 of what is still to be read. Raise OSError."""
    found = hashlib.sha256()
    while block := opened.read(_BLOCK):
        found.update(block)
        count(len(block))
    return found.hexdigest()


def is_link(path: Path) -> bool:
    """Tell whether the path leads to another place: a symbolic link, or a junction of Windows."""
    try:
        return path.is_symlink() or getattr(path.lstat(), "st_reparse_tag", 0) == _JUNCTION
    except OSError:
        return False


def remove(folder: Path, count: Count = lambda size: None) -> None:
    """Remove a folder with its content, as far as that can be done. Of a link, not what it leads to."""
    with contextlib.suppress(OSError):
        if is_link(folder):
            folder.unlink()
            return
        for entry in [*folder.iterdir()]:
            if entry.is_dir() and not is_link(entry):
                remove(entry, count)
                continue
            with contextlib.suppress(OSError):
                size = entry.lstat().st_size
                entry.unlink()
                count(size)
        folder.rmdir()


def _read(source: IO[bytes]) -> bytes:
    with reading():
        return source.read(_BLOCK)
