"""Dictation: a key that works in every program, and what is said becomes text there."""

from __future__ import annotations

import enum
import itertools
import time
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from desktop_app.messages import Segment
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.ui import clipboard, icons, wording
from desktop_app.ui.dictation_dialog import DictationDialog
from desktop_app.ui.dictation_indicator import DictationIndicator
from desktop_app.ui.queue_actions import MakeAction
from desktop_app.ui.recording_actions import Sound
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.recorder import Level, Recorder, RecorderState, Sources, Trouble

ENDED_BADLY = (JobState.FAILED, JobState.CANCELLED)
HINDERED = (
    Trouble.NO_PORTAUDIO,
    Trouble.NO_SERVER,
    Trouble.NO_DEVICE,
    Trouble.DEVICE_SILENT,
    Trouble.DISK_FULL,
    Trouble.CANNOT_WRITE,
)


class Stage(enum.StrEnum):
    OFF = "off"
    READY = "ready"  # for the key
    LISTENING = "listening"
    WRITING = "writing"  # what was said is being made into text


class _Dictated:
    """What was said while the key was held once, on its way to being text."""

    def __init__(self) -> None:
        self.file: Path | None = None  # since it is being recorded
        self.is_complete = False  # the file is
        self.job_id: int | None = None
        self.text: str | None = None  # once it is written
        self.has_failed = False

    @property
    def is_over(self) -> bool:
        return self.has_failed or self.text is not None


class Dictation(QObject):
    """What is dictated is recorded as everything is: it is a job in the list, and its text goes where the user is.

    The next sentence can be dictated while the one before is still being written.

    said(sentence): something to tell the user in passing.
    """

    said = Signal(str)

    def __init__(
        self,
        sound: Sound,
        queue: JobQueue,
        history: HistoryThread,
        settings: Settings,
        options: Callable[[], JobOptions],
        is_recording: Callable[[], bool],
        make: MakeAction,
        window: QWidget,
    ) -> None:
        """options: what is chosen for the next job. is_recording: the microphone is wanted for something else."""
        super().__init__(window)
        self._recorder: Recorder = sound.dictated
        self._key, self._strokes = sound.hot_key, sound.key_strokes
        self._queue = queue
        self._history = history
        self._choices = settings.dictation
        self._microphone = settings.recording
        self._options = options
        self._is_recording = is_recording
        self._window = window
        self._dictated: list[_Dictated] = []  # whose text is not handed over yet, in the order in which it was said
        self._jobs: set[int] = set()  # of all that was dictated since the program began
        self._tray: QSystemTrayIcon | None = None
        self._loan = clipboard.ClipboardLoan(self)
        self.stage = Stage.OFF
        self.indicator = DictationIndicator()
        self.on = make(wording.DICTATION, self._on_toggled, "Ctrl+D", "microphone")
        self.on.setCheckable(True)
        self.change = make(wording.DICTATION_SETTINGS, self._on_change)
        self._join()

    def _join(self) -> None:
        self._key.taken.connect(self._on_taken)
        self._key.refused.connect(self._on_refused)
        self._key.pressed.connect(self._on_pressed)
        self._key.released.connect(self._on_released)
        self._strokes.pasted.connect(self._loan.expect)
        self._strokes.not_pasted.connect(self._on_not_pasted)
        self._loan.fetched.connect(lambda: self.indicator.tell(wording.PUT_INTO_WINDOW))
        self._loan.not_fetched.connect(self._on_not_pasted)
        self._recorder.state_changed.connect(self._on_state)
        self._recorder.level_changed.connect(self._on_level)
        self._recorder.troubled.connect(self._on_trouble)
        self._recorder.recorded.connect(self._on_recorded)
        self._queue.job_changed.connect(self._on_job_changed)

    def all(self) -> list[QAction]:
        return [self.on, self.change]

    @property
    def is_listening(self) -> bool:
        return self.stage is Stage.LISTENING

    def is_dictated(self, job_id: int) -> bool:
        """The job is that of something dictated: the user is told of its end already."""
        return job_id in self._jobs

    def start(self) -> None:
        """Turn dictation on if it was on when the program ended."""
        if self._choices.on:
            self._take()

    def end(self) -> None:
        """The program ends."""
        self._key.give_back()
        self._recorder.off()
        self.indicator.close()
        self.indicator.deleteLater()
        if self._tray is not None:
            self._tray.hide()

    # --- on and off ---

    def _on_toggled(self) -> None:
        if self.on.isChecked():
            self._take()
        else:
            self._turn_off()
            self.said.emit(wording.DICTATION_OFF)

    def _take(self) -> None:
        self._key.take(self._choices.key)

    def _turn_off(self) -> None:
        self._key.give_back()
        self._choices.on = False
        self.on.setChecked(False)
        if self.stage is Stage.LISTENING:
            self._finish()
        elif self.stage is Stage.READY:
            self.stage = Stage.OFF
        if self._tray is not None:
            self._tray.hide()

    def _on_taken(self) -> None:
        self._choices.on = True
        self.on.setChecked(True)
        if self.stage is Stage.OFF:
            self.stage = Stage.READY
        self._show_tray()
        key = QKeySequence(self._choices.key).toString(QKeySequence.SequenceFormat.NativeText)
        self.said.emit(wording.dictation_on(key, self._choices.how))

    def _on_refused(self, why: str) -> None:
        """The key cannot be had now. Who had dictation on keeps it on: the next start tries again."""
        was_on = self._choices.on
        self._turn_off()
        self._choices.on = was_on
        self.on.setChecked(was_on)
        self.said.emit(wording.no_dictation(why))
        if not self._window.isActiveWindow():  # it is noticed where the user is
            self.indicator.tell(wording.no_dictation(why))

    def _on_change(self) -> None:
        dialog = DictationDialog(self._choices, self._strokes.is_possible, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self._on_chosen)
        dialog.open()

    def _on_chosen(self) -> None:
        if self._choices.on:
            self._take()

    # --- speaking ---

    def _on_pressed(self) -> None:
        if self.stage in (Stage.READY, Stage.WRITING):
            self._begin()
        elif self.stage is Stage.LISTENING and self._choices.how == "toggle":
            self._finish()

    def _on_released(self) -> None:
        if self.stage is Stage.LISTENING and self._choices.how == "hold":
            self._finish()

    def _begin(self) -> None:
        if self._is_recording():
            self.indicator.tell(wording.STOP_FIRST)
            return
        self.stage = Stage.LISTENING
        self._dictated.append(_Dictated())
        if self._recorder.state is RecorderState.OFF:
            self._recorder.listen(Sources(microphone=self._microphone.microphone))
        self._recorder.record(
            Path(wording.dictation_name(time.time()))
        )  # what is recorded still ends where this begins

    def _finish(self) -> None:
        if self._dictated[-1].file is not None:
            self.stage = Stage.WRITING
            self.indicator.work()
            self._recorder.stop()
            self._deliver()
        else:  # it had not begun yet: there is nothing to write down
            self._give_up(wording.NOTHING_UNDERSTOOD)

    def _give_up(self, sentence: str) -> None:
        self._recorder.off()
        self._dictated.pop()
        self._rest()
        self.indicator.tell(sentence)
        self._deliver()

    def _rest(self) -> None:
        """Nothing is listened to; the text of what was said before may still be on its way."""
        self.stage = Stage.WRITING if self._dictated else Stage.READY if self._choices.on else Stage.OFF

    def _on_state(self, state: RecorderState) -> None:
        file = self._recorder.file
        if state is not RecorderState.RECORDING or file is None:
            return
        if self.stage is not Stage.LISTENING:  # given up while it began
            self._recorder.off()
            return
        dictated = self._dictated[-1]
        if dictated.file is not None:
            return
        dictated.file = file
        self.indicator.listen(wording.SPEAK_NOW)
        whole = msgspec.structs.replace(self._options(), begin=0.0, end=None, track=None, split_channels=False)
        self._queue.add_live(file, whole, False, partial(self._on_live, dictated))

    def _on_live(self, dictated: _Dictated, job: Job) -> None:
        dictated.job_id = job.id
        self._jobs.add(job.id)
        self._end_live_job(dictated)

    def _end_live_job(self, dictated: _Dictated) -> None:
        if dictated.job_id is not None and dictated.is_complete:
            self._queue.recording_ended(dictated.job_id)

    def _on_level(self, level: Level) -> None:
        if self.stage is Stage.LISTENING:
            self.indicator.meter.show_level(level)

    def _on_trouble(self, trouble: Trouble | None) -> None:
        if self.stage is not Stage.LISTENING:
            return
        has_begun = self._dictated[-1].file is not None
        if not has_begun and trouble in HINDERED:
            self._give_up(wording.trouble(trouble))
        elif has_begun:
            self.indicator.listen(wording.SPEAK_NOW if trouble is None else wording.trouble(trouble))

    def _on_recorded(self, file: Path) -> None:
        ended = next((one for one in self._dictated if one.file == file), None)
        is_last = ended is None or ended is self._dictated[-1]
        if is_last or self.stage is not Stage.LISTENING:
            self._recorder.off()
        if ended is None:
            return
        ended.is_complete = True
        self._end_live_job(ended)
        if is_last and self.stage is Stage.LISTENING:  # it ended by itself
            self.stage = Stage.WRITING
            self.indicator.work()
            self._deliver()

    # --- writing ---

    def _on_job_changed(self, job: Job) -> None:
        dictated = next((one for one in self._dictated if one.job_id == job.id), None)
        if dictated is None:
            return
        if job.state is JobState.DONE:
            job_id = job.id
            self._history.ask(lambda history: history.segments(job_id), partial(self._on_written, dictated))
        elif job.state in ENDED_BADLY:
            dictated.has_failed = True
            self._deliver()

    def _on_written(self, dictated: _Dictated, segments: Sequence[Segment]) -> None:
        dictated.text = " ".join(filter(None, (" ".join(segment.shown_text.split()) for segment in segments)))
        self._deliver()

    def _deliver(self) -> None:
        """Hand over what is written, in the order in which it was said; not while the key may still be held down."""
        written = [*itertools.takewhile(lambda one: one.is_over, self._dictated)]
        if self.stage is Stage.LISTENING or not written:
            return
        del self._dictated[: len(written)]
        self._rest()
        text = " ".join(one.text for one in written if one.text)
        if text:
            self._hand_over(text)
        else:
            failed = any(one.has_failed for one in written)
            self.indicator.tell(wording.DICTATION_FAILED if failed else wording.NOTHING_UNDERSTOOD)
        if self._dictated:
            self.indicator.work()

    def _hand_over(self, text: str) -> None:
        text = with_room_behind(text)
        if self._choices.to == "window" and self._strokes.is_possible:
            self._loan.lend(text)
            self._strokes.paste()
        else:
            clipboard.copy(text)
            self.indicator.tell(wording.PUT_IN_CLIPBOARD)

    def _on_not_pasted(self) -> None:
        self._loan.keep()
        self.indicator.tell(wording.NOT_PUT_INTO_WINDOW)

    # --- the tray ---

    def _show_tray(self) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(icons.application_icon(), self)
            self._tray.setToolTip(f"{wording.APPLICATION}: {wording.DICTATION_TITLE}")
            menu = QMenu(self._window)
            menu.addAction(wording.SHOW_WINDOW, self._show_window)
            menu.addAction(wording.TURN_OFF, self._turn_off)
            self._tray.setContextMenu(menu)
            self._tray.activated.connect(self._on_tray)
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._tray.show()

    def _on_tray(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self._show_window()

    def _show_window(self) -> None:
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()


def with_room_behind(text: str) -> str:
    """Return the text with a space behind it, for what is dictated next; none in scripts that have none."""
    last = next((sign for sign in reversed(text) if sign.isalnum()), "")
    is_wide = bool(last) and unicodedata.east_asian_width(last) == "W" and "HANGUL" not in unicodedata.name(last, "")
    return text if is_wide or text[-1:].isspace() else f"{text} "
