"""How one dictates: by which key, and where the text goes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QComboBox, QDialogButtonBox, QFormLayout, QKeySequenceEdit, QWidget

from desktop_app.settings import DictationChoices
from desktop_app.ui import colours, wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.sentence import Sentence
from desktop_app.work.hot_key import key_from


class KeyField(QKeySequenceEdit):
    """Takes a key as it is pressed, but for those by which one leaves a dialog: Escape and Return."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _leaves_a_dialog(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _leaves_a_dialog(event):
            event.ignore()
        else:
            super().keyPressEvent(event)


def _leaves_a_dialog(event: QKeyEvent) -> bool:
    plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
    return plain and event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class DictationDialog(Dialog):
    """chosen(): the choices are as the user wants them now."""

    manual_topic = "dictation"

    chosen = Signal()

    def __init__(self, choices: DictationChoices, can_paste: bool, parent: QWidget | None = None) -> None:
        """can_paste: this system lets a program type into other windows."""
        super().__init__(wording.DICTATION_TITLE, parent)
        self._choices = choices
        about = Sentence(wording.DICTATION_ABOUT)
        self.key = KeyField(QKeySequence(choices.key, QKeySequence.SequenceFormat.PortableText))
        self.key.setMaximumSequenceLength(1)
        self.key.setClearButtonEnabled(True)
        self.how, self.to = QComboBox(), QComboBox()
        for name, label in wording.HOWS_TO_TALK.items():
            self.how.addItem(label, name)
        for to, label in wording.DICTATE_TOS.items():
            self.to.addItem(label, to)
        self.how.setCurrentIndex(self.how.findData(choices.how))
        self.to.setCurrentIndex(self.to.findData(choices.to if can_paste else "clipboard"))
        self.to.setEnabled(can_paste)
        self.trouble = Sentence()
        colours.warn(self.trouble)

        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for caption, box, hint in (
            (wording.DICTATION_KEY, self.key, wording.DICTATION_KEY_HINT),
            (wording.DICTATION_HOW, self.how, ""),
            (wording.DICTATION_TO, self.to, "" if can_paste else wording.CANNOT_PASTE),
        ):
            form.addRow(caption, box)
            box.setAccessibleName(caption.replace("&", ""))
            box.setAccessibleDescription(hint)
            box.setToolTip(hint)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.body.addWidget(about)
        self.body.addLayout(form)
        if not can_paste:
            self.body.addWidget(Sentence(wording.CANNOT_PASTE))
        self.body.addStretch(1)
        self.foot.addWidget(self.trouble)
        self.foot.addWidget(buttons)
        self.trouble.hide()

    def accept(self) -> None:
        written = self.key.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if key_from(written) is None:
            self.trouble.setText(wording.KEY_IS_NONE)
            self.trouble.show()
            self.key.setFocus()
            return
        self._choices.key = written
        self._choices.how = self.how.currentData()
        if self.to.isEnabled():
            self._choices.to = self.to.currentData()
        super().accept()
        self.chosen.emit()
