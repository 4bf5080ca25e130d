"""Taking models in from folders and archives: checked, tried, named; nothing half, nothing anywhere else."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import random_model
from model_files import copied, cut_short, flip_a_byte
from tokenizers import Tokenizer

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import catalogue, importing, label, lock, shelf, trial
from desktop_app.models.errors import PorterError


def is_tried(tried: list[Path]) -> Callable[[Path], None]:
    return tried.append


def untried(folder: Path) -> None:
    """Stands in for the backend where it is not the point."""


@pytest.fixture
def random(home, tmp_path, tiny_en) -> Path:
    """A whole model that nobody published. Not to be changed."""
    return random_model.write(tmp_path / "random", tiny_en)


def zipped(folder: Path, archive: Path, inside: str = "", method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(archive, "w", method) as opened:
        for file in folder.iterdir():
            opened.write(file, f"{inside}{file.name}")
    return archive


def there() -> list[str]:
    return sorted(entry.name for entry in paths.models().iterdir())


def refused(source: Path, name: str = "") -> PorterError:
    """Have it refused; nothing of it may lie among the models."""
    with pytest.raises(PorterError) as raised:
        importing.take_in(source, name, try_it=untried)
    assert list(paths.models().iterdir()) == []
    return raised.value


def test_a_model_in_a_folder_is_tried_and_stands_on_the_shelf_with_a_label(random):
    told: list[PorterProgress] = []
    tried: list[Path] = []

    folder = importing.take_in(random, "Meine Stimme", told.append, is_tried(tried))

    assert folder == shelf.find("Meine Stimme") == paths.models() / "Meine Stimme"
    assert [one.name for one in tried] == [".taking-in-Meine Stimme"]
    labelled = label.read(folder)
    assert labelled and {name: file.size_bytes for name, file in labelled.files.items()} == {
        file.name: file.stat().st_size for file in random.iterdir()
    }
    assert {one.stage for one in told} == {PorterStage.COPYING, PorterStage.TRYING}
    assert max(one.done for one in told) == shelf.size_of(random)


@pytest.mark.parametrize(("mels", "decoder", "as_json"), [(80, 2, False), (128, 1, True)])
def test_the_real_backend_hears_with_any_shape_of_whisper(home, tmp_path, base, mels, decoder, as_json):
    source = random_model.write(tmp_path / "Модель", base, mels, encoder=2, decoder=decoder, as_json=as_json)

    folder = importing.take_in(source)

    assert shelf.find("Модель") == folder
    assert (folder / "preprocessor_config.json").is_file() == (mels == 128)


def test_a_model_that_cannot_hear_is_refused_by_the_real_backend(random):
    cut_short(random / "model.bin")

    with pytest.raises(PorterError) as raised:
        importing.take_in(random)

    assert raised.value.kind is ModelTrouble.CANNOT_RUN
    assert list(paths.models().iterdir()) == []


def test_a_backend_that_takes_too_long_is_ended(random):
    with pytest.raises(PorterError) as raised:
        trial.try_it(random, patience=0.01)

    assert raised.value.kind is ModelTrouble.CANNOT_RUN


@pytest.mark.parametrize("inside", ["", "a folder/", "./", "a folder\\"])
def test_an_archive_is_taken_in_whatever_folder_is_in_it(mine, tmp_path, inside):
    archive = zipped(mine, tmp_path / "stimme 1.0.ZIP", inside, zipfile.ZIP_DEFLATED)

    folder = importing.take_in(archive, try_it=untried)

    assert folder.name == "stimme 1.0"
    assert (folder / "vocabulary.txt").read_bytes() == (mine / "vocabulary.txt").read_bytes()


def test_a_folder_with_one_model_in_a_folder_is_taken_in(mine):
    assert importing.take_in(mine.parent, try_it=untried).name == "Мои модели"


def test_links_in_a_folder_are_followed_as_a_hubs_own_programs_make_them(mine, tmp_path):
    linked = tmp_path / "snapshot"
    linked.mkdir()
    for file in mine.iterdir():
        (linked / file.name).symlink_to(file)

    folder = importing.take_in(linked, try_it=untried)

    assert not [file for file in folder.iterdir() if file.is_symlink()]


def test_a_second_one_of_the_same_name_gets_a_number(mine):
    names = [importing.take_in(mine, try_it=untried).name for _ in range(3)]

    assert names == ["mine", "mine (2)", "mine (3)"]


@pytest.mark.parametrize("name", ["base", "Tiny.EN"])
def test_only_a_published_model_has_a_published_name(mine, name):
    assert importing.take_in(mine, name, try_it=untried).name == f"{name} (2)"


@pytest.mark.parametrize("as_archive", [False, True])
def test_a_published_model_gets_its_name_and_its_facts(home, tiny_en, tmp_path, as_archive):
    source = copied(tiny_en, tmp_path / "downloaded somewhere")
    if as_archive:
        source = zipped(source, tmp_path / "some.zip", "x/")

    folder = importing.take_in(source, "some name", try_it=untried)

    labelled = label.read(folder)
    assert folder.name == "tiny.en"
    assert labelled and labelled.revision == catalogue.published()["tiny.en"].revision
    assert [(model.name, model.repo) for model in shelf.installed()] == [("tiny.en", "Systran/faster-whisper-tiny.en")]


def test_a_published_model_that_is_here_is_not_copied_twice(home, tiny_en, tmp_path):
    here = copied(tiny_en, paths.models() / "tiny.en")

    assert importing.take_in(copied(tiny_en, tmp_path / "again"), try_it=untried) == here
    assert there() == ["tiny.en"]


def test_a_published_model_takes_the_place_of_a_damaged_copy(home, tiny_en, tmp_path):
    cut_short(copied(tiny_en, paths.models() / "tiny.en") / "model.bin")

    folder = importing.take_in(copied(tiny_en, tmp_path / "sound"), try_it=untried)

    assert shelf.find("tiny.en") == folder
    assert there() == ["tiny.en"]


def test_one_flipped_byte_makes_it_another_model(home, tiny_en, tmp_path):
    source = copied(tiny_en, tmp_path / "tiny.en")
    flip_a_byte(source / "model.bin")

    assert importing.take_in(source, try_it=untried).name == "tiny.en (2)"


def test_what_is_on_the_shelf_already_is_left_alone(mine):
    here = importing.take_in(mine, try_it=untried)

    assert importing.take_in(here, try_it=untried) == here
    assert there() == ["mine"]


@pytest.mark.parametrize(
    ("file", "said"),
    [("model.bin", "model.bin"), ("config.json", "config.json"), ("vocabulary.txt", "vocabulary.json")],
)
def test_a_folder_that_lacks_a_file_is_refused_and_the_file_is_named(mine, file, said):
    (mine / file).unlink()

    error = refused(mine)

    assert (error.kind, error.detail) == (ModelTrouble.INCOMPLETE, said)


@pytest.mark.parametrize("mels", [80, 128])
def test_what_a_conversion_left_out_is_made_of_what_is_here_and_the_real_backend_hears_with_it(
    home, tmp_path, base, mels
):
    whole = random_model.write(tmp_path / "whole", base, mels)
    source = copied(whole, tmp_path / "converted")
    (source / "tokenizer.json").unlink()
    (source / "preprocessor_config.json").unlink(missing_ok=True)

    folder = importing.take_in(source)

    ours, theirs = (Tokenizer.from_file(str(one / "tokenizer.json")) for one in (folder, whole))
    assert ours.get_vocab() == theirs.get_vocab()
    written = [one.encode(" Grüße, Änne", add_special_tokens=False).ids for one in (ours, theirs)]
    assert written[0] == written[1]
    assert label.read(folder).files.keys() >= {"tokenizer.json"}


def test_a_tokenizer_that_is_made_has_the_tokens_of_the_models_own_vocabulary(home, tmp_path, base):
    source = random_model.write(tmp_path / "v3", base, as_json=True)
    tokens = json.loads((source / "vocabulary.json").read_text(encoding="utf-8"))
    tokens.insert(tokens.index("<|su|>") + 1, "<|yue|>")  # as in large-v3
    (source / "vocabulary.json").write_text(json.dumps(tokens), encoding="utf-8")
    (source / "tokenizer.json").unlink()

    folder = importing.take_in(source, try_it=untried)

    made = Tokenizer.from_file(str(folder / "tokenizer.json"))
    special = ["<|endoftext|>", "<|yue|>", "<|translate|>", "<|notimestamps|>"]
    assert [made.token_to_id(token) for token in special] == [tokens.index(token) for token in special]


def test_where_no_tokenizer_can_be_made_it_is_said_to_be_missing(mine):
    (mine / "tokenizer.json").unlink()  # that of English-only models, of which none is here

    error = refused(mine)

    assert (error.kind, error.detail) == (ModelTrouble.INCOMPLETE, "tokenizer.json")


def cached(model: Path, cache: Path, commit: str = "5d6f1a") -> Path:
    """Write the folder of a model as Hugging Face's own programs keep it."""
    snapshot = cache / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir(exist_ok=True)
    (cache / "refs").mkdir(exist_ok=True)
    (cache / "refs" / "main").write_text(commit, encoding="ascii")
    for number, file in enumerate(sorted(model.iterdir())):
        shutil.copy(file, cache / "blobs" / f"{commit}{number}")
        (snapshot / file.name).symlink_to(f"../../blobs/{commit}{number}")
    return cache


def test_a_folder_of_hugging_faces_cache_is_taken_in_under_its_own_name(mine, tmp_path):
    cache = cached(mine, tmp_path / "models--Somebody--whisper-norsk")
    (cache / "snapshots" / "0ld").mkdir()

    folder = importing.take_in(cache, try_it=untried)

    assert folder.name == "whisper-norsk"
    assert not [file for file in folder.iterdir() if file.is_symlink()]
    assert shelf.find(str(cache)) == cache / "snapshots" / "5d6f1a"
    assert importing.take_in(cache / "snapshots" / "5d6f1a", try_it=untried).name == "whisper-norsk (2)"


def test_the_weights_of_a_whole_folder_stand_for_the_folder(mine):
    assert importing.take_in(mine / "model.bin", try_it=untried).name == "mine"


def written(file: Path, content: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def test_a_model_in_another_programs_form_is_called_what_it_is(mine, tmp_path):
    weights = (mine / "model.bin").read_bytes()
    with zipfile.ZipFile(tmp_path / "small.bin", "w") as saved:  # PyTorch's own files are zip archives
        saved.writestr("archive/data.pkl", b"\x80\x02.")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as packed:
        packed.add(mine, "mine")
    with tarfile.open(tmp_path / "model.tar", "w") as packed:
        packed.add(mine, "mine")
    transformers = written(tmp_path / "hf" / "model.safetensors", b"x").parent
    written(transformers / "config.json", b"{}")
    sources = {
        written(tmp_path / "small.pt", b"\x80\x02\x8a\nl\xfc\x9cF"): ModelTrouble.NOT_CONVERTED,
        tmp_path / "small.bin": ModelTrouble.NOT_CONVERTED,
        written(tmp_path / "pytorch_model.bin", b"x"): ModelTrouble.NOT_CONVERTED,
        transformers: ModelTrouble.NOT_CONVERTED,
        written(tmp_path / "ggml-base.bin", b"lmgg" + bytes(99)): ModelTrouble.FOR_WHISPER_CPP,
        written(tmp_path / "whisper.gguf", b"GGUF" + bytes(99)): ModelTrouble.FOR_WHISPER_CPP,
        tmp_path / "model.tar.gz": ModelTrouble.OTHER_ARCHIVE,
        tmp_path / "model.tar": ModelTrouble.OTHER_ARCHIVE,
        written(tmp_path / "model.7z", b"7z\xbc\xaf\x27\x1c" + bytes(99)): ModelTrouble.OTHER_ARCHIVE,
        written(tmp_path / "alone" / "model.bin", weights): ModelTrouble.WEIGHTS_ALONE,
    }

    said = {source: refused(source).kind for source in sources}

    assert said == sources


def test_weights_of_another_kind_are_refused_before_they_are_copied(mine, monkeypatch):
    (mine / "model.bin").write_bytes(b"PK\x03\x04" * 100)
    monkeypatch.setattr(importing.disk, "copy", lambda *_: pytest.fail("copied"))

    assert refused(mine).kind is ModelTrouble.NOT_A_MODEL


def test_two_models_in_one_archive_are_refused(mine, tmp_path):
    archive = zipped(mine, tmp_path / "two.zip", "a/")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.write(mine / "model.bin", "b/model.bin")

    assert refused(archive).kind is ModelTrouble.NOT_A_MODEL


def test_a_file_that_is_in_the_archive_twice_is_refused(mine, tmp_path):
    archive = zipped(mine, tmp_path / "twice.zip")
    with pytest.warns(UserWarning), zipfile.ZipFile(archive, "a") as opened:
        opened.write(mine / "config.json", "config.json")

    assert refused(archive).kind is ModelTrouble.NOT_A_MODEL


def test_nothing_of_an_archive_lands_outside_of_the_models_folder(mine, tmp_path):
    archive = tmp_path / "deep" / "evil.zip"
    archive.parent.mkdir()
    zipped(mine, archive, "../")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("../../evil.txt", "evil")
        opened.writestr("/tmp/evil.txt", "evil")
    before = sorted(tmp_path.rglob("*"))

    folder = importing.take_in(archive, try_it=untried)

    assert folder == paths.models() / "evil"
    new = set(tmp_path.rglob("*")) - set(before)
    assert all(file.is_relative_to(paths.home()) for file in new)
    assert not Path("/tmp/evil.txt").exists()


def test_a_link_in_an_archive_is_no_file_of_a_model(mine, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("{}", encoding="utf-8")
    (mine / "config.json").unlink()
    archive = zipped(mine, tmp_path / "link.zip")
    with zipfile.ZipFile(archive, "a") as opened:
        link = zipfile.ZipInfo("config.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, str(secret))

    assert refused(archive).kind is ModelTrouble.INCOMPLETE


def test_a_file_that_unpacks_to_more_than_it_says_is_refused(mine, tmp_path):
    archive = zipped(mine, tmp_path / "bomb.zip", method=zipfile.ZIP_DEFLATED)
    content, size = archive.read_bytes(), (mine / "tokenizer.json").stat().st_size
    archive.write_bytes(content.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))

    assert refused(archive).kind is ModelTrouble.ARCHIVE_BROKEN


def test_a_small_file_of_enormous_size_is_refused(mine, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "LARGEST_SMALL_FILE", 1_000_000)

    assert refused(zipped(mine, tmp_path / "bomb.zip")).kind is ModelTrouble.NOT_A_MODEL


def test_what_has_no_room_is_not_begun(mine, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 4096, 4096))

    error = refused(zipped(mine, tmp_path / "large.zip"))

    assert error.kind is ModelTrouble.DISK_FULL
    assert error.needed_bytes > shelf.size_of(mine) > error.free_bytes == 4096


@pytest.mark.parametrize("harm", ["cut", "flipped", "no archive", "empty", "locked"])
def test_an_archive_that_cannot_be_read_is_refused(mine, tmp_path, harm):
    archive = zipped(mine, tmp_path / "harmed.zip", method=zipfile.ZIP_DEFLATED)
    if harm == "cut":
        os.truncate(archive, archive.stat().st_size // 2)
    elif harm == "flipped":
        flip_a_byte(archive)
    elif harm == "locked":
        archive.write_bytes(_with_flag(archive.read_bytes()))
    else:
        archive.write_bytes(b"" if harm == "empty" else b"hello" * 1000)

    assert refused(archive).kind is ModelTrouble.ARCHIVE_BROKEN


def test_what_is_not_there_cannot_be_read(home, tmp_path):
    assert refused(tmp_path / "nowhere").kind is ModelTrouble.NO_SUCH_MODEL


@pytest.mark.parametrize("name", ["...", " / ", "\x00", "."])
def test_a_name_without_a_letter_is_refused(mine, name):
    assert refused(mine, name).kind is ModelTrouble.NAME_WRONG


def test_a_model_that_cannot_be_used_leaves_nothing(mine):
    def cannot(folder: Path) -> None:
        raise PorterError(ModelTrouble.CANNOT_RUN)

    with pytest.raises(PorterError):
        importing.take_in(mine, try_it=cannot)

    assert list(paths.models().iterdir()) == []


def test_what_a_killed_porter_left_is_cleared_away_but_not_what_is_being_taken_in(mine):
    left = copied(mine, paths.models() / ".taking-in-left")

    with lock.on_model(".taking-in-"), pytest.raises(PorterError):
        importing.tidy()
    assert left.exists()

    importing.tidy()
    assert not left.exists()


def _with_flag(archive: bytes) -> bytes:
    """Return the archive with every member marked as locked by a password."""
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := archive.find(mark, at + 1)) >= 0:
            archive = archive[: at + place] + bytes([archive[at + place] | 1]) + archive[at + place + 1 :]
    return archive
