"""What a hostile recording can make the backend take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from real_backend import ROOT, Backend

from desktop_app.backend.limits import LARGEST_FILE
from desktop_app.messages import BackendReady

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")

MEGABYTE = 1024 * 1024


def told(program: str) -> str:
    """Return what a program of its own prints: a limit once set stays."""
    return subprocess.run(
        [sys.executable, "-c", f"from desktop_app.backend import limits\n{program}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_backend_leaves_no_core_dump_and_no_large_file(tmp_path):
    backend = Backend(tmp_path / "backend.log")

    (ready,) = backend.until(BackendReady)
    limits = Path(f"/proc/{ready.pid}/limits").read_text().splitlines()
    backend.end()

    found = {line[:25].strip(): line[25:].split()[0] for line in limits}
    assert found["Max core file size"] == "0"
    assert found["Max file size"] == f"{LARGEST_FILE}"
    assert found["Max data size"] == "unlimited"  # models are of any size


def test_a_file_that_grows_too_large_is_refused_and_the_process_goes_on(tmp_path):
    file = tmp_path / "large"
    program = f"""
limits.of_the_process()
with open({str(file)!r}, "wb") as large:
    large.truncate(limits.LARGEST_FILE)
    large.seek(0, 2)
    try:
        large.raw.write(b"x")
    except OSError as error:
        print(error.strerror)
print("alive")
"""

    assert told(program).splitlines() == ["File too large", "alive"]


@pytest.mark.parametrize("taken", [0, 300])
def test_memory_is_limited_above_what_is_in_use_and_for_a_time_only(taken):
    program = f"""
held = bytearray({taken} * {MEGABYTE})
with limits.memory(200 * {MEGABYTE}):
    print(len(bytearray(100 * {MEGABYTE})))
    try:
        bytearray(250 * {MEGABYTE})
    except MemoryError:
        print("refused")
print(len(bytearray(250 * {MEGABYTE})))
"""

    assert told(program).splitlines() == [f"{100 * MEGABYTE}", "refused", f"{250 * MEGABYTE}"]


def test_a_lower_limit_of_the_system_stays():
    program = f"""
import resource
lower = limits._writable_memory() + 50 * {MEGABYTE}
resource.setrlimit(resource.RLIMIT_DATA, (lower, lower))
with limits.memory(200 * {MEGABYTE}):
    print(resource.getrlimit(resource.RLIMIT_DATA) == (lower, lower))
print(resource.getrlimit(resource.RLIMIT_DATA) == (lower, lower))
"""

    assert told(program).splitlines() == ["True", "True"]
