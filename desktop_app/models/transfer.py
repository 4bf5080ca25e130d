"""Brings one file from a hub onto the disk, going on where it broke off.

The address names a commit and the checksum says what must come, so no server has to be asked whether its file is still
the same: what is put together wrongly is noticed, and fetched again from the start, once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeAlias

from desktop_app.messages import ModelTrouble, PorterStage
from desktop_app.models.errors import PorterError
from desktop_app.models.listing import HubFile
from desktop_app.models.patience import Passing, Patience
from desktop_app.models.web import PARTIAL, RANGE_BEYOND_END, Answer, Web

Told: TypeAlias = Callable[[PorterStage, int, ModelTrouble | None], None]  # bytes here; what is just being survived

_BLOCK = 1 << 20  # bytes
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

log = logging.getLogger(__name__)


class Content:
    """What there is of a file, counted: its size and its checksums."""

    def __init__(self, whole_size: int) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._git_sha1 = hashlib.sha1(b"blob %d\0" % whole_size, usedforsecurity=False)

    def count(self, block: bytes) -> None:
        self.size += len(block)
        self._sha256.update(block)
        self._git_sha1.update(block)

    def count_all(self, file: BinaryIO, told: Callable[[int], None]) -> None:
        while block := file.read(_BLOCK):
            self.count(block)
            told(self.size)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def flaw(self, wanted: HubFile) -> str:
        """Return why this is not the wanted file; empty if it is, as far as can be told."""
        if self.size != wanted.size_bytes:
            return f"{wanted.name} has {self.size} bytes instead of {wanted.size_bytes}"
        if wanted.sha256:
            return _difference(wanted.name, "SHA-256", self.sha256, wanted.sha256)
        if wanted.git_sha1:
            return _difference(wanted.name, "Git's SHA-1", self._git_sha1.hexdigest(), wanted.git_sha1)
        return ""


class Part:
    """A file as far as it has come."""

    def __init__(self, path: Path, whole_size: int, told: Callable[[int], None]) -> None:
        """Go on with the file at `path`, reading what it has; it is made if need be. Raise OSError."""
        self._whole_size = whole_size
        self._file = path.open("ab+")
        self._file.seek(0)
        self.content = Content(whole_size)
        self.content.count_all(self._file, told)
        if self.size > whole_size:
            self.start_over()
        self.furthest = self.size  # it has ever come

    @property
    def size(self) -> int:
        return self.content.size

    def write(self, block: bytes) -> None:
        self._file.write(block)
        self.content.count(block)
        self.furthest = max(self.furthest, self.size)

    def start_over(self) -> None:
        self._file.truncate(0)
        self.content = Content(self._whole_size)

    def close(self) -> None:
        """Have all of it written to the disk."""
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


def counted(path: Path, whole_size: int, told: Callable[[int], None]) -> Content:
    """Read the file at `path`. Raise OSError."""
    content = Content(whole_size)
    with path.open("rb") as file:
        content.count_all(file, told)
    return content


def bring(web: Web, address: str, wanted: HubFile, path: Path, patience: Patience, told: Told) -> str:
    """Bring the wanted file to `path`, whatever of it is there already; return its SHA-256.

    Raise PorterError, DAMAGED if what comes is twice not what was published, and OSError from the disk.
    """
    part = Part(path, wanted.size_bytes, lambda size: told(PorterStage.CHECKING, size, None))
    try:
        _complete(web, address, wanted, part, patience, told)
        if part.content.flaw(wanted):
            log.warning("%s; fetching it once more", part.content.flaw(wanted))
            part.start_over()
            part.furthest = 0
            _complete(web, address, wanted, part, patience, told)
        if flaw := part.content.flaw(wanted):
            part.start_over()
            raise PorterError(ModelTrouble.DAMAGED, flaw)
        return part.content.sha256
    finally:
        part.close()


def _complete(web: Web, address: str, wanted: HubFile, part: Part, patience: Patience, told: Told) -> None:
    while part.size < wanted.size_bytes:
        try:
            _bring_more(web, address, wanted, part, patience, told)
        except Passing as trouble:
            told(PorterStage.FETCHING, part.size, trouble.kind)
            patience.bear(trouble)


def _bring_more(web: Web, address: str, wanted: HubFile, part: Part, patience: Patience, told: Told) -> None:
    """Read what one connection gives."""
    with web.get(address, part.size) as answer:
        _make_ready(answer, wanted, part)
        for block in answer.blocks():
            if part.size + len(block) > wanted.size_bytes:
                part.start_over()
                raise Passing(ModelTrouble.HUB_FAILED, f"{wanted.name}: more came than there is of it")
            before = part.furthest
            part.write(block)
            if part.furthest > before:
                patience.got_on()
            told(PorterStage.FETCHING, part.size, None)
    if part.size < wanted.size_bytes:
        raise Passing(ModelTrouble.STALLED, f"{wanted.name}: the connection ended early")


def _make_ready(answer: Answer, wanted: HubFile, part: Part) -> None:
    """Let the part be what the answer goes on from. Raise Passing if it goes on from nothing sensible."""
    if answer.status_code == RANGE_BEYOND_END:
        part.start_over()
        raise Passing(ModelTrouble.HUB_FAILED, f"{wanted.name}: shorter there than {wanted.size_bytes} bytes")
    if answer.status_code == PARTIAL:
        told = answer.headers.get("Content-Range", "")
        found = _RANGE.fullmatch(told.strip())
        if not found or int(found[1]) != part.size:
            part.start_over()  # its ranges cannot be relied on: the next time it is asked for all
            raise Passing(ModelTrouble.HUB_FAILED, f"{wanted.name}: another range came: {told!r}")
        length = found[2]
    else:
        length = answer.headers.get("Content-Length", "*")
    if length not in ("*", str(wanted.size_bytes)):
        raise Passing(ModelTrouble.HUB_FAILED, f"{wanted.name}: {length} bytes there instead of {wanted.size_bytes}")
    if answer.status_code != PARTIAL and part.size:
        part.start_over()  # all of it comes, though only the rest was asked for


def _difference(name: str, kind: str, found: str, wanted: str) -> str:
    return "" if found == wanted else f"{name} has the {kind} {found} instead of {wanted}"
