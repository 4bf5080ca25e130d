"""Two tracks of one recording stay together, whatever their clocks do."""

from __future__ import annotations

import pytest

from desktop_app.work.audio_devices import AudioDevice
from desktop_app.work.tracks import SLACK, Track

RATE_BYTES = 2000  # a second
BLOCK = 100  # bytes, of 50 ms


def device(name: str, is_default: bool = False) -> AudioDevice:
    return AudioDevice(name, name, "microphone", 16_000, 1, is_default)


@pytest.fixture
def microphone() -> Track:
    return Track("microphone", "")


@pytest.fixture
def system() -> Track:
    return Track("system", "")


def taken(microphone: Track, system: Track, now: float) -> tuple[bytes, bytes]:
    size, _ = system.size_beside(microphone, now, RATE_BYTES)
    return microphone.part(size), system.part(size)


@pytest.mark.parametrize("faster", ["microphone", "system"])
def test_two_clocks_that_are_not_alike_do_not_drift_apart(microphone, system, faster):
    """Three hours in which one device has 1 % more samples than the other, two hundred times what a bad one has."""
    waits_most = length = 0
    for number in range(3 * 3600 * 20):
        now = number * 0.05
        more = 2 * (number % 2)
        microphone.take(bytes(BLOCK + (more if faster == "microphone" else 0)), now)
        system.take(bytes(BLOCK + (more if faster == "system" else 0)), now)
        one, other = taken(microphone, system, now)
        assert len(one) == len(other)
        length += len(one)
        waits_most = max(waits_most, microphone.size, system.size)

    expected = 3 * 3600 * RATE_BYTES * (1.01 if faster == "microphone" else 1)
    assert waits_most <= SLACK * RATE_BYTES + 2 * BLOCK
    assert length == pytest.approx(expected, abs=2 * SLACK * RATE_BYTES)


def test_a_track_that_gives_nothing_is_silence_and_is_not_waited_for(microphone, system):
    microphone.take(b"\1" * BLOCK, 5.0)

    assert taken(microphone, system, 5.0) == (b"\1" * BLOCK, bytes(BLOCK))


def test_what_is_cut_of_a_track_that_is_ahead_is_told(microphone, system):
    ahead = round(SLACK * RATE_BYTES) + BLOCK
    system.take(bytes(ahead), 5.0)
    assert system.size_beside(microphone, 5.0, RATE_BYTES) == (0, ahead)

    microphone.take(bytes(BLOCK), 5.05)
    system.take(bytes(BLOCK), 5.05)
    assert system.size_beside(microphone, 5.05, RATE_BYTES) == (BLOCK, 0)


def test_a_track_whose_block_comes_a_little_later_is_waited_for(microphone, system):
    system.take(b"\2" * BLOCK, 4.95)
    taken(microphone, system, 4.95)
    system.part(system.size)
    microphone.take(b"\1" * BLOCK, 5.0)
    assert taken(microphone, system, 5.0) == (b"", b"")
    system.take(b"\2" * BLOCK, 5.03)

    assert taken(microphone, system, 5.03) == (b"\1" * BLOCK, b"\2" * BLOCK)


def test_the_default_device_is_chosen_then_the_one_it_began_with(microphone):
    known = {one.id: one for one in (device("a"), device("b", is_default=True))}
    assert microphone.choose(known) == known["b"]
    microphone.first = known["b"]
    known = {one.id: one for one in (device("a", is_default=True), device("b"))}

    assert microphone.choose(known) == known["b"]
    del known["b"]
    assert microphone.choose(known) == known["a"]
    assert microphone.choose({}) is None


def test_a_device_that_was_named_is_not_replaced():
    track = Track("microphone", "b")

    assert track.choose({"a": device("a", is_default=True)}) is None
