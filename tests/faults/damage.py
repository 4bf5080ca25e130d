"""Makes damaged files from good ones. The same good files and the same seed give the same damage."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import NamedTuple

HEADER = 256  # bytes: of most formats, all that says what comes
LIES = [0, 1, 2, 7, 255, 0x7FFF, 0xFFFF, 0x1_0000, 0xFF_FFFF, 0x0FFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 2**32 - 1]
LIES += [2**40, 2**62, 2**63 - 1, 2**64 - 1]


class Damaged(NamedTuple):
    number: int
    suffix: str
    damage: str  # what was done to it
    content: bytes

    @property
    def name(self) -> str:
        return f"{self.number:04} {self.damage}.{self.suffix}"


class Field(NamedTuple):
    """A place in a file where a number stands."""

    position: int
    length: int  # bytes
    order: str = "big"
    is_size: bool = False  # it tells how much follows; else a rate, a number of channels, a time


def damaged(good: Mapping[str, bytes], count: int, seed: int = 1) -> Iterator[Damaged]:
    """Yield `count` damaged files, made in turn from the good ones (by their suffix), each kind of damage in turn."""
    turns = itertools.cycle(itertools.product(DAMAGES, good))
    for number, (damage, suffix) in enumerate(itertools.islice(turns, count)):
        random = Random(f"{seed} {number}")
        yield Damaged(number, suffix, damage, DAMAGES[damage](good[suffix], suffix, random))


# --- what is done to them --------------------------------------------------------------------------------------------


def _bits_flipped_in_front(content: bytes, suffix: str, random: Random) -> bytes:
    return _flipped(content, random, 0, min(HEADER, len(content)))


def _bits_flipped_in_the_table(content: bytes, suffix: str, random: Random) -> bytes:
    """Flip bits in what tells where the sound is; in formats that have no table, at the end."""
    table = content.find(b"moov")
    return _flipped(content, random, table if table >= 0 else max(0, len(content) - 1000), len(content))


def _bits_flipped_anywhere(content: bytes, suffix: str, random: Random) -> bytes:
    return _flipped(content, random, 0, len(content))


def _flipped(content: bytes, random: Random, begin: int, end: int) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice([1, 2, 5, 20, 100])):
        changed[random.randrange(begin, end)] ^= 1 << random.randrange(8)
    return bytes(changed)


def _end_cut_off(content: bytes, suffix: str, random: Random) -> bytes:
    return content[: random.randrange(1, min(HEADER, len(content)) if random.random() < 0.3 else len(content))]


def _piece_cut_out(content: bytes, suffix: str, random: Random) -> bytes:
    begin = random.randrange(HEADER, len(content))
    return content[:begin] + content[begin + random.choice([1, 3, 100, 5000]) :]


def _zeroed(content: bytes, suffix: str, random: Random) -> bytes:
    begin = random.randrange(len(content))
    length = min(random.choice([1, 16, 512, 4096, 65536]), len(content) - begin)
    return content[:begin] + bytes(length) + content[begin + length :]


def _blocks_swapped(content: bytes, suffix: str, random: Random) -> bytes:
    size = random.choice([16, 512, 4096])
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    for _ in range(random.choice([1, 3, 10])):
        one, other = random.randrange(len(blocks)), random.randrange(len(blocks))
        blocks[one], blocks[other] = blocks[other], blocks[one]
    return b"".join(blocks)


def _lengths_that_lie(content: bytes, suffix: str, random: Random) -> bytes:
    return _lied(content, suffix, random, is_size=True)


def _rates_and_times_that_lie(content: bytes, suffix: str, random: Random) -> bytes:
    return _lied(content, suffix, random, is_size=False)


def _lied(content: bytes, suffix: str, random: Random, is_size: bool) -> bytes:
    changed = bytearray(content)
    places = [field for field in _fields(content, suffix) if field.is_size is is_size]
    for field in random.choices(places, k=random.choice([1, 1, 1, 2, 5])):
        value = random.choice([*LIES, random.randrange(2**64), random.randrange(2**20)])
        write(changed, field, value)
    return with_checksums(bytes(changed)) if suffix == "ogg" else bytes(changed)


DAMAGES: dict[str, Callable[[bytes, str, Random], bytes]] = {
    "bits flipped in front": _bits_flipped_in_front,
    "bits flipped in the table": _bits_flipped_in_the_table,
    "bits flipped anywhere": _bits_flipped_anywhere,
    "end cut off": _end_cut_off,
    "piece cut out": _piece_cut_out,
    "zeroed": _zeroed,
    "blocks swapped": _blocks_swapped,
    "lengths that lie": _lengths_that_lie,
    "rates and times that lie": _rates_and_times_that_lie,
}

# --- where numbers stand ---------------------------------------------------------------------------------------------


def write(content: bytearray, field: Field, value: int) -> None:
    """Put `value` there, as far as it fits."""
    fitting = value & ((1 << 8 * field.length) - 1)
    content[field.position : field.position + field.length] = fitting.to_bytes(
        field.length, "little" if field.order == "little" else "big"
    )


def _fields(content: bytes, suffix: str) -> list[Field]:
    return list(FIELDS[suffix](content))


def _fields_of_wav(content: bytes) -> Iterator[Field]:
    begin, data = content.index(b"fmt "), content.index(b"data")
    yield from (Field(position, 4, "little", is_size=True) for position in (4, begin + 4, data + 4))
    for offset, length in ((8, 2), (10, 2), (12, 4), (16, 4), (20, 2), (22, 2)):  # format, channels, rate, ...
        yield Field(begin + offset, length, "little")


def _fields_of_flac(content: bytes) -> Iterator[Field]:
    position, is_last = 4, False
    while not is_last:
        is_last = bool(content[position] & 0x80)
        yield Field(position + 1, 3, is_size=True)
        position += 4 + int.from_bytes(content[position + 1 : position + 4])
    for offset, length in ((8, 2), (10, 2), (12, 3), (15, 3), (18, 3), (20, 2), (21, 5)):  # blocks, frames, rate, ...
        yield Field(offset, length)
    for frame in _positions(content, content[position : position + 2]):
        yield Field(frame + 2, 2)


def _fields_of_mp3(content: bytes) -> Iterator[Field]:
    yield Field(6, 4, is_size=True)  # of the ID3 tag
    yield Field(14, 4, is_size=True)  # of the first thing in it
    first = content.index(b"\xff\xfb" if b"\xff\xfb" in content else b"\xff\xf3", 10)
    yield from (Field(frame + 1, 3) for frame in _positions(content, content[first : first + 2]))
    tag = max(content.find(b"Xing"), content.find(b"Info"))
    yield from (Field(tag + offset, 4, is_size=True) for offset in (4, 8, 12))


def _fields_of_ogg(content: bytes) -> Iterator[Field]:
    for page in _positions(content, b"OggS"):
        yield Field(page + 6, 8, "little")  # the time
        yield Field(page + 14, 4, "little")  # whose page it is
        yield Field(page + 18, 4, "little")  # the page's number
        yield Field(page + 5, 1)  # first, last, continued
        yield Field(page + 26, 1, is_size=True)  # how many lengths follow
        yield from (Field(page + 27 + n, 1, is_size=True) for n in range(min(4, content[page + 26])))
    head = content.index(b"OpusHead")
    for offset, length in ((8, 1), (9, 1), (10, 2), (12, 4), (16, 2)):  # version, channels, to skip, rate, gain
        yield Field(head + offset, length, "little")


def with_checksums(content: bytes) -> bytes:
    """Return the Ogg pages with their checksums mended: a reader looks no further where they are wrong."""
    changed = bytearray(content)
    pages = [*_positions(content, b"OggS"), len(content)]
    for begin, end in itertools.pairwise(pages):
        table = content[begin + 27 : begin + 27 + content[begin + 26]] if begin + 26 < end else b""
        length = min(end - begin, 27 + len(table) + sum(table))
        changed[begin + 22 : begin + 26] = bytes(4)
        checksum = 0
        for byte in changed[begin : begin + length]:
            checksum = (checksum << 8) & 0xFFFF_FFFF ^ _OGG_TABLE[checksum >> 24 ^ byte]
        changed[begin + 22 : begin + 26] = checksum.to_bytes(4, "little")
    return bytes(changed)


def _remainder(byte: int) -> int:
    value = byte << 24
    for _ in range(8):
        value = (value << 1) ^ (0x04C1_1DB7 if value & 0x8000_0000 else 0)
    return value & 0xFFFF_FFFF


_OGG_TABLE = [_remainder(byte) for byte in range(256)]

BOXES_OF_BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"dinf"}
BOXES_OF_NUMBERS = {b"mvhd", b"tkhd", b"mdhd", b"elst", b"stsd", b"stts", b"stsc", b"stsz", b"stco", b"sgpd", b"sbgp"}
NUMBERS_LOOKED_AT = 30


def _fields_of_mp4(content: bytes, begin: int = 0, end: int | None = None) -> Iterator[Field]:
    while begin + 8 <= (len(content) if end is None else end):
        size, name = struct.unpack_from(">I4s", content, begin)
        yield Field(begin, 4, is_size=True)
        if name in BOXES_OF_BOXES:
            yield from _fields_of_mp4(content, begin + 8, begin + size)
        elif name in BOXES_OF_NUMBERS:
            count = min(NUMBERS_LOOKED_AT, (size - 12) // 4)
            # The first number of a table is how many there are in it.
            tables = name not in (b"mvhd", b"tkhd", b"mdhd")
            yield from (Field(begin + 12 + 4 * n, 4, is_size=tables and n == 0) for n in range(count))
        begin += max(8, size)


SEGMENT, CLUSTER, BLOCK = 0x1853_8067, 0x1F43_B675, 0xA3  # of Matroska
ELEMENTS_OF_ELEMENTS = {SEGMENT, CLUSTER, 0x1654_AE6B, 0xAE, 0xE1, 0x1549_A966, 0x114D_9B74, 0x4DBB, 0x1C53_BB6B, 0xA0}
LARGEST_NUMBER = 8


def _fields_of_matroska(content: bytes, begin: int = 0, end: int | None = None) -> Iterator[Field]:
    while begin < (len(content) if end is None else end):
        width = 9 - content[begin].bit_length()
        name = int.from_bytes(content[begin : begin + width])
        begin += width
        width = 9 - content[begin].bit_length()
        size = int.from_bytes(content[begin : begin + width]) & ((1 << 7 * width) - 1)
        yield Field(begin, width, is_size=True)
        begin += width
        if name in ELEMENTS_OF_ELEMENTS:
            yield from _fields_of_matroska(content, begin, begin + size)
        elif size <= LARGEST_NUMBER:
            yield Field(begin, size)
        elif name == BLOCK:  # a block: the track, the time
            yield Field(begin, 1)
            yield Field(begin + 1, 2)
        begin += size


def _positions(content: bytes, what: bytes) -> Iterator[int]:
    position = content.find(what)
    while position >= 0:
        yield position
        position = content.find(what, position + 1)


FIELDS: dict[str, Callable[[bytes], Iterator[Field]]] = {
    "wav": _fields_of_wav,
    "flac": _fields_of_flac,
    "mp3": _fields_of_mp3,
    "m4a": _fields_of_mp4,
    "ogg": _fields_of_ogg,
    "mkv": _fields_of_matroska,
    "mp4": _fields_of_mp4,
}
