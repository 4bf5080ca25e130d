"""What is asked about models: whether to add one, its name on the hub, a mirror of the hub, an access token."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QWidget,
)

from desktop_app.models import names, recognised
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import colours, model_wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.sentence import Sentence


class _Asking(Dialog):
    """A few lines to fill in, with a sentence above them and, if something is wrong, one below."""

    manual_topic = "models"

    def __init__(self, title: str, about: str, parent: QWidget | None) -> None:
        super().__init__(title, parent)
        self._fields: list[QWidget] = []
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.trouble = Sentence()
        colours.warn(self.trouble)
        self.trouble.hide()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.body.addWidget(Sentence(about))
        self.body.addLayout(self._form)
        self.body.addStretch(1)
        self.foot.addWidget(self.trouble)
        self.foot.addWidget(self.buttons)

    def _line(self, caption: str, hint: str, text: str = "", secret: bool = False) -> QLineEdit:
        line = QLineEdit(text)
        line.setPlaceholderText(hint)
        line.setAccessibleName(caption.replace("&", ""))
        line.setAccessibleDescription(hint)
        if secret:
            line.setEchoMode(QLineEdit.EchoMode.Password)
        self._form.addRow(caption, line)
        self._fields.append(line)
        return line

    def _refuse(self, sentence: str, line: QLineEdit) -> None:
        self.trouble.setText(sentence)
        self.trouble.show()
        line.setAccessibleDescription(sentence)
        line.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard begins in the first field: Return and the space bar shall not answer what nobody has read."""
        super().showEvent(event)
        if not event.spontaneous():
            for before, after in pairwise([*self._fields, *self.buttons.buttons()]):
                QWidget.setTabOrder(before, after)
            self._fields[0].setFocus()


class TakeInDialog(_Asking):
    """given(source, name): the model in this folder or zip file is to be added, under this name."""

    given = Signal(object, str)

    def __init__(self, source: Path, parent: QWidget | None = None) -> None:
        super().__init__(
            model_wording.TAKE_IN_TITLE, model_wording.whether_to_take_in(shown(Path(source.name))), parent
        )
        self._source = source
        self.name = self._line(model_wording.TAKE_IN_NAME, "", shown(Path(recognised.name_of(source))))
        self.name.selectAll()
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(model_wording.TAKE_IN)

    def accept(self) -> None:
        super().accept()
        self.given.emit(self._source, self.name.text().strip())


class ByNameDialog(_Asking):
    """given(repo, revision): this model of the hub is wanted."""

    given = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(model_wording.BY_NAME_TITLE, model_wording.BY_NAME_ABOUT, parent)
        self.repo = self._line(model_wording.REPO, model_wording.REPO_HINT)
        self.revision = self._line(model_wording.REVISION, model_wording.REVISION_HINT)
        self._download = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._download.setText(model_wording.DOWNLOAD)
        self.repo.textChanged.connect(self._allow)
        self._allow()

    def _allow(self) -> None:
        self._download.setEnabled(bool(self.repo.text().strip()))

    def accept(self) -> None:
        repo = names.repository_in(self.repo.text())
        if not names.is_repository(repo):
            self._refuse(model_wording.REPO_WRONG, self.repo)
            return
        super().accept()
        self.given.emit(repo, self.revision.text().strip())


class TokenDialog(_Asking):
    """given(token, keep): the token to try; whether the keyring shall have it."""

    given = Signal(str, bool)

    def __init__(self, model: str, parent: QWidget | None = None) -> None:
        super().__init__(model_wording.TOKEN_TITLE, model_wording.token_for(model), parent)
        self.token = self._line(model_wording.TOKEN, "", secret=True)
        self.keep = QCheckBox(model_wording.KEEP_TOKEN)
        self.keep.setChecked(True)
        self.keep.setToolTip(model_wording.KEEP_TOKEN_HINT)
        self.keep.setAccessibleDescription(model_wording.KEEP_TOKEN_HINT)
        self._form.addRow("", self.keep)
        self._fields.append(self.keep)
        self.token.textChanged.connect(self._allow)
        self._allow()

    def _allow(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(self.token.text().strip()))

    def accept(self) -> None:
        super().accept()
        self.given.emit(self.token.text().strip(), self.keep.isChecked())


class HubDialog(_Asking):
    """token_given(token): the keyring shall have it. forget_pressed(): it shall have none any more.

    The mirror is put into the settings.
    """

    token_given = Signal(str)
    forget_pressed = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(model_wording.HUB_TITLE, model_wording.HUB_ABOUT, parent)
        self._settings = settings
        self.mirror = self._line(model_wording.MIRROR, model_wording.MIRROR_HINT, settings.hub)
        self.token = self._line(model_wording.TOKEN, model_wording.TOKEN_AS_IT_IS, secret=True)
        about_token = Sentence(model_wording.TOKEN_ABOUT)
        colours.stand_back(about_token)
        self._form.addRow("", about_token)
        self.forget = self.buttons.addButton(model_wording.FORGET_TOKEN, QDialogButtonBox.ButtonRole.ResetRole)
        self.forget.setAutoDefault(False)
        self.forget.clicked.connect(self._on_forget)

    def accept(self) -> None:
        mirror = self.mirror.text().strip().rstrip("/")
        if mirror and not _is_address(mirror):
            self._refuse(model_wording.MIRROR_WRONG, self.mirror)
            return
        self._settings.hub = mirror
        super().accept()
        if token := self.token.text().strip():
            self.token_given.emit(token)

    def _on_forget(self) -> None:
        self.token.clear()
        self.forget_pressed.emit()


def _is_address(text: str) -> bool:
    """A mirror in one's own network may be without encryption; it gets no token then."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not any(map(str.isspace, text))
