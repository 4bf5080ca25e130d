"""How soon a command that was just started prints the first text of a short clip, and what memory it takes meanwhile.

    .venv/bin/python tests/benchmarks/cold.py                                   beside plain faster-whisper
    .venv/bin/python tests/benchmarks/cold.py --peer venv/bin/whisper-ctranslate2   beside that program

Not in engine.py, which measures inside one process: here each run is a process of its own with all that it starts, from
its start to the first line with text. The two take turns, after one run each that is not counted: the files of both are
in the system's cache then. Memory: the highest sum of PSS over the tree of processes, looked up 20 times a second; what
processes share counts once. Both ask for the language.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "benchmarks")]

import engine  # noqa: E402
import soundfile  # noqa: E402
import workplace  # noqa: E402

from desktop_app import paths  # noqa: E402

LOOK = 0.05  # seconds
GOAL_TIME, GOAL_MEMORY = 0.85, 1.25  # of the peer's
PLAIN = """
import sys
from faster_whisper import WhisperModel
model = WhisperModel(sys.argv[2], device="cpu", compute_type="int8", cpu_threads=int(sys.argv[3]))
for segment in model.transcribe(sys.argv[1], beam_size=5)[0]:
    print("text:", segment.text, flush=True)
"""


class Run(NamedTuple):
    first: float  # seconds until the first text
    memory: float  # MB


def run(command: Sequence[str | Path], text: bytes, home: Path) -> Run:
    """Run a command to its end. text: a pattern of the first line that has text."""
    environment = os.environ | {"SOTTOVOCE_HOME": str(home), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    began, first, peak = time.monotonic(), None, [0.0]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=ROOT
    ) as process:
        looking = threading.Thread(target=_look, args=(process, peak))
        looking.start()
        assert process.stdout
        for line in process.stdout:
            if first is None and re.search(text, line):
                first = time.monotonic() - began
        looking.join()
    if first is None:
        raise SystemExit(f"no text came from: {' '.join(map(str, command))}")
    return Run(first, peak[0])


def _look(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(_pss(pid) for pid in _tree(process.pid)))
        time.sleep(LOOK)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [one for child in task.read_text().split() for one in _tree(int(child))]
        except OSError:  # it has ended
            continue
    return found


def _pss(pid: int) -> float:
    try:
        found = re.search(r"^Pss:\s*(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="How soon a cold command prints text.")
    parser.add_argument("--clip", type=Path, help="default: 11 s of the sample recording")
    parser.add_argument("--model", default="base")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peer", type=Path, help="an executable of whisper-ctranslate2; default: plain faster-whisper")
    arguments = parser.parse_args()
    model, threads = engine.model_folder(arguments.model), str(os.cpu_count() or 2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = arguments.clip.absolute() if arguments.clip else folder / "clip.wav"
        if arguments.clip is None:
            samples, rate = soundfile.read(paths.sample_recording(), dtype="float32")
            soundfile.write(clip, samples[: 11 * rate], rate)
        start = "import sys; from desktop_app.start import main; sys.exit(main())"
        ours = [sys.executable, "-c", start, "transcribe", clip, "--events", "--model", model]
        peer: list[str | Path] = [sys.executable, "-c", PLAIN, clip, model, threads]
        if arguments.peer:
            peer = [arguments.peer.absolute(), clip, "--model_directory", model, "--device", "cpu"]
            peer += ["--compute_type", "int8", "--threads", threads, "--output_dir", folder]
        runs: list[tuple[Run, Run]] = []
        for number in range(arguments.rounds + 1):
            home = folder / str(number)
            home.mkdir()
            pair = run(ours, rb'"event":"segment"', home), run(peer, rb"-->.*\w|^text:", home)
            if number:
                runs.append(pair)
    print(workplace.machine())
    print("\n| | first text, s (median) | memory, MB (median) |\n|---|--:|--:|")
    for who, some in zip(("ours", "the other"), zip(*runs, strict=True), strict=True):
        first, memory = (statistics.median(figures) for figures in zip(*some, strict=True))
        print(f"| {who} | {first:.2f} | {memory:.0f} |")
    first = statistics.median(a.first / b.first for a, b in runs)
    memory = statistics.median(a.memory / b.memory for a, b in runs)
    print(f"| ours / the other, median of {len(runs)} pairs | {first:.2f} | {memory:.2f} |")
    print(f"| goal | {GOAL_TIME} | {GOAL_MEMORY} |")


if __name__ == "__main__":
    main()
