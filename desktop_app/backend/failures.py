"""How the backend says that a job cannot be done, or is not wanted any more."""

from __future__ import annotations

from desktop_app.messages import Failure


class CannotTranscribe(Exception):
    """A failure we foresee: its kind crosses the pipe, its detail goes to the log."""

    def __init__(self, kind: Failure, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class Cancelled(Exception):
    """The user does not want this job any more."""
