"""When jobs may be worked on: by examples, by properties, and by real clocks that are set forward and back."""

from __future__ import annotations

import itertools
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.work import computer
from desktop_app.work.schedule import BUSY_BELOW, IDLE_AFTER, Hindrance, When, may_work, why_not

NOON = datetime(2026, 11, 22, 12, 0)
STEP = timedelta(minutes=5)

moments = st.datetimes()
mains = st.none() | st.booleans()
seconds = st.floats(0, 1e9)
idle = st.none() | seconds
times = st.sampled_from(When)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22 {clock}")


@settings(deadline=None)
@given(moments, mains, idle, st.booleans())
def test_now_is_always_the_time(now, mains, idle, working):
    assert may_work(When.NOW, now, mains, idle, working)


@settings(deadline=None)
@given(times, moments, mains, idle, st.booleans())
def test_a_job_may_be_worked_on_when_nothing_speaks_against_it(when, now, mains, idle, working):
    facts = (when, now, mains, idle, working)

    assert may_work(*facts) == (why_not(*facts) is None)


@settings(deadline=None)
@given(times, moments)
def test_what_the_computer_cannot_tell_holds_no_job_for_longer_than_a_day(when, now):
    day = [now.replace(hour=hour) for hour in range(24)]

    assert any(may_work(when, hour, None, None, False) for hour in day)


@settings(deadline=None)
@given(times, moments, mains, idle)
def test_what_may_begin_may_go_on(when, now, mains, idle):
    if may_work(when, now, mains, idle, working=False):
        assert may_work(when, now, mains, idle, working=True)


@settings(deadline=None)
@given(moments, mains, seconds, seconds, st.booleans())
def test_a_longer_absence_hinders_nothing_that_a_shorter_one_allows(now, mains, one, other, working):
    shorter, longer = sorted((one, other))

    if may_work(When.IDLE, now, mains, shorter, working):
        assert may_work(When.IDLE, now, mains, longer, working)


@settings(deadline=None)
@given(times, moments, mains, idle, st.booleans())
def test_a_schedule_asks_for_one_thing_only(when, now, mains, idle, working):
    reasons = {When.IDLE: Hindrance.IN_USE, When.MAINS: Hindrance.ON_BATTERY, When.TONIGHT: Hindrance.DAYTIME}

    assert why_not(when, now, mains, idle, working) in (None, reasons.get(when))


def test_idle_work_begins_after_five_minutes_and_stops_at_a_touch():
    absences = [0, IDLE_AFTER - 1, IDLE_AFTER, BUSY_BELOW, 900, BUSY_BELOW - 0.1, 200, IDLE_AFTER + 1]
    worked, working = [], False

    for absence in absences:
        working = may_work(When.IDLE, NOON, True, absence, working)
        worked.append(working)

    assert worked == [False, False, True, True, True, False, False, True]


def test_no_touch_falls_between_two_looks():
    assert computer.LOOK_EVERY < BUSY_BELOW


@pytest.mark.parametrize(("mains", "expected"), [(True, None), (False, Hindrance.ON_BATTERY), (None, None)])
@pytest.mark.parametrize("working", [True, False])
def test_work_on_mains_power_stops_on_the_battery(mains, expected, working):
    assert why_not(When.MAINS, NOON, mains, 0.0, working) == expected


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("21:59:59.999999", Hindrance.DAYTIME),
        ("22:00", None),
        ("23:59:59", None),
        ("00:00", None),
        ("05:59:59.999999", None),
        ("06:00", Hindrance.DAYTIME),
        ("12:00", Hindrance.DAYTIME),
    ],
)
@pytest.mark.parametrize("working", [True, False])
def test_the_night_is_from_ten_to_six(clock, expected, working):
    assert why_not(When.TONIGHT, at(clock), None, None, working) == expected


def test_a_clock_that_is_set_back_delays_the_night_and_loses_nothing():
    clocks = ["21:59", "22:01", "21:30", "21:59", "22:00", "23:30", "22:30"]

    worked = [may_work(When.TONIGHT, at(clock), None, None, False) for clock in clocks]

    assert worked == [False, True, False, False, True, True, True]


@pytest.mark.skipif(not zoneinfo.available_timezones(), reason="no time zones on this computer")
@pytest.mark.parametrize(
    ("zone", "evening", "hours"),
    [
        ("Europe/Berlin", "2026-11-21", 8),
        ("Europe/Berlin", "2026-03-28", 7),  # 02:00 becomes 03:00
        ("Europe/Berlin", "2026-10-24", 9),  # 03:00 becomes 02:00
        ("America/New_York", "2026-03-07", 7),
        ("America/New_York", "2026-10-31", 9),
        ("Australia/Lord_Howe", "2026-04-04", 8.5),  # half an hour back
        ("Africa/Cairo", "2026-10-29", 9),  # midnight becomes 23:00
        ("Asia/Kolkata", "2026-03-28", 8),  # never
    ],
)
def test_the_night_when_the_clocks_change_is_one_night_and_ends_at_six(zone, evening, hours):
    noon = datetime.fromisoformat(f"{evening} 12:00").replace(tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(UTC)
    day = [(noon + step * STEP).astimezone(zoneinfo.ZoneInfo(zone)) for step in range(int(timedelta(days=1) / STEP))]

    nights = [may_work(When.TONIGHT, moment, None, None, False) for moment in day]

    assert sum(nights) * STEP == timedelta(hours=hours)
    assert sum(after and not before for before, after in itertools.pairwise(nights)) == 1
    assert day[nights.index(True)].time() == datetime(1, 1, 1, 22).time()
