"""What a job and its transcript are."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from desktop_app import lenient
from desktop_app.messages import ACCURATE, Device, Failure, LeftOut, Segment, SoundNote, Task, Tuning, Word

__all__ = [
    "ENDED",
    "RESUMABLE",
    "UNENDED",
    "Job",
    "JobOptions",
    "JobState",
    "LeftOut",
    "Output",
    "Segment",
    "Step",
    "Transcript",
    "Word",
    "display_name",
    "options_from",
    "shown",
    "speaker_name",
]

_SPEAKERS = {"left": "Left", "right": "Right"}

# The most that a user may choose.
MOST_READINGS, MOST_PIECES, MOST_THREADS, MOST_TRACKS = 20, 64, 256, 64
HOTTEST = 2.0
LONGEST_PADDING = 2.0  # seconds: a pause of three ends a span


class JobState(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNENDED = (JobState.QUEUED, JobState.RUNNING)
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
RESUMABLE = (JobState.PAUSED, JobState.CANCELLED, JobState.FAILED)  # a user may have it go on


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
    track: int | None = None  # of several sound tracks, counted from 0; None: the default, or one with speech in it
    split_channels: bool = False  # left and right are two speakers
    tuning: Tuning = ACCURATE
    live: bool = False  # it was followed while it was recorded
    refine: bool = False  # once its text is there, the whole recording is transcribed anew, with more care
    replaces: int | None = None  # the job whose text gives way to this one's when it is there


def options_from(stored: str) -> JobOptions:
    """Return the options as stored; what of them cannot be read, of a newer version say, is as usual."""
    try:
        raw = msgspec.json.decode(stored)
    except (msgspec.DecodeError, RecursionError):
        return JobOptions()
    return lenient.convert(raw, JobOptions)[0] if isinstance(raw, dict) else JobOptions()


class Step(msgspec.Struct, frozen=True):
    """Something given up so that a job goes on where the backend had died twice."""

    what: Literal["batch_size", "compute_type", "device", "skip"]
    to: str  # the value since then; empty for "skip"
    position: float  # where, in seconds
    why: str


class Output(msgspec.Struct, frozen=True):
    """Where the command line writes a transcript when its job is done."""

    formats: tuple[str, ...] = ()
    files: bool = False  # one a format
    folder: str = ""  # empty: beside the recording
    name: str = "{name}"
    stdout: bool = False
    overwrite: bool = False  # files of that name; else the new one gets another


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
    failure: Failure | None = None  # of one that is done: why it is partial, if not because the file broke off
    failure_detail: str = ""  # for the log and the report
    place: float = 0.0  # in the queue: the lowest comes first
    deaths: int = 0  # of the backend, since `position` was reached
    steps: tuple[Step, ...] = ()
    fingerprint: str = ""  # of the recording, when it was begun
    output: Output | None = None  # of a job from the command line
    doubtful: int = 0  # passages that should be listened to again; counted, not stored
    notes: tuple[SoundNote, ...] = ()  # what was done about its sound, for the user to know

    @property
    def name(self) -> str:
        return display_name(self.path)

    @property
    def is_past_the_end(self) -> bool:
        """The part that was asked for begins where the recording has ended already."""
        return self.state is JobState.DONE and 0 < self.options.begin >= (self.duration or 0.0)

    @property
    def is_silent(self) -> bool:
        """Nobody speaks in the recording, or in the part of it that was asked for."""
        return self.state is JobState.DONE and (not self.language or self.is_past_the_end)

    def share_done(self, position: float, duration: float | None) -> float:
        """Return how much of the part that was asked for, which ends at `duration`, is before `position`: 0 to 1."""
        length = (duration or 0.0) - self.options.begin
        return min(1.0, max(0.0, position - self.options.begin) / length) if length > 0 else 0.0


class Transcript(msgspec.Struct, frozen=True):
    """A job with all that was heard in it, in order of time."""

    job: Job
    segments: Iterable[Segment]
    left_out: tuple[LeftOut, ...] = ()  # texts that were not believed


def display_name(path: Path) -> str:
    """Return the file's name as it can be shown: bytes that are no UTF-8 become U+FFFD."""
    return shown(Path(path.name))


def speaker_name(label: str) -> str:
    """Return what a speaker is called in the window and in exports; a label without a name of its own is its name."""
    return _SPEAKERS.get(label, label)


def shown(path: Path) -> str:
    """Return a path as it can be shown and printed: bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")
