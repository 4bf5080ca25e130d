"""The graphics packs: what is in them, that they are the same whoever makes them, and that the program knows them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest
from upkeep import little_packs

from desktop_app.backend import cuda_libraries
from desktop_app.upkeep import packs

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import gpu_pack  # noqa: E402


def test_the_program_knows_the_packs_of_the_wheels_that_the_lock_file_pins():
    _, version, _ = gpu_pack.requirement()

    assert [pack.content.version for pack in packs.published()] == [version] * len(gpu_pack.SYSTEMS)
    assert [pack.content.system for pack in packs.published()] == [*gpu_pack.SYSTEMS]
    assert gpu_pack.KNOWN.read_bytes() == gpu_pack.listed([*packs.published()])  # as the maker writes it


@pytest.mark.parametrize("pack", packs.published(), ids=lambda pack: pack.content.system)
def test_a_known_pack_has_the_libraries_that_the_backend_opens_where_it_looks_and_nvidias_licence(pack):
    folder, names = {
        "linux-x86_64": ("lib", cuda_libraries.ON_LINUX),
        "windows-x86_64": ("bin", cuda_libraries.ON_WINDOWS),
    }[pack.content.system]

    files = {file.name for file in pack.content.files}

    assert files == {gpu_pack.LICENCE, *(f"{folder}/{name}" for name in names)}
    assert all(re.fullmatch(r"\w{64}", file.sha256) for file in (pack, *pack.content.files))
    assert 500_000_000 < pack.size_bytes < pack.content.size_bytes < 1_000_000_000
    assert pack.address == f"https://sottovoce.app/releases/{pack.archive}"


def test_what_is_made_of_a_wheel_has_what_is_listed_byte_for_byte_and_nothing_else(tmp_path):
    libraries = {name: little_packs.library(name) for name in cuda_libraries.ON_LINUX}

    pack = gpu_pack.make("linux-x86_64", [little_packs.wheel(tmp_path, "12.9.1.4", libraries)], tmp_path)

    archive = tmp_path / "sottovoce-cuda-12.9.1.4-linux-x86_64.zip"
    assert (pack.archive, pack.size_bytes) == (archive.name, archive.stat().st_size)
    assert pack.sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()
    with zipfile.ZipFile(archive) as made:
        assert made.testzip() is None
        assert sorted(made.namelist()) == sorted([packs.RECORD, *(file.name for file in pack.content.files)])
        assert {name: made.read(f"lib/{name}") for name in libraries} == libraries
        assert made.read(gpu_pack.LICENCE).startswith(b"You may.")
        assert msgspec.json.decode(made.read(packs.RECORD), type=packs.Content) == pack.content
        for file in pack.content.files:
            assert hashlib.sha256(made.read(file.name)).hexdigest() == file.sha256


def test_the_same_wheel_gives_the_same_bytes_elsewhere_and_at_another_time(tmp_path):
    libraries = {name: little_packs.library(name) for name in cuda_libraries.ON_WINDOWS}
    wheel = little_packs.wheel(tmp_path / "one", "12.9.1.4", libraries, "nvidia/cublas/bin")
    other = tmp_path / "two" / wheel.name
    other.parent.mkdir()
    other.write_bytes(wheel.read_bytes())
    os.utime(other, (1, 1))

    first = gpu_pack.make("windows-x86_64", [wheel], tmp_path)
    second = gpu_pack.make("windows-x86_64", [other], tmp_path / "two")

    assert first == second
    assert (tmp_path / first.archive).read_bytes() == (tmp_path / "two" / first.archive).read_bytes()


def test_a_wheel_that_lacks_a_library_makes_no_pack(tmp_path):
    wheel = little_packs.wheel(tmp_path, "12.9.1.4", {"libcublas.so.12": b"alone"})

    with pytest.raises(SystemExit, match=r"have lib/libcublas\.so\.12, .* and not .*libcublasLt"):
        gpu_pack.make("linux-x86_64", [wheel], tmp_path)


def test_only_the_wheel_that_the_lock_file_pins_is_taken(tmp_path, monkeypatch, capfd):
    name, version, _ = gpu_pack.requirement()
    wheel = little_packs.wheel(tmp_path / "index", version, {}, platform=gpu_pack.SYSTEMS["linux-x86_64"].platform)
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # nothing is downloaded here
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))

    with pytest.raises(subprocess.CalledProcessError):
        gpu_pack.fetched("linux-x86_64", tmp_path)
    refused = capfd.readouterr().err
    itself = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setattr(gpu_pack, "requirement", lambda: (name, version, [itself]))

    assert "DO NOT MATCH THE HASHES" in refused
    assert gpu_pack.fetched("linux-x86_64", tmp_path).read_bytes() == wheel.read_bytes()
