"""What a wheel and a source archive of the program have in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {file.name for file in (ROOT / "resources" / "manual").glob("*.md")}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The folder of a wheel and a source archive, made of a copy: setuptools leaves files behind."""
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("desktop_app", "resources"):
        shutil.copytree(
            ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("screenshots", "models", "__pycache__")
        )
    shutil.copytree(ROOT / "desktop_app" / "models", copy / "desktop_app" / "models")
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, copy)
    make = "from setuptools import build_meta as made; made.build_wheel('out'); made.build_sdist('out')"
    subprocess.run([sys.executable, "-c", make], cwd=copy, check=True, capture_output=True)
    return copy / "out"


def test_the_manual_is_in_the_wheel(made):
    (wheel,) = made.glob("*.whl")

    inside = zipfile.ZipFile(wheel).namelist()
    assert {f"desktop_app/resources/manual/{page}" for page in PAGES} <= set(inside)
    assert "desktop_app/manual.py" in inside


def test_the_manual_is_in_the_source_archive(made):
    (archive,) = made.glob("*.tar.gz")

    with tarfile.open(archive) as opened:
        inside = {name.partition("/")[2] for name in opened.getnames()}
    assert {f"resources/manual/{page}" for page in PAGES} <= inside
