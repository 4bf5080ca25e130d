"""Whether a media file was cut short, told by the lengths it declares itself.

FFmpeg does not tell: it reads what there is, and for several formats it corrects the duration in silence.
"""

from __future__ import annotations

import io
from typing import IO

NOT_TOLD = 0x7FFF_F000  # 32-bit sizes from here on are what writers put down that could not know
SLACK = 64  # bytes: some writers count a header twice, or forget a padding byte
LARGEST_OGG_PAGE = 65_307
MOST_BOXES = 100_000  # those of a day in pieces of two seconds; more would take a while to go through


def what_is_missing(file: IO[bytes]) -> str:
    """Return what shows that the end of `file` is missing; empty if nothing does. Leaves it at its start."""
    size = file.seek(0, io.SEEK_END)
    declared = _declared_size(file, size)
    file.seek(0)
    return f"{size} of {declared} bytes are there" if declared is not None and declared > size + SLACK else ""


def _declared_size(file: IO[bytes], size: int) -> int | None:
    """Return how long the file says it is, in bytes; None if it does not."""
    start = _read(file, 0, 12)
    if start[:4] == b"RIFF":
        return _chunk(start, "little")
    if start[:4] in (b"FORM", b"RIFX"):
        return _chunk(start, "big")
    if start[:4] == b"\x1aE\xdf\xa3":
        return end_of_matroska(file)
    if start[4:8] == b"ftyp":
        return _of_boxes(file, size)
    if start[:4] == b"OggS":
        return _of_ogg(file, size)
    if start[:3] == b"ID3" or start[:1] == b"\xff":
        return end_of_mp3(file)
    return None


def _read(file: IO[bytes], position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)


def _number(data: bytes, byteorder: str = "big") -> int:
    return int.from_bytes(data, "little" if byteorder == "little" else "big")


def _chunk(start: bytes, byteorder: str) -> int | None:
    declared = _number(start[4:8], byteorder)
    return 8 + declared if declared < NOT_TOLD else None


def end_of_matroska(file: IO[bytes]) -> int | None:
    """Return where the segment ends, the second of the two elements a Matroska file has (RFC 9559)."""
    header, after = _variable_size(file, 4)
    if header is None:
        return None
    segment = after + header
    if _read(file, segment, 4) != b"\x18\x53\x80\x67":
        return None
    content, after = _variable_size(file, segment + 4)
    return None if content is None else after + content


def _variable_size(file: IO[bytes], position: int) -> tuple[int | None, int]:
    """Return the size written at `position`, None if it is "unknown", and the position after it (RFC 8794)."""
    first = _number(_read(file, position, 1))
    length = 9 - first.bit_length()
    if length > 8:
        return None, position
    bits = 7 * length
    value = _number(_read(file, position, length)) & ((1 << bits) - 1)
    return (None if value == (1 << bits) - 1 else value), position + length


def _of_boxes(file: IO[bytes], size: int) -> int | None:
    """Return where the last of the boxes ends of which an MP4 file is a row (ISO/IEC 14496-12)."""
    position = 0
    for _ in range(MOST_BOXES):
        if position >= size:
            return position
        header = _read(file, position, 16)
        if not header[4:8].isalnum():
            return None  # something else was appended
        length = _number(header[:4])
        if length == 1:
            length = _number(header[8:16])
        if length < 8:  # 0: to the end of the file, wherever that is
            return None
        position += length
    return None


def _of_ogg(file: IO[bytes], size: int) -> int | None:
    """Return where the last page ends (RFC 3533). Whether it is marked as the last says nothing: many forget that."""
    begin = max(0, size - LARGEST_OGG_PAGE)
    tail = _read(file, begin, LARGEST_OGG_PAGE)
    page = tail.rfind(b"OggS")
    if page < 0:
        return None
    table = tail[page + 27 : page + 27 + tail[page + 26]] if page + 26 < len(tail) else b""
    return begin + page + 27 + len(table) + sum(table)


def end_of_mp3(file: IO[bytes]) -> int | None:
    """Return where the sound ends by the Xing or Info header in the first frame, which most encoders write."""
    tag = _read(file, 0, 10)
    begin = 0
    if tag[:3] == b"ID3":
        begin = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(tag[6:10], (21, 14, 7, 0), strict=False))
    frame = _read(file, begin, 64)
    if frame[:1] != b"\xff":
        return None
    for offset in (36, 21, 13):  # by MPEG version and channels
        header = frame[offset : offset + 16]
        if header[:4] in (b"Xing", b"Info"):
            flags = _number(header[4:8])
            has_frames, has_bytes = flags & 1, flags & 2
            position = 12 if has_frames else 8
            return begin + _number(header[position : position + 4]) if has_bytes else None
    return None
