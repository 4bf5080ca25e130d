"""Segments -> lines that end where a clause does. Live text is told in pieces, as soon as words are certain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from desktop_app.messages import Segment
from desktop_app.transcripts.subtitles import CLAUSE_ENDS, SENTENCE_ENDS, is_unspaced, legible

MAX_PAUSE = 1.0  # seconds: behind a longer one a line begins
MAX_DURATION = 12.0  # seconds of a line: as the segments of a recording that is not live
MARKS = ("[", "(")  # what begins so stands for something that is no word: "[…]"
CLOSING = "\"'”’)]»“‘«」』）"


def as_lines(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Yield the segments that make one line together; those without text are in none."""
    line: list[Segment] = []
    for segment in segments:
        if not legible(segment.shown_text):
            continue
        if line and not goes_on(line, segment):
            yield line
            line = []
        line.append(segment)
    if line:
        yield line


def goes_on(line: Sequence[Segment], segment: Segment) -> bool:
    """Tell whether a segment goes on with the clause in which the line before it breaks off."""
    last = line[-1]
    return (
        is_open(last)
        and segment.speaker == last.speaker
        and segment.start - last.end < MAX_PAUSE
        and segment.end - line[0].start <= MAX_DURATION
        and not segment.shown_text.lstrip().startswith(MARKS)
    )


def is_open(segment: Segment) -> bool:
    """Tell whether a segment breaks off within a clause."""
    text = segment.shown_text.rstrip().rstrip(CLOSING)
    return bool(text) and not text.endswith((*SENTENCE_ENDS, *CLAUSE_ENDS))


def text_of_line(line: Sequence[Segment]) -> str:
    """Return what is said in a line."""
    text = ""
    for segment in line:
        said = legible(segment.shown_text)
        text += separator(text, said) + said
    return text


def separator(before: str, after: str) -> str:
    """Return what stands between two pieces of a line: a space, unless their script has none."""
    if not before or not after or (is_unspaced(before[-1]) and is_unspaced(after[0])):
        return ""
    return " "
