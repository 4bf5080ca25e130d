"""Hands the files of a second start to the window that is already open, or asks it to close."""

from __future__ import annotations

import enum
import hashlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

PATIENCE = 5.0  # seconds: the first window may be just opening
ANSWER_MS = 2000
LARGEST_MESSAGE = 8 * 1024 * 1024  # bytes
LONGEST_NAME = 90  # bytes; a socket's path may have 104, or 108, a few of which Qt wants while it makes it

log = logging.getLogger(__name__)

# What is said at the door: the files of a second start, or that the window is to close. Versions differ: it stays so.
_words = msgspec.json.Decoder(list[bytes] | Literal["quit"])


class Answer(enum.StrEnum):
    """What the open window says when it is asked to close."""

    CLOSES = "closes"
    RECORDS = "records"  # so it does not


Reply: TypeAlias = Callable[[Answer], None]


class SingleInstance(QObject):
    """The place where later starts of the program for the same library knock; open to the same user only.

    Who is first is decided by a lock, so that several starts at once make one window.
    files_arrived(paths): a second start hands over its files, maybe none; the window is to come forward.
    asked_to_close(reply): the window is to close; call `reply` with an Answer.
    """

    files_arrived = Signal(object)
    asked_to_close = Signal(object)

    def __init__(self, home: Path, locks: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._locks = locks
        self._pipe = "sottovoce-" + hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:24]  # its name on Windows
        self._lock = QLockFile(str(locks / "window.lock"))
        self._lock.setStaleLockTime(0)  # stale when its process is gone, not when it is old
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_knock)

    def claim(self) -> bool:
        """Be the one that later starts find. Return False if a window is open already."""
        if not self._lock.tryLock(0):
            return False
        name = self._name(new=True)
        QLocalServer.removeServer(name)  # left behind by a crash: nobody else holds the lock
        if not self._server.listen(name):
            log.error("later starts will not find this window: %s", self._server.errorString())
        return True

    def _name(self, new: bool = False) -> str:
        """Return where to knock: a socket in a folder that is the user's alone, so that nobody else can take its place.

        new: choose a place and note it, where the usual one has too long a path for a socket.
        """
        if sys.platform == "win32":
            return self._pipe
        usual, note = self._locks / "window.socket", self._locks / "window.where"
        if len(os.fsencode(usual)) <= LONGEST_NAME:
            return os.fspath(usual)
        if new:
            note.write_text(os.path.join(tempfile.mkdtemp(prefix="sottovoce-"), "window"))  # noqa: PTH118
        try:
            return note.read_text()
        except OSError:  # the window is just opening
            return self._pipe

    def hand_over(self, paths: Sequence[Path]) -> bool:
        """Give `paths` to the window that is open. Return False if it does not answer, or if there is none any more."""
        end = time.monotonic() + PATIENCE
        while not self._handed_over(paths):
            if time.monotonic() > end or not self.is_open():
                return False
            time.sleep(0.05)
        return True

    def is_open(self) -> bool:
        """Tell whether a window is open, in another process."""
        if not self._lock.tryLock(0):
            return True
        self._lock.unlock()
        return False

    def process(self) -> int:
        """Return the process of the window that is open."""
        return self._lock.getLockInfo()[0]

    def ask_to_close(self) -> Answer | None:
        """Ask the window that is open to close. Return None if there is none any more, or if it does not answer."""
        end = time.monotonic() + PATIENCE
        while True:
            said = self._answer_to("quit")
            if said in [answer.value.encode() for answer in Answer]:
                return Answer(said.decode())
            if time.monotonic() > end or not self.is_open():
                return None
            time.sleep(0.05)

    def close(self) -> None:
        self._server.close()
        self._lock.unlock()

    def _handed_over(self, paths: Sequence[Path]) -> bool:
        # Its answer tells that it has them: a window that is just closing would take them with it.
        return bool(self._answer_to([os.fsencode(path.absolute()) for path in paths]))

    def _answer_to(self, words: list[bytes] | str) -> bytes:
        """Return what the open window says to that; nothing if it cannot be reached."""
        socket = QLocalSocket()
        socket.connectToServer(self._name())
        if not socket.waitForConnected(ANSWER_MS):
            return b""
        socket.write(msgspec.json.encode(words) + b"\n")
        if not (socket.waitForBytesWritten(ANSWER_MS) and socket.waitForReadyRead(ANSWER_MS)):
            return b""
        return bytes(socket.readLine().data()).strip()

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
            words = _words.decode(bytes(socket.readLine().data()))
        except (msgspec.DecodeError, ValueError):
            socket.abort()
            return
        if words == "quit":
            self.asked_to_close.emit(lambda answer: _say(socket, answer.value))
            return
        _say(socket, "ok")
        self.files_arrived.emit([Path(os.fsdecode(path)) for path in words])


def _say(socket: QLocalSocket, answer: str) -> None:
    socket.write(answer.encode() + b"\n")
    socket.flush()
