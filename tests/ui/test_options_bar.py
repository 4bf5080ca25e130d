"""What can be chosen for the next recording, and how it is found and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from desktop_app.messages import Task
from desktop_app.models.shelf import Languages, ShelfModel
from desktop_app.settings import Settings
from desktop_app.transcripts.languages import LANGUAGES
from desktop_app.transcripts.transcript import JobOptions
from desktop_app.ui import wording
from desktop_app.ui.listening_dialog import ListeningDialog
from desktop_app.ui.options_bar import LanguageBox, OptionsBar

BASE = ShelfModel("base", Path("/models/base"), Languages.MULTILINGUAL, True)
TINY_EN = ShelfModel("tiny.en", Path("/models/tiny.en"), Languages.ENGLISH, True, can_translate=False)
TURBO = ShelfModel("turbo", Path("/models/turbo"), Languages.MULTILINGUAL, True, can_translate=False)


@pytest.fixture
def chosen() -> Settings:
    return Settings()


@pytest.fixture
def bar(qtbot, chosen) -> OptionsBar:
    made = OptionsBar(chosen)
    qtbot.addWidget(made)
    made.show_models([BASE, TINY_EN])
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def type_language(qtbot, box: LanguageBox, text: str) -> None:
    box.setFocus()
    box.lineEdit().selectAll()
    box.lineEdit().insert(text)  # QTest has no keys for letters that are not ASCII
    qtbot.keyClick(box, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("German", "de"),
        ("deutsch", "de"),
        ("DE", "de"),
        ("français", "fr"),
        ("Fren", "fr"),
        ("日本語", "ja"),
        ("русский", "ru"),
        ("Automatic", None),
        ("auto", None),
    ],
)
def test_a_language_is_found_by_its_own_name_and_its_english_one(qtbot, bar, typed, code) -> None:
    bar.language.choose("it")

    type_language(qtbot, bar.language, typed)

    assert bar.language.code() == code
    assert bar.options().language == code


def test_every_language_is_found_by_every_name_it_has(qtbot, bar) -> None:
    for language in LANGUAGES.values():
        for name in (language.english, language.own, language.code):
            bar.language.choose(None)
            bar.language.lineEdit().setText(name)
            bar.language.lineEdit().editingFinished.emit()

            assert bar.language.code() == language.code, name


def test_the_languages_are_proposed_as_one_types(qtbot, bar) -> None:
    box = bar.language
    box.setFocus()
    box.lineEdit().selectAll()

    qtbot.keyClicks(box, "espa")
    qtbot.waitUntil(box.completer().popup().isVisible)
    qtbot.keyClick(box.completer().popup(), Qt.Key.Key_Down)
    qtbot.keyClick(box.completer().popup(), Qt.Key.Key_Return)

    assert box.code() == "es"


def test_what_names_no_language_leaves_the_one_chosen(qtbot, bar) -> None:
    bar.language.choose("fr")
    shown = bar.language.currentText()

    type_language(qtbot, bar.language, "Klingon")

    assert bar.language.code() == "fr"
    assert bar.language.lineEdit().text() == shown


def test_a_model_for_english_alone_offers_no_language_and_no_translation(bar) -> None:
    bar.language.choose("fr")
    bar.task.setCurrentIndex(1)

    bar.model.setCurrentIndex(bar.model.findData("tiny.en"))
    english = bar.options()
    was_allowed = bar.language.isEnabled() or bar.task.isEnabled()
    shown = bar.language.code(), bar.task.currentData()
    bar.model.setCurrentIndex(bar.model.findData("base"))

    assert english == JobOptions(model="tiny.en", language="en", task=Task.TRANSCRIBE)
    assert not was_allowed
    assert shown == ("en", Task.TRANSCRIBE)
    assert bar.options() == JobOptions(model="base", language="fr", task=Task.TRANSLATE)
    assert bar.language.isEnabled() and bar.task.isEnabled()


def test_a_model_that_does_not_translate_offers_no_translation_and_says_so(bar, chosen) -> None:
    bar.show_models([BASE, TURBO])
    bar.language.choose("fr")
    bar.task.setCurrentIndex(1)

    bar.choose_model("turbo")
    bar.words.toggle()  # something else is chosen meanwhile
    bar.words.toggle()

    assert bar.options() == JobOptions(model="turbo", language="fr", task=Task.TRANSCRIBE)
    assert not bar.task.isEnabled()
    assert bar.task.toolTip() == bar.task.accessibleDescription() == wording.cannot_translate("turbo")
    assert chosen.task == "translate"
    bar.choose_model("base")
    assert bar.options() == JobOptions(model="base", language="fr", task=Task.TRANSLATE)
    assert bar.task.toolTip() == wording.TASK_HINT


def test_every_choice_is_kept_and_told(qtbot, bar, chosen) -> None:
    for choose in (
        lambda: bar.model.setCurrentIndex(1),
        lambda: bar.model.setCurrentIndex(0),
        lambda: bar.language.choose("uk"),
        lambda: bar.task.setCurrentIndex(1),
        lambda: bar.words.click(),
    ):
        with qtbot.waitSignal(bar.changed):
            choose()

    assert (chosen.model, chosen.language, chosen.task, chosen.words) == ("base", "uk", "translate", False)
    assert type(bar.options().task) is Task


def test_what_was_kept_is_chosen_again(qtbot) -> None:
    bar = OptionsBar(Settings(model="base", language="cy", task="translate", words=False))
    qtbot.addWidget(bar)

    bar.show_models([BASE, TINY_EN])

    assert bar.options() == JobOptions(model="base", language="cy", task=Task.TRANSLATE, words=False)


def test_what_is_calculated_for_every_recording_is_as_the_settings_say(qtbot, bar, chosen) -> None:
    chosen.device, chosen.compute_type, chosen.threads, chosen.batch_size = "cpu", "float32", 3, 2

    with qtbot.waitSignal(bar.changed):
        bar.calculate_otherwise()
    bar.quality.setCurrentIndex(bar.quality.findData("fast"))
    options, again = bar.options(), OptionsBar(chosen)
    qtbot.addWidget(again)

    assert options.device == "cpu"
    assert (options.tuning.compute_type, options.tuning.threads, options.tuning.batch_size) == ("float32", 3, 2)
    assert options.tuning.beam_size == 1
    assert again.options().tuning == options.tuning and again.options().device == "cpu"


def test_a_language_of_a_later_version_stays_chosen_for_it_and_is_not_asked_for_here(qtbot) -> None:
    chosen = Settings(language="of the future", languages=("de", "of the future"))
    bar = OptionsBar(chosen)
    qtbot.addWidget(bar)

    bar.more.click()
    (dialog,) = bar.findChildren(ListeningDialog)

    assert (bar.options().language, bar.options().languages) == (None, ("de",))
    assert dialog.isVisible()
    assert (chosen.language, chosen.languages) == ("of the future", ("de", "of the future"))


def test_a_model_that_is_new_can_be_chosen_and_others_asked_for(qtbot, bar) -> None:
    small = ShelfModel("small", Path("/models/small"), Languages.MULTILINGUAL, False)

    bar.show_models([BASE, small, TINY_EN])
    with qtbot.waitSignal(bar.changed):
        bar.choose_model("small")
    with qtbot.assertNotEmitted(bar.changed):
        bar.choose_model("large-v3")  # which is not here
    with qtbot.waitSignal(bar.models_wanted):
        qtbot.mouseClick(bar.models, Qt.MouseButton.LeftButton)

    assert bar.options().model == "small"


def test_a_model_that_is_gone_gives_way_to_the_starter_model(bar) -> None:
    bar.model.setCurrentIndex(bar.model.findData("tiny.en"))
    another = ShelfModel("a model of mine", Path("/models/a"), Languages.MULTILINGUAL, False)

    bar.show_models([another, BASE])

    assert bar.options().model == "base"


def test_the_models_found_keep_the_choice_or_give_another(qtbot, bar) -> None:
    bar.model.setCurrentIndex(bar.model.findData("tiny.en"))

    with qtbot.assertNotEmitted(bar.changed):
        bar.show_models([BASE, TINY_EN])
    kept = bar.options().model
    with qtbot.waitSignal(bar.changed):
        bar.show_models([BASE])

    assert (kept, bar.options().model) == ("tiny.en", "base")
    assert bar.language.isEnabled()


def test_escape_takes_back_what_was_typed_for_a_language_and_chooses_nothing(qtbot, bar, chosen) -> None:
    bar.language.choose("it")
    bar.language.setFocus()
    bar.language.lineEdit().selectAll()
    qtbot.keyClicks(bar.language.lineEdit(), "deu")
    popup = bar.language.completer().popup()
    qtbot.waitUntil(popup.isVisible)

    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    typed = bar.language.lineEdit().text()
    bar.model.setFocus()

    assert typed.startswith("Italian")
    assert not popup.isVisible()
    assert (bar.language.code(), chosen.language) == ("it", "it")


def test_a_model_that_is_away_stays_chosen_and_is_used_again_when_it_is_back(qtbot, bar, chosen) -> None:
    bar.model.setCurrentIndex(bar.model.findData("tiny.en"))

    bar.show_models([BASE])
    bar.words.click()
    bar.language.choose("uk")
    meanwhile = bar.options().model, chosen.model
    bar.show_models([BASE, TINY_EN])

    assert meanwhile == ("base", "tiny.en")
    assert (bar.options().model, chosen.model) == ("tiny.en", "tiny.en")


def test_the_model_that_stands_in_can_be_chosen_for_good(bar, chosen) -> None:
    bar.model.setCurrentIndex(bar.model.findData("tiny.en"))
    bar.show_models([BASE])

    bar.choose_model("base")
    bar.show_models([BASE, TINY_EN])

    assert (bar.options().model, chosen.model) == ("base", "base")
