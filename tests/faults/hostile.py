"""Makes files that are meant to do harm: small ones that ask for much memory, much time, or for what cannot be."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping

from faults.damage import BOXES_OF_BOXES, with_checksums

Good = Mapping[str, bytes]  # good files, by their suffix
RATE = 16_000


# --- wav -------------------------------------------------------------------------------------------------------------


def _wav(
    data: bytes, *, rate: int = RATE, channels: int = 1, kind: int = 1, bits: int = 16, before_data: bytes = b""
) -> bytes:
    frame = channels * bits // 8
    header = struct.pack("<HHIIHH", kind, channels, rate, rate * frame & 0xFFFF_FFFF, frame & 0xFFFF, bits)
    chunks = b"fmt " + struct.pack("<I", len(header)) + header + before_data
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _speech_with(good: Good, *strange: float) -> bytes:
    """Return the speech as floats, with ten strange ones in every tenth of a second of its second half."""
    whole = good["wav"][44:]
    samples = [sample / 2**15 for (sample,) in struct.iter_unpack("<h", whole)]
    for number, begin in enumerate(range(len(samples) // 2, len(samples), RATE // 10)):
        samples[begin : begin + 10] = [strange[number % len(strange)]] * 10
    return _wav(struct.pack(f"<{len(samples)}f", *samples), kind=3, bits=32)


def wav_of_one_sample_a_second(good: Good) -> bytes:
    return _wav(good["wav"][44:], rate=1)


def wav_of_a_thousand_million_samples_a_second(good: Good) -> bytes:
    return _wav(good["wav"][44:], rate=2**30)


def wav_of_255_channels(good: Good) -> bytes:
    return _wav(good["wav"][44:], channels=255)


def wav_of_65535_channels(good: Good) -> bytes:
    return _wav(good["wav"][44:] * 10, channels=65_535)


def wav_of_what_is_no_number(good: Good) -> bytes:
    return _speech_with(good, float("nan"), float("inf"), float("-inf"))


def wav_of_the_loudest_numbers(good: Good) -> bytes:
    return _speech_with(good, 3.4e38, -3.4e38, 1e20)


def wav_of_a_hundred_thousand_chunks(good: Good) -> bytes:
    return _wav(good["wav"][44:], before_data=b"junk\0\0\0\0" * 100_000)


def wav_of_twenty_thousand_recordings(good: Good) -> bytes:
    return _wav(good["wav"][44 : 44 + 320]) * 20_000


# --- flac ------------------------------------------------------------------------------------------------------------

LARGEST_BLOCK = 65_535  # samples


def _flac(rate: int, frames: int) -> bytes:
    """Return silence: each frame has fourteen bytes and 65535 samples."""
    about = struct.pack(">HH", LARGEST_BLOCK, LARGEST_BLOCK) + bytes(6)
    about += (rate << 44 | 15 << 36 | frames * LARGEST_BLOCK).to_bytes(8) + bytes(16)
    content = [b"fLaC\x80" + len(about).to_bytes(3) + about]
    for number in range(frames):
        header = b"\xff\xf8\x70\x00" + chr(number).encode() + struct.pack(">H", LARGEST_BLOCK - 1)
        header += bytes([_checksum(header, 0x07, 8)])
        silence = header + bytes(3)
        content.append(silence + _checksum(silence, 0x8005, 16).to_bytes(2))
    return b"".join(content)


def _checksum(data: bytes, polynomial: int, bits: int) -> int:
    value = 0
    for byte in data:
        value ^= byte << bits - 8
        for _ in range(8):
            value = (value << 1) ^ (polynomial if value >> bits - 1 else 0)
            value &= (1 << bits) - 1
    return value


def flac_of_one_sample_a_second(good: Good) -> bytes:
    return _flac(1, 100)


def flac_of_ten_minutes_in_a_few_bytes(good: Good) -> bytes:
    return _flac(RATE, 150)


# --- mp3 -------------------------------------------------------------------------------------------------------------


def mp3_with_a_cover_as_large_as_the_memory(good: Good) -> bytes:
    picture = b"\0image/png\0\x03\0" + _empty_picture(16_000, 16_000)
    frame = b"APIC" + struct.pack(">I", len(picture)) + bytes(2) + picture
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frame + good["mp3"][_id3_size(good["mp3"]) :]


def _empty_picture(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = 100
    compress = zlib.compressobj(9)
    first, again = (
        compress.compress(bytes(1 + 4 * width) * rows) + compress.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    pixels = first + again * (height // rows - 1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _id3_size(content: bytes) -> int:
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))


def mp3_of_a_million_tags(good: Good) -> bytes:
    return b"ID3\x03\0\0\0\0\0\0" * 1_000_000 + good["mp3"]


def mp3_of_nothing_but_beginnings(good: Good) -> bytes:
    return b"\xff\xfb" * 5_000_000


def mp3_with_a_desert_in_it(good: Good) -> bytes:
    return good["mp3"][:2000] + bytes(20_000_000) + good["mp3"][2000:]


# --- m4a -------------------------------------------------------------------------------------------------------------


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _with_numbers(content: bytes, name: bytes, *numbers: int) -> bytes:
    """Return the file with these numbers in the first box of that name, after its version and flags."""
    at = content.index(name) + 8
    new = struct.pack(f">{len(numbers)}I", *numbers)
    return content[:at] + new + content[at + len(new) :]


def _with_more(content: bytes, name: bytes, change: Callable[[bytes], bytes], begin: int = 0) -> bytes:
    """Return the boxes in `content`, the first one of that name changed (its header too), those around it mended."""
    changed = []
    while begin < len(content):
        size, here = struct.unpack_from(">I4s", content, begin)
        box = content[begin : begin + size]
        if here == name and name in box:
            box = change(box)
        elif here in BOXES_OF_BOXES and name in box:
            box = _box(here, _with_more(box, name, change, 8))
        changed.append(box)
        begin += size
    return b"".join(changed)


def m4a_of_eighty_million_samples_in_a_table(good: Good) -> bytes:
    many = 80_000_000
    content = _with_numbers(good["m4a"], b"stsz", 1, many)
    return _with_numbers(content, b"stsc", 1, 1, many)


def m4a_of_eight_such_tracks(good: Good) -> bytes:
    return _with_more(m4a_of_eighty_million_samples_in_a_table(good), b"trak", lambda track: track * 8)


def m4a_that_plays_the_same_over_and_over(good: Good) -> bytes:
    times, each = 200, 4000  # milliseconds: the whole of it
    again = struct.pack(">II", 0, times) + struct.pack(">IiI", each, 0, 0x1_0000) * times
    return _with_more(good["m4a"], b"elst", lambda _: _box(b"elst", again))


def m4a_of_two_hundred_thousand_boxes(good: Good) -> bytes:
    return good["m4a"] + _box(b"free", b"") * 200_000


def m4a_of_boxes_in_boxes(good: Good) -> bytes:
    depth = 100_000
    boxes = b"".join(struct.pack(">I4s", 8 * (depth - n), b"udta" if n else b"moov") for n in range(depth))
    return good["m4a"][: good["m4a"].index(b"moov") - 4] + boxes


def m4a_whose_sound_lasts_for_ages(good: Good) -> bytes:
    """Each packet lasts an hour, and so says the header."""
    ages = 2**32 - 1
    content = _with_numbers(good["m4a"], b"mdhd", 0, 0, 1, ages)
    return _with_numbers(_with_numbers(content, b"mvhd", 0, 0, 1, ages), b"stts", 1, 60, 3600)


# --- mkv -------------------------------------------------------------------------------------------------------------

_CLUSTER = b"\x1f\x43\xb6\x75"


def _element(name: bytes, content: bytes) -> bytes:
    return name + (1 << 56 | len(content)).to_bytes(8) + content


def _in_matroska(good: Good, more: bytes) -> bytes:
    """Return a film without a length of its own, with `more` before its sound."""
    content = good["mkv"]
    segment, cluster = content.index(b"\x18\x53\x80\x67") + 4, content.index(_CLUSTER)
    return content[:segment] + b"\x01" + b"\xff" * 7 + content[segment + 8 : cluster] + more + content[cluster:]


def mkv_after_ten_years(good: Good) -> bytes:
    """A moment of sound at its beginning, the rest ten years later, and a header that says so."""
    years = 10 * 365 * 24 * 3600 * 1000
    content = bytearray(_in_matroska(good, b""))
    duration = content.index(b"\x44\x89\x88") + 3
    content[duration : duration + 8] = struct.pack(">d", years)
    cluster = content.index(_CLUSTER)
    later = content[cluster:].replace(b"\xe7\x81\x00", b"\xe7\x88" + years.to_bytes(8), 1)
    size = int.from_bytes(later[4:8]) + 7  # of the cluster, in four bytes
    later[4:8] = size.to_bytes(4)
    return bytes(content + later)


def mkv_of_elements_in_elements(good: Good) -> bytes:
    nested = b""
    for _ in range(2000):
        nested = _element(b"\xa0", nested)
    return _in_matroska(good, nested)


def mkv_of_a_million_voids(good: Good) -> bytes:
    return _in_matroska(good, b"\xec\x80" * 1_000_000)


def mkv_of_a_hundred_thousand_tags(good: Good) -> bytes:
    tag = _element(b"\x67\xc8", _element(b"\x45\xa3", b"name") + _element(b"\x44\x87", b"value"))
    return _in_matroska(good, _element(b"\x12\x54\xc3\x67", _element(b"\x73\x73", tag * 100_000)))


# --- ts ------------------------------------------------------------------------------------------------------------


def ts_whose_clock_jumps_with_every_packet(good: Good) -> bytes:
    """Hours forward and back between frames of a fortieth of a second, in four megabytes."""
    return b"".join(
        _ts_packets(
            good["mp3"][_id3_size(good["mp3"]) :][at % 8000 : at % 8000 + 144], 90_000 * (at * 3 % 4 * 25_000), at
        )
        for at in range(10_000)
    )


def _ts_packets(frame: bytes, clock: int, number: int) -> bytes:
    """Return a packet of sound with its time, and before every hundredth the two tables that tell of it."""
    count = number % 16
    tables = b""
    if number % 100 == 0:
        programs = bytes.fromhex("00b00d0001c100000001e100")
        streams = bytes.fromhex("02b0120001c10000e101f00003e101f000")
        tables = _ts_table(0, programs, number // 100) + _ts_table(0x100, streams, number // 100)
    time = bytes([0x21 | clock >> 29 & 0x0E]) + ((clock >> 15 & 0x7FFF) << 1 | 1).to_bytes(2)
    time += ((clock & 0x7FFF) << 1 | 1).to_bytes(2)
    content = b"\0\0\1\xc0" + (8 + len(frame)).to_bytes(2) + b"\x80\x80\x05" + time + frame
    filling = 184 - len(content)
    adaptation = bytes([filling - 1, 0]) + b"\xff" * (filling - 2)
    return b"\x47\x41\x01" + bytes([0x30 | count]) + adaptation + content + tables


def _ts_table(kind: int, table: bytes, count: int) -> bytes:
    table += _mpeg_checksum(table)
    return b"\x47" + (0x4000 | kind).to_bytes(2) + bytes([0x10 | count % 16, 0]) + table.ljust(183, b"\xff")


def _mpeg_checksum(data: bytes) -> bytes:
    value = 0xFFFF_FFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C1_1DB7 if value >> 31 else 0)) & 0xFFFF_FFFF
    return value.to_bytes(4)


# --- ogg -------------------------------------------------------------------------------------------------------------


def _page(packets: list[bytes], time: int, number: int, kind: int = 0, stream: int = 7) -> bytes:
    sizes = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    header = b"OggS\0" + struct.pack("<BqIII", kind, time, stream, number, 0) + bytes([len(sizes)])
    return header + sizes + b"".join(packets)


def ogg_of_ten_minutes_in_a_few_bytes(good: Good) -> bytes:
    head = b"OpusHead\x01\x01" + struct.pack("<HIH", 0, RATE, 0) + b"\0"
    pages = [_page([head], 0, 0, 2), _page([b"OpusTags" + bytes(8)], 0, 1)]
    moment = b"\x18"  # a packet of 60 ms, and nothing in it
    pages += [_page([moment] * 255, 255 * 2880 * (number + 1), number + 2) for number in range(40)]
    return with_checksums(b"".join(pages))


def ogg_of_ten_thousand_streams(good: Good) -> bytes:
    pages = [_page([b"OpusHead\x01\x01" + bytes(9)], 0, 0, 2, stream) for stream in range(10_000)]
    return with_checksums(b"".join(pages)) + good["ogg"]


# ---------------------------------------------------------------------------------------------------------------------

SUFFIXES = ("wav", "flac", "mp3", "m4a", "mkv", "ogg", "ts")
FILES: dict[str, Callable[[Good], bytes]] = {
    name: make for name, make in list(globals().items()) if name.partition("_")[0] in SUFFIXES
}
