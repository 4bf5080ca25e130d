"""The same work without a window: the queue, the library and the backend, driven from a terminal."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import msgspec

from desktop_app import logs, messages, paths, record_command, streams, terminal, typed_files
from desktop_app.arguments import COMMANDS, DEFAULT_FORMAT, job_options, parsed
from desktop_app.exit_codes import DONE, INTERRUPTED, SOME_FAILED, WRONG_USAGE
from desktop_app.messages import Failure, Segment
from desktop_app.models import abilities, catalogue, shelf
from desktop_app.models.errors import ModelError
from desktop_app.transcripts import export, safekeeping
from desktop_app.transcripts.history import History, JobGone, LibraryInUse, NewerDatabase
from desktop_app.transcripts.safekeeping import Mended, NotALibrary, NotSound
from desktop_app.transcripts.soundness import is_damage
from desktop_app.transcripts.transcript import UNENDED, Job, JobOptions, JobState, Output, Step, Transcript, shown
from desktop_app.ui import display, wording

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in `arguments` (those of this process by default) and return its exit code."""
    streams.take_over()
    terminal.use_utf8_locale()
    try:
        return terminal.ended(_main(list(sys.argv[1:] if arguments is None else arguments)))
    except SystemExit as end:  # of --help, or of what was typed wrong
        return terminal.ended(end.code if isinstance(end.code, int) else WRONG_USAGE)


def _main(arguments: list[str]) -> int:
    options = parsed(arguments)
    if options.command == "help":  # needs no folder, neither the user's nor this one
        from desktop_app import help_command

        return help_command.show(options)
    try:
        Path.cwd()
    except OSError:  # it was deleted: our processes could not start in it
        if _has_relative_paths(options):
            return terminal.complain(wording.FOLDER_IS_GONE, WRONG_USAGE)
        os.chdir(os.sep)
    if options.command is None:
        return _open_window(options)
    try:
        for folder in (paths.home, paths.models, paths.locks, paths.logs):
            folder()
    except OSError as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    if options.command == "transcribe":
        options.is_piped = typed_files.STANDARD_INPUT in options.files
        try:
            complaint = _what_cannot_work(options)
        except ModelError as error:
            return _cannot_find(options.model, error)
        if complaint:
            return terminal.complain(complaint, WRONG_USAGE)
        code = _find_files(options)
        return _work(options) if code is None else code
    if options.command == "resume":
        return _work(options)
    if options.command == "history":
        return _history(options)
    if options.command == "library":
        return _library(options)
    if options.command == "record":
        return record_command.record(options)
    if options.command == "models":
        from desktop_app import models_command

        return models_command.models(options)
    if options.command == "updates":
        from desktop_app import updates_command

        return updates_command.updates(options)
    if options.command == "devices" and options.audio:
        return record_command.devices(options)
    if options.command == "devices":
        from desktop_app import machine_command

        return machine_command.devices(options)
    if options.command == "gpu":
        from desktop_app import gpu_command

        return gpu_command.gpu(options)
    from desktop_app import quit_command

    return quit_command.leave(options)


def _has_relative_paths(options: argparse.Namespace) -> bool:
    values = [one for value in vars(options).values() for one in (value if isinstance(value, list) else [value])]
    files = [*getattr(options, "files", []), *(value for value in values if isinstance(value, Path))]
    return any(not Path(file).is_absolute() for file in files if file != typed_files.STANDARD_INPUT)


def _open_window(options: argparse.Namespace) -> int:
    mistyped = get_close_matches(str(options.files[0]), COMMANDS, n=1, cutoff=0.8) if options.files else []
    if mistyped and not os.path.lexists(options.files[0]):
        return terminal.complain(wording.did_you_mean(options.files[0], mistyped[0]), WRONG_USAGE)
    if not display.is_there():
        return terminal.complain(wording.NO_SCREEN, SOME_FAILED)
    from desktop_app.__main__ import open_window

    return open_window([Path(file) for file in options.files])


# --- transcribe, resume ----------------------------------------------------------------------------------------------


def _work(arguments: argparse.Namespace) -> int:
    """Do the jobs that the command line names, or those that were interrupted."""
    from PySide6.QtCore import QCoreApplication, QTimer

    from desktop_app.work.backend_process import BackendProcess

    application = QCoreApplication.instance() or QCoreApplication(["sottovoce"])
    backend = BackendProcess(paths.backend_command(), paths.logs() / "backend.log")
    if arguments.command == "transcribe":
        backend.start()  # it has as much to import as we have, and does so meanwhile
    from desktop_app.work.collector import Collector
    from desktop_app.work.computer import KeptAwake
    from desktop_app.work.crash_reports import CrashReports
    from desktop_app.work.history_thread import HistoryThread
    from desktop_app.work.job_queue import JobQueue
    from desktop_app.work.ownership import Ownership
    from desktop_app.work.probing import use_what_is_known

    Collector(application)
    try:
        logs.log_to(paths.logs() / "terminal.log")
        ownership = Ownership(paths.locks())
    except OSError as error:
        backend.stop()
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    history = HistoryThread(paths.database())
    CrashReports(backend, paths.crashes(), wording.crash_report, application)
    queue = JobQueue(history, backend, ownership)
    use_what_is_known(queue, history)
    awake = KeptAwake()
    awake.hold(wording.WHY_AWAKE)
    # By way of the event loop: a signal may come before it runs, and would be forgotten.
    run = _Run(arguments, queue, history, lambda code: QTimer.singleShot(0, lambda: application.exit(code)))
    history.start()
    before, sys.excepthook = sys.excepthook, run.end_by_fault  # Qt swallows what a slot raises, and goes on
    try:
        with terminal.Signals(run.interrupt, run.put_off):
            if arguments.command == "resume":
                run.resume()
            else:
                run.begin()
            return application.exec()
    finally:
        sys.excepthook = before
        awake.close()
        backend.stop()
        history.close()
        ownership.release()


def _settle(history: History, job: Job) -> None:
    """The transcript is where it was to be: nothing of the job is left to be done."""
    from desktop_app.work import unfinished

    history.written(job.id)
    with contextlib.suppress(OSError):  # the note stays
        unfinished.forget_heard(job.path, job.duration or 0.0)


def _find_files(arguments: argparse.Namespace) -> int | None:
    """Put the recordings that are to be transcribed in the place of what was typed; return an exit code if none are."""
    if arguments.files == [typed_files.STANDARD_INPUT]:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        terminal.raise_interrupts()
        try:
            arguments.files = [str(typed_files.from_standard_input())]
        except typed_files.Unusable as error:
            return terminal.complain(str(error), WRONG_USAGE)
        except OSError as error:
            return terminal.complain(wording.library_failure(error), SOME_FAILED)
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
                signal.signal(number, handler)
        return None
    arguments.files, arguments.unmatched = typed_files.expanded(arguments.files)
    for pattern in arguments.unmatched:
        terminal.say(wording.no_file_matches(pattern))
    if not arguments.files:
        return SOME_FAILED
    if arguments.skip_existing:
        options, output = job_options(arguments), _output(arguments)
        arguments.files, skipped = typed_files.without_transcripts(arguments.files, output, options)
        if skipped:
            terminal.say(wording.skipped(skipped))
        if not arguments.files:
            return SOME_FAILED if arguments.unmatched else DONE
    return None


def _cannot_find(name: str, error: ModelError) -> int:
    installed = [known.name for known in shelf.installed()]
    sentence = wording.no_model(name, error.kind, shown(paths.models()), installed, name in catalogue.published())
    is_typed_wrong = error.kind in (Failure.MODEL_MISSING, Failure.MODEL_BROKEN)
    return terminal.complain(sentence, WRONG_USAGE if is_typed_wrong else SOME_FAILED)


def _what_cannot_work(arguments: argparse.Namespace) -> str:
    """Return why what was typed cannot work, or nothing. Raise ModelError."""
    try:
        export.file_name(arguments.name, _specimen(), DEFAULT_FORMAT)
    except export.UnknownField as error:
        return f"--name: {error}"
    if complaint := typed_files.check(arguments):
        return complaint
    model = shelf.find(arguments.model)
    can = abilities.of_folder(model)
    languages = [arguments.language] if arguments.language else arguments.languages
    if can.english_only and any(language != "en" for language in languages):
        return wording.english_only(arguments.model)
    if arguments.task == "translate" and not can.can_translate:
        return wording.cannot_translate(arguments.model)
    try:
        msgspec.json.encode((job_options(arguments), _output(arguments)))
    except UnicodeEncodeError:  # it is kept with the job, as text
        return wording.NOT_UNICODE
    if arguments.output_dir is not None:
        return _make(arguments.output_dir)
    return ""


def _output(arguments: argparse.Namespace) -> Output:
    """Return what is to be done with a transcript, as typed: it is kept with the job, which may be resumed."""
    asked_for = bool(arguments.format or arguments.output_dir)
    is_piped = arguments.is_piped
    folder = arguments.output_dir or (Path() if is_piped and asked_for else None)
    prints = arguments.stdout or (is_piped and not asked_for and not arguments.events)
    return Output(
        formats=tuple(arguments.format or [DEFAULT_FORMAT]),
        files=asked_for or not (prints or arguments.events),
        folder=str(folder.absolute()) if folder is not None else "",
        name=arguments.name,
        stdout=prints,
        overwrite=arguments.overwrite,
    )


def _specimen() -> Job:
    return Job(0, Path("x.wav"), JobOptions(), JobState.DONE, time.time())


class _Run:
    """One call of `sottovoce transcribe` or `resume`: its jobs, what it prints, and the exit code it ends with."""

    def __init__(self, arguments: argparse.Namespace, queue: Any, history: Any, leave: Callable[[int], Any]) -> None:
        self._arguments = arguments
        self._queue = queue
        self._history = history
        self._leave_with = leave
        self._is_leaving = False
        self._waiting: dict[int, Job] = {}
        self._failed = bool(getattr(arguments, "unmatched", None))
        self._failed_to_write = False
        self._files_written = export.Written()
        self._interrupted = False
        self._bar = terminal.ProgressBar(shown=not arguments.quiet and sys.stderr.isatty())
        queue.job_changed.connect(self._on_job_changed)
        queue.job_started.connect(self._on_job_started)
        queue.segments_added.connect(self._on_segments_added)
        queue.progressed.connect(self._on_progressed)
        queue.stepped_down.connect(self._on_stepped_down)
        queue.storage_failed.connect(self._on_storage_failed)
        queue.held_changed.connect(self._on_held_changed)
        queue.became_idle.connect(self._on_idle)
        history.mended.connect(self._on_mended)
        history.could_not_open.connect(self._on_library_failed)
        history.failed.connect(self._on_library_failed)

    def begin(self) -> None:
        arguments = self._arguments
        options = job_options(arguments)
        self._queue.warm_up(options)
        self._queue.add(
            [Path(file).absolute() for file in arguments.files], options, self._on_added, _output(arguments)
        )

    def resume(self) -> None:
        """Go on with the jobs named, or with those that were interrupted and that nobody works on."""
        self._queue.resume(self._arguments.ids, self._on_taken_over)

    def interrupt(self) -> None:
        """End: what was heard is stored already; the jobs are cancelled."""
        from desktop_app.work.job_queue import Hold

        if self._interrupted or Hold.STORAGE in self._queue.held:  # it cannot be noted that they are cancelled
            self.put_off()
            return
        self._interrupted = True
        self._bar.stop()
        self._queue.end_all()
        if not self._waiting:
            self._leave(INTERRUPTED)

    def put_off(self) -> None:
        """End because the system wants us to: the jobs go on when they are resumed."""
        self._interrupted = True
        try:
            self._bar.stop()
            self._queue.leave()
            if self._waiting:
                terminal.say(wording.PUT_OFF)
        finally:
            self._leave(INTERRUPTED)

    def end_by_fault(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """End because of a bug of ours: it is logged whole, the user reads that it is ours."""
        try:
            log.critical("unforeseen", exc_info=(kind, error, trace))
            self._bar.stop()
            terminal.say(f"{wording.FAULT} {paths.logs()}")
        finally:
            self._leave(SOME_FAILED)

    def _on_added(self, jobs: list[Job]) -> None:
        self._waiting = {job.id: job for job in jobs if job.state in (JobState.QUEUED, JobState.DONE)}
        for job in jobs:
            if job.state is JobState.FAILED:
                self._tell_failure(job)
            elif job.state is JobState.DONE:  # but its transcript is not written
                self._on_job_changed(job)
        self._leave_if_done()

    def _on_taken_over(self, jobs: list[Job]) -> None:
        named = set(self._arguments.ids)
        for job_id in sorted(named - {job.id for job in jobs}):
            self._failed = True
            terminal.say(wording.cannot_go_on(job_id))
        if jobs and not self._arguments.events:
            terminal.say(wording.going_on(jobs))
        if not jobs and not named:
            terminal.say(wording.NOTHING_INTERRUPTED)
        if not named:
            record_command.tell_of_killed({job.path for job in jobs})
        self._on_added(jobs)

    def _on_stepped_down(self, job: Job, step: Step) -> None:
        sentence = wording.step_taken(job.name, step)
        self._bar.stop()
        terminal.say(sentence)
        self._tell("stepped_down", job, **msgspec.to_builtins(step), message=sentence)

    def _on_storage_failed(self, error: Exception) -> None:
        self._bar.stop()
        terminal.say(wording.storage_trouble(error))

    def _on_held_changed(self) -> None:
        from desktop_app.work.job_queue import Hold

        if Hold.UPDATED in self._queue.held:
            self._bar.stop()
            terminal.say(wording.UPDATED_MEANWHILE)
            self.put_off()

    def _on_job_changed(self, job: Job) -> None:
        if job.id not in self._waiting or job.state in UNENDED:
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
        doubtful = sum(bool(segment.doubts) for segment in transcript.segments)
        left_out = len(transcript.left_out)
        self._say_of(job, wording.partial(job) if job.partial else "")
        for sentence in wording.sound_notes(job.notes):
            self._say_of(job, sentence)
        if job.is_past_the_end:
            self._failed = True
            self._say_of(job, wording.job_notes(job, has_text=False))
        elif not transcript.segments:
            self._say_of(job, f"{wording.NO_SPEECH}.")
        self._say_of(job, wording.passages(doubtful, left_out, wording.shown_by_history(job.id)))
        output = Output() if job.is_past_the_end else job.output or Output()
        if output.stdout and not self._arguments.events:
            terminal.print_out(export.text_of(transcript, (output.formats or (DEFAULT_FORMAT,))[0]), end="")
            lost = streams.lost_output()
            if lost is not None and not streams.has_enough(lost) and self._end_without_output():
                return  # the job is printed and written when it is resumed
        files = self._write(transcript, output)
        if not self._failed_to_write:
            self._history.ask(lambda history: _settle(history, job))
        self._waiting.pop(job.id, None)
        self._tell(
            "finished",
            job,
            duration=job.duration,
            language=job.language,
            partial=job.partial,
            doubtful=doubtful,
            left_out=left_out,
            notes=msgspec.to_builtins(job.notes),
            files=[shown(file) for file in files],
        )
        self._ended(job)

    def _say_of(self, job: Job, sentence: str) -> None:
        if sentence:
            terminal.say(f"“{job.name}”: {sentence}")

    def _write(self, transcript: Transcript, output: Output) -> list[Path]:
        files = []
        self._failed_to_write = False
        for written in _written(transcript, output, self._files_written):
            if written is None:
                self._failed = self._failed_to_write = True
                continue
            files.append(written)
            if not (output.stdout or self._arguments.events):
                terminal.print_out(shown(written))
        return files

    def _tell_failure(self, job: Job) -> None:
        self._failed = True
        sentence = wording.job_failure(job)
        terminal.say(sentence)
        assert job.failure is not None
        self._tell("failed", job, kind=job.failure.value, message=sentence)

    def _on_idle(self) -> None:
        """See what became of jobs that are not ours any more: another program can have paused or removed them."""
        if not self._waiting or self._interrupted or self._queue.held:
            return
        ids = [*self._waiting]
        self._history.ask(lambda history: history.jobs_of(ids), lambda jobs: self._on_looked_up(ids, jobs))

    def _on_looked_up(self, ids: list[int], jobs: list[Job]) -> None:
        now = {job.id: job for job in jobs}
        for job_id in ids:
            job = self._waiting.get(job_id)
            if job is None or (job_id in now and now[job_id].state in (*UNENDED, JobState.DONE)):
                continue
            self._failed = True
            self._bar.stop()
            terminal.say(wording.taken_away(job.name, now.get(job_id)))
            self._tell("taken_away", job, state=now[job_id].state.value if job_id in now else "removed")
            self._ended(job)

    def _ended(self, job: Job) -> None:
        self._waiting.pop(job.id, None)
        self._leave_if_done()
        lost = streams.lost_output()
        if self._waiting and lost is not None and streams.has_enough(lost):
            self._end_without_output()

    def _end_without_output(self) -> bool:
        """End because what is heard cannot be printed, and leave the jobs to `resume`. Return False if they go on.

        They do under nohup: everything is in the library, and files are written all the same.
        """
        lost = streams.lost_output()
        if lost is None or self._interrupted:
            return False
        self._failed = self._failed or not streams.has_enough(lost)
        if terminal.is_to_outlive_terminal() or streams.is_terminal_gone(lost):
            return False
        self._interrupted = True
        try:
            self._bar.stop()
            self._queue.leave()
        finally:
            self._leave(SOME_FAILED if self._failed else INTERRUPTED if self._waiting else DONE)
        return True

    def _leave(self, code: int) -> None:
        """End with this code. What led to it first counts."""
        if not self._is_leaving:
            self._is_leaving = True
            self._leave_with(code)

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
                notes=msgspec.to_builtins(event.notes),
            )
            if job.options.split_channels and not event.split:
                self._bar.stop()
                terminal.say(wording.not_stereo(job.name))

    def _on_segments_added(self, job_id: int, segments: list[Segment]) -> None:
        job = self._waiting.get(job_id)
        if job is not None:
            for segment in segments:
                self._tell("segment", job, **msgspec.to_builtins(export.as_shown(segment)))

    def _on_progressed(self, progress: Any) -> None:
        job = self._waiting.get(progress.job_id)
        if job is None or self._interrupted:
            return
        share = job.share_done(progress.position, progress.duration)
        self._bar.show(job.name, wording.STAGES[progress.stage], progress, share)
        self._tell("progress", job, **{k: v for k, v in msgspec.to_builtins(progress).items() if k != "job_id"})

    def _tell(self, event: str, job: Job, **facts: Any) -> None:
        if self._arguments.events:
            told = {"event": event, "job": job.id, "file": shown(job.path), **facts}
            terminal.print_out(msgspec.json.encode(told).decode())
            self._end_without_output()

    def _on_mended(self, what: Mended) -> None:
        self._bar.stop()
        terminal.say(wording.mended(what))

    def _on_library_failed(self, error: Exception) -> None:
        self._bar.stop()
        terminal.say(wording.library_failure(error))
        self._leave(SOME_FAILED)


# --- history ---------------------------------------------------------------------------------------------------------


def _history(arguments: argparse.Namespace) -> int:
    actions = {"list": _list, "show": _show, "export": _export, "remove": _remove, "restore": _bring_back}

    def act(history: History) -> int:
        _notice_the_dead(history)
        return actions[arguments.action](history, arguments)

    return _with_library(act)


def _with_library(act: Callable[[History], int], thorough: bool = False) -> int:
    """Do something with the library, and return the exit code. If it turns out damaged: mend it, and do it again."""
    try:
        history = History(paths.database(), thorough)
    except (sqlite3.Error, OSError, NewerDatabase, LibraryInUse) as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    if history.mended is not None:
        terminal.say(wording.mended(history.mended))
    try:
        return act(history)
    except JobGone as error:
        return terminal.complain(wording.no_job(str(error)), SOME_FAILED)
    except Exception as error:
        if thorough or not is_damage(error):
            raise
    finally:
        history.close()
    return _with_library(act, thorough=True)


def _notice_the_dead(history: History) -> None:
    """Mark the jobs of programs that are gone; they would seem to run for ever."""
    if owners := history.unended_owners():
        from desktop_app.work.ownership import gone  # which needs Qt: not loaded where nobody has work to do

        for owner in gone(paths.locks(), owners):
            history.put_back(owner)


def _list(history: History, arguments: argparse.Namespace) -> int:
    jobs = history.removed() if arguments.removed else history.jobs()
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


def _still_there(history: History, job_id: int) -> Job:
    """Return a job that was not removed. Raise JobGone."""
    for job in history.jobs_of([job_id]):
        return job
    raise JobGone(job_id)


def _show(history: History, arguments: argparse.Namespace) -> int:
    transcript = history.transcript(_still_there(history, arguments.id).id)
    job = transcript.job
    terminal.say(f"{shown(job.path)} · {wording.about_job(job)} · {wording.job_status(job)}")
    for sentence in wording.sound_notes(job.notes):
        terminal.say(sentence)
    terminal.print_out("".join(_marked_lines(transcript)), end="")
    doubts = [doubt for segment in transcript.segments for doubt in segment.doubts]
    doubtful = sum(bool(segment.doubts) for segment in transcript.segments)
    if remarks := wording.passages(doubtful, len(transcript.left_out), wording.marked(list(dict.fromkeys(doubts)))):
        terminal.say(remarks)
    for text in transcript.left_out:
        terminal.say(wording.removed_text(text))
    return DONE


def _marked_lines(transcript: Transcript) -> Iterator[str]:
    """Yield the transcript with times; behind each doubtful passage stands a mark."""
    for segment in transcript.segments:
        line = export.text_of(msgspec.structs.replace(transcript, segments=(segment,)), "txt-times")
        yield line.replace("\n", f" {wording.MARK}\n") if segment.doubts else line


def _export(history: History, arguments: argparse.Namespace) -> int:
    transcript = history.transcript(_still_there(history, arguments.id).id)
    if not transcript.segments and transcript.job.state is not JobState.DONE:
        return terminal.complain(wording.nothing_to_export(transcript.job.name), SOME_FAILED)
    if arguments.output_dir is not None and (trouble := _make(arguments.output_dir)):
        return terminal.complain(trouble, SOME_FAILED)
    if arguments.stdout:
        for name in arguments.format:
            terminal.print_out(export.text_of(transcript, name), end="")
        return DONE
    failed = False
    folder = str(arguments.output_dir or "")
    for written in _written(transcript, Output(tuple(arguments.format), True, folder, arguments.name)):
        if written is None:
            failed = True
        else:
            terminal.print_out(shown(written))
    return SOME_FAILED if failed else DONE


def _written(transcript: Transcript, output: Output, before: export.Written | None = None) -> Iterator[Path | None]:
    """Write the files that are wanted; yield where each is. Of one that cannot be written yield None, and say why."""
    for wanted, written in export.write_wanted(transcript, output, before):
        if isinstance(written, OSError):
            terminal.say(wording.cannot_write(shown(wanted), written.strerror or str(written)))
            yield None
            continue
        if written.name != wanted.name:
            told = wording.name_was_taken if os.path.lexists(wanted) else wording.name_not_possible
            terminal.say(told(shown(Path(wanted.name)), shown(Path(written.name))))
        yield written


def _make(folder: Path) -> str:
    """Make a folder if it is not there; return why it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return wording.no_folder(shown(folder), error.strerror or str(error))
    return ""


def _remove(history: History, arguments: argparse.Namespace) -> int:
    for job_id in arguments.ids:
        job = history.job(job_id) if arguments.for_good else _still_there(history, job_id)
        if job.state is JobState.RUNNING:
            return terminal.complain(wording.not_finished(job.name), SOME_FAILED)
        if arguments.for_good:
            history.delete(job_id)
            terminal.say(wording.removed_for_good(job.name))
        else:
            history.remove(job_id)
            terminal.say(wording.put_away(job.name, job_id))
    return DONE


def _bring_back(history: History, arguments: argparse.Namespace) -> int:
    for job_id in arguments.ids:
        terminal.say(wording.brought_back(history.restore(job_id).name))
    return DONE


# --- library ---------------------------------------------------------------------------------------------------------


def _library(arguments: argparse.Namespace) -> int:
    if arguments.action == "restore":
        return _restore(arguments.file)
    if arguments.action == "backup":
        return _with_library(lambda _: _back_up(arguments.file))
    return _with_library(_tell_whether_sound, thorough=True)


def _back_up(file: Path) -> int:
    try:
        safekeeping.back_up(paths.database(), file)
    except (sqlite3.Error, OSError) as error:
        return terminal.complain(wording.not_backed_up(shown(file), error), SOME_FAILED)
    terminal.print_out(shown(file))
    return DONE


def _restore(file: Path) -> int:
    try:
        restored = safekeeping.restore(paths.database(), file)
    except (sqlite3.Error, OSError, NewerDatabase, LibraryInUse, NotALibrary, NotSound) as error:
        return terminal.complain(wording.not_restored(shown(file), error), SOME_FAILED)
    terminal.say(wording.restored(shown(file), restored))
    return DONE


def _tell_whether_sound(history: History) -> int:
    if history.mended is not None:  # which was said
        return SOME_FAILED
    terminal.say(wording.LIBRARY_IS_SOUND)
    return DONE


def _exit() -> NoReturn:
    sys.exit(main())


if __name__ == "__main__":
    _exit()
