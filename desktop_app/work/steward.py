"""Has jobs run when they may, keeps the computer awake meanwhile, and sees to what follows when all is done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.transcripts.transcript import Job, JobState
from desktop_app.work import computer
from desktop_app.work.computer import Computer, KeptAwake
from desktop_app.work.job_queue import Hold, JobQueue
from desktop_app.work.line import Line
from desktop_app.work.schedule import AfterAll, Hindrance, When, why_not

log = logging.getLogger(__name__)

LOOK_AT_CLOCK_MS = 20_000
ACTIONS: Mapping[AfterAll, Callable[[], bool]] = {
    AfterAll.SLEEP: computer.sleep,
    AfterAll.SHUT_DOWN: computer.shut_down,
}


class Steward(QObject):
    """Holds and releases the queue as the user's choice of time says.

    hindrance_changed(): `hindrance` changed.
    about_to(after_all): nothing is left to do. Call `carry_out`, some seconds later, or `forget`.
    called_off(): there is work again, before it was carried out.
    """

    hindrance_changed = Signal()
    about_to = Signal(object)
    called_off = Signal()

    def __init__(
        self,
        queue: JobQueue,
        line: Line,
        surroundings: Computer,
        awake: KeptAwake,
        reason: str = "",
        now: Callable[[], datetime] = datetime.now,
        actions: Mapping[AfterAll, Callable[[], bool]] = ACTIONS,
        parent: QObject | None = None,
    ) -> None:
        """reason: why the computer is kept awake, for those who ask the system. now: the time on the wall."""
        super().__init__(parent)
        self.line = line
        self.when = When.NOW
        self.after_all = AfterAll.NOTHING
        self.hindrance: Hindrance | None = None  # why it is not the time for a job
        self._queue, self._computer, self._awake = queue, surroundings, awake
        self._reason, self._now, self._actions = reason, now, actions
        self._keeps_awake = False
        self._has_ended_one = False  # the last job came to its end by itself
        self._is_about_to = False
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK_AT_CLOCK_MS)
        self._clock.timeout.connect(self._look)
        surroundings.looked.connect(self._look)
        line.changed.connect(self._look)
        queue.held_changed.connect(self._on_held_changed)
        queue.progressed.connect(lambda _: self._on_working())
        queue.job_changed.connect(self._on_job_changed)
        queue.became_idle.connect(self._on_idle)

    def choose(self, when: When) -> None:
        """Let jobs be worked on at this time from now on."""
        self.when = when
        self._judge()
        self._look()

    def carry_out(self) -> bool:
        """Do what was chosen for the end, once. Return False if the system cannot be asked for it."""
        action = self._actions.get(self.after_all) if self._is_about_to else None
        log.info("all is done: %s", self.after_all)
        self.forget()
        return action is None or action()

    def forget(self) -> None:
        """Do nothing at the end after all."""
        self._is_about_to = False
        self.after_all = AfterAll.NOTHING

    def close(self) -> None:
        """Let go of the computer. Waits for it: for the end of the program only."""
        self._clock.stop()
        self._computer.close()
        self._awake.close()

    # --- the time for work ---

    def _look(self) -> None:
        """Hold or release the queue, as the time is; but only while there is work, else nobody need look again."""
        needed = self.line.has_work and Hold.USER not in self._queue.held
        self._watch(needed)
        if needed:
            self._call_off()
            self._judge()

    def _judge(self) -> None:
        hindrance = why_not(
            self.when, self._now(), self._computer.mains, self._computer.idle, self._queue.running is not None
        )
        if hindrance is not self.hindrance:
            self.hindrance = hindrance
            self.hindrance_changed.emit()
        if hindrance is None:
            self._queue.release(Hold.SCHEDULE)
        elif Hold.SCHEDULE not in self._queue.held:
            self._queue.hold(Hold.SCHEDULE)

    def _watch(self, needed: bool) -> None:
        if needed and self.when in (When.IDLE, When.MAINS):
            self._computer.watch()
        else:
            self._computer.rest()
        if needed and self.when is When.TONIGHT:
            if not self._clock.isActive():
                self._clock.start()
        else:
            self._clock.stop()

    # --- awake while it works ---

    def _on_working(self) -> None:
        if not self._keeps_awake:
            self._keeps_awake = True
            self._awake.hold(self._reason)

    def _let_sleep(self) -> None:
        if self._keeps_awake and self._queue.running is None:
            self._keeps_awake = False
            self._awake.release()

    def _on_held_changed(self) -> None:
        self._let_sleep()
        self._look()

    # --- the end ---

    def _on_job_changed(self, job: Job) -> None:
        if job.state not in (JobState.QUEUED, JobState.RUNNING):
            self._has_ended_one = job.state in (JobState.DONE, JobState.FAILED)

    def _call_off(self) -> None:
        if self._is_about_to:
            self._is_about_to = False
            self.called_off.emit()

    def _on_idle(self) -> None:
        if self._queue.running is not None:
            return
        self._let_sleep()
        if self._queue.held or not self._has_ended_one or self._is_about_to:
            return
        self._has_ended_one = False
        if self.after_all is not AfterAll.NOTHING:
            self._is_about_to = True
            self.about_to.emit(self.after_all)
