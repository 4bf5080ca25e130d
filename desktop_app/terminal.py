"""What the command line does with a terminal: printing, a progress bar, signals."""

from __future__ import annotations

import contextlib
import locale
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from desktop_app import streams
from desktop_app.exit_codes import INTERRUPTED
from desktop_app.ui import wording

SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


def one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _cut(text: str, most: int) -> str:
    text = one_line(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def print_out(text: str, end: str = "\n") -> None:
    """Print on standard output. What cannot be printed is lost; `streams.lost_output` then says why."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def say(sentence: str) -> None:
    sys.stderr.write(one_line(sentence) + "\n")
    sys.stderr.flush()


def complain(sentence: str, code: int) -> int:
    say(f"sottovoce: {sentence}")
    return code


def ended(code: int) -> int:
    """Return the exit code of a command that would end with `code`: if its output was lost, that is said, and is 1.

    A reader that has enough, and a terminal that is gone, want no more of it: that is no failure.
    """
    sys.stdout.flush()
    lost = streams.lost_output()
    if lost is None or streams.has_enough(lost) or streams.is_terminal_gone(lost):
        return code
    return complain(wording.output_lost(lost.strerror or str(lost)), code or 1)


def is_to_outlive_terminal() -> bool:
    """Tell whether the command was started so that it goes on when its terminal is closed, as by nohup."""
    return hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def use_utf8_locale() -> None:
    """Ask for UTF-8 where the locale has another encoding. Qt would as well, with four lines on stderr."""
    if sys.platform != "linux" or locale.nl_langinfo(locale.CODESET).upper() == "UTF-8":
        return
    variable = "LC_ALL" if os.environ.get("LC_ALL") else "LC_CTYPE"
    named = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "C"
    for name in (f"{named.split('.')[0].split('@')[0]}.UTF-8", "C.UTF-8"):
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, name)
            os.environ[variable] = name
            return


def raise_interrupts() -> None:
    """Have Ctrl+C and SIGTERM raise KeyboardInterrupt, wherever the command is."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


class ProgressBar:
    """The progress bar on stderr."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._progress: Any = None
        self._task: Any = None

    def show(self, name: str, stage: str, progress: Any, share_done: float) -> None:
        if not self._shown:
            return
        now = {
            "name": _cut(name, 32),
            "stage": stage,
            "total": None if progress.duration is None else 1.0,
            "completed": share_done,
            "left": f"{wording.about(progress.seconds_left)} left" if progress.seconds_left is not None else "",
            "speed": wording.speed(progress.speed) if progress.speed is not None else "",
        }
        if self._progress is None:
            self._progress = _rich_progress()
            self._task = self._progress.add_task("", **now)  # it is drawn as soon as it is started
            self._progress.start()
        self._progress.update(self._task, refresh=True, **now)

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class StatusLine:
    """One line on stderr that is written anew again and again."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._width = 0

    def show(self, text: str) -> None:
        if self._shown:
            text = _cut(text, shutil.get_terminal_size().columns - 1)
            sys.stderr.write("\r" + text.ljust(self._width))
            sys.stderr.flush()
            self._width = len(text)

    def clear(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


def _rich_progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.fields[name]}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[stage]}", markup=False),
        TextColumn("{task.fields[left]}", markup=False),
        TextColumn("{task.fields[speed]}", markup=False),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)


class Signals:
    """While in this context, signals call actions in the event loop; a third one ends the program.

    SIGINT, from the keyboard, calls `action`; those of a system that shuts down or logs out call `put_off`. The second
    signal, whichever it is, calls `again`.
    """

    def __init__(
        self,
        action: Callable[[], None],
        put_off: Callable[[], None] | None = None,
        again: Callable[[], None] = lambda: None,
    ) -> None:
        self._action = action
        self._put_off = put_off or action
        self._again = again
        self._count = 0

    def __enter__(self) -> None:
        from PySide6.QtCore import QSocketNotifier

        # Python runs its handlers only between its own instructions, and Qt's loop has none: a byte wakes it.
        self._wakes, self._woken = socket.socketpair()
        self._wakes.setblocking(False)
        self._woken.setblocking(False)
        self._before_fd = signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._woken.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._on_woken)
        numbers = SIGNALS[:-1] if is_to_outlive_terminal() else SIGNALS
        self._before = {number: signal.signal(number, self._on_signal) for number in numbers}

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before_fd)
        self._notifier.setEnabled(False)
        self._wakes.close()
        self._woken.close()

    def _on_woken(self) -> None:
        self._woken.recv(64)

    def _on_signal(self, number: int, _: object) -> None:
        self._count += 1
        if self._count > 2:
            os._exit(INTERRUPTED)
        if self._count == 2:
            self._again()
        else:
            (self._action if number == signal.SIGINT else self._put_off)()
