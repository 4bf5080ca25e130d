"""What is new in the versions after this one, and the way to get the newest."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, TypeAlias

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialogButtonBox, QPlainTextEdit, QProgressBar, QPushButton, QWidget

from desktop_app.messages import Installation, PorterProgress, UpdateChecked
from desktop_app.ui import colours, update_wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.sentence import Sentence

LEAST_LINES = 6  # of the notes, that are seen at least
Stage: TypeAlias = Literal["new", "fetching", "ready", "handing_over"]


class WhatsNew(Dialog):
    """Shows what it is told, and tells what is pressed.

    download_pressed(), stop_pressed(), install_pressed(), skip_pressed(): so the user wants it.
    """

    manual_topic = "updates"

    download_pressed = Signal()
    stop_pressed = Signal()
    install_pressed = Signal()
    skip_pressed = Signal()

    def __init__(self, answer: UpdateChecked, how: Installation, mine: str, parent: QWidget | None = None) -> None:
        """answer: with a release at least. how: this program was installed. mine: its version."""
        super().__init__(update_wording.TITLE, parent, QSize(600, 480))
        self._how, self._mine = how, mine
        self._is_idle = True
        self.stage: Stage = "new"
        self._title = Sentence()
        font = self._title.font()
        font.setWeight(font.Weight.DemiBold)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        self._title.setFont(font)
        self.notes = QPlainTextEdit()
        self.notes.setReadOnly(True)
        self.notes.setTabChangesFocus(True)
        self.notes.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByKeyboard | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.notes.setAccessibleName(update_wording.NOTES)
        self.about = Sentence()
        self.about.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByKeyboard | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(update_wording.DOWNLOAD.replace("&", ""))
        self.trouble = Sentence()
        buttons = QDialogButtonBox()
        self.act, self.later = QPushButton(), QPushButton(update_wording.LATER)
        self.skip = QPushButton(update_wording.SKIP)
        buttons.addButton(self.skip, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.addButton(self.later, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.act, QDialogButtonBox.ButtonRole.ActionRole)
        self.act.clicked.connect(self._on_act)
        self.skip.clicked.connect(self._on_skip)
        self.later.clicked.connect(self.reject)
        for button in (self.act, self.later, self.skip):
            button.setAutoDefault(False)  # Return shall not answer what nobody has read
        self.notes.setMinimumHeight(LEAST_LINES * self.notes.fontMetrics().lineSpacing())
        for read in (self._title, self.notes, self.about):
            self.body.addWidget(read)
        self.body.setStretchFactor(self.notes, 1)
        for widget in (self.bar, self.trouble, buttons):
            self.foot.addWidget(widget)
        self._colour()
        self.show_answer(answer)

    # --- for the outside ---

    def show_answer(self, answer: UpdateChecked) -> None:
        """Tell of these releases, one at least, instead of what was told of before."""
        self.version, self._size_bytes = answer.releases[0].version, answer.size_bytes
        self._title.setText(update_wording.there_is(self.version, self._mine))
        self.notes.setPlainText(update_wording.notes(answer.releases))
        self._show("new", update_wording.what_follows(self._how, self.version, self._size_bytes))

    def allow(self, is_idle: bool) -> None:
        """Let it be installed only when nothing else is done."""
        self._is_idle = is_idle
        self._show(self.stage, self.about.text())

    def show_waiting(self) -> None:
        self._show(self.stage, update_wording.WAITS)

    def show_progress(self, told: PorterProgress) -> None:
        if self.stage == "fetching":
            self.about.setText(update_wording.progress(told))
        self.bar.setMaximum(max(1, told.total >> 10))  # kilobytes: it counts in 32 bits
        self.bar.setValue(told.done >> 10)

    def show_ready(self) -> None:
        """It is here, and whole."""
        self._show("ready", update_wording.ready(self._how))

    def show_trouble(self, sentence: str) -> None:
        """It could not be brought; it can be tried again."""
        self._show("new", update_wording.what_follows(self._how, self.version, self._size_bytes), sentence)

    # --- what is pressed ---

    def _on_act(self) -> None:
        if self.stage == "new":
            self._show("fetching", "")
            self.download_pressed.emit()
        elif self.stage == "fetching":
            self._show("new", update_wording.what_follows(self._how, self.version, self._size_bytes))
            self.stop_pressed.emit()
        elif self.stage == "ready":
            self._show("handing_over", update_wording.READ_ONCE_MORE)
            self.install_pressed.emit()

    def _on_skip(self) -> None:
        self.skip_pressed.emit()
        self.reject()

    def _show(self, stage: Stage, about: str, trouble: str = "") -> None:
        self.stage = stage
        can_be_fetched = update_wording.can_be_fetched(self._how, self._size_bytes)
        install = update_wording.INSTALL.get(self._how, "")
        label = {"new": update_wording.DOWNLOAD, "fetching": update_wording.STOP}.get(stage, install)
        self.about.setText(about)
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))
        self.bar.setVisible(stage in ("fetching", "handing_over"))
        self.act.setText(label)
        self.act.setVisible(can_be_fetched)
        self.act.setEnabled(stage != "handing_over" and (stage != "ready" or self._is_idle))
        self.act.setToolTip("" if self._is_idle or stage != "ready" else update_wording.WAITS)
        self.skip.setVisible(stage == "new")
        self.later.setText(update_wording.LATER if can_be_fetched else update_wording.CLOSE)

    # --- as Qt calls ---

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard begins in what is to be read."""
        super().showEvent(event)
        if not event.spontaneous():
            for before, after in pairwise([self.notes, self.about, self.act, self.later, self.skip]):
                QWidget.setTabOrder(before, after)
            self.notes.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "trouble"):
            self._colour()

    def _colour(self) -> None:
        colours.warn(self.trouble)
