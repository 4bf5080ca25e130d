"""The list of jobs, on a real library with thousands of them."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QAbstractItemModelTester

from desktop_app import paths
from desktop_app.messages import Doubt, Failure, Segment, Stage
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.ui import job_list
from desktop_app.ui.job_list import JOB_ROLE, MOST_HELD, PAGE, STATUS_ROLE, JobList, JobListView
from desktop_app.work.job_queue import JobProgress

MANY = 3000


@pytest.fixture
def many(library) -> None:
    """Fill the library."""
    with sqlite3.connect(paths.database()) as database:
        database.executemany(
            "INSERT INTO jobs (path, options, state, owner, added_at) VALUES (?, '{}', 'done', 'me', 0)",
            [(f"/recordings/{number}.wav".encode(),) for number in range(MANY)],
        )
    database.close()


@pytest.fixture
def jobs(history, settle) -> JobList:
    model = JobList(history)
    model.tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    settle()  # the newest jobs
    settle()  # the ids of the others
    return model


def ids(jobs: JobList) -> list[int]:
    return [jobs.job_at(row).id for row in range(jobs.rowCount())]


def places(jobs: JobList, library: History) -> list[int]:
    """Return the rows of the library's jobs, the newest first."""
    return [jobs.row_of(job.id) for job in library.jobs()]


def add(library, name: str = "new.wav", failure: Failure | None = None):
    return library.add_job(Path("/recordings", name), JobOptions(), "me", failure)


@pytest.fixture
def view(qtbot, history, settle) -> JobListView:
    """The list on the screen, all rows there."""
    made = JobListView(JobList(history))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.model().rowCount() > 0)
    settle()
    return made


def test_the_oldest_job_is_a_key_away(qtbot, many, library, view) -> None:
    jobs = view.model()
    view.choose_row(0)

    qtbot.keyClick(view, Qt.Key.Key_End)
    before = view.chosen()
    qtbot.waitUntil(lambda: view.chosen() is not None)
    last = view.chosen()
    qtbot.keyClick(view, Qt.Key.Key_Home)

    assert places(jobs, library) == list(range(MANY))
    assert (before, last, view.chosen()) == (None, library.jobs()[-1], library.jobs()[0])
    assert jobs.job_at(MANY // 2) is None  # nobody has looked there


def test_however_much_is_scrolled_few_jobs_are_held_and_the_chosen_one_is_among_them(
    qtbot, many, library, view, settle
) -> None:
    jobs = view.model()
    view.choose_row(3)

    for row in range(0, MANY, PAGE):
        view.scrollTo(jobs.index(row, 0), JobListView.ScrollHint.PositionAtTop)
        view.grab()
        qtbot.waitUntil(lambda row=row: jobs.job_at(row) is not None)
    settle()

    here = [row for row in range(MANY) if jobs.job_at(row) is not None]
    assert MOST_HELD <= len(here) <= MOST_HELD + PAGE
    assert view.chosen() == library.jobs(most=4)[-1]
    assert {MANY - 1, 3} <= set(here)


def test_all_jobs_can_be_selected_and_had_although_few_are_here(qtbot, many, library, view) -> None:
    view.selectAll()
    had: list[Job] = []

    view.ask_all_chosen(had.extend)
    qtbot.waitUntil(lambda: bool(had))

    assert had == library.jobs()
    assert view.chosen_states() == set(JobState)


def test_letters_typed_lead_to_the_next_name_that_begins_so(library, jobs) -> None:
    jobs.add([add(library, name) for name in ("beta.wav", "alpha 1.wav", "Alpha 2.wav", "gamma.wav")])
    gamma, alpha_2, alpha_1, beta = (jobs.index(row) for row in range(4))

    def found(start: QModelIndex, typed: str) -> list[QModelIndex]:
        return jobs.match(start, Qt.ItemDataRole.DisplayRole, typed)

    assert [found(gamma, "al"), found(alpha_1, "AL"), found(beta, "al")] == [[alpha_2], [alpha_1], [alpha_2]]
    assert found(gamma, "delta") == []


def test_a_job_another_program_deleted_leaves_the_list_when_one_looks_there(qtbot, many, library, jobs) -> None:
    gone, kept = library.jobs()[PAGE + 7], library.jobs()[PAGE + 8]
    library.delete(gone.id)

    jobs.index(PAGE + 7).data(JOB_ROLE)
    qtbot.waitUntil(lambda: jobs.job_at(PAGE + 7) is not None)

    assert jobs.row_of(gone.id) == -1
    assert jobs.job_at(PAGE + 7) == kept


def test_a_new_job_stands_first_and_a_removed_one_is_gone(many, library, jobs) -> None:
    new = add(library)

    jobs.add([new])
    jobs.remove(jobs.job_at(5).id)

    assert jobs.job_at(0) == new
    assert jobs.rowCount() == MANY
    assert places(jobs, library) == [0, 1, 2, 3, 4, -1, *range(5, MANY)]


def test_a_job_brought_back_stands_where_it_stood(library, jobs) -> None:
    made = [add(library, f"{number}.wav") for number in range(5)]
    jobs.add(made)
    before = ids(jobs)

    jobs.remove(made[2].id)
    jobs.add([made[2]])
    jobs.add([made[2]])  # told twice

    assert ids(jobs) == before


def test_a_job_brought_back_while_the_list_still_comes_is_there_once(many, library, history, settle) -> None:
    old = library.jobs()[PAGE + 50]
    library.remove(old.id)

    jobs = JobList(history)
    history.ask(lambda h: h.restore(old.id), lambda job: jobs.add([job]))
    settle()
    settle()

    assert places(jobs, library) == list(range(MANY))


def test_jobs_added_at_once_are_put_in_at_once(qtbot, many, library, jobs) -> None:
    inserted = []
    jobs.rowsInserted.connect(lambda _, first, last: inserted.append((first, last)))

    jobs.add([add(library, f"{number}.wav") for number in range(100)])

    assert inserted == [(0, 99)]
    assert places(jobs, library) == list(range(MANY + 100))


def test_whatever_happens_while_pages_arrive_the_list_is_as_the_library(many, library, history, jobs, settle) -> None:
    chance = random.Random(7)
    for _ in range(120):
        match chance.choice(["look", "add", "remove", "change", "settle"]):
            case "look":
                jobs.index(chance.randrange(jobs.rowCount())).data(JOB_ROLE)
            case "add":
                history.ask(add, lambda job: jobs.add([job]))
            case "remove":
                job_id = chance.randrange(1, MANY)
                history.ask(lambda h, job_id=job_id: h.remove(job_id), lambda _, job_id=job_id: jobs.remove(job_id))
            case "change":
                job_id = chance.randrange(MANY - PAGE, MANY)
                history.ask(lambda h, job_id=job_id: h.update(job_id, state=JobState.FAILED), jobs.change)
            case "settle":
                settle()
    settle()

    stored = library.jobs()
    assert [jobs.row_of(job.id) for job in stored] == list(range(jobs.rowCount()))
    assert all(jobs.job_at(row) in (job, None) for row, job in enumerate(stored))
    assert sum(jobs.job_at(row) is not None for row in range(len(stored))) > 2 * PAGE


def test_a_row_tells_how_far_its_job_is_and_how_it_ended(library, jobs) -> None:
    job = library.update(add(library, "talk.wav").id, state=JobState.RUNNING)
    jobs.add([job])
    index = jobs.index(0)

    jobs.show_progress(JobProgress(job.id, Stage.TRANSCRIBING, 60.0, 240.0, 12.0, 15.0))
    running = index.data(Qt.ItemDataRole.AccessibleTextRole)
    jobs.change(library.update(job.id, state=JobState.FAILED, failure=Failure.NO_AUDIO))
    failed = index.data(Qt.ItemDataRole.AccessibleTextRole)

    assert running == "talk.wav, Transcribing · 1:00 of 4:00 · 15 s left · 12× real time"
    assert failed == "talk.wav, Has no audio track"


@pytest.mark.parametrize("name", ['<b>bold<b> & "quoted".wav', "😀 laughing.wav", "two\nlines.wav", "日本語 عربي.wav"])
def test_names_are_shown_as_they_are(qtbot, library, history, settle, name) -> None:
    jobs = JobList(history)
    view = JobListView(jobs)
    qtbot.addWidget(view)
    view.resize(300, 120)
    view.show()
    settle()
    jobs.add([add(library, name)])

    picture = view.grab().toImage()  # painted, and not a word about it from Qt

    assert jobs.index(0).data() == name
    hint = QTextDocument()
    hint.setHtml(jobs.index(0).data(Qt.ItemDataRole.ToolTipRole))
    assert hint.toPlainText().replace("\u2028", "\n").endswith(name)
    assert picture.width() == 300


@pytest.mark.parametrize("state", list(JobState))
def test_rows_of_every_state_are_painted(qtbot, library, history, settle, state) -> None:
    jobs = JobList(history)
    view = JobListView(jobs)
    qtbot.addWidget(view)
    view.resize(300, 120)
    view.show()
    settle()
    empty = view.grab().toImage()
    job = library.update(add(library).id, state=state, duration=100.0)

    jobs.add([job])
    jobs.show_progress(JobProgress(job.id, Stage.TRANSCRIBING, 50.0, 100.0, None, None))
    plain = view.grab().toImage()
    view.choose(job.id)
    chosen = view.grab().toImage()

    assert view.chosen() == job
    assert empty != plain != chosen


def test_a_row_tells_of_passages_to_check(library, jobs) -> None:
    job = add(library, "talk.wav")
    doubtful = Segment(1.0, 2.0, "Perhaps.", doubts=(Doubt.LOW_CONFIDENCE,))
    library.add_segments(job.id, [Segment(0.0, 1.0, "Certainly."), doubtful, doubtful], 2.0)

    jobs.add([library.update(job.id, state=JobState.DONE, language="en", duration=65.0)])

    assert jobs.index(0).data(STATUS_ROLE).startswith("Done · 1:05 · 2 passages to check · English")


@pytest.mark.parametrize(
    ("changes", "icon"),
    [
        ({"language": "en", "duration": 65.0}, "done"),
        ({"duration": 65.0}, "info"),  # nobody speaks
        ({"language": "en", "duration": 5.0, "options": JobOptions(begin=9.0)}, "info"),  # past the end
    ],
)
def test_a_tick_stands_beside_what_was_transcribed_alone(
    qtbot, library, history, settle, monkeypatch, changes, icon
) -> None:
    view = JobListView(JobList(history))
    qtbot.addWidget(view)
    view.show()
    settle()
    painted: list[str] = []
    real = job_list.icons.pixmap
    monkeypatch.setattr(job_list.icons, "pixmap", lambda name, *how: painted.append(name) or real(name, *how))

    view.model().add([library.update(add(library).id, state=JobState.DONE, **changes)])
    view.grab()

    assert set(painted) == {icon}
