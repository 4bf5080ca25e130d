"""What a damaged library still says: every row that can be read, written into a fresh one."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import struct
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from desktop_app.transcripts import migrations
from desktop_app.transcripts.soundness import LARGEST_INTEGER, Table, tables_of
from desktop_app.transcripts.transcript import JobState

# See https://www.sqlite.org/fileformat.html for what is said here about pages.
PAGE = 4096  # bytes
LEAF_OF_TABLE, LEAF_OF_INDEX, BRANCH_OF_INDEX = 0x0D, 0x0A, 0x02  # a page's first byte
LEAVES_AT_ONCE = 500

_UNREADABLE = (sqlite3.Error, UnicodeDecodeError, MemoryError)


class Saved(msgspec.Struct, frozen=True):
    """What could be read of a damaged library."""

    jobs: int
    segments: int
    is_whole: bool  # nothing was lost, as far as can be told


class _Unreadable(Exception):
    """The next row cannot be read."""


def save(damaged: Path, fresh: Path) -> Saved:
    """Write what can be read of `damaged`, with the WAL beside it, to the new library `fresh`.

    `damaged` is changed on the way: it is to be a copy. Raise sqlite3.Error if `fresh` cannot be written.
    """
    version = _made_readable(damaged)
    target = sqlite3.connect(fresh, isolation_level=None)
    with contextlib.closing(target):
        migrations.make(target, version or len(migrations.STEPS))
        target.execute("BEGIN")
        is_whole = version is not None and _take_tables(damaged, target)
        if not is_whole:
            _take_leaves(damaged, target)
        target.execute("COMMIT")
        migrations.migrate(target)
        orphans = _give_jobs_to_orphans(target)
        jobs, segments = (_count(target, table) for table in ("jobs", "segments"))
        return Saved(jobs, segments, is_whole and not orphans)


def _count(database: sqlite3.Connection, table: str) -> int:
    (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def _give_jobs_to_orphans(library: sqlite3.Connection) -> int:
    """Make a job for what was heard in jobs that are lost; return how many were."""
    made = library.execute(
        "INSERT INTO jobs (id, path, options, state, owner, added_at, ended_at, duration, position, language, place)"
        " SELECT job_id, CAST('recording ' || job_id AS BLOB), '{}', ?, '', ?, ?, max(end_s), max(end_s),"
        " coalesce(nullif(max(language), ''), 'und'), job_id"
        " FROM segments WHERE job_id NOT IN (SELECT id FROM jobs) GROUP BY job_id",
        (JobState.DONE, time.time(), time.time()),
    )
    library.execute("DELETE FROM left_out WHERE job_id NOT IN (SELECT id FROM jobs)")
    return made.rowcount


# --- table by table, while the pages that lead to the rows are in order ----------------------------------------------


def _take_tables(damaged: Path, target: sqlite3.Connection) -> bool:
    """Take the rows of all tables, each up to the first that cannot be read. Tell whether that was everything."""
    with _opened(damaged) as source:
        tables = tables_of(target)
        are_whole = [_Taking(source, target, table).take_from(table.name) for table in tables]
        return _goes_on_counting(source, target) and all(are_whole)


def _goes_on_counting(source: sqlite3.Connection, target: sqlite3.Connection) -> bool:
    """Let no job get a number that an earlier one had, if that can be read."""
    try:
        row = source.execute("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'").fetchone()
    except _UNREADABLE:
        return False
    if row is not None and isinstance(row[0], int) and 0 < row[0] < LARGEST_INTEGER:
        (highest,) = target.execute("SELECT coalesce(max(id), 0) FROM jobs").fetchone()
        target.execute("DELETE FROM sqlite_sequence WHERE name = 'jobs'")
        target.execute("INSERT INTO sqlite_sequence VALUES ('jobs', ?)", (max(row[0], highest),))
    return True


class _Taking:
    """Takes rows that are built like those of `table` out of a damaged library into a fresh one."""

    def __init__(self, source: sqlite3.Connection, target: sqlite3.Connection, table: Table) -> None:
        self._source = source
        self._target = target
        self._table = table
        self._is_whole = True

    def take_from(self, name: str) -> bool:
        """Take what can be read of the table `name`, from both its ends. Tell whether that was everything."""
        self._source.text_factory = self._text
        for order in ("ASC", "DESC"):
            with contextlib.suppress(_Unreadable):
                self._take(name, order)
                return self._is_whole
        return False

    def _take(self, name: str, order: str) -> None:
        names, by = ", ".join(self._table.names), ", ".join(f"{column} {order}" for column in self._table.key)
        self._target.executemany(
            f"INSERT OR IGNORE INTO {self._table.name} ({names}) VALUES ({', '.join('?' * len(self._table.names))})",
            self._mended(f"SELECT {names} FROM {name} ORDER BY {by}"),
        )

    def _mended(self, question: str) -> Iterator[tuple[Any, ...]]:
        try:
            for row in self._source.execute(question):
                mended = self._table.mended(row)
                self._is_whole &= mended is row
                if mended is not None:
                    yield mended
        except _UNREADABLE as error:
            raise _Unreadable from error

    def _text(self, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self._is_whole = False
            return raw.decode("utf-8", "replace")


# --- leaf by leaf, where they are not --------------------------------------------------------------------------------


def _take_leaves(damaged: Path, target: sqlite3.Connection) -> None:
    """Take the rows in all pages, whether or not a page still leads there.

    Each page is read as if it were a table of its own. What its rows are is told by what is in them. (There are no
    pages that were given up: secure_delete empties them.)
    """
    tables = tables_of(target)
    forms = dict(target.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    leaves = _leaves(damaged)
    while batch := list(itertools.islice(leaves, LEAVES_AT_ONCE)):
        listed = [
            (table, f"{table.name}_{page}", page, forms[table.name].replace(table.name, f"{table.name}_{page}", 1))
            for kind, page in batch
            for table in tables
            if (kind == LEAF_OF_INDEX) == ("WITHOUT ROWID" in forms[table.name])
        ]
        _list_tables(damaged, [(name, page, form) for _, name, page, form in listed])
        with _opened(damaged) as source:
            for table, name, _, _ in listed:
                _Taking(source, target, table).take_from(name)


def _leaves(damaged: Path) -> Iterator[tuple[int, int]]:
    """Yield the kind and the number of each page that is a leaf. Branches with rows in them are made leaves before."""
    pages = damaged.stat().st_size // PAGE
    for number in range(2, pages + 1):
        with damaged.open("r+b") as file:
            file.seek((number - 1) * PAGE)
            page = file.read(PAGE)
            if page[0] == BRANCH_OF_INDEX:
                page = _as_leaf(page)
                file.seek((number - 1) * PAGE)
                file.write(page)
        if page[0] in (LEAF_OF_TABLE, LEAF_OF_INDEX):
            yield page[0], number


def _as_leaf(branch: bytes) -> bytes:
    """Return a branch of an index without what leads on: the last four bytes of its header, the first of each row."""
    rows = min(int.from_bytes(branch[3:5]), (PAGE - 12) // 2)
    places = struct.unpack_from(f">{rows}H", branch, 12)
    beyond = struct.pack(f">{rows}H", *(min(place + 4, PAGE) for place in places))
    return bytes([LEAF_OF_INDEX]) + branch[1:8] + beyond + branch[8 + len(beyond) :]


# --- the first page: how a library is built, and where its tables are ------------------------------------------------


def _made_readable(damaged: Path) -> int | None:
    """Put the first page in order, and into the file what is in its WAL. Return the version, if it can be told."""
    size = damaged.stat().st_size
    os.truncate(damaged, max(PAGE, -(-size // PAGE) * PAGE))
    _write_first_page(damaged, _header(damaged))
    version = _merged_with_wal(damaged)
    if version is None:
        _empty_first_page(damaged)
        _merged_with_wal(damaged)
    damaged.with_name(f"{damaged.name}-wal").unlink(missing_ok=True)  # what is left of it is not to be read
    return version


def _merged_with_wal(damaged: Path) -> int | None:
    version = None
    with _opened(damaged) as database:
        with contextlib.suppress(*_UNREADABLE):
            version = migrations.version_of(database)
        with contextlib.suppress(*_UNREADABLE):
            database.execute("PRAGMA journal_mode = DELETE")
    return version


def _opened(damaged: Path) -> contextlib.closing[sqlite3.Connection]:
    database = sqlite3.connect(damaged, isolation_level=None)
    database.execute("PRAGMA writable_schema = ON")  # what is wrong in the list of tables is passed over
    return contextlib.closing(database)


def _list_tables(damaged: Path, tables: Iterable[tuple[str, int, str]]) -> None:
    """Renew the first page, with a list of these tables: their names, pages and forms."""
    _empty_first_page(damaged)
    with _opened(damaged) as database:
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', ?1, ?1, ?2, ?3)", tables
        )
        database.execute("COMMIT")


def _empty_first_page(damaged: Path) -> None:
    empty_leaf = struct.pack(">B3HB", LEAF_OF_TABLE, 0, 0, PAGE, 0)
    _write_first_page(damaged, (_header(damaged) + empty_leaf).ljust(PAGE, b"\0"))


def _write_first_page(damaged: Path, start: bytes) -> None:
    with damaged.open("r+b") as file:
        file.write(start)


def _header(damaged: Path) -> bytes:
    """Return the first 100 bytes of a library."""
    pages = damaged.stat().st_size // PAGE
    form = (b"SQLite format 3\0", PAGE, 2, 2, 0, 64, 32, 32)
    counters = (1, pages, 0, 0, 1, 4, 0, 0, 1, len(migrations.STEPS), 0, 0)
    return struct.pack(">16sH6B12I20x2I", *form, *counters, 1, 3_000_000)
