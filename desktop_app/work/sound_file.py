"""A sound file that is whole at every moment while it grows: 16-bit WAV, past 4 GiB RF64 (EBU Tech 3306)."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from desktop_app.transcripts.export import names_like, sync_folder

SAMPLE_BYTES = 2
HEADER_BYTES = 80
LARGEST_RIFF = 0xFFFFFFFF - HEADER_BYTES - 1
_RIFF = struct.Struct("<4sI4s")
_DS64 = struct.Struct("<4sIQQQI")  # in a RIFF file a chunk of zeros, JUNK, keeps its place
_FORMAT = struct.Struct("<4sIHHIIHH")
_DATA = struct.Struct("<4sI")


class NotARecording(Exception):
    """The file does not begin as ours do."""


class SoundFile:
    """A new file to which sound is added. Its header tells of all that was added; what `sync` returned from is safe."""

    def __init__(self, file: Path, rate: int, channels: int) -> None:
        """Make `file`, empty but for its header. Raise FileExistsError, or another OSError if it cannot be made."""
        self.path = file
        self.rate = rate
        self.channels = channels
        self.size = 0  # bytes of sound
        self._confirming = threading.Lock()
        self._stream: BinaryIO = file.open("xb", buffering=0)
        try:
            self.sync()
            sync_folder(file.parent)
        except OSError:
            self._stream.close()
            file.unlink(missing_ok=True)  # nothing is in it
            raise

    @property
    def seconds(self) -> float:
        return self.size / self.bytes_a_second

    @property
    def bytes_a_second(self) -> int:
        return self.rate * self.channels * SAMPLE_BYTES

    def append(self, samples: bytes | bytearray) -> int:
        """Add interleaved samples; return how many bytes were, fewer than given if the disk became full meanwhile.

        Raise OSError if none could be.
        """
        written = 0
        self._stream.seek(HEADER_BYTES + self.size)
        with memoryview(samples) as rest:
            while written < len(rest):
                try:
                    written += self._stream.write(rest[written:]) or 0
                except OSError:
                    if not written:
                        raise
                    break
        self.size += written
        with contextlib.suppress(OSError):  # the samples are there; whoever calls `describe` is told
            self.describe()
        return written

    def sync(self) -> None:
        """Have what was added put on the disk itself, so that not even a power cut takes it. Raise OSError."""
        self.describe()
        self.confirm()

    def describe(self) -> None:
        """Have the header tell of all that was added. Raise OSError."""
        self._stream.seek(0)
        self._stream.write(header(self.rate, self.channels, _whole(self.size, self.channels)))

    def confirm(self) -> None:
        """As `sync`, the header left as it is. From any thread; nothing happens to a file that is closed."""
        with self._confirming:
            if not self._stream.closed:
                os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Raise OSError if the last of it could not be put on the disk."""
        try:
            self.sync()
            self._stream.truncate(HEADER_BYTES + _whole(self.size, self.channels))
        finally:
            with self._confirming:
                self._stream.close()


class Confirmation(threading.Thread):
    """Has the disk confirm every so many seconds what a file has: in a thread, because a disk may stall for seconds.

    on_error(file, error): it could not. Called in that thread.
    """

    def __init__(self, file: SoundFile, every: float, on_error: Callable[[SoundFile, OSError], None]) -> None:
        super().__init__(name="confirmation", daemon=True)
        self._file = file
        self._every = every
        self._on_error = on_error
        self._ended = threading.Event()
        self.start()

    def end(self) -> None:
        """Ask the disk no more. Returns at once."""
        self._ended.set()

    def run(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self._file.confirm()
            except OSError as error:
                self._on_error(self._file, error)


def header(rate: int, channels: int, size: int) -> bytes:
    """Return the first 80 bytes of a file with `size` bytes of sound."""
    frame = channels * SAMPLE_BYTES
    form = _FORMAT.pack(b"fmt ", 16, 1, channels, rate, rate * frame, frame, 8 * SAMPLE_BYTES)
    whole = HEADER_BYTES - 8 + size
    if size <= LARGEST_RIFF:
        junk = struct.pack("<4sI28x", b"JUNK", 28)
        return _RIFF.pack(b"RIFF", whole, b"WAVE") + junk + form + _DATA.pack(b"data", size)
    sizes = _DS64.pack(b"ds64", 28, whole, size, size // frame, 0)
    return _RIFF.pack(b"RF64", 0xFFFFFFFF, b"WAVE") + sizes + form + _DATA.pack(b"data", 0xFFFFFFFF)


def mended(file: Path) -> float:
    """Make the header of a file that was left tell of all its sound; return how many seconds there are.

    Raise NotARecording, and OSError if it cannot be read or written.
    """
    with file.open("r+b", buffering=0) as stream:
        begin = stream.read(HEADER_BYTES)
        if len(begin) < HEADER_BYTES or begin[:4] not in (b"RIFF", b"RF64"):
            raise NotARecording(str(file))
        channels, rate = struct.unpack_from("<HI", begin, 58)
        if not channels or not rate:
            raise NotARecording(str(file))
        size = _whole(stream.seek(0, os.SEEK_END) - HEADER_BYTES, channels)
        right = header(rate, channels, size)
        if begin[12:16] not in (b"JUNK", b"ds64") or begin[48:76] != right[48:76]:
            raise NotARecording(str(file))
        if right != begin:
            stream.seek(0)
            stream.write(right)
            os.fsync(stream.fileno())
    return size / (rate * channels * SAMPLE_BYTES)


def created(file: Path, rate: int, channels: int) -> SoundFile:
    """Make a new file, `name (2).wav` if the name is taken. Raise OSError."""
    for free in names_like(file):
        try:
            return SoundFile(free, rate, channels)
        except FileExistsError:
            continue
    raise AssertionError("there is always another number")


def _whole(size: int, channels: int) -> int:
    """Return `size` without the bytes of a frame that is not whole."""
    return size - size % (channels * SAMPLE_BYTES)
