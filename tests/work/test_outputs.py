"""A window that goes on with a job of the command line also writes its files. The real queue and library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop_app import paths
from desktop_app.messages import Segment
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState, Output
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.outputs import Outputs, export_jobs
from desktop_app.work.ownership import Ownership


class Desk:
    """What a window has that is just opened, and what its outputs tell."""

    def __init__(self) -> None:
        self.ownership = Ownership(paths.locks())
        self.thread = HistoryThread(paths.database())
        self.backend = BackendProcess(paths.backend_command(), paths.logs() / "backend.log")
        self.queue = JobQueue(self.thread, self.backend, self.ownership)
        self.outputs = Outputs(self.queue, self.thread)
        self.told: list[Any] = []
        self.outputs.written.connect(self.told.append)
        self.outputs.failed.connect(lambda file, error: self.told.append((file, error)))
        self.thread.start()

    def close(self) -> None:
        self.backend.stop()
        self.thread.close()
        self.ownership.release()


@pytest.fixture
def desk(home, qapp) -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


def left_by_a_run(recording: Path, model: Path, **changes: Any) -> None:
    history = History(paths.database())
    wish = Output(formats=("txt", "srt"), files=True, name="talk")
    job = history.add_job(recording, JobOptions(model=str(model), device="cpu"), "a program that is gone", output=wish)
    if changes:
        history.add_segments(job.id, [Segment(0.0, 1.0, " And so.")], 1.0)
        history.update(job.id, **changes)
    history.close()


def test_what_a_run_had_done_and_not_written_is_written(desk, qtbot, tmp_path, tiny_model):
    left_by_a_run(tmp_path / "a.wav", tiny_model, state=JobState.DONE)

    desk.queue.start()
    qtbot.waitUntil(lambda: bool(desk.told), timeout=10_000)

    assert desk.told == [[tmp_path / "talk.txt", tmp_path / "talk.srt"]]
    assert (tmp_path / "talk.txt").read_text() == "And so.\n"
    history = History(paths.database())
    assert history.job(1).output is None
    history.close()


def test_what_a_run_had_not_done_is_done_and_written(desk, qtbot, tmp_path, tiny_model, speech):
    recording = tmp_path / "a.flac"
    recording.write_bytes(speech.read_bytes())
    left_by_a_run(recording, tiny_model)

    desk.queue.start()
    qtbot.waitUntil(lambda: bool(desk.told), timeout=60_000)

    assert "short recording" in (tmp_path / "talk.txt").read_text()


def test_what_cannot_be_written_is_told_and_still_wanted(desk, qtbot, tmp_path, tiny_model):
    left_by_a_run(tmp_path / "not there" / "a.wav", tiny_model, state=JobState.DONE)

    desk.queue.start()
    qtbot.waitUntil(lambda: len(desk.told) == 2, timeout=10_000)

    assert [file.name for file, _ in desk.told] == ["talk.txt", "talk.srt"]
    history = History(paths.database())
    assert history.job(1).output is not None
    history.close()


# --- many at once ----------------------------------------------------------------------------------------------------


@pytest.fixture
def history(home) -> Iterator[History]:
    history = History(paths.database())
    yield history
    history.close()


def job_with(history: History, recording: Path, text: str = "", state: JobState = JobState.DONE) -> int:
    job = history.add_job(recording, JobOptions(), "me")
    if text:
        history.add_segments(job.id, [Segment(0.0, 1.0, text)], 1.0)
    history.update(job.id, state=state)
    return job.id


def test_an_export_of_many_writes_what_it_can_and_tells_what_it_could_not(history, tmp_path):
    (tmp_path / "gone").mkdir()
    ids = [
        job_with(history, tmp_path / "gone" / "a.wav", "One."),
        job_with(history, tmp_path / "b.wav", state=JobState.QUEUED),
        job_with(history, tmp_path / "c.wav", state=JobState.FAILED),
        job_with(history, tmp_path / "d.wav", "Two."),
    ]
    (tmp_path / "gone").rmdir()

    result = export_jobs(history, ids, Output(("txt", "srt"), files=True))

    assert result.written == [tmp_path / "d.txt", tmp_path / "d.srt"]
    assert [file for file, _ in result.failed] == [tmp_path / "gone" / "a.txt", tmp_path / "gone" / "a.srt"]
    assert result.left_out == 2
    assert (tmp_path / "d.txt").read_text() == "Two.\n"
    assert "Two." in (tmp_path / "d.srt").read_text()  # each format has the whole text
    assert sorted(file.name for file in tmp_path.iterdir() if file.suffix) == ["d.srt", "d.txt"]


def test_recordings_of_one_name_exported_into_one_folder_are_all_kept(history, tmp_path):
    ids = [job_with(history, tmp_path / folder / "talk.m4a", f"From {folder}.") for folder in ("a", "b", "c")]

    result = export_jobs(history, ids, Output(("txt",), files=True, folder=str(tmp_path / "new" / "out")))

    assert [file.name for file in result.written] == ["talk.txt", "talk (2).txt", "talk (3).txt"]
    assert [file.read_text() for file in result.written] == ["From a.\n", "From b.\n", "From c.\n"]
