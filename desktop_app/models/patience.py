"""When a download that came to nothing is tried again, and when no more."""

from __future__ import annotations

import logging
import os
import time

from desktop_app.messages import ModelTrouble
from desktop_app.models.errors import PorterError

_WAITS = (1, 2, 4, 8, 15, 30, 60, 60, 60, 60)  # seconds: five minutes without network are survived
_FIRST = 4  # of them, as long as nothing came at all: whoever has just asked wants to know
_LONGEST = 600.0  # seconds; a server that wants more is not waited for

log = logging.getLogger(__name__)


class Passing(PorterError):
    """What may be over in a moment."""

    def __init__(self, kind: ModelTrouble, detail: str, after: float = 0.0) -> None:
        super().__init__(kind, detail)
        self.after = after  # seconds; the server does not want to be asked earlier


def scaled(seconds: float, least: float = 0.0) -> float:
    """Return the seconds to be waited; SOTTOVOCE_PATIENCE is a factor for those who cannot wait so long: tests."""
    return max(least, seconds * float(os.environ.get("SOTTOVOCE_PATIENCE") or 1))


class Patience:
    """Counts how often nothing came, since something came last."""

    def __init__(self) -> None:
        self._in_vain = 0
        self._something_came = False

    def got_on(self) -> None:
        self._in_vain = 0
        self._something_came = True

    def bear(self, trouble: Passing) -> None:
        """Wait a while. Raise `trouble` itself if that has been done often enough."""
        if self._in_vain >= (len(_WAITS) if self._something_came else _FIRST) or trouble.after > _LONGEST:
            raise trouble
        wait = max(scaled(_WAITS[self._in_vain]), trouble.after)
        self._in_vain += 1
        log.info("%s; again in %.1f s", trouble, wait)
        time.sleep(wait)
