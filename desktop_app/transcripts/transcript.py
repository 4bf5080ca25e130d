"""What a job and its transcript are."""

from __future__ import annotations

import enum
import os
from pathlib import Path

import msgspec

from desktop_app.messages import ACCURATE, Device, Failure, LeftOut, Segment, Task, Tuning, Word

__all__ = [
    "SPEAKERS",
    "UNENDED",
    "Job",
    "JobOptions",
    "JobState",
    "LeftOut",
    "Segment",
    "Transcript",
    "Word",
    "display_name",
    "shown",
]

SPEAKERS = {"left": "Left", "right": "Right"}  # as they are called in the window and in exports


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
    languages: tuple[str, ...] = ()  # to choose from, piece by piece, if `language` is None; empty: all
    prompt: str = ""  # what it is about: sets style and spelling
    glossary: str = ""  # names and terms to expect
    begin: float = 0.0  # seconds; only what is between the two is transcribed
    end: float | None = None
    track: int = 0  # of several sound tracks, counted from 0
    split_channels: bool = False  # left and right are two speakers
    tuning: Tuning = ACCURATE


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
    left_out: tuple[LeftOut, ...] = ()  # texts that were not believed


def display_name(path: Path) -> str:
    """Return the file's name as it can be shown: bytes that are no UTF-8 become U+FFFD."""
    return shown(Path(path.name))


def shown(path: Path) -> str:
    """Return a path as it can be shown and printed: bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")
