"""The one thread that touches the database and walks folders, so that the window waits for neither."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop_app.transcripts.history import History
from desktop_app.transcripts.soundness import is_damage
from desktop_app.work.named_thread import NamedThread

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class HistoryThread(NamedThread):
    """Questions to the library go in, answers come out, both in order.

    could_not_open(error): the library cannot be used; no question is answered.
    mended(what): the library was damaged, and was mended before the next question; a safekeeping.Mended.
    failed(error): a question nobody was prepared to see fail raised `error`.
    """

    could_not_open = Signal(object)
    mended = Signal(object)
    failed = Signal(object)
    _answered = Signal(object, object)

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__("library", parent)
        self._file = file
        self._history: History
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
            self._history = self._opened()
            while (asked := self._questions.get()) is not None:
                self._answer(*asked)
            self._history.close()
        except _NotOpened as error:
            log.error("the library cannot be opened", exc_info=error.__cause__)
            self.could_not_open.emit(error.__cause__)

    def _opened(self, thorough: bool = False) -> History:
        try:
            history = History(self._file, thorough)
        except Exception as error:
            raise _NotOpened from error
        if history.mended is not None:
            log.warning("the library was damaged: %s", history.mended.saved)
            self.mended.emit(history.mended)
        return history

    def _answer(self, question: Any, then: Any, otherwise: Any) -> None:
        try:
            answer = self._asked(question)
        except _NotOpened:
            raise
        except Exception as error:
            if otherwise is None:
                log.exception("a question to the library failed")
            self._answered.emit(otherwise or self.failed.emit, error)
        else:
            if then is not None:
                self._answered.emit(then, answer)

    def _asked(self, question: Callable[[History], Answer]) -> Answer:
        """Return the answer. If there is none because the library is damaged, it is mended, and asked again."""
        try:
            return question(self._history)
        except Exception as error:
            if not is_damage(error):
                raise
            log.exception("the library may be damaged")
            self._history.close()
            self._history = self._opened(thorough=True)
            if self._history.mended is None:
                raise
            return question(self._history)

    def _on_answered(self, hand_to: Callable[[Any], None], answer: Any) -> None:
        hand_to(answer)


class _NotOpened(Exception):
    """The library cannot be used; the cause says why."""
