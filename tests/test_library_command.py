"""`sottovoce library` as its user meets it: real processes, exit codes, sentences."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import desktop_app
from desktop_app import cli, paths
from desktop_app.transcripts import safekeeping
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, Segment

ROOT = Path(desktop_app.__file__).parent.parent
SOTTOVOCE = [sys.executable, "-m", "desktop_app.cli"]
DONE, FAILED, WRONG_USAGE = 0, 1, 2


@pytest.fixture
def library(home, monkeypatch) -> Path:
    """A library of three jobs, in the home of the commands."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    history = History(paths.database())
    for name in ("one", "two", "three"):
        job = history.add_job(Path(f"/recordings/{name}.wav"), JobOptions(), "me")
        history.add_segments(job.id, [Segment(n, n + 1, f"{name} {n} {'x' * 900}") for n in range(10)], 10.0)
    history.close()
    return paths.database()


def sottovoce(*arguments: str | Path) -> tuple[int, str, str]:
    """Run a command; return its exit code, what it printed, and what it said."""
    ended = subprocess.run([*SOTTOVOCE, *arguments], capture_output=True, check=False, timeout=60, encoding="utf-8")
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def spoil(library: Path) -> None:
    """Empty a page with what was heard in it."""
    contents = library.read_bytes()
    place = contents.index(b"two 5")
    place -= place % 4096
    library.write_bytes(contents[:place] + bytes(4096) + contents[place + 4096 :])


def test_the_library_is_backed_up_and_restored(library, tmp_path):
    backup = tmp_path / "my backup.sqlite3"

    backed_up = sottovoce("library", "backup", backup)
    sottovoce("history", "remove", "1", "2")
    restored = sottovoce("library", "restore", backup)

    assert backed_up == (DONE, f"{backup}\n", "")
    assert restored[:2] == (DONE, "")
    assert "3 recordings" in restored[2]
    assert "library-replaced-" in restored[2]
    assert len(sottovoce("history", "list")[1].splitlines()) == 3


def test_a_backup_does_not_overwrite(library, tmp_path):
    (tmp_path / "mine").write_text("mine")

    code, printed, said = sottovoce("library", "backup", tmp_path / "mine")

    assert (code, printed, len(said.splitlines())) == (FAILED, "", 1)
    assert "already exists" in said
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    ("backup", "reason"),
    [
        ("notes.txt", "is not a Sottovoce library"),
        ("missing", "could not be read: No such file"),
        ("library.sqlite3", "is part of the library itself"),
    ],
)
def test_what_cannot_be_restored_is_said_in_one_sentence(library, home, backup, reason):
    (home / "notes.txt").write_text("notes")

    code, printed, said = sottovoce("library", "restore", home / backup)

    assert (code, printed, len(said.splitlines())) == (FAILED, "", 1)
    assert reason in said
    assert len(sottovoce("history", "list")[1].splitlines()) == 3


def test_nothing_is_restored_while_the_library_is_in_use(library, tmp_path):
    safekeeping.back_up(library, tmp_path / "backup")
    window = History(library)

    code, _, said = sottovoce("library", "restore", tmp_path / "backup")

    assert code == FAILED
    assert "Close Sottovoce" in said
    window.close()


def test_a_check_tells_that_all_is_well_or_what_was_saved(library):
    before = sottovoce("library", "check")
    spoil(library)
    mended = sottovoce("library", "check")
    after = sottovoce("library", "check")

    assert before == after == (DONE, "", "The library is intact.\n")
    assert mended[:2] == (FAILED, "")
    assert "Recovered: 3 recordings" in mended[2]
    assert "library-damaged-" in mended[2]


def test_any_command_mends_a_library_and_says_so(library):
    spoil(library)

    code, printed, said = sottovoce("history", "list")

    assert code == DONE
    assert len(printed.splitlines()) == 3
    assert "The library was damaged" in said


def test_damage_that_shows_only_when_a_row_is_read_is_mended_and_the_command_carried_out(library, monkeypatch, capsys):
    monkeypatch.setattr(safekeeping, "LARGEST_CHECKED", 0)
    spoil(library)

    code = cli.main(["history", "show", "2"])

    told = capsys.readouterr()
    assert code == DONE
    assert "two 0" in told.out
    assert "The library was damaged" in told.err


@pytest.mark.parametrize("arguments", [[], ["burn"], ["backup"], ["restore", "a", "b"], ["check", "all"]], ids=" ".join)
def test_wrong_usage_ends_with_two(library, arguments):
    code, printed, said = sottovoce("library", *arguments)

    assert (code, printed) == (WRONG_USAGE, "")
    assert said


def test_a_backup_that_cannot_be_written_is_said(library, tmp_path):
    code, _, said = sottovoce("library", "backup", tmp_path / "not there" / "backup.sqlite3")

    assert code == FAILED
    assert "could not be written" in said
