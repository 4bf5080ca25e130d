"""The list of jobs: one row each, with what it is doing or how it ended."""

from __future__ import annotations

import html
import operator
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QDropEvent, QFont, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from desktop_app.transcripts.transcript import UNENDED, Job, JobState, shown
from desktop_app.ui import colours, icons, wording
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobProgress

PAGE = 50  # jobs fetched at once
MOST_HELD = 40 * PAGE  # a hundred thousand jobs would take 130 MB, and Python's garbage collector 0.3 s each time
JOB_ROLE = Qt.ItemDataRole.UserRole
PROGRESS_ROLE = Qt.ItemDataRole.UserRole + 1
STATUS_ROLE = Qt.ItemDataRole.UserRole + 2  # the line below the name
ICON_ROLE = Qt.ItemDataRole.UserRole + 3  # its file's name
Index = QModelIndex | QPersistentModelIndex

ICONS = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "running",
    JobState.PAUSED: "pause",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}
SILENT = "info"  # done, but there was nothing to write down


class JobList(QAbstractListModel):
    """The library's jobs, the newest first: the ids of all, and the jobs themselves where somebody looks.

    fetched(): jobs that somebody looked for are here now.
    """

    fetched = Signal()

    def __init__(self, history: HistoryThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._ids = array("q")  # they fall from the first row to the last
        self._jobs: dict[int, Job] = {}  # those that are here, by id
        self._progress: JobProgress | None = None
        self.number_of: Callable[[int], int | None] = lambda _: None  # which turn a waiting job has, by its id
        self.is_held: Callable[[], bool] = lambda: False  # nothing that waits has its turn now
        self.elsewhere: Callable[[int], Literal["", "worked on", "left"]] = lambda _: (
            ""
        )  # by another program, by its id
        self._has_all_ids = False
        self._fetching = False
        self._wanted: set[int] = set()  # the rows that somebody looked at and whose jobs are not here
        history.ask(lambda history: history.jobs(most=PAGE), self._on_newest)  # seen at once; then come all the ids

    def job_at(self, row: int) -> Job | None:
        """Return the job in a row; None if it is not here (yet)."""
        return self._jobs.get(self._ids[row]) if 0 <= row < len(self._ids) else None

    def row_of(self, job_id: int) -> int:
        """Return the row of a job, -1 if it is not (yet) in the list."""
        row = self._place_of(job_id)
        return row if row < len(self._ids) and self._ids[row] == job_id else -1

    def ask_jobs(self, rows: Sequence[int], then: Callable[[list[Job]], None]) -> None:
        """Hand the jobs of these rows to `then`: at once if all are here, else when the library has brought them."""
        jobs = [job for row in rows if (job := self.job_at(row)) is not None]
        if len(jobs) == len(rows):
            then(jobs)
        else:
            job_ids = [self._ids[row] for row in rows]
            self._history.ask(lambda history: history.jobs_of(job_ids), then)

    # --- what happens to jobs ---

    def add(self, jobs: Sequence[Job]) -> None:
        fresh = sorted((job for job in jobs if self.row_of(job.id) < 0), key=lambda job: job.id)
        # From the oldest on: what is put in moves no place that is still to come.
        for row, together in groupby(fresh, key=lambda job: self._place_of(job.id)):
            if row == len(self._ids) and not self._has_all_ids:
                continue  # it comes with the other ids
            self._insert(row, list(together)[::-1])

    def change(self, job: Job) -> None:
        row = self.row_of(job.id)
        if row < 0:
            return
        self._jobs[job.id] = job
        if job.state is not JobState.RUNNING and self._progress is not None and self._progress.job_id == job.id:
            self._progress = None
        self.dataChanged.emit(self.index(row), self.index(row))

    def change_all_waiting(self) -> None:
        """What the rows of waiting jobs say has changed, though the jobs have not."""
        self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))

    def remove(self, job_id: int) -> None:
        row = self.row_of(job_id)
        if row >= 0:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._ids[row]
            self._jobs.pop(job_id, None)
            self.endRemoveRows()

    def show_progress(self, progress: JobProgress) -> None:
        self._progress = progress
        row = self.row_of(progress.job_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    def _place_of(self, job_id: int) -> int:
        return bisect_left(self._ids, -job_id, key=operator.neg)

    def _insert(self, row: int, jobs: Sequence[Job]) -> None:
        self._jobs.update((job.id, job) for job in reversed(jobs))
        self._insert_ids(row, [job.id for job in jobs])
        self._let_go()

    def _insert_ids(self, row: int, job_ids: Sequence[int]) -> None:
        if job_ids:
            self.beginInsertRows(QModelIndex(), row, row + len(job_ids) - 1)
            self._ids[row:row] = array("q", job_ids)
            self.endInsertRows()

    # --- as Qt asks ---

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        job = self.job_at(index.row())
        if job is None:
            if role in (JOB_ROLE, Qt.ItemDataRole.AccessibleTextRole) and index.isValid():
                self._want(index.row())
            return None
        progress = self._progress if self._progress is not None and self._progress.job_id == job.id else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return job.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{job.name}, {self._status(job, progress)}"
            case Qt.ItemDataRole.ToolTipRole:
                # As rich text with everything escaped: as plain text, Qt would take a name such as "<b>x" for rich.
                return f"<p style='white-space: pre'>{html.escape(shown(job.path))}</p>"
            case _ if role == JOB_ROLE:
                return job
            case _ if role == PROGRESS_ROLE:
                return progress
            case _ if role == STATUS_ROLE:
                return self._status(job, progress)
            case _ if role == ICON_ROLE:
                return self._icon(job)
        return None

    def _icon(self, job: Job) -> str:
        if job.is_silent:
            return SILENT
        is_left = job.state in UNENDED and self.elsewhere(job.id) == "left"
        return ICONS[JobState.PAUSED if is_left else job.state]

    def _status(self, job: Job, progress: JobProgress | None) -> str:
        if job.state not in UNENDED:
            return wording.job_status(job)
        return wording.job_status(job, progress, self.number_of(job.id), self.is_held(), self.elsewhere(job.id))

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Only what waits here can be dragged, onto what waits here."""
        job = self.job_at(index.row())
        if job is None or self.number_of(job.id) is None:
            return super().flags(index)
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsDropEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def match(
        self,
        start: Index,
        role: int,
        value: Any,
        hits: int = 1,
        flags: Qt.MatchFlag = Qt.MatchFlag.MatchStartsWith | Qt.MatchFlag.MatchWrap,
    ) -> list[QModelIndex]:
        """Find the next job whose name begins so, among those that are here. Qt asks when letters are typed."""
        wanted = str(value).casefold()
        begins_so = (job.id for job in self._jobs.values() if job.name.casefold().startswith(wanted))
        rows = sorted(self.row_of(job_id) for job_id in begins_so)
        from_there = [row for row in rows if row >= start.row()] + [row for row in rows if row < start.row()]
        return [self.index(row) for row in (from_there[:hits] if hits >= 0 else from_there)]

    # --- what the library answers ---

    def _on_newest(self, jobs: list[Job]) -> None:
        self._insert(0, jobs)
        self._has_all_ids = len(jobs) < PAGE
        if not self._has_all_ids:
            self._history.ask(lambda history: history.job_ids(), self._on_ids)

    def _on_ids(self, job_ids: list[int]) -> None:
        self._has_all_ids = True
        known = bisect_left(job_ids, 1 - self._ids[-1], key=operator.neg) if self._ids else 0
        self._insert_ids(len(self._ids), job_ids[known:])

    def _want(self, row: int) -> None:
        self._wanted.add(row)
        if not self._fetching:
            self._fetching = True
            QTimer.singleShot(0, self, self._fetch)  # once all is painted: the library's thread would slow that down

    def _fetch(self) -> None:
        """Have the pages brought that are wanted, if any are."""
        pages = sorted({row // PAGE for row in self._wanted if self.job_at(row) is None})
        job_ids = [job_id for page in pages for job_id in self._ids[page * PAGE : (page + 1) * PAGE]]
        self._wanted.clear()
        self._fetching = bool(job_ids)
        if job_ids:
            self._history.ask(lambda history: history.jobs_of(job_ids), lambda jobs: self._on_fetched(job_ids, jobs))

    def _on_fetched(self, job_ids: Sequence[int], jobs: Sequence[Job]) -> None:
        for gone in set(job_ids) - {job.id for job in jobs}:
            self.remove(gone)  # another program has deleted it
        here = [job for job in jobs if self.row_of(job.id) >= 0]  # the others were removed in the meantime
        self._jobs.update((job.id, job) for job in here)
        self._let_go()
        if here:
            self.dataChanged.emit(self.index(self.row_of(here[0].id)), self.index(self.row_of(here[-1].id)))
        self.fetched.emit()
        self._fetch()

    def _let_go(self) -> None:
        """Forget the jobs that came first if there are too many here, but not those that are current."""
        current = {self._ids[index.row()] for index in self.persistentIndexList()}
        for job_id in list(self._jobs)[:-MOST_HELD]:
            if job_id not in current:
                del self._jobs[job_id]


class _Inks(NamedTuple):
    """The colours of all rows. Those of `colours` are worked out once a palette: they take longer than the painting."""

    text: QColor
    quiet: QColor
    selected_text: QColor
    selected_ground: QColor
    bar: QColor
    states: dict[JobState, QColor]

    @classmethod
    def of(cls, palette: QPalette) -> _Inks:
        good, bad, accent = colours.good(palette), colours.bad(palette), colours.accent(palette)
        return cls(
            text=palette.color(QPalette.ColorRole.Text),
            quiet=colours.quiet(palette),
            selected_text=palette.color(QPalette.ColorRole.HighlightedText),
            selected_ground=colours.selection(palette),
            bar=accent,
            states={JobState.DONE: good, JobState.FAILED: bad, JobState.RUNNING: accent},
        )


class JobRow(QStyledItemDelegate):
    """Paints a row: an icon for the state, the file's name, and below it what is going on."""

    MARGIN = 10
    ICON = 20

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inks_of: dict[int, _Inks] = {}  # by palette

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, round(option.fontMetrics.height() * 2.3) + 2 * self.MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        job: Job | None = index.data(JOB_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        if job is not None:  # it is on its way
            self._paint_job(painter, option, index, job)
        painter.restore()

    def _paint_job(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: Index,
        job: Job,
    ) -> None:
        room = option.rect.adjusted(self.MARGIN, self.MARGIN, -self.MARGIN, -self.MARGIN)
        text_colour, quiet, state_colour = self._colours(option, job)

        picture = icons.pixmap(index.data(ICON_ROLE), self.ICON, state_colour)
        painter.drawPixmap(room.left(), room.top() + 1, picture)
        left = room.left() + self.ICON + self.MARGIN
        line = option.fontMetrics.height()
        name = QRect(left, room.top(), room.right() - left, line)
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(text_colour)
        self._write(painter, name, job.name, Qt.TextElideMode.ElideMiddle)
        painter.setFont(option.font)
        painter.setPen(quiet)
        self._write(
            painter,
            name.translated(0, line + 2),
            index.data(STATUS_ROLE),
            Qt.TextElideMode.ElideRight,
        )
        if job.state is JobState.RUNNING:
            progress: JobProgress | None = index.data(PROGRESS_ROLE)
            self._paint_bar(painter, QRect(left, name.bottom() + line + 7, name.width(), 4), option, job, progress)

    def _colours(self, option: QStyleOptionViewItem, job: Job) -> tuple[QColor, QColor, QColor]:
        inks = self._inks(option.palette)
        if self._is_selected(option):
            return inks.selected_text, inks.selected_text, inks.selected_text
        state = inks.quiet if job.is_silent else inks.states.get(job.state, inks.quiet)
        return inks.text, state if job.state is JobState.FAILED else inks.quiet, state

    def _inks(self, palette: QPalette) -> _Inks:
        key = palette.cacheKey()
        if key not in self._inks_of:
            self._inks_of = {key: _Inks.of(palette)}
        return self._inks_of[key]

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        ground = option.rect.adjusted(4, 2, -4, -2)
        if self._is_selected(option):
            colour = self._inks(option.palette).selected_ground
            painter.fillRect(option.rect, option.palette.base())  # the table has painted all of the row
            self._paint_ground_in(painter, ground, colour)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            self._paint_ground_in(painter, ground, option.palette.color(QPalette.ColorRole.AlternateBase))
        if option.state & QStyle.StateFlag.State_HasFocus and not self._is_selected(option):
            # The keyboard is here (Ctrl and an arrow), and nothing is selected by that: Space or Ctrl+Space does.
            painter.setPen(QPen(self._inks(option.palette).bar, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground, 6, 6)

    @staticmethod
    def _paint_ground_in(painter: QPainter, ground: QRect, colour: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(ground, 6, 6)

    def _paint_bar(
        self, painter: QPainter, room: QRect, option: QStyleOptionViewItem, job: Job, progress: JobProgress | None
    ) -> None:
        inks = self._inks(option.palette)
        colour = inks.selected_text if self._is_selected(option) else inks.bar
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setOpacity(0.3)
        painter.setBrush(colour)
        painter.drawRoundedRect(room, 2, 2)
        painter.setOpacity(1)
        position, duration = (progress.position, progress.duration) if progress else (job.position, job.duration)
        if duration:
            share = job.share_done(position, duration)
            painter.drawRoundedRect(QRect(room.left(), room.top(), round(room.width() * share), room.height()), 2, 2)

    @staticmethod
    def _write(painter: QPainter, room: QRect, text: str, elide: Qt.TextElideMode) -> None:
        text = text.replace("\n", " ")
        fitting = painter.fontMetrics().elidedText(text, elide, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitting)

    @staticmethod
    def _is_selected(option: QStyleOptionViewItem) -> bool:
        return bool(option.state & QStyle.StateFlag.State_Selected)


class JobListView(QTableView):
    """The list itself: a table of one column, since a QListView looks at all its rows whenever one is added.

    The selection alone says what is acted on. What is shown is one of the rows selected, see `chosen_row`.

    dropped_on(job_id): the jobs that are selected, or some of them, were dragged onto this one. Both wait.
    """

    dropped_on = Signal(int)

    def __init__(self, jobs: JobList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = QPersistentModelIndex()  # the row that `chosen_row` returned last
        self.setAccessibleName(wording.JOBS)
        self.setItemDelegate(JobRow(self))
        self.setModel(jobs)
        self.horizontalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setDragDropMode(QTableView.DragDropMode.InternalMove)  # what comes from outside is the window's
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self._fit_rows()

    def chosen_rows(self) -> list[int]:
        """Return the rows that are selected, from the first to the last."""
        return sorted(row for part in self._parts() for row in range(part.top(), part.bottom() + 1))

    def chosen_states(self) -> set[JobState]:
        """Return the states of the jobs that are selected; all there are, if some of the jobs are not here."""
        if self.chosen_count() > MOST_HELD:
            return set(JobState)
        jobs = [self._jobs().job_at(row) for row in self.chosen_rows()]
        return set(JobState) if None in jobs else {job.state for job in jobs if job is not None}

    def ask_all_chosen(self, then: Callable[[list[Job]], None]) -> None:
        """Hand the jobs that are selected to `then`, in the order of the list."""
        self._jobs().ask_jobs(self.chosen_rows(), then)

    def chosen_count(self) -> int:
        """Return how many rows are selected."""
        return sum(part.height() for part in self._parts())

    def chosen_row(self) -> int:
        """Return the one of the selected rows that is to be shown; -1 if none is selected.

        That is the current one. Ctrl and an arrow make a row current without selecting it: then the row shown before
        stays, as long as it is selected, or else the first one that is.
        """
        for row in (self.currentIndex().row(), self._shown.row()):
            if row >= 0 and self.selectionModel().isSelected(self.model().index(row, 0)):
                break
        else:
            row = min((part.top() for part in self._parts()), default=-1)
        if row != self._shown.row():
            self._shown = QPersistentModelIndex(self.model().index(row, 0))
        return row

    def ask_all_ours(self, then: Callable[[list[Job]], None]) -> None:
        """The same without those that another program works on, which only that can stop."""
        elsewhere = self._jobs().elsewhere
        self.ask_all_chosen(lambda jobs: then([job for job in jobs if elsewhere(job.id) != "worked on"]))

    def chosen(self) -> Job | None:
        """Return the job that is to be shown, if one is selected and it is here."""
        return self._jobs().job_at(self.chosen_row())

    def choose_row(self, row: int) -> None:
        """Select a row, and no other."""
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(self.model().index(row, 0), flags)

    def choose(self, job_id: int) -> bool:
        """Select a job. Return False if it is not (yet) in the list."""
        row = self._jobs().row_of(job_id)
        if row >= 0:
            self.choose_row(row)
        return row >= 0

    def choose_all(self, job_ids: Sequence[int]) -> bool:
        """Select these jobs and no others. Return False if one of them is not (yet) in the list."""
        rows = sorted(row for job_id in job_ids if (row := self._jobs().row_of(job_id)) >= 0)
        if rows:
            self.choose_row(rows[0])
        for row in rows[1:]:
            self.selectionModel().select(self.model().index(row, 0), QItemSelectionModel.SelectionFlag.Select)
        return len(rows) == len(job_ids)

    def any_chosen(self, test: Callable[[Job], bool]) -> bool:
        """Tell whether a job that is selected stands the test; yes, if some of the jobs are not here."""
        if self.chosen_count() > MOST_HELD:
            return True
        jobs = (self._jobs().job_at(row) for row in self.chosen_rows())
        return any(job is None or test(job) for job in jobs)

    def dropEvent(self, event: QDropEvent) -> None:
        """Nothing moves by itself: the rows stay where they are, the line is told."""
        job: Job | None = self.indexAt(event.position().toPoint()).data(JOB_ROLE)
        if event.source() is self and job is not None:
            event.setDropAction(Qt.DropAction.IgnoreAction)
            event.accept()
            self.dropped_on.emit(job.id)
        else:
            event.ignore()
        self.stopAutoScroll()
        self.setState(QTableView.State.NoState)
        self.viewport().update()

    def selectionCommand(self, index: Index, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        """A click below the last row leaves the selection as it is: what is being read stays."""
        if not index.isValid():
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End lead to the first and the last row, as in a list; in a table they stay in theirs."""
        if action in (QAbstractItemView.CursorAction.MoveHome, QAbstractItemView.CursorAction.MoveEnd):
            modifiers |= Qt.KeyboardModifier.ControlModifier
        return super().moveCursor(action, modifiers)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_rows()

    def _fit_rows(self) -> None:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        height = self.itemDelegate().sizeHint(option, QModelIndex()).height()
        self.verticalHeader().setMinimumSectionSize(height)
        self.verticalHeader().setDefaultSectionSize(height)

    def _parts(self) -> list[QItemSelectionRange]:
        selection = self.selectionModel().selection()
        return [selection.at(number) for number in range(selection.count())]

    def _jobs(self) -> JobList:
        jobs = self.model()
        assert isinstance(jobs, JobList)
        return jobs
