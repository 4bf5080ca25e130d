"""What the computer tells of mains power and of its users: from real files, real programs and a real X server."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.work import surroundings
from desktop_app.work.surroundings import idle_seconds, on_mains

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins are shell scripts for Linux")

GONE = "exit 1"
MAINS_ONLINE = {"type": "Mains", "online": "1"}
MAINS_OFFLINE = {"type": "Mains", "online": "0"}
DISCHARGING = {"type": "Battery", "status": "Discharging"}
CHARGING = {"type": "Battery", "status": "Charging"}
FULL = {"type": "Battery", "status": "Full"}
HELD_BACK = {"type": "Battery", "status": "Not charging"}  # at a limit the user has set
MOUSE = {"type": "Battery", "status": "Discharging", "scope": "Device"}
TELEPHONE = {"type": "USB", "online": "1"}
UPS = {"type": "UPS", "status": "Discharging"}


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> Callable[[str, str], None]:
    """Put a shell script in the place of a program. Without any, the programs asked here are not there at all."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sleep").symlink_to("/bin/sleep")
    monkeypatch.setenv("PATH", str(folder))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    def put(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return put


@pytest.fixture
def screen(monkeypatch) -> Iterator[None]:
    """An X server that exists only in memory, with nobody at it."""
    if not shutil.which("Xvfb") or not shutil.which("xdotool"):
        pytest.skip("needs Xvfb and xdotool")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "320x200x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as announced:
            assert select.select([announced], [], [], 10)[0]
            monkeypatch.setenv("DISPLAY", f":{announced.readline().strip()}")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield
        server.terminate()


def supplies(folder: Path, *what: dict[str, str]) -> Path:
    """Write what Linux would tell of these power supplies."""
    for number, facts in enumerate(what):
        (folder / f"supply{number}").mkdir()
        for name, value in facts.items():
            (folder / f"supply{number}" / name).write_text(value + "\n")
    return folder


def session(kind: str, is_idle: bool, since: float) -> str:
    """Return a stand-in for busctl that knows of a session, and of no GNOME."""
    answers = f'{{"type":"s","data":"{kind}"}}\\n{{"type":"b","data":{str(is_idle).lower()}}}\\n'
    answers += f'{{"type":"t","data":{round(since * 1e6)}}}\\n'
    return f"case \"$*\" in *login1*) printf '{answers}';; *) exit 1;; esac"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ([], True),  # a desktop
        ([MAINS_ONLINE], True),
        ([MAINS_OFFLINE, DISCHARGING], False),
        ([MAINS_ONLINE, CHARGING], True),
        ([MAINS_ONLINE, FULL], True),
        ([MAINS_ONLINE, HELD_BACK], True),
        ([MAINS_ONLINE, DISCHARGING], True),  # a weak charger, or a battery that is exercised
        ([DISCHARGING], False),
        ([FULL, DISCHARGING], False),
        ([MAINS_OFFLINE, MAINS_ONLINE, CHARGING], True),  # two sockets, one plug
        ([MOUSE], True),
        ([MAINS_OFFLINE, DISCHARGING, TELEPHONE], False),
        ([TELEPHONE, CHARGING], True),  # charged by USB
        ([MAINS_OFFLINE], True),
        ([UPS], False),
        ([{}], True),
        ([{"type": "\x00"}], True),
    ],
)
def test_mains_power_is_told_from_the_power_supplies(tmp_path, what, expected):
    assert on_mains(supplies(tmp_path, *what)) is expected


def test_a_battery_that_is_pulled_out_while_it_is_read_is_no_error(tmp_path):
    supplies(tmp_path, MAINS_ONLINE)
    (tmp_path / "BAT0").symlink_to(tmp_path / "gone")

    assert on_mains(tmp_path) is True


def test_without_power_supplies_of_any_kind_it_cannot_be_told(tmp_path):
    assert on_mains(tmp_path / "not there") is None


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo \"Now drawing from 'AC Power'\"", True),
        ("echo \"Now drawing from 'Battery Power'\"; echo ' -InternalBattery-0 80%; discharging'", False),
        ("echo \"Now drawing from 'UPS Power'\"", False),
        ("echo something else", None),
        (GONE, None),
    ],
)
def test_a_mac_tells_it_by_pmset(stand_in, monkeypatch, script, expected):
    stand_in("pmset", script)
    monkeypatch.setattr(sys, "platform", "darwin")

    assert on_mains() is expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo '    |   \"HIDIdleTime\" = 61500000000'", 61.5), ("echo '\"HIDIdleTime\" = ?'", None), (GONE, None)],
)
def test_a_mac_tells_by_ioreg_how_long_nobody_touched_it(stand_in, monkeypatch, script, expected):
    stand_in("ioreg", script)
    monkeypatch.setattr(sys, "platform", "darwin")

    assert idle_seconds() == expected


def test_gnome_is_asked_first(stand_in):
    stand_in("busctl", """case "$*" in *Mutter*) echo '{"type":"t","data":[61500]}';; *) exit 1;; esac""")

    assert idle_seconds() == 61.5


def test_a_desktop_that_tells_the_session_that_it_is_idle_is_believed(stand_in):
    stand_in("busctl", session("wayland", True, time.time() - 400))

    assert idle_seconds() == pytest.approx(400, abs=5)


def test_a_desktop_that_tells_the_session_that_somebody_is_back_is_believed(stand_in):
    stand_in("busctl", session("wayland", False, time.time() - 400))

    assert idle_seconds() == 0.0


def test_a_desktop_that_never_told_the_session_anything_cannot_tell(stand_in):
    stand_in("busctl", session("wayland", False, 0))

    assert idle_seconds() is None


def test_a_terminal_tells_its_last_key(stand_in):
    stand_in("busctl", session("tty", False, time.time() - 40))

    assert idle_seconds() == pytest.approx(40, abs=5)


def test_a_clock_that_was_set_back_makes_no_absence_negative(stand_in):
    stand_in("busctl", session("wayland", True, time.time() + 3600))

    assert idle_seconds() == 0.0


@pytest.mark.parametrize(
    "script", [GONE, "echo nonsense", "echo '{}'", 'echo \'{"type":"t","data":["x"]}\'', "printf '\\377\\n'", ":"]
)
def test_a_bus_that_says_nothing_sensible_cannot_tell(stand_in, script):
    stand_in("busctl", script)

    assert idle_seconds() is None


def test_without_anything_to_ask_it_cannot_be_told(stand_in):
    assert idle_seconds() is None


def test_a_program_that_hangs_is_given_up(stand_in, monkeypatch):
    monkeypatch.setattr(surroundings, "PATIENCE", 0.2)
    stand_in("busctl", "exec sleep 60")

    assert idle_seconds() is None


def test_a_screen_that_is_gone_is_no_error(stand_in, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":65000")

    assert idle_seconds() is None


def test_an_x_server_tells_the_last_touch(screen):
    subprocess.run(["xdotool", "mousemove", "50", "50"], check=True)
    time.sleep(0.5)
    absent = idle_seconds()

    subprocess.run(["xdotool", "mousemove", "60", "60"], check=True)
    back = idle_seconds()

    assert absent is not None
    assert back is not None
    assert 0.5 <= absent < 30
    assert back < absent


def test_under_wayland_the_x_server_is_not_asked(screen, monkeypatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("PATH", "")

    assert idle_seconds() is None
