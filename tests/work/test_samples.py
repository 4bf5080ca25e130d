"""How loud samples are, and two tracks in one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.work import samples

values = st.lists(st.integers(-32768, 32767), min_size=1, max_size=50)


@given(values)
def test_a_peak_is_the_largest_sample_whatever_its_sign(found):
    assert samples.peaks(np.array(found, "<i2").tobytes(), 1) == (max(abs(value) for value in found),)


@given(values, values)
def test_two_tracks_in_one_keep_their_own_peaks(left, right):
    length = min(len(left), len(right))
    tracks = [np.array(track[:length], "<i2") for track in (left, right)]

    mixed = samples.interleaved([track.tobytes() for track in tracks])

    assert mixed == np.stack(tracks, axis=1).tobytes()
    assert samples.peaks(mixed, 2) == tuple(int(np.abs(track.astype(int)).max()) for track in tracks)


@pytest.mark.parametrize(("peak", "decibels"), [(32768, 0), (16384, -6.02), (328, -40), (0, -math.inf)])
def test_full_scale_is_zero_decibels(peak, decibels):
    assert samples.decibels(peak) == pytest.approx(decibels, abs=0.01)
