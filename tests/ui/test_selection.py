"""One truth for what is selected, shown and acted on, whichever way it was selected."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from desktop_app.messages import Failure
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Segment
from desktop_app.ui import wording

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def add(window, library, queue):
    def add_job(name: str, state: JobState = JobState.DONE, text: str = "Some words.", **changes) -> Job:
        job = library.add_job(Path("/recordings", name), JobOptions(**changes), "me")
        if text:
            library.add_segments(job.id, [Segment(0.0, 1.0, text)], 1.0)
        job = library.update(job.id, state=state, failure=Failure.NO_AUDIO if state is JobState.FAILED else None)
        queue.jobs_added.emit([job])
        return job

    return add_job


@pytest.fixture
def five(window, add, settle) -> list[str]:
    """Five transcripts, "a" in the first row; the third is selected by a click."""
    for name in "edcba":
        add(name, text=f"Text of {name}.")
    settle()
    window.list.setFocus()
    return list("abcde")


def click(qtbot, window, row: int, *modifiers: Qt.KeyboardModifier) -> None:
    where = window.list.visualRect(window.jobs.index(row)).center()
    held = modifiers[0] if modifiers else Qt.KeyboardModifier.NoModifier
    qtbot.mouseClick(window.list.viewport(), Qt.MouseButton.LeftButton, held, where)


def selected(window) -> list[str]:
    return [window.jobs.job_at(row).name for row in window.list.chosen_rows()]


def shown(window) -> str | None:
    return window.transcript.job.name if window.transcript.job else None


KEYS = {
    "ctrl+home": [(Qt.Key.Key_Home, CTRL)],
    "ctrl+end": [(Qt.Key.Key_End, CTRL)],
    "ctrl+up": [(Qt.Key.Key_Up, CTRL)],
    "ctrl+down twice": [(Qt.Key.Key_Down, CTRL)] * 2,
    "home": [(Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier)],
    "end": [(Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier)],
    "page down": [(Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier)],
    "page up": [(Qt.Key.Key_PageUp, Qt.KeyboardModifier.NoModifier)],
    "ctrl+page down": [(Qt.Key.Key_PageDown, CTRL)],
    "down": [(Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier)],
    "shift+down": [(Qt.Key.Key_Down, SHIFT)],
    "shift+home": [(Qt.Key.Key_Home, SHIFT)],
    "ctrl+down, ctrl+space": [(Qt.Key.Key_Down, CTRL), (Qt.Key.Key_Space, CTRL)],
    "ctrl+space twice, ctrl+up": [(Qt.Key.Key_Space, CTRL), (Qt.Key.Key_Space, CTRL), (Qt.Key.Key_Up, CTRL)],
    "select all": [(Qt.Key.Key_A, CTRL)],
}


@pytest.mark.parametrize("keys", KEYS)
def test_what_delete_removes_is_what_was_selected_and_what_is_shown_was_among_it(
    qtbot, window, five, settle, library, keys
) -> None:
    click(qtbot, window, 2)
    for key, held in KEYS[keys]:
        qtbot.keyClick(window.list, key, held)
    settle()
    was_selected, was_shown = selected(window), shown(window)

    qtbot.keyClick(window.list, Qt.Key.Key_Delete)
    settle()

    assert was_shown in was_selected
    assert [job.name for job in library.jobs()] == [name for name in five if name not in was_selected]
    qtbot.waitUntil(lambda: shown(window) == (selected(window)[0] if selected(window) else None))


def test_ctrl_and_home_leave_the_recording_shown_and_mark_where_the_keyboard_is(qtbot, window, five, settle) -> None:
    click(qtbot, window, 2)
    first_row = window.list.visualRect(window.jobs.index(0))
    before = window.list.viewport().grab(first_row).toImage()

    qtbot.keyClick(window.list, Qt.Key.Key_Home, CTRL)
    settle()

    assert (shown(window), selected(window)) == ("c", ["c"])
    assert window.list.viewport().grab(first_row).toImage() != before
    window.copy_all.trigger()
    assert QGuiApplication.clipboard().text() == "Text of c."


def test_with_several_selected_it_is_said_that_all_of_them_are_acted_on(qtbot, window, five, settle) -> None:
    click(qtbot, window, 1)
    click(qtbot, window, 3, CTRL)
    settle()

    assert shown(window) == "d"
    assert window.transcript._several.text() == wording.several_selected(2)
    assert "2 recordings" in window.remove.toolTip()
    assert not window.reveal.isEnabled()
    window.copy_all.trigger()
    settle()
    assert QGuiApplication.clipboard().text() == "b\n\nText of b.\n\nd\n\nText of d.\n"

    click(qtbot, window, 3)
    settle()
    assert not window.transcript._several.isVisible()
    assert "recordings" not in window.remove.toolTip()


def test_a_click_below_the_last_row_changes_nothing(qtbot, window, five, settle) -> None:
    click(qtbot, window, 2)
    below = QPoint(20, window.list.viewport().height() - 3)
    assert not window.list.indexAt(below).isValid()

    qtbot.mouseClick(window.list.viewport(), Qt.MouseButton.LeftButton, pos=below)

    assert (selected(window), shown(window)) == (["c"], "c")


def test_where_nothing_is_selected_nothing_is_shown_and_nothing_can_be_done(qtbot, window, five, settle) -> None:
    click(qtbot, window, 2)
    click(qtbot, window, 2, CTRL)
    settle()

    assert (selected(window), shown(window)) == ([], None)
    assert window.transcript.text.placeholderText() == wording.NOTHING_SELECTED
    actions = (window.remove, window.retry, window.cancel, window.export, window.copy_all, window.reveal)
    assert not any(action.isEnabled() for action in actions)


def test_what_was_removed_together_is_selected_together_when_it_is_brought_back(qtbot, window, five, settle) -> None:
    click(qtbot, window, 1)
    click(qtbot, window, 3, SHIFT)
    qtbot.keyClick(window.list, Qt.Key.Key_Delete)
    settle()
    left = selected(window)

    window.undo_remove.trigger()
    settle()

    assert len(left) == 1
    assert selected(window) == ["b", "c", "d"]
    assert shown(window) in selected(window)


def test_a_drop_never_moves_the_selection_away_from_what_is_read(qtbot, window, add, silence, settle, library) -> None:
    add("talk.wav")
    settle()

    window.add_files([silence])
    settle()

    qtbot.waitUntil(lambda: window.jobs.rowCount() == 2)
    assert (selected(window), shown(window)) == (["talk.wav"], "talk.wav")
    assert window.statusBar().currentMessage() == wording.added([silence.name])


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.PAUSED])
def test_where_there_is_nothing_to_read_what_was_dropped_is_shown(qtbot, window, add, silence, settle, state) -> None:
    add("talk.wav", state, text="")
    settle()
    qtbot.waitUntil(lambda: window.transcript.is_filled)

    window.add_files([silence])

    qtbot.waitUntil(lambda: shown(window) == silence.name)
    assert selected(window) == [silence.name]


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_ends_moves_no_selection(qtbot, window, add, queue, library, settle, state) -> None:
    add("read.wav")
    other = add("other.wav", JobState.RUNNING)
    settle()
    window.list.choose(window.jobs.job_at(1).id)

    queue.job_changed.emit(library.update(other.id, state=state))
    settle()

    assert (selected(window), shown(window)) == (["read.wav"], "read.wav")


def test_after_the_accurate_pass_the_recording_it_was_of_is_selected(window, add, queue, settle) -> None:
    live = add("talk.wav")
    add("before.wav")
    again = add("talk.wav", JobState.RUNNING)
    again = msgspec.structs.replace(again, options=JobOptions(replaces=live.id))
    queue.job_changed.emit(again)
    window.list.choose(again.id)
    settle()

    queue.job_removed.emit(again.id)
    settle()

    assert window.list.chosen().id == live.id
    assert window.transcript.job.id == live.id
