"""Memory and first words, whatever the length: the backend on 1 min, 10 min and hours of varied speech.

    .venv/bin/python tests/benchmarks/memory.py                 1 min, 10 min, 1 h; tiny.en
    .venv/bin/python tests/benchmarks/memory.py --minutes 10,120 --models tiny.en
    .venv/bin/python tests/benchmarks/memory.py --minutes 1,60,600 --models base --first    stops at the first words

Each is a process of its own, in which only the backend's parts work; the model is loaded before the clock starts. The
files are flac, made of the English sets in turn, a minute of each, again and again: ten minutes hold what hours do.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import soundfile

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]

import engine  # noqa: E402
import speech_sets  # noqa: E402

SETS = ["en", "en-noise", "en-voice"]
TURN = 60 * speech_sets.RATE


def long_file(minutes: int) -> Path:
    file = speech_sets.CACHE / f"mixed-{minutes}.flac"
    if not file.exists():
        sets = [speech_sets.speech_set(name, min(600, 60 * minutes)).samples for name in SETS]
        turns = [samples[begin : begin + TURN] for begin in range(0, len(sets[0]), TURN) for samples in sets]
        left = minutes * 60 * speech_sets.RATE
        with soundfile.SoundFile(file, "w", speech_sets.RATE, 1, subtype="PCM_16") as out:
            for samples in itertools.cycle(turns):
                out.write(samples[:left])
                left -= min(left, len(samples))
                if not left:
                    break
    return file


def measure(file: Path, model: str, first_only: bool) -> dict[str, float]:
    from desktop_app.backend.worker import Worker
    from desktop_app.messages import LoadModel, SpeechHeard, Transcribe

    folder = os.fsencode(engine.model_folder(model))
    moments: list[float] = []

    def send(message: Any) -> None:
        if isinstance(message, SpeechHeard) and message.segments:
            moments.append(time.monotonic())

    worker = Worker(send, lambda _: first_only and bool(moments))
    worker.carry_out(LoadModel(folder, "cpu"))
    began = time.monotonic()
    worker.carry_out(Transcribe(1, os.fsencode(file), folder, "cpu", language="en"))
    moments.insert(0, began)
    return {
        "first": moments[1] - began,
        "longest_wait": max(b - a for a, b in itertools.pairwise(moments)),
        "wall": time.monotonic() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=lambda text: [int(part) for part in text.split(",")], default=[1, 10, 60])
    parser.add_argument("--models", type=lambda text: text.split(","), default=["tiny.en"])
    parser.add_argument("--first", action="store_true", help="stop at the first words")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        file, model = arguments.one
        print(json.dumps(measure(Path(file), model, arguments.first)))
        return
    print("| model | minutes | first words s | longest wait s | wall s | peak MB |")
    print("|---|--:|--:|--:|--:|--:|")
    for model, minutes in itertools.product(arguments.models, arguments.minutes):
        command = [sys.executable, __file__, "--one", str(long_file(minutes)), model]
        output = subprocess.run(
            command + ["--first"] * arguments.first, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        r = json.loads(output.splitlines()[-1])
        wall = "" if arguments.first else f"{r['wall']:.0f}"
        wait = "" if arguments.first else f"{r['longest_wait']:.1f}"
        print(f"| {model} | {minutes} | {r['first']:.2f} | {wait} | {wall} | {r['peak_mb']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
