"""A small window that files can be dragged out of, as from a file manager. Run by display.py as a program of its own.

    drag_source.py X Y WIDTH HEIGHT FILE...

It says on stdout how the drag goes, a word a line: `shown`, `dragging`, then `welcome` or `unwelcome` as the window
under the mouse would take the files or not, and at the end `taken` or `left`.
"""

import os
import sys
from urllib.parse import quote_from_bytes

from PySide6.QtCore import QMimeData, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QDrag, QGuiApplication, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel


class DragSource(QLabel):
    """Starts one drag when the mouse has moved a little with the button down, and ends the program after it."""

    def __init__(self, files: list[str]) -> None:
        # Without the window manager: exactly where it was asked to be, and the keyboard stays with the other window.
        super().__init__("drag me", None, Qt.WindowType.X11BypassWindowManagerHint)
        self.setWindowTitle("drag source")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._files = files
        self._pressed_at: QPoint | None = None
        self._shown = False
        self._taken = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._shown:
            self._shown = True
            QTimer.singleShot(0, lambda: say("shown"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position().toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None:
            return
        way = (event.position().toPoint() - self._pressed_at).manhattanLength()
        if way >= QGuiApplication.styleHints().startDragDistance():
            self._pressed_at = None
            self._drag()

    def _drag(self) -> None:
        drag = QDrag(self)
        drag.setMimeData(files_as_mime(self._files))
        drag.actionChanged.connect(_say_welcome)
        drag.destroyed.connect(self._end)
        say("dragging")
        action = drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.CopyAction)
        self._taken = action != Qt.DropAction.IgnoreAction

    def _end(self) -> None:
        """The other window has fetched all it wants: only then does Qt delete the drag, long after exec() returned."""
        say("taken" if self._taken else "left")
        QApplication.exit()


def files_as_mime(files: list[str]) -> QMimeData:
    """Return what a file manager hands over: URLs made of the names' own bytes, whether or not they are UTF-8."""
    urls = [f"file://{quote_from_bytes(os.fsencode(os.path.abspath(file)))}\r\n" for file in files]  # noqa: PTH100
    mime = QMimeData()
    mime.setData("text/uri-list", "".join(urls).encode("ascii"))
    return mime


def _say_welcome(action: Qt.DropAction) -> None:
    say("unwelcome" if action == Qt.DropAction.IgnoreAction else "welcome")


def say(word: str) -> None:
    print(word, flush=True)


def main() -> None:
    place = QRect(*(int(number) for number in sys.argv[1:5]))
    app = QApplication(sys.argv[:1])
    source = DragSource(sys.argv[5:])
    source.setGeometry(place)
    source.show()
    app.exec()


if __name__ == "__main__":
    main()
