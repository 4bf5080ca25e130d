"""A recording survives the end of its program: a few times here; `make faults` does it fifty times."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
import soundfile
from faults.conftest import FULL
from work import microphone
from work.microphone import COUNT_EVERY, Microphone, SoundServer, counted, wait_for

import desktop_app
from desktop_app.work import unfinished

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the virtual microphones are PulseAudio's")

ROOT = Path(desktop_app.__file__).parent.parent
COUNT = 50 if FULL else 3
LONGEST = 6.0  # seconds until it is killed
MOST_LOST = 1.0  # second


class Outcome(NamedTuple):
    spoken: float  # seconds, until it was killed
    kept: float
    by_pyav: float  # seconds that come out of the file as it was left
    by_soundfile: float
    found: float  # seconds, by the note that was left
    is_whole: bool  # nothing is missing in between

    @property
    def lost(self) -> float:
        return self.spoken - self.kept

    @property
    def is_good(self) -> bool:
        return self.lost <= MOST_LOST and self.is_whole and self.by_pyav == self.by_soundfile <= self.found


@pytest.fixture
def server() -> Iterator[SoundServer]:
    with microphone.sound_server() as started:
        yield started


def killed(mic: Microphone, file: Path, after: float) -> Outcome:
    """Record numbers, kill the program after so many seconds, and see what is in the file."""
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop_app.cli", "record", "--output", file],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: file.exists() and soundfile.info(file).duration > 0.1, 30)
        before = mic.spoken
        mic.count(LONGEST + 2)
        time.sleep(after)
    finally:
        process.kill()
        spoken = mic.spoken - before
        process.wait()
    mic.hush()
    with av.open(str(file)) as container:
        by_pyav = sum(frame.samples for frame in container.decode(audio=0)) / mic.rate
    samples, _ = soundfile.read(file, dtype="int16")
    numbers = counted(samples)
    return Outcome(
        spoken / mic.rate,
        len(numbers) / mic.rate,
        by_pyav,
        len(samples) / mic.rate,
        next((left.seconds for left in unfinished.found() if left.file == file), 0.0),
        bool((numbers == np.arange(len(numbers)) // COUNT_EVERY + 1).all()),
    )


def test_a_killed_program_loses_less_than_a_second(server, home, tmp_path, tell):
    chance = random.Random(11)
    mic = server.plug_in()
    outcomes = [killed(mic, tmp_path / f"{number}.wav", chance.uniform(0.1, LONGEST)) for number in range(COUNT)]

    lost = sorted(outcome.lost for outcome in outcomes)
    tell(f"recording killed {COUNT} times: lost at most {lost[-1]:.2f} s, median {lost[COUNT // 2]:.2f} s")
    assert [outcome for outcome in outcomes if not outcome.is_good] == []
    assert {left.file.name for left in unfinished.found()} == {f"{number}.wav" for number in range(COUNT)}
    for left in unfinished.found():
        unfinished.forget(left)
    assert unfinished.found() == []
    assert len(list(tmp_path.glob("*.wav"))) == COUNT
