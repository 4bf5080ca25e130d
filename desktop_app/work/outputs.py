"""Writes transcripts into files: of jobs that the user chose, and of those from the command line.

Of the latter where the window went on with them: what was wanted is known from the library.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop_app.transcripts import export
from desktop_app.transcripts.history import History, JobGone
from desktop_app.transcripts.transcript import Job, JobState, Output
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue


class Exported(msgspec.Struct):
    """What became of an export."""

    written: list[Path] = []
    failed: list[tuple[Path, OSError]] = []  # where each file was to be, and why it is not
    left_out: int = 0  # jobs without text


def export_jobs(history: History, ids: Sequence[int], output: Output) -> Exported:
    """Write the transcripts of these jobs. One that cannot be written keeps none of the others from it.

    Nothing is overwritten, not even where two recordings have one name. It only reads the library.
    """
    result = Exported()
    if output.folder:
        with contextlib.suppress(OSError):  # what follows says why
            Path(output.folder).mkdir(parents=True, exist_ok=True)
    for job_id in ids:
        if not history.has_segments(job_id):
            result.left_out += 1
            continue
        for kind in output.formats:
            # Read once for each format: a long transcript is never in memory as a whole.
            transcript = history.streamed(job_id)
            for wanted, written in export.write_wanted(transcript, msgspec.structs.replace(output, formats=(kind,))):
                if isinstance(written, OSError):
                    result.failed.append((wanted, written))
                else:
                    result.written.append(written)
    return result


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
            self._history.ask_reading(
                lambda history: _write(history, job.id),
                self._tell,
                note=lambda history, result: None if result.failed else history.written(job.id),
            )

    def _tell(self, result: Exported) -> None:
        for file, error in result.failed:
            self.failed.emit(file, error)
        if result.written:
            self.written.emit(result.written)


def _write(history: History, job_id: int) -> Exported:
    """Write the files that are still wanted of a job. It reads the library."""
    result = Exported()
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
    return result
