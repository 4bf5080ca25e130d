"""Which files of a folder are recordings."""

from __future__ import annotations

import os
import sys

import pytest

from desktop_app.work.media_files import media_in


def test_recordings_are_found_in_all_folders_in_the_order_of_their_names(tmp_path):
    for name in ("b/10.mp3", "b/2.mp3", "b/1.WAV", "B.mkv", "a.mkv", "z.opus", "a/deep/er/x.m4a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = [file.relative_to(tmp_path).as_posix() for file in media_in(tmp_path)]

    assert found == ["a.mkv", "B.mkv", "z.opus", "a/deep/er/x.m4a", "b/1.WAV", "b/2.mp3", "b/10.mp3"]


def test_what_is_hidden_or_no_recording_is_left_out(tmp_path):
    for name in (".hidden.wav", ".trash/a.wav", "notes.txt", "picture.jpg", "wav", "._a.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert media_in(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_lead_round_in_a_circle_do_no_harm(tmp_path):
    (tmp_path / "a.wav").touch()
    (tmp_path / "round").symlink_to(tmp_path)

    assert media_in(tmp_path) == [tmp_path / "a.wav"]


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_names_that_are_no_unicode_are_found(tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    (tmp_path / name).touch()

    assert media_in(tmp_path) == [tmp_path / name]


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        media_in(tmp_path / "gone")
