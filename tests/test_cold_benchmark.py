"""The benchmark of a cold start, in its smallest form: that it runs, and measures both programs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "benchmarks" / "cold.py"


@pytest.mark.skipif(sys.platform != "linux", reason="it reads the memory of processes from /proc")
def test_the_benchmark_of_a_cold_start_compares_time_and_memory_with_the_plain_library():
    command = [sys.executable, SCRIPT, "--rounds", "1", "--model", "tiny.en"]

    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout

    (ratios,) = re.findall(
        r"^\| ours / the other, median of 1 pairs \| ([\d.]+) \| ([\d.]+) \|$", printed, re.MULTILINE
    )
    assert all(float(ratio) > 0.1 for ratio in ratios)
