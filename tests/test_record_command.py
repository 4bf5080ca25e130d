"""`sottovoce record` and `sottovoce devices`, as their user meets them: real processes, a real sound server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from work import microphone
from work.microphone import Microphone, SoundServer, wait_for

import desktop_app
from desktop_app import paths

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the virtual microphones are PulseAudio's"),
    pytest.mark.usefixtures("terminal_alone"),
]

ROOT = Path(desktop_app.__file__).parent.parent
SOTTOVOCE = [sys.executable, "-m", "desktop_app.cli"]
DONE, SOME_FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
PATIENCE = 30


@pytest.fixture
def server() -> Iterator[SoundServer]:
    with microphone.sound_server() as started:
        yield started


@pytest.fixture
def mic(server) -> Microphone:
    return server.plug_in()


def sottovoce(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOTTOVOCE, *arguments], capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE
    )


@contextlib.contextmanager
def recording(file: Path, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run `sottovoce record` into `file`; in this context it records."""
    process = subprocess.Popen(
        [*SOTTOVOCE, "record", "--output", file, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        wait_for(lambda: file.exists() and soundfile.info(file).duration > 0.2, PATIENCE)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_a_recording_and_keeps_its_last_words(mic, tmp_path, number):
    file = tmp_path / "talk.wav"
    with recording(file) as process:
        mic.count(2)
        wait_for(mic.is_quiet)
        process.send_signal(number)
        said, complained = process.communicate(timeout=PATIENCE)

        assert process.returncode == DONE
        assert said.splitlines() == [str(file)]
        assert complained.splitlines() == ["Recording. Ctrl+C stops and keeps it."]
    samples, rate = soundfile.read(file, dtype="int16")
    assert rate == microphone.RATE
    assert len(microphone.counted(samples)) == 2 * rate


def test_without_an_output_it_goes_into_the_folder_of_recordings(mic):
    ended = sottovoce("record", "--seconds", "1")

    (file,) = paths.recordings_folder().iterdir()
    assert ended.returncode == DONE
    assert ended.stdout.splitlines() == [str(file)]
    assert file.name.startswith("Recording 20")
    assert soundfile.info(file).duration == 1


def test_a_chosen_device_is_recorded_and_a_name_that_is_taken_is_left_alone(server, mic, tmp_path):
    server.plug_in("desk", 44_100)
    (tmp_path / "talk.wav").write_text("mine")

    ended = sottovoce("record", "--device", "desk", "--seconds", "0.5", "--output", tmp_path / "talk")

    assert ended.returncode == DONE
    assert ended.stdout.splitlines() == [str(tmp_path / "talk (2).wav")]
    assert "“talk.wav” already exists and was kept" in ended.stderr
    assert soundfile.info(tmp_path / "talk (2).wav").samplerate == 44_100


def test_the_computers_sound_is_the_second_track(server, mic, tmp_path):
    ended = sottovoce("record", "--system", "--seconds", "1", "--output", tmp_path / "call.wav")

    assert ended.returncode == DONE
    assert soundfile.info(tmp_path / "call.wav").channels == 2


def test_a_device_that_is_named_by_part_of_its_name_is_found(server, tmp_path):
    ended = sottovoce(
        *("record", "--device", "null output", "--channels", "2", "--seconds", "0.5", "--output", tmp_path / "call.wav")
    )

    assert ended.returncode == DONE
    found = soundfile.info(tmp_path / "call.wav")
    assert (found.channels, found.samplerate) == (2, 48_000)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--device", "nothing of the kind"], "No single device matches “nothing of the kind”"),
        (["--output", "talk.mp3"], "recordings are WAV files"),
        (["--output", "not there/talk.wav"], "There is no folder"),
        (["--seconds", "0"], "is less than"),
        (["--channels", "3"], "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_said(mic, arguments, said):
    ended = sottovoce("record", *arguments)

    assert ended.returncode == WRONG_USAGE
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_without_a_microphone_it_says_so_and_ends(server):
    ended = sottovoce("record")

    assert ended.returncode == SOME_FAILED
    assert ended.stderr == "sottovoce: There is no such microphone. Plug one in, or choose another.\n"
    assert list(paths.recordings_folder().iterdir()) == []


def test_without_a_microphone_the_computers_sound_is_not_recorded_alone(server, tmp_path):
    ended = sottovoce("record", "--system", "--output", tmp_path / "call.wav")

    assert ended.returncode == SOME_FAILED
    assert "There is no such microphone" in ended.stderr
    assert ended.stdout == ""
    assert list(tmp_path.glob("*.wav")) == []


def test_an_output_that_is_a_folder_gets_the_recording(mic, tmp_path):
    folder = tmp_path / "talks"
    folder.mkdir()
    ended = sottovoce("record", "--seconds", "0.5", "--output", folder)

    (file,) = folder.iterdir()
    assert ended.returncode == DONE
    assert ended.stdout.splitlines() == [str(file)]
    assert file.name.startswith("Recording 20")


@pytest.mark.parametrize("output", ["/proc/talk.wav", f"/tmp/{'x' * 300}.wav"])
def test_an_output_that_cannot_be_written_is_said_with_its_name(mic, output):
    ended = sottovoce("record", "--output", output)

    assert ended.returncode == SOME_FAILED
    sentence = f"Cannot record: “{output}” cannot be written. Choose another place with --output."
    assert ended.stderr.splitlines() == [f"sottovoce: {sentence}"]


def test_a_folder_of_recordings_that_cannot_be_used_is_named(mic, home):
    (home / "recordings").write_text("in the way")
    ended = sottovoce("record")

    assert ended.returncode == SOME_FAILED
    assert f"“{home / 'recordings'}” cannot be used as the recordings folder: File exists." in ended.stderr
    assert "library" not in ended.stderr


def test_a_recording_whose_program_was_killed_is_told_until_it_is_transcribed(mic, tmp_path, tiny_model):
    file = tmp_path / "talk.wav"
    with recording(file) as process:
        process.kill()
        process.wait()
    told = f"It is “{file}”"

    assert told in sottovoce("record", "--seconds", "0.1", "--output", tmp_path / "next.wav").stderr
    assert told in sottovoce("resume").stderr
    assert sottovoce("transcribe", file, "--model", tiny_model, "--quiet").returncode == DONE
    assert told not in sottovoce("resume").stderr


def test_without_portaudio_it_says_so_and_ends(mic, tmp_path, monkeypatch):
    (tmp_path / "sounddevice.py").write_text('raise OSError("PortAudio library not found")')
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")

    ended = sottovoce("record")

    assert ended.returncode == SOME_FAILED
    assert "PortAudio is missing" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unplugged_microphone_is_said_and_it_goes_on_when_it_is_back(server, mic, tmp_path):
    file = tmp_path / "talk.wav"
    with recording(file) as process:
        server.unplug()
        time.sleep(1)
        kept = soundfile.info(file).duration
        server.plug_in()
        wait_for(lambda: soundfile.info(file).duration > kept + 0.5)
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=PATIENCE)

    sentences = complained.splitlines()
    assert [sentence.split(".")[0] for sentence in sentences] == [
        "Recording",
        "The device was unplugged",
        "Recording normally again",
    ]


def test_in_a_terminal_the_level_is_shown(mic, tmp_path):
    import pty

    ours, theirs = pty.openpty()
    command = [*SOTTOVOCE, "record", "--seconds", "2", "--output", tmp_path / "talk.wav"]
    mic.say(0.5 * np.sin(np.arange(20 * microphone.RATE) * 0.1))
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)

    shown = b""
    with contextlib.suppress(OSError):  # the terminal's end, as Linux tells it
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)

    assert running.wait(PATIENCE) == DONE
    assert running.stdout is not None
    running.stdout.close()
    assert b"[################## " in shown
    assert b"-6 dB" in shown


def test_the_devices_are_listed(server, mic):
    ended = sottovoce("devices", "--audio")
    known = json.loads(sottovoce("devices", "--audio", "--json").stdout)

    assert ended.returncode == DONE
    assert len(ended.stdout.splitlines()) == 2
    assert "[mic]  microphone, default, 16000 Hz, 1 channel" in ended.stdout
    assert {device["id"]: device["kind"] for device in known} == {"mic": "microphone", "speaker.monitor": "system"}


@pytest.mark.parametrize("arguments", [["devices", "--audio"], ["record"], ["record", "--device", "mic"]])
def test_without_a_sound_server_it_says_which_one_is_not_running_and_how_to_start_it(monkeypatch, tmp_path, arguments):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "pulseaudio").write_text("#!/bin/sh\n")
    (tmp_path / "pulseaudio").chmod(0o755)

    ended = sottovoce(*arguments)

    assert (ended.returncode, ended.stdout) == (SOME_FAILED, "")
    assert ended.stderr == (
        "sottovoce: The sound server PulseAudio is not running. Start it in a terminal with: pulseaudio --start\n"
    )


def test_a_program_gets_an_empty_list_and_an_exit_code_where_no_sound_server_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")

    ended = sottovoce("devices", "--audio", "--json")

    assert (ended.returncode, json.loads(ended.stdout)) == (SOME_FAILED, [])
    assert "unix:/nowhere" in ended.stderr
