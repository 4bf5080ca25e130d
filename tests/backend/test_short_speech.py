"""Recordings of one to four seconds whose language nobody gave, as they come from phones."""

from __future__ import annotations

import os

import pytest
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
