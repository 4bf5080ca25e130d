"""The transcript on the right: filled from the library, filling in as it is heard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QApplication, QLabel

from desktop_app.messages import Doubt, Failure, Provisional
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Segment, Word
from desktop_app.ui.transcript_pane import AT_ONCE, TranscriptPane
from desktop_app.ui.transcript_text import _TimeMargin


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


def test_the_sentence_in_place_of_the_text_is_drawn_anew_when_it_changes(qtbot, pane, make_job, show) -> None:
    class Painted(QObject):
        count = 0

        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            self.count += event.type() == QEvent.Type.Paint
            return False

    show(make_job(0, JobState.PAUSED))
    QApplication.processEvents()
    painted = Painted()
    pane.text.viewport().installEventFilter(painted)
    QApplication.processEvents()
    before = painted.count
    pane.text.setPlaceholderText("It is another one now.")

    qtbot.waitUntil(lambda: painted.count > before)


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
        (2, {"state": JobState.DONE, "partial": True}, "The file is incomplete."),
        (2, {"state": JobState.CANCELLED, "position": 125.0}, "Cancelled. The first 2 minutes are saved."),
        (2, {"state": JobState.FAILED, "failure": Failure.BACKEND_DIED, "position": 61.0}, "“<b>talk<b>.wav” could"),
    ],
)
def test_a_note_says_how_a_job_ended(pane, make_job, show, heard, changes, note) -> None:
    show(make_job(heard, name="<b>talk<b>.wav", **changes))

    said = pane._note

    assert said.text().startswith(note)
    assert said.isVisible() == bool(note)


def test_no_label_takes_a_name_for_rich_text(pane, make_job, show) -> None:
    show(make_job(1, name="<b>bold<b>.wav"))

    labels = pane.findChildren(QLabel)

    assert "<b>bold<b>.wav" in [label.text() for label in labels]
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}


def doubtful_job(library, make_job) -> Job:
    job = make_job(2)
    library.add_segments(job.id, [Segment(125.0, 126.0, " Mumble.", doubts=(Doubt.LOW_CONFIDENCE,))], 126.0)
    return library.update(job.id, state=JobState.DONE)


def test_a_screen_reader_is_told_the_time_of_a_passage_and_why_it_should_be_checked(
    qtbot, pane, library, make_job, show
) -> None:
    show(doubtful_job(library, make_job))
    text = pane.text
    interface = QAccessible.queryAccessibleInterface(text)
    first = interface.text(QAccessible.Text.Description)

    for _ in range(2):
        qtbot.keyClick(text, Qt.Key.Key_Down)

    assert first == "0:00"
    told = interface.text(QAccessible.Text.Description)
    assert told == "2:05. Should be checked: hard to understand."
    margin = QAccessible.queryAccessibleInterface(text.findChild(_TimeMargin))
    assert margin.text(QAccessible.Text.Name) == "Times and marks"
    assert margin.text(QAccessible.Text.Description) == told


def test_the_keyboard_alone_finds_what_should_be_checked_and_reads_why(pane, library, make_job, show) -> None:
    show(doubtful_job(library, make_job))
    before = pane._why.isVisible()

    found = pane.text.go_to_doubtful(1)

    assert (before, found, pane.text.textCursor().blockNumber()) == (False, True, 2)
    assert pane._why.isVisible()
    assert pane._why.text() == "Should be checked: hard to understand."
    assert pane.text.go_to_doubtful(-1) and pane.text.textCursor().blockNumber() == 2


def ink(pane: TranscriptPane, paragraph: int) -> tuple[int, int]:
    """Return how far the first and the last ink of a paragraph are from the edges of its column."""
    text = pane.text
    picture = text.viewport().grab().toImage()
    block = text.document().findBlockByNumber(paragraph)
    place = text.blockBoundingGeometry(block).translated(text.contentOffset()).toRect()
    ground = picture.pixelColor(1, 1)
    columns = [
        x
        for x in range(picture.width())
        for y in range(place.top(), place.bottom())
        if picture.pixelColor(x, y) != ground
    ]
    return min(columns), picture.width() - max(columns)


def test_what_is_written_from_right_to_left_stands_at_the_right_and_stays_so_when_more_comes(
    qtbot, pane, make_job, show
) -> None:
    job = make_job(1)
    show(job)
    new = [Segment(1.0, 2.0, " שלום, מה שלומך?"), Segment(2.0, 3.0, " Fine."), Segment(3.0, 4.0, " مرحبا")]

    pane.add_segments(job.id, new)
    QApplication.processEvents()
    left, right = zip(*(ink(pane, paragraph) for paragraph in range(4)), strict=True)
    pane.resize(pane.width() + 60, pane.height())
    pane.add_segments(job.id, segments(4, 2))
    QApplication.processEvents()

    assert all(left[paragraph] < right[paragraph] for paragraph in (0, 2))
    assert all(right[paragraph] < left[paragraph] for paragraph in (1, 3))
    assert ink(pane, 1)[1] < ink(pane, 1)[0]


# --- pieces of live text ---------------------------------------------------------------------------------------------

PIECES = [
    Segment(0, 2, "Please speak after the"),
    Segment(2.1, 3, "beep.", doubts=(Doubt.LOW_CONFIDENCE,)),
    Segment(3.2, 4, "This is"),
]


def test_pieces_of_a_sentence_are_one_paragraph_whether_they_come_or_are_stored(
    pane, make_job, show, library, settle
) -> None:
    job = make_job(0)
    show(job)
    for piece in PIECES:
        library.add_segments(job.id, [piece], piece.end)
        pane.add_segments(job.id, [piece])
    as_they_came = lines(pane)
    copied = pane.text.whole

    show(job)

    assert as_they_came == lines(pane) == ["Please speak after the beep.", "This is"]
    assert copied == pane.text.whole == "Please speak after the beep.\nThis is"
    assert (pane.text.paragraphs, pane.text.segments, pane.text.doubtful) == (2, 3, 1)
    assert pane.text.find_round("the beep")


def test_what_may_still_change_stands_below_until_it_completes_the_line_that_is_begun(pane, make_job, show) -> None:
    job = make_job(0)
    show(job)
    pane.add_segments(job.id, PIECES)

    pane.show_provisional(Provisional(job.id, (Word(4.1, 4.5, " Joan", 0.5),), 5.0))
    shown = lines(pane)
    pane.add_segments(job.id, [Segment(4.1, 4.5, "John.")])
    pane.show_provisional(Provisional(job.id, (Word(5, 5.5, " And", 0.5),), 6.0))

    assert shown[1:] == ["This is", "Joan"]
    assert lines(pane)[1:] == ["This is John.", "And"]
