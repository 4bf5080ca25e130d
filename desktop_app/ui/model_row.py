"""One model in the list of models: what it is good for, how it would do here, what is being done about it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop_app.messages import ModelTrouble
from desktop_app.models.catalogue import PublishedModel
from desktop_app.models.fit import Fit
from desktop_app.models.shelf import ShelfModel
from desktop_app.ui import colours, model_wording
from desktop_app.work.model_work import ModelTask

FINE = 1000  # steps of the progress bar
LONG = 32  # letters of a name that fit beside the buttons
ASK_FOR_TOKEN = (ModelTrouble.TOKEN_NEEDED, ModelTrouble.NOT_ALLOWED)
PRESS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
ALL_THE_WAY = 1_000_000  # more rows than there are
STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: 5,
    Qt.Key.Key_PageUp: -5,
    Qt.Key.Key_Home: -ALL_THE_WAY,
    Qt.Key.Key_End: ALL_THE_WAY,
}

LABELS = {
    "fetch": model_wording.DOWNLOAD,
    "pause": model_wording.PAUSE_DOWNLOAD,
    "resume": model_wording.RESUME_DOWNLOAD,
    "cancel": model_wording.CANCEL_TASK,
    "use": model_wording.USE_MODEL,
    "verify": model_wording.CHECK_MODEL,
    "repair": model_wording.REPAIR_MODEL,
    "remove": model_wording.REMOVE_MODEL,
    "retry": model_wording.TRY_AGAIN,
    "put_away": model_wording.PUT_AWAY,
    "give_up": model_wording.CANCEL_TASK,
    "token": model_wording.GIVE_TOKEN,
}


class ListedModel(msgspec.Struct, frozen=True):
    """What is known of a model that is here, or that could be."""

    name: str
    published: PublishedModel | None = None
    on_shelf: ShelfModel | None = None
    fit: Fit | None = None  # None: this computer was not measured yet
    task: ModelTask | None = None  # what is being done about it, or what could not be done last
    is_chosen: bool = False  # for the next recording
    is_proposed: bool = False
    why_proposed: str = ""  # a sentence, where the advice has changed

    @property
    def is_busy(self) -> bool:
        return self.task is not None and self.task.failed is None

    def buttons(self) -> Sequence[str]:
        """Return what can be done about it now; the first is what one most likely wants."""
        if self.task is not None and not self.is_needed:
            return _while(self.task)
        if self.on_shelf is None:
            return ["fetch"]
        away = ["put_away"] if self.is_needed else []
        removing = [] if self.on_shelf.read_only else ["remove"]
        if self.on_shelf.damaged:
            return [*(["repair"] if self.can_be_fetched else []), *removing, *away]
        return [*([] if self.is_chosen else ["use"]), "verify", *removing, *away]

    @property
    def is_needed(self) -> bool:
        """It was to be removed, and a recording needs it: it is as good as before."""
        failed = self.task.failed if self.task is not None and self.task.what == "remove" else None
        return failed is not None and failed.kind is ModelTrouble.IN_USE and self.on_shelf is not None

    @property
    def origin(self) -> str:
        """Return the repository of a model that is not published under its name; empty if it came from a file."""
        if self.published is not None:
            return ""
        return (self.on_shelf.repo if self.on_shelf else "") or (self.task.repo if self.task else "")

    @property
    def can_be_fetched(self) -> bool:
        return self.published is not None or (self.on_shelf is not None and bool(self.on_shelf.repo))


def _while(task: ModelTask) -> Sequence[str]:
    if task.failed is not None:
        asks_for_token = task.what == "fetch" and task.failed.kind in ASK_FOR_TOKEN
        damaged = task.what == "verify" and task.failed.kind is ModelTrouble.DAMAGED
        again = [] if task.failed.kind is ModelTrouble.READ_ONLY or damaged else ["retry"]
        away = "give_up" if task.what == "fetch" else "put_away"
        return [*(["token"] if asks_for_token else []), *again, away]
    if task.what == "fetch":
        return ["resume" if task.paused else "pause", "cancel"]
    return ["cancel"] if task.what in ("take_in", "verify") else []


class _Button(QPushButton):
    """entered(): it has the keyboard now. The keys that go to another row are left to its own row."""

    entered = Signal()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in STEPS:
            event.ignore()
        else:
            super().keyPressEvent(event)


class ModelRow(QFrame):
    """wanted(what, name): a button was pressed; `what` is a key of LABELS.
    left(steps): the arrow keys go to another row.
    entered(): it or one of its buttons has the keyboard now.
    """

    wanted = Signal(str, str)
    left = Signal(int)
    entered = Signal()

    def __init__(self, model: ListedModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.buttons: dict[str, QPushButton] = {}
        self._is_current = False  # the one row of all that the Tab key comes to
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._name, self._badge, self._good_for, self._facts = (_label() for _ in range(4))
        font = QFont(self._name.font())
        font.setWeight(QFont.Weight.DemiBold)
        self._name.setFont(font)
        self._badge.setWordWrap(False)
        self._name.setWordWrap(len(model.name) > LONG)
        self._trouble, self._progress = _label(), _label()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self._lay_out()
        self.show_model(model)

    def _lay_out(self) -> None:
        title = QHBoxLayout()
        title.setSpacing(10)
        title.addWidget(self._name, 1 if self._name.wordWrap() else 0)
        title.addWidget(self._badge)
        title.addStretch(0 if self._name.wordWrap() else 1)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addLayout(title)
        for widget in (self._good_for, self._facts, self.bar, self._progress, self._trouble):
            words.addWidget(widget)
        self._row_of_buttons = QHBoxLayout()
        self._row_of_buttons.setSpacing(6)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 12, 10)
        row.setSpacing(12)
        row.addLayout(words, 1)
        row.addLayout(self._row_of_buttons)

    def show_model(self, model: ListedModel) -> None:
        """Show what is known now; the button that has the keyboard keeps it if it is still there."""
        self.model = model
        self._name.setText(_breakable(model.name))
        self._badge.setText(_badge(model))
        self._badge.setVisible(bool(_badge(model)))
        self._good_for.setText(" ".join(filter(None, [model_wording.good_for(model.name), model.why_proposed])))
        self._good_for.setVisible(not model.is_busy or model.published is not None)
        self._facts.setText(_facts(model))
        self._facts.setVisible(bool(_facts(model)))
        self._show_task(model.task)
        self._show_buttons(model.buttons())
        self.setAccessibleName(f"{model.name}, {_state(model)}")
        self.setAccessibleDescription(" ".join(filter(None, [self._good_for.text(), self._facts.text()])))
        self._colour()

    def _show_task(self, task: ModelTask | None) -> None:
        busy = task is not None and task.failed is None
        self.bar.setVisible(busy)
        self._progress.setVisible(busy)
        if task is not None and busy:
            known = bool(task.total) or task.paused or task.waiting
            self.bar.setRange(0, FINE if known else 0)
            self.bar.setValue(FINE * task.done // task.total if task.total else 0)
            self._progress.setText(model_wording.progress_of(task))
            self.bar.setAccessibleName(self._progress.text())
        self._trouble.setText(_trouble(self.model))
        self._trouble.setVisible(bool(self._trouble.text()))

    def _show_buttons(self, wanted: Sequence[str]) -> None:
        if list(self.buttons) == list(wanted):
            return
        before, focused = self.buttons, self.window().focusWidget()
        pressed = next((what for what, button in before.items() if button is focused), None)
        self.buttons = {what: self._button(what) for what in wanted}
        self.set_current(self._is_current)
        for one, next_one in pairwise(self.tab_stops()):
            QWidget.setTabOrder(one, next_one)
        if pressed is not None or self.hasFocus():
            QTimer.singleShot(0, self, self.entered.emit)  # it may be higher now, and reach out of sight
        if pressed is not None:
            give_keyboard(self.buttons.get(pressed, self.tab_stops()[:2][-1]))
        for button in before.values():
            self._row_of_buttons.removeWidget(button)
            button.hide()
            button.deleteLater()

    def set_current(self, is_current: bool) -> None:
        """Have the Tab key come to the row and its buttons, or go past them."""
        self._is_current = is_current
        policy = Qt.FocusPolicy.StrongFocus if is_current else Qt.FocusPolicy.ClickFocus
        for widget in self.tab_stops():
            widget.setFocusPolicy(policy)

    def tab_stops(self) -> list[QWidget]:
        """Return what the Tab key comes to, in order: the row itself, then its buttons."""
        return [self, *self.buttons.values()]

    def _button(self, what: str) -> QPushButton:
        button = _Button(LABELS[what], self)
        button.setAccessibleName(model_wording.button_for(LABELS[what], self.model.name))
        button.setAutoDefault(False)
        button.entered.connect(self.entered)
        button.clicked.connect(lambda: self.wanted.emit(what, self.model.name))
        self._row_of_buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        button.show()  # at once, so that it can be given the keyboard
        return button

    def _colour(self) -> None:
        for label in (self._facts, self._progress):
            colours.stand_back(label)
        colours.praise(self._badge)
        colours.warn(self._trouble)

    # --- as Qt calls ---

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "bar"):
            self._colour()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is not None:
            self.left.emit(step)
        elif event.key() in PRESS and self.hasFocus() and self.buttons:
            next(iter(self.buttons.values())).click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent(self.palette()), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 6, 6)
        painter.setPen(colours.line(self.palette()))
        painter.drawLine(self.rect().bottomLeft(), self.rect().bottomRight())
        painter.end()


def give_keyboard(widget: QWidget) -> None:
    """Have the keyboard here, and go on showing where it is if that was to be seen before."""
    is_shown = widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
    widget.setFocus()
    widget.window().setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange, is_shown)  # Qt takes it away


def _breakable(name: str) -> str:
    """Return the name with places where a line may end, invisible, if it is longer than a line may be."""
    return "\u200b".join(name[at : at + LONG] for at in range(0, len(name), LONG))


def _badge(model: ListedModel) -> str:
    if model.is_chosen:
        return model_wording.CHOSEN_MODEL
    return model_wording.PROPOSED_MODEL if model.is_proposed else ""


def _facts(model: ListedModel) -> str:
    """Return where it is from, languages, size, and how it would do here, in one line."""
    parts = [model.origin] if model.origin else []
    if model.published is not None:
        parts.append(model_wording.languages(not model.published.multilingual))
    elif model.on_shelf is not None:
        parts.append(model_wording.languages(model.on_shelf.languages == "english"))
    size_bytes = model.on_shelf.size_bytes if model.on_shelf else model.published.size_bytes if model.published else 0
    if size_bytes:
        parts.append(model_wording.size(size_bytes))
    if model.fit is not None:
        parts.append(model_wording.how_it_runs(model.fit))
    if model.on_shelf is not None and model.on_shelf.read_only:
        parts.append(model_wording.CAME_WITH_PROGRAM)
    return " · ".join(parts)


def _trouble(model: ListedModel) -> str:
    if model.task is not None and model.task.failed is not None:
        return model_wording.trouble(model.task.failed, model.name, model.task.what, model.can_be_fetched)
    if model.task is None and model.on_shelf is not None and model.on_shelf.damaged:
        return model_wording.damaged(model.can_be_fetched)
    return ""


def _state(model: ListedModel) -> str:
    """Return in words, for a screen reader, what is to be seen of the row at a glance."""
    if model.is_busy and model.task is not None:
        return model_wording.progress_of(model.task)
    if trouble := _trouble(model):
        return trouble
    return ", ".join(filter(None, [_badge(model), model_wording.is_here(model.on_shelf is not None)]))


def _label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
