"""The list of jobs: one row each, with what it is doing or how it ended."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPalette
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop_app.transcripts.transcript import Job, JobState, shown
from desktop_app.ui import colours, icons, wording
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobProgress

PAGE = 200  # jobs fetched at once
JOB_ROLE = Qt.ItemDataRole.UserRole
PROGRESS_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex

ICONS = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "running",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


class JobList(QAbstractListModel):
    """The library's jobs, the newest first, fetched page by page as the list is scrolled."""

    def __init__(self, history: HistoryThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._jobs: list[Job] = []
        self._progress: JobProgress | None = None
        self._fetching = False
        self._has_more = True

    def job_at(self, row: int) -> Job | None:
        return self._jobs[row] if 0 <= row < len(self._jobs) else None

    def row_of(self, job_id: int) -> int:
        """Return the row of a job, -1 if it is not (yet) in the list. Ids fall from the first row to the last."""
        low, high = 0, len(self._jobs)
        while low < high:
            middle = (low + high) // 2
            if self._jobs[middle].id > job_id:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self._jobs) and self._jobs[low].id == job_id else -1

    # --- what happens to jobs ---

    def add(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if self.row_of(job.id) >= 0:
                continue
            row = next((row for row, other in enumerate(self._jobs) if other.id < job.id), len(self._jobs))
            if row == len(self._jobs) and self._has_more:
                continue  # it lies beyond what was fetched so far
            self.beginInsertRows(QModelIndex(), row, row)
            self._jobs.insert(row, job)
            self.endInsertRows()

    def change(self, job: Job) -> None:
        row = self.row_of(job.id)
        if row < 0:
            return
        self._jobs[row] = job
        if job.state is not JobState.RUNNING and self._progress is not None and self._progress.job_id == job.id:
            self._progress = None
        self.dataChanged.emit(self.index(row), self.index(row))

    def remove(self, job_id: int) -> None:
        row = self.row_of(job_id)
        if row >= 0:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._jobs[row]
            self.endRemoveRows()

    def show_progress(self, progress: JobProgress) -> None:
        self._progress = progress
        row = self.row_of(progress.job_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    # --- as Qt asks ---

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        return 0 if parent.isValid() else len(self._jobs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        job = self.job_at(index.row())
        if job is None:
            return None
        progress = self._progress if self._progress is not None and self._progress.job_id == job.id else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return job.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{job.name}, {wording.job_status(job, progress)}"
            case Qt.ItemDataRole.ToolTipRole:
                # As rich text with everything escaped: as plain text, Qt would take a name such as "<b>x" for rich.
                return f"<p style='white-space: pre'>{html.escape(shown(job.path))}</p>"
            case _ if role == JOB_ROLE:
                return job
            case _ if role == PROGRESS_ROLE:
                return progress
        return None

    def canFetchMore(self, parent: Index) -> bool:
        return self._has_more and not self._fetching and not parent.isValid()

    def fetchMore(self, parent: Index) -> None:
        if not self.canFetchMore(parent):
            return
        self._fetching = True
        before = self._jobs[-1].id if self._jobs else None
        self._history.ask(lambda history: history.jobs(before, PAGE), self._on_fetched)

    def _on_fetched(self, jobs: list[Job]) -> None:
        self._fetching = False
        self._has_more = len(jobs) == PAGE
        fresh = [job for job in jobs if self.row_of(job.id) < 0]
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self._jobs), len(self._jobs) + len(fresh) - 1)
            self._jobs += fresh
            self.endInsertRows()


class JobRow(QStyledItemDelegate):
    """Paints a row: an icon for the state, the file's name, and below it what is going on."""

    MARGIN = 10
    ICON = 20

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, round(option.fontMetrics.height() * 2.3) + 2 * self.MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        job: Job = index.data(JOB_ROLE)
        progress: JobProgress | None = index.data(PROGRESS_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        room = option.rect.adjusted(self.MARGIN, self.MARGIN, -self.MARGIN, -self.MARGIN)
        text_colour, quiet, state_colour = self._colours(option, job)

        picture = icons.pixmap(ICONS[job.state], self.ICON, state_colour)
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
            painter, name.translated(0, line + 2), wording.job_status(job, progress), Qt.TextElideMode.ElideRight
        )
        if job.state is JobState.RUNNING:
            self._paint_bar(painter, QRect(left, name.bottom() + line + 7, name.width(), 4), option, progress)
        painter.restore()

    def _colours(self, option: QStyleOptionViewItem, job: Job) -> tuple[QColor, QColor, QColor]:
        palette = option.palette
        if self._is_selected(option):
            text = palette.color(QPalette.ColorRole.HighlightedText)
            return text, text, text
        state = {
            JobState.DONE: colours.good(palette),
            JobState.FAILED: colours.bad(palette),
            JobState.RUNNING: colours.accent(palette),
        }.get(job.state, colours.quiet(palette))
        quiet = colours.bad(palette) if job.state is JobState.FAILED else colours.quiet(palette)
        return palette.color(QPalette.ColorRole.Text), quiet, state

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        ground = option.rect.adjusted(4, 2, -4, -2)
        if self._is_selected(option):
            colour = colours.selection(option.palette)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            colour = option.palette.color(QPalette.ColorRole.AlternateBase)
        else:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(ground, 6, 6)

    def _paint_bar(
        self, painter: QPainter, room: QRect, option: QStyleOptionViewItem, progress: JobProgress | None
    ) -> None:
        selected = self._is_selected(option)
        colour = (
            option.palette.color(QPalette.ColorRole.HighlightedText) if selected else colours.accent(option.palette)
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setOpacity(0.3)
        painter.setBrush(colour)
        painter.drawRoundedRect(room, 2, 2)
        painter.setOpacity(1)
        if progress is not None and progress.duration:
            share = min(1.0, progress.position / progress.duration)
            painter.drawRoundedRect(QRect(room.left(), room.top(), round(room.width() * share), room.height()), 2, 2)

    @staticmethod
    def _write(painter: QPainter, room: QRect, text: str, elide: Qt.TextElideMode) -> None:
        text = text.replace("\n", " ")
        fitting = painter.fontMetrics().elidedText(text, elide, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitting)

    @staticmethod
    def _is_selected(option: QStyleOptionViewItem) -> bool:
        return bool(option.state & QStyle.StateFlag.State_Selected)


class JobListView(QListView):
    """The list itself."""

    def __init__(self, jobs: JobList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(wording.JOBS)
        self.setItemDelegate(JobRow(self))
        self.setModel(jobs)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setAcceptDrops(False)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)

    def all_chosen(self) -> list[Job]:
        """Return the jobs that are selected, in the order of the list."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [job for row in rows if (job := self.model().index(row, 0).data(JOB_ROLE)) is not None]

    def chosen(self) -> Job | None:
        """Return the job that is selected, if one is."""
        job: Job | None = self.currentIndex().data(JOB_ROLE) if self.currentIndex().isValid() else None
        return job

    def choose_row(self, row: int) -> None:
        """Select a row, and no other."""
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(self.model().index(row, 0), flags)

    def choose(self, job_id: int) -> bool:
        """Select a job. Return False if it is not (yet) in the list."""
        jobs = self.model()
        assert isinstance(jobs, JobList)
        row = jobs.row_of(job_id)
        if row >= 0:
            self.choose_row(row)
        return row >= 0
