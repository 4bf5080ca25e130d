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


def test_the_default_device_stands_in_for_the_one_that_was_named_until_that_is_back():
    track = Track("microphone", "headset")
    headset, built_in, other = device("headset"), device("a", is_default=True), device("b")

    track.first = track.device = track.choose({"a": built_in, "b": other})
    began_with, is_said = track.first, track.lacks_wanted

    assert (began_with, is_said) == (built_in, True)
    assert track.choose({"a": device("a"), "b": device("b", is_default=True)}) == device("a")  # it stays at that one
    assert track.choose({"headset": headset, "a": built_in}) == headset
    track.device = headset
    assert not track.lacks_wanted
    assert not track.is_elsewhere(("headset",), 1)


def test_a_headset_that_returns_under_another_id_is_the_same_one():
    track = Track("microphone", "usb-1")
    track.first = track.device = AudioDevice("usb-1", "Headset", "microphone", 16_000, 1, False)
    built_in = device("a", is_default=True)
    again = AudioDevice("usb-2", "Headset", "microphone", 16_000, 1, False)

    assert track.choose({"a": built_in}) == built_in
    track.device = built_in
    assert track.is_elsewhere(None, 1)
    assert track.choose({"a": built_in, "usb-2": again}) == again
    track.device = again
    assert not track.is_elsewhere(("usb-2",), 1)
    assert not track.lacks_wanted
