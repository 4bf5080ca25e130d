"""The backend as a process: real model, real speech, through the real pipe."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from real_backend import ROOT, of, segments_of, text_of

from desktop_app.messages import (
    BackendReady,
    Cancel,
    Failure,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    LoadModel,
    ModelFailed,
    ModelLoaded,
    Ping,
    Pong,
    Progress,
    SpeechHeard,
    Stage,
    Task,
    Transcribe,
)

# Python runs it at every start. The thread prints while the backend imports, loads and works.
PRINTS_WITHOUT_END = """
import ctypes, os, sys, threading, time

def chatter():
    libc = ctypes.CDLL(None) if os.name != "nt" else None
    while True:
        print("a stray line", flush=True)
        print("and one without an end", end="", flush=True)
        os.write(1, b"straight to the descriptor ")
        if libc:
            libc.puts(b"from a library in C")
            libc.fflush(None)
        time.sleep(0.001)

if "desktop_app.backend" in " ".join(sys.orig_argv):
    def when_safe():
        while "desktop_app.backend.engine" not in sys.modules:
            time.sleep(0.001)
        chatter()
    threading.Thread(target=when_safe, daemon=True).start()
"""


@pytest.fixture
def job(speech, tiny_model) -> Callable[..., Transcribe]:
    """Make a command to transcribe real speech with a real model, changed as told."""

    def job(job_id: int = 1, audio: Path = speech, model: Path = tiny_model, **options: Any) -> Transcribe:
        return Transcribe(job_id, os.fsencode(audio), os.fsencode(model), "cpu", **options)

    return job


# --- the journey -----------------------------------------------------------------------------------------------------


def test_a_job_goes_through_its_stages_and_its_segments_come_before_its_end(backend, job):
    backend.send(job())

    events = backend.until(JobFinished)

    kinds = list(dict.fromkeys(type(event) for event in events))
    stages = list(dict.fromkeys(event.stage for event in of(Progress, events)))
    (started,), finished = of(JobStarted, events), events[-1]
    assert kinds == [BackendReady, Progress, ModelLoaded, JobStarted, SpeechHeard, JobFinished]
    assert stages == [Stage.LOADING_MODEL, Stage.READING_AUDIO, Stage.FINDING_SPEECH, Stage.TRANSCRIBING]
    assert "short recording" in text_of(events)
    assert (started.language, started.duration) == ("en", pytest.approx(12.8, abs=0.01))
    assert (finished.duration, finished.partial) == (pytest.approx(12.8, abs=0.01), False)


def test_segments_and_their_words_are_in_order_and_inside_the_recording(backend, job, sample):
    backend.send(job(audio=sample))

    segments = segments_of(backend.until(JobFinished))

    times = [moment for segment in segments for moment in (segment.start, segment.end)]
    words = [moment for segment in segments for word in segment.words for moment in (word.start, word.end)]
    assert len(segments) > 3
    assert times == sorted(times)
    assert words == sorted(words)
    assert times[0] >= 0
    assert times[-1] < 29.3
    assert all("".join(word.text for word in segment.words).strip() == segment.text for segment in segments)
    assert all(0 < word.probability <= 1 for segment in segments for word in segment.words)


def test_positions_only_go_forward(backend, job, sample):
    backend.send(job(audio=sample))

    progress = of(Progress, backend.until(JobFinished))

    for stage in (Stage.FINDING_SPEECH, Stage.TRANSCRIBING):
        positions = [event.position for event in progress if event.stage is stage]
        assert positions == sorted(positions)


def test_the_same_recording_gives_the_same_transcript(backend, job):
    backend.send(job(1), job(2))

    first, second = backend.until(JobFinished), backend.until(JobFinished)

    assert segments_of(first) == segments_of(second)


def test_a_model_once_loaded_is_kept(backend, job, tiny_model):
    backend.send(LoadModel(os.fsencode(tiny_model), "cpu"), job(1), job(2))

    events = backend.until(JobFinished) + backend.until(JobFinished)

    assert len(of(ModelLoaded, events)) == 1


def test_silence_is_a_transcript_without_segments(backend, job, silence):
    backend.send(job(audio=silence))

    events = backend.until(JobFinished)

    assert not segments_of(events)
    assert of(JobStarted, events)[0].language == ""
    assert events[-1].duration == pytest.approx(3)


# --- cancelled, asked, left ------------------------------------------------------------------------------------------


def test_a_job_is_cancelled_in_the_middle_and_the_next_one_is_done(backend, job, long_speech):
    backend.send(job(1, long_speech), job(2))
    before = backend.until(SpeechHeard)

    backend.send(Cancel(1))
    rest = backend.until(JobCancelled, JobFinished)
    after = backend.until(JobFinished)

    assert isinstance(rest[-1], JobCancelled)
    assert text_of(before)
    assert "short recording" in text_of(after)
    assert {event.job_id for event in of(SpeechHeard, after)} == {2}


def test_a_job_that_waits_can_be_cancelled(backend, job, long_speech):
    backend.send(job(1, long_speech), job(2), Cancel(2), Cancel(1))

    assert backend.until(JobCancelled)[-1].job_id == 1
    assert backend.until(JobCancelled, JobFinished)[-1] == JobCancelled(2)


def test_a_cancel_that_comes_too_late_does_not_end_the_same_job_done_again(backend, job):
    backend.send(job(1))
    backend.until(JobFinished)

    backend.send(Cancel(1), Ping(1))
    backend.until(Pong)
    backend.send(job(1))

    assert isinstance(backend.until(JobFinished, JobCancelled)[-1], JobFinished)


def test_a_ping_is_answered_in_the_middle_of_a_job(backend, job, long_speech):
    backend.send(job(1, long_speech))
    backend.until(JobStarted)

    began = time.monotonic()
    backend.send(Ping(42))
    answer = backend.until(Pong)

    assert answer[-1] == Pong(42)
    assert not of(JobFinished, answer)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("when", ["at once", "idle", "in the middle of a job"])
def test_it_leaves_within_a_second_when_nobody_listens_any_more(backend, job, long_speech, when):
    if when != "at once":
        backend.until(BackendReady)
    if when == "in the middle of a job":
        backend.send(job(1, long_speech))
        backend.until(SpeechHeard)

    began = time.monotonic()
    backend.hang_up()

    assert backend.exit_code() == 0
    assert time.monotonic() - began < 1


def test_a_garbled_command_is_its_end(backend):
    backend.until(BackendReady)

    backend.write(b"print('hello')\n")

    assert backend.exit_code() == 0
    assert backend.next() is None


# --- the pipe --------------------------------------------------------------------------------------------------------


def test_stray_prints_do_not_get_between_the_messages(start, job, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(PRINTS_WITHOUT_END)
    backend = start(PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")

    backend.send(job())
    events = backend.until(JobFinished)

    assert "short recording" in text_of(events)
    log = (tmp_path / "backend.log").read_text()
    assert "a stray line" in log
    assert "straight to the descriptor" in log


def test_the_log_does_not_hold_what_was_said_nor_the_names_of_files(backend, job, tmp_path, speech):
    shutil.copy(speech, tmp_path / "diagnosis.wav")
    (tmp_path / "lawsuit.wav").write_text("x" * 1000)
    backend.send(job(1, tmp_path / "diagnosis.wav"), job(2, tmp_path / "lawsuit.wav"))
    backend.until(JobFinished)
    backend.until(JobFailed)

    log = (tmp_path / "backend.log").read_text()

    assert "model loaded" in log
    assert not [word for word in ("diagnosis", "lawsuit", "recording") if word in log]


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_read_fails_before_the_model_is_loaded_and_the_next_one_is_done(backend, job, tmp_path):
    backend.send(job(1, tmp_path / "gone.wav"), job(2))

    failed, finished = backend.until(JobFailed), backend.until(JobFinished)

    assert failed[-1].kind is Failure.FILE_MISSING
    assert not of(ModelLoaded, failed)
    assert finished[-1].job_id == 2


def test_a_folder_without_a_model_is_no_model(backend, job, tmp_path):
    backend.send(LoadModel(os.fsencode(tmp_path), "cpu"), job(model=tmp_path))

    assert backend.until(ModelFailed)[-1].kind is Failure.MODEL_MISSING
    assert backend.until(JobFailed)[-1].kind is Failure.MODEL_MISSING


def test_a_broken_model_is_said_to_be_broken_and_a_good_one_still_loads(backend, job, tmp_path, tiny_model):
    with (tiny_model / "model.bin").open("rb") as whole:
        content = whole.read(2_000_000)
    damaged = {"cut": content, "noise": os.urandom(100_000), "other": content.replace(b"Whisper", b"Whiskey")}
    for name, weights in damaged.items():
        shutil.copytree(tiny_model, tmp_path / name, ignore=shutil.ignore_patterns("model.bin"))
        (tmp_path / name / "model.bin").write_bytes(weights)

    backend.send(*(job(number, model=tmp_path / name) for number, name in enumerate(damaged)), job(7))

    assert [backend.until(JobFailed)[-1].kind for _ in damaged] == [Failure.MODEL_BROKEN] * len(damaged)
    assert backend.until(JobFinished)[-1].job_id == 7


def test_what_the_model_cannot_do_is_refused(backend, job):
    wishes = {
        Failure.LANGUAGE_NOT_IN_MODEL: job(1, language="fr"),
        Failure.TRANSLATION_NOT_IN_MODEL: job(2, task=Task.TRANSLATE),
    }

    backend.send(*wishes.values())

    assert [backend.until(JobFailed)[-1].kind for _ in wishes] == list(wishes)


def test_a_graphics_card_that_is_not_there_is_said_not_to_be(start, job, speech, tiny_model):
    backend = start(CUDA_VISIBLE_DEVICES="")

    backend.send(Transcribe(1, os.fsencode(speech), os.fsencode(tiny_model), "cuda"))

    assert backend.until(JobFailed)[-1].kind is Failure.DEVICE_MISSING
