"""Writes recordings in all sorts of formats, and the odd ones that people have."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

PICTURES_A_SECOND = 5
WITHOUT_CHANCE = {"fflags": "bitexact"}  # no random numbers, which Matroska and Ogg have: the same bytes every time


class Pipe:
    """Takes what is written, and cannot go back: as a browser's recorder, which does not know the length."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, data: bytes) -> int:
        self.content += data
        return len(data)


def tone(seconds: float, rate: int = 16_000, hertz: float = 440.0) -> np.ndarray:
    """Return a sine, float32, shape (samples,)."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def encode(
    file: Path,
    samples: np.ndarray | None,
    rate: int,
    codec: str = "",
    *,
    layout: str = "mono",
    pictures: float = 0.0,
    late: float = 0.0,
    hole: tuple[float, float] | None = None,
    picture_codec: str = "mpeg4",
) -> None:
    """Write a media file; its suffix picks the container.

    samples: the mono sound, heard in each channel of `layout`; None for no sound track. pictures: seconds of video.
    late: seconds before the sound begins. hole: from where on (seconds) the sound is how many seconds later.
    """
    with av.open(str(file), "w", options=WITHOUT_CHANCE) as container:
        video = container.add_stream(picture_codec, rate=PICTURES_A_SECOND) if pictures else None
        sound = container.add_stream(codec, rate=rate) if samples is not None else None
        if sound is not None:
            sound.layout = layout
            if codec == "wmav2":
                sound.bit_rate = 64_000  # its own default is refused
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            add_pictures(container, video, pictures)
        if sound is not None and samples is not None:
            add_sound(container, sound, samples, rate, layout, late, hole)


def encode_tracks(
    file: Path, tracks: Sequence[np.ndarray], rate: int, codec: str, pictures: float, default: int | None = None
) -> None:
    """Write a film with several mono sound tracks, as one has that was dubbed. default: the one marked so."""
    with av.open(str(file), "w") as container:
        video = container.add_stream("mpeg4", rate=PICTURES_A_SECOND)
        sounds = [container.add_stream(codec, rate=rate) for _ in tracks]
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for number, sound in enumerate(sounds):
            sound.layout = "mono"
            if default is not None:
                sound.disposition = Disposition.default if number == default else Disposition(0)
        add_pictures(container, video, pictures)
        for sound, samples in zip(sounds, tracks, strict=True):
            add_sound(container, sound, samples, rate)


def add_pictures(container: av.container.OutputContainer, stream: av.VideoStream, seconds: float) -> None:
    for number in range(round(seconds * PICTURES_A_SECOND)):
        picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 256, np.uint8), format="rgb24")
        picture.pts, picture.time_base = number, Fraction(1, PICTURES_A_SECOND)
        container.mux(stream.encode(picture))
    container.mux(stream.encode())


def add_sound(
    container: av.container.OutputContainer,
    stream: av.AudioStream,
    samples: np.ndarray,
    rate: int,
    layout: str = "mono",
    late: float = 0.0,
    hole: tuple[float, float] | None = None,
) -> None:
    channels = av.AudioLayout(layout).nb_channels
    resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=stream.codec_context.rate)
    step = 1024
    for begin in range(0, len(samples), step):
        piece = np.repeat(samples[None, begin : begin + step], channels, axis=0).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout=layout)
        shift = late + (hole[1] if hole and begin / rate >= hole[0] else 0.0)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = begin + round(shift * rate)
        for fitting in resampler.resample(frame):
            container.mux(stream.encode(fitting))
    for fitting in resampler.resample(None):
        container.mux(stream.encode(fitting))
    container.mux(stream.encode(None))


def cut(file: Path, part: float) -> Path:
    """Return a copy of `file` that ends after that part of its bytes, as an interrupted download does."""
    content = file.read_bytes()
    shorter = file.with_name(f"cut {file.name}")
    shorter.write_bytes(content[: round(len(content) * part)])
    return shorter
