"""The window: arranges its panes and joins what the user does to the queue."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
from PySide6.QtCore import QByteArray, QEvent, QMimeData, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QMainWindow,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app import messages, paths
from desktop_app.messages import Stage
from desktop_app.models.errors import ModelBroken
from desktop_app.settings import Appearance, Settings
from desktop_app.transcripts import export
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import ENDED, Job, JobState, Output, Step, shown
from desktop_app.ui import appearance, colours, given_files, icons, wording
from desktop_app.ui.about import About
from desktop_app.ui.bottom_line import BottomLine
from desktop_app.ui.dialog import bounded_to_screen
from desktop_app.ui.dictation import Dictation
from desktop_app.ui.drop_frame import DropFrame
from desktop_app.ui.empty_state import EmptyState
from desktop_app.ui.export_dialog import ExportDialog
from desktop_app.ui.first_start import FirstStart
from desktop_app.ui.help_actions import HelpActions
from desktop_app.ui.job_list import JobList, JobListView
from desktop_app.ui.library_actions import LibraryActions
from desktop_app.ui.model_actions import ModelActions, Models
from desktop_app.ui.model_survey import Survey
from desktop_app.ui.notices import Notices
from desktop_app.ui.options_bar import OptionsBar
from desktop_app.ui.queue_actions import QueueActions
from desktop_app.ui.queue_bar import QueueBar
from desktop_app.ui.recording_actions import RecordingActions, Sound
from desktop_app.ui.reveal import reveal
from desktop_app.ui.scroll_area import ScrollingBar, VerticalScrollArea
from desktop_app.ui.transcript_pane import TranscriptPane
from desktop_app.ui.update_actions import UpdateActions
from desktop_app.ui.wheel_guard import WheelGuard
from desktop_app.work.batch import Batch, BatchDone
from desktop_app.work.crash_reports import newest
from desktop_app.work.elsewhere import Elsewhere
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import Hold, JobProgress, JobQueue
from desktop_app.work.media_files import OFFERED
from desktop_app.work.outputs import Exported, export_jobs
from desktop_app.work.steward import Steward
from desktop_app.work.update_work import UpdateWork

log = logging.getLogger(__name__)

SIZE = QSize(1080, 700)
LIST_AND_TRANSCRIPT = (1, 2)  # shares of the width
SAID_MS = 8000
KEPT_TO_UNDO = 50  # removals of earlier days that Undo still reaches


class MainWindow(QMainWindow):
    """closing(): the user closes the window; what runs is to be ended.

    The window asks the queue and the history for everything and waits for neither.
    """

    closing = Signal()

    def __init__(
        self,
        queue: JobQueue,
        history: HistoryThread,
        settings: Settings,
        steward: Steward,
        sound: Sound,
        models: Models,
        updates: UpdateWork,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        WheelGuard(self)
        self._queue = queue
        self._history = history
        self._settings = settings
        self._steward = steward
        self._sound = sound
        self._models = models
        self._updates = updates
        self._model_said = ""  # how the model is
        self._storage_said = ""  # why the library cannot be written, if that holds the queue
        self._notices = Notices(self)
        self._batch = Batch(queue, steward.line, self)
        self._all_done_said = ""  # how the last batch ended, until the next one begins
        self._stage = Stage.STARTING  # of the running job
        self.elsewhere = Elsewhere(history, queue.ownership, self)
        self._last_removed: list[list[int]] = []  # what was removed together, the last at the end
        self._to_choose: list[int] = []  # jobs that were just added or brought back, once the list has their rows
        self._percent: int | None = None
        self._may_close = False
        self._warmed_up: tuple[str, str, str, int] | None = None  # the model that was asked for last
        self._is_freed = False  # the memory was given back, and nobody has needed it since
        self._cannot_load = False  # the chosen model cannot be found or is damaged
        self._icons: dict[QAction, str] = {}
        self._first_start: FirstStart | None = None  # its page, while it is there
        self._overflow: QToolButton | None = None  # of the tool bar
        self._first_page: QWidget | None = None  # what that scrolls in

        self.setWindowTitle(wording.APPLICATION)
        self.setWindowIcon(icons.application_icon())
        self.setAcceptDrops(True)
        self.options = OptionsBar(settings)
        self._make_actions()
        self._make_menus()
        self._make_panes()
        self._make_status_bar()
        self._drop_frame = DropFrame(self)
        self._paint_icons()
        self._join()
        self._restore_geometry()
        if not settings.welcomed:
            self._first_start = self.models.welcome()
            self._first_start.offer((self.open_files, self.recording.record, self.try_it))
            self._first_page = VerticalScrollArea(self._first_start)
            self._pages.addWidget(self._first_page)
        self._on_rows_changed()
        self._on_chosen()

    # --- for the outside ---

    def add_files(self, files: Sequence[Path]) -> None:
        """Queue files or folders with the options now chosen."""
        if files:
            self._queue.add(files, self.options.options(), self._on_added, first_on_top=True)
            self.options.forget_range()

    def come_forward(self) -> None:
        """Show the window on top, where the system lets it."""
        self.setWindowState((self.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive)
        self.show()
        self.raise_()
        self.activateWindow()

    @property
    def is_recording(self) -> bool:
        """Sound would be lost if the program ended now."""
        return self.recording.is_recording or self.dictation.is_listening

    def close_unasked(self) -> None:
        """Close without a question, though a job may run: it goes on when the program is started again."""
        self._may_close = True
        self.close()

    def warm_up(self) -> None:
        """Have the model loaded that the next job will want, and offer those there are."""
        self.models.look()
        self._history.ask(lambda history: history.removed(most=KEPT_TO_UNDO), self._learn_what_was_removed)
        self.offer_crash_report()
        self.recording.offer_unfinished()
        self.dictation.start()
        self.updates.start()
        self.elsewhere.start()
        self._load_chosen_model()

    def offer_crash_report(self) -> None:
        """Let the newest crash report be copied, if there is one."""
        self._history.files.ask(lambda: newest(paths.crashes()) is not None, self.copy_report.setEnabled)

    def say(self, sentence: str) -> None:
        """Say something in passing, at the bottom of the window."""
        self.statusBar().showMessage(sentence.replace("\n", " "), SAID_MS)

    def open_manual(self, topic: str, asker: QWidget) -> None:
        """Show a page of the manual in front of the dialog that asks for it."""
        self.help.open_manual(topic, asker)

    # --- making ---

    def _make_actions(self) -> None:
        keys = QKeySequence.StandardKey
        self.open_files = self._action(wording.OPEN, self._on_open, keys.Open, "open")
        self.paste_files = self._action(wording.PASTE_FILES, self._on_paste, keys.Paste)
        self.open_folder = self._action(wording.OPEN_FOLDER, self._on_open_folder, "Ctrl+Shift+O", "open")
        self.try_it = self._action(wording.TRY_IT, self._on_try_it, "Ctrl+T", "play")
        self.export = self._action(wording.EXPORT, self._on_export, "Ctrl+E", "export")
        self.library = LibraryActions(self._history, self._action, self)
        self.quit = self._action(wording.QUIT, self.close, keys.Quit)
        self.quit.setMenuRole(QAction.MenuRole.QuitRole)
        self.copy_all = self._action(wording.COPY_ALL, self._on_copy_all, "Ctrl+Shift+C", "copy")
        self.find_text = self._action(wording.FIND, lambda: self.transcript.find_bar.enter(), keys.Find, "search")
        to_check = self._go_to_doubtful
        self.next_to_check = self._action(wording.NEXT_TO_CHECK, partial(to_check, 1), "F8")
        self.previous_to_check = self._action(wording.PREVIOUS_TO_CHECK, partial(to_check, -1), "Shift+F8")
        self.undo_remove = self._action(wording.UNDO_REMOVE, self._on_undo_remove, keys.Undo)
        self.cancel = self._action(wording.CANCEL, self._on_cancel, "Esc", "cancel")
        self.retry = self._action(wording.RETRY, self._on_retry, "F5", "retry")
        self.remove = self._action(wording.REMOVE, self._on_remove, keys.Delete, "remove")
        self.work = QueueActions(self._queue, self._history, self._steward, self._settings, self._action, self)
        self.recording = RecordingActions(
            self._sound, self._queue, self._history, self._settings, self.options.options, self._action, self
        )
        self.dictation = Dictation(
            self._sound,
            self._queue,
            self._history,
            self._settings,
            self.options.options,
            lambda: self.recording.is_recording,
            self._action,
            self,
        )
        self.models = ModelActions(
            self._models, self._queue, self._history, self._settings, self.options, self._action, self
        )
        self.updates = UpdateActions(self._updates, self._settings, self._is_recording, self._action, self)
        for action in (self.cancel, self.remove):
            # In the list alone: nobody shall lose work by a key pressed elsewhere.
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.reveal = self._action(wording.REVEAL, self._on_reveal, "Ctrl+Shift+R", "reveal")
        self.about = self._action(wording.ABOUT, lambda: About(self).open())
        self.about.setMenuRole(QAction.MenuRole.AboutRole)
        self.help = HelpActions(self._history, self._settings, self._action, self.say, self)
        self.larger_text = self._action(wording.LARGER_TEXT, partial(self._on_text_size, 1))
        self.larger_text.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])  # one key on many keyboards
        self.smaller_text = self._action(wording.SMALLER_TEXT, partial(self._on_text_size, -1), "Ctrl+-")
        self.normal_text = self._action(wording.NORMAL_TEXT, partial(self._on_text_size, 0), "Ctrl+0")
        self.help.text_sizes = [self.larger_text, self.smaller_text, self.normal_text]
        self.show_logs = self._action(wording.SHOW_LOGS, self._on_show_logs)
        self.copy_report = self._action(wording.COPY_REPORT, self._on_copy_report)
        self.copy_report.setEnabled(False)

    def _action(
        self,
        text: str,
        slot: Callable[[], object],
        shortcut: QKeySequence.StandardKey | str | None = None,
        icon: str = "",
    ) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(lambda _checked=False: slot())
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        if icon:
            self._icons[action] = icon
        _show_key(action)
        return action

    def _make_menus(self) -> None:
        to_check = [self.next_to_check, self.previous_to_check]
        openers = [self.open_files, self.open_folder, self.paste_files, self.try_it]
        menus: dict[str, list[QAction | None]] = {
            "file": [*openers, None, self.export, None, *self.library.all(), None, self.quit],
            "edit": [self.undo_remove, None, self.copy_all, None, self.find_text, None, *to_check],
            "job": [*self.work.of_a_job(), None, self.cancel, self.retry, self.remove, None, self.reveal],
            "queue": [],
            "models": self.models.all(),
            "microphone": [*self.recording.all(), None, *self.dictation.all()],
            "view": [self.larger_text, self.smaller_text, self.normal_text, None, *self._appearance_actions()],
            "help": [
                *self.help.all(),
                None,
                *self.updates.all(),
                self.copy_report,
                self.show_logs,
                self.about,
            ],
        }
        for name, actions in menus.items():
            if name == "queue":
                self.work.add_menu(self.menuBar())
                continue
            menu = self.menuBar().addMenu(wording.MENUS[name])
            for action in actions:
                if action is None:
                    menu.addSeparator()
                else:
                    menu.addAction(action)

    def _appearance_actions(self) -> list[QAction | None]:
        group = QActionGroup(self)
        for name, scheme in wording.APPEARANCES.items():
            action = self._action(scheme, partial(self._on_appearance, name))
            action.setCheckable(True)
            action.setChecked(name == self._settings.appearance)
            group.addAction(action)
        return list(group.actions())

    def _make_panes(self) -> None:
        self.jobs = JobList(self._history, self)
        self.list = JobListView(self.jobs)
        self.list.addActions([*self.work.of_a_job(), self.cancel, self.retry, self.remove])
        self.list.addActions([self.reveal, self.copy_all, self.export])
        self.work.serve(self.list)
        self.jobs.number_of = self._steward.line.number_of
        self.jobs.is_held = self._is_held
        self.jobs.elsewhere = self.work.elsewhere = self._elsewhere_of
        self.transcript = TranscriptPane(self._history)
        self.transcript.text.show_in_size(self._settings.text_size)
        self.transcript.elsewhere = self._elsewhere_of
        self.transcript.why_no_text = self._why_no_text

        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.addWidget(self.list)
        self._splitter.addWidget(self.transcript)
        for pane, share in enumerate(LIST_AND_TRANSCRIPT):
            self._splitter.setStretchFactor(pane, share)
        self._splitter.setSizes([share * SIZE.width() // sum(LIST_AND_TRANSCRIPT) for share in LIST_AND_TRANSCRIPT])
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)

        self.empty = EmptyState(self.open_files, self.recording.record, self.try_it)
        self._pages = _Pages()
        self._empty_page = VerticalScrollArea(self.empty)
        self._pages.addWidget(self._empty_page)
        of_jobs = [self.open_files, self.recording.record, self.work.pause, self.cancel, self.retry, self.remove]
        of_text = [self.copy_all, self.export, self.find_text, self.reveal]
        self._work_page = _column(self._tool_bar(of_jobs, of_text), self._splitter)
        self._pages.addWidget(self._work_page)
        self._line_below_panel = _line()
        self._line_below_panel.hide()
        self.queue_bar = QueueBar()
        panel = ScrollingBar(self.recording.panel)
        above = (self.updates.bar, self.queue_bar, self.recording.unfinished, panel, self._line_below_panel)
        self.setCentralWidget(_column(*above, self._pages, _line(), ScrollingBar(self.options)))

    def _tool_bar(self, *groups: list[QAction]) -> QToolBar:
        bar = QToolBar()
        bar.setIconSize(QSize(20, 20))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for number, action in enumerate(action for group in groups for action in group):
            if number == len(groups[0]):
                bar.addSeparator()
            bar.addAction(action)
            button = bar.widgetForAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            _name_after(action, button)
            action.changed.connect(partial(_name_after, action, button))
        self._overflow = bar.findChild(QToolButton, "qt_toolbar_ext_button")  # what has no room is behind it
        if self._overflow is not None:
            self._overflow.setAccessibleName(wording.MORE_ACTIONS)
            self._overflow.setToolTip(wording.MORE_ACTIONS)
        return bar

    def _make_status_bar(self) -> None:
        bottom = BottomLine()
        self.setStatusBar(bottom)
        self._ready = bottom.standing
        bottom.addPermanentWidget(self.models.at_work)
        bottom.addPermanentWidget(self._ready)

    def _join(self) -> None:
        queue = self._queue
        queue.jobs_added.connect(self.jobs.add)
        queue.job_changed.connect(self._on_job_changed)
        queue.job_removed.connect(self._on_job_removed)
        queue.segments_added.connect(self.transcript.add_segments)
        queue.provisional.connect(self.transcript.show_provisional)
        queue.text_replaced.connect(self.transcript.reload)
        queue.progressed.connect(self._on_progressed)
        queue.job_started.connect(self._on_job_started)
        queue.model_loaded.connect(self._on_model_loaded)
        queue.model_failed.connect(self._on_model_failed)
        queue.warm_up_failed.connect(self._on_warm_up_failed)
        queue.memory_freed.connect(self._on_memory_freed)
        queue.became_busy.connect(self._on_became_busy)
        queue.became_idle.connect(self._on_became_idle)
        queue.taken_over.connect(lambda jobs: self.say(wording.going_on(jobs)))
        queue.stepped_down.connect(self._on_stepped_down)
        queue.held_changed.connect(self._on_held_changed)
        queue.storage_failed.connect(self._on_storage_failed)
        self._steward.hindrance_changed.connect(self._show_ready)
        self._line_timer = QTimer(self)  # many may change places at once
        self._line_timer.setSingleShot(True)
        self._line_timer.setInterval(0)
        self._line_timer.timeout.connect(self._show_line)
        self._steward.line.changed.connect(self._line_timer.start)
        self.work.said.connect(self.say)
        self.work.resumed.connect(self.elsewhere.look_again)
        self._batch.changed.connect(self._show_work)
        self._batch.ended.connect(self._on_batch_ended)
        self.elsewhere.changed.connect(self._on_elsewhere)
        self.elsewhere.removed.connect(self._on_job_removed)
        self.transcript.filled.connect(self._allow_actions)
        self.library.said.connect(self.say)
        self.recording.said.connect(self.say)
        self.recording.noticed.connect(lambda said: self._notices.say(wording.RECORDING_NOTICE, said))
        self.dictation.said.connect(self.say)
        self.models.said.connect(self.say)
        self.updates.said.connect(self.say)
        self.models.looked.connect(self._on_models_looked_for)
        self.models.first_start_left.connect(self._on_first_start_left)
        self.recording.added.connect(self._on_recording_added)
        self.recording.changed.connect(self._on_recording_changed)
        self.recording.language_chosen.connect(self.options.language.choose)
        self.recording.changed.connect(self.updates.look)
        self.recording.left.connect(self._on_panel_left)
        self._history.could_not_open.connect(self._on_library_failed)
        self._history.failed.connect(self._on_library_failed)
        self.jobs.rowsInserted.connect(self._on_rows_changed)
        self.jobs.rowsRemoved.connect(self._on_rows_changed)
        self.jobs.fetched.connect(self._on_chosen)
        self.list.selectionModel().currentChanged.connect(self._on_chosen)
        self.list.selectionModel().selectionChanged.connect(self._on_chosen)
        self.options.changed.connect(self._on_options_changed)

    # --- what the user does ---

    def _on_open(self) -> None:
        self._ask_for_files(wording.OPEN_TITLE, QFileDialog.FileMode.ExistingFiles)

    def _on_open_folder(self) -> None:
        self._ask_for_files(wording.OPEN_FOLDER_TITLE, QFileDialog.FileMode.Directory)

    def _ask_for_files(self, title: str, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.setDirectory(self._settings.open_folder or str(Path.home()))
        dialog.filesSelected.connect(lambda files: self._remember_folder(files[0]))
        if mode is QFileDialog.FileMode.ExistingFiles:
            known = " ".join(f"*{suffix}" for suffix in sorted(OFFERED))
            dialog.setNameFilters([f"{wording.RECORDINGS} ({known})", f"{wording.ALL_FILES} (*)"])
        dialog.filesSelected.connect(lambda files: self.add_files([Path(file) for file in files]))
        dialog.open()

    def _remember_folder(self, chosen: str) -> None:
        self._settings.open_folder = str(Path(chosen).parent)

    def _on_try_it(self) -> None:
        sample = paths.sample_recording()
        if sample.exists():
            self.add_files([sample])
        else:
            self.say(wording.SAMPLE_MISSING)

    def _on_export(self) -> None:
        self.list.ask_all_chosen(self._export_all)

    def _export_all(self, jobs: Sequence[Job]) -> None:
        if jobs:
            dialog = ExportDialog(jobs, self._settings, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            ids = [job.id for job in jobs]
            dialog.chosen.connect(lambda output: self._export_to(ids, output))
            dialog.open()

    def _export_to(self, ids: Sequence[int], output: Output) -> None:
        self._history.ask_reading(lambda history: export_jobs(history, ids, output), self._on_exported)

    def _on_exported(self, result: Exported) -> None:
        """Say what was written; what could not be stays until it has been read."""
        folders = {file.parent for file in result.written}
        folder = shown(next(iter(folders))) if len(folders) == 1 else ""
        failed = [(shown(Path(file.name)), error.strerror or str(error)) for file, error in result.failed]
        sentence = wording.exported_several([*map(shown, result.written)], folder, result.left_out, failed)
        if not failed:
            self.say(sentence)
            return
        box = QMessageBox(
            QMessageBox.Icon.Warning, wording.export_title(2), sentence, QMessageBox.StandardButton.NoButton, self
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _on_copy_all(self) -> None:
        if self.list.chosen_count() == 1:
            self.transcript.copy_all()
            self.say(wording.COPIED)
        else:
            self.list.ask_all_chosen(self._copy_several)

    def _copy_several(self, jobs: Sequence[Job]) -> None:
        """Copy the transcripts of all that are selected, each below its name."""

        def texts(history: History) -> list[str]:
            with_text = [job for job in jobs if history.has_segments(job.id)]
            return [f"{job.name}\n\n{export.text_of(history.streamed(job.id), 'txt')}" for job in with_text]

        def copy(found: Sequence[str]) -> None:
            if found:
                QGuiApplication.clipboard().setText("\n".join(found))
            self.say(wording.copied_several(len(found)))

        self._history.ask(texts, copy)

    def _on_cancel(self) -> None:
        self.list.ask_all_ours(self._cancel_all)

    def _can_cancel(self, job: Job) -> bool:
        return job.state not in ENDED and not self._elsewhere_of(job.id)

    def _cancel_all(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if self._can_cancel(job):
                self._queue.cancel(job.id)

    def _on_retry(self) -> None:
        self.list.ask_all_chosen(self._retry_all)

    def _retry_all(self, jobs: Sequence[Job]) -> None:
        for job in jobs:  # those at the top come first
            if job.state in ENDED:
                # With what is chosen now, but for what belongs to this recording alone.
                own = {name: getattr(job.options, name) for name in ("begin", "end", "track", "split_channels")}
                self._queue.retry(job.id, msgspec.structs.replace(self.options.options(), **own))

    def _on_remove(self) -> None:
        self.list.ask_all_ours(self._remove_all)

    def _remove_all(self, jobs: Sequence[Job]) -> None:
        if jobs:
            self._last_removed.append([job.id for job in jobs])
            for job in jobs:
                self._queue.remove(job.id)
            self.say(wording.removed([job.name for job in jobs]))

    def _learn_what_was_removed(self, jobs: Sequence[Job]) -> None:
        self._last_removed = [[job.id] for job in reversed(jobs)] + self._last_removed
        self._allow_actions()

    def _on_undo_remove(self) -> None:
        removed = self._last_removed.pop() if self._last_removed else []
        self.statusBar().clearMessage()
        self._to_choose = list(removed)
        for job_id in removed:
            self._queue.restore(job_id)
        # Answers come in the order of the questions: by then all have their rows, or it was too late to have them back.
        self._history.ask(lambda _: None, lambda _: self._to_choose.clear())
        self._allow_actions()

    def _on_reveal(self) -> None:
        if (job := self.list.chosen()) is not None:
            self._say_unless(reveal(job.path), job.path.parent)

    def _on_show_logs(self) -> None:
        self._say_unless(QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.logs()))), paths.logs())

    def _on_copy_report(self) -> None:
        def copy(report: str | None) -> None:
            if report is not None:
                QGuiApplication.clipboard().setText(report)
                self.say(wording.COPIED_REPORT)

        self._history.files.ask(lambda: newest(paths.crashes()), copy)

    def _go_to_doubtful(self, step: int) -> None:
        if self.transcript.text.go_to_doubtful(step):
            self.transcript.text.setFocus()

    def _on_text_size(self, step: int) -> None:
        """Take the next size, the one before, or (0) the system's own."""
        self._settings.text_size = self.transcript.text.other_size(step) if step else 0
        self.transcript.text.show_in_size(self._settings.text_size)
        self.help.show_in_size(self._settings.text_size)

    def _say_unless(self, opened: bool, folder: Path) -> None:
        if not opened:
            self.say(wording.no_file_manager(shown(folder)))

    def _on_appearance(self, name: Appearance) -> None:
        self._settings.appearance = name
        appearance.apply(name)

    def _on_options_changed(self) -> None:
        self.recording.show_language()
        self._load_chosen_model()

    def _load_chosen_model(self) -> None:
        """Have the model loaded, unless it was asked for already, or the backend has better things to do."""
        options = self.options.options()
        wanted = (options.model, options.device, options.tuning.compute_type, options.tuning.threads)
        if wanted != self._warmed_up and self._queue.running is None:
            self._warmed_up, self._cannot_load = wanted, False
            self._say_ready(wording.preparing(Path(options.model).name))
            self._queue.warm_up(options)

    # --- what happens ---

    def _on_added(self, jobs: list[Job]) -> None:
        """Show the first of the recordings that were added, but never instead of a transcript that is being read."""
        if jobs and self._is_reading():
            self.say(wording.added([job.name for job in jobs]))
        elif jobs:
            self._to_choose = [jobs[0].id]

    def _on_recording_added(self, jobs: list[Job]) -> None:
        """Whoever begins to record wants to see the text of that."""
        self._to_choose = [job.id for job in jobs[:1]]

    def _is_reading(self) -> bool:
        """Whether there is a transcript on the screen, or one is appearing."""
        job = self.list.chosen()
        has_text = self.transcript.has_text or not self.transcript.is_filled
        return job is not None and (has_text or job.state is JobState.RUNNING)

    def _on_job_changed(self, job: Job) -> None:
        self.jobs.change(job)
        self.transcript.change(job)
        if job.state in ENDED:
            if self._queue.running is None or self._queue.running.id == job.id:
                self._percent = None
            if not self.isActiveWindow() and self._is_news(job):
                self._notices.count(job)
        self._show_title()
        self._allow_actions()

    def _on_job_removed(self, job_id: int) -> None:
        job = self.jobs.job_at(self.jobs.row_of(job_id))
        shown = self.list.chosen()
        if job is not None and shown is not None and shown.id == job_id and job.options.replaces is not None:
            self._to_choose = [job.options.replaces]  # its text is there now
        self.jobs.remove(job_id)

    def _is_news(self, job: Job) -> bool:
        """Nobody expects the job's end yet, or knows of it from elsewhere."""
        goes_on = job.state is JobState.DONE and job.options.refine
        return not (goes_on or job.state is JobState.CANCELLED or self.dictation.is_dictated(job.id))

    def _on_job_started(self, event: messages.JobStarted) -> None:
        job = self.jobs.job_at(self.jobs.row_of(event.job_id))
        if job is not None and job.options.split_channels and not (event.split or job.options.live):
            self.say(wording.not_stereo(job.name))

    def _on_progressed(self, progress: JobProgress) -> None:
        self.jobs.show_progress(progress)
        self._stage = progress.stage
        if progress.duration and (running := self._queue.running) is not None:
            self._percent = round(100 * running.share_done(progress.position, progress.duration))
        self._show_work()

    def _on_chosen(self) -> None:
        job = self.list.chosen()
        shown = self.transcript.job
        if (job.id if job else None) != (shown.id if shown else None) or job is None:
            self.transcript.show_job(job)
        else:
            self._allow_actions()
        self.transcript.show_selection(self.list.chosen_count())

    def _on_rows_changed(self) -> None:
        empty = self.jobs.rowCount() == 0
        was_in_empty = self.empty.isAncestorOf(self.focusWidget() or self)
        if self._first_start is not None and not empty:
            self.models.leave_first_start()  # the user has begun already
        when_empty = self._first_page or self._empty_page
        self._pages.setCurrentWidget(when_empty if empty else self._work_page)
        if was_in_empty and not empty:
            self.list.setFocus()
        if empty:
            self._focus_when_empty()
        elif any(self.jobs.row_of(job_id) >= 0 for job_id in self._to_choose):
            if self.list.choose_all(self._to_choose):
                self._to_choose = []
        elif not self.list.selectionModel().hasSelection():
            self.list.choose_row(max(0, self.list.currentIndex().row()))
        self._allow_actions()

    def _on_recording_changed(self) -> None:
        self._line_below_panel.setVisible(self.recording.panel.isVisibleTo(self))
        self._show_title()
        pausing = self.recording.pause
        icon = "play" if self.recording.is_paused else "pause"
        if self._icons[pausing] != icon:
            self._icons[pausing] = icon
            _show_key(pausing)
            self._paint_icon(pausing)

    def _is_recording(self) -> bool:
        return self.recording.is_recording or self.dictation.is_listening

    def _on_panel_left(self) -> None:
        self._line_below_panel.hide()
        if self.jobs.rowCount():
            self.list.setFocus()
        else:
            self._focus_when_empty()

    def _on_first_start_left(self) -> None:
        page, self._first_start = self._first_start, None
        if page is not None:
            had_keyboard = page.isAncestorOf(self.focusWidget() or self)
            self._pages.setCurrentWidget(self._empty_page if self.jobs.rowCount() == 0 else self._work_page)
            if self._first_page is not None:
                self._pages.removeWidget(self._first_page)
                self._first_page.deleteLater()
                self._first_page = None
            if had_keyboard:
                (self.list if self.jobs.rowCount() else self.empty.open_button).setFocus()

    def _focus_when_empty(self) -> None:
        page = self.models.first_start
        if page is not None:
            page.take_keyboard()
        else:
            self.empty.open_button.setFocus()

    def _on_model_loaded(self, event: messages.ModelLoaded) -> None:
        self._say_ready(wording.ready(Path(os.fsdecode(event.model)).name, event.device, event.compute_type))

    def _on_model_failed(self, event: messages.ModelFailed) -> None:
        self._say_ready(wording.not_ready(event.kind, Path(os.fsdecode(event.model)).name), is_trouble=True)

    def _on_warm_up_failed(self, error: Exception) -> None:
        """It is tried again as soon as something about the models has changed."""
        self._warmed_up = None
        self._cannot_load = True
        name = Path(self.options.options().model).name
        self._say_ready(wording.not_loaded(error, name), is_trouble=True)

    def _on_models_looked_for(self, found: Survey) -> None:
        chosen = self.options.options().model
        of_that_name = [model for model in found.here if model.name == chosen]
        if of_that_name and all(model.damaged for model in of_that_name):
            self._on_warm_up_failed(ModelBroken(chosen, of_that_name[0].damaged))
        elif self._cannot_load:
            self._load_chosen_model()

    def _on_memory_freed(self) -> None:
        self._warmed_up, self._is_freed = None, True
        self._say_ready(wording.LOADED_WHEN_NEEDED)

    def _on_became_busy(self) -> None:
        self._is_freed = False
        if self._queue.running is not None:
            self._all_done_said = ""

    def _on_batch_ended(self, batch: BatchDone) -> None:
        self._all_done_said = wording.all_done(batch.done, batch.failed)
        self.say(self._all_done_said)

    def _on_became_idle(self) -> None:
        self._notices.tell()
        if not self._is_freed:  # else it would be loaded again as soon as it is gone
            self._load_chosen_model()

    def _on_library_failed(self, error: Exception) -> None:
        self._say_ready(wording.library_failure(error))

    def _on_stepped_down(self, job: Job, step: Step) -> None:
        self.say(wording.step_taken(job.name, step))

    def _on_storage_failed(self, error: Exception) -> None:
        self._storage_said = wording.storage_trouble(error)
        self._show_ready()

    def _on_held_changed(self) -> None:
        if Hold.STORAGE not in self._queue.held:
            self._storage_said = ""
        if self.jobs.rowCount():
            self.jobs.change_all_waiting()
        self.transcript.describe_again()
        self._show_ready()

    def _show_line(self) -> None:
        """Somebody may have another turn; nothing may run though somebody waits."""
        self.list.viewport().update()
        self.transcript.describe_again()
        self._allow_actions()
        self._show_ready()

    def _show_pause(self) -> None:
        """Call the one action that pauses and continues by what it would do now."""
        text, icon = (wording.CONTINUE, "play") if self.work.pause_goes_on else (wording.PAUSE, "pause")
        if self._icons[self.work.pause] != icon:
            self._icons[self.work.pause] = icon
            self.work.pause.setText(text)
            _show_key(self.work.pause)
            self._paint_icon(self.work.pause)

    def _say_ready(self, sentence: str, is_trouble: bool = False) -> None:
        self._model_said = sentence
        if self._first_start is not None:
            self._first_start.show_trouble(sentence if is_trouble else "")
        self._show_ready()

    def _show_ready(self) -> None:
        """Say why nothing runs, and how that ends; else what runs, how it ended, or how the model is."""
        why = self._storage_said or self.work.why_nothing_runs()
        way_out = self.work.way_out() if why and not self._storage_said else None
        self.queue_bar.show_hold(wording.held(why, len(self._steward.line)) if why else "", *(way_out or ()))
        self._ready.say(why or self._what_runs() or self._all_done_said or self._model_said)

    def _what_runs(self) -> str:
        if self._queue.running is None:
            return ""
        if self._queue.running.options.live:
            return wording.WRITING_LIVE
        return wording.working(self._stage, self._batch.number, self._batch.total, self._batch.seconds_left)

    def _show_work(self) -> None:
        self._show_title()
        self._show_ready()

    def _is_held(self) -> bool:
        return bool(self._queue.held)

    def _why_no_text(self, job: Job) -> str:
        return wording.waiting(job, self._steward.line.number_of(job.id), self._is_held())

    # --- what other programs do in the same library ---

    def _elsewhere_of(self, job_id: int) -> Literal["", "worked on", "left"]:
        if self.elsewhere.is_worked_on(job_id):
            return "worked on"
        return "left" if self.elsewhere.is_left(job_id) else ""

    def _on_elsewhere(self, jobs: Sequence[Job]) -> None:
        self.jobs.add(jobs)
        for job in jobs:
            self.jobs.change(job)
            self.transcript.change(job)
            self.transcript.catch_up(job.id)
        self._allow_actions()

    def _allow_actions(self) -> None:
        job = self.list.chosen()
        states = self.list.chosen_states()
        is_ours = self.list.any_chosen(lambda job: self._elsewhere_of(job.id) != "worked on")
        self.cancel.setEnabled(self.list.any_chosen(self._can_cancel))
        self.retry.setEnabled(bool(states & set(ENDED)))
        self.remove.setEnabled(bool(states) and is_ours)
        count = self.list.chosen_count()
        self.reveal.setEnabled(job is not None and count == 1)
        self.find_text.setEnabled(job is not None and self.transcript.has_text)
        for action in (self.copy_all, self.export):
            action.setEnabled(count > 1 or self.find_text.isEnabled())
        for action in (self.cancel, self.retry, self.remove, self.copy_all, self.export, self.work.pause):
            _show_key(action, count)
        for action in (self.next_to_check, self.previous_to_check):
            action.setEnabled(job is not None and self.transcript.text.doubtful > 0)
        for action in (self.cancel, self.remove, self.work.pause):
            if states and not is_ours:
                action.setToolTip(wording.WORKED_ON_ELSEWHERE)
        self.undo_remove.setEnabled(bool(self._last_removed))
        self.work.allow()
        self._show_pause()

    def _show_title(self) -> None:
        self.setWindowTitle(
            wording.window_title(
                self._notices.unseen,
                self._percent,
                self.recording.is_recording,
                self._batch.number,
                self._batch.total,
            )
        )

    # --- as Qt calls ---

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            given_files.accept(event)
            self._drop_frame.appear()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        given_files.accept(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_frame.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_frame.hide()
        given_files.accept(event)
        self._take(event.mimeData(), wording.NOT_LOCAL)

    def _on_paste(self) -> None:
        self._take(QGuiApplication.clipboard().mimeData(), wording.NO_FILES_COPIED)

    def _take(self, data: QMimeData, nothing: str) -> None:
        """Add the files that were dropped or pasted; say so if anything else was among them, or nothing at all."""
        given = given_files.given_in(data)
        if given.files:
            self.models.take_dropped(given.files, self.add_files)
        if given.others:
            self.say(wording.left_out(given.others) if given.files else wording.NOT_LOCAL)
        elif not given.files:
            self.say(nothing)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icons()
        elif event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._notices.seen()
            self._show_title()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._drop_frame.isVisible():
            self._drop_frame.appear()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.recording.is_recording:
            event.ignore()
            self.recording.ask_whether_to_stop(self.close_unasked)
            return
        if self._queue.running is not None and not self._may_close:
            event.ignore()
            self._ask_whether_to_close()
            return
        self._settings.geometry = bytes(self.saveGeometry().data())
        self._settings.splitter = bytes(self._splitter.saveState().data())
        self.recording.end()
        self.dictation.end()
        event.accept()
        self.closing.emit()

    def _ask_whether_to_close(self) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            wording.CLOSE_TITLE,
            wording.CLOSE_QUESTION,
            QMessageBox.StandardButton.NoButton,
            self,
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        close = box.addButton(wording.CLOSE, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(wording.KEEP_WORKING, QMessageBox.ButtonRole.RejectRole))

        def go_on() -> None:
            box.reject()
            self.close_unasked()

        close.clicked.connect(self.close_unasked)
        # Nothing is left to be interrupted, so there is nothing to ask: the window closes, as the user wanted.
        self._queue.became_idle.connect(go_on)
        box.finished.connect(lambda: self._queue.became_idle.disconnect(go_on))
        box.open()

    def _restore_geometry(self) -> None:
        self.resize(bounded_to_screen(SIZE, self))
        if self._settings.geometry:
            self.restoreGeometry(QByteArray(self._settings.geometry))
        if self._settings.splitter:
            self._splitter.restoreState(QByteArray(self._settings.splitter))

    def _paint_icons(self) -> None:
        for action in self._icons:
            self._paint_icon(action)
        if self._overflow is not None:  # Qt's own arrow is black, on dark ground too
            self._overflow.setIcon(icons.icon("overflow", self.palette().color(QPalette.ColorRole.ButtonText)))
        colours.stand_back(self._ready)

    def _paint_icon(self, action: QAction) -> None:
        colour = self.palette().color(QPalette.ColorRole.ButtonText)
        faded = self.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        action.setIcon(icons.icon(self._icons[action], colour, faded))


class _Pages(QStackedWidget):
    """Pages scroll: where the window is low, they give way before the bars do."""

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()


def _name_after(action: QAction, button: QWidget) -> None:
    button.setAccessibleName(_plain(action.text()))


def _show_key(action: QAction, count: int = 1) -> None:
    """Have an action's key told where it is pointed at; and on how many recordings it acts, if on several."""
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    what = wording.for_several(_plain(action.text()), count) if count > 1 else _plain(action.text())
    action.setToolTip(f"{what} ({keys})" if keys else what)


def _plain(label: str) -> str:
    return label.replace("&", "").rstrip("…")


def _column(*widgets: QWidget) -> QWidget:
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    return whole


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Sunken)
    return line
