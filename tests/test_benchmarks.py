"""Every benchmark runs, in its smallest form, and prints its table. What it measures says nothing here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from speech import prompts

BENCHMARKS = Path(__file__).parent / "benchmarks"
SMALLEST = {
    "engine": ["--only", "en", "--models", "tiny.en", "--ways", "ours", "--lead-ins", "0", "--seconds", "4"],
    "large_library": ["--jobs", "300", "--segments", "200", "--rounds", "1", "--turns", "4", "--rest", "0.05"],
    "live": ["--models", "tiny.en", "--sets", "en", "--seconds", "3"],
    "marks": ["--only", "en", "--models", "tiny.en", "--seconds", "4"],
    "memory": ["--minutes", "1", "--first"],
    "model_list": ["--runs", "1"],
    "probe": ["--runs", "1"],
    "real_sound": ["--model", "tiny.en", "--only", "right is silent"],
    "silence": ["--seconds", "10", "--models", "tiny.en"],
    "startup": ["--runs", "1", "--cold-runs", "1"],
    "subtitles": ["--only", "sample"],
    "window_latency": ["--models", "tiny.en", "--rounds", "1", "--seconds", "4"],
}
ELSEWHERE = {  # where more is asked of it than that it runs
    "cold": "tests/test_cold_benchmark.py",
    "short_speech": "tests/backend/test_speech_benchmarks.py",
}
NEED_SPEECH = {"engine", "live", "marks", "memory", "real_sound"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    """Where the benchmarks keep what takes long to make: here with the recordings that the tests have."""
    folder = tmp_path_factory.mktemp("benchmarks")
    if prompts.are_here():
        (folder / "usr").symlink_to(prompts.SHARE.parent)
    return folder


@pytest.mark.parametrize("name", SMALLEST)
@pytest.mark.skipif(sys.platform != "linux", reason="they read from /proc how busy the computer is")
def test_a_benchmark_runs_and_prints_figures(name, cache):
    if name in NEED_SPEECH and not prompts.are_here():
        pytest.skip("the recordings of human speech are not here: tests/speech/fetch.sh fetches them")

    ran = subprocess.run(
        [sys.executable, BENCHMARKS / f"{name}.py", *SMALLEST[name]],
        env=os.environ | {"SOTTOVOCE_BENCHMARKS": str(cache)},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stderr
    *_, last = (line for line in ran.stdout.splitlines() if line.strip())
    assert any(sign.isdigit() for sign in last), ran.stdout


def test_every_benchmark_is_run_by_a_test():
    scripts = {file.stem for file in BENCHMARKS.glob("*.py") if "__main__" in file.read_text(encoding="utf-8")}

    assert scripts == SMALLEST.keys() | ELSEWHERE.keys()
    for name, test in ELSEWHERE.items():
        assert name in (BENCHMARKS.parents[1] / test).read_text(encoding="utf-8")
