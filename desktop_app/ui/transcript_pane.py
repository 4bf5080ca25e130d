"""The chosen job's transcript, filling in as it is heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPalette, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.messages import Provisional
from desktop_app.transcripts.history import History, JobGone
from desktop_app.transcripts.transcript import UNENDED, Job, JobState, LeftOut, Segment
from desktop_app.ui import colours, wording
from desktop_app.ui.find_bar import FindBar
from desktop_app.ui.scroll_area import ScrollingBar
from desktop_app.ui.transcript_text import TranscriptText
from desktop_app.work.history_thread import HistoryThread

AT_ONCE = 200  # segments fetched and put into the text in one turn of the event loop: about 2 ms


class TranscriptPane(QWidget):
    """A job's name, its facts, what went wrong if something did, and its text.

    filled(): the text has changed: there is some now, or all of it, or none.
    """

    filled = Signal()

    def __init__(self, history: HistoryThread, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._job: Job | None = None
        self._loaded = False  # what was stored before is shown, so that what comes now can follow it
        self._left_out: list[LeftOut] = []
        self.why_no_text: Callable[[Job], str] = wording.waiting  # what stands where the text will be
        self.elsewhere: Callable[[int], Literal["", "worked on", "left"]] = lambda _: (
            ""
        )  # by another program, by its id

        self._name = _ElidedLabel()
        font = self._name.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        self._name.setFont(font)
        self._facts = _plain_label("")
        self._several = _plain_label("")  # that more than this one are selected
        self._several.setWordWrap(True)
        self._several.setMargin(10)
        self._several.setAutoFillBackground(True)
        self._several.hide()
        self._note = _plain_label("")
        self._note.setWordWrap(True)
        self._note.setMargin(10)
        self._note.setAutoFillBackground(True)
        self._note.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text = TranscriptText()
        self.find_bar = FindBar(self.text)
        self._why = _plain_label("")  # why the passage with the text cursor should be checked
        self._why.setWordWrap(True)
        self._why.setContentsMargins(16, 6, 16, 6)
        self._why.hide()
        self.text.passage_entered.connect(self._on_passage)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(4)
        about = QWidget()
        head = QVBoxLayout(about)
        head.setContentsMargins(16, 0, 16, 4)
        head.setSpacing(2)
        for label in (self._several, self._name, self._facts, self._note):
            head.addWidget(label)
        column.addWidget(ScrollingBar(about))  # a note may be long
        column.addWidget(self.find_bar)
        column.addWidget(self.text, 1)
        column.addWidget(self._why)
        self._colour()

    @property
    def job(self) -> Job | None:
        return self._job

    @property
    def has_text(self) -> bool:
        return self.text.paragraphs > 0

    @property
    def is_filled(self) -> bool:
        """Everything that is stored of the job is in the text."""
        return self._loaded

    def show_job(self, job: Job | None) -> None:
        """Show another job; its text comes part by part, as the library has it."""
        self._job = job
        self._loaded = False
        self.text.clear()
        self._describe()
        if job is not None:
            self._ask_for_part(job.id)
        else:
            self.filled.emit()

    def show_selection(self, count: int) -> None:
        """Say that the job shown is one of several that are selected; or, if none is, what to do."""
        self._several.setText(wording.several_selected(count) if count > 1 else "")
        self._several.setAccessibleName(self._several.text())
        self._several.setVisible(count > 1)
        if count == 0:
            self.text.setPlaceholderText(wording.NOTHING_SELECTED)

    def change(self, job: Job) -> None:
        """The job shown may have changed."""
        if self._job is None or job.id != self._job.id:
            return
        begins_again = job.state is JobState.QUEUED and self._job.state is not JobState.QUEUED and not job.position
        self._job = job
        if begins_again:
            self.show_job(job)
            return
        self._describe()
        if job.state is not JobState.RUNNING:
            self.text.show_provisional(())
        if job.state is JobState.DONE:
            job_id = job.id
            self._history.ask(lambda history: (job_id, history.left_out(job_id)), self._on_left_out)

    def describe_again(self) -> None:
        """What is said of the job may be another thing now, though the job has not changed."""
        self._describe()

    def catch_up(self, job_id: int) -> None:
        """Another program may have stored more of this job's text."""
        if self._job is not None and job_id == self._job.id and self._loaded:
            self._loaded = False
            self._ask_for_part(job_id)

    def reload(self, job_id: int) -> None:
        """The text of a job is another one now."""
        if self._job is not None and job_id == self._job.id:
            self.show_job(self._job)

    def add_segments(self, job_id: int, segments: Sequence[Segment]) -> None:
        if self._job is not None and job_id == self._job.id and self._loaded:
            self.text.append(segments)
            self.filled.emit()
            self._describe()

    def show_provisional(self, heard: Provisional) -> None:
        """Show what was heard in a live job but may still change."""
        if self._job is not None and heard.job_id == self._job.id and self._loaded:
            self.text.show_provisional(heard.words)

    def copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self.text.whole)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "text"):
            self._colour()

    def _ask_for_part(self, job_id: int) -> None:
        first = self.text.segments
        self._history.ask(lambda history: _part(history, job_id, first), self._on_part, self._on_no_part)

    def _on_part(self, part: _Part) -> None:
        job = part.job
        if self._job is None or job.id != self._job.id or self._loaded or part.first != self.text.segments:
            return
        # Segments stored after the last part was read are announced after it: none is missing, none comes twice.
        self._loaded = len(part.segments) < AT_ONCE
        self._left_out = part.left_out
        self.text.append(part.segments)
        if part.first == 0 and job.state is not JobState.RUNNING:
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
        if part.first == 0 or self._loaded:
            self.filled.emit()
        if self._loaded:
            self._describe()
        else:
            self._ask_for_part(job.id)

    def _on_left_out(self, answer: tuple[int, list[LeftOut]]) -> None:
        job_id, left_out = answer
        if self._job is not None and job_id == self._job.id:
            self._left_out = left_out
            self._describe()

    def _on_no_part(self, error: Exception) -> None:
        if not isinstance(error, JobGone):
            raise error
        self.filled.emit()

    def _on_passage(self, why: str) -> None:
        self._why.setText(wording.to_check(why) if why else "")
        self._why.setVisible(bool(why))

    def _describe(self) -> None:
        job = self._job
        self._name.show_text(job.name.replace("\n", " ") if job else "")
        self._facts.setText(wording.about_job(job) if job else "")
        note = wording.job_notes(job, self.has_text) if job else ""
        if job is not None and job.state in UNENDED and (where := self.elsewhere(job.id)):
            note = wording.LEFT_ELSEWHERE if where == "left" else wording.WORKED_ON_ELSEWHERE
        if job is not None and job.state is JobState.DONE:
            passages = wording.passages(self.text.doubtful, len(self._left_out))
            note = "\n".join(filter(None, [note, passages])) if self._loaded else ""
            note = "\n".join(filter(None, [note, wording.removed_texts(self._left_out)]))
        self._colour()
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._note.setAccessibleName(note)
        self.text.setPlaceholderText(self.why_no_text(job) if job is not None else "")

    def _colour(self) -> None:
        colours.stand_back(self._facts)
        colours.warn(self._why)
        notice = QPalette(self.palette())
        failed = self._job is not None and self._job.state is JobState.FAILED
        ground = colours.notice(self.palette()) if failed else self.palette().color(QPalette.ColorRole.AlternateBase)
        notice.setColor(QPalette.ColorRole.Window, ground)
        self._note.setPalette(notice)
        news = QPalette(self.palette())
        news.setColor(QPalette.ColorRole.Window, colours.news(self.palette()))
        self._several.setPalette(news)


class _Part(NamedTuple):
    """Of a job's transcript, what is put into the text at once."""

    job: Job
    first: int  # number of its first segment
    segments: list[Segment]
    left_out: list[LeftOut]  # of the whole; only the last part has it


def _part(history: History, job_id: int, first: int) -> _Part:
    job, segments = history.job(job_id), history.segments_shown(job_id, first, AT_ONCE)
    return _Part(job, first, segments, history.left_out(job_id) if len(segments) < AT_ONCE else [])


class _ElidedLabel(QLabel):
    """One line of plain text; what does not fit is left out in its middle."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        self._text = text
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, self.width()))


def _plain_label(text: str) -> QLabel:
    """Return a label that takes no text for rich text: a file may be called "<b>x</b>"."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(label.sizePolicy().Policy.Ignored, label.sizePolicy().Policy.Preferred)
    return label
