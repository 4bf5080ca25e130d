"""Live text: how late the words are, and how right, beside the accurate pass of the same recording.

    .venv/bin/python tests/benchmarks/live.py                              base and tiny.en, three minutes of two sets
    .venv/bin/python tests/benchmarks/live.py --models base --sets en --seconds 60

A process of its own writes the recording as somebody speaks, 50 ms at a time, with a header that lags behind. The real
backend follows it. A word is late by the time from its end in the sound to the message that brings it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks"), str(ROOT / "tests" / "backend")]

import engine  # noqa: E402
import real_backend  # noqa: E402
import speech_sets  # noqa: E402

from desktop_app.backend.live import plain  # noqa: E402
from desktop_app.messages import (  # noqa: E402
    JobFailed,
    JobFinished,
    JobStarted,
    LoadModel,
    ModelLoaded,
    Provisional,
    RecordingEnded,
    SpeechHeard,
    Transcribe,
    Word,
)

BLOCK = 0.05  # seconds
PATIENCE = 60.0  # seconds
SAME_TIME = 1.0  # seconds between the times of one word in two messages, at most


class Followed(NamedTuple):
    words: list[Word]
    provisional: list[float]  # seconds from the end of the word in the sound, a word
    settled: list[float]
    changed: int  # settled words that a later message brought again, or that it put something before
    text: str
    busy: float  # cores that others used meanwhile


def feed(source: Path, target: Path) -> None:
    """Write `source` to `target` as fast as it was spoken. Print the moment at which the first sample was spoken."""
    samples, rate = soundfile.read(source, dtype="int16", always_2d=True)
    channels = samples.shape[1]
    described = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    with target.open("wb", buffering=0) as file:
        file.write(b"RIFF\0\0\0\0WAVEJUNK" + struct.pack("<I", 28) + bytes(28))
        file.write(b"fmt " + struct.pack("<I", 16) + described + b"data\0\0\0\0")
        begun = time.monotonic()
        print(begun, flush=True)
        count = round(rate * BLOCK)
        for number, at in enumerate(range(0, len(samples), count), 1):
            time.sleep(max(0.0, begun + number * BLOCK - time.monotonic()))
            file.write(samples[at : at + count].tobytes())


def follow(model: Path, recording: Path, language: str | None, folder: Path) -> Followed:
    """Have the recording followed while it is written. Return how late each settled word came."""
    target = folder / "growing.wav"
    backend = real_backend.Backend(folder / "backend.log")
    backend.send(LoadModel(os.fsencode(model), "cpu"))
    backend.until(ModelLoaded)
    cpu = _others()
    feeder = subprocess.Popen(
        [sys.executable, __file__, "--feed", str(recording), str(target)], stdout=subprocess.PIPE, text=True
    )
    assert feeder.stdout
    begun = float(feeder.stdout.readline())
    backend.send(Transcribe(1, os.fsencode(target), os.fsencode(model), "cpu", language=language, live=True))
    arrived: list[tuple[float, Any]] = []
    ended = False
    while True:
        if not ended and feeder.poll() is not None:
            backend.send(RecordingEnded(1))
            ended = True
        event = backend.next()
        arrived.append((time.monotonic() - begun, event))
        assert event is not None and not isinstance(event, JobFailed), event
        if isinstance(event, JobFinished):
            break
    busy = (_others() - cpu - _used_by(backend.pid)) / arrived[-1][0]
    backend.end()
    return _late(arrived)._replace(busy=busy)


def _late(arrived: list[tuple[float, Any]]) -> Followed:
    words: list[Word] = []
    provisional: list[float] = []
    settled: list[float] = []
    shown: list[tuple[float, Word]] = []  # all that was ever shown, and when
    changed, reached = 0, 0.0
    text = []
    for moment, event in arrived:
        if isinstance(event, Provisional):
            shown += [(moment, word) for word in event.words]
        if isinstance(event, SpeechHeard):
            for segment in event.segments:
                text.append(segment.text)
                for word in segment.words:
                    changed += word.start < reached - 0.001
                    reached = max(reached, word.end)
                    words.append(word)
                    settled.append(moment - word.end)
                    first = [
                        then
                        for then, other in shown
                        if plain(other) == plain(word) and abs(other.start - word.start) < SAME_TIME
                    ]
                    provisional.append(min([*first, moment]) - word.end)
    return Followed(words, provisional, settled, changed, " ".join(text), 0.0)


def accurate(model: Path, recording: Path, language: str | None, folder: Path) -> str:
    """Return what the accurate pass hears in the whole recording."""
    backend = real_backend.Backend(folder / "backend.log")
    backend.send(Transcribe(1, os.fsencode(recording), os.fsencode(model), "cpu", language=language))
    events = backend.until(JobFinished, JobFailed)
    assert any(isinstance(event, JobStarted) for event in events)
    backend.end()
    return real_backend.text_of(events)


def _others() -> float:
    """Return the seconds that all cores have worked."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (fields[0] + fields[1] + fields[2]) / os.sysconf("SC_CLK_TCK")


def _used_by(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values, 100 * share))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=lambda text: text.split(","), default=["base", "tiny.en"])
    parser.add_argument("--sets", type=lambda text: text.split(","), default=["en", "en-voice"])
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--text", action="store_true", help="print what was heard")
    parser.add_argument("--feed", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.feed:
        feed(*arguments.feed)
        return
    print(
        "| model | set | words | provisional median s | p95 | settled median s | p95 | changed | WER live | accurate |"
        " others' cores |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        flush=True,
    )
    for name in arguments.models:
        for spoken in arguments.sets:
            if name == "tiny.en" and not spoken.startswith("en"):
                continue
            file, said = speech_sets.write(spoken, 0.0, arguments.seconds)
            with tempfile.TemporaryDirectory() as folder:
                model = engine.model_folder(name)
                live = follow(model, file, said.language, Path(folder))
                slow = accurate(model, file, said.language, Path(folder))
            cells = [
                name,
                spoken,
                str(len(live.words)),
                *(f"{statistics.median(late):.1f} | {_percentile(late, 0.95):.1f}" for late in live[1:3]),
                str(live.changed),
                *(f"{engine._errors(said.text, text, said.language)['wer']:.1f}" for text in (live.text, slow)),
                f"{live.busy:.2f}",
            ]
            print("| " + " | ".join(cells) + " |", flush=True)
            if arguments.text:
                print(f"\nlive: {live.text}\n\naccurate: {slow}\n", flush=True)


if __name__ == "__main__":
    main()
