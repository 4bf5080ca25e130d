"""Starts a porter, gives it its one command, and tells what comes of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from desktop_app.exit_codes import OTHER_VERSION
from desktop_app.logs import LogFile
from desktop_app.messages import (
    LONGEST_LINE,
    Garbled,
    ModelTrouble,
    PorterCommand,
    PorterDone,
    PorterEvent,
    PorterFailed,
    PorterProgress,
    UpdateChecked,
    porter_event_from,
    to_line,
)
from desktop_app.work.backend_process import child_environment

log = logging.getLogger(__name__)

LEAVE_PATIENCE_MS = 1000


class PorterProcess(QObject):
    """One porter and its command.

    progressed(progress): a PorterProgress.
    ended(event): PorterDone, UpdateChecked or PorterFailed, also if it died; None if it was stopped before. The
    process is gone.
    """

    progressed = Signal(object)
    ended = Signal(object)

    def __init__(self, command: Sequence[str], log_file: LogFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = list(command)
        self._log = log_file
        self._unlogged = b""
        self._outcome: PorterDone | UpdateChecked | PorterFailed | None = None
        self._is_stopped = self._has_ended = False
        self._process = QProcess(self)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(LEAVE_PATIENCE_MS)
        self._patience.timeout.connect(self._process.kill)
        self._process.setProcessEnvironment(child_environment())
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_said)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)

    @property
    def pid(self) -> int:
        return self._process.processId()

    def start(self, command: PorterCommand) -> None:
        self._process.start(self._command[0], self._command[1:])
        self._process.write(to_line(command))

    def stop(self) -> None:
        """Have it end now: it leaves when its stdin is closed. `ended` follows."""
        if not self._is_stopped:
            self._is_stopped = True
            self._process.closeWriteChannel()
            self._patience.start()

    def wait(self) -> None:
        """See to it that it is gone. Waits up to two seconds: for the end of the program only."""
        if not self._process.waitForFinished(LEAVE_PATIENCE_MS):
            self._process.kill()
            self._process.waitForFinished(LEAVE_PATIENCE_MS)

    def _on_output(self) -> None:
        while self._process.canReadLine():
            try:
                self._take(porter_event_from(bytes(self._process.readLine().data())))
            except Garbled as error:
                self._give_up(f"it spoke nonsense: {error}")
                return
        if self._process.bytesAvailable() > LONGEST_LINE:
            self._give_up("it spoke without end")

    def _take(self, event: PorterEvent) -> None:
        if isinstance(event, PorterProgress):
            if not self._is_stopped:
                self.progressed.emit(event)
        else:
            self._outcome = event

    def _give_up(self, why: str) -> None:
        log.error("a porter is ended: %s", why)
        self._outcome = PorterFailed(ModelTrouble.UNFORESEEN, why)
        self._process.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._outcome = PorterFailed(ModelTrouble.UNFORESEEN, self._process.errorString())
            self._end()

    def _on_finished(self, exit_code: int) -> None:
        self._on_output()  # its last words
        self._on_said()
        self._log_lines(self._unlogged)
        if self._outcome is None and not self._is_stopped:
            why = ModelTrouble.UPDATED if exit_code == OTHER_VERSION else ModelTrouble.UNFORESEEN
            self._outcome = PorterFailed(why, f"it ended with {exit_code}")
        self._end()

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.ended.emit(self._outcome)

    def _on_said(self) -> None:
        lines, _, self._unlogged = (self._unlogged + self._process.readAllStandardError().data()).rpartition(b"\n")
        self._log_lines(lines)

    def _log_lines(self, lines: bytes) -> None:
        if lines:
            self._log.keep(lines.decode("utf-8", "backslashreplace"))
