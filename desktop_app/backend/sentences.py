"""Words -> segments a reader would make, sentence by sentence; and the words' times, made sane."""

from __future__ import annotations

from collections.abc import Sequence

from desktop_app.backend.decoding import Heard
from desktop_app.backend.speech import Span
from desktop_app.messages import Doubt, Segment, Word

SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…", "।", "؟")
CLAUSE_ENDS = (",", ";", ":", "、", "，", "；", "：")
# After these a sentence goes on. ("etc." and "No." end one as often as not.)
ABBREVIATIONS = {"dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "vs.", "e.g.", "i.e.", "mme.", "mlle.", "dott.", "bzw."}
LONG_PAUSE = 1.0  # seconds: a new segment even in the middle of a sentence
LONGEST = 12.0  # seconds
SNAP = 0.5  # seconds: an edge of speech so near is where the word begins or ends
LONGEST_WORD = 1.5  # seconds


def segments(heard: Heard, doubts: tuple[Doubt, ...], with_words: bool) -> list[Segment]:
    """Return what was heard as segments in order of time."""
    if heard.text.strip() and not heard.words:  # without times for its words, it stands for its span
        whole = Word(heard.span.start, heard.span.end, heard.text, 0.0)
        return [_segment([whole], heard, tuple({*doubts, Doubt.LOW_CONFIDENCE}), False)]
    groups = _sentences(settled(heard.words, heard.span))
    return [segment for group in groups if (segment := _segment(group, heard, doubts, with_words)).text]


def _segment(group: Sequence[Word], heard: Heard, doubts: tuple[Doubt, ...], with_words: bool) -> Segment:
    return Segment(
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
    return _without_orphans(groups)


def _begins_anew(group: Sequence[Word], word: Word) -> bool:
    if word.start - group[-1].end >= LONG_PAUSE or _ends_sentence(group[-1]):
        return True
    length = word.end - group[0].start
    return length > LONGEST or (length > LONGEST * 0.6 and _bare(group[-1]).endswith(CLAUSE_ENDS))


def _ends_sentence(word: Word) -> bool:
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
        torn = before and not _ends_sentence(before[-1]) and group[0].start - before[-1].end < LONG_PAUSE
        if len(group) == 1 and torn:
            before.extend(group)
        else:
            joined.append(list(group))
    return joined
