"""Has the graphics pack installed and removed by a porter, and tells how that gets on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Literal

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app import paths
from desktop_app.logs import LogFile
from desktop_app.messages import (
    InstallCardPack,
    ModelTrouble,
    PorterDone,
    PorterFailed,
    PorterProgress,
    PorterStage,
    RemoveCardPack,
)
from desktop_app.models.errors import PorterError
from desktop_app.models.flow import Flow
from desktop_app.upkeep import pack_removing, packs
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.model_work import GLANCE_MS
from desktop_app.work.porter_process import PorterProcess


class PackState(msgspec.Struct, frozen=True):
    """What there is of the graphics pack, and what is being done about it. Not stored."""

    is_known: bool = False  # it was looked what there is
    archive: str = ""  # the name of the one for this computer; empty: there is none
    newest: str = ""  # its version
    size_bytes: int = 0  # of the archive
    unpacked_bytes: int = 0
    installed: str = ""  # a version; empty: none is
    installed_bytes: int = 0
    half_bytes: int = 0  # of the archive, half downloaded
    doing: Literal["", "install", "remove"] = ""
    is_from_file: bool = False
    stage: PorterStage | None = None
    done: int = 0  # bytes
    total: int = 0  # bytes; 0: not known
    speed: float | None = None  # bytes a second; None until it can be told
    seconds_left: float | None = None
    is_quiet: bool = False  # nothing has come for some seconds
    retrying: ModelTrouble | None = None  # it came to this, and is tried again
    failed: PorterFailed | None = None  # the last attempt


class PackWork(QObject):
    """The graphics pack of this computer.

    changed(state): a PackState: it was looked what there is, or something gets on.
    came(version): it is installed. A backend that is started from now on finds it; those that do nothing are ended.
    went(freed): it is removed, and that many bytes are free.
    """

    changed = Signal(object)
    came = Signal(str)
    went = Signal(object)

    def __init__(self, history: HistoryThread, queue: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = PackState()
        self._history, self._queue = history, queue
        self._log = LogFile(paths.logs() / "graphics-pack.log", "%(message)s")
        self._porter: PorterProcess | None = None
        self._flow = Flow()
        self._is_closed = False
        self._backend_is_old = False  # it was started before the pack came
        self._glance = QTimer(self)
        self._glance.setInterval(GLANCE_MS)
        self._glance.timeout.connect(self._on_glance)
        queue.became_idle.connect(self._renew_backend)

    def look(self) -> None:
        """Look what there is; `changed` follows. What killed porters have left is deleted."""
        self._history.files.ask(_tidied, self._on_found)

    def install(self, source: Path | None = None) -> None:
        """Install the pack from a file, or download it, going on with what has come."""
        self._start("install", InstallCardPack(os.fsencode(source) if source else b""), is_from_file=source is not None)

    def remove(self) -> None:
        """Remove what was installed and what has come, unless a recording is being transcribed (IN_USE)."""
        if self.state.installed and not self._queue.free_memory():  # a backend has the libraries open
            self._tell(failed=PorterFailed(ModelTrouble.IN_USE))
            return
        self._start("remove", RemoveCardPack())

    def stop(self) -> None:
        """Stop downloading or unpacking; what has come is kept. A removal is not stopped any more."""
        if self._porter is not None and self.state.doing == "install":
            self._porter.stop()

    def close(self) -> None:
        """End the porter. Waits a moment: for the end of the program only."""
        self._is_closed = True
        self._glance.stop()
        if self._porter is not None:
            self._porter.stop()
            self._porter.wait()
        self._log.close()

    def _start(
        self, doing: Literal["install", "remove"], command: InstallCardPack | RemoveCardPack, is_from_file: bool = False
    ) -> None:
        if self._porter is not None or self._is_closed:
            return
        self._flow = Flow()
        self._porter = PorterProcess(paths.porter_command(), self._log, self)
        self._porter.progressed.connect(self._on_progressed)
        self._porter.ended.connect(self._on_ended)
        self._porter.start(command)
        self._tell(doing=doing, is_from_file=is_from_file, stage=None, done=0, total=0, failed=None)

    def _on_progressed(self, progress: PorterProgress) -> None:
        if progress.stage != self.state.stage:
            self._flow = Flow()
            self._glance.start()
        self._flow.reached(progress.done)
        is_quiet = progress.stage is PorterStage.FETCHING and self._flow.is_quiet
        self._tell(
            stage=progress.stage,
            done=progress.done,
            total=progress.total,
            speed=None if is_quiet else self._flow.speed,
            seconds_left=None if is_quiet else self._flow.seconds_left(progress.total),
            is_quiet=is_quiet,
            retrying=progress.retrying,
        )

    def _on_glance(self) -> None:
        """Porters tell only of what comes: that nothing comes is to be noticed here."""
        if self._porter is None or self.state.stage is not PorterStage.FETCHING:
            self._glance.stop()
        elif self._flow.is_quiet and not self.state.is_quiet:
            self._tell(is_quiet=True, speed=None, seconds_left=None)

    def _on_ended(self, event: PorterDone | PorterFailed | None) -> None:
        if self._is_closed:  # the porter goes with us, and deleted twice would end the process
            return
        if self._porter is not None:
            self._porter.deleteLater()
            self._porter = None
        doing = self.state.doing
        failed = event if isinstance(event, PorterFailed) else None
        self._tell(doing="", stage=None, speed=None, seconds_left=None, is_quiet=False, retrying=None, failed=failed)
        self.look()
        if isinstance(event, PorterDone) and doing == "install":
            self._backend_is_old = True
            self.came.emit(event.name)
            self._renew_backend()
        elif isinstance(event, PorterDone):
            self.went.emit(event.size_bytes)

    def _renew_backend(self) -> None:
        """End a backend that was started without the libraries, once it has nothing to do."""
        if self._backend_is_old and self._queue.free_memory():
            self._backend_is_old = False

    def _on_found(self, here: packs.Here) -> None:
        pack, installed = here.pack, here.installed
        self._tell(
            is_known=True,
            archive=pack.archive if pack else "",
            newest=pack.content.version if pack else "",
            size_bytes=pack.size_bytes if pack else 0,
            unpacked_bytes=pack.content.size_bytes if pack else 0,
            installed=installed.version if installed else "",
            installed_bytes=installed.size_bytes if installed else 0,
            half_bytes=here.half_bytes,
        )

    def _tell(self, **changes: object) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)
        self.changed.emit(self.state)


def _tidied() -> packs.Here:
    with contextlib.suppress(PorterError, OSError):  # somebody is at it, or it cannot be written to
        pack_removing.tidy()
    return packs.here()
