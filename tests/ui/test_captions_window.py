"""Captions: large, readable, newest last."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtWidgets import QApplication, QColorDialog, QComboBox, QPushButton, QWidget
from stand_ins import BUILT_IN

from desktop_app.messages import JobStarted, Provisional, Segment, Word
from desktop_app.settings import CaptionChoices
from desktop_app.transcripts.transcript import JobState
from desktop_app.ui import colours, wording
from desktop_app.ui.captions_window import LARGEST, SMALLEST, CaptionsWindow
from desktop_app.work.recorder import RecorderState, Trouble


@pytest.fixture
def choices() -> CaptionChoices:
    return CaptionChoices()


@pytest.fixture
def captions(qtbot, choices) -> CaptionsWindow:
    made = CaptionsWindow(choices)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    return made


def segment(text: str, start: float = 0.0, speaker: str = "") -> Segment:
    return Segment(start, start + 1.0, f" {text}", speaker=speaker)


def inks(window: CaptionsWindow) -> set[str]:
    """Return the colours of the picture that cover more than an edge."""
    image = window.lines.grab().toImage()
    found: dict[str, int] = {}
    for y in range(0, image.height(), 2):
        for x in range(0, image.width(), 2):
            name = image.pixelColor(x, y).name()
            found[name] = found.get(name, 0) + 1
    return {name for name, count in found.items() if count > 60}


def lowest_ink(window: CaptionsWindow) -> int:
    """Return how far above the lower edge the text ends, in points; the height if there is none."""
    image = window.lines.grab().toImage()
    ground = image.pixelColor(0, 0)
    for above in range(image.height()):
        y = image.height() - 1 - above
        if any(image.pixelColor(x, y) != ground for x in range(0, image.width(), 2)):
            return above
    return image.height()


def test_settled_text_has_the_chosen_colour_and_provisional_text_a_paler_one(captions) -> None:
    captions.add_segments([segment("Good morning all of you")])
    captions.show_provisional([Word(1.0, 2.0, " and welcome to this", 0.5)])

    pale = colours.paler(QColor("#ffffff"), QColor("#000000"))
    assert captions.text == "Good morning all of you and welcome to this"
    assert {"#ffffff", "#000000", pale.name()} <= inks(captions)


def test_settled_words_take_the_place_of_provisional_ones(captions) -> None:
    captions.show_provisional([Word(0.0, 1.0, " Good", 0.5), Word(1.0, 2.5, " mourning", 0.5)])
    captions.add_segments([segment("Good")])

    assert captions.text == "Good mourning"
    captions.show_provisional([Word(1.0, 2.5, " morning", 0.5)])
    assert captions.text == "Good morning"


def test_the_newest_line_is_always_seen_whole(captions) -> None:
    for number in range(60):
        captions.add_segments([segment(f"This is sentence number {number}.", float(number))])
    many = lowest_ink(captions)
    captions.begin([segment("This is sentence number 0.")])

    assert many == lowest_ink(captions) < captions.lines.height() / 4
    assert captions.text == "This is sentence number 0."


def test_what_was_said_long_ago_is_let_go(captions) -> None:
    for number in range(1000):
        captions.add_segments([segment(f"Sentence {number}.", float(number))])

    assert len(captions.text) < 1000
    assert captions.text.endswith("Sentence 999.")


def test_the_two_sides_of_a_call_are_told_apart(captions) -> None:
    captions.add_segments(
        [segment("Hello.", speaker="left"), segment("Hi.", speaker="right"), segment("So?", speaker="right")]
    )

    assert captions.text == "Left: Hello.\u2028Right: Hi. So?"


@pytest.mark.parametrize("key", [Qt.Key.Key_Plus, Qt.Key.Key_Minus])
def test_keys_change_the_size_and_it_is_kept(qtbot, captions, choices, key) -> None:
    before = choices.size
    captions.add_segments([segment("Good morning")])
    picture = captions.lines.grab().toImage()

    qtbot.keyClick(captions, key, Qt.KeyboardModifier.ControlModifier)

    assert (choices.size > before) == (key is Qt.Key.Key_Plus)
    assert captions.lines.grab().toImage() != picture


def test_the_size_has_its_limits(captions, choices) -> None:
    for _ in range(60):
        captions.larger.click()
    largest = choices.size
    for _ in range(60):
        captions.smaller.click()

    assert (largest, choices.size) == (LARGEST, SMALLEST)
    assert not captions.smaller.isEnabled()


@pytest.mark.parametrize("pair", wording.CAPTION_COLOURS)
def test_all_colours_on_offer_can_be_read_the_provisional_ones_too(captions, choices, pair) -> None:
    captions.colours.setCurrentIndex(list(wording.CAPTION_COLOURS).index(pair))
    captions.colours.activated.emit(captions.colours.currentIndex())
    text, ground = map(QColor, pair)

    assert (choices.text, choices.ground) == pair
    assert captions.lines.grab().toImage().pixelColor(2, 2) == ground
    assert colours.contrast(text, ground) >= 7
    assert colours.contrast(colours.paler(text, ground), ground) >= 4.5


def test_a_colour_of_ones_own_is_taken_and_kept(captions, choices) -> None:
    captions.ground_colour.click()
    dialog = captions.findChild(QColorDialog)

    dialog.colorSelected.emit(QColor("#123456"))

    assert choices.ground == "#123456"
    assert captions.lines.grab().toImage().pixelColor(2, 2) == QColor("#123456")
    assert captions.colours.currentText() == wording.OWN_COLOURS
    dialog.close()


@pytest.mark.parametrize(("text", "ground"), [("nonsense", "#000000"), ("#111111", "#111111"), ("", "")])
def test_whatever_stands_in_the_settings_the_text_can_be_read(qtbot, text, ground) -> None:
    captions = CaptionsWindow(CaptionChoices(size=-7, text=text, ground=ground, geometry=b"nonsense"))
    qtbot.addWidget(captions)
    captions.add_segments([segment("Good morning")])
    captions.show()

    assert len(inks(captions)) >= 2


def test_f11_fills_the_screen_and_escape_leaves_it_then_closes(qtbot, captions) -> None:
    qtbot.keyClick(captions, Qt.Key.Key_F11)
    qtbot.waitUntil(captions.isFullScreen)
    without_controls = not captions.controls.isVisible()
    qtbot.keyClick(captions, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not captions.isFullScreen())
    with_controls = captions.controls.isVisible()
    with qtbot.waitSignal(captions.closed):
        qtbot.keyClick(captions, Qt.Key.Key_Escape)

    assert without_controls and with_controls
    assert not captions.isVisible()


def test_captions_stay_above_other_windows_and_keep_their_place(captions, choices) -> None:
    captions.resize(700, 250)
    captions.close()

    again = CaptionsWindow(choices)
    assert again.size().width() == 700
    assert again.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    again.deleteLater()


def test_every_control_has_a_name_and_tab_comes_to_it(qtbot, captions) -> None:
    controls = {
        control
        for control in captions.findChildren(QWidget)
        if control.focusPolicy() & Qt.FocusPolicy.TabFocus
        and control.isVisible()
        and not isinstance(control.parentWidget(), QComboBox)
    }
    visited = set()
    for _ in range(20):
        visited.add(QApplication.focusWidget())
        qtbot.keyClick(QApplication.focusWidget() or captions, Qt.Key.Key_Tab)

    assert len(controls) == 10
    assert controls <= visited
    assert all(
        control.accessibleName() or QAccessible.queryAccessibleInterface(control).text(QAccessible.Text.Name)
        for control in controls
    )


def test_a_screen_reader_can_read_the_captions(captions) -> None:
    captions.add_segments([segment("Good morning")])

    assert captions.lines.accessibleDescription() == "Good morning"


def test_captions_opened_in_the_middle_of_a_recording_begin_with_what_was_said(window, queue, library, settle) -> None:
    window.recording.record.trigger()
    settle()
    window.recording.panel.record.click()
    settle()
    job = library.jobs()[0]
    library.add_segments(job.id, [segment("Good morning")], 1.0)

    window.recording.show_captions.trigger()
    settle()
    opened = window.recording._captions
    first = opened.text
    queue.segments_added.emit(job.id, [segment("All is well", 1.0)])
    queue.provisional.emit(Provisional(job.id, (Word(2.0, 3.0, " so far", 0.5),), 3.0))
    queue.segments_added.emit(job.id + 1, [segment("of another recording")])

    assert first == "Good morning"
    assert opened.text == "Good morning All is well so far"
    window.recording.stop.trigger()
    queue.segments_added.emit(job.id, [segment("so far.", 2.0)])
    assert opened.text == "Good morning All is well so far."
    opened.close()
    assert not window.recording.show_captions.isChecked()


def test_captions_follow_a_recording_that_is_transcribed_anew_while_it_grows(
    qtbot, window, queue, library, settle
) -> None:
    window.recording.record.trigger()
    settle()
    window.recording.panel.record.click()
    settle()
    job = library.jobs()[0]
    library.add_segments(job.id, [segment("Good mourning")], 1.0)
    window.recording.show_captions.trigger()
    settle()

    queue.cancel(job.id)
    qtbot.waitUntil(lambda: library.job(job.id).state is JobState.CANCELLED)
    settle()
    queue.retry(job.id)
    qtbot.waitUntil(lambda: len(library.jobs()) == 2)
    settle()
    again = max(library.jobs(), key=lambda job: job.id)
    queue.job_started.emit(JobStarted(again.id, None, "en", 1.0, "cpu"))
    queue.segments_added.emit(again.id, [segment("Good morning")])

    assert again.id != job.id
    assert window.recording._captions.text == "Good morning"
    window.recording.stop.trigger()


def open_captions(window, settle) -> CaptionsWindow:
    window.recording.show_captions.trigger()
    settle()
    captions = window.recording._captions
    assert captions is not None and captions.isVisible()
    return captions


def test_captions_start_and_stop_a_recording_with_text_by_themselves(window, library, settle, sound) -> None:
    window.recording.panel.live.setChecked(False)  # which is for recordings without captions
    captions = open_captions(window, settle)
    labels = [captions.start.text()]

    captions.start.click()
    settle()
    labels.append(captions.start.text())
    job = library.jobs()[0]
    recorded = sound.recorder.state
    captions.start.click()
    settle()
    labels.append(captions.start.text())

    assert job.options.live
    assert recorded is RecorderState.RECORDING and sound.recorder.state is RecorderState.LISTENING
    assert labels == ["Start", "Stop", "Start"]
    assert not window._settings.recording.live


def test_microphone_and_language_are_chosen_in_the_window_of_the_captions(window, library, settle, sound) -> None:
    captions = open_captions(window, settle)
    offered = [captions.microphone.itemText(row) for row in range(captions.microphone.count())]

    captions.microphone.setCurrentIndex(offered.index("USB Headset"))
    captions.microphone.activated.emit(captions.microphone.currentIndex())
    window.options.model.setItemData(window.options.model.currentIndex(), "base")  # tiny.en understands English alone
    captions.language.choose("de")
    sound.devices.unplug(BUILT_IN)

    assert window.recording.panel.sources.microphone == "headset"
    assert window.options.language.code() == "de"
    assert captions.microphone.currentText() == "USB Headset"
    assert "Built-in Microphone" not in [
        captions.microphone.itemText(row) for row in range(captions.microphone.count())
    ]
    window.options.language.choose("fr")
    assert captions.language.code() == "fr"


def test_captions_say_what_is_wrong_and_why_nothing_appears(window, settle, sound) -> None:
    window.recording.panel.live.setChecked(False)
    window.recording.record.trigger()
    window.recording.panel.record.click()
    settle()
    captions = open_captions(window, settle)
    without_text = captions.status.text()

    sound.recorder.be_in_trouble(Trouble.NOTHING_HEARD)

    assert without_text == wording.CAPTIONS_WITHOUT_TEXT
    assert captions.status.text() == wording.trouble(Trouble.NOTHING_HEARD)
    assert captions.status.isVisible()
    window.recording.stop.trigger()


def test_captions_from_right_to_left_stand_at_the_right(captions) -> None:
    def free() -> tuple[int, int]:
        picture = captions.lines.grab().toImage()
        ground = picture.pixelColor(0, 0)
        columns = [
            x
            for x in range(picture.width())
            if any(picture.pixelColor(x, y) != ground for y in range(0, picture.height(), 2))
        ]
        return min(columns), picture.width() - max(columns)

    captions.begin([segment("שלום")])
    right_to_left = free()
    captions.begin([segment("Hello")])
    left_to_right = free()

    assert right_to_left[1] < right_to_left[0]
    assert left_to_right[0] < left_to_right[1]


def test_every_picture_on_a_button_of_the_captions_has_a_name(captions) -> None:
    buttons = [button for button in captions.controls.findChildren(QPushButton) if not button.icon().isNull()]

    names = {QAccessible.queryAccessibleInterface(button).text(QAccessible.Text.Name) for button in buttons}

    assert names == {"Start", "Smaller", "Larger", "Full Screen"}
