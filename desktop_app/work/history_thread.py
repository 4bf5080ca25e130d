"""The one thread that touches the database and walks folders, so that the window waits for neither."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThread, Signal

from desktop_app.transcripts.history import History

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class HistoryThread(QThread):
    """Questions to the library go in, answers come out, both in order.

    could_not_open(error): the library cannot be used; no question is answered.
    failed(error): a question nobody was prepared to see fail raised `error`.
    """

    could_not_open = Signal(object)
    failed = Signal(object)
    _answered = Signal(object, object)

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self._questions: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._answered.connect(self._on_answered)

    def ask(
        self,
        question: Callable[[History], Answer],
        then: Callable[[Answer], None] | None = None,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Have `question` run in the thread; its answer goes to `then`, its error to `otherwise`, in the caller's."""
        self._questions.put((question, then, otherwise))

    def close(self) -> None:
        """Answer what was asked so far, then end. Waits for it: for the end of the program only."""
        self._questions.put(None)
        self.wait()

    def run(self) -> None:
        try:
            history = History(self._file)
        except Exception as error:
            log.exception("the library cannot be opened")
            self.could_not_open.emit(error)
            return
        while (asked := self._questions.get()) is not None:
            question, then, otherwise = asked
            try:
                answer = question(history)
            except Exception as error:
                if otherwise is None:
                    log.exception("a question to the library failed")
                self._answered.emit(otherwise or self.failed.emit, error)
            else:
                if then is not None:
                    self._answered.emit(then, answer)
        history.close()

    def _on_answered(self, hand_to: Callable[[Any], None], answer: Any) -> None:
        hand_to(answer)
