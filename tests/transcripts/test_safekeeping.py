"""The library is kept: a copy before it changes its shape, backups that can be restored, and nobody else reads it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from library_files import build, rows_of

from desktop_app.transcripts import migrations, safekeeping
from desktop_app.transcripts.history import History, LibraryInUse, NewerDatabase
from desktop_app.transcripts.safekeeping import Contents, NotALibrary, NotSound
from desktop_app.transcripts.transcript import JobOptions, Segment

ON_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a user's folder private in another way")
IMPORTS = """if True:
    import sys, time
    from pathlib import Path
    from desktop_app.transcripts.history import History
    from desktop_app.transcripts.transcript import JobOptions, Segment
    file = Path(sys.argv[1])
"""
HAS_IT_OPEN = (
    IMPORTS
    + """
    history = History(file)
    print("open", flush=True)
    sys.stdin.read()
"""
)
WRITES = (
    IMPORTS
    + """
    end, written = time.monotonic() + float(sys.argv[2]), 0
    while time.monotonic() < end:
        history = History(file)
        for _ in range(5):
            job = history.add_job(Path("/a.wav"), JobOptions(), sys.argv[3])
            history.add_segments(job.id, [Segment(n, n + 1, sys.argv[3]) for n in range(3)], 3.0)
            written += 1
        history.close()
    print(written)
"""
)


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "home" / "library.sqlite3"


@pytest.fixture
def library(file) -> Path:
    """A library of ten jobs."""
    build(file, 10)
    return file


@contextlib.contextmanager
def running(program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        yield process
        process.kill()


def jobs_in(file: Path) -> int:
    return len(rows_of(file)["jobs"])


def make_earlier(file: Path, version: int) -> None:
    """Make a library as `version` did, with something in every table."""
    file.parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        migrations.make(database, version)
        database.execute(
            "INSERT INTO jobs (id, path, options, state, owner, added_at) VALUES (3, x'61', '{}', 'done', '', 1)"
        )
        database.execute(
            "INSERT INTO segments (job_id, number, start_s, end_s, text, words, average_log_probability,"
            " no_speech_probability) VALUES (3, 0, 0, 1, 'Hello', '[]', 0, 0)"
        )


def contents_of(file: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())


# --- before it changes its shape -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(1, len(migrations.STEPS)))
def test_an_earlier_version_is_backed_up_before_it_is_brought_up(file, version):
    make_earlier(file, version)
    before = contents_of(file)

    history = History(file)

    (backup,) = (file.parent / "backups").iterdir()
    assert history.segments(3)[0].text == "Hello"
    assert backup.name.startswith(f"library-v{version}-20")
    assert contents_of(backup) == before
    assert sqlite3.connect(backup).execute("PRAGMA user_version").fetchone() == (version,)
    history.close()


def test_a_library_of_this_version_and_a_new_one_need_no_backup(library):
    History(library).close()

    assert not (library.parent / "backups").exists()


def test_a_clock_that_is_set_back_does_not_cost_the_backup_just_made(file):
    backups = file.parent / "backups"
    backups.mkdir(parents=True)
    for year in (2097, 2098, 2099):
        (backups / f"library-v2-{year}0301-101010.sqlite3").touch()
    make_earlier(file, 1)

    History(file).close()

    assert len([backup for backup in backups.iterdir() if "-v1-" in backup.name]) == 1
    assert len(list(backups.iterdir())) == 3


def test_of_the_backups_before_migrations_the_newest_few_are_kept(file):
    backups = file.parent / "backups"
    backups.mkdir(parents=True)
    for moment in ("v2-20250301-101010", "v1-20240301-101010", "v1-20230301-101010", "v2-20240401-101010"):
        (backups / f"library-{moment}.sqlite3").touch()
    (backups / "my own.sqlite3").touch()
    make_earlier(file, 1)

    History(file).close()

    kept = sorted(backup.name for backup in backups.iterdir())
    assert kept[:2] == [next(name for name in kept if "-v1-" in name), "library-v2-20240401-101010.sqlite3"]
    assert kept[2:] == ["library-v2-20250301-101010.sqlite3", "my own.sqlite3"]


def test_a_library_that_cannot_be_backed_up_is_not_brought_up(file, monkeypatch):
    make_earlier(file, 1)
    (file.parent / "backups").write_bytes(b"this is no folder")
    before = contents_of(file)

    with pytest.raises(OSError):
        History(file)

    assert contents_of(file) == before


def test_several_programs_that_start_at_once_make_one_backup(file):
    make_earlier(file, 2)

    programs = [subprocess.Popen([sys.executable, "-c", IMPORTS + "    History(file).close()", file]) for _ in range(4)]

    assert [program.wait() for program in programs] == [0] * 4
    assert len(list((file.parent / "backups").iterdir())) == 1
    assert contents_of(file)


# --- at once ---------------------------------------------------------------------------------------------------------


def test_programs_that_open_and_write_at_once_lose_nothing(file):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITES, file, "1.2", name], stdout=subprocess.PIPE) for name in "abc"
    ]

    written = [int(writer.communicate()[0]) for writer in writers]

    with contextlib.closing(sqlite3.connect(file)) as database:
        owners = dict(database.execute("SELECT owner, count(*) FROM jobs GROUP BY owner"))
        assert owners == dict(zip("abc", written, strict=True))
        assert database.execute("SELECT count(*) FROM segments").fetchone() == (3 * sum(written),)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_backup_made_while_another_program_writes_can_be_restored(file, tmp_path):
    with running(WRITES, file, "1", "other") as writer:
        while not file.exists():
            time.sleep(0.01)
        time.sleep(0.3)
        backups = []
        while writer.poll() is None:
            backups.append(tmp_path / f"{len(backups)}.sqlite3")
            safekeeping.back_up(file, backups[-1])
    backup = backups[len(backups) // 2]
    in_backup = rows_of(backup)

    restored = safekeeping.restore(file, backup)

    assert len(backups) > 3
    assert 0 < jobs_in(backup) == restored.contents.jobs < jobs_in(restored.kept)
    assert rows_of(file) == in_backup
    assert {backup.with_name(f"{backup.name}{ending}").exists() for ending in ("-wal", "-shm", "-journal")} == {False}


# --- backups ---------------------------------------------------------------------------------------------------------


def test_a_backup_holds_everything_and_brings_it_back(library, tmp_path):
    backup = tmp_path / "backup.sqlite3"
    before = rows_of(library)

    contents = safekeeping.back_up(library, backup)
    history = History(library)
    history.delete(3)
    history.close()
    changed = rows_of(library)
    restored = safekeeping.restore(library, backup)

    assert contents == restored.contents
    assert contents.jobs == 10
    assert rows_of(library) == before
    assert rows_of(restored.kept) == changed
    assert History(library).mended is None


@pytest.mark.parametrize("replace", [False, True])
def test_a_backup_never_takes_the_place_of_the_library_itself(library, replace):
    before = library.read_bytes()

    with pytest.raises(shutil.SameFileError):
        safekeeping.back_up(library, library, replace=replace)
    with pytest.raises(shutil.SameFileError):
        safekeeping.restore(library, library)

    assert library.read_bytes() == before


def test_a_backup_replaces_what_is_there_only_when_it_may(library, tmp_path):
    backup = tmp_path / "backup.sqlite3"
    backup.write_bytes(b"mine")

    with pytest.raises(FileExistsError):
        safekeeping.back_up(library, backup)
    assert backup.read_bytes() == b"mine"
    safekeeping.back_up(library, backup, replace=True)

    assert rows_of(backup) == rows_of(library)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup.sqlite3", "home"]


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(library, tmp_path):
    with pytest.raises(OSError):
        safekeeping.back_up(library, tmp_path / "not there" / "backup.sqlite3")
    with pytest.raises(sqlite3.Error):
        safekeeping.back_up(tmp_path / "home", tmp_path / "backup.sqlite3")

    assert [each.name for each in tmp_path.iterdir()] == ["home"]


# --- restoring -------------------------------------------------------------------------------------------------------


def test_what_is_no_library_is_not_restored(library, tmp_path):
    notes, other, folder = tmp_path / "notes.txt", tmp_path / "other.sqlite3", tmp_path / "folder"
    notes.write_text("notes")
    with contextlib.closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    folder.mkdir()
    before = rows_of(library)

    for backup, error in (
        (notes, NotALibrary),
        (other, NotALibrary),
        (folder, IsADirectoryError if os.name == "posix" else PermissionError),
        (tmp_path / "not there", FileNotFoundError),
    ):
        with pytest.raises(error):
            safekeeping.restore(library, backup)

    assert rows_of(library) == before
    assert {each.name for each in library.parent.iterdir()} == {"library.sqlite3", "library.lock"}


def test_a_newer_or_a_damaged_backup_is_not_restored(library, tmp_path):
    newer, damaged = tmp_path / "newer.sqlite3", tmp_path / "damaged.sqlite3"
    for backup in (newer, damaged):
        safekeeping.back_up(library, backup)
    with contextlib.closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version = 99")
    with damaged.open("r+b") as stream:
        stream.seek(4 * 4096)
        stream.write(bytes(4096))

    with pytest.raises(NewerDatabase):
        safekeeping.restore(library, newer)
    with pytest.raises(NotSound):
        safekeeping.restore(library, damaged)

    assert jobs_in(library) == 10


def test_a_backup_of_an_earlier_version_is_restored_and_brought_up(library, tmp_path):
    backup = tmp_path / "earlier" / "backup.sqlite3"
    make_earlier(backup, 1)

    safekeeping.restore(library, backup)

    history = History(library)
    assert [segment.text for segment in history.segments(3)] == ["Hello"]
    assert [path.name[:11] for path in (library.parent / "backups").iterdir()] == ["library-v1-"]
    history.close()


def test_nothing_is_restored_while_another_program_has_the_library_open(library, tmp_path):
    safekeeping.back_up(library, tmp_path / "backup.sqlite3")

    with running(HAS_IT_OPEN, library) as other:
        assert other.stdout and other.stdout.readline() == "open\n"
        with pytest.raises(LibraryInUse):
            safekeeping.restore(library, tmp_path / "backup.sqlite3")
    safekeeping.restore(library, tmp_path / "backup.sqlite3")  # it was killed, and is in nobody's way

    assert len(list(library.parent.glob("library-replaced-*.sqlite3"))) == 1


def test_what_was_put_ready_is_taken_when_nobody_else_has_the_library_open(library, tmp_path):
    backup = tmp_path / "backup.sqlite3"
    build(backup.with_name("other.sqlite3"), 2)
    safekeeping.back_up(backup.with_name("other.sqlite3"), backup)
    window = History(library)

    contents = safekeeping.put_ready(library, backup)
    command = History(library)
    during = len(command.jobs())
    command.close()
    window.close()
    next_start = History(library)

    assert contents.jobs == 2
    assert during == 10
    assert len(next_start.jobs()) == 2
    next_start.close()


def test_what_was_put_ready_can_be_withdrawn(library, tmp_path):
    safekeeping.back_up(library, tmp_path / "backup.sqlite3")

    assert safekeeping.put_ready(library, tmp_path / "backup.sqlite3") == Contents(
        10, pytest.approx(time.time(), abs=60)
    )
    safekeeping.withdraw(library)
    History(library).close()

    assert list(library.parent.glob("library-replaced-*")) == []


def test_an_end_between_two_steps_of_a_restore_loses_nothing(library, tmp_path):
    safekeeping.back_up(library, tmp_path / "backup.sqlite3")
    before = rows_of(library)
    safekeeping.put_ready(library, tmp_path / "backup.sqlite3")
    library.rename(library.with_name("library-replaced-20260101-101010.sqlite3"))

    History(library).close()

    assert rows_of(library) == before


# --- nobody else reads it --------------------------------------------------------------------------------------------


@ON_WINDOWS
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_whatever_the_umask_nobody_else_can_read_anything(file, tmp_path, mask):
    before = os.umask(mask)
    try:
        make_earlier(file, 2)
        file.chmod(0o644)
        history = History(file)
        history.add_segments(3, [Segment(1, 2, "More.")], 2.0)
        safekeeping.back_up(file, tmp_path / "home" / "backup.sqlite3")
        safekeeping.put_ready(file, tmp_path / "home" / "backup.sqlite3")
        modes = {stat.S_IMODE(each.stat().st_mode) for each in file.parent.rglob("*") if each.is_file()}
        history.close()
    finally:
        os.umask(before)

    assert modes == {0o600}
    assert stat.S_IMODE((file.parent / "backups").stat().st_mode) == 0o700


@ON_WINDOWS
def test_a_library_that_others_could_read_is_closed_to_them(library):
    held = History(library)
    held.add_job(Path("/a.wav"), JobOptions(), "me")
    for part in library.parent.iterdir():
        part.chmod(0o644)

    History(library).close()

    assert {stat.S_IMODE(part.stat().st_mode) for part in library.parent.iterdir()} == {0o600}
    held.close()


@ON_WINDOWS
def test_what_was_put_aside_or_mended_is_as_private(library):
    library.chmod(0o644)
    with library.open("r+b") as stream:
        stream.write(bytes(4096))

    History(library).close()

    assert len(list(library.parent.glob("library-damaged-*"))) == 1
    assert {stat.S_IMODE(part.stat().st_mode) for part in library.parent.iterdir()} == {0o600}


def test_what_is_removed_does_not_stay_in_the_file(library):
    history = History(library)
    history.add_segments(4, [Segment(6, 7, "A secret that was said.")], 7.0)
    history.delete(4)
    history.close()

    assert b"A secret that was said." not in library.read_bytes()
