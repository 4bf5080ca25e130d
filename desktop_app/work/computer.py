"""The computer: watched, kept awake, put to sleep, shut down."""

from __future__ import annotations

import ctypes
import logging
import os
import queue
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from desktop_app.work.named_thread import NamedThread
from desktop_app.work.surroundings import POWER_SUPPLIES, idle_seconds, on_mains

log = logging.getLogger(__name__)

LOOK_EVERY = 8.0  # seconds: less than schedule.BUSY_BELOW, so that every touch is seen
BELIEVED_AFTER = 3  # looks in a row, before it is believed that something cannot be told
LEAVE_PATIENCE_MS = 500

SLEEP = {
    "linux": ["systemctl", "suspend"],
    "darwin": ["pmset", "sleepnow"],
    "win32": ["rundll32.exe", "powrprof.dll,SetSuspendState", "0,1,0"],  # hibernates, where Windows is set up for that
}
SHUT_DOWN = {
    "linux": ["systemctl", "poweroff"],
    "darwin": ["osascript", "-e", 'tell application "System Events" to shut down'],
    "win32": ["shutdown", "/s", "/t", "0"],  # without a delay, Windows lets programs with unsaved work object
}


class Computer(NamedThread):
    """What the computer runs on and whether somebody is at it, looked up in a thread of its own while it is watched.

    Before the first look somebody is at it and it lives on its battery, so that nothing begins on a guess.
    looked(): `mains` and `idle` are fresh.
    """

    mains: bool | None
    idle: float | None  # seconds since a key or the mouse was touched
    _untold_mains = _untold_idle = 0  # looks in a row that could not tell
    looked = Signal()
    _seen = Signal(object, object)

    def __init__(self, supplies: Path = POWER_SUPPLIES, parent: QObject | None = None) -> None:
        super().__init__("surroundings", parent)
        self._supplies = supplies
        self._wishes: queue.SimpleQueue[bool] = queue.SimpleQueue()  # True: look; False: end
        self._timer = QTimer(self)
        self._timer.setInterval(round(LOOK_EVERY * 1000))
        self._timer.timeout.connect(self._look)
        self._seen.connect(self._on_seen)
        self._forget()

    @property
    def is_watched(self) -> bool:
        return self._timer.isActive()

    def watch(self) -> None:
        """Look now and again and again, until `rest`. Returns at once."""
        if not self.is_watched:
            self.start()
            self._timer.start()
            self._look()

    def rest(self) -> None:
        """Look no more; costs nothing from here on."""
        self._timer.stop()
        self._forget()

    def close(self) -> None:
        """End the thread. Waits for it, some seconds at the very most: for the end of the program only."""
        self.rest()
        if self.isRunning():
            self._wishes.put(False)
            self.wait()

    def run(self) -> None:
        while self._wishes.get():
            self._seen.emit(on_mains(self._supplies), idle_seconds())

    def _look(self) -> None:
        if self._wishes.empty():  # a slow look is not asked for twice
            self._wishes.put(True)

    def _on_seen(self, mains: bool | None, idle: float | None) -> None:
        if not self.is_watched:
            return
        self._untold_mains = self._untold_mains + 1 if mains is None else 0
        self._untold_idle = self._untold_idle + 1 if idle is None else 0
        if self._untold_mains in (0, BELIEVED_AFTER):
            self.mains = mains
        if self._untold_idle in (0, BELIEVED_AFTER):
            self.idle = idle
        self.looked.emit()

    def _forget(self) -> None:
        self.mains, self.idle = False, 0.0
        self._untold_mains = self._untold_idle = 0


class KeptAwake(QObject):
    """Holds the computer back from falling asleep by itself. Ends with the program, however that ends."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._holder: QProcess | None = None
        self._has_complained = False

    def hold(self, reason: str) -> None:
        """Keep it awake from now on. Returns at once; where it cannot be done, nothing happens.

        `reason` is shown by the system to those who ask it why it does not sleep.
        """
        if sys.platform == "win32":
            _keep_awake(True)
        elif self._holder is None:
            self._start(_holder_command(reason))

    def release(self) -> None:
        """Let it sleep again. Returns at once."""
        if sys.platform == "win32":
            _keep_awake(False)
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.errorOccurred.disconnect(self._on_error)
            holder.finished.disconnect(self._on_gone)
            holder.finished.connect(holder.deleteLater)
            holder.closeWriteChannel()
            holder.kill()

    def close(self) -> None:
        """Release it, and wait until the holder has gone: for the end of the program only."""
        self.release()
        for holder in self.findChildren(QProcess):
            holder.waitForFinished(LEAVE_PATIENCE_MS)

    def _start(self, command: list[str]) -> None:
        holder = QProcess(self)
        holder.setStandardOutputFile(QProcess.nullDevice())
        holder.errorOccurred.connect(self._on_error)
        holder.finished.connect(self._on_gone)
        self._holder = holder
        holder.start(command[0], command[1:])

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._on_gone()

    def _on_gone(self) -> None:
        """It could not do its work, or somebody else has ended it."""
        holder, self._holder = self._holder, None
        if holder is not None:
            self._complain(bytes(holder.readAllStandardError().data()).decode(errors="replace") or holder.errorString())
            holder.deleteLater()

    def _complain(self, detail: str) -> None:
        if not self._has_complained:
            log.info("the computer may fall asleep at work: %s", detail.strip())
        self._has_complained = True


def sleep() -> bool:
    """Ask the system to sleep. Return False if it cannot be asked; whether it obeys is its own affair.

    Release what keeps it awake some seconds before: Linux does not sleep while that holds.
    """
    return _ask_system(SLEEP)


def shut_down() -> bool:
    """Ask the system to shut down. Return False if it cannot be asked."""
    return _ask_system(SHUT_DOWN)


def _holder_command(reason: str) -> list[str]:
    """Return the command that keeps this computer awake until it is killed, or this process has ended."""
    if sys.platform == "darwin":
        return ["caffeinate", "-i", "-w", str(os.getpid())]
    # cat ends when the pipe from us is closed, as the system does for a process that was killed; with it the holder.
    keep = ["systemd-inhibit", "--what=sleep:idle", "--mode=block", "--who=Sottovoce", f"--why={reason}"]
    return [*keep, "cat"]


def _ask_system(commands: dict[str, list[str]]) -> bool:
    command = commands.get(sys.platform)
    return command is not None and QProcess.startDetached(command[0], command[1:])[0]


if sys.platform == "win32":

    def _keep_awake(on: bool) -> None:
        """Holds as long as the calling thread lives: to be called in the window's."""
        continuous, system_required = 0x80000000, 0x00000001
        ctypes.windll.kernel32.SetThreadExecutionState(continuous | (system_required if on else 0))
