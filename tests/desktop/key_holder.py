"""Holds the key named by its argument and says what happens to it; on "paste" from stdin it presses Ctrl+V.

On "lend TEXT" it lends the text to the window with the keyboard, as dictation does.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QSocketNotifier, Qt
from PySide6.QtGui import QGuiApplication

from desktop_app.ui.clipboard import ClipboardLoan
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

    loan = ClipboardLoan()
    loan.fetched.connect(lambda: say("fetched"))
    loan.not_fetched.connect(lambda: say("not fetched"))

    def read() -> None:
        wish, _, text = sys.stdin.readline().rstrip("\n").partition(" ")
        if wish == "lend":
            strokes.pasted.connect(loan.expect, Qt.ConnectionType.UniqueConnection)
            loan.lend(text)
        if wish in ("paste", "lend"):
            strokes.paste()

    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(read)
    key.take(sys.argv[1])
    application.exec()


if __name__ == "__main__":
    main()
