"""The bar one records with, and what becomes of a recording."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from stand_ins import HEADSET, SPEAKER, StandInRecorder

from desktop_app import paths
from desktop_app.messages import Provisional, Segment, Word
from desktop_app.settings import RecordingChoices
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.ui import wording
from desktop_app.ui.level_meter import LOWEST
from desktop_app.ui.record_panel import RecordPanel
from desktop_app.work import sound_file, unfinished
from desktop_app.work.recorder import RecorderState, Trouble
from desktop_app.work.unfinished import Unfinished


@pytest.fixture
def panel(window) -> RecordPanel:
    return window.recording.panel


@pytest.fixture
def recorder(sound) -> StandInRecorder:
    return sound.recorder


@pytest.fixture
def without_live_text(window) -> None:
    window.recording.panel.live.setChecked(False)


@pytest.fixture
def begin(window, panel, settle):
    """A function that opens the bar, and presses Record."""

    def press_record() -> None:
        window.recording.record.trigger()
        settle()
        panel.record.click()
        settle()

    return press_record


def items(box) -> list[str]:
    return [box.itemText(row) for row in range(box.count())]


# --- before recording ---


def test_nothing_is_listened_to_until_the_bar_is_open(window, panel, recorder) -> None:
    before = recorder.state

    window.recording.record.trigger()
    opened = recorder.state
    panel.close_button.click()

    assert (before, opened, recorder.state) == (RecorderState.OFF, RecorderState.LISTENING, RecorderState.OFF)
    assert not panel.isVisible()


def test_the_keyboard_alone_opens_the_bar_records_pauses_and_stops(qtbot, window, panel, recorder, settle) -> None:
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    settle()
    qtbot.waitUntil(panel.record.hasFocus)

    states = []
    for control in (panel.record, panel.pause, panel.pause, panel.record):
        control.setFocus()
        qtbot.keyClick(control, Qt.Key.Key_Space)
        states.append(recorder.state)
    qtbot.keyClick(panel.record, Qt.Key.Key_Escape)

    assert states == [
        RecorderState.RECORDING,
        RecorderState.PAUSED,
        RecorderState.RECORDING,
        RecorderState.LISTENING,
    ]
    assert not panel.isVisible()
    assert recorder.state is RecorderState.OFF
    assert QApplication.focusWidget() in (window.list, window.empty.open_button)


def test_the_level_is_seen_and_said_before_anything_is_recorded(window, panel, recorder) -> None:
    window.recording.record.trigger()
    silent = panel.meter.grab().toImage()

    recorder.hear(-12.0)

    assert panel.meter.peaks == (-12.0,)
    assert panel.meter.accessibleDescription() == wording.level(-12.0, False)
    assert panel.meter.grab().toImage() != silent


def test_two_channels_have_a_bar_each_and_the_louder_one_is_longer(window, panel, recorder) -> None:
    window.recording.record.trigger()
    recorder.hear(-50.0, -10.0)

    image = panel.meter.grab().toImage()
    middle = image.width() // 2
    ground = image.pixelColor(image.width() - 6, image.height() // 4)

    assert image.pixelColor(middle, image.height() // 4) == ground
    assert image.pixelColor(middle, 3 * image.height() // 4) != ground


def test_a_level_below_the_lowest_fills_nothing(window, panel, recorder) -> None:
    window.recording.record.trigger()
    recorder.hear(LOWEST - 1)
    faint = panel.meter.grab().toImage()
    recorder.hear()

    assert panel.meter.grab().toImage() == faint


# --- devices ---


def test_devices_are_offered_by_their_names_and_the_default_comes_first(panel) -> None:
    assert items(panel.microphone) == [
        "Follow system: Built-in Microphone",
        "Built-in Microphone",
        "USB Headset",
        "None",
    ]
    assert items(panel.system) == ["Follow system: Speakers", "Speakers", "None"]
    assert panel.system.currentText() == wording.WITHOUT


def test_a_chosen_device_stays_chosen_while_it_is_unplugged(panel, sound, window) -> None:
    panel.microphone.setCurrentText("USB Headset")

    sound.devices.unplug(HEADSET)
    without = panel.microphone.currentText(), panel.sources.microphone
    sound.devices.plug_in(HEADSET)

    assert without == (wording.device_gone(wording.CHOSEN_DEVICE), "headset")
    assert panel.microphone.currentText() == "USB Headset"
    assert window._settings.recording.microphone == "headset"


def test_what_is_chosen_is_listened_to_at_once_and_kept(window, panel, recorder) -> None:
    window.recording.record.trigger()

    panel.microphone.setCurrentText("USB Headset")
    panel.system.setCurrentText("Speakers")
    panel.pre_roll.setValue(3)

    assert recorder.sources == panel.sources
    assert (recorder.sources.microphone, recorder.sources.system) == ("headset", SPEAKER.id)
    assert window._settings.recording == RecordingChoices(microphone="headset", system_sound=SPEAKER.id, pre_roll=3.0)


def test_microphone_and_computer_need_no_choice_of_channels(panel) -> None:
    panel.channels.setCurrentText("Stereo")
    alone = panel.channels.isEnabled()
    panel.system.setCurrentText("Speakers")

    assert alone
    assert not panel.channels.isEnabled()
    assert panel.has_two_sides


def test_it_is_said_that_only_the_second_text_tells_the_two_sides_apart(panel) -> None:
    one_side = panel.refine.text()
    panel.system.setCurrentText("Speakers")

    assert "two sides" not in one_side
    assert "two sides" in panel.refine.text()
    assert "two sides" in panel.refine.accessibleName() and "&" not in panel.refine.accessibleName()


def test_without_any_source_nothing_can_be_recorded_and_a_sentence_says_so(window, panel, recorder) -> None:
    window.recording.record.trigger()

    panel.microphone.setCurrentText(wording.WITHOUT)

    assert not panel.record.isEnabled()
    assert panel.status.text() == wording.NOTHING_TO_RECORD
    assert recorder.state is RecorderState.OFF


@pytest.mark.parametrize("trouble", [Trouble.NO_SERVER, Trouble.NO_DEVICE, Trouble.NO_SYSTEM_SOUND])
def test_where_there_is_no_device_record_waits_for_none(window, panel, recorder, settle, trouble) -> None:
    window.recording.record.trigger()
    settle()
    recorder.be_in_trouble(trouble)

    panel.record.click()

    assert panel.status.text() == wording.trouble(trouble)
    assert recorder.state is RecorderState.LISTENING


# --- while recording ---


def test_elapsed_time_and_room_on_the_disk_are_shown(qtbot, begin, panel, recorder) -> None:
    begin()
    recorder.seconds = 75.0

    qtbot.waitUntil(lambda: panel.time.text() == "1:15")
    assert panel.room.text() == "Space for 2 hours"


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_is_said_and_taken_back_when_it_is_over(window, panel, recorder, trouble) -> None:
    window.recording.record.trigger()
    before = panel.status.text()

    recorder.be_in_trouble(trouble)
    said = panel.status.text()
    recorder.be_in_trouble(None)

    assert said == wording.trouble(trouble)
    assert said.endswith((".", "?")) and "_" not in said
    assert panel.status.text() == before


def test_choices_are_fixed_while_something_is_recorded(begin, panel) -> None:
    begin()

    assert not any(
        control.isEnabled()
        for control in (panel.microphone, panel.system, panel.channels, panel.pre_roll, panel.live, panel.refine)
    )
    assert panel.record.text() == wording.STOP


def test_the_bar_cannot_be_closed_while_something_is_recorded(qtbot, begin, window, panel) -> None:
    begin()

    qtbot.keyClick(panel.record, Qt.Key.Key_Escape)
    window.recording.record.trigger()

    assert panel.isVisible()
    assert not panel.close_button.isEnabled()
    assert "Recording" in window.windowTitle()


def test_recording_begins_whatever_else_is_asked_of_the_library(window, panel, recorder, held_up) -> None:
    with held_up():
        window.recording.record.trigger()
        panel.record.click()

        assert recorder.state is RecorderState.RECORDING


def test_sound_that_is_lost_is_said_and_said_again_at_the_end(qtbot, begin, window, panel, recorder) -> None:
    recorder.lost_seconds = 5.0  # before this recording
    begin()
    before = panel.status.text()
    recorder.lost_seconds = 9.0
    missing = wording.sound_is_missing(4.0)
    qtbot.waitUntil(lambda: panel.status.text() == missing)
    window.recording.stop.trigger()

    assert "Recording" in before
    assert missing.startswith("4 seconds")
    assert missing in window.statusBar().currentMessage()
    assert panel.status.text() == missing
    panel.record.click()
    assert panel.status.text().startswith("Recording")


# --- what becomes of it ---


@pytest.mark.usefixtures("without_live_text")
def test_a_recording_becomes_a_job_when_it_is_stopped(qtbot, begin, window, library, settle) -> None:
    begin()
    before = library.jobs()
    window.recording.stop.trigger()
    settle()

    (job,) = library.jobs()
    assert before == []
    assert job.path.parent == paths.recordings_folder()
    assert job.path.exists()
    assert not job.options.split_channels
    qtbot.waitUntil(lambda: window.list.chosen() is not None and window.list.chosen().id == job.id)


@pytest.mark.usefixtures("without_live_text")
def test_the_two_sides_of_a_call_are_told_apart(begin, window, panel, library, settle) -> None:
    panel.system.setCurrentText("Speakers")
    begin()
    window.recording.stop.trigger()
    settle()

    assert library.jobs()[0].options.split_channels


@pytest.mark.usefixtures("without_live_text")
def test_record_pressed_before_the_last_words_are_written_begins_anew_once_they_are(
    begin, window, panel, recorder, library, settle
) -> None:
    recorder.is_slow = True
    begin()
    first = recorder.file
    panel.record.click()
    panel.record.click()
    too_early = recorder.state

    recorder.finish()
    settle()

    assert too_early is RecorderState.LISTENING
    assert recorder.state is RecorderState.RECORDING
    assert [job.path for job in library.jobs()] == [first]


def test_a_live_recording_is_a_job_from_its_start(begin, window, library, settle, qtbot) -> None:
    begin()
    (job,) = library.jobs()

    assert (job.path, window.recording.is_recording) == (window._sound.recorder.file, True)
    qtbot.waitUntil(lambda: window.list.chosen() is not None and window.list.chosen().id == job.id)


def test_closing_while_something_is_recorded_asks_and_waits_for_the_last_words(qtbot, begin, window, recorder) -> None:
    recorder.is_slow = True
    begin()

    with qtbot.assertNotEmitted(window.closing):
        window.close()
    stop_and_close(window).click()
    still_there = window.isVisible()
    with qtbot.waitSignal(window.closing):
        recorder.finish()

    assert still_there
    assert recorder.state is RecorderState.OFF


def stop_and_close(window) -> QPushButton:
    return next(
        button for button in window.findChildren(QMessageBox)[-1].buttons() if button.text() == "Stop and Close"
    )


def test_a_recording_that_ends_while_the_question_is_open_leaves_nothing_to_be_asked(
    qtbot, begin, window, recorder, panel, settle
) -> None:
    begin()
    window.close()
    (box,) = window.findChildren(QMessageBox)

    recorder.stop()
    hidden = not box.isVisible()
    panel.record.click()
    with qtbot.assertNotEmitted(window.closing):
        recorder.stop()
        settle()

    assert hidden
    assert window.isVisible()


def test_stop_and_close_closes_though_the_recording_has_ended_meanwhile(qtbot, begin, window, recorder) -> None:
    begin()
    window.close()
    button = stop_and_close(window)
    with QSignalBlocker(window.recording):  # the question is still open
        recorder.stop()

    with qtbot.waitSignal(window.closing):
        button.click()


def test_the_computer_stays_awake_while_something_is_recorded(begin, window, recorder) -> None:
    recorder.is_slow = True
    awake = window._sound.kept_awake
    before = awake.is_held
    begin()
    meanwhile = awake.is_held
    window.recording.stop.trigger()
    until_the_end = awake.is_held
    recorder.finish()

    assert (before, meanwhile, until_the_end, awake.is_held) == (False, True, True, False)


@pytest.mark.usefixtures("without_live_text")
def test_a_program_that_the_system_ends_asks_nothing_and_the_recording_is_in_the_list_once(
    begin, window, recorder, library, settle
) -> None:
    recorder.is_slow = True
    begin()
    file = recorder.file

    window.recording.leave()
    window.recording.leave()
    recorder.finish()
    settle()

    assert not window.recording.is_recording
    assert [job.path for job in library.jobs()] == [file]


def test_closing_can_be_taken_back_and_it_records_on(qtbot, begin, window, recorder) -> None:
    begin()

    window.close()
    window.findChildren(QMessageBox)[-1].defaultButton().click()

    assert window.isVisible()
    assert recorder.state is RecorderState.RECORDING


# --- live text in the transcript ---


def words(*said: str, start: float = 0.0) -> tuple[Word, ...]:
    return tuple(Word(start + n, start + n + 1.0, f" {word}", 0.9) for n, word in enumerate(said))


def colours_of(text: QWidget) -> dict[str, str]:
    """Return the colour in which each word of the last paragraphs is written."""
    found = {}
    block = text.document().begin()
    while block.isValid():
        for part in block.textFormats():
            said = block.text()[part.start : part.start + part.length]
            found[said] = part.format.foreground().color().name() if part.format.hasProperty(0x821) else "settled"
        block = block.next()
    return found


@pytest.fixture
def live(begin, window, library, queue, settle):
    """The job of a live recording, shown."""
    begin()
    settle()
    settle()
    job = library.jobs()[0]
    assert window.transcript.job.id == job.id and window.transcript.is_filled
    return job


def test_provisional_words_are_grey_at_the_end_and_replaced(live, queue, window) -> None:
    queue.provisional.emit(Provisional(live.id, words("good", "mourning"), 2.0))
    first = window.transcript.text.toPlainText()
    queue.provisional.emit(Provisional(live.id, words("good", "morning", "all"), 3.0))

    assert first == "good mourning"
    assert window.transcript.text.toPlainText() == "good morning all"
    assert "settled" not in colours_of(window.transcript.text).values()


def test_settled_words_are_black_and_take_the_place_of_the_grey_ones(live, queue, window) -> None:
    queue.provisional.emit(Provisional(live.id, words("good", "morning", "all"), 3.0))
    segment = Segment(0.0, 2.0, " Good morning", words("Good", "morning"))
    window.transcript.add_segments(live.id, [segment])

    assert window.transcript.text.toPlainText() == "Good morning\nall"
    colours = colours_of(window.transcript.text)
    assert colours["Good morning"] == "settled"
    assert colours["all"] != "settled"


def test_what_is_copied_or_searched_is_settled_only(live, queue, window) -> None:
    window.transcript.add_segments(live.id, [Segment(0.0, 2.0, " Good morning")])
    queue.provisional.emit(Provisional(live.id, words("all", start=2.0), 3.0))

    window.transcript.copy_all()

    assert QApplication.clipboard().text() == "Good morning"
    assert not window.transcript.text.find_round("all")
    assert window.transcript.text.paragraphs == 1


def test_only_provisional_words_are_no_text_to_be_exported(live, queue, window) -> None:
    queue.provisional.emit(Provisional(live.id, words("hello"), 1.0))

    assert not window.transcript.has_text


def test_provisional_words_of_another_job_are_not_shown(live, queue, window) -> None:
    queue.provisional.emit(Provisional(live.id + 1, words("hello"), 1.0))

    assert window.transcript.text.toPlainText() == ""


def test_the_more_accurate_text_takes_the_place_of_the_live_one(
    live, queue, window, library, settle, monkeypatch
) -> None:
    library.add_segments(live.id, [Segment(0.0, 2.0, " Good mourning")], 2.0)
    window.transcript.reload(live.id)
    settle()
    before = window.transcript.text.toPlainText()
    other = library.add_job(live.path, live.options, "me")
    library.add_segments(other.id, [Segment(0.0, 2.0, " Good morning")], 2.0)

    library.replace_heard(live.id, other.id)
    read: list[int] = []
    honest = History.segments_shown
    monkeypatch.setattr(
        History, "segments_shown", lambda self, job_id, *part: [read.append(job_id), honest(self, job_id, *part)][1]
    )
    queue.text_replaced.emit(live.id)
    settle()

    assert (before, window.transcript.text.toPlainText()) == ("Good mourning", "Good morning")
    assert read == [live.id]  # once


def test_provisional_words_go_when_the_job_runs_no_more(live, queue, window, library) -> None:
    window.transcript.add_segments(live.id, [Segment(0.0, 2.0, " Good morning")])
    queue.provisional.emit(Provisional(live.id, words("hm", start=2.0), 3.0))

    queue.job_changed.emit(library.update(live.id, state=JobState.DONE))

    assert window.transcript.text.toPlainText() == "Good morning"


def test_live_text_scrolls_along_unless_the_user_has_scrolled_away(live, queue, window) -> None:
    text, bar = window.transcript.text, window.transcript.text.verticalScrollBar()
    window.transcript.add_segments(live.id, [Segment(float(n), n + 1.0, f" sentence {n}.") for n in range(100)])
    queue.provisional.emit(Provisional(live.id, words(*["many"] * 300, start=100.0), 400.0))
    followed = bar.value() == bar.maximum()
    bar.setValue(3)
    queue.provisional.emit(Provisional(live.id, words(*["more"] * 400, start=100.0), 500.0))

    assert followed
    assert bar.value() == 3
    assert text.toPlainText().endswith("more more")


# --- recordings that a killed program has left ---


@pytest.fixture
def left(home, tmp_path) -> Unfinished:
    """A recording that was left."""
    file = tmp_path / "Recording.wav"
    written = sound_file.created(file, 16_000, 1)
    written.append(bytes(2 * 16_000))
    written.close()
    note = unfinished.Note(file, 1_000_000.0)
    note._lock.unlock()  # as it is when the program is gone
    return Unfinished(file, 1_000_000.0, 1.0, note._path)


def test_a_recording_that_was_left_is_offered_and_can_be_transcribed(left, window, library, settle) -> None:
    window.recording.offer_unfinished()
    settle()
    bar = window.recording.unfinished
    offered = bar.isVisible(), bar.said.text()

    bar.transcribe.click()
    settle()

    assert offered == (True, wording.unfinished(left.begun_at, left.seconds, 0))
    assert [job.path for job in library.jobs()] == [left.file]
    assert not bar.isVisible()
    assert unfinished.found() == []


def test_a_recording_that_was_left_and_is_dismissed_stays_on_the_disk(left, window, library, settle) -> None:
    window.recording.offer_unfinished()
    settle()

    window.recording.unfinished.dismiss.click()
    settle()

    assert left.file.exists()
    assert (library.jobs(), unfinished.found()) == ([], [])
    assert str(left.file) in window.statusBar().currentMessage()


@pytest.mark.parametrize(
    ("state", "heard", "is_offered"),
    [
        (JobState.DONE, 1.0, False),
        (JobState.DONE, 0.5, True),
        (JobState.QUEUED, None, False),
        (JobState.FAILED, 1.0, True),
    ],
)
def test_a_recording_that_was_transcribed_to_its_end_is_not_offered_again(
    left, window, library, settle, state, heard, is_offered
) -> None:
    job = library.add_job(left.file, JobOptions(), "me")
    library.update(job.id, state=state, duration=heard)
    for number in range(50):
        library.add_job(left.file.with_name(f"{number}.wav"), JobOptions(), "me")

    window.recording.offer_unfinished()
    settle()

    assert window.recording.unfinished.isVisible() == is_offered
    assert bool(unfinished.found()) == (is_offered or state is JobState.QUEUED)
    assert left.file.exists()


def test_several_that_were_left_are_offered_one_after_the_other(window, tmp_path) -> None:
    bar = window.recording.unfinished
    one, other = (Unfinished(tmp_path / name, 0.0, 60.0, tmp_path / f"{name}.json") for name in ("one", "other"))

    bar.offer([one, other])
    first = bar.said.text()
    bar.dismiss.click()

    assert "There is 1 more." in first
    assert bar.isVisible() and "more" not in bar.said.text()
    bar.dismiss.click()
    assert not bar.isVisible()


# --- the screen reader ---


def test_every_control_of_the_bars_has_a_name_and_tab_comes_to_it(qtbot, window, panel, tmp_path) -> None:
    window.recording.unfinished.offer([Unfinished(tmp_path / "one", 0.0, 60.0, tmp_path / "note")])
    window.recording.record.trigger()
    controls = {
        control
        for bar in (panel, window.recording.unfinished)
        for control in bar.findChildren(QWidget)
        if control.focusPolicy() & Qt.FocusPolicy.TabFocus
        and control.isEnabled()
        and control.isVisible()
        and not control.parentWidget().focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    visited = set()
    for _ in range(60):
        visited.add(QApplication.focusWidget())
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)

    names = {
        control: control.accessibleName() or QAccessible.queryAccessibleInterface(control).text(QAccessible.Text.Name)
        for control in controls
    }
    assert len(controls) == 11
    assert all(names.values())
    assert controls <= visited
