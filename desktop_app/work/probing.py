"""Has the probe run when nothing else is done, and keeps what it found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app import paths
from desktop_app.models import catalogue, machine, shelf
from desktop_app.models.errors import ModelError
from desktop_app.models.machine import Machine, Speed
from desktop_app.transcripts.history import History
from desktop_app.work import ownership
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.probe_process import LIMIT, Probed, ProbeProcess

log = logging.getLogger(__name__)

LOOKS_EVERY_MS = 500  # whether it may begin
MEASURED_WITH = ("base", "base.en", "tiny", "tiny.en", "small", "small.en")  # the first of them that is here


class Probing(QObject):
    """What is known of this computer.

    found(machine): a Machine: the one that was kept, at once; then, if anything has changed, what the probe finds.
    failed(probed): a Probed whose `trouble` tells why not all could be found out. If nothing was known before, `found`
    follows with what could be.

    The queue is told too, and how sure it is: what was kept is so only when a glance has agreed. The glance costs next
    to nothing, and is taken at once. All else never runs beside a job, nor while a model is loaded ahead of one: it is
    ended, and begins anew later.
    """

    found = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        history: HistoryThread,
        queue: JobQueue,
        command: Sequence[str],
        parent: QObject | None = None,
        limit: float = LIMIT,
        glance_after: float = 0.0,
    ) -> None:
        """command: what starts the backend. limit: seconds without a word of the probe.

        glance_after: seconds before it is seen whether what is kept still holds, in which a program that starts has
        better things to do.
        """
        super().__init__(parent)
        self.machine: Machine | None = None
        self._history, self._queue = history, queue
        self._process = ProbeProcess(command, self, limit)
        self._process.ended.connect(self._on_ended)
        self._wanted: Literal["glance", "look", "measure"] | None = None
        self._is_asking = False  # which model to measure
        self._may_begin = QTimer(self)
        self._may_begin.setInterval(LOOKS_EVERY_MS)
        self._may_begin.timeout.connect(self._begin_if_it_may)
        self._glances = QTimer(self)
        self._glances.setSingleShot(True)
        self._glances.setInterval(round(1000 * glance_after))
        self._glances.timeout.connect(self._glance)
        queue.became_busy.connect(self._make_way)
        queue.ran.connect(self._keep_speed)

    @property
    def is_looking(self) -> bool:
        """Whether it is still being found out, or is to be, what this computer can do; how fast it is may follow."""
        return self._wanted in ("glance", "look")

    @property
    def is_done(self) -> bool:
        """Whether all is known that can be found out this time, how fast this computer is included."""
        return self._wanted is None

    def start(self, again: bool = False) -> None:
        """Tell what is known, and see whether it still holds; again: find it all out anew in any case."""

        def take(kept: Machine | None) -> None:
            if kept is not None and self.machine is None:
                self._tell(kept, is_sure=False)
            if self._wanted is None or again:
                self._process.stop()
                self._wanted = "look" if again or kept is None else "glance"
                if self._wanted == "glance":
                    self._glances.start()
                else:
                    self._may_begin.start()

        self._history.files.ask(lambda: machine.load(paths.machine_file()), take)

    def close(self) -> None:
        """The program ends."""
        self._wanted = None
        self._may_begin.stop()
        self._glances.stop()
        self._process.close()

    def _glance(self) -> None:
        if self._wanted == "glance":
            self._may_begin.start()
            self._process.glance()

    def _begin_if_it_may(self) -> None:
        if self._wanted is None:
            self._may_begin.stop()
        elif not (self._process.is_running or self._is_asking or self._queue.is_busy):
            self._is_asking = True
            self._history.ask(_model_to_measure_now, self._look)

    def _look(self, model: tuple[Path, str] | None) -> None:
        self._is_asking = False
        if self._wanted is None or self._process.is_running or self._queue.is_busy:
            return
        if self._wanted == "look":
            self._process.look(*(model or ()))
        elif model is not None:
            self._process.look(*model, patient=True)
        else:
            self._want_nothing_more()
            self.found.emit(self.machine)  # nothing new, but nothing more is to come

    def _make_way(self) -> None:
        """Nothing but a glance is to run beside a job; what is still wanted comes later."""
        if self._process.is_running and self._wanted != "glance":
            log.info("the probe is put off")
            self._process.stop()

    def _want_nothing_more(self) -> None:
        self._wanted = None
        self._may_begin.stop()

    def _on_ended(self, probed: Probed | None) -> None:
        if probed is None or self._wanted is None:
            return
        if self._wanted == "glance":
            self._glanced(probed.machine)
        else:
            was_brief = self._wanted == "look"
            self._want_nothing_more()
            self._keep(probed, was_brief)

    def _glanced(self, seen: Machine) -> None:
        if self.machine is None or not seen.is_same_as(self.machine):
            self._queue.use_machine(None)  # until it is found out anew
            self._wanted = "look"
            return
        self._want_nothing_more()
        self._tell(as_now(self.machine, seen))
        self._measure_if_need_be()

    def _measure_if_need_be(self) -> None:
        """Take more time for it, if there was too little for it before: else no larger model is ever proposed."""
        if self.machine is not None and not self.machine.is_measured:
            self._wanted = "measure"
            self._may_begin.start()

    def _keep(self, probed: Probed, was_brief: bool) -> None:
        if probed.trouble is not None:  # not kept: next time it may come further
            log.warning("the probe came only so far: %s %s", probed.trouble, probed.detail)
            self.failed.emit(probed)
            if self.machine is None:
                self._tell(probed.machine, is_sure=False)
            return

        def tell(found: Machine) -> None:
            self._tell(found)
            if was_brief and self._wanted is None:
                self._measure_if_need_be()

        def tell_unkept(error: Exception) -> None:
            log.warning("what is known of this computer could not be kept: %s", type(error).__name__)
            self._tell(probed.machine)

        def keep(is_busy: bool) -> None:
            self._history.files.ask(lambda: kept_now(probed.machine, is_busy), tell, tell_unkept)

        self._history.ask(is_anybody_working, keep, tell_unkept)

    def _tell(self, found: Machine, is_sure: bool = True) -> None:
        self.machine = found
        self._queue.use_machine(found, is_sure)
        self.found.emit(found)

    def _keep_speed(self, speed: Speed) -> None:
        def take(kept: Machine | None) -> None:
            if kept is not None and self.machine is not None:
                self.machine = msgspec.structs.replace(self.machine, speeds=kept.speeds)
                self.found.emit(self.machine)  # the queue has no use for it

        _keep_speed(self._history, speed, take)


def use_what_is_known(queue: JobQueue, history: HistoryThread) -> None:
    """Have a queue without a probe choose by what is kept, and keep how fast its jobs are. Reads a small file.

    Nobody glances whether it still holds, so nothing is refused for it, and a card that may have come is looked for.
    """
    kept = machine.load(paths.machine_file())
    if kept is not None:
        queue.use_machine(kept, is_sure=False)
        queue.ran.connect(lambda speed: _keep_speed(history, speed, lambda _: None))


def _keep_speed(history: HistoryThread, speed: Speed, then: Callable[[Machine | None], None]) -> None:
    history.files.ask(
        lambda: machine.keep_speed(paths.machine_file(), speed),
        then,
        lambda error: log.warning("a speed could not be kept: %s", type(error).__name__),
    )


def as_now(kept: Machine, seen: Machine) -> Machine:
    """Return what is known, with the free memory as it is now."""
    return msgspec.structs.replace(kept, processor=seen.processor, cards=seen.cards)


def kept_now(found: Machine, is_busy: bool) -> Machine:
    """Keep what was found; what was measured beside a job is not what this computer can do. Raise OSError."""
    if is_busy:
        found = msgspec.structs.replace(found, measured=())
    return machine.keep(found, paths.machine_file())


def is_anybody_working(history: History) -> bool:
    """Tell whether a program, this or another one, has a job running, or records."""
    owners = history.working_owners()
    return bool(owners - ownership.gone(paths.locks(), owners) or ownership.running(paths.unfinished()))


def _model_to_measure_now(history: History) -> tuple[Path, str] | None:
    return None if is_anybody_working(history) else model_to_measure()


def model_to_measure() -> tuple[Path, str] | None:
    """Return the folder and the name of a model to measure this computer with."""
    for name in MEASURED_WITH:
        if name in catalogue.published():
            try:
                return shelf.find(name), name
            except ModelError:
                continue
    return None
