"""The logs: they stay small, they are the user's alone, and nothing of the user's is in them."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import desktop_app
from desktop_app import logs, paths
from desktop_app.logs import LogFile, without_names
from desktop_app.work.backend_process import BackendProcess

ROOT = Path(desktop_app.__file__).parent.parent
SECRETS = ["lawsuit", "Xanthippe", "diagnosis"]  # in the names of files, in what is expected to be said

# A bug of ours in the backend, whose message names the file.
BUG = """
if "desktop_app.backend" in sys.orig_argv:
    from desktop_app.backend import worker

    right = worker.Recording

    def wrong(path, track):
        if b"bug" in path:
            raise KeyError(os.fsdecode(path))
        return right(path, track)

    worker.Recording = wrong
"""
CHATTERS = "import sys; [print('a library says: nothing new', i, file=sys.stderr) for i in range(60_000)]; input()"


def sizes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in folder.iterdir()}


def log_of(error: Exception) -> str:
    try:
        raise error
    except type(error):
        record = logging.LogRecord("here", logging.ERROR, "", 1, "it failed", (), sys.exc_info())
    return LogFile(Path("unused.log")).format(record)


# --- small, and private ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there, rights are of another kind, and open files stay")
def test_a_log_is_turned_over_and_only_the_user_may_read_it(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "LARGEST_LOG", 1000)
    one, other = LogFile(tmp_path / "new" / "a.log"), LogFile(tmp_path / "new" / "a.log")  # as of two programs

    for number in range(200):
        one.keep(f"line {number} of one")
        other.keep(f"line {number} of the other")
    one.close()
    other.close()

    assert sorted(sizes(tmp_path / "new")) == ["a.log", "a.log.1"]
    assert max(sizes(tmp_path / "new").values()) <= 1100
    assert "line 199 of the other" in "".join(file.read_text() for file in (tmp_path / "new").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "new").iterdir()} == {0o600}


def test_a_log_that_cannot_be_turned_over_is_begun_anew(tmp_path, monkeypatch):
    def in_use(*_: object) -> None:
        raise PermissionError("another program has it open")

    monkeypatch.setattr(logs, "LARGEST_LOG", 1000)
    monkeypatch.setattr(Path, "replace", in_use)
    log = LogFile(tmp_path / "a.log")

    for number in range(200):
        log.keep(f"line {number}")
    log.close()

    assert sizes(tmp_path)["a.log"] <= 1100


def test_the_log_of_a_backend_that_prints_without_end_stays_small(tmp_path, qtbot):
    backend = BackendProcess([sys.executable, "-c", CHATTERS], tmp_path / "backend.log")
    backend.start()
    try:
        qtbot.waitUntil(lambda: "new 59999\n" in "".join(map(Path.read_text, tmp_path.iterdir())), timeout=30_000)
    finally:
        backend.stop()

    assert sorted(sizes(tmp_path)) == ["backend.log", "backend.log.1"]
    assert max(sizes(tmp_path).values()) < 1.2 * logs.LARGEST_LOG


def test_the_last_words_of_a_backend_are_in_its_log_even_without_an_end_of_line(tmp_path, qtbot):
    backend = BackendProcess([sys.executable, "-c", "import os; os.write(2, b'well\\xff')"], tmp_path / "backend.log")
    with qtbot.waitSignal(backend.died) as died:
        backend.start()

    assert (tmp_path / "backend.log").read_text() == "well\\xff\n"
    assert died.args[0].last_words == "well�"


# --- without names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "logged"),
    [
        ("No such file or directory: '/home/anna/my lawsuit.wav'", "No such file or directory: …"),
        ("can't open 'model.bin' in \"/home/anna/lawsuit\" now", "can't open … now"),
        ("'utf-8' codec can't decode byte 0xff in position 0", "… codec can't decode byte 0xff in position 0"),
        ("KeyError: b'lawsuit'", "KeyError: …"),
        ("the beginning of 'a lawsuit", "the beginning of …"),
        ("Load model from /home/anna/my lawsuit.onnx failed", "Load model from …"),
        (r"open(C:\Users\Anna\my lawsuit.wav)", "open(…"),
        (r"\\server\lawsuit", "…"),
        ("~/lawsuit.wav", "…"),
        ("model loaded in 1.20 s: cpu int8, 2 threads", "model loaded in 1.20 s: cpu int8, 2 threads"),
        ("3 of 4 and/or 5", "3 of 4 and/or 5"),
        (
            '  File "/home/anna/.venv/lib/python3.11/site-packages/av/a.py", line 3, in f',
            '  File "av/a.py", line 3, in f',
        ),
        (
            '  File "/home/anna/desktop_app/desktop_app/ui/a.py", line 3 in f',
            '  File "desktop_app/ui/a.py", line 3 in f',
        ),
        (r'  | File "C:\Users\Anna\Python\Lib\queue.py", line 3, in f', '  | File "queue.py", line 3, in f'),
        ('  File "/home/anna/odd.py", line 3', '  File "odd.py", line 3'),
        ("", ""),
    ],
)
def test_what_may_be_a_name_is_left_out(line, logged):
    assert without_names(line) == logged
    assert without_names(f"{line}\n{line}") == f"{logged}\n{logged}"


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_whatever_python_says_of_a_file_does_not_name_it(before, after):
    name = f"{before}lawsuit{after}"
    for error in (FileNotFoundError(2, "No such file", name), KeyError(name), ValueError(f"not {name!r}")):
        logged = log_of(error)
        assert "lawsuit" not in logged
        assert type(error).__name__ in logged


def test_a_traceback_in_the_log_says_where_it_was():
    assert 'File "test_logs.py", line' in log_of(KeyError("lawsuit"))


# --- a whole day -----------------------------------------------------------------------------------------------------


@pytest.fixture
def recordings(tmp_path, long_speech) -> list[Path]:
    """One that is sound, one that is damaged, one that is not there, and one at which we have a bug."""
    folder = tmp_path / "the lawsuit"
    folder.mkdir()
    names = ("sound.flac", "damaged.wav", "missing.wav", "bug.flac")
    sound, damaged, missing, bug = (folder / f"lawsuit {name}" for name in names)
    shutil.copy(long_speech, sound)
    for file in (damaged, bug):
        file.write_bytes(b"x" * 1000)
    return [sound, damaged, missing, bug]


def words_of(events: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what was heard, in threes of words."""
    heard = " ".join(event["text"] for event in events if event["event"] == "segment").split()
    yield from (" ".join(heard[at : at + 3]) for at in range(len(heard) - 2))


def kill_the_backend(log: Path) -> None:
    (pid,) = re.findall(r"backend (\d+): ", log.read_text())
    os.kill(int(pid), signal.SIGSEGV)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
def test_after_work_and_failures_of_all_kinds_nothing_of_the_users_is_in_the_logs(
    home, tmp_path, tiny_model, recordings
):
    (tmp_path / "sitecustomize.py").write_text("import os, sys\n" + textwrap.dedent(BUG))
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    told = ["--prompt", "Xanthippe speaks.", "--glossary", "diagnosis", "--to", "60"]
    quickly = ["--model", tiny_model, "--quality", "fast", "--batch", "1", "--no-words", "--events"]
    command = [sys.executable, "-m", "desktop_app.cli", "transcribe", *recordings, *told, *quickly]
    events: list[dict[str, Any]] = []

    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout and program.stderr
        for line in program.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "segment" and not paths.crashes().exists():
                kill_the_backend(paths.logs() / "terminal.log")
        complaints = program.stderr.read().decode()

    files = [file for file in paths.logs().rglob("*") if file.is_file()]
    logged = {str(file.relative_to(home)): file.read_text() for file in files}
    reports = [text for name, text in logged.items() if "crashes" in name]
    assert program.returncode == 1, complaints
    assert [event["kind"] for event in events if event["event"] == "failed"] == [
        "not_media",
        "file_missing",
        "unforeseen",
    ]
    assert "lawsuit" in complaints
    assert [("segfault" in report, "Stage: transcribing" in report) for report in reports] == [(True, True)]
    assert {"logs/terminal.log", "logs/backend.log"} < logged.keys()
    assert "KeyError: …" in logged["logs/backend.log"]
    assert 'File "desktop_app/backend/worker.py", line' in logged["logs/backend.log"]
    private = [*SECRETS, *words_of(events), str(home)]
    assert len(private) > 20
    assert not [(name, words) for name, text in logged.items() for words in private if words in text or words in name]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
