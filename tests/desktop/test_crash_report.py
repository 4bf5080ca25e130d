"""The backend crashes in the real window: what the user can then copy, and what is in the logs."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from desktop_app.transcripts.transcript import JobState

from .display import Display, wait_for
from .program import Program


def test_after_a_crash_its_report_is_copied_from_the_menu_and_names_nothing(
    program: Program, display: Display, tmp_path: Path, long_speech: Path
) -> None:
    secret = Path(shutil.copy(long_speech, tmp_path / "my lawsuit.flac"))
    window = program.start(secret)
    job = program.wait_until_heard(secret.name)
    logs = program.home / "logs"

    os.kill(program.backend(), signal.SIGSEGV)
    wait_for(lambda: list(logs.glob("crashes/*.txt")), "the report")

    def copied() -> str:  # the menu offers it a moment after it was written
        display.key(window, "alt+h", "c")
        return text if "Cause: segfault" in (text := display.clipboard()) else ""

    report = wait_for(copied, "the report on the clipboard")
    heard = [segment.text.strip() for segment in program.library.segments(job.id)]
    logged = "".join(file.read_text() for file in logs.rglob("*") if file.is_file())
    assert report in logged
    assert heard
    assert not [words for words in ("lawsuit", *heard) if words in logged]
    assert program.job(secret.name).state is not JobState.FAILED  # it goes on by itself


def test_a_crash_of_the_window_itself_is_reported_by_the_next_one(program: Program, display: Display) -> None:
    window = program.start()
    os.kill(program.process.pid, signal.SIGSEGV)
    program.process.wait(10)
    window = program.start()

    def copied() -> str:
        display.key(window, "alt+h", "c")
        return text if "The window crashed" in (text := display.clipboard()) else ""

    report = wait_for(copied, "the report on the clipboard")
    assert "Fatal Python error: Segmentation fault" in report
    assert "desktop_app/__main__.py" in report
    assert str(Path.home()) not in report
