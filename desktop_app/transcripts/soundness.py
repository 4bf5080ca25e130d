"""What a sound library looks like: its tables, and what their rows may hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from desktop_app.messages import Doubt, Failure, SoundNote
from desktop_app.transcripts import migrations
from desktop_app.transcripts.transcript import JobOptions, JobState, Output, Step, Word

LARGEST_REAL = 1e11  # no moment, length or probability comes near it
LARGEST_INTEGER = 1 << 40  # nor any number to this

# What reads the columns that hold more than a text.
_MEANINGS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("jobs", "options"): msgspec.json.Decoder(JobOptions).decode,
    ("jobs", "state"): JobState,
    ("jobs", "failure"): Failure,
    ("jobs", "steps"): msgspec.json.Decoder(tuple[Step, ...]).decode,
    ("jobs", "notes"): msgspec.json.Decoder(tuple[SoundNote, ...]).decode,
    ("jobs", "output"): msgspec.json.Decoder(Output).decode,
    ("segments", "words"): msgspec.json.Decoder(tuple[Word, ...]).decode,
    ("segments", "doubts"): msgspec.json.Decoder(tuple[Doubt, ...]).decode,
    ("left_out", "reason"): Doubt,
}
# What is written instead of what cannot be there. For other columns it is their default; without one the row is lost.
_INSTEAD: dict[tuple[str, str], Any] = {
    ("jobs", "options"): "{}",
    ("jobs", "state"): JobState.CANCELLED.value,
    ("jobs", "added_at"): 0.0,
    ("jobs", "failure"): Failure.UNFORESEEN.value,
    ("segments", "words"): "[]",
}
_CIRCUMSTANCES = (  # not of the library's making
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_AUTH,
)


def is_damage(error: BaseException) -> bool:
    """Tell whether `error` looks as if the library it was raised by is damaged."""
    return (
        code_of(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        or isinstance(error, migrations.Malformed | msgspec.DecodeError | RecursionError)
        or type(error) in (ValueError, UnicodeDecodeError)  # as of a state that there is not; of an error's own text
        or "Could not decode to UTF-8" in str(error)
    )


def is_sound(database: sqlite3.Connection, rows: bool = True, indexes: bool = False) -> bool:
    """Tell whether the library is built as it should be, which takes as long as reading all its pages.

    `rows`: what is in them is looked at as well, which takes ten times as long; `indexes`: they are held against the
    tables. Raise sqlite3.Error if it cannot be told.
    """
    try:
        return (
            migrations.is_as_it_says(database)
            and database.execute(f"PRAGMA {'integrity' if indexes else 'quick'}_check(1)").fetchone() == ("ok",)
            and (not rows or all(_is_sound(database, table) for table in tables_of(database)))
        )
    except UnicodeDecodeError:  # of an error's own text
        return False
    except sqlite3.DatabaseError as error:
        if code_of(error) in _CIRCUMSTANCES:
            raise
        return False


def _is_sound(database: sqlite3.Connection, table: Table) -> bool:
    rows = database.execute(f"SELECT {', '.join(table.names)} FROM {table.name}")
    return all(map(table.is_sound, rows))


def code_of(error: BaseException) -> int:
    """Return SQLite's primary code for `error`; 0 if it is not one of SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


class _Column(NamedTuple):
    name: str
    may_be: Callable[[Any], bool]
    instead: Any  # of what it may not be; None: nothing
    is_needed: bool  # may not be NULL

    def mended(self, value: Any) -> Any:
        return value if self.may_be(value) else self.instead


class Table(NamedTuple):
    """A table of the library."""

    name: str
    columns: tuple[_Column, ...]
    key: tuple[str, ...]  # the columns of its primary key

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def is_sound(self, row: tuple[Any, ...]) -> bool:
        """Tell whether everything in `row` can be."""
        return all(column.may_be(value) for column, value in zip(self.columns, row, strict=True))

    def mended(self, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Return `row` with everything in it that cannot be replaced. None: there is too little left."""
        if self.is_sound(row):
            return row
        values = [column.mended(value) for column, value in zip(self.columns, row, strict=True)]
        is_lost = any(column.is_needed and value is None for column, value in zip(self.columns, values, strict=True))
        return None if is_lost else tuple(values)


def tables_of(database: sqlite3.Connection) -> list[Table]:
    """Return the tables of a library, the one first that the others refer to."""
    names = sorted(migrations.shape_of(database), key=lambda name: (name != "jobs", name))
    return [_table(database, name) for name in names]


def _table(database: sqlite3.Connection, name: str) -> Table:
    columns, key = [], {}
    for _, column, kind, is_needed, default, place in database.execute(f"PRAGMA table_info({name})").fetchall():
        (instead,) = database.execute(f"SELECT {default or 'NULL'}").fetchone()
        check = _check(kind, bool(is_needed or place), _MEANINGS.get((name, column)))
        instead = _INSTEAD.get((name, column), instead)
        columns.append(_Column(column, check, instead, bool(is_needed or place)))
        if place:
            key[place] = column
    return Table(name, tuple(columns), tuple(key[place] for place in sorted(key)))


def _check(kind: str, is_needed: bool, read: Callable[[Any], object] | None) -> Callable[[Any], bool]:
    """Return what tells whether a value may be in a column of this kind, of which the text is read by `read`."""

    def may_be(value: Any) -> bool:
        if value is None:
            return not is_needed
        if kind == "REAL":
            return isinstance(value, float) and -LARGEST_REAL < value < LARGEST_REAL
        if kind == "INTEGER":
            return isinstance(value, int) and -LARGEST_INTEGER < value < LARGEST_INTEGER
        if not isinstance(value, bytes if kind == "BLOB" else str):
            return False
        return read is None or _can_read(read, value)

    return may_be


def _can_read(read: Callable[[Any], object], value: Any) -> bool:
    try:
        read(value)
    except (ValueError, msgspec.DecodeError, RecursionError):
        return False
    return True
