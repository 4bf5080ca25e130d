"""Follows what other programs do in the library: a terminal that transcribes, say, while the window is open."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.ownership import Ownership

EVERY_MS = 1000  # a look costs one PRAGMA and the test of a lock file, as long as nothing has changed


class Elsewhere(QObject):
    """The jobs that wait or run in other programs, and those that programs which are gone have left.

    changed(jobs): these are other programs' jobs and have changed, come, or ended.
    removed(job_id): another program has removed it.
    """

    changed = Signal(object)
    removed = Signal(int)

    def __init__(self, history: HistoryThread, ownership: Ownership, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history, self._ownership = history, ownership
        self._seen = _Seen(0, 0, {}, frozenset())
        self._is_looking = False
        self._must_look = False  # this program has taken a job over: SQLite counts only what others write
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Look now, and from now on every second."""
        self.look()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def is_worked_on(self, job_id: int) -> bool:
        """Tell whether a program that runs has the job; nobody else may change it then."""
        owned = self._seen.owned.get(job_id)
        return owned is not None and owned.owner not in self._seen.gone

    def is_left(self, job_id: int) -> bool:
        """Tell whether the program that had the job is gone: it was killed, or interrupted with Ctrl+C."""
        owned = self._seen.owned.get(job_id)
        return owned is not None and owned.owner in self._seen.gone

    def look_again(self) -> None:
        """This program has taken over what another one had left."""
        self._must_look = True
        self.look()

    def look(self) -> None:
        """See what has changed since the last time."""
        if self._is_looking:
            return
        self._is_looking = True
        before, ownership, must_look = self._seen, self._ownership, self._must_look
        self._must_look = False

        def done(answer: tuple[_Seen, list[Job], list[int]] | None) -> None:
            self._is_looking = False
            if answer is None:
                return
            self._seen, changed, removed = answer
            if changed:
                self.changed.emit(changed)
            for job_id in removed:
                self.removed.emit(job_id)

        def forget(error: Exception) -> None:
            self._is_looking = False  # the library may be away for a moment; others say so
            if not isinstance(error, OSError):
                raise error

        self._history.ask(lambda history: _look(history, before, ownership, must_look), done, forget)


class _Owned(msgspec.Struct, frozen=True):
    job: Job
    owner: str


class _Seen(msgspec.Struct, frozen=True):
    """What a look has seen."""

    version: int  # of the library, as SQLite counts what others write; 0: nobody has looked
    newest: int  # the highest id
    owned: dict[int, _Owned]  # other programs' jobs that wait or run, by their ids
    gone: frozenset[str]  # the owners of those that do not run any more


def _look(
    history: History, before: _Seen, ownership: Ownership, must_look: bool
) -> tuple[_Seen, list[Job], list[int]] | None:
    """In the history thread: return what is seen, which jobs have changed, and which are removed; None: nothing has."""
    version = history.version_of_others()
    gone = frozenset(ownership.gone({one.owner for one in before.owned.values()}))
    if not must_look and (version, gone) == (before.version, before.gone):
        return None
    owned = {job.id: _Owned(job, owner) for job, owner in history.unended_elsewhere(ownership.id)}
    gone = frozenset(ownership.gone({one.owner for one in owned.values()}))
    fresh = history.jobs_after(before.newest) if before.version else []
    ended = history.jobs_of([job_id for job_id in before.owned if job_id not in owned])
    other = [one.job for job_id, one in owned.items() if one != before.owned.get(job_id)]
    turned = [one.job for one in owned.values() if (one.owner in gone) != (one.owner in before.gone)]
    changed = {job.id: job for job in (*fresh, *ended, *other, *turned)}
    newest = max([before.newest, history.newest(), *changed])
    removed = [job_id for job_id in before.owned if job_id not in owned and job_id not in changed]
    return _Seen(version, newest, owned, gone), [*changed.values()], removed
