"""A thread that is asked for things, and hands the answers back to the thread that asked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop_app.work.named_thread import NamedThread

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Lane(NamedThread):
    """What the lanes for the library and for files have in common.

    failed(error): something that nobody was prepared to see fail raised `error`.
    """

    failed = Signal(object)
    _answered = Signal(object, object)

    asked_for: ClassVar[str]  # for the log: "a question to the library"

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(name, parent)
        self._answered.connect(self._on_answered)

    def _hand_to(self, then: Callable[[Answer], None] | None) -> Callable[[Answer], None]:
        """Return what is to be called in this thread with the answer; `then` gets it in the caller's."""

        def hand_on(answer: Answer) -> None:
            if then is not None:
                self._answered.emit(then, answer)

        return hand_on

    def _refuse_to(self, otherwise: Callable[[Exception], None] | None) -> Callable[[Exception], None]:
        """Return what is to be called in this thread with the error; `otherwise` gets it in the caller's."""

        def refuse(error: Exception) -> None:
            if otherwise is None:
                log.error("%s failed", self.asked_for, exc_info=error)
            self._answered.emit(otherwise or self.failed.emit, error)

        return refuse

    def _on_answered(self, hand_to: Callable[[Any], None], answer: Any) -> None:
        hand_to(answer)
