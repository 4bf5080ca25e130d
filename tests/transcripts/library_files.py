"""Libraries for tests: made of many small recordings, and read as bare rows."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from desktop_app.messages import Doubt, LeftOut
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState, Segment, Word

TABLES = ("jobs", "segments", "left_out")
Rows = dict[str, set[tuple[Any, ...]]]


def build(file: Path, jobs: int) -> None:
    """Make a library of so many jobs that are done, each with six segments and a text that was left out."""
    history = History(file)
    history._database.execute("PRAGMA synchronous = OFF")
    for number in range(jobs):
        job = history.add_job(Path(f"/recordings/talk {number}.wav"), JobOptions(), "me")
        words = tuple(Word(k, k + 0.5, f" word{k}", 0.5) for k in range(number % 4))
        segments = [Segment(k, k + 1, f"What was said in {number} at {k}." * (1 + k % 3), words) for k in range(6)]
        history.add_segments(job.id, segments, 6.0, [LeftOut(6.0, 7.0, f"Thank you {number}.", Doubt.NO_SPEECH)])
        history.update(job.id, state=JobState.DONE, language="en", duration=6.0)
    history.close()


def rows_of(file: Path) -> Rows:
    with contextlib.closing(sqlite3.connect(file)) as database:
        return {table: set(database.execute(f"SELECT * FROM {table}")) for table in TABLES}


def bytes_in(rows: Rows) -> int:
    """Return how much of a file the texts in `rows` take at least."""
    values = (value for table in rows.values() for row in table for value in row)
    return sum(
        len(value if isinstance(value, bytes) else value.encode()) for value in values if hasattr(value, "strip")
    )


def missing(before: Rows, after: Rows) -> Rows:
    return {table: before[table] - after[table] for table in TABLES}
