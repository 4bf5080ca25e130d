"""The library: what is stored stays stored, in order and once, whoever else has it open or is killed."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_app.messages import Doubt, Failure, LeftOut, SegmentKind, Task, Tuning
from desktop_app.transcripts import export, migrations
from desktop_app.transcripts.history import JOB, History, JobGone, NewerDatabase
from desktop_app.transcripts.transcript import RESUMABLE, JobOptions, JobState, Output, Segment, Word

ME, OTHER = "me", "other"
OPTIONS = JobOptions("base", "fr", Task.TRANSLATE, words=False, device="cpu")
HELLO = Segment(0.5, 1.25, "Hello “there” \x00 👩‍👩‍👧", (Word(0.5, 1.0, " Hello", 0.75),), -0.25, 0.125)


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "not yet there" / "library.sqlite3"


@pytest.fixture
def history(file) -> Iterator[History]:
    opened = History(file)
    yield opened
    opened.close()


def add(history: History, name: str = "talk.wav", owner: str = ME) -> int:
    return history.add_job(Path("/recordings") / name, JobOptions(), owner).id


# --- jobs ------------------------------------------------------------------------------------------------------------


def test_a_job_is_read_as_it_was_stored(history, file):
    added = history.add_job(Path("/a/Голос.wav"), OPTIONS, ME)

    assert (added.path, added.options, added.state) == (Path("/a/Голос.wav"), OPTIONS, JobState.QUEUED)
    assert History(file).job(added.id) == added


def test_of_stored_options_only_the_value_that_cannot_be_read_falls_back(history):
    chosen = JobOptions(model="small", language="fr", glossary="Aoede", tuning=Tuning(beam_size=3, threads=2))
    stored = msgspec.to_builtins(chosen) | {"task": "summarize", "a newer option": 1}
    stored["tuning"] |= {"beam_size": "many"}
    job = add(history)
    history._database.execute("UPDATE jobs SET options = ? WHERE id = ?", (msgspec.json.encode(stored).decode(), job))

    (found,) = history.jobs()

    usual = msgspec.structs.replace(chosen, task=Task.TRANSCRIBE, tuning=Tuning(threads=2))
    assert found.options == usual


@pytest.mark.parametrize("stored", ['{"tuning":{"temperatures":[null]}}', '{"words":', "", "[]"])
def test_options_that_cannot_be_read_are_the_usual_ones_and_hide_no_job(history, stored):
    other = add(history)
    history._database.execute("UPDATE jobs SET options = ? WHERE id = ?", (stored, add(history, "second.wav")))

    second, first = history.jobs()

    assert (second.name, second.options) == ("second.wav", JobOptions())
    assert first.id == other


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
@given(
    name=st.binary(min_size=1, max_size=50).filter(
        lambda name: not {0, ord("/")} & set(name) and name not in (b".", b"..")
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_a_recording_may_have_any_name(history, name):
    path = Path(os.fsdecode(b"/recordings/" + name))

    added = history.add_job(path, JobOptions(), ME)

    assert history.job(added.id).path == path
    added.name.encode()  # can be shown and written


def test_a_job_refused_at_once_never_waits(history):
    refused = history.add_job(Path("/empty"), JobOptions(), ME, Failure.FOLDER_WITHOUT_MEDIA)

    assert (refused.state, refused.failure) == (JobState.FAILED, Failure.FOLDER_WITHOUT_MEDIA)
    assert refused.ended_at == refused.added_at
    assert history.next_queued(ME) is None


def test_jobs_are_listed_newest_first_and_in_pages(history):
    ids = [add(history) for _ in range(5)]

    assert [job.id for job in history.jobs()] == ids[::-1]
    assert [job.id for job in history.jobs(most=2)] == ids[:2:-1]
    assert [job.id for job in history.jobs(before=ids[2], most=2)] == ids[1::-1]


def test_the_ids_of_all_jobs_are_had_newest_first_without_the_removed_ones(history):
    ids = [add(history) for _ in range(4)]

    history.remove(ids[2])

    assert history.job_ids() == [ids[3], ids[1], ids[0]]


def test_the_next_job_is_the_oldest_queued_one_of_its_owner(history):
    first, _, third = add(history), add(history, owner=OTHER), add(history)

    assert history.next_queued(ME).id == first
    history.update(first, state=JobState.RUNNING)
    assert history.next_queued(ME).id == third
    assert history.next_queued("nobody") is None


def test_changes_are_stored_and_given_back(history, file):
    job_id = add(history)

    changed = history.update(
        job_id, state=JobState.FAILED, failure=Failure.BACKEND_DIED, duration=12.5, language="en", partial=True
    )

    assert (changed.state, changed.failure, changed.duration) == (JobState.FAILED, Failure.BACKEND_DIED, 12.5)
    assert (changed.language, changed.partial) == ("en", True)
    assert History(file).job(job_id) == changed


@pytest.mark.parametrize(
    "question",
    [
        lambda history: history.job(7),
        lambda history: history.transcript(7),
        lambda history: history.streamed(7),
        lambda history: history.update(7, state=JobState.DONE),
        lambda history: history.start_over(7, ME),
        lambda history: history.add_segments(7, [HELLO], 1.0),
    ],
)
def test_a_job_that_is_not_there_is_gone(history, question):
    with pytest.raises(JobGone):
        question(history)


def test_a_number_is_never_given_twice(history):
    first = add(history)
    history.delete(first)

    assert add(history) > first


# --- what was heard --------------------------------------------------------------------------------------------------


def test_what_was_heard_gives_way_to_what_another_job_heard_in_the_same_recording(history, file):
    live, accurate = add(history), add(history)
    history.add_segments(live, [HELLO, HELLO], 2.0, [LeftOut(0, 1, "Thank you.", Doubt.NO_SPEECH)])
    better = msgspec.structs.replace(HELLO, text="Hello there.")
    history.add_segments(accurate, [better], 3.0)
    history.update(accurate, options=msgspec.structs.replace(OPTIONS, replaces=live), duration=3.0, language="fr")

    replaced = history.replace_heard(live, accurate)

    assert replaced == history.job(live)
    assert (replaced.options, replaced.position, replaced.duration, replaced.language) == (OPTIONS, 3.0, 3.0, "fr")
    assert History(file).segments(live) == [better]
    assert not history.left_out(live)
    with pytest.raises(JobGone):
        history.job(accurate)


def test_words_that_the_other_job_has_nothing_for_stay_and_are_counted_as_doubtful(history, file):
    live, accurate = add(history), add(history)
    caught = tuple(Word(5 + n, 5.5 + n, f" {word}", 0.9) for n, word in enumerate(["So", "what?"]))
    history.add_segments(live, [HELLO, Segment(5.0, 6.5, "So what?", caught)], 7.0)
    history.add_segments(accurate, [HELLO], 7.0)

    history.replace_heard(live, accurate)

    first, kept = History(file).segments(live)
    assert first == HELLO
    assert (kept.text, kept.words, kept.doubts) == ("So what?", caught, (Doubt.ONLY_LIVE,))
    assert history.job(live).doubtful == 1


def test_doubtful_passages_are_counted_without_reading_the_others(history):
    job = add(history)
    doubtful = msgspec.structs.replace(HELLO, doubts=(Doubt.REPETITION,))
    history.add_segments(job, [HELLO, doubtful, HELLO, doubtful], 4.0)

    plan = history._database.execute(f"EXPLAIN QUERY PLAN SELECT {JOB} FROM jobs").fetchall()

    assert [one.doubtful for one in history.jobs()] == [2]
    assert any("USING COVERING INDEX segments_doubtful" in step for *_, step in plan)


def test_what_was_heard_stays_if_the_other_job_heard_nothing_or_the_first_is_removed(history):
    live, accurate = add(history), add(history)
    history.add_segments(live, [HELLO], 2.0)

    assert history.replace_heard(live, accurate) is None

    history.add_segments(accurate, [HELLO, HELLO], 2.0)
    history.remove(live)

    assert history.replace_heard(live, accurate) is None
    assert history.segments(live) == [HELLO]
    assert len(history.segments(accurate)) == 2


def test_what_was_heard_stays_if_more_was_skipped_by_the_other_job(history):
    live, accurate = add(history), add(history)
    history.add_segments(live, [HELLO], 2.0)
    history.add_segments(accurate, [HELLO], 2.0)
    history.skip(accurate, 2.0, 5.0)

    assert history.replace_heard(live, accurate) is None
    assert history.segments(live) == [HELLO]

    history.skip(live, 2.0, 5.0)

    assert history.replace_heard(live, accurate) is not None


def not_understood(start: float, end: float) -> Segment:
    """Return what the backend reports of speech of which it understands no word."""
    return Segment(start, end, "", doubts=(Doubt.MISSING_WORDS,), kind=SegmentKind.NOT_UNDERSTOOD)


def test_a_segment_keeps_its_kind_whether_it_is_read_whole_or_to_be_shown(history, file):
    job = add(history)
    history.add_segments(job, [HELLO, not_understood(2.0, 3.0)], 3.0)
    skipped = history.skip(job, 3.0, 5.0)

    read = History(file).segments(job)

    assert read == [HELLO, not_understood(2.0, 3.0), skipped]
    assert [segment.kind for segment in read] == ["speech", "not_understood", "skipped"]
    assert [segment.text for segment in read[1:]] == ["", ""]
    shown = history.segments_shown(job, 0, 10)
    assert [(one.kind, one.shown_text) for one in shown] == [(one.kind, one.shown_text) for one in read]
    assert [one.shown_text for one in shown[1:]] == ["[…]", "[…]"]
    assert history.skipped(job) == [skipped]


def test_what_somebody_said_is_speech_whatever_it_looks_like(history):
    job = add(history)
    history.add_segments(job, [Segment(0.0, 1.0, "[…]")], 1.0)

    assert [(one.text, one.kind) for one in history.segments(job)] == [("[…]", SegmentKind.SPEECH)]


def test_an_accurate_pass_with_more_that_is_not_understood_than_the_live_text_takes_its_place(history):
    live, accurate = add(history), add(history)
    history.add_segments(live, [HELLO], 9.0)
    history.add_segments(accurate, [HELLO, not_understood(3.0, 9.0)], 9.0)

    assert history.replace_heard(live, accurate) is not None
    assert history.segments(live) == [HELLO, not_understood(3.0, 9.0)]


def test_passages_that_are_not_understood_are_not_counted_as_skipped_after_crashes(history):
    job = add(history)
    history.add_segments(job, [not_understood(start, start + 1.0) for start in (0.0, 1.0, 2.0)], 3.0)

    assert history.gaps_at_the_end(job) == 0

    for start in (3.0, 4.0):
        history.skip(job, start, start + 1.0)

    assert history.gaps_at_the_end(job) == 2

    history.add_segments(job, [not_understood(5.0, 6.0)], 6.0)

    assert history.gaps_at_the_end(job) == 0


def test_the_jobs_of_a_recording_are_found(history):
    first, other, removed, second = (history.add_job(Path(name), OPTIONS, ME).id for name in ("/a", "/b", "/a", "/a"))
    history.remove(removed)

    assert [job.id for job in history.jobs_of_file(Path("/a"))] == [second, first]
    assert [job.id for job in history.jobs_of_file(Path("/b"))] == [other]


def test_what_is_shown_is_read_in_parts_without_the_words(history):
    job_id = add(history)
    told_apart = msgspec.structs.replace(HELLO, speaker="left", doubts=(Doubt.REPETITION,))
    history.add_segments(job_id, [HELLO, told_apart, HELLO], 3.0)

    parts = [history.segments_shown(job_id, first, 2) for first in (0, 2, 3)]

    shown = Segment(HELLO.start, HELLO.end, HELLO.text)
    second = msgspec.structs.replace(shown, speaker="left", doubts=(Doubt.REPETITION,))
    assert parts == [[shown, second], [shown], []]


def test_a_transcript_of_thousands_of_segments_is_exported_whole_while_it_is_read(history, tmp_path):
    job_id = add(history)
    history.add_segments(job_id, [HELLO] * 5000, 1.0)

    files = [export.write(history.streamed(job_id), tmp_path / f"{kind}.out", kind) for kind in export.FORMATS]

    transcript = history.transcript(job_id)
    assert len(transcript.segments) == 5000
    for kind, file in zip(export.FORMATS, files, strict=True):
        assert file.read_bytes() == export.text_of(transcript, kind).encode(), kind


def test_segments_are_read_as_they_were_stored_and_in_their_order(history):
    job_id = add(history)
    later = Segment(1.25, 2.0, "and more")

    history.add_segments(job_id, [HELLO], 1.25)
    history.add_segments(job_id, [later, later], 2.0)

    assert history.segments(job_id) == [HELLO, later, later]
    assert history.transcript(job_id).segments == (HELLO, later, later)
    assert history.job(job_id).position == 2.0


def test_a_removed_job_is_out_of_sight_and_can_be_had_back(history):
    job_id = add(history)
    history.add_segments(job_id, [HELLO], 1.25)

    history.remove(job_id)
    listed, waiting = history.jobs(), history.next_queued(ME)
    history.forget_removed()
    restored = history.restore(job_id)

    assert (listed, waiting) == ([], None)
    assert history.jobs() == [restored]
    assert history.segments(job_id) == [HELLO]


@pytest.mark.parametrize("forget", [lambda history, _: history.forget_removed(after=-1), History.delete])
def test_what_is_forgotten_leaves_nothing_behind_and_everything_else_stays(history, file, forget):
    kept, gone = add(history), add(history)
    for job_id in (kept, gone):
        history.add_segments(job_id, [HELLO], 1.25)

    history.remove(gone)
    forget(history, gone)

    with pytest.raises(JobGone):
        history.restore(gone)
    assert history.segments(kept) == [HELLO]
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT DISTINCT job_id FROM segments").fetchall() == [(kept,)]


def test_starting_over_forgets_what_was_heard_before(history):
    job_id = add(history, owner=OTHER)
    history.add_segments(job_id, [HELLO], 1.25)
    history.update(
        job_id, state=JobState.FAILED, failure=Failure.OUT_OF_MEMORY, failure_detail="x", partial=True, language="en"
    )

    again = history.start_over(job_id, ME)

    assert (again.state, again.position, again.failure, again.failure_detail) == (JobState.QUEUED, 0.0, None, "")
    assert (again.language, again.partial, again.ended_at) == (None, False, None)
    assert history.segments(job_id) == []
    assert history.next_queued(ME).id == job_id


def test_segments_and_position_are_stored_together_or_not_at_all(history):
    job_id = add(history)
    history.add_segments(job_id, [HELLO], 1.25)

    with pytest.raises(sqlite3.Error):
        history.add_segments(job_id, [HELLO, HELLO], object())  # type: ignore[arg-type] # no such position

    assert history.segments(job_id) == [HELLO]
    assert history.job(job_id).position == 1.25


# --- who works on what -----------------------------------------------------------------------------------------------


def test_what_a_program_that_is_gone_had_begun_or_queued_goes_to_another(history):
    running, queued, done, mine = (
        add(history, owner=OTHER),
        add(history, owner=OTHER),
        add(history, owner=OTHER),
        add(history),
    )
    history.update(running, state=JobState.RUNNING)
    history.update(done, state=JobState.DONE)
    history.add_segments(running, [HELLO], 1.25)

    assert history.unended_owners() == {ME, OTHER}
    begun = history.take_over(OTHER, ME)

    assert history.unended_owners() == {ME}
    assert [job.id for job in begun] == [running]
    assert history.job(running).state is JobState.QUEUED
    assert history.job(running).position == 1.25
    assert history.segments(running) == [HELLO]
    assert [job.id for job in history.waiting(ME)] == [running, queued, mine]
    assert history.job(done).state is JobState.DONE


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a user's folder private in another way")
def test_nobody_else_can_read_it(history, file):
    job_id = add(history)
    history.add_segments(job_id, [HELLO], 1.0)

    assert {stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()} == {0o600}


def test_two_programs_write_at_once_and_nothing_is_lost(file):
    def write(owner: str) -> int:
        history = History(file)
        job_id = add(history, owner=owner)
        for number in range(50):
            history.add_segments(job_id, [Segment(number, number + 1, owner)], number + 1)
        history.close()
        return job_id

    with ThreadPoolExecutor(4) as programs:
        ids = list(programs.map(write, "abcd"))

    history = History(file)
    for job_id, owner in zip(ids, "abcd", strict=True):
        assert [segment.start for segment in history.segments(job_id)] == list(range(50))
        assert {segment.text for segment in history.segments(job_id)} == {owner}


def test_what_was_stored_survives_the_death_of_the_program(file):
    program = """if True:
        import os, sys
        from pathlib import Path
        from desktop_app.messages import Segment
        from desktop_app.transcripts.history import History
        from desktop_app.transcripts.transcript import JobOptions
        history = History(Path(sys.argv[1]))
        job = history.add_job(Path("/a.wav"), JobOptions(), "me")
        for number in range(10):
            history.add_segments(job.id, [Segment(number, number + 1, "x")], number + 1)
        history._database.execute("BEGIN IMMEDIATE")
        history._database.execute("DELETE FROM segments")
        os._exit(9)
    """

    subprocess.run([sys.executable, "-c", program, str(file)], check=False)

    history = History(file)
    assert len(history.segments(1)) == 10
    assert history.job(1).position == 10


def test_a_library_of_a_newer_version_is_left_alone(file):
    History(file).close()
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA user_version = 999")
    before = file.read_bytes()

    with pytest.raises(NewerDatabase):
        History(file)

    assert file.read_bytes() == before


def test_an_empty_file_becomes_a_library(file):
    file.parent.mkdir()
    file.touch()

    assert History(file).jobs() == []


def test_a_step_that_fails_leaves_the_library_as_it_was(file, monkeypatch):
    History(file).close()
    broken = "CREATE TABLE more (id INTEGER);\nCREATE TABLE jobs (id INTEGER);\n"
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, broken))

    with pytest.raises(sqlite3.OperationalError, match="jobs already exists"):
        History(file)

    with sqlite3.connect(file) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(migrations.STEPS) - 1,)
        assert database.execute("SELECT name FROM sqlite_master WHERE name = 'more'").fetchall() == []


def test_two_programs_that_start_at_once_make_one_library(file):
    with ThreadPoolExecutor(8) as programs:
        opened = list(programs.map(lambda _: History(file), range(8)))

    assert len({add(history) for history in opened}) == 8


@pytest.mark.parametrize("state", RESUMABLE)
def test_a_job_is_gone_on_with_by_one_program_only(file, state):
    first, second = History(file), History(file)
    job_id = add(first, "a.wav")
    first.update(job_id, state=state)

    assert [first.go_on(job_id, "one"), second.go_on(job_id, "two")] == [True, False]
    assert first.owner_of(job_id) == "one"
    first.close()
    second.close()


def test_a_waiting_job_is_taken_from_a_program_that_is_gone_and_from_no_other(history):
    waiting = add(history, "a.wav")

    assert not history.go_on(waiting, "other")
    assert not history.go_on(waiting, "other", ["somebody"])
    assert history.go_on(waiting, "other", ["somebody", ME])


def test_a_removed_job_is_not_gone_on_with(history):
    job_id = add(history, "a.wav")
    history.update(job_id, state=JobState.CANCELLED)
    history.remove(job_id)

    assert not history.go_on(job_id, ME)
    assert history.jobs_of([job_id]) == []


def test_what_was_removed_last_comes_first(history):
    first, second = add(history, "a.wav"), add(history, "b.wav")
    history.remove(second)
    history.remove(first)

    assert [job.id for job in history.removed()] == [first, second]
    assert [job.id for job in history.removed(most=1)] == [first]


def test_what_is_done_and_not_written_is_known_until_it_is_written(history):
    job_id = history.add_job(Path("/a.wav"), JobOptions(), ME, output=Output(formats=("txt",), files=True)).id
    assert history.unwritten([ME]) == []
    history.update(job_id, state=JobState.DONE)

    assert [job.id for job in history.unwritten([ME])] == [job_id]
    assert history.unended_owners() == {ME}
    history.written(job_id)
    assert history.unwritten([ME]) == []
    assert history.unended_owners() == set()


def test_several_jobs_are_stored_together_or_not_at_all(history):
    with pytest.raises(TypeError):
        history.add_jobs([(Path("/a.wav"), None), (None, None)], JobOptions(), ME, None)

    assert history.jobs() == []
