"""How fast a job goes, told when it can be told."""

from __future__ import annotations

import pytest

from desktop_app.work.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_is_said_at_first(clock):
    pace = Pace(clock)

    pace.reached(0.0)
    clock.now += 0.5
    pace.reached(60.0)

    assert pace.speed is None


def test_the_speed_counts_from_the_first_position(clock):
    pace = Pace(clock)

    pace.reached(30.0)
    clock.now += 2
    pace.reached(50.0)

    assert pace.speed == pytest.approx(10)


def test_standing_still_is_no_speed(clock):
    pace = Pace(clock)

    pace.reached(30.0)
    clock.now += 60
    pace.reached(30.0)

    assert pace.speed is None


def test_slower_work_lowers_the_speed(clock):
    pace = Pace(clock)
    pace.reached(0.0)
    clock.now += 2
    pace.reached(20.0)

    clock.now += 18
    pace.reached(40.0)

    assert pace.speed == pytest.approx(2)
