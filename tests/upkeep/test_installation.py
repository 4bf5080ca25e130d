"""How this program came here, by where it lies and by what started it."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from desktop_app.messages import Installation
from desktop_app.upkeep import feed, installation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is one way")


@pytest.fixture
def at(monkeypatch):
    """A function that says as what a bundle at that place sees itself."""
    for name in ("FLATPAK_ID", "APPIMAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")

    def how(program: str | Path) -> tuple[Installation, str]:
        monkeypatch.setattr(sys, "executable", str(program))
        return installation.how(), installation.wanted()

    return how


@pytest.fixture
def in_image(tmp_path) -> Path:
    """A program in the folder of an AppImage that is mounted."""
    program = tmp_path / "mounted" / "usr" / "lib" / "sottovoce" / "sottovoce"
    program.parent.mkdir(parents=True)
    program.touch()
    (tmp_path / "mounted" / "AppRun").touch()
    return program


def test_the_package_is_where_the_package_puts_it(at):
    assert at("/usr/lib/sottovoce/sottovoce") == (Installation.PACKAGE, "linux-x86_64-deb")


@pytest.mark.parametrize("place", ["/usr/local/sottovoce-0.1.0", "/opt/sottovoce-0.1.0", "/home/anna/sottovoce"])
def test_what_was_unpacked_is_an_archive_wherever_that_is(at, place):
    assert at(f"{place}/lib/sottovoce/sottovoce") == (Installation.ARCHIVE, "linux-x86_64-tar")


def test_an_appimage_gets_an_appimage(at, in_image, monkeypatch):
    monkeypatch.setenv("APPIMAGE", "/home/anna/Sottovoce.AppImage")

    assert at(in_image) == (Installation.APPIMAGE, "linux-x86_64-appimage")
    assert feed.SUFFIXES["linux-x86_64-appimage"] == ".AppImage"


def test_what_another_appimage_started_is_what_it_is(at, monkeypatch):
    monkeypatch.setenv("APPIMAGE", "/home/anna/Terminal.AppImage")

    assert at("/usr/lib/sottovoce/sottovoce")[0] is Installation.PACKAGE
    assert at("/opt/sottovoce-0.1.0/lib/sottovoce/sottovoce")[0] is Installation.ARCHIVE
