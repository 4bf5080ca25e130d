"""What the user can do with the library as a whole: back it up, and restore it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from desktop_app import paths
from desktop_app.transcripts import safekeeping
from desktop_app.transcripts.safekeeping import Contents, Mended
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import wording
from desktop_app.ui.queue_actions import MakeAction
from desktop_app.work.history_thread import HistoryThread


class LibraryActions(QObject):
    """The actions, their dialogs, and what is said of a library that was damaged.

    said(sentence): something to tell the user in passing.
    """

    said = Signal(str)

    def __init__(self, history: HistoryThread, make: MakeAction, window: QWidget) -> None:
        super().__init__(window)
        self._history = history
        self._window = window
        self.back_up = make(wording.BACK_UP, self._on_back_up)
        self.restore = make(wording.RESTORE, self._on_restore)
        history.mended.connect(self._on_mended)

    def all(self) -> list[QAction]:
        """Return the actions as a menu shows them."""
        return [self.back_up, self.restore]

    def _on_back_up(self) -> None:
        dialog = self._dialog(wording.BACK_UP_TITLE, QFileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("sqlite3")
        dialog.selectFile(wording.backup_name())
        dialog.fileSelected.connect(lambda chosen: self._write_backup(Path(chosen)))
        dialog.open()

    def _write_backup(self, file: Path) -> None:
        self._history.ask_reading(
            # The dialog has asked already whether a file of that name may go.
            lambda _: safekeeping.back_up(paths.database(), file, replace=True),
            lambda contents: self.said.emit(wording.backed_up(shown(file), contents)),
            lambda error: self.said.emit(wording.not_backed_up(shown(file), error)),
        )

    def _on_restore(self) -> None:
        dialog = self._dialog(wording.RESTORE_TITLE, QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([f"{wording.LIBRARY_FILES} (*.sqlite3)", f"{wording.ALL_FILES} (*)"])
        dialog.fileSelected.connect(lambda chosen: self._put_ready(Path(chosen)))
        dialog.open()

    def _put_ready(self, file: Path) -> None:
        """Have the library replaced at the next start, when nothing uses it, unless the user thinks better of it."""
        self._history.ask_reading(
            lambda _: safekeeping.put_ready(paths.database(), file),
            lambda contents: self._ask_whether_to_restore(file, contents),
            lambda error: self._tell(QMessageBox.Icon.Warning, wording.not_restored(shown(file), error)),
        )

    def _ask_whether_to_restore(self, file: Path, contents: Contents) -> None:
        box = self._box(QMessageBox.Icon.Question, wording.whether_to_restore(file.name, contents))
        agree = box.addButton(wording.AT_THE_NEXT_START, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(wording.DO_NOT_RESTORE, QMessageBox.ButtonRole.RejectRole))

        def on_answer() -> None:
            if box.clickedButton() is agree:
                self.said.emit(wording.WILL_BE_RESTORED)
            else:
                self._history.files.ask(lambda: safekeeping.withdraw(paths.database()))

        box.finished.connect(on_answer)
        box.open()

    def _on_mended(self, what: Mended) -> None:
        self._tell(QMessageBox.Icon.Warning, wording.mended(what))

    def _tell(self, icon: QMessageBox.Icon, sentence: str) -> None:
        self._box(icon, sentence).open()

    def _box(self, icon: QMessageBox.Icon, text: str) -> QMessageBox:
        box = QMessageBox(icon, wording.APPLICATION, text, QMessageBox.StandardButton.NoButton, self._window)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return box

    def _dialog(self, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.setDirectory(str(Path.home()))
        return dialog
