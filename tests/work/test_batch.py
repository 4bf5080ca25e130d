"""How far the queue is as a whole: how many of how many, how long still, and that all is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_steward import House, add
from test_steward import house as house  # a fixture

from desktop_app.messages import Stage
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.work.batch import Batch, BatchDone
from desktop_app.work.job_queue import Hold, JobProgress


class Watched:
    """A batch of a real queue, its clock, and what it told."""

    def __init__(self, house: House) -> None:
        self.now = 0.0
        self.house = house
        self.batch = Batch(house.queue, house.line, clock=lambda: self.now)
        self.ended: list[BatchDone] = []
        self.seen: list[tuple[int, int]] = []  # number and total
        self.batch.ended.connect(self.ended.append)
        self.batch.changed.connect(lambda: self.seen.append((self.batch.number, self.batch.total)))


@pytest.fixture
def watch(house) -> Iterator[Callable[[str], Watched]]:
    yield lambda how: Watched(house(how))


@pytest.fixture
def recordings(speech, tmp_path) -> list[Path]:
    files = [tmp_path / f"take {number}.wav" for number in range(4)]
    for file in files:
        file.symlink_to(speech)
    return files


def test_it_counts_up_to_the_end_and_tells_how_all_ended(qtbot, watch, recordings) -> None:
    watched = watch("plain")

    watched.house.queue.hold(Hold.USER)  # until all are there
    add(qtbot, watched.house, *map(str, recordings[:3]))
    watched.house.options = JobOptions(model="there is no such model")
    add(qtbot, watched.house, str(recordings[3]))
    watched.house.queue.release(Hold.USER)
    qtbot.waitUntil(lambda: bool(watched.ended), timeout=30_000)

    assert [number for number, total in dict.fromkeys(watched.seen) if total == 4 and number] == [1, 2, 3, 4]
    (ended,) = watched.ended
    assert [job.name for job in ended.done] == ["take 0.wav", "take 1.wav", "take 2.wav"]
    assert [job.name for job in ended.failed] == ["take 3.wav"]
    assert (watched.batch.number, watched.batch.total) == (0, 0)


def test_the_rest_is_judged_by_what_is_done(qtbot, watch, recordings) -> None:
    watched = watch("waits to be cancelled")
    add(qtbot, watched.house, *map(str, recordings[:3]))
    queue = watched.house.queue
    qtbot.waitUntil(lambda: queue.running is not None, timeout=30_000)

    def left(of_this_one: float) -> float | None:
        assert queue.running is not None
        queue.progressed.emit(JobProgress(queue.running.id, Stage.TRANSCRIBING, 1.0, 3.0, 1.0, of_this_one))
        return watched.batch.seconds_left

    at_first = left(20.0)
    first = queue.running
    watched.now = 60.0
    queue.job_changed.emit(watched.house.library.update(first.id, state=JobState.DONE))  # it took a minute
    queue.job_changed.emit(watched.house.library.update(first.id, state=JobState.RUNNING))

    assert at_first is None  # nobody knows how long the two that wait are
    assert left(20.0) == 20.0 + 2 * 60.0


def test_a_pause_is_no_end_and_what_is_cancelled_does_not_count(qtbot, watch, recordings) -> None:
    watched = watch("waits to be cancelled")
    queue = watched.house.queue
    add(qtbot, watched.house, *map(str, recordings[:2]))
    qtbot.waitUntil(lambda: queue.running is not None, timeout=30_000)

    with qtbot.waitSignal(queue.became_idle):
        queue.hold(Hold.USER)
    paused = list(watched.ended)
    queue.end_all()
    qtbot.waitUntil(lambda: not len(watched.house.line) and queue.running is None)

    assert paused == []
    assert watched.ended == []
    assert watched.batch.total == 0
