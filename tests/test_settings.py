"""What the user has chosen is there again, and a damaged file does no harm."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from desktop_app import paths, settings
from desktop_app.settings import Settings
from desktop_app.transcripts.languages import LANGUAGES

CHOSEN = Settings(
    model="tiny",
    language="fr",
    task="translate",
    words=False,
    device="cpu",
    export_folder="/out/Ордер",
    export_formats=("srt", "txt"),
    geometry=b"\x00\xff",
)


def test_choices_are_read_as_they_were_saved(home):
    settings.save(CHOSEN, paths.settings_file())

    assert settings.load(paths.settings_file()) == CHOSEN


def test_on_the_first_day_there_are_none(home):
    assert settings.load(paths.settings_file()) == Settings()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b"[" * 9999, b"\0" * 100],
    ids=lambda content: ascii(content[:20]),
)
def test_a_damaged_file_gives_those_of_the_first_day_and_is_kept_aside(home, content):
    paths.settings_file().write_bytes(content)

    loaded = settings.load_all(paths.settings_file())
    settings.save(loaded.settings, paths.settings_file())

    assert loaded.settings == Settings()
    assert loaded.kept_aside is not None
    assert loaded.kept_aside.read_bytes() == content
    assert settings.load_all(paths.settings_file()) == settings.Loaded(Settings())


CHOSEN_WELL = b'"model": "tiny", "glossary": "Sottovoce", "recording": {"microphone": "usb", "live": false'


@pytest.mark.parametrize(
    ("odd", "name"),
    [
        (b'"task": "sing"', "task"),
        (b'"quality": "best"', "quality"),
        (b'"geometry": "no base64!"', "geometry"),
        (b'"threads": "many"', "threads"),
        (b'"threads": 1000000000', "threads"),
        (b'"batch_size": -3', "batch_size"),
        (b'"unload_after": -5', "unload_after"),
        (b'"languages": ["de", "of the future"]', "languages"),
        (b'"language": "of the future"', "language"),
        (b'"languages": ["de", 7]', "languages"),
        (b'"captions": "large"', "captions"),
        (b'"dictation": {"how": "by thought", "on": true}', "dictation.how"),
    ],
)
def test_one_value_that_is_not_understood_changes_no_other_and_stays_in_the_file(home, odd, name):
    paths.settings_file().write_bytes(b"{" + odd + b", " + CHOSEN_WELL + b"}}")
    before = json.loads(paths.settings_file().read_bytes())

    loaded = settings.load_all(paths.settings_file(), LANGUAGES)
    loaded.settings.prompt = "About whales."
    settings.save(loaded.settings, paths.settings_file())
    after = json.loads(paths.settings_file().read_bytes())

    assert loaded.not_understood == (name,)
    found = loaded.settings
    assert (found.model, found.glossary, found.recording.microphone, found.recording.live) == (
        "tiny",
        "Sottovoce",
        "usb",
        False,
    )
    key = odd.split(b'"')[1].decode()
    assert after[key] == before[key] if name == key else after[key]["how"] == "by thought"
    assert after["prompt"] == "About whales."
    assert settings.load(paths.settings_file()) == loaded.settings


def test_a_value_that_is_not_understood_gives_way_to_what_is_chosen_instead(home):
    paths.settings_file().write_bytes(b'{"quality": "best"}')

    chosen = settings.load(paths.settings_file())
    chosen.quality = "fast"
    settings.save(chosen, paths.settings_file())

    assert settings.load_all(paths.settings_file()) == settings.Loaded(Settings(quality="fast"))


def test_choices_of_a_later_version_are_kept_for_it(home):
    paths.settings_file().write_bytes(
        b'{"model": "tiny", "colour": "mauve", "recording": {"noise": {"less": true}, "live": false}}'
    )

    chosen = settings.load(paths.settings_file())
    chosen.recording.live = True
    settings.save(chosen, paths.settings_file())
    after = json.loads(paths.settings_file().read_bytes())

    assert (after["model"], after["colour"]) == ("tiny", "mauve")
    assert (after["recording"]["noise"], after["recording"]["live"]) == ({"less": True}, True)


def test_a_file_that_cannot_be_read_for_now_is_not_written_over(home):
    paths.settings_file().mkdir()  # stands for a disk that gives an error

    loaded = settings.load_all(paths.settings_file())
    with pytest.raises(OSError):
        settings.save(loaded.settings, paths.settings_file())

    assert isinstance(loaded.trouble, OSError)
    assert loaded.kept_aside is None
    assert paths.settings_file().is_dir()


@given(st.binary(max_size=200))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_stands_in_the_file_the_program_starts(tmp_path, content):
    (tmp_path / "settings.json").write_bytes(content)

    found = settings.load(tmp_path / "settings.json")
    settings.save(found, tmp_path / "settings.json")

    assert settings.load(tmp_path / "settings.json") == found


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
