"""Sums with 16-bit samples: how loud they are, two tracks in one."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

FULL_SCALE = 32768
CLIPPED = 32767  # the largest there is


def peaks(samples: bytes, channels: int) -> tuple[int, ...]:
    """Return the largest sample of each channel, 0 to 32768. samples: interleaved, one frame at least."""
    values = array("h", samples)
    return tuple(max(max(values[n::channels]), -min(values[n::channels])) for n in range(channels))


def decibels(peak: int) -> float:
    """Return a peak in dBFS: 0 is full scale, -inf nothing at all."""
    return 20 * math.log10(peak / FULL_SCALE) if peak else -math.inf


def interleaved(tracks: Sequence[bytes]) -> bytes:
    """Return mono tracks of one length as the channels of one sound."""
    mixed = array("h", bytes(sum(map(len, tracks))))
    for number, track in enumerate(tracks):
        mixed[number :: len(tracks)] = array("h", track)
    return mixed.tobytes()
