"""Reading every byte of a model: one that is not as it should be is not used until it is."""

from __future__ import annotations

import pytest
from model_files import copied, cut_short, flip_a_byte

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import importing, label, shelf, verifying
from desktop_app.models.errors import ModelBroken, PorterError
from desktop_app.models.label import Label, LabelledFile


def refused(name: str) -> PorterError:
    with pytest.raises(PorterError) as raised:
        verifying.verify(name)
    return raised.value


def test_a_sound_published_model_is_told_so(home, tiny_en):
    copied(tiny_en, paths.models() / "tiny.en")
    told: list[PorterProgress] = []

    model = verifying.verify("tiny.en", told.append)

    assert (model.name, model.damaged, model.repo) == ("tiny.en", "", "Systran/faster-whisper-tiny.en")
    read = shelf.size_of(tiny_en)
    assert told[-1] == PorterProgress(PorterStage.CHECKING, read, read)


def test_one_flipped_byte_is_found_and_the_model_is_refused_until_it_is_put_right(home, tiny_en):
    folder = copied(tiny_en, paths.models() / "tiny.en")
    flip_a_byte(folder / "model.bin")
    assert shelf.find("tiny.en") == folder  # nothing can be seen without reading it all

    assert refused("tiny.en").kind is ModelTrouble.DAMAGED
    with pytest.raises(ModelBroken, match="published"):
        shelf.find("tiny.en")
    assert shelf.installed() == []
    assert [model.damaged for model in shelf.on_shelf()] == ["model.bin is not what was published"]

    flip_a_byte(folder / "model.bin")
    assert verifying.verify("tiny.en").damaged == ""
    assert shelf.find("tiny.en") == folder


@pytest.mark.parametrize("file", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_a_model_of_the_users_own_is_compared_with_what_it_was_when_it_came(mine, file):
    folder = importing.take_in(mine, try_it=lambda folder: None)
    with (folder / file).open("ab") as content:
        content.write(b" ")

    error = refused("mine")

    assert (error.kind, file in error.detail) == (ModelTrouble.DAMAGED, True)


def test_what_was_put_there_by_hand_gets_a_label_and_later_changes_are_found(mine):
    folder = copied(mine, paths.models() / "by hand")

    verifying.verify("by hand")
    assert label.read(folder) is not None
    flip_a_byte(folder / "vocabulary.txt")

    assert refused("by hand").kind is ModelTrouble.DAMAGED


def test_a_short_file_is_found_without_reading_the_rest(home, tiny_en):
    cut_short(copied(tiny_en, paths.models() / "tiny.en") / "model.bin")

    assert "bytes instead of" in refused("tiny.en").detail


def test_a_damaged_model_that_came_with_the_program_is_told_and_not_written_to(home, environment_models, tiny_en):
    folder = copied(tiny_en, environment_models / "tiny.en")
    flip_a_byte(folder / "model.bin")

    assert refused("tiny.en").kind is ModelTrouble.DAMAGED
    assert label.read(folder) is None


def test_what_is_not_there_cannot_be_checked(home):
    assert refused("large-v3").kind is ModelTrouble.NO_SUCH_MODEL


def test_a_damaged_own_copy_gives_way_to_one_that_came_with_the_program(home, environment_models, tiny_en):
    came = copied(tiny_en, environment_models / "tiny.en")
    own = copied(tiny_en, paths.models() / "tiny.en")
    label.write(own, Label(damaged="one byte"))

    assert shelf.find("tiny.en") == came
    assert [(model.folder, model.damaged) for model in shelf.on_shelf()] == [(came, "")]


def test_a_label_is_read_as_it_was_written(tmp_path):
    written = Label("a/b", "0123", {"model.bin": LabelledFile(3, "ab")}, 5.0, "a byte")

    label.write(tmp_path, written)

    assert label.read(tmp_path) == written
    assert [file.name for file in tmp_path.iterdir()] == [label.FILE]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"files": 3}', b'{"a":' * 9999])
def test_a_label_that_cannot_be_read_is_none(tmp_path, content):
    (tmp_path / label.FILE).write_bytes(content)

    assert label.read(tmp_path) is None
