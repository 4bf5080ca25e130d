"""What the user chooses for the next job: model, language, task, words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QLineEdit,
    QListView,
    QPushButton,
    QWidget,
)

from desktop_app.messages import TUNINGS, Task, Tuning
from desktop_app.models import starter
from desktop_app.models.abilities import Abilities
from desktop_app.models.shelf import ShelfModel
from desktop_app.settings import Settings
from desktop_app.transcripts.languages import LANGUAGES, code_of
from desktop_app.transcripts.transcript import JobOptions
from desktop_app.ui import model_wording, wording
from desktop_app.ui.flow_layout import FlowLayout, captioned
from desktop_app.ui.listening_dialog import ListeningDialog

WIDEST_NAME = 260  # points; a longer one is cut in the box, and whole in its list
FOLDED = Qt.ItemDataRole.UserRole + 1  # a language's names as they are searched


class _Completer(QCompleter):
    """Finds a language by a part of its names, with or without their accents."""

    def __init__(self, languages: QAbstractItemModel, parent: QWidget) -> None:
        super().__init__(languages, parent)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompletionRole(FOLDED)

    def splitPath(self, typed: str) -> list[str]:
        return [_without_accents(typed)]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        return str(index.data(Qt.ItemDataRole.DisplayRole))


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


class LanguageBox(QComboBox):
    """Automatic, or one of Whisper's languages: found by typing a part of its English name or of its own."""

    def __init__(self, parent: QWidget | None = None, nothing: str = wording.AUTOMATIC) -> None:
        """nothing: what is chosen while no language is."""
        super().__init__(parent)
        self.addItem(nothing, None)
        for language in sorted(LANGUAGES.values(), key=lambda language: language.english):
            self.addItem(wording.language_choice(language.code), language.code)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for row in range(self.count()):
            self.setItemData(row, _without_accents(self.itemText(row)), FOLDED)
        completer = _Completer(self.model(), self)
        self._line = QLineEdit(self)
        self._line.setAcceptDrops(False)  # a file dropped here is for the window, too
        self.setLineEdit(self._line)
        self.setCompleter(completer)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(18)  # to measure all of them would want fonts for all scripts
        self._line.editingFinished.connect(self._on_typed)
        self._line.installEventFilter(self)
        self._found = QListView()  # what is typed could be one of these
        completer.setPopup(self._found)
        self._found.installEventFilter(self)
        self.setMaxVisibleItems(16)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self._line.setAccessibleName(name)

    def code(self) -> str | None:
        """Return Whisper's code, or None for automatic."""
        code: str | None = self.currentData()
        return code

    def choose(self, code: str | None) -> None:
        self.setCurrentIndex(max(0, self.findData(code)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape takes back what was typed and not chosen; pressed again, it is for the window."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._is_typed_in():
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self._found.hide()
                self._line.setText(self.itemText(self.currentIndex()))
                self._line.selectAll()
            return True
        return super().eventFilter(watched, event)

    def _is_typed_in(self) -> bool:
        return self._found.isVisible() or self._line.text() != self.itemText(self.currentIndex())

    def _on_typed(self) -> None:
        """Take what was typed if it names a language, else show again what was chosen before."""
        typed = self._line.text()
        if typed == self.itemText(self.currentIndex()):
            return
        exact = self.findText(typed, Qt.MatchFlag.MatchFixedString)
        if exact < 0 and (code := code_of(typed)) is not None:
            exact = self.findData(code)
        if exact < 0 and typed.strip():
            exact = self.findData(_without_accents(typed.strip()), FOLDED, Qt.MatchFlag.MatchContains)
        self.setCurrentIndex(exact if exact >= 0 else self.currentIndex())
        self._line.setText(self.itemText(self.currentIndex()))


class OptionsBar(QWidget):
    """changed(): the user has chosen something else.
    models_wanted(): another model is wanted than those offered.
    """

    changed = Signal()
    models_wanted = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None, detailed: JobOptions | None = None) -> None:
        """detailed: what is behind "More…" at first, if it is not as in the settings."""
        super().__init__(parent)
        self._settings = settings
        self._models: dict[str, ShelfModel] = {}
        self.setAccessibleName(wording.OPTIONS)
        self.model = QComboBox()
        self.model.addItem(settings.model, settings.model)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.model.setMaximumWidth(WIDEST_NAME)
        self.models = QPushButton(model_wording.MODELS_BUTTON)
        self.models.setToolTip(model_wording.MODELS_BUTTON_HINT)
        self.models.setAccessibleDescription(model_wording.MODELS_BUTTON_HINT)
        self.models.setAutoDefault(True)
        self.models.setVisible(detailed is None)
        self.models.clicked.connect(self.models_wanted)
        self.language = LanguageBox()
        self.language.choose(settings.language)
        self.task = QComboBox()
        for task, label in wording.TASKS.items():
            self.task.addItem(label, task)
        self.task.setCurrentIndex(max(0, self.task.findData(Task(settings.task))))
        self.quality = QComboBox()
        for quality, label in wording.QUALITIES.items():
            self.quality.addItem(label, quality)
        self.quality.setCurrentIndex(max(0, self.quality.findData(settings.quality)))
        self.more = QPushButton(wording.MORE_OPTIONS)
        self.more.setAutoDefault(True)
        self.more.clicked.connect(self._on_more)
        self._detailed = detailed or JobOptions(
            prompt=settings.prompt,
            glossary=settings.glossary,
            languages=tuple(code for code in settings.languages if code in LANGUAGES),  # others: of a later version
            device=settings.device,
            tuning=self._tuning(),
        )
        self.words = QCheckBox(wording.WORDS)
        self.words.setChecked(settings.words)

        row = FlowLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        hints = {
            self.model: (wording.MODEL, wording.MODEL_HINT),
            self.language: (wording.LANGUAGE, wording.LANGUAGE_HINT),
            self.task: (wording.TASK, wording.TASK_HINT),
            self.quality: (wording.QUALITY, wording.QUALITY_HINT),
        }
        for box, (name, hint) in hints.items():
            box.setToolTip(hint)
            box.setAccessibleName(name.replace("&", ""))
            box.setAccessibleDescription(hint)
            row.addWidget(captioned(name, box, *([self.models] if box is self.model else [])))
        self.words.setToolTip(wording.WORDS_HINT)
        self.words.setAccessibleDescription(wording.WORDS_HINT)
        row.addWidget(self.words)
        row.addWidget(self.more)

        self.quality.currentIndexChanged.connect(self._on_quality)
        # Each writes its own choice alone: what another box cannot show, as its model is away, stays as it was chosen.
        self.model.currentIndexChanged.connect(self._on_model)
        self.language.currentIndexChanged.connect(self._on_language)
        self.task.currentIndexChanged.connect(self._on_task)
        self.words.toggled.connect(self._on_words)

    def options(self) -> JobOptions:
        """Return what is chosen now."""
        can = self._abilities()
        return msgspec.structs.replace(
            self._detailed,
            model=self.model.currentData(),
            language="en" if can.english_only else self.language.code(),
            task=self._task() if can.can_translate else Task.TRANSCRIBE,
            words=self.words.isChecked(),
        )

    def show_models(self, models: Sequence[ShelfModel]) -> None:
        """Offer these models. One that was chosen and is away, with its disk say, gives way until it is back."""
        self._models = {model.name: model for model in models}
        chosen, before = self._settings.model, self.model.currentData()
        with QSignalBlocker(self.model):
            if models:
                self.model.clear()
            for model in models:
                self.model.addItem(model.name, model.name)
            if models and Path(chosen).is_absolute():  # a folder of the user's own
                self.model.addItem(Path(chosen).name, chosen)
            instead = max(0, self.model.findData(starter.NAME))
            self.model.setCurrentIndex(self.model.findData(chosen) if self.model.findData(chosen) >= 0 else instead)
        self._allow_what_the_model_can()
        if self.model.currentData() != before:
            self.changed.emit()

    def choose_model(self, name: str) -> None:
        """Take one of the models offered for the next recording."""
        if (row := self.model.findData(name)) >= 0:
            self._settings.model = name
            self.model.setCurrentIndex(row)

    def calculate_otherwise(self) -> None:
        """The settings say something else now about where and how every job is calculated."""
        how = {name: getattr(self._settings, name) for name in ("compute_type", "threads", "batch_size")}
        tuning = msgspec.structs.replace(self._detailed.tuning, **how)
        self._detailed = msgspec.structs.replace(self._detailed, device=self._settings.device, tuning=tuning)
        self.changed.emit()

    def _on_quality(self) -> None:
        self._settings.quality = self.quality.currentData()
        self._detailed = msgspec.structs.replace(self._detailed, tuning=self._tuning())
        self.changed.emit()

    def _tuning(self) -> Tuning:
        """Return how to listen, as the settings have it."""
        settings = self._settings
        return msgspec.structs.replace(
            TUNINGS[settings.quality],
            compute_type=settings.compute_type,
            threads=settings.threads,
            batch_size=settings.batch_size,
        )

    def _on_more(self) -> None:
        dialog = ListeningDialog(self._detailed, self._tuning(), self, self._settings.device)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self._on_detailed)
        dialog.open()

    def _on_detailed(self, options: JobOptions) -> None:
        self._detailed = options
        settings = self._settings
        settings.prompt, settings.glossary, settings.languages = options.prompt, options.glossary, options.languages
        self.changed.emit()

    def forget_range(self) -> None:
        """What was meant for one recording, its range, track and channels, does not hold for the next."""
        self._detailed = msgspec.structs.replace(self._detailed, begin=0.0, end=None, track=None, split_channels=False)

    def _on_model(self) -> None:
        self._settings.model = self.model.currentData()
        self._allow_what_the_model_can()
        self.changed.emit()

    def _on_language(self) -> None:
        self._settings.language = self.language.code()
        self.changed.emit()

    def _on_task(self) -> None:
        self._settings.task = self._task().value
        self.changed.emit()

    def _on_words(self) -> None:
        self._settings.words = self.words.isChecked()
        self.changed.emit()

    def _task(self) -> Task:
        return Task(self.task.currentData())  # Qt hands back the plain text in it

    def _allow_what_the_model_can(self) -> None:
        """Offer what the model can do, and show what it will do; the user's choice comes back with another model."""
        can, name = self._abilities(), self.model.currentText()
        with QSignalBlocker(self.language), QSignalBlocker(self.task):
            self.language.choose("en" if can.english_only else self._settings.language)
            task = Task(self._settings.task) if can.can_translate else Task.TRANSCRIBE
            self.task.setCurrentIndex(max(0, self.task.findData(task)))
        _allow(self.language, not can.english_only, wording.LANGUAGE_HINT, wording.english_only(name))
        _allow(self.task, can.can_translate, wording.TASK_HINT, wording.cannot_translate(name))

    def _abilities(self) -> Abilities:
        model = self._models.get(self.model.currentData())
        return Abilities() if model is None else Abilities(model.languages, model.can_translate)


def _allow(box: QComboBox, is_allowed: bool, hint: str, why_not: str) -> None:
    box.setEnabled(is_allowed)
    box.setToolTip(hint if is_allowed else why_not)
    box.setAccessibleDescription(box.toolTip())
