"""What models are called: names that every system can have as a folder, each only once."""

from __future__ import annotations

import pytest
from model_files import copied

from desktop_app import paths
from desktop_app.messages import ModelTrouble
from desktop_app.models import catalogue, label, names, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.label import Label
from desktop_app.models.unfinished import DownloadNote


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Моя модель", "Моя модель"),
        ("日本語 モデル", "日本語 モデル"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc", "etc"),
        (".hidden", "hidden"),
        ("ends with dots... ", "ends with dots"),
        ("line\nbreak\x7f", "line-break"),
        ("CON", "CON model"),
        ("lpt1.zip", "lpt1.zip model"),
        ("caf\udce9", "caf"),
        ("u\u0308ber", "über"),
        ("ж" * 200, "ж" * 90),
    ],
)
def test_any_name_becomes_one_that_every_system_can_have(home, wanted, name):
    assert names.safe(wanted) == name
    (home / name).mkdir(parents=True)


def test_a_name_is_taken_whatever_its_capitals(mine):
    copied(mine, paths.models() / "Mine")

    assert names.free("mine") == "mine (2)"
    assert names.free("Large-V3") == "Large-V3 (2)"


def test_what_is_being_fetched_has_its_name_already(home):
    half_fetched("somebody/foo")

    assert names.free("Foo") == "Foo (2)"


def test_another_model_of_the_name_of_one_half_fetched_gets_another_name(home):
    half_fetched("somebody/foo")

    assert names.of_repository("Somebody/foo") == "foo"
    assert names.of_repository("another/foo") == "foo (another)"


def test_another_model_of_the_name_of_one_that_is_wanted_gets_another_name_or_none(home):
    assert names.of_repository("another/foo", "", {"foo": "somebody/foo"}) == "foo (another)"
    assert names.of_repository("another/foo", "", {"foo": "somebody/foo", "foo (another)": "another/foo"}) == (
        "foo (another)"
    )
    (paths.models() / "foo (another)").mkdir()
    with pytest.raises(PorterError) as raised:
        names.of_repository("another/foo", "", {"foo": "somebody/foo"})
    assert raised.value.kind is ModelTrouble.NAME_TAKEN


def half_fetched(repo: str) -> None:
    name = repo.partition("/")[2]
    folder = unfinished.folder_of(name)
    folder.mkdir(parents=True)
    unfinished.write(folder, DownloadNote(name, repo, "", ""))


@pytest.mark.parametrize("words", ["", "base", "a/b/c", "a b/c", "../x", "a/..", "/b", "a/", "ä/b", "a/b\n"])
def test_what_is_no_repository_is_refused(home, words):
    assert not names.is_repository(words)
    with pytest.raises(PorterError) as raised:
        names.of_repository(words)
    assert raised.value.kind is ModelTrouble.NAME_WRONG


@pytest.mark.parametrize(
    "typed",
    [
        " a/b-c ",
        "https://huggingface.co/a/b-c",
        "https://huggingface.co/a/b-c/tree/main?x=y#z",
        "http://127.0.0.1:8000/a/b-c/",
    ],
)
def test_an_address_that_was_pasted_is_understood(typed):
    assert names.repository_in(typed) == "a/b-c"


def test_a_published_models_repository_gives_its_name_unless_another_revision_is_wanted(home):
    small = catalogue.published()["small"]

    assert names.of_repository(small.repo.upper()) == "small"
    assert names.of_repository(small.repo, small.revision) == "small"
    assert names.of_repository(small.repo, "main") == "faster-whisper-small"


def test_two_models_of_one_name_by_different_owners_are_told_apart(mine):
    label.write(copied(mine, paths.models() / "whisper-fr"), Label("somebody/whisper-fr"))

    assert names.of_repository("somebody/whisper-fr") == "whisper-fr"
    assert names.of_repository("another/whisper-fr") == "whisper-fr (another)"
    assert names.of_repository("another/tiny") == "tiny (another)"


def test_where_a_model_came_from_is_known_by_its_label_or_the_catalogue(mine):
    label.write(copied(mine, paths.models() / "fr"), Label("somebody/whisper-fr", "0123"))
    copied(mine, paths.models() / "mine")

    assert names.origin("fr") == ("somebody/whisper-fr", "0123")
    assert names.origin("small")[0] == "Systran/faster-whisper-small"
    with pytest.raises(PorterError):
        names.origin("mine")
