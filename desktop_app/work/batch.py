"""What the queue is at as a whole: how many recordings are done, how many are left, how long that will take."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop_app.transcripts.transcript import Job, JobState
from desktop_app.work.job_queue import JobProgress, JobQueue
from desktop_app.work.line import Line


class BatchDone(msgspec.Struct, frozen=True):
    """All that there was to do is done."""

    done: tuple[Job, ...]  # transcribed, the last one at the end
    failed: tuple[Job, ...]


class Batch(QObject):
    """The recordings worked on since the queue was last empty. What was cancelled, paused or removed does not count.

    changed(): another recording has its turn, or one has come, ended or gone.
    ended(batch_done): nothing is left to do, and something was done.
    """

    changed = Signal()
    ended = Signal(object)

    def __init__(
        self, queue: JobQueue, line: Line, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """clock: seconds."""
        super().__init__(parent)
        self._queue, self._line, self._clock = queue, line, clock
        self._ended: dict[int, Job] = {}
        self._took: list[float] = []  # seconds for each that is done
        self._began: tuple[int, float] | None = None  # the running job, and when it had its turn
        self._progress: JobProgress | None = None
        queue.job_changed.connect(self._on_job_changed)
        queue.job_removed.connect(self._on_job_removed)
        queue.progressed.connect(self._on_progressed)
        queue.became_idle.connect(self._on_idle)
        line.changed.connect(self.changed)

    @property
    def number(self) -> int:
        """Which of all the running one is, counted from 1; how many have ended if none runs."""
        return len(self._ended) + (self._queue.running is not None)

    @property
    def total(self) -> int:
        return self.number + len(self._line)

    @property
    def seconds_left(self) -> float | None:
        """Return how long the rest will take; None until that can be said.

        How long those take that wait is judged by the median of those that are done.
        """
        running = self._queue.running
        if running is None or self._progress is None or self._progress.job_id != running.id:
            return None
        left = self._progress.seconds_left
        if left is None or (len(self._line) and not self._took):
            return None
        return left + len(self._line) * (statistics.median(self._took) if self._took else 0.0)

    def _on_job_changed(self, job: Job) -> None:
        if job.state is JobState.RUNNING:
            self._ended.pop(job.id, None)  # it is done again
            if self._began is None or self._began[0] != job.id:
                self._began = (job.id, self._clock())
        elif self._began is not None and self._began[0] == job.id:
            if job.state is JobState.DONE:
                self._took.append(self._clock() - self._began[1])
            self._began = None
        goes_on = job.state is JobState.DONE and job.options.refine  # the accurate pass follows
        if job.state in (JobState.DONE, JobState.FAILED) and not goes_on:
            self._ended[job.id] = job
        self.changed.emit()

    def _on_job_removed(self, job_id: int) -> None:
        job = self._ended.get(job_id)
        if job is not None and job.options.replaces is None:  # else its text lives on in another job
            del self._ended[job_id]
        self.changed.emit()

    def _on_progressed(self, progress: JobProgress) -> None:
        self._progress = progress

    def _on_idle(self) -> None:
        if self._queue.running is not None or len(self._line):
            return
        ended, self._ended = [*self._ended.values()], {}
        self._took.clear()
        self._began = self._progress = None
        if ended:
            done = tuple(job for job in ended if job.state is JobState.DONE)
            self.ended.emit(BatchDone(done, tuple(job for job in ended if job.state is not JobState.DONE)))
        self.changed.emit()
