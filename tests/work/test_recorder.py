"""The recorder with a real sound server, real microphones, and what goes wrong with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from backend.real_backend import Backend, text_of
from speech import media, prompts
from work import microphone
from work.microphone import COUNT_EVERY, Microphone, SoundServer

from desktop_app import paths
from desktop_app.messages import JobFailed, JobFinished, Transcribe
from desktop_app.work import recorder as recording
from desktop_app.work import tracks, unfinished
from desktop_app.work.audio_devices import AudioDevices
from desktop_app.work.recorder import Level, Recorder, RecorderState, Sources, Trouble
from desktop_app.work.sound_file import SoundFile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the virtual microphones are PulseAudio's")

RATE = microphone.RATE
PATIENCE_MS = 15_000
NOTICED_WITHIN = 2.0  # seconds; and as much again, for a machine that has other work


class Studio:
    """A recorder, and what it told."""

    def __init__(self) -> None:
        self.devices = AudioDevices()
        self.recorder = Recorder(self.devices)
        self.states: list[RecorderState] = []
        self.troubles: list[Trouble | None] = []
        self.levels: list[Level] = []
        self.files: list[Path] = []
        self.recorder.state_changed.connect(self.states.append)
        self.recorder.troubled.connect(self.troubles.append)
        self.recorder.level_changed.connect(self.levels.append)
        self.recorder.recorded.connect(self.files.append)

    def close(self) -> None:
        self.recorder.close()
        self.devices.close()


@pytest.fixture
def server() -> Iterator[SoundServer]:
    with microphone.sound_server() as started:
        yield started


@pytest.fixture
def mic(server) -> Microphone:
    return server.plug_in()


@pytest.fixture
def studio(home, qapp, server) -> Iterator[Studio]:
    opened = Studio()
    yield opened
    opened.close()


@pytest.fixture
def until(qtbot) -> Callable[..., None]:
    return lambda is_so, ms=PATIENCE_MS: qtbot.waitUntil(lambda: bool(is_so()), timeout=ms)


@pytest.fixture
def rolling(mic, studio, until, tmp_path) -> Studio:
    """A studio that records from the one microphone into talk.wav."""
    begin(studio, until, tmp_path / "talk.wav")
    return studio


def begin(studio: Studio, until: Callable[..., None], file: Path, sources: Sources | None = None) -> None:
    """Record, and wait until sound comes."""
    studio.recorder.listen(sources or Sources())
    until(lambda: studio.levels)
    studio.recorder.record(file)
    until(lambda: studio.recorder.seconds > 0.2)


def pass_by(until: Callable[..., None], seconds: float) -> None:
    """Let time pass: nothing is to happen."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def finish(studio: Studio, until: Callable[..., None]) -> np.ndarray:
    """Stop, and return what was recorded: int16, shape (frames,) or (frames, channels)."""
    studio.recorder.stop()
    until(lambda: studio.files)
    samples, rate = soundfile.read(studio.files[-1], dtype="int16")
    assert rate == RATE or samples.ndim == 2
    return samples


def stall(monkeypatch: pytest.MonkeyPatch, seconds: float) -> threading.Event:
    """Have the disk take so long to confirm anything. The event is set when it begins to."""
    stalls = threading.Event()

    def confirm(_: int) -> None:
        stalls.set()
        time.sleep(seconds)

    monkeypatch.setattr(os, "fsync", confirm)
    return stalls


def stall_a_write(monkeypatch: pytest.MonkeyPatch, seconds: float, when: Callable[[], bool]) -> threading.Event:
    """Have the first write when it is time take so long. The event is set when it begins to."""
    append, stalled = SoundFile.append, threading.Event()

    def append_late(file: SoundFile, samples: bytes) -> int:
        if when() and not stalled.is_set():
            stalled.set()
            time.sleep(seconds)
        return append(file, samples)

    monkeypatch.setattr(SoundFile, "append", append_late)
    return stalled


def noticed(studio: Studio, until: Callable[..., None], trouble: Trouble | None) -> float:
    """Wait until the trouble is told; return after how many seconds."""
    began = time.monotonic()
    until(lambda: studio.recorder.trouble is trouble)
    return time.monotonic() - began


def strongest(samples: np.ndarray, rate: int) -> float:
    """Return the frequency that is heard most, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float32)))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()])


# --- what is said is in the file, and the file is in order -----------------------------------------------------------


def test_a_spoken_sentence_becomes_a_file_that_can_be_read_at_any_moment_and_its_transcript(
    rolling, mic, until, speech, tiny_model, tmp_path
):
    samples, _ = soundfile.read(speech, dtype="float32")
    mic.say(samples)
    seen = []
    while not mic.is_quiet():
        until(lambda: rolling.recorder.seconds > (seen[-1] if seen else 0) + 1)
        with av.open(str(rolling.recorder.file)) as container:
            seen.append(sum(frame.samples for frame in container.decode(audio=0)) / RATE)
        assert soundfile.info(rolling.recorder.file).duration >= seen[-1]
    finish(rolling, until)

    assert len(seen) > 5
    assert seen == sorted(seen)
    assert rolling.recorder.lost_blocks == 0
    backend = Backend(tmp_path / "backend.log")
    backend.send(Transcribe(1, os.fsencode(rolling.files[0]), os.fsencode(tiny_model)))
    said = text_of(backend.until(JobFinished, JobFailed))
    backend.end()
    expected = (paths.resources() / "sample.txt").read_text()
    assert "short recording" in said
    assert prompts.word_error_rate(" ".join(expected.split()[: len(said.split())]), said) < 25


def test_the_level_is_shown_before_anything_is_written(mic, studio, until, home):
    studio.recorder.listen(Sources())
    until(lambda: studio.levels)
    quiet = studio.levels[-1]
    mic.say(0.5 * media.tone(1))
    until(lambda: studio.levels[-1].peaks[0] > -20)

    assert studio.states == [RecorderState.LISTENING]
    assert quiet == Level((-np.inf,), False)
    assert -13 < max(level.peaks[0] for level in studio.levels) < -11  # a quarter of full scale
    assert list(paths.recordings_folder().iterdir()) == []


def test_the_level_is_told_about_twenty_times_a_second(rolling, until):
    began, count = time.monotonic(), len(rolling.levels)
    until(lambda: time.monotonic() - began > 3)

    assert 10 < (len(rolling.levels) - count) / (time.monotonic() - began) < 25


def test_nothing_is_lost_between_the_first_sample_and_the_last(rolling, mic, until):
    mic.count(6)
    until(mic.is_quiet)
    numbers = microphone.counted(finish(rolling, until))

    assert len(numbers) == 6 * RATE
    assert (numbers == np.arange(6 * RATE) // COUNT_EVERY + 1).all()


def test_no_block_is_lost_while_both_cores_are_busy(rolling, mic, until):
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 2)]
    try:
        mic.count(6)
        until(mic.is_quiet)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    numbers = microphone.counted(finish(rolling, until))

    assert rolling.recorder.lost_blocks == 0
    assert len(numbers) == 6 * RATE
    assert (numbers == np.arange(6 * RATE) // COUNT_EVERY + 1).all()


def test_the_last_words_before_stop_are_kept(rolling, mic, until):
    mic.count(2)
    until(mic.is_quiet)

    numbers = microphone.counted(finish(rolling, until))

    assert len(numbers) == 2 * RATE


def test_the_seconds_before_the_button_are_kept_if_one_wants_that(mic, studio, until, tmp_path):
    studio.recorder.listen(Sources(pre_roll=2.0))
    until(lambda: studio.levels)
    mic.count(3)
    until(mic.is_quiet)

    studio.recorder.record(tmp_path / "talk.wav")
    until(lambda: studio.recorder.seconds > 2.5)
    samples = finish(studio, until)

    # Less than the two, where the button comes late on a busy machine; more by what was still on its way.
    assert 0.3 < np.count_nonzero(samples) / RATE < 2.3
    assert samples[0] > RATE // COUNT_EVERY * 0.9  # not the first of the three seconds


def test_what_is_said_in_a_pause_is_not_recorded(rolling, mic, until):
    rolling.recorder.pause()
    until(lambda: rolling.recorder.state is RecorderState.PAUSED)
    pass_by(until, 2 * recording.TAIL)
    mic.count(2)
    until(mic.is_quiet)
    pass_by(until, recording.TAIL)
    paused = rolling.recorder.seconds
    rolling.recorder.go_on()
    until(lambda: rolling.recorder.seconds > paused + 0.3)
    samples = finish(rolling, until)

    assert not samples.any()
    assert rolling.states[1:] == [
        RecorderState.RECORDING,
        RecorderState.PAUSED,
        RecorderState.RECORDING,
        RecorderState.LISTENING,
    ]


def test_a_recording_ends_by_itself_after_the_seconds_asked_for(mic, studio, until, tmp_path):
    studio.recorder.record(tmp_path / "talk.wav", 1.5)
    until(lambda: studio.files)

    assert soundfile.info(studio.files[0]).duration == 1.5
    assert studio.states == [RecorderState.LISTENING, RecorderState.RECORDING, RecorderState.LISTENING]


def test_a_file_of_that_name_is_kept_and_the_recording_becomes_the_second(mic, studio, until, tmp_path):
    (tmp_path / "talk.wav").write_text("mine")
    begin(studio, until, tmp_path / "talk.wav")
    finish(studio, until)

    assert studio.files == [tmp_path / "talk (2).wav"]
    assert (tmp_path / "talk.wav").read_text() == "mine"


def test_other_devices_are_listened_to_when_the_last_words_are_kept(rolling, mic, until, tmp_path):
    mic.count(2)
    until(mic.is_quiet)
    rolling.recorder.listen(Sources(system=""))
    rolling.recorder.record(tmp_path / "call.wav", 1)
    until(lambda: len(rolling.files) == 2)

    assert len(microphone.counted(soundfile.read(tmp_path / "talk.wav", dtype="int16")[0])) == 2 * RATE
    assert soundfile.info(tmp_path / "call.wav").channels == 2


def test_a_recording_that_follows_another_begins_where_that_ends(rolling, mic, until, tmp_path):
    mic.count(4)
    until(lambda: mic.spoken > 2 * RATE)
    rolling.recorder.stop()
    until(lambda: rolling.recorder.state is RecorderState.LISTENING)
    rolling.recorder.record(tmp_path / "next.wav")
    until(mic.is_quiet)
    finished_first = [*rolling.files]
    finish(rolling, until)
    until(lambda: len(rolling.files) == 2)

    parts = [soundfile.read(file, dtype="int16")[0] for file in rolling.files]
    assert finished_first == rolling.files[:1]
    assert len(microphone.counted(np.concatenate(parts))) == 4 * RATE


def test_off_and_on_again_at_once_is_on(rolling, until, tmp_path):
    rolling.recorder.off()
    rolling.recorder.record(tmp_path / "next.wav", 1)
    until(lambda: len(rolling.files) == 2)

    assert rolling.recorder.state is RecorderState.LISTENING
    assert rolling.files[1] == tmp_path / "next.wav"


def test_a_fault_of_ours_does_not_end_the_recording(rolling, mic, until, monkeypatch, caplog):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: 1 / 0)
    until(lambda: "unforeseen" in caplog.text)
    mic.count(1)
    until(mic.is_quiet)

    assert len(microphone.counted(finish(rolling, until))) == RATE


def test_off_finishes_the_recording_and_frees_the_device(rolling, server, until):
    rolling.recorder.off()
    until(lambda: rolling.recorder.state is RecorderState.OFF)

    assert len(rolling.files) == 1
    until(lambda: rolling.devices.recorded_from() == ())


def test_no_call_makes_the_window_wait(mic, studio, until, tmp_path):
    recorder, slowest = studio.recorder, 0.0
    for call in (
        lambda: recorder.listen(Sources()),
        lambda: recorder.record(tmp_path / "a.wav"),
        recorder.pause,
        recorder.go_on,
        recorder.stop,
        lambda: studio.devices.found(),
        lambda: recorder.seconds_of_space,
        recorder.off,
    ):
        began = time.monotonic()
        call()
        slowest = max(slowest, time.monotonic() - began)
        pass_by(until, 0.3)

    assert slowest < 0.016


def test_a_recording_that_is_made_is_not_taken_for_one_that_was_left(rolling, until):
    assert unfinished.found() == []
    assert len(list(paths.unfinished().glob("*.json"))) == 1

    finish(rolling, until)

    assert list(paths.unfinished().glob("*.json")) == []


def test_how_long_the_disk_has_room_for_is_known(rolling, until, tmp_path):
    until(lambda: rolling.recorder.seconds_of_space)

    assert rolling.recorder.seconds_of_space == pytest.approx(shutil.disk_usage(tmp_path).free / (2 * RATE), rel=0.05)


def test_every_second_the_disk_confirms_what_was_said(mic, studio, until, tmp_path, monkeypatch):
    moments: list[float] = []
    confirm = os.fsync

    def note(descriptor: int) -> None:
        confirm(descriptor)
        moments.append(time.monotonic())

    monkeypatch.setattr(os, "fsync", note)
    begin(studio, until, tmp_path / "talk.wav")
    pass_by(until, 4)

    assert np.diff(moments).max() < 1.5
    assert len(moments) >= 4


def test_nothing_is_lost_while_the_disk_stalls_and_it_is_in_the_file_at_once(rolling, mic, until, monkeypatch):
    stalls = stall(monkeypatch, 3.0)
    until(stalls.is_set)
    mic.count(4)
    kept = rolling.recorder.seconds
    until(lambda: mic.spoken > 2 * RATE)

    assert soundfile.info(rolling.recorder.file).duration > kept + 1
    until(mic.is_quiet)
    numbers = microphone.counted(finish(rolling, until))
    assert len(numbers) == 4 * RATE
    assert (numbers == np.arange(4 * RATE) // COUNT_EVERY + 1).all()
    assert rolling.troubles == []


def test_nothing_is_lost_while_a_write_stalls(rolling, mic, until, monkeypatch):
    """The recorder's own thread stands still: its device is not taken for a silent one."""
    stalled = stall_a_write(monkeypatch, 3.0, lambda: mic.spoken > RATE)
    mic.count(5)
    until(mic.is_quiet)
    numbers = microphone.counted(finish(rolling, until))

    assert stalled.is_set()
    assert len(numbers) == 5 * RATE
    assert (numbers == np.arange(5 * RATE) // COUNT_EVERY + 1).all()
    assert rolling.troubles == []


def test_what_had_arrived_of_a_device_that_is_gone_is_written(rolling, server, mic, until, monkeypatch):
    stall_a_write(monkeypatch, 3.0, lambda: mic.spoken > RATE)
    mic.count(2)
    until(mic.is_quiet)
    pass_by(until, 0.5)
    server.unplug()
    noticed(rolling, until, Trouble.DEVICE_GONE)

    assert len(microphone.counted(finish(rolling, until))) == 2 * RATE


def test_a_recording_that_cannot_be_noted_is_made_and_that_is_said(mic, studio, until, tmp_path, home):
    (home / "unfinished").write_text("in the way")
    begin(studio, until, tmp_path / "talk.wav")
    noticed(studio, until, Trouble.NOT_NOTED)
    (home / "unfinished").unlink()
    noticed(studio, until, None)

    assert len(list(paths.unfinished().glob("*.json"))) == 1
    finish(studio, until)
    assert list(paths.unfinished().glob("*.json")) == []


def test_a_name_alone_goes_into_the_folder_of_recordings(mic, studio, until, home):
    studio.recorder.record(Path("talk.wav"), 0.5)
    until(lambda: studio.files)

    assert studio.files == [paths.recordings_folder() / "talk.wav"]


# --- which device ----------------------------------------------------------------------------------------------------


def test_of_two_microphones_the_chosen_one_is_heard(server, studio, until, tmp_path):
    first, second = server.plug_in("first"), server.plug_in("second", 48_000)
    server.make_default("first")
    studio.recorder.listen(Sources(microphone="second"))
    until(lambda: studio.levels)
    first.say(media.tone(3, hertz=440))
    second.say(media.tone(3, 48_000, hertz=1000))
    studio.recorder.record(tmp_path / "talk.wav", 2)
    until(lambda: studio.files)

    samples, rate = soundfile.read(studio.files[0])
    assert rate == 48_000  # the device's own
    assert strongest(samples[rate:], rate) == pytest.approx(1000, abs=2)


def test_the_computers_own_sound_is_recorded(server, studio, until, tmp_path):
    playing = server.play(np.repeat(media.tone(6, 48_000, 700)[:, None], 2, axis=1), 48_000, tmp_path)
    studio.recorder.listen(Sources(with_microphone=False, channels=2))
    until(lambda: studio.levels and studio.levels[-1].peaks[0] > -20)
    studio.recorder.record(tmp_path / "talk.wav", 1.5)
    until(lambda: studio.files)
    playing.kill()
    playing.wait()

    samples, rate = soundfile.read(studio.files[0])
    assert (samples.shape, rate) == ((72_000, 2), 48_000)
    assert strongest(samples[:, 1], rate) == pytest.approx(700, abs=2)


def test_microphone_and_computer_become_two_channels(server, mic, studio, until, tmp_path):
    playing = server.play(media.tone(10, 48_000, 700), 48_000, tmp_path)
    studio.recorder.listen(Sources(system=""))
    until(lambda: studio.levels and studio.levels[-1].peaks[1] > -20)
    mic.say(media.tone(6, hertz=1200))
    until(lambda: studio.levels[-1].peaks[0] > -20)
    studio.recorder.record(tmp_path / "talk.wav", 3)
    until(lambda: studio.files)
    playing.kill()
    playing.wait()

    samples, rate = soundfile.read(studio.files[0])
    assert (samples.shape, rate) == ((3 * 48_000, 2), 48_000)  # the higher one of the two devices
    assert strongest(samples[rate:, 0], rate) == pytest.approx(1200, abs=2)
    assert strongest(samples[rate:, 1], rate) == pytest.approx(700, abs=2)
    assert studio.recorder.lost_blocks == 0


def test_a_microphone_is_recorded_beside_a_loudspeaker_that_is_silent(server, studio, until, tmp_path):
    mic = server.plug_in(rate=48_000)
    begin(studio, until, tmp_path / "talk.wav", Sources(system=""))
    mic.count(2)
    until(mic.is_quiet)
    samples = finish(studio, until)

    assert len(microphone.counted(samples[:, 0])) == 2 * 48_000
    assert not samples[:, 1].any()


def test_a_loudspeaker_that_delivers_nothing_beside_a_microphone_is_said(server, mic, studio, until, tmp_path):
    begin(studio, until, tmp_path / "talk.wav", Sources(system=""))
    until(lambda seconds=studio.recorder.seconds: studio.recorder.seconds > seconds + 2)
    server.suspend_loudspeaker(True)
    assert noticed(studio, until, Trouble.SYSTEM_SILENT) < 2 * NOTICED_WITHIN
    kept = studio.recorder.seconds
    until(lambda: studio.recorder.seconds > kept + 0.5)
    server.suspend_loudspeaker(False)
    until(lambda: studio.recorder.trouble is not Trouble.SYSTEM_SILENT)

    finish(studio, until)


def test_both_devices_have_to_be_there_before_a_recording_of_both_begins(server, studio, until, tmp_path):
    studio.recorder.listen(Sources(system=""))
    studio.recorder.record(tmp_path / "call.wav")
    noticed(studio, until, Trouble.NO_DEVICE)
    until(lambda: studio.levels)
    pass_by(until, 0.5)
    assert list(tmp_path.glob("*.wav")) == []

    server.plug_in()
    until(lambda: studio.recorder.seconds > 0.2)
    assert soundfile.info(studio.recorder.file).channels == 2


def test_without_a_sound_server_that_is_the_trouble_and_not_a_missing_microphone(server, studio, until):
    until(lambda: studio.devices.has_looked)
    server.end()
    until(lambda: studio.devices.lacks_server)

    studio.recorder.listen(Sources())

    noticed(studio, until, Trouble.NO_SERVER)


def test_a_device_of_a_higher_rate_that_comes_before_the_recording_begins_has_it(server, studio, until, tmp_path):
    studio.recorder.listen(Sources(system=""))
    until(lambda: studio.levels)
    mic = server.plug_in("studio", 96_000)
    studio.recorder.record(tmp_path / "call.wav")
    until(lambda: studio.recorder.seconds > 0.5)
    mic.count(0.5)
    until(mic.is_quiet)
    samples = finish(studio, until)

    assert soundfile.info(studio.files[0]).samplerate == 96_000
    assert len(microphone.counted(samples[:, 0])) == 48_000


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_microphone_that_is_unplugged_is_missed_and_goes_on_when_it_is_back(rolling, server, mic, until):
    mic.count(2)
    until(mic.is_quiet)
    until(lambda seconds=rolling.recorder.seconds: rolling.recorder.seconds > seconds + 0.5)
    server.unplug()
    assert noticed(rolling, until, Trouble.DEVICE_GONE) < NOTICED_WITHIN
    kept = rolling.recorder.seconds
    again = server.plug_in()
    until(lambda: rolling.recorder.seconds > kept + 0.2)
    again.count(2)
    until(again.is_quiet)
    samples = finish(rolling, until)

    assert rolling.troubles == [Trouble.DEVICE_GONE, None]
    assert rolling.recorder.state is RecorderState.LISTENING
    numbers = samples[samples > 0]
    assert (numbers == np.tile(np.arange(2 * RATE) // COUNT_EVERY + 1, 2)).all()


def test_a_microphone_that_delivers_nothing_is_noticed(rolling, mic, until):
    mic.die()
    assert noticed(rolling, until, Trouble.DEVICE_SILENT) < 2 * NOTICED_WITHIN
    mic.revive()
    noticed(rolling, until, None)
    mic.count(1)
    until(mic.is_quiet)

    assert len(microphone.counted(finish(rolling, until))) == RATE


def test_a_microphone_that_is_suspended_is_noticed(rolling, server, until):
    server.suspend("mic", True)
    assert noticed(rolling, until, Trouble.DEVICE_SILENT) < 2 * NOTICED_WITHIN
    server.suspend("mic", False)
    noticed(rolling, until, None)

    finish(rolling, until)


def test_a_microphone_that_is_dead_from_the_beginning_stops_nobody(mic, studio, until, tmp_path):
    mic.die()
    studio.recorder.record(tmp_path / "talk.wav")
    noticed(studio, until, Trouble.DEVICE_SILENT)
    finish(studio, until)
    studio.recorder.off()
    until(lambda: studio.recorder.state is RecorderState.OFF, 3000)


def test_when_the_default_microphone_goes_the_next_one_is_taken_and_that_is_said(server, mic, studio, until, tmp_path):
    other = server.plug_in("other")
    server.make_default("mic")
    begin(studio, until, tmp_path / "talk.wav")
    server.unplug("mic")
    assert noticed(studio, until, Trouble.OTHER_DEVICE) < NOTICED_WITHIN
    until(lambda seconds=studio.recorder.seconds: studio.recorder.seconds > seconds + 0.5)
    other.count(1)
    until(other.is_quiet)
    until(lambda seconds=studio.recorder.seconds: studio.recorder.seconds > seconds + 0.5)
    assert studio.recorder.trouble is Trouble.OTHER_DEVICE
    server.plug_in("mic").count(1)
    noticed(studio, until, None)

    assert len(microphone.counted(finish(studio, until))) >= RATE


def test_a_stream_that_the_system_moves_to_another_device_is_noticed(rolling, server, until):
    server.plug_in("other")
    server.move_streams("other")
    assert noticed(rolling, until, Trouble.OTHER_DEVICE) < NOTICED_WITHIN
    server.move_streams("mic")
    noticed(rolling, until, None)


def test_for_a_chosen_microphone_that_goes_the_default_one_takes_over_until_it_is_back(
    server, mic, studio, until, tmp_path
):
    other = server.plug_in("other")
    server.make_default("other")
    begin(studio, until, tmp_path / "talk.wav", Sources(microphone="mic"))
    server.unplug("mic")
    assert noticed(studio, until, Trouble.OTHER_DEVICE) < NOTICED_WITHIN
    until(lambda seconds=studio.recorder.seconds: studio.recorder.seconds > seconds + 0.5)
    other.count(1)
    until(other.is_quiet)
    until(lambda seconds=studio.recorder.seconds: studio.recorder.seconds > seconds + 0.5)
    server.plug_in("mic")
    noticed(studio, until, None)

    assert len(microphone.counted(finish(studio, until))) == RATE


def test_a_chosen_microphone_that_is_not_there_keeps_nobody_from_recording_with_another(
    server, mic, studio, until, tmp_path
):
    begin(studio, until, tmp_path / "talk.wav", Sources(microphone="headset"))
    assert noticed(studio, until, Trouble.CHOSEN_AWAY) < NOTICED_WITHIN
    mic.count(1)
    until(mic.is_quiet)
    until(lambda seconds=studio.recorder.seconds: studio.recorder.seconds > seconds + 0.5)
    headset = server.plug_in("headset")
    noticed(studio, until, None)
    until(lambda seconds=studio.recorder.seconds: studio.recorder.seconds > seconds + 0.5)
    headset.count(1)
    until(headset.is_quiet)

    numbers = finish(studio, until)
    numbers = numbers[numbers > 0]
    assert (numbers == np.tile(np.arange(RATE) // COUNT_EVERY + 1, 2)).all()


def test_a_recording_begins_when_there_is_a_microphone(server, studio, until, tmp_path):
    studio.recorder.record(tmp_path / "talk.wav")
    assert noticed(studio, until, Trouble.NO_DEVICE) < NOTICED_WITHIN
    server.plug_in()
    until(lambda: studio.recorder.seconds > 0.2)

    assert studio.recorder.trouble is None


def test_clipping_is_said(rolling, mic, until):
    mic.say(2 * media.tone(2) * 2)
    noticed(rolling, until, Trouble.CLIPPING)
    assert any(level.clipped for level in rolling.levels)

    noticed(rolling, until, None)


def test_it_is_said_when_nothing_is_heard_for_ten_seconds(rolling, mic, until):
    assert 8 < noticed(rolling, until, Trouble.NOTHING_HEARD) < 13

    mic.say(0.1 * media.tone(1))
    noticed(rolling, until, None)


def test_it_goes_on_after_the_computer_slept(rolling, mic, until, monkeypatch):
    awake = recording._seconds_asleep
    monkeypatch.setattr(recording, "_seconds_asleep", lambda: awake() + 3600)
    assert noticed(rolling, until, Trouble.SLEPT) < NOTICED_WITHIN
    until(lambda seconds=rolling.recorder.seconds: rolling.recorder.seconds > seconds + 0.5)
    mic.count(1)
    until(mic.is_quiet)

    assert len(microphone.counted(finish(rolling, until))) == RATE


def test_a_sleep_before_anything_was_opened_is_not_told(mic, studio, until, monkeypatch):
    until(lambda: studio.devices.found())
    awake = recording._seconds_asleep
    monkeypatch.setattr(recording, "_seconds_asleep", lambda: awake() + 3600)
    studio.recorder.listen(Sources())
    until(lambda: len(studio.levels) > 5)

    assert Trouble.SLEPT not in studio.troubles


def test_a_name_alone_is_one_in_the_folder_of_recordings_which_is_made(mic, studio, until, home):
    studio.recorder.record(Path("talk.wav"), 0.5)
    until(lambda: studio.files)

    assert studio.files == [home / "recordings" / "talk.wav"]


def test_a_folder_of_recordings_that_cannot_be_made_is_said(mic, studio, until, home):
    (home / "recordings").write_text("in the way")

    studio.recorder.record(Path("talk.wav"))
    noticed(studio, until, Trouble.CANNOT_WRITE)

    assert studio.recorder.state is RecorderState.LISTENING


def test_a_folder_that_is_not_there_is_said(mic, studio, until, tmp_path):
    studio.recorder.record(tmp_path / "not there" / "talk.wav")
    noticed(studio, until, Trouble.CANNOT_WRITE)

    assert studio.recorder.state is RecorderState.LISTENING
    studio.recorder.record(tmp_path / "talk.wav", 0.5)
    until(lambda: studio.files)
    assert studio.recorder.trouble is None


def test_the_sound_server_may_end_and_come_again(rolling, server, until):
    server.end()
    noticed(rolling, until, Trouble.DEVICE_GONE)
    kept = rolling.recorder.seconds
    server.start()
    again = server.plug_in()
    until(lambda: rolling.recorder.seconds > kept + 0.2)
    again.count(1)
    until(again.is_quiet)

    assert len(microphone.counted(finish(rolling, until))) == RATE


def test_a_sound_server_that_hangs_stops_nobody(rolling, server, mic, until):
    mic.count(1)
    until(mic.is_quiet)
    pass_by(until, 0.5)
    server.freeze(True)
    began = time.monotonic()
    until(lambda: rolling.recorder.trouble in (Trouble.DEVICE_SILENT, Trouble.DEVICE_GONE))
    assert time.monotonic() - began < 2 * NOTICED_WITHIN
    samples = finish(rolling, until)
    rolling.recorder.off()
    until(lambda: rolling.recorder.state is RecorderState.OFF)

    assert len(microphone.counted(samples)) == RATE
    server.freeze(False)


def test_without_portaudio_no_file_is_begun_and_it_is_said(mic, studio, until, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    studio.recorder.listen(Sources())
    noticed(studio, until, Trouble.NO_PORTAUDIO)
    studio.recorder.record(tmp_path / "talk.wav")
    pass_by(until, 0.5)

    assert studio.recorder.trouble is Trouble.NO_PORTAUDIO
    assert not (tmp_path / "talk.wav").exists()


# --- long recordings -------------------------------------------------------------------------------------------------


class QuickCapture:
    """Delivers three hours of sound as fast as they are taken."""

    is_open = True
    seconds = 3 * 3600
    written: Callable[[], float] = staticmethod(lambda: np.inf)  # how many seconds were taken

    def __init__(self, device, rate, channels, on_sound, on_end) -> None:
        self._block = (1000 * np.sin(np.arange(rate) * 0.1)).astype("<i2").tobytes()
        self._on_sound = on_sound
        self._ended = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        for number in range(self.seconds):
            self._on_sound(self, self._block, False)
            while number - type(self).written() > 30 and not self._ended.is_set():
                time.sleep(0.005)

    def close(self) -> None:
        self._ended.set()

    def wait(self) -> None:
        pass


def test_three_hours_take_no_more_memory_than_a_minute(mic, studio, until, tmp_path, monkeypatch):
    monkeypatch.setattr(tracks, "Capture", QuickCapture)
    monkeypatch.setattr(QuickCapture, "written", staticmethod(lambda: studio.recorder.seconds))
    studio.recorder.record(tmp_path / "talk.wav", 3 * 3600 - 60)
    until(lambda: studio.recorder.seconds > 60)
    before = _memory()
    until(lambda: studio.files, 120_000)

    assert soundfile.info(studio.files[0]).duration == 3 * 3600 - 60
    assert _memory() - before < 10e6
    studio.files[0].unlink()


def _memory() -> int:
    """Return how many bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
