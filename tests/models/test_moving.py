"""Moving the folder of the models: whoever is killed, or runs out of room, has lost nothing."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from model_files import copied

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress
from desktop_app.models import disk, importing, lock, moving, shelf, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.listing import Listing
from desktop_app.models.unfinished import DownloadNote

MOVE_AND_STOP = """
import sys, time
from pathlib import Path
from desktop_app.models import disk, moving

left = int(sys.argv[2])

def stop(*arguments):
    global left
    left -= 1
    if left == 0:
        print("stopped", flush=True)
        time.sleep(120)
    return before(*arguments)

name = sys.argv[3]
before = getattr(disk, name)
setattr(disk, name, stop)
moving._can_link = lambda *_: False
moving.move(Path(sys.argv[1]))
"""


@pytest.fixture
def two(mine) -> list[str]:
    """Two models, and half of a third, in the folder of the models."""
    for name in ("Моя модель", "mine"):
        importing.take_in(mine, name, try_it=lambda folder: None)
    half = unfinished.folder_of("small")
    (half / "model").mkdir(parents=True)
    (half / "model" / "model.bin").write_bytes(b"half of it")
    unfinished.write(half, DownloadNote("small", "a/small", "", "", Listing("a/small", "1", ())))
    return ["mine", "Моя модель"]


@pytest.fixture(params=["linked", "copied"])
def way(request, monkeypatch) -> str:
    """On the same disk, and as if it were another one."""
    if request.param == "copied":
        monkeypatch.setattr(moving, "_can_link", lambda *_: False)
    return str(request.param)


def names() -> list[str]:
    return [model.name for model in shelf.installed()]


def content(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != ".moved.json")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("name", ["elsewhere", "дом/с пробелом", "C:\\Users\\Jürgen", "a/b/c"])
def test_the_models_are_moved_with_half_downloads_and_found_again(two, way, tmp_path, name):
    before, target = content(paths.models()), tmp_path / name
    old = paths.models()
    told: list[PorterProgress] = []

    assert moving.move(target, told.append) == target == paths.models()

    assert content(target) == before
    assert names() == two
    assert [half.name for half in unfinished.downloads()] == ["small"]
    assert not old.exists()
    assert told[-1].done == told[-1].total > 0


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="their names are always Unicode")
def test_a_folder_whose_name_is_not_unicode_is_found_again(two, tmp_path):
    target = tmp_path / os.fsdecode(b"caf\xe9")

    moving.move(target)

    assert paths.models() == target
    assert names() == two


def test_what_else_lies_there_stays_there_and_the_models_get_a_folder_of_their_own(two, tmp_path):
    documents = tmp_path / "Documents"
    (documents / "Interviews").mkdir(parents=True)
    (documents / "Interviews" / "a.txt").write_text("mine")

    there = moving.move(documents)

    assert there == documents / "Sottovoce models" == paths.models()
    assert names() == two
    (there / "Taxes").mkdir()

    moving.move(tmp_path / "stick")

    assert names() == two
    assert (documents / "Interviews" / "a.txt").read_text() == "mine"
    assert (there / "Taxes").is_dir()
    assert not (tmp_path / "stick" / "Taxes").exists()


def test_back_in_the_home_nothing_points_elsewhere_any_more(two, way, tmp_path):
    home = paths.models()
    moving.move(tmp_path / "elsewhere")

    moving.move(home)

    assert paths.models() == home
    assert names() == two
    assert not paths.models_pointer().exists()
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_a_link_to_another_place_stays_one(two, way, mine, tmp_path):
    (paths.models() / "linked").symlink_to(mine)
    (paths.models() / "mine" / "vocabulary.txt").unlink()
    (paths.models() / "mine" / "vocabulary.txt").symlink_to(mine / "vocabulary.txt")

    moving.move(tmp_path / "elsewhere")

    assert names() == ["linked", *two]
    assert (tmp_path / "elsewhere" / "linked").is_symlink()
    assert (mine / "model.bin").is_file()


def test_where_other_things_are_they_stay(two, way, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "holiday.jpg").write_bytes(b"jpg")

    moving.move(tmp_path / "disk")
    moving.move(tmp_path / "another")

    assert [file.name for file in (tmp_path / "disk").iterdir()] == ["holiday.jpg"]
    assert names() == two


def test_models_of_the_same_name_are_not_overwritten(two, mine, tmp_path):
    other = copied(mine, tmp_path / "disk" / "MINE")

    with pytest.raises(PorterError) as raised:
        moving.move(tmp_path / "disk")

    assert raised.value.kind is ModelTrouble.NAME_TAKEN
    assert content(other) == content(mine)
    assert names() == two
    assert [entry.name for entry in (tmp_path / "disk").iterdir()] == ["MINE"]


def test_models_of_other_names_are_found_together(two, mine, tmp_path):
    copied(mine, tmp_path / "disk" / "another")

    moving.move(tmp_path / "disk")

    assert names() == ["another", *two]


@pytest.mark.parametrize("inside", ["", "new", "mine/new"])
def test_the_folder_is_not_moved_into_itself(two, inside):
    where = paths.models() / inside

    if inside:
        with pytest.raises(PorterError) as raised:
            moving.move(where)
        assert raised.value.kind is ModelTrouble.NAME_WRONG
        assert not where.exists()
    else:
        moving.move(where)

    assert names() == two


def test_what_has_no_room_is_not_begun(two, tmp_path, monkeypatch):
    monkeypatch.setattr(moving, "_can_link", lambda *_: False)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 4096, 4096))

    with pytest.raises(PorterError) as raised:
        moving.move(tmp_path / "small disk")

    assert raised.value.kind is ModelTrouble.DISK_FULL
    assert names() == two
    assert list((tmp_path / "small disk").iterdir()) == []


@pytest.mark.parametrize("copies", [0, 2, 7])
def test_a_disk_that_fills_up_meanwhile_leaves_all_as_it_was(two, tmp_path, monkeypatch, copies):
    monkeypatch.setattr(moving, "_can_link", lambda *_: False)
    real, done = disk.copy, []

    def fills_up(*arguments):
        if len(done) == copies:
            raise PorterError(ModelTrouble.DISK_FULL, os.strerror(errno.ENOSPC))
        done.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(disk, "copy", fills_up)
    before = content(paths.models())

    with pytest.raises(PorterError):
        moving.move(tmp_path / "elsewhere")

    assert content(paths.models()) == before
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no such folders")
def test_where_nothing_can_be_written_all_stays_as_it_was(two):
    with pytest.raises(PorterError) as raised:
        moving.move(Path("/proc/models"))

    assert raised.value.kind is ModelTrouble.CANNOT_WRITE
    assert names() == two


def test_while_a_porter_works_nothing_is_moved(two, tmp_path):
    with lock.on_model("mine"), pytest.raises(PorterError) as raised:
        moving.move(tmp_path / "elsewhere")

    assert raised.value.kind is ModelTrouble.IN_USE
    assert names() == two


@pytest.mark.parametrize(("calls", "function"), [(1, "copy"), (6, "copy"), (1, "flush"), (4, "flush"), (2, "remove")])
def test_after_a_kill_nothing_is_lost_and_it_can_be_done_again(two, tmp_path, calls, function):
    before, old, target = content(paths.models()), paths.models(), tmp_path / "elsewhere"
    child = [sys.executable, "-c", MOVE_AND_STOP, str(target), str(calls), function]
    with subprocess.Popen(child, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout and process.stdout.readline() == "stopped\n"
        process.kill()
    assert names() == two

    moving.move(target)

    assert content(target) == before
    assert names() == two
    assert not old.exists()
    assert not [entry for entry in target.iterdir() if entry.name.startswith(".mov")]


def test_what_a_killed_move_did_not_remove_is_removed_later(two, tmp_path):
    old, target = paths.models(), tmp_path / "elsewhere"
    child = [sys.executable, "-c", MOVE_AND_STOP, str(target), "2", "remove"]
    with subprocess.Popen(child, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout and process.stdout.readline() == "stopped\n"
        process.kill()
    assert (old / "mine").exists()

    moving.tidy()

    assert not old.exists()
    assert names() == two


def test_what_a_killed_move_has_brought_to_the_new_place_is_removed_later(two, tmp_path):
    target = tmp_path / "elsewhere"
    child = [sys.executable, "-c", MOVE_AND_STOP, str(target), "6", "copy"]
    with subprocess.Popen(child, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout and process.stdout.readline() == "stopped\n"
        process.kill()
    target.rename(tmp_path / "unplugged")
    moving.tidy()
    (tmp_path / "unplugged").rename(target)
    assert len(list(target.iterdir())) > 1

    moving.tidy()

    assert list(target.iterdir()) == []
    assert names() == two
    assert not list(paths.home().glob("models-on*"))


def test_what_a_killed_move_has_brought_to_one_place_is_removed_when_another_is_wanted(two, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    child = [sys.executable, "-c", MOVE_AND_STOP, str(first), "6", "copy"]
    with subprocess.Popen(child, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout and process.stdout.readline() == "stopped\n"
        process.kill()

    moving.move(second)
    moving.tidy()

    assert list(first.iterdir()) == []
    assert paths.models() == second
    assert names() == two


def test_what_another_program_has_brought_there_stays(two, tmp_path):
    moving.move(tmp_path / "theirs")
    theirs = moving._Note(os.fsencode(tmp_path / "somewhere"), (b"mine",))
    (tmp_path / "theirs" / moving._NOTE).write_bytes(msgspec.json.encode(theirs))
    paths.models_pointer().unlink()

    moving.give_up(tmp_path / "theirs")

    assert (tmp_path / "theirs" / "mine").is_dir()


def test_what_a_cancelled_move_left_is_removed(two, tmp_path):
    target = tmp_path / "elsewhere"
    child = [sys.executable, "-c", MOVE_AND_STOP, str(target), "6", "copy"]
    with subprocess.Popen(child, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout and process.stdout.readline() == "stopped\n"
        process.kill()

    moving.give_up(target)

    assert list(target.iterdir()) == []
    assert names() == two


def test_a_folder_that_is_away_is_not_made_and_has_no_models(two, tmp_path):
    moving.move(tmp_path / "disk" / "models")
    (tmp_path / "disk").rename(tmp_path / "unplugged")

    assert names() == []
    assert not shelf.folder_is_there()
    assert not (tmp_path / "disk").exists()

    (tmp_path / "unplugged").rename(tmp_path / "disk")
    assert names() == two


def test_with_the_old_disk_away_one_can_begin_in_a_new_folder(two, tmp_path):
    moving.move(tmp_path / "disk")
    (tmp_path / "disk").rename(tmp_path / "unplugged")

    moving.move(tmp_path / "new")

    assert paths.models() == tmp_path / "new"
    assert shelf.folder_is_there()
    assert [entry.name for entry in (tmp_path / "unplugged").iterdir()] != []
