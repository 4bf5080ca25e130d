"""Notices a backend that does not get on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app import messages
from desktop_app.messages import Stage
from desktop_app.work.backend_process import BackendProcess

log = logging.getLogger(__name__)

TICK_MS = 1000
ASKED_EVERY = 5.0  # seconds
ANSWERS_WITHIN = 60.0  # seconds: its thread that answers has nothing else to do
A_STAGE = 60.0  # seconds that any stage may take, besides what its work allows it
LOADED_A_SECOND = 2_000_000  # bytes: a slow network drive
READ_A_SECOND = 10.0  # seconds of sound: the way to where a job goes on
SLOWEST = 20.0  # seconds a second of sound may take to be heard, before it is known how fast the machine is
SLOWER_THAN_BEFORE = 10.0  # times


class Watch(QObject):
    """Watches the backend while it works on a job.

    stalled(reason): it answers no more, or a stage takes far longer than its work explains; words for the log.

    How long a stage may take grows with its work. When that is over, the backend gets as long again, since it still
    answers; one that does not answer is not waited for. Time in which this program itself stood still does not count.
    """

    stalled = Signal(str)

    def __init__(
        self,
        backend: BackendProcess,
        patience: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        """patience: all limits are multiplied by it."""
        super().__init__(parent)
        self._backend = backend
        self._patience = patience
        self._clock = clock
        self.speed: float | None = None  # seconds of sound a second, once it can be told
        self._number = 0
        self._timer = QTimer(self)
        self._timer.setInterval(max(1, round(TICK_MS * min(1.0, patience))))
        self._timer.timeout.connect(self._look)
        backend.event_received.connect(self._on_event)

    def begin(self, model_bytes: int, resume_at: float) -> None:
        """A job was sent to the backend. model_bytes: the size of its model; resume_at: seconds into the recording."""
        self._loading = A_STAGE + model_bytes / LOADED_A_SECOND
        self._reading = A_STAGE + resume_at / READ_A_SECOND
        self.speed = None
        self._asked_again = False
        self._looked = self._asked = self._answered = self._clock()
        self._allow(A_STAGE + self._loading)  # it may have to be started first
        self._timer.start()

    def end(self) -> None:
        """The job is over."""
        self._timer.stop()

    def _progressed(self, progress: messages.Progress) -> None:
        if progress.stage is Stage.LOADING_MODEL:
            self._allow(self._loading)
        elif progress.stage is Stage.READING_AUDIO:
            self._allow(self._reading)
        elif progress.until is not None:
            a_second = SLOWER_THAN_BEFORE / self.speed if self.speed else SLOWEST
            self._allow(A_STAGE + (progress.until - progress.position) * a_second)
        else:
            self._allow(A_STAGE)

    def _allow(self, seconds: float) -> None:
        self._allowed = seconds * self._patience
        self._since = self._clock()
        self._asked_again = False

    def _on_event(self, event: messages.Event) -> None:
        self._answered = self._clock()
        if isinstance(event, messages.Progress):
            self._progressed(event)

    def _look(self) -> None:
        now = self._clock()
        stood_still = now - self._looked - TICK_MS / 1000
        self._looked = now
        if stood_still > ASKED_EVERY * self._patience:  # we did: the computer slept, or our process was stopped
            self._since += stood_still
            self._answered = now
            return
        if not self._backend.is_ready:
            self._answered = now  # it has not begun to read yet
        if now - self._answered > ANSWERS_WITHIN * self._patience:
            self._give_up(f"no answer for {now - self._answered:.0f} s")
        elif now - self._since > 2 * self._allowed:
            self._give_up(f"no progress for {now - self._since:.0f} s")
        elif now - self._asked >= ASKED_EVERY * self._patience:
            self._ask(now)

    def _ask(self, now: float) -> None:
        self._asked = now
        if now - self._since > self._allowed and not self._asked_again:
            self._asked_again = True
            log.warning("the backend makes no progress, %.0f s now; it gets as long again", now - self._since)
        if self._backend.is_running:
            self._number += 1
            self._backend.send(messages.Ping(self._number))

    def _give_up(self, reason: str) -> None:
        self._timer.stop()
        self.stalled.emit(reason)
