"""How many subtitles break a broadcaster's limits: ours, a subtitle a segment, and those of whisper-ctranslate2.

    .venv/bin/python tests/benchmarks/subtitles.py [--peer PATH/TO/whisper-ctranslate2]

The limits: two lines of 42 letters, 20 letters a second, 5/6 to 7 s; no overlap. All three write down the same
recordings with *base*: the sample, human prompts in five languages, and two people on two channels, who interrupt
each other.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks"), str(ROOT / "tests" / "transcripts")]

import speech_sets  # noqa: E402
import subtitle_checks  # noqa: E402

from desktop_app import paths  # noqa: E402
from desktop_app.messages import Segment  # noqa: E402
from desktop_app.models import shelf  # noqa: E402

SECONDS = 180.0
TWO_CHANNELS = "two channels"


def recordings(folder: Path, only: Sequence[str]) -> Iterator[tuple[str, Path, str]]:
    """Write the recordings, all or only some; yield the name, the file and the language of each."""
    wanted = only or ["sample", *speech_sets.SPEAKERS, TWO_CHANNELS]
    if "sample" in wanted:
        yield "sample", paths.sample_recording(), "en"
    for language in (language for language in speech_sets.SPEAKERS if language in wanted):
        file, _ = speech_sets.write(language, 0.0, SECONDS)
        yield language, file, language
    if TWO_CHANNELS not in wanted:
        return
    file = folder / "two.wav"
    soundfile.write(file, _conversation(), speech_sets.RATE, subtype="PCM_16")
    yield TWO_CHANNELS, file, "en"


def _conversation() -> np.ndarray:
    """Return two channels that speak in turns; the next turn begins up to 1.6 s before the last ends, or 1 s after."""
    random = np.random.default_rng(3)
    sound = np.zeros((round((SECONDS + 30) * speech_sets.RATE), 2), np.float32)
    at = speech_sets.RATE // 2
    for turn, (file, *_) in enumerate(speech_sets.prompts("en")):
        samples = speech_sets.samples_of(file)
        if at + len(samples) > SECONDS * speech_sets.RATE:
            break
        sound[at : at + len(samples), turn % 2] += samples
        at += len(samples) + round(speech_sets.RATE * random.uniform(-1.6, 1.0))
    return sound[: at + 3 * speech_sets.RATE]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", type=Path, default=None)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="of the recordings")
    arguments = parser.parse_args()
    peer = arguments.peer
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SOTTOVOCE_HOME"] = str(folder / "home")
        (folder / "home").mkdir()
        model = shelf.find("base")
        print("| recording | subtitles | cues | break a limit | long lines | too fast | too short | overlaps |")
        print("|---|---|--:|--:|--:|--:|--:|--:|")
        for recording, file, language in recordings(folder, arguments.only):
            ours = _ours(file, language, folder, recording == TWO_CHANNELS)
            _show(recording, "a segment each", ours[0])
            if peer is not None and recording != TWO_CHANNELS:
                _show(recording, "whisper-ctranslate2", _peers(peer, file, language, model, folder))
            _show(recording, "Sottovoce", ours[1])


def _ours(file: Path, language: str, folder: Path, split: bool) -> tuple[str, str]:
    """Return the same transcript as one subtitle a segment, and as we write it."""
    command = [sys.executable, "-m", "desktop_app.cli", "transcribe", str(file), "--language", language, "--quiet"]
    command += ["--format", "srt,json", "--output-dir", str(folder), "--name", "ours"]
    subprocess.run([*command, *(["--split-channels"] if split else [])], cwd=ROOT, check=True, capture_output=True)
    segments = msgspec.json.decode((folder / "ours.json").read_bytes(), type=_Transcript).segments
    told = (folder / "ours.srt").read_text(encoding="utf-8")
    for written in folder.glob("ours.*"):
        written.unlink()
    return "".join(_cue(segment) for segment in segments), told


class _Transcript(msgspec.Struct):
    segments: list[Segment]


def _cue(segment: Segment) -> str:
    return f"1\n{_time(segment.start)} --> {_time(segment.end)}\n{segment.text}\n\n"


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return (
        f"{milliseconds // 3_600_000:02}:{milliseconds // 60_000 % 60:02}:{milliseconds // 1000 % 60:02}"
        f",{milliseconds % 1000:03}"
    )


def _peers(peer: Path, file: Path, language: str, model: Path, folder: Path) -> str:
    out = folder / "peer"
    options = ["--model_directory", str(model), "--language", language, "--output_format", "srt", "--device", "cpu"]
    options += [
        "--word_timestamps",
        "True",
        "--max_line_width",
        "42",
        "--max_line_count",
        "2",
        "--compute_type",
        "int8",
    ]
    subprocess.run([peer, str(file), *options, "--output_dir", str(out)], check=True, capture_output=True)
    return (out / f"{file.stem}.srt").read_text(encoding="utf-8")


def _show(recording: str, how: str, subtitles: str) -> None:
    found = subtitle_checks.faults(subtitles)
    shares = (found.failing, found.long_lines, found.fast, found.short, found.overlaps)
    cells = " | ".join(f"{100 * share / max(1, found.cues):.0f} %" for share in shares)
    print(f"| {recording} | {how} | {found.cues} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
