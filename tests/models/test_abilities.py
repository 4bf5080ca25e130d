"""The languages that a model knows, and whether it translates: the catalogue knows better than the tokens."""

from __future__ import annotations

import os
from pathlib import Path

import ctranslate2
import pytest
import random_model
from model_files import copied

from desktop_app import paths
from desktop_app.models import abilities, catalogue, label, shelf
from desktop_app.models.abilities import Abilities, Languages
from desktop_app.models.label import Label

ENGLISH = Abilities(Languages.ENGLISH, can_translate=False)
NO_TRANSLATION = Abilities(Languages.MULTILINGUAL, can_translate=False)


@pytest.fixture
def multilingual(home, tmp_path, base) -> Path:
    """A model with the tokens of all languages, which nobody published. Not to be changed."""
    return random_model.write(tmp_path / "random", base)


def sparse(folder: Path, published: str, like: Path) -> Path:
    """Write a folder with files of the sizes that a published model has, which take no room on the disk."""
    folder.mkdir(parents=True)
    for file in catalogue.published()[published].files:
        with (folder / file.name).open("wb") as opened:
            beginning = (like / file.name).read_bytes() if (like / file.name).is_file() else b"[]"
            opened.write(beginning[: 30 if file.name == "model.bin" else file.size_bytes])
        os.truncate(folder / file.name, file.size_bytes)
    return folder


def test_every_published_model_can_what_its_makers_say():
    can = {name: abilities.of_published(model) for name, model in catalogue.published().items()}

    english = {"tiny.en", "base.en", "small.en", "medium.en", "distil-small.en", "distil-medium.en"}
    assert {name for name, one in can.items() if one.english_only} == english | {"distil-large-v3", "distil-large-v3.5"}
    assert {name for name, one in can.items() if not one.english_only and not one.can_translate} == {"large-v3-turbo"}
    assert not any(one.can_translate for one in can.values() if one.english_only)


def test_we_and_the_engine_agree_on_which_models_know_only_english(base, tiny_en):
    for folder in (base, tiny_en):
        engine = ctranslate2.models.Whisper(str(folder))
        assert abilities.of_folder(folder).english_only == (not engine.is_multilingual)


@pytest.mark.parametrize(
    ("published", "can"),
    [("distil-large-v3", ENGLISH), ("distil-large-v3.5", ENGLISH), ("large-v3-turbo", NO_TRANSLATION)],
)
def test_a_model_on_the_shelf_can_what_it_was_trained_for_and_not_what_it_has_tokens_for(multilingual, published, can):
    folder = copied(multilingual, paths.models() / "as the hub calls it")
    label.write(folder, Label(repo=catalogue.published()[published].repo.upper()))

    model = next(model for model in shelf.on_shelf() if model.folder == folder)

    assert (model.languages, model.can_translate) == (can.languages, can.can_translate)


@pytest.mark.parametrize(
    ("name", "can"),
    [
        ("faster-distil-whisper-large-v2", ENGLISH),
        ("distil-large-v3-ct2", ENGLISH),
        ("distil-large-v3.5-int8", ENGLISH),
        ("models--mobiuslabsgmbh--faster-whisper-large-v3-turbo", NO_TRANSLATION),
        ("whisper-large-v3-turbo-ct2", NO_TRANSLATION),
        ("distil-whisper-large-v3-german-ct2", Abilities()),  # trained further: it knows German
        ("faster-whisper-large-v3-turbo-turkish", Abilities()),
        ("Моя модель", Abilities()),
    ],
)
def test_a_conversion_of_a_known_model_is_known_by_its_name(multilingual, tmp_path, name, can):
    assert abilities.of_folder(copied(multilingual, tmp_path / name)) == can


def test_a_model_trained_further_is_not_taken_for_the_one_with_files_of_the_same_sizes(
    home, tmp_path, base, monkeypatch
):
    folder = sparse(tmp_path / "mein Modell", "distil-large-v3", base)
    monkeypatch.setattr(abilities, "_checksum", lambda file: "0" * 64)  # 1.5 GB of zeros are not to be read here
    other = abilities.of_folder(folder, tokens=51866)
    monkeypatch.setattr(abilities, "_checksum", lambda file: catalogue.published()["distil-large-v3"].model_bin_sha256)
    same = abilities.of_folder(folder, tokens=51866)

    assert (other, same) == (Abilities(), ENGLISH)
