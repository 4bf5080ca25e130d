"""A key that all programs share: how it is written, and how a real desktop's portal lends it. (X11: tests/desktop.)"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.work import hot_key_windows, key_strokes
from desktop_app.work.hot_key import HotKey, Key, Refusal, hot_key_on, key_from
from desktop_app.work.key_strokes import key_strokes_on

HERE = Path(__file__).parent
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="what is needed is on Linux only")


class Told:
    """What a key told."""

    def __init__(self, key: HotKey) -> None:
        self.what: list[object] = []
        key.taken.connect(lambda: self.what.append("taken"))
        key.refused.connect(self.what.append)
        key.pressed.connect(lambda: self.what.append("pressed"))
        key.released.connect(lambda: self.what.append("released"))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Ctrl+Alt+D", Key(frozenset({"Ctrl", "Alt"}), "D")),
        ("Meta+Space", Key(frozenset({"Meta"}), "Space")),
        ("F9", Key(frozenset(), "F9")),
        ("Shift+F9", Key(frozenset({"Shift"}), "F9")),
        ("Ctrl++", Key(frozenset({"Ctrl"}), "+")),
    ],
)
def test_a_key_is_read_as_qt_writes_it(written, key):
    assert key_from(written) == key


@pytest.mark.parametrize("written", ["", "D", "Shift+D", "Hyper+D", "Ctrl+", "+", "++", "Space", "Fn"])
def test_a_key_that_people_type_with_is_not_taken_from_them(written):
    assert key_from(written) is None


@given(st.text())
def test_whatever_stands_in_the_settings_is_a_key_or_none(written):
    key = key_from(written)

    assert key is None or key.name


@pytest.mark.parametrize("platform", ["cocoa", "offscreen", ""])
def test_where_there_are_no_such_keys_they_are_refused_and_nothing_is_typed(qtbot, platform):
    key = hot_key_on(platform)
    told = Told(key)

    key.take("Ctrl+Alt+D")

    assert told.what == [Refusal.NOT_HERE]
    assert not key_strokes_on(platform).is_possible


# --- the portal ---


@pytest.fixture
def bus(tmp_path, monkeypatch) -> Iterator[None]:
    """A session bus of its own."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon")
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert daemon.stdout
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", daemon.stdout.readline().strip())
    yield
    daemon.terminate()
    daemon.wait()
    daemon.stdout.close()


@pytest.fixture
def portal(bus) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """A function that starts a portal which says yes or no."""
    started: list[subprocess.Popen[str]] = []

    def start(verdict: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, HERE / "portal.py", verdict],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        started.append(process)
        assert process.stdout and process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def key(qtbot) -> Iterator[HotKey]:
    made = hot_key_on("wayland")
    yield made
    made.give_back()


def tell(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


@on_linux
def test_on_wayland_the_portal_lends_the_key_and_tells_of_it(qtbot, portal, key):
    process, told = portal("granted"), Told(key)

    key.take("Ctrl+Alt+D")
    qtbot.waitUntil(lambda: told.what == ["taken"])
    for word in ("press", "release", "press"):
        tell(process, word)

    qtbot.waitUntil(lambda: told.what == ["taken", "pressed", "released", "pressed"])
    assert process.stdout.readline() == "asked for CTRL+ALT+d\n"


@on_linux
def test_a_portal_that_says_no_is_believed(qtbot, portal, key):
    portal("denied")
    told = Told(key)

    key.take("Ctrl+Alt+D")

    qtbot.waitUntil(lambda: told.what == [Refusal.NOT_ALLOWED])


@on_linux
def test_a_key_that_the_portal_takes_back_is_lost(qtbot, portal, key):
    process, told = portal("granted"), Told(key)
    key.take("F9")
    qtbot.waitUntil(lambda: told.what == ["taken"])

    tell(process, "close")

    qtbot.waitUntil(lambda: told.what == ["taken", Refusal.LOST])


@on_linux
def test_a_key_given_back_is_not_told_of_and_can_be_taken_again(qtbot, portal, key):
    process, told = portal("granted"), Told(key)
    key.take("Ctrl+Alt+D")
    qtbot.waitUntil(lambda: told.what == ["taken"])

    key.give_back()
    tell(process, "press")
    key.take("Ctrl+Alt+E")
    qtbot.waitUntil(lambda: told.what == ["taken", "taken"])
    tell(process, "press")

    qtbot.waitUntil(lambda: told.what == ["taken", "taken", "pressed"])


@on_linux
def test_a_bus_without_a_portal_is_a_refusal(qtbot, bus, key):
    told = Told(key)

    key.take("Ctrl+Alt+D")

    qtbot.waitUntil(lambda: told.what == [Refusal.NO_PORTAL])


@on_linux
def test_no_bus_at_all_is_a_refusal(qtbot, key, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    told = Told(key)

    key.take("Ctrl+Alt+D")

    assert told.what == [Refusal.NO_PORTAL]


# --- Windows, as far as it can be told here ---


@pytest.mark.parametrize(
    ("written", "code"),
    [("Ctrl+Alt+D", 0x44), ("Ctrl+7", 0x37), ("F1", 0x70), ("F24", 0x87), ("Ctrl+Space", 0x20), ("Ctrl+ä", 0)],
)
def test_windows_knows_keys_by_its_own_numbers(written, code):
    assert hot_key_windows._code_of(key_from(written)) == code


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the sizes are those of 64 bits")
def test_what_is_handed_to_windows_has_the_size_that_it_expects():
    assert ctypes.sizeof(key_strokes._Input) == 40
