"""Hands the files of a second start to the window that is already open, or asks it to close."""

from __future__ import annotations

import enum
import hashlib
import logging
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from desktop_app.work.lock_files import Holder, holder, left_by, lock_at, why_not_writable

PATIENCE = 5.0  # seconds: the first window may be just opening
ANSWER_MS = 2000
LARGEST_MESSAGE = 8 * 1024 * 1024  # bytes
LONGEST_NAME = 90  # bytes; a socket's path may have 104, or 108, a few of which Qt wants while it makes it
PRIVATE = 0o077  # the rights that nobody else may have in a folder with a socket

log = logging.getLogger(__name__)

# What is said at the door: the files of a second start, or that the window is to close. Versions differ: it stays so.
_words = msgspec.json.Decoder(list[bytes] | Literal["quit"])


class Answer(enum.StrEnum):
    """What the open window says when it is asked to close."""

    CLOSES = "closes"
    RECORDS = "records"  # so it does not


Reply: TypeAlias = Callable[[Answer], None]


class OpenElsewhere(Exception):
    """A program on another computer holds the library, or was cut off before it could let go."""

    def __init__(self, holder: Holder, file: Path) -> None:
        super().__init__(holder, file)
        self.holder, self.file = holder, file  # the file: its lock


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
        self._file = locks / "window.lock"
        self._lock = lock_at(self._file)
        self._made_folder = ""  # for the socket, if it was not to be had in a folder that was there
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_knock)

    def claim(self) -> bool:
        """Be the one that later starts find. Return False if a window is open already.

        Raise OSError if the lock cannot be written, and OpenElsewhere if it is that of a program on another computer.
        """
        if not self._lock.tryLock(0):
            if self._lock.error() is not QLockFile.LockError.LockFailedError:
                raise why_not_writable(self._locks) or OSError(f"no lock: {self._lock.error()}")
            if (found := holder(self._file)) and not found.is_here:
                raise OpenElsewhere(found, self._file)
            return False
        if not any(self._listens_at(name) for name in self._places()):
            log.error("later starts will not find this window: %s", self._server.errorString())
        return True

    def why_not(self) -> OSError | None:
        """Return why the window cannot be claimed though none answers: the lock of one that is gone cannot be removed.

        None: there is one, which does not answer.
        """
        return why_not_writable(self._locks)

    def forget(self, elsewhere: OpenElsewhere, *folders: Path) -> None:
        """Remove the locks that another computer left in `folders`; its jobs are anybody's then. Raise OSError."""
        for file in left_by(elsewhere.holder.computer, self._locks, *folders):
            file.unlink(missing_ok=True)

    def _listens_at(self, name: str) -> bool:
        QLocalServer.removeServer(name)  # left behind by a crash: nobody else holds the lock
        if not self._server.listen(name):
            return False
        try:
            if name == self._usual:
                self._note.unlink(missing_ok=True)
            elif sys.platform != "win32":
                self._note.write_text(name)
        except OSError as error:
            log.error("later starts will not find this window: %s", error)
        return True

    def _places(self) -> Iterator[str]:
        """Yield where to listen: a socket in a folder that is the user's alone, so that nobody else takes its place.

        That in the home is the usual one. Its path may be too long for a socket, and a disk of Windows or of a network
        can hold none.
        """
        yield from [self._usual] if self._usual else []
        if sys.platform == "win32":
            return
        runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere")
        if _is_private(runtime) and len(os.fsencode(runtime / self._pipe)) <= LONGEST_NAME:
            yield os.fspath(runtime / self._pipe)
        try:
            self._made_folder = tempfile.mkdtemp(prefix="sottovoce-")
        except OSError as error:
            log.warning("no folder for a socket: %s", error)
            return
        yield os.path.join(self._made_folder, "window")  # noqa: PTH118

    @property
    def _usual(self) -> str:
        """Where one listens if nothing speaks against it; empty: something does."""
        if sys.platform == "win32":
            return self._pipe
        usual = self._locks / "window.socket"
        return os.fspath(usual) if len(os.fsencode(usual)) <= LONGEST_NAME else ""

    @property
    def _note(self) -> Path:
        """The file that says where the window listens, if not at the usual place."""
        return self._locks / "window.where"

    def _name(self) -> str:
        """Return where to knock."""
        try:
            return self._note.read_text()
        except OSError:  # there is none, or the window is just opening
            return self._usual or self._pipe

    def hand_over(self, paths: Sequence[Path]) -> bool:
        """Give `paths` to the window that is open. Return False if it does not answer, or if there is none any more."""
        end = time.monotonic() + PATIENCE
        while not self._handed_over(paths):
            if time.monotonic() > end or not self.is_open():
                return False
            time.sleep(0.05)
        return True

    def is_open(self) -> bool:
        """Tell whether a window is open, in another process of this computer."""
        if not self._lock.tryLock(0):
            found = holder(self._file)
            return found is None or found.is_here
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

    def elsewhere(self) -> Holder | None:
        """Return the program on another computer that holds the library, or that has left its lock."""
        found = holder(self._file)
        return None if found is None or found.is_here else found

    def close(self) -> None:
        self._server.close()
        if self._made_folder:
            shutil.rmtree(self._made_folder, ignore_errors=True)
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


def _is_private(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & PRIVATE


def _say(socket: QLocalSocket, answer: str) -> None:
    socket.write(answer.encode() + b"\n")
    socket.flush()
