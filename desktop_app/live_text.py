"""What is said, printed while it is recorded: a queue of its own that follows the recording of `sottovoce record`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from desktop_app import paths, streams, terminal
from desktop_app.messages import Provisional, Segment
from desktop_app.transcripts.lines import as_lines, is_open, separator, text_of_line
from desktop_app.transcripts.transcript import UNENDED, Job, JobOptions, JobState
from desktop_app.ui import wording
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.crash_reports import CrashReports
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import Hold, JobQueue
from desktop_app.work.ownership import Ownership
from desktop_app.work.probing import use_what_is_known


class LiveText(QObject):
    """Follows one recording. Settled text goes to stdout, line by line; the transcript stays in the library."""

    def __init__(
        self,
        options: JobOptions,
        show: Callable[[str], None],
        say: Callable[[str], None],
        ended: Callable[[bool], None],
        reader_gone: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        """show: shows words that may still change. say: says a sentence to the user. ended: told whether all went well.
        reader_gone: called when what was printed has no reader any more.

        Raise OSError if the library's folder cannot be written.
        """
        super().__init__(parent)
        self._options = options
        self._show = show
        self._say = say
        self._ended = ended
        self._reader_gone = reader_gone
        self._job: int | None = None
        self._is_complete = False
        self._line: list[Segment] = []  # what is certain of a line that is not whole yet
        self._ownership = Ownership(paths.locks())
        self._history = HistoryThread(paths.database())
        self._backend = BackendProcess(paths.backend_command(), paths.logs() / "backend.log")
        CrashReports(self._backend, paths.crashes(), wording.crash_report, self)
        self._queue = JobQueue(self._history, self._backend, self._ownership)
        use_what_is_known(self._queue, self._history)
        self._queue.segments_added.connect(self._on_segments)
        self._queue.provisional.connect(self._on_provisional)
        self._queue.job_changed.connect(self._on_job)
        self._queue.storage_failed.connect(lambda error: say(wording.storage_trouble(error)))
        self._queue.held_changed.connect(self._on_held_changed)
        self._history.could_not_open.connect(self._on_no_library)

    def get_ready(self) -> None:
        """Load the model, while nobody speaks yet."""
        self._history.start()
        self._queue.warm_up(self._options)

    def follow(self, file: Path) -> None:
        """Follow the recording that grows in `file`."""

        def then(job: Job) -> None:
            self._job = job.id
            self._end_if_complete()

        self._queue.add_live(file, self._options, False, then)

    def finish(self) -> None:
        """The recording is complete. `ended` follows."""
        self._is_complete = True
        self._end_if_complete()

    def close(self) -> None:
        """End; what is not written down yet is when the job is resumed. For the end of the program."""
        self._print_rest()
        self._queue.leave()
        self._backend.stop()
        self._history.close()
        self._ownership.release()

    def _end_if_complete(self) -> None:
        if self._job is not None and self._is_complete:
            self._queue.recording_ended(self._job)

    def _on_segments(self, job_id: int, segments: Sequence[Segment]) -> None:
        if job_id == self._job:
            self._show("")
            *whole, self._line = [*as_lines([*self._line, *segments])] or [[]]
            for line in whole:
                self._print(line)
            if self._line and not is_open(self._line[-1]):
                self._print_rest()
            lost = streams.lost_output()
            if lost is not None and streams.has_enough(lost):
                self._reader_gone()

    def _print_rest(self) -> None:
        """Print the line that is begun."""
        if self._line:
            self._print(self._line)
            self._line = []

    def _print(self, line: Sequence[Segment]) -> None:
        terminal.print_out(terminal.one_line(text_of_line(line)))

    def _on_provisional(self, heard: Provisional) -> None:
        if heard.job_id == self._job:
            said = "".join(word.text for word in heard.words).strip()
            begun = text_of_line(self._line)
            self._show(terminal.one_line(begun + separator(begun, said) + said))

    def _on_job(self, job: Job) -> None:
        if job.id != self._job or job.state in UNENDED:
            return
        self._show("")
        self._print_rest()
        if job.state is JobState.FAILED:
            self._say(wording.job_failure(job))
        self._ended(job.state is JobState.DONE)

    def _on_held_changed(self) -> None:
        if Hold.UPDATED in self._queue.held:
            self._show("")
            self._say(f"{wording.UPDATED_MEANWHILE} {wording.PUT_OFF}")
            self._ended(False)

    def _on_no_library(self, error: Exception) -> None:
        self._say(wording.library_failure(error))
        self._ended(False)
