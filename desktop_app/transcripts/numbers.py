"""Numbers and times as people type them: with a decimal point or comma, in the digits of any script.

What could mean two things is no number: nothing is taken for another number in silence.
"""

from __future__ import annotations

import re
import unicodedata

from desktop_app.transcripts.transcript import HOTTEST

LONGEST_TEXT = 32  # characters
_MARKS = str.maketrans({",": ".", "٫": "."})  # the last is the Arabic decimal mark
_NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)


def number_in(text: str) -> float | None:
    """Return the number that `text` is, at least 0; None if it is none."""
    plain = _with_ascii_digits(text.strip()).translate(_MARKS)
    return float(plain) if len(plain) <= LONGEST_TEXT and _NUMBER.fullmatch(plain) else None


def seconds_in(text: str) -> float | None:
    """Return the seconds of a time: `90.5`, `90,5`, `1:30`, `0:01:30,5`; None if it is none.

    Behind a colon only 0 to 59 can stand.
    """
    if len(text) > LONGEST_TEXT:
        return None
    *before, last = text.strip().split(":")
    seconds = number_in(last)
    if seconds is None or len(before) > 2 or (before and seconds >= 60):
        return None
    total = 0.0
    for place, part in enumerate(before):
        digits = _with_ascii_digits(part)
        if not re.fullmatch(r"[0-9]+", digits) or (place and int(digits) >= 60):
            return None
        total = 60 * total + int(digits)
    return 60 * total + seconds


def time_text(seconds: float) -> str:
    """Return a time as one can type it, to the millisecond: "1:30", "1:02:05.5"."""
    milliseconds = round(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    hours, minutes = whole // 3600, whole // 60 % 60
    clock = f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
    return f"{clock}.{rest:03}".rstrip("0") if rest else clock


def temperatures_in(text: str) -> tuple[float, ...]:
    """Return the temperatures written in `text`; none at all if one of them is none, or if it could mean two things.

    They are separated by semicolons, or by commas: `0, 0.2`, `0,0.2`, `0; 0,2`. But `0,2` could be one number or two.
    """
    plain = _with_ascii_digits(text)
    if ";" in plain:
        parts = plain.split(";")
    elif re.search(r",\s", plain):
        parts = re.split(r",\s+", plain)
    elif "." in plain or "," not in plain:
        parts = plain.split(",")
    else:
        return ()
    found = tuple(number_in(part) for part in parts)
    kept = tuple(number for number in found if number is not None and number <= HOTTEST)
    return kept if len(kept) == len(found) else ()


def _with_ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
