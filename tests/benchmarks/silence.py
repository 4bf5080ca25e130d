"""What is heard where nobody speaks: silence, white noise, music.

    .venv/bin/python tests/benchmarks/silence.py

No text is to be told of silence and noise; of music at most five words, marked doubtful.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]

import engine  # noqa: E402

RATE = 16_000
CHORDS = [(57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62)]  # A minor, F, C, G, as MIDI notes
LOUD = 0.3


def silence(seconds: int) -> np.ndarray:
    return np.zeros(seconds * RATE, np.float32)


def noise(seconds: int) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.1, seconds * RATE).astype(np.float32)


def music(seconds: int) -> np.ndarray:
    """Return chords of two seconds, and above them a melody that wanders: plucked tones with overtones."""
    random = np.random.default_rng(4)
    sound = np.zeros((seconds + 4) * RATE, np.float32)
    note = 69
    for beat in range(seconds * 2):
        chord = CHORDS[beat // 4 % len(CHORDS)]
        if beat % 4 == 0:
            for tone in chord:
                _add(sound, beat / 2, _plucked(tone, 2.5))
        if random.random() < 0.8:
            note = int(np.clip(note + random.choice([-5, -3, -2, 2, 3, 5]), 62, 84))
            _add(sound, beat / 2, _plucked(note, 0.9))
    sound = sound[: seconds * RATE]
    return (LOUD * sound / np.abs(sound).max()).astype(np.float32)


def _plucked(note: int, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 440 * 2 ** ((note - 69) / 12)
    tones = sum(np.sin(2 * np.pi * pitch * k * time) * np.exp(-(2 + k) * time) / k for k in range(1, 7))
    return np.asarray(tones * np.minimum(1, time / 0.01), np.float32)


def _add(sound: np.ndarray, at: float, tone: np.ndarray) -> None:
    begin = round(at * RATE)
    sound[begin : begin + len(tone)] += tone


def heard(model: str, file: Path) -> tuple[str, int, int]:
    """Return the text told, how many of its segments are not marked doubtful, and how many texts were left out."""
    from desktop_app.backend.worker import Worker
    from desktop_app.messages import JobFailed, Message, SpeechHeard, Transcribe

    arrived: list[Message] = []
    folder = os.fsencode(engine.model_folder(model))
    Worker(arrived.append, lambda _: False).carry_out(Transcribe(1, os.fsencode(file), folder, "cpu", language="en"))
    assert not any(isinstance(message, JobFailed) for message in arrived), arrived[-1]
    said = [message for message in arrived if isinstance(message, SpeechHeard)]
    segments = [segment for message in said for segment in message.segments]
    sure = sum(not segment.doubts for segment in segments)
    return " ".join(segment.text for segment in segments), sure, sum(len(message.left_out) for message in said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="of silence and noise; half of music")
    parser.add_argument("--models", type=lambda text: text.split(","), default=["tiny.en", "base"])
    arguments = parser.parse_args()
    seconds = arguments.seconds
    engine.speech_sets.CACHE.mkdir(parents=True, exist_ok=True)
    print("| sound | model | words | not marked | texts left out | goal |")
    print("|---|---|--:|--:|--:|---|")
    for name, samples, words in (
        (f"silence, {seconds} s", silence(seconds), 0),
        (f"white noise, {seconds} s", noise(seconds), 0),
        (f"music, {seconds // 2} s", music(seconds // 2), 5),
    ):
        file = engine.speech_sets.CACHE / f"{name.partition(',')[0]}.wav"
        soundfile.write(file, samples, RATE, subtype="PCM_16")
        for model in arguments.models:
            text, sure, left_out = heard(model, file)
            met = len(text.split()) <= words and not sure
            goal = f"at most {words} words, marked" if words else "no text"
            print(f"| {name} | {model} | {len(text.split())} | {sure} | {left_out} | {goal}: {_word(met)} |")
            if text:
                print(f"    {text}", file=sys.stderr)


def _word(met: bool) -> str:
    return "met" if met else "missed"


if __name__ == "__main__":
    main()
