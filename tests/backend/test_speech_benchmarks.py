"""The benchmarks of short recordings and of marks run, on a little of what they measure."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest
from speech import prompts

from desktop_app.messages import Doubt, Segment

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


@pytest.fixture
def speech_sets(tmp_path, monkeypatch):
    """The benchmarks' sets, made of the recordings that the tests have."""
    if not prompts.are_here():
        pytest.skip("the recordings of human speech are not here: tests/speech/fetch.sh fetches them")
    import speech_sets

    monkeypatch.setattr(speech_sets, "CACHE", tmp_path)
    (tmp_path / "usr").symlink_to(prompts.SHARE.parent)
    return speech_sets


def test_short_recordings_are_compared_with_plain_faster_whisper(speech_sets, tmp_path, monkeypatch, capsys):
    import short_speech

    monkeypatch.setattr(short_speech, "RESULTS", tmp_path / "short.jsonl")
    wanted = argparse.Namespace(only=["fr"], model="base", ways=["ours", "plain"], each=2, again=False)

    short_speech.run(wanted)
    short_speech.table(wanted)

    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if "| fr |" in line]
    assert [cell.strip() for cell in rows[0][:4]] == ["fr", "2", "2", "2"]


def test_lost_stretches_are_told_apart_by_their_marks():
    import marks

    def segment(start: float, text: str, *doubts: Doubt) -> Segment:
        return Segment(start, start + 1, text, doubts=doubts)

    said = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    found = marks.marks(
        said,
        [
            segment(0, "one two", Doubt.MISSING_WORDS),  # three four five are lost, and marked
            segment(2, "six seven"),
            segment(4, "eight nine", Doubt.LOW_CONFIDENCE),  # nothing is wrong here
            segment(6, "ten eleven fifteen"),  # lost without a mark
        ],
        "en",
    )

    assert found == (2, 1, 2, 1, 4)


def test_marks_are_counted_in_a_real_transcript(speech_sets):
    import marks

    file, spoken = speech_sets.write("en", 0.0, 20.0)

    found = marks.marks(spoken.text, marks.transcribe("tiny.en", file, "en"), "en")

    assert found.segments > 3
    assert found.lost == 0
