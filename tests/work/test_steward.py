"""When the queue works, whether the computer stays awake, and what follows: a real queue, and a backend at the door."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import fake_backend
import pytest

from desktop_app import paths
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.computer import Computer, KeptAwake
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import Hold, JobQueue
from desktop_app.work.line import Line
from desktop_app.work.ownership import Ownership
from desktop_app.work.schedule import AfterAll, Hindrance, When
from desktop_app.work.steward import Steward

NOON, NIGHT = datetime(2026, 11, 22, 12), datetime(2026, 11, 22, 23)


class StillComputer(Computer):
    """A computer whose surroundings are as the test says."""

    watched = False

    def watch(self) -> None:
        self.watched = True

    def rest(self) -> None:
        self.watched = False
        self._forget()

    def see(self, mains: bool | None = True, idle: float | None = 0.0) -> None:
        self.mains, self.idle = mains, idle
        self.looked.emit()


class Awake(KeptAwake):
    """Remembers whether the computer is kept awake."""

    is_held = False

    def hold(self, reason: str) -> None:
        self.is_held = True

    def release(self) -> None:
        self.is_held = False


class House:
    """A queue with its line and its steward, and what they told."""

    def __init__(self, how: str, model: Path) -> None:
        self.options = JobOptions(model=str(model), device="cpu")
        self.ownership = Ownership(paths.locks())
        self.thread = HistoryThread(paths.database())
        command = [sys.executable, fake_backend.__file__, how]
        self.backend = BackendProcess(command, paths.logs() / "backend.log")
        self.queue = JobQueue(self.thread, self.backend, self.ownership)
        self.line = Line(self.queue, self.thread, self.ownership.id)
        self.computer, self.awake = StillComputer(), Awake()
        self.clock = NOON
        self.done: list[AfterAll] = []
        self.told: list[object] = []
        self.thread.start()
        self.library = History(paths.database())
        self.steward = Steward(
            self.queue,
            self.line,
            self.computer,
            self.awake,
            now=lambda: self.clock,
            actions={what: self._action(what) for what in (AfterAll.SLEEP, AfterAll.SHUT_DOWN)},
        )
        self.steward.about_to.connect(self.told.append)
        self.steward.called_off.connect(lambda: self.told.append("called off"))

    def _action(self, what: AfterAll) -> Callable[[], bool]:
        def act() -> bool:
            self.done.append(what)
            return True

        return act

    def states(self) -> list[JobState]:
        return [job.state for job in self.library.jobs()[::-1]]

    def order(self) -> list[str]:
        return [job.path.name for job in self.library.waiting(self.ownership.id)]

    def close(self) -> None:
        self.queue.leave()
        self.steward.close()
        self.backend.stop()
        self.thread.close()
        self.library.close()
        self.ownership.release()


@pytest.fixture
def house(qtbot, home, tiny_model) -> Iterator[Callable[..., House]]:
    """A function that sets up a house whose backend behaves as it is told to."""
    made: list[House] = []

    def build(how: str = "does not listen") -> House:
        made.append(House(how, tiny_model))
        return made[-1]

    yield build
    for one in made:
        one.close()


def add(qtbot, house: House, *names: str) -> None:
    with qtbot.waitSignal(house.queue.jobs_added):
        house.queue.add([Path("/recordings", name) for name in names], house.options)


def wait_for(qtbot, house: House, *states: JobState) -> None:
    qtbot.waitUntil(lambda: house.states() == list(states), timeout=30_000)


# --- the time for work ---


def test_a_job_waits_until_nobody_is_at_the_computer_and_gives_way_when_somebody_comes(qtbot, house) -> None:
    here = house()
    here.steward.choose(When.IDLE)
    add(qtbot, here, "talk.wav")

    assert here.queue.held == {Hold.SCHEDULE}
    assert here.steward.hindrance is Hindrance.IN_USE
    assert here.computer.watched

    here.computer.see(idle=301.0)
    wait_for(qtbot, here, JobState.RUNNING)
    assert here.steward.hindrance is None

    here.computer.see(idle=1.0)
    wait_for(qtbot, here, JobState.QUEUED)


def test_on_its_battery_the_computer_works_not_if_so_wished(qtbot, house) -> None:
    here = house()
    here.steward.choose(When.MAINS)
    add(qtbot, here, "talk.wav")
    here.computer.see(mains=False)
    on_battery = here.states()

    here.computer.see(mains=True)

    assert on_battery == [JobState.QUEUED]
    wait_for(qtbot, here, JobState.RUNNING)


def test_work_on_mains_power_goes_from_job_to_job_and_then_looks_no_more(qtbot, house) -> None:
    here = house("speaks of other jobs")
    here.steward.choose(When.MAINS)
    add(qtbot, here, "one.wav", "two.wav")

    here.computer.see(mains=True)
    wait_for(qtbot, here, JobState.DONE, JobState.DONE)

    assert not here.computer.watched
    assert here.queue.held == set()


def test_a_job_waits_for_the_night(qtbot, house) -> None:
    here = house()
    here.steward.choose(When.TONIGHT)
    add(qtbot, here, "talk.wav")
    by_day = (here.states(), here.steward.hindrance)

    here.clock = NIGHT
    here.steward._clock.timeout.emit()

    assert by_day == ([JobState.QUEUED], Hindrance.DAYTIME)
    wait_for(qtbot, here, JobState.RUNNING)


def test_another_choice_lets_a_waiting_job_run_at_once(qtbot, house) -> None:
    here = house()
    here.steward.choose(When.TONIGHT)
    add(qtbot, here, "talk.wav")

    here.steward.choose(When.NOW)

    wait_for(qtbot, here, JobState.RUNNING)


def test_nothing_is_watched_while_there_is_nothing_to_do_or_the_user_has_paused(qtbot, house) -> None:
    here = house()
    here.steward.choose(When.IDLE)
    without_work = here.computer.watched
    here.queue.hold(Hold.USER)
    add(qtbot, here, "talk.wav")
    paused = here.computer.watched

    here.queue.release(Hold.USER)

    assert (without_work, paused, here.computer.watched) == (False, False, True)
    assert here.queue.held == {Hold.SCHEDULE}


# --- awake ---


def test_the_computer_is_kept_awake_while_a_job_runs_and_no_longer(qtbot, house) -> None:
    here = house("waits to be cancelled")
    before = here.awake.is_held
    add(qtbot, here, "talk.wav")
    qtbot.waitUntil(lambda: here.awake.is_held)

    here.queue.hold(Hold.USER)

    qtbot.waitUntil(lambda: not here.awake.is_held)
    assert not before
    here.queue.release(Hold.USER)
    qtbot.waitUntil(lambda: here.awake.is_held)


# --- the end ---


def test_when_all_is_done_it_is_told_and_carried_out_once(qtbot, house) -> None:
    here = house("speaks of other jobs")
    here.steward.after_all = AfterAll.SLEEP
    add(qtbot, here, "one.wav", "two.wav")
    qtbot.waitUntil(lambda: here.told == [AfterAll.SLEEP], timeout=30_000)
    states, awake, done_before = here.states(), here.awake.is_held, list(here.done)

    obeyed = (here.steward.carry_out(), here.steward.carry_out())

    assert (states, awake, done_before) == ([JobState.DONE, JobState.DONE], False, [])
    assert obeyed == (True, True)
    assert here.done == [AfterAll.SLEEP]
    assert here.steward.after_all is AfterAll.NOTHING


def test_what_was_to_follow_is_called_off_when_there_is_work_again(qtbot, house) -> None:
    here = house("speaks of other jobs")
    here.steward.after_all = AfterAll.SHUT_DOWN
    add(qtbot, here, "one.wav")
    qtbot.waitUntil(lambda: here.told == [AfterAll.SHUT_DOWN], timeout=30_000)

    add(qtbot, here, "two.wav")
    qtbot.waitUntil(lambda: len(here.told) == 3, timeout=30_000)

    assert here.told == [AfterAll.SHUT_DOWN, "called off", AfterAll.SHUT_DOWN]
    assert here.done == []


def test_forgotten_is_forgotten(qtbot, house) -> None:
    here = house("speaks of other jobs")
    here.steward.after_all = AfterAll.SHUT_DOWN
    add(qtbot, here, "one.wav")
    qtbot.waitUntil(lambda: here.told == [AfterAll.SHUT_DOWN], timeout=30_000)

    here.steward.forget()

    assert here.steward.carry_out()
    assert here.done == []


@pytest.mark.parametrize("stop", ["hold", "cancel", "pause"])
def test_a_job_that_was_stopped_by_hand_is_not_the_end(qtbot, house, stop) -> None:
    here = house("waits to be cancelled")
    here.steward.after_all = AfterAll.SHUT_DOWN
    add(qtbot, here, "talk.wav")
    wait_for(qtbot, here, JobState.RUNNING)

    with qtbot.waitSignal(here.queue.became_idle):
        if stop == "hold":
            here.queue.hold(Hold.USER)
        else:
            getattr(here.queue, stop)(here.library.jobs()[0].id)
    qtbot.waitUntil(lambda: here.states() != [JobState.RUNNING])

    assert here.told == []


# --- the line ---


@pytest.fixture
def waiting(qtbot, house) -> House:
    """A house in which a, b, c, d and e wait in this order."""
    here = house()
    here.queue.hold(Hold.USER)
    add(qtbot, here, *"abcde")
    return here


def ids(here: House, names: str) -> list[int]:
    return [job.id for job in here.library.jobs() if job.path.name in names]


@pytest.mark.parametrize(
    ("names", "by", "order"),
    [
        ("c", -1, "acbde"),
        ("c", 1, "abdce"),
        ("a", -1, "abcde"),
        ("e", 1, "abcde"),
        ("bc", -1, "bcade"),
        ("bd", -1, "badce"),
        ("bc", 1, "adbce"),
        ("ab", -1, "abcde"),
    ],
)
def test_jobs_go_a_step_earlier_or_later_together(qtbot, waiting, names, by, order) -> None:
    waiting.line.shift(ids(waiting, names), by)

    qtbot.waitUntil(lambda: "".join(waiting.order()) == order)
    qtbot.waitUntil(lambda: [waiting.line.number_of(ids(waiting, name)[0]) for name in order] == [1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("names", "target", "order"),
    [("e", "a", "eabcd"), ("a", "d", "bcdae"), ("ab", "d", "cdabe"), ("de", "b", "adebc"), ("c", "c", "abcde")],
)
def test_jobs_are_put_where_another_one_stands(qtbot, waiting, names, target, order) -> None:
    waiting.line.put_at(ids(waiting, names), ids(waiting, target)[0])

    qtbot.waitUntil(lambda: "".join(waiting.order()) == order)


def test_who_runs_or_is_paused_or_removed_is_not_in_line(qtbot, waiting) -> None:
    (first,), (second,), (third,), (fourth,) = (ids(waiting, name) for name in "abcd")

    waiting.queue.pause(first)
    waiting.queue.remove(second)
    qtbot.waitUntil(lambda: len(waiting.line) == 3)
    numbers = [waiting.line.number_of(job_id) for job_id in (first, second, third, fourth)]
    waiting.queue.release(Hold.USER)
    qtbot.waitUntil(lambda: waiting.line.number_of(fourth) == 1)

    assert numbers == [None, None, 1, 2]
    assert waiting.line.number_of(third) is None
    assert waiting.line.has_work


def test_who_waited_at_the_start_of_the_program_is_in_line(qtbot, waiting) -> None:
    again = Line(waiting.queue, waiting.thread, waiting.ownership.id)

    again.load()

    qtbot.waitUntil(lambda: len(again) == 5)
    assert again.number_of(ids(waiting, "b")[0]) == 2
