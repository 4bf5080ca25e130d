"""Which microphones there are, and what else can be recorded: listed and watched in a thread of its own."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any, Literal

import msgspec
from PySide6.QtCore import QCoreApplication, QObject, Signal

from desktop_app.work import capture
from desktop_app.work.named_thread import NamedThread
from desktop_app.work.pulse import Pulse, PulseGone, Source

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds, where nobody tells that something has changed
LOOK_AGAIN_AFTER = 10.0  # seconds, where somebody does
USUAL_RATE = 48_000
IS_LINUX = sys.platform.startswith("linux")


class AudioDevice(msgspec.Struct, frozen=True):
    """Something that can be recorded: a microphone, or the system's own sound."""

    id: str
    name: str
    kind: Literal["microphone", "system"]
    rate: int  # samples a second, its own
    channels: int
    is_default: bool


class AudioDevices(QObject):
    """The devices there are. On Linux the sound server is asked, elsewhere Qt.

    changed(): the list changed: something was plugged in, unplugged, or made the default.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = _Watch()
        self._thread.changed.connect(self.changed)
        self._thread.start()

    def found(self) -> list[AudioDevice]:
        """Return the devices, as last seen: nothing before `has_looked`. From any thread."""
        return list(self._thread.devices)

    @property
    def has_looked(self) -> bool:
        return self._thread.looked.is_set()

    @property
    def lacks_server(self) -> bool:
        """Whether the system's sound server was looked for in vain. On Linux; elsewhere none is needed."""
        return self._thread.lacks_server

    def recorded_from(self) -> tuple[str, ...] | None:
        """Return the ids of the devices our streams come from, as last seen; None if it cannot be told."""
        return self._thread.used

    def wait_until_looked(self, seconds: float) -> bool:
        """Wait for the first look, at most so long; return whether there was one. Not for the window's thread."""
        return self._thread.looked.wait(seconds)

    def close(self) -> None:
        """End the thread. Waits for it: for the end of the program only."""
        self._thread.end()


class _Watch(NamedThread):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__("audio devices")
        self.devices: tuple[AudioDevice, ...] = ()
        self.used: tuple[str, ...] | None = None
        self.lacks_server = False
        self.looked = threading.Event()
        self._ending = threading.Event()
        self._lock = threading.Lock()  # of the server, which another thread may wake
        self._server: Pulse | None = None

    def end(self) -> None:
        self._ending.set()
        with self._lock:
            if self._server is not None:
                self._server.wake()
        self.wait()

    def run(self) -> None:
        is_missed = False
        while not self._ending.is_set():
            try:
                self._watch_pulse()
            except PulseGone as error:
                if self.devices or not is_missed:
                    log.info("no sound server: %s", error)
                is_missed = True
                self.used = None
                if not IS_LINUX:
                    self._watch_with_qt()
                    return
                self.lacks_server = True
                self._take(())
                self._ending.wait(LOOK_EVERY)

    def _watch_pulse(self) -> None:
        """Follow the sound server. Raise PulseGone."""
        server = Pulse()
        with self._lock:
            self._server = server
        try:
            while not self._ending.is_set():
                known = server.sources()
                self.used, self.lacks_server = known.used, False
                self._take(tuple(_device_of(source) for source in known.sources))
                if not self._ending.is_set():  # what woke us may have come while the server was asked
                    server.wait(LOOK_AGAIN_AFTER)
        finally:
            with self._lock:
                self._server = None
            server.close()

    def _watch_with_qt(self) -> None:
        from PySide6.QtMultimedia import QMediaDevices

        devices = QMediaDevices()  # while it lives, Qt keeps its list fresh
        while not self._ending.is_set():
            QCoreApplication.processEvents()
            self._take(_listed_by_qt(devices))
            self._ending.wait(LOOK_EVERY)

    def _take(self, devices: tuple[AudioDevice, ...]) -> None:
        is_new = devices != self.devices or not self.looked.is_set()
        self.devices = devices
        self.looked.set()
        if is_new:
            self.changed.emit()


def _device_of(source: Source) -> AudioDevice:
    return AudioDevice(
        source.name,
        source.description,
        "system" if source.monitors else "microphone",
        source.rate,
        source.channels,
        source.is_default,
    )


def _listed_by_qt(devices: Any) -> tuple[AudioDevice, ...]:
    """Return the list of a QMediaDevices. The system's own sound is not in it: PortAudio has that on Windows."""

    def device(found: Any) -> AudioDevice:
        form = found.preferredFormat()
        return AudioDevice(
            bytes(found.id().data()).decode(errors="replace"),
            found.description(),
            "microphone",
            form.sampleRate() or USUAL_RATE,
            max(1, form.channelCount()),
            found.isDefault(),
        )

    loopbacks = (
        AudioDevice(name, name, "system", rate, channels, number == 0)
        for number, (name, rate, channels) in enumerate(capture.loopbacks())
    )
    return (*(device(found) for found in devices.audioInputs()), *loopbacks)
