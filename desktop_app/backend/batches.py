"""How many spans are heard at once: few at first, so that the first words come soon; then what the device likes."""

from __future__ import annotations

import time
from collections.abc import Callable

LARGEST = {"cpu": 8, "cuda": 16}
SHOWN_EVERY = 8.0  # seconds a batch may take, a margin under the ten after which text is to be shown and stored


class BatchSize:
    """The size of the next batch. `fixed`: as the user wants it; 0 for none."""

    def __init__(self, device: str, fixed: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._largest = fixed or LARGEST[device]
        self._clock = clock
        self._begun = 0.0
        self.now = 1

    def begin(self) -> None:
        self._begun = self._clock()

    def ended(self, spans: int) -> None:
        """So many spans were heard since `begin`."""
        a_span = max(1e-6, (self._clock() - self._begun) / spans)
        self.now = max(1, min(2 * self.now, self._largest, int(SHOWN_EVERY / a_span)))
