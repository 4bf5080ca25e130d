"""Has a porter ask whether there is a newer version, and bring it: if the user wants it, when nothing else is done."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app import paths
from desktop_app.logs import LogFile
from desktop_app.messages import (
    CheckForUpdate,
    FetchUpdate,
    Installation,
    PorterCommand,
    PorterDone,
    PorterFailed,
    TidyUpdates,
    UpdateChecked,
)
from desktop_app.settings import Settings
from desktop_app.upkeep import asked, installation
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.porter_process import PorterProcess
from desktop_app.work.probing import is_anybody_working

Wish: TypeAlias = Literal["tidy", "daily", "now", "fetch", "hand_over"]

FIRST_LOOK_MS = 20_000  # after the start, which has better things to do
LOOK_EVERY_MS = 3_600_000  # whether a day has passed
LOOKS_EVERY_MS = 500  # whether it may begin, while something is wanted or something else is done

log = logging.getLogger(__name__)


class UpdateWork(QObject):
    """One porter at a time, and never one beside a job or a recording: what is wanted waits, or is put off and goes on.

    Nor does one begin while another program of ours, the command line say, has a job running or records. What such a
    one begins later puts nothing off.

    checked(answer): an UpdateChecked.
    check_failed(failed, was_asked): a PorterFailed; whether the user waits for it.
    waiting(): what is wanted waits until nothing else is done.
    progressed(progress): the PorterProgress of a download.
    fetched(file): the installer is here, and whole.
    handed_over(file): it was read once more just now, and may be opened.
    fetch_failed(failed): a PorterFailed.
    idle_changed(): something else is done now, or no more.
    """

    checked = Signal(object)
    check_failed = Signal(object, bool)
    waiting = Signal()
    progressed = Signal(object)
    fetched = Signal(object)
    handed_over = Signal(object)
    fetch_failed = Signal(object)
    idle_changed = Signal()

    def __init__(
        self,
        queue: JobQueue,
        history: HistoryThread,
        settings: Settings,
        parent: QObject | None = None,
        command: Sequence[str] | None = None,
        how_installed: Installation | None = None,
    ) -> None:
        """command: what starts a porter. how_installed: how this program came here."""
        super().__init__(parent)
        self.installation = how_installed or installation.how()
        self.is_recording: Callable[[], bool] = lambda: False  # set by those who know
        self._queue, self._history, self._settings = queue, history, settings
        self._command = list(command or paths.porter_command())
        self._log = LogFile(paths.logs() / "updates.log", "%(message)s")
        self._wish: Wish | None = None
        self._doing: Wish | None = None  # what the porter is at; None: it is at nothing that is wanted any more
        self._version = ""
        self._porter: PorterProcess | None = None
        self._is_asking = False  # whether another program works
        self._has_said_so = False  # that it waits
        self._was_idle = True
        self._is_closed = False
        self._may_begin = QTimer(self)
        self._may_begin.setInterval(LOOKS_EVERY_MS)
        self._may_begin.timeout.connect(self.look)
        self._first_look = QTimer(self)
        self._first_look.setSingleShot(True)
        self._first_look.setInterval(FIRST_LOOK_MS)
        self._first_look.timeout.connect(self._begin_daily)
        self._looks = QTimer(self)
        self._looks.setInterval(LOOK_EVERY_MS)
        self._looks.timeout.connect(self._ask_if_due)
        queue.became_busy.connect(self.look)
        queue.became_idle.connect(self.look)

    def start(self) -> None:
        """Ask once a day, if the user wants that: not at once."""
        self._first_look.start()

    @property
    def is_idle(self) -> bool:
        """Whether nothing else is done: no job runs, nothing is recorded."""
        return not (self._queue.is_busy or self.is_recording())

    @property
    def is_at_work(self) -> bool:
        return self._wish is not None

    def check(self) -> None:
        """Ask now, whatever was chosen: the user wants to know."""
        if self._wish in (None, "tidy", "daily"):
            self._want("now")

    def fetch(self, version: str) -> None:
        """Bring the installer."""
        self._version = version
        self._want("fetch")

    def hand_over(self, version: str) -> None:
        """Have every byte of the installer read once more, before it is opened."""
        self._version = version
        self._want("hand_over")

    def cancel(self) -> None:
        """Leave what is wanted; what came of a download stays, and is gone on with."""
        self._wish = self._doing = None
        self._stop()

    def close(self) -> None:
        """End the porter. Waits a moment: for the end of the program only."""
        self._is_closed = True
        for timer in (self._may_begin, self._first_look, self._looks):
            timer.stop()
        if self._porter is not None:
            self._porter.stop()
            self._porter.wait()
        self._log.close()

    # --- once a day ---

    def _begin_daily(self) -> None:
        self._looks.start()
        self._ask_if_due()
        self._history.files.ask(_holds_an_installer, self._tidy, _never_mind)

    def _tidy(self, holds_an_installer: bool) -> None:
        """Also where no daily look does it."""
        if holds_an_installer and self._wish is None and not self._is_closed:
            self._want("tidy")

    def _ask_if_due(self) -> None:
        if self._settings.updates and self._wish is None:
            self._history.files.ask(asked.is_due, self._ask_daily, _never_mind)

    def _ask_daily(self, is_due: bool) -> None:
        if is_due and self._settings.updates and self._wish is None and not self._is_closed:
            self._want("daily")

    # --- whose turn it is ---

    def _want(self, wish: Wish) -> None:
        self._wish, self._has_said_so = wish, False
        self.look()

    def look(self) -> None:
        """Begin what is wanted, or put it off: something else is done now, or no more."""
        if self._is_closed:
            return
        if self._wish == "daily" and not self._settings.updates:  # not any more
            self.cancel()
        is_idle = self.is_idle
        if not is_idle:
            self._stop()
            self._say_that_it_waits()
        elif self._wish is not None and self._porter is None and not self._is_asking:
            self._is_asking = True
            self._history.ask(is_anybody_working, self._begin_unless, lambda _: self._begin_unless(False))
        if is_idle is not self._was_idle:
            self._was_idle = is_idle
            self.idle_changed.emit()
        if self._wish is None and is_idle:
            self._may_begin.stop()
        elif not self._may_begin.isActive():
            self._may_begin.start()

    def _begin_unless(self, another_works: bool) -> None:
        self._is_asking = False
        if self._is_closed or self._wish is None or self._porter is not None:
            return
        if another_works or not self.is_idle:
            self._say_that_it_waits()
        else:
            self._begin(self._wish)

    def _say_that_it_waits(self) -> None:
        if self._wish is not None and not self._has_said_so:
            self._has_said_so = True
            self.waiting.emit()

    def _begin(self, wish: Wish) -> None:
        self._has_said_so = False
        self._doing = wish
        porter = self._porter = PorterProcess(self._command, self._log, self)
        porter.progressed.connect(self.progressed)
        porter.ended.connect(lambda event: self._on_ended(porter, event))
        porter.start(self._command_for(wish))

    def _command_for(self, wish: Wish) -> PorterCommand:
        if wish == "tidy":
            return TidyUpdates()
        return CheckForUpdate() if wish in ("daily", "now") else FetchUpdate(self._version)

    def _stop(self) -> None:
        if self._porter is not None:
            self._porter.stop()

    def _on_ended(self, porter: PorterProcess, event: PorterDone | UpdateChecked | PorterFailed | None) -> None:
        doing, self._doing, self._porter = self._doing, None, None
        if self._is_closed:  # it goes with us, and deleted twice would end the process
            return
        porter.deleteLater()
        if doing is None or event is None:  # nobody wants it any more, or it was put off
            return
        was_asked = "now" in (doing, self._wish)
        if self._wish == doing or (doing, self._wish) == (
            "daily",
            "now",
        ):  # else the turn of what is wanted since comes
            self._wish = None
        if doing == "tidy":
            return
        if isinstance(event, UpdateChecked):
            self.checked.emit(event)
        elif isinstance(event, PorterDone):
            file = Path(os.fsdecode(event.folder))
            (self.handed_over if doing == "hand_over" else self.fetched).emit(file)
        elif doing in ("daily", "now"):
            self.check_failed.emit(event, was_asked)
        else:
            self.fetch_failed.emit(event)


def _holds_an_installer() -> bool:
    """Look, and make no folder where nobody ever asked for updates."""
    return any(file.suffix not in ("", ".signed") for file in paths.home().glob("updates/*"))


def _never_mind(error: Exception) -> None:
    log.warning("the folder of updates cannot be looked into: %s", type(error).__name__)
