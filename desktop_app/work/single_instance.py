"""Hands the files of a second start to the window that is already open."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

PATIENCE_MS = 1000
LARGEST_MESSAGE = 8 * 1024 * 1024  # bytes

_paths = msgspec.json.Decoder(list[bytes])


class SingleInstance(QObject):
    """The place where later starts of the program for the same library knock; open to the same user only.

    files_arrived(paths): a second start hands over its files, maybe none; the window is to come forward.
    """

    files_arrived = Signal(object)

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = "sottovoce-" + hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:24]
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_knock)

    def hand_over(self, paths: Sequence[Path]) -> bool:
        """Give `paths` to the window that is open. Return False if there is none."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(PATIENCE_MS):
            return False
        socket.write(msgspec.json.encode([os.fsencode(path.absolute()) for path in paths]) + b"\n")
        # Its answer tells that it has them: a window that is just closing would take them with it.
        return socket.waitForBytesWritten(PATIENCE_MS) and socket.waitForReadyRead(PATIENCE_MS)

    def listen(self) -> bool:
        """Be the one that later starts find. Return False if another program is quicker."""
        if self._server.listen(self._name):
            return True
        QLocalServer.removeServer(self._name)  # left behind by a crash: nobody answered at it
        return self._server.listen(self._name)

    def close(self) -> None:
        self._server.close()

    def _on_knock(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._on_words(socket))
            socket.disconnected.connect(socket.deleteLater)
            if socket.canReadLine():
                self._on_words(socket)

    def _on_words(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > LARGEST_MESSAGE:
                socket.abort()
            return
        try:
            paths = [Path(os.fsdecode(path)) for path in _paths.decode(bytes(socket.readLine().data()))]
        except (msgspec.DecodeError, ValueError):
            socket.abort()
            return
        socket.write(b"ok\n")
        socket.flush()
        self.files_arrived.emit(paths)
