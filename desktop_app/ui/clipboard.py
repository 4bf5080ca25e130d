"""Puts text on the clipboard from the background."""

from __future__ import annotations

import shutil

from PySide6.QtCore import QProcess
from PySide6.QtGui import QGuiApplication


def copy(text: str) -> None:
    """Put `text` on the clipboard, whatever window has the keyboard."""
    # WORKAROUND: Wayland takes text for the clipboard only from the window with the keyboard; Qt knows no other way.
    program = shutil.which("wl-copy") if QGuiApplication.platformName().startswith("wayland") else None
    if program is None or QGuiApplication.focusWindow() is not None:
        QGuiApplication.clipboard().setText(text)
        return
    process = QProcess(QGuiApplication.instance())
    process.finished.connect(process.deleteLater)
    process.start(program, ["--type", "text/plain;charset=utf-8"])
    process.write(text.encode())
    process.closeWriteChannel()
