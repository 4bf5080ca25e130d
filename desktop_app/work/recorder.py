"""The recorder: from a microphone, the computer's own sound or both into a file that is safe from its first second."""

from __future__ import annotations

import enum
import errno
import logging
import queue
import shutil
import time
from collections import deque
from pathlib import Path
from typing import Any, Literal

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop_app import paths
from desktop_app.work import samples, sound_file
from desktop_app.work.audio_devices import IS_LINUX, AudioDevice, AudioDevices
from desktop_app.work.capture import BLOCK, Capture
from desktop_app.work.named_thread import NamedThread
from desktop_app.work.sound_file import SAMPLE_BYTES, Confirmation, SoundFile
from desktop_app.work.tracks import Track
from desktop_app.work.unfinished import Note

log = logging.getLogger(__name__)

TICK = 0.05  # seconds: a level, a look whether all is well
SYNC_EVERY = 1.0
LOOK_AT_DISK_EVERY = 2.0
TAIL = 0.5  # seconds that are still recorded after Stop and Pause: what was said before is on its way for so long
REOPEN_SILENT_EVERY = 6.0
REOPEN_EVERY = 1.0
NOTHING_HEARD_AFTER = 10.0
HEARD_FROM_DB = -70.0
SAY_CLIPPING_FOR = 2.0
SAY_SLEPT_FOR = 10.0
SLEPT_FROM = 2.0
KEPT_FOR_DISK = 30.0  # seconds of sound that wait in memory until the disk has room
RETRY_DISK_EVERY = 0.5
RETRY_NOTE_EVERY = 2.0
USUAL_RATE = 48_000


class RecorderState(enum.StrEnum):
    OFF = "off"
    LISTENING = "listening"  # the level is shown, nothing is written
    RECORDING = "recording"
    PAUSED = "paused"


class Trouble(enum.StrEnum):
    """What hinders a recording, the worst first. What is recorded already stays, whatever it is."""

    NO_PORTAUDIO = "no_portaudio"  # the library that records is not there
    NO_LOOPBACK = "no_loopback"  # this system does not hand out its own sound
    CANNOT_WRITE = "cannot_write"
    DISK_FULL = "disk_full"  # it goes on by itself as soon as there is room
    NO_SERVER = "no_server"  # no sound server, without which Linux has no devices; it begins by itself when it runs
    NO_DEVICE = "no_device"  # no microphone; it begins by itself when there is one
    NO_SYSTEM_SOUND = "no_system_sound"  # no loudspeaker whose sound could be recorded; likewise
    DEVICE_GONE = "device_gone"  # unplugged; it goes on by itself when it is back
    DEVICE_SILENT = "device_silent"  # there, but delivers no data
    SYSTEM_SILENT = "system_silent"  # beside a microphone: the device of the system's sound delivers no data
    SLEPT = "slept"  # the computer; it goes on
    OTHER_DEVICE = "other_device"  # the sound comes from another device than at the beginning, or than was chosen
    CLIPPING = "clipping"
    NOTHING_HEARD = "nothing_heard"  # data, but no sound for ten seconds
    CHOSEN_AWAY = "chosen_away"  # the device that was chosen is not there, and the default one is used
    NOT_NOTED = "not_noted"  # if the program is killed, nobody knows of the recording


class Sources(msgspec.Struct, frozen=True):
    """What to record. With both, the microphone is the left channel and the system's sound the right one."""

    microphone: str = ""  # id of a device; empty: the default one
    system: str | None = None  # id of a device of kind "system"; empty: the default one; None: without
    with_microphone: bool = True
    channels: Literal[1, 2] = 1  # of one source
    pre_roll: float = 0.0  # seconds before the button that are kept


class Level(msgspec.Struct, frozen=True):
    peaks: tuple[float, ...]  # dBFS, one a channel; -inf: nothing at all
    clipped: bool


class Recorder(QObject):
    """Records what it is told to. No method waits: all is done in a thread of its own.

    level_changed(level): a Level, about 20 times a second while it listens or records.
    state_changed(state): a RecorderState.
    troubled(trouble): the worst Trouble there is now; None when there is none any more.
    recorded(file): a Path: the recording is complete on the disk, its last words included.
    """

    level_changed = Signal(object)
    state_changed = Signal(object)
    troubled = Signal(object)
    recorded = Signal(object)

    def __init__(self, devices: AudioDevices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = _Work(devices)
        self.state = RecorderState.OFF
        self.trouble: Trouble | None = None
        self._work.level_changed.connect(self.level_changed)
        self._work.state_changed.connect(self._on_state_changed)
        self._work.troubled.connect(self._on_troubled)
        self._work.recorded.connect(self.recorded)
        self._work.start()

    @property
    def file(self) -> Path | None:
        """The file being written, whose name may be another than was asked for, if that was taken."""
        file = self._work.file  # which the thread may take away
        return file.path if file else None

    @property
    def seconds(self) -> float:
        """How much is in the file."""
        file = self._work.file
        return file.seconds if file else 0.0

    @property
    def seconds_of_space(self) -> float | None:
        """How long the disk has room for; None while that is not known, as with no device open."""
        return self._work.seconds_of_space

    @property
    def lost_blocks(self) -> int:
        """How often sound was lost since this program began, because the computer was too slow."""
        return self._work.lost_blocks

    @property
    def lost_seconds(self) -> float:
        """How much sound was lost since this program began, because the computer or its disk was too slow."""
        return self._work.lost_seconds

    @property
    def not_written(self) -> tuple[float, Trouble | None]:
        """How many seconds of this recording, or of the last one, the disk did not take, and why: as last known."""
        return self._work.unwritten_seconds, self._work.unwritten_because

    def listen(self, sources: Sources) -> None:
        """Open the devices and show the level. A recording that is being made is finished first, its last words too."""
        self._work.ask(self._work.listen, sources)

    def record(self, file: Path, seconds: float | None = None) -> None:
        """Write to `file`, from now or from as soon as all devices are there; end by itself after so many seconds.

        The seconds are those of sound that came, whether or not the disk had room for them. A `file` that is a name
        alone goes into the folder of recordings, made if need be.
        If a recording is being made, that one ends where this one begins.
        """
        self._work.ask(self._work.record, file, seconds)

    def pause(self) -> None:
        self._work.ask(self._work.pause)

    def go_on(self) -> None:
        self._work.ask(self._work.go_on)

    def stop(self) -> None:
        """Finish the recording and listen on; `recorded` follows within a second."""
        self._work.ask(self._work.stop)

    def off(self) -> None:
        """Finish the recording if there is one, and close the devices."""
        self._work.ask(self._work.off)

    def close(self) -> None:
        """End the thread, a recording finished before. Waits for it: for the end of the program only."""
        self._work.ask(self._work.end)
        self._work.wait()

    def _on_state_changed(self, state: RecorderState) -> None:
        self.state = state
        self.state_changed.emit(state)

    def _on_troubled(self, trouble: Trouble | None) -> None:
        self.trouble = trouble
        self.troubled.emit(trouble)


class _Work(NamedThread):
    """What is done, in the thread. `ask`, and the plain attributes, are for the others."""

    level_changed = Signal(object)
    state_changed = Signal(object)
    troubled = Signal(object)
    recorded = Signal(object)

    def __init__(self, devices: AudioDevices) -> None:
        super().__init__("recorder")
        self.file: SoundFile | None = None
        self.seconds_of_space: float | None = None
        self.lost_blocks = 0
        self.lost_seconds = 0.0
        self.unwritten_seconds = 0.0
        self.unwritten_because: Trouble | None = None
        self._devices = devices
        self._inbox: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._state = RecorderState.OFF
        self._trouble: Trouble | None = None
        self._tracks: list[Track] = []
        self._rate = 0
        self._channels = 1
        self._sources = Sources()
        self._wanted: tuple[Path, float | None] | None = None  # to be recorded as soon as there is a device
        self._note: Note | None = None
        self._begun_at = 0.0  # seconds since 1970
        self._confirmation: Confirmation | None = None
        self._most = 0  # bytes of sound that the file may have; 0: as many as come
        self._cut_at: float | None = None  # the moment at which nothing more is written
        self._then_finish = False
        self._then_off = False
        self._later: list[tuple[Any, ...]] = []  # to be done when the file is finished
        self._ending = False
        self._before: deque[bytes] = deque()  # the last seconds before the button
        self._before_size = 0
        self._pending = bytearray()  # not on the disk yet
        self._unwritten = 0  # bytes of this recording
        self._cut_off = 0  # bytes of a track that was ahead of the other
        self._disk_trouble: Trouble | None = None
        self._retry_disk_at = self._retry_note_at = self._describe_at = self._look_at_disk_at = 0.0
        self._peaks: list[int] = []
        self._clipped_at = self._slept_at = -1e9
        self._asleep = _seconds_asleep()
        self._level_at = self._look_at = 0.0

    def ask(self, do: Any, *arguments: Any) -> None:
        self._inbox.put((do, *arguments))

    def run(self) -> None:
        while not (self._ending and self._state is RecorderState.OFF):
            try:
                do, *arguments = self._inbox.get(timeout=TICK if self._tracks or self._then_off else None)
            except queue.Empty:
                pass
            else:
                self._carefully(do, *arguments)
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + TICK
                self._carefully(self._look)

    def _carefully(self, do: Any, *arguments: Any) -> None:
        """Whatever else is wrong, the recording goes on."""
        try:
            do(*arguments)
        except Exception:
            log.exception("unforeseen")

    # --- what the user wants -----------------------------------------------------------------------------------------

    def listen(self, sources: Sources) -> None:
        self._then_off = False
        if self.file is not None:
            self._begin_to_finish()
            self._later.append((self.listen, sources))
            return
        self._close_devices()
        self._sources = sources
        self._tracks = []
        if sources.with_microphone:
            self._tracks.append(Track("microphone", sources.microphone))
        if sources.system is not None or not sources.with_microphone:
            self._tracks.append(Track("system", sources.system or ""))
        self._rate = 0
        self._asleep = _seconds_asleep()
        self._become(RecorderState.LISTENING)
        self._look_at = 0.0

    def record(self, file: Path, seconds: float | None) -> None:
        self._then_off = False
        if self._later:
            self._later.append((self.record, file, seconds))
            return
        if self._state is RecorderState.OFF:
            self.listen(self._sources)
        self._finish()
        self._disk_trouble = None
        self._wanted = file, seconds
        self._look_at = 0.0

    def pause(self) -> None:
        if self._state is RecorderState.RECORDING:
            self._cut(finish=False)
            self._become(RecorderState.PAUSED)

    def go_on(self) -> None:
        if self._state is RecorderState.PAUSED:
            self._cut_at = None
            self._become(RecorderState.RECORDING)

    def stop(self) -> None:
        self._wanted = None
        self._later = [(do, *arguments) for do, *arguments in self._later if do != self.record]
        self._begin_to_finish()

    def _begin_to_finish(self) -> None:
        if self.file is not None and not self._then_finish:
            self._cut(finish=True)
            self._become(RecorderState.LISTENING)

    def off(self) -> None:
        self.stop()
        self._later = []
        self._then_off = True

    def end(self) -> None:
        self.off()
        self._ending = True

    def _cut(self, finish: bool) -> None:
        """Write what was said until now, which is still on its way, and nothing after that."""
        if self._cut_at is None:
            self._cut_at = time.monotonic() + TAIL
        self._then_finish = finish

    def _become(self, state: RecorderState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)

    # --- the sound ---------------------------------------------------------------------------------------------------

    def _on_sound(self, capture: Capture, block: bytes, lost: bool, at: float) -> None:
        track = next((track for track in self._tracks if track.owns(capture)), None)
        if track is None:
            return  # what was listened to before
        if lost:
            self._lose("the system dropped sound")
        track.take(block, at)
        if len(self._tracks) == 2:
            microphone, system = self._tracks
            self._take(samples.interleaved(self._both(microphone, system, at)), at)
        else:
            self._take(track.all(), at)

    def _both(self, microphone: Track, system: Track, now: float) -> tuple[bytes, bytes]:
        """Return as much of the two as is there, of one length. The microphone leads, unless it gives nothing."""
        leads = microphone if microphone.is_alive(now) or not system.is_alive(now) else system
        follows = system if leads is microphone else microphone
        size, cut = follows.size_beside(leads, now, self._rate * SAMPLE_BYTES)
        if cut:
            self._cut_off += cut
            log.info("%.2f s of one track were cut: it was ahead of the other", cut / (self._rate * SAMPLE_BYTES))
        led, followed = leads.part(size), follows.part(size)
        return (led, followed) if leads is microphone else (followed, led)

    def _take(self, block: bytes, now: float) -> None:
        if not block:
            return
        peaks = samples.peaks(block, self._channels)
        self._peaks = [max(pair) for pair in zip(peaks, self._peaks, strict=True)] if self._peaks else list(peaks)
        if max(peaks) >= samples.CLIPPED:
            self._clipped_at = now
        if samples.decibels(peaks[0]) >= HEARD_FROM_DB:
            self._tracks[0].heard_at = now
        if self._writes(now):
            self._pending += block
            self._write()
        elif self.file is None:
            self._keep_before(block)
        self._tell_level(time.monotonic())

    def _writes(self, now: float) -> bool:
        if self.file is None:
            return False
        if self._cut_at is not None:
            return now < self._cut_at
        return self._state is RecorderState.RECORDING

    def _keep_before(self, block: bytes) -> None:
        most = round(self._sources.pre_roll * self._rate) * self._channels * SAMPLE_BYTES
        if not most:
            return
        self._before.append(block)
        self._before_size += len(block)
        while self._before_size - len(self._before[0]) >= most:
            self._before_size -= len(self._before.popleft())

    # --- the file ----------------------------------------------------------------------------------------------------

    def _begin(self, wanted: tuple[Path, float | None]) -> None:
        path, seconds = wanted
        try:
            where = path if path.is_absolute() else paths.recordings_folder() / path
            self.file = sound_file.created(where, self._rate, self._channels)
        except OSError as error:
            log.warning("no recording can be begun: %s", error)
            self._disk_trouble = _disk_trouble(error)
            return
        self._begun_at, self._retry_note_at = time.time(), 0.0
        self._write_note(time.monotonic())
        self._confirmation = Confirmation(self.file, SYNC_EVERY, self._on_unconfirmed_there)
        self._unwritten = self._cut_off = 0
        self.unwritten_seconds, self.unwritten_because = 0.0, None
        self._most = round(seconds * self._rate) * self._channels * SAMPLE_BYTES if seconds else 0
        self._cut_at, self._then_finish = None, False
        self._pending = bytearray(b"".join(self._before))
        most = round(self._sources.pre_roll * self._rate) * self._channels * SAMPLE_BYTES
        del self._pending[: max(0, len(self._pending) - most)]
        self._forget_before()
        self._look_at_disk_at = 0.0
        self._become(RecorderState.RECORDING)
        self._write()

    def _write_note(self, now: float) -> None:
        assert self.file is not None
        try:
            self._note = Note(self.file.path, self._begun_at)
        except OSError as error:
            if not self._retry_note_at:
                log.warning("a recording cannot be noted: %s", error)
            self._retry_note_at = now + RETRY_NOTE_EVERY

    def _forget_before(self) -> None:
        self._before.clear()
        self._before_size = 0

    def _write(self) -> None:
        assert self.file is not None
        if self._most:
            del self._pending[max(0, self._most - self.file.size - self._unwritten) :]
        now = time.monotonic()
        if self._pending and now >= self._retry_disk_at:
            try:
                del self._pending[: self.file.append(self._pending)]
                if not self._pending:
                    self._disk_trouble = None
            except OSError as error:
                self._on_disk_error(error)
        self._drop_what_cannot_wait()
        come = self.file.size + len(self._pending) + self._unwritten
        if self._most and come >= self._most and not self._then_finish:
            self._cut_at = now
            self._begin_to_finish()

    def _on_disk_error(self, error: OSError) -> None:
        self._retry_disk_at = time.monotonic() + RETRY_DISK_EVERY
        if self._disk_trouble is None:
            log.warning("the recording cannot be written: %s", error)
        self._disk_trouble = _disk_trouble(error)

    def _drop_what_cannot_wait(self) -> None:
        assert self.file is not None
        most = round(KEPT_FOR_DISK * self.file.rate) * self.file.channels * SAMPLE_BYTES
        if len(self._pending) > most:
            self._leave_unwritten(len(self._pending) - most)

    def _leave_unwritten(self, size: int) -> None:
        """Give up the last `size` bytes of what waits for the disk."""
        assert self.file is not None
        del self._pending[len(self._pending) - size :]
        self._unwritten += size
        self.lost_seconds += size / self.file.bytes_a_second
        self.unwritten_seconds = self._unwritten / self.file.bytes_a_second
        self.unwritten_because = self._disk_trouble or Trouble.CANNOT_WRITE

    def _lose(self, why: str) -> None:
        self.lost_blocks += 1
        self.lost_seconds += BLOCK  # or more: the system does not tell
        if self.lost_blocks.bit_count() == 1:  # the 1st, 2nd, 4th, 8th...
            log.warning("sound was lost %d times: %s", self.lost_blocks, why)

    def _describe(self) -> None:
        assert self.file is not None
        try:
            self.file.describe()
        except OSError as error:
            self._on_disk_error(error)

    def _on_unconfirmed_there(self, file: SoundFile, error: OSError) -> None:
        self._inbox.put((self._on_unconfirmed, file, error))

    def _on_unconfirmed(self, file: SoundFile, error: OSError) -> None:
        if file is self.file:
            self._on_disk_error(error)

    def _finish(self) -> None:
        """Close the file if there is one, and tell."""
        self._wanted = None
        file, note = self.file, self._note
        if file is None:
            return
        self._retry_disk_at = 0.0
        if self._pending:
            self._write()
        if self._pending:
            self._leave_unwritten(len(self._pending))
        if self._unwritten:
            log.warning("%.1f s of a recording could not be written", self.unwritten_seconds)
        if self._confirmation is not None:
            self._confirmation.end()
        try:
            file.close()
        except OSError as error:
            log.warning("the end of a recording may not be on the disk: %s", error)
        self.file = self._note = None
        self._cut_at, self._then_finish = None, False
        self._disk_trouble = self._confirmation = None
        if note is not None:
            _strike_off(note)
        cut_off = self._cut_off / (file.rate * SAMPLE_BYTES)
        log.info("recorded %.1f s; %d blocks lost since the start, %.2f s cut", file.seconds, self.lost_blocks, cut_off)
        self._become(RecorderState.LISTENING)
        self.recorded.emit(file.path)

    # --- is all well? ------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        now = time.monotonic()
        self._look_for_sleep(now)
        for track in self._tracks:
            self._look_at_track(track, now)
        if self._wanted is not None and all(track.first and not track.is_impossible for track in self._tracks):
            wanted, self._wanted = self._wanted, None
            self._begin(wanted)
        if self.file is not None:
            self._look_at_file(now)
        if self._rate and now >= self._look_at_disk_at:
            self._look_at_disk_at = now + LOOK_AT_DISK_EVERY
            self._look_at_disk()
        if self._later and self.file is None:
            later, self._later = self._later, []
            for do, *arguments in later:
                do(*arguments)
        if self._then_off and self.file is None:
            self._then_off = False
            self._close_devices()
            self.seconds_of_space = None
            self._become(RecorderState.OFF)
        self._tell_trouble(now)

    def _look_for_sleep(self, now: float) -> None:
        asleep = _seconds_asleep()
        if asleep - self._asleep >= SLEPT_FROM and self._tracks:
            log.info("the computer slept for %.0f s", asleep - self._asleep)
            self._slept_at = now
            for track in self._tracks:
                track.close()  # most devices deliver nothing any more
        self._asleep = asleep

    def _look_at_track(self, track: Track, now: float) -> None:
        """Open the device, or notice that it is gone."""
        if not self._devices.has_looked:
            return
        found = self._found(track)
        if track.device is not None and track.capture is not None:
            best = track.choose(found)
            if best is None or best.id != track.device.id:
                log.info("a device is %s", "back" if track.device.id in found else "gone")
                track.close()
            elif track.is_silent(now) and now - track.opened_at > REOPEN_SILENT_EVERY and track.capture.is_open:
                track.close()
        if track.capture is None and now >= track.open_at:
            device = track.choose(found)
            track.is_there = device is not None
            if device is not None:
                self._open(track, device, now)

    def _found(self, track: Track) -> dict[str, AudioDevice]:
        return {device.id: device for device in self._devices.found() if device.kind == track.kind}

    def _open(self, track: Track, device: AudioDevice, now: float) -> None:
        rate = self._rate_for(track, device)
        if not self._rate or (self.file is None and rate != self._rate):
            self._change_rate(rate, device, now)
        self._open_at_rate(track, device, now)

    def _rate_for(self, track: Track, device: AudioDevice) -> int:
        """Return the highest rate of all that are recorded: two tracks of one file have one, and neither is to lose."""
        others = (other.choose(self._found(other)) for other in self._tracks if other is not track)
        return max(one.rate or USUAL_RATE for one in (device, *filter(None, others)))

    def _change_rate(self, rate: int, device: AudioDevice, now: float) -> None:
        self._rate = rate
        self._channels = 2 if len(self._tracks) == 2 else min(self._sources.channels, device.channels)
        self._peaks = []
        self._forget_before()
        for track in self._tracks:
            is_open = track.capture is not None
            track.close()
            track.forget()
            if is_open and track.device is not None:
                self._open_at_rate(track, track.device, now)

    def _open_at_rate(self, track: Track, device: AudioDevice, now: float) -> None:
        channels = 1 if len(self._tracks) == 2 else self._channels
        track.open(device, self._rate, channels, now, self._on_sound_there, self._on_end_there)

    def _on_sound_there(self, capture: Capture, block: bytes, lost: bool) -> None:
        """Called by PortAudio. Whether a device is silent is told by this moment, not by that at which we get to it."""
        now = time.monotonic()
        for track in self._tracks:
            if track.capture is capture:
                track.arrived_at = now
        self._inbox.put((self._on_sound, capture, block, lost, now))

    def _on_end_there(self, capture: Capture, error: Exception | None) -> None:
        self._inbox.put((self._on_end, capture, error))

    def _on_end(self, capture: Capture, error: Exception | None) -> None:
        for track in self._tracks:
            if track.capture is capture:
                track.close()
                track.open_at = time.monotonic() + REOPEN_EVERY
                track.error = error

    def _look_at_file(self, now: float) -> None:
        assert self.file is not None
        if self._pending:
            self._write()
        if self._then_finish and self._cut_at is not None and now >= self._cut_at and self._inbox.empty():
            self._finish()
            return
        if now >= self._describe_at:
            self._describe_at = now + SYNC_EVERY
            self._describe()
        if self._note is None and now >= self._retry_note_at:
            self._write_note(now)

    def _look_at_disk(self) -> None:
        try:
            folder = self.file.path.parent if self.file else paths.recordings_folder()
            free = shutil.disk_usage(folder).free
        except OSError:
            self.seconds_of_space = None
        else:
            self.seconds_of_space = free / (self._rate * self._channels * SAMPLE_BYTES)

    def _tell_level(self, now: float) -> None:
        if self._peaks and now >= self._level_at and self._state in (RecorderState.LISTENING, RecorderState.RECORDING):
            self._level_at = now + TICK / 2
            level = Level(tuple(map(samples.decibels, self._peaks)), max(self._peaks) >= samples.CLIPPED)
            self._peaks = []
            self.level_changed.emit(level)

    def _tell_trouble(self, now: float) -> None:
        present = self._troubles(now)
        trouble = next((kind for kind in Trouble if kind in present), None)
        if trouble is not self._trouble:
            self._trouble = trouble
            if trouble is not None:
                log.info("trouble: %s", trouble)
            self.troubled.emit(trouble)

    def _troubles(self, now: float) -> set[Trouble]:
        if self._state is RecorderState.OFF:
            return set()
        present = {self._disk_trouble} if self._disk_trouble else set()
        for track in self._tracks:
            present |= self._troubles_of(track, now)
        if now - self._slept_at < SAY_SLEPT_FOR:
            present.add(Trouble.SLEPT)
        if now - self._clipped_at < SAY_CLIPPING_FOR:
            present.add(Trouble.CLIPPING)
        if self.file is not None and self._note is None:
            present.add(Trouble.NOT_NOTED)
        return present

    def _troubles_of(self, track: Track, now: float) -> set[Trouble]:
        if track.is_impossible:
            return {Trouble.NO_PORTAUDIO}
        if not self._devices.has_looked:
            return set()
        if track.capture is None and not track.is_there:
            if track.first is not None:
                return {Trouble.DEVICE_GONE}
            if self._devices.lacks_server:
                return {Trouble.NO_SERVER}
            if track.kind == "microphone":
                return {Trouble.NO_DEVICE}
            return {Trouble.NO_SYSTEM_SOUND if IS_LINUX else Trouble.NO_LOOPBACK}
        silent = Trouble.DEVICE_SILENT if track is self._tracks[0] else Trouble.SYSTEM_SILENT
        if track.capture is None:
            return {silent}  # it is tried again and again
        if track.is_silent(now):
            is_usual = silent is Trouble.SYSTEM_SILENT and not IS_LINUX  # a loudspeaker's sound, while nothing plays
            return set() if is_usual else {silent}
        if track.is_elsewhere(self._devices.recorded_from(), len(self._tracks)):
            return {Trouble.OTHER_DEVICE}
        away = {Trouble.CHOSEN_AWAY} if track.lacks_wanted else set()
        if track.kind == "microphone" and track.hears_nothing(NOTHING_HEARD_AFTER):
            return {Trouble.NOTHING_HEARD, *away}
        return away

    def _close_devices(self) -> None:
        for track in self._tracks:
            track.close()
        for track in self._tracks:
            track.wait()
        self._tracks = []
        self._forget_before()


def _strike_off(note: Note) -> None:
    try:
        note.strike_off()
    except OSError as error:  # the recording is complete all the same
        log.warning("the note of a recording stays: %s", error)


def _disk_trouble(error: OSError) -> Trouble:
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return Trouble.DISK_FULL if error.errno in full else Trouble.CANNOT_WRITE


def _seconds_asleep() -> float:
    """Return for how long the computer has slept, counted from anywhere."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()  # whoever sets the clock does not disturb it
    return time.time() - time.monotonic()
