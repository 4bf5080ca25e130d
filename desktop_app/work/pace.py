"""How fast a job goes."""

from __future__ import annotations

import time
from collections.abc import Callable

WARMING_UP = 1.0  # seconds before anything is said: the first figures would only frighten or flatter


class Pace:
    """The speed of one job, from the moments at which it reached its positions."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None  # moment, position
        self.speed: float | None = None  # seconds of sound a second; None until it can be told

    def reached(self, position: float) -> None:
        now = self._clock()
        if self._first is None:
            self._first = (now, position)
            return
        began, origin = self._first
        if now - began >= WARMING_UP and position > origin:
            self.speed = (position - origin) / (now - began)
