"""What the package for Debian says of itself, without making it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import deb  # noqa: E402
import installed  # noqa: E402


def test_the_changes_that_users_read_become_the_changelog_of_the_package():
    changes = installed.changes("9.9.9")  # there is none of that number: what is not released yet

    assert any(change.startswith("Drop recordings, films or whole folders on the window") for change in changes)
    lines = deb.wrapped(changes[0])
    assert lines[0].startswith("  * ")
    assert all(len(line) <= deb.LINE for line in lines)
    assert " ".join(" ".join(lines).split()) == f"* {changes[0]}"


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-validate is not installed")
def test_desktops_understand_the_entry_of_the_window():
    said = subprocess.run(
        ["desktop-file-validate", installed.LINUX / "sottovoce.desktop"], capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stdout) == (0, "")
