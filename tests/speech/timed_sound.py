"""Recordings whose clock is out of the ordinary: joined, with holes, with sound that begins late, with an old header.

As in real_sound.py, of speech whose text is known: one voice, then the sample's, which begins with "Hello".
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import soundfile

from . import media, real_sound

RATE = 48_000
PIECE = 300.0  # seconds
HELLO = 0.42  # seconds from the beginning of the sample to its first word


class Timed(NamedTuple):
    """One recording. hello: the second at which a player comes to the sample's first word; None if it never does."""

    name: str
    make: Callable[[Path], Path]
    said: str
    hello: float | None


def _encoded(file: Path, samples: np.ndarray, codec: str, offset: float = 0.0) -> bytes:
    """Return the speech as a file of that kind; its clock begins at `offset` (seconds)."""
    options = {"output_ts_offset": str(offset), "fflags": "bitexact"}
    with av.open(str(file), "w", container_options=options) as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.layout = "mono"
        media.add_sound(container, stream, samples, real_sound.RATE)
    return file.read_bytes()


def _joined(suffix: str, codec: str, *clocks: float) -> Callable[[Path], Path]:
    """Write both voices as files, one behind the other; their clocks begin at these seconds."""

    def make(folder: Path) -> Path:
        voices = (real_sound.one_voice().samples, real_sound.another_voice().samples)
        parts = [
            _encoded(folder / f"part.{suffix}", voice, codec, clock)
            for voice, clock in zip(voices, clocks or (0, 0), strict=True)
        ]
        (folder / f"joined.{suffix}").write_bytes(b"".join(parts))
        return folder / f"joined.{suffix}"

    return make


def _pieces_of_broadcast(folder: Path) -> Path:
    """Write three pieces of five minutes, a voice in the first and in the last, whose clocks have nothing in common."""
    quiet = np.zeros(round(PIECE * real_sound.RATE), np.float32)
    pieces = []
    for clock, voice in ((0, real_sound.one_voice()), (40_000, None), (5_000, real_sound.another_voice())):
        samples = quiet.copy()
        if voice is not None:
            samples[: len(voice.samples)] = voice.samples
        pieces.append(_encoded(folder / "piece.ts", samples, "aac", clock))
    (folder / "pieces.ts").write_bytes(b"".join(pieces))
    return folder / "pieces.ts"


def _with_a_hole(seconds: float) -> Callable[[Path], Path]:
    """Write both voices as a browser does that cannot know the length, with nothing recorded between them."""

    def make(folder: Path) -> Path:
        one, another = real_sound.one_voice().samples, real_sound.another_voice().samples
        pipe = media.Pipe()
        with av.open(pipe, "w", format="webm") as container:
            stream = container.add_stream("libopus", rate=RATE)
            stream.layout = "mono"
            hole = (len(one) / real_sound.RATE, seconds)
            media.add_sound(container, stream, np.concatenate([one, another]), real_sound.RATE, hole=hole)
        (folder / "hole.webm").write_bytes(pipe.content)
        return folder / "hole.webm"

    return make


def _late(suffix: str, seconds: float) -> Callable[[Path], Path]:
    """Write the sample beside an H.264 picture that begins so many seconds before it."""

    def make(folder: Path) -> Path:
        file, voice = folder / f"late.{suffix}", real_sound.another_voice().samples
        media.encode(file, voice, real_sound.RATE, "aac", pictures=25, late=seconds, picture_codec="libx264")
        return file

    return make


def _old_header(folder: Path) -> Path:
    """Write both voices as WAV whose header knows of the first alone."""
    file, one = folder / "old header.wav", real_sound.one_voice().samples
    soundfile.write(file, np.concatenate([one, real_sound.another_voice().samples]), real_sound.RATE)
    content = bytearray(file.read_bytes())
    at = content.index(b"data") + 4
    struct.pack_into("<I", content, at, 2 * len(one))
    struct.pack_into("<I", content, 4, at - 4 + 2 * len(one))
    file.write_bytes(content)
    return file


def rows() -> list[Timed]:
    one, another = real_sound.one_voice().text, real_sound.another_voice().text
    both, second = f"{one} {another}", len(real_sound.one_voice().samples) / real_sound.RATE + HELLO
    joined = (("wav", "pcm_s16le"), ("m4a", "aac"), ("flac", "flac"), ("mka", "libopus"), ("ogg", "libopus"))
    return [
        *(Timed(f"two joined, {suffix}", _joined(suffix, codec), both, second) for suffix, codec in joined),
        Timed("two joined, ts, the clock 5 minutes on", _joined("ts", "aac", 0, 300), both, second),
        Timed("two joined, ts, the clock 19 hours back", _joined("ts", "aac", 70_000, 0), both, second),
        Timed("webm without a duration, 30 s of nothing", _with_a_hole(30), both, second + 30),
        Timed("three pieces of 5 minutes, ts, each with another clock", _pieces_of_broadcast, both, 2 * PIECE + HELLO),
        *(
            Timed(f"{suffix}, H.264, sound {late:g} s late", _late(suffix, late), another, late + HELLO)
            for suffix in ("mkv", "mp4")
            for late in (0.5, 2)
        ),
        Timed("wav, header of the first half", _old_header, one, None),
    ]
