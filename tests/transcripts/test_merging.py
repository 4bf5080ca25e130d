"""The accurate text takes the place of live text, and no word that was caught is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest

from desktop_app.messages import Doubt, LeftOut, Segment, SegmentKind, Word
from desktop_app.transcripts.merging import merged


def said(text: str, start: float, each: float = 0.4, probability: float = 0.9, **more) -> Segment:
    """A segment in which the words come evenly, the next one each `each` seconds."""
    words = [
        Word(start + n * each, start + (n + 0.9) * each, f" {word}", probability) for n, word in enumerate(text.split())
    ]
    return Segment(words[0].start, words[-1].end, text, tuple(words), -0.1, **more)


def texts(segments: list[Segment]) -> list[str]:
    return [segment.text for segment in segments]


def kept(segments: list[Segment]) -> list[str]:
    return [segment.text for segment in segments if Doubt.ONLY_LIVE in segment.doubts]


ACCURATE = [said("We left at dawn.", 0.0), said("The boat was late.", 8.0)]


def test_live_words_for_which_the_accurate_pass_has_nothing_are_kept_and_marked() -> None:
    live = [said("We left at dawn.", 0.0), said("so what can I say? Oh,", 3.0), said("The boat was late.", 8.0)]

    both = merged(ACCURATE, live)

    assert texts(both) == ["We left at dawn.", "so what can I say? Oh,", "The boat was late."]
    assert both[1].doubts == (Doubt.ONLY_LIVE,)
    assert both[1].words == live[1].words
    assert [both[0], both[2]] == ACCURATE


@pytest.mark.parametrize(
    "live",
    [
        [],
        ACCURATE,
        [said("We left at dawn.", 0.4), said("The boat was late.", 7.5)],  # the same at other times
        [said("We left at down.", 1.7)],  # another reading of what stands before the hole
        [said("a boat was laid", 6.2)],  # and of what stands behind it
        [said("perhaps it was nothing", 3.0, probability=0.3)],
        [said("um", 3.0, probability=0.6)],
        [said("Thank you. Thank you.", 3.0, doubts=(Doubt.REPETITION,))],
        [said("Thanks for watching!", 3.0, doubts=(Doubt.NO_SPEECH,))],
        [Segment(3.0, 5.0, "", doubts=(Doubt.SKIPPED,), kind=SegmentKind.SKIPPED)],
        [said("far too many words for so little time", 3.0, each=0.03)],
    ],
)
def test_otherwise_the_accurate_text_is_as_it_was(live) -> None:
    assert merged(ACCURATE, live) == ACCURATE


def test_what_the_accurate_pass_heard_and_rejected_does_not_come_back() -> None:
    live = [said("Thanks for watching!", 3.0)]

    assert merged(ACCURATE, live, [LeftOut(2.5, 5.0, " Thanks for watching.", Doubt.NO_SPEECH)]) == ACCURATE
    assert kept(merged(ACCURATE, live, [LeftOut(30.0, 31.0, "Thanks for watching.", Doubt.NO_SPEECH)]))


def test_only_the_words_that_are_missing_are_taken() -> None:
    live = [said("dawn. and so we sailed The boat was late.", 2.2, each=0.8)]

    assert kept(merged(ACCURATE, live)) == ["and so we sailed"]


def test_a_hole_inside_a_passage_divides_it() -> None:
    first, second = said("We left", 0.0), said("late.", 6.0)
    one = Segment(0.0, second.end, "We left late.", first.words + second.words, -0.1, doubts=(Doubt.MISSING_WORDS,))

    both = merged([one], [said("because the boat was", 2.0)])

    assert texts(both) == ["We left", "because the boat was", "late."]
    assert "".join(word.text for segment in both for word in segment.words) == " We left because the boat was late."
    assert all(one.end <= other.start for one, other in pairwise(both))
    assert both[0].doubts == both[2].doubts == (Doubt.MISSING_WORDS,)


def test_a_word_stretched_over_a_pause_hides_nothing() -> None:
    stretched = Segment(0.0, 6.0, "So", (Word(0.0, 6.0, " So", 0.4),), -0.9)

    both = merged([stretched, ACCURATE[1]], [said("So what can I say?", 0.0, each=0.9)])

    assert kept(both) == ["can I say?"] or kept(both) == ["what can I say?"]


def test_words_before_the_first_and_after_the_last_are_kept_as_well() -> None:
    live = [said("Good morning everybody.", 0.0), said("See you tomorrow then.", 20.0)]

    assert texts(merged([ACCURATE[1]], live)) == [
        "Good morning everybody.",
        "The boat was late.",
        "See you tomorrow then.",
    ]


def test_texts_without_word_times_are_merged_by_their_segments() -> None:
    accurate = [Segment(0.0, 4.0, "We left at dawn."), Segment(9.0, 12.0, "The boat was late.")]
    live = [
        Segment(0.2, 3.8, "We left at dawn."),
        Segment(5.0, 8.0, "So what can I say?", average_log_probability=-0.3),
    ]

    both = merged(accurate, live)

    assert texts(both) == ["We left at dawn.", "So what can I say?", "The boat was late."]
    assert kept(both) == ["So what can I say?"]


def test_a_gap_that_the_accurate_pass_left_is_filled() -> None:
    gap = Segment(3.0, 7.0, "", doubts=(Doubt.MISSING_WORDS,), kind=SegmentKind.NOT_UNDERSTOOD)

    both = merged([ACCURATE[0], gap, ACCURATE[1]], [said("so what can I say?", 4.0)])

    assert kept(both) == ["so what can I say?"]


def test_two_channels_fill_the_time_together() -> None:
    left, right = said("We left at dawn.", 0.0, speaker="left"), said("Did you really?", 3.0, speaker="right")

    assert merged([left, right], [said("We left at dawn. Did you", 0.2, each=0.7)]) == [left, right]
