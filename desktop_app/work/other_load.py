"""How busy other programs keep the processor while a job runs, since its speed then says little of the computer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


class OtherLoad:
    """Begins to count when it is made. Reads a few lines from /proc; where there is none (not Linux), see `share`."""

    def __init__(self, ours: Sequence[int]) -> None:
        """ours: the processes whose work is not other programs'."""
        self._ours = ours
        self._began = _seconds_of_all(), _seconds_of(ours)

    def share(self) -> float:
        """Return which share of the processor other programs have taken since: 0 to 1.

        On macOS only what more than fills the processor is seen, from the load of the last minute. On Windows it is not
        told, and 0.
        """
        (busy_then, total_then), ours_then = self._began
        (busy, total), ours = _seconds_of_all(), _seconds_of(self._ours)
        if total > total_then:
            others = (busy - busy_then) - (ours - ours_then)
            return min(1.0, max(0.0, others / (total - total_then)))
        if hasattr(os, "getloadavg"):
            cores = os.cpu_count() or 1
            return min(1.0, max(0.0, (os.getloadavg()[0] - cores) / cores))
        return 0.0


def _seconds_of_all() -> tuple[float, float]:
    """Return how long all processors together have been busy, and how long they have been there; 0, 0 if not told."""
    try:
        numbers = [int(one) for one in Path("/proc/stat").read_bytes().split(b"\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return 0.0, 0.0
    user, nice, system, idle, waiting, interrupts, soft_interrupts, stolen = numbers
    busy = user + nice + system + interrupts + soft_interrupts + stolen
    return _in_seconds(busy), _in_seconds(busy + idle + waiting)


def _seconds_of(processes: Sequence[int]) -> float:
    """Return for how long these processes have kept processors busy; one that is gone counts nothing."""
    ticks = 0
    for process in processes:
        try:
            after_name = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        ticks += int(after_name[11]) + int(after_name[12])  # utime and stime, see man 5 proc
    return _in_seconds(ticks)


def _in_seconds(ticks: int) -> float:
    return ticks / os.sysconf("SC_CLK_TCK")
