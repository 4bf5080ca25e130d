"""Removes graphics packs: what they have brought, and nothing that the user put beside it."""

from __future__ import annotations

import contextlib
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import disk, lock
from desktop_app.models.errors import PorterError
from desktop_app.models.progress import Tell, silent
from desktop_app.upkeep import packs
from desktop_app.upkeep.packs import Content

_ENDING = 5.0  # seconds that a process that was killed may take to be gone
_AGAIN = 0.1  # seconds


def remove(tell: Tell = silent) -> int:
    """Remove every pack and what came of one; return how many bytes that freed.

    A pack is gone at once, and whole. Raise PorterError: NO_PACK_HERE, or IN_USE where files that a program has open
    cannot be removed.
    """
    with disk.troubles(paths.home()), alone():
        whole_size = _size_of(packs.aside()) + sum(_size_of(folder) for folder in packs.folders())
        if not packs.folders() and not packs.aside().exists():
            raise PorterError(ModelTrouble.NO_PACK_HERE)
        freed = 0

        def count(more: int) -> None:
            nonlocal freed
            freed += more
            tell(PorterProgress(PorterStage.REMOVING, freed, whole_size))

        for folder in packs.folders():
            _remove_pack(folder, count)
        disk.remove(packs.aside(), count)
        _remove_what_is_empty()
    return freed


def tidy() -> None:
    """Delete what killed processes have left, but for half an archive. Raise PorterError if one is at it."""
    with disk.troubles(paths.home()), alone(wait=False):
        here = packs.here()
        if here.pack is None or here.installed is None or here.installed.version != here.pack.content.version:
            clear_aside(but=here.pack.archive if here.pack else "")
        else:
            remove_others(here.installed.folder)


@contextmanager
def alone(wait: bool = True) -> Iterator[None]:
    """Be the one process that changes something here. Raise PorterError (NAME_TAKEN) if another one is, and stays."""
    with lock.on_file(packs.lock(), _ENDING if wait else 0.0):
        yield


def clear_aside(but: str = "") -> None:
    """Remove what lies aside, but for the archive of that name."""
    for leftover in packs.aside().iterdir() if packs.aside().is_dir() else ():
        if leftover.is_dir():
            disk.remove(leftover)
        elif leftover.name != but:
            leftover.unlink()
    _remove_what_is_empty()


def remove_others(folder: Path) -> None:
    """Remove all packs but that one, and what lies aside. What a program still has open stays until the next time."""
    for other in packs.folders():
        if other != folder:
            with contextlib.suppress(PorterError, OSError):
                _remove_pack(other)
    clear_aside()


def rename(before: Path, after: Path) -> None:
    """Rename a file, also in the place of another one, or a folder. Raise OSError.

    Windows does not let go of what a process has open: one that was just ended, or a virus scanner that reads what was
    just written. Raise PorterError (IN_USE) if it does not in a few seconds.
    """
    until = time.monotonic() + _ENDING
    while True:
        try:
            before.replace(after)
            return
        except PermissionError as error:
            if sys.platform != "win32":
                raise
            if time.monotonic() >= until:
                raise PorterError(ModelTrouble.IN_USE, str(error)) from error
        time.sleep(_AGAIN)


def _remove_pack(folder: Path, count: disk.Count = lambda size: None) -> None:
    content = packs.content_of(folder)
    if content is None:
        return
    if _is_nothing_else_in(folder, content):
        packs.aside().mkdir(exist_ok=True)
        leaving = packs.aside() / f"leaving-{uuid.uuid4().hex}"
        rename(folder, leaving)
        disk.flush(folder.parent)
        disk.remove(leaving, count)
        return
    for name in (*(file.name for file in content.files), packs.RECORD):
        file = folder / name
        if file.is_file():
            count(file.stat().st_size)
            file.unlink()
            with contextlib.suppress(OSError):
                file.parent.rmdir()


def _remove_what_is_empty() -> None:
    for folder in (packs.aside(), paths.card_libraries() / "nvidia", paths.card_libraries()):
        with contextlib.suppress(OSError):  # there is something in it
            folder.rmdir()


def _is_nothing_else_in(folder: Path, content: Content) -> bool:
    ours = {folder / file.name for file in content.files} | {folder / packs.RECORD}
    return not [found for found in folder.rglob("*") if not found.is_dir() and found not in ours]


def _size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
