"""The program is replaced by another version while it runs. What is replaced is a copy of the source."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app.exit_codes import OTHER_VERSION
from desktop_app.messages import FetchModel, to_line
from desktop_app.transcripts.transcript import JobState
from desktop_app.ui import wording

from .display import Display, wait_for
from .program import ROOT, Program, children
from .test_journey import copy


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the program, to be found there and nowhere else."""
    folder = tmp_path / "program"
    shutil.copytree(ROOT / "desktop_app", folder / "desktop_app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "resources", folder / "resources", ignore=shutil.ignore_patterns("screenshots"))
    return folder


@pytest.fixture
def environment(source: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(source), "PYTHONSAFEPATH": "1"}


def update(source: Path) -> None:
    (source / "desktop_app" / "__init__.py").write_text('__version__ = "99.0"\n')


def test_what_waits_is_held_until_the_window_is_opened_again(
    program: Program, display: Display, source, environment, tmp_path, long_speech, silence
) -> None:
    program.env = environment
    program.start(long_speech)
    job = program.wait_until_heard(long_speech.name)

    update(source)
    os.kill(program.backend(), signal.SIGABRT)
    program.wait_for_state(long_speech.name, JobState.QUEUED)
    display.drop([copy(silence, tmp_path, "later.wav")], program.window)
    later = program.job("later.wav")
    heard = program.text(job)

    assert later.state is JobState.QUEUED
    wait_for(lambda: not children(program.process.pid), "the end of the last child")
    assert program.library.job(job.id).deaths == 1  # that of the old one
    asked = subprocess.run(
        [sys.executable, "-m", "desktop_app.cli", "quit"],
        env={**display.env, **environment, "SOTTOVOCE_HOME": str(program.home)},
        check=False,
    )
    assert (asked.returncode, program.wait_for_end()) == (0, 0)  # of the new version, and understood by the old one

    program.start()

    program.wait_until_done("later.wav")
    program.wait_until_done(long_speech.name)
    assert program.text(job).startswith(heard)


def test_in_a_terminal_it_is_said_and_the_job_can_be_gone_on_with(
    program: Program, display: Display, source, environment, long_speech
) -> None:
    command = [sys.executable, "-m", "desktop_app.cli", "transcribe", long_speech, "--quiet", "--stdout"]
    terminal = display.start(
        [*command, "--model", "tiny.en"],
        env={**environment, "SOTTOVOCE_HOME": str(program.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    (program.home / "said").touch()
    job = program.wait_until_heard(long_speech.name)

    update(source)
    backend = wait_for(lambda: children(terminal.pid), "the backend")[0]
    os.kill(backend, signal.SIGABRT)
    printed, said = terminal.communicate(timeout=30)

    assert said.splitlines() == [wording.UPDATED_MEANWHILE, wording.PUT_OFF]
    assert (terminal.returncode, printed) == (130, "")
    assert program.library.job(job.id).state is JobState.QUEUED


@pytest.mark.parametrize("module", ["porter", "backend", "backend probe --glance"])
def test_a_process_of_another_version_than_its_parent_ends_without_a_word(module, home) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *f"desktop_app.{module}".split()],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SOTTOVOCE_VERSION": "0.0.1"},
        input=to_line(FetchModel("a", "someone/a", "", "")),
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (OTHER_VERSION, b"", b"")
