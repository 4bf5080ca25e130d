"""A dropped folder or archive is told to be a model by the names of its files alone."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from desktop_app.models.recognised import looks_like_model


def zipped(file: Path, *names: str) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return file


def test_a_model_is_recognised_in_a_folder_and_a_folder_of_recordings_is_not(tiny_model, tmp_path) -> None:
    assert looks_like_model(tiny_model)
    assert not looks_like_model(tmp_path)


def test_a_model_alone_in_a_folder_is_one_and_one_beside_recordings_is_not(tiny_model, tmp_path) -> None:
    shutil.copytree(tiny_model, tmp_path / "unpacked" / "tiny")
    (tmp_path / "unpacked" / ".DS_Store").touch()
    assert looks_like_model(tmp_path / "unpacked")

    (tmp_path / "unpacked" / "talk.wav").touch()
    assert not looks_like_model(tmp_path / "unpacked")


@pytest.mark.parametrize(
    ("names", "is_model"),
    [
        (["config.json", "model.bin"], True),
        (["a model/config.json", "a model/model.bin", "a model/talk.wav"], True),
        (["config.json", "elsewhere/model.bin"], False),
        (["a/b/config.json", "a/b/model.bin"], False),
        (["model.bin"], False),
        ([], False),
    ],
)
def test_a_model_is_recognised_in_an_archive(tmp_path, names, is_model) -> None:
    assert looks_like_model(zipped(tmp_path / "a.ZIP", *names)) is is_model


def test_what_is_no_archive_or_not_there_is_no_model(tmp_path) -> None:
    (tmp_path / "torn.zip").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "model.bin").write_bytes(b"")

    for name in ("torn.zip", "model.bin", "missing.zip", "missing"):
        assert not looks_like_model(tmp_path / name)
