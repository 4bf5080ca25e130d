"""The engine with a real model on real speech: exact, the same every time, and mended where a reading is bad."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from speech import prompts
from spoken import evenly, heard, span

from desktop_app.backend import checks, decoding
from desktop_app.backend.audio import SAMPLE_RATE, Recording
from desktop_app.backend.decoding import ENOUGH_TEXTS, Asking, Decoder, Heard, compression_ratio
from desktop_app.backend.engine import Engine, told
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.speech import BLOCK, FRAME, Span, VoiceActivity, spans
from desktop_app.messages import ACCURATE, Doubt, Failure, LeftOut, Segment, SegmentKind, Task, Word

ASKING = Asking(Task.TRANSCRIBE)
QUICK = Asking(Task.TRANSCRIBE, beam_size=1)


def spans_of(file: Path, fresh: bool = True) -> list[Span]:
    with Recording(os.fsencode(file)) as recording:
        found = spans(recording.blocks(BLOCK), [VoiceActivity()], fresh=fresh)
        return [span for span in found if isinstance(span, Span)]


def hear(engine: Engine, found: Sequence[Span], asking: Asking = ASKING) -> list[Heard]:
    return [one for heard in engine.hear(found, asking, "en", None, ACCURATE.temperatures) for one in heard]


def segments_of(heard: Sequence[Heard], with_words: bool = True) -> list[Segment]:
    return [segment for one in heard for segment in told(one, with_words)[0]]


def text_of(heard: Sequence[Heard]) -> str:
    return " ".join(one.text.strip() for one in heard)


@pytest.fixture(scope="module")
def engine(tiny_model) -> Engine:
    return Engine(os.fsencode(tiny_model), "cpu")


@pytest.fixture(scope="module")
def real_speech(tmp_path_factory) -> tuple[list[Span], str]:
    """, and what is said in them."""
    file = tmp_path_factory.mktemp("engine") / "real speech.wav"
    said = prompts.write(file, "en", 75).text
    return spans_of(file), said


@pytest.fixture(scope="module")
def at_once(engine, real_speech) -> list[Heard]:
    return hear(engine, real_speech[0])


@pytest.fixture
def first_reading(monkeypatch) -> Callable[[Callable[[Heard], Heard]], list[float]]:
    """A function that spoils the first reading; it returns a list that the temperature of each reading enters."""

    def spoil(change: Callable[[Heard], Heard]) -> list[float]:
        honest = Decoder.heard
        calls: list[float] = []

        def heard(self, spans, encoded, languages, asking, temperature=0.0, most_tokens=0):
            calls.append(temperature)
            found = honest(self, spans, encoded, languages, asking, temperature, most_tokens)
            return found if len(calls) > 1 else [change(one) for one in found]

        monkeypatch.setattr(Decoder, "heard", heard)
        return calls

    return spoil


# --- the same, every time --------------------------------------------------------------------------------------------


def test_the_same_is_heard_in_batches_of_one_and_of_many(engine, real_speech, at_once):
    alone = [one for span in real_speech[0] for one in hear(engine, [span])]

    assert [one.text for one in alone] == [one.text for one in at_once]
    assert segments_of(alone) == segments_of(at_once)


def test_the_same_recording_gives_the_same_segments(engine, tiny_model, real_speech):
    some = real_speech[0][:2]
    first = segments_of(hear(engine, some))
    hear(engine, real_speech[0][3:4])  # something else between

    again, elsewhere = hear(engine, some), hear(Engine(os.fsencode(tiny_model), "cpu"), some)

    assert segments_of(again) == segments_of(elsewhere) == first


def test_where_lots_are_drawn_the_same_are_drawn_whatever_was_heard_before(engine, real_speech):
    decoder, one, others = engine._decoder, real_speech[0][0], real_speech[0][1:3]

    def by_chance(spans: Sequence[Span]) -> list[tuple[str, float]]:
        found = decoder.heard(spans, decoder.encoded(spans), ["en"] * len(spans), QUICK, 0.8)
        return [(heard.text, heard.average_log_probability) for heard in found]

    first = by_chance([one])
    by_chance(others)
    hear(engine, others)

    assert by_chance([one]) == first
    assert by_chance([*others, one])[-1:] == first


def test_what_is_said_in_a_span_is_told_before_the_next_one_is_read_again(engine, real_speech, first_reading):
    calls = first_reading(lambda one: cut_short(one, lambda word: False))
    found = engine.hear(real_speech[0][:2], ASKING, "en", None, ACCURATE.temperatures)

    (first,) = next(found)
    readings = len(calls)
    (second,) = next(found)

    assert first.text
    assert second.text
    assert 1 < readings < len(calls)


def test_spans_encoded_as_one_batch_as_on_a_graphics_card_give_nearly_the_same_text(
    tiny_model, real_speech, at_once, monkeypatch
):
    other = Engine(os.fsencode(tiny_model), "cpu")
    monkeypatch.setattr(decoding.Decoder, "_in_turn", False)
    silence = Span(0.0, np.zeros(FRAME * 100, np.float32), np.zeros(100, np.float32))

    found = [one for one in hear(other, [*real_speech[0], silence]) if one.span is not silence]

    assert prompts.word_error_rate(text_of(at_once), text_of(found)) <= 3
    for one, same in zip(found, at_once, strict=True):
        assert one.words
        if one.text == same.text:
            assert [word.start for word in one.words] == pytest.approx([word.start for word in same.words], abs=0.5)


def test_what_is_heard_is_what_was_said(real_speech, at_once):
    assert prompts.word_error_rate(real_speech[1], text_of(at_once)) <= 10


# --- words and segments ----------------------------------------------------------------------------------------------


def test_words_stay_in_their_span_and_never_overlap_nor_run_backwards(at_once):
    for one in at_once:
        words = [word for segment in segments_of([one]) for word in segment.words]

        moments = [moment for word in words for moment in (word.start, word.end)]
        assert moments == sorted(moments)
        assert one.span.start <= moments[0] and moments[-1] <= one.span.end + 0.001


def test_words_keep_to_where_somebody_speaks(at_once):
    outside = total = 0.0
    for one in at_once:
        voiced = [(one.span.start + begin, one.span.start + end) for begin, end in one.span.voiced()]
        for word in (word for segment in segments_of([one]) for word in segment.words):
            inside = sum(max(0.0, min(word.end, end) - max(word.start, begin)) for begin, end in voiced)
            total += word.end - word.start
            outside += word.end - word.start - inside

    assert outside < 0.1 * total


def test_segments_are_like_sentences_and_their_words_joined_are_their_text(at_once):
    segments = segments_of(at_once)

    assert len(segments) >= 2 * len(at_once)
    assert all(segment.end - segment.start <= 15 for segment in segments)
    assert all("".join(word.text for word in segment.words).strip() == segment.text for segment in segments)
    assert " ".join(segment.text for segment in segments).split() == text_of(at_once).split()
    assert sum(segment.text.endswith((".", "?", "!")) for segment in segments) > 0.7 * len(segments)


def test_without_words_the_segments_are_the_same(at_once):
    with_words, without = segments_of(at_once), segments_of(at_once, with_words=False)

    assert not any(segment.words for segment in without)
    assert [(s.start, s.end, s.text) for s in without] == [(s.start, s.end, s.text) for s in with_words]


# --- mended ----------------------------------------------------------------------------------------------------------


def cut_short(one: Heard, keep: Callable[[Word], bool]) -> Heard:
    words = tuple(word for word in one.words if keep(word))
    return dataclasses.replace(one, words=words, text="".join(word.text for word in words))


@pytest.mark.parametrize("where", ["the second half", "the first half", "the middle", "everything"])
def test_words_that_the_first_reading_passed_over_are_brought_back(engine, real_speech, at_once, first_reading, where):
    span, good = next((span, one) for span, one in zip(real_speech[0], at_once, strict=True) if span.length > 20)
    kept: dict[str, Callable[[float], bool]] = {
        "the second half": lambda at: at < span.length / 2,
        "the first half": lambda at: at > span.length / 2,
        "the middle": lambda at: not span.length / 3 < at < 2 * span.length / 3,
        "everything": lambda at: False,
    }
    calls = first_reading(lambda one: cut_short(one, lambda word: kept[where](word.start - span.start)))

    (mended,) = hear(engine, [span])

    assert len(calls) > 1
    assert prompts.word_error_rate(good.text, mended.text) <= 15
    assert Doubt.MISSING_WORDS not in checks.doubts(mended)


def test_a_loop_is_replaced_by_what_was_said(engine, real_speech, at_once, first_reading):
    span, good = real_speech[0][1], at_once[1]

    def loop(one: Heard) -> Heard:
        words = list(one.words[:5])
        at = words[-1].end
        words += [Word(at + n * 0.01, at + (n + 1) * 0.01, " again", 0.5) for n in range(80)]
        text = "".join(word.text for word in words)
        return dataclasses.replace(one, words=tuple(words), text=text, compression_ratio=compression_ratio(text))

    calls = first_reading(loop)

    (mended,) = hear(engine, [span])

    assert len(calls) > 1
    assert "again again" not in mended.text
    assert prompts.word_error_rate(good.text, mended.text) <= 15
    assert not {Doubt.REPETITION, Doubt.MISSING_WORDS}.intersection(checks.doubts(mended))


def test_a_good_reading_is_not_read_again(engine, real_speech, first_reading):
    calls = first_reading(lambda one: one)

    hear(engine, real_speech[0][:1])

    assert len(calls) == 1


def test_what_cannot_be_mended_is_marked(engine, real_speech, monkeypatch):
    span = next(span for span in real_speech[0] if span.length > 20)
    honest = Decoder.heard

    def hard_of_hearing(self, *arguments):
        middle = span.start + span.length / 2
        return [cut_short(one, lambda word: word.start < middle) for one in honest(self, *arguments)]

    monkeypatch.setattr(Decoder, "heard", hard_of_hearing)

    segments = segments_of(hear(engine, [span], QUICK))

    assert segments
    assert any(Doubt.MISSING_WORDS in segment.doubts for segment in segments)


def test_speech_of_which_no_word_is_understood_is_marked(engine, real_speech, monkeypatch):
    honest = Decoder.heard
    monkeypatch.setattr(
        Decoder, "heard", lambda *arguments: [cut_short(one, lambda word: False) for one in honest(*arguments)]
    )

    (segment,) = segments_of(hear(engine, real_speech[0][:1], QUICK))

    assert (segment.text, segment.kind) == ("", SegmentKind.NOT_UNDERSTOOD)
    assert (segment.shown_text, segment.doubts) == ("[…]", (Doubt.MISSING_WORDS,))
    assert real_speech[0][0].start <= segment.start < segment.end <= real_speech[0][0].end


def test_a_piece_that_is_not_believed_is_told_with_its_own_times():
    in_span = span([(0, 6), (14, 20)])
    good = heard(in_span.part(0, 300), evenly("these are words that were said here", 0, 6))
    phantom = heard(in_span.part(300, 625), evenly("thank you for watching", 14, 20), sure=-1.7, no_speech=0.8)

    segments, left_out = told(Heard.joined(in_span, [good], [phantom]), True)

    assert " ".join(segment.text for segment in segments) == good.text.strip()
    assert left_out == [LeftOut(phantom.span.start, phantom.span.end, "thank you for watching", Doubt.NO_SPEECH)]


def test_a_passage_in_another_language_is_read_in_that(engine, real_speech, first_reading, monkeypatch):
    in_span = next(one for one in real_speech[0] if one.length > 20)
    first_reading(lambda one: cut_short(one, lambda word: word.start < in_span.start + in_span.length / 2))
    english, french = {"en": 0.95, "fr": 0.05}, {"en": 0.02, "fr": 0.98}
    monkeypatch.setattr(
        Decoder,
        "languages",
        lambda self, encoded: [english, *[english] * (encoded.shape[0] - 2), french][: encoded.shape[0]],
    )

    ((mended,),) = engine.hear([in_span], ASKING, "en", ("en", "fr"), (0.0,))

    assert [part.language for part in mended.parts][-1] == "fr"
    assert {segment.language for segment in told(mended, True)[0]} == {"en", "fr"}


def test_chance_is_not_asked_again_when_two_readings_agree(engine, real_speech, monkeypatch):
    honest = Decoder.heard
    calls: list[float] = []

    def unsure(self, spans, encoded, languages, asking, temperature=0.0, most_tokens=0):
        calls.append(temperature)
        found = honest(self, spans, encoded, languages, asking, 0.0, most_tokens)
        return [dataclasses.replace(one, average_log_probability=-1.2, temperature=temperature) for one in found]

    monkeypatch.setattr(Decoder, "heard", unsure)

    hear(engine, [real_speech[0][0].part(0, 120)])

    assert len(calls) == 2


def test_somebody_who_says_the_same_four_times_is_written_down_four_times(engine, tmp_path):
    sentence = prompts.spoken("en", 1)
    soundfile.write(tmp_path / "again.wav", np.tile(sentence.samples, 4), prompts.SAMPLE_RATE)

    heard = hear(engine, spans_of(tmp_path / "again.wav", fresh=False))

    assert len(sentence.text.split()) >= 10 or sentence.duration < 8
    assert prompts.word_error_rate(" ".join([sentence.text] * 4), text_of(heard)) <= 10
    assert not any(segment.doubts for segment in segments_of(heard))


# --- nobody speaks ---------------------------------------------------------------------------------------------------


def noises() -> dict[str, np.ndarray]:
    random, count = np.random.default_rng(1), 20 * SAMPLE_RATE // FRAME * FRAME
    return {
        "silence": np.zeros(count, np.float32),
        "white noise": random.normal(0, 0.1, count).astype(np.float32),
        "faint noise": random.normal(0, 0.003, count).astype(np.float32),
        "a tone": (0.3 * np.sin(2 * np.pi * 440 * np.arange(count) / SAMPLE_RATE)).astype(np.float32),
    }


@pytest.mark.parametrize("name", noises())
def test_nobody_is_taken_to_speak_in(name, tmp_path):
    soundfile.write(tmp_path / "noise.wav", noises()[name], SAMPLE_RATE)

    assert spans_of(tmp_path / "noise.wav") == []


@pytest.mark.parametrize("name", noises())
def test_a_text_made_up_where_nobody_speaks_is_left_out_for_a_reason(engine, name):
    samples = noises()[name]
    span = Span(7.0, samples, np.full(len(samples) // FRAME, 0.1, np.float32))

    (heard,) = hear(engine, [span])
    segments, left_out = told(heard, True)

    assert not segments
    assert [text.reason for text in left_out] == ([Doubt.NO_SPEECH] if heard.text.strip() else [])
    assert all((text.start, text.text) == (7.0, heard.text.strip()) for text in left_out)


def test_silence_beside_speech_in_a_batch_changes_nothing(engine, real_speech, at_once):
    silence = Span(0.0, np.zeros(FRAME * 100, np.float32), np.zeros(100, np.float32))

    _, heard, _ = hear(engine, [silence, real_speech[0][0], silence])

    assert segments_of([heard]) == segments_of(at_once[:1])


# --- languages, devices ----------------------------------------------------------------------------------------------


def test_the_language_is_that_of_most_of_what_is_heard_among_those_allowed(base_model, tmp_path):
    engine = Engine(os.fsencode(base_model), "cpu")
    prompts.write(tmp_path / "fr.wav", "fr", 10)
    found = spans_of(tmp_path / "fr.wav")

    assert engine.language_of(found, ())[0] == "fr"
    assert engine.language_of(found, ("en", "fr"))[0] == "fr"
    assert engine.language_of(found, ("en",)) == ("en", pytest.approx(1.0))


def test_a_language_that_only_other_models_know_is_refused(base_model):
    engine = Engine(os.fsencode(base_model), "cpu")

    engine.check(["de", "en"], Task.TRANSCRIBE)
    with pytest.raises(CannotTranscribe) as refused:
        engine.check(["yue"], Task.TRANSCRIBE)

    assert refused.value.kind is Failure.LANGUAGE_NOT_IN_MODEL


def test_a_language_that_nothing_speaks_for_has_no_probability(engine, real_speech, monkeypatch):
    monkeypatch.setattr(Decoder, "languages", lambda self, encoded: [{"en": 1.0, "ba": 0.0}])

    assert engine.language_of(real_speech[0][:1], ("ba",)) == ("ba", 0.0)


def test_a_long_glossary_and_a_long_prompt_together_leave_room_for_words(engine, real_speech, at_once):
    asking = Asking(Task.TRANSCRIBE, "a long story " * 333, "Kowalski, Nguyen, " * 500, 1)
    tokens = engine._decoder._prompt("en", asking)

    (found,) = hear(engine, real_speech[0][:1], asking)

    assert len(tokens) < 230
    assert tokens.count(tokens[1]) > 10  # the glossary, and
    assert tokens.count(tokens[-5]) > 10  # the prompt
    assert len(found.words) > 0.7 * len(at_once[0].words)


@pytest.mark.parametrize(
    ("glossary", "prompt"), [("word " * 1000, ""), ("", "word " * 1000), ("Kowalski", "w " * 1000)]
)
def test_a_glossary_or_a_prompt_alone_has_all_the_room(engine, glossary, prompt):
    assert 215 < len(engine._decoder._prompt("en", Asking(Task.TRANSCRIBE, prompt, glossary))) < 230


def test_an_arithmetic_that_there_is_not_is_refused(tiny_model):
    with pytest.raises(CannotTranscribe) as refused:
        Engine(os.fsencode(tiny_model), "cpu", "nonsense")

    assert refused.value.kind is Failure.COMPUTE_TYPE_MISSING


def test_an_engine_whose_model_cannot_be_loaded_again_is_not_ready_any_more(tiny_model, real_speech, monkeypatch):
    other = Engine(os.fsencode(tiny_model), "cpu")
    one = real_speech[0][:1]
    monkeypatch.setattr(other._decoder, "_load", lambda: 1 / 0)  # its folder is gone, or the memory is full

    with pytest.raises(ZeroDivisionError):
        other._decoder.heard(one, other._decoder.encoded(one), ["en"], QUICK, 0.5)

    assert not other.is_ready


def test_the_model_is_loaded_a_second_time_only_for_a_long_recording_and_says_the_same(tiny_model, real_speech):
    found = [real_speech[0][0].part(0, 200)] * ENOUGH_TEXTS
    one = Engine(os.fsencode(tiny_model), "cpu", threads=2)
    loaded = []
    load = one._decoder._load
    one._decoder._load = lambda: loaded.append(True) or load()

    short = hear(one, found[:-1], QUICK)
    assert not loaded
    long = hear(one, found, QUICK)

    assert len(loaded) == 1
    assert [heard.text for heard in long] == [short[0].text] * ENOUGH_TEXTS
    assert short[0].text.strip()


def test_the_setup_is_as_asked_for(tiny_model):
    setup = Engine(os.fsencode(tiny_model), "cpu", "float32", 1).setup

    assert (setup.device, setup.compute_type, setup.threads) == ("cpu", "float32", 1)
