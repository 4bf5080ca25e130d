"""Somebody who speaks: a recording that grows as it is spoken, written by the program's own writer."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import soundfile

from desktop_app.work.sound_file import SoundFile

BLOCK = 0.05  # seconds


class Speaker:
    """Speaks what is in a recording, in a thread, into a file that grows. It begins at once."""

    def __init__(self, spoken: Path, file: Path, seconds: float | None = None, speed: float = 1.0) -> None:
        """seconds: how much of it; all if None. speed: how many seconds of sound a second; 1 is as people speak."""
        samples, rate = soundfile.read(spoken, dtype="int16", always_2d=True)
        self._samples: np.ndarray = samples if seconds is None else samples[: round(seconds * rate)]
        self._speed = speed
        self._file = SoundFile(file, rate, samples.shape[1])
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Return when all is said."""
        self._thread.join()

    def _speak(self) -> None:
        count = round(self._file.rate * BLOCK)
        begun = time.monotonic()
        for number, at in enumerate(range(0, len(self._samples), count), 1):
            time.sleep(max(0.0, begun + number * BLOCK / self._speed - time.monotonic()))
            self._file.append(self._samples[at : at + count].tobytes())
        self._file.close()
