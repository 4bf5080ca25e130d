"""How a recording becomes spans of speech that the model can take."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desktop_app.backend.audio import SAMPLE_RATE, Recording
from desktop_app.backend.speech import BLOCK, FRAME, PADDING, SPEECH, Span, SpanCutter, VoiceActivity, spans

SECOND = SAMPLE_RATE / FRAME  # frames

# Stretches of frames that are as probable as each other: minutes of speech, of silence, of something between.
stretches = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.34, 0.36, 0.49, 0.5, 0.7, 1.0]), st.integers(1, 1500)),
    min_size=1,
    max_size=12,
)
noisy = st.lists(st.floats(0, 1), min_size=1, max_size=300)
recordings = stretches.map(lambda parts: [p for probability, count in parts for p in [probability] * count]) | noisy


def cut(probabilities: list[float], sizes: list[int]) -> list[tuple[int, int]]:
    """Feed frames in pieces of these sizes, over and over; return the spans as first frame and frame after the last.

    Each frame's samples hold its number, so that what is in a span can be told.
    """
    numbers = np.repeat(np.arange(len(probabilities), dtype=np.float32), FRAME)
    cutter, found, position = SpanCutter(), [], 0
    for size in itertools.cycle(sizes):
        if position >= len(probabilities):
            break
        end = min(position + size, len(probabilities))
        found += cutter.feed(numbers[position * FRAME : end * FRAME], np.array(probabilities[position:end]))
        position = end
    found += cutter.finish()
    return [_frames_of(span) for span in found]


def _frames_of(span: Span) -> tuple[int, int]:
    first, last = int(span.samples[0]), int(span.samples[-1])
    assert np.array_equal(span.samples, np.repeat(np.arange(first, last + 1, dtype=np.float32), FRAME))
    assert span.start == pytest.approx(first * FRAME / SAMPLE_RATE)
    return first, last + 1


@settings(max_examples=150, deadline=None)
@given(probabilities=recordings, sizes=st.lists(st.integers(1, 200), min_size=1, max_size=3))
@example(probabilities=[1.0] * 5000, sizes=[64])
@example(probabilities=([1.0] + [0.0] * 100) * 60, sizes=[64])
@example(probabilities=[0.0] * 2000 + [1.0], sizes=[64])
@example(probabilities=[1.0] * 937 + [0.0] * 12 + [1.0] * 5, sizes=[64])
def test_every_frame_of_speech_is_in_exactly_one_span_in_order_and_none_is_too_long(probabilities, sizes):
    found = cut(probabilities, sizes)

    frames = [frame for first, end in found for frame in range(first, end)]
    assert frames == sorted(set(frames))
    assert {number for number, p in enumerate(probabilities) if p >= SPEECH} <= set(frames)
    assert all((end - first) * FRAME <= 30 * SAMPLE_RATE for first, end in found)


@settings(max_examples=60, deadline=None)
@given(probabilities=recordings, sizes=st.lists(st.integers(1, 500), min_size=1, max_size=4))
def test_the_sizes_of_the_pieces_change_nothing(probabilities, sizes):
    assert cut(probabilities, sizes) == cut(probabilities, [64])


def test_a_span_has_some_silence_around_it():
    begin, end = 100, 200

    (found,) = cut([0.0] * begin + [1.0] * (end - begin) + [0.0] * 300, [64])

    assert found == (begin - PADDING, end + PADDING)


def test_a_short_pause_is_kept_and_a_long_one_parts_two_spans():
    word, pause = [1.0] * 30, [0.0] * round(2 * SECOND)

    assert len(cut(word + pause + word, [64])) == 1
    assert len(cut(word + pause + pause + word, [64])) == 2


def test_a_long_speech_is_cut_where_a_pause_is():
    probabilities = [1.0] * 1500
    probabilities[600:612] = [0.1] * 12

    first, second = cut(probabilities, [64])[:2]

    assert 600 < first[1] < 612
    assert second[0] == first[1]


def test_nothing_is_held_that_no_span_can_want():
    cutter = SpanCutter()

    for _ in range(50):
        assert not list(cutter.feed(np.zeros(BLOCK, np.float32), np.zeros(BLOCK // FRAME)))

    assert len(cutter._samples) <= PADDING * FRAME


def test_real_speech_is_found_and_silence_is_not(speech, silence):
    voice = VoiceActivity()

    with Recording(os.fsencode(speech)) as recording:
        spoken = [found for found in spans(recording.blocks(BLOCK), voice) if isinstance(found, Span)]
    with Recording(os.fsencode(silence)) as recording:
        quiet = [found for found in spans(recording.blocks(BLOCK), voice) if isinstance(found, Span)]

    assert sum(span.end - span.start for span in spoken) > 11
    assert spoken[0].start < 0.5
    assert not quiet


def test_what_was_heard_before_does_not_matter(speech):
    fresh, used = VoiceActivity(), VoiceActivity()
    with Recording(os.fsencode(speech)) as recording:
        list(spans(recording.blocks(BLOCK), used))

    found = []
    for voice in (fresh, used):
        with Recording(os.fsencode(speech)) as recording:
            found.append([s.start if isinstance(s, Span) else s for s in spans(recording.blocks(BLOCK), voice)])

    assert found[0] == found[1]


def test_the_size_of_the_blocks_hardly_changes_the_probabilities(speech):
    with Recording(os.fsencode(speech)) as recording:
        samples = np.concatenate(list(recording.blocks(BLOCK)))
    samples = samples[: len(samples) // FRAME * FRAME]
    voice = VoiceActivity()

    at_once = voice.probabilities(samples)
    voice.forget()
    in_pieces = np.concatenate(
        [voice.probabilities(samples[at : at + 5 * FRAME]) for at in range(0, len(samples), 5 * FRAME)]
    )

    assert np.allclose(at_once, in_pieces, atol=1e-4)
