"""What the packages for Linux have in common."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import installed  # noqa: E402


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    """A source archive, unpacked: its files have the time of the commit."""
    folder = tmp_path / "sottovoce"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\n")
    os.utime(folder / "pyproject.toml", (1_700_000_000, 1_700_000_000))
    monkeypatch.setattr(installed, "ROOT", folder)
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="this machine lacks git")
def test_a_repository_has_the_time_of_its_last_commit(source):
    env = {**os.environ, "GIT_COMMITTER_DATE": "2020-05-06T12:00:00+0000", "GIT_CONFIG_GLOBAL": os.devnull}
    who = ["-c", "user.name=Anna", "-c", "user.email=anna@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *command], cwd=source, env=env, check=True, capture_output=True)

    assert installed.released().isoformat() == "2020-05-06T12:00:00+00:00"


def test_a_source_archive_has_the_time_of_its_files_even_within_another_repository(source):
    if shutil.which("git"):
        subprocess.run(["git", "init", "-q", source.parent], check=True, capture_output=True)

    assert installed.source_time() == 1_700_000_000


def test_a_source_archive_needs_no_git(source, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert installed.source_time() == 1_700_000_000
