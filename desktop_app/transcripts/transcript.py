"""What a job and its transcript are."""

from __future__ import annotations

import enum
import os
from pathlib import Path

import msgspec

from desktop_app.messages import Device, Failure, Segment, Task, Word

__all__ = ["UNENDED", "Job", "JobOptions", "JobState", "Segment", "Transcript", "Word", "display_name"]


class JobState(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNENDED = (JobState.QUEUED, JobState.RUNNING)


class JobOptions(msgspec.Struct, frozen=True):
    """What the user chose for a job. Kept with it, so that "retry" means the same again."""

    model: str = "base"  # a name on the shelf, or the path of a folder
    language: str | None = None  # None: detect it
    task: Task = Task.TRANSCRIBE
    words: bool = True
    device: Device = "auto"


class Job(msgspec.Struct, frozen=True):
    """One recording to be transcribed, or that was."""

    id: int
    path: Path
    options: JobOptions
    state: JobState
    added_at: float  # seconds since 1970, as the other moments
    started_at: float | None = None
    ended_at: float | None = None
    duration: float | None = None  # of the recording; None until it is known
    position: float = 0.0  # everything before it has been dealt with
    language: str | None = None  # as detected, or as asked for
    partial: bool = False  # the file broke off
    failure: Failure | None = None
    failure_detail: str = ""  # for the log and the report

    @property
    def name(self) -> str:
        return display_name(self.path)


class Transcript(msgspec.Struct, frozen=True):
    """A job with all that was heard in it, in order of time."""

    job: Job
    segments: tuple[Segment, ...]


def display_name(path: Path) -> str:
    """Return the file's name as it can be shown: bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(path.name).decode("utf-8", "replace")
