"""The graphics pack on the page of this computer: what it is for, how far it is; to get and to remove it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QGroupBox,
    QHBoxLayout,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.models.machine import Machine
from desktop_app.ui import colours, pack_wording
from desktop_app.ui.sentence import Sentence
from desktop_app.work.pack_work import PackState, PackWork

FINE = 1000  # steps of the progress bar


class PackBox(QGroupBox):
    """Hidden on a computer that needs none and has none."""

    def __init__(self, work: PackWork, parent: QWidget | None = None) -> None:
        super().__init__(pack_wording.TITLE, parent)
        self._work = work
        self._is_needed = False
        self.sentence, self.trouble = Sentence(), Sentence()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(pack_wording.PROGRESS)
        self.get, self.from_file = QPushButton(), QPushButton(pack_wording.GET_FROM_FILE)
        self.stop, self.remove = QPushButton(pack_wording.STOP), QPushButton()
        self._buttons = (self.get, self.from_file, self.stop, self.remove)
        self._lay_out()
        self.get.clicked.connect(lambda: work.install())
        self.from_file.clicked.connect(self._on_from_file)
        self.stop.clicked.connect(work.stop)
        self.remove.clicked.connect(self._on_remove)
        work.changed.connect(self._show)
        self._show(work.state)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in self._buttons:
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        for widget in (self.sentence, self.bar, self.trouble):
            column.addWidget(widget)
        column.addLayout(buttons)

    def show_machine(self, machine: Machine | None) -> None:
        """Offer the pack if this computer has a graphics card that lacks it."""
        cards = [card for card in machine.cards if card.index >= 0] if machine else []
        self._is_needed = bool(cards and machine and not machine.has_libraries)
        self._show(self._work.state)

    def _show(self, state: PackState) -> None:
        is_wanted = self._is_needed or state.installed or state.half_bytes or state.doing or state.failed
        self.setVisible(bool(state.is_known and is_wanted))
        focused = QApplication.focusWidget()
        self.sentence.setText(_sentence(state))
        self.bar.setVisible(bool(state.doing))
        self.bar.setRange(0, FINE if state.total else 0)
        self.bar.setValue(FINE * state.done // state.total if state.total else 0)
        self.trouble.setText(
            pack_wording.trouble(state.failed, state.archive, state.size_bytes) if state.failed else ""
        )
        self.trouble.setVisible(state.failed is not None)
        self._show_buttons(state)
        if focused in self._buttons and not focused.isVisibleTo(self):
            there = [button for button in self._buttons if button.isVisibleTo(self) and button.isEnabled()]
            if there:
                there[0].setFocus()
        colours.warn(self.trouble)

    def _show_buttons(self, state: PackState) -> None:
        can_be_had = bool(state.archive and not state.doing and state.installed != state.newest)
        if state.half_bytes:
            self.get.setText(pack_wording.GO_ON)
        elif state.installed:
            self.get.setText(pack_wording.get_other(state.newest, state.size_bytes))
        else:
            self.get.setText(pack_wording.get(state.size_bytes))
        self.get.setVisible(can_be_had)
        self.from_file.setVisible(can_be_had)
        self.stop.setVisible(state.doing == "install")
        self.remove.setText(pack_wording.REMOVE if state.installed else pack_wording.REMOVE_HALF)
        self.remove.setVisible(bool(not state.doing and (state.installed or state.half_bytes)))

    def _on_from_file(self) -> None:
        dialog = QFileDialog(self, pack_wording.FILE_TITLE)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(f"{pack_wording.ZIP_FILES} (*.zip)")
        dialog.fileSelected.connect(lambda file: self._work.install(Path(file)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_remove(self) -> None:
        state = self._work.state
        if not state.installed:
            self._work.remove()
            return
        question = pack_wording.whether_to_remove(state.installed_bytes + state.half_bytes)
        box = QMessageBox(
            QMessageBox.Icon.Question, pack_wording.REMOVE_TITLE, question, QMessageBox.StandardButton.NoButton, self
        )
        box.finished.connect(box.deleteLater)
        remove = box.addButton(pack_wording.REMOVE_IT, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(pack_wording.KEEP_IT, QMessageBox.ButtonRole.RejectRole))
        remove.clicked.connect(self._work.remove)
        box.open()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "trouble"):
            colours.warn(self.trouble)


def _sentence(state: PackState) -> str:
    if state.doing:
        return pack_wording.progress_of(state)
    if state.installed:
        told = pack_wording.installed(state.installed, state.installed_bytes)
        is_right = state.installed == state.newest or not state.newest
        return told if is_right else f"{told} {pack_wording.is_another(state.newest)}"
    if not state.archive:
        return pack_wording.NONE_FOR_THIS
    if state.half_bytes:
        return f"{pack_wording.half(state.half_bytes, state.size_bytes)} {pack_wording.WHAT_IT_IS}"
    return pack_wording.offer(state.size_bytes, state.unpacked_bytes)
