"""Words become segments that a reader would make, with times one can rely on."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spoken import evenly, heard, span, stretches, words

from desktop_app.backend import sentences
from desktop_app.backend.speech import Span
from desktop_app.messages import Doubt, Word

SECONDS = 20.0
START = 100.0
LONGEST = 15.0  # seconds: nobody reads more at once

moment = st.floats(START, START + SECONDS, allow_nan=False)
texts = st.sampled_from([" and", " so", " well,", " yes.", " Why?", " 3.5", " “no”", " こ", "。", "-", " "])
any_words = st.lists(
    st.builds(lambda a, b, text: Word(min(a, b), max(a, b), text, 0.5), moment, moment, texts), max_size=40
)


@settings(max_examples=300, deadline=None)
@given(said=any_words, voiced=stretches(SECONDS))
def test_times_never_run_backwards_nor_overlap_nor_leave_the_span(said, voiced):
    settled = sentences.settled(said, span(voiced, SECONDS, START))

    moments = [time for word in settled for time in (word.start, word.end)]
    assert moments == sorted(moments)
    assert all(START - 0.001 <= time <= START + SECONDS + 0.001 for time in moments)
    assert [(word.text, word.probability) for word in settled] == [(word.text, word.probability) for word in said]


@st.composite
def words_in_order(draw) -> list[Word]:
    """Words as a model gives them: one behind the other, now and then with time between them."""
    said, at = [], START
    for _ in range(draw(st.integers(1, 12))):
        start = at + draw(st.sampled_from([0.0, 0.0, 0.1, 1.0, 3.0]))
        at = start + draw(st.floats(0.1, 4.0))
        if at <= START + SECONDS:
            said.append(Word(start, at, " word", 0.5))
    return said


# What comes last is pressed against speech that came before; the word in it must not lose its place.
@example(
    said=[
        Word(START + 10.25, START + 11.375, " word", 0.5),
        Word(START + 11.375, START + 11.875, " word", 0.5),
        Word(START + 11.875, START + 12.875, " word", 0.5),
    ],
    voiced=[(0.0, 0.1), (0.2, 0.3), (10.9, 11.4)],
)
@settings(max_examples=300, deadline=None)
@given(said=words_in_order(), voiced=stretches(SECONDS))
def test_a_word_that_is_said_where_somebody_speaks_stays_there(said, voiced):
    in_span = span(voiced, SECONDS, START)

    settled = sentences.settled(said, in_span)

    assert all(a.end <= b.start for a, b in itertools.pairwise(settled))
    for before, after in zip(said, settled, strict=True):
        if overlap(before, in_span) > 0.15:
            assert overlap(after, in_span) > 0


def overlap(word: Word, in_span: Span) -> float:
    at = [(in_span.start + begin, in_span.start + end) for begin, end in in_span.voiced()]
    return sum(max(0.0, min(word.end, end) - max(word.start, begin)) for begin, end in at)


@settings(max_examples=300, deadline=None)
@given(said=any_words, voiced=stretches(SECONDS))
def test_every_word_has_some_time(said, voiced):
    settled = sentences.settled(said, span(voiced, SECONDS, START))

    assert all(word.end - word.start >= 0.018 for word in settled)  # rounded


@settings(max_examples=300, deadline=None)
@given(said=words_in_order(), voiced=stretches(SECONDS))
def test_an_edge_of_a_word_that_lies_in_speech_is_left_alone(said, voiced):
    in_span = span(voiced, SECONDS, START)
    at = [(START + begin, START + end) for begin, end in in_span.voiced()]

    for before, after in zip(said, sentences.settled(said, in_span), strict=True):
        if any(begin <= before.start <= end - sentences.SHORTEST_WORD for begin, end in at):
            assert after.start == pytest.approx(before.start, abs=0.1)  # a tiny word before may push it


def test_a_word_stretched_over_a_silence_before_it_begins_where_somebody_speaks():
    (word,) = sentences.settled(words((0.0, 5.0, "Hello")), span([(4.5, 6)]))

    assert word.start == pytest.approx(4.5, abs=0.04)
    assert word.end == 5.0


def test_a_first_word_that_is_put_most_of_a_second_into_the_silence_before_it_begins_with_the_voice():
    voiced = span([(9.31, 10.27), (11.65, 12.29)])

    (word,) = sentences.settled(words((10.82, 11.82, "Hello")), voiced)  # as base does behind a join of two recordings

    assert (word.start, word.end) == (pytest.approx(11.65, abs=0.04), 11.82)


def test_a_word_with_a_short_pause_in_it_keeps_its_edges():
    (word,) = sentences.settled(words((1.0, 2.0, "education")), span([(0.5, 1.2), (1.4, 2.2)]))

    assert (word.start, word.end) == (1.0, 2.0)


def test_a_word_that_another_swallows_shares_its_time():
    first, second = sentences.settled(words((1.0, 2.0, "one"), (1.6, 1.9, "two")), span([(0, 10)]))

    assert (first.start, first.end, second.start, second.end) == (1.0, 1.6, 1.6, 2.0)


@settings(max_examples=300, deadline=None)
@given(said=any_words, voiced=stretches(SECONDS), with_words=st.booleans())
def test_no_word_is_lost_and_no_segment_is_too_long_to_read(said, voiced, with_words):
    reading = heard(span(voiced, SECONDS, START), said)

    segments = sentences.segments(reading, (), with_words)

    assert "".join("".join(s.text for s in segments).split()) == "".join(reading.text.split())
    assert all(segment.text and segment.end - segment.start <= LONGEST for segment in segments)
    assert all(a.end <= b.start for a, b in itertools.pairwise(segments))
    for segment in segments:
        if with_words:
            assert "".join(word.text for word in segment.words).strip() == segment.text
            assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        else:
            assert segment.words == ()


def test_with_and_without_words_the_segments_are_the_same():
    reading = heard(span([(0, 20)]), evenly("One. Two three. " * 10, 0, 20))

    with_words, without = (sentences.segments(reading, (), wanted) for wanted in (True, False))

    assert [(s.start, s.end, s.text) for s in with_words] == [(s.start, s.end, s.text) for s in without]


def test_a_word_begins_and_ends_where_somebody_speaks():
    in_span = span([(2.0, 3.0), (6.0, 7.0)], start=START)
    early, late = Word(START + 1.7, START + 2.4, " Early", 1.0), Word(START + 6.6, START + 7.3, " late", 1.0)

    first, last = sentences.settled([early, late], in_span)

    assert first.start == pytest.approx(START + 2.0, abs=0.04)  # to a frame
    assert last.end == pytest.approx(START + 7.0, abs=0.04)


def test_a_word_is_not_stretched_over_a_silence():
    (word,) = sentences.settled(words((1.0, 15.0, "Stretched.")), span([(1, 2), (14, 15)]))

    assert word.end - word.start < 3


@pytest.mark.parametrize(
    "said",
    [
        ["This is one.", "This is another."],
        ["Is it?", "It is!", "Well…"],
        ["これは文です。", "次の文です。"],
        ["He said “stop.”", "They went on."],
        ["क्या है।", "अच्छा।"],
    ],
)
def test_every_sentence_is_a_segment(said):
    segments = sentences.segments(heard(span([(0, 20)]), evenly(" ".join(said), 0, 6)), (), True)

    assert [segment.text for segment in segments] == said


def test_a_long_pause_parts_two_segments():
    said = words((0, 0.5, "and"), (0.5, 1, "then"), (5, 5.5, "she"), (5.5, 6, "came"))

    segments = sentences.segments(heard(span([(0, 1), (5, 6)]), said), (), True)

    assert [segment.text for segment in segments] == ["and then", "she came"]


def test_an_endless_sentence_is_parted_at_a_comma_where_there_is_one():
    said = evenly("and so they went on, " * 12, 0, 30)

    segments = sentences.segments(heard(span([(0, 30)], 30), said), (), True)

    assert len(segments) > 2
    assert all(segment.text.endswith(",") for segment in segments[:-1])


def test_segments_carry_the_language_the_speaker_and_the_doubts():
    reading = heard(span([(0, 2)], speaker="left"), evenly("Oui. Non.", 0, 2), language="fr")

    for segment in sentences.segments(reading, (Doubt.LOW_CONFIDENCE,), True):
        assert (segment.language, segment.speaker, segment.doubts) == ("fr", "left", (Doubt.LOW_CONFIDENCE,))


def test_that_words_are_missing_is_said_only_of_the_segments_beside_the_gap():
    said = evenly("One. Two. Three.", 0, 3) + evenly("Four. Five. Six.", 9, 12)
    in_span = span([(0, 12)])

    segments = sentences.segments(heard(in_span, said), (Doubt.MISSING_WORDS, Doubt.LOW_CONFIDENCE), True)

    missing = [segment.text for segment in segments if Doubt.MISSING_WORDS in segment.doubts]
    assert missing == ["Three.", "Four."]
    assert all(Doubt.LOW_CONFIDENCE in segment.doubts for segment in segments)


def test_a_word_that_is_unsure_among_unsure_ones_marks_its_sentence_alone():
    said = [
        *evenly("All of this was clear.", 0, 2),
        *(Word(w.start, w.end, w.text, p) for w, p in zip(evenly("Or say oh.", 2, 3), (0.2, 0.5, 0.3), strict=True)),
        *evenly("And this was clear again.", 4, 6),
    ]

    found = sentences.segments(heard(span([(0, 3), (4, 6)]), said), (), True)

    assert [segment.doubts for segment in found] == [(), (Doubt.LOW_CONFIDENCE,), ()]


def test_words_stretched_over_others_that_were_lost_are_marked():
    # A real one: "To mute or unmute yourself" is said a second time between "You" and "now", and was not written.
    voiced = [(0.3, 2.1), (3.4, 5.4), (6.2, 7.5)]
    times = [
        (0.0, 0.3, "To", 0.21),
        (0.3, 0.6, "mute", 0.99),
        (0.6, 0.9, "or", 0.95),
        (0.9, 1.3, "unmute", 0.94),
        (1.3, 1.9, "yourself", 0.93),
        (1.9, 3.7, "You", 0.23),
        (3.7, 6.5, "are", 0.97),
        (6.5, 6.7, "now", 0.99),
        (6.7, 7.2, "muted.", 0.98),
    ]
    said = [Word(start, end, f" {text}", probability) for start, end, text, probability in times]

    found = sentences.segments(heard(span(voiced, 8.0), said), (), True)

    assert any(Doubt.MISSING_WORDS in segment.doubts for segment in found)


def test_one_sentence_many_times_in_no_time_is_marked_in_every_segment():
    said = [word for n in range(22) for word in evenly("Thank you for watching.", 0.1 * n, 0.1 * n + 0.1)]

    found = sentences.segments(heard(span([(0, 3)]), said), (), True)

    assert found
    assert all(Doubt.REPETITION in segment.doubts for segment in found)
    assert any(Doubt.TOO_MANY_WORDS in segment.doubts for segment in found)
