"""One source of a recording: the device it should come from, the one it comes from, and its sound as it arrives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal

from desktop_app.work.audio_devices import AudioDevice
from desktop_app.work.capture import Capture, NoPortAudio

ALIVE_FOR = 0.4  # seconds after its last sound
SLACK = 0.4  # seconds that two tracks may be apart: blocks do not come at one moment, and no two clocks are alike
SILENT_AFTER = 1.5  # seconds without data, of a device that is open
SILENT_AFTER_OPENING = 2.0  # the sound of an idle loudspeaker takes 1.9 s to begin

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
        self.arrived_at = 0.0  # the last block, in our inbox
        self.taken_at = -math.inf  # the moment at which the last block that was taken had arrived
        self._last: Capture | None = None  # the one before, whose last blocks may be on their way
        self._buffer = bytearray()
        self._closed: Capture | None = None

    def choose(self, found: Mapping[str, AudioDevice]) -> AudioDevice | None:
        """Return the device to open, of those `found` by their ids; None if there is none.

        The one that is wanted comes first, then the one it began with, one of the same name (a headset may return under
        another id), the one it comes from now, and the default one.
        """
        first, now = self.first, self.device
        if self.wanted in found:
            return found[self.wanted]
        if first is not None and first.id in found:
            return found[first.id]
        alike = next((one for one in found.values() if first is not None and one.name == first.name), None)
        if alike is not None:
            return alike
        if now is not None and now.id in found:
            return found[now.id]
        return next((device for device in found.values() if device.is_default), next(iter(found.values()), None))

    def open(self, device: AudioDevice, rate: int, channels: int, now: float, on_sound: OnSound, on_end: OnEnd) -> None:
        self.first = self.first or device
        self.device = device
        self.opened_at = self.heard_at = now
        self.capture = Capture((device.id, device.name), rate, channels, on_sound, on_end)

    def close(self) -> None:
        """Take no more sound from the device. What has arrived already is still ours. Returns at once."""
        if self.capture is not None:
            self.capture.close()
            self._closed = self._last = self.capture
            self.capture = None

    def forget(self) -> None:
        """Have nothing any more of what a closed device has given."""
        self._last = None
        self._buffer.clear()

    def owns(self, capture: Capture) -> bool:
        """Tell whether what `capture` gives belongs to this track."""
        return capture is self.capture or capture is self._last

    def wait(self) -> None:
        """Wait until the device is free, a second at the very most."""
        if self._closed is not None:
            self._closed.wait()

    # --- its sound ---------------------------------------------------------------------------------------------------

    def take(self, block: bytes, arrived_at: float) -> None:
        self._buffer += block
        self.taken_at = arrived_at
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

    def size_beside(self, leader: Track, now: float, bytes_a_second: int) -> tuple[int, int]:
        """Return how many bytes of both tracks are to be taken now, and how many of this one were cut off before.

        The leader's are all that counts: this one is waited for a little, filled up with silence if it stays behind,
        and cut if it is too far ahead.
        """
        slack = round(SLACK * bytes_a_second)
        led, own = leader.size, self.size
        cut = own - led if own - led > slack else 0
        del self._buffer[:cut]
        is_waited_for = self.is_alive(now) and led - own <= slack
        return min(led, own) if is_waited_for else led, cut

    # --- how it does -------------------------------------------------------------------------------------------------

    @property
    def is_impossible(self) -> bool:
        return isinstance(self.error, NoPortAudio)

    def is_alive(self, now: float) -> bool:
        return now - self.taken_at < ALIVE_FOR

    def is_silent(self, now: float) -> bool:
        """Tell whether the device is open and delivers nothing, however long we take to get to what has arrived."""
        last = max(self.arrived_at, self.opened_at)
        has_begun = self.arrived_at > self.opened_at
        patience = SILENT_AFTER if has_begun or self.kind == "microphone" else SILENT_AFTER_OPENING
        return self.capture is not None and now - last > patience

    def hears_nothing(self, seconds: float) -> bool:
        """Tell whether it has given data without a sound for so long."""
        return self.taken_at - self.heard_at > seconds

    def is_elsewhere(self, recorded_from: tuple[str, ...] | None, streams: int) -> bool:
        """Tell whether the sound does not come from the device it began with.

        recorded_from: the devices that our streams come from, if the system tells; streams: how many we opened.
        """
        if self.device is None or self.first is None:
            return False
        is_wanted = self.device.id == self.wanted
        if not is_wanted and self.device.id != self.first.id and self.device.name != self.first.name:
            return True
        return recorded_from is not None and len(recorded_from) >= streams and self.device.id not in recorded_from

    @property
    def lacks_wanted(self) -> bool:
        """Whether the device that was chosen has not been there since it began, and another one is used."""
        began_otherwise = self.first is not None and self.first.id != self.wanted
        return bool(self.wanted) and began_otherwise and self.device is not None and self.device.id != self.wanted
