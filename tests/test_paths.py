"""Where things live."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import platformdirs
import pytest

from desktop_app import paths


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "not yet there" / "Дом ü"
    monkeypatch.setenv("SOTTOVOCE_HOME", str(folder))
    return folder


def test_the_environment_moves_the_home_and_it_is_made_when_wanted(home):
    assert not home.exists()

    assert paths.home() == home
    assert home.is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a user's folder private in another way")
def test_nobody_else_can_look_into_the_home(home):
    for folder in (paths.home(), paths.models(), paths.logs(), paths.locks(), paths.recordings_folder()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_everything_the_user_keeps_lies_in_the_home(home):
    kept = [paths.database(), paths.settings_file(), paths.models(), paths.logs(), paths.locks()]
    kept += [paths.recordings_folder(), paths.unfinished()]

    assert {place.parent for place in kept} == {home}
    assert len(set(kept)) == len(kept)


def test_a_relative_home_does_not_move_with_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOTTOVOCE_HOME", "here")

    assert paths.home() == tmp_path / "here"


@pytest.mark.parametrize("setting", [None, ""])
def test_without_a_setting_the_home_is_where_the_system_keeps_such_things(tmp_path, monkeypatch, setting):
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "Sottovoce")
    monkeypatch.delenv("SOTTOVOCE_HOME", raising=False)
    if setting is not None:
        monkeypatch.setenv("SOTTOVOCE_HOME", setting)

    assert paths.home() == tmp_path / "Sottovoce"


def test_the_resources_are_found_from_any_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert (paths.resources() / "model-catalogue.json").is_file()
    assert paths.sample_recording().parent == paths.resources()


def test_a_bundle_has_its_own_resources_and_models(tmp_path, monkeypatch):
    (tmp_path / "resources").mkdir()
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)

    assert paths.resources() == tmp_path / "resources"
    assert tmp_path / "resources" / "models" in paths.bundled_models()


def test_the_backend_is_started_by_the_same_python_and_never_from_the_working_folder():
    assert paths.backend_command() == [sys.executable, "-P", "-m", "desktop_app.backend"]


@pytest.mark.parametrize(("system", "name"), [("linux", "sottovoce-backend"), ("win32", "sottovoce-backend.exe")])
def test_the_backend_of_a_bundle_is_the_program_beside_ours(tmp_path, monkeypatch, system, name):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", os.fspath(tmp_path / "sottovoce"))
    monkeypatch.setattr(sys, "platform", system)

    assert paths.backend_command() == [str(tmp_path / name)]


def test_the_licences_of_all_that_came_along_lie_beside_the_executable_of_the_bundle(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "sottovoce-gui"))
    assert paths.licences() is None

    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert paths.licences() is None
    (tmp_path / "THIRD-PARTY-LICENCES.txt").touch()
    assert paths.licences() == tmp_path / "THIRD-PARTY-LICENCES.txt"


def test_in_an_app_of_macos_the_licences_lie_with_its_data(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "Contents" / "MacOS" / "sottovoce-gui"))
    file = tmp_path / "Contents" / "Resources" / "THIRD-PARTY-LICENCES.txt"
    file.parent.mkdir(parents=True)
    file.touch()

    assert paths.licences() == file
