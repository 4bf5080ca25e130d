"""Whether what the model heard can be believed."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spoken import evenly, heard, span, stretches, words

from desktop_app.backend import checks, decoding
from desktop_app.messages import Doubt, Word

SECONDS = 20.0
A_SENTENCE = "please enter your agent number followed by the pound key"


@st.composite
def spoken_words(draw) -> list[Word]:
    """Words of ordinary lengths, anywhere in the span."""
    starts = sorted(draw(st.lists(st.floats(0, SECONDS - 0.6), max_size=30)))
    return [Word(start, start + draw(st.floats(0.05, 0.5)), " word", 0.9) for start in starts]


@settings(max_examples=200, deadline=None)
@given(voiced=stretches(SECONDS), said=spoken_words(), start=st.sampled_from([0.0, 1234.5]))
def test_speech_that_has_words_is_never_reported_as_missing(voiced, said, start):
    at = [Word(word.start + start, word.end + start, word.text, 0.9) for word in said]

    found = checks.uncovered(span(voiced, SECONDS, start), at)

    for begin, end in found:
        assert begin < end
        assert not [word for word in said if word.start < end - 1e-6 and word.end > begin + 1e-6]
        assert any(first - 0.05 <= begin and end <= last + 0.05 for first, last in voiced)  # a frame is 0.032 s


@settings(max_examples=200, deadline=None)
@given(voiced=stretches(SECONDS), said=spoken_words())
def test_speech_far_from_any_word_is_always_reported(voiced, said):
    found = checks.uncovered(span(voiced, SECONDS), said)

    for begin, end in _far_from_words(voiced, said, 1.0):
        if end - begin >= 2.0:
            assert any(first <= begin + 0.1 and last >= end - 0.1 for first, last in found)


def _far_from_words(voiced, said: list[Word], distance: float) -> list[tuple[float, float]]:
    left = list(voiced)
    for word in said:
        start, end = word.start - distance, word.end + distance
        left = [
            part
            for first, last in left
            for part in ((first, min(last, start)), (max(first, end), last))
            if part[1] > part[0]
        ]
    return left


def test_a_word_stretched_over_a_gap_does_not_hide_it():
    in_span = span([(0, 20)])
    said = [*evenly("these are words", 0, 1), Word(1.0, 14.0, " stretched", 0.9), *evenly("and that is all", 14, 20)]

    ((begin, end),) = checks.uncovered(in_span, said)

    assert 2 < begin < 4
    assert 12 < end < 14.5


def test_several_words_stretched_over_a_gap_do_not_hide_it_together():
    in_span = span([(0, 20)])
    two_stretched = [Word(8.0, 10.3, " To", 0.9), Word(10.3, 12.9, " reset", 0.9)]  # over half a sentence
    said = [*evenly("the volume to the default level of old", 0, 8), *two_stretched]
    said += evenly("the audio volume of the conference to the level", 12.9, 20)

    found = checks.uncovered(in_span, said)

    assert len(found) == 2
    assert all(8 < begin < end < 13 for begin, end in found)
    assert all(end - begin < checks.SPEECH_WITHOUT_WORDS for begin, end in found)


def test_short_pieces_far_from_each_other_are_not_missed():
    said = words((0.0, 4.6, "one"), (4.6, 9.2, "two"), (9.2, 13.8, "three"), (13.8, 18.0, "four"))
    voiced = [(0, 1.5), (4.6, 6.1), (9.2, 10.7), (13.8, 15.3)]

    assert not checks.uncovered(span(voiced), said)


def test_what_is_missing_is_a_doubt():
    in_span = span([(0, 20)])

    assert Doubt.MISSING_WORDS in checks.doubts(heard(in_span, evenly("half of it has words " * 4, 0, 10)))
    assert checks.missing(heard(in_span, ())) == pytest.approx(20, abs=0.1)
    assert not checks.doubts(
        heard(in_span, evenly("all of it has words that differ from each other and are slow", 0, 20))
    )


# --- circles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "times", "seconds"),
    [(A_SENTENCE, 4, 16.0), ("row row row your boat", 3, 6.0), ("no", 8, 4.0), ("testing one two three", 5, 9.0)],
)
def test_people_who_say_the_same_again_are_believed(said, times, seconds):
    reading = heard(span([(0, seconds)]), evenly(" ".join([said] * times), 0, seconds))

    assert not checks.goes_in_circles(reading)
    assert Doubt.REPETITION not in checks.doubts(reading)


@pytest.mark.parametrize("said", [A_SENTENCE, "the pound key", "and", "thank you"])
@pytest.mark.parametrize("how", ["squeezed", "unsure"])
def test_a_model_that_goes_round_in_circles_is_not(said, how):
    many = " ".join([said] * max(6, 80 // len(said.split())))
    begin = evenly("and so it was that we came to", 0, 3)
    circle = evenly(many, 3, 4) if how == "squeezed" else evenly(many, 3, 19)

    reading = heard(span([(0, 20)]), begin + circle, sure=-0.2 if how == "squeezed" else -0.9)

    assert checks.goes_in_circles(reading)
    assert Doubt.REPETITION in checks.doubts(reading)


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=60, unique=True))
def test_words_that_all_differ_do_not_repeat(said):
    assert not checks.repeats(evenly(" ".join(said), 0, 20))


@given(
    before=st.lists(st.text("xyz", min_size=1), max_size=5),
    again=st.lists(st.text("abc", min_size=1), min_size=1, max_size=8),
)
def test_what_comes_eight_times_in_a_row_repeats_whatever_stands_before_it(before, again):
    assert checks.repeats(evenly(" ".join([*before, *again * 8]), 0, 20))


@pytest.mark.parametrize(
    ("said", "is_loop"),
    [
        ("hello " * 10, True),
        ("ba" * 40, True),
        ("谢谢大家" * 6, True),
        ("ha" * 5, False),
        ("it costs 1000000000000 in all", False),
        (f"{A_SENTENCE} " * 5, False),
        (f"{A_SENTENCE} " * 6, True),
    ],
)
def test_what_comes_more_than_five_times_in_a_row_is_found_by_its_letters_in_any_language(said, is_loop):
    assert bool(checks.repeated(evenly(said, 0, 20))) == is_loop


@given(st.text("abc あ, ", max_size=300))
def test_looking_for_repeated_letters_ends_soon_and_finds_only_words_there_are(said):
    found = evenly(said, 0, 20) if said.split() else ()

    assert all(0 <= index < len(found) for index in checks.repeated(found))


# --- how sure, how fast, and whether anybody speaks ------------------------------------------------------------------


def test_more_words_than_fit_into_the_time_are_doubted():
    many = " ".join(f"word{n}" for n in range(60))

    assert Doubt.TOO_MANY_WORDS in checks.doubts(heard(span([(0, 3)]), evenly(many, 0, 3)))
    assert Doubt.TOO_MANY_WORDS not in checks.doubts(heard(span([(0, 20)]), evenly(many, 0, 20)))


def test_more_letters_than_fit_into_the_time_are_doubted_in_a_language_without_spaces():
    many = tuple(Word(0.1 * n, 0.1 * n + 0.1, "これは長い", 0.9) for n in range(30))

    assert Doubt.TOO_MANY_WORDS in checks.doubts(heard(span([(0, 3)]), many))
    assert Doubt.TOO_MANY_WORDS not in checks.doubts(heard(span([(0, 20)]), many))


def test_half_a_letter_is_doubted_and_left_out():
    reading = dataclasses.replace(heard(span([(0, 4)]), evenly("so it was", 0, 4)), has_broken_letters=True)

    assert checks.doubts(reading) == (Doubt.LOW_CONFIDENCE,)
    assert decoding.whole_letters("नमस्\ufffd ते\ufffd") == "नमस् ते"


def test_a_guess_is_doubted():
    reading = heard(span([(0, 4)]), evenly("perhaps it was this that was said", 0, 4), sure=-1.5)

    assert checks.doubts(reading) == (Doubt.LOW_CONFIDENCE,)
    assert not checks.is_phantom(reading)


@pytest.mark.parametrize(
    ("voiced", "sure", "no_speech"), [([], -1.5, 0.1), ([], -0.5, 0.9), ([(0, 0.1)], -1.2, 0.9), ([(0, 5)], -1.7, 0.9)]
)
def test_a_text_where_nobody_speaks_is_a_phantom(voiced, sure, no_speech):
    reading = heard(span(voiced), words((0, 0.5, "Thank"), (0.5, 1, "you.")), sure, no_speech)

    assert checks.is_phantom(reading)


def test_a_text_where_somebody_speaks_clearly_is_none():
    reading = heard(span([(0, 2)]), words((0, 0.5, "Thank"), (0.5, 1.5, "you.")), sure=-0.3, no_speech=0.9)

    assert not checks.is_phantom(reading)


@pytest.mark.parametrize(("sure", "no_speech"), [(-1.1, 0.7), (-1.45, 0.76), (-1.3, 0.5)])
def test_a_short_answer_that_is_clearly_spoken_is_none_and_is_marked(sure, no_speech):
    reading = heard(span([(0.5, 1.0)], 1.6), words((0.5, 1.0, "Two.")), sure, no_speech)

    assert not checks.is_phantom(reading)
    assert Doubt.LOW_CONFIDENCE in checks.doubts(reading)


def test_a_short_answer_where_the_detector_is_not_sure_is_one():
    in_span = dataclasses.replace(span([(0.5, 1.0)], 1.6), probabilities=span([(0.5, 1.0)], 1.6).probabilities * 0.6)

    assert checks.is_phantom(heard(in_span, words((0.5, 1.0, "you")), -1.3, 0.7))


def test_no_text_is_no_phantom():
    assert not checks.is_phantom(heard(span(), (), sure=-2.0, no_speech=1.0))
    assert not checks.doubts(heard(span(), ()))
