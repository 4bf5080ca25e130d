"""A throw-away window to try the harness on: says on stdout, as JSON, what was dropped on it and chosen in its dialog.

Ctrl+O asks for a file with Qt's own dialog, Ctrl+S for a place to save. Drops over its left half are refused.
"""

import json
import sys

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QVBoxLayout, QWidget


class Receiver(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Receiver")
        self.setAcceptDrops(True)
        self.resize(500, 300)
        self._field = QLineEdit()
        self._field.setAcceptDrops(False)
        self._field.returnPressed.connect(lambda: self._say("typed", self._field.text()))
        layout = QVBoxLayout(self)
        layout.addWidget(self._field)
        layout.addStretch()
        QShortcut(QKeySequence("Ctrl+O"), self, self._open)
        QShortcut(QKeySequence("Ctrl+S"), self, self._save)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.position().x() < self.width() / 2:
            event.ignore()
        else:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._say("dropped", [url.toLocalFile() for url in event.mimeData().urls()])

    def _open(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Open", "")
        self._say("opened", file)

    def _save(self) -> None:
        url, _ = QFileDialog.getSaveFileUrl(self, "Save as", QUrl("suggested.txt"))
        self._say("saved", url.toLocalFile())

    def _say(self, what: str, value: object) -> None:
        print(json.dumps([what, value]), flush=True)


if __name__ == "__main__":
    app = QApplication(sys.argv)
    window = Receiver()
    window.show()
    sys.exit(app.exec())
