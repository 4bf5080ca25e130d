"""Segments and the times of their words -> subtitles that can be read: short lines, long enough on the screen.

The limits are those that broadcasters set for English (Netflix, Timed Text Style Guide): 42 characters a line, two
lines, 20 characters a second, 5/6 to 7 seconds, between two subtitles two frames or nothing. A wide character, as a
Chinese one, counts as two.
"""

from __future__ import annotations

import bisect
import itertools
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from desktop_app.messages import Segment

MAX_LINE = 42  # characters; a single word that is longer has a line of its own
MAX_RATE = 20.0  # characters a second
MIN_DURATION, MAX_DURATION = 0.834, 7.0  # seconds
GAP = 0.08  # seconds: two frames of 25 a second
FLICKER = 0.5  # seconds: a gap that is shorter looks like a flicker, so it is closed
MAX_PAUSE = 2.0  # seconds: a pause this long always ends a subtitle
# How late a subtitle may be, in seconds, if the one before it needs them to be read: the same speaker's, another's.
MAX_LAG, MAX_LAG_OF_ANOTHER = 1.0, 2.0
MIN_SHARE = 0.4  # of the time to read it: what a subtitle gets at least where several speak at once
MAX_UNITS = 400  # words that are divided together: a transcript of any length takes the same memory

SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…", "।", "؟", "۔", "։")
CLAUSE_ENDS = (",", ";", ":", "、", "，", "；", "：", "،", "؛", "–", "—")

# What a division costs; only the relations count. The cheapest one is taken.
_A_CUE = 1.0
_BETWEEN_WORDS, _AT_PAUSE, _AT_CLAUSE, _AT_SENTENCE = 3.0, 1.5, 0.8, 0.0
_AFTER_SHORT_WORD = 1.0
_SENTENCE_INSIDE = 0.7
_OUT_OF_LIMITS = 8.0
_PAUSE = 0.3  # seconds: a shorter one is hardly heard
_SHORT_WORD = 3  # characters: in most languages an article or a preposition, which belongs to what follows


class Cue(NamedTuple):
    """One subtitle."""

    start: float  # seconds, to the millisecond
    end: float
    lines: tuple[str, ...]  # one or two
    speaker: str = ""


def cues(
    segments: Iterable[Segment], name_of: Callable[[str], str] = lambda speaker: "", duration: float | None = None
) -> Iterator[Cue]:
    """Yield the subtitles of segments that are in order of time: every word once, those of each speaker in order.

    duration: seconds of the recording, behind which none ends; None if it is not known.

    They follow each other without an overlap, and each has one speaker. `name_of` says how to call a speaker: the names
    stand where the speaker changes. Without it the lines say nothing of them. Where the times of words are
    missing, a segment's time is shared out by characters.
    """
    start, speaker = 0.0, ""
    drafts = _drafts(segments, name_of)
    this = next(drafts, None)
    while this is not None:
        following = next(drafts, None)
        lines = _lines(this.units, name_of(this.speaker) if this.speaker != speaker else "")
        start = max(start, _rounded(this.start))
        needed = _needed(sum(map(_width, lines)))
        end, next_start = _until(start, needed, this, following)
        if duration is not None and following is not None and next_start > following.start:
            # Late enough to read this one, and yet there is time left for the next.
            next_start = max(following.start, start + MIN_SHARE * needed, min(next_start, duration - MIN_DURATION))
            next_start = _rounded(next_start)
            end = min(end, next_start)
        if duration is not None and start < duration:
            end = min(end, math.floor(duration * 1000) / 1000)
        yield Cue(start, end, lines, this.speaker)
        start, speaker = next_start, this.speaker
        this = following


def legible(text: str) -> str:
    """Return `text` as one line, without the signs that have no look and could mislead whoever reads the file."""
    lines = (_INVISIBLE.sub("", line).strip() for line in text.splitlines())
    return " ".join(line for line in lines if line)


def is_unspaced(sign: str) -> bool:
    """Tell whether a sign is of a script that is written without spaces between words."""
    return bool(_UNSPACED.match(sign))


# --- units: what is never broken -------------------------------------------------------------------------------------

# Controls, and the mark that means UTF-8 when it is first.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff]")
_SPACE = re.compile("[^\\S\xa0\u2007\u202f]+")  # not those that hold words together
# Thai, Lao, Burmese and Khmer; Chinese and Japanese characters, wide signs. These are written without spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff]"
)
# What begins no line, and what ends none.
_NEVER_FIRST = re.compile(
    r"[、。，．・：；？！）」』】〉》］｝…ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶฯๆ,.!?:;%)\]}»”’]"
)
_NEVER_LAST = re.compile(r"[（「『【〈《［｛(\[{«“‘¿¡เแโใไເແໂໃໄ]$")  # the last ten: vowels before their consonant
# Signs that stand alone, and yet belong to the word before or behind: "Quoi ?" « non »
_BELONGS_BEFORE = re.compile(r"[,.;:!?%…»”’)\]}–—-]+$")
_BELONGS_BEHIND = re.compile(r"(^|.*\s)[«“‘(\[{¿¡#$£€]+$")


class _Unit(NamedTuple):
    start: float
    end: float
    text: str
    space: bool  # before it
    ends_sentence: bool = False

    @property
    def width(self) -> int:
        return _width(self.text)


def _units(segment: Segment) -> list[_Unit]:
    """Return the words of a segment; of one without word times, what can stand for them."""
    said = "".join(word.text for word in segment.words)
    has_times = bool(said.split()) and said.split() == segment.shown_text.split()
    pieces = [(word.start, word.end, word.text) for word in segment.words] if has_times else list(_shared_out(segment))
    units: list[_Unit] = []
    space = True  # before the first, whatever it says: what is stored of a text has none at its ends
    for start, end, text in pieces:
        space = space or text[:1].isspace()
        if shown := legible(text):
            if units and not _may_part(units[-1].text, shown, space):
                last = units[-1]
                units[-1] = _Unit(last.start, max(last.end, end), f"{last.text}{' ' * space}{shown}", last.space)
            else:
                units.append(_Unit(start, max(start, end), shown, space))
            space = False
        space = space or text[-1:].isspace()
    if units:
        is_end = [_ends_sentence(unit.text, certain=False) and not has_times for unit in units]
        is_end[-1] = _ends_sentence(units[-1].text, certain=True)  # segments end with sentences
        units = [unit._replace(ends_sentence=ends) for unit, ends in zip(units, is_end, strict=True)]
    return units


def _shared_out(segment: Segment) -> Iterator[tuple[float, float, str]]:
    """Yield the words of a segment, or the characters of a script without spaces, each with its share of the time."""
    parts = [part for word in _SPACE.split(segment.shown_text.strip()) for part in _parts(word)]
    total = sum(len(part.strip()) for part in parts) or 1
    done = 0
    for part in parts:
        start, done = done, done + len(part.strip())
        length = max(0.0, segment.end - segment.start)
        yield segment.start + length * start / total, segment.start + length * done / total, part


def _parts(word: str) -> Iterator[str]:
    """Yield a word, the characters of a script without spaces one by one; there is a space before the first."""
    part = " "
    for sign in word:
        if part.strip() and not _is_mark(sign) and (_UNSPACED.match(sign) or _UNSPACED.match(part[-1])):
            yield part
            part = ""
        part += sign
    yield part


def _may_part(before: str, after: str, space: bool) -> bool:
    """Tell whether a line may end between two texts. space: there is one between them."""
    if space:
        return not (_BELONGS_BEFORE.match(after) or _BELONGS_BEHIND.match(before))
    if not (_UNSPACED.match(before[-1]) and _UNSPACED.match(after)):
        return False
    return not (_NEVER_FIRST.match(after) or _NEVER_LAST.search(before) or _is_mark(after[0]))


def _is_mark(sign: str) -> bool:
    """Tell whether a sign is written over, below or behind the one before it."""
    return unicodedata.category(sign) in ("Mn", "Mc", "Me")


def _ends_sentence(text: str, certain: bool) -> bool:
    """Tell whether a text ends like a sentence. certain: a short word with a full stop is no abbreviation."""
    bare = text.rstrip("\"'”’)]»“‘«」』）")
    is_abbreviation = len(bare) <= 4 and bare.endswith(".") and bare[:1].isupper()  # "Dr."
    return bare.endswith(SENTENCE_ENDS) and (certain or not is_abbreviation)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


# --- drafts: what is said in one subtitle ----------------------------------------------------------------------------


class _Draft(NamedTuple):
    units: Sequence[_Unit]
    speaker: str

    @property
    def start(self) -> float:
        return self.units[0].start

    @property
    def end(self) -> float:
        return max(unit.end for unit in self.units)


def _needed(width: int) -> float:
    """Return how long a text of this width has to be seen."""
    return max(MIN_DURATION, width / MAX_RATE + 0.001)  # exactly 20 a second could be 20.0000001


def _drafts(segments: Iterable[Segment], name_of: Callable[[str], str]) -> Iterator[_Draft]:
    for stretch in _stretches(segments):
        drafts = [
            _Draft(group, speaker) for speaker, units in stretch.items() for group in _divided(units, name_of(speaker))
        ]
        yield from sorted(drafts, key=lambda draft: draft.start)  # stable, and each speaker's are in order


def _stretches(segments: Iterable[Segment]) -> Iterator[dict[str, list[_Unit]]]:
    """Yield what is said between two long pauses, or about MAX_UNITS of it: the units of each speaker."""
    stretch: dict[str, list[_Unit]] = {}
    latest: dict[str, float] = {}  # of each speaker, when the last unit began: time does not run backwards
    end = -math.inf
    for segment in segments:
        units = _units(segment)
        if not units:
            continue
        count = sum(map(len, stretch.values()))
        if stretch and (units[0].start - end >= MAX_PAUSE or count + len(units) > MAX_UNITS):
            yield stretch
            stretch = {}
        begun = stretch.setdefault(segment.speaker, [])
        for unit in units:
            start = latest[segment.speaker] = max(unit.start, latest.get(segment.speaker, 0.0))
            begun.append(unit._replace(start=start, end=max(start, unit.end)))
        first = len(begun) - len(units)
        if first and _UNSPACED.match(begun[first - 1].text[-1]) and _UNSPACED.match(begun[first].text):
            begun[first] = begun[first]._replace(space=False)
        end = max(end, begun[-1].end)
    if stretch:
        yield stretch


def _divided(units: Sequence[_Unit], label: str) -> list[Sequence[_Unit]]:
    """Return the units in groups, one a subtitle: of all divisions within two lines the one that costs least."""
    lengths = _Lengths(units)
    first_line = MAX_LINE - (len(label) + 1 if label else 0)
    inside = [0.0]  # the cost of all places up to here, where each is inside a subtitle
    for one, other in itertools.pairwise(units):
        inside.append(inside[-1] + _cost_inside(one, other))
    best, begins = [0.0], [0]
    for end in range(1, len(units) + 1):
        costs = []
        for begin in range(end - 1, -1, -1):
            if begin < end - 1 and (
                not lengths.fit(begin, end, first_line) or units[begin + 1].start - units[begin].end >= MAX_PAUSE
            ):
                break
            until = units[end].start if end < len(units) else math.inf
            spoken = units[end - 1].end - units[begin].start
            needed = _needed(lengths.of(begin, end))
            cost = best[begin] + _A_CUE + inside[end - 1] - inside[begin]
            for excess in (needed - (until - units[begin].start), (spoken - MAX_DURATION) / 2):
                cost += _OUT_OF_LIMITS * (1 + excess) if excess > 0 else 0
            costs.append((cost, begin))
        cost, begin = min(costs)
        best.append(cost + (_cost_between(units[end - 1], units[end]) if end < len(units) else 0.0))
        begins.append(begin)
    groups: list[Sequence[_Unit]] = []
    end = len(units)
    while end:
        groups.append(units[begins[end] : end])
        end = begins[end]
    return groups[::-1]


class _Lengths:
    """How wide units are together; and whether they fit into two lines."""

    def __init__(self, units: Sequence[_Unit]) -> None:
        self._spaces = [int(unit.space) for unit in units]
        self._upto = [0, *itertools.accumulate(unit.width + unit.space for unit in units)]

    def of(self, begin: int, end: int) -> int:
        return self._upto[end] - self._upto[begin] - self._spaces[begin]

    def fit(self, begin: int, end: int, first_line: int) -> bool:
        if self.of(begin, end) <= first_line:
            return True
        room = self._upto[begin] + self._spaces[begin] + first_line
        middle = bisect.bisect_right(self._upto, room, begin + 1, end) - 1
        return middle > begin and self.of(middle, end) <= MAX_LINE


def _cost_between(one: _Unit, other: _Unit) -> float:
    """Return what it costs to end a subtitle, or a line, between two units."""
    if one.ends_sentence:
        return _AT_SENTENCE
    if one.text.endswith(CLAUSE_ENDS):
        return _AT_CLAUSE
    cost = _AT_PAUSE if other.start - one.end >= _PAUSE else _BETWEEN_WORDS
    return cost + (_AFTER_SHORT_WORD if one.space and len(one.text) <= _SHORT_WORD else 0.0)


def _cost_inside(one: _Unit, other: _Unit) -> float:
    """Return what it costs to go on between two units."""
    pause = other.start - one.end
    return (_SENTENCE_INSIDE if one.ends_sentence else 0.0) + (2 * pause if pause >= 2 * _PAUSE else 0.0)


# --- times and lines -------------------------------------------------------------------------------------------------


def _until(start: float, needed: float, this: _Draft, following: _Draft | None) -> tuple[float, float]:
    """Return when a subtitle that is seen from `start` goes, and from when the following one may be seen."""
    longest = start + MAX_DURATION
    end = min(max(this.end, start + needed), longest)
    if following is None:
        return _rounded(end), _rounded(end)
    next_start = following.start
    if start + needed > next_start:
        lag = MAX_LAG if following.speaker == this.speaker else MAX_LAG_OF_ANOTHER
        next_start = max(min(start + needed, next_start + lag), start + MIN_SHARE * needed)
    next_start = _rounded(next_start)
    if end > next_start - FLICKER:
        has_room = next_start - GAP >= start + needed
        end = min(longest, next_start - GAP if has_room else next_start)
        if 0 < next_start - end < GAP:
            end = next_start - GAP
    return _rounded(end), next_start


def _lines(units: Sequence[_Unit], label: str) -> tuple[str, ...]:
    """Return the text in one line, or in two that end where a phrase does and are about as long."""
    first = f"{label}: " if label else ""
    if len(units) == 1 or len(first) + _total_width(units) <= MAX_LINE:
        return (first + _text(units),)
    lengths = _Lengths(units)
    places = []
    for middle in range(1, len(units)):
        above, below = len(first) + lengths.of(0, middle), lengths.of(middle, len(units))
        too_long = max(0, above - MAX_LINE) + max(0, below - MAX_LINE)
        cost = _cost_between(units[middle - 1], units[middle]) + abs(above - below) / 8
        places.append((too_long, cost, middle))
    *_, middle = min(places)
    return first + _text(units[:middle]), _text(units[middle:])


def _text(units: Sequence[_Unit]) -> str:
    return "".join(f" {unit.text}" if unit.space else unit.text for unit in units).strip()


def _total_width(units: Sequence[_Unit]) -> int:
    return _Lengths(units).of(0, len(units))


def _rounded(seconds: float) -> float:
    return round(seconds, 3)
