"""Numbers and times as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.transcripts.numbers import number_in, seconds_in, temperatures_in, time_text


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("90.5", 90.5),
        ("90,5", 90.5),
        ("1:30", 90.0),
        ("1:30,5", 90.5),
        ("0:01:30,5", 90.5),
        ("01:02:03.25", 3723.25),
        (" 7 ", 7.0),
        ("90:00", 5400.0),
        ("۱:۳۰", 90.0),
        ("٩٠٫٥", 90.5),
        ("0", 0.0),
    ],
)
def test_a_time_is_read_as_it_is_meant(typed, seconds):
    assert seconds_in(typed) == seconds


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abc",
        "-1",
        "1:",
        ":30",
        "1:2:3:4",
        "1:75",
        "1:75:00",
        "1.5:30",
        "1,234.5",
        "1.2.3",
        "1e3",
        "1_0",
        "nan",
        "+5",
    ],
)
def test_what_is_no_time_is_not_taken_for_another_one(typed):
    assert seconds_in(typed) is None


@pytest.mark.parametrize("typed", ["1,234.5", "1.234,5", "1 000", "0x1", "inf", ".", ",", "²", "1" * 40])
def test_what_is_no_number_or_could_be_two_is_none(typed):
    assert number_in(typed) is None


@given(st.integers(0, 99 * 3_600_000))
def test_a_time_that_is_shown_is_read_as_the_same_time(milliseconds):
    assert seconds_in(time_text(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("typed", "temperatures"),
    [
        ("0", (0.0,)),
        ("0,0.2,0.4", (0.0, 0.2, 0.4)),
        ("0, 1", (0.0, 1.0)),
        ("0; 0,2; 0,4", (0.0, 0.2, 0.4)),
        ("0, 0,2, 0,4", (0.0, 0.2, 0.4)),
        ("0,2", ()),
        ("0,2,0,4", ()),
        ("0, 2.5", ()),
        ("warm", ()),
        ("", ()),
    ],
)
def test_temperatures_are_read_unless_a_comma_could_mean_two_things(typed, temperatures):
    assert temperatures_in(typed) == temperatures
