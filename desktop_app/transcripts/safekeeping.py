"""Keeps the library safe: opens it for one replacer at a time, has it mended, backs it up and restores it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from desktop_app.transcripts import mending
from desktop_app.transcripts.migrations import is_as_it_says, migrate, shape_of, version_said
from desktop_app.transcripts.soundness import code_of, is_damage, is_sound

PATIENCE = 30  # seconds to wait for another program that writes
PATIENCE_TO_RESTORE = 1  # seconds, until no other program has the library open
PATIENCE_TO_MEND = 5  # seconds to wait until no other program has a damaged library open
# Bytes of a library that is checked whenever it is opened, in 40 ms at most: its pages, and the rows in them as well.
# A larger one is checked when a row cannot be read, or when the user asks for it.
LARGEST_CHECKED, LARGEST_READ = 16_000_000, 4_000_000
KEPT_FROM_MIGRATIONS = 3  # backups


class LibraryInUse(Exception):
    """Another program has the library open, so that it cannot be replaced."""


class NotALibrary(Exception):
    """The file is something else than a library."""


class NotSound(Exception):
    """The file is a library, and damaged."""


class Mended(msgspec.Struct, frozen=True):
    """What was done about a damaged library."""

    saved: mending.Saved
    kept: Path  # the damaged file


class Contents(msgspec.Struct, frozen=True):
    """What is in a library."""

    jobs: int
    newest: float | None  # when the last job was added, in seconds since 1970


class Restored(msgspec.Struct, frozen=True):
    """What is in the library now."""

    contents: Contents
    kept: Path | None  # the library before it, if there was one


class Opened(msgspec.Struct, frozen=True):
    """A library that is ready for use. mended: what was done about it, if it was damaged."""

    database: sqlite3.Connection
    presence: Presence
    mended: Mended | None


class Presence:
    """Tells other programs that this one has a library open, until it is closed or the process ends.

    It is a lock of SQLite's on an empty file beside the library, which works alike on all systems.
    """

    def __init__(self, file: Path) -> None:
        lock = file.with_suffix(".lock")
        _make_private(lock)
        self._lock = sqlite3.connect(lock, isolation_level=None, check_same_thread=False)

    def share(self) -> None:
        """Be one of those that use the library. Raise LibraryInUse while it is being replaced for long."""
        self._begin("BEGIN", PATIENCE)

    def claim(self, patience: float = 0) -> None:
        """Be the only one. Raise LibraryInUse if there are others for more than `patience` seconds."""
        self._begin("BEGIN EXCLUSIVE", patience)

    def close(self) -> None:
        self._lock.close()

    def _begin(self, transaction: str, patience: float) -> None:
        if self._lock.in_transaction:
            self._lock.execute("ROLLBACK")
        self._lock.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
        try:
            self._lock.execute(transaction)
            self._lock.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if code_of(error) != sqlite3.SQLITE_BUSY:
                raise
            raise LibraryInUse from error


# --- opening ---------------------------------------------------------------------------------------------------------


def open_library(file: Path, thorough: bool = False) -> Opened:
    """Open the library in `file`, made if missing, and bring it to the present version. A damaged one is mended first.

    `thorough`: all of it is read to see whether it is damaged; else only as much as is read fast. A library that was
    put ready takes its place. Raise NewerDatabase, LibraryInUse, sqlite3.Error or OSError.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    presence = Presence(file)
    try:
        _take_next_if_alone(file, presence)
        presence.share()
        database, mended = _sound(file, thorough), None
        if database is None:
            presence.claim(PATIENCE_TO_MEND)
            database, mended = _mended(file)
            presence.share()
    except BaseException:
        presence.close()
        raise
    return Opened(database, presence, mended)


def _sound(file: Path, thorough: bool) -> sqlite3.Connection | None:
    """Return the library, opened; None if it is damaged, as far as can be seen."""
    if _is_cut_short(file):
        return None
    for part in _parts(file):
        _make_private(part)
    try:
        database = _connected(file)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if is_damage(error) or _comes_of_the_first_page(error, file):
            return None
        raise
    size = 0 if thorough else file.stat().st_size
    if size > LARGEST_CHECKED or is_sound(database, rows=size <= LARGEST_READ, indexes=thorough):
        return database
    database.close()
    return None


def _connected(file: Path) -> sqlite3.Connection:
    _make_private(file)
    # check_same_thread: it is made where the program starts and used in the history thread, never in both.
    database = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        database.execute(f"PRAGMA page_size = {mending.PAGE}")  # if it is new
        _write_ahead(database)
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA secure_delete = ON")  # what is removed is gone, and is not found again by a repair
        migrate(database, lambda version: _keep_version(file, version))
        _try_to_write(database)
    except BaseException:
        database.close()
        raise
    return database


def _write_ahead(database: sqlite3.Connection) -> None:
    """Have the library keep a write-ahead log. SQLite does not wait where another program is just doing the same."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _try_to_write(database: sqlite3.Connection) -> None:
    """Raise sqlite3.OperationalError if it may only be read."""
    database.execute("BEGIN IMMEDIATE")
    database.execute("PRAGMA user_version = 0")
    database.execute("ROLLBACK")


def _comes_of_the_first_page(error: Exception, file: Path) -> bool:
    """Tell whether an error that looks like another comes of what is wrong with the library's first page."""
    if code_of(error) == sqlite3.SQLITE_READONLY:
        return os.access(file, os.W_OK)  # it says that it was written by an SQLite to come
    if code_of(error) != sqlite3.SQLITE_ERROR:
        return False
    with contextlib.closing(sqlite3.connect(file)) as database:
        try:
            return not is_as_it_says(database)
        except sqlite3.Error:
            return True


def _is_cut_short(file: Path) -> bool:
    """Tell whether no whole page is left: SQLite would begin anew, and delete the WAL, though all may be in it."""
    wal_size = _size(file.with_name(f"{file.name}-wal"))  # before its file's: another program may be making both
    return 0 < _size(file) < mending.PAGE or (wal_size > 0 and file.exists() and _size(file) == 0)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _mended(file: Path) -> tuple[sqlite3.Connection, Mended | None]:
    """Put the library aside, and what can be read of it in its place. Nobody else may have it open."""
    database = _sound(file, thorough=True)
    if database is not None:  # another program was faster
        return database, None
    with _workshop(file) as workshop:
        _copy_parts(file, workshop / file.name)
        fresh = workshop / "fresh"
        _make_private(fresh)
        saved = mending.save(workshop / file.name, fresh)
        fresh.replace(_next(file))
    kept = _take_next(file, "damaged")
    assert kept is not None
    return _connected(file), Mended(saved, kept)


# --- one library in the place of another -----------------------------------------------------------------------------


def _next(file: Path) -> Path:
    """Where a library lies that is to take the place of `file`: should all end in between, it does so later."""
    return file.with_name(f"{file.stem}-next{file.suffix}")


def _take_next_if_alone(file: Path, presence: Presence) -> None:
    if _next(file).exists():
        with contextlib.suppress(LibraryInUse):
            presence.claim()
            if _next(file).exists():  # no other program was faster
                _take_next(file, "replaced")


def _take_next(file: Path, why: str) -> Path | None:
    """Let what lies ready take the place of `file`. Return where that is kept, if it was there. Nobody may use it."""
    kept, parts = _free_name(file, why), _parts(file)
    for part in reversed(parts):  # a WAL that stayed behind would be taken for that of the next one
        part.replace(kept.with_name(part.name.replace(file.name, kept.name)))
    _next(file).replace(file)
    return kept if parts else None


def _free_name(file: Path, why: str) -> Path:
    moment = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{file.stem}-{why}-{moment}{number}{file.suffix}" for number in ("", *(f"-{n}" for n in range(2, 100))))
    return next(candidate for name in names if not (candidate := file.with_name(name)).exists())


def _parts(file: Path) -> list[Path]:
    """Return those files that there are of a library, itself first."""
    parts = (file.with_name(file.name + ending) for ending in ("", "-journal", "-shm", "-wal"))
    return [part for part in parts if part.exists()]


def _copy_parts(file: Path, to: Path) -> None:
    for part in _parts(file):
        shutil.copyfile(part, to.with_name(part.name.replace(file.name, to.name)))


@contextlib.contextmanager
def _workshop(file: Path) -> Iterator[Path]:
    """A folder for copies of a library while they are worked on. Only one program has one."""
    folder = file.with_suffix(".workshop")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_private(file: Path) -> None:
    """Make `file` if it is missing, and let its owner alone read it. It is not opened if it is there.

    (To close a file releases the locks that SQLite has on it in the same process.)
    """
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        with contextlib.suppress(FileNotFoundError):  # another program has done with it
            if os.name == "posix" and file.stat().st_mode & 0o077:
                file.chmod(0o600)


# --- backups ---------------------------------------------------------------------------------------------------------


def back_up(file: Path, to: Path, replace: bool = False) -> Contents:
    """Write the library, as it is at this moment, to one file that nobody else can read. Others may go on writing it.

    Raise FileExistsError unless it may `replace` what is there; shutil.SameFileError, OSError or sqlite3.Error.
    """
    _refuse_parts_of(file, to)
    if not replace and os.path.lexists(to):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(to))
    part = to.with_name(f".{secrets.token_hex(8)}.part")
    try:
        contents = _copy(file, part)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return contents


def put_ready(file: Path, backup: Path) -> Contents:
    """Check `backup`, and have a copy of it take the place of the library `file` when that is opened next.

    Raise NotALibrary, NotSound, NewerDatabase, shutil.SameFileError, OSError or sqlite3.Error.
    """
    _refuse_parts_of(file, backup)
    with backup.open("rb") as start:
        if start.read(16) != b"SQLite format 3\0":
            raise NotALibrary
    with _workshop(file) as workshop:
        copy = workshop / file.name
        _copy_parts(backup, copy)
        contents = _checked(copy)
        _make_private(copy)
        copy.replace(_next(file))
    return contents


def withdraw(file: Path) -> None:
    """Have nothing take the place of the library `file`."""
    _next(file).unlink(missing_ok=True)


def restore(file: Path, backup: Path) -> Restored:
    """Put `backup` in the place of the library `file`, which is kept beside it.

    Raise LibraryInUse if another program has the library open, or what `put_ready` raises.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    presence = Presence(file)
    try:
        presence.claim(PATIENCE_TO_RESTORE)
        contents = put_ready(file, backup)
        return Restored(contents, _take_next(file, "replaced"))
    finally:
        presence.close()


def _checked(file: Path) -> Contents:
    """Make one file of a library, and return what is in it. Raise NotALibrary, NotSound or NewerDatabase."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        try:
            if not shape_of(database).keys() >= {"jobs", "segments"}:
                raise NotALibrary
            version_said(database)
        except sqlite3.DatabaseError as error:
            raise NotSound from error
        if not is_sound(database, indexes=True):
            raise NotSound
        return _contents(database)


def _copy(file: Path, to: Path) -> Contents:
    _make_private(to)
    library, copy = sqlite3.connect(file, timeout=PATIENCE), sqlite3.connect(to, isolation_level=None)
    with contextlib.closing(library), contextlib.closing(copy):
        library.backup(copy)
        return _contents(copy)


def _contents(database: sqlite3.Connection) -> Contents:
    """Return what is in a library, which is one file from now on."""
    database.execute("PRAGMA journal_mode = DELETE")
    return Contents(*database.execute("SELECT count(*), max(added_at) FROM jobs WHERE removed_at IS NULL").fetchone())


def _keep_version(file: Path, version: int) -> None:
    """Back up a library that is going to be migrated from `version`; of such backups the newest are kept."""
    folder = file.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    fresh = folder / f"{file.stem}-v{version}-{time.strftime('%Y%m%d-%H%M%S')}{file.suffix}"
    back_up(file, fresh, replace=True)
    others = {backup for backup in folder.glob(f"{file.stem}-v*{file.suffix}") if backup != fresh}
    newest_last = sorted(others, key=lambda backup: backup.stem.split("-")[-2:])
    for old in newest_last[: len(others) + 1 - KEPT_FROM_MIGRATIONS]:
        old.unlink()


def _refuse_parts_of(file: Path, other: Path) -> None:
    if other.exists() and any(part.samefile(other) for part in _parts(file)):
        raise shutil.SameFileError(errno.EINVAL, os.strerror(errno.EINVAL), str(other))
