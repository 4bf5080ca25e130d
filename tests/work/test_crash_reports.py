"""What is written down when the backend dies: the real one in the middle of real speech, and at the door a fake one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import fake_backend
import pytest

from desktop_app import paths
from desktop_app.messages import Cancel, Failure, SpeechHeard, Transcribe, Tuning
from desktop_app.ui import wording
from desktop_app.work import crash_reports
from desktop_app.work.backend_process import BackendProcess, Death
from desktop_app.work.causes import Cause
from desktop_app.work.crash_reports import CrashReports, newest

PATIENCE_MS = 30_000
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")

DUMP = """2026-01-01 12:00:00,000 77 INFO desktop_app: opened 'secret.wav'
Fatal Python error: Segmentation fault

Thread 0x00007f17b3fc16c0 (most recent call first):
  File "/home/anna/.venv/lib/python3.11/site-packages/desktop_app/backend/__main__.py", line 79 in _read
  File "/usr/lib/python3.11/threading.py", line 982 in run

Current thread 0x00007f17b4e91b80 (most recent call first):
  File "C:\\Users\\Anna\\Lib\\site-packages\\av\\container\\input.py", line 12 in <lambda>
a library says: /home/anna/secret.wav is odd
  File "<frozen runpy>", line 88 in _run_code

Extension modules: numpy (total: 1)
"""


class Watched:
    """A backend, and the reports of its deaths."""

    def __init__(self, command: list[str]) -> None:
        self.backend = BackendProcess(command, paths.logs() / "backend.log")
        self.reports = CrashReports(self.backend, paths.crashes(), wording.crash_report)
        self.deaths: list[Death] = []
        self.heard: list[str] = []
        self.backend.died.connect(self.deaths.append)
        self.backend.event_received.connect(self._on_event)

    def _on_event(self, event) -> None:
        if isinstance(event, SpeechHeard):
            self.heard += [segment.text for segment in event.segments]


@pytest.fixture
def watched(home, qapp) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def watch(how: str | None = None) -> Watched:
        fake = [sys.executable, fake_backend.__file__, how or ""]
        made.append(Watched(paths.backend_command() if how is None else fake))
        return made[-1]

    yield watch
    for one in made:
        one.backend.stop()


@pytest.fixture
def job(tiny_model, long_speech, tmp_path) -> Transcribe:
    """A job whose file and prompt are nobody's business, and that is far from its end when something was heard."""
    file = shutil.copy(long_speech, tmp_path / "my lawsuit.flac")
    audio, model, piece_by_piece = os.fsencode(file), os.fsencode(tiny_model), Tuning(beam_size=1, batch_size=1)
    return Transcribe(1, audio, model, "cpu", "en", prompt="About the diagnosis.", tuning=piece_by_piece)


def written(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


@pytest.mark.parametrize(
    ("number", "cause", "said"),
    [
        (signal.SIGKILL, Cause.OUT_OF_MEMORY_KILL, "most likely because memory ran out"),
        (signal.SIGSEGV, Cause.SEGFAULT, "Fatal Python error: Segmentation fault"),
        (signal.SIGILL, Cause.ILLEGAL_INSTRUCTION, "most likely AVX2"),
        (signal.SIGABRT, Cause.ABORT, "Fatal Python error: Aborted"),
    ],
)
def test_the_real_backend_killed_leaves_a_report_without_a_word_of_the_users(watched, job, qtbot, number, cause, said):
    one = watched()

    def kill_in_the_middle(event) -> None:
        if isinstance(event, SpeechHeard):
            os.kill(one.backend.pid, number)

    one.backend.event_received.connect(kill_in_the_middle)
    with qtbot.waitSignal(one.reports.written, timeout=PATIENCE_MS):
        one.backend.send(job)

    report = newest(paths.crashes())
    assert one.deaths[0].cause is cause
    assert said in report
    assert f"signal {number.value} ({number.name})" in report
    assert re.search(r"^Stage: transcribing, at \d+\.\d s$", report, re.MULTILINE)
    assert re.search(r"^Device: cpu \w+$", report, re.MULTILINE)
    assert re.search(r"^Versions: Sottovoce [\d.]+, Python 3[\d.]+, Qt 6[\d.]+, faster-whisper [\d.]+", report, re.M)
    assert re.search(r"^CPU: \d+ cores?, .*AVX2", report, re.MULTILINE)
    assert re.search(r"^Memory: [\d.]+ GB", report, re.MULTILINE)
    assert ('File "desktop_app/backend/__main__.py"' in report) is (number is not signal.SIGKILL)
    assert one.heard
    private = ["lawsuit", "diagnosis", *one.heard, str(Path.home()), str(paths.home()), "/usr/", "site-packages"]
    assert not [words for words in private if words in report]


def test_a_backend_that_left_by_itself_leaves_a_report_with_its_exit_code(watched, job, qtbot):
    one = watched("dies")
    with qtbot.waitSignal(one.reports.written, timeout=PATIENCE_MS):
        one.backend.send(job)

    report = newest(paths.crashes())
    assert "Ended with: exit code 3\n" in report
    assert wording.NO_TRACEBACK in report


def test_a_backend_that_does_not_start_leaves_a_report(home, qapp, qtbot, job):
    one = Watched([str(home / "no such program")])
    with qtbot.waitSignal(one.reports.written, timeout=PATIENCE_MS):
        one.backend.send(job)

    report = newest(paths.crashes())
    assert "The transcription process does not start." in report
    assert "Ended with: it did not start\nCause: unknown (backend_not_started)\nStage: starting" in report


def test_a_backend_that_we_ended_since_it_stood_still_is_said_to_be_ended_by_us(watched, job, qtbot):
    one = watched("does not listen")
    with qtbot.waitSignal(one.backend.event_received, check_params_cb=lambda event: isinstance(event, SpeechHeard)):
        one.backend.send(job)

    with qtbot.waitSignal(one.reports.written, timeout=PATIENCE_MS):
        one.backend.kill(Failure.BACKEND_STALLED)

    assert "ended by Sottovoce itself" in newest(paths.crashes())
    assert "memory ran out" not in newest(paths.crashes())


def test_a_backend_that_we_ended_for_a_cancelled_job_leaves_no_report(watched, job, qtbot):
    one = watched("does not listen")
    with qtbot.waitSignal(one.backend.event_received, check_params_cb=lambda event: isinstance(event, SpeechHeard)):
        one.backend.send(job)

    with qtbot.waitSignal(one.backend.died, timeout=PATIENCE_MS):
        one.backend.send(Cancel(1))
        one.backend.kill()

    assert one.deaths[0].cause is Cause.CANCELLED
    assert newest(paths.crashes()) is None


def test_what_the_last_backend_was_doing_is_not_told_of_the_next_one(watched, job, qtbot):
    one = watched("crashes")
    for _ in range(2):
        with qtbot.waitSignal(one.reports.written, timeout=PATIENCE_MS):
            one.backend.send(job)
    one.backend.start()

    with qtbot.waitSignal(one.reports.written, timeout=PATIENCE_MS):
        os.kill(one.backend.pid, signal.SIGTERM)

    texts = [file.read_text() for file in written(paths.crashes())]
    assert ["Device: cpu int8" in text for text in texts] == [True, True, False]
    assert "ended by another program" in texts[-1]


def test_reports_are_for_the_user_alone_and_only_the_newest_are_kept(watched, job, qtbot, monkeypatch):
    monkeypatch.setattr(crash_reports, "KEPT", 2)
    one = watched("dies")
    for _ in range(3):
        before = written(paths.crashes())
        with qtbot.waitSignal(one.reports.written, timeout=PATIENCE_MS):
            one.backend.send(job)

    now = written(paths.crashes())
    assert now[:-1] == before[-1:]
    assert newest(paths.crashes()) == now[-1].read_text()
    assert {stat.S_IMODE(file.stat().st_mode) for file in now} == {0o600}
    assert stat.S_IMODE(paths.crashes().stat().st_mode) == 0o700


def test_a_report_that_cannot_be_written_harms_nobody(watched, job, qtbot, caplog):
    paths.crashes().write_text("a file where the folder should be")
    one = watched("dies")
    with qtbot.waitSignal(one.backend.died, timeout=PATIENCE_MS):
        one.backend.send(job)

    qtbot.waitUntil(lambda: "no crash report" in caplog.text)
    assert newest(paths.crashes()) is None


def test_of_the_last_words_only_the_dump_is_told_and_no_folder_above_a_package():
    assert crash_reports.frames_in('Fatal Python error: an older one\n  File "a.py", line 1 in a\n' + DUMP) == [
        "Fatal Python error: Segmentation fault",
        "Thread 0x00007f17b3fc16c0",
        '  File "desktop_app/backend/__main__.py", line 79 in _read',
        '  File "threading.py", line 982 in run',
        "Current thread 0x00007f17b4e91b80",
        '  File "av/container/input.py", line 12 in <lambda>',
        '  File "<frozen runpy>", line 88 in _run_code',
    ]
    assert crash_reports.frames_in('Traceback:\n  File "secret.py", line 1, in a\nKeyError: 1') == []
