"""What is heard of recordings with odd levels, channels and tracks: a few rows of tests/benchmarks/real_sound.py."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from speech import media, odd_speech, prompts, real_sound, timed_sound

from desktop_app.backend.audio import Recording
from desktop_app.backend.worker import Worker
from desktop_app.messages import FAST, Doubt, Failure, JobFailed, JobFinished, Segment, SpeechHeard, Transcribe
from desktop_app.work.media_files import media_in

ROWS = {row.name: row for row in real_sound.rows()} if prompts.are_here() else {}
NEEDS_PROMPTS = pytest.mark.skipif(
    not ROWS, reason="the recordings of human speech are not here: tests/speech/fetch.sh fetches them"
)
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


@NEEDS_PROMPTS
@pytest.mark.parametrize(
    "name",
    [
        "60 dB too quiet, 24 bits",
        "floats 60 dB too loud",
        "far, then near",
        "constant voltage of 0.9",
        "mains hum at -6 dB",
        "right is 0.3 s late",
        "32 channels, speech in 1",
        "8 channels, speech in 4, noise in the others",
        "first of two tracks in an unknown codec",
    ],
)
def test_what_is_said_is_heard_whatever_the_recorder_did(hear, tmp_path, name):
    row = ROWS[name]

    events = hear(row.make(tmp_path))

    assert isinstance(events[-1], JobFinished) and not events[-1].partial, events[-1]
    assert prompts.word_error_rate(row.said, text_of(events)) < MOST_WRONG, text_of(events)
    assert events[-1].notes


@NEEDS_PROMPTS
@pytest.mark.parametrize(
    ("name", "is_worth_telling"),
    [
        ("right = -left", True),
        ("right is noise as loud", True),
        ("right is hum, 20 dB louder", False),  # it is filtered out, or left out
        ("right is silent", False),
        ("right is 0.3 s late", True),
        ("a speaker on each channel, in turn", False),
    ],
)
def test_live_text_is_made_of_the_channels_that_carry_speech(hear, tmp_path, name, is_worth_telling):
    row = ROWS[name]
    samples, rate = soundfile.read(row.make(tmp_path), dtype="float32")
    soundfile.write(tmp_path / "live.wav", samples, rate, subtype="PCM_16")

    events = hear(tmp_path / "live.wav", live=True)

    assert isinstance(events[-1], JobFinished), events[-1]
    assert prompts.word_error_rate(row.said, text_of(events)) < MOST_WRONG, text_of(events)
    assert bool(events[-1].notes) or not is_worth_telling


def test_of_a_recording_as_it_should_be_there_is_nothing_to_say(hear, speech):
    assert hear(speech)[-1].notes == ()


@NEEDS_PROMPTS
def test_what_is_gone_on_with_channel_by_channel_says_the_same_as_what_was_never_interrupted(hear, tmp_path):
    turns = [real_sound.one_voice().samples, real_sound.another_voice().samples]
    left = np.concatenate([turns[0], np.zeros_like(turns[1])])
    right = -np.concatenate([turns[0] * np.float32(0.5), turns[1]])  # upside down, and then speaks alone
    file = real_sound.write_channels(tmp_path / "inverted.wav", [left, right])
    whole = [event for event in hear(file) if isinstance(event, SpeechHeard)]

    for reached, event in enumerate(whole[:-1], 1):
        rest = [e for e in hear(file, resume_at=event.position, main_language="en") if isinstance(e, SpeechHeard)]

        assert [e.segments for e in rest if e.segments] == [e.segments for e in whole[reached:] if e.segments]
    assert "Hello" in text_of(whole)


def test_sound_in_a_format_that_is_not_known_is_said_to_be_and_the_format_is_named(hear, tmp_path, speech):
    samples, rate = soundfile.read(speech, dtype="float32")
    media.encode(tmp_path / "new.mp4", samples, rate, "aac")
    sold = shutil.copy(tmp_path / "new.mp4", tmp_path / "sold.mp4")

    unknown = hear(real_sound.make_undecodable(tmp_path / "new.mp4"))
    protected = hear(real_sound.make_undecodable(sold, b"enca"))

    assert isinstance(unknown[-1], JobFailed) and isinstance(protected[-1], JobFailed)
    assert (unknown[-1].kind, unknown[-1].detail) == (Failure.CODEC_UNKNOWN, "Dolby AC-4")
    assert protected[-1].kind is Failure.PROTECTED


def test_two_of_several_channels_can_be_two_speakers(hear, tmp_path, speech):
    samples, _ = soundfile.read(speech, dtype="float32")
    silence = np.zeros_like(samples)
    turns = [silence, np.concatenate([samples, silence]), np.concatenate([silence, samples])]
    file = real_sound.write_channels(tmp_path / "recorder.wav", [np.resize(turns[0], len(turns[1])), *turns[1:]])

    segments = [
        segment
        for event in hear(file, split_channels=True)
        if isinstance(event, SpeechHeard)
        for segment in event.segments
    ]

    assert {segment.speaker for segment in segments if segment.start < 12} == {"left"}
    assert {segment.speaker for segment in segments if segment.start > 13} == {"right"}


@pytest.mark.skipif(not ROWS, reason="the recordings of human speech are not here: tests/speech/fetch.sh fetches them")
@pytest.mark.parametrize("name", ["two joined, wav", "webm without a duration, 30 s of nothing"])
def test_what_is_said_behind_a_join_or_a_hole_stands_at_a_players_time(hear, tmp_path, name):
    (row,) = (row for row in timed_sound.rows() if row.name == name)

    events = hear(row.make(tmp_path))

    words = [word for event in events if isinstance(event, SpeechHeard) for one in event.segments for word in one.words]
    hello = [word.start for word in words if "hello" in word.text.lower()]
    assert hello[-1] == pytest.approx(row.hello, abs=0.3)
    assert prompts.word_error_rate(row.said, text_of(events)) < MOST_WRONG, text_of(events)


@NEEDS_PROMPTS
def test_sound_that_begins_behind_a_picture_stands_in_mkv_where_it_stands_in_mp4(hear, tmp_path):
    hellos = []
    for suffix in ("mkv", "mp4"):
        (row,) = (row for row in timed_sound.rows() if row.name == f"{suffix}, H.264, sound 0.5 s late")
        events = hear(row.make(tmp_path))
        segments = [one for event in events if isinstance(event, SpeechHeard) for one in event.segments]
        hellos += [word.start for one in segments for word in one.words if "hello" in word.text.lower()][:1]
        assert not events[-1].partial
        assert events[-1].duration == pytest.approx(20.6 + 0.5, abs=1)

    assert hellos[0] == pytest.approx(hellos[1], abs=0.3)
    assert hellos[0] == pytest.approx(row.hello, abs=0.3)


@NEEDS_PROMPTS
def test_of_a_file_with_an_old_header_it_is_said_that_there_is_more_in_it_than_that_declares(hear, tmp_path):
    (row,) = (row for row in timed_sound.rows() if row.name == "wav, header of the first half")

    events = hear(row.make(tmp_path))

    assert (events[-1].partial, events[-1].why) == (True, Failure.MORE_THAN_DECLARED)
    assert prompts.word_error_rate(row.said, text_of(events)) < MOST_WRONG, text_of(events)


@NEEDS_PROMPTS
@pytest.mark.parametrize("name", ["speech backwards", "a syllable of 0.1 s, 22 times in 2.2 s"])
def test_what_nobody_said_does_not_stand_in_the_text_unmarked_again_and_again(hear, tmp_path, name):
    (row,) = (row for row in odd_speech.rows() if row.name == name)

    events = hear(row.make(tmp_path))

    segments = [segment for event in events if isinstance(event, SpeechHeard) for segment in event.segments]
    assert isinstance(events[-1], JobFinished)
    assert odd_speech.unmarked(segments).is_sane, text_of(events)


def test_the_measure_of_what_is_unmarked_finds_loops_haste_and_broken_letters():
    assert odd_speech.repeats("So it is. So it is! so, it is") == 3
    assert odd_speech.repeats("ハハハハハハ") == 6
    assert odd_speech.repeats("One after the other.") == 1
    assert not odd_speech.unmarked([Segment(0, 1, "a" * 6)]).is_sane
    assert not odd_speech.unmarked([Segment(0, 1, "What is said in a second is never this much.")]).is_sane
    assert not odd_speech.unmarked([Segment(0, 1, "नम\ufffd")]).is_sane
    assert odd_speech.unmarked([Segment(0, 1, "a" * 60, doubts=(Doubt.REPETITION,))]).is_sane


@NEEDS_PROMPTS
def test_a_folder_of_phones_cameras_and_recorders_is_found_whole_and_has_sound_in_every_file(tmp_path):
    made = odd_speech.make_folder(tmp_path)

    assert len(made) >= 42
    assert {*media_in(tmp_path)} == {*made}
    for file in made:
        with Recording(os.fsencode(file)) as recording:
            assert sum(map(len, recording.blocks(16_000))) == pytest.approx(4 * 16_000, abs=0.2 * 16_000), file.name
            assert not recording.partial, file.name
