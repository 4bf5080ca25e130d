"""What the user can do about models and the computer: the dialogs, the page of the first start, a model dropped."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget

from desktop_app.messages import ModelTrouble, PorterFailed
from desktop_app.models.machine import Machine
from desktop_app.models.recognised import WEIGHTS, looks_like_model, other_form
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import model_wording, pack_wording, wording
from desktop_app.ui.first_start import FirstStart
from desktop_app.ui.machine_page import MachinePage
from desktop_app.ui.model_questions import TakeInDialog
from desktop_app.ui.model_survey import Survey, survey
from desktop_app.ui.models_dialog import ModelsDialog
from desktop_app.ui.options_bar import OptionsBar
from desktop_app.ui.queue_actions import MakeAction
from desktop_app.ui.spoken_languages import languages_of_the_system
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.media_files import OFFERED
from desktop_app.work.model_work import ModelTask, ModelWork
from desktop_app.work.pack_work import PackWork
from desktop_app.work.probing import Probing


class Models(NamedTuple):
    """What sees to models, and to what this computer can do with them."""

    work: ModelWork
    probing: Probing
    pack: PackWork

    def close(self) -> None:
        """End their processes; downloads go on at the next start. Waits a moment: for the end of the program only."""
        self.work.close()
        self.pack.close()
        self.probing.close()


class ModelActions(QObject):
    """Joins the work about models, the probe and the window.

    said(sentence): something to tell the user in passing.
    first_start_left(): its page is no longer wanted.
    looked(survey): which models there are now.
    """

    said = Signal(str)
    first_start_left = Signal()
    looked = Signal(object)

    def __init__(
        self,
        models: Models,
        queue: JobQueue,
        history: HistoryThread,
        settings: Settings,
        options: OptionsBar,
        make: MakeAction,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._work, self._probing, self._pack = models
        self._queue = queue
        self._history = history
        self._settings = settings
        self._options = options
        self._window = window
        self._survey: Survey | None = None
        if not settings.spoken:
            settings.spoken = languages_of_the_system()
        self._dialog: ModelsDialog | None = None
        self._machine_page: MachinePage | None = None
        self._refused: list[ModelTask] = []  # what was not even begun, until the list is opened
        self._removed = ""  # the model that the user removed last
        self._wanted_at_first = ""  # a model that is to be chosen as soon as it is here
        self.first_start: FirstStart | None = None
        self.show_models = make(model_wording.MODELS, self._on_show_models, "Ctrl+M", "download")
        self.show_machine = make(wording.THIS_COMPUTER, self._on_show_machine)
        self.free_memory = make(wording.FREE_MEMORY, self._on_free_memory)
        self.at_work = QPushButton()  # what is being done about models, in the status bar
        self.at_work.setFlat(True)
        self.at_work.setAccessibleName(model_wording.MODELS_TITLE)
        self.at_work.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.at_work.hide()
        self._join()

    def _join(self) -> None:
        self.at_work.clicked.connect(self._on_show_models)
        self._options.models_wanted.connect(self._on_show_models)
        self._options.changed.connect(self._show_chosen)
        self._work.task_changed.connect(self._on_task_changed)
        self._work.task_ended.connect(self._on_task_ended)
        self._work.shelf_changed.connect(self.look)
        self._work.token_kept.connect(
            lambda is_kept: self.said.emit(model_wording.TOKEN_KEPT if is_kept else model_wording.TOKEN_NOT_KEPT)
        )
        self._queue.model_loaded.connect(self._look_if_new)
        self._probing.found.connect(self._on_found)
        self._probing.failed.connect(self._on_not_found)
        self._pack.came.connect(self._on_pack_came)
        self._pack.went.connect(self._on_pack_went)

    def all(self) -> list[QAction | None]:
        return [self.show_models, self.show_machine, None, self.free_memory]

    # --- for the outside ---

    def look(self) -> None:
        """Look which models there are, and show them wherever models are shown."""
        machine, languages = self._probing.machine, self._settings.spoken
        self._history.files.ask(lambda: survey(machine, languages), self._on_surveyed)

    def take_dropped(self, files: Sequence[Path], add: Callable[[Sequence[Path]], None]) -> None:
        """Offer to add what is a model; `add` gets the rest."""
        if all(file.suffix.lower() in OFFERED for file in files):
            add(files)
            return
        self._history.files.ask(
            lambda: _recognised(files),
            lambda found: self._sort_out(files, found, add),
        )

    def welcome(self) -> FirstStart:
        """Return the page of the first start, to be shown."""
        self.first_start = page = FirstStart(self._settings)
        page.languages_changed.connect(self.look)
        page.download_pressed.connect(self._on_first_download)
        page.done_pressed.connect(self.leave_first_start)
        if self._probing.machine is not None:
            self._on_found(self._probing.machine)
        elif self._survey is not None:
            self._on_surveyed(self._survey)
        return page

    def leave_first_start(self) -> None:
        """The page was seen, and does not come again."""
        if self.first_start is not None:
            self._settings.welcomed = True
            self.first_start = None
            self.first_start_left.emit()

    # --- what is found ---

    def _on_surveyed(self, found: Survey) -> None:
        is_new = self._survey is None or self._survey.usable != found.usable
        self._survey = found
        before = self._options.options().model
        if is_new:  # else the box may stay as it is, open perhaps
            self._options.show_models(found.usable)
        chosen, used = self._settings.model, self._options.options().model
        if used not in (before, chosen):
            self.said.emit(model_wording.fell_back(Path(chosen).name, used))
        self._choose_instead_of_removed()
        if self._wanted_at_first and self._wanted_at_first in [model.name for model in found.usable]:
            self._options.choose_model(self._wanted_at_first)
            self._wanted_at_first = ""
        if self._dialog is not None:
            self._dialog.show_survey(found)
        self._show_proposal(found)
        self.looked.emit(found)

    def _choose_instead_of_removed(self) -> None:
        """A model that is only away stays chosen; not so one that the user has removed."""
        if self._settings.model == self._removed != self._options.options().model:
            self._options.choose_model(self._options.options().model)

    def _look_if_new(self) -> None:
        """The starter model is put together when it is first wanted."""
        if self._survey is not None and self._settings.model not in [model.name for model in self._survey.here]:
            self.look()

    def _show_proposal(self, found: Survey) -> None:
        if self.first_start is None:
            return
        here = [model.name for model in found.usable]
        self.first_start.show_here(here)
        if self._probing.machine is None:
            return
        if not found.proposed:
            why_none = model_wording.NOT_TIMED if self._probing.is_done else model_wording.MEASURING
            self.first_start.show_proposal(None, None, why_none)
        elif found.proposed in here:
            self.first_start.show_proposal(None, None, model_wording.nothing_better(found.proposed))
        else:
            self.first_start.show_proposal(found.published[found.proposed], found.fits[found.proposed], "")

    def _on_found(self, machine: Machine) -> None:
        if self.first_start is not None:
            self.first_start.show_machine(model_wording.computer_in_short(machine))
        self.look()

    def _on_not_found(self, _why: object) -> None:
        if self.first_start is not None:
            self.first_start.show_machine(model_wording.NOT_MEASURED)
            self.look()  # the page may still say that something is being measured

    # --- what is being done ---

    def _on_task_changed(self, task: ModelTask) -> None:
        if self._dialog is None:
            self._make_dialog()  # it remembers what could not be done
        self._show_at_work()

    def _on_task_ended(self, task: ModelTask) -> None:
        is_remembered = task.failed is None or task.cancelled or self._is_list_open or task in self._work.tasks()
        self._refused = [] if is_remembered else [task]
        self._show_at_work()
        if task.what == "remove" and task.failed is None and not task.cancelled:
            self._removed = task.name
            self._choose_instead_of_removed()
        elif task.name == self._removed:
            self._removed = ""
        if task.what == "fetch" and task.name == self._wanted_at_first:
            self._wanted_at_first = "" if task.cancelled else task.result or task.name
        if task.failed is not None and (task.cancelled or self._is_list_open):
            return  # the list says it
        if task.failed is not None:
            self.said.emit(model_wording.trouble(task.failed, task.name, task.what))
        elif not task.cancelled:
            self.said.emit(self._about(task))

    @property
    def _is_list_open(self) -> bool:
        return self._dialog is not None and self._dialog.isVisible()

    def _about(self, task: ModelTask) -> str:
        """Return what is to be said of something that is done."""
        name = task.result or task.name
        if task.what in ("fetch", "take_in"):
            is_chosen = name in (self._wanted_at_first, self._settings.model)
            return model_wording.model_arrived(name, is_chosen)
        if task.what == "remove":
            return model_wording.model_removed(name, task.size_bytes)
        return model_wording.model_sound(name) if task.what == "verify" else model_wording.MODELS_ARE_MOVED

    def _show_at_work(self) -> None:
        tasks = self._work.tasks()
        sentence = model_wording.tasks_in_short([task for task in tasks if task.failed is None])
        failed = [task for task in tasks if task.failed is not None] or self._refused
        if not sentence and failed:  # it stays there until the user has seen to it in the list
            sentence = model_wording.failed_in_short(failed)
        self.at_work.setText(sentence)
        self.at_work.setToolTip(sentence)
        self.at_work.setAccessibleName(sentence)
        self.at_work.setVisible(bool(sentence))

    # --- what the user does ---

    def _on_show_models(self) -> None:
        self._refused = []
        self._show_at_work()
        dialog = self._dialog or self._make_dialog()
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _make_dialog(self) -> ModelsDialog:
        self._dialog = dialog = ModelsDialog(self._work, self._settings, self._window)
        dialog.use_pressed.connect(self._options.choose_model)
        dialog.survey_wanted.connect(self.look)
        self.said.connect(dialog.say)
        dialog.dropped.connect(lambda files: self.take_dropped(files, self._refuse_recordings))
        if self._survey is not None:
            dialog.show_survey(self._survey)
        return dialog

    def _refuse_recordings(self, files: Sequence[Path]) -> None:
        if files:
            self.said.emit(model_wording.NO_MODEL_DROPPED)

    def _show_chosen(self) -> None:
        if self._dialog is not None:
            self._dialog.show_chosen()

    def _on_show_machine(self) -> None:
        if self._machine_page is None:
            self._machine_page = MachinePage(self._probing, self._settings, self._pack, self._window)
            self._machine_page.changed.connect(self._on_calculated_otherwise)
            self._machine_page.free_pressed.connect(self._on_free_memory)
            self._machine_page.said.connect(self.said)
        self._pack.look()
        self._machine_page.show()
        self._machine_page.raise_()
        self._machine_page.activateWindow()

    def _on_pack_came(self, version: str) -> None:
        self.said.emit(pack_wording.has_come(version))
        self._probing.start(again=True)

    def _on_pack_went(self, freed: int) -> None:
        self.said.emit(pack_wording.has_gone(freed))
        self._probing.start(again=True)

    def _on_calculated_otherwise(self) -> None:
        self._queue.unload_after(self._settings.unload_after * 60)
        self._options.calculate_otherwise()

    def _on_free_memory(self) -> None:
        freed = self._queue.free_memory()
        self.said.emit(wording.MEMORY_FREED if freed else wording.MEMORY_IN_USE)

    def _on_first_download(self, name: str) -> None:
        self._wanted_at_first = name
        self._work.fetch(name)
        self.leave_first_start()

    def _sort_out(
        self, files: Sequence[Path], found: Mapping[Path, ModelTrouble | None], add: Callable[[Sequence[Path]], None]
    ) -> None:
        """Ask about the models, say of others why they cannot be used, and add the rest. found: as `_recognised`."""
        for file, other in found.items():
            if other is not None:
                self.said.emit(model_wording.trouble(PorterFailed(other), shown(Path(file.name))))
                continue
            question = TakeInDialog(file, self._window)
            question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            question.given.connect(self._work.take_in)
            question.open()
        beside = {file.parent for file, other in found.items() if other is None and file.name == WEIGHTS}
        add([file for file in files if file not in found and file.parent not in beside])


def _recognised(files: Sequence[Path]) -> dict[Path, ModelTrouble | None]:
    """Return those of the files and folders that are models; with each, why it cannot be used, or None if it can."""
    found: dict[Path, ModelTrouble | None] = {}
    for file in files:
        with contextlib.suppress(OSError):
            if looks_like_model(file):
                found[file] = None
                continue
            may_be_recordings = file.is_dir() and not (file / "config.json").is_file()
            if not may_be_recordings and (other := other_form(file)) is not None:
                found[file] = other
    return found
