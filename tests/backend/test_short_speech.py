"""Recordings of one to four seconds whose language nobody gave, as they come from phones."""

from __future__ import annotations

import os

import numpy as np
import pytest
import soundfile
from speech import prompts

from desktop_app.backend.worker import Worker
from desktop_app.messages import JobStarted, SpeechHeard, Transcribe

# What is said in a prompt of Asterisk's, by its key.
FRENCH = {
    "conf-full": "Cette conférence est pleine.",
    "conf-placeintoconf": "Vous allez maintenant joindre la conférence.",
    "confbridge-removed": "Vous avez été retiré de cette conférence.",
    "entr-num-rmv-blklist": "Veuillez entrer le numéro à rayer de la liste noire",
    "one-moment-please": "un moment s'il-vous-plaît",
    "vm-incorrect": "Accès refusé.",
}


@pytest.fixture(scope="module")
def arrived():
    return []


@pytest.fixture(scope="module")
def worker(arrived):
    return Worker(arrived.append, lambda _: False)


@pytest.mark.parametrize("key", FRENCH)
def test_a_short_message_is_written_down_in_the_language_it_is_spoken_in(worker, arrived, base_model, key):
    file = prompts.prompt("fr", key)
    arrived.clear()

    worker.carry_out(Transcribe(1, os.fsencode(file), os.fsencode(base_model), "cpu"))

    started = next(message for message in arrived if isinstance(message, JobStarted))
    text = " ".join(s.text for message in arrived if isinstance(message, SpeechHeard) for s in message.segments)
    assert started.language == "fr"
    assert prompts.word_error_rate(FRENCH[key], text, "fr") <= 50


def test_a_language_that_changes_within_half_a_minute_is_written_down_as_it_is_spoken(
    worker, arrived, base_model, tmp_path
):
    english, french = prompts.spoken("en", 17), prompts.spoken("fr", 20)
    file = tmp_path / "two languages.wav"
    soundfile.write(file, np.concatenate([english.samples, french.samples]), prompts.SAMPLE_RATE)
    arrived.clear()

    worker.carry_out(Transcribe(1, os.fsencode(file), os.fsencode(base_model), "cpu"))

    segments = [s for message in arrived if isinstance(message, SpeechHeard) for s in message.segments]
    before = [segment for segment in segments if segment.end <= english.duration]
    behind = [segment for segment in segments if segment.end > english.duration]
    assert prompts.word_error_rate(english.text, " ".join(s.text for s in before)) <= 10
    assert prompts.word_error_rate(french.text, " ".join(s.text for s in behind), "fr") <= 50
    assert {segment.language for segment in before} == {"en"}
    assert {segment.language for segment in behind} == {"fr"}
