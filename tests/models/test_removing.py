"""Removing models: what came with Sottovoce stays, what is in use is known, the rest is gone at once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from model_files import copied, cut_short

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress
from desktop_app.models import disk, label, lock, removing, shelf, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.label import Label


def refused(name: str) -> ModelTrouble:
    with pytest.raises(PorterError) as raised:
        removing.remove(name)
    return raised.value.kind


def test_what_is_removed_is_gone_and_its_bytes_are_free(mine):
    folder = copied(mine, paths.models() / "Моя модель")
    label.write(folder, Label())
    size_bytes = shelf.size_of(folder)
    told: list[PorterProgress] = []

    assert removing.remove("Моя модель", told.append) == size_bytes

    assert list(paths.models().iterdir()) == []
    assert told[-1].done == told[-1].total == size_bytes


def test_of_a_link_to_a_model_somewhere_else_only_the_link_goes(mine):
    (paths.models() / "linked").symlink_to(mine)
    assert shelf.find("linked")

    removing.remove("linked")

    assert list(paths.models().iterdir()) == []
    assert (mine / "model.bin").is_file()


def test_a_folder_that_is_no_model_is_left_alone(home):
    taxes = paths.models() / "Taxes"
    taxes.mkdir()
    (taxes / "2025.txt").write_text("mine")

    assert refused("Taxes") is ModelTrouble.NO_SUCH_MODEL
    assert (taxes / "2025.txt").read_text() == "mine"


def test_the_starter_model_stays_where_its_parts_came_with_the_program(home):
    shelf.find("base")

    assert refused("base") is ModelTrouble.READ_ONLY
    assert shelf.find("base")


def test_half_a_download_is_removed_by_its_name(home):
    half = unfinished.folder_of("large-v3")
    (half / "model").mkdir(parents=True)
    (half / "model" / "model.bin").write_bytes(bytes(1000))

    assert removing.remove("large-v3") == 1000
    assert list(paths.models().iterdir()) == []


def test_a_damaged_one_can_be_removed_as_well(home, tiny_en):
    cut_short(copied(tiny_en, paths.models() / "tiny.en") / "model.bin")

    removing.remove("tiny.en")

    assert shelf.on_shelf() == []


def test_what_came_with_the_program_stays_and_the_own_copy_goes(home, environment_models, tiny_en):
    came = copied(tiny_en, environment_models / "tiny.en")
    assert refused("tiny.en") is ModelTrouble.READ_ONLY
    copied(tiny_en, paths.models() / "tiny.en")

    removing.remove("tiny.en")

    assert shelf.find("tiny.en") == came


@pytest.mark.parametrize("name", ["base", "", ".", "..", "../models", ".fetching-small", "a\0b"])
def test_what_is_no_model_is_not_removed(mine, name):
    copied(mine, paths.models() / ".fetching-small")
    before = sorted(paths.home().rglob("*"))

    assert refused(name) is ModelTrouble.NO_SUCH_MODEL
    assert set(before) <= set(paths.home().rglob("*"))


def test_what_a_porter_works_on_is_not_removed(mine, monkeypatch):
    copied(mine, paths.models() / "mine")
    monkeypatch.setattr(lock.on_model.__wrapped__, "__defaults__", (0.0,))  # seconds that are waited for it

    with lock.on_model("mine"):
        assert refused("mine") is ModelTrouble.NAME_TAKEN

    assert shelf.own_copy("mine") is not None


def test_what_a_killed_removal_left_is_deleted_and_never_a_model(mine):
    removing.put_away(copied(mine, paths.models() / "mine"))
    assert shelf.on_shelf() == []

    removing.tidy()

    assert list(paths.models().iterdir()) == []


def test_a_model_is_needed_by_its_name_or_by_its_folder(home):
    own = str(paths.models() / "mine")

    assert removing.is_needed("mine", ["base", "mine"])
    assert removing.is_needed("mine", [own])
    assert not removing.is_needed("mine", ["base", "mine (2)", str(paths.home() / "mine")])


def test_a_folder_that_is_somewhere_else_in_truth_is_not_emptied(mine, monkeypatch):
    """A junction of Windows looks like a folder, but for a tag that only Windows tells."""
    model = copied(mine, paths.models() / "mine")
    inner = copied(mine, model / "somewhere else")
    really = Path.lstat

    def lstat(path: Path) -> object:
        if path not in (inner, *junctions):
            return really(path)
        return SimpleNamespace(st_reparse_tag=0xA0000003, st_mode=really(path).st_mode, st_size=0)

    junctions: list[Path] = []
    monkeypatch.setattr(Path, "lstat", lstat)
    before = {file.name for file in inner.iterdir()}

    disk.remove(model)
    assert {file.name for file in inner.iterdir()} == before
    assert not (model / "model.bin").exists()

    other = copied(mine, paths.models() / "other")
    junctions.append(other)
    disk.remove(other)
    assert {file.name for file in other.iterdir()} == before
