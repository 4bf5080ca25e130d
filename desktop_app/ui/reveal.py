"""Shows a file in the system's file manager."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def reveal(file: Path) -> bool:
    """Open the folder of `file`, with the file selected where the system can do that. Return False if nothing can."""
    if sys.platform == "win32":
        return QProcess.startDetached("explorer", ["/select,", str(file)])[0]
    if sys.platform == "darwin":
        return QProcess.startDetached("open", ["-R", str(file)])[0]
    return _selected_by_the_file_manager(file) or QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))


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
