"""The sound tracks of an opened file: the one that players play, and what a format is called that is not known."""

from __future__ import annotations

import re
from typing import IO, Any, NamedTuple

import av
from av.stream import Disposition

PROTECTED = {"drms", "enca"}  # tags of MP4 for sound that is encrypted
NAMES = {  # what the formats are called by those who made them; their tags of MP4 and FFmpeg's names
    "ac-4": "Dolby AC-4",
    "ac4": "Dolby AC-4",
    "apac": "Apple APAC",
    "iamf": "IAMF",
    "mha1": "MPEG-H 3D Audio",
    "mhm1": "MPEG-H 3D Audio",
}
BESIDE_THE_MAIN_ONE = (
    Disposition.comment | Disposition.visual_impaired | Disposition.hearing_impaired | Disposition.karaoke
)
WHERE_TRACKS_ARE = 1024 * 1024  # bytes from the start of a Matroska file
NAMELESS = "unknown"
LONGEST_NAME = 40


class Track(NamedTuple):
    number: int  # from 0
    is_default: bool
    is_beside_the_main_one: bool  # a commentary, say
    tag: str  # of its format, in MP4; may be empty
    unknown_codec: str  # what its format is called if it cannot be decoded; else empty


def tracks_of(container: Any, file: IO[bytes]) -> tuple[Track, ...]:
    """Return the sound tracks of a container opened from `file`."""
    found = []
    for number, stream in enumerate(container.streams.audio):
        context = stream.codec_context
        tag = (getattr(context, "codec_tag", "") or "").strip("\0 ")
        codec = "" if context is not None else _codec_named(container, file, stream, number)
        flags = stream.disposition
        found.append(Track(number, bool(flags & Disposition.default), bool(flags & BESIDE_THE_MAIN_ONE), tag, codec))
    return tuple(found)


def by_preference(tracks: tuple[Track, ...]) -> list[Track]:
    """Return those that can be decoded: the one that players play first, then the others in order."""
    readable = [track for track in tracks if not track.unknown_codec]
    return sorted(readable, key=lambda track: (not track.is_default, track.is_beside_the_main_one, track.number))


def _codec_named(container: Any, file: IO[bytes], stream: Any, number: int) -> str:
    """Return what the format of a stream is called that FFmpeg has no decoder for."""
    name = _in_description(container, stream.index)
    if not name and container.format.name.startswith("matroska"):
        name = _in_matroska(file, number)
    return NAMES.get(name, name) or NAMELESS


def _in_description(container: Any, index: int) -> str:
    """Return the tag or FFmpeg's name. PyAV gives neither for such a stream but in its description of the whole."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        lines = container.dumps_format().splitlines()
    finally:
        av.logging.set_level(level)
    for line in lines:
        if found := re.match(rf"\s*Stream #0:{index}\D.*?Audio: (\w+)(?: \(([ -~]+?) / 0x)?", line):
            codec, tag = found.groups()
            name = tag or ("" if codec in ("none", "unknown") else codec)
            return name.strip()[:LONGEST_NAME]
    return ""


def _in_matroska(file: IO[bytes], number: int) -> str:
    """Return the CodecID of a sound track (RFC 9559, 5.1.4.1.21)."""
    at = file.tell()
    file.seek(0)
    start = file.read(WHERE_TRACKS_ARE)
    file.seek(at)
    found = re.findall(rb"\x86[\x82-\xbf](A_[A-Z0-9_/.-]{1,38})", start)
    return found[number].decode("ascii").removeprefix("A_") if number < len(found) else ""
