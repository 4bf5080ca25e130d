"""The disk is full while one records: what is there stays, and it goes on as soon as there is room."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from faults.test_storage import fill
from work import microphone
from work.microphone import COUNT_EVERY, RATE, Microphone

import desktop_app
from desktop_app.work.audio_devices import AudioDevices
from desktop_app.work.recorder import TAIL, Recorder, RecorderState, Sources, Trouble

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the virtual microphones are PulseAudio's")

PATIENCE_MS = 15_000
ROOT = Path(desktop_app.__file__).parent.parent


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def mic() -> Iterator[Microphone]:
    with microphone.sound_server() as server:
        yield server.plug_in()


@pytest.fixture
def recorder(mic, home, qapp) -> Iterator[Recorder]:
    devices = AudioDevices()
    started = Recorder(devices)
    yield started
    started.close()
    devices.close()


@pytest.fixture
def until(qtbot) -> Callable[..., None]:
    return lambda is_so: qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)


def test_a_disk_that_is_full_is_said_and_nothing_is_lost_if_there_is_room_again(recorder, mic, disk, until):
    files: list[Path] = []
    recorder.recorded.connect(files.append)
    recorder.record(disk / "talk.wav")
    until(lambda: recorder.seconds > 0.2)
    mic.count(6)
    filler = fill(disk)
    full_at = time.monotonic()
    until(lambda: recorder.trouble is Trouble.DISK_FULL)
    assert time.monotonic() - full_at < 2
    kept = recorder.seconds
    assert soundfile.info(disk / "talk.wav").duration == pytest.approx(kept, abs=0.1)
    until(lambda: time.monotonic() - full_at > 3)
    assert recorder.state is RecorderState.RECORDING
    filler.unlink()
    until(lambda: recorder.trouble is None)
    until(mic.is_quiet)
    recorder.stop()
    until(lambda: files)

    samples, _ = soundfile.read(files[0], dtype="int16")
    numbers = microphone.counted(samples)
    assert recorder.lost_blocks == 0
    assert len(numbers) == 6 * RATE
    assert (numbers == np.arange(6 * RATE) // COUNT_EVERY + 1).all()


def test_what_is_there_stays_if_there_is_no_room_to_the_end(recorder, mic, disk, until):
    files: list[Path] = []
    recorder.recorded.connect(files.append)
    recorder.record(disk / "talk.wav")
    mic.count(6)
    until(lambda: recorder.seconds > 1)
    began, before = time.monotonic(), recorder.seconds
    fill(disk)
    until(lambda: recorder.trouble is Trouble.DISK_FULL)
    until(lambda: time.monotonic() - began > 2)
    recorder.stop()
    stopped = time.monotonic()
    until(lambda: files)

    found = soundfile.info(files[0])
    assert found.duration > 0.9
    missing, why = recorder.not_written
    assert why is Trouble.DISK_FULL
    assert found.duration + missing == pytest.approx(before + stopped - began + TAIL, abs=0.6)
    assert recorder.lost_seconds == missing > 0
    assert recorder.lost_blocks == 0
    assert recorder.trouble is None


def test_a_recording_of_so_many_seconds_ends_by_itself_on_a_full_disk(recorder, mic, disk, until):
    files: list[Path] = []
    recorder.recorded.connect(files.append)
    recorder.record(disk / "talk.wav", 4)
    until(lambda: recorder.seconds > 0.5)
    fill(disk)
    until(lambda: files)

    missing, why = recorder.not_written
    assert why is Trouble.DISK_FULL
    assert soundfile.info(files[0]).duration + missing == 4
    assert missing > 1


def test_the_command_line_says_how_much_is_missing_and_fails(mic, home, disk):
    file = disk / "talk.wav"
    command = [sys.executable, "-m", "desktop_app.cli", "record", "--seconds", "4", "--output", file]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    microphone.wait_for(lambda: file.exists() and soundfile.info(file).duration > 0.3, 30)
    fill(disk)
    said, complained = process.communicate(timeout=30)

    assert process.returncode == 1
    assert said.splitlines() == [str(file)]
    assert "of audio could not be saved: the disk was full." in complained
    assert "too slow" not in complained


def test_a_disk_that_is_full_from_the_beginning_is_said_and_leaves_nothing_behind(recorder, disk, until):
    filler = fill(disk)
    for number in range(1000):  # nor room for another name
        try:
            (disk / f"{number}").touch()
        except OSError:
            break
    before = set(disk.iterdir())
    recorder.listen(Sources())
    recorder.record(disk / "talk.wav")
    until(lambda: recorder.trouble is Trouble.DISK_FULL)

    assert recorder.state is RecorderState.LISTENING
    assert set(disk.iterdir()) == before
    assert filler in before
