"""`sottovoce devices` as its user meets it: real processes, exit codes, sentences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from probes import probe, treacherous

import desktop_app
from desktop_app import paths
from desktop_app.messages import ProcessorFound
from desktop_app.models import machine
from desktop_app.models.machine import Machine

ROOT = Path(desktop_app.__file__).parent.parent


@pytest.fixture(autouse=True)
def home_without_a_model(home, monkeypatch):
    """What is measured is in tests/backend/test_probe.py; here it would take time for nothing."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(scope="module")
def known() -> Machine:
    """This computer, as the probe sees it."""
    return machine.made_of(probe().events)


def devices(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run the command; return its exit code, what it printed, and what it said."""
    program = "from desktop_app.work import probing; probing.MEASURED_WITH = ()\n"
    program += "import sys; from desktop_app import cli; sys.exit(cli.main(['devices', *sys.argv[1:]]))"
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        check=False,
        timeout=60,
        encoding="utf-8",
        env={**os.environ, **environment},
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def test_it_prints_one_page_and_keeps_what_it_found_so_that_the_next_time_is_quick():
    first = devices()
    began = time.monotonic()
    second = devices()

    assert first[0] == second[0] == 0
    assert first[1].startswith("What will be used\n  The CPU, ")
    assert _without_free_memory(first[1]) == _without_free_memory(second[1])
    assert time.monotonic() - began < 5  # about 0.6 on a machine with nothing else to do
    assert machine.load(paths.machine_file()).works("cpu")


def test_it_looks_again_if_something_has_changed():
    other = Machine(looked_at=1.0, processor=ProcessorFound("Another", "avx2", 2, 2**34, 2**33))
    machine.save(other, paths.machine_file())

    printed = devices()[1]

    assert "Another" not in printed
    assert machine.load(paths.machine_file()).looked_at > 1.0


def test_as_json_it_is_all_that_is_known_and_again_means_to_look_again(known):
    machine.save(msgspec.structs.replace(known, looked_at=1.0), paths.machine_file())

    kept = json.loads(devices("--json")[1])
    told = json.loads(devices("--json", "--again")[1])

    assert kept["machine"]["looked_at"] == 1.0
    assert told["machine"]["looked_at"] > known.looked_at
    assert told["machine"]["processor"]["cores"] >= 1
    assert {one["compute_type"] for one in told["machine"]["tried"]} >= {"int8", "float32"}
    assert told["choice"]["ways"][0]["device"] in ("cpu", "cuda")
    assert told["trouble"] is None


def test_what_the_settings_force_is_what_will_be_used(known):
    machine.save(known, paths.machine_file())
    paths.settings_file().write_text('{"device": "cpu", "compute_type": "float32", "threads": 1}')

    assert "  The CPU, float32, 1 thread.\n  Set by you, instead of automatic." in devices()[1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_arithmetic_that_kills_the_probe_is_on_the_page_and_not_used(tmp_path):
    code, printed, _ = devices(**treacherous(tmp_path, dies_of="int8"))

    assert code == 0
    assert "int8 crashes (signal 11 (SIGSEGV))" in printed
    assert printed.startswith("What will be used\n  The CPU, int8_float32, ")


def _without_free_memory(page: str) -> list[str]:
    return [line for line in page.splitlines() if "free" not in line]
