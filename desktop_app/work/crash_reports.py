"""Writes down how the backend, or the program itself, died: one small file a death, for the user to read and pass on.

There is no word of a transcript in it, nor the name of a file, nor that of the user.
"""

from __future__ import annotations

import faulthandler
import logging
import platform
import re
import threading
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal, qVersion

import desktop_app
from desktop_app import messages
from desktop_app.logs import open_privately, shortened_frame
from desktop_app.messages import Stage
from desktop_app.work.backend_process import BackendProcess, Death
from desktop_app.work.causes import Cause
from desktop_app.work.machine import Machine, this_machine

log = logging.getLogger(__name__)

KEPT = 20
LIBRARIES = ("faster-whisper", "ctranslate2", "onnxruntime", "av", "numpy")  # what the backend can die in

_FATAL = re.compile(r"(?:Fatal Python error|Windows fatal exception): [\w :-]+")
_THREAD = re.compile(r"(?:Current thread|Thread) 0x[0-9a-f]+|  <no Python frame>")


class Doing(msgspec.Struct):
    """What the backend has told of itself since it was started."""

    device: str = ""
    compute_type: str = ""
    stage: Stage | None = Stage.STARTING  # None: it waits for work, or loads a model ahead of it
    position: float = 0.0  # seconds


class CrashReport(msgspec.Struct, frozen=True):
    """All that is told of a death."""

    moment: float  # seconds since 1970
    death: Death
    doing: Doing
    versions: dict[str, str]
    machine: Machine
    frames: tuple[str, ...]  # where it was, as faulthandler tells it


class OwnCrash(msgspec.Struct, frozen=True):
    """All that is told of a crash of the program itself, the next time it is started."""

    moment: float  # seconds since 1970
    versions: dict[str, str]
    machine: Machine
    frames: tuple[str, ...]


class CrashReports(QObject):
    """Listens to the backend, and writes a report when it has died, in a thread of its own.

    A backend that was ended because a job was cancelled is none of its business.

    written(): there is a new report.
    """

    written = Signal()

    def __init__(
        self,
        backend: BackendProcess,
        folder: Path,
        in_words: Callable[[CrashReport], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._in_words = in_words
        self._doing = Doing()
        backend.event_received.connect(self._on_event)
        backend.died.connect(self._on_died)

    def _on_event(self, event: messages.Event) -> None:
        doing = self._doing
        match event:
            case messages.BackendReady():
                doing.stage = None
            case messages.ModelLoaded():
                doing.device, doing.compute_type = event.device, event.compute_type
            case messages.Progress():
                doing.stage, doing.position = event.stage, event.position
            case messages.JobFinished() | messages.JobFailed() | messages.JobCancelled():
                doing.stage, doing.position = None, 0.0

    def _on_died(self, death: Death) -> None:
        doing, self._doing = self._doing, Doing()
        if death.cause is not Cause.CANCELLED:
            # No daemon: a program that ends waits for it, some milliseconds.
            threading.Thread(target=self._write, args=(time.time(), death, doing), name="crash report").start()

    def _write(self, moment: float, death: Death, doing: Doing) -> None:
        """In the thread: the processor is asked, which takes its time on large machines, and the disk."""
        report = CrashReport(moment, death, doing, _versions(), this_machine(), tuple(frames_in(death.last_words)))
        if _keep(self._folder, moment, self._in_words(report)):
            self.written.emit()


def watch_this_program(dump: Path, folder: Path, in_words: Callable[[OwnCrash], str]) -> None:
    """Have a crash of this program written to `dump`. If there is one from the last time, it becomes a report.

    Only for a program that runs once at a time. Raise OSError.
    """
    last_words, moment = (dump.read_text(errors="replace"), dump.stat().st_mtime) if dump.exists() else ("", 0.0)
    if frames := tuple(frames_in(last_words)):
        _keep(folder, moment, in_words(OwnCrash(moment, _versions(), this_machine(), frames)))
    dump.unlink(missing_ok=True)
    faulthandler.enable(open_privately(dump))


def _keep(folder: Path, moment: float, text: str) -> bool:
    """Write a report, and forget the oldest. Tell whether it could be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_privately(folder / f"{_name(moment)}.txt", "x") as file:
            file.write(text)
        for old in _reports(folder)[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("no crash report: %s", error.strerror)
        return False
    return True


def newest(folder: Path) -> str | None:
    """Return the text of the last report, or None if there is none."""
    reports = _reports(folder)
    try:
        return reports[-1].read_text(encoding="utf-8") if reports else None
    except OSError:
        return None


def frames_in(last_words: str) -> list[str]:
    """Return what faulthandler wrote in the end, of which nothing can be private: the error, the threads, the places.

    Of the files in it, which are Python's and ours, the folders above their packages are left out.
    """
    found: list[str] = []
    for line in last_words.splitlines():
        if fatal := _FATAL.match(line):
            found = [fatal[0]]
        elif found and (thread := _THREAD.match(line)):
            found.append(thread[0])
        elif found and (place := shortened_frame(line)) is not None:
            found.append(place)
    return found


def _reports(folder: Path) -> list[Path]:
    """Return the reports, the oldest first."""
    return sorted(folder.glob("*.txt"))


def _name(moment: float) -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(moment))}-{int(moment % 1 * 1_000_000):06}"


def _versions() -> dict[str, str]:
    ours = {"Sottovoce": desktop_app.__version__, "Python": platform.python_version(), "Qt": qVersion()}
    return ours | {name: _version_of(name) for name in LIBRARIES}


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
