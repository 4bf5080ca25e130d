"""Tells which running program works on which jobs, so that two never do the same one."""

from __future__ import annotations

import uuid
from pathlib import Path

from PySide6.QtCore import QLockFile


class Ownership:
    """This program's name as an owner of jobs, held by a lock file for as long as it lives."""

    def __init__(self, folder: Path) -> None:
        """Raise OSError if the lock cannot be had, for want of space or of rights."""
        self._folder = folder
        self.id = uuid.uuid4().hex
        self._lock = _lock_of(folder, self.id)
        if not self._lock.tryLock(0):
            trial = folder / f"{self.id}.trial"
            trial.write_bytes(b" ")  # which tells why
            trial.unlink()
            raise OSError(f"no lock: {self._lock.error()}")

    def release(self) -> None:
        self._lock.unlock()

    def gone(self, owners: set[str]) -> set[str]:
        """Return those of `owners` that do not run any more, however they ended."""
        return gone(self._folder, owners - {self.id})


def gone(folder: Path, owners: set[str]) -> set[str]:
    """Return those of `owners`, whose locks are in `folder`, that do not run any more."""
    return {owner for owner in owners if _is_gone(folder, owner)}


def running(folder: Path) -> set[int]:
    """Return the processes that hold locks in `folder`: those that work on jobs, or that record."""
    found = set()
    for file in folder.glob(f"{'[0-9a-f]' * 32}.lock"):
        process = QLockFile(str(file)).getLockInfo()[0]  # 0: it was unlocked just now
        if process and not _is_gone(folder, file.stem):
            found.add(process)
    return found


def _is_gone(folder: Path, owner: str) -> bool:
    lock = _lock_of(folder, owner)
    if not lock.tryLock(0):
        return False
    lock.unlock()
    return True


def _lock_of(folder: Path, owner: str) -> QLockFile:
    lock = QLockFile(str(folder / f"{owner}.lock"))
    lock.setStaleLockTime(0)  # a lock is stale when its process is gone, not when it is old
    return lock
