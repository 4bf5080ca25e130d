"""Every job and its segments, in one SQLite file."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from desktop_app.messages import GAP_MARK, Doubt, Failure, LeftOut, SegmentKind, SoundNote
from desktop_app.transcripts.merging import merged
from desktop_app.transcripts.migrations import NewerDatabase
from desktop_app.transcripts.safekeeping import PATIENCE, LibraryInUse, Presence, open_library
from desktop_app.transcripts.transcript import (
    RESUMABLE,
    UNENDED,
    Job,
    JobOptions,
    JobState,
    Output,
    Segment,
    Step,
    Transcript,
    Word,
    options_from,
)

__all__ = ["History", "JobGone", "LibraryInUse", "NewerDatabase"]

ROOM_WANTED = 1_000_000  # bytes
KEPT_AFTER_REMOVAL = 30 * 24 * 3600  # seconds
JOB_COLUMNS = (
    "id, path, options, state, added_at, started_at, ended_at, duration, position, language, partial, failure,"
    " failure_detail, place, deaths, steps, fingerprint, output, notes"
)
# Left to choose, SQLite would read all segments of the job, 6 MB of ten hours.
DOUBTFUL = (
    "(SELECT count(*) FROM segments INDEXED BY segments_doubtful WHERE job_id = jobs.id AND doubts <> '[]') AS doubtful"
)
JOB = f"{JOB_COLUMNS}, {DOUBTFUL}"
SEGMENT = "start_s, end_s, text, words, average_log_probability, no_speech_probability, language, speaker, doubts"
_doubts = msgspec.json.Decoder(tuple[Doubt, ...])
_steps = msgspec.json.Decoder(tuple[Step, ...])
_notes = msgspec.json.Decoder(tuple[SoundNote, ...])
_words = msgspec.json.Decoder(tuple[Word, ...])


class JobGone(LookupError):
    """There is no job with this id: it was removed, or never was."""


class _NotMeant(Exception):
    """Undoes a transaction."""


class History:
    """The library file, opened. One thread uses one; several programs may have the same file open.

    What a method has returned from is on the disk, and survives a power cut.
    """

    def __init__(self, file: Path, thorough: bool = False) -> None:
        """Open `file`, made if missing, readable by its owner alone. One that is damaged is mended: see `mended`.

        `thorough`: all of it is read to see whether it is. Raise NewerDatabase, LibraryInUse, sqlite3.Error or OSError.
        """
        opened = open_library(file, thorough)
        self._database = opened.database
        self._presence: Presence | None = opened.presence
        self.mended = opened.mended

    @classmethod
    def reader(cls, file: Path) -> History:
        """Return a second history of a library that this process has open, to be read alone, in another thread.

        It is never waited for by who writes. Nothing else may take the library's place while it is open.
        """
        reader = cls.__new__(cls)
        reader._database = sqlite3.connect(
            f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE, isolation_level=None
        )
        reader._presence = None
        reader.mended = None
        return reader

    def close(self) -> None:
        self._database.close()
        if self._presence is not None:
            self._presence.close()

    # --- jobs ---

    def add_job(
        self,
        path: Path,
        options: JobOptions,
        owner: str,
        failure: Failure | None = None,
        output: Output | None = None,
        place: float | None = None,
    ) -> Job:
        """Store a new job, queued last for `owner`; with a `failure`, one that failed before it began.

        place: in the queue, if it is not to be the last one.
        """
        now = time.time()
        cursor = self._database.execute(
            "INSERT INTO jobs (path, options, state, owner, added_at, ended_at, failure, output, place)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, (SELECT coalesce(max(place), 0) + 1 FROM jobs)))",
            (
                os.fsencode(path),
                msgspec.json.encode(options).decode(),
                JobState.FAILED if failure else JobState.QUEUED,
                owner,
                now,
                now if failure else None,
                failure,
                msgspec.json.encode(output).decode() if output else None,
                place,
            ),
        )
        assert cursor.lastrowid is not None
        return self.job(cursor.lastrowid)

    def add_jobs(
        self,
        found: Sequence[tuple[Path, Failure | None]],
        options: JobOptions,
        owner: str,
        output: Output | None,
        first_on_top: bool = False,
    ) -> list[Job]:
        """Store a new job for each file, or none at all, and return them in the order of the files and the queue.

        first_on_top: the first file gets the highest id, so that a list of the newest jobs shows the files in their
        order, and the queue runs from the top down.
        """
        with _Transaction(self._database):
            (last,) = self._database.execute("SELECT coalesce(max(place), 0) FROM jobs").fetchone()
            numbered = [*enumerate(found, 1)]
            jobs = [
                self.add_job(path, options, owner, failure, output, last + number)
                for number, (path, failure) in (reversed(numbered) if first_on_top else numbered)
            ]
        return jobs[::-1] if first_on_top else jobs

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

    def job_ids(self) -> list[int]:
        """Return the ids of all jobs, the newest first."""
        rows = self._database.execute("SELECT id FROM jobs WHERE removed_at IS NULL ORDER BY id DESC")
        return [job_id for (job_id,) in rows]

    def newest(self) -> int:
        """Return the highest id of a job; 0 if there is none."""
        (newest,) = self._database.execute("SELECT coalesce(max(id), 0) FROM jobs").fetchone()
        return int(newest)

    def jobs_after(self, job_id: int) -> list[Job]:
        """Return the jobs that are newer than this one."""
        rows = self._database.execute(f"SELECT {JOB} FROM jobs WHERE id > ? AND removed_at IS NULL", (job_id,))
        return [_job(row) for row in rows]

    def version_of_others(self) -> int:
        """Return a number that is another one as soon as another connection has written to the library."""
        (version,) = self._database.execute("PRAGMA data_version").fetchone()
        return int(version)

    def unended_elsewhere(self, owner: str) -> list[tuple[Job, str]]:
        """Return the jobs that wait or run and are not those of `owner`, each with its owner."""
        rows = self._database.execute(
            f"SELECT {JOB}, owner FROM jobs WHERE state IN (?, ?) AND owner <> ? AND removed_at IS NULL",
            (*UNENDED, owner),
        )
        return [(_job(row[:-1]), row[-1]) for row in rows]

    def next_queued(self, owner: str) -> Job | None:
        """Return the job that `owner` is to do next: of its queued ones, the first in the queue."""
        row = self._database.execute(
            f"SELECT {JOB} FROM jobs WHERE state = ? AND owner = ? AND removed_at IS NULL ORDER BY place, id LIMIT 1",
            (JobState.QUEUED, owner),
        ).fetchone()
        return _job(row) if row else None

    def update(self, job_id: int, **changes: Any) -> Job:
        """Change fields of a job and return it as it is then. Raise JobGone."""
        assert changes.keys() <= set(Job.__struct_fields__) - {"id", "doubtful"}
        for name in changes.keys() & {"options", "steps", "notes"}:
            changes[name] = msgspec.json.encode(changes[name]).decode()
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
                " position = 0, language = NULL, partial = 0, failure = NULL, failure_detail = '', deaths = 0,"
                " steps = '[]', notes = '[]', fingerprint = '', place = (SELECT max(place) + 1 FROM jobs) WHERE id = ?",
                (JobState.QUEUED, owner, job_id),
            )
        return self.job(job_id)

    def go_on(self, job_id: int, owner: str, gone: Iterable[str] = ()) -> bool:
        """Queue a job that is paused, was cancelled or failed for `owner` once more; or one that waits for a program
        which is `gone`. It goes on where it was. What was heard stays.

        Return False if it is none of these (any more): another program may have been quicker.
        """
        gone = [*gone]
        taken = self._database.execute(
            "UPDATE jobs SET owner = ?, state = ?, ended_at = NULL, failure = NULL, failure_detail = '', deaths = 0"
            " WHERE id = ? AND removed_at IS NULL"
            f" AND (state IN (?, ?, ?) OR (state = ? AND owner IN ({', '.join('?' * len(gone))})))",
            (owner, JobState.QUEUED, job_id, *RESUMABLE, JobState.QUEUED, *gone),
        )
        return taken.rowcount == 1

    def order(self, job_ids: Sequence[int]) -> list[Job]:
        """Give these jobs, which wait, each other's places in the queue, so that they come in this order."""
        with _Transaction(self._database):
            jobs = [self.job(job_id) for job_id in job_ids]
            places = sorted(job.place for job in jobs)
            self._database.executemany("UPDATE jobs SET place = ? WHERE id = ?", zip(places, job_ids, strict=True))
        return [self.job(job_id) for job_id in job_ids]

    def put_first(self, job_id: int, owner: str) -> bool:
        """Have the job come before all others. Return False if it does not wait for `owner`."""
        moved = self._database.execute(
            "UPDATE jobs SET place = (SELECT min(place) - 1 FROM jobs)"
            " WHERE id = ? AND state = ? AND owner = ? AND removed_at IS NULL",
            (job_id, JobState.QUEUED, owner),
        )
        return moved.rowcount == 1

    def jobs_of(self, job_ids: Sequence[int]) -> list[Job]:
        """Return those of the jobs that there are, and that were not removed."""
        found = []
        for job_id in job_ids:
            row = self._database.execute(
                f"SELECT {JOB} FROM jobs WHERE id = ? AND removed_at IS NULL", (job_id,)
            ).fetchone()
            if row is not None:
                found.append(_job(row))
        return found

    def jobs_of_file(self, path: Path) -> list[Job]:
        """Return the jobs of a recording, the newest first."""
        rows = self._database.execute(
            f"SELECT {JOB} FROM jobs WHERE path = ? AND removed_at IS NULL ORDER BY id DESC", (os.fsencode(path),)
        )
        return [_job(row) for row in rows]

    def owner_of(self, job_id: int) -> str:
        """Return the program that works, or worked last, on the job."""
        row = self._database.execute("SELECT owner FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return str(row[0]) if row else ""

    def waiting(self, owner: str) -> list[Job]:
        """Return the queued jobs of `owner`, the next one first."""
        rows = self._database.execute(
            f"SELECT {JOB} FROM jobs WHERE state = ? AND owner = ? AND removed_at IS NULL ORDER BY place, id",
            (JobState.QUEUED, owner),
        )
        return [_job(row) for row in rows]

    def remove(self, job_id: int) -> None:
        """Put the job away; `restore` brings it back until `forget_removed` is called."""
        self._database.execute("UPDATE jobs SET removed_at = ? WHERE id = ?", (time.time(), job_id))

    def removed(self, most: int = -1) -> list[Job]:
        """Return what was removed and can be brought back: what was removed last comes first."""
        rows = self._database.execute(
            f"SELECT {JOB} FROM jobs WHERE removed_at IS NOT NULL ORDER BY removed_at DESC, id DESC LIMIT ?", (most,)
        )
        return [_job(row) for row in rows]

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
        """Return who has jobs that are queued or running, or whose transcript is not written yet."""
        rows = self._database.execute(
            "SELECT DISTINCT owner FROM jobs WHERE state IN (?, ?) OR (state = ? AND output IS NOT NULL)",
            (*UNENDED, JobState.DONE),
        )
        return {owner for (owner,) in rows}

    def working_owners(self) -> set[str]:
        """Return whose jobs run, or ran when their program was killed."""
        rows = self._database.execute("SELECT DISTINCT owner FROM jobs WHERE state = ?", (JobState.RUNNING,))
        return {owner for (owner,) in rows}

    def models_needed(self) -> set[str]:
        """Return the models, by name or folder, of the jobs that run, wait or are paused."""
        rows = self._database.execute(
            "SELECT DISTINCT options FROM jobs WHERE state IN (?, ?, ?) AND removed_at IS NULL",
            (*UNENDED, JobState.PAUSED),
        )
        return {options_from(options).model for (options,) in rows}

    def unwritten(self, owners: Iterable[str]) -> list[Job]:
        """Return the jobs of `owners` that are done, and whose transcript was to be written and is not yet."""
        owners = [*owners]
        rows = self._database.execute(
            f"SELECT {JOB} FROM jobs WHERE state = ? AND output IS NOT NULL AND removed_at IS NULL"
            f" AND owner IN ({', '.join('?' * len(owners))}) ORDER BY id",
            (JobState.DONE, *owners),
        )
        return [_job(row) for row in rows]

    def written(self, job_id: int) -> None:
        """Note that the job's transcript is where it was to be written."""
        self._database.execute("UPDATE jobs SET output = NULL WHERE id = ?", (job_id,))

    def take_over(self, gone: str, owner: str) -> list[Job]:
        """Give `owner` the jobs of a program that is `gone`. Return those that ran, or had begun: they go on."""
        with _Transaction(self._database):
            begun = self._database.execute(
                f"SELECT {JOB} FROM jobs WHERE owner = ? AND removed_at IS NULL"
                " AND (state = ? OR (state = ? AND position > 0))",
                (gone, JobState.RUNNING, JobState.QUEUED),
            ).fetchall()
            self._database.execute(
                "UPDATE jobs SET owner = ?, state = ? WHERE state IN (?, ?) AND owner = ?",
                (owner, JobState.QUEUED, *UNENDED, gone),
            )
        return [self.job(_job(row).id) for row in begun]

    def put_back(self, gone: str) -> None:
        """Mark the running jobs of a program that is `gone` as waiting: they go on when a program takes them over."""
        self._database.execute(
            "UPDATE jobs SET state = ? WHERE state = ? AND owner = ?", (JobState.QUEUED, JobState.RUNNING, gone)
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
                self._insert_segments(job_id, number, segments)
                self._database.executemany(
                    "INSERT OR REPLACE INTO left_out (job_id, start_s, end_s, text, reason) VALUES (?, ?, ?, ?, ?)",
                    [(job_id, text.start, text.end, text.text, text.reason) for text in left_out],
                )
            except sqlite3.IntegrityError as error:
                raise JobGone(job_id) from error
            self._database.execute("UPDATE jobs SET position = ?, deaths = 0 WHERE id = ?", (position, job_id))

    def _insert_segments(self, job_id: int, number: int, segments: Sequence[Segment]) -> None:
        self._database.executemany(
            f"INSERT INTO segments (job_id, number, {SEGMENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(job_id, number + index, *_row(segment)) for index, segment in enumerate(segments)],
        )

    def skip(self, job_id: int, begin: float, end: float) -> Segment:
        """Store and return that nothing could be heard between two moments; the job is past them. Raise JobGone."""
        gap = Segment(begin, end, "", doubts=(Doubt.SKIPPED,), kind=SegmentKind.SKIPPED)
        self.add_segments(job_id, [gap], end)
        return gap

    def gaps_at_the_end(self, job_id: int) -> int:
        """Return how many skipped segments stand one behind the other at the end of the transcript."""
        backwards = self._database.execute(
            f"SELECT {SEGMENT} FROM segments WHERE job_id = ? ORDER BY number DESC", (job_id,)
        )
        return sum(1 for _ in itertools.takewhile(_is_skipped, map(_segment, backwards)))

    def replace_heard(self, job_id: int, by: int) -> Job | None:
        """Give a job what was heard in another one of the same recording, `by`, which goes; return it as it is then.

        Words that the job has already, and for which the other one has nothing, stay: see `merging`. None, and nothing
        changes, if there is no such job any more, if nothing was heard in the other one, or if more was skipped there.
        """
        with _Transaction(self._database):
            heard, before = self.segments(by), self.segments(job_id)
            if not self.jobs_of([job_id]) or not heard or _skipped_s(heard) > _skipped_s(before):
                return None
            other = self.job(by)
            together = merged(heard, before, self.left_out(by))
            for table in ("segments", "left_out"):
                self._database.execute(f"DELETE FROM {table} WHERE job_id = ?", (job_id,))
                self._database.execute(f"UPDATE {table} SET job_id = ? WHERE job_id = ?", (job_id, by))
            if together != heard:
                self._database.execute("DELETE FROM segments WHERE job_id = ?", (job_id,))
                self._insert_segments(job_id, 0, together)
            self.delete(by)
            return self.update(
                job_id,
                options=msgspec.structs.replace(other.options, replaces=None),
                duration=other.duration,
                position=other.position,
                language=other.language,
                partial=other.partial,
                failure=other.failure,
                failure_detail=other.failure_detail,
                steps=other.steps,
                notes=other.notes,
                fingerprint=other.fingerprint,
            )

    def skipped(self, job_id: int) -> list[Segment]:
        """Return the segments that were never decoded, in order of time."""
        return [segment for segment in self.segments(job_id) if _is_skipped(segment)]

    def check_writable(self) -> None:
        """Raise sqlite3.Error unless something as large as what is heard at once can be stored."""
        with contextlib.suppress(_NotMeant), _Transaction(self._database):
            self._database.execute("CREATE TABLE trial AS SELECT zeroblob(?) AS content", (ROOM_WANTED,))
            raise _NotMeant

    def has_segments(self, job_id: int) -> bool:
        """Tell whether anything was heard in the job."""
        return bool(self._database.execute("SELECT 1 FROM segments WHERE job_id = ? LIMIT 1", (job_id,)).fetchone())

    def segments(self, job_id: int) -> list[Segment]:
        """Return what was heard so far, in order of time."""
        rows = self._database.execute(f"SELECT {SEGMENT} FROM segments WHERE job_id = ? ORDER BY number", (job_id,))
        return [_segment(row) for row in rows]

    def segments_shown(self, job_id: int, first: int, most: int) -> list[Segment]:
        """Return `most` of the segments, from number `first` on, as far as they are shown: without their words."""
        rows = self._database.execute(
            "SELECT start_s, end_s, text, speaker, doubts FROM segments WHERE job_id = ? AND number >= ?"
            " ORDER BY number LIMIT ?",
            (job_id, first, most),
        )
        return [
            _segment((start, end, text, "[]", 0.0, 0.0, "", speaker, doubts))
            for start, end, text, speaker, doubts in rows
        ]

    def left_out(self, job_id: int) -> list[LeftOut]:
        """Return the texts that were not believed, in order of time."""
        rows = self._database.execute(
            "SELECT start_s, end_s, text, reason FROM left_out WHERE job_id = ? ORDER BY start_s", (job_id,)
        )
        return [LeftOut(start, end, text, Doubt(reason)) for start, end, text, reason in rows]

    def transcript(self, job_id: int) -> Transcript:
        """Return the job and what was heard in it. Raise JobGone."""
        return Transcript(self.job(job_id), tuple(self.segments(job_id)), tuple(self.left_out(job_id)))

    def streamed(self, job_id: int) -> Transcript:
        """Return the same, its segments read as they are gone through, once. Raise JobGone.

        However long it is, it takes the memory of one segment; and reading it leaves the interpreter to others after
        each.
        """
        rows = self._database.execute(f"SELECT {SEGMENT} FROM segments WHERE job_id = ? ORDER BY number", (job_id,))
        return Transcript(self.job(job_id), map(_segment, rows), tuple(self.left_out(job_id)))


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
    values = dict(zip([*JOB_COLUMNS.replace(" ", "").split(","), "doubtful"], row, strict=True))
    values["path"] = Path(os.fsdecode(values["path"]))
    values["options"] = options_from(values["options"])
    values["state"] = JobState(values["state"])
    values["partial"] = bool(values["partial"])
    values["steps"] = _steps.decode(values["steps"])
    values["notes"] = _notes.decode(values["notes"])
    values["output"] = msgspec.json.decode(values["output"], type=Output) if values["output"] else None
    values["failure"] = Failure(values["failure"]) if values["failure"] else None
    return Job(**values)


def _row(segment: Segment) -> tuple[Any, ...]:
    return (
        segment.start,
        segment.end,
        segment.shown_text,
        msgspec.json.encode(segment.words).decode(),
        segment.average_log_probability,
        segment.no_speech_probability,
        segment.language,
        segment.speaker,
        msgspec.json.encode(segment.doubts).decode(),
    )


def _segment(row: tuple[Any, ...]) -> Segment:
    start, end, text, words, log_probability, no_speech, language, speaker, doubts = row
    reasons = _doubts.decode(doubts)
    text, kind = _text_and_kind(text, reasons)
    return Segment(start, end, text, _words.decode(words), log_probability, no_speech, language, speaker, reasons, kind)


def _text_and_kind(stored: str, doubts: Sequence[Doubt]) -> tuple[str, SegmentKind]:
    """Return a segment's text and its kind, which the table has no column for: `GAP_MARK` is stored as its text."""
    if stored == GAP_MARK and Doubt.SKIPPED in doubts:
        return "", SegmentKind.SKIPPED
    if stored == GAP_MARK and Doubt.MISSING_WORDS in doubts:
        return "", SegmentKind.NOT_UNDERSTOOD
    return stored, SegmentKind.SPEECH


def _is_skipped(segment: Segment) -> bool:
    return segment.kind is SegmentKind.SKIPPED


def _skipped_s(segments: Iterable[Segment]) -> float:
    """Return how many seconds were never decoded."""
    return sum(segment.end - segment.start for segment in segments if _is_skipped(segment))
