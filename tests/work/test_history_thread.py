"""The lanes for disks: a damaged library is mended, nobody waits in vain, and a slow disk delays no storing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app import paths
from desktop_app.transcripts import export, safekeeping
from desktop_app.transcripts.history import History, LibraryInUse
from desktop_app.transcripts.transcript import JobOptions, Output, Segment
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.outputs import Exported, export_jobs


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


# --- the second lane: disks that are not the library's ---


class SlowDisk:
    """A disk of which every answer takes until `over`."""

    def __init__(self) -> None:
        self.is_asked, self.over = threading.Event(), threading.Event()

    def wait(self, *_: object) -> None:
        self.is_asked.set()
        assert self.over.wait(60)


@pytest.fixture
def disk() -> Iterator[SlowDisk]:
    made = SlowDisk()
    yield made
    made.over.set()


@pytest.fixture
def sound(qtbot, home) -> Iterator[HistoryThread]:
    """The thread of a library in which one job has one segment."""
    with_text = HistoryThread(paths.database())
    with_text.start()
    with_text.ask(lambda history: history.add_job(Path("/talk.wav"), JobOptions(), "me"))
    with_text.ask(lambda history: history.add_segments(1, [Segment(0.0, 1.0, "one")], 1.0))
    yield with_text
    with_text.close()


def test_what_is_heard_is_stored_and_shown_while_an_export_waits_for_a_slow_disk(
    sound, disk, qtbot, tmp_path, monkeypatch
):
    honest = export.write_wanted
    monkeypatch.setattr(export, "write_wanted", lambda *arguments: [disk.wait(), *honest(*arguments)][1:])
    results: list[Exported] = []
    shown: list[list[str]] = []
    sound.ask_reading(lambda history: export_jobs(history, [1], Output(("txt",), True, str(tmp_path))), results.append)
    assert disk.is_asked.wait(60)

    for segment in (Segment(1.0, 2.0, "two"), Segment(2.0, 3.0, "three")):
        sound.ask(lambda history, new=segment: history.add_segments(1, [new], new.end))
    sound.ask(lambda history: [segment.text for segment in history.segments(1)], shown.append)
    qtbot.waitUntil(lambda: bool(shown))

    assert shown == [["one", "two", "three"]]
    assert not results

    disk.over.set()
    qtbot.waitUntil(lambda: bool(results))

    (written,) = results[0].written
    assert written.read_text().startswith("one")


def test_what_was_asked_of_either_lane_is_done_before_the_program_ends(sound, disk, tmp_path):
    def walked() -> list[Path]:
        disk.wait()
        return [Path("/found.wav")]

    sound.ask_after(walked, lambda history, files: [history.add_job(file, JobOptions(), "me") for file in files])
    sound.files.ask(lambda: (tmp_path / "settings").write_text("kept"))
    sound.ask(lambda history: history.add_job(Path("/last.wav"), JobOptions(), "me"))
    threading.Timer(0.2, disk.over.set).start()

    sound.close()

    assert (tmp_path / "settings").read_text() == "kept"
    library = History(paths.database())
    assert sorted(job.name for job in library.jobs()) == ["found.wav", "last.wav", "talk.wav"]
    library.close()
    assert not sound.isRunning()
    assert not sound.files.isRunning()


def test_an_export_that_meets_damage_is_written_after_the_library_was_mended(thread, qtbot, tmp_path):
    results: list[Exported] = []

    with qtbot.waitSignal(thread.mended):
        thread.start()
        thread.ask_reading(
            lambda history: export_jobs(history, [1], Output(("json",), True, str(tmp_path))), results.append
        )
    qtbot.waitUntil(lambda: bool(results))

    assert len(results[0].written) == 1
    assert not results[0].failed


def test_an_error_of_the_second_lane_goes_to_who_asked_or_is_told(sound, qtbot):
    faults: list[Exception] = []

    sound.files.ask(lambda: {}["nothing"], None, faults.append)
    sound.ask_after(lambda: {}["nothing"], lambda *_: None, None, faults.append)
    qtbot.waitUntil(lambda: len(faults) == 2)
    with qtbot.waitSignal(sound.failed) as failed:
        sound.files.ask(lambda: int("seven"))

    assert [type(fault) for fault in (*faults, *failed.args)] == [KeyError, KeyError, ValueError]


def test_the_second_lane_works_and_nobody_waits_for_ever_where_the_library_cannot_be_opened(qtbot, home, tmp_path):
    paths.database().mkdir(parents=True)  # a folder of that name
    thread = HistoryThread(paths.database())
    with qtbot.waitSignal(thread.could_not_open):
        thread.start()

    thread.ask_reading(lambda history: history.jobs())
    thread.ask_after(lambda: None, lambda history, _: history.jobs())
    thread.files.ask(lambda: (tmp_path / "settings").write_text("kept"))
    thread.close()

    assert (tmp_path / "settings").read_text() == "kept"
