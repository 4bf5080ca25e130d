"""Lines of live text end where a clause does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.messages import Segment, SegmentKind
from desktop_app.transcripts.lines import as_lines, text_of_line


def lines_of(*segments: Segment) -> list[str]:
    return [text_of_line(line) for line in as_lines(segments)]


def told(*texts: str, pause: float = 0.1) -> list[Segment]:
    return [Segment(number * (1 + pause), number * (1 + pause) + 1, text) for number, text in enumerate(texts)]


def test_pieces_of_one_sentence_are_one_line():
    pieces = told("Please leave your message after the", "beep.", "This is", "there.", "Hello, said he,", "and went.")

    assert lines_of(*pieces) == [
        "Please leave your message after the beep.",
        "This is there.",
        "Hello, said he,",
        "and went.",
    ]


def test_pieces_of_a_script_without_spaces_are_joined_without_any():
    assert lines_of(*told("今天我们要讨论", "学校旁边的旧桥。")) == ["今天我们要讨论学校旁边的旧桥。"]


@pytest.mark.parametrize(
    "segments",
    [
        told("Before a pause", "after it", pause=1.0),
        [Segment(0, 1, "one", speaker="left"), Segment(1, 2, "other", speaker="right")],
        [Segment(0, 7, "a long"), Segment(7, 13, "sentence")],
        told("said he.”", "And went"),
        [*told("not understood"), Segment(1.1, 2, "", kind=SegmentKind.NOT_UNDERSTOOD)],
        [Segment(0, 1, "", kind=SegmentKind.SKIPPED), Segment(1.1, 2, "understood")],
    ],
)
def test_a_line_does_not_go_on_behind_a_pause_another_speaker_or_its_end(segments):
    assert lines_of(*segments) == [segment.shown_text for segment in segments]


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 15), st.text(max_size=9), st.sampled_from(["", "left"]))))
def test_every_segment_with_text_is_in_one_line_in_order(drawn):
    segments, start = [], 0.0
    for pause, length, text, speaker in drawn:
        segments.append(Segment(start + pause, start + pause + length, text, speaker=speaker))
        start += pause + length

    lines = [*as_lines(segments)]

    kept = [segment for line in lines for segment in line]
    assert kept == [segment for segment in segments if segment in kept]
    assert all(text_of_line(line) for line in lines)
