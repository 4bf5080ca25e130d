"""The queue: what becomes of jobs, whatever the backend does. The real backend, and at the door also a fake one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fake_backend
import pytest

from desktop_app import paths
from desktop_app.messages import Doubt, Failure, Segment, SegmentKind, Stage
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.work import job_queue
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import Hold, JobQueue
from desktop_app.work.ownership import Ownership

PATIENCE_MS = 90_000


class Desk:
    """A queue with all that belongs to it, and what it has told so far."""

    def __init__(self, command: list[str], model: Path, patience: float) -> None:
        self.options = JobOptions(model=str(model), device="cpu")
        self.ownership = Ownership(paths.locks())
        self.thread = HistoryThread(paths.database())
        self.backend = BackendProcess(command, paths.logs() / "backend.log")
        self.queue = JobQueue(self.thread, self.backend, self.ownership, patience=patience)
        self.told: list[tuple[str, Any]] = []
        self.jobs: dict[int, Job] = {}
        self.shown: dict[int, list[Segment]] = {}
        self.shown_but_not_stored: list[Segment] = []
        self.queue.job_changed.connect(self._on_job_changed)
        self.queue.jobs_added.connect(lambda jobs: [self._on_job_changed(job) for job in jobs])
        self.queue.job_removed.connect(lambda job_id: self.told.append(("removed", job_id)))
        self.queue.job_started.connect(lambda event: self.told.append(("started", event)))
        self.queue.segments_added.connect(self._on_segments_added)
        self.queue.progressed.connect(lambda progress: self.told.append(("progress", progress)))
        self.queue.taken_over.connect(lambda jobs: self.told.append(("taken over", jobs)))
        self.queue.stepped_down.connect(lambda job, step: self.told.append(("stepped down", (job, step))))
        self.queue.became_idle.connect(lambda: self.told.append(("idle", None)))
        self.thread.failed.connect(lambda error: self.told.append(("failed", error)))
        self.thread.start()

    def add(self, *files: Path) -> None:
        self.queue.add(list(files), self.options)

    def states(self) -> list[JobState]:
        return [job.state for _, job in sorted(self.jobs.items())]

    def have_ended(self, count: int) -> bool:
        return len(self.jobs) == count and not {JobState.QUEUED, JobState.RUNNING, JobState.PAUSED} & set(self.states())

    def named(self, name: str) -> list[Any]:
        return [what for kind, what in self.told if kind == name]

    def close(self) -> None:
        self.backend.stop()
        self.thread.close()
        self.ownership.release()
        assert not self.named("failed")

    def _on_job_changed(self, job: Job) -> None:
        self.jobs[job.id] = job
        self.told.append(("job", job))

    def _on_segments_added(self, job_id: int, segments: list[Segment]) -> None:
        stored = History(paths.database()).segments(job_id)
        self.shown_but_not_stored += [segment for segment in segments if segment not in stored]
        self.shown.setdefault(job_id, []).extend(segments)


@pytest.fixture
def desks(home, qapp, tiny_model) -> Iterator[Callable[..., Desk]]:
    opened: list[Desk] = []

    def open_desk(
        how: str | None = None, once: bool = True, command: list[str] | None = None, patience: float = 1.0
    ) -> Desk:
        if how is not None:
            memory = [str(home / "was so once")] if once else []
            command = [sys.executable, fake_backend.__file__, how, *memory]
        opened.append(Desk(command or paths.backend_command(), tiny_model, patience))
        return opened[-1]

    yield open_desk
    for desk in opened:
        desk.close()


@pytest.fixture
def desk(desks) -> Desk:
    """With the real backend."""
    return desks()


@pytest.fixture
def until(qtbot) -> Callable[..., None]:
    """Wait until something is so."""
    return lambda is_so: qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)


def stored(job_id: int) -> list[Segment]:
    return History(paths.database()).segments(job_id)


# --- the journey -----------------------------------------------------------------------------------------------------


def test_recordings_are_done_one_after_the_other_and_stored_before_they_are_shown(desk, until, speech, sample):
    desk.add(speech, sample)
    until(lambda: desk.have_ended(2))

    assert desk.states() == [JobState.DONE, JobState.DONE]
    assert not desk.shown_but_not_stored
    for job_id in (1, 2):
        assert desk.shown[job_id] == stored(job_id)
        assert "short recording" in " ".join(segment.text for segment in stored(job_id))
    first, second = desk.jobs.values()
    assert first.ended_at <= second.started_at
    assert (first.language, first.duration, first.position) == ("en", pytest.approx(12.8), pytest.approx(12.8))


def test_a_job_goes_through_its_states_and_the_work_through_its_stages(desk, until, speech):
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    states = list(dict.fromkeys(job.state for job in desk.named("job")))
    stages = list(dict.fromkeys(progress.stage for progress in desk.named("progress")))
    assert states == [JobState.QUEUED, JobState.RUNNING, JobState.DONE]
    assert stages == list(Stage)
    assert all(progress.seconds_left is None or progress.seconds_left >= 0 for progress in desk.named("progress"))


def test_a_warm_backend_loads_the_model_before_there_is_a_job(desk, until, qtbot, speech):
    with qtbot.waitSignal(desk.queue.model_loaded, timeout=PATIENCE_MS):
        desk.queue.warm_up(desk.options)
    began = time.monotonic()
    pid = desk.backend.pid

    desk.add(speech)
    until(lambda: desk.shown)

    assert time.monotonic() - began < 10
    assert desk.backend.pid == pid


def test_a_model_that_is_not_there_fails_the_job_and_not_the_queue(desk, until, speech, home):
    desk.queue.add([speech], JobOptions(model="no such model"))
    desk.add(speech)
    until(lambda: desk.have_ended(2))

    assert desk.jobs[1].failure is Failure.MODEL_MISSING
    assert desk.jobs[2].state is JobState.DONE


def test_files_that_come_together_are_done_from_the_first_to_the_last_and_listed_so(desks, until, tmp_path, speech):
    for name in ("take 10.wav", "take 9.wav", "Take 1.wav"):
        (tmp_path / name).symlink_to(speech)
    desk = desks("plain")
    told: list[Job] = []

    desk.queue.add([tmp_path], desk.options, told.extend, first_on_top=True)
    until(lambda: desk.have_ended(3))

    names = ["Take 1.wav", "take 9.wav", "take 10.wav"]
    assert [job.name for job in told] == names
    assert [job.name for job in History(paths.database()).jobs()] == names  # as the window lists them
    assert [job.name for job in sorted(desk.jobs.values(), key=lambda job: job.ended_at or 0)] == names


def test_a_folder_is_searched_and_what_is_no_recording_is_told(desk, until, tmp_path, speech):
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "b.wav").write_bytes(speech.read_bytes())
    (folder / "a.WAV").write_bytes(speech.read_bytes())
    (folder / "notes.txt").touch()
    (tmp_path / "empty").mkdir()

    desk.add(folder, tmp_path / "empty", tmp_path / "gone.wav")
    until(lambda: desk.have_ended(4))

    assert [job.name for _, job in sorted(desk.jobs.items())] == ["a.WAV", "b.wav", "empty", "gone.wav"]
    failures = [job.failure for _, job in sorted(desk.jobs.items())]
    assert failures == [None, None, Failure.FOLDER_WITHOUT_MEDIA, Failure.FILE_MISSING]


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_a_name_that_qt_could_not_hand_on_is_refused_in_words(desk, until, tmp_path, speech):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav")).write_bytes(speech.read_bytes())

    desk.add(tmp_path / "caf�.wav")
    until(lambda: desk.have_ended(1))

    assert desk.jobs[1].failure is Failure.NAME_NOT_UNICODE


# --- cancelled, done again, removed ----------------------------------------------------------------------------------


def test_a_running_job_is_cancelled_within_a_second_and_keeps_what_was_heard(desk, until, long_speech, speech):
    desk.add(long_speech, speech)
    until(lambda: desk.shown)

    began = time.monotonic()
    desk.queue.cancel(1)
    until(lambda: desk.jobs[1].state is JobState.CANCELLED)
    took = time.monotonic() - began
    kept = stored(1)
    until(lambda: desk.have_ended(2))

    assert took < 1
    assert kept == desk.shown[1] != []
    assert desk.jobs[1].position > 0
    assert desk.jobs[2].state is JobState.DONE


def test_a_backend_that_does_not_listen_is_ended_within_a_second(desks, until, speech):
    desk = desks("does not listen")
    desk.add(speech, speech)
    until(lambda: desk.shown)

    began = time.monotonic()
    desk.queue.cancel(1)
    until(lambda: desk.jobs[1].state is JobState.CANCELLED)

    assert time.monotonic() - began < 1
    until(lambda: desk.have_ended(2))
    assert desk.jobs[2].state is JobState.DONE


def test_a_backend_that_listens_is_kept(desks, until, speech):
    desk = desks("waits to be cancelled")
    desk.add(speech, speech)
    until(lambda: desk.shown)
    pid = desk.backend.pid

    desk.queue.cancel(1)
    desk.queue.cancel(1)
    until(lambda: desk.have_ended(2))

    assert desk.states() == [JobState.CANCELLED, JobState.DONE]
    assert desk.backend.pid == pid


def test_a_waiting_job_is_cancelled_at_once(desks, until, speech):
    desk = desks("waits to be cancelled")
    desk.add(speech, speech)
    until(lambda: desk.shown)

    desk.queue.cancel(2)
    until(lambda: desk.jobs[2].state is JobState.CANCELLED)

    assert desk.jobs[1].state is JobState.RUNNING


@pytest.mark.parametrize("pause_ms", [0, 1, 5, 20, 60])
def test_cancelling_at_any_moment_ends_the_job_once(desks, until, qtbot, speech, pause_ms):
    desk = desks("waits to be cancelled", once=False)
    desk.add(speech)
    until(lambda: desk.jobs)
    qtbot.wait(pause_ms)

    desk.queue.cancel(1)
    until(lambda: desk.have_ended(1))

    assert desk.states() == [JobState.CANCELLED]


def test_everything_can_be_ended_at_once(desks, until, speech):
    desk = desks("waits to be cancelled", once=False)
    desk.add(speech, speech, speech)
    until(lambda: desk.shown)

    desk.queue.end_all()
    until(lambda: desk.named("idle"))

    until(lambda: desk.have_ended(3))
    assert desk.states() == [JobState.CANCELLED] * 3


@pytest.fixture
def slow_walk(monkeypatch) -> Iterator[threading.Event]:
    """Folders are searched only once this is set."""
    over, honest = threading.Event(), job_queue.media_in

    def search(folder: Path) -> list[Path]:
        assert over.wait(60)
        return honest(folder)

    monkeypatch.setattr(job_queue, "media_in", search)
    yield over
    over.set()


def test_while_a_slow_folder_is_searched_a_job_is_stored_and_shown_and_the_end_is_not_reached(
    desks, until, speech, slow_walk
):
    desk = desks("")
    desk.add(speech)
    desk.add(speech.parent)
    until(lambda: desk.have_ended(1))
    until(lambda: not desk.queue.is_busy)

    assert [segment.text for segment in stored(1)] == ["heard in job 1", "the end"]
    assert desk.shown[1] == stored(1)
    assert not desk.named("idle")

    slow_walk.set()
    until(lambda: len(desk.jobs) > 1 and desk.have_ended(len(desk.jobs)))
    until(lambda: desk.named("idle"))


def test_what_is_still_being_added_is_cancelled_with_all_the_others(desks, until, speech, slow_walk):
    desk = desks("")
    desk.add(speech.parent)

    desk.queue.end_all()
    slow_walk.set()
    until(lambda: desk.jobs and desk.have_ended(len(desk.jobs)))

    assert set(desk.states()) == {JobState.CANCELLED}


def test_a_job_done_again_keeps_what_was_heard_before_and_is_a_job_beside_it(desks, until, speech):
    desk = desks("")
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    desk.queue.retry(1, JobOptions(model=desk.options.model, words=False))
    until(lambda: desk.have_ended(2))

    assert [segment.text for segment in stored(1)] == ["heard in job 1", "the end"]
    assert [segment.text for segment in stored(2)] == ["heard in job 2", "the end"]
    assert desk.jobs[2].options.words is False


def test_a_job_in_which_nothing_was_heard_is_done_again_in_its_place(desk, until, tmp_path, speech):
    desk.add(tmp_path / "late.wav")
    until(lambda: desk.have_ended(1))
    (tmp_path / "late.wav").write_bytes(speech.read_bytes())

    desk.queue.retry(1)
    until(lambda: desk.jobs[1].state is JobState.DONE)

    assert list(desk.jobs) == [1]
    assert desk.jobs[1].failure is None
    assert stored(1)


def test_a_removed_job_is_gone_and_the_recording_is_not(desks, until, tmp_path, speech):
    desk = desks("")
    (tmp_path / "talk.wav").write_bytes(speech.read_bytes())
    desk.add(tmp_path / "talk.wav")
    until(lambda: desk.have_ended(1))

    desk.queue.remove(1)
    until(lambda: desk.named("removed"))

    assert History(paths.database()).jobs() == []
    assert (tmp_path / "talk.wav").is_file()


def test_removing_the_running_job_ends_it_and_the_next_one_runs(desks, until, speech):
    desk = desks("waits to be cancelled")
    desk.add(speech, speech)
    until(lambda: desk.shown)

    desk.queue.remove(1)
    until(lambda: desk.jobs[2].state is JobState.DONE)

    assert desk.named("removed") == [1]
    assert [job.id for job in History(paths.database()).jobs()] == [2]


# --- when the backend fails ------------------------------------------------------------------------------------------


MISCHIEF = ["dies", "crashes", "speaks nonsense", "speaks nonsense in a message", "says a line without end"]


@pytest.mark.parametrize("how", MISCHIEF)
def test_a_job_goes_on_where_the_backend_died(desks, until, speech, how):
    desk = desks(how)
    desk.add(speech, speech)
    until(lambda: desk.have_ended(2))

    assert desk.states() == [JobState.DONE, JobState.DONE]
    assert [segment.text for segment in stored(1)] == ["heard in job 1", "the end"]
    assert [segment.text for segment in stored(2)] == ["heard in job 2", "the end"]
    assert not desk.jobs[1].steps
    assert not desk.shown_but_not_stored


def test_where_the_backend_dies_again_and_again_the_job_steps_down_and_then_leaves_a_gap(desks, until, speech):
    desk = desks("dies", once=False)
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    assert desk.jobs[1].state is JobState.DONE
    assert [(step.what, step.to, step.position) for step in desk.jobs[1].steps] == [
        ("batch_size", "1", 1.0),
        ("compute_type", "float32", 1.0),
        ("skip", "", 1.0),
    ]
    assert [(s.start, s.end, s.text, s.doubts, s.kind) for s in stored(1)] == [
        (0.0, 1.0, "heard in job 1", (), SegmentKind.SPEECH),
        (1.0, 2.0, "", (Doubt.SKIPPED,), SegmentKind.SKIPPED),
        (2.0, 3.0, "the end", (), SegmentKind.SPEECH),
    ]
    assert desk.shown[1] == stored(1)
    assert [step.what for _, step in desk.named("stepped down")] == ["batch_size", "compute_type", "skip"]


def test_a_backend_that_stands_still_is_ended_and_the_job_goes_on(desks, until, speech):
    desk = desks("does not listen", patience=0.01)
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    assert desk.jobs[1].state is JobState.DONE
    assert [segment.text for segment in stored(1)] == ["heard in job 1", "the end"]


def test_a_backend_that_dies_while_it_loads_the_model_fails_the_job_in_the_end(desks, until, speech):
    desk = desks("dies at once", once=False)
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    assert (desk.jobs[1].state, desk.jobs[1].failure) == (JobState.FAILED, Failure.BACKEND_DIED)
    assert not stored(1)


def test_memory_that_runs_out_is_a_reason_to_step_down_at_once(desks, until, speech):
    desk = desks("has no memory")
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    assert desk.jobs[1].state is JobState.DONE
    assert [(step.what, step.to) for step in desk.jobs[1].steps] == [("batch_size", "1")]
    assert desk.jobs[1].steps[0].why == Failure.OUT_OF_MEMORY


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_the_real_backend_killed_in_the_middle_goes_on_and_says_the_same(desk, until, long_speech, speech, number):
    desk.add(long_speech, long_speech)
    until(lambda: desk.shown)

    os.kill(desk.backend.pid, number)
    until(lambda: desk.have_ended(2))

    assert desk.states() == [JobState.DONE, JobState.DONE]
    assert stored(1) == desk.shown[1]
    assert [segment.text for segment in stored(1)] == [segment.text for segment in stored(2)]
    assert not desk.shown_but_not_stored


# --- pausing, and the order of the queue -----------------------------------------------------------------------------


def test_a_paused_job_keeps_what_was_heard_and_goes_on_from_there(desk, until, long_speech, speech):
    desk.add(long_speech, speech)
    until(lambda: desk.shown)
    desk.queue.pause(1)
    until(lambda: desk.jobs[1].state is JobState.PAUSED and desk.jobs[2].state is JobState.DONE)
    heard = stored(1)
    assert heard

    desk.queue.go_on(1)
    until(lambda: desk.have_ended(2))
    desk.add(long_speech)
    until(lambda: desk.have_ended(3))

    assert stored(1)[: len(heard)] == heard
    assert [segment.text for segment in stored(1)] == [segment.text for segment in stored(3)]


def test_a_queue_on_hold_starts_nothing_and_goes_on_where_it_was(desk, until, long_speech, speech):
    desk.add(long_speech, speech)
    until(lambda: desk.shown)
    desk.queue.hold(Hold.USER)
    until(lambda: desk.jobs[1].state is JobState.QUEUED and desk.named("idle"))
    heard = stored(1)
    assert desk.queue.running is None

    desk.queue.release(Hold.USER)
    until(lambda: desk.have_ended(2))

    assert desk.states() == [JobState.DONE, JobState.DONE]
    assert stored(1)[: len(heard)] == heard
    assert desk.jobs[1].ended_at < desk.jobs[2].started_at


def test_jobs_are_done_in_the_order_wanted(desks, until, speech):
    desk = desks("")
    desk.queue.hold(Hold.USER)
    desk.add(*[speech] * 4)
    until(lambda: len(desk.jobs) == 4)
    desk.queue.reorder([3, 1, 2, 4])
    desk.queue.run_next(4)
    desk.queue.release(Hold.USER)
    until(lambda: desk.have_ended(4))

    assert sorted(desk.jobs, key=lambda job_id: desk.jobs[job_id].started_at) == [4, 3, 1, 2]


def test_the_options_of_a_waiting_job_can_be_changed(desks, until, speech):
    desk = desks("")
    desk.queue.hold(Hold.USER)
    desk.add(speech)
    until(lambda: desk.jobs)
    changed = JobOptions(model=desk.options.model, words=False)

    desk.queue.change_options(1, changed)
    desk.queue.release(Hold.USER)
    until(lambda: desk.have_ended(1))
    desk.queue.change_options(1, desk.options)
    until(lambda: desk.named("job")[-1].state is JobState.DONE)

    assert desk.jobs[1].options == changed


def test_a_recording_that_was_replaced_is_not_gone_on_with(desks, until, tmp_path, speech):
    desk = desks("does not listen")
    file = tmp_path / "talk.wav"
    file.write_bytes(speech.read_bytes())
    desk.add(file)
    until(lambda: desk.shown)
    desk.queue.pause(1)
    until(lambda: desk.jobs[1].state is JobState.PAUSED)
    file.write_bytes(speech.read_bytes()[:-1000])

    desk.queue.go_on(1)
    until(lambda: desk.have_ended(1))

    assert desk.jobs[1].failure is Failure.FILE_CHANGED
    assert [segment.text for segment in stored(1)] == ["heard in job 1"]


def test_what_the_backend_says_of_other_jobs_is_not_believed(desks, until, speech):
    desk = desks("speaks of other jobs")
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    assert [segment.text for segment in stored(1)] == ["heard in job 1", "the end"]
    assert desk.states() == [JobState.DONE]


@pytest.mark.parametrize("program", ["no such program", "."])
def test_a_backend_that_does_not_start_fails_the_jobs_and_not_the_queue(desks, until, speech, home, program):
    desk = desks(command=[str(home / program)])
    desk.queue.warm_up(desk.options)
    desk.add(speech, speech)
    until(lambda: desk.have_ended(2))

    assert [job.failure for job in desk.jobs.values()] == [Failure.BACKEND_NOT_STARTED] * 2


def test_a_backend_that_ends_while_nobody_needs_it_is_started_again(desks, until, speech):
    desk = desks("")
    desk.add(speech)
    until(lambda: desk.have_ended(1))
    desk.backend.kill()
    until(lambda: not desk.backend.is_running)

    desk.add(speech)
    until(lambda: desk.have_ended(2))

    assert desk.states() == [JobState.DONE, JobState.DONE]


# --- two programs, one library ---------------------------------------------------------------------------------------


def test_two_programs_at_once_each_do_their_own_jobs(desks, until, speech):
    one, other = desks(""), desks("")

    one.add(speech, speech)
    other.add(speech, speech)
    other.queue.start()
    until(lambda: one.have_ended(2) and other.have_ended(2))

    assert not one.jobs.keys() & other.jobs.keys()
    assert all(len(stored(job_id)) == 2 for job_id in one.jobs.keys() | other.jobs.keys())


def test_what_a_program_that_is_gone_left_goes_on_in_the_next_one(desks, until, home, speech):
    gone = "0" * 32
    history = History(paths.database())
    options = JobOptions(model=str(desks("").options.model))
    running, waiting = (history.add_job(speech, options, gone).id for _ in range(2))
    history.update(running, state=JobState.RUNNING)
    history.add_segments(running, [Segment(0.0, 1.0, "heard before")], 1.0)

    desk = desks("")
    desk.queue.start()
    until(lambda: history.job(waiting).state is JobState.DONE)

    assert history.job(running).state is JobState.DONE
    assert [segment.text for segment in stored(running)] == ["heard before", "the end"]
    assert [job.id for jobs in desk.named("taken over") for job in jobs] == [running]


def test_a_program_that_ends_leaves_its_job_to_go_on(desks, until, long_speech):
    desk = desks()
    desk.add(long_speech)
    until(lambda: desk.shown)
    desk.queue.leave()
    desk.backend.stop()
    until(lambda: History(paths.database()).job(1).state is JobState.QUEUED)
    desk.ownership.release()
    heard = stored(1)

    other = desks()
    other.queue.start()
    until(lambda: History(paths.database()).job(1).state is JobState.DONE)
    other.add(long_speech)
    until(lambda: 2 in other.jobs and other.jobs[2].state is JobState.DONE)

    assert heard
    assert [segment.text for segment in stored(1)] == [segment.text for segment in stored(2)]


def test_a_fault_in_the_middle_is_gone_on_from_and_not_the_end_of_the_job(desks, until, speech):
    desk = desks("has a fault")
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    assert desk.jobs[1].state is JobState.DONE
    assert [segment.text for segment in stored(1)] == ["heard in job 1", "the end"]


def test_a_fault_that_comes_again_and_again_costs_that_passage_alone(desks, until, speech):
    desk = desks("has a fault", once=False)
    desk.add(speech)
    until(lambda: desk.have_ended(1))

    assert desk.jobs[1].state is JobState.DONE
    assert [segment.doubts for segment in stored(1)] == [(), (Doubt.SKIPPED,), ()]
