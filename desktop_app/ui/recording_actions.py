"""What the user can do with the microphone: record, pause, stop, read captions; and what becomes of a recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop_app.messages import JobStarted, Provisional, Segment
from desktop_app.settings import Settings
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import UNENDED, Job, JobOptions, JobState, display_name, shown
from desktop_app.ui import wording
from desktop_app.ui.captions_window import KEPT, CaptionsWindow
from desktop_app.ui.queue_actions import MakeAction
from desktop_app.ui.record_panel import RecordPanel
from desktop_app.ui.reveal import reveal
from desktop_app.ui.unfinished_bar import UnfinishedBar
from desktop_app.work import unfinished
from desktop_app.work.audio_devices import AudioDevices
from desktop_app.work.computer import KeptAwake
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.hot_key import HotKey
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.key_strokes import KeyStrokes
from desktop_app.work.recorder import Recorder, RecorderState, Trouble
from desktop_app.work.unfinished import Unfinished

RECORDING = (RecorderState.RECORDING, RecorderState.PAUSED)
NOTICED = frozenset(set(Trouble) - {Trouble.SLEPT, Trouble.CLIPPING, Trouble.NOT_NOTED})  # wherever the user is
NOTICE_AGAIN_AFTER = 60.0  # seconds, of the same trouble
SAME_LENGTH = 0.2  # seconds that a job may fall short of its recording, and have heard all of it
NOTHING_THERE = (
    Trouble.NO_PORTAUDIO,
    Trouble.NO_LOOPBACK,
    Trouble.NO_SERVER,
    Trouble.NO_DEVICE,
    Trouble.NO_SYSTEM_SOUND,
)


class Sound(NamedTuple):
    """What hears the user."""

    devices: AudioDevices
    recorder: Recorder
    dictated: Recorder  # of its own: what is dictated is not what is recorded
    hot_key: HotKey
    key_strokes: KeyStrokes
    kept_awake: KeptAwake  # while something is recorded

    def close(self) -> None:
        """End the threads, a recording finished before. Waits for them: for the end of the program only."""
        self.recorder.close()
        self.dictated.close()
        self.devices.close()
        self.kept_awake.close()


class RecordingActions(QObject):
    """Joins the recorder and the queue: a recording that stops becomes a job, a live one is a job from its start.

    said(sentence): something to tell the user in passing.
    noticed(sentence): something is wrong with what is being recorded; the user may be elsewhere.
    added(jobs): a recording came into the list.
    left(): the bar was closed; the keyboard has to go somewhere.
    changed(): something is recorded now, or no more.
    stopped(): nothing is recorded any more, and the file is complete.
    language_chosen(code): another one is wanted for what is recorded next; None: it is to be found out.
    """

    said = Signal(str)
    noticed = Signal(str)
    added = Signal(object)
    left = Signal()
    changed = Signal()
    stopped = Signal()
    language_chosen = Signal(object)

    def __init__(
        self,
        sound: Sound,
        queue: JobQueue,
        history: HistoryThread,
        settings: Settings,
        options: Callable[[], JobOptions],
        make: MakeAction,
        window: QWidget,
    ) -> None:
        """options: what is chosen for the next job."""
        super().__init__(window)
        self._recorder = sound.recorder
        self._devices = sound.devices
        self._awake = sound.kept_awake
        self._queue = queue
        self._history = history
        self._choices = settings.recording
        self._caption_choices = settings.captions
        self._options = options
        self._window = window
        self._file: Path | None = None  # that is being recorded
        self._live_job: int | None = None  # that follows it
        self._captioned: int | None = None  # the live job that captions show: its last words come after Stop
        self._noticed: dict[Trouble, float] = {}  # when that was last
        self._is_leaving = False  # nothing can stop the program's end any more
        self._is_live = False  # what is recorded, or was last, appears as text while one speaks
        self._once_more = False  # Record was pressed again before the last words were written
        self._captions: CaptionsWindow | None = None
        self.panel = RecordPanel(sound.recorder, sound.devices, settings.recording)
        self.unfinished = UnfinishedBar()
        self._make_actions(make)
        self._join()
        self._allow()

    def all(self) -> list[QAction | None]:
        return [self.record, self.pause, self.stop, None, self.show_captions]

    @property
    def is_recording(self) -> bool:
        """Something is recorded, or its last words are still being written."""
        return self._file is not None and not self._is_leaving

    @property
    def is_paused(self) -> bool:
        return self._recorder.state is RecorderState.PAUSED

    def offer_unfinished(self) -> None:
        """Offer what a killed program has left, unless it is in the list already: done, or going on by itself."""

        def not_seen_to(history: History, found: list[Unfinished]) -> list[Unfinished]:
            return [each for each in found if not _is_seen_to(each, history)]

        self._history.ask_after(unfinished.found, not_seen_to, self.unfinished.offer)

    def ask_whether_to_stop(self, then: Callable[[], None]) -> None:
        """Ask whether the recording is to end; `then` is called when its last word is on the disk.

        If it ends by itself, there is nothing to be asked any more.
        """
        box = QMessageBox(
            QMessageBox.Icon.Question,
            wording.CLOSE_RECORDING_TITLE,
            wording.CLOSE_RECORDING_QUESTION,
            QMessageBox.StandardButton.NoButton,
            self._window,
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        stop = box.addButton(wording.STOP_AND_CLOSE, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(wording.KEEP_RECORDING, QMessageBox.ButtonRole.RejectRole))

        def stop_all_the_same() -> None:
            self._once_more = False
            if not self.is_recording:
                then()
                return
            self.stopped.connect(then, Qt.ConnectionType.SingleShotConnection)
            self._recorder.stop()

        stop.clicked.connect(stop_all_the_same)
        self.stopped.connect(box.reject)
        box.open()

    def leave(self) -> None:
        """The program ends, whoever ended it: what is being recorded is transcribed when it is started again."""
        if self.is_recording and self._file is not None and not self._is_live:
            self._queue.add([self._file], self._options_now())
        self._is_leaving = True

    def end(self) -> None:
        """The window is closed: so are the captions, and nothing is listened to."""
        self._recorder.off()
        if self._captions is not None:
            self._captions.close()
            self._captions.deleteLater()
            self._captions = None

    # --- making ---

    def _make_actions(self, make: MakeAction) -> None:
        self.record = make(wording.RECORD, self._on_record, "Ctrl+R", "record")
        self.pause = make(wording.PAUSE_RECORDING, self._on_pause, "Ctrl+Shift+Space", "pause")
        self.stop = make(wording.STOP_RECORDING, self._recorder.stop, "Ctrl+.", "stop")
        self.show_captions = make(wording.CAPTIONS, self._on_captions, "Ctrl+L", "captions")
        self.show_captions.setCheckable(True)

    def _join(self) -> None:
        self.panel.record_pressed.connect(self._begin)
        self.panel.stop_pressed.connect(self._recorder.stop)
        self.panel.pause_pressed.connect(self._on_pause)
        self.panel.close_pressed.connect(self._leave)
        self._recorder.state_changed.connect(self._on_state)
        self._recorder.troubled.connect(self._on_trouble)
        self._devices.changed.connect(self._show_in_captions)
        self.panel.microphone.currentIndexChanged.connect(self._show_in_captions)
        self._recorder.recorded.connect(self._on_recorded)
        self._queue.provisional.connect(self._on_provisional)
        self._queue.segments_added.connect(self._on_segments)
        self._queue.job_started.connect(self._on_started)
        self.unfinished.transcribe_pressed.connect(self._on_transcribe)
        self.unfinished.show_pressed.connect(self._on_show)
        self.unfinished.dismiss_pressed.connect(self._on_dismiss)

    # --- recording ---

    def _on_trouble(self, trouble: Trouble | None) -> None:
        self._show_in_captions()
        if trouble is None or trouble not in NOTICED or not self.panel.is_recording:
            return
        now = time.monotonic()
        if now - self._noticed.get(trouble, -NOTICE_AGAIN_AFTER) >= NOTICE_AGAIN_AFTER:
            self._noticed[trouble] = now
            self.noticed.emit(wording.trouble(trouble))

    def _on_record(self) -> None:
        """Open the bar; close it if it is open and has the keyboard, unless something is recorded."""
        if self.panel.isVisible() and not self.is_recording and self.panel.isAncestorOf(_focus_of(self._window)):
            self._leave()
            return
        self.panel.enter()

    def _leave(self) -> None:
        if not self.is_recording:
            self.panel.leave()
            self.left.emit()

    def _begin(self) -> None:
        if self.is_recording:
            self._once_more = self._recorder.state not in RECORDING
        elif self._recorder.trouble in NOTHING_THERE:
            pass  # which the bar says; the recorder would begin by itself whenever a device comes
        else:
            self.panel.begin()
            self._recorder.record(Path(wording.recording_name(time.time())))

    def _on_pause(self) -> None:
        if self._recorder.state is RecorderState.PAUSED:
            self._recorder.go_on()
        elif self._recorder.state is RecorderState.RECORDING:
            self._recorder.pause()

    def _on_state(self, state: RecorderState) -> None:
        if state is RecorderState.RECORDING and self._file is None:
            self._file = self._recorder.file
            self._live_job = None
            self._is_live = self._choices.live or self._are_captions_open  # captions are nothing without text
            self._awake.hold(wording.WHY_AWAKE_TO_RECORD)
            if self._is_live and self._file is not None:
                self._follow(self._file)
        self._allow()

    def _follow(self, file: Path) -> None:
        """Have the text appear while one speaks."""

        def then(job: Job) -> None:
            if self._file == file:
                self._live_job = self._captioned = job.id
                if self._captions is not None:
                    self._captions.begin()
            else:  # it was stopped in the meantime
                self._queue.recording_ended(job.id)
            self.added.emit([job])

        self._queue.add_live(file, self._options_now(), self._choices.refine, then)

    def _on_recorded(self, file: Path) -> None:
        if self._is_leaving:
            return
        is_followed = self._is_live and self._file is not None
        live_job, self._live_job, self._file = self._live_job, None, None
        if live_job is not None:
            self._queue.recording_ended(live_job)
        elif not is_followed:
            self._queue.add([file], self._options_now(), self.added.emit)
        self._awake.release()
        self.said.emit(wording.recording_kept(display_name(file), self.panel.lost_seconds))
        self._allow()
        self.stopped.emit()
        if self._once_more:
            self._once_more = False
            self._begin()

    def _options_now(self) -> JobOptions:
        """Return what is chosen; microphone and computer are told apart if both were recorded."""
        options = self._options()
        whole = msgspec.structs.replace(options, begin=0.0, end=None, track=None)
        return msgspec.structs.replace(whole, split_channels=True) if self.panel.has_two_sides else whole

    def _allow(self) -> None:
        state = self._recorder.state
        paused = state is RecorderState.PAUSED
        self.pause.setText(wording.GO_ON_RECORDING if paused else wording.PAUSE_RECORDING)
        self.pause.setEnabled(state in RECORDING)
        self.stop.setEnabled(state in RECORDING)
        self._show_in_captions()
        self.changed.emit()

    # --- captions ---

    def _on_captions(self) -> None:
        if self._captions is None:
            self._captions = CaptionsWindow(self._caption_choices)
            self._captions.closed.connect(lambda: self.show_captions.setChecked(False))
            self._captions.start_pressed.connect(self._on_captions_start)
            self._captions.stop_pressed.connect(self._recorder.stop)
            self._captions.microphone_chosen.connect(self.panel.microphone.setCurrentIndex)
            self._captions.language_chosen.connect(self.language_chosen)
        if not self.show_captions.isChecked():
            self._captions.close()
            return
        self._captions.begin()
        if (job_id := self._captioned) is not None:
            self._history.ask(lambda history: history.segments(job_id)[-KEPT:], partial(self._fill_captions, job_id))
        self._captions.show()
        self._captions.raise_()
        self._captions.activateWindow()
        self._show_in_captions()

    @property
    def _are_captions_open(self) -> bool:
        return self._captions is not None and self._captions.isVisible()

    def _on_captions_start(self) -> None:
        """Record as from the bar, which is opened too: it has the level, and all that may be wrong."""
        self.panel.enter()
        self._begin()

    def show_language(self) -> None:
        """Another one may be chosen now."""
        self._show_in_captions()

    def _show_in_captions(self) -> None:
        """Offer in the window of the captions what the bar offers, and say there what is wrong."""
        if self._captions is None:
            return
        box, trouble = self.panel.microphone, self._recorder.trouble
        is_recording = self._recorder.state in RECORDING
        said = wording.trouble(trouble) if trouble is not None else ""
        if not said and is_recording and not self._is_live:
            said = wording.CAPTIONS_WITHOUT_TEXT
        names = [box.itemText(row) for row in range(box.count())]
        self._captions.show_microphones(names, box.currentIndex())
        self._captions.show_recording(is_recording, self.panel.record.isEnabled(), said)
        if (language := self._options().language) != self._captions.language.code():
            self._captions.show_language(language)

    def _fill_captions(self, job_id: int, segments: Sequence[Segment]) -> None:
        if self._captions is not None and job_id == self._captioned:
            self._captions.begin(segments)

    def _on_started(self, started: JobStarted) -> None:
        """A job that is done again while its recording grows takes the captions along."""
        before = self._captioned
        if before is None or before == started.job_id:
            return
        if self._queue.follow_the_same(started.job_id, before):
            self._captioned = started.job_id
            if self._captions is not None:
                self._captions.begin()

    def _on_segments(self, job_id: int, segments: Sequence[Segment]) -> None:
        if self._captions is not None and job_id == self._captioned:
            self._captions.add_segments(segments)

    def _on_provisional(self, heard: Provisional) -> None:
        if self._captions is not None and heard.job_id == self._captioned:
            self._captions.show_provisional(heard.words)

    # --- recordings that a killed program has left ---

    def _on_transcribe(self, found: Unfinished) -> None:
        self._queue.add([found.file], self._options_now(), self.added.emit)
        self._forget(found)

    def _on_show(self, found: Unfinished) -> None:
        if not reveal(found.file):
            self.said.emit(wording.no_file_manager(shown(found.file.parent)))

    def _on_dismiss(self, found: Unfinished) -> None:
        self._forget(found)
        self.said.emit(wording.recording_stays(shown(found.file)))

    def _forget(self, found: Unfinished) -> None:
        self._history.files.ask(lambda: unfinished.forget(found))


def _is_seen_to(left: Unfinished, history: History) -> bool:
    """Tell whether a recording that was left needs no more. The note of one that was transcribed is struck off."""
    jobs = history.jobs_of_file(left.file)
    if any(job.state is JobState.DONE and (job.duration or 0.0) > left.seconds - SAME_LENGTH for job in jobs):
        unfinished.forget(left)
        return True
    return any(job.state in UNENDED for job in jobs)


def _focus_of(window: QWidget) -> QWidget:
    return window.focusWidget() or window
