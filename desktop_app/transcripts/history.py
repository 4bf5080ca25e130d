"""Every job and its segments, in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from desktop_app.messages import Doubt, Failure, LeftOut
from desktop_app.transcripts.migrations import NewerDatabase, migrate
from desktop_app.transcripts.transcript import UNENDED, Job, JobOptions, JobState, Segment, Transcript, Word

__all__ = ["History", "JobGone", "NewerDatabase"]

PATIENCE = 30  # seconds to wait for another program that writes
KEPT_AFTER_REMOVAL = 30 * 24 * 3600  # seconds
JOB = (
    "id, path, options, state, added_at, started_at, ended_at, duration, position, language, partial, failure,"
    " failure_detail"
)
SEGMENT = "start_s, end_s, text, words, average_log_probability, no_speech_probability, language, speaker, doubts"
_doubts = msgspec.json.Decoder(tuple[Doubt, ...])
_words = msgspec.json.Decoder(tuple[Word, ...])


class JobGone(LookupError):
    """There is no job with this id: it was removed, or never was."""


class History:
    """The library file, opened. One thread uses one; several programs may have the same file open.

    What a method has returned from is on the disk, and survives a power cut.
    """

    def __init__(self, file: Path) -> None:
        """Open `file`, made if missing, readable by its owner alone. Raise NewerDatabase, sqlite3.Error or OSError."""
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        # check_same_thread: it is made where the program starts and used in the history thread, never in both.
        self._database = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA foreign_keys = ON")
        migrate(self._database)

    def close(self) -> None:
        self._database.close()

    # --- jobs ---

    def add_job(self, path: Path, options: JobOptions, owner: str, failure: Failure | None = None) -> Job:
        """Store a new job, queued for `owner`; with a `failure`, one that failed before it began."""
        now = time.time()
        cursor = self._database.execute(
            "INSERT INTO jobs (path, options, state, owner, added_at, ended_at, failure) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                os.fsencode(path),
                msgspec.json.encode(options).decode(),
                JobState.FAILED if failure else JobState.QUEUED,
                owner,
                now,
                now if failure else None,
                failure,
            ),
        )
        assert cursor.lastrowid is not None
        return self.job(cursor.lastrowid)

    def job(self, job_id: int) -> Job:
        """Return the job. Raise JobGone."""
        row = self._database.execute(f"SELECT {JOB} FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise JobGone(job_id)
        return _job(row)

    def jobs(self, before: int | None = None, most: int = -1) -> list[Job]:
        """Return jobs, the newest first: those older than the job `before`, `most` of them."""
        rows = self._database.execute(
            f"SELECT {JOB} FROM jobs WHERE removed_at IS NULL AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?",
            (before, before, most),
        )
        return [_job(row) for row in rows]

    def next_queued(self, owner: str) -> Job | None:
        """Return the job that `owner` is to do next: the oldest of its queued ones."""
        row = self._database.execute(
            f"SELECT {JOB} FROM jobs WHERE state = ? AND owner = ? AND removed_at IS NULL ORDER BY id LIMIT 1",
            (JobState.QUEUED, owner),
        ).fetchone()
        return _job(row) if row else None

    def update(self, job_id: int, **changes: Any) -> Job:
        """Change fields of a job and return it as it is then. Raise JobGone."""
        assert changes.keys() <= set(Job.__struct_fields__) - {"id"}
        columns = ", ".join(f"{name} = ?" for name in changes)
        self._database.execute(f"UPDATE jobs SET {columns} WHERE id = ?", (*changes.values(), job_id))
        return self.job(job_id)

    def start_over(self, job_id: int, owner: str) -> Job:
        """Queue the job for `owner` as if it were new, at the end of the queue. What was heard before goes."""
        with _Transaction(self._database):
            self._database.execute("DELETE FROM segments WHERE job_id = ?", (job_id,))
            self._database.execute("DELETE FROM left_out WHERE job_id = ?", (job_id,))
            self._database.execute(
                "UPDATE jobs SET state = ?, owner = ?, started_at = NULL, ended_at = NULL, duration = NULL,"
                " position = 0, language = NULL, partial = 0, failure = NULL, failure_detail = '' WHERE id = ?",
                (JobState.QUEUED, owner, job_id),
            )
        return self.job(job_id)

    def remove(self, job_id: int) -> None:
        """Put the job away; `restore` brings it back until `forget_removed` is called."""
        self._database.execute("UPDATE jobs SET removed_at = ? WHERE id = ?", (time.time(), job_id))

    def restore(self, job_id: int) -> Job:
        """Bring a removed job back. Raise JobGone if it is too late."""
        self._database.execute("UPDATE jobs SET removed_at = NULL WHERE id = ?", (job_id,))
        return self.job(job_id)

    def forget_removed(self, after: float = KEPT_AFTER_REMOVAL) -> None:
        """Delete for good what was removed more than `after` seconds ago."""
        self._database.execute("DELETE FROM jobs WHERE removed_at < ?", (time.time() - after,))

    def delete(self, job_id: int) -> None:
        """Delete the job and what was heard in it for good."""
        self._database.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def unended_owners(self) -> set[str]:
        """Return who has jobs that are queued or running."""
        rows = self._database.execute("SELECT DISTINCT owner FROM jobs WHERE state IN (?, ?)", UNENDED)
        return {owner for (owner,) in rows}

    def take_over(self, gone: str, owner: str) -> None:
        """Give `owner` the jobs of a program that is `gone`: the queued stay so, the running were interrupted."""
        with _Transaction(self._database):
            self._interrupt(gone)
            self._database.execute(
                "UPDATE jobs SET owner = ? WHERE state = ? AND owner = ?", (owner, JobState.QUEUED, gone)
            )

    def interrupt(self, gone: str) -> None:
        """Mark the jobs of a program that is `gone`: what ran was interrupted, what waited is cancelled."""
        with _Transaction(self._database):
            self._interrupt(gone)
            self._database.execute(
                "UPDATE jobs SET state = ?, ended_at = ? WHERE state = ? AND owner = ?",
                (JobState.CANCELLED, time.time(), JobState.QUEUED, gone),
            )

    def _interrupt(self, gone: str) -> None:
        self._database.execute(
            "UPDATE jobs SET state = ?, failure = ?, ended_at = ? WHERE state = ? AND owner = ?",
            (JobState.FAILED, Failure.INTERRUPTED, time.time(), JobState.RUNNING, gone),
        )

    # --- what was heard ---

    def add_segments(
        self, job_id: int, segments: Sequence[Segment], position: float, left_out: Sequence[LeftOut] = ()
    ) -> None:
        """Store what was heard next, and how far the job is, in one transaction. Raise JobGone."""
        with _Transaction(self._database):
            (number,) = self._database.execute(
                "SELECT coalesce(max(number) + 1, 0) FROM segments WHERE job_id = ?", (job_id,)
            ).fetchone()
            try:
                self._database.executemany(
                    f"INSERT INTO segments (job_id, number, {SEGMENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [(job_id, number + index, *_row(segment)) for index, segment in enumerate(segments)],
                )
                self._database.executemany(
                    "INSERT OR REPLACE INTO left_out (job_id, start_s, end_s, text, reason) VALUES (?, ?, ?, ?, ?)",
                    [(job_id, text.start, text.end, text.text, text.reason) for text in left_out],
                )
            except sqlite3.IntegrityError as error:
                raise JobGone(job_id) from error
            self._database.execute("UPDATE jobs SET position = ? WHERE id = ?", (position, job_id))

    def has_segments(self, job_id: int) -> bool:
        """Tell whether anything was heard in the job."""
        return bool(self._database.execute("SELECT 1 FROM segments WHERE job_id = ? LIMIT 1", (job_id,)).fetchone())

    def segments(self, job_id: int) -> list[Segment]:
        """Return what was heard so far, in order of time."""
        rows = self._database.execute(f"SELECT {SEGMENT} FROM segments WHERE job_id = ? ORDER BY number", (job_id,))
        return [_segment(row) for row in rows]

    def left_out(self, job_id: int) -> list[LeftOut]:
        """Return the texts that were not believed, in order of time."""
        rows = self._database.execute(
            "SELECT start_s, end_s, text, reason FROM left_out WHERE job_id = ? ORDER BY start_s", (job_id,)
        )
        return [LeftOut(start, end, text, Doubt(reason)) for start, end, text, reason in rows]

    def transcript(self, job_id: int) -> Transcript:
        """Return the job and what was heard in it. Raise JobGone."""
        return Transcript(self.job(job_id), tuple(self.segments(job_id)), tuple(self.left_out(job_id)))


class _Transaction:
    """All or nothing. (sqlite3's own context manager does not begin one.)"""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._database.execute("COMMIT")
        elif self._database.in_transaction:
            self._database.execute("ROLLBACK")


def _job(row: Iterable[Any]) -> Job:
    values = dict(zip(JOB.replace(" ", "").split(","), row, strict=True))
    values["path"] = Path(os.fsdecode(values["path"]))
    values["options"] = msgspec.json.decode(values["options"], type=JobOptions)
    values["state"] = JobState(values["state"])
    values["partial"] = bool(values["partial"])
    values["failure"] = Failure(values["failure"]) if values["failure"] else None
    return Job(**values)


def _row(segment: Segment) -> tuple[Any, ...]:
    return (
        segment.start,
        segment.end,
        segment.text,
        msgspec.json.encode(segment.words).decode(),
        segment.average_log_probability,
        segment.no_speech_probability,
        segment.language,
        segment.speaker,
        msgspec.json.encode(segment.doubts).decode(),
    )


def _segment(row: tuple[Any, ...]) -> Segment:
    start, end, text, words, log_probability, no_speech, language, speaker, doubts = row
    return Segment(
        start, end, text, _words.decode(words), log_probability, no_speech, language, speaker, _doubts.decode(doubts)
    )
