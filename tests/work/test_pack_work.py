"""The GPU pack fetched and removed by real porters, while the queue goes on and the backend is there."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from models.hub_server import Fault, HubServer
from probes import built
from upkeep.little_packs import REPOSITORY, REVISION, gpu_pack, little_pack, porter_program

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterStage
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.upkeep import packs
from desktop_app.upkeep.packs import Pack
from desktop_app.work import probing
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.ownership import Ownership
from desktop_app.work.pack_work import PackState, PackWork
from desktop_app.work.probing import Probing

PATIENCE_MS = 60_000
SAYS_NOTHING = [sys.executable, "-c", "import sys; sys.stdin.buffer.read()"]
SLOW = Fault(pause=0.02)  # seconds a block of 64 KB: the archive takes a second


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def pack(home, tmp_path, hub, monkeypatch, no_proxies) -> Pack:
    """A little pack that is published, and that this program and its porters know."""
    made = little_pack(tmp_path, at=hub.url)
    hub.publish(REPOSITORY, REVISION, {made.archive: tmp_path / made.archive})
    know(made, tmp_path, monkeypatch)
    return made


def know(pack: Pack, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(packs, "published", lambda: (pack,))
    monkeypatch.setattr(paths, "porter_command", lambda: porter_program(folder, pack))


class Bench:
    """A PackWork, the queue beside it, and what they said."""

    def __init__(self) -> None:
        self.history = HistoryThread(paths.database())
        self.backend = BackendProcess(SAYS_NOTHING, paths.logs() / "backend.log")
        self.ownership = Ownership(paths.locks())
        self.queue = JobQueue(self.history, self.backend, self.ownership)
        self.work = PackWork(self.history, self.queue)
        self.states: list[PackState] = []
        self.came: list[str] = []
        self.went: list[int] = []
        self.freed: list[bool] = []
        self.work.changed.connect(self.states.append)
        self.work.came.connect(self.came.append)
        self.work.went.connect(self.went.append)
        self.queue.memory_freed.connect(lambda: self.freed.append(True))
        self.history.start()

    @property
    def state(self) -> PackState:
        return self.work.state

    def close(self) -> None:
        self.work.close()
        self.queue.leave()
        self.backend.stop()
        self.history.close()
        self.ownership.release()


@pytest.fixture
def bench(qapp, pack) -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.fixture
def until(qtbot) -> Callable[[Callable[[], object]], None]:
    return lambda is_so: qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)


def test_it_looks_what_there_is(bench, pack, until):
    bench.work.look()
    until(lambda: bench.states)

    assert bench.state == PackState(
        is_known=True,
        archive=pack.archive,
        newest="12.9.1.4",
        size_bytes=pack.size_bytes,
        unpacked_bytes=pack.content.size_bytes,
    )


def test_it_comes_with_progress_and_goes_again(bench, hub, pack, until):
    hub.fail(pack.archive, SLOW)
    bench.work.install()
    until(lambda: bench.came and bench.state.installed)
    came, on_the_way = bench.state, [state for state in bench.states if state.stage is PorterStage.FETCHING]

    bench.work.remove()
    until(lambda: bench.went and not bench.state.installed)

    assert (came.installed, came.installed_bytes, came.doing) == ("12.9.1.4", pack.content.size_bytes, "")
    assert {state.total for state in on_the_way} == {pack.size_bytes}
    assert len({state.done for state in on_the_way}) > 2
    assert bench.went[0] > pack.content.size_bytes
    assert not paths.card_libraries().exists()


def test_it_comes_from_a_file(bench, hub, pack, until, tmp_path):
    bench.work.install(tmp_path / pack.archive)
    until(lambda: bench.came)

    assert hub.requests == []
    assert any(state.is_from_file for state in bench.states)


def test_stopped_it_keeps_what_has_come_and_goes_on_with_it(bench, hub, pack, until):
    hub.fail(pack.archive, SLOW)
    bench.work.install()
    until(lambda: bench.state.done > 500_000)

    bench.work.stop()
    until(lambda: not bench.state.doing and bench.state.half_bytes)
    half = bench.state
    bench.work.install()
    until(lambda: bench.came)

    assert (half.failed, half.installed) == (None, "")
    assert hub.requests[-1].start == half.half_bytes > 500_000


@pytest.mark.parametrize("time", ["once", "once more"])
def test_a_program_may_end_while_its_porter_is_at_work(bench, hub, pack, until, time):
    hub.always_fail(pack.archive, SLOW)
    bench.work.install()
    until(lambda: bench.state.done > 200_000)
    bench.work.close()

    assert 200_000 <= packs.here().half_bytes < pack.size_bytes  # what is left of the first would end the second here


def test_a_porter_that_dies_is_a_failure_that_can_be_tried_again(bench, pack, until, tmp_path, monkeypatch):
    dies = "import os, signal; from desktop_app.models import disk; "
    dies += "disk.copy = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr(paths, "porter_command", lambda: porter_program(tmp_path, pack, first=dies))
    bench.work.install()
    until(lambda: bench.state.failed)
    failed = bench.state

    know(pack, tmp_path, monkeypatch)
    bench.work.install()
    until(lambda: bench.came)

    assert (failed.failed.kind, failed.doing) == (ModelTrouble.UNFORESEEN, "")
    assert str(int(signal.SIGKILL)) in failed.failed.detail
    assert bench.state.failed is None


def test_a_backend_that_waits_is_ended_so_that_the_next_one_finds_the_libraries(bench, pack, until, tmp_path):
    bench.backend.start()
    until(lambda: bench.backend.is_running)

    bench.work.install(tmp_path / pack.archive)
    until(lambda: bench.came)

    assert not bench.backend.is_running
    assert bench.freed == [True]


def test_a_recording_is_not_disturbed_and_the_backend_is_ended_after_it(
    bench, pack, until, tmp_path, silence, tiny_model
):
    jobs = {}
    bench.queue.job_changed.connect(lambda job: jobs.update({job.id: job.state}))
    bench.queue.add([silence], JobOptions(model=str(tiny_model)))
    until(lambda: JobState.RUNNING in jobs.values() and bench.backend.is_running)

    bench.work.install(tmp_path / pack.archive)
    until(lambda: bench.came)
    meanwhile = bench.backend.is_running, list(bench.freed)
    bench.queue.cancel(next(iter(jobs)))
    until(lambda: bench.freed)

    assert meanwhile == (True, [])
    assert not bench.backend.is_running


def test_it_is_not_removed_while_a_recording_is_transcribed(bench, pack, until, tmp_path, silence, tiny_model):
    bench.work.install(tmp_path / pack.archive)
    until(lambda: bench.state.installed)
    bench.queue.add([silence], JobOptions(model=str(tiny_model)))
    until(lambda: bench.queue.is_busy and bench.queue.running)

    bench.work.remove()

    assert bench.state.failed.kind is ModelTrouble.IN_USE
    assert packs.installed() is not None


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="builds a small library")
def test_the_probe_finds_the_libraries_when_they_have_come(bench, until, tmp_path, monkeypatch):
    driver = Path(__file__).parents[1] / "backend" / "nvidia_driver.c"
    for name in ("libcuda.so.1", "libnvidia-ml.so.1"):
        built(tmp_path / "driver", driver, name)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "driver"))
    monkeypatch.setattr(probing, "MEASURED_WITH", ())
    names = gpu_pack.SYSTEMS["linux-x86_64"].libraries
    pack = little_pack(tmp_path, libraries={n: built(tmp_path / "built", driver, n).read_bytes() for n in names})
    know(pack, tmp_path, monkeypatch)
    looking = Probing(bench.history, bench.queue, paths.backend_command())
    found: list[list[bool]] = []
    looking.found.connect(lambda machine: found.append([library.found for library in machine.libraries]))
    bench.work.came.connect(lambda _: looking.start(again=True))
    looking.start()
    until(lambda: found)

    bench.work.install(tmp_path / pack.archive)
    until(lambda: len(found) > 1)
    looking.close()

    assert found[0] == [False, False]
    assert found[-1] == [True, True]
