"""A second start hands its files to the window that is open. Two real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSysInfo
from PySide6.QtNetwork import QLocalSocket

from desktop_app import paths
from desktop_app.work import single_instance
from desktop_app.work.single_instance import Answer, OpenElsewhere, SingleInstance

HANDS_OVER = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop_app.work.single_instance import SingleInstance
application = QCoreApplication([])
print(SingleInstance(Path(sys.argv[1]), Path(sys.argv[1])).hand_over([Path(name) for name in sys.argv[2:]]))
"""

ASKS_TO_CLOSE = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop_app.work.single_instance import SingleInstance
application = QCoreApplication([])
instance = SingleInstance(Path(sys.argv[1]), Path(sys.argv[1]))
print(instance.is_open(), instance.process(), instance.ask_to_close())
"""

LISTENS_AND_IS_KILLED = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop_app.work.single_instance import SingleInstance
application = QCoreApplication([])
instance = SingleInstance(Path(sys.argv[1]), Path(sys.argv[1]))
print(instance.claim(), flush=True)
os._exit(9)
"""

CLAIMS = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop_app.work.single_instance import SingleInstance
application = QCoreApplication([])
instance = SingleInstance(Path(sys.argv[1]), Path(sys.argv[1]))
print(instance.claim(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def window(home, qapp) -> Iterator[SingleInstance]:
    """What is open already."""
    instance = SingleInstance(home, home)
    assert instance.claim()
    yield instance
    instance.close()


def second_start(home: Path, *files: str | bytes) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HANDS_OVER, str(home), *files]
    return subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")


def test_a_second_start_hands_over_its_files(home, window, qtbot):
    names = ["/a/two words.wav", "/a/Голос.wav"] + ([] if sys.platform == "win32" else [os.fsdecode(b"/a/caf\xe9.wav")])

    with qtbot.waitSignal(window.files_arrived, timeout=10_000) as arrived:
        second = second_start(home, *names)

    assert second.communicate(timeout=10)[0] == "True\n"
    assert arrived.args == [[Path(name).absolute() for name in names]]


def test_a_second_start_without_files_only_knocks(home, window, qtbot):
    with qtbot.waitSignal(window.files_arrived, timeout=10_000) as arrived:
        second = second_start(home)

    assert second.communicate(timeout=10)[0] == "True\n"
    assert arrived.args == [[]]


@pytest.mark.parametrize("answer", Answer)
def test_a_window_that_is_asked_to_close_answers(home, window, qtbot, answer):
    window.asked_to_close.connect(lambda reply: reply(answer))

    with qtbot.waitSignal(window.asked_to_close, timeout=10_000):
        asks = subprocess.Popen([sys.executable, "-c", ASKS_TO_CLOSE, str(home)], stdout=subprocess.PIPE, text=True)

    assert asks.communicate(timeout=10)[0] == f"True {os.getpid()} {answer}\n"


def test_without_a_window_nobody_is_asked_to_close(home, qapp):
    instance = SingleInstance(home, home)

    assert (instance.is_open(), instance.ask_to_close()) == (False, None)


def test_more_files_than_a_pipe_holds_arrive(home, window, qtbot):
    names = [f"/a/{'x' * 100}{number}.wav" for number in range(1000)]

    with qtbot.waitSignal(window.files_arrived, timeout=10_000) as arrived:
        second_start(home, *names).wait(10)

    assert arrived.args == [[Path(name) for name in names]]


def test_without_a_window_there_is_nobody_to_hand_to(home, qapp, monkeypatch):
    monkeypatch.setattr(single_instance, "PATIENCE", 0.2)

    assert SingleInstance(home, home).hand_over([Path("a")]) is False


def test_another_home_is_another_program(home, window, tmp_path, monkeypatch):
    monkeypatch.setattr(single_instance, "PATIENCE", 0.2)
    other = SingleInstance(tmp_path, tmp_path)

    assert other.hand_over([Path("a")]) is False
    assert other.claim()
    other.close()


def test_a_window_that_was_killed_does_not_stand_in_the_way(home, qapp):
    killed = subprocess.run([sys.executable, "-c", LISTENS_AND_IS_KILLED, str(home)], check=False, capture_output=True)
    assert killed.stdout == b"True\n"
    instance = SingleInstance(home, home)

    assert instance.claim()
    instance.close()


def test_of_several_that_start_at_once_one_is_the_window(home, qapp):
    starts = [
        subprocess.Popen([sys.executable, "-c", CLAIMS, str(home)], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        for _ in range(4)
    ]

    claimed = [start.stdout.readline() for start in starts]
    for start in starts:
        start.communicate()

    assert sorted(claimed) == [b"False\n"] * 3 + [b"True\n"]


@pytest.mark.skipif(sys.platform == "win32", reason="its pipe has rights of another kind")
def test_the_door_is_open_to_the_same_user_only(window):
    assert Path(window._server.fullServerName()).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "words", [b"hello\n", b"[1, 2]\n", b"\xff\xfe\n", b"[" * 5000 + b"\n", b"x" * 9_000_000], ids=lambda w: ascii(w[:9])
)
def test_nonsense_at_the_door_is_shown_the_door(home, window, qtbot, words):
    arrived = []
    window.files_arrived.connect(arrived.append)
    socket = QLocalSocket()
    socket.connectToServer(window._name())
    assert socket.waitForConnected(1000)

    with qtbot.waitSignal(socket.disconnected, timeout=10_000):
        socket.write(words)

    assert not arrived


@pytest.mark.skipif(sys.platform == "win32", reason="its pipe has no path")
def test_nobody_else_can_take_the_place_where_later_starts_knock(qapp, monkeypatch):
    with tempfile.TemporaryDirectory() as home:  # a short path: a socket's may have 107 bytes
        monkeypatch.setenv("SOTTOVOCE_HOME", home)
        window = SingleInstance(Path(home), paths.locks())
        assert window.claim()

        folder = Path(window._server.fullServerName()).parent
        window.close()
        assert folder == paths.locks()
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="its pipe has no path")
def test_a_home_with_a_long_path_has_its_door_elsewhere_in_a_private_folder(tmp_path, qapp, qtbot):
    home = tmp_path / ("a long name " * 12)
    home.mkdir()
    window = SingleInstance(home, home)
    assert window.claim()

    with qtbot.waitSignal(window.files_arrived, timeout=10_000):
        second = second_start(home, "/a/b.wav")
    said = second.communicate()[0]
    qtbot.wait(100)  # it hangs up

    folder = Path(window._server.fullServerName()).parent
    mode = folder.stat().st_mode
    window.close()
    assert said == "True\n"
    assert mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="its pipe is in no folder")
@pytest.mark.parametrize("has_runtime_folder", [True, False], ids=["in a session", "without one"])
def test_where_the_homes_disk_can_hold_no_socket_it_lies_elsewhere(
    home, tmp_path, qapp, qtbot, monkeypatch, has_runtime_folder
):
    (home / "window.socket").mkdir()  # as on a disk with exFAT, there can be no socket
    (home / "window.socket" / "in the way").touch()
    with tempfile.TemporaryDirectory() as runtime:  # a short path
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime if has_runtime_folder else "")
        window = SingleInstance(home, home)
        assert window.claim()
        place = Path(window._server.fullServerName())

        with qtbot.waitSignal(window.files_arrived, timeout=10_000) as arrived:
            second = second_start(home, "/a/b.wav")
        said = second.communicate(timeout=10)[0]
        qtbot.waitUntil(lambda: not window._server.findChildren(QLocalSocket))  # it hangs up

        mode = place.parent.stat().st_mode
        window.close()
    assert (said, arrived.args) == ("True\n", [[Path("/a/b.wav")]])
    assert mode & 0o077 == 0
    assert (place.parent == Path(runtime)) is has_runtime_folder
    assert not place.parent.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="its pipe is in no folder")
def test_later_starts_knock_at_the_usual_place_again_when_it_can_be_had(home, qapp, qtbot):
    (home / "window.where").write_text("/tmp/where it was once")
    window = SingleInstance(home, home)
    assert window.claim()

    with qtbot.waitSignal(window.files_arrived, timeout=10_000):
        second = second_start(home)

    assert second.communicate(timeout=10)[0] == "True\n"
    qtbot.waitUntil(lambda: not window._server.findChildren(QLocalSocket))  # it hangs up
    window.close()


HERE = [QSysInfo.machineHostName(), bytes(QSysInfo.machineUniqueId().data()).decode()]


def left_lock(folder: Path, name: str, computer: list[str]) -> Path:
    """Write a lock file as QLockFile does, of process 1 on a computer of that name and number."""
    file = folder / f"{name}.lock"
    file.write_text("\n".join(["1", "sottovoce", *computer, "a-boot", ""]))
    return file


def test_the_lock_of_another_computer_is_told_from_that_of_an_open_window(home, qapp):
    file = left_lock(home, "window", ["annas-laptop", "0123456789abcdef"])
    instance = SingleInstance(home, home)

    with pytest.raises(OpenElsewhere) as elsewhere:
        instance.claim()

    assert (elsewhere.value.holder.computer, elsewhere.value.file) == ("annas-laptop", file)
    assert not instance.is_open()
    assert instance.elsewhere() == elsewhere.value.holder


def test_what_another_computer_left_is_forgotten_on_demand_and_nothing_else(home, qapp):
    unfinished = home / "unfinished"
    unfinished.mkdir()
    theirs = [
        left_lock(folder, name, ["annas-laptop", "0123456789abcdef"])
        for folder, name in ((home, "window"), (home, "a" * 32), (unfinished, "b" * 32))
    ]
    kept = [left_lock(home, "c" * 32, ["another", "ffff"]), left_lock(home, "d" * 32, HERE)]
    instance = SingleInstance(home, home)
    with pytest.raises(OpenElsewhere) as elsewhere:
        instance.claim()

    instance.forget(elsewhere.value, unfinished)

    assert not any(file.exists() for file in theirs)
    assert all(file.exists() for file in kept)
    assert instance.claim()
    instance.close()


@pytest.mark.skipif(not HERE[1], reason="this system has no number of its own")
def test_a_computer_that_was_renamed_is_not_another_one(home, qapp):
    left_lock(home, "window", ["its-old-name", HERE[1]])
    instance = SingleInstance(home, home)

    assert instance.claim()
    instance.close()


def test_a_lock_that_cannot_be_written_is_not_called_an_open_window(tmp_path, qapp):
    instance = SingleInstance(tmp_path, tmp_path / "not there")

    with pytest.raises(FileNotFoundError):
        instance.claim()


def test_a_door_that_cannot_be_opened_does_not_keep_the_window_shut(tmp_path, qapp):
    home = tmp_path / "home"
    home.mkdir()
    (home / "window.socket").mkdir()
    (home / "window.socket" / "in the way").touch()
    window = SingleInstance(home, home)

    assert window.claim()
    window.close()
