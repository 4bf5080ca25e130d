"""Whether what the model heard can be believed: is speech left without words, does it repeat itself, was it sure?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from desktop_app.backend.decoding import Heard
from desktop_app.backend.speech import Span
from desktop_app.messages import Doubt, Word

UNSURE = -1.0  # average log probability, as in openai-whisper
REPEATING = 2.4  # compression ratio, likewise
NO_SPEECH = 0.6  # probability of no speech, likewise
NEAR = 0.30  # seconds: speech so close to a word belongs to it
LONGEST_WORD = 0.6  # seconds, plus so much a letter: the aligner stretches words over what it does not understand
A_LETTER = 0.09
SPEECH_WITHOUT_WORDS = 1.0  # seconds that are worth another look, in one piece or in several near each other
A_PIECE = 0.3  # seconds: shorter ones are where the aligner was a little wrong
NEAR_EACH_OTHER = 2.5  # seconds between two pieces: over several words left out, those beside them are stretched
FASTEST = 7.5  # words a second of speech: nobody speaks so fast for long
HURRIED = 0.05  # seconds: no word is said so fast; the aligner squeezes in so what was never said
HURRIED_SHARE = 0.25
MAX_LETTERS_PER_SECOND = 25.0  # fast speech has about 20; only a loop or a made-up text has more
MANY_LETTERS = 10  # fewer say nothing about a rate
# A unit of up to 200 letters more than five times in a row. Not of digits alone: 1,000,000,000 repeats nothing.
REPEATED = re.compile(r"(?=\D)(.{1,200}?)\1{5,}")
SHORT_REPETITION = 12  # letters in all: "hahahaha" is laughter
# Where words were lost, those that are left beside the hole are unsure or last too long. The figures were chosen on
# 300 s of twelve sets, overlapping voices among them, and checked on others (tests/benchmarks/README.md, "Marks").
UNSURE_WORD = 0.4  # probability
UNSURE_PASSAGE = 0.65  # mean probability of a word and the two beside it
UNEXPLAINED = 0.8  # seconds of speech in a word and the two beside it, more than these take, if one of them is unsure
UNEXPLAINED_BY_SURE_WORDS = 1.4  # seconds, if they are sure
SLOWER = 1.6  # times the pace of the span, and so many seconds more: a word may be stressed, or end a sentence
STRESS = 0.25
SLOWEST_PACE, FASTEST_PACE = 0.12, 0.05  # seconds a letter
FEW_WORDS = 5  # fewer tell no pace
USUAL_PACE = 0.08  # seconds a letter
LITTLE_SPEECH = 0.35  # seconds of speech in a span below which any text is suspect
CLEAR_SPEECH = 0.75  # probability that speech reaches where somebody really speaks
A_SYLLABLE = 0.2  # seconds
WILD_GUESS = -1.5  # average log probability; that of one clear word alone is about -1.3, of a hum -1.8


def doubts(heard: Heard) -> tuple[Doubt, ...]:
    """Return what speaks against what was heard; empty if nothing does."""
    return tuple(_doubts(heard))


def _doubts(heard: Heard) -> Iterator[Doubt]:
    speech = sum(end - start for start, end in heard.span.voiced())
    if heard.text.strip():
        if goes_in_circles(heard):
            yield Doubt.REPETITION
        if heard.average_log_probability < UNSURE or heard.has_broken_letters:
            yield Doubt.LOW_CONFIDENCE
        if is_too_fast(heard.words, max(speech, 1.0)):
            yield Doubt.TOO_MANY_WORDS
        if speech < LITTLE_SPEECH or (
            heard.no_speech_probability > NO_SPEECH and heard.average_log_probability < UNSURE
        ):
            yield Doubt.NO_SPEECH
    if uncovered(heard.span, heard.words):
        yield Doubt.MISSING_WORDS


def is_phantom(heard: Heard) -> bool:
    """Tell whether the text is one that the model gives where nobody speaks."""
    if Doubt.NO_SPEECH not in doubts(heard):
        return False
    if clear_speech(heard.span) >= A_SYLLABLE:
        return heard.average_log_probability < WILD_GUESS
    return heard.average_log_probability < UNSURE or heard.no_speech_probability > NO_SPEECH


def clear_speech(span: Span) -> float:
    """Return for how many seconds somebody speaks; none if the detector is nowhere sure of it."""
    if not len(span.probabilities) or float(span.probabilities.max()) < CLEAR_SPEECH:
        return 0.0
    return sum(end - start for start, end in span.voiced())


def uncovered(span: Span, words: Sequence[Word]) -> list[tuple[float, float]]:
    """Return the stretches of speech, in seconds from the span's start, that no word accounts for."""
    left = span.voiced()
    for word in words:
        start = word.start - span.start - NEAR
        end = min(word.end, word.start + LONGEST_WORD + A_LETTER * len(word.text.strip())) - span.start + NEAR
        left = [piece for stretch in left for piece in _without(stretch, start, end)]
    found: list[tuple[float, float]] = []
    for some in _near_each_other([piece for piece in left if piece[1] - piece[0] >= A_PIECE]):
        if sum(end - start for start, end in some) >= SPEECH_WITHOUT_WORDS:
            found += some
    return found


def missing(heard: Heard) -> float:
    """Return how many seconds of speech have no words."""
    return sum(end - start for start, end in uncovered(heard.span, heard.words))


def goes_in_circles(heard: Heard) -> bool:
    """Tell whether the model repeats itself. People do as well, but then each word takes its time, and it is sure."""
    if not repeats(heard.words) and heard.compression_ratio <= REPEATING:
        return False
    hurried = sum(word.end - word.start < HURRIED for word in heard.words)
    return hurried > HURRIED_SHARE * len(heard.words) or heard.average_log_probability < UNSURE / 2


def repeats(words: Sequence[Word]) -> bool:
    """Tell whether the same words come several times in a row, more often than people say them."""
    said = [word.text.strip(" .,!?").casefold() for word in words]
    return any(_in_a_row(said, length) >= (6 if length == 1 else 4 if length < 4 else 3) for length in range(1, 16))


def is_too_fast(words: Sequence[Word], seconds: float) -> bool:
    """Tell whether nobody can say so much in `seconds`, by words where there are spaces, by letters in any language."""
    letters = sum(map(str.isalnum, "".join(word.text for word in words)))
    spaced = sum(" " in word.text for word in words) > len(words) / 2
    if spaced and len(words) > 8 and len(words) > FASTEST * seconds:
        return True
    return letters > MANY_LETTERS and letters > MAX_LETTERS_PER_SECOND * seconds


def repeated(words: Sequence[Word]) -> set[int]:
    """Return the indices of the words that belong to something said more than five times in a row.

    By letters, not by words, so that it holds for languages without spaces and for syllables within a word.
    """
    letters = [(sign, index) for index, word in enumerate(words) for sign in word.text.casefold() if sign.isalnum()]
    text = "".join(sign for sign, _ in letters)
    found = [match.span() for match in REPEATED.finditer(text) if len(match[0]) >= SHORT_REPETITION]
    return {letters[at][1] for begin, end in found for at in range(begin, end)}


def unsure_words(words: Sequence[Word]) -> set[int]:
    """Return the indices of improbable words among improbable ones: they often stand where others were lost."""
    around = _with_neighbours([word.probability for word in words])
    return {
        index
        for index, (word, near) in enumerate(zip(words, around, strict=True))
        if word.probability < UNSURE_WORD and sum(near) / len(near) < UNSURE_PASSAGE
    }


def stretched_words(span: Span, words: Sequence[Word]) -> set[int]:
    """Return the indices of words over which the aligner spread more speech than they and their neighbours can take.

    How long a word takes is told by the letters of the words in this span and how fast these are said.
    """
    if not words:
        return set()
    until = [*(word.start for word in words[1:]), span.end]
    voiced = [(span.start + first, span.start + last) for first, last in span.voiced()]
    taken = [_speech_between(voiced, word.start, end) for word, end in zip(words, until, strict=True)]
    letters = [1 + sum(map(str.isalnum, word.text)) for word in words]
    pace = USUAL_PACE
    if len(words) >= FEW_WORDS:
        pace = float(np.median(np.divide(taken, letters)))
    pace = min(max(pace, FASTEST_PACE), SLOWEST_PACE)
    excess = [max(0.0, time - SLOWER * pace * count - STRESS) for time, count in zip(taken, letters, strict=True)]
    sureness = _with_neighbours([word.probability for word in words])
    return {
        index
        for index, (near, sure) in enumerate(zip(_with_neighbours(excess), sureness, strict=True))
        if excess[index] and sum(near) >= (UNEXPLAINED if min(sure) < 0.5 else UNEXPLAINED_BY_SURE_WORDS)
    }


def _with_neighbours(values: Sequence[float]) -> list[Sequence[float]]:
    """Return each value with the one before and the one after it."""
    return [values[max(0, index - 1) : index + 2] for index in range(len(values))]


def _speech_between(voiced: Sequence[tuple[float, float]], start: float, end: float) -> float:
    """Return for how many seconds somebody speaks between two moments."""
    return sum(max(0.0, min(end, last) - max(start, first)) for first, last in voiced)


def _in_a_row(said: Sequence[str], length: int) -> int:
    """Return how often the same `length` words stand one behind the other, at most."""
    most, same = 1, 0
    for index in range(length, len(said)):
        same = same + 1 if said[index] == said[index - length] else 0
        most = max(most, 1 + same // length)
    return most


def _near_each_other(pieces: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Return the pieces in groups, each of those that follow soon one behind the other."""
    groups: list[list[tuple[float, float]]] = []
    for piece in pieces:
        if groups and piece[0] - groups[-1][-1][1] <= NEAR_EACH_OTHER:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _without(stretch: tuple[float, float], start: float, end: float) -> Iterator[tuple[float, float]]:
    if end <= stretch[0] or start >= stretch[1]:
        yield stretch
        return
    if start > stretch[0]:
        yield stretch[0], start
    if end < stretch[1]:
        yield end, stretch[1]
