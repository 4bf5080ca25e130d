"""What can be typed as recordings, and where the command line runs: no home, no working folder, another encoding."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import system_locales

import desktop_app
from desktop_app import paths

ROOT = Path(desktop_app.__file__).parent.parent
SOTTOVOCE = [sys.executable, "-m", "desktop_app.cli"]
DONE, SOME_FAILED, WRONG_USAGE = 0, 1, 2

Ended = subprocess.CompletedProcess[bytes]

pytestmark = pytest.mark.usefixtures("terminal_alone")


@pytest.fixture
def transcribe(tiny_model):
    def run(*arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"", **environment: str) -> Ended:
        command = [*SOTTOVOCE, "transcribe", *arguments, "--model", tiny_model]
        return subprocess.run(
            command,
            cwd=cwd,
            input=stdin,
            env=os.environ | environment,
            capture_output=True,
            check=False,
            timeout=120,
        )

    return run


def said(ended: Ended) -> str:
    text = ended.stderr.decode()
    assert "Traceback" not in text
    return text


# --- recordings ------------------------------------------------------------------------------------------------------


def test_what_comes_on_standard_input_is_transcribed_printed_and_kept(transcribe, recording, tmp_path):
    ended = transcribe("-", stdin=recording.read_bytes(), cwd=tmp_path)

    assert ended.returncode == DONE, said(ended)
    assert b"short recording" in ended.stdout
    (kept,) = paths.recordings_folder().iterdir()
    assert kept.read_bytes() == recording.read_bytes()


def test_files_of_what_comes_on_standard_input_go_into_the_working_folder(transcribe, recording, tmp_path):
    ended = transcribe("-", "--format", "srt", "--name", "piped", stdin=recording.read_bytes(), cwd=tmp_path)

    assert ended.returncode == DONE, said(ended)
    assert "short recording" in (tmp_path / "piped.srt").read_text()


def test_an_empty_standard_input_and_one_beside_files_are_refused_in_a_sentence(transcribe, recording):
    empty = transcribe("-")
    beside = transcribe("-", recording)

    assert (empty.returncode, beside.returncode) == (WRONG_USAGE, WRONG_USAGE)
    assert said(empty) == "sottovoce: Standard input was empty.\n"
    assert "cannot be combined with other files" in said(beside)
    assert list(paths.recordings_folder().iterdir()) == []


def test_a_pattern_that_no_shell_has_expanded_stands_for_what_matches_it(transcribe, recording, tmp_path):
    shutil.copy(recording, recording.with_name("talk 2 [a].wav"))

    ended = transcribe(str(recording.parent / "t*.wav"), recording.with_name("talk 2 [a].wav"))

    assert ended.returncode == DONE, said(ended)
    assert {"talk.txt", "talk 2 [a].txt"} <= {file.name for file in recording.parent.iterdir()}


def test_a_pattern_that_nothing_matches_is_said_and_leaves_no_job_while_the_others_are_transcribed(
    transcribe, recording
):
    nothing = transcribe(str(recording.parent / "zz*.mp3"))
    beside = transcribe(str(recording.parent / "zz*.mp3"), recording)

    assert (nothing.returncode, beside.returncode) == (SOME_FAILED, SOME_FAILED)
    assert said(nothing) == f"No file matches “{recording.parent / 'zz*.mp3'}”.\n"
    assert recording.with_suffix(".txt").exists()
    listed = subprocess.run([*SOTTOVOCE, "history", "list", "--json"], capture_output=True, check=True, timeout=60)
    assert [job["name"] for job in json.loads(listed.stdout)] == ["talk.wav"]


def test_two_recordings_of_one_name_never_write_over_each_other_and_each_is_skipped_by_its_own_file(
    transcribe, recording, silence
):
    shutil.copy(silence, recording.with_name("talk.wave"))
    first, second = recording.with_suffix(".txt"), recording.with_name("talk (2).txt")
    first.write_text("old")

    started = transcribe("--skip-existing", recording.parent)
    new = transcribe("--overwrite", recording.parent)
    again = transcribe("--overwrite", recording.parent)
    skipped = transcribe("--skip-existing", recording.parent)

    assert [ended.returncode for ended in (started, new, again, skipped)] == [DONE] * 4, said(new) + said(again)
    assert started.stdout.decode().splitlines() == [str(second)]
    assert new.stdout == again.stdout
    assert new.stdout.decode().splitlines() == [str(first), str(second)]
    assert "short recording" in first.read_text()
    assert second.read_text() == ""
    assert said(skipped) == "Skipped, because already transcribed: 2 recordings.\n"


def test_recordings_that_have_their_transcripts_are_skipped_if_so_asked_also_those_in_folders(transcribe, recording):
    shutil.copy(recording, recording.with_name("other.wav"))
    recording.with_suffix(".txt").write_text("mine")

    ended = transcribe("--skip-existing", recording.parent)
    again = transcribe("--skip-existing", recording.parent)

    assert (ended.returncode, again.returncode) == (DONE, DONE)
    assert said(ended) == "Skipped, because already transcribed: 1 recording.\n"
    assert said(again) == "Skipped, because already transcribed: 2 recordings.\n"
    assert recording.with_suffix(".txt").read_text() == "mine"
    assert ended.stdout.decode().split() == [str(recording.with_name("other.txt"))]


def test_what_cannot_be_known_before_is_no_name_to_skip_by(transcribe, recording):
    ended = transcribe("--skip-existing", "--name", "{name} {language}", recording)

    assert ended.returncode == WRONG_USAGE
    assert "--language" in said(ended)


def test_a_transcript_takes_the_place_of_the_one_before_if_so_asked_and_never_of_a_recording(transcribe, recording):
    recording.with_suffix(".txt").write_text("old")
    sound = Path(shutil.copy(recording, recording.with_name("sound.txt")))

    ended = transcribe("--overwrite", recording, sound)

    assert ended.returncode == DONE, said(ended)
    assert "short recording" in recording.with_suffix(".txt").read_text()
    assert sound.read_bytes() == recording.read_bytes()


# --- surroundings ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="it takes root to become somebody else")
@pytest.mark.parametrize("value", [None, ""])
def test_who_has_no_home_is_told_so_in_a_sentence(value, monkeypatch, tmp_path):
    for name in ("HOME", "SOTTOVOCE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    if value is not None:
        monkeypatch.setenv("HOME", value)
    program = (  # somebody else could not even read Python where it is root's
        "import os, sys; from desktop_app import cli; os.setuid(54321); sys.exit(cli.main(['history', 'list']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60)

    assert ended.returncode == SOME_FAILED
    assert "HOME" in said(ended)
    assert len(said(ended).splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that somebody is in cannot be deleted there")
def test_in_a_folder_that_was_deleted_whole_paths_work_and_others_are_refused(recording, tiny_model, tmp_path):
    line = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    command = ["sh", "-c", line, "sh", *SOTTOVOCE, "transcribe", "--model", tiny_model]

    whole = subprocess.run([*command, recording], cwd=tmp_path, capture_output=True, check=False, timeout=120)
    relative = subprocess.run([*command, "talk.wav"], cwd=tmp_path, capture_output=True, check=False, timeout=60)

    assert whole.returncode == DONE, said(whole)
    assert "short recording" in recording.with_suffix(".txt").read_text()
    assert relative.returncode == WRONG_USAGE
    assert "was deleted" in said(relative)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such locales")
def test_where_the_locale_is_latin_1_files_and_texts_are_utf8_all_the_same(transcribe, recording, tmp_path):
    latin = system_locales.environment("de_DE.ISO-8859-1", tmp_path / "locales")
    named = recording.rename(recording.with_name("Привет.wav"))

    ended = transcribe(named, "--prompt", "Größe ≈ 3", **latin)
    listed = subprocess.run(
        [*SOTTOVOCE, "history", "list", "--json"], env=os.environ | latin, check=True, capture_output=True
    )

    assert ended.returncode == DONE
    assert said(ended) == ""
    assert ended.stdout.decode() == f"{named.with_suffix('.txt')}\n"
    (job,) = json.loads(listed.stdout)
    assert (job["path"], job["options"]["prompt"]) == (str(named), "Größe ≈ 3")
