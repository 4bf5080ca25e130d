"""The command line as its user meets it: real processes, the real backend, real models, real speech."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from models import random_model
from speech import media, prompts
from transcripts.subtitle_checks import faults, read

import desktop_app
from desktop_app import paths
from desktop_app.messages import Doubt
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState, LeftOut, Output, Segment
from desktop_app.ui import wording

ROOT = Path(desktop_app.__file__).parent.parent
SOTTOVOCE = [sys.executable, "-m", "desktop_app.cli"]
DONE, SOME_FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

Ended = subprocess.CompletedProcess[bytes]
Event = dict[str, Any]

pytestmark = pytest.mark.usefixtures("terminal_alone")


@pytest.fixture
def transcribe(tiny_model):
    """Run `sottovoce transcribe` with the small model and wait for its end."""
    return lambda *arguments: sottovoce("transcribe", *arguments, "--model", tiny_model)


def sottovoce(*arguments: str | Path | bytes) -> Ended:
    return subprocess.run([*SOTTOVOCE, *arguments], capture_output=True, check=False, timeout=120)


def events_of(ended: Ended) -> list[Event]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


def named(name: str, events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event["event"] == name]


def sentences(ended: Ended) -> list[str]:
    """Return what stands on stderr, which is never a traceback."""
    said = ended.stderr.decode()
    assert "Traceback" not in said
    return said.splitlines()


def history_list() -> list[dict[str, Any]]:
    return json.loads(sottovoce("history", "list", "--json").stdout)


# --- what comes of a recording ---------------------------------------------------------------------------------------


def test_the_transcript_lies_beside_the_recording_and_its_place_is_printed(transcribe, recording):
    ended = transcribe(recording)

    written = recording.with_suffix(".txt")
    assert ended.returncode == DONE
    assert ended.stdout.decode().splitlines() == [str(written)]
    assert "short recording" in written.read_text()
    assert sorted(file.name for file in recording.parent.iterdir()) == ["talk.txt", "talk.wav"]


def test_a_second_transcript_does_not_overwrite_the_first_and_says_so(transcribe, recording):
    recording.with_suffix(".txt").write_text("mine")

    ended = transcribe(recording)

    assert ended.returncode == DONE
    assert recording.with_suffix(".txt").read_text() == "mine"
    assert "short recording" in recording.with_name("talk (2).txt").read_text()
    assert "talk (2).txt" in sentences(ended)[-1]


def test_several_formats_go_into_a_folder_that_is_made(transcribe, recording, tmp_path):
    out = tmp_path / "new" / "out"

    ended = transcribe(
        recording, "--format", "txt,srt,vtt,tsv,json", "--output-dir", out, "--name", "{name} {language}"
    )

    assert ended.returncode == DONE
    assert sorted(file.name for file in out.iterdir()) == [f"talk en.{s}" for s in ("json", "srt", "tsv", "txt", "vtt")]
    for kind in ("srt", "vtt"):
        subtitles = (out / f"talk en.{kind}").read_text(encoding="utf-8")
        assert "short recording" in " ".join(line for cue in read(subtitles) for line in cue.lines)
        assert faults(subtitles).failing <= faults(subtitles).cues / 5
    assert json.loads((out / "talk en.json").read_bytes())["segments"][0]["words"]
    assert list(recording.parent.iterdir()) == [recording]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals of this kind")
def test_in_a_terminal_a_progress_bar_shows_the_name_and_the_stage(tiny_model, recording):
    import pty

    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120"}
    command = [*SOTTOVOCE, "transcribe", recording, "--model", tiny_model]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment)
    os.close(theirs)

    shown = b""
    with contextlib.suppress(OSError):  # the terminal's end, as Linux tells it
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)

    assert running.wait(60) == DONE
    assert b"talk.wav" in shown
    assert b"Transcribing" in shown


def test_a_mistyped_command_is_not_taken_for_a_recording():
    ended = sottovoce("transcrbe", "talk.wav")

    assert ended.returncode == WRONG_USAGE
    assert "Did you mean: sottovoce transcribe" in sentences(ended)[0]


def test_stdout_and_events_do_not_mix(transcribe, recording):
    assert transcribe(recording, "--stdout", "--events").returncode == WRONG_USAGE


@pytest.mark.skipif(sys.platform == "win32", reason="names are of another kind there")
def test_the_transcript_is_called_as_its_recording_whatever_that_is(transcribe, tmp_path, recording):
    names = [b'it\'s "q" <b>bold', b"caf\xe9"]
    files = [tmp_path / os.fsdecode(name + b".wav") for name in names]
    for file in files:
        shutil.copy(recording, file)

    ended = transcribe(*files)

    assert ended.returncode == DONE
    assert all(file.with_suffix(".txt").is_file() for file in files)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
@pytest.mark.parametrize("delay", [0.15, 0.3, 0.6])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_early_signal_ends_the_command_as_a_late_one_does(tiny_model, recording, number, delay):
    command = [sys.executable, "-c", "import sys; from desktop_app.start import main; sys.exit(main())"]
    running = subprocess.Popen(
        [*command, "transcribe", recording, "--model", tiny_model], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(delay)
    running.send_signal(number)

    assert running.wait(5) == INTERRUPTED
    assert b"Traceback" not in running.stderr.read()


def test_stdout_prints_the_transcript_alone_and_writes_nothing(transcribe, recording):
    ended = transcribe(recording, "--stdout")

    assert ended.returncode == DONE
    assert ended.stdout.startswith(b"Hello there")
    assert not sentences(ended)
    assert list(recording.parent.iterdir()) == [recording]


def test_stdout_and_files_can_be_had_together(transcribe, recording):
    ended = transcribe(recording, "--stdout", "--format", "txt-times")

    assert ended.stdout.startswith(b"[0:00:00] Hello there")
    assert recording.with_suffix(".times.txt").read_bytes() == ended.stdout


def test_events_tell_as_json_what_happens(transcribe, recording):
    ended = transcribe(recording, "--events")

    events = events_of(ended)
    (started,), (finished,) = named("started", events), named("finished", events)
    segments = named("segment", events)
    assert ended.returncode == DONE
    assert (started["language"], started["duration"]) == ("en", pytest.approx(12.8, abs=0.01))
    assert "short recording" in " ".join(segment["text"] for segment in segments)
    assert all(segment["start"] <= segment["end"] and segment["words"] for segment in segments)
    assert finished["partial"] is False
    assert (finished["doubtful"], finished["left_out"]) == (0, 0)
    assert finished["files"] == []
    told = [event["event"] for event in events if event["event"] != "progress"]
    assert told == ["started", *["segment"] * len(segments), "finished"]
    assert list(recording.parent.iterdir()) == [recording]


def test_every_stage_is_told_in_its_order(transcribe, recording):
    stages = [event["stage"] for event in named("progress", events_of(transcribe(recording, "--events")))]

    order = ["starting", "loading_model", "reading_audio", "finding_speech", "transcribing"]
    assert list(dict.fromkeys(stages)) == order


def test_words_can_be_left_out(transcribe, recording):
    segments = named("segment", events_of(transcribe(recording, "--events", "--no-words")))

    assert segments
    assert not any(segment["words"] for segment in segments)


def test_a_language_may_be_named_in_full(transcribe, recording):
    assert (
        named("started", events_of(transcribe(recording, "--events", "--language", "English")))[0]["language"] == "en"
    )


def test_a_folder_gives_a_transcript_for_each_recording_in_it(transcribe, recording):
    (recording.parent / "more").mkdir()
    shutil.copy(recording, recording.parent / "more" / "second.wav")
    (recording.parent / "notes.pdf").write_bytes(b"no recording")

    ended = transcribe(recording.parent)

    assert ended.returncode == DONE
    assert recording.with_suffix(".txt").is_file()
    assert (recording.parent / "more" / "second.txt").is_file()


# --- real speech -----------------------------------------------------------------------------------------------------


def test_the_sample_is_transcribed_with_at_most_five_words_wrong_in_a_hundred(sample, base_model):
    ended = sottovoce("transcribe", sample, "--model", base_model, "--stdout")

    said = sample.with_suffix(".txt").read_text()
    assert prompts.word_error_rate(said, ended.stdout.decode()) <= 5


@pytest.mark.parametrize(("language", "most_wrong"), [("en", 8), ("fr", 30)])  # measured: 5.6 and 19.4; telephone sound
def test_real_human_speech_is_understood_and_its_language_detected(tmp_path, base_model, language, most_wrong):
    said = prompts.write(tmp_path / "speech.wav", language, 60)

    events = events_of(sottovoce("transcribe", tmp_path / "speech.wav", "--model", base_model, "--events"))

    heard = " ".join(event["text"] for event in named("segment", events))
    assert named("started", events)[0]["language"] == language
    assert prompts.word_error_rate(said.text, heard, language) <= most_wrong


def test_french_is_translated_to_english(tmp_path, base_model):
    prompts.write(tmp_path / "speech.wav", "fr", 12)

    ended = sottovoce(
        "transcribe",
        tmp_path / "speech.wav",
        "--model",
        base_model,
        "--task",
        "translate",
        "--language",
        "fr",
        "--stdout",
    )

    assert b" your " in ended.stdout


# --- what to transcribe, and how --------------------------------------------------------------------------------------


def test_events_tell_the_language_the_speaker_and_the_doubts_of_each_segment(transcribe, tmp_path, speech):
    samples, rate = soundfile.read(speech, dtype="float32")
    late = np.concatenate([np.zeros(len(samples), np.float32), samples])
    early = np.concatenate([samples, np.zeros(len(samples), np.float32)])
    soundfile.write(tmp_path / "call.wav", np.stack([early, late], axis=1), rate)

    segments = named("segment", events_of(transcribe(tmp_path / "call.wav", "--events", "--split-channels")))

    said = {speaker: [s for s in segments if s["speaker"] == speaker] for speaker in ("left", "right")}
    assert len(said["left"]) + len(said["right"]) == len(segments)
    assert all("short recording" in " ".join(s["text"] for s in one) for one in said.values())
    assert said["left"][-1]["end"] <= 12.9 <= said["right"][0]["start"] + 0.5
    assert {segment["language"] for segment in segments} == {"en"}
    assert [segment["doubts"] for segment in segments] == [[]] * len(segments)


def test_only_a_part_is_transcribed_if_so_asked_and_its_times_are_those_of_the_recording(transcribe, sample):
    segments = named("segment", events_of(transcribe(sample, "--events", "--from", "0:13", "--to", "25")))

    text = " ".join(segment["text"] for segment in segments)
    assert 13 <= segments[0]["start"] < 15
    assert segments[-1]["end"] <= 25.05
    assert "cup of tea" in text
    assert "short recording" not in text
    assert "Drop a file" not in text


def test_a_part_that_begins_behind_the_end_is_said_to(transcribe, recording):
    ended = transcribe(recording, "--from", "2:00", "--format", "srt")

    assert ended.returncode == SOME_FAILED
    assert sentences(ended) == ["“talk.wav”: The recording ends at 0:12, before the part you asked for."]
    assert list(recording.parent.iterdir()) == [recording]
    assert "ends at 0:12" in sottovoce("history").stdout.decode()


@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_said_if_two_channels_are_asked_for_and_there_are_none(transcribe, tmp_path, speech, channels):
    samples, rate = soundfile.read(speech)
    soundfile.write(tmp_path / "call.wav", np.tile(samples[:, None], channels), rate)

    ended = transcribe(tmp_path / "call.wav", "--split-channels", "--to", "4")

    assert ended.returncode == DONE
    said = [line for line in sentences(ended) if "two channels" in line]
    assert said == ([wording.not_stereo("call.wav")] if channels == 1 else [])


def test_one_of_several_sound_tracks_is_chosen_and_one_that_is_not_there_refused(transcribe, tmp_path, speech):
    samples, rate = soundfile.read(speech, dtype="float32")
    media.encode_tracks(tmp_path / "film.mkv", [np.zeros_like(samples), samples], rate, "aac", pictures=12)

    unasked = transcribe(tmp_path / "film.mkv", "--stdout")
    first = transcribe(tmp_path / "film.mkv", "--stdout", "--track", "1")
    second = transcribe(tmp_path / "film.mkv", "--stdout", "--track", "2")
    third = transcribe(tmp_path / "film.mkv", "--stdout", "--track", "3")

    assert b"short recording" in unasked.stdout
    assert any("Audio track 2 of 2 was transcribed" in line for line in sentences(unasked))
    assert b"short recording" not in first.stdout
    assert b"short recording" in second.stdout
    assert (third.returncode, third.stdout) == (SOME_FAILED, b"")
    assert "audio track" in sentences(third)[0]


def test_a_prompt_and_a_glossary_are_heeded(transcribe, recording):
    prompt = "so we go on like this without capitals or full stops and nobody minds it"

    plain = transcribe(recording, "--stdout", "--prompt", prompt)
    named_so = transcribe(recording, "--stdout", "--glossary", "Rekording")

    assert b"hello there I am a short recording and I am here" in plain.stdout
    assert named_so.returncode == DONE


@pytest.mark.parametrize(
    "wish",
    [
        ["--quality", "fast"],
        ["--beam", "2", "--temperatures", "0,0.5", "--batch", "2", "--threads", "1"],
        ["--speech-threshold", "0.3", "--speech-padding", "0.2", "--compute-type", "float32"],
    ],
    ids=" ".join,
)
def test_the_details_of_listening_can_be_set(transcribe, recording, wish):
    ended = transcribe(recording, "--stdout", *wish)

    assert ended.returncode == DONE
    assert b"short recording" in ended.stdout


def test_only_the_languages_named_may_be_spoken(base_model, recording):
    ended = sottovoce(
        *("transcribe", recording, "--model", base_model, "--events", "--languages", "fr,en", "--quality", "fast")
    )

    events = events_of(ended)
    assert named("started", events)[0]["language"] == "en"
    assert {segment["language"] for segment in named("segment", events)} == {"en"}


def test_an_arithmetic_that_there_is_not_is_refused_in_a_sentence(transcribe, recording):
    ended = transcribe(recording, "--events", "--compute-type", "nonsense")

    assert ended.returncode == SOME_FAILED
    assert named("failed", events_of(ended))[0]["kind"] == "compute_type_missing"
    assert len(sentences(ended)) == 1


# --- odd recordings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "two words.wav",
        'it\'s "quoted" <b>.wav',
        "🎤 Голос 声.wav",
        os.fsdecode(b"caf\xe9.wav"),
    ],
    ids=ascii,
)
def test_a_recording_may_have_any_name(transcribe, tmp_path, speech, name):
    try:
        shutil.copy(speech, tmp_path / name)
    except OSError:
        pytest.skip("this system has no such names")

    ended = transcribe(tmp_path / name, "--events", "--output-dir", tmp_path / "out")

    assert ended.returncode == DONE
    assert named("finished", events_of(ended))
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_name_that_begins_like_an_option_is_a_name_after_two_dashes(tiny_model, tmp_path, speech, monkeypatch):
    shutil.copy(speech, tmp_path / "--stdout.wav")
    monkeypatch.chdir(tmp_path)

    ended = sottovoce("transcribe", "--model", tiny_model, "--", "--stdout.wav")

    assert ended.returncode == DONE
    assert (tmp_path / "--stdout.txt").is_file()


def test_the_sound_of_a_video_is_transcribed(transcribe, tmp_path, speech):
    samples, rate = soundfile.read(speech, dtype="float32")
    media.encode(tmp_path / "film.mp4", samples, rate, "aac", layout="stereo", pictures=13)

    ended = transcribe(tmp_path / "film.mp4", "--stdout")

    assert b"short recording" in ended.stdout


@pytest.mark.parametrize("what", ["silence", "no samples"])
def test_without_speech_the_transcript_is_empty_and_all_is_well(transcribe, tmp_path, silence, what):
    file = tmp_path / "quiet.wav"
    soundfile.write(file, np.zeros(16_000 * 3 if what == "silence" else 0, np.float32), 16_000)

    ended = transcribe(file, "--stdout")

    assert ended.returncode == DONE
    assert ended.stdout == b""
    assert sentences(ended) == ["“quiet.wav”: No speech was found."]


def test_a_file_cut_in_the_middle_is_transcribed_as_far_as_it_goes_and_said_to_be_partial(transcribe, recording):
    cut = media.cut(recording, 0.6)

    ended = transcribe(cut, "--events")

    assert ended.returncode == DONE
    assert "short recording" in " ".join(segment["text"] for segment in named("segment", events_of(ended)))
    assert named("finished", events_of(ended))[0]["partial"] is True
    assert "is incomplete" in sentences(ended)[0]
    assert history_list()[0]["partial"] is True


def test_what_cannot_be_transcribed_is_refused_in_a_sentence_each_and_the_others_are_done(
    transcribe, recording, tmp_path
):
    bad = tmp_path / "bad"
    (bad / "empty folder").mkdir(parents=True)
    (bad / "empty.wav").touch()
    (bad / "notes.mp3").write_text("these are notes\n" * 50)
    media.encode(bad / "silent film.mp4", None, 0, pictures=1)
    (bad / "dangling.wav").symlink_to(bad / "nowhere.wav")
    refused = [bad / "missing.wav", *sorted(bad.iterdir())]

    ended = transcribe(refused[0], refused[1], recording, *refused[2:], "--events")

    events = events_of(ended)
    assert ended.returncode == SOME_FAILED
    assert len(named("finished", events)) == 1
    assert {Path(event["file"]).name: event["kind"] for event in named("failed", events)} == {
        "missing.wav": "file_missing",
        "dangling.wav": "link_broken",
        "empty folder": "folder_without_media",
        "empty.wav": "file_empty",
        "notes.mp3": "not_media",
        "silent film.mp4": "no_audio",
    }
    assert len(sentences(ended)) == len(refused)
    for file in refused:
        assert len([sentence for sentence in sentences(ended) if f"“{file.name}”" in sentence]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="rights are of another kind there")
def test_what_one_may_not_read_is_refused_in_a_sentence(tiny_model, recording):
    without_rights: list[str] = []
    if os.geteuid() == 0:  # root may read everything, unless that is taken away
        if not shutil.which("setpriv"):
            pytest.skip("root cannot be without rights here")
        without_rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    secret, folder = recording.with_name("secret.wav"), recording.with_name("closed folder")
    shutil.copy(recording, secret)
    folder.mkdir()
    secret.chmod(0)
    folder.chmod(0)
    command = [*without_rights, *SOTTOVOCE, "transcribe", secret, folder, "--model", tiny_model, "--events"]

    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)

    folder.chmod(0o700)
    assert ended.returncode == SOME_FAILED
    assert [event["kind"] for event in named("failed", events_of(ended))] == ["file_unreadable"] * 2
    assert len(sentences(ended)) == 2


# --- wrong usage -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["transcribe"],
        ["transcribe", "a.wav", "--format", "docx2"],
        ["transcribe", "a.wav", "--format", ","],
        ["transcribe", "a.wav", "--language", "klingon"],
        ["transcribe", "a.wav", "--task", "sing"],
        ["transcribe", "a.wav", "--model", "no-such-model"],
        ["transcribe", "a.wav", "--model", "."],
        ["transcribe", "a.wav", "--name", "{colour}"],
        ["transcribe", "a.wav", "--from", "later"],
        ["transcribe", "a.wav", "--from", "2:00", "--to", "1:30"],
        ["transcribe", "a.wav", "--to", "0"],
        ["transcribe", "a.wav", "--languages", "en,klingon"],
        ["transcribe", "a.wav", "--beam", "0"],
        ["history", "show", "one"],
        ["history", "burn"],
        ["--colour"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two_and_a_sentence(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    ended = sottovoce(*arguments)

    assert ended.returncode == WRONG_USAGE
    assert ended.stdout == b""
    assert sentences(ended)


def test_a_model_that_is_not_here_is_said_to_be_and_how_to_get_it(home, recording):
    unknown = sottovoce("transcribe", recording, "--model", "nobody/knows")
    published = sottovoce("transcribe", recording, "--model", "distil-small.en")
    paths.models_pointer().write_bytes(os.fsencode(home / "unplugged"))
    away = sottovoce("transcribe", recording, "--model", "mine")

    assert [ended.returncode for ended in (unknown, published, away)] == [WRONG_USAGE, WRONG_USAGE, SOME_FAILED]
    assert "is not on this computer" in sentences(unknown)[-1]
    assert "sottovoce models download distil-small.en" in sentences(published)[-1]
    assert "unplugged”, was not found" in sentences(away)[-1]


@pytest.mark.parametrize(
    "wish",
    [["--language", "fr"], ["--languages", "fr"], ["--languages", "en,fr"], ["--task", "translate"]],
    ids=" ".join,
)
def test_what_the_model_cannot_do_is_said_at_once(transcribe, recording, wish):
    ended = transcribe(recording, *wish)

    assert ended.returncode == WRONG_USAGE
    assert len(sentences(ended)) == 1


def test_what_a_model_was_not_trained_for_is_refused_though_it_has_the_tokens_for_it(tmp_path, base_model, recording):
    distilled, turbo = tmp_path / "distil-large-v3-ct2", tmp_path / "faster-whisper-large-v3-turbo"
    for folder in (distilled, turbo):
        random_model.write(folder, base_model)

    german = sottovoce("transcribe", recording, "--model", distilled, "--language", "de")
    english = sottovoce("transcribe", recording, "--model", turbo, "--task", "translate")

    assert [ended.returncode for ended in (german, english)] == [WRONG_USAGE, WRONG_USAGE]
    assert "understands English only" in sentences(german)[-1]
    assert "cannot translate into English" in sentences(english)[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="names are of another kind there")
@pytest.mark.parametrize("option", ["--output-dir", "--name", "--prompt"])
def test_what_is_not_written_in_utf8_and_could_not_be_kept_is_refused_in_words(transcribe, recording, option):
    ended = transcribe(recording, option, b"caf\xe9")

    assert ended.returncode == WRONG_USAGE
    assert "is not valid UTF-8" in sentences(ended)[-1]
    assert list(recording.parent.iterdir()) == [recording]


def test_an_output_folder_that_cannot_be_made_is_said_at_once(transcribe, recording, tmp_path):
    (tmp_path / "file").touch()

    ended = transcribe(recording, "--output-dir", tmp_path / "file" / "out")

    assert ended.returncode == WRONG_USAGE
    assert "cannot be created" in sentences(ended)[0]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder that nobody can write in")
def test_a_transcript_that_cannot_be_written_is_kept_and_the_run_fails(transcribe, recording):
    ended = transcribe(recording, "--output-dir", "/proc")

    assert ended.returncode == SOME_FAILED
    assert "could not be written" in sentences(ended)[-1]
    assert b"short recording" in sottovoce("history", "show", "1").stdout


def test_help_and_version_are_there():
    assert sottovoce("--version").stdout.startswith(b"Sottovoce ")
    for command in ([], ["transcribe"], ["resume"], ["history"], ["history", "export"]):
        ended = sottovoce(*command, "--help")
        assert (ended.returncode, ended.stderr) == (DONE, b"")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a screen there")
def test_without_a_screen_the_window_says_what_to_do_instead():
    ended = sottovoce()

    assert ended.returncode == SOME_FAILED
    assert "sottovoce transcribe" in sentences(ended)[0]


def test_a_home_that_cannot_be_made_is_said_in_one_sentence(tmp_path, recording, monkeypatch):
    monkeypatch.setenv("SOTTOVOCE_HOME", str(recording / "home"))

    for command in (["transcribe", recording], ["history"]):
        ended = sottovoce(*command)
        assert ended.returncode == SOME_FAILED
        assert len(sentences(ended)) == 1


def test_a_fault_of_ours_ends_the_run_and_stands_in_the_log(home, tiny_model, recording):
    program = (
        "import sys; from desktop_app import cli; from desktop_app.transcripts import export;"
        "export.write = lambda *_, **__: 1 / 0; sys.exit(cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "transcribe", recording, "--model", tiny_model]

    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)

    assert ended.returncode == SOME_FAILED
    assert len(sentences(ended)) == 1
    assert "ZeroDivisionError" in (home / "logs" / "terminal.log").read_text()


# --- interrupted -----------------------------------------------------------------------------------------------------


@pytest.fixture
def long_run(tiny_model, long_speech) -> Iterator[subprocess.Popen[bytes]]:
    """A run that will still be at work when it is interrupted."""
    command = [*SOTTOVOCE, "transcribe", long_speech, long_speech, "--model", tiny_model, "--events"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        yield process
        process.kill()


def told_until(name: str, process: subprocess.Popen[bytes]) -> list[Event]:
    """Return what the run tells up to the first event of that name."""
    assert process.stdout
    events = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["event"] == name:
            return events
    raise AssertionError(f"no {name}")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_within_two_seconds_and_keeps_what_was_heard(long_run, number):
    seen = named("segment", told_until("segment", long_run))

    began = time.monotonic()
    long_run.send_signal(number)
    rest, said = long_run.stdout.read(), long_run.stderr.read()  # communicate() would miss what is buffered
    long_run.wait(30)
    took = time.monotonic() - began

    seen += named("segment", [json.loads(line) for line in rest.splitlines()])
    jobs = {job["id"]: job for job in history_list()}
    kept = json.loads(sottovoce("history", "export", "1", "--format", "json", "--stdout").stdout)["segments"]
    assert took < 2
    assert long_run.returncode == INTERRUPTED
    assert b"Traceback" not in said
    assert [job["state"] for job in jobs.values()] == ["cancelled" if number == signal.SIGINT else "queued"] * 2
    assert [segment["text"] for segment in kept][: len(seen)] == [segment["text"] for segment in seen]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
def test_a_signal_while_the_model_loads_ends_the_run_as_fast(long_run):
    told_until("progress", long_run)

    began = time.monotonic()
    long_run.send_signal(signal.SIGINT)
    long_run.communicate(timeout=30)

    assert time.monotonic() - began < 2
    assert long_run.returncode == INTERRUPTED


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
def test_nothing_is_left_running_when_the_run_is_killed(long_run):
    told_until("started", long_run)
    children = _children_of(long_run.pid)

    long_run.kill()
    long_run.communicate()

    assert children
    _wait_until(lambda: not any(_is_alive(pid) for pid in children))


@pytest.mark.skipif(sys.platform == "win32", reason="no head there")
def test_a_reader_that_has_enough_ends_the_run_quietly(tiny_model, recording):
    command = [*SOTTOVOCE, "transcribe", recording, "--model", tiny_model, "--events"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert said == b""


# --- resumed ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_minutes(tmp_path_factory, long_speech) -> Path:
    samples, rate = soundfile.read(long_speech, dtype="float32", frames=120 * soundfile.info(long_speech).samplerate)
    file = tmp_path_factory.mktemp("speech") / "two minutes.flac"
    soundfile.write(file, samples, rate)
    return file


@pytest.fixture
def broken_off(tiny_model, two_minutes, tmp_path) -> Callable[[signal.Signals], bytes]:
    """A function that ends a run by a signal in the middle of two minutes, and returns what it said."""

    def run(number: signal.Signals) -> bytes:
        wish = ["--model", tiny_model, "--batch", "1", "--format", "srt", "--output-dir", tmp_path, "--name", "talk"]
        command = [*SOTTOVOCE, "transcribe", two_minutes, *wish, "--events"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            told_until("segment", process)
            children = _children_of(process.pid)
            process.send_signal(number)
            said = process.stderr.read()
            assert process.wait(30) == (-number if number == signal.SIGKILL else INTERRUPTED)
            process.stdout.read()
        _wait_until(lambda: not any(_is_alive(pid) for pid in children))
        return said

    return run


def stored_segments() -> list[Event]:
    return json.loads(sottovoce("history", "export", "1", "--format", "json", "--stdout").stdout)["segments"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_was_broken_off_goes_on_where_it_was_and_ends_as_if_nothing_had_been(
    transcribe, two_minutes, broken_off, tmp_path, number
):
    said = broken_off(number)
    (job,) = history_list()
    before = stored_segments()

    resumed = sottovoce("resume", "--events", *(["1"] if number == signal.SIGINT else []))

    heard = named("segment", events_of(resumed))
    (finished,) = named("finished", events_of(resumed))
    transcribe(two_minutes, "--batch", "1", "--format", "srt", "--output-dir", tmp_path, "--name", "undisturbed")
    assert job["state"] == ("cancelled" if number == signal.SIGINT else "queued")
    assert ("sottovoce resume" in said.decode()) == (number == signal.SIGTERM)
    assert resumed.returncode == DONE
    assert not [sentence for sentence in sentences(resumed) if "should be checked" not in sentence]
    assert before and heard
    assert all(segment["start"] >= before[-1]["end"] - 0.01 for segment in heard)
    assert [segment["text"] for segment in stored_segments()] == [segment["text"] for segment in (*before, *heard)]
    assert finished["files"] == [str(tmp_path / "talk.srt")]
    assert (tmp_path / "talk.srt").read_text() == (tmp_path / "undisturbed.srt").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
def test_a_run_that_goes_on_says_from_where_and_prints_where_the_files_are(broken_off, tmp_path):
    broken_off(signal.SIGKILL)

    resumed = sottovoce("resume")

    assert resumed.returncode == DONE
    assert re.fullmatch(r"“two minutes.flac” was interrupted, and continues from \d:\d\d\.", sentences(resumed)[0])
    assert resumed.stdout.decode().splitlines() == [str(tmp_path / "talk.srt")]


def test_without_anything_to_go_on_with_that_is_said(transcribe, recording):
    transcribe(recording)

    ended = sottovoce("resume")

    assert ended.returncode == DONE
    assert ended.stdout == b""
    assert sentences(ended) == ["Nothing was interrupted."]


def test_a_job_that_cannot_go_on_is_named(transcribe, recording):
    transcribe(recording)

    ended = sottovoce("resume", "1", "7")

    assert ended.returncode == SOME_FAILED
    assert len(sentences(ended)) == 2
    assert history_list()[0]["state"] == "done"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
def test_what_a_killed_run_left_behind_can_be_removed_and_what_a_living_one_does_not(broken_off, long_run):
    told_until("started", long_run)

    refused = sottovoce("history", "remove", "1")
    broken_off(signal.SIGKILL)
    removed = sottovoce("history", "remove", "3")

    assert refused.returncode == SOME_FAILED
    assert "cancel it first" in sentences(refused)[0]
    assert removed.returncode == DONE
    assert [job["id"] for job in history_list()] == [2, 1]


def _children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return bool(listed.stdout.strip()) and not listed.stdout.startswith(b"Z")


def _wait_until(is_so, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


# --- history ---------------------------------------------------------------------------------------------------------


def test_an_empty_history_says_so():
    ended = sottovoce("history")

    assert ended.returncode == DONE
    assert ended.stdout == b""
    assert sentences(ended) == ["Nothing has been transcribed yet."]
    assert history_list() == []


def test_what_was_transcribed_can_be_listed_shown_exported_and_removed(transcribe, recording, tmp_path):
    transcribe(recording, "--stdout")

    listed = sottovoce("history", "list").stdout.decode()
    shown = sottovoce("history", "show", "1")
    exported = sottovoce("history", "export", "1", "--format", "srt,txt", "--output-dir", tmp_path / "out")
    printed = sottovoce("history", "export", "1", "--format", "txt", "--stdout")
    (job,) = history_list()
    removed = sottovoce("history", "remove", "1")

    assert "talk.wav" in listed
    assert shown.stdout.startswith(b"[0:00:00] Hello there")
    assert exported.stdout.decode().splitlines() == [str(tmp_path / "out" / f"talk.{s}") for s in ("srt", "txt")]
    assert (tmp_path / "out" / "talk.txt").read_bytes() == printed.stdout
    assert (job["id"], job["path"], job["state"], job["language"]) == (1, str(recording), "done", "en")
    assert removed.returncode == DONE
    assert history_list() == []
    assert sottovoce("history", "show", "1").returncode == SOME_FAILED
    assert recording.is_file()


def test_what_is_doubtful_and_what_was_removed_is_told_at_the_end_and_shown_with_its_reason(
    home, tiny_model, recording
):
    library = History(home / "library.sqlite3")
    job = library.add_job(recording, JobOptions(str(tiny_model)), "a program that is gone")
    sure, doubtful = Segment(0.5, 1.0, "Sure."), Segment(2.0, 3.0, "Perhaps.", doubts=(Doubt.LOW_CONFIDENCE,))
    library.add_segments(job.id, [sure, doubtful], 4.0, [LeftOut(3.0, 4.0, "Thanks for watching.", Doubt.NO_SPEECH)])
    library.close()

    ended = sottovoce("resume", "--events")
    shown = sottovoce("history", "show", "1")

    (finished,) = named("finished", events_of(ended))
    (said,) = sentences(ended)
    assert (finished["doubtful"], finished["left_out"]) == (1, 1)
    assert "1 passage should be checked" in said and "history show 1" in said and "1 passage removed" in said
    lines = shown.stdout.decode().splitlines()
    assert lines[:2] == ["[0:00:00] Sure.", "[0:00:02] Perhaps. (?)"]
    assert not any("(?)" in line for line in lines[2:])
    assert "marked (?). Why: hard to understand." in sentences(shown)[1]
    assert sentences(shown)[2] == "Removed at 0:03: “Thanks for watching.”"


@pytest.mark.parametrize("action", [["show", "7"], ["export", "7", "--format", "txt"], ["remove", "7"]], ids=" ".join)
def test_a_job_that_is_not_there_is_said_not_to_be(action):
    ended = sottovoce("history", *action)

    assert ended.returncode == SOME_FAILED
    assert "7" in sentences(ended)[0]


def test_a_library_that_cannot_be_used_is_said_in_one_sentence(home, transcribe, recording):
    sottovoce("history")
    with sqlite3.connect(home / "library.sqlite3") as database:
        database.execute("PRAGMA user_version = 99")

    for ended in (sottovoce("history"), transcribe(recording)):
        assert ended.returncode == SOME_FAILED
        assert len(sentences(ended)) == 1
        assert "library" in sentences(ended)[0]


# --- what became of jobs in the meantime -----------------------------------------------------------------------------


def an_ended_run(recording: Path, model: Path, **wish: Any) -> int:
    """Put into the library what a run leaves that is killed when its job is done and no file is written yet."""
    history = History(paths.database())
    output = Output(**wish)
    job = history.add_job(recording, JobOptions(model=str(model)), "a program that is gone", output=output)
    history.add_segments(job.id, [Segment(0.0, 1.0, " And so.")], 1.0)
    history.update(job.id, state=JobState.DONE, duration=1.0)
    history.close()
    return job.id


def test_files_that_a_killed_run_had_still_to_write_are_written_by_the_next(recording, tiny_model):
    an_ended_run(recording, tiny_model, formats=("txt", "srt"), files=True, name="talk")

    resumed, again = sottovoce("resume"), sottovoce("resume")

    assert resumed.returncode == again.returncode == DONE
    assert resumed.stdout.decode().split() == [str(recording.with_name(name)) for name in ("talk.txt", "talk.srt")]
    assert recording.with_name("talk.txt").read_text() == "And so.\n"
    assert sentences(again) == ["Nothing was interrupted."]


def test_files_that_could_not_be_written_are_written_when_it_is_resumed(recording, tiny_model, tmp_path):
    folder = tmp_path / "not there yet"
    an_ended_run(recording, tiny_model, formats=("txt",), files=True, folder=str(folder))

    failed = sottovoce("resume")
    folder.mkdir()
    written = sottovoce("resume")

    assert failed.returncode == SOME_FAILED
    assert written.returncode == DONE
    assert [file.name for file in folder.iterdir()] == [f"{recording.stem}.txt"]


def test_events_are_all_that_is_printed_also_of_a_job_that_was_to_be_printed(recording, tiny_model):
    an_ended_run(recording, tiny_model, formats=("txt",), stdout=True)

    resumed = sottovoce("resume", "--events")

    assert [event["event"] for event in events_of(resumed)] == ["finished"]


def test_a_removed_job_is_not_gone_on_with(transcribe, recording):
    transcribe(recording)
    history = History(paths.database())
    history.update(1, state=JobState.CANCELLED)
    history.close()
    sottovoce("history", "remove", "1")

    ended = sottovoce("resume", "1")

    assert ended.returncode == SOME_FAILED
    assert "cannot be resumed" in sentences(ended)[0]


def test_what_was_removed_can_be_listed_and_brought_back(transcribe, recording):
    transcribe(recording)

    removed = sottovoce("history", "remove", "1")
    listed = sottovoce("history", "list", "--removed")
    back = sottovoce("history", "restore", "1")

    assert "sottovoce history restore 1" in sentences(removed)[0]
    assert recording.name in listed.stdout.decode()
    assert back.returncode == DONE
    assert [job["id"] for job in history_list()] == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
def test_a_job_that_somebody_else_removes_is_not_waited_for(long_run):
    told_until("started", long_run)

    sottovoce("history", "remove", "2")
    said = long_run.communicate(timeout=120)[0]

    ended = [json.loads(line) for line in said.splitlines()]
    assert long_run.returncode == SOME_FAILED
    assert {(event["event"], event["job"]) for event in ended} >= {("finished", 1), ("taken_away", 2)}
