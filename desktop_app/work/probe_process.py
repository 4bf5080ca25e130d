"""Runs the probe until it has said all it can, without what it died of."""

from __future__ import annotations

import enum
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from desktop_app.exit_codes import OTHER_VERSION
from desktop_app.messages import (
    LONGEST_LINE,
    EngineFound,
    Garbled,
    Measuring,
    ProbeEvent,
    Tried,
    Trying,
    Unmeasured,
    probe_event_from,
)
from desktop_app.models import machine
from desktop_app.models.machine import Machine
from desktop_app.work.backend_process import child_environment
from desktop_app.work.causes import Cause, cause_of, code_in_words

log = logging.getLogger(__name__)

LIMIT = 10.0  # seconds without a word from it
LOADING = 3  # times that, until the engine is loaded: from a cold disk say
LONGEST = 6  # times that, with all its runs
MOST_DEATHS = 20  # a dozen kinds of arithmetic on two cards, at the worst
BY_CHANCE = (Cause.OUT_OF_MEMORY_KILL, Cause.ENDED_FROM_OUTSIDE)
LEAVE_PATIENCE_MS = 1000
LAST_WORDS = 2000  # bytes, for the log


class ProbeTrouble(enum.StrEnum):
    """Why a probe could not find out everything."""

    NOT_STARTED = "not_started"
    TOOK_TOO_LONG = "took_too_long"
    DIED = "died"
    UPDATED = "updated"  # the program, under its window: the probe is of another version


class Probed(msgspec.Struct, frozen=True):
    """What a probe found out: the whole, or as far as it came."""

    machine: Machine
    trouble: ProbeTrouble | None = None
    detail: str = ""  # for the log


class ProbeProcess(QObject):
    """The process that tries what this computer can do; a new one wherever it dies of a trial.

    What takes too long, or is killed from outside, is tried once more: the computer may have been busy, asleep, or
    short of memory just then.

    ended(probed): a Probed; None if it was stopped before.
    """

    ended = Signal(object)

    def __init__(self, command: Sequence[str], parent: QObject | None = None, limit: float = LIMIT) -> None:
        """command: what starts the backend. limit: seconds without a word of it while it tries something."""
        super().__init__(parent)
        self._command = [*command, "probe"]
        self._process: QProcess | None = None
        self._found: list[ProbeEvent] = []
        self._deaths: list[Tried | Unmeasured] = []
        self._doubtful: set[str] = set()  # what it may have died of by chance
        self._ends = 0.0  # by the monotonic clock
        self._limit_ms = round(limit * 1000)
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._on_limit)

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        return self._process.processId() if self._process else 0

    def glance(self) -> None:
        """Look what there is, without trying it. Takes about 0.2 s."""
        self._begin(["--glance"])

    def look(self, model: Path | None = None, name: str = "", patient: bool = False) -> None:
        """Try everything, and measure the model in that folder, if one is named.

        Takes up to five seconds, on a slow computer without measuring; patient: it is measured however long it takes.
        """
        measured = ["--model", os.fsencode(model).hex(), "--name", name] if model else []
        self._begin([*measured, *(["--patient"] if patient else [])])

    def stop(self) -> None:
        """End it now."""
        process = self._disowned()
        if process is not None:
            process.finished.connect(process.deleteLater)
            process.kill()
            self.ended.emit(None)

    def close(self) -> None:
        """End it, and see to it. Waits up to a second: for the end of the program only."""
        process = self._disowned()
        if process is not None:
            process.kill()
            process.waitForFinished(LEAVE_PATIENCE_MS)

    def _begin(self, arguments: list[str]) -> None:
        assert self._process is None
        self._arguments, self._deaths, self._doubtful = arguments, [], set()
        self._ends = time.monotonic() + LONGEST * self._limit_ms / 1000
        self._run()

    def _run(self) -> None:
        self._found = []
        self._process = process = QProcess(self)
        process.setProcessEnvironment(child_environment())
        process.readyReadStandardOutput.connect(self._on_output)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        without = [word for death in self._deaths for word in _without(death)]
        self._limit.start(LOADING * self._limit_ms)
        process.start(self._command[0], [*self._command[1:], *self._arguments, *without])

    def _on_output(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            try:
                self._found.append(probe_event_from(bytes(process.readLine().data())))
                if isinstance(self._found[-1], EngineFound | Trying | Tried | Measuring):
                    self._limit.start(self._limit_ms)
            except Garbled as error:
                log.warning("the probe spoke nonsense: %s", error)
                process.kill()
                return
        if process is not None and process.bytesAvailable() > LONGEST_LINE:
            process.kill()

    def _on_limit(self) -> None:
        if self._process is not None:
            self._process.kill()  # what it was trying is then what it died of

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(ProbeTrouble.NOT_STARTED, "")

    def _on_finished(self, exit_code: int, status: QProcess.ExitStatus) -> None:
        took_too_long = not self._limit.isActive()  # before what is still unread begins it anew
        self._on_output()
        crashed = status == QProcess.ExitStatus.CrashExit
        if not crashed and exit_code == 0:
            self._end()
            return
        if not crashed and exit_code == OTHER_VERSION:
            self._end(ProbeTrouble.UPDATED)
            return
        how = "it took too long" if took_too_long else code_in_words(exit_code, crashed)
        log.warning("the probe ended: %s; %s", how, self._last_words())
        death = _death_of(self._found[-1], how) if self._found else None
        if death is None or len(self._deaths) >= MOST_DEATHS or time.monotonic() > self._ends:
            self._end(ProbeTrouble.TOOK_TOO_LONG if took_too_long else ProbeTrouble.DIED, how)
            return
        what = " ".join(_without(death))
        by_chance = took_too_long or cause_of(exit_code, crashed) in BY_CHANCE
        if by_chance and what not in self._doubtful:
            self._doubtful.add(what)
        else:
            self._deaths.append(death)
        self._disowned()
        self._run()

    def _last_words(self) -> str:
        said = bytes(self._process.readAllStandardError().data()) if self._process else b""
        return said[-LAST_WORDS:].decode("utf-8", "backslashreplace")

    def _end(self, trouble: ProbeTrouble | None = None, detail: str = "") -> None:
        self._disowned()
        found = machine.made_of([*self._found, *self._deaths])
        self.ended.emit(Probed(found, trouble, detail))

    def _disowned(self) -> QProcess | None:
        """Return the process, if there is one; it is none of ours any more."""
        process, self._process = self._process, None
        self._limit.stop()
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._on_output)
            process.errorOccurred.disconnect(self._on_error)
            process.finished.disconnect(self._on_finished)
            if process.state() == QProcess.ProcessState.NotRunning:
                process.deleteLater()
        return process


def _death_of(last: ProbeEvent, how: str) -> Tried | Unmeasured | None:
    """Return what the probe died of, if it had announced it."""
    if isinstance(last, Trying):
        return Tried(last.device, last.index, last.compute_type, False, 0.0, how, crashed=True)
    if isinstance(last, Measuring):
        return Unmeasured(last.model, last.device, last.index, how)
    return None


def _without(death: Tried | Unmeasured) -> tuple[str, str]:
    """Return the option that leaves it out."""
    device = f"{death.device}:{death.index}"
    return ("--without", f"{device}:{death.compute_type}") if isinstance(death, Tried) else ("--unmeasured", device)
