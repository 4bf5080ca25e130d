"""Telling the user of jobs that end while another window is in front."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.ui import wording
from desktop_app.work.recorder import Trouble


@pytest.fixture
def noted(tmp_path, monkeypatch) -> Path:
    """The file in which a stand-in for notify-send writes down what it was given."""
    if sys.platform != "linux":
        pytest.skip("notices go by notify-send on Linux only")
    file = tmp_path / "noted"
    program = tmp_path / "bin" / "notify-send"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {file}.new\nmv {file}.new {file}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    return file


@pytest.fixture
def other_window(qtbot, window) -> QWidget:
    """Some other window, in front of ours."""
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: other.isActiveWindow() and not window.isActiveWindow())
    return other


@pytest.fixture
def end_a_job(library, queue):
    """A function that has a job end so."""

    def end(state: JobState, name: str = "talk.wav") -> None:
        job = library.add_job(Path("/recordings", name), JobOptions(), "me")
        queue.jobs_added.emit([job])
        queue.job_changed.emit(library.update(job.id, state=state))

    return end


def test_live_text_that_is_made_anew_is_no_news_before_that_is_done(
    window, other_window, noted, library, queue
) -> None:
    options = JobOptions(live=True, refine=True)
    job = library.add_job(Path("/recordings/Recording.wav"), options, "me")

    queue.job_changed.emit(library.update(job.id, state=JobState.DONE))

    assert window.windowTitle() == "Sottovoce"


def test_a_job_that_ends_unseen_is_notified_and_counted(qtbot, window, other_window, noted, queue, end_a_job) -> None:
    end_a_job(JobState.FAILED, "<b>&.wav")
    queue.became_idle.emit()

    assert window.windowTitle() == "(1) Sottovoce"
    qtbot.waitUntil(lambda: noted.exists() and "<b>&.wav" in noted.read_text())
    assert noted.read_text().splitlines() == [
        *("--app-name", "Sottovoce", "--", "<b>&.wav", "Not finished. See the window for the reason.")
    ]


def test_jobs_that_are_done_one_after_the_other_are_told_of_once_at_the_end(
    qtbot, window, other_window, noted, queue, end_a_job, monkeypatch
) -> None:
    told = []
    monkeypatch.setattr(window._notices, "_notify", lambda *what: told.append(what))

    for number in range(12):
        end_a_job(JobState.FAILED if number == 3 else JobState.DONE, f"take {number}.wav")
    before = list(told)
    queue.became_idle.emit()
    queue.became_idle.emit()

    assert window.windowTitle() == "(12) Sottovoce"
    assert before == []
    assert told == [("11 of 12 recordings are transcribed", "Not finished: take 3.wav")]


def test_what_the_user_has_seen_is_no_news_later(qtbot, window, other_window, queue, end_a_job, monkeypatch) -> None:
    told = []
    monkeypatch.setattr(window._notices, "_notify", lambda *what: told.append(what))
    end_a_job(JobState.DONE, "seen.wav")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    other_window.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow())

    for name in ("one.wav", "two.wav"):
        end_a_job(JobState.DONE, name)
    queue.became_idle.emit()

    assert told == [("2 transcripts are ready", "one.wav, two.wav")]


def test_the_count_goes_when_the_user_looks(qtbot, window, other_window, noted, end_a_job) -> None:
    end_a_job(JobState.DONE)

    window.activateWindow()

    qtbot.waitUntil(lambda: window.windowTitle() == "Sottovoce")


def test_nothing_is_said_of_what_the_user_sees_or_has_cancelled(qtbot, window, noted, end_a_job, request) -> None:
    end_a_job(JobState.DONE)
    in_front = window.windowTitle()
    request.getfixturevalue("other_window")
    end_a_job(JobState.CANCELLED)

    assert (in_front, window.windowTitle()) == ("Sottovoce", "Sottovoce")
    assert not noted.exists()


def test_without_any_way_to_notify_the_title_still_tells(
    qtbot, window, other_window, monkeypatch, tmp_path, end_a_job
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    end_a_job(JobState.DONE)

    assert window.windowTitle() == "(1) Sottovoce"


def test_trouble_with_a_recording_reaches_who_is_elsewhere_and_is_not_said_twice(
    qtbot, window, other_window, noted, sound, settle
) -> None:
    window.recording.record.trigger()
    settle()
    window.recording.panel.record.click()
    settle()
    other_window.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow())
    told: list[str] = []
    window.recording.noticed.connect(told.append)

    for trouble in (Trouble.CLIPPING, Trouble.OTHER_DEVICE, None, Trouble.OTHER_DEVICE):
        sound.recorder.be_in_trouble(trouble)
    qtbot.waitUntil(noted.exists)

    assert wording.trouble(Trouble.OTHER_DEVICE) in noted.read_text(encoding="utf-8")
    assert told == [wording.trouble(Trouble.OTHER_DEVICE)]
