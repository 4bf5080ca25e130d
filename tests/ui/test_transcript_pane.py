"""The transcript on the right: filled from the library, filling in as it is heard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QLabel

from desktop_app.messages import Failure
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Segment
from desktop_app.ui.transcript_pane import AT_ONCE, TranscriptPane


def segments(first: int, count: int) -> list[Segment]:
    return [Segment(float(n), n + 1.0, f" sentence {n}.") for n in range(first, first + count)]


def lines(pane: TranscriptPane) -> list[str]:
    return pane.text.toPlainText().splitlines()


def sentences(count: int) -> list[str]:
    return [f"sentence {n}." for n in range(count)]


@pytest.fixture
def pane(qtbot, history, settle) -> TranscriptPane:
    made = TranscriptPane(history)
    qtbot.addWidget(made, before_close_func=lambda _: settle())  # else an answer would come to a pane that is gone
    made.resize(500, 300)
    made.show()
    return made


@pytest.fixture
def make_job(library):
    """A function that stores a job in which so much was heard."""

    def make(heard: int, state: JobState = JobState.RUNNING, name: str = "talk.wav", **changes) -> Job:
        job = library.add_job(Path("/recordings", name), JobOptions(), "me")
        if heard:
            library.add_segments(job.id, segments(0, heard), float(heard))
        return library.update(job.id, state=state, **changes)

    return make


@pytest.fixture
def show(qtbot, pane):
    """A function that shows a job and waits until all of it is there."""

    def show_and_wait(job: Job) -> None:
        pane.show_job(job)
        qtbot.waitUntil(lambda: pane.is_filled)

    return show_and_wait


@pytest.fixture
def hear(history, pane):
    """A function that does what the queue does with a new segment: stores it, then shows it."""

    def store_and_show(job: Job, number: int) -> None:
        new = segments(number, 1)
        history.ask(lambda h: h.add_segments(job.id, new, number + 1.0), lambda _: pane.add_segments(job.id, new))

    return store_and_show


def test_a_long_transcript_is_shown_whole_from_its_beginning(pane, make_job, show) -> None:
    show(make_job(AT_ONCE * 5 + 3, JobState.DONE))

    assert lines(pane) == sentences(AT_ONCE * 5 + 3)
    assert pane.text.verticalScrollBar().value() == 0


def test_a_transcript_of_hours_is_searched_and_copied_to_its_last_segment_and_left_again(
    qtbot, pane, library, make_job, show
) -> None:
    long, other = make_job(4999, JobState.DONE), make_job(2, JobState.DONE, "other.wav")
    library.add_segments(long.id, [Segment(5000.0, 5001.0, " Farewell.")], 5000.0)
    show(long)

    pane.find_bar.enter()
    qtbot.keyClicks(pane.find_bar.line, "farewell")
    found = pane.text.textCursor().blockNumber(), pane.text.textCursor().selectedText()
    pane.copy_all()
    show(other)

    assert found == (4999, "Farewell")
    assert QGuiApplication.clipboard().text().splitlines() == [*sentences(4999), "Farewell."]
    assert lines(pane) == sentences(2)


def test_text_added_below_what_is_seen_lengthens_the_scroll_bar(pane, make_job, show) -> None:
    job = make_job(AT_ONCE + 50)
    show(job)
    pane.text.moveCursor(QTextCursor.MoveOperation.Start)
    before = pane.text.verticalScrollBar().maximum()

    pane.add_segments(job.id, segments(AT_ONCE + 50, 5))

    assert pane.text.verticalScrollBar().maximum() == before + 5
    assert pane.text.verticalScrollBar().value() == 0


def test_new_text_scrolls_along_unless_the_user_has_scrolled_away(pane, make_job, show) -> None:
    job = make_job(60)
    show(job)
    bar = pane.text.verticalScrollBar()

    pane.add_segments(job.id, segments(60, 1))
    followed = bar.value() == bar.maximum()
    bar.setValue(3)
    pane.add_segments(job.id, segments(61, 5))
    stayed = bar.value() == 3
    bar.setValue(bar.maximum())
    pane.add_segments(job.id, segments(66, 5))

    assert (followed, stayed, bar.value() == bar.maximum()) == (True, True, True)
    assert bar.maximum() > 40


def test_every_segment_is_there_once_although_it_comes_while_the_others_are_fetched(
    qtbot, pane, make_job, hear, settle
) -> None:
    job = make_job(AT_ONCE * 2)

    for number in range(AT_ONCE * 2, AT_ONCE * 2 + 10):
        hear(job, number)
    pane.show_job(job)
    for number in range(AT_ONCE * 2 + 10, AT_ONCE * 2 + 20):
        hear(job, number)
    settle()
    qtbot.waitUntil(lambda: pane.is_filled)

    assert lines(pane) == sentences(AT_ONCE * 2 + 20)


def test_switching_to_and_fro_mixes_nothing(qtbot, pane, make_job, hear, settle) -> None:
    one, other = make_job(30), make_job(0, JobState.QUEUED, "other.wav")

    for number in range(30, 60):
        pane.show_job(one if number % 3 else other)
        hear(one, number)
        if number % 7 == 0:
            settle()
    pane.show_job(one)
    settle()
    qtbot.waitUntil(lambda: pane.is_filled)

    assert lines(pane) == sentences(60)


def test_text_of_another_job_does_not_come_in(pane, make_job, show) -> None:
    one, other = make_job(3), make_job(2, name="other.wav")
    show(one)

    pane.add_segments(other.id, segments(2, 1))

    assert lines(pane) == sentences(3)


def test_a_job_begun_again_begins_with_an_empty_page(qtbot, pane, library, make_job, show) -> None:
    job = make_job(5, JobState.FAILED, failure=Failure.BACKEND_DIED)
    show(job)

    pane.change(library.start_over(job.id, "me"))
    qtbot.waitUntil(lambda: pane.is_filled)

    assert lines(pane) == []


def test_a_job_that_was_removed_for_good_is_an_empty_page(pane, library, make_job, settle) -> None:
    job = make_job(5)
    library.remove(job.id)
    library.forget_removed(after=-1)

    pane.show_job(job)
    settle()

    assert lines(pane) == []


def test_what_is_copied_is_the_text_alone(pane, make_job, show) -> None:
    show(make_job(3, JobState.DONE))

    pane.copy_all()

    assert QGuiApplication.clipboard().text() == "sentence 0.\nsentence 1.\nsentence 2."


def test_times_stand_in_the_margin(pane, make_job, show) -> None:
    show(make_job(0))
    margin = pane.text.grab().toImage().copy(0, 0, pane.text.margin_width(), 100)

    pane.add_segments(pane.job.id, segments(3600, 3))

    assert pane.text.grab().toImage().copy(0, 0, pane.text.margin_width(), 100) != margin


@pytest.mark.parametrize(
    ("heard", "changes", "note"),
    [
        (2, {"state": JobState.DONE}, ""),
        (0, {"state": JobState.DONE}, "No speech was found in this recording."),
        (2, {"state": JobState.DONE, "partial": True}, "The file breaks off before its end."),
        (2, {"state": JobState.CANCELLED, "position": 125.0}, "Cancelled. The first 2 minutes are saved."),
        (2, {"state": JobState.FAILED, "failure": Failure.BACKEND_DIED, "position": 61.0}, "“<b>talk<b>.wav” could"),
    ],
)
def test_a_note_says_how_a_job_ended(pane, make_job, show, heard, changes, note) -> None:
    show(make_job(heard, name="<b>talk<b>.wav", **changes))

    said = pane.findChildren(QLabel)[2]

    assert said.text().startswith(note)
    assert said.isVisible() == bool(note)


def test_no_label_takes_a_name_for_rich_text(pane, make_job, show) -> None:
    show(make_job(1, name="<b>bold<b>.wav"))

    labels = pane.findChildren(QLabel)

    assert "<b>bold<b>.wav" in [label.text() for label in labels]
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}
