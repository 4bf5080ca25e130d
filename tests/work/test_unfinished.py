"""Recordings whose programs were killed are found again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

import desktop_app
from desktop_app import paths
from desktop_app.work import unfinished
from desktop_app.work.sound_file import SoundFile
from desktop_app.work.unfinished import Note

ROOT = Path(desktop_app.__file__).parent.parent
ABANDON = """
import os, sys
from pathlib import Path
from desktop_app.work.sound_file import SoundFile
from desktop_app.work.unfinished import Note
for number, name in enumerate(sys.argv[1:]):
    file = SoundFile(Path(name), 16_000, 1)
    note = Note(file.path, 1000.0 - number)
    file.append(bytes(32_000))
os._exit(9)
"""


@pytest.fixture(autouse=True)
def environment(home) -> None:
    """A fresh home."""


def abandoned(*files: Path) -> None:
    """Have a program begin these recordings, put one second into each, and die."""
    subprocess.run([sys.executable, "-c", ABANDON, *files], cwd=ROOT, check=False)


def test_recordings_that_were_left_are_found_the_oldest_first(tmp_path):
    abandoned(tmp_path / "new.wav", tmp_path / "old.wav")
    with (tmp_path / "old.wav").open("ab") as file:
        file.write(bytes(16_000))  # of which the header does not tell yet

    found = unfinished.found()

    assert [(left.file.name, left.begun_at, left.seconds) for left in found] == [
        ("old.wav", 999.0, 1.5),
        ("new.wav", 1000.0, 1.0),
    ]
    assert soundfile.info(tmp_path / "old.wav").duration == 1.5


def test_one_that_is_forgotten_stays_where_it_is(tmp_path):
    abandoned(tmp_path / "talk.wav")
    unfinished.forget(unfinished.found()[0])

    assert unfinished.found() == []
    assert (tmp_path / "talk.wav").exists()


def test_one_that_is_being_made_is_not_offered(tmp_path):
    file = SoundFile(tmp_path / "talk.wav", 16_000, 1)
    note = Note(file.path, 0.0)
    assert unfinished.found() == []
    note.strike_off()
    file.close()

    assert unfinished.found() == []
    assert list(paths.unfinished().iterdir()) == []


def test_what_the_user_has_deleted_is_not_offered(tmp_path):
    abandoned(tmp_path / "talk.wav")
    (tmp_path / "talk.wav").unlink()

    assert unfinished.found() == []
    assert list(paths.unfinished().glob("*.json")) == []


def test_one_whose_disk_is_away_is_offered_again_when_it_is_back(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    abandoned(disk / "talk.wav")
    disk.rename(tmp_path / "away")
    assert unfinished.found() == []

    (tmp_path / "away").rename(disk)
    assert [left.file for left in unfinished.found()] == [disk / "talk.wav"]


def test_one_whose_mount_point_is_empty_is_offered_again_when_its_disk_is_back(tmp_path):
    abandoned(tmp_path / "talk.wav")
    (note,) = paths.unfinished().glob("*.json")
    noted = json.loads(note.read_bytes())
    note.write_text(json.dumps({**noted, "disk": noted["disk"] + 1}))  # as if it had been begun on another disk
    (tmp_path / "talk.wav").rename(tmp_path / "away.wav")
    assert unfinished.found() == []

    (tmp_path / "away.wav").rename(tmp_path / "talk.wav")
    assert [left.file for left in unfinished.found()] == [tmp_path / "talk.wav"]


def test_one_that_was_transcribed_whole_is_not_offered(tmp_path):
    abandoned(tmp_path / "talk.wav", tmp_path / "other.wav")
    with (tmp_path / "talk.wav").open("ab") as file:
        file.write(bytes(4 * 32_000))
    unfinished.forget_heard(tmp_path / "talk.wav", 1.0)  # of five seconds
    assert len(unfinished.found()) == 2

    unfinished.forget_heard(tmp_path / "talk.wav", 5.0)
    assert [left.file.name for left in unfinished.found()] == ["other.wav"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows syncs folders by itself")
def test_a_note_is_on_the_disk_when_it_is_made(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    note = Note(tmp_path / "talk.wav", 0.0)

    (written,) = paths.unfinished().glob("*.json")
    assert synced == [written.stat().st_ino, paths.unfinished().stat().st_ino]
    note.strike_off()


def test_what_has_taken_the_place_of_a_recording_is_left_alone(tmp_path):
    abandoned(tmp_path / "talk.wav")
    (tmp_path / "talk.wav").write_text("mine")

    assert unfinished.found() == []
    assert (tmp_path / "talk.wav").read_text() == "mine"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are of another kind there")
def test_a_name_that_is_not_unicode_is_found_again(tmp_path):
    file = tmp_path / os.fsdecode(b"caf\xe9.wav")
    abandoned(file)

    assert [left.file for left in unfinished.found()] == [file]


def test_a_note_that_cannot_be_read_is_thrown_away(tmp_path):
    (paths.unfinished() / "x.json").write_text("{")

    assert unfinished.found() == []
    assert not (paths.unfinished() / "x.json").exists()
