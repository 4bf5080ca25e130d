"""The first lines of the command `sottovoce`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from desktop_app.messages import ModelTrouble, PorterFailed, VerifyModel, porter_event_from, to_line

PORTER = [sys.executable, "-c", "from desktop_app import start; start.main()", "--porter"]


def test_in_the_bundle_the_same_program_is_the_porter(home):
    with subprocess.Popen(PORTER, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as porter:
        assert porter.stdin and porter.stdout
        porter.stdin.write(to_line(VerifyModel("nothing")))
        porter.stdin.flush()
        event = porter_event_from(porter.stdout.readline())
        exit_code = porter.wait(10)  # before its stdin is closed, which would end it as well

    assert isinstance(event, PorterFailed)
    assert event.kind is ModelTrouble.NO_SUCH_MODEL
    assert exit_code == 1


@pytest.mark.skipif(sys.platform != "linux", reason="libraries of the system are looked up otherwise")
def test_started_by_pythons_m_it_says_as_well_which_library_is_missing(home, tmp_path):
    (tmp_path / "libEGL.so.1").touch()  # one that is no library, before that of the system
    surroundings = os.environ | {"LD_LIBRARY_PATH": str(tmp_path), "PATH": str(tmp_path)}

    ended = subprocess.run([sys.executable, "-m", "desktop_app"], env=surroundings, capture_output=True, text=True)

    assert ended.returncode == 1
    assert ended.stderr.startswith("sottovoce: Sottovoce cannot start: the system lacks libEGL.so.1")
    assert ended.stderr.count("\n") == 1
