"""The first lines of the command `sottovoce`."""

from __future__ import annotations

import subprocess
import sys

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
