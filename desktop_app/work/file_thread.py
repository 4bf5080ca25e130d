"""The second lane for disks: work with files that are not the library, so that a slow disk delays no storing."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop_app.work.named_thread import NamedThread

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class FileThread(NamedThread):
    """Walks folders, looks at models, writes exports: one thing after the other, in the order it was asked.

    failed(error): a piece of work nobody was prepared to see fail raised `error`.
    """

    failed = Signal(object)
    _answered = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__("files", parent)
        self._asked: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._answered.connect(self._on_answered)

    def ask(
        self,
        work: Callable[[], Answer],
        then: Callable[[Answer], None] | None = None,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Have `work` done in the thread; its result goes to `then`, its error to `otherwise`, in the caller's."""

        def hand_on(result: Answer) -> None:
            if then is not None:
                self._answered.emit(then, result)

        def refuse(error: Exception) -> None:
            if otherwise is None:
                log.error("work with files failed", exc_info=error)
            self._answered.emit(otherwise or self.failed.emit, error)

        self.pass_on(work, hand_on, refuse)

    def pass_on(
        self, work: Callable[[], Answer], then: Callable[[Answer], None], otherwise: Callable[[Exception], None]
    ) -> None:
        """Have `work` done, and `then` or `otherwise` called, all in the thread. They must not fail or wait."""

        def do() -> None:
            try:
                result = work()
            except Exception as error:
                otherwise(error)
            else:
                then(result)

        self._asked.put(do)

    def end(self, then: Callable[[], object]) -> None:
        """Do what was asked so far, call `then` in the thread, and end it."""
        self._asked.put(then)
        self._asked.put(None)

    def run(self) -> None:
        while (do := self._asked.get()) is not None:
            do()

    def _on_answered(self, hand_to: Callable[[Any], None], answer: Any) -> None:
        hand_to(answer)
