"""What stands in for microphones and for keys that all programs share, where a test is about the window."""

from __future__ import annotations

import math
import wave
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterFailed
from desktop_app.models.machine import Machine
from desktop_app.work.audio_devices import AudioDevice
from desktop_app.work.hot_key import HotKey, Refusal
from desktop_app.work.key_strokes import KeyStrokes
from desktop_app.work.model_work import ModelTask
from desktop_app.work.pack_work import PackState
from desktop_app.work.recorder import Level, RecorderState, Sources, Trouble

BUILT_IN = AudioDevice("built-in", "Built-in Microphone", "microphone", 48_000, 2, True)
HEADSET = AudioDevice("headset", "USB Headset", "microphone", 16_000, 1, False)
SPEAKER = AudioDevice("speaker.monitor", "Speakers", "system", 48_000, 2, True)


class StandInDevices(QObject):
    """There is what a test says."""

    changed = Signal()

    def __init__(self, *there: AudioDevice) -> None:
        super().__init__()
        self._there = list(there)

    def found(self) -> list[AudioDevice]:
        return list(self._there)

    def plug_in(self, device: AudioDevice) -> None:
        self._there.append(device)
        self.changed.emit()

    def unplug(self, device: AudioDevice) -> None:
        self._there.remove(device)
        self.changed.emit()


class StandInModelWork(QObject):
    """Does nothing about models but remember what was wanted."""

    task_changed = Signal(object)
    task_ended = Signal(object)
    shelf_changed = Signal()
    token_kept = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[tuple[str, ...]] = []
        self.at_work: dict[str, ModelTask] = {}
        self.needed: set[str] = set()  # by recordings

    def tasks(self) -> list[ModelTask]:
        return list(self.at_work.values())

    def get_on(self, task: ModelTask) -> None:
        """Something is done about a model, and has come so far."""
        self.at_work[task.name] = task
        self.task_changed.emit(task)

    def end(self, task: ModelTask) -> None:
        """It is over. What failed is remembered until it is tried again or given up."""
        self.at_work.pop(task.name, None)
        if task.failed is not None:
            self.at_work[task.name] = task
        self.task_ended.emit(task)

    def refuse(self, task: ModelTask) -> None:
        """It is not even begun."""
        self.task_ended.emit(task)

    def if_not_needed(self, name: str, then: Callable[[], None]) -> None:
        if name in self.needed:
            self.refuse(ModelTask(name, "remove", failed=PorterFailed(ModelTrouble.IN_USE)))
        else:
            then()

    def cancel(self, name: str) -> None:
        self.wanted.append(("cancel", name))
        task = self.at_work.pop(name, None)
        if task is not None:
            self.task_ended.emit(msgspec.structs.replace(task, cancelled=True))

    def __getattr__(self, what: str) -> Callable[..., None]:
        """Return what is called to have something done."""
        return lambda *details: self.wanted.append((what, *map(str, details)))


class StandInPackWork(QObject):
    """Does nothing about the graphics pack but remember what was wanted."""

    changed = Signal(object)
    came = Signal(str)
    went = Signal(object)

    def __init__(self, **facts: object) -> None:
        super().__init__()
        self.state = PackState(**facts)
        self.wanted: list[tuple[str, ...]] = []

    def be(self, **facts: object) -> None:
        self.state = msgspec.structs.replace(self.state, **facts)
        self.changed.emit(self.state)

    def install(self, source: Path | None = None) -> None:
        self.wanted.append(("install", str(source or "")))

    def remove(self) -> None:
        self.wanted.append(("remove",))

    def stop(self) -> None:
        self.wanted.append(("stop",))

    def look(self) -> None:
        self.wanted.append(("look",))

    def close(self) -> None:
        pass


class StandInProbing(QObject):
    """Finds what a test says, when it says so."""

    found = Signal(object)
    failed = Signal(object)

    def __init__(self, machine: Machine | None = None) -> None:
        super().__init__()
        self.machine = machine
        self.started: list[bool] = []  # whether it was to look again
        self.is_looking = False
        self.is_done = True

    def start(self, again: bool = False) -> None:
        self.started.append(again)
        self.is_looking = True

    def find(self, machine: Machine) -> None:
        self.machine, self.is_looking = machine, False
        self.found.emit(machine)


class StandInRecorder(QObject):
    """Does at once what it is told, and writes a second of silence."""

    level_changed = Signal(object)
    state_changed = Signal(object)
    troubled = Signal(object)
    recorded = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.state = RecorderState.OFF
        self.trouble: Trouble | None = None
        self.file: Path | None = None
        self.seconds = self.lost_seconds = 0.0
        self.seconds_of_space: float | None = None
        self.sources: Sources | None = None
        self.is_slow = False  # the last words take their time: `finish` has to be called

    def listen(self, sources: Sources) -> None:
        self.sources = sources
        self._become(RecorderState.LISTENING)

    def record(self, file: Path, seconds: float | None = None) -> None:
        if self.sources is None:
            self.sources = Sources()
        file = paths.recordings_folder() / file
        while file.exists():
            file = file.with_name(f"{file.stem} again.wav")
        self.file = file
        with wave.open(str(file), "wb") as written:
            written.setparams((1, 2, 16_000, 16_000, "NONE", ""))
            written.writeframes(bytes(32_000))
        self.seconds, self.seconds_of_space = 0.0, 7200.0
        self._become(RecorderState.RECORDING)

    def pause(self) -> None:
        self._become(RecorderState.PAUSED)

    def go_on(self) -> None:
        self._become(RecorderState.RECORDING)

    def stop(self) -> None:
        if self.state in (RecorderState.RECORDING, RecorderState.PAUSED):
            self._become(RecorderState.LISTENING)
            if not self.is_slow:
                self.finish()

    def finish(self) -> None:
        """The last words are written."""
        file, self.file, self.seconds_of_space = self.file, None, None
        self.recorded.emit(file)

    def off(self) -> None:
        self.stop()
        self._become(RecorderState.OFF)

    def hear(self, *peaks: float) -> None:
        """Say how loud it is, in dBFS."""
        self.level_changed.emit(Level(peaks or (-math.inf,), max(peaks, default=-math.inf) >= 0))

    def be_in_trouble(self, trouble: Trouble | None) -> None:
        self.trouble = trouble
        self.troubled.emit(trouble)

    def _become(self, state: RecorderState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)


class StandInKey(HotKey):
    """Is had, unless a test says why not."""

    def __init__(self) -> None:
        super().__init__()
        self.key = ""
        self.refusal: Refusal | None = None

    def take(self, key: str) -> None:
        if self.refusal is not None:
            self.refused.emit(self.refusal)
        else:
            self.key = key
            self.taken.emit()

    def give_back(self) -> None:
        self.key = ""


class StandInStrokes(KeyStrokes):
    """Counts how often the keys that paste were to be pressed; the window that has the keyboard takes the text."""

    is_possible = True

    def __init__(self) -> None:
        super().__init__()
        self.times = 0
        self.typed: list[str] = []

    def paste(self) -> None:
        self.times += 1
        self.pasted.emit()
        self.typed.append(QGuiApplication.clipboard().text())
