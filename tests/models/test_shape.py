"""What is inside a model, and what that costs."""

from __future__ import annotations

import pytest
from model_files import copied

from desktop_app.models import catalogue, shape


def test_the_shape_of_a_model_is_read_from_its_weights(base, tiny_en):
    assert shape.of_folder(base) == shape.of_published("base")
    assert shape.of_folder(tiny_en) == shape.of_published("tiny.en")


@pytest.mark.parametrize("name", sorted(catalogue.published()))
def test_every_published_model_has_as_many_weights_as_its_shape_says(name):
    model, its = catalogue.published()[name], shape.of_published(name)

    assert its is not None
    assert its.weights == pytest.approx(model.parameters_m * 1e6, rel=0.07)


def test_a_file_that_is_cut_in_its_head_or_is_something_else_has_no_shape(tmp_path, tiny_en):
    folder = tmp_path / "cut"
    folder.mkdir()
    head = (tiny_en / "model.bin").read_bytes()[:5000]
    for content in (b"", head[:3], head[:40], head, b"\0" * 1000, b"\xff" * 1000):
        (folder / "model.bin").write_bytes(content)

        assert shape.of_folder(folder) is None
    assert shape.of_folder(tmp_path / "nothing") is None


def test_a_copy_in_a_folder_of_any_name_has_the_same_shape(tmp_path, tiny_en):
    assert shape.of_folder(copied(tiny_en, tmp_path / "Модель für 猫")) == shape.of_published("tiny.en")
