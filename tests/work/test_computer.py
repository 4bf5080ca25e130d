"""The computer watched, kept awake and put to sleep: by real processes, with stand-ins for the system's programs."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from desktop_app.work import computer
from desktop_app.work.computer import Computer, KeptAwake

# Elsewhere than on Linux the system would find its own programs, whatever the PATH says, and really shut down.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins are shell scripts for Linux")

HOLDS = """
import sys
from PySide6.QtCore import QCoreApplication, QProcess
from desktop_app.work.computer import KeptAwake
application = QCoreApplication([])
kept = KeptAwake()
kept.hold("a test")
sibling = QProcess()  # a program started later, that outlives us, has nothing of our pipe
sibling.start("sleep", ["30"])
sibling.waitForStarted()
print(sibling.processId(), flush=True)
application.exec()
"""

# As the real one it runs a program and waits for it.
INHIBITOR = """
for word in "$@"; do echo "$word"; done >>"{folder}/arguments"
while [ "${{1#--}}" != "$1" ]; do shift; done
exec 3<&0
"$@" <&3 &
echo "$$ $!" >>"{folder}/started"
wait
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> Callable[[str, str], None]:
    """Put a shell script in the place of a program. Of the system's own programs there are cat and sleep alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("cat", "sleep"):
        (folder / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    def put(name: str, script: str) -> None:
        fresh = folder / f"{name}.new"
        fresh.write_text(f"#!/bin/sh\n{script}\n")
        fresh.chmod(0o755)
        fresh.replace(folder / name)

    return put


@pytest.fixture
def inhibitor(tmp_path, stand_in) -> Path:
    """A stand-in for systemd-inhibit, and the folder in which it tells what it did."""
    stand_in("systemd-inhibit", INHIBITOR.format(folder=tmp_path))
    return tmp_path


@pytest.fixture
def awake(qapp) -> Iterator[KeptAwake]:
    kept = KeptAwake()
    yield kept
    kept.close()


@pytest.fixture
def watched(qapp, tmp_path, stand_in, monkeypatch) -> Iterator[Computer]:
    """A computer on mains power, left alone for a minute, that is looked at often."""
    monkeypatch.setattr(computer, "LOOK_EVERY", 0.02)
    supply = tmp_path / "supplies" / "AC"
    supply.mkdir(parents=True)
    (supply / "type").write_text("Mains\n")
    (supply / "online").write_text("1\n")
    stand_in("busctl", idle_for(60))
    watched = Computer(tmp_path / "supplies")
    yield watched
    watched.close()


def idle_for(seconds: float) -> str:
    return f'echo \'{{"type":"t","data":[{seconds * 1000:.0f}]}}\''


def started(folder: Path) -> list[list[int]]:
    """Return the processes of each inhibitor that was started: itself, and the program it runs."""
    file = folder / "started"
    return [[int(pid) for pid in line.split()] for line in file.read_text().splitlines()] if file.exists() else []


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def alive(folder: Path) -> list[int]:
    return [pid for pids in started(folder) for pid in pids if is_alive(pid)]


def test_the_computer_is_kept_awake_until_it_is_released(awake, inhibitor, qtbot):
    awake.hold("Transcribing two words")
    qtbot.waitUntil(lambda: len(alive(inhibitor)) == 2)

    awake.release()
    qtbot.waitUntil(lambda: not alive(inhibitor))

    words = (inhibitor / "arguments").read_text().splitlines()
    assert "--what=sleep:idle" in words
    assert "--why=Transcribing two words" in words


def test_holding_twice_is_holding_once(awake, inhibitor, qtbot):
    awake.hold("one")
    awake.hold("two")
    qtbot.waitUntil(lambda: len(alive(inhibitor)) == 2)

    awake.close()

    qtbot.waitUntil(lambda: not alive(inhibitor))
    assert len(started(inhibitor)) == 1


def test_what_was_released_can_be_held_again_at_once(awake, inhibitor, qtbot):
    awake.hold("one")
    qtbot.waitUntil(lambda: len(alive(inhibitor)) == 2)

    awake.release()
    awake.hold("two")

    qtbot.waitUntil(lambda: len(started(inhibitor)) == 2 and alive(inhibitor) == started(inhibitor)[1])


def test_releasing_in_the_same_moment_leaves_nothing_behind(awake, inhibitor, qtbot):
    awake.hold("one")
    awake.release()
    awake.close()

    qtbot.waitUntil(lambda: not alive(inhibitor))


def test_releasing_what_is_not_held_does_nothing(awake):
    awake.release()
    awake.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_program_that_is_killed_lets_the_computer_sleep(inhibitor, qtbot, how):
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, encoding="utf-8") as program:
        assert program.stdout
        sibling = int(program.stdout.readline())
        qtbot.waitUntil(lambda: len(alive(inhibitor)) == 2)

        program.send_signal(how)
        program.wait()

    qtbot.waitUntil(lambda: not alive(inhibitor))
    assert is_alive(sibling)
    os.kill(sibling, signal.SIGKILL)


def test_where_nothing_can_keep_it_awake_work_goes_on_and_the_log_says_so_once(awake, stand_in, qtbot, caplog):
    caplog.set_level(logging.INFO)

    for _ in range(3):
        awake.hold("a test")
        qtbot.waitUntil(lambda: awake._holder is None)

    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_a_system_that_refuses_is_asked_again_by_the_next_job(awake, inhibitor, stand_in, qtbot, caplog):
    caplog.set_level(logging.INFO)
    stand_in("systemd-inhibit", "echo 'Failed to inhibit: Access denied' >&2; exit 1")
    awake.hold("one")
    qtbot.waitUntil(lambda: awake._holder is None)
    assert "Access denied" in caplog.text

    stand_in("systemd-inhibit", INHIBITOR.format(folder=inhibitor))
    awake.hold("two")

    qtbot.waitUntil(lambda: len(alive(inhibitor)) == 2)


def test_a_mac_is_kept_awake_by_a_program_that_watches_us(awake, stand_in, tmp_path, monkeypatch, qtbot):
    stand_in("caffeinate", f'echo "$*" >"{tmp_path}/arguments"; echo "$$" >"{tmp_path}/started"; exec sleep 60')
    monkeypatch.setattr(sys, "platform", "darwin")
    awake.hold("a test")
    qtbot.waitUntil(lambda: len(alive(tmp_path)) == 1)

    awake.release()

    qtbot.waitUntil(lambda: not alive(tmp_path))
    assert (tmp_path / "arguments").read_text() == f"-i -w {os.getpid()}\n"


@pytest.mark.parametrize(
    ("system", "ask", "program", "arguments"),
    [
        ("linux", computer.sleep, "systemctl", "suspend"),
        ("linux", computer.shut_down, "systemctl", "poweroff"),
        ("darwin", computer.sleep, "pmset", "sleepnow"),
        ("darwin", computer.shut_down, "osascript", '-e tell application "System Events" to shut down'),
        ("win32", computer.sleep, "rundll32.exe", "powrprof.dll,SetSuspendState 0,1,0"),
        ("win32", computer.shut_down, "shutdown", "/s /t 0"),
    ],
)
def test_each_system_is_asked_in_its_own_way(system, ask, program, arguments, stand_in, tmp_path, monkeypatch, qtbot):
    stand_in(program, f'echo "$*" >"{tmp_path}/asked"')
    monkeypatch.setattr(sys, "platform", system)

    assert ask() is True

    monkeypatch.undo()
    asked = tmp_path / "asked"
    qtbot.waitUntil(lambda: asked.exists() and asked.read_text() == arguments + "\n")


@pytest.mark.parametrize("system", ["linux", "darwin", "win32", "plan9"])
@pytest.mark.parametrize("ask", [computer.sleep, computer.shut_down])
def test_a_system_that_cannot_be_asked_says_so(system, ask, stand_in, monkeypatch, qapp):
    monkeypatch.setattr(sys, "platform", system)

    assert ask() is False


def test_before_the_first_look_nothing_may_begin(watched):
    assert (watched.mains, watched.idle) == (False, 0.0)

    watched.watch()

    assert (watched.mains, watched.idle) == (False, 0.0)


def test_a_watched_computer_tells_what_it_sees(watched, qtbot):
    with qtbot.waitSignal(watched.looked):
        watched.watch()

    assert (watched.mains, watched.idle) == (True, 60.0)


def test_it_is_looked_at_again_and_again(watched, stand_in, tmp_path, qtbot):
    with qtbot.waitSignal(watched.looked):
        watched.watch()

    stand_in("busctl", idle_for(2))
    (tmp_path / "supplies" / "AC" / "online").write_text("0\n")
    (tmp_path / "supplies" / "AC" / "status").write_text("Discharging\n")
    (tmp_path / "supplies" / "AC" / "type").write_text("Battery\n")

    qtbot.waitUntil(lambda: (watched.mains, watched.idle) == (False, 2.0))


def test_one_look_that_fails_is_not_believed(watched, stand_in, tmp_path, qtbot):
    told = []
    watched.looked.connect(lambda: told.append((watched.mains, watched.idle)))
    with qtbot.waitSignal(watched.looked):
        watched.watch()

    stand_in("busctl", "exit 1")
    (tmp_path / "supplies").rename(tmp_path / "gone")
    qtbot.waitUntil(lambda: told[-1] == (None, None))
    stand_in("busctl", idle_for(3))
    qtbot.waitUntil(lambda: told[-1] == (None, 3.0))

    assert told[: told.index((None, None))].count((True, 60.0)) >= computer.BELIEVED_AFTER - 1


def test_at_rest_it_forgets_and_is_not_looked_at(watched, qtbot):
    with qtbot.waitSignal(watched.looked):
        watched.watch()
    watched.rest()

    with qtbot.assertNotEmitted(watched.looked, wait=100):
        pass

    assert (watched.mains, watched.idle, watched.is_watched) == (False, 0.0, False)
    with qtbot.waitSignal(watched.looked):
        watched.watch()


def test_the_window_goes_on_while_a_program_takes_its_time(watched, stand_in, tmp_path, qtbot):
    gate, beats, looks = tmp_path / "gate", [], []
    stand_in("busctl", f'while [ ! -e "{gate}" ]; do sleep 0.01; done; {idle_for(60)}')
    heart = QTimer()
    heart.setInterval(0)
    heart.timeout.connect(lambda: beats.append(len(looks)))
    watched.looked.connect(lambda: looks.append(watched.idle))
    heart.start()

    watched.watch()
    qtbot.waitUntil(lambda: len(beats) > 50)
    assert not looks
    gate.touch()

    qtbot.waitUntil(lambda: looks[:1] == [60.0])


def test_the_program_can_end_in_the_middle_of_a_look(watched):
    watched.watch()

    watched.close()

    assert not watched.isRunning()


def test_one_that_was_never_watched_can_be_closed_and_watched_later(watched, qtbot):
    watched.close()

    with qtbot.waitSignal(watched.looked):
        watched.watch()
