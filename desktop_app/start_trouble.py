"""Why the window cannot open: said on stderr and in a box, as who starts it from a menu sees no stderr."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop_app.exit_codes import SOME_FAILED
from desktop_app.terminal import Signals, complain
from desktop_app.ui import wording
from desktop_app.work.lock_files import Holder

WITHOUT_A_SCREEN = {"offscreen", "minimal"}  # platforms of Qt on which nobody could close a box


def tell(sentence: str) -> int:
    """Say why the window does not open; return the exit code."""
    code = complain(sentence, SOME_FAILED)
    if QGuiApplication.platformName() not in WITHOUT_A_SCREEN:
        _exec(QMessageBox(QMessageBox.Icon.Critical, wording.APPLICATION, sentence))
    return code


def ask_whether_it_runs_elsewhere(holder: Holder) -> bool:
    """Return True if the user says that the program does not run on the other computer any more."""
    if QGuiApplication.platformName() in WITHOUT_A_SCREEN:
        return False
    box = QMessageBox(QMessageBox.Icon.Question, wording.APPLICATION, wording.runs_elsewhere(holder))
    open_here = box.addButton(wording.DOES_NOT_RUN_THERE, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(wording.CANCEL, QMessageBox.ButtonRole.RejectRole))
    _exec(box)
    return box.clickedButton() is open_here


def mention(window: QWidget, sentence: str) -> None:
    """Tell of something that did not go well, while the window is there and goes on."""
    box = QMessageBox(QMessageBox.Icon.Warning, wording.APPLICATION, sentence, QMessageBox.StandardButton.Ok, window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def _exec(box: QMessageBox) -> None:
    with Signals(box.reject):
        box.exec()
