"""Takes jobs in, has them done one after the other; the only one that changes a job's state."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app import messages
from desktop_app.messages import Failure, Stage
from desktop_app.models import shelf
from desktop_app.models.errors import ModelError
from desktop_app.transcripts.history import History, JobGone
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.work.backend_process import BackendProcess, Death
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.media_files import media_in
from desktop_app.work.ownership import Ownership
from desktop_app.work.pace import Pace

log = logging.getLogger(__name__)

CANCEL_PATIENCE_MS = 400  # then the backend is killed: cancelling takes less than a second, whatever it is doing


class JobProgress(msgspec.Struct, frozen=True):
    """How far the running job is. Not stored."""

    job_id: int
    stage: Stage
    position: float
    duration: float | None
    speed: float | None  # seconds of sound a second; None until it can be told
    seconds_left: float | None


class JobQueue(QObject):
    """The jobs of this program, in the library, and the backend that does them.

    jobs_added(jobs), job_changed(job), job_removed(job_id): the library changed so.
    job_started(event): a messages.JobStarted; its language and duration are stored.
    segments_added(job_id, segments): they are stored.
    progressed(progress): a JobProgress.
    model_loaded(event), model_failed(event): what came of the backend's warming up.
    became_idle(): there is nothing left to do.
    """

    jobs_added = Signal(object)
    job_changed = Signal(object)
    job_removed = Signal(int)
    job_started = Signal(object)
    segments_added = Signal(int, object)
    progressed = Signal(object)
    model_loaded = Signal(object)
    model_failed = Signal(object)
    became_idle = Signal()

    def __init__(
        self,
        history: HistoryThread,
        backend: BackendProcess,
        ownership: Ownership,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._history = history
        self._backend = backend
        self._ownership = ownership
        self._owner = ownership.id
        self._running: Job | None = None
        self._choosing = False  # the next job is being looked up
        self._cancelling = False
        self._pace = Pace()
        self._patience = QTimer(self, singleShot=True, interval=CANCEL_PATIENCE_MS)
        self._patience.timeout.connect(self._backend.kill)
        backend.event_received.connect(self._on_event)
        backend.died.connect(self._on_backend_died)

    @property
    def running(self) -> Job | None:
        return self._running

    # --- what the user can ask for ---

    def start(self) -> None:
        """Take over what programs that are gone have left queued, and begin."""

        def take_over(history: History) -> None:
            history.forget_removed()
            for gone in self._ownership.gone(history.unended_owners()):
                history.take_over(gone, self._owner)

        self._history.ask(take_over, lambda _: self._start_next())

    def warm_up(self, options: JobOptions) -> None:
        """Start the backend and load the model, while the user still looks for the file."""
        self._backend.start()

        def load(folder: Path) -> None:
            if self._running is None:
                self._backend.send(
                    messages.LoadModel(
                        os.fsencode(folder), options.device, options.tuning.compute_type, options.tuning.threads
                    )
                )

        self._history.ask(lambda _: shelf.find(options.model), load, lambda error: log.info("no warm start: %s", error))

    def add(self, paths: Sequence[Path], options: JobOptions, then: Callable[[list[Job]], None] | None = None) -> None:
        """Queue files; folders are searched for media. `then` gets the jobs made, in the order of the paths."""

        def store(history: History) -> list[Job]:
            jobs = []
            for path in paths:
                files, failure = _files_of(path)
                jobs += [history.add_job(file, options, self._owner, failure) for file in files]
            return jobs

        def announce(jobs: list[Job]) -> None:
            if then is not None:
                then(jobs)
            self.jobs_added.emit(jobs)
            self._start_next()

        self._history.ask(store, announce)

    def cancel(self, job_id: int) -> None:
        """Have the job end now; what was heard stays. It is done within a second."""
        if self._running is not None and self._running.id == job_id:
            if not self._cancelling:
                self._cancelling = True
                self._backend.send(messages.Cancel(job_id))
                self._patience.start()
            return

        def if_queued(history: History) -> Job:
            job = history.job(job_id)
            if job.state is JobState.QUEUED:
                job = history.update(job_id, state=JobState.CANCELLED, ended_at=time.time())
            return job

        def tell(job: Job) -> None:
            if self._running is not None and self._running.id == job_id:
                self.cancel(job_id)  # it was chosen to run in the meantime
            else:
                self.job_changed.emit(job)

        self._history.ask(if_queued, tell, _unless_gone)

    def retry(self, job_id: int, options: JobOptions | None = None) -> None:
        """Do an ended job again, with its own options or with others.

        What was heard before is not given up for it: if there is any, a new job is made beside it.
        """

        def queue_again(history: History) -> tuple[Job, bool]:
            job = history.job(job_id)
            if job.state in (JobState.QUEUED, JobState.RUNNING):
                return job, False
            if history.has_segments(job_id):
                return history.add_job(job.path, options or job.options, self._owner), True
            if options is not None:
                history.update(job_id, options=msgspec.json.encode(options).decode())
            return history.start_over(job_id, self._owner), False

        def announce(answer: tuple[Job, bool]) -> None:
            job, is_new = answer
            if is_new:
                self.jobs_added.emit([job])
            else:
                self.job_changed.emit(job)
            self._start_next()

        self._history.ask(queue_again, announce, _unless_gone)

    def remove(self, job_id: int) -> None:
        """Put the job and its transcript away. The recording itself is not touched."""

        def tell(_: None) -> None:
            if self._running is not None and self._running.id == job_id:
                self.cancel(job_id)
            self.job_removed.emit(job_id)

        self._history.ask(lambda history: history.remove(job_id), tell)

    def restore(self, job_id: int) -> None:
        """Bring a removed job back."""

        def announce(job: Job) -> None:
            self.jobs_added.emit([job])
            self._start_next()  # it may have been removed while it waited

        self._history.ask(lambda history: history.restore(job_id), announce, _unless_gone)

    def leave(self) -> None:
        """The program ends: what runs was interrupted, what waits goes on waiting."""
        if self._running is not None:
            job_id, self._running = self._running.id, None
            self._choosing = True  # nothing new begins
            self._history.ask(lambda history: _failed(history, job_id, Failure.INTERRUPTED, ""), None, _unless_gone)

    def end_all(self) -> None:
        """Have everything queued end as cancelled, and the running job too. `became_idle` follows."""

        def cancel_queued(history: History) -> list[Job]:
            ended = []
            while (job := history.next_queued(self._owner)) is not None:
                ended.append(history.update(job.id, state=JobState.CANCELLED, ended_at=time.time()))
            return ended

        def tell(jobs: list[Job]) -> None:
            for job in jobs:
                self.job_changed.emit(job)
            if self._running is not None:
                self.cancel(self._running.id)
            elif not self._choosing:
                self.became_idle.emit()

        self._history.ask(cancel_queued, tell)

    # --- the next job ---

    def _start_next(self) -> None:
        if self._running is not None or self._choosing:
            return
        self._choosing = True
        self._history.ask(self._choose, self._on_chosen)

    def _choose(self, history: History) -> tuple[Job, Path | None] | None:
        """In the history thread: return the next job, now marked as running, and its model's folder."""
        job = history.next_queued(self._owner)
        if job is None:
            return None
        now = time.time()
        try:
            model = shelf.find(job.options.model)
        except ModelError as error:
            return _failed(history, job.id, error.kind, str(error)), None
        return history.update(job.id, state=JobState.RUNNING, started_at=now), model

    def _on_chosen(self, chosen: tuple[Job, Path | None] | None) -> None:
        self._choosing = False
        if chosen is None:
            self.became_idle.emit()
            return
        job, model = chosen
        self.job_changed.emit(job)
        if model is None:
            self._start_next()
            return
        self._running, self._cancelling = job, False
        self._pace = Pace()
        self._backend.send(
            messages.Transcribe(
                job_id=job.id,
                audio=os.fsencode(job.path),
                model=os.fsencode(model),
                device=job.options.device,
                language=job.options.language,
                task=job.options.task,
                words=job.options.words,
                languages=job.options.languages,
                prompt=job.options.prompt,
                glossary=job.options.glossary,
                begin=job.options.begin,
                end=job.options.end,
                track=job.options.track,
                split_channels=job.options.split_channels,
                tuning=job.options.tuning,
            )
        )
        self._tell_progress(Stage.LOADING_MODEL if self._backend.is_ready else Stage.STARTING, 0.0, None)

    # --- what the backend says ---

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.ModelLoaded():
                self.model_loaded.emit(event)
            case messages.ModelFailed():
                self.model_failed.emit(event)
            case messages.BackendReady() | messages.Pong():
                pass
            case _ if self._running is None or event.job_id != self._running.id:
                log.info("%s for job %d, which does not run", type(event).__name__, event.job_id)
            case messages.JobStarted():
                self._on_started(event)
            case messages.Progress():
                self._tell_progress(event.stage, event.position, event.duration)
            case messages.SpeechHeard():
                self._store(event)
            case messages.JobFinished():
                self._end(
                    state=JobState.DONE,
                    position=event.duration,
                    duration=event.duration,
                    partial=event.partial,
                    failure_detail=event.detail,
                )
            case messages.JobFailed():
                self._end(state=JobState.FAILED, failure=event.kind, failure_detail=event.detail)
            case messages.JobCancelled():
                self._end(state=JobState.CANCELLED)

    def _on_started(self, event: messages.JobStarted) -> None:
        def tell(job: Job) -> None:
            self.job_changed.emit(job)
            self.job_started.emit(event)

        self._history.ask(
            lambda history: history.update(event.job_id, duration=event.duration, language=event.language),
            tell,
            _unless_gone,
        )

    def _tell_progress(self, stage: Stage, position: float, duration: float | None) -> None:
        assert self._running is not None
        if stage is Stage.TRANSCRIBING:
            self._pace.reached(position)
        speed = self._pace.speed
        left = max(0.0, duration - position) / speed if speed and duration is not None else None
        self.progressed.emit(JobProgress(self._running.id, stage, position, duration, speed, left))

    def _store(self, event: messages.SpeechHeard) -> None:
        """Store first, then show."""

        def show(_: None) -> None:
            if event.segments:
                self.segments_added.emit(event.job_id, event.segments)

        self._history.ask(
            lambda history: history.add_segments(event.job_id, event.segments, event.position, event.left_out),
            show,
            _unless_gone,
        )

    def _on_backend_died(self, death: Death) -> None:
        if self._running is None:
            return
        if self._cancelling:
            self._end(state=JobState.CANCELLED)
        else:
            self._end(state=JobState.FAILED, failure=death.kind, failure_detail=death.detail)

    def _end(self, **changes: Any) -> None:
        assert self._running is not None
        job_id, self._running = self._running.id, None
        self._patience.stop()
        self._cancelling = False
        self._history.ask(
            lambda history: history.update(job_id, ended_at=time.time(), **changes),
            self.job_changed.emit,
            _unless_gone,
        )
        self._start_next()


def _failed(history: History, job_id: int, kind: Failure, detail: str) -> Job:
    return history.update(job_id, state=JobState.FAILED, failure=kind, failure_detail=detail, ended_at=time.time())


def _files_of(path: Path) -> tuple[list[Path], Failure | None]:
    """Return what is to be queued for `path`, and why it cannot be done if that is clear already."""
    if sys.platform != "win32" and "�" in path.name and not os.path.lexists(path):
        return [path], Failure.NAME_NOT_UNICODE  # Qt hands bytes that are no UTF-8 on as U+FFFD
    if not path.is_dir():
        return [path], None
    try:
        found = media_in(path)
    except OSError:
        return [path], Failure.FILE_UNREADABLE
    return (found, None) if found else ([path], Failure.FOLDER_WITHOUT_MEDIA)


def _unless_gone(error: Exception) -> None:
    """A job that was removed in the meantime needs nothing more; anything else is for the handler at the top."""
    if not isinstance(error, JobGone):
        raise error
