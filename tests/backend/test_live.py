"""A recording is followed while it grows: the real backend, a real model, real speech, the program's own writer."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from real_backend import Backend, of, segments_of, text_of
from speech.speaker import Speaker
from spoken import evenly

from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.growing import GrowingFile
from desktop_app.backend.live import agreement, joint, plain
from desktop_app.messages import (
    Cancel,
    Failure,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Ping,
    Pong,
    Progress,
    Provisional,
    RecordingEnded,
    SpeechHeard,
    Transcribe,
    Word,
)
from desktop_app.work import sound_file

SPOKEN = st.lists(
    st.sampled_from(["the", "a", "of", "and", "to", "in", "is", "it", "that", "was", "for", "on", "are", "with", "as"]),
    max_size=12,
)


@pytest.fixture
def follow(tiny_model) -> Callable[..., Transcribe]:
    """Make a command to follow a recording with a real model."""

    def follow(file: Path, job_id: int = 1, **options: Any) -> Transcribe:
        return Transcribe(job_id, os.fsencode(file), os.fsencode(tiny_model), "cpu", live=True, **options)

    return follow


@pytest.fixture
def growing(tmp_path) -> Path:
    return tmp_path / "growing.wav"


@pytest.fixture(scope="session")
def half_a_minute(tmp_path_factory, sample) -> Path:
    """The sample as a wav file."""
    file = tmp_path_factory.mktemp("speech") / "sample.wav"
    samples, rate = soundfile.read(sample, dtype="float32")
    soundfile.write(file, samples, rate)
    return file


def accurate(backend: Backend, file: Path, model: Path) -> str:
    backend.send(Transcribe(99, os.fsencode(file), os.fsencode(model), "cpu"))
    return text_of(backend.until(JobFinished, JobFailed))


def errors(said: str, heard: str) -> float:
    """Return the share of words that are wrong, whatever their signs and capitals."""
    simple = [" ".join(filter(None, (plain(Word(0, 0, word, 1)) for word in text.split()))) for text in (said, heard)]
    return jiwer.wer(*simple)


# --- words, while somebody speaks ------------------------------------------------------------------------------------


def test_words_come_while_somebody_speaks_and_what_is_settled_never_changes(backend, follow, growing, speech):
    speaker = Speaker(speech, growing)
    backend.send(follow(growing))
    speaker.wait()
    backend.send(RecordingEnded(1), Ping(1))

    before_the_end = backend.until(Pong)
    events = before_the_end + backend.until(JobFinished)
    assert any(one.words for one in of(Provisional, before_the_end))
    assert segments_of(before_the_end)
    words = [word for segment in segments_of(events) for word in segment.words]
    assert all(one.end <= other.start for one, other in itertools.pairwise(words))
    heard = of(SpeechHeard, events)
    for one, other in itertools.pairwise(heard):
        assert all(word.start >= one.position - 0.5 for segment in other.segments for word in segment.words)
        assert one.position <= other.position
    assert "short recording" in text_of(events)
    assert of(JobFinished, events)[0].duration == pytest.approx(12.8, abs=0.01)
    assert not of(Provisional, events)[-1].words


def test_live_text_says_nearly_what_the_accurate_pass_says(backend, follow, growing, half_a_minute, tiny_model):
    speaker = Speaker(half_a_minute, growing, speed=2.0)
    backend.send(follow(growing))
    speaker.wait()
    backend.send(RecordingEnded(1))

    live = text_of(backend.until(JobFinished))
    assert errors(accurate(backend, growing, tiny_model), live) < 0.1


def test_a_recording_that_is_far_ahead_is_caught_up_with(backend, follow, growing, long_speech, tiny_model):
    speaker = Speaker(long_speech, growing, seconds=60, speed=1e6)
    speaker.wait()
    backend.send(follow(growing), RecordingEnded(1))

    events = backend.until(JobFinished)
    assert errors(accurate(backend, growing, tiny_model), text_of(events)) < 0.15
    assert len(of(SpeechHeard, events)) >= 3


def test_a_killed_backend_goes_on_with_nothing_lost_or_doubled(start, follow, growing, half_a_minute, tiny_model):
    speaker = Speaker(half_a_minute, growing, seconds=20)
    first = start()
    first.send(follow(growing))
    heard: list[Any] = []
    while sum(len(one.segments) for one in of(SpeechHeard, heard)) < 2:
        heard += first.until(SpeechHeard)
    first.end()
    position = of(SpeechHeard, heard)[-1].position

    second = start()
    second.send(follow(growing, resume_at=position, main_language="en"))
    speaker.wait()
    second.send(RecordingEnded(1))

    events = second.until(JobFinished)
    assert all(segment.start >= position - 0.001 for segment in segments_of(events))  # they are rounded
    both = f"{text_of(heard)} {text_of(events)}"
    assert errors(accurate(second, growing, tiny_model), both) < 0.1


# --- nothing to hear -------------------------------------------------------------------------------------------------


def test_silence_gives_no_text_and_signs_of_life_while_the_recording_stands_still(backend, follow, growing, silence):
    Speaker(silence, growing, speed=1e6).wait()
    backend.send(follow(growing))
    backend.until(Progress)
    signs = [backend.until(Progress)[-1] for _ in range(5)]

    backend.send(Ping(7))
    backend.until(Pong)
    backend.send(RecordingEnded(1))

    events = backend.until(JobFinished)
    assert len(signs) == 5
    assert not of(Provisional, events)
    assert not segments_of(events)
    assert [started.language for started in of(JobStarted, events)] == [""]


def test_a_recording_may_be_empty_at_first(backend, follow, growing, speech):
    growing.touch()
    backend.send(follow(growing))
    backend.until(Progress)
    whole = sound_file.header(16_000, 1, 0) + soundfile.read(speech, dtype="int16")[0].tobytes()
    with growing.open("ab", buffering=0) as file:
        for piece in (whole[:7], whole[7:50], whole[50:1001], whole[1001:]):
            file.write(piece)
            time.sleep(0.2)
    backend.send(RecordingEnded(1))

    assert "short recording" in text_of(backend.until(JobFinished))


def test_a_live_job_is_cancelled_while_the_recording_stands_still_and_the_next_is_done(
    backend, follow, growing, speech, tiny_model
):
    Speaker(speech, growing, seconds=3, speed=1e6).wait()
    backend.send(follow(growing))
    backend.until(Provisional)

    began = time.monotonic()
    backend.send(Cancel(1))
    backend.until(JobCancelled)
    took = time.monotonic() - began

    assert took < 2
    assert "short recording" in accurate(backend, speech, tiny_model)


def test_a_recording_that_ended_in_an_earlier_job_of_that_number_is_followed_again(backend, follow, growing, speech):
    Speaker(speech, growing, seconds=2, speed=1e6).wait()
    backend.send(follow(growing), RecordingEnded(1))
    backend.until(JobFinished)

    backend.send(follow(growing))
    backend.until(JobStarted)
    events = [backend.next() for _ in range(3)]

    assert not of(JobFinished, events)


@pytest.mark.parametrize(("content", "kind"), [(b"no sound at all", Failure.NOT_MEDIA), (None, Failure.FILE_MISSING)])
def test_what_is_no_recording_is_refused(backend, follow, growing, content, kind):
    if content is not None:
        growing.write_bytes(content)
    backend.send(follow(growing))

    (failed,) = of(JobFailed, backend.until(JobFailed, JobFinished))
    assert failed.kind is kind


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [b"RIFF", b"RF64"])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (48_000, 1)])
def test_the_length_of_the_file_counts_and_not_what_its_header_says(growing, begin, rate, channels):
    tone = (8000 * np.sin(np.arange(3 * rate) * 2 * np.pi * 440 / rate)).astype("<i2")
    header = bytearray(sound_file.header(rate, channels, 0))
    header[:4] = begin
    growing.write_bytes(bytes(header) + np.repeat(tone, channels).tobytes() + b"\x01")

    with GrowingFile(os.fsencode(growing)) as file:
        pieces = [file.read(0.7) for _ in range(6)]
        samples = np.concatenate([*pieces, file.rest()])

        assert len(pieces[-1]) == 0
        assert file.position == pytest.approx(3.0)
    assert len(samples) == pytest.approx(3 * 16_000, abs=32)
    assert samples.shape[1:] == ((2,) if channels == 2 else ())
    middle = samples.reshape(len(samples), -1)[8000:40_000, -1]
    loudest = np.argmax(np.abs(np.fft.rfft(middle))) * 16_000 / len(middle)
    assert loudest == pytest.approx(440, abs=1)
    assert np.abs(middle).max() == pytest.approx(8000 / 32768, rel=0.05)


def test_it_is_read_from_a_moment_in_it(growing):
    ramp = np.arange(32_000, dtype="<i2")
    growing.write_bytes(sound_file.header(16_000, 1, 0) + ramp.tobytes())

    with GrowingFile(os.fsencode(growing), begin=1.25) as file:
        first = file.read(10)[0]

        assert round(first * 32768) == 20_000


def test_a_growing_file_of_another_format_is_refused(growing):
    soundfile.write(growing, np.zeros(100, np.float32), 16_000, subtype="FLOAT")

    with GrowingFile(os.fsencode(growing)) as file, pytest.raises(CannotTranscribe) as refused:
        file.read(1.0)

    assert refused.value.kind is Failure.NOT_MEDIA


# --- what two readings agree on --------------------------------------------------------------------------------------


def test_readings_agree_up_to_the_first_other_word_whatever_its_signs():
    before, now = evenly("And so, my fellow", 0, 4), evenly("and so my friends", 0, 4)

    assert agreement(before, now) == 3
    assert agreement(before, [*now[:1], *evenly("so my", 6, 8)]) == 1
    assert agreement((), now) == 0


@given(known=SPOKEN, following=SPOKEN)
def test_a_reading_goes_on_where_the_settled_words_end(known, following):
    words = evenly(" ".join([*known, *following]), 0, len(known) + len(following)) if known or following else ()

    assert joint(words[: len(known)], words) == len(known)


def test_a_reading_that_says_the_settled_words_otherwise_still_goes_on_behind_them():
    settled = evenly("we the free software foundation", 0, 5)

    assert joint(settled, evenly("wheat a free soft wear foundation uses", 0, 6.2)) == 6
    assert joint(settled, evenly("free software foundation uses", 2, 6)) == 3
    assert joint(settled, ()) == 0
