"""`sottovoce record --live`: a real process, a real sound server, a real model, somebody who speaks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from work import microphone
from work.microphone import Microphone, wait_for

import desktop_app
from desktop_app import paths
from desktop_app.transcripts.history import History
from desktop_app.transcripts.lines import as_lines, text_of_line
from desktop_app.transcripts.transcript import UNENDED, JobState

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the virtual microphones are PulseAudio's")

ROOT = Path(desktop_app.__file__).parent.parent
PATIENCE = 60  # seconds


@pytest.fixture
def mic(home) -> Iterator[Microphone]:
    with microphone.sound_server() as server:
        yield server.plug_in()


class Command:
    """A running `sottovoce record --live`, and the lines it has printed so far."""

    def __init__(self, file: Path, model: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "desktop_app.cli", "record", "--output", file, "--live", "--model", model],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        self.printed: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def stop(self, presses: int = 1) -> tuple[int, str]:
        """Press Ctrl+C. Return the exit code and what was said on stderr."""
        for _ in range(presses):
            self._process.send_signal(signal.SIGINT)
            time.sleep(0.1)  # two signals at one moment are one
        self._reading.join(PATIENCE)
        assert self._process.stderr
        complained = self._process.stderr.read()
        return self._process.wait(PATIENCE), complained

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.printed.append(line.rstrip("\n"))


@pytest.fixture
def record(tmp_path) -> Iterator[Callable[[Path | str], Command]]:
    commands: list[Command] = []

    def record(model: Path | str) -> Command:
        commands.append(Command(tmp_path / "talk.wav", str(model)))
        return commands[-1]

    yield record
    for command in commands:
        command.end()


def test_what_is_said_is_printed_while_it_is_recorded_and_kept(mic, record, tmp_path, speech, tiny_model):
    file = tmp_path / "talk.wav"
    command = record(tiny_model)
    wait_for(file.exists, PATIENCE)
    mic.say(soundfile.read(speech, dtype="float32")[0])
    wait_for(lambda: bool(command.printed), PATIENCE)
    still_speaking = not mic.is_quiet()
    wait_for(mic.is_quiet, PATIENCE)
    code, complained = command.stop()

    assert code == 0, complained
    assert still_speaking
    assert "short recording" in " ".join(command.printed)
    assert str(file) in complained
    library = History(paths.database())
    (job,) = library.jobs()
    assert job.state is JobState.DONE
    assert [text_of_line(line) for line in as_lines(library.segments(job.id))] == command.printed
    library.close()


def test_a_second_interrupt_leaves_the_text_for_later(mic, record, tmp_path, speech, tiny_model):
    file = tmp_path / "talk.wav"
    command = record(tiny_model)
    wait_for(file.exists, PATIENCE)
    mic.say(soundfile.read(speech, dtype="float32")[0][: 3 * microphone.RATE])
    wait_for(mic.is_quiet, PATIENCE)
    code, complained = command.stop(presses=2)

    assert code == 130, complained
    assert "To continue: sottovoce resume" in complained
    assert soundfile.info(file).duration > 2.5
    library = History(paths.database())
    (job,) = library.jobs()
    assert job.state in UNENDED
    library.close()


def test_without_a_model_it_records_all_the_same(mic, record, tmp_path):
    file = tmp_path / "talk.wav"
    command = record("no-such-model")
    wait_for(file.exists, PATIENCE)
    mic.count(1)
    wait_for(mic.is_quiet, PATIENCE)
    code, complained = command.stop()

    assert code == 1
    assert not command.printed
    assert "its model is not on this computer" in complained
    assert len(microphone.counted(soundfile.read(file, dtype="int16")[0])) == microphone.RATE


def test_a_reader_that_has_enough_ends_the_recording_which_is_whole(mic, tmp_path, speech, tiny_model):
    file = tmp_path / "talk.wav"
    command = [sys.executable, "-m", "desktop_app.cli", "record", "--output", file, "--live", "--model", tiny_model]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout and process.stderr
        wait_for(file.exists, PATIENCE)
        mic.say(np.tile(soundfile.read(speech, dtype="float32")[0], 2))
        process.stdout.readline()
        process.stdout.close()
        complained = process.stderr.read()
        code = process.wait(PATIENCE)

    assert code == 0, complained
    assert soundfile.info(file).duration > 3
    assert str(file).encode() in complained
