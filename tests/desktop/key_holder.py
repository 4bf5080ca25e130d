"""Holds the key named by its argument and says what happens to it; on "paste" from stdin it presses Ctrl+V."""

from __future__ import annotations

import sys

from PySide6.QtCore import QSocketNotifier
from PySide6.QtGui import QGuiApplication

from desktop_app.work.hot_key import hot_key_on
from desktop_app.work.key_strokes import key_strokes_on


def say(word: str) -> None:
    print(word, flush=True)


def main() -> None:
    application = QGuiApplication(sys.argv[:1])
    key = hot_key_on(application.platformName())
    strokes = key_strokes_on(application.platformName())
    key.taken.connect(lambda: say("taken"))
    key.refused.connect(say)
    key.pressed.connect(lambda: say("pressed"))
    key.released.connect(lambda: say("released"))
    strokes.pasted.connect(lambda: say("pasted"))
    strokes.not_pasted.connect(lambda: say("not pasted"))

    def read() -> None:
        if sys.stdin.readline().strip() == "paste":
            strokes.paste()

    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(read)
    key.take(sys.argv[1])
    application.exec()


if __name__ == "__main__":
    main()
