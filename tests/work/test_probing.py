"""The probe is run when nobody needs the computer, and what it finds is kept. Real processes."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import fake_backend
import msgspec
import pytest
from machines import laptop
from probes import probe, treacherous

from desktop_app import paths
from desktop_app.messages import Measuring, Unmeasured, Way, to_line
from desktop_app.models import machine
from desktop_app.models.machine import Machine, Speed
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.work import probing
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.choice import choose
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.ownership import Ownership
from desktop_app.work.probe_process import Probed, ProbeTrouble
from desktop_app.work.probing import Probing

PATIENCE_MS = 60_000


class Room:
    """A queue with a backend that stands in for the real one, and the probing beside it."""

    def __init__(self, command: list[str], limit: float) -> None:
        self.ownership = Ownership(paths.locks())
        self.history = HistoryThread(paths.database())
        fake = [sys.executable, fake_backend.__file__, "waits to be cancelled"]
        self.backend = BackendProcess(fake, paths.logs() / "backend.log")
        self.queue = JobQueue(self.history, self.backend, self.ownership)
        self.probing = Probing(self.history, self.queue, command, limit=limit)
        self.found: list[Machine] = []
        self.failed: list[Probed] = []
        self.probing.found.connect(self.found.append)
        self.probing.failed.connect(self.failed.append)
        self.history.start()

    @property
    def pid(self) -> int:
        """Of the process that probes."""
        return self.probing._process.pid

    def close(self) -> None:
        self.probing.close()
        self.backend.stop()
        self.history.close()
        self.ownership.release()


@pytest.fixture
def rooms(home, qapp, monkeypatch) -> Iterator[Callable[..., Room]]:
    monkeypatch.setattr(probing, "MEASURED_WITH", ())  # tests/backend/test_probe.py measures
    opened: list[Room] = []

    def open_room(command: list[str] | None = None, limit: float = 10.0) -> Room:
        opened.append(Room(command or paths.backend_command(), limit))
        return opened[-1]

    yield open_room
    for room in opened:
        room.close()


@pytest.fixture
def until(qtbot) -> Callable[..., None]:
    return lambda is_so: qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def looked_at() -> Machine:
    """This computer, as the probe sees it."""
    return machine.made_of(probe().events)


@pytest.fixture
def this_one(home, looked_at) -> Machine:
    """The same, kept."""
    machine.save(looked_at, paths.machine_file())
    return looked_at


def test_at_the_first_start_it_is_all_found_out_and_kept(rooms, until):
    room = rooms()

    room.probing.start()
    until(lambda: room.found)

    assert room.found[-1].works("cpu")
    assert room.probing.machine == room.found[-1] == machine.load(paths.machine_file())
    assert not room.probing.is_looking
    assert not room.failed


def test_at_the_next_start_it_is_known_at_once_and_nothing_is_tried_again(rooms, until, this_one):
    room = rooms()

    room.probing.start()
    until(lambda: room.found)
    kept = room.found[0]
    until(lambda: not room.probing.is_looking)

    assert kept == this_one
    assert [one.looked_at for one in room.found] == [this_one.looked_at] * 2
    assert room.found[-1].tried == this_one.tried


@pytest.mark.parametrize("changed", ["processor", "engine"])
def test_in_another_computer_or_with_another_engine_it_is_found_out_anew(rooms, until, this_one, changed):
    part = {
        "processor": msgspec.structs.replace(this_one.processor, name="The one before"),
        "engine": msgspec.structs.replace(this_one.engine, versions="CTranslate2 0.1"),
    }[changed]
    before = msgspec.structs.replace(this_one, looked_at=1.0, tried=(), **{changed: part})
    machine.save(before, paths.machine_file())
    room = rooms()

    room.probing.start()
    until(lambda: len(room.found) == 2)

    assert room.found[0] == before
    assert room.found[1].is_same_as(this_one)
    assert room.found[1].tried
    assert machine.load(paths.machine_file()) == room.found[1]


def test_one_may_have_it_look_again_and_what_work_has_shown_is_kept(rooms, until, this_one):
    machine.keep_speed(paths.machine_file(), Speed("base", "cpu", "int8", 9.0, 0.0))
    room = rooms()

    room.probing.start(again=True)
    until(lambda: len(room.found) == 2)

    assert room.found[1].looked_at > this_one.looked_at
    assert [one.speed for one in room.found[1].speeds] == [9.0]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_kind_of_arithmetic_of_which_it_dies_is_noted_and_not_used(rooms, until, tmp_path, monkeypatch):
    for name, value in treacherous(tmp_path, dies_of="int8").items():
        monkeypatch.setenv(name, value)
    room = rooms()

    room.probing.start()
    until(lambda: room.found)

    found = room.found[-1]
    deadly = next(one for one in found.tried if one.compute_type == "int8")
    assert deadly.crashed
    assert "SIGSEGV" in deadly.detail
    assert "float32" in found.works("cpu")
    assert not room.failed
    assert Way("cpu", 0, "int8") not in choose(found).ways
    assert choose(found).ways


def test_a_trial_that_does_not_end_is_ended_and_noted(rooms, until, tmp_path, monkeypatch):
    for name, value in treacherous(tmp_path, dies_of="int8_float32", by="sleeping").items():
        monkeypatch.setenv(name, value)
    room = rooms(limit=3.0)

    room.probing.start()
    until(lambda: room.found)

    stuck = next(one for one in room.found[-1].tried if one.compute_type == "int8_float32")
    assert (stuck.works, stuck.crashed, stuck.detail) == (False, True, "it took too long")
    assert "int8" in room.found[-1].works("cpu")


def test_a_probe_that_does_not_start_is_told_and_nothing_is_kept(rooms, until):
    room = rooms(command=["/no/such/program"])

    room.probing.start()
    until(lambda: room.failed)

    assert room.failed[0].trouble is ProbeTrouble.NOT_STARTED


def test_a_probe_of_another_version_is_asked_once(rooms, until, monkeypatch):
    monkeypatch.setattr(paths, "__version__", "0.0.1")  # this program's; its probe is of the version it is
    room = rooms(command=paths.backend_command())

    room.probing.start()
    until(lambda: room.failed)

    assert room.failed[0].trouble is ProbeTrouble.UPDATED
    assert not room.probing.is_looking
    assert not paths.machine_file().exists()
    assert not room.probing.is_looking
    assert not paths.machine_file().exists()


def test_a_probe_that_speaks_nonsense_is_ended_and_what_was_known_stays(rooms, until, this_one, tmp_path):
    nonsense = tmp_path / "nonsense.py"
    nonsense.write_text("import time\nprint('{}', flush=True)\ntime.sleep(600)\n")
    room = rooms(command=[sys.executable, str(nonsense)])

    room.probing.start(again=True)
    until(lambda: room.failed)

    assert room.failed[0].trouble is ProbeTrouble.DIED
    assert room.probing.machine == this_one
    assert machine.load(paths.machine_file()) == this_one


def test_a_probe_that_was_killed_from_outside_comes_as_far_as_it_came(rooms, until):
    room = rooms()
    room.probing.start()
    until(lambda: room.pid)
    until(lambda: room.probing._process._found)

    os.kill(room.pid, signal.SIGTERM)
    until(lambda: room.failed or room.found)

    assert room.found[-1].processor.cores >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("by", ["killed once", "sleeping once"])
def test_a_kind_of_arithmetic_that_met_a_bad_moment_gets_a_second_chance(rooms, until, tmp_path, monkeypatch, by):
    for name, value in treacherous(tmp_path, dies_of="int8", by=by).items():
        monkeypatch.setenv(name, value)
    room = rooms(limit=5.0 if by == "sleeping once" else 20.0)

    room.probing.start()
    until(lambda: room.found)

    assert (tmp_path / "once").exists()
    assert "int8" in room.found[-1].works("cpu")
    assert not any(one.crashed for one in room.found[-1].tried)


# --- how fast it is ---


@pytest.fixture
def measuring(home, monkeypatch, base_model) -> Path:
    """A model to be measured is on the shelf."""
    monkeypatch.setattr(probing, "MEASURED_WITH", ("base",))
    folder = paths.models() / "base"
    folder.symlink_to(base_model)
    return folder


def test_where_there_was_too_little_time_it_is_measured_at_leisure(rooms, until, this_one, measuring):
    room = rooms()
    assert not this_one.measured

    room.probing.start()
    until(lambda: room.found and room.found[-1].measured)

    assert machine.load(paths.machine_file()).measured


def test_what_could_not_be_measured_is_not_begun_again_at_every_start(rooms, until, this_one, measuring):
    room = rooms()
    hopeless = msgspec.structs.replace(this_one, unmeasured=(Unmeasured("base", "cpu", 0, "no"),))
    machine.save(hopeless, paths.machine_file())

    room.probing.start()
    until(lambda: len(room.found) == 2)

    assert room.probing._wanted is None


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_probe_that_dies_of_measuring_is_kept_with_all_it_had_tried(rooms, until, tmp_path):
    dying = tmp_path / "dying.py"
    told = [*laptop().tried, Measuring("base", "cpu", 0)]
    dying.write_text(
        "import os, signal, sys\n"
        f"os.write(1, {b''.join(to_line(one) for one in told[:-1])!r})\n"
        "if '--unmeasured' not in sys.argv:\n"
        f"    os.write(1, {to_line(told[-1])!r})\n"
        "    os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    room = rooms(command=[sys.executable, str(dying)])

    room.probing.start()
    until(lambda: room.found)

    kept = machine.load(paths.machine_file())
    assert kept.works("cpu") == laptop().works("cpu")
    assert [(one.device, one.detail) for one in kept.unmeasured] == [("cpu", "signal 11 (SIGSEGV)")]
    assert kept.is_measured


def test_nothing_is_measured_while_another_program_works_on_a_job(home, this_one, measuring):
    other = Ownership(paths.locks())
    history = History(paths.database())
    job = history.add_job(Path("/a.wav"), JobOptions(), other.id)
    history.update(job.id, state=JobState.RUNNING)
    slowed = msgspec.structs.replace(this_one, measured=laptop(encoding=9.0).measured)

    assert probing._model_to_measure_now(history) is None
    assert probing.kept_now(slowed, probing.is_anybody_working(history)).measured == ()

    other.release()
    assert probing._model_to_measure_now(history) == (measuring, "base")
    assert probing.kept_now(slowed, probing.is_anybody_working(history)).measured
    history.close()


# --- never in the way ---


def test_it_glances_beside_a_job_but_looks_only_when_none_runs(rooms, until):
    room = rooms()
    machine.save(laptop(), paths.machine_file())
    room.queue._choosing = True  # as while a job is being looked up

    room.probing.start()
    until(lambda: room.found)
    until(lambda: not room.pid)

    assert room.queue._known.machine is None  # it is another computer, so the backend finds out
    assert room.probing.is_looking
    assert len(room.found) == 1

    room.queue._choosing = False
    until(lambda: len(room.found) == 2)

    assert room.found[1].processor.name != laptop().processor.name
    assert room.queue._known.is_sure


def test_what_was_kept_is_not_certain_until_a_glance_agrees(rooms, until, this_one):
    room = rooms()
    sure = []
    room.probing.found.connect(lambda _: sure.append(room.queue._known.is_sure))

    room.probing.start()
    until(lambda: len(room.found) == 2)

    assert sure == [False, True]


def test_a_model_that_is_loaded_ahead_ends_the_probe_too(rooms, until, tiny_model):
    room = rooms()
    room.probing.start()
    until(lambda: room.pid)
    pid = room.pid

    room.queue.warm_up(JobOptions(model=str(tiny_model)))

    until(lambda: not _runs(pid))
    assert room.probing.is_looking


def test_it_gives_way_to_a_job_at_once_and_begins_anew_when_that_is_done(rooms, until, speech, tiny_model):
    room = rooms()
    room.probing.start()
    until(lambda: room.pid)
    pid = room.pid

    room.queue.add([speech], JobOptions(model=str(tiny_model)))
    until(lambda: room.queue.running)
    until(lambda: not _runs(pid))

    assert room.probing.is_looking
    assert not room.pid
    assert not room.found

    room.queue.cancel(room.queue.running.id)
    until(lambda: room.found)

    assert room.found[-1].works("cpu")
    assert not room.failed


def test_it_waits_for_a_model_that_is_loaded_ahead_of_a_job(rooms, until, tiny_model):
    room = rooms()
    room.queue.warm_up(JobOptions(model=str(tiny_model)))  # this backend does not answer

    room.probing.start()
    until(lambda: room.probing.is_looking)

    assert room.queue.is_busy
    assert not room.pid

    room.queue.free_memory()
    until(lambda: room.found)


def test_closing_the_program_ends_the_probe(rooms, until):
    room = rooms()
    room.probing.start()
    until(lambda: room.pid)
    pid = room.pid

    room.probing.close()

    assert not _runs(pid)


# --- what real work shows ---


def test_the_speed_of_a_real_job_is_kept_and_told(rooms, until, this_one):
    room = rooms()
    room.probing.start()
    until(lambda: room.found and not room.probing.is_looking)

    room.queue.ran.emit(Speed("base", "cpu", "int8", 11.0, 5.0))
    until(lambda: room.found[-1].speeds)

    assert room.probing.machine.speeds == machine.load(paths.machine_file()).speeds
    assert json.loads(paths.machine_file().read_bytes())["speeds"][0]["speed"] == 11.0


def test_the_command_line_chooses_by_what_is_kept_but_refuses_nothing_for_it(rooms, this_one):
    room = rooms()

    probing.use_what_is_known(room.queue, room.history)

    assert room.queue._known.machine == this_one
    assert not room.queue._known.is_sure


def test_a_model_that_is_here_is_measured(home, base_model, monkeypatch):
    shelf = paths.models() / "base"
    shelf.symlink_to(base_model)

    assert probing.model_to_measure() == (Path(shelf), "base")


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
