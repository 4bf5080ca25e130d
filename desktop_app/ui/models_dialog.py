"""The models there are: those on this computer, those that can be downloaded, and what is being done about them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.messages import ModelTrouble
from desktop_app.models.shelf import ShelfModel
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import colours, given_files, model_wording, wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.model_questions import ByNameDialog, HubDialog, TokenDialog
from desktop_app.ui.model_row import FINE, ListedModel, ModelRow, give_keyboard
from desktop_app.ui.model_survey import Survey
from desktop_app.ui.scroll_area import VerticalScrollArea
from desktop_app.ui.sentence import Sentence
from desktop_app.ui.spoken_languages import SpokenLanguages
from desktop_app.work.model_work import ModelTask, ModelWork

LEAST_LINES = 8  # of the list, that are seen at least
HEADINGS = (model_wording.MODELS_ON_THEIR_WAY, model_wording.MODELS_HERE, model_wording.MODELS_TO_FETCH)


class ModelsDialog(Dialog):
    """use_pressed(name): this model is for the next recording.
    survey_wanted(): `show_survey` is to be called with a new one.
    dropped(files): the user dropped these here.
    """

    manual_topic = "models"

    use_pressed = Signal(str)
    dropped = Signal(object)
    survey_wanted = Signal()

    def __init__(
        self,
        work: ModelWork,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(model_wording.MODELS_TITLE, parent, QSize(820, 660))
        self._work = work
        self._settings = settings
        self._survey: Survey | None = None
        self._refused: dict[str, ModelTask] = {}  # what was not even begun, until the user has read it
        self.rows: dict[str, ModelRow] = {}
        self._current: ModelRow | None = None  # the one row that the Tab key comes to
        self._was_entered = False  # the keyboard was put into the list once
        self._make_list()
        self._make_foot()
        self._lay_out()
        self._join()
        self.setAcceptDrops(True)
        self._show()

    # --- making ---

    def _make_list(self) -> None:
        self._about = Sentence(model_wording.MODELS_ABOUT)
        self.spoken = SpokenLanguages(self._settings)
        self._caption = QLabel(model_wording.WHAT_YOU_SPEAK)
        self._caption.setBuddy(self.spoken.another)
        self._coming, self._here, self._to_fetch = self._headings = [_heading(text) for text in HEADINGS]
        self._nothing = Sentence(model_wording.LOOKING)
        self._nothing.setContentsMargins(14, 8, 12, 8)
        self._inside = QWidget()
        self._list = QVBoxLayout(self._inside)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        for label in (*self._headings, self._nothing):
            self._list.addWidget(label)
        for heading in self._headings:
            heading.hide()
        self.area = VerticalScrollArea(self._inside, LEAST_LINES)
        self.area.setFrameShape(QFrame.Shape.StyledPanel)

    def _make_foot(self) -> None:
        self.folder_line = Sentence()
        self._folder_bar = QProgressBar()
        self._folder_bar.setTextVisible(False)
        self._folder_bar.setFixedHeight(6)
        self._folder_bar.hide()
        self.folder_trouble = Sentence()
        self.folder_trouble.hide()
        self.news = Sentence()
        self.news.hide()
        self.add = QPushButton(model_wording.ADD_MODEL)
        menu = QMenu(self.add)
        menu.addAction(model_wording.ADD_FROM_FOLDER, self._on_add_folder)
        menu.addAction(model_wording.ADD_FROM_ZIP, self._on_add_zip)
        menu.addAction(model_wording.ADD_BY_NAME, self._on_add_by_name)
        self.add.setMenu(menu)
        self.move_button = QPushButton(model_wording.MODELS_FOLDER)
        self.hub_button = QPushButton(model_wording.HUB)
        self.close_button = QPushButton(model_wording.CLOSE_MODELS)
        for button in (self.add, self.move_button, self.hub_button, self.close_button):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.add, self.move_button, self.hub_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        self.body.setSpacing(8)
        languages = QHBoxLayout()
        languages.setSpacing(8)
        languages.addWidget(self._caption)
        languages.addWidget(self.spoken, 1)
        self.body.addWidget(self._about)
        self.body.addLayout(languages)
        self.body.addWidget(self.area, 1)
        for widget in (self.folder_line, self._folder_bar, self.folder_trouble, self.news):
            self.foot.addWidget(widget)
        self.foot.addLayout(buttons)

    def _join(self) -> None:
        self.spoken.changed.connect(self.survey_wanted)
        self.move_button.clicked.connect(self._on_move)
        self.hub_button.clicked.connect(self._on_hub)
        self.close_button.clicked.connect(self.reject)
        self._work.task_changed.connect(self._on_task_changed)
        self._work.task_ended.connect(self._on_task_ended)

    # --- for the outside ---

    def show_survey(self, survey: Survey) -> None:
        self._survey = survey
        self._show()

    def show_chosen(self) -> None:
        """The settings name another model now."""
        self._show()

    def say(self, sentence: str) -> None:
        """Say what became of something, below the list."""
        self.news.setText(sentence)
        self.news.setVisible(bool(sentence))

    # --- what is shown ---

    def _show(self) -> None:
        """Bring the rows up to what is known, and keep the keyboard where it is."""
        self._show_folder()
        if self._survey is None:
            return
        coming, here, to_fetch = self._listed(self._survey)
        self._remove_rows(self.rows.keys() - {model.name for model in (*coming, *here, *to_fetch)})
        self._nothing.setText(model_wording.NO_MODELS_HERE)
        self._put_in_order(coming, here, to_fetch)
        if not self._was_entered and (rows := self._rows_in_order()):
            give_keyboard(next((row for row in rows if row.model.on_shelf), rows[0]))
            self._was_entered = True

    def _remove_rows(self, names: Set[str]) -> None:
        """A row that had the keyboard hands it to the one below it, or else above."""
        for name in names:
            row, rows = self.rows.pop(name), self._rows_in_order()
            if self.focusWidget() in row.tab_stops():
                below_or_above = [*rows[rows.index(row) + 1 :], *reversed(rows[: rows.index(row)]), self.add]
                give_keyboard(below_or_above[0])
            if row is self._current:
                self._current = None
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()

    def _put_in_order(
        self, coming: Sequence[ListedModel], here: Sequence[ListedModel], to_fetch: Sequence[ListedModel]
    ) -> None:
        rows: list[QWidget] = [self._coming, *map(self._row, coming)] if coming else []
        rows += [self._here, *map(self._row, here)]
        if not here:
            rows.append(self._nothing)
        rows += [self._to_fetch, *map(self._row, to_fetch)] if to_fetch else []
        for widget in (*self._headings, self._nothing):
            widget.setVisible(widget in rows)
        if rows == self._widgets():
            return
        focused = self.focusWidget()
        while self._list.count():
            self._list.takeAt(0)
        for row in rows:
            self._list.addWidget(row)
        self._list.addStretch(1)
        for before, after in pairwise(self._tab_stops()):
            QWidget.setTabOrder(before, after)
        if self._current is None and self._rows_in_order():
            self._make_current(self._rows_in_order()[0])
        if focused is not None and self._inside.isAncestorOf(focused):
            give_keyboard(focused)
            QTimer.singleShot(0, self, self._show_current)  # it may have come to another place

    def _make_current(self, current: ModelRow) -> None:
        """The list is one stop of the Tab key, with the buttons of one row; the arrows go from row to row."""
        self._current = current
        for row in self.rows.values():
            row.set_current(row is current)

    def _show_current(self) -> None:
        if self._current is not None:
            self.area.ensureWidgetVisible(self._current, 0, 0)

    def _tab_stops(self) -> list[QWidget]:
        stops = [stop for row in self._rows_in_order() for stop in row.tab_stops()]
        return [*stops, self.add, self.move_button, self.hub_button, self.close_button]

    def _rows_in_order(self) -> list[ModelRow]:
        return [widget for widget in self._widgets() if isinstance(widget, ModelRow)]

    def _widgets(self) -> list[QWidget]:
        """Return what is in the list, from top to bottom."""
        items = [self._list.itemAt(at) for at in range(self._list.count())]
        return [widget for item in items if item is not None and (widget := item.widget()) is not None]

    def _row(self, model: ListedModel) -> ModelRow:
        row = self.rows.get(model.name)
        if row is None:
            row = self.rows[model.name] = ModelRow(model, self._inside)
            row.wanted.connect(self._on_wanted)
            row.left.connect(partial(self._on_left, row))
            row.entered.connect(partial(self._on_entered, row))
        else:
            row.show_model(model)
        return row

    def _listed(self, survey: Survey) -> list[list[ListedModel]]:
        """Return the models that are on their way or came half, those that are here, and those that could be."""
        on_shelf = {model.name: model for model in survey.here}
        tasks = self._refused | {task.name: task for task in self._work.tasks() if task.what != "move"}
        tasks = {name: task for name, task in tasks.items() if not _is_known(task, on_shelf.get(name))}
        why_proposed = model_wording.why_proposed(survey.instead_of, survey.pace)

        def listed(name: str) -> ListedModel:
            there = on_shelf.get(name)
            return ListedModel(
                name,
                survey.published.get(name),
                there,
                survey.fits.get(name),
                tasks.get(name),
                is_chosen=name == self._settings.model and there is not None,
                is_proposed=name == survey.proposed,
                why_proposed=why_proposed if name == survey.proposed else "",
            )

        coming = [name for name in tasks if name not in on_shelf]
        to_fetch = [name for name in survey.published if name not in on_shelf and name not in tasks]
        to_fetch.sort(key=lambda name: name != survey.proposed)  # it comes first, the others stay in their order
        return [[listed(name) for name in names] for names in (coming, [*on_shelf], to_fetch)]

    def _show_folder(self) -> None:
        survey = self._survey
        if survey is not None and not self._folder_bar.isVisibleTo(self):
            self.folder_line.setText(model_wording.models_are_in(shown(survey.folder), survey.free))
        (colours.warn if survey and survey.free is None else colours.stand_back)(self.folder_line)
        colours.stand_back(self._about)
        colours.stand_back(self._nothing)
        colours.warn(self.folder_trouble)

    # --- what happens ---

    def _on_task_changed(self, task: ModelTask) -> None:
        if task.what == "move":
            self._show_move(task)
            return
        self._refused.pop(task.name, None)
        row = self.rows.get(task.name)
        if row is None or row.model.task is None:
            self._show()  # it has another place in the list now
        else:
            row.show_model(msgspec.structs.replace(row.model, task=task))

    def _on_task_ended(self, task: ModelTask) -> None:
        if task.what == "move":
            self._show_move(task, is_over=True)
            self._show_folder()
            return
        if task.failed is not None and not task.cancelled and task not in self._work.tasks():
            self._refused[task.name] = task
        else:
            self._refused.pop(task.name, None)
        self._show()

    def _show_move(self, task: ModelTask, is_over: bool = False) -> None:
        self._folder_bar.setVisible(not is_over)
        self._folder_bar.setRange(0, FINE if task.total else 0)
        self._folder_bar.setValue(FINE * task.done // task.total if task.total else 0)
        self.move_button.setEnabled(is_over)
        if not is_over:
            self.folder_line.setText(model_wording.progress_of(task))
        self.folder_trouble.setText(model_wording.trouble(task.failed, "") if task.failed else "")
        self.folder_trouble.setVisible(task.failed is not None)

    # --- what the user does ---

    def _on_wanted(self, what: str, name: str) -> None:
        {
            "fetch": self._work.fetch,
            "pause": self._work.pause,
            "resume": self._work.resume,
            "cancel": self._work.cancel,
            "use": self.use_pressed.emit,
            "verify": self._work.verify,
            "repair": self._work.repair,
            "remove": self._on_remove,
            "retry": self._retry,
            "put_away": self._put_away,
            "give_up": self._put_away,
            "token": self._ask_for_token,
        }[what](name)

    def _retry(self, name: str) -> None:
        refused = self._refused.pop(name, None)
        if refused is None:
            self._work.retry(name)
        elif refused.what == "remove":
            self._work.remove(name)
        elif refused.what == "fetch":
            self._work.repair(name)
        self._show()

    def _put_away(self, name: str) -> None:
        """What could not be done was read. What has come of a download that failed goes."""
        self._refused.pop(name, None)
        self._work.cancel(name)
        self._show()

    def _on_left(self, row: ModelRow, steps: int) -> None:
        rows = self._rows_in_order()
        at = min(max(0, rows.index(row) + steps), len(rows) - 1)
        rows[at].setFocus(Qt.FocusReason.TabFocusReason)

    def _on_entered(self, row: ModelRow) -> None:
        self._make_current(row)
        self._show_current()

    def _on_remove(self, name: str) -> None:
        self._refused.pop(name, None)
        self._show()
        self._work.if_not_needed(name, partial(self._ask_whether_to_remove, name))

    def _ask_whether_to_remove(self, name: str) -> None:
        model = self.rows[name].model if name in self.rows else None
        if model is None or model.on_shelf is None:
            return  # it went while that was looked up
        question = model_wording.whether_to_remove(name, model.on_shelf.size_bytes, model.can_be_fetched)
        box = QMessageBox(
            QMessageBox.Icon.Question,
            model_wording.remove_title(name),
            question,
            QMessageBox.StandardButton.NoButton,
            self,
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        remove = box.addButton(model_wording.REMOVE_IT, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(model_wording.KEEP_IT, QMessageBox.ButtonRole.RejectRole))
        remove.clicked.connect(lambda: self._work.remove(name))
        box.open()

    def _ask_for_token(self, name: str) -> None:
        dialog = TokenDialog(name, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.given.connect(partial(self._fetch_with, name))
        dialog.open()

    def _fetch_with(self, name: str, token: str, keep: bool) -> None:
        if keep:
            self._work.keep_token(token)
        self._work.retry(name, token)

    def _on_add_folder(self) -> None:
        self._choose_file(model_wording.FROM_FOLDER_TITLE, QFileDialog.FileMode.Directory)

    def _on_add_zip(self) -> None:
        self._choose_file(model_wording.FROM_ZIP_TITLE, QFileDialog.FileMode.ExistingFile)

    def _choose_file(self, title: str, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.setDirectory(self._settings.open_folder or str(Path.home()))
        if mode is QFileDialog.FileMode.ExistingFile:
            dialog.setNameFilters([f"{model_wording.ZIP_FILES} (*.zip)"])
        dialog.fileSelected.connect(lambda chosen: self._work.take_in(Path(chosen)))
        dialog.open()

    def _on_add_by_name(self) -> None:
        dialog = ByNameDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.given.connect(partial(self._work.fetch, ""))
        dialog.open()

    def _on_move(self) -> None:
        dialog = QFileDialog(self, model_wording.MOVE_TITLE)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setDirectory(str(Path.home()))
        dialog.fileSelected.connect(lambda chosen: self._work.move(Path(chosen)))
        dialog.open()

    def _on_hub(self) -> None:
        dialog = HubDialog(self._settings, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.token_given.connect(self._work.keep_token)
        dialog.forget_pressed.connect(partial(self._work.keep_token, ""))
        dialog.open()

    # --- as Qt calls ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.spoken.show_languages()
        self.say("")
        self.survey_wanted.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            given_files.accept(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        given_files.accept(event)

    def dropEvent(self, event: QDropEvent) -> None:
        given_files.accept(event)
        given = given_files.given_in(event.mimeData())
        if given.files:
            self.dropped.emit(given.files)
        if given.others:
            self.say(wording.left_out(given.others) if given.files else wording.NOT_LOCAL)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "folder_trouble"):
            self._show_folder()


def _is_known(task: ModelTask, model: ShelfModel | None) -> bool:
    """It failed because the model is damaged, and the model says so by itself."""
    failed = task.failed is not None and task.failed.kind is ModelTrouble.DAMAGED
    return failed and task.what == "verify" and model is not None and bool(model.damaged)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setContentsMargins(14, 12, 12, 4)
    font = label.font()
    font.setWeight(font.Weight.DemiBold)
    font.setPointSizeF(font.pointSizeF() * 1.15)
    label.setFont(font)
    label.setFrameShape(QFrame.Shape.NoFrame)
    return label
