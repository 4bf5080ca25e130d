"""Whether this PySide6 may be used at all."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal

EMITS = 5000


class Bell(QObject):
    rang = Signal()
    struck = Signal(object)


def test_emitting_signals_leaves_the_count_of_references_alone(qapp):
    """PySide6 6.12.0 on CPython 3.11 loses a reference to True with each emit, and aborts after some hundreds."""
    bell, heard = Bell(), []
    bell.struck.connect(heard.append)
    before = [sys.getrefcount(constant) for constant in (True, False, None)]

    for _ in range(EMITS):
        bell.rang.emit()
        bell.struck.emit("")

    after = [sys.getrefcount(constant) for constant in (True, False, None)]
    assert len(heard) == EMITS
    assert all(abs(now - then) < EMITS / 10 for now, then in zip(after, before, strict=True))
