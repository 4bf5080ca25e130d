"""The list of models: what it says of each, what its buttons do, and that the keyboard alone is enough."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox, QPushButton
from stand_ins import StandInModelWork

from desktop_app.messages import (
    ABOUT_PACKS,
    ABOUT_UPDATES,
    Measured,
    ModelTrouble,
    PorterFailed,
    PorterStage,
    ProcessorFound,
    Tried,
)
from desktop_app.models import catalogue, fit
from desktop_app.models.machine import Machine
from desktop_app.models.shelf import Languages, ShelfModel
from desktop_app.settings import Settings
from desktop_app.ui import appearance, colours, model_wording
from desktop_app.ui.model_questions import ByNameDialog, HubDialog, TokenDialog
from desktop_app.ui.model_survey import Survey
from desktop_app.ui.models_dialog import ModelsDialog
from desktop_app.work.model_work import ModelTask

GB = 2**30
LAPTOP = Machine(
    looked_at=0.0,
    processor=ProcessorFound("A processor", "avx2", 4, 3 * GB, 2 * GB),
    tried=(Tried("cpu", 0, "int8", True),),
    measured=(Measured("base", "cpu", 0, "int8", 1.0, 0.02),),
)
BASE = ShelfModel(
    "base", Path("/models/base"), Languages.MULTILINGUAL, True, 147_882_941, "Systran/faster-whisper-base"
)
OWN = ShelfModel("my interviews", Path("/models/my"), Languages.ENGLISH, False, 484_000_000)
SMALL = ShelfModel("small", Path("/models/small"), Languages.MULTILINGUAL, False, 486_212_372, "Systran/small")
MANY = ModelTask("small", "fetch", PorterStage.FETCHING, 121_000_000, 486_000_000, 11_000_000.0, 33.0)


def survey(*here: ShelfModel, machine: Machine | None = LAPTOP, free: int | None = 50 * GB) -> Survey:
    published = catalogue.published()
    if machine is None:
        return Survey(here, published, Path("/models"), free, {}, "")
    fits = {name: fit.estimate(fit.facts_of(model), machine) for name, model in published.items()}
    return Survey(here, published, Path("/models"), free, fits, fit.proposed(machine, ["en", "de"]).id)


@pytest.fixture
def work(qapp) -> StandInModelWork:
    return StandInModelWork()


@pytest.fixture
def chosen() -> Settings:
    return Settings(model="base", spoken=("en", "de"))


@pytest.fixture
def dialog(qtbot, work, chosen) -> ModelsDialog:
    made = ModelsDialog(work, chosen)
    qtbot.addWidget(made)
    made.show_survey(survey(BASE, OWN))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def said_in(row) -> str:
    """Return what can be read in a row."""
    labels = [label.text().replace("\u200b", "") for label in row.findChildren(QLabel) if label.isVisibleTo(row)]
    return "\n".join(labels)


def names(dialog: ModelsDialog) -> list[str]:
    return [row.model.name for row in dialog._rows_in_order()]


# --- what is shown ---


def test_models_that_are_here_come_first_then_the_one_that_is_best_here(dialog) -> None:
    best = fit.proposed(LAPTOP, ["en", "de"]).id

    assert names(dialog)[:3] == ["base", "my interviews", best]
    assert set(names(dialog)) == catalogue.published().keys() | {"my interviews"}
    assert model_wording.PROPOSED_MODEL in said_in(dialog.rows[best])
    assert model_wording.CHOSEN_MODEL in said_in(dialog.rows["base"])


def test_a_row_says_what_a_model_is_good_for_and_how_it_would_do_here(dialog) -> None:
    said = said_in(dialog.rows["small.en"])

    assert model_wording.good_for("small.en") in said
    assert "English only · 486 MB · an hour of speech takes about " in said
    assert said.endswith("B of memory")
    assert "Too large for the memory of this computer" in said_in(dialog.rows["large-v3"])


def test_a_computer_that_was_not_looked_at_yet_has_no_figures(dialog) -> None:
    dialog.show_survey(survey(BASE, machine=None))

    assert said_in(dialog.rows["small"]).endswith("100 languages · 486 MB")
    assert not any(row.model.is_proposed for row in dialog.rows.values())


@pytest.mark.parametrize("name", catalogue.published())
def test_every_published_model_is_good_for_something(name) -> None:
    assert model_wording.good_for(name) != model_wording.OF_YOUR_OWN


def test_until_the_models_were_looked_for_the_list_says_so(qtbot, work, chosen) -> None:
    made = ModelsDialog(work, chosen)
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.survey_wanted):
        made.show()

    seen = [label.text() for label in made.area.findChildren(QLabel) if label.isVisible()]
    assert seen == [model_wording.LOOKING]


def test_what_came_with_the_program_cannot_be_removed(dialog) -> None:
    assert list(dialog.rows["base"].buttons) == ["verify"]
    assert list(dialog.rows["my interviews"].buttons) == ["use", "verify", "remove"]


def test_a_damaged_model_is_said_to_be_and_can_be_repaired_if_it_was_published(dialog, work) -> None:
    damaged = [ShelfModel(*_fields(model), damaged="model.bin") for model in (SMALL, OWN)]

    dialog.show_survey(survey(BASE, *damaged))
    dialog.rows["small"].buttons["repair"].click()

    assert "have changed or are damaged" in said_in(dialog.rows["small"])
    assert list(dialog.rows["my interviews"].buttons) == ["remove"]
    assert work.wanted == [("repair", "small")]


def _fields(model: ShelfModel) -> tuple:
    return model.name, model.folder, model.languages, model.read_only, model.size_bytes, model.repo


def test_a_folder_on_a_disk_that_is_not_there_is_said_to_be_missing(dialog) -> None:
    dialog.show_survey(survey(free=None))

    assert dialog.folder_line.text() == model_wording.models_are_in("/models", None)
    assert model_wording.NO_MODELS_HERE in [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]


def test_no_name_is_too_long_for_its_row(qtbot, dialog) -> None:
    endless = ShelfModel("x" * 180, Path("/models/x"), Languages.ENGLISH, False, 1)

    dialog.show_survey(survey(BASE, endless))
    dialog.resize(1, 600)

    row = dialog.rows[endless.name]
    qtbot.waitUntil(lambda: row.width() <= dialog.area.viewport().width())
    qtbot.waitUntil(lambda: all(button.geometry().right() < row.width() for button in row.buttons.values()))
    assert dialog.width() < 1000


# --- what is being done ---


def test_a_download_shows_how_far_it_is_how_fast_and_how_long_it_takes(dialog, work) -> None:
    work.get_on(MANY)
    row = dialog.rows["small"]

    assert "Downloading · 121 MB of 486 MB · 11 MB/s · 35 s left" in said_in(row)
    assert row.bar.isVisible() and row.bar.value() == 248
    assert list(row.buttons) == ["pause", "cancel"]


def test_a_download_is_paused_resumed_and_cancelled_by_its_buttons(dialog, work) -> None:
    work.get_on(MANY)
    dialog.rows["small"].buttons["pause"].click()
    work.get_on(ModelTask("small", "fetch", PorterStage.FETCHING, 121, 486, paused=True))
    dialog.rows["small"].buttons["resume"].click()
    dialog.rows["small"].buttons["cancel"].click()

    assert work.wanted == [("pause", "small"), ("resume", "small"), ("cancel", "small")]
    assert list(dialog.rows["small"].buttons) == ["fetch"]


def test_what_is_new_on_the_hub_gets_a_row_while_it_comes(dialog, work) -> None:
    work.get_on(ModelTask("whisper-norsk", "fetch", PorterStage.FETCHING, 5, 100))
    there = "whisper-norsk" in names(dialog)
    work.end(ModelTask("whisper-norsk", "fetch", cancelled=True))

    assert there
    assert "whisper-norsk" not in names(dialog)


@pytest.mark.parametrize("kind", sorted(set(ModelTrouble) - ABOUT_PACKS - ABOUT_UPDATES))
def test_every_trouble_is_said_in_the_row_and_can_be_put_away(dialog, work, kind) -> None:
    failed = PorterFailed(kind, "secret detail", 500_000_000, 20_000_000)
    work.end(ModelTask("small", "fetch", failed=failed))
    row = dialog.rows["small"]
    said = said_in(row)
    trouble = model_wording.trouble(failed, "small", "fetch", True)

    assert trouble in said
    assert "secret" not in said
    assert trouble in row.accessibleName()
    row.buttons["give_up"].click()
    assert trouble not in said_in(dialog.rows["small"])
    assert work.wanted == [("cancel", "small")]


def test_what_failed_is_tried_again(dialog, work) -> None:
    work.end(ModelTask("small", "fetch", failed=PorterFailed(ModelTrouble.NO_NETWORK)))

    dialog.rows["small"].buttons["retry"].click()

    assert work.wanted == [("retry", "small")]


def test_a_removal_that_failed_says_why_and_can_be_asked_for_again(dialog, work) -> None:
    work.refuse(ModelTask("my interviews", "remove", failed=PorterFailed(ModelTrouble.CANNOT_WRITE)))
    said = said_in(dialog.rows["my interviews"])

    dialog.rows["my interviews"].buttons["retry"].click()

    assert model_wording.trouble(PorterFailed(ModelTrouble.CANNOT_WRITE), "my interviews", "remove") in said
    assert work.wanted == [("remove", "my interviews")]


def test_a_model_that_turns_out_to_be_damaged_can_be_repaired_at_once(dialog, work) -> None:
    dialog.show_survey(survey(BASE, SMALL))
    work.end(ModelTask("small", "verify", failed=PorterFailed(ModelTrouble.DAMAGED)))

    dialog.show_survey(survey(BASE, ShelfModel(*_fields(SMALL), damaged="model.bin")))

    assert list(dialog.rows["small"].buttons) == ["repair", "remove"]


def test_a_private_model_is_asked_for_with_a_token_that_the_keyring_may_keep(qtbot, dialog, work) -> None:
    work.end(ModelTask("small", "fetch", failed=PorterFailed(ModelTrouble.TOKEN_NEEDED)))

    dialog.rows["small"].buttons["token"].click()
    question = dialog.findChild(TokenDialog)
    question.token.setText("  hf_secret ")
    question.accept()

    assert work.wanted == [("keep_token", "hf_secret"), ("retry", "small", "hf_secret")]
    assert question.token.echoMode() is question.token.EchoMode.Password


def test_a_token_may_be_used_this_once(dialog, work) -> None:
    work.end(ModelTask("small", "fetch", failed=PorterFailed(ModelTrouble.TOKEN_NEEDED)))

    dialog.rows["small"].buttons["token"].click()
    question = dialog.findChild(TokenDialog)
    question.token.setText("hf_secret")
    question.keep.setChecked(False)
    question.accept()

    assert work.wanted == [("retry", "small", "hf_secret")]


def test_the_folder_says_how_its_move_gets_on_and_why_it_failed(dialog, work) -> None:
    work.get_on(ModelTask("", "move", PorterStage.COPYING, 5_000_000, 10_000_000))
    moving = dialog.folder_line.text()
    work.end(ModelTask("", "move", failed=PorterFailed(ModelTrouble.DISK_FULL, "", 10_000_000, 5_000_000)))

    assert moving == "Copying · 5 MB of 10 MB"
    assert dialog.folder_trouble.isVisible() and "5 MB are free" in dialog.folder_trouble.text()
    assert dialog.folder_line.text() == model_wording.models_are_in("/models", 50 * GB)
    assert dialog.move_button.isEnabled()


# --- what one asks for ---


def test_the_buttons_of_a_row_ask_for_what_they_say(qtbot, dialog, work) -> None:
    dialog.rows["large-v3"].buttons["fetch"].click()
    dialog.rows["my interviews"].buttons["verify"].click()
    with qtbot.waitSignal(dialog.use_pressed) as used:
        dialog.rows["my interviews"].buttons["use"].click()

    assert work.wanted == [("fetch", "large-v3"), ("verify", "my interviews")]
    assert used.args == ["my interviews"]


def test_removing_shows_what_it_frees_and_asks(dialog, work) -> None:
    for answer in (QMessageBox.ButtonRole.RejectRole, QMessageBox.ButtonRole.AcceptRole):
        dialog.rows["my interviews"].buttons["remove"].click()
        (box,) = [box for box in dialog.findChildren(QMessageBox) if box.isVisible()]
        asked = box.text()
        next(button for button in box.buttons() if box.buttonRole(button) is answer).click()

    assert "484 MB" in asked and "my interviews" in asked
    assert work.wanted == [("remove", "my interviews")]


def test_a_name_of_the_hub_is_taken_as_typed_or_as_its_page_is_called(dialog, work) -> None:
    question = _by_name(dialog)
    question.repo.setText("small")
    question.accept()
    refused = question.isVisible() and question.trouble.text()
    question.repo.setText(" https://huggingface.co/NbAiLab/nb-whisper-small ")
    question.revision.setText("abc123")
    question.accept()

    assert refused == model_wording.REPO_WRONG
    assert work.wanted == [("fetch", "", "NbAiLab/nb-whisper-small", "abc123")]


def _by_name(dialog: ModelsDialog) -> ByNameDialog:
    dialog.add.menu().actions()[2].trigger()
    return dialog.findChild(ByNameDialog)


def test_a_mirror_is_kept_and_a_token_goes_to_the_keyring_alone(dialog, work, chosen) -> None:
    dialog.hub_button.click()
    question = dialog.findChild(HubDialog)
    question.mirror.setText("hub.example")
    question.accept()
    refused = (question.isVisible(), chosen.hub)
    question.mirror.setText("https://hub.example/ ")
    question.token.setText("hf_secret")
    question.accept()

    question.forget.click()

    assert refused == (True, "")
    assert chosen.hub == "https://hub.example"
    assert work.wanted == [("keep_token", "hf_secret"), ("keep_token", "")]
    assert "hf_secret" not in repr(chosen)


@pytest.mark.parametrize(("number", "what"), [(0, "take_in"), (1, "take_in"), (None, "move")])
def test_folders_and_files_are_chosen_in_the_systems_dialog(dialog, work, tmp_path, number, what) -> None:
    if number is None:
        dialog.move_button.click()
    else:
        dialog.add.menu().actions()[number].trigger()
    chooser = dialog.findChild(QFileDialog)
    chooser.fileSelected.emit(str(tmp_path / "my model"))

    assert work.wanted == [(what, str(tmp_path / "my model"))]
    assert (chooser.fileMode() is QFileDialog.FileMode.ExistingFile) == (number == 1)


def test_the_languages_can_be_changed_here_too(qtbot, dialog, chosen) -> None:
    with qtbot.waitSignal(dialog.survey_wanted):
        dialog.spoken.languages["en"].click()

    assert chosen.spoken == ("de",)


# --- the keyboard, the screen reader, the colours ---


def test_arrows_go_from_row_to_row_and_return_does_what_one_most_likely_wants(qtbot, dialog, work) -> None:
    dialog.rows["base"].setFocus()

    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(QApplication.focusWidget(), key)

    assert work.wanted == [("fetch", names(dialog)[2])]


def test_a_row_with_the_keyboard_is_scrolled_to(qtbot, dialog) -> None:
    last = dialog.rows[names(dialog)[-1]]

    last.setFocus()

    assert dialog.area.viewport().rect().contains(last.mapTo(dialog.area.viewport(), last.rect().center()))


def test_the_list_is_one_stop_of_the_tab_key_with_the_buttons_of_one_row(qtbot, dialog) -> None:
    dialog.rows["base"].setFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Down)
    first = dialog.rows["my interviews"]
    visited = [QApplication.focusWidget()]
    while len(visited) < 40:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if QApplication.focusWidget() is first:
            break
        visited.append(QApplication.focusWidget())

    foot = [dialog.add, dialog.move_button, dialog.hub_button, dialog.close_button]
    above = [*dialog.spoken.languages.values(), dialog.spoken.another]
    assert visited == [first, *first.buttons.values(), *foot, *above]


@pytest.mark.parametrize(("key", "at"), [(Qt.Key.Key_End, -1), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Down, 2)])
def test_the_keys_of_the_list_work_from_a_button_too(qtbot, dialog, key, at) -> None:
    dialog.rows["my interviews"].buttons["verify"].setFocus()

    qtbot.keyClick(QApplication.focusWidget(), key)

    assert QApplication.focusWidget() is dialog.rows[names(dialog)[at]]


def test_the_keyboard_is_still_to_be_seen_when_its_button_has_become_another(qtbot, dialog, work) -> None:
    qtbot.keyClick(dialog.rows["base"], Qt.Key.Key_Tab)  # it is shown from now on
    dialog.rows["base"].buttons["verify"].setFocus(Qt.FocusReason.TabFocusReason)

    work.get_on(ModelTask("base", "verify", waiting=True))

    assert QApplication.focusWidget() is dialog.rows["base"].buttons["cancel"]
    assert dialog.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)  # else no style draws it


def test_the_keyboard_goes_to_the_next_row_when_its_own_is_gone(qtbot, dialog, work) -> None:
    coming = ModelTask("whisper-norsk", "fetch", PorterStage.FETCHING, 5, 100)
    work.get_on(coming)
    cancel = dialog.rows["whisper-norsk"].buttons["cancel"]
    cancel.setFocus()

    qtbot.keyClick(cancel, Qt.Key.Key_Space)

    assert "whisper-norsk" not in dialog.rows
    assert QApplication.focusWidget() is dialog.rows["base"]


def test_what_is_on_its_way_or_came_half_stands_on_top(dialog, work) -> None:
    before = names(dialog)
    work.get_on(ModelTask("large-v3", "fetch", PorterStage.FETCHING, 5, 100))
    work.end(ModelTask("tiny", "fetch", failed=PorterFailed(ModelTrouble.NO_NETWORK)))
    work.get_on(ModelTask("medium", "fetch", PorterStage.FETCHING, 5, 100, paused=True))
    on_top, heading = names(dialog)[:4], dialog._coming.isVisible()
    for name in ("large-v3", "tiny", "medium"):
        work.cancel(name)

    assert set(on_top[:3]) == {"large-v3", "tiny", "medium"} and on_top[3] == "base"
    assert heading and not dialog._coming.isVisible()
    assert names(dialog) == before


def test_a_download_that_has_stopped_coming_says_so_without_a_speed(dialog, work) -> None:
    for changes, said in (
        ({"is_quiet": True}, "no data at the moment"),
        ({"retrying": ModelTrouble.STALLED}, "the download stalled, trying again"),
    ):
        work.get_on(msgspec.structs.replace(MANY, **changes))
        line = dialog.rows["small"]._progress.text()

        assert line == f"Downloading · 121 MB of 486 MB · {said}"
        assert "/s" not in line and "left" not in line


def test_a_model_that_a_recording_needs_is_refused_before_anybody_is_asked(dialog, work) -> None:
    work.needed = {"my interviews"}

    dialog.rows["my interviews"].buttons["remove"].click()
    row = dialog.rows["my interviews"]
    buttons = list(row.buttons)
    row.buttons["put_away"].click()

    assert not [box for box in dialog.findChildren(QMessageBox) if box.isVisible()]
    assert buttons == ["use", "verify", "remove", "put_away"]
    assert "needs it" not in said_in(row)
    assert list(row.buttons) == ["use", "verify", "remove"]


def test_a_model_from_the_hub_says_whose_it_is(dialog, work) -> None:
    talk = ShelfModel("small-talk", Path("/m"), Languages.ENGLISH, False, 484_000_000, "someone/small-talk")
    dialog.show_survey(survey(BASE, SMALL, talk))
    work.get_on(ModelTask("norsk", "fetch", PorterStage.FETCHING, 5, 100, repo="another/norsk"))

    assert "someone/small-talk · English only · 484 MB" in said_in(dialog.rows["small-talk"])
    assert "another/norsk" in said_in(dialog.rows["norsk"])
    assert "Systran" not in said_in(dialog.rows["small"])


@pytest.mark.parametrize("asks", ["hub", "name", "token"])
def test_a_question_begins_in_its_first_field(qtbot, dialog, work, asks) -> None:
    if asks == "hub":
        dialog.hub_button.click()
        question = dialog.findChild(HubDialog)
        first, then = question.mirror, question.token
    elif asks == "name":
        question = _by_name(dialog)
        first, then = question.repo, question.revision
    else:
        work.end(ModelTask("small", "fetch", failed=PorterFailed(ModelTrouble.TOKEN_NEEDED)))
        dialog.rows["small"].buttons["token"].click()
        question = dialog.findChild(TokenDialog)
        first, then = question.token, question.keep

    qtbot.waitUntil(first.hasFocus)
    qtbot.keyClick(first, Qt.Key.Key_Tab)

    assert then.hasFocus()


def test_nothing_is_downloaded_without_a_name(qtbot, dialog, work) -> None:
    question = _by_name(dialog)
    qtbot.waitUntil(question.repo.hasFocus)

    qtbot.keyClick(question.repo, Qt.Key.Key_Return)

    assert question.isVisible() and work.wanted == []


def test_the_keyboard_stays_in_a_row_whose_buttons_change_and_that_moves(qtbot, dialog, work) -> None:
    dialog.rows["small"].buttons["fetch"].setFocus()

    work.get_on(MANY)
    while_it_comes = QApplication.focusWidget()
    work.end(ModelTask("small", "fetch", result="small"))
    dialog.show_survey(survey(BASE, OWN, SMALL))

    assert while_it_comes.text() == model_wording.PAUSE_DOWNLOAD
    assert dialog.rows["small"].isAncestorOf(QApplication.focusWidget())


def test_a_screen_reader_tells_the_rows_and_their_buttons_apart(dialog, work) -> None:
    work.get_on(MANY)

    told = [
        QAccessible.queryAccessibleInterface(button).text(QAccessible.Text.Name)
        for row in dialog.rows.values()
        for button in row.findChildren(QPushButton)
    ]
    assert len(set(told)) == len(told) and all(told)
    assert "Downloading" in dialog.rows["small"].accessibleName()
    assert model_wording.CHOSEN_MODEL in dialog.rows["base"].accessibleName()
    assert model_wording.good_for("base") in dialog.rows["base"].accessibleDescription()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_said_can_be_read_in_light_and_in_dark(qtbot, dialog, work, plain_appearance, scheme) -> None:
    work.end(ModelTask("small", "fetch", failed=PorterFailed(ModelTrouble.STALLED)))

    appearance.apply(scheme)

    for label in dialog.rows["small"].findChildren(QLabel):
        palette = label.palette()
        ground = dialog.palette().color(palette.ColorRole.Window)
        assert colours.contrast(palette.color(palette.ColorRole.WindowText), ground) >= colours.LEAST_CONTRAST


def test_many_steps_of_a_download_cost_the_window_little(dialog, work) -> None:
    work.get_on(MANY)

    began = time.perf_counter()
    for done in range(200):
        work.get_on(ModelTask("small", "fetch", PorterStage.FETCHING, done * 1_000_000, 486_000_000, 1e7, 3.0))

    assert (time.perf_counter() - began) / 200 < 0.016
