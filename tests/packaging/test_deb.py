"""What the package for Debian says of itself, without making it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import deb  # noqa: E402
import installed  # noqa: E402

from desktop_app import arguments  # noqa: E402
from desktop_app.ui import model_wording  # noqa: E402


def test_the_changes_that_users_read_become_the_changelog_of_the_package():
    changes = installed.changes("9.9.9")  # there is none of that number: what is not released yet

    assert any(change.startswith("Drop recordings, videos or whole folders on the window") for change in changes)
    lines = deb.wrapped(changes[0])
    assert lines[0].startswith("  * ")
    assert all(len(line) <= deb.LINE for line in lines)
    assert " ".join(" ".join(lines).split()) == f"* {changes[0]}"


def test_the_page_of_the_manual_has_every_command():
    page = (installed.LINUX / "sottovoce.1").read_text(encoding="utf-8")
    synopsis, described = page.split(".SH DESCRIPTION")[0], page.split(".SH COMMANDS")[1]

    assert [command for command in arguments.COMMANDS if f"\n.TP\n.B {command}\n" not in described] == []
    assert [command for command in arguments.COMMANDS if not re.search(rf"\b{command}\b", synopsis)] == []


def test_software_centres_are_told_of_as_many_languages_as_the_program_knows():
    about = (installed.LINUX / "app.sottovoce.Sottovoce.metainfo.xml").read_text(encoding="utf-8")

    assert f" in {model_wording.ALL_LANGUAGES};" in about


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-validate is not installed")
def test_desktops_understand_the_entry_of_the_window():
    said = subprocess.run(
        ["desktop-file-validate", installed.LINUX / "sottovoce.desktop"], capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stdout) == (0, "")
