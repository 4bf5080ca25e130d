"""The logs: files of a bounded size, for the user's eyes alone, without names of files and without what was said."""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
from io import TextIOWrapper
from pathlib import Path
from typing import Literal

LARGEST_LOG = 1_000_000  # bytes; then it becomes NAME.1, and the NAME.1 before it goes
FORM = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"

_FRAME = re.compile(r'([ |+]*File )"(.*)"(, line \d+(?:,? in \S+)?)')  # of a traceback: Python's or faulthandler's
_PACKAGES = re.compile(r"site-packages|dist-packages|python3\.\d+|Lib")
_SUSPECT = re.compile(r"['\"“/\\]")
_QUOTED = re.compile(r"""(?<!\w)b?['"“](?:.*['"”](?!\w)|.*)""")
_PATH = re.compile(r"(?<![\w/\\])(?:~|[A-Za-z]:)?[/\\].*")


class LogFile(logging.handlers.RotatingFileHandler):
    """A log that does not grow for ever, that nobody else may read, and that holds no names (see `without_names`)."""

    def __init__(self, file: Path, form: str = FORM) -> None:
        super().__init__(
            file, maxBytes=LARGEST_LOG, backupCount=1, encoding="utf-8", errors="backslashreplace", delay=True
        )
        self.setFormatter(logging.Formatter(form))

    def format(self, record: logging.LogRecord) -> str:
        return without_names(super().format(record))

    def keep(self, text: str) -> None:
        """Write `text` as it is, but for names."""
        self.handle(logging.makeLogRecord({"msg": text}))

    def rotate(self, source: str, dest: str) -> None:
        try:
            Path(source).replace(dest)
        except OSError:  # on Windows, while another of our programs writes to it
            os.truncate(source, 0)

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return open_privately(Path(self.baseFilename))


def log_to(file: Path) -> None:
    """Have this program's log written to `file`. Raise OSError if it cannot be."""
    open_privately(file).close()
    logging.basicConfig(handlers=[LogFile(file)], level=logging.INFO)


def open_privately(file: Path, mode: Literal["a", "x"] = "a") -> TextIOWrapper:
    """Open a text file that only the user can read, to be written to. Raise OSError."""
    return open(
        file, mode, encoding="utf-8", errors="backslashreplace", opener=lambda path, flags: os.open(path, flags, 0o600)
    )


def without_names(text: str) -> str:
    """Return a text for the log without what may be the name of a file, or something that was said.

    The messages of libraries, and Python's own, quote what they complain of. Of the files in tracebacks, which are
    programs, the folders above their packages go: the user's name is among them.
    """
    return "\n".join(_cleaned(line) for line in text.split("\n"))


def shortened_frame(line: str) -> str | None:
    """Return a line of a traceback that names a place in a program, the folders above its package left out.

    None if it is no such line.
    """
    frame = _FRAME.fullmatch(line)
    return f'{frame[1]}"{_below_its_package(frame[2])}"{frame[3]}' if frame else None


def _cleaned(line: str) -> str:
    if not _SUSPECT.search(line):  # as most are not: a library that prints without end must not keep the window busy
        return line
    frame = shortened_frame(line)
    return _PATH.sub("…", _QUOTED.sub("…", line)) if frame is None else frame


def _below_its_package(file: str) -> str:
    parts = re.split(r"[/\\]", file)
    for place in reversed(range(len(parts) - 1)):
        if parts[place] == "desktop_app":
            return "/".join(parts[place:])
        if _PACKAGES.fullmatch(parts[place]):
            return "/".join(parts[place + 1 :])
    return parts[-1]
