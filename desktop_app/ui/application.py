"""Qt's application object, which on macOS is told what is opened with the program or dropped on its icon."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from desktop_app.ui import appearance


class Application(QApplication):
    """Signal: `files_opened`(list[Path]), those of one gesture together."""

    files_opened = Signal(list)

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(list(arguments))
        self._opened: list[Path] = []

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            if not self._opened:
                QTimer.singleShot(0, self._tell)  # each file comes in an event of its own
            self._opened.append(Path(event.file()))
            return True
        if event.type() == QEvent.Type.ApplicationPaletteChange:
            QTimer.singleShot(0, appearance.draw_edges)  # the system may have become dark
        return super().event(event)

    def _tell(self) -> None:
        opened, self._opened = self._opened, []
        self.files_opened.emit(opened)
