"""A recording that grows is a job like others, but it comes first: the real queue, backend, model and writer."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jiwer
import pytest
from speech.speaker import Speaker
from test_job_queue import PATIENCE_MS, Desk, stored

from desktop_app import paths
from desktop_app.messages import Doubt, Provisional, Segment, Word
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.work.job_queue import Hold, JobQueue


class LiveDesk(Desk):
    """A desk that also keeps what is said of live jobs."""

    def __init__(self, model: Path) -> None:
        super().__init__(paths.backend_command(), model, 1.0)
        self.followed: list[int] = []  # the live jobs' ids
        self.provisional: list[Provisional] = []
        self.replaced: list[int] = []
        self.queue.provisional.connect(self.provisional.append)
        self.queue.text_replaced.connect(self.replaced.append)

    def follow(self, file: Path, refine: bool = False, options: JobOptions | None = None) -> None:
        self.queue.add_live(file, options or self.options, refine, lambda job: self.followed.append(job.id))

    def job(self) -> Job:
        return self.jobs[self.followed[0]]


@pytest.fixture
def open_desk(home, qapp, tiny_model) -> Iterator[Callable[[], LiveDesk]]:
    opened: list[LiveDesk] = []

    def open_desk() -> LiveDesk:
        opened.append(LiveDesk(tiny_model))
        return opened[-1]

    yield open_desk
    for desk in opened:
        desk.close()


@pytest.fixture
def desk(open_desk) -> LiveDesk:
    return open_desk()


@pytest.fixture
def until(qtbot) -> Callable[..., None]:
    """Wait until something is so."""
    return lambda is_so: qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)


@pytest.fixture
def growing(tmp_path) -> Path:
    return tmp_path / "growing.wav"


def text(segments: list[Segment]) -> str:
    return " ".join(segment.text for segment in segments)


def states(desk: LiveDesk, job_id: int) -> list[JobState]:
    """Return the states that a job went through."""
    told = [job.state for job in desk.named("job") if job.id == job_id]
    return [state for state, _ in itertools.groupby(told)]


def accurate(desk: LiveDesk, until: Callable[..., None], file: Path) -> list[Segment]:
    """Return what an ordinary job hears in a file."""
    done: list[Job] = []
    desk.queue.add([file], desk.options, done.extend)
    until(lambda: done and desk.jobs.get(done[0].id, done[0]).state is JobState.DONE)
    return stored(done[0].id)


def test_words_are_shown_while_somebody_speaks_and_stored_once_they_are_settled(desk, until, growing, speech):
    speaker = Speaker(speech, growing)
    desk.follow(growing)
    until(lambda: desk.shown and any(heard.words for heard in desk.provisional))
    spoke_then = not speaker.is_over
    until(lambda: speaker.is_over)
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: desk.have_ended(1))

    assert spoke_then
    assert desk.job().state is JobState.DONE
    assert desk.job().duration == desk.job().position == pytest.approx(12.8, abs=0.01)
    assert not desk.shown_but_not_stored
    assert desk.shown[desk.job().id] == stored(desk.job().id)
    assert "short recording" in text(stored(desk.job().id))
    assert not desk.provisional[-1].words


def test_a_running_job_is_put_off_for_a_recording_and_goes_on_by_itself(desk, until, growing, long_speech, speech):
    desk.add(long_speech)
    until(lambda: desk.shown)
    Speaker(speech, growing, speed=1e6).wait()

    desk.follow(growing)
    until(lambda: desk.followed and desk.job().state is JobState.RUNNING)
    put_off = desk.jobs[1]
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: desk.have_ended(2))

    assert put_off.state is JobState.QUEUED
    assert put_off.position > 0
    assert states(desk, 1) == [JobState.QUEUED, JobState.RUNNING, JobState.QUEUED, JobState.RUNNING, JobState.DONE]
    assert desk.job().ended_at < desk.jobs[1].ended_at
    assert desk.shown[1] == stored(1)


def test_a_recording_that_begins_while_a_job_is_chosen_comes_first(desk, until, growing, long_speech, speech):
    Speaker(speech, growing, speed=1e6).wait()

    desk.add(long_speech)
    desk.follow(growing)
    until(lambda: desk.followed)
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: desk.have_ended(2))

    (other,) = (job for job in desk.jobs.values() if job.id != desk.job().id)  # either may be stored first
    assert desk.job().ended_at < other.ended_at


@pytest.mark.parametrize("why", [Hold.USER, Hold.SCHEDULE])
def test_a_recording_is_followed_while_all_other_jobs_have_to_wait(desk, until, growing, speech, why):
    desk.queue.hold(why)
    desk.add(speech)
    Speaker(speech, growing, speed=1e6).wait()

    desk.follow(growing)
    until(lambda: desk.followed)
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: desk.job().state is JobState.DONE and desk.named("idle"))

    assert desk.jobs[1].state is JobState.QUEUED


def test_the_accurate_pass_takes_the_place_of_the_live_text_when_it_is_done(desk, until, growing, speech):
    speaker = Speaker(speech, growing, speed=2.0)
    desk.follow(growing, refine=True)
    until(lambda: speaker.is_over and desk.followed)
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: desk.job().state is JobState.DONE)
    live = list(desk.shown[desk.followed[0]])
    until(lambda: desk.replaced)
    found = stored(desk.followed[0])
    (accurate_job,) = desk.named("removed")
    with_library = History(paths.database())

    assert text(live)
    assert desk.replaced == desk.followed
    assert found == desk.shown[accurate_job] == accurate(desk, until, growing)
    assert [job.id for job in with_library.jobs() if job.id <= accurate_job] == desk.followed
    job = with_library.job(desk.followed[0])
    assert (job.state, job.options) == (JobState.DONE, desk.options)


def test_words_that_only_the_live_text_has_are_kept_and_marked(desk, until, growing, speech):
    Speaker(speech, growing, speed=1e6).wait()
    desk.queue.hold(Hold.USER)  # the accurate pass
    desk.follow(growing, refine=True)
    until(lambda: desk.followed)
    (live_job,) = desk.followed
    desk.queue.recording_ended(live_job)
    until(lambda: desk.job().state is JobState.DONE and len(desk.jobs) == 2)
    words = tuple(
        Word(14 + n / 2, 14.4 + n / 2, f" {word}", 0.9) for n, word in enumerate(["So", "what", "can", "I", "say?"])
    )
    History(paths.database()).add_segments(live_job, [Segment(14.0, 16.4, "So what can I say?", words)], 12.8)

    desk.queue.release(Hold.USER)
    until(lambda: desk.replaced)

    *before, last = stored(live_job)
    (accurate_job,) = desk.named("removed")
    assert (last.text, last.words, last.doubts) == ("So what can I say?", words, (Doubt.ONLY_LIVE,))
    assert before == desk.shown[accurate_job]


def test_the_live_text_stays_if_the_accurate_pass_is_cancelled(desk, until, growing, speech):
    Speaker(speech, growing, speed=1e6).wait()
    desk.follow(growing, refine=True)
    until(lambda: desk.followed)
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: len(desk.jobs) == 2)

    desk.queue.cancel(2)
    until(lambda: desk.have_ended(2))

    assert desk.jobs[2].state is JobState.CANCELLED
    assert stored(desk.followed[0]) == desk.shown[desk.followed[0]]
    assert not desk.replaced


@pytest.mark.parametrize("again", [JobQueue.go_on, JobQueue.retry])
def test_a_live_job_that_was_cancelled_and_is_wanted_again_follows_the_recording_to_its_end(
    desk, until, growing, sample, again
):
    speaker = Speaker(sample, growing, seconds=20)
    desk.follow(growing, refine=True)
    until(lambda: desk.shown)
    desk.queue.cancel(desk.followed[0])
    until(lambda: desk.job().state is JobState.CANCELLED)

    again(desk.queue, desk.followed[0])
    until(lambda: JobState.RUNNING in desk.states())
    job_id = next(job.id for job in desk.jobs.values() if job.state is JobState.RUNNING)
    until(lambda: speaker.is_over)
    state_then = desk.jobs[job_id].state
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: desk.replaced)

    assert state_then is JobState.RUNNING
    assert states(desk, job_id)[-1] is JobState.DONE
    assert desk.replaced == [job_id]
    assert desk.jobs[job_id].duration == pytest.approx(20, abs=0.1)
    assert stored(job_id)[-1].end > 17


def test_a_live_job_that_is_gone_on_with_after_its_recording_ended_is_an_ordinary_one(desk, until, growing, speech):
    speaker = Speaker(speech, growing)
    desk.follow(growing)
    until(lambda: desk.shown)
    desk.queue.cancel(desk.followed[0])
    until(lambda: desk.job().state is JobState.CANCELLED and speaker.is_over)
    desk.queue.recording_ended(desk.followed[0])

    desk.queue.hold(Hold.USER)
    desk.queue.go_on(desk.followed[0])
    until(lambda: desk.job().state is JobState.QUEUED)
    desk.queue.release(Hold.USER)
    until(lambda: desk.have_ended(1))

    assert states(desk, desk.followed[0])[-3:] == [JobState.QUEUED, JobState.RUNNING, JobState.DONE]
    assert desk.job().duration == pytest.approx(12.8, abs=0.01)


def test_a_killed_backend_goes_on_following_with_nothing_lost_or_doubled(desk, until, growing, sample, tmp_path):
    speaker = Speaker(sample, growing, seconds=20)
    desk.follow(growing)
    until(lambda: desk.shown)
    os.kill(desk.backend.pid, signal.SIGKILL)
    until(lambda: len(desk.shown[desk.followed[0]]) >= 3)
    still_speaking = not speaker.is_over
    until(lambda: speaker.is_over)
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: desk.have_ended(1))

    said = stored(desk.followed[0])
    assert still_speaking
    assert all(one.end <= other.start for one, other in itertools.pairwise(said))
    assert jiwer.wer(*(plain(text(found)) for found in (accurate(desk, until, growing), said))) < 0.1


def test_a_recording_that_a_killed_program_was_following_goes_on_as_an_ordinary_job(
    open_desk, until, growing, speech, monkeypatch
):
    speaker = Speaker(speech, growing)
    first = open_desk()
    first.follow(growing, refine=True)
    until(lambda: first.shown)
    job_id = first.followed[0]
    monkeypatch.setattr(first.queue, "_on_event", lambda event: None)
    first.backend.stop()  # as good as killed: its library says that the job runs
    first.ownership.release()
    until(lambda: speaker.is_over)

    second = open_desk()
    second.queue.start()
    until(lambda: second.replaced)

    assert [job.id for job in second.named("taken over")[0]] == [job_id]
    assert second.replaced == [job_id]
    assert stored(job_id) == accurate(second, until, growing)


def test_a_recording_transcribed_again_is_an_ordinary_job(desk, until, growing, speech):
    Speaker(speech, growing, speed=1e6).wait()
    desk.follow(growing)
    until(lambda: desk.followed)
    desk.queue.recording_ended(desk.followed[0])
    until(lambda: desk.have_ended(1))

    desk.queue.retry(desk.followed[0])
    until(lambda: desk.have_ended(2))

    assert desk.jobs[2].options == desk.options
    assert stored(desk.followed[0])


def plain(said: Any) -> str:
    return " ".join("".join(sign for sign in word.casefold() if sign.isalnum()) for word in said.split())
