"""Dictation as the user sees it: what is said becomes text where it is wanted. (Real keys: tests/desktop.)"""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QDialogButtonBox
from stand_ins import StandInKey, StandInRecorder, StandInStrokes

from desktop_app.messages import Segment
from desktop_app.settings import DictationChoices
from desktop_app.transcripts.transcript import JobState
from desktop_app.ui import clipboard, wording
from desktop_app.ui.dictation import Dictation, Stage, with_room_behind
from desktop_app.ui.dictation_dialog import DictationDialog
from desktop_app.work.hot_key import Refusal
from desktop_app.work.recorder import RecorderState, Trouble


@pytest.fixture
def dictation(window) -> Dictation:
    return window.dictation


@pytest.fixture
def key(sound) -> StandInKey:
    return sound.hot_key


@pytest.fixture
def strokes(sound) -> StandInStrokes:
    return sound.key_strokes


@pytest.fixture
def recorder(sound) -> StandInRecorder:
    return sound.dictated


@pytest.fixture
def hear(library, queue, settle):
    """A function that does what the backend does: hears this in what was dictated last, and ends the job."""

    def end(*texts: str, state: JobState = JobState.DONE) -> None:
        settle()
        job = library.jobs()[0]
        library.add_segments(job.id, [Segment(float(n), n + 1.0, text) for n, text in enumerate(texts)], 9.0)
        queue.job_changed.emit(library.update(job.id, state=state))
        settle()

    return end


@pytest.fixture
def speak(dictation, key, settle):
    """A function that turns dictation on, and holds the key down for a moment."""

    def hold() -> None:
        if not dictation.on.isChecked():
            dictation.on.trigger()
        key.pressed.emit()
        settle()
        key.released.emit()
        settle()

    return hold


def test_dictation_is_off_by_default_and_listens_to_nothing(dictation, key, recorder) -> None:
    key.pressed.emit()

    assert not dictation.on.isChecked()
    assert (key.key, recorder.state) == ("", RecorderState.OFF)


def test_turned_on_it_has_its_key_and_says_so(dictation, key, window) -> None:
    dictation.on.trigger()

    assert key.key == "Ctrl+Alt+D"
    assert window._settings.dictation.on
    assert window.statusBar().currentMessage() == wording.dictation_on("Ctrl+Alt+D", "hold")


def test_turned_off_it_gives_the_key_back(dictation, key, window) -> None:
    dictation.on.trigger()
    dictation.on.trigger()

    assert (key.key, dictation.stage) == ("", Stage.OFF)
    assert not window._settings.dictation.on


@pytest.mark.parametrize("why", Refusal)
def test_a_key_that_cannot_be_had_is_said_to_be_so(dictation, key, window, why) -> None:
    key.refusal = why

    dictation.on.trigger()

    assert not dictation.on.isChecked()
    assert not window._settings.dictation.on
    assert window.statusBar().currentMessage() == wording.no_dictation(why)
    assert "_" not in wording.no_dictation(why)


def test_a_key_that_cannot_be_had_at_the_start_leaves_dictation_on_for_the_next_start(dictation, key, window) -> None:
    window._settings.dictation.on = True
    key.refusal = next(iter(Refusal))

    dictation.start()

    assert window._settings.dictation.on
    assert dictation.on.isChecked()
    assert dictation.stage is Stage.OFF
    dictation.on.trigger()  # the user may have it off all the same
    assert not window._settings.dictation.on


def test_what_is_said_while_the_key_is_held_is_on_the_clipboard(
    dictation, key, recorder, settle, hear, library
) -> None:
    dictation.on.trigger()
    key.pressed.emit()
    settle()
    listening = dictation.stage, recorder.state, dictation.indicator.said.text()
    key.released.emit()
    settle()
    writing = dictation.stage, dictation.indicator.said.text()
    hear(" Dear Anna,", " thank you. ")

    assert listening == (Stage.LISTENING, RecorderState.RECORDING, wording.SPEAK_NOW)
    assert writing == (Stage.WRITING, wording.WRITING)
    assert QGuiApplication.clipboard().text() == "Dear Anna, thank you. "
    assert dictation.indicator.said.text() == wording.PUT_IN_CLIPBOARD
    assert (dictation.stage, recorder.state) == (Stage.READY, RecorderState.OFF)
    assert library.jobs()[0].path.name.startswith("Dictation ")


def test_pressed_twice_does_the_same_if_one_likes_that_better(dictation, key, recorder, settle, hear, window) -> None:
    window._settings.dictation.how = "toggle"
    dictation.on.trigger()
    key.pressed.emit()
    key.released.emit()
    settle()
    after_one = recorder.state
    key.pressed.emit()
    hear("Hello.")

    assert after_one is RecorderState.RECORDING
    assert QGuiApplication.clipboard().text() == "Hello. "


def test_the_text_goes_into_the_window_with_the_keyboard_and_the_clipboard_is_as_it_was(
    qtbot, speak, hear, strokes, window, dictation
) -> None:
    window._settings.dictation.to = "window"
    mine = QMimeData()
    mine.setText("what was there")
    mine.setHtml("<b>what was there</b>")
    mine.setData("application/x-something", b"\x00\x01")
    QGuiApplication.clipboard().setMimeData(mine)
    speak()
    before = strokes.times
    hear("Give it.")
    qtbot.waitUntil(lambda: dictation.indicator.said.text() == wording.PUT_INTO_WINDOW)

    there = QGuiApplication.clipboard().mimeData()
    assert (before, strokes.times, strokes.typed) == (0, 1, ["Give it. "])
    assert (there.text(), there.html()) == ("what was there", "<b>what was there</b>")
    assert there.data("application/x-something").data() == b"\x00\x01"


def test_two_sentences_dictated_one_after_the_other_do_not_stick_together(
    qtbot, speak, hear, strokes, window, dictation
) -> None:
    window._settings.dictation.to = "window"
    QGuiApplication.clipboard().setText("what was there")

    for said in ("can do.", "Give it."):  # the second before the first was given back
        speak()
        hear(said)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == "what was there")

    assert "".join(strokes.typed) == "can do. Give it. "


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Hello.", "Hello. "),
        ("Привет", "Привет "),
        ("안녕하세요.", "안녕하세요. "),
        ("こんにちは。", "こんにちは。"),
        ("你好", "你好"),
    ],
)
def test_a_space_follows_where_the_script_has_spaces(text, typed) -> None:
    assert with_room_behind(text) == typed


def test_where_nothing_can_be_typed_the_text_is_on_the_clipboard_and_a_sentence_says_so(
    speak, hear, strokes, window, dictation
) -> None:
    window._settings.dictation.to = "window"
    strokes.paste = strokes.not_pasted.emit
    speak()
    hear("Hello.")

    assert QGuiApplication.clipboard().text() == "Hello. "
    assert dictation.indicator.said.text() == wording.NOT_PUT_INTO_WINDOW


def test_a_window_that_takes_no_text_is_not_said_to_have_it_and_the_text_stays_on_the_clipboard(
    qtbot, speak, hear, strokes, window, dictation
) -> None:
    window._settings.dictation.to = "window"
    strokes.paste = strokes.pasted.emit  # the keys were pressed, and the window did nothing with them
    speak()
    hear("Hello.")
    early = dictation.indicator.said.text()
    qtbot.waitUntil(lambda: dictation.indicator.said.text() == wording.NOT_PUT_INTO_WINDOW)

    assert early != wording.PUT_INTO_WINDOW
    assert QGuiApplication.clipboard().text() == "Hello. "


def test_silence_leaves_the_clipboard_alone(speak, hear, dictation) -> None:
    QGuiApplication.clipboard().setText("what was there")
    speak()
    hear()

    assert QGuiApplication.clipboard().text() == "what was there"
    assert dictation.indicator.said.text() == wording.NOTHING_UNDERSTOOD


def test_a_job_that_fails_is_said_and_the_recording_stays(speak, hear, dictation, library) -> None:
    speak()
    hear(state=JobState.FAILED)

    assert dictation.indicator.said.text() == wording.DICTATION_FAILED
    assert dictation.stage is Stage.READY
    assert library.jobs()[0].path.exists()


def test_a_key_that_is_only_touched_does_nothing(dictation, key, recorder, monkeypatch, library, settle) -> None:
    monkeypatch.setattr(recorder, "record", lambda file: None)  # the microphone is still being opened
    dictation.on.trigger()

    key.pressed.emit()
    key.released.emit()
    settle()

    assert (dictation.stage, recorder.state) == (Stage.READY, RecorderState.OFF)
    assert library.jobs() == []


def test_what_is_said_while_the_last_text_is_still_being_written_is_dictated_too(
    dictation, key, recorder, speak, settle, hear, library, window
) -> None:
    QGuiApplication.clipboard().setText("what was there")
    speak()
    first = library.jobs()[0]
    key.pressed.emit()
    settle()
    listening = dictation.stage, recorder.state
    library.add_segments(first.id, [Segment(0.0, 1.0, "Dear Anna,")], 1.0)
    window._queue.job_changed.emit(library.update(first.id, state=JobState.DONE))
    settle()
    too_early = QGuiApplication.clipboard().text()
    key.released.emit()
    settle()
    meanwhile = QGuiApplication.clipboard().text()
    hear("thank you.")

    assert listening == (Stage.LISTENING, RecorderState.RECORDING)
    assert (too_early, meanwhile) == ("what was there", "Dear Anna, ")
    assert QGuiApplication.clipboard().text() == "thank you. "
    assert len(library.jobs()) == 2
    assert all(dictation.is_dictated(job.id) for job in library.jobs())
    assert (dictation.stage, recorder.state) == (Stage.READY, RecorderState.OFF)


def test_texts_come_in_the_order_in_which_they_were_said(dictation, speak, hear, library, window, settle) -> None:
    QGuiApplication.clipboard().setText("what was there")
    speak()
    first = library.jobs()[0]
    speak()
    hear("thank you.")
    before = QGuiApplication.clipboard().text()
    library.add_segments(first.id, [Segment(0.0, 1.0, "Dear Anna,")], 1.0)
    window._queue.job_changed.emit(library.update(first.id, state=JobState.DONE))
    settle()

    assert before == "what was there"
    assert QGuiApplication.clipboard().text() == "Dear Anna, thank you. "
    assert dictation.stage is Stage.READY


def test_the_last_words_of_one_sentence_may_be_written_when_the_next_one_begins(
    dictation, key, recorder, monkeypatch, speak, settle, library
) -> None:
    recorder.is_slow = True
    speak()
    first = recorder.file
    key.pressed.emit()
    second = recorder.file

    recorder.recorded.emit(first)
    settle()
    goes_on = recorder.state
    key.released.emit()
    recorder.finish()
    settle()

    assert goes_on is RecorderState.RECORDING
    assert {job.path for job in library.jobs()} == {first, second}
    assert recorder.state is RecorderState.OFF


def test_the_key_waits_for_nothing_that_is_asked_of_the_library(dictation, key, recorder, held_up) -> None:
    dictation.on.trigger()

    with held_up():
        key.pressed.emit()

        assert recorder.state is RecorderState.RECORDING


@pytest.mark.parametrize("trouble", [Trouble.NO_SERVER, Trouble.NO_DEVICE, Trouble.NO_PORTAUDIO])
def test_without_a_microphone_a_sentence_says_so(dictation, key, recorder, monkeypatch, settle, trouble) -> None:
    monkeypatch.setattr(recorder, "record", lambda file: recorder.be_in_trouble(trouble))
    dictation.on.trigger()

    key.pressed.emit()
    settle()

    assert dictation.indicator.said.text() == wording.trouble(trouble)
    assert (dictation.stage, recorder.state) == (Stage.READY, RecorderState.OFF)


def test_while_something_is_recorded_nothing_is_dictated(dictation, key, window, recorder, settle) -> None:
    dictation.on.trigger()
    window.recording.record.trigger()
    settle()
    window.recording.panel.record.click()
    settle()

    key.pressed.emit()
    settle()

    assert dictation.indicator.said.text() == wording.STOP_FIRST
    assert recorder.state is RecorderState.OFF


def test_the_indicator_takes_neither_keyboard_nor_mouse(dictation) -> None:
    flags = dictation.indicator.windowFlags()

    assert flags & Qt.WindowType.WindowDoesNotAcceptFocus
    assert flags & Qt.WindowType.WindowTransparentForInput
    assert dictation.indicator.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)


def test_the_indicator_goes_when_all_is_said(qtbot, speak, hear, dictation) -> None:
    speak()
    hear("Hello.")
    there = dictation.indicator.isVisible()

    assert there
    qtbot.waitUntil(lambda: not dictation.indicator.isVisible())


# --- how one dictates ---


@pytest.fixture
def choices() -> DictationChoices:
    return DictationChoices()


@pytest.fixture
def dialog(qtbot, choices) -> DictationDialog:
    made = DictationDialog(choices, can_paste=True)
    qtbot.addWidget(made)
    made.show()
    return made


def test_what_is_chosen_is_kept(qtbot, dialog, choices) -> None:
    dialog.key.setKeySequence(QKeySequence("Meta+F9"))
    dialog.how.setCurrentText(wording.HOWS_TO_TALK["toggle"])
    dialog.to.setCurrentText(wording.DICTATE_TOS["window"])

    with qtbot.waitSignal(dialog.chosen):
        dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).click()

    assert choices == DictationChoices(key="Meta+F9", how="toggle", to="window")


@pytest.mark.parametrize("written", ["", "D", "Shift+D"])
def test_a_key_that_people_type_with_is_refused_in_words(qtbot, dialog, choices, written) -> None:
    dialog.key.setKeySequence(QKeySequence(written))

    with qtbot.assertNotEmitted(dialog.chosen):
        dialog.accept()

    assert dialog.isVisible()
    assert dialog.trouble.text() == wording.KEY_IS_NONE
    assert choices == DictationChoices()


def test_where_nothing_can_be_typed_the_clipboard_alone_is_on_offer(qtbot) -> None:
    choices = DictationChoices(to="window")
    dialog = DictationDialog(choices, can_paste=False)
    qtbot.addWidget(dialog)
    dialog.accept()

    assert not dialog.to.isEnabled()
    assert dialog.to.currentText() == wording.DICTATE_TOS["clipboard"]
    assert choices.to == "window"  # it holds again where it can be done


def test_another_key_is_taken_at_once(dictation, key, window, qtbot) -> None:
    dictation.on.trigger()
    dictation.change.trigger()
    dialog = window.findChild(DictationDialog)
    dialog.key.setKeySequence(QKeySequence("Ctrl+F9"))

    dialog.accept()

    assert key.key == "Ctrl+F9"


# --- the clipboard ---


def test_on_wayland_text_from_the_background_goes_to_the_clipboard_by_a_program_that_may(
    qtbot, qapp, tmp_path, monkeypatch
) -> None:
    program, copied = tmp_path / "bin" / "wl-copy", tmp_path / "copied"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat > {copied}.new\nmv {copied}.new {copied}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr(clipboard.QGuiApplication, "platformName", lambda: "wayland")
    monkeypatch.setattr(clipboard.QGuiApplication, "focusWindow", lambda: None)

    clipboard.copy("Grüße – 你好")

    qtbot.waitUntil(copied.exists)
    assert copied.read_text(encoding="utf-8") == "Grüße – 你好"


def test_escape_and_return_leave_the_dialog_and_are_no_keys_to_dictate_with(qtbot, choices) -> None:
    for key, is_accepted in ((Qt.Key.Key_Escape, False), (Qt.Key.Key_Return, True)):
        dialog = DictationDialog(choices, True)
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.activateWindow()
        dialog.key.setFocus()
        qtbot.waitUntil(dialog.key.hasFocus)

        qtbot.keyClick(dialog.key, key)

        assert not dialog.isVisible()
        assert (dialog.result() == dialog.DialogCode.Accepted) is is_accepted
        assert dialog.key.keySequence().toString() == "Ctrl+Alt+D"
