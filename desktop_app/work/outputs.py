"""Writes the transcripts of jobs from the command line that the window went on with, where they were to be written."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop_app.transcripts import export
from desktop_app.transcripts.history import History, JobGone
from desktop_app.transcripts.transcript import Job, JobState
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue


class Outputs(QObject):
    """Listens to the queue. Where a file could not be written, what was wanted stays: `sottovoce resume` tries again.

    written(files): a job's transcript is in these files. failed(file, error): this one could not be written.
    """

    written = Signal(object)
    failed = Signal(object, object)

    def __init__(self, queue: JobQueue, history: HistoryThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        queue.job_changed.connect(self._on_job_changed)

    def _on_job_changed(self, job: Job) -> None:
        if job.state is JobState.DONE and job.output is not None:
            self._history.ask(lambda history: _write(history, job.id), self._tell)

    def _tell(self, result: _Result) -> None:
        for file, error in result.failed:
            self.failed.emit(file, error)
        if result.written:
            self.written.emit(result.written)


class _Result(msgspec.Struct):
    written: list[Path] = []
    failed: list[tuple[Path, OSError]] = []


def _write(history: History, job_id: int) -> _Result:
    """In the history thread."""
    result = _Result()
    try:
        transcript = history.transcript(job_id)
    except JobGone:
        return result
    output = transcript.job.output
    if output is None:  # written in the meantime
        return result
    for wanted, written in export.write_wanted(transcript, output):
        if isinstance(written, OSError):
            result.failed.append((wanted, written))
        else:
            result.written.append(written)
    if not result.failed:
        history.written(job_id)
    return result
