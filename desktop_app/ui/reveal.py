"""Shows a file in the system's file manager."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def reveal(file: Path) -> None:
    """Open the folder of `file`, with the file selected where the system can do that."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(file)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(file)])
    elif not _selected_by_the_file_manager(file):
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))


def _selected_by_the_file_manager(file: Path) -> bool:
    """Ask the file manager over D-Bus. Return False if there is none that understands."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected() or "org.freedesktop.FileManager1" not in _services(bus):
        return False
    call = QDBusMessage.createMethodCall(
        "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1", "ShowItems"
    )
    call.setArguments([[QUrl.fromLocalFile(str(file)).toString()], ""])
    return bus.send(call)


def _services(bus: object) -> set[str]:
    from PySide6.QtDBus import QDBusConnection

    assert isinstance(bus, QDBusConnection)
    interface = bus.interface()
    names: set[str] = set(interface.registeredServiceNames().value() or [])
    names |= set(interface.activatableServiceNames().value() or [])
    return names
