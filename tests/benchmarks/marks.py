"""Of what is lost, how much is marked, and how many marks are idle?

    .venv/bin/python tests/benchmarks/marks.py                          base and tiny.en on all sets, 300 s each
    .venv/bin/python tests/benchmarks/marks.py --models base --only en,en-overlap --seconds 60 --verbose

A stretch is lost where three or more words of the reference in a row have no counterpart. It is marked if the segment
before or after it carries a mark. A mark is idle if no word of its segment is wrong, nor of one that follows or
precedes it within half a second. Plain faster-whisper marks nothing, so there is no peer to compare with.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]

import engine  # noqa: E402
import speech_sets  # noqa: E402

from desktop_app.messages import Segment  # noqa: E402

SETS = ["en", "en-noise", "en-voice", "en-overlap", "es", "fr", "it", "ru"]
LOST = 3  # words in a row
NEAR = 0.5  # seconds
NOT_SPOKEN = re.compile(r"beep|confbridge")  # the Italian texts describe sounds, and name files


class Marks(NamedTuple):
    lost: int
    lost_and_marked: int
    marks: int
    idle: int
    segments: int

    def __add__(self, other: object) -> Marks:
        assert isinstance(other, Marks)
        return Marks(*(a + b for a, b in zip(self, other, strict=True)))


def marks(said: str, segments: Sequence[Segment], language: str, verbose: bool = False) -> Marks:
    """Return how the marks of a transcript agree with where it is wrong."""
    import jiwer
    from whisper_normalizer.basic import BasicTextNormalizer

    plain = BasicTextNormalizer(remove_diacritics=language != "en")
    words = [(word, number) for number, segment in enumerate(segments) for word in plain(segment.text).split()]
    reference = plain(said).split()
    found = jiwer.process_words(" ".join(reference), " ".join(word for word, _ in words))
    wrong: set[int] = set()
    lost: list[tuple[str, set[int]]] = []
    for chunk in found.alignments[0]:
        if chunk.type == "equal":
            continue
        first, last = chunk.hyp_start_idx, chunk.hyp_end_idx
        if chunk.type == "delete":
            first, last = first - 1, first + 1
        beside = {number for _, number in words[max(0, first) : max(last, first + 1)]}
        wrong |= beside
        missing = " ".join(reference[chunk.ref_start_idx : chunk.ref_end_idx])
        is_long = chunk.type == "delete" and chunk.ref_end_idx - chunk.ref_start_idx >= LOST
        if is_long and not NOT_SPOKEN.search(missing):
            lost.append((missing, beside))
    marked = {number for number, segment in enumerate(segments) if segment.doubts}
    idle = [number for number in marked if not wrong & _near(segments, number)]
    if verbose:
        for missing, beside in lost:
            print("  marked" if beside & marked else "  NOT MARKED", missing)
        for number in idle:
            print("  idle", segments[number].text, [doubt.value for doubt in segments[number].doubts])
    hit = sum(bool(beside & marked) for _, beside in lost)
    return Marks(len(lost), hit, len(marked), len(idle), len(segments))


def _near(segments: Sequence[Segment], number: int) -> set[int]:
    near = {number}
    if number and segments[number].start - segments[number - 1].end < NEAR:
        near.add(number - 1)
    if number + 1 < len(segments) and segments[number + 1].start - segments[number].end < NEAR:
        near.add(number + 1)
    return near


def transcribe(model: str, file: Path, language: str) -> list[Segment]:
    from desktop_app.backend.worker import Worker
    from desktop_app.messages import JobFailed, SpeechHeard, Transcribe

    arrived: list[object] = []
    worker = Worker(arrived.append, lambda _: False)
    folder = os.fsencode(engine.model_folder(model))
    worker.carry_out(Transcribe(1, os.fsencode(file), folder, "cpu", language=language))
    assert not any(isinstance(message, JobFailed) for message in arrived), arrived[-1]
    return [segment for message in arrived if isinstance(message, SpeechHeard) for segment in message.segments]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: text.split(","), default=SETS)
    parser.add_argument("--models", type=lambda text: text.split(","), default=["base", "tiny.en"])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--lead-in", type=float, default=0.0)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    total = Marks(0, 0, 0, 0, 0)
    print("| model | set | lost stretches | marked | marks | idle | segments |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for model in arguments.models:
        for name in arguments.only:
            if model == "tiny.en" and not name.startswith("en"):
                continue
            file, spoken = speech_sets.write(name, arguments.lead_in, arguments.seconds)
            segments = transcribe(model, file, spoken.language)
            found = marks(spoken.text, segments, spoken.language, arguments.verbose)
            total += found
            print(f"| {model} | {name} | " + " | ".join(map(str, found)) + " |", flush=True)
    print("| all | | " + " | ".join(map(str, total)) + " |")


if __name__ == "__main__":
    main()
