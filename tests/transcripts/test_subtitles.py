"""Subtitles: the limits that broadcasters set, every word once and in order, nothing at the same time."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import pytest
import subtitle_checks
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desktop_app.messages import Segment, SegmentKind, Word
from desktop_app.transcripts import export, subtitles
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Transcript

LETTERS_A_SECOND = 16.0  # of somebody who speaks fast; 12 to 15 is usual
SAID = (
    "Thank you all for coming, it is good to see so many of you in this room tonight. We have a lot to talk about:"
    " the bridge, the school, and what became of the money that the council had promised us two years ago. Yes."
    " I know that some of you would rather hear about the bridge first, because it is on your way to work every single"
    " morning and you have been waiting for it. Let me begin there."
)


def spoken(text: str, start: float = 0.0, speaker: str = "", rate: float = LETTERS_A_SECOND) -> list[Segment]:
    """Return a text as the engine gives it: a segment a sentence, a pause after it, and the times of its words."""
    segments = []
    for sentence in re.findall(r"[^.!?]+[.!?]*", text):
        words = []
        for part in re.findall(r"\s*\S+", sentence):
            end = start + len(part) / rate
            words.append(Word(round(start, 3), round(end, 3), part, 0.9))
            start = end
        segments.append(Segment(words[0].start, words[-1].end, sentence.strip(), tuple(words), speaker=speaker))
        start += 0.4
    return segments


def of(*segments: Segment) -> list[subtitles.Cue]:
    return list(subtitles.cues(segments))


def texts(cues: Sequence[subtitles.Cue]) -> list[str]:
    return ["\n".join(cue.lines) for cue in cues]


def unspaced(text: str) -> str:
    return "".join(text.split())


# --- the limits ------------------------------------------------------------------------------------------------------


def test_speech_of_usual_speed_becomes_subtitles_that_break_no_limit():
    job = Job(1, "talk.m4a", JobOptions(), JobState.DONE, 0.0)
    transcript = Transcript(job, spoken(SAID))

    for kind in ("srt", "vtt"):
        found = subtitle_checks.faults(export.text_of(transcript, kind))

        assert found.cues >= 6
        assert found == subtitle_checks.Faults(found.cues, *[0] * 8)


def test_two_people_who_interrupt_each_other_are_read_one_after_the_other():
    left, right = spoken(SAID, speaker="left"), spoken("No. " + SAID, 14.0, speaker="right")
    segments = sorted(left + right, key=lambda segment: segment.start)
    job = Job(1, "talk.m4a", JobOptions(), JobState.DONE, 0.0)

    for kind in ("srt", "vtt"):
        found = subtitle_checks.faults(export.text_of(Transcript(job, segments), kind))

        assert (found.overlaps, found.slits, found.long_lines, found.many_lines) == (0, 0, 0, 0)
    for speaker, said in (("left", SAID), ("right", "No. " + SAID)):
        assert " ".join(" ".join(cue.lines) for cue in of(*segments) if cue.speaker == speaker) == said


def test_a_subtitle_ends_with_the_sentence_where_there_is_room():
    cues = of(*spoken("It is late. We should go home now, before it rains and the last bus has left for the village."))

    assert texts(cues)[0] in ("It is late.", "It is late. We should go home now,")
    assert texts(cues)[-1].endswith("village.")


def test_the_first_line_does_not_end_with_an_article_or_in_the_middle_of_a_phrase_set_off_by_commas():
    (cue,) = of(*spoken("When you come back, you can read all the text."))

    assert cue.lines == ("When you come back,", "you can read all the text.")


def test_one_short_word_stays_long_enough_to_be_read():
    cues = of(Segment(0, 0.2, "Yes.", (Word(0, 0.2, " Yes.", 1.0),)), *spoken("And now to something else.", 3.0))

    assert cues[0].lines == ("Yes.",)
    assert cues[0].end - cues[0].start == pytest.approx(subtitles.MIN_DURATION)


def test_a_subtitle_does_not_wait_through_a_long_pause_for_its_next_word():
    segment = Segment(0, 9, "One two.", (Word(0, 0.5, " One", 1.0), Word(8.5, 9, " two.", 1.0)))

    assert texts(of(segment)) == ["One", "two."]


def test_gaps_of_less_than_half_a_second_are_closed_to_two_frames():
    cues = of(
        *spoken("We have a lot to talk about tonight, and little time.", 0.0, rate=12),
        *spoken("Let me begin with the bridge and with the school.", 4.8, rate=12),
    )

    assert cues[1].start - cues[0].end == pytest.approx(subtitles.GAP)


def test_a_passage_in_which_nothing_was_understood_is_not_shown_for_ever():
    (cue,) = of(Segment(3.0, 33.0, "", kind=SegmentKind.NOT_UNDERSTOOD))

    assert (cue.start, cue.end, cue.lines) == (3.0, 10.0, ("[…]",))


# --- texts of all kinds ----------------------------------------------------------------------------------------------


def test_without_the_times_of_words_a_segment_shares_its_time_out_by_letters():
    cues = of(Segment(10.0, 20.0, "a" * 40 + ", " + "b" * 40 + " " + "c" * 20))

    assert [line for cue in cues for line in cue.lines] == ["a" * 40 + ",", "b" * 40, "c" * 20]
    assert cues[0].start == 10.0
    assert all(one.end <= other.start for one, other in itertools.pairwise(cues))


def test_words_that_do_not_make_up_the_text_are_not_trusted():
    segment = Segment(0, 4, "What was corrected since.", (Word(0, 4, " What was wrong.", 1.0),))

    assert texts(of(segment)) == ["What was corrected since."]


def test_chinese_is_counted_by_its_wide_signs_and_never_broken_within_a_word():
    words = [
        "今天",
        "我们",
        "要",
        "讨论",
        "的",
        "是",
        "，",
        "学校",
        "旁边",
        "的",
        "那座",
        "旧",
        "桥",
        "什么",
        "时候",
        "才能",
        "修好",
        "。",
    ]
    timed = tuple(Word(number * 0.4, number * 0.4 + 0.4, word, 1.0) for number, word in enumerate(words))

    cues = of(Segment(0, len(words) * 0.4, "".join(words), timed))

    lines = [line for cue in cues for line in cue.lines]
    assert "".join(lines) == "".join(words)
    assert all(subtitle_checks.width(line) <= 42 for line in lines)
    ends = set(itertools.accumulate(map(len, words)))
    assert set(itertools.accumulate(map(len, lines))) <= ends
    assert not any(line[0] in "，。" for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "きょうは、がっこうのちかくのふるいはしについて、みなさんとゆっくりおはなしをしたいとおもいます。それから、おかねのことも。",
        "วันนี้เราจะมาคุยกันเรื่องสะพานเก่าใกล้โรงเรียนและเรื่องเงินที่สภาเคยสัญญาไว้กับพวกเราเมื่อสองปีก่อนและยังไม่ได้ให้เลย",
    ],
)
def test_a_script_without_spaces_and_without_word_times_is_broken_where_it_may_be(text):
    cues = of(Segment(0, 20, text))

    lines = [line for cue in cues for line in cue.lines]
    assert "".join(lines) == text
    assert len(lines) > 2
    assert all(subtitle_checks.width(line) <= 42 for line in lines)
    assert not any(line[0] in "、。っょーะาำัิีึืุู็่้์" or line[-1] in "เแโใไ" for line in lines)


def test_a_french_question_mark_is_not_alone_on_a_line():
    words = " Est-ce que vous avez bien entendu ce que je dis ?".replace(" ?", "|?").split(" ")[1:]
    parts = [part for word in words for part in (" " + word).replace("|", "| ").split("|")]
    timed = tuple(Word(number * 0.3, number * 0.3 + 0.3, part, 1.0) for number, part in enumerate(parts))

    (cue,) = of(Segment(0, 4, "".join(parts).strip(), timed))

    assert cue.lines[-1].endswith("dis ?")
    assert len(cue.lines) == 2


def test_a_word_longer_than_a_line_is_not_broken():
    word = "https://example.org/" + "a" * 60

    assert [line for cue in of(Segment(0, 9, f"Look at {word} then.")) for line in cue.lines].count(word) == 1


def test_a_subtitle_has_one_speaker_whose_name_stands_where_it_changes():
    segments = [*spoken("How are you?", 0.0, "left"), *spoken("Well, thank you.", 1.0, "right")]

    cues = list(subtitles.cues(segments, str.capitalize))

    assert [(cue.speaker, cue.lines) for cue in cues] == [
        ("left", ("Left: How are you?",)),
        ("right", ("Right: Well, thank you.",)),
    ]


def test_a_long_transcript_is_not_read_to_its_end_before_the_first_subtitle_is_there():
    read = []

    def endless():
        for number in itertools.count():
            read.append(number)
            yield from spoken("Word after word without any end.", number * 2.4)

    next(subtitles.cues(endless()))

    assert len(read) < subtitles.MAX_UNITS


# --- whatever comes --------------------------------------------------------------------------------------------------

words_of_any_kind = st.sampled_from(
    [" a", " the", " word", " Ende.", " mais,", "本", "，", "ไทย", " שלום", " -", "%", " “", " " * 2]
)
odd_words = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=12)


@st.composite
def segment_lists(draw: st.DrawFn) -> list[Segment]:
    """Segments in order of their beginnings, of one or two speakers who may speak at the same time."""
    segments = []
    start = 0.0
    for _ in range(draw(st.integers(0, 8))):
        start += draw(st.floats(0, 6))
        speaker = draw(st.sampled_from(["left", "right", ""]))
        said = draw(st.lists(words_of_any_kind | odd_words, max_size=25))
        times = sorted(draw(st.lists(st.floats(start, start + 12), min_size=len(said) + 1, max_size=len(said) + 1)))
        words = tuple(Word(*pair, text, 0.5) for pair, text in zip(itertools.pairwise(times), said, strict=True))
        kept = words if draw(st.booleans()) else ()
        segments.append(Segment(times[0], times[-1], "".join(said).strip(), kept, speaker=speaker))
    return sorted(segments, key=lambda segment: segment.start)


@given(segment_lists())
@example([Segment(0, 0, "")])
@example([Segment(5, 1, "back in time"), Segment(5, 1, "and again")])
@settings(deadline=None)
def test_every_word_is_in_one_subtitle_each_speakers_in_order_and_no_two_are_seen_at_once(segments):
    cues = of(*segments)

    for speaker in ("left", "right", ""):
        said = "".join(unspaced(segment.text) for segment in segments if segment.speaker == speaker)
        assert "".join(unspaced("".join(cue.lines)) for cue in cues if cue.speaker == speaker) == said
    for cue in cues:
        assert cue.start < cue.end <= cue.start + subtitles.MAX_DURATION + 1e-6
        assert 1 <= len(cue.lines) <= 2
        assert all(line and line == line.strip() for line in cue.lines)
    for one, other in itertools.pairwise(cues):
        gap = round(1000 * (other.start - one.end))
        assert gap == 0 or gap >= 80
    assert of(*segments) == cues  # the same again


@given(segment_lists())
@settings(deadline=None)
def test_no_line_is_longer_than_it_may_be_unless_it_is_a_single_word(segments):
    for line in (line for cue in of(*segments) for line in cue.lines):
        assert subtitle_checks.width(line) <= 42 or is_one_word(line)


def is_one_word(line: str) -> bool:
    """Nothing in it may be parted: no space but beside punctuation, no two signs of a script without spaces."""
    unit = re.sub(r" (?=[,.;:!?%…»”’)\]}–—-]+( |$))|(?<=[«“‘(\[{¿¡#$£€]) ", "", line)
    return " " not in unit or not any(sign.isalnum() for sign in line)
