"""How a recording becomes spans of speech that the model can take."""

from __future__ import annotations

import itertools
import os
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from speech import prompts

from desktop_app.backend.audio import SAMPLE_RATE, Recording
from desktop_app.backend.speech import (
    BLOCK,
    FIRST_SPAN,
    FRAME,
    FRAME_SECONDS,
    LONGEST_SPAN,
    Listening,
    Silence,
    Span,
    VoiceActivity,
    spans,
)

SECOND = SAMPLE_RATE / FRAME  # frames
LISTENING = Listening()
PADDING = round(LISTENING.padding / FRAME_SECONDS)

# Stretches of frames that are as probable as each other: minutes of speech, of silence, of something between.
stretches = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.34, 0.36, 0.49, 0.5, 0.7, 1.0]), st.integers(1, 1500)),
    min_size=1,
    max_size=12,
)
noisy = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=300)
recordings = stretches.map(lambda parts: [p for probability, count in parts for p in [probability] * count]) | noisy


class Told:
    """A detector that is told the probabilities: each frame's samples hold its number, and it looks them up."""

    def __init__(self, probabilities: list[float]) -> None:
        self._probabilities = np.array(probabilities, np.float32)

    def forget(self, lead_in: int = 0) -> None:
        pass

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        return self._probabilities[samples[::FRAME].astype(int)]


def cut(
    probabilities: list[float],
    sizes: list[int],
    start: int = 0,
    fresh: bool = True,
    listening: Listening = LISTENING,
) -> list[tuple[int, int]]:
    """Cut from frame `start` on, in blocks of so many frames; return each span's first frame and the one after it."""

    blocks = numbered(start, len(probabilities), sizes)
    found = spans(blocks, [Told(probabilities)], listening, start * FRAME_SECONDS, fresh)
    return [_frames_of(span) for span in found if isinstance(span, Span)]


def numbered(position: int, last: int, sizes: list[int]) -> Iterator[np.ndarray]:
    """Yield blocks of so many frames, whose samples hold their frame's number."""
    for size in itertools.cycle(sizes):
        if position >= last:
            return
        end = min(position + size, last)
        yield np.repeat(np.arange(position, end, dtype=np.float32), FRAME)
        position = end


def _frames_of(span: Span) -> tuple[int, int]:
    first, last = int(span.samples[0]), int(span.samples[-1])
    assert np.array_equal(span.samples, np.repeat(np.arange(first, last + 1, dtype=np.float32), FRAME))
    assert span.start == pytest.approx(first * FRAME / SAMPLE_RATE)
    assert len(span.probabilities) == last + 1 - first
    return first, last + 1


@settings(max_examples=150, deadline=None)
@given(
    probabilities=recordings,
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=3),
    threshold=st.floats(0.01, 1),
)
@example(probabilities=[1.0] * 5000, sizes=[64], threshold=0.5)
@example(probabilities=([1.0] + [0.0] * 100) * 60, sizes=[64], threshold=0.5)
@example(probabilities=[0.0] * 2000 + [1.0], sizes=[64], threshold=0.1)
@example(probabilities=[1.0] * LONGEST_SPAN + [0.0] * 12 + [1.0] * 5, sizes=[64], threshold=0.5)
@example(probabilities=[0.0] * (LONGEST_SPAN + 5) + [1.0] * 5, sizes=[64], threshold=0.5)
def test_every_frame_of_speech_is_in_exactly_one_span_in_order_and_none_is_too_long(probabilities, sizes, threshold):
    found = cut(probabilities, sizes, listening=Listening(threshold))

    frames = [frame for first, end in found for frame in range(first, end)]
    assert frames == sorted(set(frames))
    assert {number for number, p in enumerate(probabilities) if float(np.float32(p)) >= threshold} <= set(frames)
    assert all((end - first) * FRAME <= 30 * SAMPLE_RATE for first, end in found)


@settings(max_examples=60, deadline=None)
@given(probabilities=recordings, sizes=st.lists(st.integers(1, 500), min_size=1, max_size=4))
def test_the_sizes_of_the_blocks_change_nothing(probabilities, sizes):
    assert cut(probabilities, sizes) == cut(probabilities, [64])


@settings(max_examples=60, deadline=None)
@given(probabilities=recordings)
def test_who_begins_at_the_end_of_a_span_gets_the_spans_that_follow_it(probabilities):
    found = cut(probabilities, [64])

    for number, (_, end) in enumerate(found):
        assert cut(probabilities, [64], start=end, fresh=False) == found[number + 1 :]


def test_who_begins_in_a_long_silence_where_it_is_let_go_gets_the_spans_that_follow():
    probabilities = [1.0] * 30 + [0.0] * 4000 + [1.0] * 100 + [0.0] * 2000 + [1.0] * 1200
    whole = cut(probabilities, [64])
    found = spans(numbered(0, len(probabilities), [64]), [Told(probabilities)], LISTENING)
    silences = [round(silence.position / FRAME_SECONDS) for silence in found if isinstance(silence, Silence)]

    rest = [cut(probabilities, [64], start=begin, fresh=False) for begin in silences]

    assert len(silences) > 4
    assert rest == [[span for span in whole if span[0] >= begin] for begin in silences]


@pytest.mark.parametrize("threshold", [0.01, 0.05, 0.1, 0.15, 0.5])
def test_silence_ends_speech_however_low_the_threshold_is(threshold):
    word, pause = [1.0] * 30, [0.0] * round(4 * SECOND)

    assert len(cut(word + pause + word, [64], listening=Listening(threshold))) == 2
    span = Span(0.0, np.zeros(60 * FRAME, np.float32), np.array([0.9] * 30 + [0.0] * 30), threshold)
    assert span.voiced() == [(0.0, 30 * FRAME_SECONDS)]


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_what_is_held_does_not_grow_over_minutes_of_speech_or_of_silence(probability):
    frames = round(8 * 60 * SECOND)
    found = spans(numbered(0, frames, [64]), [Told([probability] * frames)], LISTENING)
    held: dict[float, int] = {}
    tracemalloc.start()

    for position in found:
        if isinstance(position, float):
            held[position] = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    first = [size for position, size in held.items() if position < 120]
    later = [size for position, size in held.items() if position >= 120]
    assert len(later) > 100
    assert max(later) < max(first) + 100_000  # bytes; a minute of sound is 3,840,000


def test_the_first_span_is_short_so_that_the_first_words_come_soon():
    first, second, *_ = cut([1.0] * 3000, [64])

    assert first[1] - first[0] <= FIRST_SPAN
    assert FIRST_SPAN < second[1] - second[0] <= LONGEST_SPAN


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
    probabilities[750:762] = [0.1] * 12

    first, second = cut(probabilities, [64], fresh=False)[:2]

    assert 750 < first[1] < 762
    assert second[0] == first[1]


def test_left_and_right_are_two_spans_where_both_speak():
    samples = np.zeros((64 * FRAME, 2), np.float32)
    samples[:, 0] = np.repeat(np.arange(64), FRAME)
    samples[:, 1] = samples[:, 0]
    left = Told([1.0] * 64)
    silent_right, loud_right = Told([0.0] * 64), Told([1.0] * 64)

    def speakers(right: Told) -> list[str]:
        found = [span for span in spans([samples], [left, right]) if isinstance(span, Span)]
        return [part.speaker for span in found for part in span.channels()]

    assert speakers(silent_right) == ["left"]
    assert speakers(loud_right) == ["left", "right"]


def test_a_span_knows_where_somebody_speaks_in_it():
    span = Span(10.0, np.zeros(100 * FRAME, np.float32), np.array([0.0] * 20 + [0.9] * 30 + [0.0] * 40 + [0.9] * 10))

    assert span.voiced() == [(20 * FRAME_SECONDS, 50 * FRAME_SECONDS), (90 * FRAME_SECONDS, span.length)]


def test_the_halves_of_a_span_are_the_span_cut_in_a_pause():
    probabilities = np.array([0.9] * 100, np.float32)
    probabilities[55:62] = 0.0
    span = Span(10.0, np.arange(100 * FRAME, dtype=np.float32), probabilities)

    first, second = span.halved()

    assert 55 <= len(first.probabilities) < 62
    assert np.array_equal(np.concatenate([first.samples, second.samples]), span.samples)
    assert second.start == pytest.approx(first.end)


def test_of_two_speakers_each_has_a_span_from_the_first_word_to_the_last():
    samples = np.zeros((300 * FRAME, 2), np.float32)
    samples[:] = np.repeat(np.arange(300), FRAME)[:, None]
    left, right = Told([1.0] * 300), Told([0.0] * 200 + [1.0] * 60 + [0.0] * 40)

    (span,) = [span for span in spans([samples], [left, right]) if isinstance(span, Span)]
    first, second = span.channels()

    assert (first.start, first.length) == (span.start, span.length)
    assert 180 * FRAME_SECONDS < second.start <= 200 * FRAME_SECONDS
    assert 260 * FRAME_SECONDS <= second.end < 280 * FRAME_SECONDS
    assert second.samples[0] == round(second.start / FRAME_SECONDS)  # its sound has moved with it


@pytest.mark.parametrize("padding", [0.0, 2.0, 5.0, 60.0])
def test_with_any_padding_every_frame_of_speech_is_in_one_span(padding):
    probabilities = np.array(([1.0] * 40 + [0.0] * 150) * 5 + [0.0] * 2000 + [1.0] * 10, np.float32)
    blocks = [np.repeat(np.arange(len(probabilities), dtype=np.float32), FRAME)]

    found = spans(blocks, [Told(probabilities.tolist())], Listening(0.5, padding))

    frames = [n for span in found if isinstance(span, Span) for n in range(*_frames_of(span))]
    assert frames == sorted(set(frames))
    assert set(np.flatnonzero(probabilities)) <= set(frames)


def real_spans(file, **options) -> list[Span]:
    with Recording(os.fsencode(file)) as recording:
        return [s for s in spans(recording.blocks(BLOCK), [VoiceActivity()], **options) if isinstance(s, Span)]


@pytest.mark.parametrize(("language", "key"), [("en", "digits/pound"), ("en", "digits/h-8"), ("fr", "queue-minute")])
def test_a_single_word_that_begins_at_once_is_found(language, key):
    assert real_spans(prompts.prompt(language, key))


def test_real_speech_is_found_and_silence_is_not(speech, silence):
    spoken, quiet = real_spans(speech), real_spans(silence)

    assert sum(span.length for span in spoken) > 11
    assert spoken[0].start < 0.5
    assert not quiet


def test_real_speech_is_cut_the_same_in_blocks_of_any_size(long_speech):
    with Recording(os.fsencode(long_speech)) as recording:
        samples = np.concatenate(list(recording.blocks(BLOCK)))

    def found(size: int) -> list[tuple[float, float]]:
        blocks = (samples[at : at + size] for at in range(0, len(samples), size))
        return [(s.start, s.length) for s in spans(blocks, [VoiceActivity()]) if isinstance(s, Span)]

    assert found(BLOCK) == found(7777) == found(len(samples))


def test_real_speech_goes_on_at_the_end_of_any_span_as_if_it_had_never_stopped(long_speech):
    whole = real_spans(long_speech)

    for number, span in enumerate(whole):
        with Recording(os.fsencode(long_speech)) as recording:
            blocks = recording.blocks(BLOCK, span.end)
            rest = [s for s in spans(blocks, [VoiceActivity()], start=span.end, fresh=False) if isinstance(s, Span)]

        assert [s.start for s in rest] == pytest.approx([s.start for s in whole[number + 1 :]])
        assert all(np.array_equal(a.samples, b.samples) for a, b in zip(rest, whole[number + 1 :], strict=True))
