"""`sottovoce quit`, as an installer calls it, and the real window."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile
from work.microphone import sound_server

from desktop_app import settings
from desktop_app.settings import RecordingChoices, Settings
from desktop_app.transcripts.transcript import JobState
from desktop_app.ui import wording

from .display import Display, wait_for
from .program import ROOT, Program, children, runs
from .test_recording import begin

DONE, RECORDING, WORKING, STILL_THERE = 0, 3, 4, 5


@pytest.fixture
def quit_it(program: Program):
    """Run `sottovoce quit` for that program; return what it ended with and what it said."""

    def run(*arguments: str) -> tuple[int, str]:
        ended = subprocess.run(
            [sys.executable, "-m", "desktop_app.cli", "quit", *arguments],
            env={**program.display.env, "SOTTOVOCE_HOME": str(program.home)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.stdout == ""
        return ended.returncode, ended.stderr

    return run


def test_the_window_closes_without_a_question_and_the_running_recording_goes_on_at_the_next_start(
    program: Program, quit_it, long_speech
) -> None:
    program.start(long_speech)
    job = program.wait_until_heard(long_speech.name)
    backend = program.backend()

    ended = quit_it()

    assert ended == (DONE, "")
    assert program.wait_for_end() == 0
    wait_for(lambda: not runs(backend), "the end of the backend")
    stored = program.library.job(job.id)
    heard = program.text(job)
    assert (stored.state, stored.position > 0) == (JobState.QUEUED, True)

    program.start()

    program.wait_until_done(long_speech.name)
    assert program.text(job).startswith(heard)
    assert [each.id for each in program.jobs] == [job.id]


def test_an_open_dialog_does_not_keep_the_window_from_closing(program: Program, display: Display, quit_it) -> None:
    window = program.start()
    display.key(window, "ctrl+o")
    display.find_window("Open Recordings")

    assert quit_it() == (DONE, "")
    assert program.wait_for_end() == 0
    assert quit_it() == (DONE, "")  # there is nothing to be closed any more


def test_a_window_that_does_not_answer_is_left_alone_and_told_of(program: Program, quit_it) -> None:
    program.start()
    stopped = program.process
    subprocess.run(["kill", "-STOP", str(stopped.pid)], check=True)
    try:
        assert quit_it("--wait", "0.5") == (STILL_THERE, f"sottovoce: {wording.CANNOT_QUIT_WINDOW}\n")
        assert stopped.poll() is None
    finally:
        subprocess.run(["kill", "-CONT", str(stopped.pid)], check=True)
    assert program.wait_for_end() == 0  # it was asked to, and hears of it now


NOTES_WHEN_IT_COULD_NOT = """
import sys
from pathlib import Path
from desktop_app.__main__ import main
from desktop_app.work.single_instance import SingleInstance
claim = SingleInstance.claim
def noted(instance):
    is_first = claim(instance)
    if not is_first:
        Path({note!r}).touch()
    return is_first
SingleInstance.claim = noted
sys.exit(main())
"""


def test_who_looks_whether_a_window_is_open_keeps_none_from_opening(program: Program, tmp_path: Path) -> None:
    note = tmp_path / "it could not"
    program.command = [sys.executable, "-c", NOTES_WHEN_IT_COULD_NOT.format(note=str(note))]
    (program.home / "locks").mkdir()
    looks = QLockFile(str(program.home / "locks" / "window.lock"))
    assert looks.tryLock(0)

    program.start_again()
    wait_for(note.exists, "its first try")
    looks.unlock()

    program.display.find_window("Sottovoce$")


def test_while_something_is_recorded_nothing_is_closed(program: Program, display: Display, quit_it) -> None:
    with sound_server() as server:
        server.plug_in()
        chosen = Settings(model="tiny.en", recording=RecordingChoices(live=False), welcomed=True)
        settings.save(chosen, program.home / "settings.json")
        program.env |= server.env
        program.start()
        file = begin(program, display)

        refused = quit_it()
        size = file.stat().st_size

        assert refused == (RECORDING, f"sottovoce: {wording.CANNOT_QUIT_RECORDING}\n")
        assert program.process.poll() is None
        wait_for(lambda: file.stat().st_size > size, "the recording to grow on")
        display.key(program.window, "ctrl+period")
        program.job(file.name)
        assert quit_it() == (DONE, "")


def test_what_runs_in_a_terminal_is_told_of_and_neither_it_nor_the_window_is_ended(
    program: Program, quit_it, long_speech
) -> None:
    program.start()
    command = [sys.executable, "-m", "desktop_app.cli", "transcribe", long_speech, "--stdout", "--quiet"]
    terminal = program.display.start(
        [*command, "--model", "tiny.en"], env={"SOTTOVOCE_HOME": str(program.home)}, cwd=ROOT, stdout=subprocess.PIPE
    )
    program.wait_until_heard(long_speech.name)

    refused = quit_it()

    assert refused == (WORKING, f"sottovoce: {wording.cannot_quit_terminal([terminal.pid])}\n")
    assert (terminal.poll(), program.process.poll()) == (None, None)
    assert children(program.process.pid)
    terminal.terminate()
    assert terminal.wait(10) == 130
    begun = time.monotonic()
    assert quit_it() == (DONE, "")
    assert time.monotonic() - begun < 15
