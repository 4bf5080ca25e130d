"""How long the sound of a file is: as its header declares, or, where FFmpeg would guess, as its packets say."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from typing import IO, Any

import av
import av.error

from desktop_app.backend.cuts import end_of_matroska, end_of_mp3
from desktop_app.backend.parts import LARGEST_SEARCHED, positions
from desktop_app.backend.timeline import MATROSKA, OGG_FIRST, OGG_PAGE, Timeline, shown

MOST_SECONDS = (
    1.0  # of reading packets, of which a second reads about an hour of MP3; the rest is estimated by its bytes
)
LOOKS_AT_THE_CLOCK = 500  # packets
LARGEST_OGG_PAGE = 65_307  # bytes
# Not AVI and FLV: a recorder writes their header first, and leaves what it guessed there if it is cut off.
DECLARED = {
    "wav",
    "w64",
    "aiff",
    "caf",
    "au",
    "flac",
    "mov,mp4,m4a,3gp,3g2,mj2",
    "asf",
    "ape",
    "wv",
    "tta",
}


@dataclass(frozen=True)
class Length:
    """seconds: of sound; None if nothing tells. is_sure: a header says so that was written when the end was known."""

    seconds: float | None
    is_sure: bool


def declared(container: Any, stream: Any, source: IO[bytes], origin: float) -> Length:
    """Return what the header says of the track's length, counted from `origin`. Leaves `source` where it was."""
    name = container.format.name
    if container.duration:
        seconds = container.duration / av.time_base
        if name == MATROSKA:
            seconds -= origin  # it counts from 0
    elif stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    else:
        return Length(None, False)
    was_at = source.tell()
    is_sure = name in DECLARED or _was_written_last(name, source)
    source.seek(was_at)
    return Length(max(0.0, seconds), is_sure)


def measured(part: Any, timeline: Timeline, begin: float, until: float) -> float:
    """Return the seconds of a part, which begins at `begin`, by its packets, which are read and not decoded.

    until: when to give up (time.monotonic()); then the rest is estimated. 0 if nothing tells.
    """
    at = begin
    try:
        for number, packet in enumerate(part.packets):
            length = float((packet.duration or 0) * (packet.time_base or 0))
            part.beginnings.at_byte = packet.pos
            at += timeline.gap_before(shown(packet), length, at) + length
            if number % LOOKS_AT_THE_CLOCK == 0 and time.monotonic() > until and packet.pos:
                return (at - begin) * part.size / packet.pos
    except (av.error.FFmpegError, OSError, MemoryError):
        pass  # who reads the sound will say so
    return at - begin


def _was_written_last(name: str, source: IO[bytes]) -> bool:
    """Whether the duration was known when the header was written, or stands at the file's end."""
    size = source.seek(0, io.SEEK_END)
    if name == MATROSKA:
        return end_of_matroska(source) is not None
    if name == "mp3":
        end = end_of_mp3(source)
        return end is not None and abs(size - end) < 0.05 * size
    if name == "ogg":
        return _is_one_stream(source, size)
    return False


def _is_one_stream(source: IO[bytes], size: int) -> bool:
    """Whether no stream of an Ogg file begins behind the first pages, as in files that were joined."""
    if size > LARGEST_SEARCHED:
        return False
    source.seek(0)
    start = source.read(LARGEST_OGG_PAGE)
    at = start.find(OGG_PAGE)
    while 0 <= at <= len(start) - 6 and start[at + 5] & OGG_FIRST:
        at = start.find(OGG_PAGE, at + 4)
    return at >= 0 and all(begin < at for begin in positions(source, OGG_PAGE + bytes([0, OGG_FIRST])))
