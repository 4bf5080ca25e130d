"""Moves the folder of the user's models to another place, with its content.

First all of it is there, then the pointer file says so, then it goes here: whoever is killed on the way loses nothing,
and can do it again. On the same disk nothing is copied, both places have the same files for a moment.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import msgspec

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import disk, lock, shelf
from desktop_app.models.errors import PorterError
from desktop_app.models.progress import Tell, silent

_COMING = ".moving-"
_NOTE = ".moved.json"
_HALVES = ".fetching-"  # downloads: they move along
_OURS = (_COMING, _NOTE, _HALVES, ".taking-in-", ".removing-", ".base")
_SUBFOLDER = "Sottovoce models"  # in a folder that has other things in it


class _Note(msgspec.Struct, frozen=True):
    """What a new folder is given from an old one. It lies there until all of that is gone from the old one."""

    old: bytes
    names: tuple[bytes, ...] = ()

    @property
    def folder(self) -> Path:
        return Path(os.fsdecode(self.old))

    @property
    def entries(self) -> list[str]:
        names = [os.fsdecode(name) for name in self.names]
        return [name for name in names if Path(name).name == name]  # inside the folder, whatever the note says


def move(target: Path, tell: Tell = silent) -> Path:
    """Move all models into the folder `target`; return it. Raise PorterError, and then all is where it was.

    Where other things are in it, a folder of their own is made there for the models. What else lies beside the models
    stays where it is.

    NAME_WRONG: it lies inside the folder that is to be moved. NAME_TAKEN: models of the same names are there.
    """
    target = Path(os.path.abspath(target))  # noqa: PTH100  without resolving links: the user means this path
    with lock.on_all(), disk.troubles(target):
        target = _place_in(target)
        _finish()
        old = paths.models()
        if target == old:
            return target
        if {old, old.resolve()} & {target.resolve(), *target.resolve().parents}:
            raise PorterError(ModelTrouble.NAME_WRONG, "it is inside the folder of the models")
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = _entries(old)
        _begin(old, target, entries)
        try:
            _bring(entries, target, tell)
        except BaseException:
            _finish()
            raise
        _point_to(target)
        _finish()
    return target


def tidy() -> None:
    """Remove what a killed process left: in the folder before, or in the new one if the models did not get there.

    Raise PorterError if busy.
    """
    if paths.models_target().exists() or _read(paths.models()) is not None:
        with lock.on_all():
            _finish()


def give_up(target: Path) -> None:
    """Remove from the folder `target` what an attempt to move the models there has left. Raise PorterError if busy."""
    with lock.on_all():
        _undo(target)
        _finish()


def _finish() -> None:
    """Have the models in one place alone, after a move that was done, failed, or was ended in the middle."""
    _remove_old()
    with contextlib.suppress(FileNotFoundError):
        target = Path(os.fsdecode(paths.models_target().read_bytes()))
        if target.is_dir():  # else its disk is away: another time
            _undo(target)
            paths.models_target().unlink()


def _remove_old() -> None:
    """Remove from the folder before what is in the new one now. What cannot be removed is tried again another time."""
    new = paths.models()
    note = _read(new)
    if note is None or _same_place(note.folder, new):
        return
    for name in note.entries:
        if (new / name).is_dir():
            disk.remove(note.folder / name)
    if not any((note.folder / name).exists() for name in note.entries):
        with contextlib.suppress(OSError):
            (new / _NOTE).unlink()
            note.folder.rmdir()  # if nothing else is in it


def _undo(target: Path) -> None:
    """Remove from `target` what came there from where the models are."""
    note, here = _read(target), paths.models()
    if note is not None and (note.folder == here or _same_place(note.folder, here)) and not _same_place(target, here):
        for leftover in [*target.glob(f"{_COMING}*"), *(target / name for name in note.entries)]:
            disk.remove(leftover)
        (target / _NOTE).unlink(missing_ok=True)


def _place_in(target: Path) -> Path:
    """Return the folder itself if nothing of anybody else's is in it, otherwise one in it."""
    try:
        is_free = all(entry.name.startswith(_OURS) or _is_model(entry) for entry in target.iterdir())
    except FileNotFoundError:
        return target
    is_top = target == target.parent
    return target / _SUBFOLDER if is_top or not is_free else target


def _is_model(entry: Path) -> bool:
    return not entry.name.startswith(".") and entry.is_dir() and shelf.is_model(entry)


def _entries(old: Path) -> list[Path]:
    """Return the models and the half downloads that are to be moved; none if the old folder is not there any more."""
    if not old.is_dir():
        return []
    with disk.reading():
        folders = sorted(entry for entry in old.iterdir() if entry.is_dir())
    return [entry for entry in folders if entry.name.startswith(_HALVES) or _is_model(entry)]


def _begin(old: Path, target: Path, entries: list[Path]) -> None:
    """Make a note of what comes. What an earlier attempt left there is deleted; what is another's is an error."""
    before = _read(target)
    if before is not None and before.folder == old:
        _undo(target)
    taken = {entry.name.casefold() for entry in target.iterdir()}
    if clash := [entry.name for entry in entries if entry.name.casefold() in taken]:
        raise PorterError(ModelTrouble.NAME_TAKEN, f"there already: {clash[0]!r}")
    disk.write(paths.models_target(), os.fsencode(target))
    note = _Note(os.fsencode(old), tuple(os.fsencode(entry.name) for entry in entries))
    disk.write(target / _NOTE, msgspec.json.encode(note))


def _bring(entries: list[Path], target: Path, tell: Tell) -> None:
    done, total = 0, sum(shelf.size_of(entry) for entry in entries if not disk.is_link(entry))

    def count(more: int) -> None:
        nonlocal done
        done += more
        tell(PorterProgress(PorterStage.COPYING, done, total))

    if not (links := _can_link(entries, target)):
        disk.check_room(target, total)
    for entry in entries:
        if disk.is_link(entry):  # somebody has put it there for a model somewhere else, which stays there
            (target / entry.name).symlink_to(entry.resolve(), target_is_directory=True)
            continue
        coming = target / f"{_COMING}{entry.name}"
        for folder, _, files in os.walk(entry):
            there = coming / Path(folder).relative_to(entry)
            there.mkdir()
            for name in files:
                _bring_file(Path(folder, name), there / name, links, count)
            disk.flush(there)
        coming.rename(target / entry.name)
    disk.flush(target)


def _can_link(entries: list[Path], target: Path) -> bool:
    """Tell whether the same file can be in both places: on one disk, if it is of a kind that allows that."""
    trial = target / f"{_COMING}trial"
    own = (entry for entry in entries if not disk.is_link(entry))
    for file in (file for entry in own for file in entry.rglob("*") if file.is_file()):
        try:
            trial.hardlink_to(file)
        except OSError:
            return False
        trial.unlink()
        return True
    return False


def _bring_file(file: Path, there: Path, links: bool, count: disk.Count) -> None:
    size_bytes = file.stat().st_size
    if links and not file.is_symlink():
        there.hardlink_to(file)
        count(size_bytes)
        return
    with disk.reading():
        opened = file.open("rb")
    with opened:
        disk.copy(opened, there, size_bytes, count)
    if there.stat().st_size != size_bytes:
        raise PorterError(ModelTrouble.CANNOT_READ, f"{file.name} became shorter meanwhile")
    shutil.copystat(file, there)


def _point_to(target: Path) -> None:
    """Have the program look for the models there from now on."""
    pointer = paths.models_pointer()
    if target == paths.home() / "models":
        pointer.unlink(missing_ok=True)
    else:
        disk.write(pointer, os.fsencode(target))
    disk.flush(pointer.parent)


def _read(folder: Path) -> _Note | None:
    try:
        return msgspec.json.decode((folder / _NOTE).read_bytes(), type=_Note)
    except (OSError, ValueError):
        return None


def _same_place(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
