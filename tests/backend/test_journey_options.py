"""What can be asked for besides plain transcription, through the real backend process on real speech."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile
from real_backend import Backend, of, segments_of, text_of
from speech import media, prompts

from desktop_app.messages import (
    FAST,
    Doubt,
    Event,
    Failure,
    JobFailed,
    JobFinished,
    JobStarted,
    Progress,
    Segment,
    SpeechHeard,
    Stage,
    Transcribe,
    Tuning,
)

RATE = prompts.SAMPLE_RATE
CHANGE = 4.0  # seconds of silence before another language: long enough to part two spans

Hear = Callable[..., list[Event]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("options")


@pytest.fixture(scope="module")
def hear(folder, tiny_model) -> Iterator[Hear]:
    """A function that has a recording transcribed and returns the events. One process does all: it keeps the model."""
    backend = Backend(folder / "backend.log")
    job_id = 0

    def hear(audio: Path, model: Path = tiny_model, **options: Any) -> list[Event]:
        nonlocal job_id
        job_id += 1
        options.setdefault("tuning", FAST)
        backend.send(Transcribe(job_id, os.fsencode(audio), os.fsencode(model), "cpu", **options))
        events = backend.until(JobFinished, JobFailed)
        assert all(event.job_id == job_id for event in of(SpeechHeard, events))
        return events

    yield hear
    backend.end()


@pytest.fixture(scope="module")
def two_minutes(folder) -> tuple[Path, str]:
    """Two minutes of English prompts, and what is said in them."""
    file = folder / "two minutes.wav"
    return file, prompts.write(file, "en", 120).text


@pytest.fixture(scope="module")
def undisturbed(hear, two_minutes) -> list[Event]:
    return hear(two_minutes[0], tuning=Tuning())


@pytest.fixture(scope="module")
def fast(hear, two_minutes) -> list[Event]:
    return hear(two_minutes[0], tuning=FAST)


def in_a_row(file: Path, *parts: tuple[prompts.Language, float]) -> list[tuple[str, float, float]]:
    """Write speech in one language after the other; return each part's language, start and end."""
    samples, places, position = [], [], 0.0
    for language, seconds in parts:
        spoken = prompts.spoken(language, seconds)
        samples += [spoken.samples, np.zeros(round(CHANGE * RATE), np.float32)]
        places.append((language, position, position + spoken.duration))
        position += spoken.duration + CHANGE
    soundfile.write(file, np.concatenate(samples), RATE)
    return places


def between(segments: list[Segment], begin: float, end: float) -> str:
    return " ".join(segment.text for segment in segments if begin <= segment.start < end)


# --- what is told on the way -----------------------------------------------------------------------------------------


def test_what_is_heard_is_told_piece_by_piece_and_positions_only_go_forward(undisturbed):
    told = of(SpeechHeard, undisturbed)

    positions = [event.position for event in told]
    reached = [event.position for event in of(Progress, undisturbed) if event.stage is Stage.TRANSCRIBING]
    assert 3 <= len(told) <= 30
    assert positions == sorted(set(positions))
    assert reached == sorted(reached)
    for event, before in zip(told, [0.0, *positions], strict=False):
        assert all(before - 0.001 <= segment.start <= segment.end <= event.position for segment in event.segments)


def test_segments_tell_their_language_and_can_be_had_without_words(hear, two_minutes, undisturbed):
    with_words = segments_of(undisturbed)[:4]  # the first span

    without = segments_of(hear(two_minutes[0], tuning=Tuning(), words=False, end=30.0))[:4]

    assert {segment.language for segment in with_words} == {"en"}
    assert [(s.start, s.end, s.text) for s in without] == [(s.start, s.end, s.text) for s in with_words]
    assert not any(segment.words for segment in without)
    assert all("".join(word.text for word in segment.words).strip() == segment.text for segment in with_words)


@pytest.mark.parametrize("batch", [1, 3])
def test_the_batch_size_changes_nothing_but_the_time(hear, two_minutes, fast, batch):
    events = hear(two_minutes[0], tuning=msgspec.structs.replace(FAST, batch_size=batch), end=55.0)

    assert [s.text for s in segments_of(events)[:7]] == [s.text for s in segments_of(fast)[:7]]


def test_fast_is_nearly_as_good(two_minutes, undisturbed, fast):
    said = two_minutes[1]

    wrong = prompts.word_error_rate(said, text_of(fast))

    assert wrong <= prompts.word_error_rate(said, text_of(undisturbed)) + 5
    assert wrong <= 15


def test_white_noise_and_silence_give_no_text(hear, folder):
    random = np.random.default_rng(1)
    for name, samples in {
        "noise": random.normal(0, 0.1, 60 * 16_000),
        "silence": np.zeros(60 * 16_000),
    }.items():
        soundfile.write(folder / f"{name}.wav", samples.astype(np.float32), 16_000)

        assert not segments_of(hear(folder / f"{name}.wav"))


def test_a_text_that_is_not_believed_is_told_with_its_reason(hear, folder):
    random = np.random.default_rng(1)
    soundfile.write(folder / "hiss.wav", random.normal(0, 0.1, 30 * 16_000).astype(np.float32), 16_000)

    events = hear(folder / "hiss.wav", tuning=Tuning(speech_threshold=0.001))

    left_out = [text for event in of(SpeechHeard, events) for text in event.left_out]
    assert not segments_of(events)
    assert left_out
    assert all(text.text and text.reason is Doubt.NO_SPEECH and text.start < text.end for text in left_out)


# --- going on --------------------------------------------------------------------------------------------------------


def test_going_on_at_any_position_gives_what_would_have_followed(hear, two_minutes, fast):
    language = of(JobStarted, fast)[0].language
    told = of(SpeechHeard, fast)
    assert len(told) >= 3

    for number, event in enumerate(told):
        rest = hear(two_minutes[0], resume_at=event.position, main_language=language)

        assert segments_of(rest) == segments_of(told[number + 1 :]), event.position
        assert [text for e in of(SpeechHeard, rest) for text in e.left_out] == [
            text for e in told[number + 1 :] for text in e.left_out
        ]
        assert of(JobFinished, rest)[0].duration == of(JobFinished, fast)[0].duration


def test_a_long_silence_is_told_in_positions_from_which_one_can_go_on_as_well(hear, folder):
    spoken = prompts.spoken("en", 10).samples
    silence = np.zeros(2000 * RATE, np.float32)
    soundfile.write(folder / "silence between.wav", np.concatenate([spoken, silence, spoken]), RATE, subtype="PCM_16")

    whole = hear(folder / "silence between.wav")
    told = of(SpeechHeard, whole)
    silent = [number for number, event in enumerate(told) if not event.segments and not event.left_out]
    rest = hear(folder / "silence between.wav", resume_at=told[silent[-1]].position, main_language="en")

    assert 100 < told[silent[-1]].position < 2010
    assert [event.position for event in told] == sorted({event.position for event in told})
    assert segments_of(rest) == segments_of(told[silent[-1] + 1 :])
    assert len(of(Progress, whole)) > len(told)


def test_going_on_in_a_part_of_a_recording_ends_where_the_part_does(hear, two_minutes):
    part = hear(two_minutes[0], begin=20.0, end=60.0)
    told = of(SpeechHeard, part)

    rest = hear(two_minutes[0], begin=20.0, end=60.0, resume_at=told[0].position, main_language="en")

    assert segments_of(rest) == segments_of(told[1:])


# --- a part, a track, a channel --------------------------------------------------------------------------------------


def test_of_a_part_only_what_lies_in_it_is_transcribed_with_the_times_of_the_recording(hear, two_minutes, undisturbed):
    begin, end = 52.5, 95.8  # in pauses
    expected = [segment for segment in segments_of(undisturbed) if begin <= segment.start and segment.end <= end]

    events = hear(two_minutes[0], begin=begin, end=end)

    segments = segments_of(events)
    assert all(begin <= segment.start <= segment.end <= end + 0.05 for segment in segments)
    assert of(Progress, events)[-1].duration == pytest.approx(end)
    assert prompts.word_error_rate(" ".join(s.text for s in expected), text_of(events)) <= 10
    assert segments[0].start == pytest.approx(expected[0].start, abs=0.3)
    assert segments[-1].end == pytest.approx(expected[-1].end, abs=0.3)


def test_a_part_after_the_end_holds_nothing(hear, two_minutes):
    events = hear(two_minutes[0], begin=1000.0)

    assert isinstance(events[-1], JobFinished)
    assert not segments_of(events)


def test_of_several_sound_tracks_the_one_chosen_is_transcribed(hear, folder, base_model):
    tracks = [prompts.spoken("en", 12), prompts.spoken("fr", 12)]
    film = folder / "dubbed.mkv"
    media.encode_tracks(film, [track.samples for track in tracks], RATE, "aac", pictures=12)

    first, second = (hear(film, base_model, track=number) for number in (0, 1))
    third = hear(film, base_model, track=2)

    assert [of(JobStarted, events)[0].language for events in (first, second)] == ["en", "fr"]
    assert prompts.word_error_rate(tracks[0].text, text_of(first)) <= 20
    assert prompts.word_error_rate(tracks[1].text, text_of(second), "fr") <= 50
    assert (third[-1].kind, segments_of(third)) == (Failure.TRACK_MISSING, [])


@pytest.fixture(scope="module")
def telephone_call(folder, sample) -> tuple[Path, str, str]:
    """Stereo: left the sample, right a prompt speaker; at first in turns, then at once. And what each says."""
    left, rate = soundfile.read(sample, dtype="float32")
    spoken = prompts.spoken("en", 20)
    right = np.interp(
        np.arange(len(spoken.samples) * rate // RATE) * RATE / rate, np.arange(len(spoken.samples)), spoken.samples
    )
    turn = round(12.8 * rate)  # after two sentences
    stereo = np.zeros((turn + max(len(right), len(left)) + rate, 2), np.float32)
    stereo[:turn, 0] = left[:turn]
    stereo[turn : turn + len(right), 1] = right
    begin = turn + rate * 2  # while the other one speaks
    stereo[begin : begin + len(left) - turn, 0] = left[turn:]
    file = folder / "call.wav"
    soundfile.write(file, stereo, rate)
    return file, sample.with_suffix(".txt").read_text(), spoken.text


def test_left_and_right_are_two_speakers_each_with_their_own_words(hear, telephone_call):
    file, left, right = telephone_call

    segments = segments_of(hear(file, split_channels=True))

    said = {s: " ".join(segment.text for segment in segments if segment.speaker == s) for s in ("left", "right")}
    assert {segment.speaker for segment in segments} == {"left", "right"}
    assert prompts.word_error_rate(left, said["left"]) <= 10
    assert prompts.word_error_rate(right, said["right"]) <= 15
    for speaker in ("left", "right"):
        words = [w for segment in segments if segment.speaker == speaker for w in segment.words]
        assert all(a.end <= b.start for a, b in itertools.pairwise(words))


def test_a_call_can_be_gone_on_with_as_well(hear, telephone_call):
    whole = of(SpeechHeard, hear(telephone_call[0], split_channels=True))

    rest = hear(telephone_call[0], split_channels=True, resume_at=whole[0].position, main_language="en")

    assert segments_of(rest) == segments_of(whole[1:])


def test_a_mono_recording_has_no_two_speakers(hear, speech):
    segments = segments_of(hear(speech, split_channels=True))

    assert {segment.speaker for segment in segments} == {""}
    assert "short recording" in " ".join(segment.text for segment in segments)


# --- languages -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def changing(folder) -> tuple[Path, list[tuple[str, float, float]]]:
    """Some English, some French, and some English again."""
    file = folder / "changing.wav"
    return file, in_a_row(file, ("en", 45), ("fr", 45), ("en", 12))


@pytest.fixture(scope="module")
def in_each_language(hear, changing, base_model) -> list[Event]:
    return hear(changing[0], base_model, languages=("en", "fr"))


def test_a_recording_that_changes_its_language_is_written_down_in_each(changing, in_each_language):
    parts, segments = changing[1], segments_of(in_each_language)

    assert of(JobStarted, in_each_language)[0].language == "en"
    for language, begin, end in parts:
        assert {s.language for s in segments if begin <= s.start < end} == {language}
    assert "suivi du dièse" in between(segments, *parts[1][1:])
    assert "followed by the" in between(segments, *parts[2][1:])


def test_going_on_after_the_language_has_changed_changes_nothing(hear, changing, base_model, in_each_language):
    file, parts = changing
    told = of(SpeechHeard, in_each_language)
    later = next(number for number, event in enumerate(told) if event.position > parts[1][1] + 10)

    rest = hear(file, base_model, languages=("en", "fr"), resume_at=told[later].position, main_language="en")

    assert segments_of(rest) == segments_of(told[later + 1 :])


@pytest.fixture(scope="module")
def french_first(folder) -> Path:
    in_a_row(folder / "french first.wav", ("fr", 6), ("en", 4))
    return folder / "french first.wav"


def test_without_a_choice_every_language_may_be_spoken(hear, french_first, base_model):
    segments = segments_of(hear(french_first, base_model))

    assert [language for language, _ in itertools.groupby(s.language for s in segments)] == ["fr", "en"]


def test_only_the_languages_allowed_are_heard(hear, french_first, base_model):
    segments = segments_of(hear(french_first, base_model, languages=("en",)))

    assert {segment.language for segment in segments} == {"en"}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_language_that_was_named_is_never_changed(hear, french_first, base_model, language):
    events = hear(french_first, base_model, language=language, languages=("en", "fr"))

    assert of(JobStarted, events)[0].language == language
    assert {segment.language for segment in segments_of(events)} == {language}


def test_languages_that_the_model_does_not_know_are_refused(hear, speech):
    assert hear(speech, languages=("en", "fr"))[-1].kind is Failure.LANGUAGE_NOT_IN_MODEL


# --- hints -----------------------------------------------------------------------------------------------------------


LATE = {"begin": 52.6, "tuning": Tuning()}
LATER = ((65, 91.5), (91.5, 115))  # the second and the third span after that


def test_the_style_of_a_prompt_lasts_to_the_end(hear, two_minutes, undisturbed):
    prompt = "so we go on like this without capitals or full stops and nobody minds it"

    late = between(segments_of(hear(two_minutes[0], prompt=prompt, **LATE)), *LATER[1])

    assert "Congratulations" in between(segments_of(undisturbed), *LATER[1])
    assert "congratulations you have successfully installed" in late
    assert "." not in late


def test_a_name_in_the_glossary_is_spelled_so_wherever_it_occurs(hear, two_minutes, undisturbed):
    segments = segments_of(hear(two_minutes[0], glossary="e-mail, voice-mail, Asterysk", **LATE))

    for begin, end in LATER:
        assert "asterisk" in between(segments_of(undisturbed), begin, end).casefold()
        assert "Asterysk" in between(segments, begin, end)
        assert "asterisk" not in between(segments, begin, end).casefold()


# --- what cannot be had ----------------------------------------------------------------------------------------------


def test_an_arithmetic_that_there_is_not_is_refused_and_the_next_job_is_done(hear, speech):
    refused = hear(speech, tuning=Tuning(compute_type="nonsense"))

    assert refused[-1].kind is Failure.COMPUTE_TYPE_MISSING
    assert "short recording" in text_of(hear(speech))


def test_much_padding_hurts_nobody(hear, speech):
    assert "short recording" in text_of(hear(speech, tuning=Tuning(speech_padding=60.0)))
