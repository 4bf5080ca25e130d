"""What is done with the jobs that wait or run: by key, by mouse, and by themselves at the end."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QDialogButtonBox

from desktop_app.messages import Failure, ModelLoaded, Stage
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Step
from desktop_app.ui import wording
from desktop_app.ui.farewell import SECONDS, Farewell
from desktop_app.ui.job_options import JobOptionsDialog
from desktop_app.ui.main_window import MainWindow
from desktop_app.work.job_queue import Hold, JobProgress
from desktop_app.work.schedule import AfterAll, When

SKIP = Step("skip", "", 5.0, "backend_died")


@pytest.fixture
def waiting(qtbot, window, queue, library, settle) -> list[Job]:
    """Three recordings that wait in a queue that is paused, the next one first."""
    queue.hold(Hold.USER)
    window.add_files([Path(f"/recordings/{name}.wav") for name in "abc"])
    settle()
    qtbot.waitUntil(lambda: window.list.chosen() is not None)
    window.list.setFocus()
    return library.jobs()


@pytest.fixture
def add(window, library, queue):
    """A function that puts a job in the list as it is told to be."""

    def add_job(state: JobState, **changes) -> Job:
        job = library.add_job(Path("/recordings/talk.wav"), JobOptions(model="tiny.en"), "somebody else")
        job = library.update(job.id, state=state, **changes)
        queue.jobs_added.emit([job])
        window.list.choose(job.id)
        return job

    return add_job


def order(queue, library) -> str:
    return "".join(job.path.stem for job in library.waiting(queue._owner))


def statuses(window) -> list[str]:
    """What the rows say, from the first to the last."""
    role = Qt.ItemDataRole.AccessibleTextRole
    return [window.jobs.index(row).data(role).partition(", ")[2] for row in range(window.jobs.rowCount())]


def drag(window, chosen: Job, target: Job, source=None) -> None:
    """Drop a row of the list onto another one."""
    window.list.choose(chosen.id)
    place = window.list.visualRect(window.jobs.index(window.jobs.row_of(target.id))).center()

    class Drop(QDropEvent):
        def source(self):
            return source or window.list

    action, data = Qt.DropAction.MoveAction, QMimeData()
    window.list.dropEvent(Drop(QPointF(place), action, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))


# --- a job ---


def test_a_job_is_paused_and_continued_by_the_same_key(qtbot, window, queue, silence, library) -> None:
    window.add_files([silence])
    qtbot.waitUntil(lambda: window.list.chosen() is not None and window.list.chosen().state is JobState.RUNNING)

    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: window.list.chosen().state is JobState.PAUSED)
    label = window.work.pause.text()
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)

    assert label == wording.CONTINUE
    qtbot.waitUntil(lambda: window.list.chosen().state is JobState.RUNNING)
    assert window.work.pause.text() == wording.PAUSE


@pytest.mark.parametrize(
    ("state", "changes", "offered"),
    [
        (JobState.QUEUED, {}, wording.PAUSE),
        (JobState.RUNNING, {}, wording.PAUSE),
        (JobState.PAUSED, {}, wording.CONTINUE),
        (JobState.CANCELLED, {"position": 3.0}, wording.CONTINUE),
        (JobState.CANCELLED, {}, ""),
        (JobState.FAILED, {"position": 3.0, "failure": Failure.BACKEND_DIED}, wording.CONTINUE),
        (JobState.FAILED, {"failure": Failure.INTERRUPTED}, wording.CONTINUE),
        (JobState.FAILED, {"position": 3.0, "failure": Failure.FILE_CHANGED}, ""),
        (JobState.DONE, {"position": 3.0}, ""),
    ],
)
def test_what_was_stopped_on_the_way_can_be_continued(window, add, state, changes, offered) -> None:
    add(state, **changes)

    pause = window.work.pause
    assert (pause.text() if pause.isEnabled() else "") == offered


def test_waiting_rows_say_when_their_turn_comes(window, waiting) -> None:
    assert statuses(window) == ["Queue paused · next", "Queue paused · 2nd in line", "Queue paused · 3rd in line"]

    window._queue.held = frozenset()  # but nothing begins yet

    assert statuses(window) == ["Waiting · next", "Waiting · 2nd in line", "Waiting · 3rd in line"]


def test_what_is_said_of_a_waiting_recording_is_true_in_a_queue_that_is_paused(window, settle, waiting) -> None:
    said = {}
    for job in (waiting[0], waiting[2]):
        window.list.choose(job.id)
        settle()
        said[job.name] = window.transcript.text.placeholderText()
    window._queue.held = frozenset()
    window._on_held_changed()

    assert said == {
        "a.wav": "The queue is paused. This recording comes first when it resumes.",
        "c.wav": "The queue is paused. 2 recordings before this one.",
    }
    assert window.transcript.text.placeholderText() == "2 recordings before this one in the queue."


def test_a_paused_queue_is_told_above_everything_and_resumed_there(qtbot, window, queue, library, waiting) -> None:
    said = window.queue_bar.said.text()

    assert window.queue_bar.isVisible()
    assert said == "The queue is paused. 3 recordings wait."
    window.work.pause_queue.setChecked(True)
    qtbot.mouseClick(window.queue_bar.button, Qt.MouseButton.LeftButton)

    assert Hold.USER not in queue.held
    assert not window.queue_bar.isVisible()


def test_recordings_run_in_the_order_in_which_they_are_listed(window, queue, library, waiting) -> None:
    listed = [window.jobs.job_at(row).path.stem for row in range(3)]

    assert "".join(listed) == order(queue, library) == "abc"


def test_several_that_are_run_next_keep_their_order(qtbot, window, queue, library, waiting) -> None:
    window.list.choose_all([waiting[1].id, waiting[2].id])

    window.work.run_next.trigger()

    qtbot.waitUntil(lambda: order(queue, library) == "bca")


def test_a_recording_is_run_next(qtbot, window, queue, library, waiting) -> None:
    window.list.choose(waiting[2].id)

    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)

    qtbot.waitUntil(lambda: order(queue, library) == "cab")
    qtbot.waitUntil(lambda: statuses(window)[2] == "Queue paused · next")


def test_a_recording_is_moved_by_alt_and_arrow(qtbot, window, queue, library, waiting) -> None:
    window.list.choose(waiting[1].id)

    qtbot.keyClick(window.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: order(queue, library) == "acb")
    qtbot.waitUntil(lambda: statuses(window)[1] == "Queue paused · 3rd in line")
    for expected in ("abc", "bac"):
        qtbot.keyClick(window.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        qtbot.waitUntil(lambda expected=expected: order(queue, library) == expected)
        qtbot.waitUntil(lambda: window._steward.line.number_of(waiting[1].id) == order(queue, library).index("b") + 1)

    assert window.list.chosen().id == waiting[1].id


def test_a_row_dragged_onto_another_takes_its_turn(qtbot, window, queue, library, waiting) -> None:
    drag(window, waiting[2], waiting[0])

    qtbot.waitUntil(lambda: order(queue, library) == "cab")
    assert window.statusBar().currentMessage() == "“c.wav” is now next in the queue."


def test_a_row_dragged_from_another_list_changes_nothing(window, queue, library, settle, waiting) -> None:
    drag(window, waiting[2], waiting[0], source=window.transcript)
    settle()

    assert order(queue, library) == "abc"


def test_only_rows_that_wait_can_be_dragged(window, queue, add, waiting) -> None:
    done = add(JobState.DONE)
    draggable = [
        bool(window.jobs.index(window.jobs.row_of(job.id)).flags() & Qt.ItemFlag.ItemIsDragEnabled)
        for job in (*waiting, done)
    ]

    assert draggable == [True, True, True, False]


@pytest.mark.parametrize("state", JobState)
def test_only_what_waits_can_change_its_turn(window, add, state) -> None:
    add(state)

    moves = {action.isEnabled() for action in (window.work.run_next, window.work.earlier, window.work.later)}

    assert moves == {state is JobState.QUEUED}


# --- its options ---


def test_the_options_of_a_waiting_recording_are_changed(qtbot, window, library, settle, waiting) -> None:
    window.list.choose(waiting[1].id)
    qtbot.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    settle()
    dialog = window.findChild(JobOptionsDialog)
    shown = dialog.bar.options()

    dialog.bar.words.setChecked(False)
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).click()
    settle()

    assert shown == waiting[1].options
    assert [job.options.words for job in library.jobs()] == [True, False, True]
    assert window.options.words.isChecked()


@pytest.mark.parametrize(
    ("state", "position", "allowed"),
    [
        (JobState.QUEUED, 0.0, True),
        (JobState.PAUSED, 0.0, True),
        (JobState.QUEUED, 3.0, False),
        (JobState.RUNNING, 0.0, False),
        (JobState.DONE, 3.0, False),
    ],
)
def test_options_change_only_before_something_was_heard(window, add, state, position, allowed) -> None:
    add(state, position=position)

    assert window.work.change_options.isEnabled() == allowed


# --- steps and gaps ---


def test_gaps_are_transcribed_again_each_beside_the_recording(window, add, library, settle) -> None:
    job = add(JobState.DONE, position=60.0, steps=(SKIP,))
    library.skip(job.id, 5.0, 8.0)
    library.skip(job.id, 20.0, 24.5)

    window.work.gaps_again.trigger()
    settle()
    settle()

    assert [(new.path, new.options.begin, new.options.end) for new in library.jobs()[::-1][1:]] == [
        (job.path, 5.0, 8.0),
        (job.path, 20.0, 24.5),
    ]
    assert window.statusBar().currentMessage() == wording.gaps_queued(2)


def test_without_a_gap_or_before_the_end_none_is_offered(window, add) -> None:
    offered = []
    for state, steps in ((JobState.DONE, ()), (JobState.RUNNING, (SKIP,)), (JobState.CANCELLED, (SKIP,))):
        add(state, steps=steps)
        offered.append(window.work.gaps_again.isEnabled())

    assert offered == [False, False, True]


def test_a_step_down_is_said_and_kept_above_the_transcript(window, queue, add) -> None:
    step = Step("batch_size", "1", 65.0, "out_of_memory")
    job = add(JobState.DONE, duration=80.0, language="en", steps=(step, SKIP))

    queue.stepped_down.emit(job, step)

    assert window.statusBar().currentMessage() == wording.step_taken(job.name, step)
    notes = wording.job_notes(job, has_text=True)
    assert "At 1:05 memory ran out; from there on the batch size is 1." in notes
    assert "At 0:05 the transcription process ended unexpectedly on every attempt. That part is left out." in notes


# --- the queue ---


def test_the_queue_is_paused_and_continued_by_a_key(qtbot, window, queue, silence, library) -> None:
    window.add_files([silence])
    qtbot.waitUntil(lambda: queue.running is not None)

    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: library.jobs()[0].state is JobState.QUEUED)
    paused = (window.work.pause_queue.isChecked(), window._ready.text())
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)

    assert paused == (True, wording.QUEUE_PAUSED)
    qtbot.waitUntil(lambda: library.jobs()[0].state is JobState.RUNNING)
    assert window._ready.text() != wording.QUEUE_PAUSED


def test_a_program_that_was_updated_says_so_and_asks_its_backend_for_nothing_more(
    qtbot, window, queue, silence, library
) -> None:
    window.add_files([silence])
    qtbot.waitUntil(lambda: queue.running is not None)

    queue._backend.program_updated.emit()
    qtbot.waitUntil(lambda: library.jobs()[0].state is JobState.QUEUED)
    before = queue._backend.pid
    window.add_files([silence])
    window.options.choose_model("another")
    qtbot.waitUntil(lambda: len(library.jobs()) == 2)

    assert window._ready.text() == wording.UPDATED
    assert (queue.running, queue._backend.pid) == (None, before)
    assert {job.state for job in library.jobs()} == {JobState.QUEUED}


def test_a_queue_that_was_paused_is_paused_at_the_next_start(
    qtbot, window, queue, history, steward, sound, models, updates
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    kept = window._settings
    queue.release(Hold.USER)  # as a new queue is

    made = MainWindow(queue, history, kept, steward, sound, models, updates)
    qtbot.addWidget(made)

    assert kept.paused
    assert Hold.USER in queue.held
    assert made.work.pause_queue.isChecked()
    made.work.pause_queue.trigger()
    assert not kept.paused


def test_the_time_for_work_is_kept_and_said_while_somebody_waits(window, queue, steward, settle) -> None:
    window.work.whens["tonight"].trigger()
    idle = window._ready.text()

    window.add_files([Path("/recordings/talk.wav")])
    settle()

    assert window._settings.when == "tonight"
    assert steward.when is When.TONIGHT
    assert queue.held == {Hold.SCHEDULE}
    assert idle != window._ready.text() == "Waiting until 22:00."
    window.work.whens["now"].trigger()
    assert queue.held == set()


def test_a_full_disk_is_said_until_there_is_room(window, queue) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    before = window._ready.text()

    queue._on_storage_trouble(error)
    full = window._ready.text()
    queue.release(Hold.STORAGE)

    assert full == wording.storage_trouble(error)
    assert window._ready.text() == before


def test_what_was_interrupted_is_said_to_go_on(window, queue, add) -> None:
    job = add(JobState.QUEUED, position=750.0)

    queue.taken_over.emit([job])

    assert window.statusBar().currentMessage() == "“talk.wav” was interrupted, and continues from 12:30."


# --- the end ---


@pytest.fixture
def farewell(window, steward):
    """A function that has all come to its end, and returns the box that counts down."""
    done: list[AfterAll] = []

    def begin() -> tuple[Farewell, list[AfterAll]]:
        steward._actions = {AfterAll.SLEEP: lambda: not done.append(AfterAll.SLEEP)}
        window.work.after_alls["sleep"].trigger()
        steward._has_ended_one = True
        steward._on_idle()
        return window.findChildren(Farewell)[-1], done

    return begin


def test_the_countdown_ends_in_sleep_once(qtbot, window, farewell) -> None:
    box, done = farewell()
    first = box.text()

    for _ in range(SECONDS):
        assert done == []
        box._timer.timeout.emit()

    assert first == "All done. The computer goes to sleep in 30 seconds."
    assert done == [AfterAll.SLEEP]
    assert window._settings.after_all == "nothing"
    assert window.work.after_alls["nothing"].isChecked()


def test_the_countdown_can_be_cut_short(qtbot, farewell) -> None:
    box, done = farewell()

    box.now.click()

    assert done == [AfterAll.SLEEP]


@pytest.mark.parametrize("by_key", [True, False])
def test_the_countdown_can_be_stopped(qtbot, window, steward, farewell, by_key) -> None:
    box, done = farewell()

    if by_key:
        qtbot.keyClick(box, Qt.Key.Key_Escape)
    else:
        box.stay.click()

    assert not box._timer.isActive()
    assert done == []
    assert steward.after_all is AfterAll.NOTHING
    assert window._settings.after_all == "nothing"


def test_new_work_ends_the_countdown_and_keeps_the_wish(qtbot, window, steward, settle, farewell) -> None:
    box, done = farewell()
    gone: list[bool] = []
    box.destroyed.connect(lambda: gone.append(True))

    window.add_files([Path("/recordings/talk.wav")])
    settle()

    qtbot.waitUntil(lambda: gone == [True])
    assert done == []
    assert steward.after_all is AfterAll.SLEEP


def test_a_system_that_does_not_obey_is_told_of(window, steward, farewell) -> None:
    box, _ = farewell()
    steward._actions = {AfterAll.SLEEP: lambda: False}

    box.now.click()

    assert window.statusBar().currentMessage() == wording.NOT_OBEYED


# --- the work as a whole ---


@pytest.fixture
def at_work(qtbot, window, queue, settle, speech, tmp_path) -> list[Job]:
    """Three recordings, the first of which runs."""
    for name in "abc":
        (tmp_path / f"{name}.wav").symlink_to(speech)
    window.add_files([tmp_path / f"{name}.wav" for name in "abc"])
    qtbot.waitUntil(lambda: queue.running is not None, timeout=20_000)
    settle()
    return [queue.running, *[window.jobs.job_at(row) for row in (1, 2)]]


def test_while_it_works_the_window_says_which_of_how_many_it_is_at_and_not_that_it_is_ready(
    window, queue, at_work
) -> None:
    queue.model_loaded.emit(ModelLoaded(b"/models/base", "cpu", "int8", 0.0))
    window._batch._took = [60.0]  # seconds that another one took

    queue.progressed.emit(JobProgress(at_work[0].id, Stage.TRANSCRIBING, 5.0, 10.0, 1.0, 60.0))

    assert window._ready.text() == "Transcribing 1 of 3 · 3 min left"
    assert window.windowTitle() == "1 of 3 – Sottovoce"


def test_when_all_is_done_the_window_says_so_until_there_is_other_work(
    qtbot, window, queue, library, at_work, settle
) -> None:
    for job in at_work:
        queue._running = None
        queue.job_changed.emit(library.update(job.id, state=JobState.DONE, language="en"))
    queue.became_idle.emit()
    said = window._ready.text()

    queue.model_loaded.emit(ModelLoaded(b"/models/base", "cpu", "int8", 0.0))

    assert said == window._ready.text() == "All done: 3 recordings transcribed."
    assert window.windowTitle() == "Sottovoce"


def test_several_that_are_tried_again_run_from_the_top_down(qtbot, window, queue, library, settle) -> None:
    queue.hold(Hold.USER)
    jobs = [library.add_job(Path(f"/recordings/{name}.wav"), JobOptions(model="tiny.en"), "me") for name in "cba"]
    jobs = [library.update(job.id, state=JobState.FAILED, failure=Failure.NOT_MEDIA) for job in jobs]
    queue.jobs_added.emit(jobs)
    settle()
    window.list.choose_all([job.id for job in jobs])

    window.retry.trigger()

    qtbot.waitUntil(lambda: order(queue, library) == "abc")
