"""Takes a model in from a folder or a zip archive: checked, tried, and copied onto the shelf whole or not at all."""

from __future__ import annotations

import contextlib
import lzma
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import (
    abilities,
    catalogue,
    completing,
    disk,
    label,
    lock,
    names,
    recognised,
    removing,
    shelf,
    trial,
)
from desktop_app.models.errors import PorterError
from desktop_app.models.label import Label, LabelledFile
from desktop_app.models.progress import Tell, silent

WANTED = (
    "config.json",
    "model.bin",
    "tokenizer.json",
    "vocabulary.json",
    "vocabulary.txt",
    "preprocessor_config.json",
)
LARGEST_SMALL_FILE = 64 << 20  # bytes, of all but model.bin

_ARRIVING = ".taking-in-"
BAD_ARCHIVE = (  # what zipfile raises on archives that are damaged, locked by a password, or packed in another way
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
)


class _Found(msgspec.Struct, frozen=True):
    """A file of the model, where it comes from."""

    name: str
    size_bytes: int
    opened: Callable[[], IO[bytes]]


def take_in(source: Path, name: str = "", tell: Tell = silent, try_it: Callable[[Path], None] = trial.try_it) -> Path:
    """Put a copy of the model in `source` on the shelf; return its folder. Raise PorterError.

    `name` empty: as the folder or the archive is called. What is byte for byte a published model takes that one's name,
    and if it is here already, that is all. `try_it(folder)` raises PorterError if the model cannot be used.
    """
    if is_here := [model.folder for model in shelf.installed() if model.folder == source.absolute()]:
        return is_here[0]
    wanted = names.safe(name or recognised.name_of(source))
    with _files_in(source) as found, lock.on_model(_ARRIVING), disk.troubles(paths.models()):
        _delete_leftovers()
        arriving = paths.models() / f"{_ARRIVING}{wanted}"
        disk.check_room(paths.models(), sum(file.size_bytes for file in found))
        arriving.mkdir()
        try:
            _copy(found, arriving, tell)
            return _put_on_shelf(arriving, wanted, lambda: _try(arriving, tell, try_it))
        finally:
            if arriving.exists():
                disk.remove(arriving)


def tidy() -> None:
    """Delete what was being taken in when its process was killed. Raise PorterError if something is taken in now."""
    with lock.on_model(_ARRIVING, patience=0):
        _delete_leftovers()


def _delete_leftovers() -> None:
    for leftover in paths.models().glob(f"{_ARRIVING}*"):
        disk.remove(leftover)


# --- what there is to be taken in ------------------------------------------------------------------------------------


@contextlib.contextmanager
def _files_in(source: Path) -> Iterator[list[_Found]]:
    """Give the files of the one model in a folder or an archive. Raise PorterError."""
    if not source.exists():
        raise PorterError(ModelTrouble.NO_SUCH_MODEL, f"nothing is at {source}")
    with disk.reading():
        if recognised.looks_like_model(source) and source.is_file() and source.name == recognised.WEIGHTS:
            source = source.parent
        is_folder = source.is_dir()
        source.stat()
        other = None if is_folder and recognised.model_in(source) else recognised.other_form(source)
    if other is not None:
        raise PorterError(other)
    if is_folder:
        with disk.reading():
            yield _checked(_in_folder(source))
    else:
        with _archive(source) as archive:
            yield _checked(_in_archive(archive))


def _in_folder(source: Path) -> list[_Found]:
    """Links are followed: what a hub's own programs have downloaded consists of them."""
    folder = recognised.model_in(source) or recognised.folder_of(source)
    there = [folder / name for name in WANTED if (folder / name).is_file()]
    return [_Found(file.name, file.stat().st_size, partial(_opened, file)) for file in there]


def _opened(file: Path) -> IO[bytes]:
    return file.open("rb")


@contextlib.contextmanager
def _archive(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except BAD_ARCHIVE as error:
        raise PorterError(ModelTrouble.ARCHIVE_BROKEN, f"the archive: {type(error).__name__}") from error
    except OSError as error:
        raise PorterError(ModelTrouble.CANNOT_READ, f"the archive: {error.strerror or error}") from error


def _in_archive(archive: zipfile.ZipFile) -> list[_Found]:
    """Only the files of a model are looked at, and only their last names are used: nothing lands anywhere else."""
    members: dict[PurePosixPath, dict[str, zipfile.ZipInfo]] = {}
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.name in WANTED and not member.is_dir() and not _is_link(member) and len(path.parts) <= 2:
            if path.name in members.setdefault(path.parent, {}):
                raise PorterError(ModelTrouble.NOT_A_MODEL, f"{path.name} is in the archive twice")
            members[path.parent][path.name] = member
    models = [folder for folder, files in members.items() if "model.bin" in files]
    if not models and recognised.is_pickled(archive):
        raise PorterError(ModelTrouble.NOT_CONVERTED)
    if len(models) != 1:
        raise PorterError(ModelTrouble.NOT_A_MODEL, f"{len(models)} models in it" if models else "no model.bin in it")
    files = members[models[0]]
    return [_Found(name, files[name].file_size, partial(archive.open, files[name])) for name in WANTED if name in files]


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _checked(found: list[_Found]) -> list[_Found]:
    """Return the files, if they can be those of a model; before anything is copied. Raise PorterError."""
    there = {file.name for file in found}
    if not there & recognised.TELLING:
        raise PorterError(ModelTrouble.NOT_A_MODEL, "neither config.json nor model.bin")
    for missing in (name for name in ("model.bin", "config.json") if name not in there):
        raise PorterError(ModelTrouble.INCOMPLETE, missing)
    if not there & set(abilities.VOCABULARIES):
        raise PorterError(ModelTrouble.INCOMPLETE, "vocabulary.json")
    for file in found:
        if file.name != "model.bin" and file.size_bytes > LARGEST_SMALL_FILE:
            raise PorterError(ModelTrouble.NOT_A_MODEL, f"{file.name} is much too large")
    weights = next(file for file in found if file.name == "model.bin")
    with weights.opened() as opened:
        if not recognised.are_weights(opened.read(recognised.ENOUGH_TO_TELL)):
            raise PorterError(ModelTrouble.NOT_A_MODEL, "model.bin is no CTranslate2 Whisper model")
    return found


# --- onto the shelf --------------------------------------------------------------------------------------------------


def _copy(found: list[_Found], folder: Path, tell: Tell) -> None:
    """Copy the files, check them, and put a label beside them. Raise PorterError."""
    done, total = 0, sum(file.size_bytes for file in found)
    files = {}

    def count(more: int) -> None:
        nonlocal done
        done += more
        tell(PorterProgress(PorterStage.COPYING, done, total))

    for file in found:
        with disk.reading():
            opened = file.opened()
        with opened:
            sha256 = disk.copy(opened, folder / file.name, file.size_bytes, count)
        files[file.name] = LabelledFile((folder / file.name).stat().st_size, sha256)
    files |= _completed(folder)
    if flaw := shelf.flaw(folder):
        raise PorterError(ModelTrouble.NOT_A_MODEL, flaw)
    published = _published(folder, files)
    repo, revision = (published.repo, published.revision) if published else ("", "")
    label.write(folder, Label(repo, revision, files, time.time()))


def _completed(folder: Path) -> dict[str, LabelledFile]:
    """Add what the conversion left out; return those files. Raise PorterError (INCOMPLETE) if that cannot be done."""
    before = set(folder.iterdir())
    with disk.troubles(folder), contextlib.suppress(ValueError):  # a vocabulary that cannot be read is said below
        completing.complete(folder)
    if not (folder / completing.TOKENIZER).is_file():
        raise PorterError(ModelTrouble.INCOMPLETE, completing.TOKENIZER)
    added = set(folder.iterdir()) - before
    return {file.name: LabelledFile(file.stat().st_size, disk.checksum_of(file, lambda size: None)) for file in added}


def _published(folder: Path, files: dict[str, LabelledFile]) -> catalogue.PublishedModel | None:
    """Return the published model that this one is, byte for byte as far as that is known."""
    model = catalogue.with_weights(files["model.bin"].sha256)
    return model if model is not None and model.flaw(folder) is None else None


def _try(folder: Path, tell: Tell, try_it: Callable[[Path], None]) -> None:
    tell(PorterProgress(PorterStage.TRYING))
    try_it(folder)


def _put_on_shelf(arriving: Path, wanted: str, try_it: Callable[[], None]) -> Path:
    labelled = label.read(arriving)
    assert labelled is not None
    published = _published(arriving, labelled.files)
    if published is not None and (here := _usable(published.id)):
        return here
    try_it()
    disk.flush(arriving)
    if published is None:
        return _appear(arriving, paths.models() / names.free(wanted))
    with lock.on_model(published.id):
        own = shelf.own_copy(published.id)
        damaged = removing.put_away(own) if own else None
        folder = _appear(arriving, paths.models() / published.id)
    if damaged is not None:
        disk.remove(damaged)
    return folder


def _usable(name: str) -> Path | None:
    return next((model.folder for model in shelf.installed() if model.name == name), None)


def _appear(arriving: Path, folder: Path) -> Path:
    arriving.rename(folder)
    disk.flush(folder.parent)
    return folder
