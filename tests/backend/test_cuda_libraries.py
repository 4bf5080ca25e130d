"""The libraries for a graphics card: those that CTranslate2's binary asks for, and no other ones."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path

import ctranslate2
import pytest

import desktop_app
from desktop_app.backend import cuda_libraries

ROOT = Path(desktop_app.__file__).parent.parent
ASKS_FOR = re.compile(rb"lib(cu[a-z]+|nv[a-z]+)\.so\.(\d+)\0|(cu[a-zA-Z]+|nv[a-zA-Z]+)64_(\d+)\.dll\0")


@pytest.fixture(scope="module")
def asked_for() -> dict[str, int]:
    """The libraries of CUDA that CTranslate2's binaries name, with their major versions, but for the driver's."""
    package = Path(ctranslate2.__file__).parent
    found: dict[str, int] = {}
    for folder in (package, package.with_name("ctranslate2.libs")):
        for file in [*folder.glob("*.so*"), *folder.glob("*.dll")]:
            for match in ASKS_FOR.finditer(file.read_bytes()):
                name, version = (match[1], match[2]) if match[1] else (match[3], match[4])
                found[name.decode()] = int(version)
    return {name: version for name, version in found.items() if name != "cuda"}


@pytest.fixture(scope="module")
def wheels() -> list[str]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][
        "cuda"
    ]


@pytest.mark.skipif(sys.platform == "darwin", reason="no CUDA there")
def test_the_cuda_extra_brings_what_ctranslate2_asks_for_in_its_major_version_and_nothing_else(asked_for, wheels):
    brought = dict(
        re.fullmatch(r"nvidia-(\w+)-cu(\d+)==[\d.]+; sys_platform != 'darwin'", one).groups() for one in wheels
    )

    assert {name: int(version) for name, version in brought.items()} == asked_for


@pytest.mark.skipif(sys.platform != "linux", reason="names of Linux")
def test_what_is_opened_is_what_ctranslate2_asks_for_and_what_that_needs(asked_for):
    opened = {re.fullmatch(r"lib(\w+)\.so\.(\d+)", name).groups() for name in cuda_libraries.NAMES}

    assert opened == {*((name, str(version)) for name, version in asked_for.items()), ("cublasLt", "12")}


def test_both_systems_open_the_same_versions():
    on_linux = [re.fullmatch(r"lib(\w+)\.so\.(\d+)", name).groups() for name in cuda_libraries.ON_LINUX]
    on_windows = [re.fullmatch(r"(\w+)64_(\d+)\.dll", name).groups() for name in cuda_libraries.ON_WINDOWS]

    assert on_linux == on_windows


def test_nothing_is_opened_where_there_is_no_driver_and_no_path_is_changed(monkeypatch):
    monkeypatch.setattr(cuda_libraries.cards, "CUDA", "libno-such-driver.so.1")
    before = dict(os.environ), list(sys.path)

    assert cuda_libraries.open_all() == []
    assert (dict(os.environ), list(sys.path)) == before
