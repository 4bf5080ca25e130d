"""`sottovoce gpu` as its user meets it: real processes, a real server, exit codes, sentences."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from models.hub_server import Fault, HubServer
from upkeep.little_packs import PORTER, REPOSITORY, REVISION, gpu_pack, little_pack

from desktop_app import paths
from desktop_app.upkeep import packs
from desktop_app.upkeep.packs import Pack

MAIN = "from desktop_app import start\nsys.argv = ['sottovoce', *sys.argv[2:]]\nsys.exit(start.main())\n"


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def pack(home, tmp_path, hub, monkeypatch, no_proxies) -> Pack:
    """A little pack that is published, and that the command knows."""
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "0.005")
    made = little_pack(tmp_path, at=hub.url)
    hub.publish(REPOSITORY, REVISION, {made.archive: tmp_path / made.archive})
    monkeypatch.setattr(packs, "published", lambda: (made,))
    return made


@pytest.fixture
def known(tmp_path, pack) -> Path:
    """The list of packs that the command knows."""
    file = tmp_path / "known.json"
    file.write_bytes(gpu_pack.listed([pack]))
    return file


@pytest.fixture
def program(known) -> Callable[..., list[str]]:
    """A function that returns the command line of a program that knows the little pack."""
    return lambda *arguments: [sys.executable, "-c", PORTER + MAIN, str(known), "gpu", *map(str, arguments)]


@pytest.fixture
def gpu(program) -> Callable[..., tuple[int, str, str]]:
    """Runs the command; returns its exit code, what it printed, and what it said."""

    def run(*arguments: object) -> tuple[int, str, str]:
        ended = subprocess.run(
            program(*arguments), capture_output=True, check=False, timeout=120, encoding="utf-8", env=dict(os.environ)
        )
        assert "Traceback" not in ended.stderr
        return ended.returncode, ended.stdout, ended.stderr

    return run


def test_it_tells_what_there_is_installs_it_and_removes_it(gpu, pack, hub):
    before = gpu()
    installed = gpu("install")
    after = gpu("status")
    removed = gpu("remove")

    assert before[:2] == (0, before[1])
    assert "is not installed" in before[1]
    assert pack.address in before[1]
    assert installed[0] == after[0] == removed[0] == 0
    assert installed[1].startswith("The GPU pack 12.9.1.4 is installed.")
    assert after[1].splitlines()[1] == str(paths.card_libraries() / "nvidia" / "pack-12.9.1.4")
    assert removed[1] == "The GPU pack was removed. This freed 3 MB.\n"
    assert (installed[2], after[2], removed[2]) == ("", "", "")  # nobody looks at progress here
    assert len(hub.requests) == 1
    assert not paths.card_libraries().exists()


def test_as_json_it_is_all_that_is_known(gpu, pack, tmp_path):
    absent = json.loads(gpu("status", "--json")[1])
    gpu("install", "--from", tmp_path / pack.archive)
    there = json.loads(gpu("status", "--json")[1])

    assert (absent["system"], absent["installed"], absent["half_bytes"]) == (packs.system(), None, 0)
    assert absent["pack"]["sha256"] == pack.sha256
    assert there["installed"]["version"] == "12.9.1.4"
    assert Path(there["installed"]["folder"]).is_dir()


def test_a_file_that_is_not_the_pack_is_refused_with_the_name_of_the_right_one(gpu, pack, hub, tmp_path):
    other = tmp_path / "holiday.zip"
    other.write_bytes(b"PK")

    code, printed, said = gpu("install", "--from", other)

    assert (code, printed, hub.requests) == (1, "", [])
    assert said.startswith("sottovoce: That file is not the GPU pack")
    assert f"“{pack.archive}”" in said


def test_what_is_advised_without_a_network_can_be_typed(gpu, hub, pack):
    hub.always_fail(pack.archive, Fault(status=404))

    code, _, said = gpu("install")

    assert code == 1
    assert "was not found on the server" in said
    assert "--from" in said


def test_on_a_computer_for_which_there_is_none_it_says_so(gpu, known, hub):
    known.write_bytes(b"[]")

    status, install = gpu(), gpu("install")

    assert status == (0, "There is no GPU pack for this type of computer.\n", "")
    assert install[0] == 1
    assert "is not available for this type of computer. It is available for Linux and Windows" in install[2]
    assert hub.requests == []


def test_there_is_nothing_to_be_removed_and_that_is_said(gpu):
    assert gpu("remove")[::2] == (
        1,
        "sottovoce: The GPU pack is not installed. There is nothing to remove.\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_keeps_what_has_come_and_the_same_command_goes_on(gpu, program, hub, pack):
    hub.fail(pack.archive, Fault(pause=0.05))
    with subprocess.Popen(program("install"), stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while packs.here().half_bytes < 300_000 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1].decode()
    told = gpu("status")[1]
    code = gpu("install")[0]

    assert (process.returncode, said) == (
        130,
        "Stopped. What was downloaded is kept; run the same command again to resume.\n",
    )
    assert "of 3 MB of the GPU pack are downloaded." in told
    assert code == 0
    assert hub.requests[-1].start >= 300_000
