"""Recordings as recorders, cameras and players really leave them, made of speech whose text is known.

Each maker writes one file into a folder. `ROWS` is the list of them, with what is said in each: what
tests/benchmarks/real_sound.py transcribes, and a few of them the tests.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import soundfile

from desktop_app import paths

from . import media, prompts

RATE = 16_000
PCM_EXTENSIBLE = bytes.fromhex("0100000000001000800000aa00389b71")  # the subformat of WAVE_FORMAT_EXTENSIBLE
Sound = np.ndarray


class Spoken(NamedTuple):
    samples: Sound  # mono float32 at RATE
    text: str


class Row(NamedTuple):
    """One recording. said: everything in it that a listener would write down."""

    name: str
    make: Callable[[Path], Path]
    said: str


# --- the speech ------------------------------------------------------------------------------------------------------


@functools.cache
def one_voice() -> Spoken:
    """Return about 31 s of one human voice. Skips the test that asks where the prompts could not be fetched."""
    before, whole = prompts.spoken("en", 20), prompts.spoken("en", 27)
    return Spoken(resampled(whole.samples[len(before.samples) :], prompts.SAMPLE_RATE), whole.text[len(before.text) :])


@functools.cache
def another_voice() -> Spoken:
    """Return about 21 s of a synthetic voice: the sample that comes with the program."""
    samples, rate = soundfile.read(paths.sample_recording(), dtype="float32")
    text = paths.sample_recording().with_suffix(".txt").read_text(encoding="utf-8")
    end = text.index("When you come back")
    return Spoken(resampled(samples[: round(20.6 * rate)], rate), text[:end])


def decibels(amount: float) -> float:
    """Return the factor that raises the level by `amount` dB."""
    return float(10 ** (amount / 20))


def resampled(samples: Sound, rate: int) -> Sound:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None], np.float32), format="flt", layout="mono")
    frame.sample_rate = rate
    return np.concatenate([part.to_ndarray().ravel() for part in resampler.resample(frame) + resampler.resample(None)])


def noise(count: int, level_db: float, seed: int = 5) -> Sound:
    return np.random.default_rng(seed).normal(0, decibels(level_db), count).astype(np.float32)


def hum(count: int, level_db: float) -> Sound:
    """Return mains hum with its first two harmonics, of this level (RMS)."""
    time = np.arange(count) / RATE
    tones = sum(share * np.sin(2 * np.pi * hertz * time) for hertz, share in ((50, 1.0), (100, 0.7), (150, 0.5)))
    return np.asarray(tones / np.sqrt(np.mean(np.square(tones))) * decibels(level_db), np.float32)


def rumble(count: int, level_db: float) -> Sound:
    """Return what wind and handling leave: noise that falls by 9 dB an octave from 5 Hz on."""
    spectrum = np.fft.rfft(np.random.default_rng(6).standard_normal(count))
    spectrum *= np.maximum(np.fft.rfftfreq(count, 1 / RATE), 5.0) ** -1.5
    found = np.fft.irfft(spectrum, count)
    return np.asarray(found / np.sqrt(np.mean(np.square(found))) * decibels(level_db), np.float32)


# --- files -----------------------------------------------------------------------------------------------------------


def write_channels(file: Path, channels: list[Sound]) -> Path:
    """Write 16-bit PCM that does not say which channel is where, as recorders of many channels do."""
    frames = np.stack([np.clip(one, -1, 1) * 32767 for one in channels], axis=1).astype("<i2").tobytes()
    width = 2 * len(channels)
    form = struct.pack("<HHIIHH", 0xFFFE, len(channels), RATE, RATE * width, width, 16)
    form += struct.pack("<HHI", 22, 16, 0) + PCM_EXTENSIBLE
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(frames)) + frames
    file.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return file


def write_tracks(file: Path, tracks: list[Sound], default: int | None = None) -> Path:
    """Write a film with these mono tracks; `default` is the one that players play, if it is marked."""
    codec = "pcm_s16le" if file.suffix == ".mov" else "aac"
    media.encode_tracks(file, tracks, RATE, codec, pictures=2, default=default)
    return file


def make_undecodable(file: Path, tag: bytes = b"ac-4") -> Path:
    """Make the first track of an MP4 file one in a codec that nothing here decodes."""
    content = file.read_bytes()
    entry = content.index(b"mp4a", content.index(b"stsd"))
    setup = content.index(b"esds", entry)  # which says that it is AAC
    file.write_bytes(content[:entry] + tag + content[entry + 4 : setup] + b"free" + content[setup + 4 :])
    return file


def _wav(folder: Path, name: str, samples: Sound, subtype: str = "PCM_24") -> Path:
    file = folder / f"{name}.wav"
    soundfile.write(file, samples, RATE, subtype=subtype)
    return file


def _both() -> Sound:
    return np.concatenate([one_voice().samples, another_voice().samples])


def _level(change_db: float, subtype: str) -> Callable[[Path], Path]:
    name = f"level {change_db:g} dB {subtype}"
    return lambda folder: _wav(folder, name, _both() * np.float32(decibels(change_db)), subtype)


def _under(name: str, below: Callable[[int], Sound]) -> Callable[[Path], Path]:
    """Write the speech 12 dB down with something else below it."""

    def make(folder: Path) -> Path:
        voice = _both() * np.float32(decibels(-12))
        return _wav(folder, name, voice + below(len(voice)), "FLOAT")

    return make


def _in_a_row(name: str, first_db: float, second_db: float) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        parts = [one_voice().samples * decibels(first_db), another_voice().samples * decibels(second_db)]
        return _wav(folder, name, np.concatenate(parts).astype(np.float32))

    return make


def _stereo(name: str, right: Callable[[Sound], Sound]) -> Callable[[Path], Path]:
    return lambda folder: write_channels(folder / f"{name}.wav", [one_voice().samples, right(one_voice().samples)])


def _channels(count: int, *live: int, others_db: float | None = None) -> Callable[[Path], Path]:
    """Write so many channels with speech in those numbered `live`, from 1; silence or noise in the others."""

    def make(folder: Path) -> Path:
        voice = one_voice().samples
        found = [
            np.zeros_like(voice) if others_db is None else noise(len(voice), others_db, seed) for seed in range(count)
        ]
        for number in live:
            found[number - 1] = voice
        return write_channels(folder / f"{count} channels {live} {others_db}.wav", found)

    return make


def _late(seconds: float) -> Callable[[Sound], Sound]:
    def later(voice: Sound) -> Sound:
        return np.concatenate([np.zeros(round(seconds * RATE), np.float32), voice])[: len(voice)]

    return later


def _taking_turns(folder: Path) -> Path:
    """Two microphones, a speaker each, one after the other; both carry a little noise."""
    first, second = one_voice().samples, another_voice().samples
    left = np.concatenate([first, np.zeros_like(second)]) + noise(len(first) + len(second), -60, 1)
    right = np.concatenate([np.zeros_like(first), second]) + noise(len(first) + len(second), -60, 2)
    return write_channels(folder / "two speakers.wav", [left, right])


def _tracks(name: str, *tracks: str, default: int | None = None) -> Callable[[Path], Path]:
    """Write a film with tracks of "silence", "one" voice or "another"."""

    def make(folder: Path) -> Path:
        sounds = {"one": one_voice().samples, "another": another_voice().samples}
        sounds["silence"] = np.zeros(len(sounds["one"]), np.float32)
        return write_tracks(folder / name, [sounds[track] for track in tracks], default)

    return make


def _first_track_undecodable(folder: Path) -> Path:
    return make_undecodable(_tracks("first track AC-4.mp4", "one", "another")(folder))


def rows() -> list[Row]:
    """Return all of them, by what is out of the ordinary in each."""
    one, another = one_voice().text, another_voice().text
    both = f"{one} {another}"
    found = [
        Row("as it should be", _level(0, "PCM_16"), both),
        Row("right = -left", _stereo("inverted", np.negative), one),
        Row("right = -0.9 left", _stereo("nearly inverted", lambda voice: -0.9 * voice), one),
        Row("right is noise as loud", _stereo("noise", lambda voice: noise(len(voice), -15)), one),
        Row("right is hum, 20 dB louder", _stereo("hum", lambda voice: hum(len(voice), -3)), one),
        Row("right is silent", _stereo("silent", np.zeros_like), one),
        Row("right is 0.3 s late", _stereo("late", _late(0.3)), one),
        Row("a speaker on each channel, in turn", _taking_turns, both),
    ]
    for count, live in ((4, 3), (6, 4), (8, 4), (9, 1), (10, 4), (12, 4), (16, 1), (32, 1), (60, 1)):
        found.append(Row(f"{count} channels, speech in {live}", _channels(count, live), one))
    found += [
        Row("8 channels, speech in 4, noise in the others", _channels(8, 4, others_db=-25), one),
        Row("second track is the default", _tracks("default.mkv", "one", "another", default=1), another),
        Row("first track is silent", _tracks("silent.mp4", "silence", "another"), another),
        Row("four tracks, speech on the third", _tracks("camera.mov", "silence", "silence", "one", "silence"), one),
        Row("first of two tracks in an unknown codec", _first_track_undecodable, another),
    ]
    found += [Row(f"{down} dB too quiet, 24 bits", _level(-down, "PCM_24"), both) for down in (30, 40, 50, 60, 70, 80)]
    found += [Row(f"{down} dB too quiet, 16 bits", _level(-down, "PCM_16"), both) for down in (40, 50, 60)]
    found += [Row(f"floats {up} dB too loud", _level(up, "FLOAT"), both) for up in (20, 40, 60, 90)]
    found += [
        Row("far, then near", _in_a_row("far then near", -50, 0), both),
        Row("near, then far", _in_a_row("near then far", 0, -50), both),
    ]
    for offset in (0.05, 0.1, 0.5, 0.9):
        below = functools.partial(np.full, fill_value=offset, dtype=np.float32)
        found.append(Row(f"constant voltage of {offset}", _under(f"offset {offset}", below), both))
    found += [Row(f"mains hum at {db} dB", _under(f"hum {db}", lambda n, db=db: hum(n, db)), both) for db in (-20, -6)]
    found += [
        Row(f"rumble at {db} dB", _under(f"rumble {db}", lambda n, db=db: rumble(n, db)), both) for db in (-20, -6)
    ]
    return found
