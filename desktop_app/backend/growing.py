"""A WAV file that somebody still writes -> 16 kHz samples, as far as it goes."""

from __future__ import annotations

import os
import struct
from typing import Self

import av
import numpy as np

from desktop_app.backend.audio import HIGHEST_RATE, LOWEST_RATE, opened, resampled, resampler_to
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.messages import Failure

LONGEST_HEADER = 64 * 1024  # bytes; ours has 80
PCM, EXTENSIBLE = 1, 0xFFFE  # formats
SAMPLE = 2  # bytes


class GrowingFile:
    """A recording of 16-bit PCM in RIFF or RF64, opened while it is written. Use it as a context manager.

    The sizes in its header lag behind, so the length of the file counts. It may be empty at first, and stand still.

    position: seconds into the recording, of what was read last.
    """

    def __init__(self, path: bytes, begin: float = 0.0) -> None:
        """Open `path`, to be read from `begin` (seconds). Raise CannotTranscribe if it is no file."""
        self._file = opened(path, may_be_empty=True)
        self._begin = begin
        self._rate = self._channels = 0  # not known yet
        self._at = 0  # bytes into the file
        self._first = 0  # where the samples begin
        self._resampler: av.AudioResampler | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    @property
    def is_begun(self) -> bool:
        """Whether its header is there."""
        return self._first > 0

    @property
    def position(self) -> float:
        return (self._at - self._first) / (self._rate * self._frame) if self.is_begun else self._begin

    @property
    def unread(self) -> float:
        """Seconds of sound that are in the file already, and were not read."""
        return max(0, self._size() - self._at) / (self._rate * self._frame) if self.is_begun else 0.0

    def read(self, seconds: float) -> np.ndarray:
        """Return what comes next: so many seconds, or what there is, which may be none.

        float32 of shape (samples,), or of two channels (samples, 2).
        Raise CannotTranscribe if the file is no such recording, or the disk does not deliver.
        """
        if not self.is_begun and not self._begins():
            return self._nothing
        wanted = min(round(seconds * self._rate) * self._frame, self._size() - self._at)
        found = self._bytes(self._at, wanted - wanted % self._frame)
        found = found[: len(found) - len(found) % self._frame]
        self._at += len(found)
        return self._resampled(found) if found else self._nothing

    def rest(self) -> np.ndarray:
        """Return what the resampler still holds, when there is nothing more to come."""
        return np.concatenate([self._nothing, *(resampled(self._resampler, None) if self._resampler else ())])

    @property
    def channels(self) -> int:
        """1 or 2; 0 as long as its header is not there."""
        return self._channels

    @property
    def _nothing(self) -> np.ndarray:
        return np.zeros((0, 2) if self._channels == 2 else 0, np.float32)

    @property
    def _frame(self) -> int:
        """Bytes of one moment, all channels."""
        return SAMPLE * self._channels

    def _resampled(self, found: bytes) -> np.ndarray:
        layout = "stereo" if self._channels == 2 else "mono"
        frame = av.AudioFrame.from_ndarray(np.frombuffer(found, "<i2")[None], format="s16", layout=layout)
        frame.sample_rate = self._rate
        if self._resampler is None:
            self._resampler = resampler_to(layout)
        return np.concatenate([self._nothing, *resampled(self._resampler, frame)])

    def _begins(self) -> bool:
        """Read the header, and tell whether it was there already."""
        header = self._bytes(0, LONGEST_HEADER)
        if len(header) < 12:
            return False
        if header[:4] not in (b"RIFF", b"RF64") or header[8:12] != b"WAVE":
            raise CannotTranscribe(Failure.NOT_MEDIA, "a growing file that is no WAV")
        at = 12
        while at + 8 <= len(header):
            name, size = header[at : at + 4], int.from_bytes(header[at + 4 : at + 8], "little")
            at += 8
            if name == b"data" and self._rate:
                self._first = at
                self._at = at + round(self._begin * self._rate) * self._frame
                return True
            if name == b"fmt " and at + 16 <= len(header):
                self._take_format(header[at : at + 16])
            at += size + size % 2
        if at > LONGEST_HEADER:
            raise CannotTranscribe(Failure.NOT_MEDIA, "a growing WAV without sound")
        return False

    def _take_format(self, described: bytes) -> None:
        kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", described)
        if kind not in (PCM, EXTENSIBLE) or bits != 8 * SAMPLE or channels not in (1, 2):
            raise CannotTranscribe(Failure.NOT_MEDIA, f"a growing WAV of format {kind}, {channels} times {bits} bits")
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise CannotTranscribe(Failure.NOT_MEDIA, f"{rate} Hz")
        self._rate, self._channels = rate, channels

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _bytes(self, at: int, count: int) -> bytes:
        try:
            self._file.seek(at)
            return self._file.read(max(0, count))
        except OSError as error:
            raise CannotTranscribe(Failure.FILE_UNREADABLE, error.strerror or str(error.errno)) from error
