"""The chosen job's transcript, filling in as it is heard, with the times in its margin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHelpEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from desktop_app.transcripts.history import JobGone
from desktop_app.transcripts.transcript import SPEAKERS, Job, JobState, LeftOut, Segment, Transcript
from desktop_app.ui import colours, wording
from desktop_app.ui.find_bar import FindBar
from desktop_app.work.history_thread import HistoryThread

AT_ONCE = 200  # segments put into the text in one turn of the event loop: about 5 ms


class TranscriptText(QPlainTextEdit):
    """One paragraph a segment; its time stands in the margin, so that copied text is text alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._starts: list[float] = []
        self._doubts: dict[int, str] = {}  # why, by paragraph
        self._margin = _TimeMargin(self)
        self.setReadOnly(True)
        self.setAcceptDrops(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAccessibleName(wording.TRANSCRIPT)
        self.setPlaceholderText(wording.WAITING_FOR_TEXT)
        self.setUndoRedoEnabled(False)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.1)
        self.setFont(font)
        self.document().setDocumentMargin(8)
        self.updateRequest.connect(self._on_update_request)
        self._place_margin()

    def clear(self) -> None:
        self._starts.clear()
        self._doubts.clear()
        super().clear()

    def append(self, segments: Sequence[Segment]) -> None:
        """Add segments at the end, and scroll along unless the user has scrolled away."""
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 1
        for segment in segments:
            if segment.doubts:
                self._doubts[len(self._starts)] = "; ".join(wording.DOUBTS[doubt] for doubt in segment.doubts)
            self._starts.append(segment.start)
            speaker = f"{SPEAKERS[segment.speaker]}: " if segment.speaker else ""
            self.appendPlainText(speaker + " ".join(segment.text.split()))
        bar.setValue(bar.maximum() if follows else bar.value())

    @property
    def doubtful(self) -> int:
        """How many paragraphs should be listened to again."""
        return len(self._doubts)

    def doubt_at(self, y: int) -> str:
        """Return why the paragraph at this height of the margin is doubtful; empty if it is not."""
        return self._doubts.get(self.cursorForPosition(QPoint(0, y)).blockNumber(), "")

    def margin_width(self) -> int:
        return self.fontMetrics().horizontalAdvance("? 0:00:00") + 22

    def paint_margin(self, event: QPaintEvent) -> None:
        painter = QPainter(self._margin)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Base))
        painter.setPen(colours.quiet(self.palette()))
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            if block.blockNumber() < len(self._starts) and top + height >= event.rect().top():
                room = QRect(0, round(top), self._margin.width() - 12, self.fontMetrics().height())
                doubtful = block.blockNumber() in self._doubts
                painter.setPen(colours.bad(self.palette()) if doubtful else colours.quiet(self.palette()))
                mark = "? " if doubtful else ""
                time = wording.clock(self._starts[block.blockNumber()])
                painter.drawText(room, Qt.AlignmentFlag.AlignRight, mark + time)
            top += height
            block = block.next()
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_margin()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_margin"):
            self._place_margin()

    def _place_margin(self) -> None:
        self.setViewportMargins(self.margin_width(), 0, 0, 0)
        inside = self.contentsRect()
        self._margin.setGeometry(QRect(inside.left(), inside.top(), self.margin_width(), inside.height()))

    def _on_update_request(self, rect: QRect, dy: int) -> None:
        if dy:
            self._margin.scroll(0, dy)
        else:
            self._margin.update(0, rect.y(), self._margin.width(), rect.height())


class _TimeMargin(QWidget):
    def __init__(self, text: TranscriptText) -> None:
        super().__init__(text)
        self._text = text

    def sizeHint(self) -> QSize:
        return QSize(self._text.margin_width(), 0)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._text.doubt_at(event.pos().y()), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._text.paint_margin(event)


class TranscriptPane(QWidget):
    """A job's name, its facts, what went wrong if something did, and its text.

    filled(): the text has changed.
    """

    filled = Signal()

    def __init__(self, history: HistoryThread, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._job: Job | None = None
        self._loaded = False  # what was stored before is shown, so that what comes now can follow it
        self._pending: list[Segment] = []
        self._left_out = 0
        self._filling = QTimer(self, interval=0)
        self._filling.timeout.connect(self._fill)

        self._name = _ElidedLabel()
        font = self._name.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        self._name.setFont(font)
        self._facts = _plain_label("")
        self._note = _plain_label("")
        self._note.setWordWrap(True)
        self._note.setMargin(10)
        self._note.setAutoFillBackground(True)
        self._note.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text = TranscriptText()
        self.find_bar = FindBar(self.text)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(4)
        head = QVBoxLayout()
        head.setContentsMargins(16, 0, 16, 4)
        head.setSpacing(2)
        for label in (self._name, self._facts, self._note):
            head.addWidget(label)
        column.addLayout(head)
        column.addWidget(self.find_bar)
        column.addWidget(self.text, 1)
        self._colour()

    @property
    def job(self) -> Job | None:
        return self._job

    @property
    def has_text(self) -> bool:
        return not self.text.document().isEmpty()

    @property
    def is_filled(self) -> bool:
        """Everything that is stored of the job is in the text."""
        return self._loaded and not self._pending

    def show_job(self, job: Job | None) -> None:
        """Show another job; its text comes as soon as the library has it."""
        self._job = job
        self._loaded = False
        self._pending.clear()
        self._filling.stop()
        self.text.clear()
        self.filled.emit()
        self._describe()
        if job is not None:
            job_id = job.id
            self._history.ask(lambda history: history.transcript(job_id), self._on_transcript, self._on_no_transcript)

    def change(self, job: Job) -> None:
        """The job shown may have changed."""
        if self._job is None or job.id != self._job.id:
            return
        begins_again = job.state is JobState.QUEUED and self._job.state is not JobState.QUEUED
        self._job = job
        if begins_again:
            self.show_job(job)
            return
        self._describe()
        if job.state is JobState.DONE:
            job_id = job.id
            self._history.ask(lambda history: (job_id, history.left_out(job_id)), self._on_left_out)

    def add_segments(self, job_id: int, segments: Sequence[Segment]) -> None:
        if self._job is not None and job_id == self._job.id and self._loaded:
            self._pending += segments
            self._fill()

    def copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "text"):
            self._colour()

    def _on_transcript(self, transcript: Transcript) -> None:
        if self._job is None or transcript.job.id != self._job.id or self._loaded:
            return
        # Segments stored after this answer was made are announced after it: none is missing, none comes twice.
        self._loaded = True
        self._pending = list(transcript.segments)
        self._left_out = len(transcript.left_out)
        self._fill()
        self.text.verticalScrollBar().setValue(0 if transcript.job.state is not JobState.RUNNING else 1 << 30)

    def _on_left_out(self, answer: tuple[int, list[LeftOut]]) -> None:
        job_id, left_out = answer
        if self._job is not None and job_id == self._job.id:
            self._left_out = len(left_out)
            self._describe()

    def _on_no_transcript(self, error: Exception) -> None:
        if not isinstance(error, JobGone):
            raise error

    def _fill(self) -> None:
        part = list(islice(self._pending, AT_ONCE))
        del self._pending[: len(part)]
        self.text.append(part)
        self.filled.emit()
        if self._pending:
            self._filling.start()
        else:
            self._filling.stop()
            self._describe()

    def _describe(self) -> None:
        job = self._job
        self._name.show_text(job.name.replace("\n", " ") if job else "")
        self._facts.setText(wording.about_job(job) if job else "")
        note = wording.job_notes(job, bool(self._pending or not self.text.document().isEmpty())) if job else ""
        if job is not None and job.state is JobState.DONE:
            passages = wording.passages(self.text.doubtful, self._left_out)
            note = " ".join(filter(None, [note, passages])) if self._loaded else ""
        self._colour()
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._note.setAccessibleName(note)
        self.text.setPlaceholderText(wording.WAITING.get(job.state, "") if job is not None else "")

    def _colour(self) -> None:
        colours.stand_back(self._facts)
        notice = QPalette(self.palette())
        failed = self._job is not None and self._job.state is JobState.FAILED
        ground = colours.notice(self.palette()) if failed else self.palette().color(QPalette.ColorRole.AlternateBase)
        notice.setColor(QPalette.ColorRole.Window, ground)
        self._note.setPalette(notice)


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
