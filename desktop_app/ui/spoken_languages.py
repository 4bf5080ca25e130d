"""The languages the user speaks: one button each, which removes it, and a box that adds another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from desktop_app.settings import Settings
from desktop_app.transcripts.languages import LANGUAGES
from desktop_app.ui import model_wording, wording
from desktop_app.ui.options_bar import LanguageBox

IN_A_ROW, ROOM_FOR_THE_BOX = 5, 3  # columns
AS_WHISPER_HAS_IT = {"nb": "no", "fil": "tl", "iw": "he", "in": "id"}  # what systems call some languages


def languages_of_the_system() -> tuple[str, ...]:
    """Return Whisper's codes of the languages that the user's system is set to; English if it has none of them."""
    named = [name.replace("_", "-").partition("-")[0] for name in QLocale.system().uiLanguages()]
    codes = [AS_WHISPER_HAS_IT.get(name, name) for name in named]
    return tuple(dict.fromkeys(code for code in codes if code in LANGUAGES)) or ("en",)


class SpokenLanguages(QWidget):
    """changed(): the settings name other ones now."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.another = LanguageBox(nothing=model_wording.ANOTHER_LANGUAGE)
        self.another.setAccessibleName(model_wording.ANOTHER_LANGUAGE)
        self.another.currentIndexChanged.connect(self._on_another)
        self.languages: dict[str, QWidget] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(IN_A_ROW + ROOM_FOR_THE_BOX, 1)
        self.show_languages()

    def show_languages(self) -> None:
        """Show those that the settings name."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None and widget is not self.another:
                widget.hide()
                widget.deleteLater()
        self.languages = {code: self._language(code) for code in self._settings.spoken}
        for number, widget in enumerate(self.languages.values()):
            self._grid.addWidget(widget, *divmod(number, IN_A_ROW))
        row, column = divmod(len(self.languages), IN_A_ROW)
        self._grid.addWidget(self.another, row, column, 1, ROOM_FOR_THE_BOX)
        for one, next_one in pairwise([*self.languages.values(), self.another]):
            QWidget.setTabOrder(one, next_one)

    def _language(self, code: str) -> QWidget:
        name = wording.language(code)
        if len(self._settings.spoken) == 1:  # somebody speaks something
            only = QLabel(name, self)
            only.setContentsMargins(0, 0, 6, 0)
            return only
        button = QPushButton(f"{name}  ✕", self)
        button.setAccessibleName(model_wording.forget_language(name))
        button.setToolTip(model_wording.forget_language(name))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._forget(code))
        return button

    def _on_another(self) -> None:
        code = self.another.code()
        if code is not None:
            self.another.choose(None)
            self._speak((*self._settings.spoken, code))

    def _forget(self, code: str) -> None:
        self._speak([one for one in self._settings.spoken if one != code])
        (self.another if len(self.languages) == 1 else next(iter(self.languages.values()))).setFocus()

    def _speak(self, codes: Sequence[str]) -> None:
        self._settings.spoken = tuple(dict.fromkeys(codes))
        self.show_languages()
        self.changed.emit()
