"""What another program does in the library is seen here, and who is gone is told from who works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app import paths
from desktop_app.messages import Segment
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.work.elsewhere import Elsewhere
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.ownership import Ownership


class Terminal:
    """Another program, with its own connection to the library and its own lock."""

    def __init__(self) -> None:
        self.ownership = Ownership(paths.locks())
        self.library = History(paths.database())

    def begin(self, name: str = "talk.wav") -> Job:
        job = self.library.add_job(Path("/recordings", name), JobOptions(), self.ownership.id)
        return self.library.update(job.id, state=JobState.RUNNING, duration=60.0)

    def hear(self, job: Job, position: float) -> None:
        self.library.add_segments(job.id, [Segment(position - 1, position, f"until {position}")], position)


class Window:
    def __init__(self) -> None:
        self.ownership = Ownership(paths.locks())
        self.thread = HistoryThread(paths.database())
        self.thread.start()
        self.elsewhere = Elsewhere(self.thread, self.ownership)
        self.changed: list[Job] = []
        self.removed: list[int] = []
        self.elsewhere.changed.connect(self.changed.extend)
        self.elsewhere.removed.connect(self.removed.append)


@pytest.fixture
def terminal(home) -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.library.close()
    made.ownership.release()


@pytest.fixture
def window(qtbot, home) -> Iterator[Window]:
    made = Window()
    yield made
    made.thread.close()
    made.ownership.release()


@pytest.fixture
def look(qtbot, window) -> Callable[[], list[Job]]:
    """A function that has the window look, and returns what has changed."""

    def look_now() -> list[Job]:
        window.changed.clear()
        window.elsewhere.look()
        answered: list[bool] = []
        window.thread.ask(lambda _: True, answered.append)
        qtbot.waitUntil(lambda: bool(answered))
        return list(window.changed)

    return look_now


def test_a_job_of_another_program_is_followed_to_its_end(window, terminal, look) -> None:
    before = terminal.begin()
    (seen,) = look()
    terminal.hear(before, 12.0)
    (further,) = look()
    nothing_new = look()
    during = window.elsewhere.is_worked_on(before.id)
    terminal.library.update(before.id, state=JobState.DONE)
    (done,) = look()

    assert (seen.state, further.position, nothing_new) == (JobState.RUNNING, 12.0, [])
    assert during
    assert done.state is JobState.DONE
    assert not window.elsewhere.is_worked_on(before.id)


def test_a_job_that_came_and_ended_between_two_looks_is_seen(window, terminal, look) -> None:
    old = terminal.begin("old.wav")
    terminal.library.update(old.id, state=JobState.DONE)
    look()
    job = terminal.begin("new.wav")
    terminal.library.update(job.id, state=JobState.DONE)

    assert [job.name for job in look()] == ["new.wav"]


def test_it_is_told_when_the_other_program_is_gone(window, terminal, look) -> None:
    job = terminal.begin()
    look()
    terminal.ownership.release()  # as the system does when it ends, however that is

    (left,) = look()

    assert left.id == job.id
    assert window.elsewhere.is_left(job.id)
    assert not window.elsewhere.is_worked_on(job.id)


def test_what_another_program_removes_is_gone_here(window, terminal, look) -> None:
    job = terminal.begin()
    look()
    terminal.library.remove(job.id)
    look()

    assert window.removed == [job.id]


def test_our_own_jobs_are_nobody_elses(window, terminal, look) -> None:
    look()
    ours = terminal.library.add_job(Path("/recordings/ours.wav"), JobOptions(), window.ownership.id)

    look()

    assert not window.elsewhere.is_worked_on(ours.id)
    assert not window.elsewhere.is_left(ours.id)
