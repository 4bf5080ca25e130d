"""Whether a file is a recording, told by its first bytes."""

from __future__ import annotations

WANTED = 4096  # bytes

MARKS = {  # by where they stand
    0: (
        *(
            b"OggS",
            b"fLaC",
            b"ID3",
            b"\x1a\x45\xdf\xa3",
            b"caff",
            b".snd",
            b"FLV\x01",
            b"#!AMR",
            b"wvpk",
            b"MAC ",
            b"TTA1",
        ),
        *(b"MPCK", b"MP+", b".RMF", b".ra\xfd", b"DSD ", b"FRM8", b"\0\0\1\xba", b"\0\0\1\xb3", b"EA3\x03"),
        b"Creative Voice File\x1a",
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),  # ASF
        bytes.fromhex("726966662e91cf11a5d628db04c10000"),  # Sony Wave64
        bytes.fromhex("060e2b34020501010d010201"),  # MXF
        bytes.fromhex("b7d800203749da11a64e0007e95ead8d"),  # recorded television of Windows
    ),
    4: (b"moov", b"mdat", b"wide", b"moof", b"styp"),
}
RIFFS = (b"RIFF", b"RF64", b"BW64", b"RIFX", b"FORM")
IN_RIFFS = (b"WAVE", b"AVI ", b"AIFF", b"AIFC")
PICTURES = (
    b"heic",
    b"heix",
    b"hevc",
    b"mif1",
    b"msf1",
    b"avif",
    b"avis",
    b"crx ",
    b"jxl ",
)  # in boxes like those of MP4
TS_STRIDES = (188, 192, 204)
MPEG_BITS = {  # kbit/s by MPEG version 1 or not, and layer
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MPEG_RATES = (44_100, 48_000, 32_000)
TEXT = bytes({7, 8, 9, 10, 12, 13, 27} | set(range(0x20, 0x7F)) | set(range(0x80, 0x100)))


def are_media(start: bytes) -> bool:
    """Return whether a file that begins so is sound or film, of the kinds that devices and programs leave."""
    if any(start.startswith(mark, at) for at, marks in MARKS.items() for mark in marks):
        return True
    if start[:4] in RIFFS:
        return start[8:12] in IN_RIFFS
    if start[4:8] == b"ftyp":
        return start[8:12] not in PICTURES
    return _is_transport_stream(start) or _is_stream_of_frames(start)


def are_text(start: bytes) -> bool:
    """Return whether these bytes are text, so that they are no recording whatever their file's name."""
    return bool(start) and not start.translate(None, TEXT)


def _is_transport_stream(start: bytes) -> bool:
    """MPEG-TS has 0x47 at the beginning of each packet; in files of cameras a time of four bytes stands before it."""
    return any(
        start[first::stride][:5] == b"\x47" * 5 for stride in TS_STRIDES for first in ((4,) if stride == 192 else (0,))
    )


def _is_stream_of_frames(start: bytes) -> bool:
    """MP1, MP2, MP3, AAC (ADTS) or AC-3: frames that each tell how long they are, one behind the other."""
    at = 0
    for _ in range(2):
        length = _mpeg_frame(start[at : at + 4]) or _adts_frame(start[at : at + 6])
        if not length:
            return start[:2] == b"\x0b\x77" and start[5:6] != b"" and start[5] >> 3 <= 16
        at += length
    return at <= len(start)


def _mpeg_frame(header: bytes) -> int:
    """Return the bytes of a frame of MPEG audio by its header (ISO/IEC 11172-3), 0 if it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)  # version: 3 is MPEG-1, 2 is MPEG-2, 0 is MPEG-2.5
    bits, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or bits in (0, 15) or rate == 3:
        return 0
    hertz = MPEG_RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    bits_a_second = 1000 * MPEG_BITS[version == 3, layer][bits - 1]
    if layer == 1:
        return (12 * bits_a_second // hertz + padding) * 4
    return (72 if layer == 3 and version != 3 else 144) * bits_a_second // hertz + padding


def _adts_frame(header: bytes) -> int:
    """Return the bytes of a frame of AAC by its header (ISO/IEC 13818-7), 0 if it is none."""
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    return (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
