"""The disk is full, the library is locked, the folder cannot be written, the clock goes back, the file goes away."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app import paths
from desktop_app.messages import Segment
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import Hold, JobQueue
from desktop_app.work.ownership import Ownership

PATIENCE_MS = 90_000
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Desk:
    """The queue with the real backend, and the last it told of each job."""

    def __init__(self, model: Path, locks: Path) -> None:
        self.options = JobOptions(model=str(model), device="cpu")
        self.jobs: dict[int, Job] = {}
        self.troubles: list[Exception] = []
        self.shown: list[Segment] = []
        self.ownership = Ownership(locks)
        self.thread = HistoryThread(paths.database())
        self.backend = BackendProcess(paths.backend_command(), locks / "backend.log")
        self.queue = JobQueue(self.thread, self.backend, self.ownership)
        self.queue.job_changed.connect(self._on_job)
        self.queue.jobs_added.connect(lambda jobs: [self._on_job(job) for job in jobs])
        self.queue.storage_failed.connect(self.troubles.append)
        self.queue.segments_added.connect(lambda _, segments: self.shown.extend(segments))
        self.thread.start()

    def _on_job(self, job: Job) -> None:
        self.jobs[job.id] = job

    def is_done(self) -> bool:
        return bool(self.jobs) and all(job.state in ENDED for job in self.jobs.values())

    def close(self) -> None:
        self.backend.stop()
        self.thread.close()
        self.ownership.release()


@pytest.fixture
def desks(home, qapp, tiny_model, tmp_path) -> Iterator[Callable[[], Desk]]:
    opened: list[Desk] = []

    def open_desk() -> Desk:
        opened.append(Desk(tiny_model, tmp_path))
        return opened[-1]

    yield open_desk
    for desk in opened:
        desk.close()


@pytest.fixture
def until(qtbot) -> Callable[..., None]:
    return lambda is_so: qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)


@pytest.fixture
def small_disk(home, tmp_path, monkeypatch) -> Iterator[Path]:
    """A file system of 3 MB on which the library is."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    if (
        sys.platform != "linux"
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no file system can be mounted here")
    monkeypatch.setenv("SOTTOVOCE_HOME", str(folder))
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte on the disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return filler


def test_a_full_disk_is_waited_for_and_nothing_is_lost(small_disk, desks, until, speech):
    desk = desks()
    desk.queue.hold(Hold.USER)
    desk.queue.add([speech, speech], desk.options)
    until(lambda: len(desk.jobs) == 2)
    other = sqlite3.connect(paths.database())
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else there is room in the file beside it
    other.close()
    filler = fill(small_disk)

    desk.queue.release(Hold.USER)
    until(lambda: desk.troubles)
    assert Hold.STORAGE in desk.queue.held
    assert not desk.shown
    filler.unlink()
    until(desk.is_done)

    history = History(paths.database())
    first, second = history.segments(1), history.segments(2)
    history.close()
    assert [job.state for job in desk.jobs.values()] == [JobState.DONE] * 2
    assert first == second != []
    assert desk.shown == first + second
    assert len(desk.troubles) == 1


def test_a_library_that_another_program_locks_is_waited_for(desks, until, speech, monkeypatch):
    monkeypatch.setattr("desktop_app.transcripts.safekeeping.PATIENCE", 0.3)
    desk = desks()
    desk.queue.add([speech], desk.options)
    until(lambda: desk.jobs and desk.jobs[1].state is JobState.RUNNING)
    other = sqlite3.connect(paths.database(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    until(lambda: desk.troubles)
    other.execute("ROLLBACK")
    other.close()
    until(desk.is_done)

    assert desk.jobs[1].state is JobState.DONE
    assert desk.shown == History(paths.database()).segments(1) != []


def test_a_clock_that_is_set_back_disturbs_nothing(desks, until, speech, monkeypatch):
    desk = desks()
    desk.queue.add([speech, speech], desk.options)
    until(lambda: desk.jobs and desk.jobs[1].state is JobState.RUNNING)
    honest = time.time
    monkeypatch.setattr(time, "time", lambda: honest() - 10 * 365 * 86400)
    until(desk.is_done)

    assert [job.state for job in desk.jobs.values()] == [JobState.DONE] * 2
    history = History(paths.database())
    assert [job.id for job in history.jobs()] == [2, 1]
    assert history.segments(1) == history.segments(2) != []


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")
def test_a_recording_that_is_deleted_in_the_middle_is_heard_to_its_end(desks, until, tmp_path, long_speech):
    file = tmp_path / "talk.flac"
    file.write_bytes(long_speech.read_bytes())
    desk = desks()
    desk.queue.add([file], desk.options)
    until(lambda: desk.shown)
    file.unlink()
    until(desk.is_done)

    assert desk.jobs[1].state is JobState.DONE
    assert desk.jobs[1].position == pytest.approx(desk.jobs[1].duration)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told_at_the_start(home):
    home.chmod(0o500)
    try:
        with pytest.raises((OSError, sqlite3.Error)):
            History(paths.database())
    finally:
        home.chmod(0o700)


def test_a_disk_that_can_only_be_read_is_told_in_words(small_disk, speech):
    History(paths.database()).close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    for arguments in (["history", "list"], ["transcribe", speech], ["resume"]):
        ended = subprocess.run(
            [sys.executable, "-m", "desktop_app.cli", *arguments], capture_output=True, check=False, timeout=60
        )

        said = ended.stderr.decode()
        assert ended.returncode == 1
        assert "The library cannot be used" in said
        assert "Traceback" not in said


def test_a_job_can_be_cancelled_while_nothing_can_be_stored(desks, until, long_speech, speech, monkeypatch):
    monkeypatch.setattr("desktop_app.transcripts.safekeeping.PATIENCE", 0.3)
    desk = desks()
    desk.queue.add([long_speech, speech], desk.options)
    until(lambda: len(desk.jobs) == 2 and desk.jobs[1].state is JobState.RUNNING)
    other = sqlite3.connect(paths.database(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    until(lambda: desk.troubles)

    desk.queue.cancel(1)
    other.execute("ROLLBACK")
    other.close()
    until(desk.is_done)

    assert [desk.jobs[number].state for number in (1, 2)] == [JobState.CANCELLED, JobState.DONE]


def test_recordings_added_while_nothing_can_be_stored_are_added_afterwards(desks, until, speech, monkeypatch):
    monkeypatch.setattr("desktop_app.transcripts.safekeeping.PATIENCE", 0.3)
    desk = desks()
    opened: list[object] = []
    desk.thread.ask(lambda _: None, opened.append)
    until(lambda: opened)
    other = sqlite3.connect(paths.database(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    desk.queue.add([speech, speech], desk.options)
    until(lambda: desk.troubles)
    other.execute("ROLLBACK")
    other.close()
    until(desk.is_done)

    assert [job.state for job in desk.jobs.values()] == [JobState.DONE] * 2
