"""How busy other programs keep the processor: what is ours does not count."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop_app.work.other_load import OtherLoad

BUSY = "import sys, time\nprint(flush=True)\nwhile time.process_time() < 0.5: pass"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long each program has worked")
def test_what_another_program_calculates_is_seen_and_what_our_own_does_is_not() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY + "\nsys.stdin.read()"], stdin=-1, stdout=-1) as child:
        assert child.stdout is not None and child.stdin is not None
        child.stdout.readline()
        without, all_others = OtherLoad([os.getpid(), child.pid]), OtherLoad([os.getpid()])
        end = time.monotonic() + 30
        while _worked(child.pid) < 0.4 and time.monotonic() < end:
            os.sched_yield()
        ours_known, ours_unknown = without.share(), all_others.share()
        child.stdin.close()

    assert 0.0 <= ours_known < ours_unknown <= 1.0


def _worked(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
