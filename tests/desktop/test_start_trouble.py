"""Why the window does not open: told on stderr and in a box, as it is."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.transcripts.history import History
from desktop_app.ui import wording

from .display import Display, wait_for
from .program import LONG, ROOT

SOTTOVOCE = [sys.executable, "-c", "import sys; from desktop_app.start import main; sys.exit(main())"]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(display: Display, tmp_path: Path) -> Start:
    """Start the program with a home that is not there yet."""

    def start(**env: str) -> subprocess.Popen[str]:
        variables = {"SOTTOVOCE_HOME": str(tmp_path / "home"), **env}
        return display.start(SOTTOVOCE, variables, cwd=ROOT, stderr=subprocess.PIPE)

    return start


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk without room for a byte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], check=False).returncode != 0:
        pytest.skip("mounting a small disk takes root")
    try:
        (folder / "what fills it").write_bytes(b"x" * 4096)
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def said_in_a_box(display: Display, process: subprocess.Popen[str]) -> tuple[str, int]:
    """Wait for the box, close it, and return what was said on stderr and the exit code."""
    display.key(display.find_window("^Sottovoce$"), "Return")
    return process.communicate(timeout=LONG)[1], process.returncode


def test_a_full_disk_is_called_a_full_disk(display: Display, start: Start, full_disk: Path) -> None:
    said, code = said_in_a_box(display, start(SOTTOVOCE_HOME=str(full_disk / "home")))

    assert (said, code) == (
        "sottovoce: Sottovoce cannot start: the disk is full. Free up some space on the disk that has its folder,"
        f" {full_disk / 'home'}\n",
        1,
    )


def test_a_disk_that_can_only_be_read_is_called_so_even_if_a_window_was_killed_there(
    display: Display, start: Start, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for name in ("locks", "models", "logs"):
        (home / name).mkdir(parents=True)
    killed = subprocess.Popen([sys.executable, "-c", "pass"])
    killed.wait()
    (home / "locks" / "window.lock").write_text(f"{killed.pid}\npython3\n{os.uname().nodename}\n\n\n")
    if subprocess.run(["mount", "--bind", "-o", "ro", home, home], check=False).returncode != 0:
        pytest.skip("mounting takes root")
    try:
        said, code = said_in_a_box(display, start())
    finally:
        subprocess.run(["umount", home], check=True)

    assert (said, code) == (
        f"sottovoce: Sottovoce cannot start: its folder is on a read-only disk, {home}\n",
        1,
    )


def test_a_folder_that_cannot_be_made_is_named_in_a_box(display: Display, start: Start, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()

    said, code = said_in_a_box(display, start(SOTTOVOCE_HOME=str(tmp_path / "a file" / "home")))

    assert code == 1
    assert "its folder cannot be used (Not a directory)" in said


def test_what_another_computer_left_is_asked_about_and_put_aside(
    display: Display, start: Start, tmp_path: Path
) -> None:
    lock = tmp_path / "home" / "locks" / "window.lock"
    lock.parent.mkdir(parents=True)
    left = "1\nsottovoce\nannas-laptop\n0123456789abcdef\na-boot\n"
    lock.write_text(left)

    said, code = said_in_a_box(display, start())  # Cancel has the keyboard
    assert code == 1
    assert "“annas-laptop”" in said
    assert str(lock) in said
    assert lock.read_text() == left

    process = start()
    display.key(display.find_window("^Sottovoce$"), "Tab", "Return")
    wait_for(lambda: display.windows("Sottovoce") and lock.read_text() != left, "the window")
    process.terminate()
    assert process.wait(LONG) == 0


def test_a_library_of_a_newer_version_is_told_in_a_box(display: Display, start: Start, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    History(tmp_path / "home" / "library.sqlite3").close()
    with contextlib.closing(sqlite3.connect(tmp_path / "home" / "library.sqlite3")) as library:
        library.execute("PRAGMA user_version = 9999")

    process = start()

    wait_for(lambda: len(display.windows("^Sottovoce$")) == 2, "the box, above the window")
    process.terminate()
    assert process.wait(LONG) == 0


@pytest.mark.parametrize(
    ("library", "package"),
    [("libEGL.so.1", "libegl1"), ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"), ("libdbus-1.so.3", "libdbus-1-3")],
)
def test_a_library_that_is_missing_is_a_sentence_that_says_what_to_install(
    start: Start, tmp_path: Path, library: str, package: str
) -> None:
    (tmp_path / library).touch()  # one that is no library, before that of the system

    process = start(LD_LIBRARY_PATH=str(tmp_path), PATH=str(tmp_path))
    said = process.communicate(timeout=LONG)[1]

    assert process.returncode == 1
    assert said.startswith(f"sottovoce: Sottovoce cannot start: the system lacks {library}")
    assert f"sudo apt install {package}" in said
    assert said.count("\n") == 1


def test_a_library_that_is_missing_is_told_in_a_box_of_the_system_where_nobody_sees_a_terminal(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "libEGL.so.1").touch()
    box = tmp_path / "zenity"
    box.write_text(f'#!/bin/sh\nfor word; do echo "$word"; done >"{tmp_path}/shown"\n')
    box.chmod(0o755)

    start(LD_LIBRARY_PATH=str(tmp_path), PATH=str(tmp_path)).communicate(timeout=LONG)

    shown = (tmp_path / "shown").read_text()
    assert shown.startswith("--error\n")
    assert "the system lacks libEGL.so.1" in shown


def test_a_platform_that_qt_does_not_have_is_named(start: Start, tmp_path: Path) -> None:
    process = start(QT_QPA_PLATFORM="no-such", PATH=str(tmp_path))

    said = process.communicate(timeout=LONG)[1]

    assert (process.returncode, said.count("\n")) == (1, 1)
    assert "“no-such”" in said


def test_a_screen_that_refuses_is_told_from_none(tmp_path: Path, display: Display) -> None:
    keys = tmp_path / "keys"
    subprocess.run(["xauth", "-f", keys, "add", ":0", ".", "0" * 32], check=True, capture_output=True)
    reading, writing = os.pipe()
    server = display.start(
        ["Xvfb", "-displayfd", str(writing), "-auth", str(keys), "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as numbers:
        screen = f":{numbers.readline().strip()}"
    variables = {"DISPLAY": screen, "XAUTHORITY": str(tmp_path / "none"), "PATH": str(tmp_path)}

    process = display.start(
        SOTTOVOCE, {**variables, "SOTTOVOCE_HOME": str(tmp_path / "home")}, cwd=ROOT, stderr=subprocess.PIPE
    )
    said = process.communicate(timeout=LONG)[1]

    assert server.poll() is None
    assert process.returncode == 1
    assert said.endswith(
        f"sottovoce: The display {screen} does not let Sottovoce open a window. It may belong to another user.\n"
    )


def test_without_a_screen_that_is_said(start: Start) -> None:
    process = start(DISPLAY=":4711", WAYLAND_DISPLAY="")

    assert process.communicate(timeout=LONG)[1] == f"sottovoce: {wording.NO_SCREEN}\n"
    assert process.returncode == 1
