"""Python's cyclic garbage collector, kept to one thread."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 1000


class Collector(QObject):
    """Collects garbage in the thread it is made in, and there alone.

    Left to itself the collector runs in whichever thread allocates next. In the history thread it could destroy Qt
    objects of the window, which ends the process: Qt's objects must go in the thread they live in.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()  # what was imported stays: to look it through would hold the window up for 20 ms each time
        timer = QTimer(self)
        timer.setInterval(EVERY_MS)
        timer.timeout.connect(self._collect)
        timer.start()

    def _collect(self) -> None:
        """Collect the oldest generation that is due, as the collector itself would."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return
