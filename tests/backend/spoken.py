"""Spans and readings made up for the tests of what is done with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from desktop_app.backend.decoding import Heard, compression_ratio
from desktop_app.backend.speech import FRAME, FRAME_SECONDS, Span
from desktop_app.messages import Word


def span(
    voiced: Sequence[tuple[float, float]] = (), seconds: float = 20.0, start: float = 0.0, speaker: str = ""
) -> Span:
    """Return a silent span in which the detector says that somebody speaks between those seconds."""
    frames = round(seconds / FRAME_SECONDS)
    probabilities = np.zeros(frames, np.float32)
    for begin, end in voiced:
        probabilities[round(begin / FRAME_SECONDS) : round(end / FRAME_SECONDS)] = 1.0
    return Span(start, np.zeros(frames * FRAME, np.float32), probabilities, speaker=speaker)


def words(*said: tuple[float, float, str]) -> tuple[Word, ...]:
    return tuple(Word(start, end, f" {text}", 0.9) for start, end, text in said)


def evenly(text: str, begin: float, end: float) -> tuple[Word, ...]:
    """Return the words of `text`, each as long as the other."""
    said = text.split()
    each = (end - begin) / len(said)
    return words(*((begin + n * each, begin + (n + 1) * each, word) for n, word in enumerate(said)))


def heard(
    in_span: Span, said: Sequence[Word], sure: float = -0.2, no_speech: float = 0.01, language: str = "en"
) -> Heard:
    text = "".join(word.text for word in said)
    return Heard(in_span, language, text, tuple(said), sure, no_speech, compression_ratio(text))


def stretches(seconds: float) -> st.SearchStrategy[list[tuple[float, float]]]:
    """Stretches of time in a span of so many seconds, in order and apart from each other."""
    moments = st.lists(st.integers(0, int(seconds * 10)), max_size=12, unique=True).map(sorted)
    return moments.map(lambda found: [(a / 10, b / 10) for a, b in zip(found[::2], found[1::2], strict=False)])
