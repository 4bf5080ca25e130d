"""The history thread: a library that turns out to be damaged is mended, and nobody waits in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_app import paths
from desktop_app.transcripts import safekeeping
from desktop_app.transcripts.history import History, LibraryInUse
from desktop_app.transcripts.transcript import JobOptions, Segment
from desktop_app.work.history_thread import HistoryThread


@pytest.fixture
def damaged(home, monkeypatch) -> Path:
    """A library with a page of segments gone, too large to be checked when it is opened."""
    monkeypatch.setattr(safekeeping, "LARGEST_CHECKED", 0)
    file = paths.database()
    history = History(file)
    job = history.add_job(Path("/a.wav"), JobOptions(), "me")
    history.add_segments(job.id, [Segment(n, n + 1, f"number {n} " + "x" * 1000) for n in range(50)], 50.0)
    history.close()
    contents = file.read_bytes()
    place = contents.index(b"number 25 ") // 4096 * 4096
    file.write_bytes(contents[:place] + bytes(4096) + contents[place + 4096 :])
    return file


@pytest.fixture
def thread(qtbot, damaged):
    started = HistoryThread(damaged)
    yield started
    started.close()


def test_a_question_that_meets_damage_is_answered_after_the_library_was_mended(thread, qtbot):
    answers: list[int] = []

    with qtbot.waitSignal(thread.mended) as mended:
        thread.start()
        thread.ask(lambda history: len(history.segments(1)), answers.append)
    qtbot.waitUntil(lambda: bool(answers))

    assert 40 < answers[0] < 50
    assert mended.args[0].saved.segments == answers[0]


def test_a_fault_of_ours_is_not_taken_for_damage(thread, qtbot):
    faults: list[Exception] = []
    thread.start()

    thread.ask(lambda _: {}["nothing"], None, faults.append)
    qtbot.waitUntil(lambda: bool(faults))

    assert isinstance(faults[0], KeyError)


def test_an_error_that_is_like_damage_in_a_sound_library_is_handed_on(qtbot, home):
    faults: list[Exception] = []
    thread = HistoryThread(paths.database())
    thread.start()

    thread.ask(lambda _: int("seven"), None, faults.append)
    thread.ask(lambda history: faults.append(RuntimeError(len(history.jobs()))))
    qtbot.waitUntil(lambda: len(faults) == 2)
    thread.close()

    assert {type(fault) for fault in faults} == {ValueError, RuntimeError}


def test_a_damaged_library_that_another_program_has_open_is_said_not_to_open(thread, damaged, qtbot, monkeypatch):
    monkeypatch.setattr(safekeeping, "PATIENCE_TO_MEND", 0.1)
    other = History(damaged)

    with qtbot.waitSignal(thread.could_not_open) as failed:
        thread.start()
        thread.ask(lambda history: history.segments(1))

    assert isinstance(failed.args[0], LibraryInUse)
    other.close()
