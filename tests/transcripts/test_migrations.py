"""A library made by an earlier version opens with everything in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from desktop_app.messages import ACCURATE, FAST, Doubt, Failure, LeftOut, Remark, Segment, SoundNote, Task, Word
from desktop_app.transcripts import migrations
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState

# As version 1 wrote them.
OPTIONS_1 = '{"model":"base","language":"fr","task":"translate","words":false,"device":"cpu"}'
WORDS_1 = (
    '[{"start":0.5,"end":1.0,"text":" Hello","probability":0.75},'
    '{"start":1.0,"end":1.25,"text":" “there”","probability":1.0}]'
)
JOBS_1 = [
    # id, path, options, state, owner, added, started, ended, duration, position, language, partial, failure, detail
    (3, b"/a/caf\xe9.wav", OPTIONS_1, "done", "gone", 10.0, 11.0, 12.0, 60.5, 60.5, "fr", 1, None, ""),
    (4, "/a/Голос.mp3".encode(), "{}", "failed", "gone", 20.0, 21.0, 22.0, None, 0.0, None, 0, "no_audio", "format x"),
    (7, b"/a/waits.wav", OPTIONS_1, "queued", "me", 30.0, None, None, None, 0.0, None, 0, None, ""),
]
SEGMENTS_1 = [
    (3, 0, 0.5, 1.25, "Hello “there”", WORDS_1, -0.25, 0.125),
    (3, 1, 2.0, 3.0, "👩‍👩‍👧", "[]", -1.5, 0.75),
]


@pytest.fixture
def first_version(tmp_path, monkeypatch) -> Path:
    file = tmp_path / "library.sqlite3"
    database = sqlite3.connect(file, isolation_level=None)
    with monkeypatch.context() as then:
        then.setattr(migrations, "STEPS", migrations.STEPS[:1])
        migrations.migrate(database)
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    columns = (
        "id, path, options, state, owner, added_at, started_at, ended_at, duration, position, language, partial,"
        " failure, failure_detail"
    )
    database.executemany(f"INSERT INTO jobs ({columns}) VALUES ({', '.join('?' * 14)})", JOBS_1)
    database.executemany("INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?)", SEGMENTS_1)
    database.close()
    return file


def test_a_library_of_the_first_version_opens_with_everything_in_it(first_version):
    history = History(first_version)

    done, failed, waits = (history.job(job_id) for job_id in (3, 4, 7))
    assert [job.id for job in history.jobs()] == [7, 4, 3]
    assert done.options == JobOptions("base", "fr", Task.TRANSLATE, words=False, device="cpu")
    assert done.options.tuning == ACCURATE
    assert bytes(done.path) == b"/a/caf\xe9.wav"
    assert (done.state, done.duration, done.language, done.partial) == (JobState.DONE, 60.5, "fr", True)
    assert (failed.failure, failed.failure_detail, failed.name) == (Failure.NO_AUDIO, "format x", "Голос.mp3")
    assert history.next_queued("me") == waits
    assert history.segments(3) == [
        Segment(
            0.5, 1.25, "Hello “there”", (Word(0.5, 1.0, " Hello", 0.75), Word(1.0, 1.25, " “there”", 1.0)), -0.25, 0.125
        ),
        Segment(2.0, 3.0, "👩‍👩‍👧", (), -1.5, 0.75),
    ]
    assert history.left_out(3) == []
    history.close()


def test_a_library_of_the_first_version_can_be_gone_on_with(first_version):
    history = History(first_version)
    new = Segment(4.0, 5.0, "Oui.", language="fr", speaker="left", doubts=(Doubt.REPETITION,))

    history.add_segments(3, [new], 5.0, [LeftOut(6.0, 7.0, "Merci.", Doubt.NO_SPEECH)])
    added = history.add_job(Path("/a/new.wav"), JobOptions(), "me")

    assert history.segments(3)[-1] == new
    assert len(history.segments(3)) == 3
    assert history.left_out(3) == [LeftOut(6.0, 7.0, "Merci.", Doubt.NO_SPEECH)]
    assert added.id == 8
    history.close()


def test_a_library_is_brought_up_once(first_version):
    History(first_version).close()
    before = first_version.read_bytes()

    History(first_version).close()

    assert first_version.read_bytes() == before
    version = sqlite3.connect(first_version).execute("PRAGMA user_version").fetchone()
    assert version == (len(migrations.STEPS),)


def test_what_speaks_against_a_segment_and_who_said_it_is_kept(tmp_path):
    history = History(tmp_path / "library.sqlite3")
    job = history.add_job(Path("/a.wav"), JobOptions(), "me")
    segments = [
        Segment(0.0, 1.0, "One.", (), -0.5, 0.5, "en", "left", tuple(Doubt)),
        Segment(0.5, 1.5, "Deux.", (Word(0.5, 1.5, " Deux.", 0.5),), -0.25, 0.25, "fr", "right", ()),
    ]

    history.add_segments(job.id, segments, 2.0)

    assert history.transcript(job.id).segments == tuple(segments)
    history.close()


def test_every_text_that_was_left_out_is_kept_and_goes_with_its_job(tmp_path):
    history = History(tmp_path / "library.sqlite3")
    job = history.add_job(Path("/a.wav"), JobOptions(), "me")
    both = [
        LeftOut(3.0, 4.0, "Thank you.", Doubt.NO_SPEECH),
        LeftOut(3.0, 4.0, "Bye.", Doubt.NO_SPEECH),
    ]  # a channel each

    history.add_segments(job.id, [], 5.0, [*both, LeftOut(1.0, 2.0, "you", Doubt.REPETITION)])

    kept = history.transcript(job.id).left_out
    assert kept[0] == LeftOut(1.0, 2.0, "you", Doubt.REPETITION)
    assert set(kept[1:]) == set(both)
    history.start_over(job.id, "me")
    assert history.left_out(job.id) == []
    history.close()


def test_every_option_of_a_job_is_kept(tmp_path):
    history = History(tmp_path / "library.sqlite3")
    options = JobOptions(
        "tiny.en", None, Task.TRANSCRIBE, True, "cpu", ("en", "fr"), "a prompt", "a, b", 1.5, 90.25, 2, True, FAST
    )

    added = history.add_job(Path("/a.wav"), options, "me")

    assert history.job(added.id).options == options
    history.close()


def test_where_no_sound_track_was_chosen_none_is_chosen_now_and_a_chosen_one_stays(tmp_path):
    file = tmp_path / "library.sqlite3"
    before = sqlite3.connect(file, isolation_level=None)
    migrations.make(before, 4)
    for number, options in enumerate(('{"track":0,"model":"tiny"}', '{"track":2}', "{}", "no JSON")):
        before.execute(
            "INSERT INTO jobs (id, path, options, state, owner, added_at) VALUES (?, ?, ?, 'done', '', 0)",
            (number + 1, b"/a.wav", options),
        )
    before.close()

    history = History(file)

    assert [history.job(number).options.track for number in (1, 2, 3, 4)] == [None, 2, None, None]
    assert history.job(1).options.model == "tiny"
    history.close()


def test_what_was_done_about_the_sound_is_kept_until_the_job_is_started_over(tmp_path):
    history = History(tmp_path / "library.sqlite3")
    job = history.add_job(Path("/a.wav"), JobOptions(), "me")
    notes = (SoundNote(Remark.CHANNELS_INVERTED, (1,), 2), SoundNote(Remark.TRACK_UNREADABLE, (1,), 2, "AC-4"))

    history.update(job.id, notes=notes)

    assert history.job(job.id).notes == notes
    assert history.start_over(job.id, "me").notes == ()
    history.close()
