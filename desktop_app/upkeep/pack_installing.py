"""Installs the graphics pack, from the network or from a file: checked, unpacked aside, there whole or not at all.

The program knows the checksum of the archive and of every file in it. Nothing that the archive says of itself is
believed.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import disk, transfer
from desktop_app.models.errors import PorterError
from desktop_app.models.importing import BAD_ARCHIVE
from desktop_app.models.listing import HubFile
from desktop_app.models.patience import Patience
from desktop_app.models.progress import Tell, silent
from desktop_app.models.web import Web
from desktop_app.upkeep import pack_removing, packs
from desktop_app.upkeep.packs import Content, InstalledPack, Pack

_PACKED_AS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LOCKED = 0x1  # of a file in an archive: by a password


def install(source: Path | None = None, tell: Tell = silent) -> InstalledPack:
    """Have the pack of this system among the card's libraries; done at once if it is there and every byte is right.

    source: the archive; None: it is downloaded. Raise PorterError; what has come stays for the next attempt.
    """
    pack = packs.for_this_system()
    if pack is None:
        raise PorterError(ModelTrouble.NO_PACK, packs.system())
    folder, content = packs.folder_of(pack.content), pack.content
    with disk.troubles(paths.home(), pack.size_bytes + content.size_bytes), pack_removing.alone():
        if not _is_sound(folder, content, tell):
            pack_removing.clear_aside(but=pack.archive)
            packs.aside().mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with _from_file(source, pack, tell) if source else _downloaded(pack, tell) as archive:
                    _put_in_place(_unpacked(archive, content, tell), folder, content)
            except (PorterError, OSError):
                pack_removing.clear_aside(but=pack.archive)
                raise
        pack_removing.remove_others(folder)
    return InstalledPack(content.version, folder, content.size_bytes)


def _is_sound(folder: Path, content: Content, tell: Tell) -> bool:
    """Tell whether the pack is installed, reading every byte of it."""
    if packs.record(folder) != content or not packs.is_complete(folder, content):
        return False
    count = _counting(tell, PorterStage.CHECKING, content.size_bytes)
    with disk.reading():
        return all(disk.checksum_of(folder / file.name, count) == file.sha256 for file in content.files)


# --- the archive -----------------------------------------------------------------------------------------------------


@contextmanager
def _downloaded(pack: Pack, tell: Tell) -> Iterator[BinaryIO]:
    file = packs.aside() / pack.archive
    so_far = file.stat().st_size if file.exists() else 0
    disk.check_room(packs.aside(), max(0, pack.size_bytes - so_far) + pack.content.size_bytes)

    def told(stage: PorterStage, done: int, trouble: ModelTrouble | None) -> None:
        tell(PorterProgress(stage, done, pack.size_bytes, trouble))

    with Web(pack.address) as web:
        wanted = HubFile(pack.archive, pack.size_bytes, pack.sha256)
        transfer.bring(web, pack.address, wanted, file, Patience(), told)
    with _opened(file) as opened:
        yield opened


@contextmanager
def _from_file(source: Path, pack: Pack, tell: Tell) -> Iterator[BinaryIO]:
    """Give the archive, opened, if it is the one that is known. Raise PorterError (NOT_THE_PACK)."""
    disk.check_room(packs.aside(), pack.content.size_bytes)
    with _opened(source) as archive:
        with disk.reading():
            size_bytes = archive.seek(0, os.SEEK_END)
            archive.seek(0)
        if size_bytes != pack.size_bytes:
            raise PorterError(ModelTrouble.NOT_THE_PACK, f"it has {size_bytes} bytes instead of {pack.size_bytes}")
        with disk.reading():
            sha256 = disk.checksum(archive, _counting(tell, PorterStage.CHECKING, size_bytes))
        if sha256 != pack.sha256:
            raise PorterError(ModelTrouble.NOT_THE_PACK, f"it has the SHA-256 {sha256} instead of {pack.sha256}")
        yield archive


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    with disk.reading():
        opened = file.open("rb")
    with opened:
        yield opened


def _unpacked(archive: BinaryIO, content: Content, tell: Tell) -> Path:
    """Unpack the archive aside; return the folder. Raise PorterError (DAMAGED).

    Each file is written under the name by which the program knows it, up to the size that it knows.
    """
    folder = packs.aside() / "unpacked"
    folder.mkdir()
    count = _counting(tell, PorterStage.UNPACKING, content.size_bytes)
    try:
        with disk.reading():
            opened = zipfile.ZipFile(archive)
        with opened:
            members = _members(opened, content)
            for file in content.files:
                target = folder / file.name
                target.parent.mkdir(exist_ok=True)
                with opened.open(members[file.name]) as packed:
                    found = disk.copy(packed, target, file.size_bytes, count)
                if found != file.sha256:
                    raise PorterError(ModelTrouble.DAMAGED, f"{file.name} has the SHA-256 {found}")
                disk.flush(target.parent)
    except BAD_ARCHIVE as error:
        raise PorterError(ModelTrouble.DAMAGED, f"the archive: {type(error).__name__}") from error
    disk.write(folder / packs.RECORD, packs.as_record(content))
    disk.flush(folder)
    return folder


def _members(archive: zipfile.ZipFile, content: Content) -> dict[str, zipfile.ZipInfo]:
    """Return the files in the archive by name, if they are those that belong there. Raise PorterError (DAMAGED)."""
    there = archive.infolist()
    if sorted(member.filename for member in there) != sorted([packs.RECORD, *(file.name for file in content.files)]):
        raise PorterError(ModelTrouble.DAMAGED, "other files are in the archive than belong there")
    members = {member.filename: member for member in there}
    for file in content.files:
        member = members[file.name]
        if stat.S_ISLNK(member.external_attr >> 16) or member.flag_bits & _LOCKED:
            raise PorterError(ModelTrouble.DAMAGED, f"{file.name} is a link, or locked")
        if member.compress_type not in _PACKED_AS or member.file_size != file.size_bytes:
            raise PorterError(ModelTrouble.DAMAGED, f"{file.name} is packed otherwise, or of another size")
    return members


# --- into its place --------------------------------------------------------------------------------------------------


def _put_in_place(unpacked: Path, folder: Path, content: Content) -> None:
    """Let the pack appear; into a damaged one, file by file: it may hold what is none of ours."""
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    if not folder.exists():
        pack_removing.rename(unpacked, folder)
    else:
        for name in (*(file.name for file in content.files), packs.RECORD):
            (folder / name).parent.mkdir(exist_ok=True)
            pack_removing.rename(unpacked / name, folder / name)
            disk.flush((folder / name).parent)
    disk.flush(folder.parent)


def _counting(tell: Tell, stage: PorterStage, total: int) -> disk.Count:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        tell(PorterProgress(stage, done, total))

    return count
