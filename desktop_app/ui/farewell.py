"""The last half minute before the computer sleeps or shuts down, in which that can be stopped."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop_app.settings import AfterAll
from desktop_app.ui import wording

SECONDS = 30


class Farewell(QMessageBox):
    """Counts down. due(): the time is up, or the user does not want to wait. rejected(): it was stopped."""

    due = Signal()

    def __init__(self, after_all: AfterAll, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._after_all = after_all
        self._seconds = SECONDS
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._on_second)
        self.setIcon(QMessageBox.Icon.Information)
        self.setWindowTitle(wording.FAREWELL_TITLE)
        self.stay = self.addButton(wording.STAY_AWAKE, QMessageBox.ButtonRole.RejectRole)
        self.now = self.addButton(wording.AT_ONCE[after_all], QMessageBox.ButtonRole.AcceptRole)
        self.setDefaultButton(self.stay)
        self.setEscapeButton(self.stay)
        self.now.clicked.connect(self._on_due)
        self.finished.connect(lambda _: self._timer.stop())
        self._tell()
        self._timer.start()

    def close_quietly(self) -> None:
        """There is something to do again: nothing is due, and nothing was stopped."""
        self.blockSignals(True)
        self.done(0)

    def _on_second(self) -> None:
        self._seconds -= 1
        if self._seconds > 0:
            self._tell()
        else:
            self._on_due()
            self.accept()

    def _on_due(self) -> None:
        self._timer.stop()
        self.due.emit()

    def _tell(self) -> None:
        self.setText(wording.farewell(self._after_all, self._seconds))
