"""Finding the models on a machine, and telling the sound ones from the others. With real weights."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from model_files import copied, cut_short

from desktop_app import paths
from desktop_app.messages import Failure
from desktop_app.models import abilities, shelf, starter
from desktop_app.models.errors import ModelNoRoom, ModelsAway
from desktop_app.models.shelf import Languages, ModelBroken, ModelMissing


def test_a_new_home_holds_no_models(home):
    assert shelf.installed() == []


def test_a_model_that_is_nowhere_is_missing(home):
    with pytest.raises(ModelMissing) as raised:
        shelf.find("large-v3")

    assert raised.value.kind is Failure.MODEL_MISSING
    assert raised.value.name == "large-v3"


@pytest.mark.parametrize("name", ["", "a\0b", "é" * 300, "../base", "/nowhere/base"])
def test_an_odd_name_is_a_missing_model(home, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ModelMissing):
        shelf.find(name)


@pytest.mark.parametrize("name", ["home", "дом с пробелом", "Bücher 日本語"])
def test_the_starter_model_is_put_together_in_a_home_of_any_name(home, monkeypatch, name):
    monkeypatch.setenv("SOTTOVOCE_HOME", str(home.with_name(name)))

    folder = shelf.find("base")

    assert folder == home.with_name(name) / "models" / "base"
    assert [(model.name, model.languages, model.read_only) for model in shelf.installed()] == [
        ("base", Languages.MULTILINGUAL, True)  # removed, it would be put together again
    ]


def test_without_its_parts_the_starter_model_is_missing(home, monkeypatch):
    monkeypatch.setattr(starter, "parts_are_here", lambda: False)

    with pytest.raises(ModelMissing):
        shelf.find("base")


@pytest.mark.parametrize(("trouble", "refused"), [(errno.ENOSPC, ModelNoRoom), (errno.EIO, ModelBroken)])
def test_a_starter_model_that_cannot_be_written_is_refused_for_the_right_reason(home, monkeypatch, trouble, refused):
    def fail(into):
        raise OSError(trouble, os.strerror(trouble))

    monkeypatch.setattr(starter, "join", fail)

    with pytest.raises(refused, match=os.strerror(trouble)):
        shelf.find("base")


def test_a_model_that_came_with_the_program_is_used_where_it_lies(home, environment_models, base):
    folder = copied(base, environment_models / "base")

    assert shelf.find("base") == folder
    assert [(model.name, model.folder, model.read_only) for model in shelf.installed()] == [("base", folder, True)]
    assert list(paths.models().iterdir()) == []


def test_the_users_own_copy_goes_before_the_one_that_came_with_the_program(home, environment_models, tiny_en):
    copied(tiny_en, environment_models / "tiny.en")
    own = copied(tiny_en, paths.models() / "tiny.en")

    assert shelf.find("tiny.en") == own
    assert [(model.folder, model.read_only) for model in shelf.installed()] == [(own, False)]


def test_a_broken_own_copy_gives_way_to_a_sound_one(home, environment_models, tiny_en):
    sound = copied(tiny_en, environment_models / "tiny.en")
    cut_short(copied(tiny_en, paths.models() / "tiny.en") / "model.bin")

    assert shelf.find("tiny.en") == sound
    assert [model.folder for model in shelf.installed()] == [sound]


@pytest.mark.parametrize("file", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_a_published_model_with_a_short_file_is_refused(home, tiny_en, file):
    cut_short(copied(tiny_en, paths.models() / "tiny.en") / file)

    with pytest.raises(ModelBroken, match=file) as raised:
        shelf.find("tiny.en")

    assert raised.value.kind is Failure.MODEL_BROKEN
    assert shelf.installed() == []


@pytest.mark.parametrize("file", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
@pytest.mark.parametrize("harm", ["gone", "empty", "a folder"])
def test_a_folder_that_lacks_a_file_is_no_model(mine, file, harm):
    (mine / file).unlink()
    if harm == "empty":
        (mine / file).touch()
    elif harm == "a folder":
        (mine / file).mkdir()

    with pytest.raises(ModelBroken):
        shelf.find(str(mine))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.bin", b"PK\x03\x04" * 100),
        ("config.json", b"{"),
        ("config.json", b"\xff\xfe"),
        ("config.json", b'{"a":' * 9999),
    ],
    ids=lambda content: ascii(content[:10]),
)
def test_a_file_of_another_kind_is_told_from_a_model(mine, file, content):
    (mine / file).write_bytes(content)

    with pytest.raises(ModelBroken):
        shelf.find(str(mine))


def test_a_file_given_for_a_folder_is_refused(home, tiny_en):
    with pytest.raises(ModelBroken, match="not a folder"):
        shelf.find(str(tiny_en / "config.json"))


def test_a_model_anywhere_is_found_by_its_path(mine, monkeypatch):
    monkeypatch.chdir(mine.parent)

    assert shelf.find(str(mine)) == mine
    assert shelf.find("mine") == mine


def test_a_model_of_the_users_own_stands_on_the_shelf_under_its_folders_name(mine):
    copied(mine, paths.models() / "Моя модель")

    assert [model.name for model in shelf.installed()] == ["Моя модель"]
    assert shelf.find("Моя модель") == paths.models() / "Моя модель"


def test_what_lies_beside_the_models_is_no_model(mine):
    (paths.models() / "notes.txt").write_text("not a model", encoding="utf-8")
    (paths.models() / "empty").mkdir()
    copied(mine, paths.models() / ".unfinished")

    assert shelf.installed() == []


def test_the_newer_form_of_the_vocabulary_is_read_too(mine, base):
    tokens = (base / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    (mine / "vocabulary.json").write_text(json.dumps(tokens), encoding="utf-8")
    (mine / "vocabulary.txt").unlink()

    assert shelf.find(str(mine)) == mine
    assert not abilities.of_folder(mine).english_only


def test_the_shelf_tells_what_a_model_takes_and_where_it_is_from(mine, tiny_en):
    copied(tiny_en, paths.models() / "tiny.en")
    copied(mine, paths.models() / "mine")
    cut_short(copied(tiny_en, paths.models() / "base.en") / "model.bin")

    known = {model.name: model for model in shelf.on_shelf()}

    assert known["tiny.en"].size_bytes == sum(file.stat().st_size for file in tiny_en.iterdir())
    assert (known["tiny.en"].repo, known["mine"].repo) == ("Systran/faster-whisper-tiny.en", "")
    assert [name for name, model in known.items() if model.damaged] == ["base.en"]


def test_where_the_disk_of_the_models_is_away_none_is_made_nor_put_together(home, tmp_path):
    paths.models_pointer().write_bytes(b"%s/unplugged/models" % str(tmp_path).encode())

    with pytest.raises(ModelsAway):
        shelf.find("base")

    assert shelf.on_shelf() == []
    assert not (tmp_path / "unplugged").exists()


def test_the_vocabulary_of_each_model_is_read_once(mine, monkeypatch):
    for number in range(3):
        copied(mine, paths.models() / f"mine {number}")
    read: list[Path] = []
    really = abilities.count_tokens
    monkeypatch.setattr(abilities, "count_tokens", lambda folder: read.append(folder) or really(folder))

    assert len(shelf.on_shelf()) == len(read) == 3
