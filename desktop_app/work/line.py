"""The jobs that wait, in the order in which they will be done; kept up to date from what the queue tells."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Sequence

from PySide6.QtCore import QObject, Signal

from desktop_app.transcripts.transcript import Job, JobState
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue


class Line(QObject):
    """The waiting jobs of this program. The library holds the queue; this only knows who stands where.

    changed(): somebody has come, gone, or changed places.
    """

    changed = Signal()

    def __init__(self, queue: JobQueue, history: HistoryThread, owner: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._history = history
        self._owner = owner
        self._waiting: list[tuple[float, int]] = []  # place and id, the next one first
        self._places: dict[int, float] = {}
        self._running: set[int] = set()
        queue.jobs_added.connect(self._on_jobs)
        queue.job_changed.connect(lambda job: self._on_jobs([job]))
        queue.job_removed.connect(self._on_removed)

    def load(self) -> None:
        """Look into the library who waits: once, after the queue was started."""
        self._history.ask(lambda history: history.waiting(self._owner), self._on_loaded)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def has_work(self) -> bool:
        """A job waits, or runs."""
        return bool(self._waiting or self._running)

    def number_of(self, job_id: int) -> int | None:
        """Return when a job comes, 1 being the next; None if it does not wait here."""
        place = self._places.get(job_id)
        return None if place is None else bisect_left(self._waiting, (place, job_id)) + 1

    def shift(self, job_ids: Collection[int], by: int) -> None:
        """Have these jobs done one earlier (`by` -1) or one later (1); together they stay together."""
        numbers = self._numbers_of(job_ids)
        if numbers:
            first, last = numbers[0] + min(by, 0), numbers[-1] + max(by, 0)
            part = self._ids(max(first, 0), last)
            chosen = set(job_ids)
            steps = range(len(part)) if by < 0 else range(len(part) - 1, -1, -1)
            for here in steps:
                there = here + by
                if part[here] in chosen and 0 <= there < len(part) and part[there] not in chosen:
                    part[here], part[there] = part[there], part[here]
            self._queue.reorder(part)

    def put_at(self, job_ids: Collection[int], target: int) -> None:
        """Have these jobs done where `target` is now; it and those between make room."""
        numbers, goal = self._numbers_of(job_ids), self._numbers_of([target])
        chosen = set(job_ids)
        if numbers and goal and target not in chosen:
            part = self._ids(min(numbers[0], goal[0]), max(numbers[-1], goal[0]))
            moving = [job_id for job_id in part if job_id in chosen]
            staying = [job_id for job_id in part if job_id not in chosen]
            at = staying.index(target) + (1 if numbers[0] < goal[0] else 0)
            self._queue.reorder([*staying[:at], *moving, *staying[at:]])

    def _numbers_of(self, job_ids: Collection[int]) -> list[int]:
        """Return where in the line those of the jobs are that wait, counted from 0."""
        return sorted(number - 1 for job_id in job_ids if (number := self.number_of(job_id)) is not None)

    def _ids(self, first: int, last: int) -> list[int]:
        return [job_id for _, job_id in self._waiting[first : last + 1]]

    def _on_loaded(self, jobs: Sequence[Job]) -> None:
        self._waiting = [(job.place, job.id) for job in jobs]
        self._places = {job.id: job.place for job in jobs}
        self.changed.emit()

    def _on_jobs(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._take_out(job.id)
            if job.state is JobState.QUEUED:
                insort(self._waiting, (job.place, job.id))
                self._places[job.id] = job.place
            elif job.state is JobState.RUNNING:
                self._running.add(job.id)
        self.changed.emit()

    def _on_removed(self, job_id: int) -> None:
        self._take_out(job_id)
        self.changed.emit()

    def _take_out(self, job_id: int) -> None:
        self._running.discard(job_id)
        place = self._places.pop(job_id, None)
        if place is not None:
            del self._waiting[bisect_left(self._waiting, (place, job_id))]
