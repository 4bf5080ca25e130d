"""The program survives being killed: a few times here; `make faults` does it two hundred times."""

from __future__ import annotations

import os
import sys

import kills
import pytest
from desktop.display import Display
from speech import prompts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells which process is whose")
COUNT = 200 if os.environ.get("SOTTOVOCE_FAULTS") == "full" else 3


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    if not prompts.are_here():
        pytest.skip("no human speech here")
    file = tmp_path_factory.mktemp("kills") / "speech.flac"
    prompts.write(file, "en", 45 if COUNT < 200 else 90)
    return file


def test_a_transcript_is_the_same_whatever_is_killed(recording, tiny_model, tmp_path):
    with Display() as display:
        outcomes = kills.run(COUNT, 7, tiny_model, recording, tmp_path, display.env)

    print(kills.table(outcomes))
    assert [one for one in outcomes if not one.is_good] == []
