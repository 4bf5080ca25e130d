"""How fast bytes come: told once it can be told, from the last seconds alone."""

from __future__ import annotations

from desktop_app.models.flow import Flow


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def flown(clock: Clock, *steps: tuple[float, int]) -> Flow:
    flow = Flow(clock)
    for seconds, done in steps:
        clock.now = 100.0 + seconds
        flow.reached(done)
    return flow


def test_nothing_is_said_in_the_first_second():
    assert flown(Clock(), (0, 0), (0.9, 5_000_000)).speed is None


def test_what_was_here_before_it_began_does_not_count():
    flow = flown(Clock(), (0, 400_000_000), (2, 420_000_000))

    assert flow.speed == 10_000_000
    assert flow.seconds_left(500_000_000) == 8.0


def test_only_the_last_seconds_count():
    flow = flown(Clock(), *((second, second * 1000) for second in range(60)), (60, 59_000), (70, 59_000 + 50_000))

    assert flow.speed == 5000


def test_what_begins_anew_is_counted_anew():
    flow = flown(Clock(), (0, 0), (5, 50_000), (6, 0), (8, 4000))

    assert flow.speed == 2000


def test_without_an_end_nothing_is_left():
    assert flown(Clock(), (0, 0), (5, 50_000)).seconds_left(0) is None


def test_after_three_seconds_without_a_byte_it_is_quiet():
    clock = Clock()
    flow = flown(clock, (0, 0), (2, 20_000_000), (4.5, 20_000_000))
    before = flow.is_quiet
    clock.now += 0.5

    assert not before and flow.is_quiet
    flow.reached(20_000_001)
    assert not flow.is_quiet
