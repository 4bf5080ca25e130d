"""The details of listening: every one explained, kept or let go as it should be; and the doubts that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QEvent, QLocale, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from desktop_app.messages import ACCURATE, FAST, Doubt, LeftOut, Tuning
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import JobOptions, JobState, Segment
from desktop_app.ui import wording
from desktop_app.ui.listening_dialog import ListeningDialog
from desktop_app.ui.options_bar import OptionsBar
from desktop_app.ui.transcript_pane import TranscriptPane

EVERYTHING = JobOptions(
    languages=("en", "fr"),
    prompt="About whales.",
    glossary="Asterysk, Digium",
    begin=12.5,
    end=90.0,
    track=1,
    split_channels=True,
    device="cpu",
    tuning=Tuning(3, (0.0, 0.5), 0.3, 0.2, 4, "float32", 2),
)
FOR_ONE_RECORDING = {"begin": 0.0, "end": None, "track": None, "split_channels": False}


def fields(dialog: ListeningDialog) -> dict[str, QWidget]:
    found = {name: dialog.findChild(QWidget, name) for name in wording.LISTENING}
    assert all(found.values())
    return found


def press(qtbot, dialog: ListeningDialog, which: QDialogButtonBox.StandardButton) -> None:
    qtbot.mouseClick(dialog.findChild(QDialogButtonBox).button(which), Qt.MouseButton.LeftButton)


def fill_in(dialog: ListeningDialog, options: JobOptions) -> None:
    """Set every field as a user would."""
    tuning, field = options.tuning, fields(dialog)
    field["prompt"].setText(options.prompt)
    field["glossary"].setText(options.glossary)
    field["languages"].setText("English, fr")
    field["begin"].setText(str(options.begin))
    field["end"].setText("1:30" if options.end == 90.0 else "")
    field["track"].setValue(options.track + 1)
    field["split_channels"].setChecked(options.split_channels)
    field["beam_size"].setValue(tuning.beam_size)
    field["temperatures"].setText(", ".join(map(str, tuning.temperatures)))
    field["speech_threshold"].setValue(tuning.speech_threshold)
    field["speech_padding"].setValue(tuning.speech_padding)
    field["batch_size"].setValue(tuning.batch_size)
    field["device"].setCurrentText(wording.DEVICES[options.device])
    field["compute_type"].setCurrentText(tuning.compute_type)
    field["threads"].setValue(tuning.threads)


@pytest.fixture
def open_dialog(qtbot) -> Callable[..., ListeningDialog]:
    def make(options: JobOptions | None = None, defaults: Tuning = ACCURATE) -> ListeningDialog:
        dialog = ListeningDialog(options or JobOptions(), defaults)
        qtbot.addWidget(dialog)
        dialog.show()
        return dialog

    return make


# --- the dialog ------------------------------------------------------------------------------------------------------


def test_every_field_has_a_name_and_one_line_that_explains_it(open_dialog) -> None:
    dialog = open_dialog()

    found = fields(dialog)
    assert set(found) == {
        *("begin", "end", "track", "split_channels", "prompt", "glossary", "languages", "device")
    } | set(Tuning.__struct_fields__)
    shown = [label.text() for label in dialog.findChildren(QLabel)]
    for name, field in found.items():
        label, hint = wording.LISTENING[name]
        assert field.accessibleName() == label
        assert field.accessibleDescription() == hint
        assert label and label in shown
        assert hint in shown and hint.endswith(".") and "\n" not in hint and len(hint) < 120
    # All that can be set is among them.
    kinds = (QLineEdit, QSpinBox, QDoubleSpinBox, QCheckBox, QComboBox)
    inputs = [one for kind in kinds for one in dialog.findChildren(kind) if one.objectName() != "qt_spinbox_lineedit"]
    assert set(inputs) == set(found.values())


def test_every_field_can_be_reached_with_the_keyboard(qtbot, open_dialog) -> None:
    dialog = open_dialog()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    reached = set()

    for _ in range(40):
        qtbot.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget())

    assert set(fields(dialog).values()) <= reached


def test_what_was_set_is_told_when_it_is_accepted(qtbot, open_dialog) -> None:
    dialog = open_dialog()
    fill_in(dialog, EVERYTHING)

    with qtbot.waitSignal(dialog.chosen) as told:
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert told.args == [EVERYTHING]
    assert not dialog.isVisible()


def test_what_is_cancelled_is_not_told(qtbot, open_dialog) -> None:
    dialog = open_dialog()
    fill_in(dialog, EVERYTHING)

    with qtbot.assertNotEmitted(dialog.chosen):
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Cancel)

    assert not dialog.isVisible()


@pytest.mark.parametrize("options", [JobOptions(), EVERYTHING, JobOptions(tuning=FAST)])
def test_what_is_not_touched_stays_as_it_was(open_dialog, options) -> None:
    assert open_dialog(options).options() == options


@pytest.mark.parametrize("defaults", [ACCURATE, FAST])
def test_the_defaults_can_be_restored(qtbot, open_dialog, defaults) -> None:
    dialog = open_dialog(EVERYTHING, defaults)

    press(qtbot, dialog, QDialogButtonBox.StandardButton.RestoreDefaults)

    assert dialog.isVisible()
    assert dialog.options() == JobOptions(tuning=defaults)
    fill_in(dialog, EVERYTHING)  # the fields are new ones, and work
    assert dialog.options() == EVERYTHING


def test_what_holds_for_every_recording_is_among_the_defaults(qtbot) -> None:
    calculated = msgspec.structs.replace(FAST, compute_type="float32", threads=3)
    dialog = ListeningDialog(EVERYTHING, calculated, device="cuda")
    qtbot.addWidget(dialog)

    press(qtbot, dialog, QDialogButtonBox.StandardButton.RestoreDefaults)

    assert dialog.options() == JobOptions(device="cuda", tuning=calculated)


def test_restoring_the_defaults_leaves_what_the_dialog_does_not_show(qtbot, open_dialog) -> None:
    dialog = open_dialog(msgspec.structs.replace(EVERYTHING, model="tiny.en", language="en", words=False))

    press(qtbot, dialog, QDialogButtonBox.StandardButton.RestoreDefaults)

    assert dialog.options() == JobOptions(model="tiny.en", language="en", words=False)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        *(("temperatures", typed) for typed in ("hot", "nan", "0, inf", "-3", "9", "")),
        ("languages", "English, klingon"),
    ],
)
def test_what_cannot_be_understood_is_said_and_not_accepted(qtbot, open_dialog, name, typed) -> None:
    dialog = open_dialog(EVERYTHING)
    fields(dialog)[name].setText(typed)

    with qtbot.assertNotEmitted(dialog.chosen):
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert dialog.isVisible()
    assert wording.LISTENING[name][1] not in visible_text(dialog)
    assert fields(dialog)[name].accessibleDescription() in visible_text(dialog)
    assert dialog.options() == EVERYTHING  # what was there before


def test_a_part_that_ends_before_it_begins_is_not_accepted_until_that_is_mended(qtbot, open_dialog) -> None:
    dialog = open_dialog(EVERYTHING)
    fields(dialog)["end"].setText(str(EVERYTHING.begin))

    with qtbot.assertNotEmitted(dialog.chosen):
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)
    said = visible_text(dialog)
    fields(dialog)["end"].setText(str(EVERYTHING.end))
    with qtbot.waitSignal(dialog.chosen) as told:
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert wording.END_BEFORE_BEGINNING in said
    assert told.args == [EVERYTHING]


# --- numbers and times, whatever the system's language ----------------------------------------------------------------


@pytest.fixture(params=["en_US", "de_DE", "fa_IR", "ar_EG"])
def language(request) -> Iterator[QLocale]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield QLocale()
    QLocale.setDefault(before)


def type_into(field: QWidget, text: str) -> None:
    field.setFocus()
    field.selectAll()
    for sign in text:  # QTest.keyClicks takes Latin letters alone
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(field, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, sign))


@pytest.mark.usefixtures("language")
def test_times_can_be_typed_with_colons_and_either_decimal_mark(qtbot, open_dialog) -> None:
    dialog = open_dialog()
    type_into(fields(dialog)["begin"], "90.5")
    type_into(fields(dialog)["end"], "0:01:30,75")

    with qtbot.waitSignal(dialog.chosen) as told:
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert (told.args[0].begin, told.args[0].end) == (90.5, 90.75)


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("typed", ["1:75", "1.234,5", "100:00:00"])
def test_what_is_no_time_is_refused_with_a_sentence(qtbot, open_dialog, typed) -> None:
    dialog = open_dialog()
    type_into(fields(dialog)["begin"], typed)

    with qtbot.assertNotEmitted(dialog.chosen):
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert fields(dialog)["begin"].accessibleDescription() == wording.NO_TIME


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("typed", ["0.35", "0,35", "۰٫۳۵"])
def test_numbers_can_be_typed_with_either_decimal_mark(qtbot, open_dialog, typed) -> None:
    dialog = open_dialog()
    type_into(fields(dialog)["speech_threshold"], typed)
    type_into(fields(dialog)["speech_padding"], typed)

    with qtbot.waitSignal(dialog.chosen) as told:
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert (told.args[0].tuning.speech_threshold, told.args[0].tuning.speech_padding) == (0.35, 0.35)


@pytest.mark.usefixtures("language")
def test_numbers_are_shown_as_in_the_english_around_them(open_dialog) -> None:
    dialog = open_dialog()

    assert fields(dialog)["speech_threshold"].text() == "0.50"
    assert fields(dialog)["beam_size"].text() == "5"


@pytest.mark.usefixtures("language")
def test_a_number_that_is_shown_is_still_the_same_after_the_dialog(qtbot, open_dialog) -> None:
    dialog = open_dialog(EVERYTHING)

    with qtbot.waitSignal(dialog.chosen) as told:
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert told.args == [EVERYTHING]


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("typed", ["1.5", "1,5"])
def test_a_whole_number_takes_no_fraction_for_ten_times_as_much(qtbot, open_dialog, typed) -> None:
    dialog = open_dialog()
    type_into(fields(dialog)["threads"], typed)

    with qtbot.assertNotEmitted(dialog.chosen):
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert fields(dialog)["threads"].accessibleDescription() == wording.no_number(typed, 0, 256)
    assert fields(dialog)["threads"].value() == 0


def test_a_number_out_of_range_is_refused_and_what_was_there_is_taken_when_accepted_again(qtbot, open_dialog) -> None:
    dialog = open_dialog()
    type_into(fields(dialog)["speech_padding"], "9")

    with qtbot.assertNotEmitted(dialog.chosen):
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)
    said = fields(dialog)["speech_padding"].accessibleDescription()
    with qtbot.waitSignal(dialog.chosen) as told:
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert said == wording.no_number("9", 0, 2)
    assert told.args[0].tuning.speech_padding == ACCURATE.speech_padding


@pytest.mark.usefixtures("language")
def test_temperatures_that_could_mean_two_things_are_refused(qtbot, open_dialog) -> None:
    dialog = open_dialog()
    type_into(fields(dialog)["temperatures"], "0,2")

    with qtbot.assertNotEmitted(dialog.chosen):
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)

    assert fields(dialog)["temperatures"].accessibleDescription() == wording.NO_TEMPERATURES


# --- from the bar ----------------------------------------------------------------------------------------------------


@pytest.fixture
def chosen() -> Settings:
    return Settings()


@pytest.fixture
def bar(qtbot, chosen) -> OptionsBar:
    made = OptionsBar(chosen)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def more(qtbot, bar) -> Callable[[], ListeningDialog]:
    """A function that opens the dialog as a user does."""

    def press_more() -> ListeningDialog:
        qtbot.waitUntil(lambda: not bar.findChildren(ListeningDialog))
        qtbot.mouseClick(bar.more, Qt.MouseButton.LeftButton)
        (dialog,) = bar.findChildren(ListeningDialog)
        return dialog

    return press_more


def accept(qtbot, dialog: ListeningDialog) -> None:
    with qtbot.waitSignal(dialog.destroyed):
        press(qtbot, dialog, QDialogButtonBox.StandardButton.Ok)


def test_what_was_set_is_there_when_the_dialog_is_opened_again_and_goes_with_the_job(qtbot, bar, more, chosen) -> None:
    dialog = more()
    fill_in(dialog, EVERYTHING)

    with qtbot.waitSignal(bar.changed):
        accept(qtbot, dialog)

    assert more().options() == EVERYTHING
    assert bar.options() == EVERYTHING
    assert (chosen.prompt, chosen.glossary, chosen.languages) == ("About whales.", "Asterysk, Digium", ("en", "fr"))


def test_what_was_meant_for_one_recording_is_forgotten_after_it(qtbot, bar, more) -> None:
    dialog = more()
    fill_in(dialog, EVERYTHING)
    accept(qtbot, dialog)

    bar.forget_range()

    assert bar.options() == msgspec.structs.replace(EVERYTHING, **FOR_ONE_RECORDING)


def test_a_part_of_one_recording_is_not_taken_of_the_next(qtbot, window, library, settle) -> None:
    qtbot.mouseClick(window.options.more, Qt.MouseButton.LeftButton)
    (dialog,) = window.options.findChildren(ListeningDialog)
    fill_in(dialog, EVERYTHING)
    accept(qtbot, dialog)

    for name in ("first.wav", "second.wav"):
        window.add_files([Path("/recordings", name)])
        settle()

    second, first = library.jobs()
    assert (first.options.begin, first.options.end, first.options.track) == (12.5, 90.0, 1)
    assert {name: getattr(second.options, name) for name in FOR_ONE_RECORDING} == FOR_ONE_RECORDING
    assert (second.options.prompt, second.options.tuning) == (EVERYTHING.prompt, EVERYTHING.tuning)


def test_fast_and_accurate_are_the_two_ways_that_most_people_see(qtbot, bar, chosen) -> None:
    names = [bar.quality.itemText(index) for index in range(bar.quality.count())]
    tunings = []

    for name in ("Fast", "Accurate"):
        bar.quality.setFocus()
        with qtbot.waitSignal(bar.changed):
            bar.quality.setCurrentText(name)
        tunings.append(bar.options().tuning)

    assert sorted(names) == ["Accurate", "Fast"]
    assert tunings == [FAST, ACCURATE]
    assert chosen.quality == "accurate"


def test_the_quality_that_was_kept_is_chosen_again(qtbot) -> None:
    made = OptionsBar(Settings(quality="fast", prompt="About whales.", languages=("de",)))
    qtbot.addWidget(made)

    assert made.options().tuning == FAST
    assert (made.options().prompt, made.options().languages) == ("About whales.", ("de",))


def test_another_quality_leaves_the_hints_and_the_part(qtbot, bar, more) -> None:
    dialog = more()
    fill_in(dialog, EVERYTHING)
    accept(qtbot, dialog)

    bar.quality.setCurrentText("Fast")

    assert bar.options() == msgspec.structs.replace(EVERYTHING, tuning=FAST)


# --- what comes of it ------------------------------------------------------------------------------------------------


@pytest.fixture
def show(qtbot, history, library, settle) -> Callable[..., TranscriptPane]:
    """A function that shows a finished job in which this was heard."""
    pane = TranscriptPane(history)
    qtbot.addWidget(pane, before_close_func=lambda _: settle())
    pane.resize(500, 300)
    pane.show()

    def show_job(*segments: Segment, left_out: tuple[LeftOut, ...] = ()) -> TranscriptPane:
        job = library.add_job(Path("/recordings/talk.wav"), JobOptions(), "me")
        library.add_segments(job.id, segments, 10.0, left_out)
        pane.show_job(library.update(job.id, state=JobState.DONE, duration=10.0))
        qtbot.waitUntil(lambda: pane.is_filled)
        return pane

    return show_job


def visible_text(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_doubtful_paragraphs_are_marked_in_the_margin_and_counted_in_the_note(show) -> None:
    sure, doubtful = Segment(0.0, 1.0, "Sure."), Segment(2.0, 3.0, "Perhaps.", doubts=(Doubt.LOW_CONFIDENCE,))

    pane = show(sure, doubtful, Segment(4.0, 5.0, "Sure again."), left_out=(LeftOut(6.0, 7.0, "x", Doubt.NO_SPEECH),))

    heights = [_height_of(pane, number) for number in range(3)]
    why = [pane.text.doubt_at(height) for height in heights]
    assert pane.text.doubtful == 1
    assert why == ["", wording.DOUBTS[Doubt.LOW_CONFIDENCE], ""]
    assert wording.passages(1, 1) in visible_text(pane)
    assert "Removed at 0:06: “x”" in visible_text(pane)
    assert pane.text.toPlainText().splitlines() == ["Sure.", "Perhaps.", "Sure again."]  # no mark gets into a copy


def test_the_mark_is_painted(show) -> None:
    pane = show(Segment(0.0, 1.0, "Same."))
    plain = pane.text.grab().toImage()

    marked = show(Segment(0.0, 1.0, "Same.", doubts=(Doubt.MISSING_WORDS,))).text.grab().toImage()

    margin = pane.text.margin_width()
    assert plain.copy(0, 0, margin, 40) != marked.copy(0, 0, margin, 40)


def test_without_doubts_there_is_nothing_to_say(show) -> None:
    pane = show(Segment(0.0, 1.0, "Sure."))

    assert pane.text.doubtful == 0
    assert "should be checked" not in visible_text(pane)


def test_every_doubt_has_its_words(show) -> None:
    assert set(wording.DOUBTS) == set(Doubt)

    pane = show(Segment(0.0, 1.0, "All.", doubts=tuple(Doubt)))

    assert all(words in pane.text.doubt_at(_height_of(pane, 0)) for words in wording.DOUBTS.values())


def test_the_speakers_stand_in_the_text(show) -> None:
    pane = show(Segment(0.0, 1.0, "Hello?", speaker="left"), Segment(1.0, 2.0, "Yes.", speaker="right"))

    assert pane.text.toPlainText().splitlines() == ["Left: Hello?", "Right: Yes."]


def _height_of(pane: TranscriptPane, paragraph: int) -> int:
    block = pane.text.document().findBlockByNumber(paragraph)
    area = pane.text.blockBoundingGeometry(block).translated(pane.text.contentOffset())
    return QPoint(0, round(area.center().y())).y()
