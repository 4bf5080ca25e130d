"""Files that are locked by one running program each, and what can be read in them about it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QLockFile, QSysInfo


class Holder(msgspec.Struct, frozen=True):
    """The program that made a lock file."""

    process: int
    computer: str
    is_here: bool  # on this computer; another one shares the folder, or left the file when it had the disk
    since: float  # seconds since 1970


def lock_at(file: Path) -> QLockFile:
    """Return the lock of `file`, which is stale when its process is gone, not when it is old."""
    lock = QLockFile(str(file))
    lock.setStaleLockTime(0)
    return lock


def holder(file: Path) -> Holder | None:
    """Return what the lock file says about its program; None if there is no such file, or if it is just being made."""
    process, computer, _ = lock_at(file).getLockInfo()
    try:
        lines = file.read_text(errors="replace").splitlines()
        since = file.stat().st_mtime
    except OSError:
        return None
    if not process:
        return None
    machine = lines[3] if len(lines) > 3 else ""  # a computer may be renamed while a file lies there
    here = bytes(QSysInfo.machineUniqueId().data()).decode(errors="replace")
    is_here = machine == here if machine and here else computer in ("", QSysInfo.machineHostName())
    return Holder(process, computer, is_here, since)


def left_by(computer: str, *folders: Path) -> list[Path]:
    """Return the lock files in `folders` that are from another computer of that name."""
    files = [file for folder in folders for file in folder.glob("*.lock")]
    return [file for file in files if (found := holder(file)) and not found.is_here and found.computer == computer]


def why_not_writable(folder: Path) -> OSError | None:
    """Return why no file can be written in `folder`, by trying it; None if one can."""
    trial = folder / "trial.tmp"
    try:
        trial.write_bytes(b" ")
        trial.unlink(missing_ok=True)  # another start may look at the same time
    except OSError as error:
        return error
    return None
