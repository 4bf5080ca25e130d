"""The page of the first start: which model is best for this computer and for the user's languages."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_app.models.catalogue import PublishedModel
from desktop_app.models.fit import Fit
from desktop_app.settings import Settings
from desktop_app.ui import colours, model_wording
from desktop_app.ui.empty_state import button_for
from desktop_app.ui.flow_layout import FlowLayout
from desktop_app.ui.sentence import Sentence
from desktop_app.ui.spoken_languages import SpokenLanguages

WIDTH, ABOVE = 620, 16


class FirstStart(QWidget):
    """languages_changed(): the settings name other ones now.
    download_pressed(name): this model is wanted.
    done_pressed(): the user goes on without.
    """

    languages_changed = Signal()
    download_pressed = Signal(str)
    done_pressed = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._proposed = ""
        self._has_model = False  # one that works already
        self.setAccessibleName(model_wording.WELCOME)
        self._title = Sentence(model_wording.WELCOME)
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.9)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
        self._more = Sentence(model_wording.WELCOME_MORE)
        self._found = Sentence(model_wording.MEASURING)
        self.proposal, self._about = Sentence(), Sentence()
        bold = self.proposal.font()
        bold.setWeight(bold.Weight.DemiBold)
        self.proposal.setFont(bold)
        self._cost = Sentence()
        self._meanwhile = Sentence()
        self.trouble = Sentence()
        self.trouble.hide()
        self._at_once = Sentence(model_wording.BEGIN_AT_ONCE)
        self._offered = FlowLayout(across=10)
        self.download, self.done = QPushButton(), QPushButton(model_wording.SKIP)
        self.download.clicked.connect(lambda: self.download_pressed.emit(self._proposed))
        self.done.clicked.connect(self.done_pressed)
        self.spoken = SpokenLanguages(settings)
        self.spoken.changed.connect(self.languages_changed)
        self._lay_out()
        self._keep_places()
        self.show_proposal(None, None, "")
        self._colour()

    def _lay_out(self) -> None:
        caption = QLabel(model_wording.WHAT_YOU_SPEAK)
        caption.setBuddy(self.spoken.another)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        for button in (self.done, self.download):
            button.setMinimumHeight(36)
            button.setMinimumWidth(150)
            button.setAutoDefault(True)
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside = QWidget()
        inside.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inside)
        column.setSpacing(8)
        for label in (self._title, self._more):
            column.addWidget(label)
        column.addSpacing(10)
        column.addWidget(caption)
        column.addWidget(self.spoken)
        column.addSpacing(10)
        column.addWidget(_line())
        for label in (self._found, self.proposal, self._about, self._cost):
            column.addWidget(label)
        column.addSpacing(10)
        column.addLayout(buttons)
        column.addWidget(self._meanwhile)
        column.addWidget(self.trouble)
        column.addSpacing(10)
        column.addWidget(self._at_once)
        column.addLayout(self._offered)
        whole = QVBoxLayout(self)
        whole.addSpacing(ABOVE)  # the same, whatever is found: nothing shall jump
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(inside, 8)
        middle.addStretch(1)
        whole.addLayout(middle)
        whole.addStretch(1)

    def _keep_places(self) -> None:
        """Keep room for what comes once the computer is measured.

        Otherwise Download, of gigabytes, would appear where another button was a moment ago, and take its click.
        """
        for label in (self.proposal, self._about, self._cost, self._meanwhile):
            label.setMinimumHeight(label.fontMetrics().lineSpacing())
        for shown_later in (self.proposal, self._about, self._cost, self._meanwhile, self.download):
            policy = shown_later.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            shown_later.setSizePolicy(policy)

    # --- for the outside ---

    def offer(self, actions: Sequence[QAction]) -> None:
        """Let the user begin at once, as on the page that comes after this one."""
        for action in actions:
            self._offered.addWidget(button_for(action))

    def show_machine(self, sentence: str) -> None:
        """Say what is in this computer, or that it could not be found out."""
        self._found.setText(sentence)

    def show_here(self, names: Sequence[str]) -> None:
        """Say which model works already."""
        ready = self._settings.model if self._settings.model in names else next(iter(names), "")
        self.done.setText(model_wording.start_with(ready) if ready else model_wording.SKIP)
        self._meanwhile.setText(model_wording.READY_MEANWHILE.format(ready) if ready else "")
        self._has_model = bool(ready)
        self._show_meanwhile()

    def show_proposal(self, model: PublishedModel | None, fit: Fit | None, why_none: str) -> None:
        """Propose a model, or say why there is none to propose."""
        self._proposed = model.id if model else ""
        if model is not None and fit is not None:
            self.proposal.setText(model_wording.proposal(model.id))
            self._about.setText(model_wording.about_proposal(model.id, fit))
            self._cost.setText(model_wording.cost_of_download(model.size_bytes))
            self.download.setText(model_wording.download_it(model.id))
        else:
            self.proposal.setText(why_none)
        if model is None and self.download.hasFocus():
            self.done.setFocus()  # else it moves to whatever comes next
        self.download.setVisible(model is not None)
        self._cost.setVisible(model is not None)
        self._about.setVisible(model is not None)
        self._show_meanwhile()
        self.proposal.setVisible(bool(self.proposal.text()))
        self.download.setDefault(model is not None)
        self.done.setDefault(model is None)

    def show_trouble(self, sentence: str) -> None:
        """Say why no model works; empty: one does, or may."""
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))
        self._show_meanwhile()

    def _show_meanwhile(self) -> None:
        works = self._has_model and not self.trouble.text()
        self._meanwhile.setVisible(works and bool(self._proposed))

    def take_keyboard(self) -> None:
        """Have the keyboard, unless it is here already, where Return starts no download of gigabytes."""
        if not self.isAncestorOf(self.window().focusWidget() or self.window()):
            self.done.setFocus()

    # --- as Qt calls ---

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "spoken"):
            self._colour()

    def _colour(self) -> None:
        for label in (self._more, self._cost, self._meanwhile, self._found):
            colours.stand_back(label)
        colours.warn(self.trouble)


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Sunken)
    return line
