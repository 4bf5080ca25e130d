"""A damaged library opens all the same: what is not damaged is in it, and the damaged file is still there."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from library_files import TABLES, Rows, build, bytes_in, missing, rows_of

from desktop_app.transcripts import migrations, safekeeping
from desktop_app.transcripts.history import History, LibraryInUse, NewerDatabase
from desktop_app.transcripts.transcript import JobOptions, JobState, Segment

PAGE = 4096
SAYS_ITS_VERSION = range(60, 64)  # bytes of the header


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A library of 300 jobs. Not to be changed."""
    file = tmp_path_factory.mktemp("sound") / "library.sqlite3"
    build(file, 300)
    return file


@pytest.fixture(scope="module")
def before(sound) -> Rows:
    return rows_of(sound)


@pytest.fixture
def opens(tmp_path, before):
    """A function that opens a library with these bytes, uses it, and returns what is missing in it."""

    def opened(damaged: bytes) -> Rows:
        folder = tmp_path / "library"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        file = folder / "library.sqlite3"
        file.write_bytes(damaged)

        history = History(file)
        for job in history.jobs()[::5]:
            history.transcript(job.id)
        added = history.add_job(Path("/new.wav"), JobOptions(), "me")
        history.add_segments(added.id, [Segment(0, 1, "New.")], 1.0)
        mended = history.mended
        history.close()
        if mended is not None:
            assert mended.kept.read_bytes() == damaged
            assert mended.saved.jobs == len(rows_of(file)["jobs"]) - 1
        lost = missing(before, rows_of(file))
        assert mended is not None or not any(lost.values())
        return lost

    return opened


def flipped(contents: bytes, *places: int) -> bytes:
    changed = bytearray(contents)
    for place in places:
        changed[place] ^= 0xFF
    return bytes(changed)


def without_page(contents: bytes, number: int) -> bytes:
    return contents[: (number - 1) * PAGE] + bytes(PAGE) + contents[number * PAGE :]


# --- where it is damaged ---------------------------------------------------------------------------------------------


def test_a_flipped_byte_in_the_header_costs_nothing(sound, opens):
    for place in (0, 15, 16, 18, 19, 20, 28, 31, 36, 47, 56, 59, 60, 63):
        try:
            lost = opens(flipped(sound.read_bytes(), place))
        except NewerDatabase:
            assert place in SAYS_ITS_VERSION
        else:
            assert not any(lost.values()), place


def test_a_flipped_byte_in_the_list_of_tables_costs_nothing(sound, opens):
    for place in (101, 104, 109, *range(115, PAGE, 700)):
        assert not any(opens(flipped(sound.read_bytes(), place)).values()), place


def test_a_page_that_is_gone_costs_the_rows_in_it_and_no_others(sound, opens):
    contents = sound.read_bytes()
    pages = len(contents) // PAGE
    roots = (1, 2, 3, 4, 5, 6, 7)

    for number in (*roots, *range(8, pages + 1, pages // 8)):
        assert bytes_in(opens(without_page(contents, number))) < PAGE, number


def test_flipped_bytes_anywhere_cost_at_most_the_pages_they_are_in(sound, opens):
    # A byte of a name is not noticed: names are any bytes. These places are none.
    contents, chance = sound.read_bytes(), random.Random(7)

    for _ in range(10):
        places = [chance.randrange(PAGE, len(contents)) for _ in range(chance.choice((1, 1, 5, 40)))]
        assert bytes_in(opens(flipped(contents, *places))) < PAGE * len(places), places


def test_a_file_that_was_cut_off_keeps_what_is_before_the_cut(sound, opens):
    contents = sound.read_bytes()

    for size in (1, 99, 100, 511, PAGE - 1, PAGE, *range(PAGE + 1, len(contents), len(contents) // 6)):
        lost = opens(contents[:size])
        assert bytes_in(lost) < len(contents) - size + PAGE, size


@pytest.mark.parametrize("contents", [b"these are notes and no database" * 100, b"\0" * 10_000, b"SQLite format 3\0"])
def test_what_is_no_library_is_put_aside_and_an_empty_one_begun(opens, before, contents):
    assert opens(contents) == before


# --- what becomes of the rest ----------------------------------------------------------------------------------------


def test_what_was_heard_in_a_job_that_is_lost_is_kept_under_its_number(sound, opens, tmp_path):
    with sqlite3.connect(sound) as database:
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'jobs'").fetchone()
    leaf = next(
        page for page in range(root + 1, 500) if sound.read_bytes()[(page - 1) * PAGE] == 0x0D and page not in (3,)
    )

    lost = opens(without_page(sound.read_bytes(), leaf))

    history = History(tmp_path / "library" / "library.sqlite3")
    assert lost["jobs"]
    assert not lost["segments"]
    for job_id, *_ in lost["jobs"]:
        transcript = history.transcript(job_id)
        assert transcript.job.state is JobState.DONE
        assert len(transcript.segments) == 6
    history.close()


def test_a_field_that_cannot_be_is_replaced_and_the_rest_of_its_row_kept(sound, tmp_path):
    file = shutil.copy(sound, tmp_path / "library.sqlite3")
    with sqlite3.connect(file) as database:
        database.execute("UPDATE jobs SET options = '{\"mod', state = 'doze', added_at = 1e300 WHERE id = 7")
        database.execute("UPDATE segments SET text = CAST(x'ff68656c6c6f' AS TEXT), words = '[{' WHERE job_id = 8")
    database.close()

    history = History(file)

    job = history.job(7)
    assert (job.path, job.duration, job.language) == (Path("/recordings/talk 6.wav"), 6.0, "en")
    assert (job.options, job.state, job.added_at) == (JobOptions(), JobState.CANCELLED, 0.0)
    assert {segment.text for segment in history.segments(8)} == {"\ufffdhello"}
    assert [segment.start for segment in history.segments(8)] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    history.close()


def test_a_library_that_was_mended_is_sound_and_goes_on_counting(sound, opens, tmp_path):
    opens(without_page(sound.read_bytes(), 9))

    history = History(tmp_path / "library" / "library.sqlite3", thorough=True)

    assert history.mended is None
    assert history.jobs()[0].id == 301
    history.close()


def test_an_earlier_version_that_is_damaged_is_mended_and_brought_up(tmp_path):
    file = tmp_path / "library.sqlite3"
    database = sqlite3.connect(file, isolation_level=None)
    migrations.make(database, 1)
    rows = [(number, f"/{number}.wav".encode(), "{}", "done", "me", 1.0, "x" * 300) for number in range(1, 101)]
    database.execute("BEGIN")
    database.executemany(
        "INSERT INTO jobs (id, path, options, state, owner, added_at, failure_detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    database.execute("COMMIT")
    database.close()
    file.write_bytes(without_page(file.read_bytes(), file.stat().st_size // PAGE))

    history = History(file)

    assert history.mended is not None
    assert 80 < len(history.jobs()) < 100
    assert all(job.place == job.id for job in history.jobs())
    history.close()


# --- the WAL ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage", [lambda file: file.write_bytes(b""), lambda file: file.write_bytes(flipped(file.read_bytes(), 3))]
)
def test_what_is_still_in_the_wal_is_saved_too(tmp_path, damage):
    live, copy = tmp_path / "library.sqlite3", tmp_path / "copy" / "library.sqlite3"
    copy.parent.mkdir()
    history = History(live)
    job = history.add_job(Path("/a.wav"), JobOptions(), "me")
    history.add_segments(job.id, [Segment(0, 1, "Kept.")], 1.0)
    for ending in ("", "-wal"):
        shutil.copy(f"{live}{ending}", f"{copy}{ending}")
    history.close()
    damage(copy)

    mended = History(copy)

    assert [segment.text for segment in mended.segments(job.id)] == ["Kept."]
    mended.close()


def test_a_wal_that_spoils_the_first_page_does_not_keep_the_rest_from_being_saved(sound, tmp_path):
    live, copy = shutil.copy(sound, tmp_path / "library.sqlite3"), tmp_path / "copy" / "library.sqlite3"
    copy.parent.mkdir()
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = 'nonsense', rootpage = 9999")
        for ending in ("", "-wal"):
            shutil.copy(f"{live}{ending}", f"{copy}{ending}")

    mended = History(copy)

    assert len(mended.jobs()) == 300
    assert [len(mended.segments(job_id)) for job_id in (1, 150, 300)] == [6, 6, 6]
    mended.close()


# --- when it is noticed ----------------------------------------------------------------------------------------------


def test_a_large_library_opens_without_being_read_and_is_mended_when_it_is_asked_for(sound, tmp_path, monkeypatch):
    monkeypatch.setattr(safekeeping, "LARGEST_CHECKED", 0)
    file = tmp_path / "library.sqlite3"
    file.write_bytes(without_page(sound.read_bytes(), 30))

    as_usual = History(file)
    as_usual.close()
    thorough = History(file, thorough=True)

    assert as_usual.mended is None
    assert thorough.mended is not None
    thorough.close()


def test_a_damaged_library_is_not_replaced_while_another_program_has_it_open(sound, tmp_path, monkeypatch):
    monkeypatch.setattr(safekeeping, "PATIENCE_TO_MEND", 0.1)
    file = Path(shutil.copy(sound, tmp_path / "library.sqlite3"))
    other = History(file)
    with file.open("r+b") as stream:
        stream.seek(10 * PAGE)
        stream.write(bytes(5 * PAGE))

    with pytest.raises(LibraryInUse):
        History(file)

    other.close()
    assert [each.name for each in tmp_path.glob("*.sqlite3")] == ["library.sqlite3"]


def test_of_several_programs_that_open_a_damaged_library_one_mends_it(sound, tmp_path):
    file = tmp_path / "library.sqlite3"
    file.write_bytes(without_page(sound.read_bytes(), 5))
    program = (
        "import sys; from pathlib import Path; from desktop_app.transcripts.history import History;"
        "history = History(Path(sys.argv[1])); print(len(history.jobs()), history.mended is not None); history.close()"
    )

    programs = [
        subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, encoding="utf-8")
        for _ in range(4)
    ]

    assert sorted(started.communicate()[0] for started in programs) == ["300 False\n"] * 3 + ["300 True\n"]
    assert len(list(tmp_path.glob("library-damaged-*.sqlite3"))) == 1


def test_the_tables_of_a_library_are_those_that_are_looked_at_here(sound):
    with sqlite3.connect(sound) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")

    assert {name for (name,) in tables} == set(TABLES)
