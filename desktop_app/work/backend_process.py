"""Starts the backend, speaks to it, tells when it died."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from desktop_app import paths
from desktop_app.exit_codes import OTHER_VERSION
from desktop_app.logs import LogFile
from desktop_app.messages import (
    LONGEST_LINE,
    BackendReady,
    Command,
    Failure,
    Garbled,
    LoadModel,
    Transcribe,
    event_from,
    to_line,
)
from desktop_app.work.causes import Cause, cause_of, code_in_words

log = logging.getLogger(__name__)

LEAVE_PATIENCE_MS = 500
LAST_WORDS = 64 * 1024  # bytes: more than a dump of all threads takes


class Death(msgspec.Struct, frozen=True):
    """How the backend ended, when nobody had asked it to."""

    kind: Failure  # BACKEND_DIED, BACKEND_STALLED, BACKEND_GARBLED or BACKEND_NOT_STARTED
    exit_code: int
    crashed: bool  # by a signal, or an exception of Windows
    killed_by_us: bool = False
    last_words: str = ""  # the end of what it wrote on stderr

    @property
    def cause(self) -> Cause:
        if self.kind is Failure.BACKEND_STALLED:
            return Cause.STALLED
        if self.kind is not Failure.BACKEND_DIED:
            return Cause.UNKNOWN
        return Cause.CANCELLED if self.killed_by_us else cause_of(self.exit_code, self.crashed)

    @property
    def detail(self) -> str:
        return f"{self.cause}: {code_in_words(self.exit_code, self.crashed)}"

    @property
    def is_for_memory(self) -> bool:
        """Whether the system killed it, which it does when memory runs out."""
        return self.cause is Cause.OUT_OF_MEMORY_KILL


class BackendProcess(QObject):
    """The transcription process, as the rest of the program sees it. It may be started again after it ended.

    event_received(event): one of messages.Event arrived.
    died(death): it ended without having been asked to.
    program_updated(): it is of another version now, as it will be whenever it is started again.
    """

    event_received = Signal(object)
    died = Signal(object)
    program_updated = Signal()

    def __init__(self, command: Sequence[str], log_file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = list(command)
        self._log = LogFile(log_file, "%(message)s")
        self._unlogged = b""  # the line it is about to write
        self._last_words = b""
        self._process: QProcess | None = None
        self._garbled = False
        self._killed_because: Failure | None = None
        self._models: set[bytes] = set()  # that it was told to load, since it was started
        self.is_ready = False  # it has said that it reads commands

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        return self._process.processId() if self._process else 0

    @property
    def most_memory(self) -> int:
        """Return the bytes it has taken at the most, with its only model; 0 if it had others, or if nobody tells."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_bytes() if len(self._models) == 1 else b""
        except OSError:  # Linux alone tells
            return 0
        found = re.search(rb"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0

    def start(self) -> None:
        """Start it, unless it runs. Returns at once; commands may be sent right away."""
        if self._process is not None:
            return
        self._garbled = self.is_ready = False
        self._killed_because = None
        self._last_words, self._models = b"", set()
        process = QProcess(self)
        process.setProcessEnvironment(child_environment())
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_said)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        process.start(self._command[0], self._command[1:])

    def send(self, command: Command) -> None:
        """Send a command; start the backend if it does not run."""
        self.start()
        if isinstance(command, LoadModel | Transcribe):
            self._models.add(command.model)
        if self._process is not None:  # else it could not even be started, and `died` has said so
            self._process.write(to_line(command))

    def kill(self, because: Failure = Failure.BACKEND_DIED) -> None:
        """End it now, whatever it does. `died` follows, with `because` as its kind."""
        if self._process is not None:
            log.info("the backend is ended, since it does not answer in time")
            self._killed_because = because
            self._process.kill()

    def restart(self) -> None:
        """End it now, without a word to anybody; the next command starts it again."""
        self.is_ready = False
        if (process := self._disowned()) is not None:
            process.finished.connect(process.deleteLater)
            process.kill()

    def stop(self) -> None:
        """Ask it to leave, and see to it. Waits up to a second: for the end of the program only."""
        process = self._disowned()
        if process is None:
            return
        process.closeWriteChannel()
        if not process.waitForFinished(LEAVE_PATIENCE_MS):
            process.kill()
            process.waitForFinished(LEAVE_PATIENCE_MS)
        self._keep_words(process)
        self._close_log()

    def _disowned(self) -> QProcess | None:
        """Return the process, if there is one; it is none of ours any more."""
        process, self._process = self._process, None
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._on_output)
            process.readyReadStandardError.disconnect(self._on_said)
            process.errorOccurred.disconnect(self._on_error)
            process.finished.disconnect(self._on_finished)
        return process

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
        self.kill(Failure.BACKEND_GARBLED)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._ended(Death(Failure.BACKEND_NOT_STARTED, 0, False))

    def _on_finished(self, exit_code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()  # its last words
        kind = self._killed_because or Failure.BACKEND_DIED
        crashed = status == QProcess.ExitStatus.CrashExit
        if exit_code == OTHER_VERSION and not crashed:
            self._disown_updated()
            return
        last_words = self._last_words.decode("utf-8", "replace")
        self._ended(Death(kind, exit_code, crashed, self._killed_because is not None, last_words))

    def _disown_updated(self) -> None:
        log.warning("the backend is of another version")
        self.is_ready = False
        if (process := self._disowned()) is not None:
            process.deleteLater()
            self._close_log()
            self.program_updated.emit()

    def _ended(self, death: Death) -> None:
        process, self._process = self._process, None
        self.is_ready = False
        if process is not None:
            process.deleteLater()
            self._close_log()
            log.warning("the backend ended: %s, %s", death.kind, death.detail)
            self.died.emit(death)

    def _on_said(self) -> None:
        if self._process is not None:
            self._keep_words(self._process)

    def _keep_words(self, process: QProcess) -> None:
        """Write what it says on stderr to the log, which is kept here: that survives whatever becomes of the backend.

        A few lines a job. Of a library that prints without end, the pipe holds back all but 64 KB at a time.
        """
        said = bytes(process.readAllStandardError().data())
        self._last_words = (self._last_words + said)[-LAST_WORDS:]
        lines, _, self._unlogged = (self._unlogged + said).rpartition(b"\n")
        if len(self._unlogged) > LAST_WORDS:
            lines, self._unlogged = lines + self._unlogged, b""
        self._log_lines(lines)

    def _close_log(self) -> None:
        self._log_lines(self._unlogged)
        self._unlogged = b""
        self._log.close()

    def _log_lines(self, lines: bytes) -> None:
        if lines:
            self._log.keep(lines.decode("utf-8", "backslashreplace"))


def child_environment() -> QProcessEnvironment:
    """Return the environment of a process of ours."""
    environment = QProcessEnvironment.systemEnvironment()
    for name, value in paths.for_children().items():
        environment.insert(name, value)
    environment.insert("HF_HUB_OFFLINE", "1")  # nothing leaves the machine by way of a library
    return environment
