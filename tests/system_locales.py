"""Locales to run the program under: the system's own, or ones that are made for the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Turkish has an i of its own, German a decimal comma, Persian and Egyptian digits of their own and text from the right.
NAMES = ("tr_TR.UTF-8", "de_DE.UTF-8", "fa_IR.UTF-8", "ar_EG.UTF-8", "C")
SOURCES = Path("/usr/share/i18n/locales")  # of Debian's package "locales"


def environment(name: str, folder: Path) -> dict[str, str]:
    """Return the variables that put a process under the locale `name`, which is made in `folder` if need be.

    Skip the test where the system can neither set it nor make it.
    """
    variables = {"LC_ALL": name}
    if _can_be_set(variables):
        return variables
    if shutil.which("localedef") is None or not (SOURCES / name.partition(".")[0]).is_file():
        pytest.skip(f"this system has no locale {name}, and nothing to make it of")
    folder.mkdir(exist_ok=True)
    if not (folder / name).is_dir():
        command = ["localedef", "-f", name.partition(".")[2], "-i", name.partition(".")[0], folder / name]
        subprocess.run(command, check=True, capture_output=True)
    variables["LOCPATH"] = str(folder)
    assert _can_be_set(variables)
    return variables


def _can_be_set(variables: dict[str, str]) -> bool:
    setting = "import locale; locale.setlocale(locale.LC_ALL, '')"
    tried = subprocess.run([sys.executable, "-c", setting], env=variables, capture_output=True, check=False)
    return tried.returncode == 0
