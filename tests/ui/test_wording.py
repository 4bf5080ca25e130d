"""What the user reads: a sentence for everything, and never a code or a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.messages import Doubt, Failure, LeftOut, Remark, SoundNote, Stage, Task
from desktop_app.transcripts.history import NewerDatabase
from desktop_app.transcripts.languages import LANGUAGES
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.ui import wording
from desktop_app.work.causes import Cause
from desktop_app.work.hot_key import Refusal
from desktop_app.work.job_queue import JobProgress
from desktop_app.work.recorder import RecorderState, Trouble


def job(state: JobState = JobState.DONE, **facts) -> Job:
    return Job(1, Path("/recordings/talk.wav"), facts.pop("options", JobOptions()), state, 0.0, **facts)


@pytest.mark.parametrize("kind", Failure)
def test_every_failure_has_its_sentences(kind):
    said = wording.failure(kind, "talk.wav")

    assert said.startswith("“talk.wav” ")
    assert re.fullmatch(r"[^.]+\. .+\.", said.replace("talk.wav", ""))
    assert "_" not in said


@pytest.mark.parametrize("kind", Failure)
def test_what_is_kept_is_said(kind):
    assert " The first 12 minutes are saved. " in wording.failure(kind, "talk.wav", 12 * 60 + 30)


def test_no_two_failures_are_said_alike():
    said = [wording.failure(kind, "a") for kind in Failure]

    assert len(set(said)) == len(said)


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause in wording._CAUSES])
def test_a_backend_that_died_of_something_known_is_said_to_have(cause):
    failed = job(JobState.FAILED, failure=Failure.BACKEND_DIED, failure_detail=f"{cause}: signal 9", position=750.0)

    said, status = wording.job_failure(failed), wording.job_status(failed)

    assert re.fullmatch(r"“talk.wav” [^.]+\. The first 12 minutes are saved\. .+\.", said)
    assert said != wording.failure(Failure.BACKEND_DIED, "talk.wav", 750.0)
    assert "_" not in said + status
    assert status.startswith("Could not be ")


def test_the_causes_that_matter_are_said_in_words():
    def said(detail: str) -> str:
        return wording.job_failure(job(JobState.FAILED, failure=Failure.BACKEND_DIED, failure_detail=detail))

    assert "AVX2" in said("illegal_instruction: signal 4 (SIGILL)")
    assert "memory ran out" in said("out_of_memory_kill: signal 9 (SIGKILL)")
    assert "0xC0000409" in said("stack_overrun: exception 0xC0000409")
    assert "ended unexpectedly" in said("unknown: exit code 3")
    assert "ended unexpectedly" in said("as an older version wrote it")


def test_a_part_that_begins_behind_the_end_is_told_from_silence():
    behind = job(options=JobOptions(begin=900.0), duration=754.0, position=754.0, language="")
    silent = job(options=JobOptions(begin=9.0), duration=754.0, position=754.0, language="")

    assert "The recording ends at 12:34" in wording.job_notes(behind, has_text=False)
    assert "12:34" in wording.job_status(behind)
    assert wording.job_status(silent) == wording.NO_SPEECH
    assert wording.job_status(job(duration=0.0, language="")) == wording.NO_SPEECH


def test_how_much_is_done_is_counted_from_where_one_begins():
    late = job(JobState.RUNNING, options=JobOptions(begin=90.0, end=110.0))

    assert [late.share_done(position, 110.0) for position in (0.0, 90.0, 95.0, 110.0)] == [0, 0, 0.25, 1]
    assert late.share_done(95.0, None) == late.share_done(95.0, 80.0) == 0


def test_what_was_removed_is_shown_if_it_is_little():
    texts = [LeftOut(83.0 + n, 90.0, " Thanks  for\nwatching. ", Doubt.NO_SPEECH) for n in range(5)]

    assert wording.removed_texts(()) == ""
    assert wording.removed_texts(texts[:1]) == "Removed at 1:23: “Thanks for watching.”"
    assert wording.removed_texts(texts).count("Thanks") == 3
    assert wording.removed_texts(texts).endswith("…")


def test_everything_that_can_be_chosen_or_happen_has_a_name():
    assert wording.STAGES.keys() == set(Stage)
    assert wording.STATES.keys() == set(JobState)
    assert wording.TASKS.keys() == set(Task)
    assert all([*wording.STAGES.values(), *wording.STATES.values(), *wording.TASKS.values()])


@pytest.mark.parametrize(
    ("seconds", "clock", "length", "about"),
    [
        (0, "0:00", "1 second", "a few seconds"),
        (1, "0:01", "1 second", "a few seconds"),
        (8.9, "0:08", "8 seconds", "10 s"),
        (59.9, "0:59", "59 seconds", "60 s"),
        (60, "1:00", "1 minute", "60 s"),
        (65, "1:05", "1 minute", "65 s"),
        (95, "1:35", "1 minute", "2 min"),
        (600, "10:00", "10 minutes", "10 min"),
        (3599, "59:59", "59 minutes", "1 h 00 min"),
        (3600, "1:00:00", "1 hour", "1 h 00 min"),
        (3725, "1:02:05", "1 hour 2 minutes", "1 h 02 min"),
        (90_000, "25:00:00", "25 hours", "25 h 00 min"),
    ],
)
def test_times_read_as_one_says_them(seconds, clock, length, about):
    assert (wording.clock(seconds), wording.length(seconds), wording.about(seconds)) == (clock, length, about)


@given(st.floats(0, 1e7))
def test_any_time_can_be_said(seconds):
    assert re.fullmatch(r"(\d+:)?\d{1,2}:\d\d", wording.clock(seconds))
    assert re.fullmatch(r"a few seconds|\d+ s|\d+ min|\d+ h \d\d min", wording.about(seconds))
    assert not wording.length(seconds).startswith("0")


@pytest.mark.parametrize(
    ("times", "said"),
    [(0.512, "0.5× real time"), (9.94, "9.9× real time"), (12.4, "12× real time"), (120, "120× real time")],
)
def test_a_speed_is_said_with_as_many_digits_as_matter(times, said):
    assert wording.speed(times) == said


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (JobProgress(1, Stage.STARTING, 0.0, None, None, None), "Starting"),
        (JobProgress(1, Stage.LOADING_MODEL, 0.0, 65.0, None, None), "Loading the model · 1:05"),
        (JobProgress(1, Stage.TRANSCRIBING, 5.0, 65.0, None, None), "Transcribing · 0:05 of 1:05"),
        (
            JobProgress(1, Stage.TRANSCRIBING, 5.0, 65.0, 12.0, 5.0),
            "Transcribing · 0:05 of 1:05 · 5 s left · 12× real time",
        ),
        (JobProgress(1, Stage.TRANSCRIBING, 5.0, None, 12.0, None), "Transcribing · 0:05 · 12× real time"),
    ],
)
def test_a_running_job_says_what_it_is_doing_and_how_long_it_will_take(progress, said):
    assert wording.job_status(job(JobState.RUNNING), progress) == said


def test_live_text_and_its_second_pass_are_told_from_other_jobs():
    progress = JobProgress(1, Stage.TRANSCRIBING, 5.0, 65.0, 12.0, 5.0)
    once_more = job(JobState.RUNNING, options=JobOptions(replaces=7))

    assert wording.job_status(job(JobState.RUNNING, options=JobOptions(live=True)), progress) == "Live · 0:05"
    assert wording.job_status(once_more, progress).endswith("12× real time · second, more accurate pass")
    assert (
        wording.job_status(job(JobState.QUEUED, options=JobOptions(replaces=7)))
        == "Waiting · second, more accurate pass"
    )


@pytest.mark.parametrize("kind", Trouble)
def test_every_trouble_of_a_recording_has_its_sentence(kind):
    assert re.fullmatch(r"[A-Z].+[.?]", wording.trouble(kind))
    assert "_" not in wording.trouble(kind)


@pytest.mark.parametrize("why", Refusal)
def test_every_refusal_of_a_key_has_its_sentence(why):
    assert re.fullmatch(r"Dictation is off\. .+\.", wording.no_dictation(why))


@pytest.mark.parametrize("state", RecorderState)
def test_every_state_of_the_recorder_is_said(state):
    assert re.fullmatch(r"[A-Z].+\.", wording.recording_state(state, "talk.wav"))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (20.0, "Space for less than a minute"),
        (1500.0, "Space for 25 minutes"),
        (7300.0, "Space for 2 hours"),
        (28 * 86400.0, "Space for 28 days"),
    ],
)
def test_the_room_on_the_disk_is_said_as_a_time(seconds, said):
    assert wording.room_left(seconds) == said


@pytest.mark.parametrize(
    ("peak", "clipped", "said"),
    [
        (-70.0, False, "Silence"),
        (-40.0, False, "Quiet, -40 dB"),
        (-12.0, False, "Good, -12 dB"),
        (0.0, True, "Too loud"),
    ],
)
def test_a_level_is_said_in_words(peak, clipped, said):
    assert wording.level(peak, clipped) == said


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (job(JobState.QUEUED), "Waiting"),
        (job(JobState.DONE, duration=65.0, language="fr"), "Done · 1:05 · French · 1 Jan 1970"),
        (job(JobState.DONE, duration=65.0), "No speech was found"),
        (
            job(JobState.DONE, duration=65.0, language="en", partial=True),
            "Done · 1:05 · English · 1 Jan 1970 · incomplete file",
        ),
        (
            job(JobState.DONE, duration=65.0, language="en", partial=True, failure=Failure.MORE_THAN_DECLARED),
            "Done · 1:05 · English · 1 Jan 1970 · the file contains more",
        ),
        (job(JobState.CANCELLED), "Cancelled"),
        (job(JobState.CANCELLED, position=700.0), "Cancelled · the first 11 minutes are saved"),
        (job(JobState.FAILED, failure=Failure.FILE_EMPTY), "Is empty"),
    ],
)
def test_a_job_says_how_it_ended(ended, said):
    assert wording.job_status(ended) == said


def test_the_work_as_a_whole_is_said_in_words():
    done = (job(JobState.DONE, doubtful=2), job(JobState.DONE, doubtful=1))
    failed = (job(JobState.FAILED),)
    name = done[0].name

    assert wording.working(Stage.TRANSCRIBING, 10, 40, 180.0) == "Transcribing 10 of 40 · 3 min left"
    assert wording.working(Stage.LOADING_MODEL, 1, 1, None) == "Loading the model"
    assert wording.all_done(done, ()) == "All done: 2 recordings transcribed. 3 passages to check."
    assert wording.all_done(done[:1], failed) == "All done: 1 of 2 recordings transcribed. 2 passages to check."
    assert wording.all_done((), failed) == f"“{name}” could not be finished."
    assert wording.held("The queue is paused.", 1) == "The queue is paused. 1 recording waits."
    assert wording.window_title(0, 37, number=3, total=12) == "3 of 12 – Sottovoce"
    assert wording.window_title(0, 37) == "37 % – Sottovoce"


def test_a_transcript_without_words_says_so_and_one_with_words_says_nothing():
    assert "No speech" in wording.job_notes(job(JobState.DONE), has_text=False)
    assert wording.job_notes(job(JobState.DONE), has_text=True) == ""


def test_every_language_has_a_name():
    for code, language in LANGUAGES.items():
        assert wording.language(code) == language.english
        assert language.english in wording.language_choice(code)


def test_an_unknown_language_is_its_code():
    assert wording.language("tlh") == "tlh"


def test_a_library_of_a_newer_version_is_said_to_be_so():
    assert "newer version" in wording.library_failure(NewerDatabase("version 9"))
    assert "disk is full" in wording.library_failure(OSError("disk is full"))


def test_what_was_done_about_a_recordings_sound_is_said_in_plain_words():
    notes = (
        SoundNote(Remark.CHANNELS_INVERTED, (1,), 2),
        SoundNote(Remark.CHANNELS_USED, (4, 5), 8),
        SoundNote(Remark.TRACK_SPEAKS, (3,), 4),
        SoundNote(Remark.OTHER_TRACKS_SPEAK, (1, 2, 4), 4),
        SoundNote(Remark.TRACK_UNREADABLE, (1,), 2, "Dolby AC-4"),
        SoundNote(Remark.TRACK_UNREADABLE, (1,), 2, "unknown"),
    )

    assert wording.sound_notes(notes) == [
        "Only the left channel was used: the other one has inverted polarity, so the two would cancel each other out.",
        "Of 8 channels, only channels 4 and 5 were used: the others contain no speech, or the same speech less"
        " clearly.",
        "Audio track 3 of 4 was transcribed: no one speaks on the default track.",
        "There is also speech on tracks 1, 2 and 4. To transcribe it, choose the audio track under More…, or with"
        " --track.",
        "Audio track 1 is in a format that Sottovoce cannot read: Dolby AC-4.",
        "Audio track 1 is in a format that Sottovoce cannot read.",
    ]


@pytest.mark.parametrize("remark", Remark)
def test_every_remark_about_a_sound_is_a_sentence(remark):
    (sentence,) = wording.sound_notes([SoundNote(remark, (2,), 3, "x")])

    assert sentence[0].isupper() and sentence.endswith(".")


def test_a_format_that_is_not_known_is_named():
    assert "cannot read: Dolby AC-4. Convert" in wording.failure(Failure.CODEC_UNKNOWN, "a.mp4", detail="Dolby AC-4")
    assert "cannot read. Convert" in wording.failure(Failure.CODEC_UNKNOWN, "a.mp4", detail="unknown")
