"""Where in a file one recording ends and the next begins: files joined end to end, and headers older than their sound.

FFmpeg reads the first recording of a joined WAV, MP4, WMA and others, and says nothing of the rest.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal

MOST_PARTS = 1000  # recordings in one file; opening each takes about a millisecond
MOST_CHUNKS = 100_000  # chunks or boxes of one recording; more would take a while to go through
LARGEST_SEARCHED = 1024**3  # bytes; larger files are not searched for marks
WORTH_TELLING = 0.05  # share of a file's bytes behind its declared end
BLOCK = 1024**2  # bytes
NOT_KNOWN = 0xFFFF_FFFF  # a 32-bit size of a writer that could not know it

ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
ASF_INDEXES = {  # what may follow the data
    bytes.fromhex("90080033b1e5cf1189f400a0c90349cb"),
    bytes.fromhex("d329e2d6da35d111903400a0c90349be"),
    bytes.fromhex("f803b1fead12644c840f2a1d2f7ad48c"),
}
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
FLAC = b"fLaC\0\0\0\x22"  # the mark, and the header of the stream's description, which is 34 bytes long
AMR = b"#!AMR"


@dataclass(frozen=True)
class Part:
    """The bytes of one recording within a file."""

    begin: int
    end: int


@dataclass(frozen=True)
class Parts:
    """The recordings in a file, one after the other; nearly always one.

    unread: bytes behind the end that the last of them declares, and that are no recording.
    """

    all: tuple[Part, ...]
    unread: int = 0


class PartOfFile(io.RawIOBase):
    """The bytes of one part, as a file of its own."""

    def __init__(self, file: IO[bytes], part: Part) -> None:
        self._file = file
        self._part = part
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        length = self._part.end - self._part.begin
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: length}[whence])
        return self._at

    def read(self, size: int = -1) -> bytes:
        begin = self._part.begin + self._at
        count = max(0, self._part.end - begin)
        self._file.seek(begin)
        found = self._file.read(count if size < 0 else min(size, count))
        self._at += len(found)
        return found


def parts_of(file: IO[bytes]) -> Parts:
    """Return the recordings in `file`. Leaves it at its start."""
    size = file.seek(0, io.SEEK_END)
    try:
        start = _read(file, 0, 16)
        for mark in (FLAC, AMR):
            if start.startswith(mark):
                return Parts(tuple(_between_marks(file, size, mark)))
        return _one_after_the_other(file, size)
    finally:
        file.seek(0)


def positions(file: IO[bytes], mark: bytes) -> Iterator[int]:
    """Yield where in the file these bytes stand."""
    file.seek(0)
    at, kept = 0, b""  # at: of the first byte in `kept`, the end of the block before
    while block := file.read(BLOCK):
        content = kept + block
        found = content.find(mark)
        while found >= 0:
            yield at + found
            found = content.find(mark, found + 1)
        kept = content[1 - len(mark) :]
        at += len(content) - len(kept)


def _one_after_the_other(file: IO[bytes], size: int) -> Parts:
    found: list[Part] = []
    begin = 0
    while len(found) < MOST_PARTS:
        end = _end_of(file, begin, size)
        if end is None or end >= size:
            return Parts((*found, Part(begin, size)))
        found.append(Part(begin, end))
        for gap in (0, 1):  # a chunk of odd length, with the byte that makes it even, or without
            if _begins(file, end + gap):
                begin = end + gap
                break
        else:
            # What belongs to the last part stays with it: tags, padding, what the reader knows better.
            found[-1] = Part(begin, size)
            return Parts(tuple(found), size - end)
    return Parts(tuple(found), size - found[-1].end)


def _between_marks(file: IO[bytes], size: int, mark: bytes) -> Iterator[Part]:
    begins = [0]
    if size <= LARGEST_SEARCHED:
        begins += itertools.islice(positions(file, mark), 1, MOST_PARTS)
    for begin, end in zip(begins, [*begins[1:], size], strict=True):
        yield Part(begin, end)


def _begins(file: IO[bytes], at: int) -> bool:
    """Whether a recording begins at this byte, of one of the kinds whose end `_end_of` knows."""
    start = _read(file, at, 16)
    return (
        (start[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX") and start[8:12] in (b"WAVE", b"AVI "))
        or (start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"))
        or start[:4] in (EBML, b"caff", b".snd")
        or start[4:8] == b"ftyp"
        or start == ASF_HEADER
    )


def _end_of(file: IO[bytes], begin: int, size: int) -> int | None:
    """Return where the recording that begins at `begin` ends by what it declares; None if it does not tell."""
    start = _read(file, begin, 16)
    kind = start[8:12]
    if start[:4] in (b"RIFF", b"RF64", b"BW64") and kind == b"WAVE":
        return _after_chunks(file, begin, size, "little", start[:4] != b"RIFF")
    if start[:4] == b"RIFF" and kind == b"AVI ":
        return _after_avi(file, begin, size)
    if start[:4] in (b"FORM", b"RIFX") and kind in (b"AIFF", b"AIFC", b"WAVE"):
        return _after_chunks(file, begin, size, "big", False)
    if start[:4] == b"caff":
        return _after_caf(file, begin, size)
    if start[:4] == b".snd":
        length = int.from_bytes(start[8:12])
        return None if length in (0, NOT_KNOWN) else begin + int.from_bytes(start[4:8]) + length
    if start[:4] == EBML:
        return _after_segment(file, begin)
    if start[4:8] == b"ftyp":
        return _after_boxes(file, begin, size)
    if start == ASF_HEADER:
        return _after_asf(file, begin, size)
    return None


def _read(file: IO[bytes], position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)


def _after_chunks(file: IO[bytes], begin: int, size: int, order: Literal["little", "big"], is_64: bool) -> int | None:
    """Return the end of a WAV (RIFF or RF64) or AIFF file: behind its sound and the chunks that follow it."""
    at, end, long_data = begin + 12, None, None
    for _ in range(MOST_CHUNKS):
        header = _read(file, at, 8)
        if len(header) < 8 or not all(0x20 <= byte < 0x7F for byte in header[:4]):
            return end
        if header[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX", b"FORM"):
            return end
        length = int.from_bytes(header[4:], order)
        if header[:4] == b"ds64" and is_64:
            long_data = int.from_bytes(_read(file, at + 16, 8), "little")
        if header[:4] in (b"data", b"SSND"):
            if is_64 and length == NOT_KNOWN:
                if not long_data:
                    return None
                length = long_data
            if length == 0 or (length >= 0x7FFF_F000 and not is_64):
                return None  # not known when it was written: up to the end of the file
        elif at + 8 + length > size:
            return end
        at += 8 + length
        if at > size:
            return None
        if header[:4] in (b"data", b"SSND") or end is not None:
            end = at
        if length % 2 and _read(file, at, 1) == b"\0":
            at += 1
            end = at if end is not None else None
    return None


def _after_avi(file: IO[bytes], begin: int, size: int) -> int | None:
    """Return the end of an AVI file, of which each gigabyte is a RIFF of its own, named AVIX (OpenDML)."""
    at, kind = begin, b"AVI "
    while at < size:
        header = _read(file, at, 12)
        if header[:4] != b"RIFF" or header[8:12] != kind:
            return at
        length = int.from_bytes(header[4:8], "little")
        if length in (0, NOT_KNOWN):
            return None
        at += 8 + length + length % 2
        kind = b"AVIX"
    return at


def _after_caf(file: IO[bytes], begin: int, size: int) -> int | None:
    """Return the end of a Core Audio file: chunks with lengths of 64 bits; that of the sound may be -1."""
    at, end = begin + 8, None
    for _ in range(MOST_CHUNKS):
        header = _read(file, at, 12)
        if len(header) < 12 or not all(0x20 <= byte < 0x7F for byte in header[:4]) or header[:4] == b"caff":
            return end
        length = int.from_bytes(header[4:], signed=True)
        if length < 0 or at + 12 + length > size:
            return None if header[:4] == b"data" else end
        at += 12 + length
        if header[:4] == b"data" or end is not None:
            end = at
    return None


def _after_segment(file: IO[bytes], begin: int) -> int | None:
    """Return where a Matroska file ends, which is a header and a segment (RFC 9559)."""
    at = begin
    for name in (EBML, SEGMENT):
        if _read(file, at, 4) != name:
            return None
        first = int.from_bytes(_read(file, at + 4, 1))
        width = 9 - first.bit_length()
        if width > 8:
            return None
        bits = (1 << 7 * width) - 1
        length = int.from_bytes(_read(file, at + 4, width)) & bits
        if length == bits:
            return None
        at += 4 + width + length
    return at


def _after_boxes(file: IO[bytes], begin: int, size: int) -> int | None:
    """Return the end of an MP4 file: before the next one's first box, or before what is no box (ISO/IEC 14496-12)."""
    at = begin
    for _ in range(MOST_CHUNKS):
        header = _read(file, at, 16)
        if at > begin and (header[4:8] == b"ftyp" or not header[4:8].replace(b" ", b"").isalnum()):
            return at
        length = int.from_bytes(header[:4])
        if length == 1:
            length = int.from_bytes(header[8:16])
        if length < 8:
            return None if length == 0 else at
        at += length
        if at >= size:
            return None
    return None


def _after_asf(file: IO[bytes], begin: int, size: int) -> int | None:
    """Return the end of a WMA or WMV file: behind its data and the indexes that may follow it."""
    at = begin
    has_data = False
    for _ in range(MOST_CHUNKS):
        header = _read(file, at, 24)
        name, length = header[:16], int.from_bytes(header[16:], "little")
        if at > begin and name != ASF_DATA and name not in ASF_INDEXES:
            return at if has_data else None
        if length < 24 or at + length > size:
            return None
        has_data = has_data or name == ASF_DATA
        at += length
    return None
