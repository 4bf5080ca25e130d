"""Words -> segments a reader would make, sentence by sentence; and the words' times, made sane."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from desktop_app.backend import checks
from desktop_app.backend.decoding import Heard
from desktop_app.backend.speech import Span
from desktop_app.messages import Doubt, Segment, SegmentKind, Word

SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…", "।", "؟")
CLAUSE_ENDS = (",", ";", ":", "、", "，", "；", "：")
# After these a sentence goes on. ("etc." and "No." end one as often as not.)
ABBREVIATIONS = {"dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "vs.", "e.g.", "i.e.", "mme.", "mlle.", "dott.", "bzw."}
LONG_PAUSE = 1.0  # seconds: a new segment even in the middle of a sentence
LONGEST = 12.0  # seconds
SNAP = 0.5  # seconds: an edge of speech so near is where the word ends
# Seconds: the same where it begins. The aligner puts a first word behind a silence up to 0.83 s early (base, measured).
SNAP_OF_START = 1.0
LONGEST_WORD, SHORTEST_WORD = 1.5, 0.02  # seconds


def segments(heard: Heard, doubts: tuple[Doubt, ...], with_words: bool) -> list[Segment]:
    """Return what was heard as segments in order of time. That words are missing is said of those beside the gap."""
    if heard.text.strip() and not heard.words:  # without times for its words, it stands for its span
        whole = Word(heard.span.start, heard.span.end, heard.text, 0.0)
        return [_segment([whole], heard, tuple({*doubts, Doubt.LOW_CONFIDENCE}), False)]
    timed = settled(heard.words, heard.span)
    against = {
        Doubt.REPETITION: _chosen(timed, checks.repeated(timed)),
        Doubt.LOW_CONFIDENCE: _chosen(timed, checks.unsure_words(heard.words)),
        Doubt.MISSING_WORDS: _chosen(timed, checks.stretched_words(heard.span, heard.words)),
    }
    groups = [group for group in _sentences(timed) if _text(group)]
    gaps = checks.uncovered(heard.span, heard.words) if Doubt.MISSING_WORDS in doubts else []
    beside = {number for gap in gaps for number in _beside(groups, heard.span.start + sum(gap) / 2)}
    elsewhere = tuple(doubt for doubt in doubts if doubt is not Doubt.MISSING_WORDS)
    return [
        _segment(group, heard, _with_own(doubts if number in beside else elsewhere, group, against), with_words)
        for number, group in enumerate(groups)
    ]


def _chosen(words: Sequence[Word], indices: set[int]) -> set[int]:
    return {id(words[index]) for index in indices}


def _with_own(doubts: tuple[Doubt, ...], group: Sequence[Word], against: dict[Doubt, set[int]]) -> tuple[Doubt, ...]:
    """Return what speaks against all of a segment's span, and what against the segment alone: against its words."""
    own = [doubt for doubt, words in against.items() if any(id(word) in words for word in group)]
    if checks.is_too_fast(group, group[-1].end - group[0].start):
        own.append(Doubt.TOO_MANY_WORDS)
    return (*doubts, *(doubt for doubt in own if doubt not in doubts))


def without_words(heard: Heard) -> list[Segment]:
    """Return a segment that stands for speech of which no word was understood."""
    voiced = heard.span.voiced()
    start, end = heard.span.start + voiced[0][0], heard.span.start + voiced[-1][1]
    gap = _segment([Word(round(start, 3), round(end, 3), "", 0.0)], heard, (Doubt.MISSING_WORDS,), False)
    return [msgspec.structs.replace(gap, kind=SegmentKind.NOT_UNDERSTOOD)]


def _beside(groups: Sequence[Sequence[Word]], moment: float) -> list[int]:
    """Return the numbers of the groups right before and after a moment; one if it lies within that."""
    before = sum(group[0].start <= moment for group in groups) - 1
    if before >= 0 and groups[before][-1].end > moment:
        return [before]
    return [number for number in (before, before + 1) if 0 <= number < len(groups)]


def _segment(group: Sequence[Word], heard: Heard, doubts: tuple[Doubt, ...], with_words: bool) -> Segment:
    return Segment(
        start=group[0].start,
        end=group[-1].end,
        text=_text(group),
        words=tuple(group) if with_words else (),
        average_log_probability=round(heard.average_log_probability, 3),
        no_speech_probability=round(heard.no_speech_probability, 3),
        language=next((part.language for part in heard.parts if group[0].start < part.span.end), heard.language),
        speaker=heard.span.speaker,
        doubts=doubts,
    )


def _text(group: Sequence[Word]) -> str:
    return "".join(word.text for word in group).strip()


def settled(words: Sequence[Word], span: Span) -> list[Word]:
    """Return the words with times that never run backwards nor overlap, and that keep to where somebody speaks."""
    voiced = [(span.start + start, span.start + end) for start, end in span.voiced()]
    least = min(SHORTEST_WORD, span.length / max(1, len(words)))
    times: list[tuple[float, float]] = []
    for word in words:
        start, end = _snapped(word, voiced)
        latest = times[-1][1] if times else span.start
        if end < latest + least and times and times[-1][1] - times[-1][0] >= 2 * least:
            times[-1], (start, end) = _shared(times[-1], start, least)
            latest = start
        start = max(start, latest)
        times.append((start, max(start + least, min(end, start + LONGEST_WORD, span.end))))
    return [
        Word(round(start, 3), round(end, 3), word.text, word.probability)
        for word, (start, end) in zip(words, _before(span.end, times, least), strict=True)
    ]


def _snapped(word: Word, voiced: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return a word's start and end, each moved to an edge of speech if it lies in silence and one is near."""
    start, end = word.start, word.end
    if not any(begins <= start <= ends - SHORTEST_WORD for begins, ends in voiced):
        ahead = [begins for begins, _ in voiced if start < begins < end]
        if ahead and (ahead[0] <= start + SNAP_OF_START or not _meets(start, start + LONGEST_WORD, voiced)):
            start = ahead[0]
    if not any(begins < end <= ends for begins, ends in voiced):
        behind = [ends for _, ends in voiced if max(start + SHORTEST_WORD, end - SNAP) <= ends < end]
        end = behind[-1] if behind else end
    return start, end


def _meets(start: float, end: float, voiced: Sequence[tuple[float, float]]) -> bool:
    """Return whether somebody speaks between, for at least as long as the shortest word."""
    return any(min(end, ends) - max(start, begins) >= SHORTEST_WORD for begins, ends in voiced)


def _shared(time: tuple[float, float], start: float, least: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the time of a word as that of two: the later one begins at `start` if that is in it, else half way."""
    begins, ends = time
    cut = start if begins + least <= start <= ends - least else (begins + ends) / 2
    return (begins, cut), (cut, ends)


def _before(end: float, times: Sequence[tuple[float, float]], least: float) -> list[tuple[float, float]]:
    """Return the times, those that reach over `end` moved before it, and what they push with them."""
    result: list[tuple[float, float]] = []
    for start, its_end in reversed(times):
        its_end = min(its_end, end)
        end = min(start, its_end - least)
        result.append((end, its_end))
    return result[::-1]


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    groups: list[list[Word]] = []
    for word in words:
        if groups and not _begins_anew(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    return _without_orphans(groups)


def _begins_anew(group: Sequence[Word], word: Word) -> bool:
    if word.start - group[-1].end >= LONG_PAUSE or ends_sentence(group[-1]):
        return True
    length = word.end - group[0].start
    return length > LONGEST or (length > LONGEST * 0.6 and _bare(group[-1]).endswith(CLAUSE_ENDS))


def ends_sentence(word: Word) -> bool:
    last = _bare(word)
    if not last.endswith(SENTENCE_ENDS):
        return False
    is_initial = len(last) == 2 and last[0].isupper() and last[0] != "I" and last[0].isascii() and last[1] == "."
    return not is_initial and last.casefold() not in ABBREVIATIONS


def _bare(word: Word) -> str:
    return word.text.strip(" \"'”’)]»(“‘«")


def _without_orphans(groups: Sequence[list[Word]]) -> list[list[Word]]:
    """Return the groups, one that is the single last word of a sentence too long joined to what it belongs to."""
    joined: list[list[Word]] = []
    for group in groups:
        before = joined[-1] if joined else []
        torn = before and not ends_sentence(before[-1]) and group[0].start - before[-1].end < LONG_PAUSE
        if len(group) == 1 and torn:
            before.extend(group)
        else:
            joined.append(list(group))
    return joined
