"""The command line when it cannot say anything: the terminal is gone, the reader has enough, the disk is full."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import desktop_app

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="terminals and pipes are of another kind there"),
    pytest.mark.usefixtures("terminal_alone"),
]

ROOT = Path(desktop_app.__file__).parent.parent
SOTTOVOCE = [sys.executable, "-m", "desktop_app.cli"]
DONE, SOME_FAILED, INTERRUPTED = 0, 1, 130
FULL = Path("/dev/full")
SOON = 10  # seconds in which a command that nobody listens to has to end, beside its work

needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="Linux alone has a device that is always full")


@pytest.fixture
def recordings(tmp_path, speech) -> list[Path]:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return [Path(shutil.copy(speech, folder / name)) for name in ("one.wav", "two.wav")]


def shell(line: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run `sottovoce` by a line of the shell in which "$@" stands for it and its arguments."""
    command = ["sh", "-c", line, "sh", *SOTTOVOCE, *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=120)


def states() -> list[str]:
    """Return the states of all jobs, the oldest first."""
    listed = subprocess.run([*SOTTOVOCE, "history", "list", "--json"], check=True, capture_output=True).stdout
    return [job["state"] for job in reversed(json.loads(listed))]


@pytest.fixture
def in_terminal(tmp_path) -> Iterator[Callable[..., tuple[subprocess.Popen[bytes], int]]]:
    """A function that starts `sottovoce` on a terminal of its own; it returns the process and the terminal's end."""
    import pty

    begun: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str | Path, hangup: Any = signal.SIG_DFL) -> tuple[subprocess.Popen[bytes], int]:
        def become_its_leader() -> None:
            import fcntl
            import termios

            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, hangup)

        ours, theirs = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120"}
        process = subprocess.Popen(
            [*SOTTOVOCE, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            preexec_fn=become_its_leader,
        )
        os.close(theirs)
        begun.append(process)
        return process, ours

    yield start
    for process in begun:
        process.kill()
        process.wait()


def close_when_shown(terminal: int, text: bytes) -> None:
    """Close the terminal as soon as the text has appeared on it."""
    seen = b""
    while text not in seen:
        seen += os.read(terminal, 4096)
    os.close(terminal)


# --- the terminal ----------------------------------------------------------------------------------------------------


def test_under_nohup_the_work_goes_on_when_the_terminal_is_closed_and_ends(in_terminal, recordings, tiny_model):
    process, terminal = in_terminal("transcribe", *recordings, "--model", tiny_model, hangup=signal.SIG_IGN)
    close_when_shown(terminal, b"one.wav")

    assert process.wait(60) == DONE
    assert all("short recording" in file.with_suffix(".txt").read_text() for file in recordings)
    assert states() == ["done", "done"]


def test_without_nohup_a_closed_terminal_ends_the_command_soon_and_its_jobs_can_be_resumed(
    in_terminal, long_speech, recordings, tiny_model
):
    process, terminal = in_terminal("transcribe", long_speech, recordings[0], "--model", tiny_model)
    close_when_shown(terminal, long_speech.name.encode())

    assert process.wait(SOON) == INTERRUPTED
    assert states() == ["queued", "queued"]


# --- the reader ------------------------------------------------------------------------------------------------------


def test_missing_files_are_no_reason_to_stay_for_a_reader_that_has_enough(tmp_path, tiny_model):
    missing = [tmp_path / f"{number}.wav" for number in range(3)]

    with subprocess.Popen(
        [*SOTTOVOCE, "transcribe", *missing, "--model", tiny_model], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()

        assert process.wait(SOON) == SOME_FAILED


def test_what_a_reader_did_not_wait_for_is_left_to_be_resumed(long_speech, recordings, tiny_model):
    command = [*SOTTOVOCE, "transcribe", long_speech, recordings[0], "--events", "--batch", "1", "--model", tiny_model]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        while b'"segment"' not in process.stdout.readline():
            pass
        process.stdout.close()
        said = process.stderr.read()

        assert process.wait(SOON) == INTERRUPTED
    assert said == b""
    assert states() == ["queued", "queued"]


# --- streams that are full or closed ---------------------------------------------------------------------------------


@needs_full_device
@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", ">/dev/full 2>&1", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_failure_that_cannot_be_said_is_told_by_the_exit_code(tmp_path, tiny_model, streams):
    ended = shell(f'"$@" {streams}', "transcribe", tmp_path / "missing.wav", "--model", tiny_model)

    assert ended.returncode == SOME_FAILED
    assert ended.stdout + ended.stderr == b""


@needs_full_device
def test_files_are_written_though_their_names_cannot_be_printed(recordings, tiny_model):
    ended = shell('"$@" > /dev/full', "transcribe", *recordings, "--model", tiny_model)

    assert ended.returncode == SOME_FAILED
    assert ended.stderr.decode() == "sottovoce: The output could not be written: No space left on device.\n"
    assert all(file.with_suffix(".txt").exists() for file in recordings)
    assert states() == ["done", "done"]


@needs_full_device
def test_a_transcript_that_could_not_be_printed_is_printed_when_it_is_resumed(recordings, tiny_model):
    ended = shell('"$@" > /dev/full', "transcribe", *recordings, "--stdout", "--model", tiny_model)
    resumed = shell('"$@"', "resume")

    assert ended.returncode == SOME_FAILED
    assert ended.stderr.decode() == "sottovoce: The output could not be written: No space left on device.\n"
    assert resumed.returncode == DONE
    assert resumed.stdout.count(b"short recording") == 2


@needs_full_device
@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "--version",
        "history list --json",
        "models",
        "models where",
        "gpu",
        "updates",
        "devices --audio --json",
        "library backup {}/backup",
    ],
)
def test_every_command_says_that_its_output_could_not_be_written(tmp_path, command):
    ended = shell('"$@" > /dev/full', *command.format(tmp_path).split())

    assert ended.returncode == SOME_FAILED
    assert ended.stderr.decode().splitlines()[-1].endswith("could not be written: No space left on device.")
    assert b"Traceback" not in ended.stderr


@needs_full_device
def test_what_shows_progress_lets_the_work_go_on_when_it_cannot():
    program = """
from types import SimpleNamespace as Progress
from desktop_app import streams, terminal
streams.take_over()
bar, line = terminal.ProgressBar(shown=True), terminal.StatusLine(shown=True)
for done in (0.1, 0.2):
    bar.show("talk.wav", "transcribing", Progress(duration=9.0, seconds_left=3.0, speed=2.0), done)
    line.show("0:01")
bar.stop()
line.clear()
print("went on")
"""

    ended = subprocess.run(
        ["sh", "-c", '"$@" 2> /dev/full', "sh", sys.executable, "-c", program], check=False, stdout=subprocess.PIPE
    )

    assert (ended.returncode, ended.stdout) == (0, b"went on\n")


def test_a_library_is_never_opened_in_the_place_of_a_closed_stream(home, tmp_path, tiny_model):
    shell('"$@" <&- >&- 2>&-', "transcribe", tmp_path / "missing.wav", "--model", tiny_model)

    assert shell('"$@"', "library", "check").returncode == DONE
    assert states() == ["failed"]
