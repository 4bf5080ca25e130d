"""Has models fetched, checked, moved and removed by porters, and tells how that gets on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

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
from desktop_app.models import catalogue, moving, names, recognised, removing, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.flow import Flow
from desktop_app.models.unfinished import DownloadNote
from desktop_app.transcripts.history import History
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.porter_process import PorterProcess

What: TypeAlias = Literal["fetch", "take_in", "verify", "remove", "move"]

DOWNLOADS_AT_ONCE = 2
GLANCE_MS = 500  # between two looks whether bytes still come


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
    is_quiet: bool = False  # nothing has come for some seconds
    retrying: ModelTrouble | None = None  # it came to this, and is tried again
    failed: PorterFailed | None = None
    cancelled: bool = False
    result: str = ""  # done: the model's name on the shelf
    size_bytes: int = 0  # done: of the model; what was freed, if it was removed
    repo: str = ""  # that it is fetched from


class _Errand:
    """A task, and what is needed to have it done."""

    def __init__(self, task: ModelTask, command: PorterCommand) -> None:
        self.task = task
        self.command = command
        self.porter: PorterProcess | None = None
        self.has_turn = False  # its porter is at it, or is about to start
        self.flow = Flow()

    def now(self, **changes: object) -> ModelTask:
        self.task = msgspec.structs.replace(self.task, **changes)
        return self.task

    def download_of(self, repo: str = "") -> FetchModel | None:
        """Return the command, if it is to fetch a model; the one of that repository."""
        command = self.command
        if isinstance(command, FetchModel) and repo.casefold() in ("", command.repo.casefold()):
            return command
        return None

    @property
    def is_busy(self) -> bool:
        return self.task.failed is None

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
        self._glance = QTimer(self)
        self._glance.setInterval(GLANCE_MS)
        self._glance.timeout.connect(self._on_glance)
        history.files.ask(catalogue.published)  # so that the window need not read it

    def tasks(self) -> list[ModelTask]:
        """Return what is being done, waits or is paused; and what failed, until it is tried again or cancelled."""
        return [errand.task for errand in self._errands.values()]

    def start(self) -> None:
        """Go on with the downloads that an earlier program left and that nobody had paused."""
        self._history.files.ask(_left, self._on_left)

    def fetch(self, name: str, repo: str = "", revision: str = "", token: str = "") -> None:
        """Download a model. `repo` empty: one that is published, or whose download failed or is here already.

        `name` empty: it is called as on the hub. `repo` may be an address that was pasted. What is being downloaded
        already goes on; another model of that name is refused (NAME_TAKEN).
        """
        repo = names.repository_in(repo)
        known, published = self._errands.get(name), catalogue.published().get(name)
        if known is not None and (known.is_busy or known.download_of(repo)):
            self._go_on(known, repo, revision, token)
        elif name and repo:
            self._add(ModelTask(name, "fetch"), FetchModel(name, repo, revision, self._hub(), token))
        elif published is not None:
            self.fetch(name, published.repo, published.revision, token)
        else:
            self._find_out_what_is_meant(name, repo, revision, token)

    def _go_on(self, known: _Errand, repo: str, revision: str, token: str) -> None:
        """Go on with a download that is known, if that is the one that is wanted."""
        name, command = known.task.name, known.download_of(repo)
        is_at_rest = known.task.paused or not known.is_busy
        if command is None or not (is_at_rest or revision in ("", command.revision)):
            self._refuse(repo or name, "fetch", PorterError(ModelTrouble.NAME_TAKEN, f"{name!r} is busy"))
            return
        command = msgspec.structs.replace(command, revision=revision or command.revision)
        known.command = self._as_is_set_now(command, token)
        if known.task.paused:
            self.resume(name)
        elif known.is_busy:
            self.task_changed.emit(known.task)
        else:
            self._add(ModelTask(name, "fetch"), known.command)

    def _find_out_what_is_meant(self, name: str, repo: str, revision: str, token: str) -> None:
        """Fetch it once it is known how a repository's model is called here, or where one of that name is from."""
        wanted = {
            errand.task.name: command.repo
            for errand in self._errands.values()
            if errand.is_busy and (command := errand.download_of())
        }

        def meant() -> tuple[str, str, str]:
            if name:
                return name, *names.origin(name)
            return names.of_repository(repo, revision, wanted), repo, revision

        def fetch(answer: tuple[str, str, str]) -> None:
            known = self._errands.get(answer[0])
            is_new = known is not None and known.is_busy and known.download_of() and answer[0] not in wanted
            if is_new and not name:  # another has come to be called so meanwhile
                self._find_out_what_is_meant(name, repo, revision, token)
            else:
                self.fetch(*answer, token)

        self._history.files.ask(meant, fetch, lambda error: self._refuse(name or repo, "fetch", error))

    def pause(self, name: str) -> None:
        """Stop a download. It can be gone on with, also after the program was started anew."""
        errand = self._errands.get(name)
        if errand is None or errand.task.what != "fetch" or errand.task.failed or errand.task.paused:
            return
        errand.now(paused=True, waiting=False, speed=None, seconds_left=None, is_quiet=False, retrying=None)
        self._stop(errand)
        self.task_changed.emit(errand.task)

    def resume(self, name: str) -> None:
        """Go on with a download that is paused."""
        errand = self._errands.get(name)
        if errand is not None and errand.task.paused:
            errand.command = self._as_is_set_now(errand.command)
            self.task_changed.emit(errand.now(paused=False, waiting=True))
            self._start_next()
            if errand.task.waiting:
                self._note(errand)

    def retry(self, name: str, token: str = "") -> None:
        """Do once more what failed; token: what the hub is to be shown, if it wants to know who asks."""
        errand = self._errands.get(name)
        if errand is None or errand.task.failed is None:
            return
        self._add(ModelTask(name, errand.task.what), self._as_is_set_now(errand.command, token))

    def _as_is_set_now(self, command: PorterCommand, token: str = "") -> PorterCommand:
        """Return a command from before for the hub that is wanted by now."""
        if not isinstance(command, FetchModel):
            return command
        return msgspec.structs.replace(command, hub=self._hub(), token=token or command.token)

    def cancel(self, name: str) -> None:
        """Stop what is being done about a model, and remove what is half done. A removal is not stopped any more.

        What failed is not in `tasks` any more; the half of a download that failed goes too. `name` empty: the models
        are not moved, and what is in the new folder already goes from there.
        """
        errand = self._errands.get(name)
        if errand is not None and (errand.porter is None or errand.task.what != "remove"):
            errand.now(cancelled=True)
            self._stop(errand)
            self._start_next()

    def take_in(self, source: Path, name: str = "") -> None:
        """Check a folder or a zip archive, and put a copy of the model in it on the shelf."""
        called = name or recognised.name_of(source)
        busy = {key for key, errand in self._errands.items() if errand.is_busy}
        tries = (called if number == 1 else f"{called} ({number})" for number in range(1, len(busy) + 2))
        task = ModelTask(next(one for one in tries if one not in busy), "take_in")
        self._add(task, TakeInModel(os.fsencode(source), name))

    def verify(self, name: str) -> None:
        """Read every byte of a model. One that is found to be damaged is not used any more."""
        self._add(ModelTask(name, "verify"), VerifyModel(name))

    def repair(self, name: str) -> None:
        """Fetch anew what is wrong with a model, from where it came."""
        self._find_out_what_is_meant(name, "", "", "")

    def remove(self, name: str) -> None:
        """Remove the user's own copy of a model, unless a job that runs, waits or is paused needs it (IN_USE).

        That is looked for now, so that it is told at once, and again when the removal has waited for its turn.
        """
        self._history.ask(
            lambda history: _check_not_needed(name, history),
            lambda _: self._add(ModelTask(name, "remove"), RemoveModel(name)),
            lambda error: self._refuse(name, "remove", error),
        )

    def if_not_needed(self, name: str, then: Callable[[], None]) -> None:
        """Call `then` if the model may be removed; else that is refused, before anybody is asked whether he is sure."""
        self._history.ask(
            lambda history: _check_not_needed(name, history),
            lambda _: then(),
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
        self._glance.stop()
        porters = [*self._others, *(errand.porter for errand in self._errands.values() if errand.porter)]
        for porter in porters:
            porter.stop()
        for porter in porters:
            porter.wait()
        self._log.close()

    # --- whose turn it is ---

    def _add(self, task: ModelTask, command: PorterCommand) -> None:
        known = self._errands.get(task.name)
        if self._is_closed or (known is not None and known.is_busy):
            return
        self._errands.pop(task.name, None)
        repo = command.repo if isinstance(command, FetchModel) else ""
        self._errands[task.name] = errand = _Errand(msgspec.structs.replace(task, waiting=True, repo=repo), command)
        self._start_next()
        if errand.task.waiting:
            self.task_changed.emit(errand.task)
            self._note(errand)

    def _start_next(self) -> None:
        if self._is_closed:
            return
        if any(errand.task.what == "move" and errand.is_busy for errand in self._errands.values()):
            self._make_way()
        for errand in [*self._errands.values()]:
            if errand.task.waiting and not errand.has_turn and self._may_start(errand):
                self._begin(errand)

    def _make_way(self) -> None:
        """The folder is to be moved: downloads, which can take hours, wait until it was."""
        for errand in self._errands.values():
            if errand.task.what == "fetch" and errand.porter is not None and not errand.is_stopped:
                self.task_changed.emit(errand.now(waiting=True, speed=None, seconds_left=None, is_quiet=False))
                self._stop(errand)

    def _may_start(self, errand: _Errand) -> bool:
        running = [other.task.what for other in self._errands.values() if other.has_turn]
        if errand.task.what == "move":
            return not running
        if any(other.task.what == "move" and other.is_busy for other in self._errands.values()):
            return False
        if errand.task.what == "fetch":
            return running.count("fetch") < DOWNLOADS_AT_ONCE
        return not [what for what in running if what != "fetch"]  # they keep the disk or the processor busy

    def _begin(self, errand: _Errand) -> None:
        errand.has_turn = True
        self.task_changed.emit(errand.now(waiting=False, stage=None))
        name = errand.task.name
        if errand.task.what != "remove":
            self._start_porter(errand)
        else:  # it may have waited for long, and a recording may need the model by now
            self._history.ask(
                lambda history: _check_not_needed(name, history),
                lambda _: self._start_porter(errand),
                lambda error: self._on_needed(errand, error),
            )

    def _start_porter(self, errand: _Errand) -> None:
        if self._is_closed or errand.task.cancelled:
            self._hand_on_turn(errand)
            return
        errand.porter = PorterProcess(paths.porter_command(), self._log, self)
        errand.flow = Flow()
        errand.porter.progressed.connect(lambda progress: self._on_progressed(errand, progress))
        errand.porter.ended.connect(lambda event: self._on_ended(errand, event))
        errand.porter.start(errand.command)

    def _on_needed(self, errand: _Errand, error: Exception) -> None:
        if not errand.task.cancelled:
            self._leave(errand)
            self._refuse(errand.task.name, errand.task.what, error)
        self._hand_on_turn(errand)

    def _hand_on_turn(self, errand: _Errand) -> None:
        errand.has_turn = False
        self._start_next()

    def _stop(self, errand: _Errand) -> None:
        if errand.porter is not None:
            errand.porter.stop()
        else:
            self._settle(errand)

    # --- what becomes of it ---

    def _on_progressed(self, errand: _Errand, progress: PorterProgress) -> None:
        if progress.stage != errand.task.stage:
            errand.flow = Flow()
            self._glance.start()
        errand.flow.reached(progress.done)
        self._tell(errand, progress)

    def _tell(self, errand: _Errand, progress: PorterProgress) -> None:
        is_quiet = progress.stage is PorterStage.FETCHING and errand.flow.is_quiet
        self.task_changed.emit(
            errand.now(
                stage=progress.stage,
                done=progress.done,
                total=progress.total,
                speed=None if is_quiet else errand.flow.speed,
                seconds_left=None if is_quiet else errand.flow.seconds_left(progress.total),
                is_quiet=is_quiet,
                retrying=progress.retrying,
            )
        )

    def _on_glance(self) -> None:
        """Porters tell only of what comes: that nothing comes is to be noticed here."""
        fetching = [errand for errand in self._errands.values() if errand.porter and not errand.is_stopped]
        fetching = [errand for errand in fetching if errand.task.stage is PorterStage.FETCHING]
        for errand in fetching:
            if errand.flow.is_quiet and not errand.task.is_quiet:
                self.task_changed.emit(errand.now(is_quiet=True, speed=None, seconds_left=None))
        if not fetching:
            self._glance.stop()

    def _on_ended(self, errand: _Errand, event: PorterDone | PorterFailed | None) -> None:
        if errand.porter is not None:
            if not self._is_closed:  # else it goes with us, and deleted twice would end the process
                errand.porter.deleteLater()
            errand.porter = None
            errand.has_turn = False
        if self._is_closed:
            return
        if isinstance(event, PorterDone):
            self._leave(errand)
            task = errand.now(paused=False, waiting=False, cancelled=False, result=event.name or errand.task.name)
            self._end(msgspec.structs.replace(task, size_bytes=event.size_bytes, speed=None, seconds_left=None))
        elif errand.is_stopped or event is None:
            self._settle(errand)
        else:
            self._rest_after_failure(errand)
            self._end(errand.now(failed=event, speed=None, seconds_left=None, is_quiet=False, retrying=None))
        self._start_next()

    def _rest_after_failure(self, errand: _Errand) -> None:
        """Have it tried again when the user wants it, not by the next program by itself."""
        name = errand.task.name
        if errand.task.what == "fetch":
            self._history.files.ask(lambda: unfinished.set_paused(name, True), otherwise=_never_mind)

    def _settle(self, errand: _Errand) -> None:
        """Its porter is gone, or it never had one, because it is paused, cancelled, or waits for something else."""
        name, what = errand.task.name, errand.task.what
        if errand.task.cancelled:
            self._leave(errand)
            if what == "fetch":
                self._history.files.ask(lambda: unfinished.forget(name), otherwise=_never_mind)
            elif what == "take_in":
                self._history.files.ask(_forget_arrivals, otherwise=_never_mind)
            elif isinstance(errand.command, MoveModels):
                target = Path(os.fsdecode(errand.command.folder))
                self._history.files.ask(lambda: moving.give_up(target), otherwise=_never_mind)
            self.task_ended.emit(errand.task)
        elif errand.task.paused:
            self._note(errand)

    def _note(self, errand: _Errand) -> None:
        """Have a download that rests found by the next program as well."""
        command, paused = errand.command, errand.task.paused
        if isinstance(command, FetchModel):
            note = DownloadNote(command.name, command.repo, command.revision, command.hub, paused=paused)
            self._history.files.ask(lambda: unfinished.rest(note), otherwise=_never_mind)

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
        failed = error.told()
        self.task_ended.emit(ModelTask(name, what, failed=failed))

    def _on_left(self, downloads: list[unfinished.Unfinished]) -> None:
        for left in downloads:
            if left.name not in self._errands:
                task = ModelTask(left.name, "fetch", None, left.done_bytes, left.total_bytes, paused=left.paused)
                command = FetchModel(left.name, left.repo, left.revision, left.hub)
                errand = _Errand(msgspec.structs.replace(task, waiting=not left.paused, repo=left.repo), command)
                self._errands[left.name] = errand
                self.task_changed.emit(errand.task)
        self._start_next()

    def _on_token_kept(self, porter: PorterProcess, event: PorterDone | PorterFailed | None) -> None:
        self._others.discard(porter)
        if not self._is_closed:
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


def _check_not_needed(name: str, history: History) -> None:
    if removing.is_needed(name, history.models_needed()):
        raise PorterError(ModelTrouble.IN_USE)


def _never_mind(_: Exception) -> None:
    """Half files that could not be dealt with stay; the next porter sees them again."""
