"""Models in the window: fetched from a real hub, dropped as a folder or an archive, gone while they were chosen."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from models.hub_server import Fault, HubServer
from models.model_files import copied, flip_a_byte
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app import paths
from desktop_app.messages import ModelLoaded, ModelTrouble, PorterFailed, PorterStage
from desktop_app.models import shelf
from desktop_app.models.errors import ModelBroken, ModelMissing, ModelNoRoom, ModelsAway
from desktop_app.ui import model_wording, wording
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.model_actions import Models
from desktop_app.ui.model_questions import ByNameDialog, TakeInDialog
from desktop_app.ui.models_dialog import ModelsDialog
from desktop_app.work.model_work import ModelTask, ModelWork

PATIENCE_MS = 60_000  # a porter is a process, and there may be no core for it


def drop(window: QWidget, *files: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(200, 200), *how))
    QApplication.sendEvent(window, QDropEvent(QPointF(200, 200), *how))


def open_dialog(window: MainWindow, settle) -> ModelsDialog:
    window.models.show_models.trigger()
    settle()
    dialog = window.findChild(ModelsDialog)
    assert dialog is not None and dialog.isVisible()
    return dialog


# --- from a hub ---


@pytest.fixture
def hub(monkeypatch) -> Iterator[HubServer]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with HubServer() as server:
        yield server


@pytest.fixture
def models(history, models, hub) -> Iterator[Models]:
    """Real porters, which know no other hub than that of this test."""
    work = ModelWork(history, hub=lambda: hub.url)
    yield models._replace(work=work)
    work.close()


def test_a_model_named_in_the_dialog_comes_and_can_be_chosen_at_once(qtbot, window, hub, settle, tiny_model) -> None:
    hub.publish("someone/whisper-norsk", "0" * 40, tiny_model)
    hub.fail("model.bin", Fault(cut_after=1_000_000))
    dialog = open_dialog(window, settle)
    dialog.add.menu().actions()[2].trigger()
    question = dialog.findChild(ByNameDialog)
    question.repo.setText("someone/whisper-norsk")
    question.accept()
    qtbot.waitUntil(lambda: "whisper-norsk" in dialog.rows, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: window.options.model.findData("whisper-norsk") >= 0, timeout=PATIENCE_MS)

    dialog.rows["whisper-norsk"].buttons["use"].click()

    assert window.options.options().model == "whisper-norsk"
    assert window.statusBar().currentMessage() == model_wording.model_arrived("whisper-norsk")
    assert "use" not in dialog.rows["whisper-norsk"].buttons
    assert not window.models.at_work.isVisible()


def test_a_model_that_was_checked_is_said_to_be_in_order_in_the_list_too(qtbot, window, settle, tiny_model) -> None:
    (paths.models() / "tiny.en").unlink()  # a link: what is noted about it would be noted where it leads
    shutil.copytree(tiny_model, paths.models() / "tiny.en")
    dialog = open_dialog(window, settle)

    dialog.rows["tiny.en"].buttons["verify"].click()

    qtbot.waitUntil(dialog.news.isVisible, timeout=PATIENCE_MS)
    assert dialog.news.text() == model_wording.model_sound("tiny.en")


def test_a_hub_that_says_no_is_quoted_in_the_row_and_can_be_asked_again(qtbot, window, hub, settle) -> None:
    dialog = open_dialog(window, settle)

    window.models._work.fetch("somewhere", "someone/else")
    qtbot.waitUntil(lambda: "somewhere" in dialog.rows and "retry" in dialog.rows["somewhere"].buttons, timeout=8000)
    dialog.rows["somewhere"].buttons["give_up"].click()

    qtbot.waitUntil(lambda: "somewhere" not in dialog.rows, timeout=PATIENCE_MS)


def test_a_model_that_is_removed_while_it_is_chosen_gives_way_with_a_sentence(
    qtbot, window, settle, tiny_model, base_model
) -> None:
    shutil.copytree(tiny_model, paths.models() / "my model")
    (paths.models() / "base").symlink_to(base_model)
    window.models.look()
    settle()
    window.options.choose_model("my model")
    dialog = open_dialog(window, settle)

    window.models._work.remove("my model")
    qtbot.waitUntil(lambda: window.options.options().model == "base", timeout=PATIENCE_MS)

    assert not (paths.models() / "my model").exists()
    assert "my model" not in dialog.rows
    assert window._settings.model == "base"


# --- dropped ---


def test_a_folder_with_a_model_is_added_under_the_name_that_one_gives(
    qtbot, window, settle, tiny_model, library, tmp_path
) -> None:
    own = copied(tiny_model, tmp_path / "Modèle de Zoë")
    flip_a_byte(own / "model.bin")  # else it would be recognised as the published one
    drop(window, own)
    settle()
    question = window.findChild(TakeInDialog)
    proposed = question.name.text()
    question.name.setText("Mein Modell äöü")
    question.accept()

    qtbot.waitUntil(lambda: window.options.model.findData("Mein Modell äöü") >= 0, timeout=PATIENCE_MS)
    assert proposed == "Modèle de Zoë"
    assert library.jobs() == []
    assert shelf.find("Mein Modell äöü").is_dir()


def test_a_zip_with_a_model_is_recognised_and_one_with_recordings_is_not(
    qtbot, window, settle, library, tmp_path
) -> None:
    model, recordings = tmp_path / "model.zip", tmp_path / "talks.zip"
    with zipfile.ZipFile(model, "w") as archive:
        for name in ("norsk/config.json", "norsk/model.bin"):
            archive.writestr(name, "{}")
    with zipfile.ZipFile(recordings, "w") as archive:
        archive.writestr("talk.wav", b"RIFF")

    drop(window, model, recordings)
    settle()
    settle()

    assert [question.name.text() for question in window.findChildren(TakeInDialog)] == ["model"]
    qtbot.waitUntil(lambda: [job.path for job in library.jobs()] == [recordings])


def test_recordings_dropped_beside_a_model_are_transcribed(qtbot, window, settle, library, tiny_model, silence) -> None:
    drop(window, silence, tiny_model)
    settle()

    assert window.findChild(TakeInDialog) is not None
    qtbot.waitUntil(lambda: [job.path for job in library.jobs()] == [silence])


def test_a_model_dropped_on_the_list_of_models_is_taken_and_a_recording_is_not(
    window, settle, library, tiny_model, silence
) -> None:
    dialog = open_dialog(window, settle)

    drop(dialog, tiny_model)
    settle()
    asked = window.findChild(TakeInDialog)
    drop(dialog, silence)
    settle()

    assert asked is not None
    assert window.statusBar().currentMessage() == model_wording.NO_MODEL_DROPPED
    assert library.jobs() == []


def test_a_model_in_another_programs_form_is_called_what_it_is_and_not_transcribed(
    qtbot, window, settle, library, silence, tmp_path
) -> None:
    file = tmp_path / "ggml-base.bin"
    file.write_bytes(b"lmgg" + bytes(99))
    drop(window, file, silence)
    settle()

    qtbot.waitUntil(lambda: [job.path for job in library.jobs()] == [silence])
    said = model_wording.trouble(PorterFailed(ModelTrouble.FOR_WHISPER_CPP), "ggml-base.bin")
    assert window.statusBar().currentMessage() == said


def test_the_files_of_a_model_dropped_one_by_one_are_that_model(window, settle, library, tiny_model) -> None:
    drop(window, *sorted(tiny_model.iterdir()))
    settle()
    settle()

    assert [question.name.text() for question in window.findChildren(TakeInDialog)] == [tiny_model.name]
    assert library.jobs() == []


def test_who_does_not_want_the_model_gets_nothing(window, settle, tiny_model) -> None:
    drop(window, tiny_model)
    settle()
    window.findChild(TakeInDialog).reject()

    assert window.models._work.tasks() == []


# --- what is said in the window ---


def test_the_status_bar_tells_what_is_being_done_and_leads_to_the_list(qtbot, window, monkeypatch, settle) -> None:
    work = window.models._work
    small = ModelTask("small", "fetch", PorterStage.FETCHING, 25, 100, 5.0, 12.0)
    monkeypatch.setattr(work, "tasks", lambda: [small, ModelTask("medium", "fetch", waiting=True)])
    work.task_changed.emit(small)
    text = window.models.at_work.text()
    qtbot.mouseClick(window.models.at_work, Qt.MouseButton.LeftButton)
    settle()

    assert text == "Downloading: small · 25 % · 10 s left · 1 more"
    assert window.findChild(ModelsDialog).isVisible()
    assert "small" in window.findChild(ModelsDialog).rows


def test_what_failed_is_said_in_the_window_too(window) -> None:
    failed = PorterFailed(ModelTrouble.DISK_FULL, "", 500_000_000, 20_000_000)

    window.models._work.task_ended.emit(ModelTask("small", "fetch", failed=failed))

    assert window.statusBar().currentMessage() == model_wording.trouble(failed, "small")


@pytest.mark.parametrize("is_kept", [True, False])
def test_whether_the_keyring_took_the_token_is_said(window, is_kept) -> None:
    window.models._work.token_kept.emit(is_kept)

    sentence = model_wording.TOKEN_KEPT if is_kept else model_wording.TOKEN_NOT_KEPT
    assert window.statusBar().currentMessage() == sentence


def test_the_models_are_one_key_away(qtbot, window, settle) -> None:
    qtbot.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    settle()
    dialog = window.findChild(ModelsDialog)
    shown = dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)

    assert shown and not dialog.isVisible()
    assert "tiny.en" in dialog.rows


# --- the model that is loaded ahead ---


def test_memory_that_was_freed_is_not_taken_again_until_somebody_needs_it(window, queue) -> None:
    window.models.free_memory.trigger()
    freed = window._ready.text()
    queue.became_idle.emit()
    still = window._ready.text()
    queue.became_busy.emit()  # a recording
    queue.became_idle.emit()

    assert freed == still == wording.LOADED_WHEN_NEEDED
    assert window._ready.text() == wording.preparing("tiny.en")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModelNoRoom("full"), "The disk is full"),
        (ModelsAway("/mnt/models"), "models folder was not found"),
        (ModelMissing("tiny.en"), "There is no model tiny.en"),
        (ModelBroken("tiny.en", "cut"), "damaged"),
        (PermissionError(13, "Permission denied"), "cannot be read: Permission denied"),
    ],
)
def test_a_model_that_cannot_be_loaded_ahead_is_said_to_with_what_to_do(window, queue, error, said) -> None:
    queue.warm_up_failed.emit(error)

    assert said in window._ready.text() and "Models…" in window._ready.text()


def test_a_model_whose_folder_is_gone_is_said_to_be_and_loaded_when_it_is_back(qtbot, window, queue, tmp_path) -> None:
    model = paths.models() / "tiny.en"
    model.rename(tmp_path / "tiny.en")
    window.models.free_memory.trigger()
    queue.warm_up(window.options.options())
    qtbot.waitUntil(lambda: "There is no model tiny.en" in window._ready.text())

    (tmp_path / "tiny.en").rename(model)
    window.models.look()

    qtbot.waitUntil(lambda: window._ready.text() == wording.preparing("tiny.en"))


def test_a_damaged_model_is_not_said_to_be_ready(qtbot, window, queue, tiny_model, monkeypatch) -> None:
    monkeypatch.setattr(paths, "bundled_models", list)  # there is no other that it could be replaced by
    queue.model_loaded.emit(ModelLoaded(b"/models/tiny.en", "cpu", "int8", 1.0))
    (paths.models() / "tiny.en").unlink()
    damaged = copied(tiny_model, paths.models() / "tiny.en")
    (damaged / "model.bin").write_bytes(b"")

    window.models.look()

    qtbot.waitUntil(lambda: "damaged" in window._ready.text())


@pytest.mark.parametrize("is_begun", [True, False], ids=["it broke off", "it was not even begun"])
def test_a_download_that_failed_stays_in_the_status_bar_until_it_is_seen_to(
    window, monkeypatch, settle, is_begun
) -> None:
    work = window.models._work
    failed = ModelTask("small", "fetch", failed=PorterFailed(ModelTrouble.NO_NETWORK))
    monkeypatch.setattr(work, "tasks", lambda: [failed] if is_begun else [])
    work.task_ended.emit(failed)
    window.statusBar().clearMessage()
    text, is_seen = window.models.at_work.text(), window.models.at_work.isVisible()
    monkeypatch.setattr(work, "tasks", lambda: [])

    window.models.at_work.click()
    settle()

    assert (text, is_seen) == ("Download failed: small", True)
    assert not window.models.at_work.isVisible()
