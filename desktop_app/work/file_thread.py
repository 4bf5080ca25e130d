"""The second lane for disks: work with files that are not the library, so that a slow disk delays no storing."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject

from desktop_app.work.lane import Lane

Answer = TypeVar("Answer")


class FileThread(Lane):
    """Walks folders, looks at models, writes exports: one thing after the other, in the order it was asked."""

    asked_for = "work with files"

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__("files", parent)
        self._asked: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()

    def ask(
        self,
        work: Callable[[], Answer],
        then: Callable[[Answer], None] | None = None,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Have `work` done in the thread; its result goes to `then`, its error to `otherwise`, in the caller's."""
        self.pass_on(work, self._hand_to(then), self._refuse_to(otherwise))

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
