"""Has models fetched, checked, moved and removed by porters, and tells how that gets on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop_app import paths
from desktop_app.logs import LogFile
from desktop_app.messages import (
    FetchModel,
    KeepToken,
    ModelTrouble,
    MoveModels,
    PorterCommand,
    PorterDone,
    PorterFailed,
    PorterProgress,
    PorterStage,
    RemoveModel,
    TakeInModel,
    VerifyModel,
)
from desktop_app.models import catalogue, moving, names, removing, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.flow import Flow
from desktop_app.models.unfinished import DownloadNote
from desktop_app.transcripts.history import History
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.porter_process import PorterProcess

What: TypeAlias = Literal["fetch", "take_in", "verify", "remove", "move"]

DOWNLOADS_AT_ONCE = 2


class ModelTask(msgspec.Struct, frozen=True):
    """What is being done about a model. Not stored."""

    name: str  # of the model; of the folder or archive it comes from, until it has one; empty: all of them, moved
    what: What
    stage: PorterStage | None = None
    done: int = 0  # bytes
    total: int = 0  # bytes; 0: not known
    speed: float | None = None  # bytes a second; None until it can be told
    seconds_left: float | None = None
    paused: bool = False
    waiting: bool = False  # for its turn
    retrying: ModelTrouble | None = None  # it came to this, and is tried again
    failed: PorterFailed | None = None
    cancelled: bool = False
    result: str = ""  # done: the model's name on the shelf
    size_bytes: int = 0  # done: of the model; what was freed, if it was removed


class _Errand:
    """A task, and what is needed to have it done."""

    def __init__(self, task: ModelTask, command: PorterCommand) -> None:
        self.task = task
        self.command = command
        self.porter: PorterProcess | None = None
        self.flow = Flow()

    def now(self, **changes: object) -> ModelTask:
        self.task = msgspec.structs.replace(self.task, **changes)
        return self.task

    @property
    def is_stopped(self) -> bool:
        return self.task.paused or self.task.waiting or self.task.cancelled


class ModelWork(QObject):
    """The porters at work, one a task. A model that something is being done about takes no second task.

    task_changed(task): one gets on, waits or is paused; a ModelTask.
    task_ended(task): one is done, failed or was cancelled; a ModelTask.
    shelf_changed(): a model came, went, or was found to be damaged or sound.
    token_kept(is_kept): the answer to `keep_token`.
    """

    task_changed = Signal(object)
    task_ended = Signal(object)
    shelf_changed = Signal()
    token_kept = Signal(bool)

    def __init__(
        self, history: HistoryThread, parent: QObject | None = None, hub: Callable[[], str] = lambda: ""
    ) -> None:
        super().__init__(parent)
        self._history = history
        self._hub = hub
        self._log = LogFile(paths.logs() / "porter.log", "%(message)s")
        self._errands: dict[str, _Errand] = {}  # by the task's name, in the order they are to be done
        self._others: set[PorterProcess] = set()  # that keep a token
        self._is_closed = False
        history.ask(lambda _: catalogue.published())  # so that the window need not read it

    def tasks(self) -> list[ModelTask]:
        """Return what is being done, waits or is paused; and what failed, until it is tried again or cancelled."""
        return [errand.task for errand in self._errands.values()]

    def start(self) -> None:
        """Go on with the downloads that an earlier program left and that nobody had paused."""
        self._history.ask(lambda _: _left(), self._on_left)

    def fetch(self, name: str, repo: str = "", revision: str = "", token: str = "") -> None:
        """Download a model. `repo` empty: one that is published, or whose download failed or is here already.

        `name` empty: it is called as on the hub. `repo` may be an address that was pasted.
        """
        repo = names.repository_in(repo)
        known = self._errands.get(name)
        published = catalogue.published().get(name)
        if not name:
            self._ask_then_fetch(repo, lambda: (names.of_repository(repo, revision), repo, revision), token)
        elif known is not None and isinstance(known.command, FetchModel) and (known.task.paused or not repo):
            known.command = msgspec.structs.replace(known.command, token=token or known.command.token)
            self.resume(name) if known.task.paused else self._add(ModelTask(name, "fetch"), known.command)
        elif not repo and published is None:
            self._ask_then_fetch(name, lambda: (name, *names.origin(name)), token)
        elif not repo and published is not None:
            command = FetchModel(name, published.repo, published.revision, self._hub(), token)
            self._add(ModelTask(name, "fetch"), command)
        else:
            self._add(ModelTask(name, "fetch"), FetchModel(name, repo, revision, self._hub(), token))

    def _ask_then_fetch(self, called: str, question: Callable[[], tuple[str, str, str]], token: str) -> None:
        self._history.ask(
            lambda _: question(),
            lambda answer: self.fetch(*answer, token),
            lambda error: self._refuse(called, "fetch", error),
        )

    def pause(self, name: str) -> None:
        """Stop a download. It can be gone on with, also after the program was started anew."""
        errand = self._errands.get(name)
        if errand is None or errand.task.what != "fetch" or errand.task.failed or errand.task.paused:
            return
        errand.now(paused=True, waiting=False, speed=None, seconds_left=None, retrying=None)
        self._stop(errand)
        self.task_changed.emit(errand.task)

    def resume(self, name: str) -> None:
        """Go on with a download that is paused."""
        errand = self._errands.get(name)
        if errand is not None and errand.task.paused:
            self._history.ask(lambda _: unfinished.set_paused(name, False), otherwise=_never_mind)
            self.task_changed.emit(errand.now(paused=False, waiting=True))
            self._start_next()

    def retry(self, name: str, token: str = "") -> None:
        """Do once more what failed; token: what the hub is to be shown, if it wants to know who asks."""
        errand = self._errands.get(name)
        if errand is None or errand.task.failed is None:
            return
        command = errand.command
        if isinstance(command, FetchModel):
            command = msgspec.structs.replace(command, hub=self._hub(), token=token or command.token)
        self._add(ModelTask(name, errand.task.what), command)

    def cancel(self, name: str) -> None:
        """Stop what is being done about a model, and remove what is half done. A removal is not stopped any more.

        What failed is not in `tasks` any more; the half of a download that failed goes too.
        """
        errand = self._errands.get(name)
        if errand is not None and (errand.porter is None or errand.task.what != "remove"):
            errand.now(cancelled=True)
            self._stop(errand)
            self._start_next()

    def take_in(self, source: Path, name: str = "") -> None:
        """Check a folder or a zip archive, and put a copy of the model in it on the shelf."""
        called = name or (source.stem if source.suffix.lower() == ".zip" else source.name)
        busy = {key for key, errand in self._errands.items() if errand.task.failed is None}
        tries = (called if number == 1 else f"{called} ({number})" for number in range(1, len(busy) + 2))
        task = ModelTask(next(one for one in tries if one not in busy), "take_in")
        self._add(task, TakeInModel(os.fsencode(source), name))

    def verify(self, name: str) -> None:
        """Read every byte of a model. One that is found to be damaged is not used any more."""
        self._add(ModelTask(name, "verify"), VerifyModel(name))

    def repair(self, name: str) -> None:
        """Fetch anew what is wrong with a model, from where it came."""
        self._ask_then_fetch(name, lambda: (name, *names.origin(name)), "")

    def remove(self, name: str) -> None:
        """Remove the user's own copy of a model, unless a job that runs, waits or is paused needs it (IN_USE)."""
        self._history.ask(
            lambda history: _check_not_needed(name, history),
            lambda _: self._add(ModelTask(name, "remove"), RemoveModel(name)),
            lambda error: self._refuse(name, "remove", error),
        )

    def move(self, folder: Path) -> None:
        """Move the models' folder with its content. Downloads wait meanwhile."""
        self._add(ModelTask("", "move"), MoveModels(os.fsencode(folder)))

    def keep_token(self, token: str) -> None:
        """Have the system's keyring keep the token for the hub; empty: forget the one that is kept."""
        porter = PorterProcess(paths.porter_command(), self._log, self)
        self._others.add(porter)
        porter.ended.connect(lambda event: self._on_token_kept(porter, event))
        porter.start(KeepToken(self._hub(), token))

    def close(self) -> None:
        """End the porters; downloads go on at the next start. Waits a moment: for the end of the program only."""
        self._is_closed = True
        porters = [*self._others, *(errand.porter for errand in self._errands.values() if errand.porter)]
        for porter in porters:
            porter.stop()
        for porter in porters:
            porter.wait()
        self._log.close()

    # --- whose turn it is ---

    def _add(self, task: ModelTask, command: PorterCommand) -> None:
        known = self._errands.get(task.name)
        if self._is_closed or (known is not None and known.task.failed is None):
            return
        self._errands.pop(task.name, None)
        self._errands[task.name] = errand = _Errand(msgspec.structs.replace(task, waiting=True), command)
        self._start_next()
        if errand.task.waiting:
            self.task_changed.emit(errand.task)
            self._note(errand)

    def _start_next(self) -> None:
        if self._is_closed:
            return
        if any(errand.task.what == "move" and errand.task.failed is None for errand in self._errands.values()):
            self._make_way()
        for errand in [*self._errands.values()]:
            if errand.task.waiting and errand.porter is None and self._may_start(errand):
                self._begin(errand)

    def _make_way(self) -> None:
        """The folder is to be moved: downloads, which can take hours, wait until it was."""
        for errand in self._errands.values():
            if errand.task.what == "fetch" and errand.porter is not None and not errand.is_stopped:
                self.task_changed.emit(errand.now(waiting=True, speed=None, seconds_left=None))
                self._stop(errand)

    def _may_start(self, errand: _Errand) -> bool:
        running = [other.task.what for other in self._errands.values() if other.porter is not None]
        if errand.task.what == "move":
            return not running
        if any(other.task.what == "move" and other.task.failed is None for other in self._errands.values()):
            return False
        if errand.task.what == "fetch":
            return running.count("fetch") < DOWNLOADS_AT_ONCE
        return not [what for what in running if what != "fetch"]  # they keep the disk or the processor busy

    def _begin(self, errand: _Errand) -> None:
        errand.porter = PorterProcess(paths.porter_command(), self._log, self)
        errand.flow = Flow()
        errand.porter.progressed.connect(lambda progress: self._on_progressed(errand, progress))
        errand.porter.ended.connect(lambda event: self._on_ended(errand, event))
        self.task_changed.emit(errand.now(waiting=False, stage=None))
        errand.porter.start(errand.command)

    def _stop(self, errand: _Errand) -> None:
        if errand.porter is not None:
            errand.porter.stop()
        else:
            self._settle(errand)

    # --- what becomes of it ---

    def _on_progressed(self, errand: _Errand, progress: PorterProgress) -> None:
        if progress.stage != errand.task.stage:
            errand.flow = Flow()
        errand.flow.reached(progress.done)
        self.task_changed.emit(
            errand.now(
                stage=progress.stage,
                done=progress.done,
                total=progress.total,
                speed=errand.flow.speed,
                seconds_left=errand.flow.seconds_left(progress.total),
                retrying=progress.retrying,
            )
        )

    def _on_ended(self, errand: _Errand, event: PorterDone | PorterFailed | None) -> None:
        if errand.porter is not None:
            errand.porter.deleteLater()
            errand.porter = None
        if self._is_closed:
            return
        if isinstance(event, PorterDone):
            self._leave(errand)
            task = errand.now(paused=False, waiting=False, cancelled=False, result=event.name or errand.task.name)
            self._end(msgspec.structs.replace(task, size_bytes=event.size_bytes, speed=None, seconds_left=None))
        elif errand.is_stopped or event is None:
            self._settle(errand)
        else:
            self._end(errand.now(failed=event, speed=None, seconds_left=None, retrying=None))
        self._start_next()

    def _settle(self, errand: _Errand) -> None:
        """Its porter is gone, or it never had one, because it is paused, cancelled, or waits for something else."""
        name, what = errand.task.name, errand.task.what
        if errand.task.cancelled:
            self._leave(errand)
            if what == "fetch":
                self._history.ask(lambda _: unfinished.forget(name), otherwise=_never_mind)
            elif what == "take_in":
                self._history.ask(lambda _: _forget_arrivals(), otherwise=_never_mind)
            elif isinstance(errand.command, MoveModels):
                target = Path(os.fsdecode(errand.command.folder))
                self._history.ask(lambda _: moving.give_up(target), otherwise=_never_mind)
            self.task_ended.emit(errand.task)
        elif errand.task.paused:
            self._note(errand)

    def _note(self, errand: _Errand) -> None:
        """Have a download that rests found by the next program as well."""
        command, paused = errand.command, errand.task.paused
        if isinstance(command, FetchModel):
            self._history.ask(lambda _: _rest(command, paused), otherwise=_never_mind)

    def _end(self, task: ModelTask) -> None:
        self.task_ended.emit(task)
        if task.failed is None or task.what == "verify":
            self.shelf_changed.emit()

    def _leave(self, errand: _Errand) -> None:
        if self._errands.get(errand.task.name) is errand:
            del self._errands[errand.task.name]

    def _refuse(self, name: str, what: What, error: Exception) -> None:
        if not isinstance(error, PorterError):
            error = PorterError(ModelTrouble.CANNOT_READ, f"{type(error).__name__}: {error}")
        failed = PorterFailed(error.kind, error.detail, error.needed_bytes, error.free_bytes)
        self.task_ended.emit(ModelTask(name, what, failed=failed))

    def _on_left(self, downloads: list[unfinished.Unfinished]) -> None:
        for left in downloads:
            if left.name not in self._errands:
                task = ModelTask(left.name, "fetch", None, left.done_bytes, left.total_bytes, paused=left.paused)
                command = FetchModel(left.name, left.repo, left.revision, left.hub)
                errand = _Errand(msgspec.structs.replace(task, waiting=not left.paused), command)
                self._errands[left.name] = errand
                self.task_changed.emit(errand.task)
        self._start_next()

    def _on_token_kept(self, porter: PorterProcess, event: PorterDone | PorterFailed | None) -> None:
        self._others.discard(porter)
        porter.deleteLater()
        self.token_kept.emit(isinstance(event, PorterDone))


def _left() -> list[unfinished.Unfinished]:
    """Delete what killed porters have left of everything but downloads; return those."""
    for tidy in (_forget_arrivals, removing.tidy, moving.tidy):
        with contextlib.suppress(PorterError, OSError):  # somebody is at it
            tidy()
    return [left for left in unfinished.downloads() if not left.running]


def _forget_arrivals() -> None:
    from desktop_app.models import importing  # with what reads archives and starts processes: not loaded at the start

    importing.tidy()


def _rest(command: FetchModel, paused: bool) -> None:
    folder = unfinished.folder_of(command.name)
    if unfinished.read(folder) is not None:
        unfinished.set_paused(command.name, paused)
        return
    folder.mkdir(exist_ok=True)
    unfinished.write(folder, DownloadNote(command.name, command.repo, command.revision, command.hub, paused=paused))


def _check_not_needed(name: str, history: History) -> None:
    if removing.is_needed(name, history.models_needed()):
        raise PorterError(ModelTrouble.IN_USE)


def _never_mind(_: Exception) -> None:
    """Half files that could not be dealt with stay; the next porter sees them again."""
