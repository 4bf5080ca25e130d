"""How the database got its shape, step by step. A step once released is never changed; a new one is added below it.

A value that an earlier version does not know, as a new state, is a new step as well (empty, if need be): that version
then says that it is too old, instead of taking the library for damaged.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable
from typing import Any, TypeAlias

Shape: TypeAlias = dict[str, tuple[Any, ...]]

STEPS: tuple[str, ...] = (
    # 1: jobs and what was heard in them.
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: the backend may still speak of a removed one
        path BLOB NOT NULL,                    -- bytes, since a file's name need not be valid Unicode
        options TEXT NOT NULL,                 -- JobOptions as JSON
        state TEXT NOT NULL,
        owner TEXT NOT NULL,                   -- the running program that works on it, see work/ownership.py
        added_at REAL NOT NULL,
        started_at REAL,
        ended_at REAL,
        duration REAL,
        position REAL NOT NULL DEFAULT 0,
        language TEXT,
        partial INTEGER NOT NULL DEFAULT 0,
        failure TEXT,
        failure_detail TEXT NOT NULL DEFAULT '',
        removed_at REAL                        -- removed by the user; can be had back for a while
    );
    CREATE INDEX jobs_by_state ON jobs (state, owner);
    CREATE TABLE segments (
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,               -- 0, 1, 2, ... in order of time
        start_s REAL NOT NULL,
        end_s REAL NOT NULL,
        text TEXT NOT NULL,
        words TEXT NOT NULL,                   -- JSON
        average_log_probability REAL NOT NULL,
        no_speech_probability REAL NOT NULL,
        PRIMARY KEY (job_id, number)
    ) WITHOUT ROWID;
    """,
    # 2: what each segment's language, speaker and doubts are; texts that were not believed.
    """
    ALTER TABLE segments ADD COLUMN language TEXT NOT NULL DEFAULT '';
    ALTER TABLE segments ADD COLUMN speaker TEXT NOT NULL DEFAULT '';
    ALTER TABLE segments ADD COLUMN doubts TEXT NOT NULL DEFAULT '[]';  -- JSON
    CREATE TABLE left_out (
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        start_s REAL NOT NULL,
        end_s REAL NOT NULL,
        text TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (job_id, start_s, text)    -- two channels may begin at once
    ) WITHOUT ROWID;
    """,
    # 3: the order of the queue; what a job needs to go on after an interruption.
    """
    ALTER TABLE jobs ADD COLUMN place REAL NOT NULL DEFAULT 0;
    UPDATE jobs SET place = id;
    CREATE INDEX jobs_by_place ON jobs (place);
    ALTER TABLE jobs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN steps TEXT NOT NULL DEFAULT '[]';       -- JSON
    ALTER TABLE jobs ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';   -- of the recording
    ALTER TABLE jobs ADD COLUMN output TEXT;                            -- JSON
    """,
    # 4: `output` is kept only until the transcript is written.
    """
    UPDATE jobs SET output = NULL WHERE state = 'done';
    """,
    # 5: how many passages of a job are doubtful is asked for each row of the list; a new doubt, "only_live".
    """
    CREATE INDEX segments_doubtful ON segments (job_id, doubts) WHERE doubts <> '[]';
    """,
    # 6: what was done about a recording's sound. The first sound track was taken where none was chosen; since then no
    # track in the options means that one is looked for.
    """
    ALTER TABLE jobs ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';       -- JSON
    UPDATE jobs SET options = CASE
        WHEN json_valid(options) AND json_extract(options, '$.track') = 0 THEN json_remove(options, '$.track')
        ELSE options END;
    """,
)


LAST_CONCEIVABLE = 1000  # version; what says that it has a higher one is damaged


class NewerDatabase(Exception):
    """The database was written by a later version of the program."""


class Malformed(sqlite3.DatabaseError):
    """The database says of itself what cannot be."""


def migrate(database: sqlite3.Connection, before: Callable[[int], object] = lambda version: None) -> None:
    """Bring `database` to the present shape. Raise NewerDatabase if it is past it, or Malformed.

    `before` is called with the version of one that is not new, before anything in it is changed.
    """
    if version_said(database) == len(STEPS):
        return
    database.execute("BEGIN IMMEDIATE")  # two programs may start at once
    try:
        version = version_said(database)
        if 0 < version < len(STEPS):
            before(version)
        _take_steps(database, version, len(STEPS))
    except BaseException:
        database.rollback()
        raise
    database.commit()


def make(database: sqlite3.Connection, version: int) -> None:
    """Give an empty `database` the shape it had in `version`."""
    _take_steps(database, 0, version)


def version_said(database: sqlite3.Connection) -> int:
    """Return the version that `database` says it has. Raise NewerDatabase or Malformed."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if not 0 <= version <= LAST_CONCEIVABLE:
        raise Malformed(f"version {version}")
    if version > len(STEPS):
        raise NewerDatabase(f"version {version}; this program knows {len(STEPS)}")
    return int(version)


def version_of(database: sqlite3.Connection) -> int | None:
    """Return the version that `database` has the shape of, whatever it says; None if there is none."""
    shape = shape_of(database)
    return next((version for version in range(len(STEPS), 0, -1) if _made_shape(STEPS[:version]) == shape), None)


def is_as_it_says(database: sqlite3.Connection) -> bool:
    """Tell whether `database` has the shape of the version that it says it has."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return 0 <= version <= len(STEPS) and shape_of(database) == _made_shape(STEPS[:version])


def shape_of(database: sqlite3.Connection) -> Shape:
    """Return the tables, and what SQLite tells of their columns."""
    tables = [name for _, name, kind, *_ in database.execute("PRAGMA main.table_list").fetchall() if kind == "table"]
    return {
        name: tuple(database.execute(f"PRAGMA table_info({name})").fetchall())
        for name in sorted(tables)
        if not name.startswith("sqlite_")
    }


@functools.cache
def _made_shape(steps: tuple[str, ...]) -> Shape:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for step in steps:
            database.executescript(step)
        return shape_of(database)


def _take_steps(database: sqlite3.Connection, taken: int, wanted: int) -> None:
    for number in range(taken, wanted):
        for statement in _statements(STEPS[number]):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {number + 1}")


def _statements(step: str) -> list[str]:
    """Return the statements of `step` one by one: `executescript` would commit between them."""
    statements, current = [], ""
    for line in step.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
