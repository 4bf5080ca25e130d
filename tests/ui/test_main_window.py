"""The window as a whole: what it takes, what its keys reach, what it is called by a screen reader."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QAccessible,
    QAccessibleInterface,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QMenu,
    QMenuBar,
    QMessageBox,
    QPushButton,
    QToolButton,
    QWidget,
)

from desktop_app import paths
from desktop_app.messages import Failure, JobStarted
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Output, Segment
from desktop_app.ui import given_files, wording
from desktop_app.ui.about import About
from desktop_app.ui.export_dialog import ExportDialog
from desktop_app.ui.main_window import MainWindow
from desktop_app.work.unfinished import Unfinished


def urls(*addresses: str | QUrl) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(address) for address in addresses])
    return data


def enter(window: QWidget, data: QMimeData) -> bool:
    """Drag something over the window; return whether it would take it."""
    event = QDragEnterEvent(
        QPoint(200, 200),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def drop(window: QWidget, data: QMimeData) -> None:
    enter(window, data)
    event = QDropEvent(
        QPointF(200, 200),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, event)


@pytest.fixture
def add(window, library, queue):
    """A function that puts an ended job in the list."""

    def add_job(name: str = "talk.wav", state: JobState = JobState.DONE, **changes) -> Job:
        job = library.add_job(Path("/recordings", name), JobOptions(), "me")
        library.add_segments(job.id, [Segment(0.0, 1.0, "Some words.")], 1.0)
        job = library.update(job.id, state=state, **changes)
        queue.jobs_added.emit([job])
        return job

    return add_job


@pytest.fixture
def taken(window, settle, library):
    """A function that waits until what was dropped is in the library, and returns those jobs."""

    def jobs() -> list[Job]:
        settle()
        return sorted(library.jobs(), key=lambda job: job.place)  # the first one that is done first

    return jobs


# --- what is dropped ---


def test_files_dropped_are_queued_and_the_rest_is_left(window, taken, silence, tmp_path) -> None:
    drop(window, urls("https://example.org/talk.mp3", QUrl.fromLocalFile(str(silence)), "mailto:nobody@example.org"))

    assert [job.path for job in taken()] == [silence]


def test_an_address_beside_files_is_not_passed_over_in_silence(window, taken, silence) -> None:
    drop(window, urls("https://example.org/talk.mp3", QUrl.fromLocalFile(str(silence))))

    assert window.statusBar().currentMessage() == wording.left_out(1)
    assert [job.path for job in taken()] == [silence]


@pytest.mark.parametrize("host", ["localhost", socket.gethostname()])
def test_a_file_may_be_named_with_this_computers_name(window, taken, silence, host) -> None:
    drop(window, urls(f"file://{host}{silence}"))

    assert [job.path for job in taken()] == [silence]


@pytest.mark.parametrize("proposed", [Qt.DropAction.MoveAction, Qt.DropAction.CopyAction, Qt.DropAction.LinkAction])
def test_a_drop_copies_whatever_the_source_proposes(window, taken, silence, proposed) -> None:
    data = urls(QUrl.fromLocalFile(str(silence)))
    both = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction | Qt.DropAction.LinkAction
    buttons = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    for event in (
        QDragEnterEvent(QPoint(200, 200), both, data, *buttons),
        QDragMoveEvent(QPoint(201, 201), both, data, *buttons),
        QDropEvent(QPointF(201, 201), both, data, *buttons),
    ):
        event.setDropAction(proposed)
        QApplication.sendEvent(window, event)
        assert event.isAccepted()
        assert event.dropAction() is Qt.DropAction.CopyAction

    assert [job.path for job in taken()] == [silence]
    assert silence.exists()


def test_files_copied_in_a_file_manager_are_pasted_into_the_list(qtbot, window, taken, add, silence) -> None:
    add()
    window.list.setFocus()
    QGuiApplication.clipboard().setMimeData(urls(QUrl.fromLocalFile(str(silence)), "https://example.org/"))

    qtbot.keyClick(window.list, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    assert window.statusBar().currentMessage() == wording.left_out(1)
    assert silence in [job.path for job in taken()]


def test_pasting_without_files_says_so_and_text_in_a_field_stays_text(qtbot, window, taken, add) -> None:
    QGuiApplication.clipboard().setText("deu")
    add()

    window.paste_files.trigger()
    said = window.statusBar().currentMessage()
    line = window.transcript.find_bar.line
    window.find_text.trigger()
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    assert said == wording.NO_FILES_COPIED
    assert line.text() == "deu"
    assert len(taken()) == 1  # the one that was there


def test_paths_that_an_older_file_manager_copies_as_text_are_files(silence) -> None:
    text = QMimeData()
    text.setText(f"{silence}\nfile://localhost/recordings/talk.wav\n")
    prose = QMimeData()
    prose.setText(f"{silence}\nis a recording")

    assert given_files.given_in(text) == ([silence, Path("/recordings/talk.wav")], 0)
    assert given_files.given_in(prose) == ([], 0)


def test_what_is_not_on_this_computer_is_refused_in_words(window, taken) -> None:
    drop(window, urls("https://example.org/talk.mp3"))

    assert taken() == []
    assert window.statusBar().currentMessage() == wording.NOT_LOCAL


def test_text_dragged_over_the_window_is_not_welcome(window) -> None:
    text = QMimeData()
    text.setText("/recordings/talk.wav")

    assert not enter(window, text)
    assert enter(window, urls("file:///recordings/talk.wav"))


def test_a_name_that_is_no_unicode_is_refused_in_words(window, taken, qtbot) -> None:
    drop(window, urls(QUrl.fromEncoded(b"file:///recordings/caf%E9.wav")))

    (job,) = taken()
    assert (job.state, job.failure) == (JobState.FAILED, Failure.NAME_NOT_UNICODE)
    assert "caf�.wav" in wording.job_failure(job)
    qtbot.waitUntil(lambda: window.list.chosen() == job)


def test_the_frame_is_there_while_something_is_held_over_the_window(window) -> None:
    data = urls("file:///recordings/talk.wav")

    enter(window, data)
    held = window._drop_frame.isVisible()
    painted = window.grab().toImage()
    QApplication.sendEvent(window, QDragLeaveEvent())

    assert held
    assert not window._drop_frame.isVisible()
    assert window.grab().toImage() != painted


def test_nothing_inside_the_window_takes_drops_for_itself(window, add) -> None:
    add()
    window.find_text.trigger()

    greedy = [w for w in window.findChildren(QWidget) if w.acceptDrops() and w.window() is window]

    assert greedy == [window.list, window.list.viewport()]  # which take their own rows only


def test_files_dropped_on_the_list_are_queued_too(window, add, taken, silence) -> None:
    add()
    taken()
    files = urls(QUrl.fromLocalFile(str(silence)))

    welcome = enter(window.list.viewport(), files)
    framed = window._drop_frame.isVisible()
    drop(window.list.viewport(), files)

    assert welcome and framed
    assert [job.path for job in taken()][1:] == [silence]
    assert not window._drop_frame.isVisible()


# --- the keyboard and the screen reader ---


def reachable(window: QWidget) -> set[QWidget]:
    """Return the controls that Tab should come to."""
    return {
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisibleTo(window)
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and not (widget.parentWidget() and widget.parentWidget().focusProxy() is widget)
        and widget.window() is window
        and not _is_inside_a_control(widget)
    }


def _is_inside_a_control(widget: QWidget) -> bool:
    """The line in a combo box, the clear button in a line: one control for whoever uses them."""
    parent = widget.parentWidget()
    return parent is not None and bool(parent.focusPolicy() & Qt.FocusPolicy.TabFocus)


def _name_of(control: QWidget) -> str:
    if isinstance(control, QComboBox):
        return control.accessibleName()  # on Linux Qt tells a screen reader its label, and what is chosen as its name
    return QAccessible.queryAccessibleInterface(control).text(QAccessible.Text.Name)


def walk(qtbot, key: Qt.Key) -> list[QWidget]:
    """Press `key` until it comes round; return the controls it came to."""
    visited: list[QWidget] = []
    for _ in range(60):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in visited:
            return visited
        visited.append(focus)
        qtbot.keyClick(focus, key)
    raise AssertionError("the walk did not come round")


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_the_tab_key_reaches_every_control_of_the_empty_window(qtbot, window, key) -> None:
    qtbot.waitUntil(window.empty.open_button.hasFocus)

    assert set(walk(qtbot, key)) == reachable(window)


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
@pytest.mark.parametrize("find", [False, True])
def test_the_tab_key_reaches_every_control_beside_a_transcript(qtbot, window, add, taken, key, find) -> None:
    add(state=JobState.FAILED, failure=Failure.BACKEND_DIED)
    taken()
    window.list.setFocus()
    if find:
        window.find_text.trigger()

    visited = set(walk(qtbot, key))

    assert visited == reachable(window)
    assert {window.list, window.transcript.text, window.options.model, window.options.words} <= visited


def test_every_control_has_a_name_for_a_screen_reader(window, add) -> None:
    add(state=JobState.FAILED, failure=Failure.BACKEND_DIED)
    window.find_text.trigger()

    nameless = [
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.window() is window
        and not _is_inside_a_control(widget)
        and not _name_of(widget)
    ]

    assert nameless == []


def test_every_action_is_in_a_menu_and_no_two_share_a_key(window) -> None:
    actions = [action for menu in window.menuBar().actions() for action in menu.menu().actions()]
    keys = [action.shortcut().toString() for action in actions if not action.shortcut().isEmpty()]
    letters = [menu.text()[menu.text().index("&") + 1].lower() for menu in window.menuBar().actions()]

    assert len(keys) == len(set(keys))
    assert len(letters) == len(set(letters))
    for menu in window.menuBar().actions():
        inside = [action.text() for action in menu.menu().actions() if "&" in action.text()]
        mnemonics = [text[text.index("&") + 1].lower() for text in inside]
        assert len(mnemonics) == len(set(mnemonics)), inside
    assert {window.open_files, window.try_it, window.export, window.cancel, window.reveal} <= set(actions)


def test_escape_cancels_only_from_the_list(qtbot, window, silence, taken, library) -> None:
    window.add_files([silence])
    taken()
    qtbot.waitUntil(lambda: window.list.chosen() is not None and window.list.chosen().state is JobState.RUNNING)

    window.find_text.trigger()
    for control in (window.transcript.find_bar.line, window.transcript.text, window.options.language):
        control.setFocus()
        qtbot.keyClick(control, Qt.Key.Key_Escape)
    elsewhere = taken()[0].state
    window.list.setFocus()
    qtbot.keyClick(window.list, Qt.Key.Key_Escape)

    assert not window.transcript.find_bar.isVisible()
    assert elsewhere is JobState.RUNNING
    qtbot.waitUntil(lambda: library.jobs()[0].state is JobState.CANCELLED)


def test_delete_removes_only_from_the_list(qtbot, window, add, taken) -> None:
    add()
    taken()

    window.transcript.text.setFocus()
    qtbot.keyClick(window.transcript.text, Qt.Key.Key_Delete)
    kept = len(taken())
    window.list.setFocus()
    qtbot.keyClick(window.list, Qt.Key.Key_Delete)

    assert (kept, taken()) == (1, [])
    qtbot.waitUntil(window.empty.open_button.hasFocus)


# --- what is done with jobs ---


def test_the_keyboard_is_in_the_list_once_there_is_one(qtbot, window, add) -> None:
    qtbot.waitUntil(window.empty.open_button.hasFocus)

    add()

    assert window.list.hasFocus()


def test_the_first_of_several_recordings_is_shown(qtbot, window, taken, silence, speech) -> None:
    window.add_files([silence, speech])
    taken()

    qtbot.waitUntil(lambda: window.list.chosen() is not None and window.list.chosen().path == silence)


def test_a_waiting_recording_removed_and_brought_back_is_done_after_all(
    qtbot, window, taken, library, silence, speech
) -> None:
    window.add_files([silence, speech])
    running, waiting = taken()
    qtbot.waitUntil(lambda: library.job(running.id).state is JobState.RUNNING)
    window.list.choose(waiting.id)
    window.remove.trigger()
    window._queue.cancel(running.id)
    qtbot.waitUntil(lambda: library.job(running.id).state is JobState.CANCELLED)

    window.undo_remove.trigger()

    qtbot.waitUntil(lambda: library.job(waiting.id).state is JobState.RUNNING)
    assert not window.undo_remove.isEnabled()


def test_only_what_makes_sense_is_offered(qtbot, window, add, taken) -> None:
    offered = {}
    for state in JobState:
        job = add(f"{state}.wav", state)
        taken()
        window.list.choose(job.id)
        actions = ("cancel", "retry", "remove", "export", "copy_all", "reveal")
        taken()
        offered[state] = {name for name in actions if getattr(window, name).isEnabled()}

    always = {"remove", "export", "copy_all", "reveal"}
    assert offered[JobState.QUEUED] == offered[JobState.RUNNING] == always | {"cancel"}
    assert offered[JobState.DONE] == offered[JobState.FAILED] == offered[JobState.CANCELLED] == always | {"retry"}


def test_an_export_goes_beside_the_recording_in_all_formats_chosen(qtbot, window, add, taken, tmp_path) -> None:
    job = add()
    taken()
    qtbot.waitUntil(window.export.isEnabled)
    window.export.trigger()
    qtbot.waitUntil(lambda: window.findChild(ExportDialog) is not None)
    dialog = window.findChild(ExportDialog)
    dialog.formats["srt"].setChecked(True)
    dialog.elsewhere.setChecked(True)
    dialog.folder.setText(str(tmp_path))
    dialog.name.setText("{name} {language}")

    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)

    names = [tmp_path / f"{job.path.stem} {job.language or 'unknown'}{suffix}" for suffix in (".txt", ".srt")]
    qtbot.waitUntil(lambda: all(name.exists() for name in names))
    assert "Some words." in names[0].read_text()
    taken()
    assert window.statusBar().currentMessage().startswith(f"2 files written in {tmp_path}")


def test_an_export_that_fails_names_the_file_and_stays_until_it_is_read(qtbot, window, add, taken, tmp_path) -> None:
    job = add()
    taken()
    (tmp_path / "a file").touch()

    window._export_to([job.id], Output(("txt",), files=True, folder=str(tmp_path / "a file")))
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is not None)

    said = window.findChild(QMessageBox).text()
    assert said.startswith("1 file could not be saved.")
    assert f"“{job.path.stem}.txt”: {os.strerror(errno.ENOTDIR)}" in said
    window.findChild(QMessageBox).close()


def test_closing_while_a_job_runs_asks_and_can_be_taken_back(qtbot, window, taken, silence, library) -> None:
    window.add_files([silence])
    taken()
    qtbot.waitUntil(lambda: window._queue.running is not None)

    with qtbot.assertNotEmitted(window.closing):
        window.close()
    question = window.findChild(QMessageBox)
    asked = question.isVisible()
    question.defaultButton().click()

    assert asked
    assert window.isVisible()
    assert library.jobs()[0].state is JobState.RUNNING
    with qtbot.waitSignal(window.closing):
        window.close()
        next(button for button in window.findChildren(QMessageBox)[-1].buttons() if button.text() == "Close").click()


def test_the_question_whether_to_close_is_answered_when_the_last_job_has_ended(qtbot, window, taken, silence) -> None:
    window.add_files([silence])
    taken()
    qtbot.waitUntil(lambda: window._queue.running is not None)
    window.close()
    question = window.findChild(QMessageBox)
    assert question.isVisible()

    with qtbot.waitSignal(window.closing):
        window._queue.end_all()

    assert not question.isVisible()


def test_the_newest_crash_report_can_be_copied_once_there_is_one(window, settle) -> None:
    assert not window.copy_report.isEnabled()

    paths.crashes().mkdir()
    (paths.crashes() / "1.txt").write_text("an older one")
    (paths.crashes() / "2.txt").write_text("Cause: segfault")
    window.offer_crash_report()
    settle()
    window.copy_report.trigger()
    settle()

    assert QApplication.clipboard().text() == "Cause: segfault"
    assert window.statusBar().currentMessage() == wording.COPIED_REPORT


def test_the_about_box_names_what_the_program_is_made_of(window) -> None:
    text = About(window).text

    assert text.textFormat() is Qt.TextFormat.PlainText
    assert all(name in text.text() for name in ("Sottovoce", "MIT", "PySide6", "LGPL", "ctranslate2", "FFmpeg"))
    assert "  (" not in text.text()  # a version is missing


def test_no_label_of_the_window_takes_names_for_rich_text(window, add, taken) -> None:
    add("<b>bold<b>.wav")
    taken()

    rich = [label.text() for label in window.findChildren(QLabel) if label.textFormat() is Qt.TextFormat.RichText]
    guessing = [
        label.text()
        for label in window.findChildren(QLabel)
        if label.textFormat() is Qt.TextFormat.AutoText and "bold" in label.text()
    ]

    assert rich == guessing == []


# --- two speakers ---


@pytest.mark.parametrize(
    ("split", "live", "is_said"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_it_is_said_if_the_speakers_cannot_be_told_apart_as_asked(add, window, queue, split, live, is_said) -> None:
    job = add(state=JobState.RUNNING, options=JobOptions(split_channels=True, live=live))

    queue.job_started.emit(JobStarted(job.id, 60.0, "en", 1.0, "cpu", split))

    assert (window.statusBar().currentMessage() == wording.not_stereo("talk.wav")) == is_said


def test_the_list_takes_a_third_and_lines_of_text_end_at_about_75_characters(qtbot, window, add, taken) -> None:
    add()
    taken()
    shares = window.list.width() / window.transcript.width()
    window.resize(1600, 800)
    qtbot.waitUntil(lambda: window.transcript.width() > 900)

    text = window.transcript.text
    line = (text.viewport().width() - 2 * text.document().documentMargin()) / text.fontMetrics().averageCharWidth()

    assert shares == pytest.approx(0.5, abs=0.02)
    assert line == pytest.approx(75, abs=3)


def test_the_options_are_one_row_where_there_is_room_and_two_where_there_is_not(qtbot, window) -> None:
    ends = window.options.model.parentWidget(), window.options.more
    window.resize(1200, 700)
    qtbot.waitUntil(lambda: window.options.width() == 1200)
    wide = ends[1].geometry().center().y() - ends[0].geometry().center().y()
    window.resize(700, 700)
    qtbot.waitUntil(lambda: window.options.width() == 700)
    narrow = ends[1].geometry().center().y() - ends[0].geometry().center().y()

    assert abs(wide) <= 1
    assert narrow > 15


def test_the_recording_bar_does_not_widen_the_window(window, settle) -> None:
    window.resize(640, 600)
    before = window.width()

    window.recording.record.trigger()
    settle()

    assert (before, window.width()) == (640, 640)


def letters(window: QWidget) -> list[str]:
    """Return what Alt and a letter would reach now: menus, buttons, and controls with a caption."""
    labels = [entry.text() for entry in window.menuBar().actions()]
    for widget in window.findChildren(QWidget):
        is_caption = isinstance(widget, QLabel) and widget.buddy() is not None
        if widget.isVisible() and (is_caption or isinstance(widget, QAbstractButton)):
            labels.append(widget.text())
    marked = [label.replace("&&", "") for label in labels if "&" in label.replace("&&", "")]
    return [label[label.index("&") + 1].lower() for label in marked]


def test_no_letter_is_given_twice_in_any_state_of_the_window(window, add, taken, settle, tmp_path) -> None:
    states = {"empty": letters(window)}
    window.recording.unfinished.offer([Unfinished(tmp_path / "one", 0.0, 60.0, tmp_path / "note")])
    window.recording.record.trigger()
    settle()
    states["empty, recording"] = letters(window)
    window.updates.bar.ask()
    add()
    taken()
    window.find_text.trigger()
    window.work.pause_queue.trigger()
    settle()
    states["transcript, all bars"] = letters(window)

    twice = {name: sorted({one for one in given if given.count(one) > 1}) for name, given in states.items()}

    assert {name: given for name, given in twice.items() if given} == {}


def test_no_letter_of_the_first_page_is_given_twice(
    qtbot, queue, history, steward, sound, models, updates, settle
) -> None:
    window = MainWindow(queue, history, Settings(), steward, sound, models, updates)
    qtbot.addWidget(window, before_close_func=lambda _: queue.leave())
    window.show()
    settle()

    given = letters(window)

    assert len(given) > 12
    assert len(given) == len(set(given)), given


SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}  # in titles


def commands(menu: QMenu | QMenuBar) -> Iterator[str]:
    """Yield what stands in a menu and in those inside it."""
    for action in menu.actions():
        if not action.isSeparator():
            yield action.text()
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from commands(inner)


def test_commands_in_menus_and_on_buttons_are_in_title_case(window) -> None:
    buttons = [*window.findChildren(QPushButton), *window.findChildren(QToolButton)]
    labels = {*commands(window.menuBar()), *(button.text() for button in buttons)} - {""}
    plain = [label.replace("&", "") for label in labels]

    other = [
        label
        for label in plain
        if any(
            word[0].islower() and (place == 0 or word not in SMALL_WORDS) for place, word in enumerate(label.split())
        )
    ]

    assert len(plain) > 60
    assert other == []


# --- for a screen reader ---------------------------------------------------------------------------------------------


def controls_for_a_screen_reader(widget: QWidget) -> Iterator[tuple[QAccessibleInterface, QWidget]]:
    """Yield what stands below `widget` in the tree that a screen reader walks, and is not said to be invisible."""
    waiting = [QAccessible.queryAccessibleInterface(widget)]
    while waiting:
        one = waiting.pop()
        waiting += filter(None, (one.child(number) for number in range(one.childCount())))
        if isinstance(one.object(), QWidget) and not one.state().invisible:
            yield one, one.object()


def test_a_screen_reader_meets_no_hidden_control_and_none_without_a_name(window, add, taken, settle) -> None:
    add()
    taken()
    window.recording.record.trigger()
    settle()
    roles = QAccessible.Role
    with_value = (roles.Button, roles.ComboBox, roles.EditableText, roles.CheckBox, roles.SpinBox)

    met = [*controls_for_a_screen_reader(window)]

    assert window.transcript.text in [widget for _, widget in met]
    assert [widget for _, widget in met if not widget.isVisible()] == []
    nameless = [widget for one, widget in met if one.role() in with_value and not one.text(QAccessible.Text.Name)]
    assert nameless == []
