"""How fast bytes come, and when they will all be there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WARMING_UP = 1.0  # seconds before anything is said: the first figures would only frighten or flatter
QUIET = 3.0  # seconds without a byte until that is worth a word
REMEMBERED = 10.0  # seconds: what was before tells nothing of what comes


class Flow:
    """The speed of the last seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._came = clock()  # the last byte
        self._reached: deque[tuple[float, int]] = deque()  # moment, bytes

    def reached(self, done: int) -> None:
        """Note that so many bytes are done. Fewer than before: it begins anew."""
        now = self._clock()
        if not self._reached or done != self._reached[-1][1]:
            self._came = now
        if self._reached and done < self._reached[-1][1]:
            self._reached.clear()
        self._reached.append((now, done))
        while len(self._reached) > 2 and now - self._reached[1][0] >= REMEMBERED:
            self._reached.popleft()

    @property
    def speed(self) -> float | None:
        """Bytes a second; None until it can be told."""
        if not self._reached:
            return None
        (began, first), (ended, last) = self._reached[0], self._reached[-1]
        return (last - first) / (ended - began) if ended - began >= WARMING_UP and last > first else None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come for some seconds."""
        return self._clock() - self._came >= QUIET

    def seconds_left(self, total: int) -> float | None:
        speed = self.speed
        return (total - self._reached[-1][1]) / speed if speed and total else None
