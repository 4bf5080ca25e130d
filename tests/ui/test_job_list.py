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
from desktop_app.messages import Failure, Stage
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.ui.job_list import PAGE, JobList, JobListView
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
    model.fetchMore(QModelIndex())
    settle()
    return model


def ids(jobs: JobList) -> list[int]:
    return [jobs.job_at(row).id for row in range(jobs.rowCount())]


def add(library, name: str = "new.wav", failure: Failure | None = None):
    return library.add_job(Path("/recordings", name), JobOptions(), "me", failure)


def test_the_list_is_fetched_page_by_page_as_it_is_scrolled(qtbot, many, library, history, settle) -> None:
    jobs = JobList(history)
    view = JobListView(jobs)
    qtbot.addWidget(view)
    view.show()
    qtbot.waitUntil(lambda: jobs.rowCount() > 0)
    settle()
    first = jobs.rowCount()

    def whole_list_was_scrolled() -> bool:
        view.scrollToBottom()
        return jobs.rowCount() == MANY

    qtbot.waitUntil(whole_list_was_scrolled, timeout=20_000)

    assert PAGE <= first < MANY
    assert ids(jobs) == [job.id for job in library.jobs()]
    assert not jobs.canFetchMore(QModelIndex())


def test_a_new_job_stands_first_and_a_removed_one_is_gone(many, library, jobs) -> None:
    new = add(library)

    jobs.add([new])
    jobs.remove(jobs.job_at(5).id)

    assert jobs.job_at(0) == new
    assert jobs.rowCount() == PAGE
    assert jobs.row_of(new.id) == 0


def test_a_job_brought_back_stands_where_it_stood(library, jobs) -> None:
    made = [add(library, f"{number}.wav") for number in range(5)]
    jobs.add(made)
    before = ids(jobs)

    jobs.remove(made[2].id)
    jobs.add([made[2]])
    jobs.add([made[2]])  # told twice

    assert ids(jobs) == before


def test_a_job_brought_back_beyond_what_was_fetched_comes_with_its_page(many, library, jobs, settle) -> None:
    old = library.jobs()[PAGE + 50]
    library.remove(old.id)
    library.restore(old.id)

    jobs.add([old])
    assert jobs.row_of(old.id) == -1
    jobs.fetchMore(QModelIndex())
    settle()

    assert jobs.row_of(old.id) == PAGE + 50


def test_whatever_happens_while_pages_arrive_the_list_is_as_the_library(many, library, history, jobs, settle) -> None:
    chance = random.Random(7)
    for _ in range(120):
        match chance.choice(["fetch", "add", "remove", "change", "settle"]):
            case "fetch":
                jobs.fetchMore(QModelIndex())
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

    fetched = jobs.rowCount()
    assert [jobs.job_at(row) for row in range(fetched)] == library.jobs(most=fetched)


def test_a_row_tells_how_far_its_job_is_and_how_it_ended(library, jobs) -> None:
    job = library.update(add(library, "talk.wav").id, state=JobState.RUNNING)
    jobs.add([job])
    index = jobs.index(0)

    jobs.show_progress(JobProgress(job.id, Stage.TRANSCRIBING, 60.0, 240.0, 12.0, 15.0))
    running = index.data(Qt.ItemDataRole.AccessibleTextRole)
    jobs.change(library.update(job.id, state=JobState.FAILED, failure=Failure.NO_AUDIO))
    failed = index.data(Qt.ItemDataRole.AccessibleTextRole)

    assert running == "talk.wav, Transcribing · 1:00 of 4:00 · 15 s left · 12×"
    assert failed == "talk.wav, Has no sound track"


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
