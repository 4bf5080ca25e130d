"""How many spans are heard at once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.backend.batches import LARGEST, SHOWN_EVERY, BatchSize


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def sizes(paces: list[float], device: str = "cpu", fixed: int = 0) -> list[int]:
    """Return the sizes of the batches if the spans of each take so many seconds."""
    clock = Clock()
    batch = BatchSize(device, fixed, clock)
    found = [batch.now]
    for pace in paces:
        batch.begin()
        clock.now += pace * batch.now
        batch.ended(batch.now)
        found.append(batch.now)
    return found


def test_the_first_batch_is_small_so_that_the_first_words_come_soon():
    assert sizes([])[0] == 1


@pytest.mark.parametrize("device", LARGEST)
def test_on_a_fast_device_batches_grow_to_what_it_likes(device):
    found = sizes([0.01] * 10, device)

    assert found[-1] == LARGEST[device]
    assert found == sorted(found)


@given(pace=st.floats(0.01, 30))
def test_on_a_slow_device_text_is_still_shown_in_time(pace):
    for size in sizes([pace] * 10):
        assert size == 1 or size * pace <= SHOWN_EVERY + 1e-6


@given(st.lists(st.floats(0, 60), max_size=30), st.sampled_from(sorted(LARGEST)), st.integers(0, 64))
def test_batches_are_never_empty_nor_larger_than_wanted_and_grow_step_by_step(paces, device, fixed):
    found = sizes(paces, device, fixed)

    assert all(1 <= size <= (fixed or LARGEST[device]) for size in found)
    assert all(after <= 2 * before for before, after in itertools.pairwise(found))


def test_a_device_that_becomes_slow_gets_less_at_once():
    assert sizes([0.1] * 5 + [6.0] * 3)[-1] == 1
