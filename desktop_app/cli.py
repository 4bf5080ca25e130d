"""The same work without a window: the queue, the library and the backend, driven from a terminal."""

from __future__ import annotations

import argparse
import logging
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import msgspec

from desktop_app import messages, paths, terminal
from desktop_app.arguments import COMMANDS, DEFAULT_FORMAT, job_options, parsed
from desktop_app.messages import Segment
from desktop_app.models import shelf
from desktop_app.models.errors import ModelError
from desktop_app.transcripts import export
from desktop_app.transcripts.history import History, JobGone, NewerDatabase
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Transcript, shown
from desktop_app.ui import display, wording

log = logging.getLogger(__name__)

DONE, SOME_FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in `arguments` (those of this process by default) and return its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    terminal.write_any_name()
    options = parsed(arguments)
    try:
        paths.home()
    except OSError as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    if options.command == "transcribe":
        return _transcribe(options)
    if options.command == "history":
        return _history(options)
    mistyped = get_close_matches(str(options.files[0]), COMMANDS, n=1, cutoff=0.8) if options.files else []
    if mistyped and not os.path.lexists(options.files[0]):
        return terminal.complain(wording.did_you_mean(options.files[0], mistyped[0]), WRONG_USAGE)
    if not display.is_there():
        return terminal.complain(wording.NO_SCREEN, SOME_FAILED)
    from desktop_app.__main__ import open_window

    return open_window([Path(file) for file in options.files])


# --- transcribe ------------------------------------------------------------------------------------------------------


def _transcribe(arguments: argparse.Namespace) -> int:
    complaint = _what_cannot_work(arguments)
    if complaint:
        return terminal.complain(complaint, WRONG_USAGE)
    from PySide6.QtCore import QCoreApplication

    from desktop_app.work.backend_process import BackendProcess
    from desktop_app.work.collector import Collector
    from desktop_app.work.history_thread import HistoryThread
    from desktop_app.work.job_queue import JobQueue
    from desktop_app.work.ownership import Ownership

    application = QCoreApplication.instance() or QCoreApplication(["sottovoce"])
    Collector(application)
    try:
        terminal.log_to(paths.logs() / "terminal.log")
        ownership = Ownership(paths.locks())
    except OSError as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    history = HistoryThread(paths.database())
    backend = BackendProcess(paths.backend_command(), paths.logs() / "backend.log")
    queue = JobQueue(history, backend, ownership)
    run = _Run(arguments, queue, history, application.exit)
    history.start()
    before, sys.excepthook = sys.excepthook, run.end_by_fault  # Qt swallows what a slot raises, and goes on
    try:
        with terminal.Signals(run.interrupt):
            run.begin()
            return application.exec()
    finally:
        sys.excepthook = before
        backend.stop()
        history.close()
        ownership.release()


def _what_cannot_work(arguments: argparse.Namespace) -> str:
    try:
        export.file_name(arguments.name, _specimen(), DEFAULT_FORMAT)
    except export.UnknownField as error:
        return f"--name: {error}"
    try:
        model = shelf.find(arguments.model)
    except ModelError as error:
        return wording.no_model(f"{error}", [known.name for known in shelf.installed()])
    if shelf.languages(model) is shelf.Languages.ENGLISH:
        if arguments.language not in (None, "en"):
            return wording.english_only(arguments.model)
        if arguments.task == "translate":
            return wording.cannot_translate(arguments.model)
    if arguments.output_dir is not None:
        return _make(arguments.output_dir)
    return ""


def _specimen() -> Job:
    return Job(0, Path("x.wav"), JobOptions(), JobState.DONE, time.time())


class _Run:
    """One call of `sottovoce transcribe`: its jobs, what it prints, and the exit code it ends with."""

    def __init__(self, arguments: argparse.Namespace, queue: Any, history: Any, leave: Callable[[int], Any]) -> None:
        self._arguments = arguments
        self._queue = queue
        self._history = history
        self._leave = leave
        self._waiting: dict[int, Job] = {}
        self._failed = False
        self._interrupted = False
        self._all_added = False
        explicit = arguments.format or arguments.output_dir
        self._formats = arguments.format or [DEFAULT_FORMAT]
        self._writes_files = bool(explicit) or not (arguments.stdout or arguments.events)
        self._bar = terminal.ProgressBar(shown=not arguments.quiet and sys.stderr.isatty())
        queue.job_changed.connect(self._on_job_changed)
        queue.job_started.connect(self._on_job_started)
        queue.segments_added.connect(self._on_segments_added)
        queue.progressed.connect(self._on_progressed)
        history.could_not_open.connect(self._on_library_failed)
        history.failed.connect(self._on_library_failed)

    def begin(self) -> None:
        arguments = self._arguments
        options = job_options(arguments)
        self._queue.warm_up(options)
        self._queue.add([Path(file).absolute() for file in arguments.files], options, self._on_added)

    def interrupt(self) -> None:
        """End: what was heard is stored already; the jobs are cancelled."""
        self._interrupted = True
        self._bar.stop()
        self._queue.end_all()
        if not self._waiting:
            self._leave(INTERRUPTED)

    def end_by_fault(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """End because of a bug of ours: it is logged whole, the user reads that it is ours."""
        log.critical("unforeseen", exc_info=(kind, error, trace))
        self._bar.stop()
        terminal.say(f"{wording.FAULT} {paths.logs()}")
        self._leave(SOME_FAILED)

    def _on_added(self, jobs: list[Job]) -> None:
        self._waiting = {job.id: job for job in jobs if job.state is JobState.QUEUED}
        for job in jobs:
            if job.state is JobState.FAILED:
                self._tell_failure(job)
        self._leave_if_done()

    def _on_job_changed(self, job: Job) -> None:
        if job.id not in self._waiting or job.state in (JobState.QUEUED, JobState.RUNNING):
            return
        self._bar.stop()
        if job.state is JobState.DONE:
            self._history.ask(lambda history: history.transcript(job.id), self._on_transcript)
            return
        if job.state is JobState.FAILED:
            self._tell_failure(job)
        else:
            self._tell("cancelled", job)
            self._failed = True
        self._ended(job)

    def _on_transcript(self, transcript: Transcript) -> None:
        """Print and write the finished transcript."""
        job = transcript.job
        if job.partial:
            terminal.say(f"“{job.name}”: {wording.PARTIAL}")
        if not transcript.segments:
            terminal.say(f"“{job.name}”: {wording.NO_SPEECH}.")
        if self._arguments.stdout:
            terminal.print_out(export.text_of(transcript, self._formats[0]), end="")
        files = self._write(transcript) if self._writes_files else []
        self._tell(
            "finished",
            job,
            duration=job.duration,
            language=job.language,
            partial=job.partial,
            files=[shown(file) for file in files],
        )
        self._ended(job)

    def _write(self, transcript: Transcript) -> list[Path]:
        files = []
        for kind in self._formats:
            written = _written(transcript, self._arguments.output_dir, self._arguments.name, kind)
            if written is None:
                self._failed = True
                continue
            files.append(written)
            if not (self._arguments.stdout or self._arguments.events):
                terminal.print_out(shown(written))
        return files

    def _tell_failure(self, job: Job) -> None:
        self._failed = True
        sentence = wording.job_failure(job)
        terminal.say(sentence)
        assert job.failure is not None
        self._tell("failed", job, kind=job.failure.value, message=sentence)

    def _ended(self, job: Job) -> None:
        self._waiting.pop(job.id, None)
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        if not self._waiting:
            self._leave(INTERRUPTED if self._interrupted else SOME_FAILED if self._failed else DONE)

    def _on_job_started(self, event: messages.JobStarted) -> None:
        job = self._waiting.get(event.job_id)
        if job is not None:
            self._tell(
                "started",
                job,
                language=event.language,
                language_probability=event.language_probability,
                duration=event.duration,
                device=event.device,
            )

    def _on_segments_added(self, job_id: int, segments: list[Segment]) -> None:
        job = self._waiting.get(job_id)
        if job is not None:
            for segment in segments:
                self._tell("segment", job, **msgspec.to_builtins(segment))

    def _on_progressed(self, progress: Any) -> None:
        job = self._waiting.get(progress.job_id)
        if job is None or self._interrupted:
            return
        self._bar.show(job.name, wording.STAGES[progress.stage], progress)
        self._tell("progress", job, **{k: v for k, v in msgspec.to_builtins(progress).items() if k != "job_id"})

    def _tell(self, event: str, job: Job, **facts: Any) -> None:
        if self._arguments.events:
            told = {"event": event, "job": job.id, "file": shown(job.path), **facts}
            terminal.print_out(msgspec.json.encode(told).decode())

    def _on_library_failed(self, error: Exception) -> None:
        self._bar.stop()
        terminal.say(wording.library_failure(error))
        self._leave(SOME_FAILED)


# --- history ---------------------------------------------------------------------------------------------------------


def _history(arguments: argparse.Namespace) -> int:
    try:
        history = History(paths.database())
    except (sqlite3.Error, OSError, NewerDatabase) as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    _notice_the_dead(history)
    actions = {"list": _list, "show": _show, "export": _export, "remove": _remove}
    try:
        return actions[arguments.action](history, arguments)
    except JobGone as error:
        return terminal.complain(wording.no_job(str(error)), SOME_FAILED)
    finally:
        history.close()


def _notice_the_dead(history: History) -> None:
    """Mark the jobs of programs that are gone; they would seem to run for ever."""
    if owners := history.unended_owners():
        from desktop_app.work.ownership import gone  # which needs Qt: not loaded where nobody has work to do

        for owner in gone(paths.locks(), owners):
            history.interrupt(owner)


def _list(history: History, arguments: argparse.Namespace) -> int:
    jobs = history.jobs()
    if arguments.json:
        terminal.print_out(msgspec.json.format(msgspec.json.encode([_facts(job) for job in jobs])).decode())
        return DONE
    if not jobs:
        terminal.say(wording.NOTHING_YET)
    for job in jobs:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.added_at))
        terminal.print_out(f"{job.id:>5}  {when}  {terminal.one_line(job.name)}  ({wording.job_status(job)})")
    return DONE


def _facts(job: Job) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(job, enc_hook=shown)
    return facts | {"name": job.name}


def _show(history: History, arguments: argparse.Namespace) -> int:
    transcript = history.transcript(arguments.id)
    job = transcript.job
    terminal.say(f"{shown(job.path)} · {wording.about_job(job)} · {wording.job_status(job)}")
    terminal.print_out(export.text_of(transcript, "txt-times"), end="")
    return DONE


def _export(history: History, arguments: argparse.Namespace) -> int:
    transcript = history.transcript(arguments.id)
    if not transcript.segments and transcript.job.state is not JobState.DONE:
        return terminal.complain(wording.nothing_to_export(transcript.job.name), SOME_FAILED)
    if arguments.output_dir is not None and (trouble := _make(arguments.output_dir)):
        return terminal.complain(trouble, SOME_FAILED)
    failed = False
    for name in arguments.format:
        if arguments.stdout:
            terminal.print_out(export.text_of(transcript, name), end="")
        elif (written := _written(transcript, arguments.output_dir, arguments.name, name)) is not None:
            terminal.print_out(shown(written))
        else:
            failed = True
    return SOME_FAILED if failed else DONE


def _written(transcript: Transcript, folder: Path | None, template: str, kind: str) -> Path | None:
    """Write the transcript beside its recording, or into `folder`; return where. If it cannot be, say why."""
    wanted = (folder or transcript.job.path.parent) / export.file_name(template, transcript.job, kind)
    try:
        written = export.write(transcript, wanted, kind)
    except OSError as error:
        terminal.say(wording.cannot_write(shown(wanted), error.strerror or str(error)))
        return None
    if written.name != wanted.name:
        terminal.say(wording.name_was_taken(shown(Path(wanted.name)), shown(Path(written.name))))
    return written


def _make(folder: Path) -> str:
    """Make a folder if it is not there; return why it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return wording.no_folder(shown(folder), error.strerror or str(error))
    return ""


def _remove(history: History, arguments: argparse.Namespace) -> int:
    for job_id in arguments.ids:
        job = history.job(job_id)
        if job.state in (JobState.QUEUED, JobState.RUNNING):
            return terminal.complain(wording.not_finished(job.name), SOME_FAILED)
        history.delete(job_id)
        terminal.say(wording.removed_for_good(job.name))
    return DONE


def _exit() -> NoReturn:
    sys.exit(main())


if __name__ == "__main__":
    _exit()
