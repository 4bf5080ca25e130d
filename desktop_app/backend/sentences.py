"""Words -> segments a reader would make, sentence by sentence; and the words' times, made sane."""

from __future__ import annotations

from collections.abc import Sequence

from desktop_app.backend.decoding import Heard
from desktop_app.backend.speech import Span
from desktop_app.messages import Doubt, Segment, Word

SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…", "।", "؟")
CLAUSE_ENDS = (",", ";", ":", "、", "，", "；", "：")
LONG_PAUSE = 1.0  # seconds: a new segment even in the middle of a sentence
LONGEST = 12.0  # seconds
SNAP = 0.5  # seconds: an edge of speech so near is where the word begins or ends
LONGEST_WORD = 1.5  # seconds


def segments(heard: Heard, doubts: tuple[Doubt, ...], with_words: bool) -> list[Segment]:
    """Return what was heard as segments in order of time."""
    return [
        Segment(
            start=group[0].start,
            end=group[-1].end,
            text="".join(word.text for word in group).strip(),
            words=tuple(group) if with_words else (),
            average_log_probability=round(heard.average_log_probability, 3),
            no_speech_probability=round(heard.no_speech_probability, 3),
            language=heard.language,
            speaker=heard.span.speaker,
            doubts=doubts,
        )
        for group in _sentences(settled(heard.words, heard.span))
        if "".join(word.text for word in group).strip()
    ]


def settled(words: Sequence[Word], span: Span) -> list[Word]:
    """Return the words with times that never run backwards nor overlap, and that keep to where somebody speaks."""
    voiced = [(span.start + start, span.start + end) for start, end in span.voiced()]
    latest = span.start
    result: list[Word] = []
    for word in words:
        start, end = _snapped(word, voiced)
        start = max(start, latest)
        end = max(start, min(end, start + LONGEST_WORD, span.end))
        latest = end
        result.append(Word(round(start, 3), round(end, 3), word.text, word.probability))
    return result


def _snapped(word: Word, voiced: Sequence[tuple[float, float]]) -> tuple[float, float]:
    start, end = word.start, word.end
    for begins, ends in voiced:
        if begins - SNAP <= start < begins < end:
            start = begins
        if start < ends < end <= ends + SNAP:
            end = ends
    return start, end


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    groups: list[list[Word]] = []
    for word in words:
        if groups and not _begins_anew(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _begins_anew(group: Sequence[Word], word: Word) -> bool:
    last = group[-1].text.rstrip("\"'”’)]» ")
    if last.endswith(SENTENCE_ENDS) or word.start - group[-1].end >= LONG_PAUSE:
        return True
    length = word.end - group[0].start
    return length > LONGEST or (length > LONGEST * 0.6 and last.endswith(CLAUSE_ENDS))
