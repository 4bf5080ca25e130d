"""Has the probe run when nothing else is done, and keeps what it found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app import paths
from desktop_app.models import catalogue, machine, shelf
from desktop_app.models.errors import ModelError
from desktop_app.models.machine import Machine, Speed
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

    The probe never runs beside a job, nor while a model is loaded ahead of one: it is ended, and begins anew later.
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
    ) -> None:
        """command: what starts the backend. limit: seconds that a run of the probe may take."""
        super().__init__(parent)
        self.machine: Machine | None = None
        self._history, self._queue = history, queue
        self._process = ProbeProcess(command, self, limit)
        self._process.ended.connect(self._on_ended)
        self._wanted: str | None = None  # "glance" or "look"
        self._model: tuple[Path, str] | None = None  # to measure: its folder and its name
        self._may_begin = QTimer(self, interval=LOOKS_EVERY_MS)
        self._may_begin.timeout.connect(self._begin_if_it_may)
        queue.progressed.connect(lambda _: self._make_way())
        queue.ran.connect(self._keep_speed)

    @property
    def is_looking(self) -> bool:
        """Whether the probe runs, or waits for the moment to."""
        return self._wanted is not None

    def start(self, again: bool = False) -> None:
        """Tell what is known, and see whether it still holds; again: find it all out anew in any case."""

        def take(kept: Machine | None) -> None:
            if kept is not None and self.machine is None:
                self._tell(kept)
            if self._wanted is None or again:
                self._make_way()
                self._wanted = "look" if again or kept is None else "glance"
                self._may_begin.start()

        self._history.ask(lambda _: machine.load(paths.machine_file()), take)

    def close(self) -> None:
        """The program ends."""
        self._wanted = None
        self._may_begin.stop()
        self._process.close()

    def _begin_if_it_may(self) -> None:
        if self._wanted is None:
            self._may_begin.stop()
        elif not self._process.is_running and not self._queue.is_busy:
            if self._wanted == "glance":
                self._process.glance()
            elif self._model is None:
                self._history.ask(lambda _: model_to_measure(), self._look)
            else:
                self._look(self._model)

    def _look(self, model: tuple[Path, str] | None) -> None:
        self._model = model
        if self._wanted == "look" and not self._process.is_running and not self._queue.is_busy:
            self._process.look(*(model or ()))

    def _make_way(self) -> None:
        """Nothing is to run beside a job; what is still wanted comes later."""
        if self._process.is_running:
            log.info("the probe is put off")
            self._process.stop()

    def _on_ended(self, probed: Probed | None) -> None:
        if probed is None or self._wanted is None:
            return
        if self._wanted == "glance" and not (self.machine is not None and probed.machine.is_same_as(self.machine)):
            self._wanted = "look"
            return
        was_glance = self._wanted == "glance"
        self._wanted = None
        self._may_begin.stop()
        if was_glance and self.machine is not None:
            self._tell(as_now(self.machine, probed.machine))
        else:
            self._keep(probed)

    def _keep(self, probed: Probed) -> None:
        if probed.trouble is not None:  # not kept: next time it may come further
            log.warning("the probe came only so far: %s %s", probed.trouble, probed.detail)
            self.failed.emit(probed)
            if self.machine is None:
                self._tell(probed.machine)
            return
        self._history.ask(
            lambda _: machine.keep(probed.machine, paths.machine_file()),
            self._tell,
            lambda error: self._tell_unkept(probed.machine, error),
        )

    def _tell_unkept(self, found: Machine, error: Exception) -> None:
        log.warning("what is known of this computer could not be kept: %s", type(error).__name__)
        self._tell(found)

    def _tell(self, found: Machine) -> None:
        self.machine = found
        self.found.emit(found)

    def _keep_speed(self, speed: Speed) -> None:
        def take(kept: Machine | None) -> None:
            if kept is not None and self.machine is not None:
                self._tell(msgspec.structs.replace(self.machine, speeds=kept.speeds))

        _keep_speed(self._history, speed, take)


def use_what_is_known(queue: JobQueue, history: HistoryThread) -> None:
    """Have a queue without a probe choose by what is kept, and keep how fast its jobs are. Reads a small file."""
    kept = machine.load(paths.machine_file())
    if kept is not None:
        queue.use_machine(kept, is_sure=False)
        queue.ran.connect(lambda speed: _keep_speed(history, speed, lambda _: None))


def _keep_speed(history: HistoryThread, speed: Speed, then: Callable[[Machine | None], None]) -> None:
    history.ask(
        lambda _: machine.keep_speed(paths.machine_file(), speed),
        then,
        lambda error: log.warning("a speed could not be kept: %s", type(error).__name__),
    )


def as_now(kept: Machine, seen: Machine) -> Machine:
    """Return what is known, with the free memory as it is now."""
    return msgspec.structs.replace(kept, processor=seen.processor, cards=seen.cards)


def model_to_measure() -> tuple[Path, str] | None:
    """Return the folder and the name of a model to measure this computer with."""
    for name in MEASURED_WITH:
        if name in catalogue.published():
            try:
                return shelf.find(name), name
            except ModelError:
                continue
    return None
