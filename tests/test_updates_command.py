"""`sottovoce updates` as its user meets it: real processes, a real site, exit codes, sentences."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from models.hub_server import Fault
from upkeep.makers import FEED, NOTES, PLATFORM, SETUP, Makers, trusted

import desktop_app
from desktop_app import paths
from desktop_app.messages import Installation, ModelTrouble, PorterFailed
from desktop_app.ui import update_wording

ROOT = Path(desktop_app.__file__).parent.parent
DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
MINE = desktop_app.__version__
TYPED = "import sys; from desktop_app import start; sys.argv = ['sottovoce', 'updates', *{!r}]; sys.exit(start.main())"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no environment can name whom to trust")


@pytest.fixture
def makers(home, tmp_path, monkeypatch) -> Iterator[Makers]:
    authority, file = trusted(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "0.005")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Makers(authority) as made:
        made.publish()
        yield made


def program(makers: Makers, *arguments: str, how: Installation = Installation.SETUP) -> list[str]:
    """Return the command as a program that believes these makers."""
    platform = "" if how in (Installation.SOURCE, Installation.FLATPAK) else PLATFORM
    return makers.program(main=TYPED.format(arguments), installation=how, platform=platform)


def updates(makers: Makers, *arguments: str, how: Installation = Installation.SETUP) -> tuple[int, str, str]:
    """Run the command; return its exit code, what it printed, and what it said."""
    ended = subprocess.run(
        program(makers, *arguments, how=how), capture_output=True, check=False, timeout=60, encoding="utf-8"
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def test_without_check_nobody_is_asked(makers):
    assert updates(makers) == (DONE, update_wording.NOT_KNOWN + "\n", "")
    assert updates(makers, "--json")[0] == DONE
    assert not makers.site.requests


def test_what_is_new_is_printed_and_how_to_get_it(makers):
    code, printed, said = updates(makers, "--check")

    assert (code, said) == (DONE, "")
    assert update_wording.there_is("0.2.0", MINE) in printed
    assert NOTES in printed
    assert "--download" in printed
    assert [request.what for request in makers.site.requests] == [FEED]


def test_what_was_told_last_is_printed_again_without_asking(makers):
    _, told, _ = updates(makers, "--check")

    assert updates(makers) == (DONE, told, "")
    assert len(makers.site.requests) == 1


def test_that_this_is_the_newest_is_said(makers):
    makers.publish(makers.signed(makers.feed(MINE)))

    assert updates(makers, "--check") == (DONE, update_wording.newest(MINE) + "\n", "")
    assert updates(makers) == (DONE, update_wording.as_known(MINE) + "\n", "")


def test_who_got_no_answer_does_not_say_that_there_is_nothing_newer(makers):
    makers.publish(b"<html>Log in first</html>")

    assert updates(makers, "--check")[0] == FAILED
    assert updates(makers) == (DONE, update_wording.NOT_KNOWN + "\n", "")


def test_a_forged_feed_is_a_failure_with_a_sentence(makers):
    makers.publish(makers.signed().replace(b"0.2.0", b"9.9.9"))

    code, printed, said = updates(makers, "--check")

    assert (code, printed) == (FAILED, "")
    assert said == f"sottovoce: {update_wording.not_checked(PorterFailed(ModelTrouble.NOT_SIGNED))}\n"


@pytest.mark.parametrize("how", [Installation.SETUP, Installation.PACKAGE])
def test_the_installer_is_downloaded_where_one_wants_it(makers, tmp_path, how):
    code, printed, said = updates(makers, "--download", str(tmp_path), how=how)

    assert code == DONE
    assert (tmp_path / SETUP).read_bytes() == makers.setup
    assert printed.splitlines()[-1] == str(tmp_path / SETUP)
    assert said == update_wording.install_by(how, str(tmp_path / SETUP)) + "\n"
    assert ("sudo apt install" in said) is (how is Installation.PACKAGE)


def test_an_installer_that_is_not_what_was_published_is_not_left_there(makers, tmp_path):
    makers.site.always_fail(SETUP, Fault(flip_at=7))

    code, printed, said = updates(makers, "--download", str(tmp_path))

    assert (code, printed) == (FAILED, "")
    assert update_wording.not_fetched(PorterFailed(ModelTrouble.DAMAGED)) in said
    assert not (tmp_path / SETUP).exists()


def test_a_folder_that_is_not_there_is_said(makers, tmp_path):
    code, _, said = updates(makers, "--download", str(tmp_path / "missing"))

    assert code == FAILED
    assert update_wording.not_fetched(PorterFailed(ModelTrouble.CANNOT_WRITE)) in said


@pytest.mark.parametrize("how", [Installation.SOURCE, Installation.FLATPAK])
def test_where_others_see_to_it_the_way_is_told(makers, tmp_path, how):
    code, printed, _ = updates(makers, "--check", how=how)
    refused, _, said = updates(makers, "--download", str(tmp_path), how=how)

    assert (code, refused) == (DONE, FAILED)
    for told in (printed, said):
        assert update_wording.what_follows(how, "0.2.0", 0) in told
    assert not makers.asked(SETUP)


def test_as_json_all_is_told(makers, tmp_path):
    told = json.loads(updates(makers, "--download", str(tmp_path), "--json")[1])

    assert (told["version"], told["installation"], told["asked_now"]) == (MINE, "setup", True)
    assert told["releases"] == [{"version": "0.2.0", "date": "2026-12-01", "notes": NOTES}]
    assert told["size_bytes"] == len(makers.setup)
    assert told["file"] == str(tmp_path / SETUP)


def test_ctrl_c_ends_it_at_once_and_the_next_one_goes_on(makers, tmp_path):
    makers.site.always_fail(SETUP, Fault(pause=0.05))
    with subprocess.Popen(program(makers, "--download", str(tmp_path)), stderr=subprocess.PIPE) as process:
        part = tmp_path / f"{SETUP}.part"
        while not part.exists() or part.stat().st_size < 300_000:
            time.sleep(0.02)
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(5) == INTERRUPTED
        assert b"Traceback" not in process.stderr.read()
    makers.site.always_fail(SETUP, None)

    assert updates(makers, "--download", str(tmp_path))[0] == DONE
    assert makers.asked(SETUP)[-1].start > 200_000


def test_the_program_itself_needs_nothing_of_the_network_to_say_what_it_knows(home):
    ended = subprocess.run(
        [sys.executable, "-m", "desktop_app.cli", "updates", "--json"],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "https_proxy": "http://127.0.0.1:9"},
    )

    assert json.loads(ended.stdout)["installation"] == "source"
    assert not (paths.updates() / "asked").exists()
