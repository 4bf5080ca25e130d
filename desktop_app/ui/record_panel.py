"""The bar one records with: what is recorded, how loud it is, for how long, and what is wrong."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop_app.settings import RecordingChoices
from desktop_app.transcripts.transcript import display_name
from desktop_app.ui import colours, icons, wording
from desktop_app.ui.flow_layout import FlowLayout, captioned
from desktop_app.ui.level_meter import LevelMeter
from desktop_app.ui.number_box import NumberBox
from desktop_app.work.audio_devices import AudioDevices
from desktop_app.work.recorder import Level, Recorder, RecorderState, Sources, Trouble

LOOK_EVERY_MS = 250  # at the elapsed time and the room on the disk
LONGEST_PRE_ROLL = 30.0  # seconds
WITHOUT = None  # of a choice of devices


class RecordPanel(QWidget):
    """Shows what the recorder does, and what is chosen. It never waits for it.

    record_pressed(), stop_pressed(), pause_pressed(), close_pressed(): so the user wants it.
    """

    record_pressed = Signal()
    stop_pressed = Signal()
    pause_pressed = Signal()
    close_pressed = Signal()

    def __init__(
        self, recorder: Recorder, devices: AudioDevices, choices: RecordingChoices, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._recorder = recorder
        self._devices = devices
        self._choices = choices
        self._lost_before = self._lost_then = 0.0  # seconds: when the recording began, and when it was last looked
        self._make_controls()
        self._arrange()
        self._show_devices()
        self._look = QTimer(self)
        self._look.setInterval(LOOK_EVERY_MS)
        self._look.timeout.connect(self._show_time)
        devices.changed.connect(self._show_devices)
        recorder.level_changed.connect(self._on_level)
        recorder.state_changed.connect(lambda _: self._show_state())
        recorder.troubled.connect(self._show_trouble)
        for box in (self.microphone, self.system, self.channels):
            box.currentIndexChanged.connect(self._on_sources)
        self.pre_roll.valueChanged.connect(self._on_sources)
        for check in (self.live, self.refine):
            check.toggled.connect(self._on_afterwards)
        self._colour()
        self._show_state()
        self.hide()

    # --- for the outside ---

    @property
    def sources(self) -> Sources:
        """Return what is to be recorded."""
        chosen = self._choices
        return Sources(
            microphone=chosen.microphone,
            system=chosen.system_sound,
            with_microphone=chosen.with_microphone,
            channels=chosen.channels,
            pre_roll=chosen.pre_roll,
        )

    @property
    def lost_seconds(self) -> float:
        """How much sound is missing in the recording that is being made, or was last."""
        return self._recorder.lost_seconds - self._lost_before

    def begin(self) -> None:
        """What is lost from now on is missing in the next recording."""
        self._lost_before = self._lost_then = self._recorder.lost_seconds

    @property
    def has_two_sides(self) -> bool:
        """Microphone and computer are recorded, each in a channel of its own."""
        return self._choices.with_microphone and self._choices.system_sound is not None

    def enter(self) -> None:
        """Show the bar, and listen, so that the level is seen before anything is recorded."""
        self.show()
        self._look.start()
        self._show_state()
        if self._recorder.state is RecorderState.OFF:
            self._listen()
        self.record.setFocus()

    def leave(self) -> None:
        """Hide the bar, and listen no more."""
        self._look.stop()
        self.begin()
        self.hide()
        self._recorder.off()
        self.meter.clear()

    # --- making ---

    def _make_controls(self) -> None:
        self.record = QPushButton(wording.START)
        self.record.setMinimumWidth(110)
        self.record.setAutoDefault(True)
        self.record.clicked.connect(self._on_record)
        self.pause = QPushButton(wording.PAUSE_BUTTON)
        self.pause.setAutoDefault(True)
        self.pause.clicked.connect(self.pause_pressed)
        self.close_button = QPushButton(wording.CLOSE_PANEL)
        self.close_button.setAutoDefault(True)
        self.close_button.clicked.connect(self.close_pressed)
        self.time = QLabel(wording.clock(0))
        font = self.time.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        self.time.setFont(font)
        self.meter = LevelMeter()
        self.room = _plain_label()
        self.status = _plain_label()
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.status.setWordWrap(True)
        self.microphone, self.system, self.channels = QComboBox(), QComboBox(), QComboBox()
        for box in (self.microphone, self.system):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(16)
        for channels, name in wording.CHANNEL_CHOICES.items():
            self.channels.addItem(name, channels)
        self.channels.setCurrentIndex(max(0, self.channels.findData(self._choices.channels)))
        self.pre_roll = NumberBox()
        self.pre_roll.setRange(0, LONGEST_PRE_ROLL)
        self.pre_roll.setDecimals(0)
        self.pre_roll.setSuffix(wording.SECONDS)
        self.pre_roll.setValue(self._choices.pre_roll)
        self.live, self.refine = QCheckBox(wording.LIVE), QCheckBox(wording.REFINE)
        self.live.setChecked(self._choices.live)
        self.refine.setChecked(self._choices.refine)
        for widget, name, hint in (
            (self.microphone, wording.MICROPHONE, wording.MICROPHONE_HINT),
            (self.system, wording.SYSTEM_SOUND, wording.SYSTEM_SOUND_HINT),
            (self.channels, wording.CHANNELS, wording.CHANNELS_HINT),
            (self.pre_roll, wording.PRE_ROLL, wording.PRE_ROLL_HINT),
            (self.live, wording.LIVE, wording.LIVE_HINT),
            (self.refine, wording.REFINE, wording.REFINE_HINT),
        ):
            widget.setAccessibleName(name.replace("&", ""))
            widget.setAccessibleDescription(hint)
            widget.setToolTip(hint)
        self.time.setAccessibleName(wording.recorded_so_far(self.time.text()))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        first, sources, text = QHBoxLayout(), FlowLayout(), FlowLayout()
        first.setSpacing(8)
        for row in (first, sources, text):
            column.addLayout(row)
        for widget in (self.record, self.pause, self.time):
            first.addWidget(widget)
        first.addWidget(self.meter, 1)
        first.addWidget(self.room)
        first.addWidget(self.close_button)
        for name, box in (
            (wording.MICROPHONE, self.microphone),
            (wording.SYSTEM_SOUND, self.system),
            (wording.CHANNELS, self.channels),
            (wording.PRE_ROLL, self.pre_roll),
        ):
            sources.addWidget(captioned(name, box))
        text.addWidget(self.live)
        text.addWidget(self.refine)
        column.addWidget(self.status)

    # --- what the user does ---

    def _on_record(self) -> None:
        if self.is_recording:
            self.stop_pressed.emit()
        else:
            self.record_pressed.emit()

    def _on_sources(self) -> None:
        chosen = self._choices
        microphone, system = self.microphone.currentData(), self.system.currentData()
        chosen.with_microphone = microphone is not WITHOUT
        if microphone is not WITHOUT:
            chosen.microphone = microphone
        chosen.system_sound = system
        chosen.channels = self.channels.currentData()
        chosen.pre_roll = self.pre_roll.value()
        self._show_state()
        if self.isVisible() and not self.is_recording:
            self._listen()

    def _on_afterwards(self) -> None:
        self._choices.live = self.live.isChecked()
        self._choices.refine = self.refine.isChecked()
        self._show_state()

    def _listen(self) -> None:
        if self._has_source:
            self._recorder.listen(self.sources)
        else:
            self._recorder.off()
            self.meter.clear()

    # --- what is shown ---

    @property
    def is_recording(self) -> bool:
        return self._recorder.state in (RecorderState.RECORDING, RecorderState.PAUSED)

    @property
    def _has_source(self) -> bool:
        return self._choices.with_microphone or self._choices.system_sound is not None

    def _show_devices(self) -> None:
        """Offer what is there now; what was chosen stays chosen, plugged in or not."""
        chosen = self._choices
        found = self._devices.found()
        microphone = chosen.microphone if chosen.with_microphone else WITHOUT
        for box, kind, device_id in (
            (self.microphone, "microphone", microphone),
            (self.system, "system", chosen.system_sound),
        ):
            there = [(device.name, device.id) for device in found if device.kind == kind]
            default = next((device.name for device in found if device.kind == kind and device.is_default), "")
            with QSignalBlocker(box):
                box.clear()
                box.addItem(f"{wording.THE_DEFAULT}: {default}" if default else wording.THE_DEFAULT, "")
                for name, each in there:
                    box.addItem(name, each)
                if device_id and device_id not in [each for _, each in there]:
                    box.addItem(wording.device_gone(wording.CHOSEN_DEVICE), device_id)
                box.addItem(wording.WITHOUT, WITHOUT)
                box.setCurrentIndex(max(0, _row_of(box, device_id)))
        self._show_state()

    def _on_level(self, level: Level) -> None:
        if self.isVisible() and self._recorder.state in (RecorderState.LISTENING, RecorderState.RECORDING):
            self.meter.show_level(level)

    def _show_state(self) -> None:
        state, recording = self._recorder.state, self.is_recording
        self.record.setText(wording.STOP if recording else wording.START)
        self.record.setEnabled(recording or self._has_source)
        self.pause.setText(wording.GO_ON_BUTTON if state is RecorderState.PAUSED else wording.PAUSE_BUTTON)
        self.pause.setEnabled(recording)
        self.close_button.setEnabled(not recording)
        for control in (self.microphone, self.system, self.pre_roll, self.live, self.refine):
            control.setEnabled(not recording)
        self.channels.setEnabled(not recording and not self.has_two_sides)
        self.refine.setText(wording.REFINE_TWO_SIDES if self.has_two_sides else wording.REFINE)
        self.refine.setAccessibleName(self.refine.text().replace("&", ""))
        self.refine.setEnabled(not recording and self.live.isChecked())
        if state not in (RecorderState.LISTENING, RecorderState.RECORDING):
            self.meter.clear()
        self._paint_dot()
        self._show_time()
        self._show_trouble(self._recorder.trouble)

    def _show_time(self) -> None:
        elapsed = wording.clock(self._recorder.seconds if self.is_recording else 0)
        if elapsed != self.time.text():
            self.time.setText(elapsed)
            self.time.setAccessibleName(wording.recorded_so_far(elapsed))  # else the name would hide the time
        self.room.setText(wording.room_left(self._recorder.seconds_of_space))
        if self._recorder.lost_seconds != self._lost_then:
            self._lost_then = self._recorder.lost_seconds
            self._show_trouble(self._recorder.trouble)

    def _show_trouble(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            colours.warn(self.status)
            self.status.setText(wording.trouble(trouble))
            return
        if self.lost_seconds > 0:
            colours.warn(self.status)
            self.status.setText(wording.sound_is_missing(self.lost_seconds))
            return
        colours.stand_back(self.status)
        file = self._recorder.file
        if not self._has_source:
            self.status.setText(wording.NOTHING_TO_RECORD)
        else:
            self.status.setText(wording.recording_state(self._recorder.state, display_name(file) if file else ""))

    # --- as Qt calls ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self.is_recording:
            self.close_pressed.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_look"):
            self._colour()

    def _colour(self) -> None:
        colours.stand_back(self.room)
        self._paint_dot()
        self._show_trouble(self._recorder.trouble)

    def _paint_dot(self) -> None:
        """A red dot begins a recording; a square ends it."""
        palette = self.palette()
        faded = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        ink: QColor = palette.color(QPalette.ColorRole.ButtonText)
        if self.is_recording:
            self.record.setIcon(icons.icon("stop", colours.bad(palette), faded))
        else:
            self.record.setIcon(icons.icon("record", colours.bad(palette), faded))
        paused = self._recorder.state is RecorderState.PAUSED
        self.pause.setIcon(icons.icon("play" if paused else "pause", ink, faded))


def _row_of(box: QComboBox, device_id: str | None) -> int:
    """Return the row with this device; Qt's own search does not tell None from nothing."""
    return next((row for row in range(box.count()) if box.itemData(row) == device_id), -1)


def _plain_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
