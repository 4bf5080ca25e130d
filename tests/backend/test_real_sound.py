"""What is heard of recordings with odd levels, channels and tracks: a few rows of tests/benchmarks/real_sound.py."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from speech import prompts, real_sound

from desktop_app.backend.worker import Worker
from desktop_app.messages import FAST, JobFinished, SpeechHeard, Transcribe

ROWS = {row.name: row for row in real_sound.rows()} if prompts.are_here() else {}
MOST_WRONG = 10  # words in a hundred; the same speech as it should be has 2


@pytest.fixture(scope="module")
def hear(tiny_model) -> Callable[..., list[Any]]:
    """A function that has a recording transcribed and returns the events."""
    events: list[Any] = []
    worker = Worker(events.append, lambda _: False)

    def hear(file: Path, **options: Any) -> list[Any]:
        events.clear()
        asked = {"language": "en", "tuning": FAST} | options
        worker.carry_out(Transcribe(1, os.fsencode(file), os.fsencode(tiny_model), "cpu", **asked))
        return [*events]

    return hear


def text_of(events: list[Any]) -> str:
    return " ".join(segment.text for event in events if isinstance(event, SpeechHeard) for segment in event.segments)


@pytest.mark.skipif(not ROWS, reason="the recordings of human speech are not here: tests/speech/fetch.sh fetches them")
@pytest.mark.parametrize(
    "name",
    [
        "60 dB too quiet, 24 bits",
        "floats 60 dB too loud",
        "far, then near",
        "constant voltage of 0.9",
        "mains hum at -6 dB",
    ],
)
def test_what_is_said_is_heard_whatever_the_recorder_did(hear, tmp_path, name):
    row = ROWS[name]

    events = hear(row.make(tmp_path))

    assert isinstance(events[-1], JobFinished) and not events[-1].partial, events[-1]
    assert prompts.word_error_rate(row.said, text_of(events)) < MOST_WRONG, text_of(events)
