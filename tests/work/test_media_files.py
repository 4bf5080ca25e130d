"""Which files of a folder are recordings."""

from __future__ import annotations

import os
import sys
import time

import pytest
from speech import media

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


MADE_AS = {  # suffixes of phones, cameras, recorders and browsers, by a suffix that says what is in them
    "m4a": ("3ga", "m4r", "qta", "mp4a", "m4p", "qt", "mp4v", "cmf", "m4s", "ismv", ""),
    "mp3": ("mpga", "mpa", "mp1", "bit", ""),
    "webm": ("weba", "xyz", ""),
    "wav": ("wave", "bwf", "rf64", "bw64", "wav64", ""),
    "aiff": ("aifc", ""),
    "ac3": ("ec3", "eac3", ""),
    "ts": ("m2t", "tp", "trp", "tod", "mod", "tsv", ""),
    "mpg": ("m1v", "m2v", "mpe", "m2p", "evo", ""),
    "avi": ("divx", "dvr", ""),
    "ogg": ("ogx", "ogm", "24, 10 Uhr"),
    "asf": ("dvr-ms", "asx", ""),
    "aac": ("",),
    "flac": ("",),
}
CODECS = {"mp3": "libmp3lame", "avi": "libmp3lame", "webm": "libopus", "ogg": "libopus", "wav": "pcm_s16le"}
CODECS |= {"aiff": "pcm_s16be", "ac3": "ac3", "mpg": "mp2", "asf": "wmav2", "flac": "flac"}


@pytest.mark.parametrize("kind", MADE_AS)
def test_recordings_of_phones_cameras_recorders_and_browsers_are_found_whatever_their_suffix(tmp_path, kind):
    rate = 44_100 if kind == "asf" else 48_000
    media.encode(tmp_path / f"a.{kind}", media.tone(1, rate), rate, CODECS.get(kind, "aac"))
    content = (tmp_path / f"a.{kind}").read_bytes()
    named = {tmp_path / f"talk of 12.03.{suffix}" for suffix in MADE_AS[kind]}
    for file in named:
        file.write_bytes(content)

    assert set(media_in(tmp_path)) == {tmp_path / f"a.{kind}", *named}


def test_what_only_has_the_suffix_of_a_recording_is_left_out(tmp_path):
    contents = {
        "table.tsv": b"start\tend\ttext\n0\t1\thello\n",
        "list.asx": b'<asx version="3.0"></asx>',
        "program.ts": b"export const answer: number = 42;\n",
        "go.mod": b"module example.org/hello\n",
        "notes": b"To be done today\n",
        "photo": b"\0\0\0\x1cftypheic\0\0\0\0mif1heic",
        "picture": b"RIFF\0\0\0\0WEBPVP8 ",
        "unknown.xyz": b"\xff\xfb",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    assert media_in(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such things there")
def test_a_pipe_without_a_suffix_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    assert media_in(tmp_path) == []


def test_a_folder_of_ten_thousand_other_files_is_looked_through_in_seconds(tmp_path):
    for number in range(10_000):
        (tmp_path / f"{number}").touch()
    (tmp_path / "talk.wav").touch()
    began = time.process_time()

    assert media_in(tmp_path) == [tmp_path / "talk.wav"]
    assert time.process_time() - began < 5
