"""Takes jobs in, has them done one after the other; the only one that changes a job's state."""

from __future__ import annotations

import enum
import logging
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app import messages
from desktop_app.messages import Failure, Segment, Stage
from desktop_app.models import shape, shelf
from desktop_app.models.machine import Machine, Speed
from desktop_app.models.shape import Shape
from desktop_app.transcripts.history import History, JobGone
from desktop_app.transcripts.transcript import ENDED, UNENDED, Job, JobOptions, JobState, Output, Step
from desktop_app.work import recovery
from desktop_app.work.backend_process import BackendProcess, Death
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.media_files import media_in
from desktop_app.work.other_load import OtherLoad
from desktop_app.work.ownership import Ownership
from desktop_app.work.pace import Pace
from desktop_app.work.preparing import CannotBegin, Known, Prepared, prepare, tuned
from desktop_app.work.watch import Watch

log = logging.getLogger(__name__)

STORAGE_TROUBLE = (sqlite3.OperationalError, OSError)
STORAGE_AGAIN_MS = 3000
LONG_ENOUGH = 60.0  # seconds of speech after which the speed of a job tells something
CANCEL_PATIENCE_MS = 400  # then the backend is killed: cancelling takes less than a second, whatever it is doing


class JobProgress(msgspec.Struct, frozen=True):
    """How far the running job is. Not stored."""

    job_id: int
    stage: Stage
    position: float
    duration: float | None
    speed: float | None  # seconds of sound a second; None until it can be told
    seconds_left: float | None


class Hold(enum.StrEnum):
    """Why nothing runs, though jobs wait."""

    USER = "user"  # the whole queue is paused
    SCHEDULE = "schedule"  # it is not the time for it
    STORAGE = "storage"  # the library cannot be written, for want of space say
    UPDATED = "updated"  # the program was, under us: its backend does not work with us any more


HOLDS_ALL = {Hold.STORAGE, Hold.UPDATED}  # recordings that are followed, too


class _Recording:
    """A recording that is followed, by one job or, if that one is done again, by several."""

    grows = True


class _Attempt:
    """One sending of a job to the backend. What it hears is stored in order, or, once that failed, not at all."""

    def __init__(self, job: Job) -> None:
        self.job_id = job.id
        self.is_broken = False
        self.is_live = False
        self.ran_with = ("cpu", "")  # device and compute type
        self.stage = Stage.STARTING
        self.working_on: tuple[float, float] | None = None  # seconds, while it is listened to
        self.began: float | None = None  # when it first listened, by the monotonic clock
        self.spoken = 0.0  # seconds of speech that it has heard
        self.other_load: OtherLoad | None = None  # counts since it first listened

    def store(self, history: History, event: messages.SpeechHeard) -> None:
        """In the history thread."""
        if self.is_broken:
            return
        try:
            history.add_segments(event.job_id, event.segments, event.position, event.left_out)
        except Exception:
            self.is_broken = True
            raise


class JobQueue(QObject):
    """The jobs of this program, in the library, and the backend that does them.

    jobs_added(jobs), job_changed(job), job_removed(job_id): the library changed so.
    job_started(event): a messages.JobStarted; its language and duration are stored.
    segments_added(job_id, segments): they are stored.
    provisional(heard): a messages.Provisional; what it says may change, and is not stored.
    text_replaced(job_id): its text is another one now: that of the accurate pass.
    progressed(progress): a JobProgress.
    taken_over(jobs): they were interrupted, and go on now.
    stepped_down(job, step): the backend died again at the same place; the job goes on otherwise.
    held_changed(): `held` changed.
    storage_failed(error): the library cannot be written; the job goes on by itself as soon as it can.
    model_loaded(event), model_failed(event): what came of the backend's warming up.
    warm_up_failed(error): it did not come so far: the model cannot be found, or not be put together.
    ran(speed): a machine.Speed: how fast a job was that has told enough, and how much memory it took.
    became_busy(): a job is sent to the backend, or a model is about to be loaded.
    memory_freed(): no model is loaded any more.
    became_idle(): there is nothing left to do, or nothing that may be done now.
    """

    jobs_added = Signal(object)
    job_changed = Signal(object)
    job_removed = Signal(int)
    job_started = Signal(object)
    segments_added = Signal(int, object)
    provisional = Signal(object)
    text_replaced = Signal(int)
    progressed = Signal(object)
    taken_over = Signal(object)
    stepped_down = Signal(object, object)
    held_changed = Signal()
    storage_failed = Signal(object)
    model_loaded = Signal(object)
    model_failed = Signal(object)
    warm_up_failed = Signal(object)
    ran = Signal(object)
    became_busy = Signal()
    memory_freed = Signal()
    became_idle = Signal()

    def __init__(
        self,
        history: HistoryThread,
        backend: BackendProcess,
        ownership: Ownership,
        parent: QObject | None = None,
        patience: float = 1.0,
    ) -> None:
        """patience: what the limits of the watch over the backend are multiplied by."""
        super().__init__(parent)
        self._history = history
        self._backend = backend
        self._ownership = ownership
        self._owner = ownership.id
        self._running: Job | None = None
        self._attempt: _Attempt | None = None  # None while the running job is between two
        self._choosing = False  # the next job is being looked up
        self._ending_as: JobState | None = None  # what the running job is to become, if it is to end
        self._wishes: dict[int, JobState] = {}  # likewise, of jobs that were to end while nothing could be stored
        self._later: list[Callable[[], None]] = []  # what could not be stored, and is tried again
        self._live: dict[int, _Recording] = {}  # jobs of recordings that grow, or did, the newest last
        self._adding = 0  # times that files were to be queued, and are still looked for
        self._urgent: int | None = None  # the live job for which the one being chosen is put off again
        self._device = ("cpu", "")  # and compute type, of the model loaded last
        self.held: frozenset[Hold] = frozenset()
        self._pace = Pace()
        self._watch = Watch(backend, patience, parent=self)
        self._watch.stalled.connect(self._on_stalled)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(CANCEL_PATIENCE_MS)
        self._patience.timeout.connect(lambda: self._backend.kill())
        self._storage_again = QTimer(self)
        self._storage_again.setSingleShot(True)
        self._storage_again.setInterval(STORAGE_AGAIN_MS)
        self._storage_again.timeout.connect(self._try_storage)
        self._known = Known()
        self._is_warming_up = False
        self._unload = QTimer(self)
        self._unload.setSingleShot(True)
        self._unload.timeout.connect(self.free_memory)
        self._idle_for: float | None = None
        backend.event_received.connect(self._on_event)
        backend.died.connect(self._on_backend_died)
        backend.program_updated.connect(self._on_program_updated)
        self.became_idle.connect(self._count_idle_time)

    @property
    def running(self) -> Job | None:
        return self._running

    @property
    def ownership(self) -> Ownership:
        """Which program this one is to the others."""
        return self._ownership

    @property
    def is_busy(self) -> bool:
        """Whether a job runs or is about to, or a model is being loaded for one."""
        return self._running is not None or self._choosing or self._is_warming_up

    # --- what the user can ask for ---

    def start(self) -> None:
        """Take over what programs that are gone have left, and begin. What ran there goes on where it was."""

        def take_over(history: History) -> tuple[list[Job], list[Job]]:
            history.forget_removed()
            gone = self._ownership.gone(history.unended_owners())
            jobs = [job for owner in gone for job in history.take_over(owner, self._owner)]
            return jobs, history.unwritten(gone)

        def tell(found: tuple[list[Job], list[Job]]) -> None:
            jobs, unwritten = found
            if jobs:
                self.taken_over.emit(jobs)
            self._tell_changed(unwritten)  # for whoever writes them
            self._start_next()

        self._history.ask(take_over, tell)

    def resume(self, job_ids: Sequence[int], then: Callable[[list[Job]], None]) -> None:
        """Go on with these jobs, or, if none are named, with all that programs which are gone have left.

        `then` gets those that go on, and those that are done but for the transcript that was to be written. Raise
        nothing: a job that is no more, or that another program does, is left out.
        """

        def queue_again(history: History) -> list[Job]:
            gone = self._ownership.gone(history.unended_owners())
            if not job_ids:
                for owner in gone:
                    history.take_over(owner, self._owner)
                return [*history.unwritten(gone), *history.waiting(self._owner)]
            for owner in gone:
                history.put_back(owner)
            wanted = history.jobs_of(job_ids)
            unwritten = [job for job in history.unwritten(gone) if job.id in job_ids]
            taken = [job.id for job in wanted if history.go_on(job.id, self._owner, gone)]
            return [*unwritten, *history.jobs_of(taken)]

        def announce(jobs: list[Job]) -> None:
            then(jobs)
            self._start_next()

        self._history.ask(queue_again, announce)

    def use_machine(self, machine: Machine | None, is_sure: bool = True) -> None:
        """Choose by what is known of this computer, from the next job on.

        is_sure: what cannot work is refused; else it is tried all the same, since the computer may have changed. None:
        nothing is known, the backend finds out.
        """
        self._known = Known(machine, is_sure)

    def unload_after(self, seconds: float) -> None:
        """Give the memory back when nothing was done for so long; 0: never."""
        self._idle_for = seconds or None
        self._count_idle_time()

    def free_memory(self) -> bool:
        """Give back what the loaded model takes, now; it is loaded again when it is needed. Not while a job runs."""
        if self._running is not None or self._choosing:
            return False
        self._unload.stop()
        self._is_warming_up = False
        self._backend.restart()
        self.memory_freed.emit()
        return True

    def _count_idle_time(self) -> None:
        if self._idle_for is not None and self._running is None and self._backend.is_running:
            self._unload.start(round(self._idle_for * 1000))
        else:
            self._unload.stop()

    def warm_up(self, options: JobOptions) -> None:
        """Start the backend and load the model, while the user still looks for the file."""
        if Hold.UPDATED in self.held:
            return
        self._is_warming_up = True
        self._unload.stop()  # what is loaded now is not idle
        self.became_busy.emit()
        self._backend.start()

        def find() -> tuple[Path, Shape | None]:
            folder = shelf.find(options.model)
            return folder, shape.of_folder(folder)

        def load(found: tuple[Path, Shape | None]) -> None:
            folder, inside = found
            self._is_warming_up = self._running is None
            if self._is_warming_up:
                self._backend.send(
                    messages.LoadModel(
                        os.fsencode(folder),
                        options.device,
                        options.tuning.compute_type,
                        options.tuning.threads,
                        self._known.choice(options, inside).ways,
                    )
                )

        def give_up(error: Exception) -> None:
            log.info("no warm start: %s", error)
            self._end_warm_up()
            self.warm_up_failed.emit(error)

        self._history.files.ask(find, load, give_up)

    def add(
        self,
        paths: Sequence[Path],
        options: JobOptions,
        then: Callable[[list[Job]], None] | None = None,
        output: Output | None = None,
        first_on_top: bool = False,
    ) -> None:
        """Queue files; folders are searched for media. `then` gets the jobs made, in the order of the paths.

        first_on_top: a list of the newest jobs is to show them in this order.
        """

        def find() -> list[tuple[Path, Failure | None]]:
            return [(file, failure) for path in paths for files, failure in [_files_of(path)] for file in files]

        def store(history: History, found: list[tuple[Path, Failure | None]]) -> list[Job]:
            return history.add_jobs(found, options, self._owner, output, first_on_top)

        def announce(jobs: list[Job]) -> None:
            self._adding -= 1
            if then is not None:
                then(jobs)
            self.jobs_added.emit(jobs)
            self._start_next()

        def try_later(error: Exception) -> None:
            self._adding -= 1
            self._on_storage_trouble(error)
            self._later.append(lambda: self.add(paths, options, then, output, first_on_top))

        self._adding += 1
        self._history.ask_after(find, store, announce, try_later)

    def add_live(self, path: Path, options: JobOptions, refine: bool, then: Callable[[Job], None]) -> None:
        """Have a recording followed while it grows, at once: a running job is put off, and goes on by itself later.

        `then` gets the job. refine: when `recording_ended` and its text is there, an ordinary job transcribes the whole
        recording with more care, and what that hears takes the place of the live text.
        """
        wanted = msgspec.structs.replace(options, live=True, refine=refine, replaces=None)

        def store(history: History) -> Job:
            job = history.add_job(path, wanted, self._owner)
            history.put_first(job.id, self._owner)
            return history.job(job.id)

        def announce(job: Job) -> None:
            self._live[job.id] = _Recording()
            then(job)
            self.jobs_added.emit([job])
            self._urgent = job.id if self._choosing else None
            self._put_off_for(job.id)
            self._start_next()

        def try_later(error: Exception) -> None:
            self._on_storage_trouble(error)
            self._later.append(lambda: self.add_live(path, options, refine, then))

        self._history.ask(store, announce, try_later)

    def follow_the_same(self, job_id: int, other_id: int) -> bool:
        """Tell whether two jobs follow, or followed, one recording: it was done again while it grew."""
        recording = self._live.get(job_id)
        return recording is not None and recording is self._live.get(other_id)

    def recording_ended(self, job_id: int) -> None:
        """Have a live job finish: its recording is complete. So does another job of it, if it was done again."""
        recording = self._live.get(job_id)
        if recording is not None and recording.grows:
            recording.grows = False
            running = self._running
            if running is not None and self._live.get(running.id) is recording and self._attempt is not None:
                self._backend.send(messages.RecordingEnded(running.id))

    def cancel(self, job_id: int) -> None:
        """Have the job end now; what was heard stays. It is done within a second."""
        self._end_as(JobState.CANCELLED, job_id)

    def pause(self, job_id: int) -> None:
        """Have the job wait until `go_on`; it keeps what was heard and goes on from there. Done within a second."""
        self._end_as(JobState.PAUSED, job_id)

    def go_on(self, job_id: int) -> None:
        """Queue a job that is paused, was cancelled or failed: it goes on where it was.

        One whose recording still grows follows it again, at once.
        """
        self._still_growing(job_id)

        def queue_again(history: History) -> Job:
            history.go_on(job_id, self._owner)
            return history.job(job_id)

        def announce(job: Job) -> None:
            self.job_changed.emit(job)
            self._follow_again(job.id)
            self._start_next()

        self._history.ask(queue_again, announce, _unless_gone)

    def hold(self, why: Hold) -> None:
        """Let nothing run but live jobs. Another one goes back into the queue, and goes on there after `release`."""
        if why not in self.held:
            self.held |= {why}
            self.held_changed.emit()
        if self._running is not None and (why is Hold.STORAGE or self._running.id not in self._live):
            self._end_as(JobState.QUEUED, self._running.id)

    def release(self, why: Hold) -> None:
        """Let jobs run again, if nothing else holds them."""
        if why in self.held:
            self.held -= {why}
            self.held_changed.emit()
            self._start_next()

    def reorder(self, job_ids: Sequence[int]) -> None:
        """Have these waiting jobs done in this order, in the places in the queue that they have now."""

        def order(history: History) -> list[Job]:
            waiting = {job.id for job in history.waiting(self._owner)}
            return history.order([job_id for job_id in job_ids if job_id in waiting])

        self._history.ask(order, self._tell_changed, _unless_gone)

    def _tell_changed(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.job_changed.emit(job)

    def run_next(self, job_id: int) -> None:
        """Have the waiting job done before all the others that wait."""

        def put_first(history: History) -> list[Job]:
            return [history.job(job_id)] if history.put_first(job_id, self._owner) else []

        self._history.ask(put_first, self._tell_changed, _unless_gone)

    def change_options(self, job_id: int, options: JobOptions) -> None:
        """Have a job that waits, and in which nothing was heard yet, done otherwise."""

        def change(history: History) -> Job:
            job = history.job(job_id)
            if job.state in (JobState.QUEUED, JobState.PAUSED) and not job.position:
                job = history.update(job_id, options=options)
            return job

        self._history.ask(change, self.job_changed.emit, _unless_gone)

    def retry(self, job_id: int, options: JobOptions | None = None) -> None:
        """Do an ended job again, with its own options or with others.

        What was heard before is not given up for it: if there is any, a new job is made beside it. While its recording
        grows, it is followed from its beginning.
        """
        recording = self._still_growing(job_id)

        def queue_again(history: History) -> tuple[Job, bool]:
            job = history.job(job_id)
            if job.state in UNENDED:
                return job, False
            wanted = _ordinary(options or job.options)
            if recording is not None:
                wanted = msgspec.structs.replace(wanted, live=True, refine=job.options.refine)
            if history.has_segments(job_id):
                return history.add_job(job.path, wanted, self._owner), True
            if wanted != job.options:
                history.update(job_id, options=wanted)
            return history.start_over(job_id, self._owner), False

        def announce(answer: tuple[Job, bool]) -> None:
            job, is_new = answer
            if recording is not None:
                self._live[job.id] = recording
            if is_new:
                self.jobs_added.emit([job])
            else:
                self.job_changed.emit(job)
            self._follow_again(job.id)
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
        """The program ends: what runs and what waits goes on when it is started again."""
        self._choosing = True  # nothing new begins
        self._watch.end()
        if self._running is not None:
            job_id, self._running = self._running.id, None
            self._history.ask(lambda history: history.update(job_id, state=JobState.QUEUED), None, _unless_gone)

    def end_all(self) -> None:
        """Have everything queued end as cancelled, and the running job too. `became_idle` follows."""

        def cancel_queued(history: History, _: None) -> list[Job]:
            return [
                history.update(job.id, state=JobState.CANCELLED, ended_at=time.time())
                for job in history.waiting(self._owner)
            ]

        def tell(jobs: list[Job]) -> None:
            for job in jobs:
                self.job_changed.emit(job)
            if self._running is not None:
                self.cancel(self._running.id)
            elif not self._choosing:
                self.became_idle.emit()

        self._history.ask_after(lambda: None, cancel_queued, tell)  # behind what is being added

    def _end_as(self, state: JobState, job_id: int) -> None:
        """Have a job that runs or waits become `state`."""
        if Hold.STORAGE in self.held:
            if self._wishes.get(job_id) is not JobState.CANCELLED:  # the stronger wish
                self._wishes[job_id] = state
            return
        if self._running is not None and self._running.id == job_id:
            if self._ending_as is None:
                self._patience.start()
                self._backend.send(messages.Cancel(job_id))
            if self._ending_as is not JobState.CANCELLED:  # the stronger wish
                self._ending_as = state
            return

        def if_waiting(history: History) -> Job:
            job = history.job(job_id)
            if job.state is JobState.QUEUED or (job.state is JobState.PAUSED and state is JobState.CANCELLED):
                job = history.update(job_id, state=state, ended_at=_ended_at(state))
            return job

        def tell(job: Job) -> None:
            if self._running is not None and self._running.id == job_id:
                self._end_as(state, job_id)  # it was chosen to run in the meantime
            else:
                self.job_changed.emit(job)

        self._history.ask(if_waiting, tell, _unless_gone)

    # --- the next job ---

    def _start_next(self) -> None:
        if self._running is not None or self._choosing:
            return
        if self.held and not (self._live and not self.held & HOLDS_ALL):
            self.became_idle.emit()
            return
        self._choosing = True
        live, only_live, known = [*self._live], bool(self.held), self._known
        self._history.ask(
            lambda history: self._choose(history, live, only_live, known), self._on_chosen, self._on_choosing_failed
        )

    def _choose(self, history: History, live: Sequence[int], only_live: bool, known: Known) -> _Chosen | None:
        """In the history thread: return the next job, now marked as running, and what it needs."""
        waiting = [job for job in history.jobs_of(live) if job.state is JobState.QUEUED]
        job = waiting[-1] if waiting else None if only_live else history.next_queued(self._owner)
        return None if job is None else _prepared(history, job, known)

    def _still_growing(self, job_id: int) -> _Recording | None:
        """Return the recording that a live job follows. One that is complete is forgotten: its job is as any other."""
        recording = self._live.get(job_id)
        if recording is not None and not recording.grows:
            del self._live[job_id]
            return None
        return recording

    def _follow_again(self, job_id: int) -> None:
        """Have a live job come before the running one, unless that follows a recording too."""
        if job_id in self._live and (self._running is None or self._running.id not in self._live):
            self._urgent = job_id if self._choosing else None
            self._put_off_for(job_id)

    def _put_off_for(self, live_job: int) -> None:
        """Have the running job go back into the queue, if it is another one."""
        if self._running is not None and self._running.id != live_job:
            self._end_as(JobState.QUEUED, self._running.id)

    def _on_chosen(self, chosen: _Chosen | None) -> None:
        self._choosing = False
        if chosen is None:
            if not self._adding:
                self.became_idle.emit()
            return
        self.job_changed.emit(chosen.job)
        if chosen.ready is None:
            self._start_next()
        elif self.held & HOLDS_ALL or (self.held and chosen.job.id not in self._live):  # in the meantime
            self._running = chosen.job
            self._ending_as = JobState.QUEUED
            self._end(state=JobState.QUEUED)
        else:
            self._send(chosen)
            if self._urgent is not None:
                self._put_off_for(self._urgent)
        self._urgent = None

    def _on_choosing_failed(self, error: Exception) -> None:
        self._choosing = False
        self._on_storage_trouble(error)

    def _send(self, chosen: _Chosen) -> None:
        """Have the backend begin with a job, or go on with it."""
        job, ready = chosen.job, chosen.ready
        assert ready is not None
        self._running, self._ending_as = job, None
        self._attempt = _Attempt(job)
        self._attempt.ran_with = self._device
        self._attempt.is_live = job.id in self._live and self._live[job.id].grows
        self._pace = Pace()
        self._is_warming_up = False
        self._unload.stop()
        self.became_busy.emit()
        self._watch.begin(ready.model_bytes, job.position)
        options = recovery.stepped_down(job.options, job.steps)
        self._backend.send(
            messages.Transcribe(
                job_id=job.id,
                audio=os.fsencode(job.path),
                model=os.fsencode(ready.model),
                device=options.device,
                language=ready.language,
                task=options.task,
                words=options.words,
                languages=options.languages,
                prompt=options.prompt,
                glossary=options.glossary,
                begin=options.begin,
                end=options.end,
                track=options.track,
                split_channels=options.split_channels,
                tuning=tuned(options, ready.choice),
                resume_at=job.position or None,
                main_language=(job.language or None) if job.position else None,
                live=self._attempt.is_live,
                ways=ready.choice.ways,
            )
        )
        self._tell_progress(Stage.LOADING_MODEL if self._backend.is_ready else Stage.STARTING, job.position, None)

    # --- what the backend says ---

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.ModelLoaded():
                self._device = (event.device, event.compute_type)
                if self._attempt is not None:
                    self._attempt.ran_with = self._device
                self._end_warm_up()
                self.model_loaded.emit(event)
            case messages.ModelFailed():
                self._end_warm_up()
                self.model_failed.emit(event)
            case messages.BackendReady() | messages.Pong():
                pass
            case _ if self._running is None or self._attempt is None or event.job_id != self._running.id:
                log.info("%s for job %d, which does not run", type(event).__name__, event.job_id)
            case messages.JobStarted():
                self._on_started(event)
            case messages.Progress():
                self._on_progress(event, self._attempt)
            case messages.SpeechHeard():
                self._store(event, self._attempt)
            case messages.Provisional():
                self._show_provisional(event)
            case messages.JobFinished():
                self._tell_speed(self._attempt)
                self._end(
                    state=JobState.DONE,
                    position=event.duration,
                    duration=event.duration,
                    partial=event.partial,
                    failure=event.why,
                    failure_detail=event.detail,
                    notes=event.notes,
                )
            case messages.JobFailed(kind=Failure.OUT_OF_MEMORY):
                self._backend.restart()  # who knows what else it could not get
                self._recover(Failure.OUT_OF_MEMORY, event.detail, no_memory=True)
            case messages.JobFailed(kind=Failure.UNFORESEEN | Failure.DEVICE_MISSING) if (
                self._attempt.stage is Stage.TRANSCRIBING
            ):  # a graphics card that failed stays so for this process; a bug of ours may be one passage's
                self._backend.restart()
                self._recover(event.kind, event.detail, no_memory=False)
            case messages.JobFailed():
                self._end(state=JobState.FAILED, failure=event.kind, failure_detail=event.detail)
            case messages.JobCancelled():
                self._end(state=self._ending_as or JobState.CANCELLED)

    def _end_warm_up(self) -> None:
        self._is_warming_up = False
        self._count_idle_time()

    def _tell_speed(self, attempt: _Attempt) -> None:
        """Tell how fast the running job was, if it was an ordinary one with enough speech in it."""
        job = self._running
        if job is None or attempt.began is None or attempt.is_live or attempt.spoken < LONG_ENOUGH:
            return
        if job.options.tuning == messages.ACCURATE and not job.steps:
            device, compute_type = attempt.ran_with
            speed = attempt.spoken / max(1e-3, time.monotonic() - attempt.began)
            memory = self._backend.most_memory
            others = round(attempt.other_load.share(), 2) if attempt.other_load else 0.0
            self.ran.emit(Speed(job.options.model, device, compute_type, round(speed, 2), time.time(), memory, others))

    def _on_started(self, event: messages.JobStarted) -> None:
        def tell(job: Job) -> None:
            self.job_changed.emit(job)
            self.job_started.emit(event)

        self._history.ask(
            lambda history: history.update(
                event.job_id, duration=event.duration, language=event.language, notes=event.notes
            ),
            tell,
            self._unless_gone,
        )

    def _on_progress(self, event: messages.Progress, attempt: _Attempt) -> None:
        attempt.stage = event.stage
        attempt.working_on = (event.position, event.until) if event.until is not None else None
        if attempt.began is None and event.stage is Stage.TRANSCRIBING:
            attempt.began = time.monotonic()
            attempt.other_load = OtherLoad([os.getpid(), self._backend.pid])
        self._tell_progress(event.stage, event.position, event.duration)
        self._watch.speed = self._pace.speed

    def _tell_progress(self, stage: Stage, position: float, duration: float | None) -> None:
        assert self._running is not None
        if stage is Stage.TRANSCRIBING:
            self._pace.reached(position)
        speed = self._pace.speed
        left = max(0.0, duration - position) / speed if speed and duration is not None else None
        self.progressed.emit(JobProgress(self._running.id, stage, position, duration, speed, left))

    def _store(self, event: messages.SpeechHeard, attempt: _Attempt) -> None:
        """Store first, then show."""
        attempt.spoken += sum(segment.end - segment.start for segment in event.segments)

        def show(_: None) -> None:
            if event.segments and not attempt.is_broken:
                self.segments_added.emit(event.job_id, event.segments)

        self._history.ask(lambda history: attempt.store(history, event), show, self._unless_gone)

    def _show_provisional(self, heard: messages.Provisional) -> None:
        """Show what may still change, behind what is being stored."""
        self._history.ask(lambda _: None, lambda _: self.provisional.emit(heard))

    def _end(self, **changes: Any) -> None:
        assert self._running is not None
        job_id, attempt = self._running.id, self._attempt
        self._forget_provisional()
        self._running = self._attempt = None
        self._patience.stop()
        self._watch.end()
        self._ending_as = None
        state: JobState = changes["state"]

        if state in ENDED:
            self._still_growing(job_id)  # as long as it grows, the job may be gone on with

        def end(history: History) -> _Ended:
            if attempt is not None and attempt.is_broken:  # not all of it could be stored: it is not done
                return _Ended(history.update(job_id, state=JobState.QUEUED))
            # What follows is stored first: if this program is killed in between, it comes twice instead of never.
            refining = _refining(history, job_id, self._owner) if state is JobState.DONE else None
            job = history.update(job_id, ended_at=_ended_at(state), **changes)
            refined = _refined(history, job) if state is JobState.DONE else None
            return _Ended(job, refining, refined)

        self._history.ask(end, self._tell_ended, self._unless_gone)
        self._start_next()

    def _tell_ended(self, ended: _Ended) -> None:
        self.job_changed.emit(ended.job)
        if ended.refined is not None:
            self.job_removed.emit(ended.job.id)
            self.job_changed.emit(ended.refined)
            self.text_replaced.emit(ended.refined.id)
        if ended.refining is not None:
            self.jobs_added.emit([ended.refining])
            self._start_next()

    def _forget_provisional(self) -> None:
        """What may still change is not heard on: the job ends, or goes on from what is stored."""
        if self._running is not None and self._attempt is not None and self._attempt.is_live:
            self._show_provisional(messages.Provisional(self._running.id, (), self._running.position))

    # --- when something goes wrong ---

    def _on_stalled(self, reason: str) -> None:
        log.warning("the backend is ended: %s", reason)
        self._backend.kill(Failure.BACKEND_STALLED)

    def _on_backend_died(self, death: Death) -> None:
        self._is_warming_up = False
        if self._running is None or self._attempt is None:
            return
        if self._ending_as is not None:
            self._end(state=self._ending_as)
        elif death.kind is Failure.BACKEND_NOT_STARTED:
            self._end(state=JobState.FAILED, failure=death.kind, failure_detail=death.detail)
        else:
            self._recover(death.kind, death.detail, no_memory=death.is_for_memory)

    def _on_program_updated(self) -> None:
        """What waits, waits until this program is started again: nothing of it shall fail."""
        self._is_warming_up = False
        if Hold.UPDATED not in self.held:
            self.held |= {Hold.UPDATED}
            self.held_changed.emit()
        if self._running is not None and self._attempt is not None:
            self._end(state=self._ending_as or JobState.QUEUED)

    def _recover(self, kind: Failure, detail: str, no_memory: bool) -> None:
        """Go on with the running job from what is stored: as before, or otherwise if that was tried already."""
        assert self._running is not None and self._attempt is not None
        job_id, attempt = self._running.id, self._attempt
        self._forget_provisional()
        self._attempt = None
        self._watch.end()

        known = self._known

        def decide(history: History) -> _Decision:
            return _decided(history, job_id, attempt, kind, detail, no_memory, known)

        def go_on(decision: _Decision) -> None:
            chosen = decision.chosen
            if decision.step is not None:
                self.stepped_down.emit(chosen.job, decision.step)
            if decision.gap is not None:
                self.segments_added.emit(job_id, (decision.gap,))
            self.job_changed.emit(chosen.job)
            if chosen.ready is None:
                self._end_quietly()
            elif self._ending_as is not None:
                self._end(state=self._ending_as)
            else:
                self._send(chosen)

        def unless_gone(error: Exception) -> None:
            self._end_quietly()
            self._unless_gone(error)

        self._history.ask(decide, go_on, unless_gone)

    def _end_quietly(self) -> None:
        """The running job is over, and the library knows it."""
        if self._running is not None:
            self._still_growing(self._running.id)
        self._running = self._attempt = self._ending_as = None
        self._patience.stop()
        self._watch.end()
        self._start_next()

    def _unless_gone(self, error: Exception) -> None:
        if isinstance(error, STORAGE_TROUBLE):
            self._on_storage_trouble(error)
        else:
            _unless_gone(error)

    def _on_storage_trouble(self, error: Exception) -> None:
        """The library cannot be written: stop, and try again every few seconds."""
        if not isinstance(error, STORAGE_TROUBLE):
            raise error
        log.error("the library cannot be written: %s", type(error).__name__)
        if self._running is not None and self._ending_as is not None:
            self._wishes[self._running.id] = self._ending_as
        self._running = self._attempt = self._ending_as = None
        self._patience.stop()
        self._watch.end()
        self._backend.restart()
        if Hold.STORAGE not in self.held:
            self.held |= {Hold.STORAGE}
            self.held_changed.emit()
            self.storage_failed.emit(error)
        self._storage_again.start()

    def _try_storage(self) -> None:
        def put_back(history: History) -> list[Job]:
            history.check_writable()
            history.put_back(self._owner)
            return [
                history.update(job.id, state=self._wishes[job.id], ended_at=_ended_at(self._wishes[job.id]))
                for job in history.jobs_of([*self._wishes])
                if job.state in (JobState.QUEUED, JobState.PAUSED)
            ]

        def go_on(ended: list[Job]) -> None:
            self._wishes.clear()
            self._tell_changed(ended)
            self.release(Hold.STORAGE)
            later, self._later = self._later, []
            for call in later:
                call()

        self._history.ask(put_back, go_on, lambda _: self._storage_again.start())


class _Chosen(msgspec.Struct, frozen=True):
    """A job that is to run now. ready: what it needs; None if it cannot run."""

    job: Job
    ready: Prepared | None = None


def _prepared(history: History, job: Job, known: Known) -> _Chosen:
    """In the history thread: mark `job` as running, if it can."""
    try:
        ready = prepare(job, known)
    except CannotBegin as error:
        return _Chosen(_failed(history, job.id, error.kind, error.detail))
    changes: dict[str, Any] = {"state": JobState.RUNNING, "ended_at": None}
    if not job.position:
        changes |= {"fingerprint": ready.fingerprint, "started_at": time.time()}
    return _Chosen(history.update(job.id, **changes), ready)


def _failed(history: History, job_id: int, kind: Failure, detail: str) -> Job:
    return history.update(job_id, state=JobState.FAILED, failure=kind, failure_detail=detail, ended_at=time.time())


class _Ended(msgspec.Struct, frozen=True):
    """A job that is over, and what follows.

    refining: the job of the accurate pass, if there is to be one. refined: the job whose text gave way to this one's.
    """

    job: Job
    refining: Job | None = None
    refined: Job | None = None


def _refining(history: History, job_id: int, owner: str) -> Job | None:
    """In the history thread: queue the accurate pass of a live job, if there is to be one."""
    job = history.job(job_id)
    if not job.options.refine:
        return None
    return history.add_job(job.path, msgspec.structs.replace(_ordinary(job.options), replaces=job_id), owner)


def _refined(history: History, job: Job) -> Job | None:
    """In the history thread: return the job whose text gave way to that of `job`, which is done."""
    return None if job.options.replaces is None else history.replace_heard(job.options.replaces, job.id)


def _ordinary(options: JobOptions) -> JobOptions:
    """Return the options of a recording that grows as those of one that is complete."""
    return msgspec.structs.replace(options, live=False, refine=False)


class _Decision(msgspec.Struct, frozen=True):
    """How a job goes on after the backend died in it. gap: what is let go, if anything."""

    chosen: _Chosen
    step: Step | None = None
    gap: Segment | None = None


def _decided(
    history: History,
    job_id: int,
    attempt: _Attempt,
    kind: Failure,
    detail: str,
    no_memory: bool,
    known: Known,
) -> _Decision:
    """In the history thread: note that the backend died in `job_id`, and decide how to go on."""
    job = history.job(job_id)
    if job.deaths + 1 < recovery.DEATHS_BEFORE_A_STEP and not no_memory:
        return _Decision(_prepared(history, history.update(job_id, deaths=job.deaths + 1), known))
    why = (Failure.OUT_OF_MEMORY if no_memory else kind).value
    step, gap = recovery.next_step(job.steps, attempt.ran_with, no_memory, job.position, why), None
    if step is None and (
        attempt.stage in (Stage.STARTING, Stage.LOADING_MODEL)
        or history.gaps_at_the_end(job_id) >= recovery.MOST_GAPS
        or (job.duration is not None and job.position >= job.duration)
    ):
        return _Decision(_Chosen(_failed(history, job_id, kind, detail)))
    if step is None:
        step = Step("skip", "", job.position, why)
        begin, end = attempt.working_on or (job.position, job.position + recovery.SKIPPED_IF_UNKNOWN)
        gap = history.skip(job_id, max(begin, job.position), end)
    job = history.update(job_id, deaths=0 if gap else job.deaths + 1, steps=(*job.steps, step))
    return _Decision(_prepared(history, job, known), step, gap)


def _ended_at(state: JobState) -> float | None:
    return time.time() if state in ENDED else None


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
