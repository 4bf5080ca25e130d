"""Reads the clipboard, or holds a text on it. Run by display.py as a program of its own.

clipboard.py read    writes the clipboard's text to stdout
clipboard.py hold    puts the text from stdin on the clipboard, says `held`, and `given` each time somebody pastes it
"""

import sys

from PySide6.QtCore import QMimeData, QTimer
from PySide6.QtGui import QGuiApplication


class HeldText(QMimeData):
    """A text that tells when it is fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def hasFormat(self, mime_type: str) -> bool:
        return mime_type in self.formats()

    def formats(self) -> list[str]:
        return ["text/plain"]

    def retrieveData(self, mime_type: str, preferred_type: object) -> str | None:
        if mime_type != "text/plain":
            return None
        QTimer.singleShot(0, lambda: print("given", flush=True))  # once it is on its way
        return self._text


def main() -> None:
    app = QGuiApplication(sys.argv[:1])
    clipboard = QGuiApplication.clipboard()
    if sys.argv[1] == "read":
        sys.stdout.buffer.write(clipboard.text().encode("utf-8"))
        return
    clipboard.setMimeData(HeldText(sys.stdin.buffer.read().decode("utf-8")))
    QTimer.singleShot(0, lambda: print("held", flush=True))
    app.exec()


if __name__ == "__main__":
    main()
