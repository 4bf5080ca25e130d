"""A screen that exists only in memory (Xvfb and openbox), and a hand and an eye on it (xdotool and import)."""

import os
import queue
import re
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

PROGRAMS = ("Xvfb", "openbox", "xdotool", "xprop", "xwininfo", "import")
HERE = Path(__file__).parent
PATIENCE = 30.0  # seconds that anything visible may take, on a busy machine
GLANCE = 0.03  # seconds between two looks

_Seen = TypeVar("_Seen")


class DisplayError(Exception):
    """What was waited for did not come about."""


class Display:
    """A screen with a window manager, while the `with` block lasts. Windows are named by their X11 number.

    What `start` started, and the screen itself, are ended by their process ids at the end of the block.
    """

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        self.width = width
        self.height = height
        self.env: dict[str, str] = {}
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        try:
            self.env = _environment(self._start_server())
            self._start_window_manager()
        except BaseException:
            self._end_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_all()

    # Programs

    def start(
        self, command: Sequence[str | os.PathLike[str]], env: Mapping[str, str] | None = None, **options: object
    ) -> subprocess.Popen[str]:
        """Start a program on this screen; `env` comes on top of the screen's own, `options` go to Popen."""
        process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
            list(command), env={**self.env, **(env or {})}, text=True, encoding="utf-8", **options
        )
        self._processes.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> None:
        """End a program that `start` started: politely, then for certain."""
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        if process in self._processes:
            self._processes.remove(process)

    # The eye

    def screenshot(self, file: str | os.PathLike[str]) -> Path:
        """Save the whole screen as PNG and return where."""
        picture = subprocess.run(
            ["import", "-window", "root", "png:-"], env=self.env, check=True, capture_output=True, timeout=PATIENCE
        )
        Path(file).write_bytes(picture.stdout)
        return Path(file)

    def windows(self, title: str) -> list[int]:
        """Return the visible windows whose title matches the regular expression `title` (case does not matter)."""
        found = self._xdotool("search", "--onlyvisible", "--name", title, may_fail=True).split()
        return [int(number) for number in found]

    def find_window(self, title: str, timeout: float = PATIENCE) -> int:
        """Wait for the one visible window whose title matches `title`; the newest of them if there are several."""
        return wait_for(lambda: self.windows(title), f"a window titled {title!r}", timeout)[-1]

    def wait_until_gone(self, window: int, timeout: float = PATIENCE) -> None:
        wait_for(lambda: not self.is_visible(window), f"the end of window {window}", timeout)

    def is_visible(self, window: int) -> bool:
        seen = self._run("xprop", "-id", str(window), "WM_STATE")
        return seen.returncode == 0 and "window state: Normal" in seen.stdout

    def geometry(self, window: int) -> tuple[int, int, int, int]:
        """Return x, y, width, height of a window's inside (without the frame), on the screen."""
        said = self._run("xwininfo", "-id", str(window)).stdout  # xdotool counts the frame twice
        names = ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
        numbers = [re.search(rf"^\s*{name}:\s*(-?\d+)$", said, re.MULTILINE) for name in names]
        if None in numbers:
            raise DisplayError(f"window {window} is not there")
        x, y, width, height = (int(number.group(1)) for number in numbers if number)
        return x, y, width, height

    def clipboard(self) -> str:
        """Return the text that a program on this screen has copied, "" if none has."""
        said = self._run(sys.executable, str(HERE / "clipboard.py"), "read")
        if said.returncode != 0:
            raise DisplayError(f"the clipboard cannot be read: {said.stderr}")
        return said.stdout

    # The hand

    def activate(self, window: int) -> None:
        """Bring a window to the front and give it the keyboard."""

        def is_active() -> bool:
            self._xdotool("windowactivate", str(window), may_fail=True)
            return self._xdotool("getwindowfocus", may_fail=True).strip() == str(window)

        wait_for(is_active, f"window {window} to take the keyboard")

    def key(self, window: int | None, *keys: str) -> None:
        """Press keys such as "ctrl+o" or "Return" one after the other; None: in whatever window has the keyboard."""
        if window is not None:
            self.activate(window)
        self._xdotool("key", "--clearmodifiers", "--delay", "25", *keys)

    def press(self, keys: str) -> None:
        """Press keys such as "ctrl+alt+d" and hold them down until `release`."""
        self._xdotool("keydown", *keys.split("+"))

    def release(self, keys: str) -> None:
        self._xdotool("keyup", *reversed(keys.split("+")))

    def type_text(self, text: str) -> None:
        """Type into whatever has the keyboard. What is not plain ASCII is an error: `paste` that."""
        if not (text.isascii() and text.isprintable()):
            raise ValueError("xdotool loses what has no key of its own: use paste(), or key() for Return")
        self._xdotool("type", "--clearmodifiers", "--delay", "12", "--", text)

    def paste(self, text: str) -> None:
        """Put `text` on the clipboard and press Ctrl+V: any text at all, whole and at once. The clipboard is lost."""
        with self.copied(text) as owner:
            owner.so_far()  # fetched before the key was pressed: not by it
            self._xdotool("key", "--clearmodifiers", "ctrl+v")
            owner.expect("given")

    @contextmanager
    def copied(self, text: str) -> Iterator["Lines"]:
        """Hold `text` on the clipboard, as a program would in which it was copied. Yield what the holder says."""
        owner = self.start(
            [sys.executable, HERE / "clipboard.py", "hold"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert owner.stdin and owner.stdout
            owner.stdin.write(text)
            owner.stdin.close()
            lines = Lines(owner.stdout)
            lines.expect("held")
            yield lines
        finally:
            self.end(owner)

    def move(self, x: int, y: int, window: int | None = None) -> None:
        """Move the pointer; measured from the inside of `window`, or on the screen."""
        inside = () if window is None else ("--window", str(window))
        self._xdotool("mousemove", *inside, str(x), str(y))

    def click(self, x: int, y: int, window: int | None = None, button: int = 1, times: int = 1) -> None:
        self.move(x, y, window)
        self._xdotool("click", "--repeat", str(times), "--delay", "60", str(button))

    def mouse(self, action: str) -> None:
        """Press ("down") or let go ("up") of the left button."""
        self._xdotool(f"mouse{action}", "1")

    def choose_file(self, file: str | os.PathLike[str], dialog: str = "Open", timeout: float = PATIENCE) -> None:
        """Answer Qt's own file dialog, to open or to save, titled `dialog` (a pattern), with a path; wait for its end.

        Names with a double quote cannot be typed there at all: it takes the quote for the start of a list of names.
        """
        if '"' in os.fspath(file):
            raise ValueError("Qt's file dialog has no way to type a name with a double quote: drop the file instead")
        window = self.find_window(dialog, timeout)
        self.activate(window)
        self._xdotool("key", "--clearmodifiers", "ctrl+a")
        self.paste(os.fspath(file))
        self._xdotool("key", "--clearmodifiers", "Return")
        self.wait_until_gone(window, timeout)

    def drop(self, files: Sequence[str | os.PathLike[str]], onto: int, at: tuple[int, int] | None = None) -> bool:
        """Drag files and folders from another program and let go over a window; return whether the window took them.

        `at` is measured from the window's inside; None: its middle.
        """
        with self.dragging(files, away_from=onto) as drag:
            drag.hold_over(onto, at)
            return drag.let_go()

    @contextmanager
    def dragging(self, files: Sequence[str | os.PathLike[str]], away_from: int | None = None) -> Iterator["Drag"]:
        """Take files with the mouse, to hold them somewhere and let go within the block; else they are carried back."""
        drag = Drag(self, files, self._free_corner(away_from))
        try:
            yield drag
        finally:
            drag.end()

    # Inside

    def _start_server(self) -> str:
        """Start Xvfb on a number it finds free, wait until it listens, and return its name, such as ":7"."""
        reading, writing = os.pipe()
        screen = f"{self.width}x{self.height}x24"
        # Should this process be killed, the screen ends all the same, and with it every window on it.
        leash = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        try:
            self.start(
                [*leash, "Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"],
                env=os.environ,
                pass_fds=(writing,),
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(writing)
        with os.fdopen(reading) as announced:
            ready, _, _ = select.select([announced], [], [], PATIENCE)
            number = announced.readline().strip() if ready else ""
        if not number:
            raise DisplayError("Xvfb did not start")
        return f":{number}"

    def _start_window_manager(self) -> None:
        self.start(["openbox", "--sm-disable"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(
            lambda: "window id" in self._run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK").stdout, "the window manager"
        )

    def _free_corner(self, window: int | None) -> tuple[int, int]:
        """Return the corner of the screen that is farthest from a window, for the one that files come from."""
        x, y, width, height = (0, 0, 0, 0) if window is None else self.geometry(window)
        left = x + width / 2 > self.width / 2
        top = y + height / 2 > self.height / 2
        margin = 8
        return (
            margin if left else self.width - Drag.SIZE[0] - margin,
            margin if top else self.height - Drag.SIZE[1] - margin,
        )

    def _end_all(self) -> None:
        for process in reversed(list(self._processes)):  # the screen was started first and goes last
            self.end(process)

    def _xdotool(self, *words: str, may_fail: bool = False) -> str:
        said = self._run("xdotool", *words)
        if said.returncode != 0 and not may_fail:
            raise DisplayError(f"xdotool {' '.join(words)}: {said.stderr.strip()}")
        return said.stdout

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.env,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )


class Drag:
    """Files held with the mouse: taken from a small window of another process (drag_source.py)."""

    SIZE = (120, 80)

    def __init__(self, display: Display, files: Sequence[str | os.PathLike[str]], corner: tuple[int, int]) -> None:
        self._display = display
        self._held = False
        self._home = corner[0] + self.SIZE[0] // 2, corner[1] + self.SIZE[1] // 2
        self._welcome = "unwelcome"
        place = [str(number) for number in (*corner, *self.SIZE)]
        self._source = display.start([sys.executable, HERE / "drag_source.py", *place, *files], stdout=subprocess.PIPE)
        assert self._source.stdout
        self._lines = Lines(self._source.stdout)
        try:
            self._take()
        except BaseException:
            self.end()
            raise

    def hold_over(self, window: int, at: tuple[int, int] | None = None, timeout: float = 3.0) -> bool:
        """Hold the files over a window; return whether it says, within `timeout`, that it would take them."""
        _, _, width, height = self._display.geometry(window)
        x, y = at or (width // 2, height // 2)
        deadline = time.monotonic() + timeout
        self._display.move(x - 12, y - 8, window)
        while time.monotonic() < deadline:  # a real hand is never still, and each move asks the window anew
            for way in (4, 0):
                self._display.move(x - way, y - way, window)
                time.sleep(0.1)
            self._welcome = ([self._welcome, *self._lines.so_far("welcome", "unwelcome")])[-1]
            if self._welcome == "welcome":
                return True
        return False

    def let_go(self) -> bool:
        """Let go of the mouse; return whether the window took the files."""
        self._release()
        return self._lines.expect("taken", "left") == "taken"

    def end(self) -> None:
        """Carry the files back, if they are still held, and end their program."""
        if self._held and self._source.poll() is None:
            for way in (4, 0):
                self._display.move(self._home[0] + way, self._home[1])
            self._release()
            self._lines.wait("left", 2.0)
        self._release()
        self._display.end(self._source)

    def _take(self) -> None:
        """Press in the source's window and move until it says that the drag has begun."""
        self._lines.expect("shown")
        x, y = self._home
        for _ in range(5):
            self._display.move(x, y)
            self._display.mouse("down")
            self._held = True
            for way in (8, 16, 24, 30):
                self._display.move(x + way, y + way // 3)
                if self._lines.wait("dragging", 0.2):
                    return
            self._release()
        raise DisplayError("the drag did not begin")

    def _release(self) -> None:
        if self._held:
            self._display.mouse("up")
            self._held = False


def missing_programs() -> list[str]:
    """Return what this machine lacks to have such a screen (all of it on macOS and Windows)."""
    if not sys.platform.startswith("linux"):
        return list(PROGRAMS)
    return [program for program in PROGRAMS if shutil.which(program) is None]


def wait_for(look: Callable[[], _Seen], what: str, timeout: float = PATIENCE) -> _Seen:
    """Look again and again until something true is seen, and return that; raise DisplayError after `timeout`."""
    deadline = time.monotonic() + timeout
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise DisplayError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(GLANCE)


class Lines:
    """The lines that a process writes, read as they come, with a limit to the waiting for them."""

    def __init__(self, stream: IO[str]) -> None:
        self._queue: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def wait(self, word: str, timeout: float) -> bool:
        try:
            return self.expect(word, timeout=timeout) == word
        except DisplayError:
            return False

    def next(self, timeout: float = PATIENCE) -> str:
        """Return the next line; raise DisplayError if none comes."""
        try:
            line = self._queue.get(timeout=max(0.0, timeout))
        except queue.Empty:
            raise DisplayError(f"not a line within {timeout:.1f} s") from None
        if line is None:
            raise DisplayError("the process has ended")
        return line

    def expect(self, *words: str, timeout: float = PATIENCE) -> str:
        """Return the first line that is one of `words`, dropping others; raise DisplayError if none comes."""
        deadline = time.monotonic() + timeout
        while (line := self.next(deadline - time.monotonic())) not in words:
            pass
        return line

    def so_far(self, *words: str) -> list[str]:
        """Return those of the lines written until now that are one of `words`; drop the others."""
        lines = []
        with suppress(queue.Empty):
            while (line := self._queue.get_nowait()) is not None:
                lines.append(line)
        return [line for line in lines if line in words]

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._queue.put(line.strip())
        self._queue.put(None)


def _environment(name: str) -> dict[str, str]:
    """Return this process's environment, turned to a screen: plain Qt on X11, unscaled, with its own dialogs."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("QT_", "WAYLAND_", "XDG_SESSION"))}
    for key in ("XDG_CURRENT_DESKTOP", "DESKTOP_SESSION", "XAUTHORITY"):
        env.pop(key, None)
    env |= {"DISPLAY": name, "QT_QPA_PLATFORM": "xcb", "XDG_SESSION_TYPE": "x11", "NO_AT_BRIDGE": "1"}
    if "UTF-8" not in env.get("LC_ALL", env.get("LANG", "")).upper():
        env |= {"LC_ALL": "C.UTF-8"}  # else Qt cannot open a file with an emoji in its name
    return env
