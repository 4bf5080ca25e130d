"""What the user can do with the jobs that wait or run: pause, reorder, choose their time and their end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, Protocol, TypeVar

import msgspec
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar, QWidget

from desktop_app import settings
from desktop_app.messages import Failure, Segment
from desktop_app.models import shelf
from desktop_app.models.shelf import ShelfModel
from desktop_app.transcripts.transcript import UNENDED, Job, JobState
from desktop_app.ui import wording
from desktop_app.ui.farewell import Farewell
from desktop_app.ui.job_list import JobListView
from desktop_app.ui.job_options import JobOptionsDialog
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import Hold, JobQueue
from desktop_app.work.schedule import AfterAll, When
from desktop_app.work.steward import Steward

Name = TypeVar("Name", bound=str)


class MakeAction(Protocol):
    def __call__(self, text: str, slot: Callable[[], object], shortcut: str | None = None, icon: str = "") -> QAction:
        """Return an action as the window makes them."""


class QueueActions(QObject):
    """The actions, and when each of them makes sense.

    said(sentence): something to tell the user in passing.
    resumed(jobs): another program had left them; they wait for this one now.
    """

    said = Signal(str)
    resumed = Signal(object)

    def __init__(
        self,
        queue: JobQueue,
        history: HistoryThread,
        steward: Steward,
        chosen: settings.Settings,
        make: MakeAction,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._queue = queue
        self._history = history
        self._steward = steward
        self._settings = chosen
        self._window = window
        self._list: JobListView | None = None
        self.elsewhere: Callable[[int], Literal["", "worked on", "left"]] = lambda _: (
            ""
        )  # by another program, by its id
        self.pause_goes_on = False  # what `pause` would do to the chosen jobs
        self._make_actions(make)
        self.whens = self._choices(make, wording.WHENS, chosen.when, self._on_when)
        self.after_alls = self._choices(make, wording.AFTER_ALLS, chosen.after_all, self._on_after_all)
        queue.held_changed.connect(self._show_hold)
        steward.about_to.connect(self._on_about_to)
        steward.choose(When(chosen.when))
        steward.after_all = AfterAll(chosen.after_all)
        if chosen.paused:
            queue.hold(Hold.USER)

    def _make_actions(self, make: MakeAction) -> None:
        self.pause = make(wording.PAUSE, self._on_pause, "Ctrl+Shift+P", "pause")
        self.run_next = make(wording.RUN_NEXT, self._on_run_next, "Ctrl+Shift+N")
        self.earlier = make(wording.EARLIER, partial(self._on_shift, -1), "Alt+Up")
        self.later = make(wording.LATER, partial(self._on_shift, 1), "Alt+Down")
        self.change_options = make(wording.CHANGE_OPTIONS, self._on_change_options, "Alt+Return", "settings")
        self.gaps_again = make(wording.GAPS_AGAIN, self._on_gaps_again)
        self.pause_queue = make(wording.PAUSE_QUEUE, self._on_pause_queue, "Ctrl+P", "pause")
        self.pause_queue.setCheckable(True)
        for action in (self.earlier, self.later):  # elsewhere these keys may mean something else
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def _choices(
        self, make: MakeAction, labels: dict[Name, str], chosen: Name, slot: Callable[[Name], None]
    ) -> dict[Name, QAction]:
        """Return an action for each of several choices, of which one is always taken."""
        group = QActionGroup(self)
        actions = {name: make(label, partial(slot, name)) for name, label in labels.items()}
        for name, action in actions.items():
            action.setCheckable(True)
            action.setChecked(name == chosen)
            group.addAction(action)
        return actions

    def of_a_job(self) -> list[QAction]:
        return [self.pause, self.run_next, self.earlier, self.later, self.change_options, self.gaps_again]

    def add_menu(self, bar: QMenuBar) -> None:
        """Add what concerns the whole queue."""
        menu = bar.addMenu(wording.MENUS["queue"])
        menu.addAction(self.pause_queue)
        menu.addSeparator()
        _submenu(menu, wording.WHEN, self.whens)
        _submenu(menu, wording.AFTER_ALL, self.after_alls)

    def serve(self, view: JobListView) -> None:
        """Act on what is chosen in this list from now on."""
        self._list = view
        view.dropped_on.connect(self._on_dropped_on)

    def allow(self) -> None:
        """Enable what makes sense for the jobs that are chosen."""
        view = self._view()
        job = view.chosen() if view.chosen_count() == 1 else None  # what is done to one only
        waits = view.any_chosen(lambda job: self._steward.line.number_of(job.id) is not None)
        can_pause = view.any_chosen(self._can_pause)
        self.pause_goes_on = not can_pause and view.any_chosen(self._can_go_on)
        self.pause.setEnabled(can_pause or self.pause_goes_on)
        for action in (self.run_next, self.earlier, self.later):
            action.setEnabled(waits)
        self.change_options.setEnabled(job is not None and _can_be_changed(job))
        self.gaps_again.setEnabled(job is not None and _has_gaps(job))

    def way_out(self) -> tuple[str, QAction] | None:
        """Return what ends what holds the queue, if the user can: the label of a button, and what it triggers."""
        if Hold.UPDATED in self._queue.held:
            return None
        if Hold.USER in self._queue.held:
            return wording.RESUME_QUEUE, self.pause_queue
        return (wording.START_NOW, self.whens["now"]) if self.why_nothing_runs() else None

    def why_nothing_runs(self) -> str:
        """Return a sentence on what holds the queue, if something does and is to be told."""
        if Hold.UPDATED in self._queue.held:
            return wording.UPDATED
        if Hold.USER in self._queue.held:
            return wording.QUEUE_PAUSED
        hindrance = self._steward.hindrance
        if Hold.SCHEDULE in self._queue.held and hindrance is not None and len(self._steward.line):
            return wording.waits(hindrance)
        return ""

    # --- what the user does with jobs ---

    def _on_pause(self) -> None:
        self._view().ask_all_ours(self._pause_or_go_on)

    def _pause_or_go_on(self, jobs: Sequence[Job]) -> None:
        """Pause what runs or waits; if nothing does, go on with what was stopped, the oldest first."""
        to_pause = [job for job in jobs if self._can_pause(job)]
        for job in to_pause:
            self._queue.pause(job.id)
        for job in reversed(jobs if not to_pause else []):
            if self.elsewhere(job.id) == "left":
                self._queue.resume([job.id], self.resumed.emit)
            elif self._can_go_on(job):
                self._queue.go_on(job.id)

    def _can_pause(self, job: Job) -> bool:
        return job.state in UNENDED and not self.elsewhere(job.id)

    def _can_go_on(self, job: Job) -> bool:
        return _can_go_on(job) or (job.state in UNENDED and self.elsewhere(job.id) == "left")

    def _on_run_next(self) -> None:
        def put_first(jobs: Sequence[Job]) -> None:
            number_of = self._steward.line.number_of
            for job in sorted(jobs, key=lambda job: number_of(job.id) or 0, reverse=True):
                self._queue.run_next(job.id)  # the last one put there comes first: they keep their order

        self._view().ask_all_chosen(put_first)

    def _on_shift(self, by: int) -> None:
        self._view().ask_all_chosen(lambda jobs: self._steward.line.shift([job.id for job in jobs], by))

    def _on_dropped_on(self, target: int) -> None:
        line = self._steward.line
        number = line.number_of(target)

        def put(jobs: Sequence[Job]) -> None:
            moved = [job for job in jobs if line.number_of(job.id) is not None and job.id != target]
            if moved and number is not None:
                line.put_at([job.id for job in moved], target)
                self.said.emit(wording.now_in_line([job.name for job in moved], number))

        self._view().ask_all_chosen(put)

    def _on_change_options(self) -> None:
        job = self._view().chosen()
        if job is not None:
            self._history.files.ask(shelf.installed, partial(self._ask_for_options, job))

    def _ask_for_options(self, job: Job, models: Sequence[ShelfModel]) -> None:
        dialog = JobOptionsDialog(job, models, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda options: self._queue.change_options(job.id, options))
        dialog.open()

    def _on_gaps_again(self) -> None:
        job = self._view().chosen()
        if job is not None:
            self._history.ask(
                lambda history: history.skipped(job.id),
                partial(self._add_gaps, job),
            )

    def _add_gaps(self, job: Job, gaps: Sequence[Segment]) -> None:
        for gap in gaps:
            self._queue.add([job.path], msgspec.structs.replace(job.options, begin=gap.start, end=gap.end))
        self.said.emit(wording.gaps_queued(len(gaps)))

    # --- what the user does with the queue ---

    def _on_pause_queue(self) -> None:
        self._settings.paused = self.pause_queue.isChecked()
        if self._settings.paused:
            self._queue.hold(Hold.USER)
        else:
            self._queue.release(Hold.USER)

    def _show_hold(self) -> None:
        self.pause_queue.setChecked(Hold.USER in self._queue.held)

    def _on_when(self, name: settings.When) -> None:
        self._settings.when = name
        self._steward.choose(When(name))

    def _on_after_all(self, name: settings.AfterAll) -> None:
        self._settings.after_all = name
        self._steward.after_all = AfterAll(name)

    def _on_about_to(self, after_all: AfterAll) -> None:
        box = Farewell(after_all.value, self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._steward.called_off.connect(box.close_quietly)
        box.due.connect(self._on_due)
        box.rejected.connect(self._steward.forget)
        box.finished.connect(self._forget_after_all)
        box.open()
        QApplication.alert(self._window)

    def _on_due(self) -> None:
        if not self._steward.carry_out():
            self.said.emit(wording.NOT_OBEYED)

    def _forget_after_all(self) -> None:
        """It holds for one time only."""
        self._settings.after_all = "nothing"
        self.after_alls["nothing"].setChecked(True)

    def _view(self) -> JobListView:
        assert self._list is not None
        return self._list


def _submenu(menu: QMenu, title: str, choices: Mapping[Name, QAction]) -> None:
    inner = menu.addMenu(title)
    for action in choices.values():
        inner.addAction(action)


def _can_go_on(job: Job) -> bool:
    """It was stopped on the way, and its beginning is there still."""
    if job.state is JobState.PAUSED:
        return True
    stopped = job.state in (JobState.CANCELLED, JobState.FAILED) and job.failure is not Failure.FILE_CHANGED
    return stopped and (job.position > 0 or job.failure is Failure.INTERRUPTED)


def _can_be_changed(job: Job) -> bool:
    return job.state in (JobState.QUEUED, JobState.PAUSED) and not job.position


def _has_gaps(job: Job) -> bool:
    return job.state not in UNENDED and any(step.what == "skip" for step in job.steps)
