"""Tells the user that jobs have ended, or that a recording is in trouble, while the window is in the background."""

from __future__ import annotations

import html
import shutil
import sys

from PySide6.QtCore import QObject, QProcess, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from desktop_app.transcripts.transcript import Job
from desktop_app.ui import wording

SHOWN_MS = 10_000


class Notices(QObject):
    """Desktop notifications, and the count of jobs that ended unseen: on the program's icon and in the title."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        self._untold: list[Job] = []
        self.unseen = 0

    def count(self, job: Job) -> None:
        """A job has ended: count it, and tell of it with the others of its batch."""
        self.unseen += 1
        _badge(self.unseen)
        self._untold.append(job)

    def tell(self) -> None:
        """Notify once of all jobs that have ended unseen since the last time."""
        untold, self._untold = self._untold, []
        if untold:
            self._notify(*wording.finished_notice(untold))

    def say(self, title: str, text: str) -> None:
        """Notify of something that cannot wait, unless the user looks at the window."""
        if not self._window.isActiveWindow():
            self._notify(title, text)

    def _notify(self, title: str, text: str) -> None:
        QApplication.alert(self._window)
        # notify-send before the tray: it needs no icon there. It takes the body, not the title, for markup.
        if sys.platform == "linux" and (program := shutil.which("notify-send")):
            arguments = ["--app-name", wording.APPLICATION, "--", title, html.escape(text, quote=False)]
            QProcess.startDetached(program, arguments)
        elif QSystemTrayIcon.isSystemTrayAvailable():
            self._tell_by_tray(title, text)

    def seen(self) -> None:
        """The user looks at the window."""
        self._untold.clear()
        if self.unseen:
            self.unseen = 0
            _badge(0)

    def _tell_by_tray(self, title: str, text: str) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
        tray = self._tray
        tray.show()
        tray.showMessage(title, text, QIcon(self._window.windowIcon()), SHOWN_MS)
        QTimer.singleShot(SHOWN_MS, tray.hide)


def _badge(count: int) -> None:
    """Show a count on the program's icon, where the system has such badges."""
    application = QGuiApplication.instance()
    if isinstance(application, QGuiApplication):
        application.setBadgeNumber(count)
