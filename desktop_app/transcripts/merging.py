"""Puts the text of an accurate pass in the place of live text, and keeps the words that only the live text has."""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

import msgspec

from desktop_app.messages import Doubt, LeftOut, Segment, Word

# Seconds. Two passes give the same word times that differ a little, mostly by less than SHIFT. Whisper stretches a word
# beside a pause to longer than anybody speaks one.
SHIFT = 0.25
SHORTEST_HOLE = 0.6
LONGEST_WORD = 1.5

LIKELY = 0.5  # the mean probability of words that are kept
LIKELY_ALONE = 0.8  # of a single word: "um" is left out by an accurate pass for good reason
DRIFT = 2.0  # seconds: words that are further apart are not two readings of one, although they may be the same
NEIGHBOURS = 12  # words on each side of a hole that the words in it are compared with
SAME = 0.75  # SequenceMatcher's ratio from which two texts are two readings of the same words
MOST_LETTERS = 25.0  # a second: nobody speaks faster
NOT_BELIEVED = {Doubt.NO_SPEECH, Doubt.REPETITION, Doubt.TOO_MANY_WORDS, Doubt.SKIPPED}


class _Hole(NamedTuple):
    """A stretch of time for which the accurate pass has no words. In seconds."""

    start: float
    end: float


def merged(accurate: Sequence[Segment], live: Sequence[Segment], left_out: Sequence[LeftOut] = ()) -> list[Segment]:
    """Return the accurate text, and in its holes what the live text has there, marked as `Doubt.ONLY_LIVE`.

    A live word is kept only if it was likely, if it is not one of the words beside the hole with another time, and if
    the accurate pass did not hear and reject it (`left_out`). Without such words the accurate text comes back as it is.
    """
    words = sorted((word for segment in accurate for word in _timed_words(segment)), key=lambda word: word.start)
    holes = _holes(words)
    kept = [
        (hole, found)
        for hole, run in _live_words_in(holes, live)
        if (found := _only_live(run, hole, words, left_out)) is not None
    ]
    if not kept:
        return list(accurate)
    pieces = [piece for segment in accurate for piece in _split(segment, [hole for hole, _ in kept])]
    return sorted([*pieces, *(segment for _, segment in kept)], key=lambda segment: segment.start)


def _timed_words(segment: Segment) -> Sequence[Word]:
    """Return the words of a segment; where they were not asked for, all of it as one. A gap has none."""
    if not _plain(segment.text):
        return ()
    probability = math.exp(min(0.0, segment.average_log_probability))
    return segment.words or (Word(segment.start, segment.end, segment.text, probability),)


def _holes(words: Sequence[Word]) -> list[_Hole]:
    holes, reached = [], 0.0
    for word in words:
        if word.start - reached >= SHORTEST_HOLE:
            holes.append(_Hole(reached, word.start))
        # A text without word times is one long "word" and fills its time.
        is_stretched = word.end - word.start > LONGEST_WORD and " " not in word.text.strip()
        reached = max(reached, word.start + LONGEST_WORD if is_stretched else word.end)
    return [*holes, _Hole(reached, math.inf)]


def _live_words_in(holes: Sequence[_Hole], live: Sequence[Segment]) -> Iterator[tuple[_Hole, list[Word]]]:
    """Yield each hole in which the live text has words, with them."""
    believed = [segment for segment in live if not NOT_BELIEVED & set(segment.doubts)]
    words = sorted((word for segment in believed for word in _timed_words(segment)), key=lambda word: word.start)
    number, placed = 0, []
    for word in words:
        middle = (word.start + word.end) / 2
        while holes[number].end <= middle:  # the last hole has no end
            number += 1
        if _is_within(word, holes[number]):
            placed.append((holes[number], word))
    for hole, group in groupby(placed, key=lambda pair: pair[0]):
        yield hole, [word for _, word in group]


def _is_within(word: Word, hole: _Hole) -> bool:
    middle = (word.start + word.end) / 2
    begins = hole.start + SHIFT if hole.start else 0.0
    return begins <= middle <= hole.end - SHIFT


def _only_live(run: list[Word], hole: _Hole, words: Sequence[Word], left_out: Sequence[LeftOut]) -> Segment | None:
    """Return what of these live words is to be kept; None if nothing is."""
    first_after = bisect_left(words, hole.end, key=lambda word: word.start)
    before = words[max(0, first_after - NEIGHBOURS) : first_after]
    after = words[first_after : first_after + NEIGHBOURS]
    run = _without_neighbours(run, before, after)
    said = [_plain(word.text) for word in run]
    letters = sum(map(len, said))
    if not letters or _is_reading_of(run, before) or _is_reading_of(run, after):
        return None
    start, end = max(run[0].start, hole.start), min(run[-1].end, hole.end)
    if _was_rejected(said, start, end, left_out) or letters > MOST_LETTERS * max(end - start, 0.1):
        return None
    probability = sum(word.probability for word in run) / len(run)
    if probability < (LIKELY_ALONE if len(run) == 1 and " " not in run[0].text.strip() else LIKELY):
        return None
    text = "".join(word.text for word in run)
    likely = math.log(max(probability, 1e-6))
    return Segment(start, end, text.strip(), tuple(run), likely, doubts=(Doubt.ONLY_LIVE,))


def _without_neighbours(run: list[Word], before: Sequence[Word], after: Sequence[Word]) -> list[Word]:
    """Return the run without the words at its ends that stand beside the hole already, at other times."""
    counts = range(min(len(run), len(before)), 0, -1)
    run = run[next((count for count in counts if _are_same(run[:count], before[-count:])), 0) :]
    counts = range(min(len(run), len(after)), 0, -1)
    return run[: len(run) - next((count for count in counts if _are_same(run[-count:], after[:count])), 0)]


def _are_same(some: Sequence[Word], others: Sequence[Word]) -> bool:
    return abs(some[0].start - others[0].start) <= DRIFT and _text(some) == _text(others)


def _is_reading_of(run: Sequence[Word], neighbours: Sequence[Word]) -> bool:
    """Tell whether the words are near enough to some as many on one side of the hole to be the same ones."""
    count = min(len(run), len(neighbours))
    there = (neighbours[at : at + count] for at in range(len(neighbours) - count + 1)) if count else ()
    return any(
        abs(run[0].start - words[0].start) <= DRIFT and _likeness(_text(run), _text(words)) >= SAME for words in there
    )


def _text(words: Sequence[Word]) -> str:
    return " ".join(_plain(word.text) for word in words)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _was_rejected(said: Sequence[str], start: float, end: float, left_out: Sequence[LeftOut]) -> bool:
    text = " ".join(said)
    there = (text for text in left_out if text.start < end + SHIFT and text.end > start - SHIFT)
    return any(text in (rejected := _plain(one.text)) or _likeness(text, rejected) >= SAME for one in there)


def _plain(text: str) -> str:
    """Return a text as it is compared: without punctuation and case."""
    return "".join(sign for sign in text.casefold() if unicodedata.category(sign)[0] in "LMN" or sign == " ").strip()


def _split(segment: Segment, holes: Sequence[_Hole]) -> Iterator[Segment]:
    """Yield the segment, in two or more where a hole that is to be filled lies between its words."""
    rest = segment
    for hole in holes:
        first = [word for word in rest.words if word.start <= hole.start]
        second = rest.words[len(first) :]
        if not (first and second) or "".join(word.text for word in rest.words).strip() != rest.text.strip():
            continue
        yield _part(rest, tuple(first), rest.start, min(first[-1].end, hole.end))
        rest = _part(rest, tuple(second), second[0].start, rest.end)
    yield rest


def _part(segment: Segment, words: tuple[Word, ...], start: float, end: float) -> Segment:
    text = "".join(word.text for word in words).strip()
    return msgspec.structs.replace(segment, start=start, end=end, text=text, words=words)
