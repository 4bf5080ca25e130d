"""How far the porter is with a model: told by the work as often as it likes, passed on a few times a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage

Tell: TypeAlias = Callable[[PorterProgress], None]

_APART = 0.1  # seconds


def silent(_: PorterProgress) -> None:
    """Tell nobody."""


def a_few_times_a_second(tell: Tell) -> Tell:
    """Return what passes on a new stage or trouble at once, and between them no more than ten a second."""
    last: tuple[PorterStage, ModelTrouble | None] | None = None
    due = 0.0

    def pass_on(progress: PorterProgress) -> None:
        nonlocal last, due
        now = time.monotonic()
        what = (progress.stage, progress.retrying)
        if what == last and now < due and progress.done != progress.total:
            return
        last, due = what, now + _APART
        tell(progress)

    return pass_on
