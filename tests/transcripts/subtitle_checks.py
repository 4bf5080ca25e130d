"""Which subtitles in an SRT or VTT file break a broadcaster's limits. Reads the file itself: nothing of the program."""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from typing import NamedTuple

LINE, LINES, RATE, SHORTEST, LONGEST, FRAMES = 42, 2, 20.0, 0.833, 7.0, 0.08
FUZZ = 0.0005  # seconds: times are whole milliseconds

_TIMES = re.compile(r"(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3}) --> (?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})")


class Shown(NamedTuple):
    start: float  # seconds
    end: float
    lines: list[str]


class Faults(NamedTuple):
    """How many subtitles there are, and how many of them are wrong."""

    cues: int
    long_lines: int
    many_lines: int
    fast: int
    short: int
    long: int
    failing: int  # at least one of the five before
    overlaps: int
    slits: int  # a gap shorter than two frames


def read(text: str) -> list[Shown]:
    """Return the subtitles of a file, without tags and escapes."""
    shown: list[Shown] = []
    is_inside = False
    for line in text.splitlines():
        if match := _TIMES.match(line):
            hours, minutes, seconds, thousandths, *end = (int(number or 0) for number in match.groups())
            start = hours * 3600 + minutes * 60 + seconds + thousandths / 1000
            shown.append(Shown(start, end[0] * 3600 + end[1] * 60 + end[2] + end[3] / 1000, []))
            is_inside = True
        elif not line.strip():
            is_inside = False
        elif is_inside:
            shown[-1].lines.append(html.unescape(re.sub(r"<[^>]+>", "", line)))
    return shown


def width(line: str) -> int:
    """Return how many letters a line has; a wide one, as a Chinese one, counts as two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def faults(text: str) -> Faults:
    shown = read(text)
    gaps = [other.start - one.end for one, other in itertools.pairwise(shown)]
    long_lines = [max(map(width, cue.lines), default=0) > LINE for cue in shown]
    many_lines = [len(cue.lines) > LINES for cue in shown]
    fast = [sum(map(width, cue.lines)) > RATE * (cue.end - cue.start) + FUZZ for cue in shown]
    short = [cue.end - cue.start < SHORTEST - FUZZ for cue in shown]
    long = [cue.end - cue.start > LONGEST + FUZZ for cue in shown]
    failing = [any(reasons) for reasons in zip(long_lines, many_lines, fast, short, long, strict=True)]
    counted = (sum(each) for each in (long_lines, many_lines, fast, short, long, failing))
    return Faults(
        len(shown), *counted, sum(gap < -FUZZ for gap in gaps), sum(FUZZ < gap < FRAMES - FUZZ for gap in gaps)
    )
