"""How the database got its shape, step by step. A step once released is never changed; a new one is added below it."""

from __future__ import annotations

import sqlite3

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
)


class NewerDatabase(Exception):
    """The database was written by a later version of the program."""


def migrate(database: sqlite3.Connection) -> None:
    """Bring `database` to the present shape. Raise NewerDatabase if it is past it."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(STEPS):
        raise NewerDatabase(f"version {version}; this program knows {len(STEPS)}")
    if version == len(STEPS):
        return
    database.execute("BEGIN IMMEDIATE")  # two programs may start at once
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        for number, step in enumerate(STEPS[version:], version + 1):
            for statement in _statements(step):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        database.rollback()
        raise
    database.commit()


def _statements(step: str) -> list[str]:
    """Return the statements of `step` one by one: `executescript` would commit between them."""
    statements, current = [], ""
    for line in step.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
