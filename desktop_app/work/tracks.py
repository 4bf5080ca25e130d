"""One source of a recording: the device it should come from, the one it comes from, and its sound as it arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from desktop_app.work.audio_devices import AudioDevice
from desktop_app.work.capture import Capture, NoPortAudio

ALIVE_FOR = 0.4  # seconds after its last sound
SLACK = 0.4  # seconds that two tracks may be apart: blocks do not come at one moment, and no two clocks are alike
SILENT_AFTER = 1.5  # seconds without data, of a device that is open
SILENT_AFTER_OPENING = 2.5  # the sound of an idle loudspeaker takes 1.9 s to begin

OnSound = Callable[[Capture, bytes, bool], None]
OnEnd = Callable[[Capture, Exception | None], None]


class Track:
    """What `wanted` names (empty: the default device) becomes `first`, the device it began with, and `device`, the one
    it comes from now. `capture` is None while there is none."""

    def __init__(self, kind: Literal["microphone", "system"], wanted: str) -> None:
        self.kind = kind
        self.wanted = wanted
        self.first: AudioDevice | None = None
        self.device: AudioDevice | None = None
        self.capture: Capture | None = None
        self.is_there = True  # the device, when it was looked for last
        self.error: Exception | None = None  # why it could not be opened
        self.open_at = 0.0  # not to be opened before; moments are of time.monotonic
        self.opened_at = 0.0
        self.heard_at = 0.0  # not only data: a sound
        self._data_at = 0.0
        self._has_data = False
        self._buffer = bytearray()
        self._closed: Capture | None = None

    def choose(self, found: Mapping[str, AudioDevice]) -> AudioDevice | None:
        """Return the device to open, of those `found` by their ids; None if there is none."""
        if self.first is not None and self.first.id in found:
            return found[self.first.id]
        if self.wanted:
            return found.get(self.wanted)
        return next((device for device in found.values() if device.is_default), next(iter(found.values()), None))

    def open(self, device: AudioDevice, rate: int, channels: int, now: float, on_sound: OnSound, on_end: OnEnd) -> None:
        self.first = self.first or device
        self.device = device
        self.opened_at = self.heard_at = self._data_at = now
        self._has_data = False
        self.capture = Capture((device.id, device.name), rate, channels, on_sound, on_end)

    def close(self) -> None:
        """Take no more sound from the device. Returns at once."""
        if self.capture is not None:
            self.capture.close()
            self._closed, self.capture = self.capture, None

    def wait(self) -> None:
        """Wait until the device is free, a second at the very most."""
        if self._closed is not None:
            self._closed.wait()

    # --- its sound ---------------------------------------------------------------------------------------------------

    def take(self, block: bytes, now: float) -> None:
        self._buffer += block
        self._data_at = now
        self._has_data = True
        self.error = None

    @property
    def size(self) -> int:
        """How many bytes wait to be taken."""
        return len(self._buffer)

    def all(self) -> bytes:
        return self.part(len(self._buffer))

    def part(self, size: int) -> bytes:
        """Return the next bytes, silence behind them if there are too few."""
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken.ljust(size, b"\0")

    def size_beside(self, leader: Track, now: float, bytes_a_second: int) -> int:
        """Return how many bytes of both tracks are to be taken now; the leader's are all that counts.

        This one is waited for a little, filled up with silence if it stays behind, and cut if it is too far ahead.
        """
        slack = round(SLACK * bytes_a_second)
        led, own = leader.size, self.size
        if own - led > slack:
            del self._buffer[: own - led]
        is_waited_for = self.is_alive(now) and led - own <= slack
        return min(led, own) if is_waited_for else led

    # --- how it does -------------------------------------------------------------------------------------------------

    @property
    def is_impossible(self) -> bool:
        return isinstance(self.error, NoPortAudio)

    def is_alive(self, now: float) -> bool:
        return self._has_data and now - self._data_at < ALIVE_FOR

    def is_silent(self, now: float) -> bool:
        """Tell whether the device is open and delivers nothing."""
        patience = SILENT_AFTER if self._has_data or self.kind == "microphone" else SILENT_AFTER_OPENING
        return self.capture is not None and now - self._data_at > patience

    def is_elsewhere(self, recorded_from: tuple[str, ...] | None, streams: int) -> bool:
        """Tell whether the sound does not come from the device it began with.

        recorded_from: the devices that our streams come from, if the system tells; streams: how many we opened.
        """
        if self.device is None or self.first is None:
            return False
        if self.device.id != self.first.id:
            return True
        return recorded_from is not None and len(recorded_from) >= streams and self.device.id not in recorded_from
