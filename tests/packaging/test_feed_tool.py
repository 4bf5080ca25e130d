"""The feed as those who make a release make it; and that installed programs take it, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import feed as tool  # noqa: E402

import desktop_app  # noqa: E402
from desktop_app.messages import ModelTrouble  # noqa: E402
from desktop_app.models.errors import PorterError  # noqa: E402
from desktop_app.upkeep import feed, keys  # noqa: E402

MINE = desktop_app.__version__
CHANGELOG = f"""# Changelog

## [Unreleased]

## [{MINE}] - 2026-12-01

### Added

- Speakers are **told apart**: see
  [the page](https://example.org) or `sottovoce --help`.
- More.

### Fixed

- Nothing.

## [0.0.9] - 2026-11-01

- The first one.

[Unreleased]: https://example.org
"""


@pytest.fixture
def dist(tmp_path) -> Path:
    """The installers of a release, and what else lies beside them."""
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in (
        f"Sottovoce-{MINE}-setup.exe",
        f"sottovoce_{MINE}_amd64.deb",
        f"sottovoce-{MINE}-linux-x86_64.tar.xz",
        f"Sottovoce-{MINE}-x86_64.AppImage",
        f"sottovoce-gpu-{MINE}-linux-x86_64.zip",
        "SHA256SUMS",
    ):
        (folder / name).write_text(name)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    return folder


@pytest.fixture
def key(tmp_path, monkeypatch, capsys) -> Path:
    """A private key, whose public half the programs know."""
    file = tmp_path / "private.pem"
    tool.make_key(file)
    monkeypatch.setattr(keys, "PUBLIC", (capsys.readouterr().out.splitlines()[-1],))
    return file


def run(monkeypatch, *arguments: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["feed.py", *map(str, arguments)])
    tool.main()


def sign(monkeypatch, dist: Path, *more: str | Path) -> Path:
    run(monkeypatch, "sign", "--dist", dist, "--changelog", dist.parent / "CHANGELOG.md", *more)
    return dist / "feed.signed"


def test_what_the_tool_signs_installed_programs_take(monkeypatch, dist, key):
    told = feed.read(sign(monkeypatch, dist, "--key", key).read_bytes())

    assert [release.version for release in told.releases] == [MINE, "0.0.9"]
    assert told.releases[0].notes == (
        "Added\n\n• Speakers are told apart: see the page or sottovoce --help.\n• More.\n\nFixed\n\n• Nothing."
    )
    assert {platform: one.name for platform, one in told.installers.items()} == {
        "windows-x86_64": f"Sottovoce-{MINE}-setup.exe",
        "linux-x86_64-deb": f"sottovoce_{MINE}_amd64.deb",
        "linux-x86_64-tar": f"sottovoce-{MINE}-linux-x86_64.tar.xz",
        "linux-x86_64-appimage": f"Sottovoce-{MINE}-x86_64.AppImage",
    }
    assert told.installers["linux-x86_64-deb"].address == (
        f"https://sottovoce.app/releases/{MINE}/sottovoce_{MINE}_amd64.deb"
    )
    assert set(tool.OF_PLATFORM) == set(feed.SUFFIXES)


def test_the_key_may_come_from_the_environment_and_is_not_written_anywhere(monkeypatch, dist, key):
    monkeypatch.setenv("FEED_KEY", key.read_text())

    file = sign(monkeypatch, dist)

    assert feed.read(file.read_bytes()).serial
    assert b"PRIVATE" not in file.read_bytes()


def test_while_the_program_has_the_placeholder_no_feed_can_be_made_for_it(monkeypatch, dist, tmp_path):
    file = tmp_path / "private.pem"
    tool.make_key(file)

    with pytest.raises(SystemExit, match="will not take it"):
        sign(monkeypatch, dist, "--key", file)

    assert not (dist / "feed.signed").exists()


def test_a_key_can_be_tried_before_there_is_anything_to_sign(monkeypatch, key, tmp_path, capsys):
    other = tmp_path / "other.pem"
    tool.make_key(other)

    run(monkeypatch, "check-key", "--key", other, "--key", key)
    assert "take what is signed with it" in capsys.readouterr().out

    monkeypatch.setenv("FEED_KEY", other.read_text())
    with pytest.raises(SystemExit, match="programs will not take its feed"):
        run(monkeypatch, "check-key")


def test_a_key_is_never_overwritten_and_only_its_owner_reads_it(key):
    before = key.read_bytes()

    with pytest.raises(FileExistsError):
        tool.make_key(key)

    assert key.read_bytes() == before
    if os.name == "posix":
        assert key.stat().st_mode & 0o777 == 0o600


def test_two_keys_sign_while_one_takes_the_place_of_the_other(monkeypatch, dist, key, tmp_path, capsys):
    other = tmp_path / "other.pem"
    tool.make_key(other)
    file = sign(monkeypatch, dist, "--key", other, "--key", key).read_bytes()

    assert feed.read(file).releases
    monkeypatch.setattr(keys, "PUBLIC", (tool.public(tool.keys_of([other])[0]),))
    assert feed.read(file).releases


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda dist: (dist.parent / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n"), "does not begin"),
        (lambda dist: [file.unlink() for file in dist.iterdir()], "no installer"),
        (lambda dist: (dist / f"another-{MINE}.exe").touch(), "Which of them"),
    ],
)
def test_a_release_that_does_not_fit_together_is_not_signed(monkeypatch, dist, key, spoil, why):
    spoil(dist)

    with pytest.raises(SystemExit, match=why):
        sign(monkeypatch, dist, "--key", key)

    assert not (dist / "feed.signed").exists()


def test_without_a_key_it_says_what_is_missing(monkeypatch, dist):
    monkeypatch.delenv("FEED_KEY", raising=False)

    with pytest.raises(SystemExit, match="no private key"):
        sign(monkeypatch, dist)


def test_check_says_what_a_feed_tells_and_refuses_one_that_was_changed(monkeypatch, dist, key, capsys):
    file = sign(monkeypatch, dist, "--key", key)
    capsys.readouterr()

    run(monkeypatch, "check", file)
    assert f"windows-x86_64: https://sottovoce.app/releases/{MINE}/" in capsys.readouterr().out

    file.write_bytes(file.read_bytes().replace(b"0.0.9", b"0.0.8"))
    with pytest.raises(SystemExit, match="will not take it"):
        run(monkeypatch, "check", file)
    with pytest.raises(PorterError) as refused:
        feed.read(file.read_bytes())
    assert refused.value.kind is ModelTrouble.NOT_SIGNED


def test_a_feed_whose_time_is_over_is_said_to_be(monkeypatch, dist, key):
    with pytest.raises(SystemExit, match="Its time is over"):
        sign(monkeypatch, dist, "--key", key, "--days", "-1")


def test_the_tool_runs_as_the_release_runs_it():
    helped = subprocess.run(
        [sys.executable, ROOT / "packaging" / "feed.py", "--help"], capture_output=True, text=True, check=True
    )

    assert "make-key" in helped.stdout


# What git ignores, and git itself.
MADE_HERE = {
    ".git",
    ".venv",
    ".cache",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    "out",
    "build",
    "dist",
}


def test_no_private_key_is_in_the_source():
    marks = [b"-----BEGIN " + kind + b"KEY-----" for kind in (b"PRIVATE ", b"EC PRIVATE ", b"OPENSSH PRIVATE ")]
    ours = [
        folder for folder in ROOT.iterdir() if folder.name not in MADE_HERE and not folder.name.endswith(".egg-info")
    ]
    files = [file for one in ours for file in ([one] if one.is_file() else one.rglob("*")) if file.is_file()]

    assert len(files) > 300
    assert not [file for file in files if any(mark in file.read_bytes() for mark in marks)]
