"""The one thread that writes the library, so that the window does not wait for it; and the lane for other disks."""

from __future__ import annotations

import contextlib
import enum
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop_app.transcripts.history import History
from desktop_app.transcripts.soundness import is_damage
from desktop_app.work.file_thread import FileThread
from desktop_app.work.lane import Lane

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Result = TypeVar("Result")


class HistoryThread(Lane):
    """Questions to the library go in, answers come out, both in order. What other disks are for goes to `files`.

    could_not_open(error): the library cannot be used; no question is answered.
    mended(what): the library was damaged, and was mended before the next question; a safekeeping.Mended.
    failed(error): a question, or work with files, that nobody was prepared to see fail raised `error`.
    """

    could_not_open = Signal(object)
    mended = Signal(object)

    asked_for = "a question to the library"

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__("library", parent)
        self.files = FileThread(self)
        self.files.failed.connect(self.failed)
        self._file = file
        self._history: History
        self._questions: queue.SimpleQueue[_Question | _Mark] = queue.SimpleQueue()
        self._is_read = threading.Lock()  # held while `files` has the library open, which is not replaced then

    def ask(
        self,
        question: Callable[[History], Answer],
        then: Callable[[Answer], None] | None = None,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Have `question` run in the thread; its answer goes to `then`, its error to `otherwise`, in the caller's."""
        self._questions.put(_Question(question, self._hand_to(then), self._refuse_to(otherwise)))

    def ask_after(
        self,
        work: Callable[[], Result],
        question: Callable[[History, Result], Answer],
        then: Callable[[Answer], None] | None = None,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Have `work` done in the lane for files, then `question` asked with its result: also while all ends."""

        def go_on(result: Result) -> None:
            self.ask(lambda history: question(history, result), then, otherwise)

        self.files.pass_on(work, go_on, self._refuse_to(otherwise))

    def ask_reading(
        self,
        question: Callable[[History], Answer],
        then: Callable[[Answer], None] | None = None,
        otherwise: Callable[[Exception], None] | None = None,
        note: Callable[[History, Answer], object] | None = None,
    ) -> None:
        """Have `question` run in the lane for files, since it takes long because of other disks. It reads only.

        What was asked of the library before is stored by then. note: what is to be stored of the answer.
        """

        def noted(history: History, answer: Answer) -> Answer:
            if note is not None:
                note(history, answer)
            return answer

        def read(_: None) -> None:
            if note is None:
                self.files.pass_on(lambda: self._read(question), self._hand_to(then), self._refuse_to(otherwise))
            else:
                self.ask_after(lambda: self._read(question), noted, then, otherwise)

        self._questions.put(_Question(lambda _: None, read, self._refuse_to(otherwise)))

    def _read(self, question: Callable[[History], Answer]) -> Answer:
        """In the lane for files: return the answer."""
        try:
            with self._is_read, contextlib.closing(History.reader(self._file)) as reader:
                return question(reader)
        except Exception as error:
            if not is_damage(error):
                raise
        answer: Future[Answer] = Future()  # the library's thread has it mended
        self._questions.put(_Question(question, answer.set_result, answer.set_exception, is_waited_for=True))
        return answer.result()

    def start(self, priority: Lane.Priority = Lane.Priority.InheritPriority) -> None:
        super().start(priority)
        self.files.start(priority)

    def close(self) -> None:
        """Answer what was asked so far, in both lanes, then end. Waits for it: for the end of the program only."""
        self._questions.put(_Mark.LEAVE)
        self.wait()
        self.files.wait()

    def run(self) -> None:
        try:
            with self._is_read:
                self._history = self._opened()
            while (asked := self._next()) is not None:
                self._answer(asked)
            self._history.close()
        except _NotOpened as error:
            cause = error.__cause__
            assert isinstance(cause, Exception)
            log.error("the library cannot be opened", exc_info=cause)
            self.could_not_open.emit(cause)
            while (asked := self._next()) is not None:
                asked.leave_unanswered(cause)

    def _next(self) -> _Question | None:
        """Return the next question; None if there are no more.

        What was asked may still wait in the lane for files, and that ends first.
        """
        while (asked := self._questions.get()) is _Mark.LEAVE:
            self.files.end(lambda: self._questions.put(_Mark.END))
        return asked if isinstance(asked, _Question) else None

    def _opened(self, thorough: bool = False) -> History:
        try:
            history = History(self._file, thorough)
        except Exception as error:
            raise _NotOpened from error
        if history.mended is not None:
            log.warning("the library was damaged: %s", history.mended.saved)
            self.mended.emit(history.mended)
        return history

    def _answer(self, asked: _Question) -> None:
        try:
            answer = self._asked(asked.question)
        except _NotOpened as error:
            assert isinstance(error.__cause__, Exception)
            asked.leave_unanswered(error.__cause__)
            raise
        except Exception as error:
            asked.otherwise(error)
        else:
            asked.then(answer)

    def _asked(self, question: Callable[[History], Answer]) -> Answer:
        """Return the answer. If there is none because the library is damaged, it is mended, and asked again."""
        try:
            return question(self._history)
        except Exception as error:
            if not is_damage(error):
                raise
            log.exception("the library may be damaged")
            self._history.close()
            with self._is_read:
                self._history = self._opened(thorough=True)
            if self._history.mended is None:
                raise
            return question(self._history)


class _Mark(enum.Enum):
    LEAVE = enum.auto()  # there will be no more questions but those that the lane for files still asks
    END = enum.auto()


class _Question(NamedTuple):
    """then, otherwise: called in the library's thread."""

    question: Callable[[History], Any]
    then: Callable[[Any], object]
    otherwise: Callable[[Exception], object]
    is_waited_for: bool = False  # by the lane for files

    def leave_unanswered(self, why: Exception) -> None:
        """Nobody hears of a question to a library that cannot be used, but for a thread that waits."""
        if self.is_waited_for:
            self.otherwise(why)


class _NotOpened(Exception):
    """The library cannot be used; the cause says why."""
