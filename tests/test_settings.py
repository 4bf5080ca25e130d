"""What the user has chosen is there again, and a damaged file does no harm."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from desktop_app import paths, settings
from desktop_app.settings import Settings

CHOSEN = Settings(
    model="tiny",
    language="fr",
    task="translate",
    words=False,
    device="cpu",
    export_folder="/out/Ордер",
    export_format="srt",
    geometry=b"\x00\xff",
)


def test_choices_are_read_as_they_were_saved(home):
    settings.save(CHOSEN, paths.settings_file())

    assert settings.load(paths.settings_file()) == CHOSEN


def test_on_the_first_day_there_are_none(home):
    assert settings.load(paths.settings_file()) == Settings()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"task": "sing"}', b'{"model": 7}', b"\xff\xfe", b'{"geometry": "no base64!"}', b"[" * 9999],
    ids=lambda content: ascii(content[:20]),
)
def test_a_damaged_file_gives_those_of_the_first_day(home, content):
    paths.settings_file().write_bytes(content)

    assert settings.load(paths.settings_file()) == Settings()


@given(st.binary(max_size=200))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_stands_in_the_file_the_program_starts(tmp_path, content):
    (tmp_path / "settings.json").write_bytes(content)

    assert isinstance(settings.load(tmp_path / "settings.json"), Settings)


def test_choices_of_a_later_version_do_no_harm(home):
    paths.settings_file().write_bytes(b'{"model": "tiny", "colour": "mauve"}')

    assert settings.load(paths.settings_file()) == Settings(model="tiny")


def test_a_folder_in_its_place_gives_those_of_the_first_day(home):
    paths.settings_file().mkdir()

    assert settings.load(paths.settings_file()) == Settings()


def test_saving_that_fails_leaves_the_old_ones(home, monkeypatch):
    settings.save(CHOSEN, paths.settings_file())
    paths.settings_file().with_name("settings.json.new").mkdir()  # in the way

    with pytest.raises(OSError, match=r"settings\.json\.new"):
        settings.save(Settings(), paths.settings_file())

    assert settings.load(paths.settings_file()) == CHOSEN


@pytest.mark.skipif(sys.platform == "win32", reason="the folder is private there in another way")
def test_saving_leaves_nothing_else_behind(home):
    settings.save(CHOSEN, paths.settings_file())

    assert [file.name for file in home.iterdir()] == ["settings.json"]
