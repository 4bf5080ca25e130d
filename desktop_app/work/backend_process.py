"""Starts the backend, speaks to it, tells when it died."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

import desktop_app
from desktop_app.messages import LONGEST_LINE, BackendReady, Command, Failure, Garbled, event_from, to_line

log = logging.getLogger(__name__)

LEAVE_PATIENCE_MS = 500
LARGEST_LOG = 1_000_000  # bytes; then it becomes backend.log.1


class Death(msgspec.Struct, frozen=True):
    """How the backend ended, when nobody had asked it to."""

    kind: Failure  # BACKEND_DIED, BACKEND_GARBLED or BACKEND_NOT_STARTED
    exit_code: int
    crashed: bool  # by a signal, or an exception of Windows

    @property
    def detail(self) -> str:
        return f"exit code {self.exit_code}{', crashed' if self.crashed else ''}"


class BackendProcess(QObject):
    """The transcription process, as the rest of the program sees it. It may be started again after it ended.

    event_received(event): one of messages.Event arrived.
    died(death): it ended without having been asked to.
    """

    event_received = Signal(object)
    died = Signal(object)

    def __init__(self, command: Sequence[str], log_file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = list(command)
        self._log_file = log_file
        self._process: QProcess | None = None
        self._garbled = False
        self.is_ready = False  # it has said that it reads commands

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        return self._process.processId() if self._process else 0

    def start(self) -> None:
        """Start it, unless it runs. Returns at once; commands may be sent right away."""
        if self._process is not None:
            return
        self._garbled = self.is_ready = False
        self._rotate_log()
        process = QProcess(self)
        process.setProcessEnvironment(_environment())
        process.setStandardErrorFile(str(self._log_file), QProcess.OpenModeFlag.Append)
        process.readyReadStandardOutput.connect(self._on_output)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        process.start(self._command[0], self._command[1:])

    def send(self, command: Command) -> None:
        """Send a command; start the backend if it does not run."""
        self.start()
        if self._process is not None:  # else it could not even be started, and `died` has said so
            self._process.write(to_line(command))

    def kill(self) -> None:
        """End it now, whatever it does. `died` follows."""
        if self._process is not None:
            log.info("the backend is ended, since it does not answer in time")
            self._process.kill()

    def stop(self) -> None:
        """Ask it to leave, and see to it. Waits up to a second: for the end of the program only."""
        process, self._process = self._process, None
        if process is None:
            return
        process.readyReadStandardOutput.disconnect(self._on_output)
        process.errorOccurred.disconnect(self._on_error)
        process.finished.disconnect(self._on_finished)
        process.closeWriteChannel()
        if not process.waitForFinished(LEAVE_PATIENCE_MS):
            process.kill()
            process.waitForFinished(LEAVE_PATIENCE_MS)

    def _on_output(self) -> None:
        process = self._process
        while process is not None and not self._garbled and process.canReadLine():
            try:
                event = event_from(bytes(process.readLine().data()))
            except Garbled as error:
                self._give_up(error)
                return
            if isinstance(event, BackendReady):
                self.is_ready = True
                log.info("backend %d: %s", event.pid, event.engine)
            self.event_received.emit(event)
            process = self._process  # whoever received it may have stopped the backend
        if process is not None and not self._garbled and process.bytesAvailable() > LONGEST_LINE:
            self._give_up(Garbled("a line without end"))

    def _give_up(self, error: Garbled) -> None:
        """A backend that does not keep to the protocol cannot be trusted with the next message either."""
        log.error("the backend spoke nonsense: %s", error)
        self._garbled = True
        self.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._ended(Death(Failure.BACKEND_NOT_STARTED, 0, False))

    def _on_finished(self, exit_code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()  # its last words
        kind = Failure.BACKEND_GARBLED if self._garbled else Failure.BACKEND_DIED
        self._ended(Death(kind, exit_code, status == QProcess.ExitStatus.CrashExit))

    def _ended(self, death: Death) -> None:
        process, self._process = self._process, None
        self.is_ready = False
        if process is not None:
            process.deleteLater()
            log.warning("the backend ended: %s, %s", death.kind, death.detail)
            self.died.emit(death)

    def _rotate_log(self) -> None:
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        if self._log_file.exists() and self._log_file.stat().st_size > LARGEST_LOG:
            self._log_file.replace(self._log_file.with_name(self._log_file.name + ".1"))


def _environment() -> QProcessEnvironment:
    """Return ours, so that the backend finds this very program and no files of the folder we were started in."""
    environment = QProcessEnvironment.systemEnvironment()
    if not getattr(sys, "frozen", False):
        home_of_code = str(Path(desktop_app.__file__).resolve().parent.parent)
        inherited = environment.value("PYTHONPATH")
        environment.insert("PYTHONPATH", home_of_code + (os.pathsep + inherited if inherited else ""))
        environment.insert("PYTHONSAFEPATH", "1")
    environment.insert("HF_HUB_OFFLINE", "1")  # nothing leaves the machine
    environment.insert("PYTHONIOENCODING", "utf-8:backslashreplace")
    return environment
