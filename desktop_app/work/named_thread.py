"""A thread of Qt's with a name, which it must have before it starts."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread


class NamedThread(QThread):
    """Calls itself by its name, of at most 15 characters.

    Qt calls a thread without one by its class, and asks for that in the new thread. There PySide 6.11 looks it up
    without Python's lock: one start of the program in some hundreds ended in a segmentation fault.
    """

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
