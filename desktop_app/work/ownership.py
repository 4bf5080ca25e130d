"""Tells which running program works on which jobs, so that two never do the same one."""

from __future__ import annotations

import uuid
from pathlib import Path

from PySide6.QtCore import QLockFile

from desktop_app.work.lock_files import holder, lock_at, why_not_writable


class Ownership:
    """This program's name as an owner of jobs, held by a lock file for as long as it lives."""

    def __init__(self, folder: Path) -> None:
        """Raise OSError if the lock cannot be had, for want of space or of rights."""
        self._folder = folder
        self.id = uuid.uuid4().hex
        self._lock = _lock_of(folder, self.id)
        if not self._lock.tryLock(0):
            raise why_not_writable(folder) or OSError(f"no lock: {self._lock.error()}")

    def release(self) -> None:
        self._lock.unlock()

    def gone(self, owners: set[str]) -> set[str]:
        """Return those of `owners` that do not run any more, however they ended."""
        return gone(self._folder, owners - {self.id})


def gone(folder: Path, owners: set[str]) -> set[str]:
    """Return those of `owners`, whose locks are in `folder`, that do not run any more."""
    return {owner for owner in owners if _is_gone(folder, owner)}


def running(folder: Path) -> set[int]:
    """Return the processes on this computer that hold locks in `folder`: those that work on jobs, or that record."""
    found = set()
    for file in folder.glob(f"{'[0-9a-f]' * 32}.lock"):
        of = holder(file)
        if of is not None and of.is_here and not _is_gone(folder, file.stem):
            found.add(of.process)
    return found


def _is_gone(folder: Path, owner: str) -> bool:
    lock = _lock_of(folder, owner)
    if not lock.tryLock(0):
        return False
    lock.unlock()
    return True


def _lock_of(folder: Path, owner: str) -> QLockFile:
    return lock_at(folder / f"{owner}.lock")
