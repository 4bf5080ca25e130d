"""A recording that a terminal transcribes while the window is open: its row follows, and only what works is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app import paths
from desktop_app.messages import Segment
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.ui import wording
from desktop_app.ui.job_list import ICON_ROLE, STATUS_ROLE
from desktop_app.work.ownership import Ownership


@pytest.fixture
def terminal(window) -> Iterator[Ownership]:
    made = Ownership(paths.locks())
    yield made
    made.release()


@pytest.fixture
def job(window, terminal, library, look, speech) -> Job:
    """A recording that the terminal is at, selected in the window."""
    made = library.add_job(speech, JobOptions(model="tiny.en"), terminal.id)
    library.update(made.id, state=JobState.RUNNING, duration=60.0, language="en")
    look()
    window.list.choose(made.id)
    look()
    return library.job(made.id)


@pytest.fixture
def look(window, settle) -> Callable[[], None]:
    def look_now() -> None:
        window.elsewhere.look()
        settle()
        settle()  # what the window asks for then

    return look_now


def hear(library: History, job: Job, position: float, text: str) -> None:
    library.add_segments(job.id, [Segment(position - 1, position, text)], position)


def status(window, job: Job) -> str:
    return str(window.jobs.index(window.jobs.row_of(job.id)).data(STATUS_ROLE))


def offered(window) -> set[str]:
    actions = {
        "cancel": window.cancel,
        "pause": window.work.pause,
        "remove": window.remove,
        "retry": window.retry,
        "run next": window.work.run_next,
        "options": window.work.change_options,
        "copy": window.copy_all,
    }
    return {name for name, action in actions.items() if action.isEnabled()}


def test_the_row_and_the_text_follow(window, library, job, look) -> None:
    hear(library, job, 10.0, "The first.")
    look()
    during = (status(window, job), window.transcript.text.whole)
    hear(library, job, 20.0, "The second.")
    library.update(job.id, state=JobState.DONE, position=60.0)
    look()

    assert during == ("Running in another Sottovoce · 0:10 of 1:00", "The first.")
    assert window.transcript.text.whole == "The first.\nThe second."
    assert status(window, job).startswith("Done · 1:00 · English")
    assert offered(window) == {"remove", "retry", "copy"}


def test_what_only_the_other_program_can_do_is_not_offered_and_it_is_said_why(window, library, job, look) -> None:
    hear(library, job, 10.0, "The first.")
    look()

    assert offered(window) == {"copy"}
    assert window.transcript._note.text() == wording.WORKED_ON_ELSEWHERE
    assert window.cancel.toolTip() == window.remove.toolTip() == wording.WORKED_ON_ELSEWHERE


def test_among_several_only_ours_are_removed(window, library, queue, job, settle) -> None:
    ours = library.add_job(Path("/recordings/ours.wav"), JobOptions(), queue.ownership.id)
    ours = library.update(ours.id, state=JobState.DONE)
    queue.jobs_added.emit([ours])
    window.list.choose_all([ours.id, job.id])

    window.remove.trigger()
    settle()

    assert [job.id for job in library.jobs()] == [job.id]


def test_what_a_program_that_is_gone_has_left_can_be_continued_here(
    qtbot, window, library, queue, job, terminal, look
) -> None:
    hear(library, job, 10.0, "The first.")
    terminal.release()
    look()
    said = (status(window, job), window.transcript._note.text(), window.work.pause.text())
    icon = window.jobs.index(window.jobs.row_of(job.id)).data(ICON_ROLE)

    window.work.pause.trigger()

    qtbot.waitUntil(lambda: queue.running is not None and queue.running.id == job.id, timeout=20_000)
    assert icon == "pause"
    assert said == ("Interrupted · the first 10 seconds are saved", wording.LEFT_ELSEWHERE, wording.CONTINUE)
    assert library.owner_of(job.id) == queue.ownership.id
    qtbot.waitUntil(lambda: "cancel" in offered(window))
    assert window.transcript._note.text() == ""
