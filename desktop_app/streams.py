"""Standard output and standard error that take everything: what cannot be written is lost, and never an exception.

A terminal goes away (EIO), a reader such as `head` has enough (EPIPE), a disk is full (ENOSPC), or the stream was
closed before the program began. Whoever reports an error must not fail for that: the command would end halfway, or
never.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

_output: _Unfailing | None = None  # what is behind sys.stdout


class _Unfailing(io.RawIOBase):
    """Writes to another raw stream until that fails once. Then it only seems to; `error` says why."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.name: Any = getattr(raw, "name", "")
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def write(self, data: Any) -> int:
        if self.error is None:
            try:
                written = self._raw.write(data)
            except OSError as error:
                self.error = error
            else:
                if written is not None:  # None: it would block
                    return written
                self.error = BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return len(data)


def take_over() -> None:
    """Make sys.stdout and sys.stderr unfailing, and UTF-8 wherever no terminal says otherwise.

    To be called before any file is opened: one that got the number of a closed standard stream would be written to by
    whatever library prints something.
    """
    global _output
    _fill_closed()
    sys.stderr, _ = _unfailing(sys.stderr)
    sys.stdout, _output = _unfailing(sys.stdout)
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 (for as long as the program lives)


def lost_output() -> OSError | None:
    """Return why something that was printed on standard output was lost; None if nothing was."""
    return _output.error if _output is not None else None


def has_enough(error: OSError) -> bool:
    """Tell whether it was lost because its reader, such as `head`, has enough."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def is_terminal_gone(error: OSError) -> bool:
    """Tell whether it was lost because the terminal was closed, or the connection to it cut."""
    return error.errno == errno.EIO


def _fill_closed() -> None:
    """Open the null device in the place of each standard stream that was closed."""
    if sys.platform == "win32":
        return
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one


def _unfailing(stream: TextIO | None) -> tuple[TextIO, _Unfailing | None]:
    """Return a stream in the place of `stream`; and what is behind it, unless it is none of the system's."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8"), None
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # with PYTHONUNBUFFERED there is nothing between
    if not isinstance(raw, io.RawIOBase) or isinstance(raw, _Unfailing):  # a test's own; or it was done before
        with suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[attr-defined]
        return stream, raw if isinstance(raw, _Unfailing) else None
    behind = _Unfailing(raw)
    wrapped = io.TextIOWrapper(
        io.BufferedWriter(behind),
        encoding=_encoding(stream),
        errors="replace",
        line_buffering=getattr(stream, "line_buffering", False),
    )
    return wrapped, behind


def _encoding(stream: TextIO) -> str:
    """Return what to write in: a terminal shows its own encoding alone; a file or a program is given UTF-8."""
    return stream.encoding if stream.isatty() or os.environ.get("PYTHONIOENCODING") else "utf-8"
