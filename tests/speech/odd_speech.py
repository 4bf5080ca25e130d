"""Recordings in which a model goes round in circles or invents text; and a folder of odd suffixes.

What counts is what stands in the transcript without a mark: `unmarked` measures it.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from desktop_app.messages import Segment

from . import media, prompts, real_sound

Sound = np.ndarray
MOST_REPEATS = 5  # times that the same may follow itself without a mark
MOST_LETTERS = 25.0  # a second, without a mark
LONGEST_REPEATED = 60  # letters
BABBLE_DB = -5.0  # beside the voice that is to be understood
VOICES = 6  # that babble

# Suffixes of phones, cameras, recorders and browsers, by what is in them; and two names without one.
SUFFIXES = {
    "m4a": ("3ga", "m4r", "qta", "mp4a", "m4p", "qt", "mp4v", "cmf", "m4s", "ismv"),
    "mp3": ("mpga", "mpa", "mp1", "bit"),
    "webm": ("weba",),
    "wav": ("wave", "bwf", "rf64", "bw64", "wav64"),
    "aiff": ("aifc",),
    "eac3": ("ec3", "eac3"),
    "ts": ("m2t", "tp", "trp", "tod", "mod", "tsv"),
    "mpg": ("m1v", "m2v", "mpe", "m2p", "evo"),
    "avi": ("divx", "dvr"),
    "ogg": ("ogx", "ogm"),
    "asf": ("dvr-ms", "asx"),
}
NAMES_WITHOUT = {"mp3": "talk", "m4a": "Memo 12.03.24, 10 Uhr"}
CODECS = {"mp3": "libmp3lame", "webm": "libopus", "wav": "pcm_s16le", "aiff": "pcm_s16be", "eac3": "eac3"}
CODECS |= {"ts": "mp2", "mpg": "mp2", "avi": "libmp3lame", "ogg": "libopus", "asf": "wmav2"}


class Odd(NamedTuple):
    """One recording. said: what is to be understood in it; empty if nothing is. language: None if it is not told."""

    name: str
    make: Callable[[Path], Path]
    said: str
    language: str | None = "en"


class Unmarked(NamedTuple):
    """What stands in a transcript without a mark."""

    words: int
    repeats: int  # how often the same follows itself at most
    letters_a_second: float  # in the densest segment
    replaced: int  # signs that were no text

    @property
    def is_sane(self) -> bool:
        return self.repeats <= MOST_REPEATS and self.letters_a_second <= MOST_LETTERS and not self.replaced


def unmarked(segments: Sequence[Segment]) -> Unmarked:
    """Return what the segments without a mark hold."""
    certain = [segment for segment in segments if not segment.doubts]
    text = " ".join(segment.text for segment in certain)
    dense = [len(_letters(one.text)) / max(one.end - one.start, 0.01) for one in certain]
    return Unmarked(len(text.split()), repeats(text), max(dense, default=0.0), text.count("\ufffd"))


def repeats(text: str) -> int:
    """Return how many times in a row the same letters stand in `text` at most; spaces and punctuation do not count."""
    letters = _letters(text)
    most = int(bool(letters))
    for length in range(1, min(LONGEST_REPEATED, len(letters) // 2) + 1):
        same = (one == other for one, other in zip(letters, letters[length:], strict=False))
        longest = max((sum(1 for _ in run) for is_same, run in itertools.groupby(same) if is_same), default=0)
        most = max(most, 1 + longest // length)
    return most


def rows() -> list[Odd]:
    """Return those that the prompts of the tests suffice for."""
    one = real_sound.one_voice().text
    return [
        Odd("speech backwards", _written("backwards", lambda: real_sound.one_voice().samples[::-1]), ""),
        Odd("a synthetic voice backwards", _written("voice", lambda: real_sound.another_voice().samples[::-1]), ""),
        Odd("babble and nothing else", _written("babble", _babble), ""),
        Odd("a voice, babble 5 dB below it", _written("over babble", _over_babble), one),
        Odd("8 times as fast", _written("fast", lambda: real_sound.one_voice().samples[::8]), ""),
        Odd("a word of 0.5 s, 22 times in 11 s", _written("word", lambda: _over_and_over(0.5)), ""),
        Odd("a syllable of 0.1 s, 22 times in 2.2 s", _written("syllable", lambda: _over_and_over(0.1)), ""),
        Odd("hiss", _written("hiss", lambda: real_sound.noise(30 * real_sound.RATE, -20)), ""),
        Odd("a line that rings", _written("ringing", _ringing), ""),
        Odd("clicks", _written("clicks", _clicks), ""),
    ]


def make_folder(folder: Path) -> list[Path]:
    """Write 4 s of speech under each suffix, and under names without one, and return the files."""
    made = []
    for kind, suffixes in SUFFIXES.items():
        rate = 44_100 if kind == "asf" else 48_000
        first = folder / f"x.{kind}"
        pictures = 4 if kind in ("ts", "mpg", "avi") else 0
        picture_codec = "mpeg4" if kind == "avi" else "mpeg2video"
        samples = real_sound.another_voice().samples[: 4 * real_sound.RATE]
        resampled = np.repeat(samples, 3) if rate == 3 * real_sound.RATE else _stretched(samples, rate)
        media.encode(first, resampled, rate, CODECS.get(kind, "aac"), pictures=pictures, picture_codec=picture_codec)
        content = first.read_bytes()
        first.unlink()
        names = [f"speech {suffix}.{suffix}" for suffix in suffixes]
        names += [NAMES_WITHOUT[kind]] if kind in NAMES_WITHOUT else []
        for name in names:
            (folder / name).write_bytes(content)
            made.append(folder / name)
    return made


def write(file: Path, samples: Sound) -> Path:
    soundfile.write(file, samples, real_sound.RATE)
    return file


def _written(name: str, samples: Callable[[], Sound]) -> Callable[[Path], Path]:
    return lambda folder: write(folder / f"{name}.wav", samples())


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if unicodedata.category(sign)[0] in "LMN")


def _stretched(samples: Sound, rate: int) -> Sound:
    at = np.arange(round(len(samples) * rate / real_sound.RATE)) * (real_sound.RATE / rate)
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)


def _babble() -> Sound:
    """Return half a minute in which several speak at once, as loud as one of them."""
    spoken = [prompts.spoken(language, 120).samples for language in ("en", "fr")]
    length = 25 * prompts.SAMPLE_RATE
    pieces = [np.roll(spoken[number % 2], -number * length // 2)[:length] for number in range(VOICES)]
    return real_sound.resampled(np.sum(pieces, axis=0) / np.sqrt(VOICES), prompts.SAMPLE_RATE)


def _over_babble() -> Sound:
    voice = real_sound.one_voice().samples
    babble = np.resize(_babble(), len(voice))
    factor = np.sqrt(np.mean(voice**2) / np.mean(babble**2)) * real_sound.decibels(BABBLE_DB)
    return (0.5 * (voice + factor * babble)).astype(np.float32)


def _over_and_over(seconds: float) -> Sound:
    begin = round(0.1 * real_sound.RATE)
    return np.tile(real_sound.another_voice().samples[begin : begin + round(seconds * real_sound.RATE)], 22)


def _ringing() -> Sound:
    time = np.arange(40 * real_sound.RATE) / real_sound.RATE
    return np.where(time % 5 < 1, 0.3 * np.sin(2 * np.pi * 425 * time), 0).astype(np.float32)


def _clicks() -> Sound:
    sound = np.zeros(40 * real_sound.RATE, np.float32)
    for begin in range(0, len(sound), round(0.6 * real_sound.RATE)):
        sound[begin : begin + 80] = real_sound.noise(len(sound[begin : begin + 80]), -6, begin)
    return sound
