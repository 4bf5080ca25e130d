"""A sound file is whole at every moment, however long it becomes and however its program ends."""

from __future__ import annotations

import sys

import av
import numpy as np
import pytest
import soundfile

from desktop_app.work import sound_file
from desktop_app.work.sound_file import HEADER_BYTES, NotARecording, SoundFile, created, mended

RATE = 16_000


def tone(seconds: float, channels: int = 1) -> bytes:
    wave = (10_000 * np.sin(np.arange(round(seconds * RATE)) * 0.1)).astype("<i2")
    return np.repeat(wave, channels).tobytes()


def seconds_by_pyav(file) -> float:
    """Return how much sound comes out of the file."""
    with av.open(str(file)) as container:
        return sum(frame.samples for frame in container.decode(audio=0)) / RATE


def seconds_by_soundfile(file: SoundFile) -> float:
    return soundfile.info(file.path).frames / RATE


@pytest.fixture
def growing(tmp_path):
    file = SoundFile(tmp_path / "talk.wav", RATE, 1)
    yield file
    file.close()


def test_a_file_without_any_sound_yet_can_be_opened(growing):
    found = soundfile.info(growing.path)

    assert (found.frames, found.samplerate, found.channels, found.subtype) == (0, RATE, 1, "PCM_16")
    assert seconds_by_pyav(growing.path) == 0


def test_a_growing_file_tells_of_all_that_was_added(growing):
    for number in range(1, 6):
        growing.append(tone(0.5))

        assert soundfile.info(growing.path).duration == number * 0.5
        assert seconds_by_pyav(growing.path) == number * 0.5


@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_read_is_what_was_added(tmp_path, channels):
    file = SoundFile(tmp_path / "talk.wav", RATE, channels)
    file.append(tone(1, channels))
    file.append(tone(0.25, channels))
    file.close()

    samples, rate = soundfile.read(file.path, dtype="int16", always_2d=True)
    assert rate == RATE
    assert samples.shape == (1.25 * RATE, channels)
    assert samples.tobytes() == tone(1, channels) + tone(0.25, channels)


def test_a_name_that_is_taken_is_left_alone(tmp_path):
    (tmp_path / "talk.wav").write_text("mine")

    files = [created(tmp_path / "talk.wav", RATE, 1) for _ in range(2)]

    assert [file.path.name for file in files] == ["talk (2).wav", "talk (3).wav"]
    assert (tmp_path / "talk.wav").read_text() == "mine"
    for file in files:
        file.close()


def test_a_file_that_cannot_be_made_leaves_nothing_behind(tmp_path):
    with pytest.raises(FileNotFoundError):
        SoundFile(tmp_path / "not there" / "talk.wav", RATE, 1)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("odd", [0, 1])
def test_a_file_that_was_left_tells_of_all_its_sound_when_it_is_mended(tmp_path, odd):
    file = tmp_path / "talk.wav"
    file.write_bytes(sound_file.header(RATE, 2, 400) + tone(2, 2) + bytes(odd))

    assert mended(file) == 2
    assert soundfile.info(file).duration == 2


def test_only_recordings_of_ours_are_mended(tmp_path):
    file = tmp_path / "talk.wav"
    soundfile.write(file, np.zeros(RATE, np.float32), RATE)
    before = file.read_bytes()

    with pytest.raises(NotARecording):
        mended(file)

    assert file.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="files there are not sparse by themselves")
def test_a_recording_goes_on_past_four_gigabytes(growing):
    growing.size = 2**32 - HEADER_BYTES - 2 * RATE  # a hole in the file takes no room
    seconds = [seconds_by_soundfile(growing)]
    for _ in range(3):
        growing.append(tone(1))
        seconds.append(seconds_by_soundfile(growing))

    assert growing.path.stat().st_size > 2**32
    assert seconds[1:] == [growing.seconds - 2, growing.seconds - 1, growing.seconds]
    with av.open(str(growing.path)) as container:
        assert container.duration / 1e6 == pytest.approx(growing.seconds, abs=0.001)
        container.seek(int((growing.seconds - 1.5) * 1e6))
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    assert np.concatenate(frames, axis=1)[0, -RATE:].astype("<i2").tobytes() == tone(1)
    assert mended(growing.path) == growing.seconds
