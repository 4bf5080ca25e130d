"""The dialog of exports: what can be chosen, what it remembers, and the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Output
from desktop_app.ui import wording
from desktop_app.ui.export_dialog import ExportDialog


def job(name: str = "talk.m4a") -> Job:
    return Job(1, Path("/recordings", name), JobOptions(), JobState.DONE, 0.0, language="en")


@pytest.fixture
def opened(qtbot):
    def open_dialog(settings: Settings, *jobs: Job) -> ExportDialog:
        dialog = ExportDialog(jobs or [job()], settings)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        return dialog

    return open_dialog


def test_the_first_export_is_plain_text_beside_the_recording(opened, qtbot) -> None:
    dialog = opened(Settings())

    with qtbot.waitSignal(dialog.chosen) as chosen:
        qtbot.keyClick(dialog.name, Qt.Key.Key_Return)

    assert chosen.args == [Output(("txt",), files=True)]


def test_the_next_export_begins_with_what_was_chosen_last(opened, qtbot, tmp_path) -> None:
    settings = Settings()
    dialog = opened(settings, job("a.wav"), job("b.wav"))
    dialog.formats["txt"].setChecked(False)
    for name in ("srt", "json"):
        dialog.formats[name].setChecked(True)
    dialog.elsewhere.setChecked(True)
    dialog.folder.setText(str(tmp_path))
    dialog.name.setText("{date} {name}")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)

    again = opened(settings)

    assert again.output == Output(("srt", "json"), files=True, folder=str(tmp_path), name="{date} {name}")


def test_it_shows_what_the_files_will_be_called(opened) -> None:
    dialog = opened(Settings())

    dialog.name.setText("{name} - {language}")

    assert dialog.example.text() == "For example: talk - en.txt"


def test_what_cannot_be_done_is_said_and_not_accepted(opened, qtbot) -> None:
    dialog = opened(Settings())
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)

    dialog.name.setText("{nam}")
    assert "{nam}" in dialog.trouble.text()
    assert not ok.isEnabled()
    dialog.name.setText("{name}")
    dialog.elsewhere.setChecked(True)
    assert dialog.trouble.text() == wording.EXPORT_NO_FOLDER
    dialog.beside.setChecked(True)
    dialog.formats["txt"].setChecked(False)
    assert dialog.trouble.text() == wording.EXPORT_NO_FORMAT
    assert not ok.isEnabled()
    dialog.formats["vtt"].setChecked(True)
    assert ok.isEnabled()
    assert dialog.trouble.isHidden()


def test_everything_can_be_reached_with_the_keyboard(opened, qtbot) -> None:
    dialog = opened(Settings(export_beside=False, export_folder="/out"))
    dialog.formats["txt"].setFocus()
    reached = set()

    for _ in range(20):
        reached.add(dialog.focusWidget())
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)

    assert {*dialog.formats.values(), dialog.elsewhere, dialog.folder, dialog.choose, dialog.name} <= reached
    assert set(dialog.buttons.buttons()) <= reached


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((["/a/t.txt"], "/a", 0, []), "Written: /a/t.txt."),
        ((["/a/t.txt", "/a/u.txt"], "/a", 1, []), "2 files written in /a, 1 recording without text left out."),
        (([], "", 3, []), "3 recordings without text left out."),
        (
            (["/a/t.txt", "/b/u.txt"], "", 2, [("v.txt", "No space left on device")]),
            "2 files written, 2 recordings without text left out, 1 file could not be saved.\n"
            "“v.txt”: No space left on device.",
        ),
    ],
)
def test_what_became_of_an_export_is_one_sentence(arguments, sentence) -> None:
    assert wording.exported_several(*arguments) == sentence
