"""The queue uses what is known of the computer, and gives back the memory that nobody needs. The real backend."""

from __future__ import annotations

import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fake_backend
import msgspec
import pytest
from machines import card, laptop, tried, workstation

from desktop_app import messages, paths
from desktop_app.messages import Failure, Tuning
from desktop_app.models import shape
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.work import job_queue
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.ownership import Ownership
from desktop_app.work.preparing import Known

PATIENCE_MS = 60_000


class Bench:
    """A queue and its backend, and what they have told so far."""

    def __init__(self, command: list[str], model: Path) -> None:
        self.options = JobOptions(model=str(model))
        self.ownership = Ownership(paths.locks())
        self.history = HistoryThread(paths.database())
        self.backend = BackendProcess(command, paths.logs() / "backend.log")
        self.queue = JobQueue(self.history, self.backend, self.ownership)
        self.jobs: dict[int, Job] = {}
        self.loaded: list[messages.ModelLoaded] = []
        self.ran: list[Any] = []
        self.queue.jobs_added.connect(lambda jobs: self.jobs.update({job.id: job for job in jobs}))
        self.queue.job_changed.connect(lambda job: self.jobs.update({job.id: job}))
        self.queue.model_loaded.connect(self.loaded.append)
        self.queue.ran.connect(self.ran.append)
        self.history.start()

    def add(self, file: Path, **options: Any) -> None:
        self.queue.add([file], msgspec.structs.replace(self.options, **options))

    def states(self) -> list[JobState]:
        return [job.state for _, job in sorted(self.jobs.items())]

    def close(self) -> None:
        self.backend.stop()
        self.history.close()
        self.ownership.release()


@pytest.fixture
def benches(home, qapp, tiny_model) -> Iterator[Callable[..., Bench]]:
    opened: list[Bench] = []

    def open_bench(command: list[str] | None = None) -> Bench:
        opened.append(Bench(command or paths.backend_command(), tiny_model))
        return opened[-1]

    yield open_bench
    for bench in opened:
        bench.close()


@pytest.fixture
def bench(benches) -> Bench:
    return benches()


@pytest.fixture
def until(qtbot) -> Callable[..., None]:
    return lambda is_so: qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)


# --- memory ---


def test_a_model_that_nobody_needs_leaves_the_memory_and_comes_back_with_the_next_job(bench, until, silence):
    bench.queue.unload_after(0.2)
    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE])
    until(lambda: not bench.backend.is_running)

    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE] * 2)

    assert len(bench.loaded) == 2


def test_a_model_that_was_loaded_ahead_and_never_used_leaves_the_memory_too(bench, until):
    bench.queue.unload_after(0.2)

    bench.queue.warm_up(bench.options)
    until(lambda: bench.loaded)
    until(lambda: not bench.backend.is_running)

    assert not bench.queue.is_busy


def test_the_time_is_counted_from_the_last_job_on_and_0_means_never(bench, until, silence):
    bench.queue.unload_after(3600)
    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE] and not bench.queue.is_busy)

    assert bench.queue._unload.remainingTime() > 3_500_000
    bench.queue.unload_after(0)
    assert not bench.queue._unload.isActive()
    assert bench.backend.is_running


def test_the_memory_is_freed_at_once_when_nothing_runs(bench, until, silence):
    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE] and not bench.queue.is_busy)

    assert bench.queue.free_memory()
    assert not bench.backend.is_running
    assert bench.states() == [JobState.DONE]


def test_that_the_memory_was_freed_is_told(bench, until):
    freed = []
    bench.queue.memory_freed.connect(lambda: freed.append(bench.backend.is_running))
    bench.queue.unload_after(0.05)

    bench.queue.warm_up(bench.options)
    until(lambda: freed)

    assert freed == [False]


def test_a_model_that_is_being_loaded_is_not_idle(bench, until, silence):
    bench.queue.unload_after(3600)
    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE] and bench.queue._unload.isActive())

    bench.queue.warm_up(bench.options)

    assert not bench.queue._unload.isActive()
    until(lambda: len(bench.loaded) == 2)
    assert bench.queue._unload.isActive()


def test_the_memory_is_not_freed_under_a_job(benches, until, silence):
    bench = benches([sys.executable, fake_backend.__file__, "waits to be cancelled"])
    bench.queue.unload_after(0.001)
    bench.add(silence)
    until(lambda: bench.queue.running)

    assert not bench.queue.free_memory()
    assert not bench.queue._unload.isActive()
    assert bench.backend.is_running

    bench.queue.cancel(bench.queue.running.id)
    until(lambda: bench.states() == [JobState.CANCELLED])


def test_loading_a_model_that_is_loaded_already_is_told_as_well(bench, until):
    bench.queue.warm_up(bench.options)
    until(lambda: bench.loaded)

    bench.queue.warm_up(bench.options)
    until(lambda: len(bench.loaded) == 2)

    assert bench.loaded[1].seconds == 0
    assert not bench.queue.is_busy


# --- the choice ---


def test_a_job_is_done_in_the_way_that_was_found_to_work(bench, until, silence):
    bench.queue.use_machine(msgspec.structs.replace(laptop(), tried=tried("cpu", "float32")))

    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE])

    assert [(event.device, event.compute_type) for event in bench.loaded] == [("cpu", "float32")]


def test_a_card_that_worked_once_and_is_gone_now_is_passed_over(bench, until, silence):
    bench.queue.use_machine(workstation(card(8)))

    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE])

    assert [(event.device, event.compute_type) for event in bench.loaded] == [("cpu", "int8")]


def test_a_model_loaded_ahead_is_the_one_that_the_job_then_uses(bench, until, silence):
    bench.queue.use_machine(msgspec.structs.replace(laptop(), tried=tried("cpu", "float32")))
    bench.queue.warm_up(bench.options)
    until(lambda: bench.loaded)

    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE])

    assert [event.compute_type for event in bench.loaded] == ["float32"]


def test_a_model_loaded_before_anything_was_known_is_not_loaded_again_if_it_runs_in_the_best_way(bench, until, silence):
    bench.queue.warm_up(bench.options)
    until(lambda: bench.loaded)

    bench.queue.use_machine(laptop())
    bench.add(silence)
    until(lambda: bench.states() == [JobState.DONE])

    assert len(bench.loaded) == 1


@pytest.mark.parametrize(
    ("options", "failure"),
    [
        ({"device": "cuda"}, Failure.DEVICE_MISSING),
        ({"device": "cpu", "tuning": Tuning(compute_type="float16")}, Failure.COMPUTE_TYPE_MISSING),
    ],
)
def test_what_cannot_work_here_is_refused_before_the_backend_is_even_started(bench, until, silence, options, failure):
    bench.queue.use_machine(laptop())

    bench.add(silence, **options)
    until(lambda: bench.states() == [JobState.FAILED])

    assert [job.failure for job in bench.jobs.values()] == [failure]
    assert not bench.backend.is_running


def test_what_may_have_changed_meanwhile_is_tried_all_the_same(bench, until, silence):
    nothing_but_float32 = msgspec.structs.replace(laptop(), tried=tried("cpu", "float32"))
    bench.queue.use_machine(nothing_but_float32, is_sure=False)

    bench.add(silence, device="cpu", tuning=Tuning(compute_type="int8_float32"))
    until(lambda: bench.states() == [JobState.DONE])

    assert [event.compute_type for event in bench.loaded] == ["int8_float32"]


@pytest.mark.parametrize(
    ("kept", "is_sure", "first"),
    [
        (laptop(), True, ["cpu"]),
        (laptop(), False, []),  # a card may have come since
        (workstation(card(8), works=()), False, []),  # or what it lacked
        (workstation(card(8)), False, ["cuda"]),
    ],
)
def test_a_computer_that_may_have_changed_is_looked_at_by_the_backend_itself(kept, is_sure, first):
    ways = Known(kept, is_sure).choice(JobOptions(), shape.BASE).ways

    assert [way.device for way in ways[:1]] == first


def test_what_killed_the_probe_is_left_alone_though_the_computer_may_have_changed():
    deadly = tried("cpu", "int8", works=False, crashed=True) + tried("cpu", "float32")
    known = Known(msgspec.structs.replace(laptop(), tried=deadly), is_sure=False)

    assert [way.compute_type for way in known.choice(JobOptions(), shape.BASE).ways] == ["float32"]


def test_a_card_that_may_have_come_since_is_not_refused_unseen(bench, until, silence):
    bench.queue.use_machine(laptop(), is_sure=False)

    bench.add(silence, device="cuda")
    until(lambda: bench.states() == [JobState.FAILED])

    assert [job.failure_detail for job in bench.jobs.values()] == ["CTranslate2 finds no CUDA device"]


def test_a_recording_in_which_hardly_anybody_speaks_tells_no_speed(bench, until, speech, tmp_path, monkeypatch):
    monkeypatch.setattr(job_queue, "LONG_ENOUGH", 20.0)  # seconds; for speech of 12.8 s, silence of 20 s
    mostly_silent = tmp_path / "silent.wav"
    with wave.open(str(speech)) as before, wave.open(str(mostly_silent), "wb") as after:
        after.setparams(before.getparams())
        after.writeframes(before.readframes(before.getnframes()))
        after.writeframes(bytes(20 * before.getframerate() * before.getsampwidth() * before.getnchannels()))

    bench.add(mostly_silent)
    until(lambda: bench.states() == [JobState.DONE])

    assert not bench.ran


def test_the_speed_of_a_long_job_is_told_and_of_a_short_one_it_is_not(bench, until, silence, speech, monkeypatch):
    monkeypatch.setattr(job_queue, "LONG_ENOUGH", 10.0)  # seconds; for speech of 12.8 s

    bench.add(silence)
    bench.add(speech)
    until(lambda: bench.states() == [JobState.DONE] * 2)

    (speed,) = bench.ran
    assert (speed.model, speed.device, speed.compute_type) == (bench.options.model, "cpu", "int8")
    assert 0.1 < speed.speed < 500
    assert 0.0 <= speed.others <= 1.0
    if sys.platform == "linux":
        assert 150_000_000 < speed.memory_bytes < 2_000_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")
def test_the_memory_of_a_backend_that_had_two_models_tells_of_neither(bench, until, base_model):
    bench.queue.warm_up(bench.options)
    until(lambda: bench.loaded)
    alone = bench.backend.most_memory

    bench.queue.warm_up(JobOptions(model=str(base_model)))
    until(lambda: len(bench.loaded) == 2)

    assert alone > 100_000_000
    assert bench.backend.most_memory == 0
