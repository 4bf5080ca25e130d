"""Backing up and restoring the library from the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from desktop_app import paths
from desktop_app.transcripts.mending import Saved
from desktop_app.transcripts.safekeeping import Mended
from desktop_app.transcripts.transcript import JobOptions
from desktop_app.ui import wording


@pytest.fixture
def jobs(library) -> None:
    for name in ("one", "two"):
        library.add_job(Path("/recordings", name), JobOptions(), "me")


def chosen_in(window, file: Path) -> None:
    """Choose `file` in the dialog that is open."""
    window.findChildren(QFileDialog)[-1].fileSelected.emit(str(file))


def box_of(window, qtbot) -> QMessageBox:
    qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)))
    return window.findChildren(QMessageBox)[-1]


def test_both_are_in_the_file_menu(window):
    menu = next(action.menu() for action in window.menuBar().actions() if action.text() == wording.MENUS["file"])

    assert {window.library.back_up, window.library.restore} <= set(menu.actions())


def test_a_backup_is_written_where_the_user_says(window, jobs, qtbot, tmp_path):
    window.library.back_up.trigger()
    chosen_in(window, tmp_path / "backup.sqlite3")

    qtbot.waitUntil(lambda: "2 recordings" in window.statusBar().currentMessage())
    assert (tmp_path / "backup.sqlite3").stat().st_size > 0


def test_a_backup_is_restored_at_the_next_start_if_the_user_agrees(window, jobs, qtbot, settle, tmp_path):
    window.library.back_up.trigger()
    chosen_in(window, tmp_path / "backup.sqlite3")
    window.library.restore.trigger()
    chosen_in(window, tmp_path / "backup.sqlite3")

    box = box_of(window, qtbot)
    assert "2 recordings" in box.text()
    next(button for button in box.buttons() if button.text() == wording.AT_THE_NEXT_START).click()
    settle()

    assert window.statusBar().currentMessage() == wording.WILL_BE_RESTORED
    assert paths.database().with_name("library-next.sqlite3").exists()


def test_a_user_who_thinks_better_of_it_keeps_the_library(window, jobs, qtbot, settle, tmp_path):
    window.library.back_up.trigger()
    chosen_in(window, tmp_path / "backup.sqlite3")
    window.library.restore.trigger()
    chosen_in(window, tmp_path / "backup.sqlite3")

    box_of(window, qtbot).reject()
    settle()

    assert not paths.database().with_name("library-next.sqlite3").exists()


def test_what_is_no_library_is_refused_in_words(window, jobs, qtbot, tmp_path):
    (tmp_path / "notes").write_text("notes")

    window.library.restore.trigger()
    chosen_in(window, tmp_path / "notes")

    assert "is not a Sottovoce library" in box_of(window, qtbot).text()


def test_a_library_that_was_mended_is_told_of(window, history, qtbot):
    history.mended.emit(Mended(Saved(12, 340, False), Path("/home/library-damaged.sqlite3")))

    text = box_of(window, qtbot).text()
    assert "12 recordings with 340 passages" in text
    assert "library-damaged.sqlite3" in text
