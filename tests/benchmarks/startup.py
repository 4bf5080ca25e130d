"""How long the program takes to start: to a window one can see, to a backend with its model loaded, and in a terminal.

All of it is seen from outside. The window is there when its text stands in the middle of the screen; the model is
loaded when the backend's log says so. Cold: the files of the program, its packages and the model are dropped from the
system's cache (as far as it lets one), and the home is empty. Warm: it ran a moment ago.

    .venv/bin/python tests/benchmarks/startup.py [--runs 9] [--cold-runs 5] [--bundle dist/sottovoce]
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

sys.path.extend(str(folder) for folder in Path(__file__).resolve().parents[1:3])  # tests, and desktop_app's home

import workplace
from desktop.display import Display

import desktop_app

GLANCE = 0.005  # seconds between two looks: what the figures are exact to
PATIENCE = 60.0
GOAL_WINDOW, GOAL_BACKEND = 1.0, 2.5
MIDDLE = (440, 300, 400, 200)  # x, y, width, height: where the empty window has its invitation
COLOURS_OF_TEXT = 8  # an empty screen has one colour, a frame without content two or three
ALL_PLANES, Z_PIXMAP = -1, 2
LOADED = "model loaded in"  # in the backend's log
WINDOW = [sys.executable, "-m", "desktop_app"]
COMMAND_LINE = [sys.executable, "-m", "desktop_app.cli"]
TERMINAL = {
    "sottovoce --help": ["--help"],
    "sottovoce history list": ["history", "list"],
}


class Start(NamedTuple):
    """Seconds from the start of the process."""

    window: float
    backend: float


class Eye:
    """Looks at pixels of a screen, by Xlib: fast enough to look every few milliseconds."""

    def __init__(self, display: Display) -> None:
        self._xlib = ctypes.CDLL(ctypes.util.find_library("X11"))
        self._xlib.XOpenDisplay.restype = ctypes.c_void_p
        self._xlib.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        self._xlib.XDefaultRootWindow.restype = ctypes.c_ulong
        numbers = [ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint]
        self._xlib.XGetImage.argtypes = [ctypes.c_void_p, ctypes.c_ulong, *numbers, ctypes.c_ulong, ctypes.c_int]
        self._xlib.XGetImage.restype = ctypes.POINTER(_XImage)
        self._xlib.XDestroyImage.argtypes = [ctypes.POINTER(_XImage)]
        self._display = self._xlib.XOpenDisplay(display.env["DISPLAY"].encode())
        self._root = self._xlib.XDefaultRootWindow(self._display)

    def sees_text(self) -> bool:
        """Tell whether there is more in the middle of the screen than plain ground."""
        image = self._xlib.XGetImage(self._display, self._root, *MIDDLE, ALL_PLANES, Z_PIXMAP)
        size = image.contents.bytes_per_line * image.contents.height
        pixels = memoryview(ctypes.string_at(image.contents.data, size)).cast("I")
        self._xlib.XDestroyImage(image)
        return len(set(pixels)) >= COLOURS_OF_TEXT


class _XImage(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")),
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int) for name in ("byte_order", "unit", "bit_order", "pad", "depth", "bytes_per_line")),
    )


def start_window(display: Display, eye: Eye, home: Path, command: list[str]) -> Start:
    """Start the program, watch it until its backend is ready, end it."""
    log = home / "logs" / "backend.log"
    log.unlink(missing_ok=True)
    wait_for(lambda: not eye.sees_text(), "an empty screen")
    began = time.perf_counter()
    process = display.start(command, env={"SOTTOVOCE_HOME": str(home)})
    try:
        wait_for(eye.sees_text, "the window")
        window = time.perf_counter() - began
        wait_for(lambda: log.exists() and LOADED in log.read_text(encoding="utf-8"), "the backend")
        return Start(window, time.perf_counter() - began)
    finally:
        display.end(process)


def run_in_terminal(command: list[str], home: Path) -> float:
    """Return the seconds from the start to the end of one call of the command line."""
    began = time.perf_counter()
    subprocess.run(
        command,
        env={**os.environ, "SOTTOVOCE_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def forget(folders: Iterable[Path]) -> None:
    """Ask the system to drop the files in `folders` from its cache. Those that are in use by others stay there."""
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file():
                descriptor = os.open(file, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)


def wait_for(look: Callable[[], bool], what: str) -> None:
    deadline = time.perf_counter() + PATIENCE
    while not look():
        if time.perf_counter() > deadline:
            raise SystemExit(f"waited {PATIENCE:g} s in vain for {what}")
        time.sleep(GLANCE)


def print_row(what: str, seconds: list[float], goal: float | None = None) -> None:
    median = statistics.median(seconds)
    verdict = "" if goal is None else f"< {goal:g} s: {'met' if median < goal else 'missed'}"
    print(f"| {what} | {len(seconds)} | {min(seconds):.2f} | {median:.2f} | {max(seconds):.2f} | {verdict} |")


def main() -> int:
    parser = argparse.ArgumentParser(description="How long the program takes to start.")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--cold-runs", type=int, default=5)
    parser.add_argument("--bundle", type=Path, help="measure the executables in this folder")
    arguments = parser.parse_args()
    window, command_line = WINDOW, COMMAND_LINE
    program = [Path(sys.prefix), Path(os.__file__).parent, Path(desktop_app.__file__).parent]
    if arguments.bundle:
        program = [arguments.bundle.absolute()]
        window, command_line = [str(program[0] / "sottovoce-gui")], [str(program[0] / "sottovoce")]

    with tempfile.TemporaryDirectory() as name, Display() as display:
        folder = Path(name)
        eye = Eye(display)
        shelf = workplace.make_shelf(folder / "shelf")
        program.append(shelf)
        print(workplace.machine(), flush=True)
        other = workplace.OtherPrograms()
        cold = []
        for number in range(arguments.cold_runs):
            forget(program)
            cold.append(start_window(display, eye, workplace.make_home(folder / f"cold {number}", shelf), window))
        home = workplace.make_home(folder / "warm", shelf)
        start_window(display, eye, home, window)
        warm = [start_window(display, eye, home, window) for _ in range(arguments.runs)]
        terminal = {
            what: [run_in_terminal([*command_line, *words], home) for _ in range(arguments.runs)]
            for what, words in TERMINAL.items()
        }
        print(f"Other programs took {other.cores():.2f} cores.")

    print("\n| from start to | runs | best s | median s | worst s | goal |")
    print("|---|--:|--:|--:|--:|---|")
    for kind, starts in (("cold", cold), ("warm", warm)):
        print_row(f"a visible window, {kind}", [start.window for start in starts], GOAL_WINDOW)
        print_row(f"a backend with base loaded, {kind}", [start.backend for start in starts], GOAL_BACKEND)
    for what, seconds in terminal.items():
        print_row(f"the end of `{what}`, warm", seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
