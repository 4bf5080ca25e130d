"""The whole journey of an update in the real window: the menu, what is new, the download, the setup that is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from upkeep.makers import SETUP, Makers, trusted

from desktop_app import settings
from desktop_app.messages import Installation
from desktop_app.transcripts.transcript import JobState

from .display import Display, wait_for
from .program import LONG, Program, children

# The window as its setup would have installed it, soon after the start; the setup is started by noting that.
WINDOW = """
from pathlib import Path
from desktop_app import __main__, paths
from desktop_app.messages import Installation
from desktop_app.ui import update_actions
from desktop_app.upkeep import installation
from desktop_app.work import update_work
paths.porter_command = lambda: {porter!r}
installation.how = lambda: Installation.SETUP
update_work.FIRST_LOOK_MS = 100
update_actions.opened_by_the_system = lambda file: bool(Path({started!r}).write_text(str(file)))
raise SystemExit(__main__.main())
"""


@pytest.fixture
def makers(tmp_path, monkeypatch) -> Iterator[Makers]:
    authority, file = trusted(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Makers(authority) as made:
        made.publish()
        yield made


@pytest.fixture
def installed(program: Program, makers: Makers, tmp_path: Path) -> Program:
    """The program as its setup would have installed it."""
    code = WINDOW.format(porter=makers.program(installation=Installation.SETUP), started=str(tmp_path / "started"))
    program.command = [sys.executable, "-P", "-c", code]
    program.env = {"SSL_CERT_FILE": os.environ["SSL_CERT_FILE"], "PYTHONPATH": str(Path(__file__).parents[2])}
    return program


def test_from_the_menu_to_the_setup_that_is_started(installed, display: Display, makers, tmp_path) -> None:
    window = installed.start()
    display.key(window, "alt+h")
    display.key(window, "k")
    dialog = display.find_window("^What’s New$")
    assert len(makers.site.requests) == 1

    display.activate(dialog)
    display.key(dialog, "alt+d")
    downloaded = installed.home / "updates" / SETUP
    wait_for(downloaded.exists, "the setup to be here", LONG)
    assert not (tmp_path / "started").exists()
    wait_for(lambda: not porters_of(installed), "the porter to have ended")
    display.key(dialog, "alt+i")

    assert installed.wait_for_end() == 0
    assert (tmp_path / "started").read_text() == str(downloaded)
    assert downloaded.read_bytes() == makers.setup


def porters_of(program: Program) -> list[int]:
    return [pid for pid in children(program.process.pid) if b"porter.main()" in command_of(pid)]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_the_daily_look_waits_for_the_end_of_a_transcription(installed, makers, speech) -> None:
    settings.save(settings.Settings(model="tiny.en", welcomed=True, updates=True), installed.home / "settings.json")
    installed.start(speech)

    wait_for(lambda: makers.site.requests, "the daily look", LONG)

    job = installed.job(speech.name)
    assert job.state is JobState.DONE
    assert job.ended_at is not None


def test_without_permission_nobody_is_asked_though_a_recording_is_transcribed(installed, makers, speech) -> None:
    installed.start(speech)

    installed.wait_until_done(speech.name)

    assert not makers.site.requests
    assert "updates" not in [folder.name for folder in installed.home.iterdir()]
