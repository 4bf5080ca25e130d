"""Whose jobs are whose: by real processes that live and die."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from desktop_app import paths
from desktop_app.work import ownership
from desktop_app.work.ownership import Ownership

OWNS = """
import sys
from pathlib import Path
from desktop_app.work import ownership
from desktop_app.work.ownership import Ownership
mine = Ownership(Path(sys.argv[1]))
print(mine.id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(home) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another program that owns jobs, and its name as an owner."""
    command = [sys.executable, "-c", OWNS, str(paths.locks())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout
        yield process, process.stdout.readline().strip()
        process.kill()


def test_a_program_that_runs_is_not_gone(home, other):
    _, name = other

    assert Ownership(paths.locks()).gone({name}) == set()


def test_a_program_that_was_killed_is_gone(home, other):
    process, name = other
    process.kill()
    process.wait()

    assert Ownership(paths.locks()).gone({name}) == {name}


def test_a_program_is_never_gone_for_itself(home):
    mine = Ownership(paths.locks())

    assert mine.gone({mine.id, "f" * 32}) == {"f" * 32}


def test_one_that_let_go_is_gone_and_leaves_nothing_behind(home):
    first, second = Ownership(paths.locks()), Ownership(paths.locks())

    first.release()

    assert second.gone({first.id}) == {first.id}
    assert [file.name for file in paths.locks().iterdir()] == [f"{second.id}.lock"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):  # and not only that there is no lock
        Ownership(tmp_path / "not there")


def test_the_processes_that_work_are_known_and_those_that_were_killed_are_not_among_them(home, other):
    process, _ = other
    paths.locks().joinpath("window.lock").touch()  # another kind of lock

    assert ownership.running(paths.locks()) == {process.pid}
    process.kill()
    process.wait()
    assert ownership.running(paths.locks()) == set()


def test_a_process_of_another_computer_is_not_taken_for_one_of_this(home):
    lines = ["1", "sottovoce", "annas-laptop", "0123456789abcdef", "a-boot", ""]
    (paths.locks() / f"{'a' * 32}.lock").write_text("\n".join(lines))

    assert ownership.running(paths.locks()) == set()
