"""The GPU pack as a porter installs and removes it, whatever the network, the archive and the disk do."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from little_packs import (
    A_LIBRARY,
    ANOTHER,
    REPOSITORY,
    REVISION,
    gpu_pack,
    library,
    little_pack,
    porter_program,
    started,
    told,
    wheel,
)
from models.hub_server import Fault, HubServer

from desktop_app import paths
from desktop_app.messages import (
    InstallCardPack,
    LibraryFound,
    ModelTrouble,
    PorterDone,
    PorterEvent,
    PorterFailed,
    PorterProgress,
    PorterStage,
    RemoveCardPack,
    porter_event_from,
)
from desktop_app.models.errors import PorterError
from desktop_app.upkeep import pack_installing, pack_removing, packs
from desktop_app.upkeep.packs import Pack

ROOT = Path(__file__).parents[2]
SLOW = Fault(pause=0.02)  # seconds a block of 64 KB: the archive takes a second


@pytest.fixture(autouse=True)
def little_patience(home, monkeypatch, no_proxies) -> None:
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "0.005")


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def pack(tmp_path, hub, monkeypatch) -> Pack:
    """A little pack that is published, and that the program knows."""
    made = little_pack(tmp_path, at=hub.url)
    hub.publish(REPOSITORY, REVISION, {made.archive: tmp_path / made.archive})
    monkeypatch.setattr(packs, "published", lambda: (made,))
    return made


@pytest.fixture
def archive(tmp_path, pack) -> Path:
    return tmp_path / pack.archive


@pytest.fixture
def porter(tmp_path, pack) -> list[str]:
    return porter_program(tmp_path, pack)


def last(program: list[str], command: InstallCardPack | RemoveCardPack) -> PorterEvent:
    return told(program, command)[-1]


def install_from(file: Path) -> InstallCardPack:
    return InstallCardPack(os.fsencode(file))


def files_in(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def is_installed(pack: Pack) -> bool:
    """Tell whether all of the pack is there, and nothing else."""
    there = files_in(paths.card_libraries())
    wanted = {file.name: file.sha256 for file in pack.content.files}
    below = f"nvidia/pack-{pack.content.version}/"
    found = {name.removeprefix(below): hashlib.sha256(content).hexdigest() for name, content in there.items()}
    return found.pop(packs.RECORD, None) is not None and found == wanted


def is_nothing_left() -> bool:
    return not paths.card_libraries().exists()


# --- it comes --------------------------------------------------------------------------------------------------------


def test_it_is_downloaded_checked_and_unpacked_where_the_backend_looks(hub, pack, porter):
    *progress, done = told(porter, InstallCardPack())

    folder = paths.card_libraries() / "nvidia" / "pack-12.9.1.4"
    assert done == PorterDone("12.9.1.4", os.fsencode(folder), pack.content.size_bytes)
    assert is_installed(pack)
    assert [asked.path for asked in hub.requests] == [f"/{REPOSITORY}/resolve/{REVISION}/{pack.archive}"]
    assert [stage for stage in PorterStage if stage in {told.stage for told in progress}] == [
        PorterStage.FETCHING,
        PorterStage.UNPACKING,
    ]
    ends = {told.stage: (told.done, told.total) for told in progress}
    assert ends[PorterStage.FETCHING] == (pack.size_bytes, pack.size_bytes)
    assert ends[PorterStage.UNPACKING] == (pack.content.size_bytes, pack.content.size_bytes)
    assert packs.here() == packs.Here(pack, packs.InstalledPack("12.9.1.4", folder, pack.content.size_bytes), 0)


def test_from_a_file_the_network_is_not_asked_and_the_file_stays(hub, pack, porter, archive):
    before = archive.read_bytes()

    done = last(porter, install_from(archive))

    assert isinstance(done, PorterDone)
    assert is_installed(pack)
    assert (archive.read_bytes(), hub.requests) == (before, [])


@pytest.mark.skipif(sys.platform != "linux", reason="other names are refused there")
def test_the_file_and_the_home_may_have_any_name(pack, porter, archive, home, monkeypatch):
    odd = Path(os.fsdecode(os.fsencode(home.parent) + "/Пакет 猫 \udcff.bin".encode("utf-8", "surrogateescape")))
    archive.rename(odd)
    monkeypatch.setenv("SOTTOVOCE_HOME", str(home.with_name("дом с пробелом")))

    assert isinstance(last(porter, install_from(odd)), PorterDone)
    assert is_installed(pack)


@pytest.mark.parametrize(
    "fault", [Fault(cut_after=900_000), Fault(stall_after=900_000), Fault(status=503), Fault(flip_at=1_000_000)]
)
def test_a_bad_line_is_survived(hub, pack, porter, monkeypatch, fault):
    hub.fail(pack.archive, fault)

    done = last(porter, InstallCardPack())

    assert isinstance(done, PorterDone)
    assert is_installed(pack)
    assert len(hub.requests) == 2


def test_what_is_wrong_each_time_is_said_to_be_damaged_and_nothing_of_it_is_used(hub, pack, porter):
    hub.always_fail(pack.archive, Fault(flip_at=1_000_000))

    failed = last(porter, InstallCardPack())

    assert isinstance(failed, PorterFailed)
    assert failed.kind is ModelTrouble.DAMAGED
    assert packs.installed() is None
    assert len(hub.requests) == 2


def test_where_there_is_no_such_archive_it_says_so(hub, pack, porter):
    hub.publish(REPOSITORY, REVISION, {})

    assert last(porter, InstallCardPack()).kind is ModelTrouble.NOT_FOUND


def test_it_goes_on_where_a_killed_porter_was(hub, pack, porter):
    hub.fail(pack.archive, SLOW)
    with started(porter, InstallCardPack()) as process:
        for line in process.stdout:
            event = porter_event_from(line)
            if isinstance(event, PorterProgress) and event.done > 1_000_000:
                break
        process.kill()
    half = packs.here().half_bytes

    done = last(porter, InstallCardPack())

    assert isinstance(done, PorterDone)
    assert 1_000_000 <= half < pack.size_bytes
    assert hub.requests[-1].start == half
    assert is_installed(pack)


def test_when_its_parent_leaves_it_ends_and_what_has_come_is_kept(hub, pack, porter):
    hub.fail(pack.archive, SLOW)
    with started(porter, InstallCardPack()) as process:
        next(line for line in process.stdout if b"fetching" in line)
        process.stdin.close()
        process.wait(10)

    assert 0 < packs.here().half_bytes < pack.size_bytes


def test_a_pack_that_is_there_is_read_and_not_fetched_again(hub, pack, porter):
    last(porter, InstallCardPack())

    *progress, done = told(porter, InstallCardPack())

    assert isinstance(done, PorterDone)
    assert {event.stage for event in progress} == {PorterStage.CHECKING}
    assert len(hub.requests) == 1


@pytest.mark.parametrize("harm", ["a byte", "cut", "gone", "the record", "the folder"])
def test_a_damaged_pack_is_made_whole_and_what_a_user_put_beside_it_stays(pack, porter, archive, harm):
    folder = packs.folder_of(pack.content)
    last(porter, install_from(archive))
    damaged = folder / A_LIBRARY
    if harm == "a byte":
        damaged.write_bytes(b"x" + damaged.read_bytes()[1:])
    elif harm == "cut":
        damaged.write_bytes(damaged.read_bytes()[:1000])
    elif harm == "gone":
        damaged.unlink()
    elif harm == "the record":
        (folder / packs.RECORD).write_text("{")
    else:
        shutil.rmtree(folder / "lib")
    (folder / "mine.txt").write_text("of the user")

    assert isinstance(last(porter, install_from(archive)), PorterDone)

    assert (folder / "mine.txt").read_text() == "of the user"
    (folder / "mine.txt").unlink()
    assert is_installed(pack)


def test_a_newer_pack_takes_the_place_of_the_older_one(pack, porter, archive, tmp_path, monkeypatch):
    last(porter, install_from(archive))
    newer = little_pack(tmp_path, "12.10.0.1")
    monkeypatch.setattr(packs, "published", lambda: (newer,))
    before = packs.here()

    done = last(porter_program(tmp_path, newer), install_from(tmp_path / newer.archive))

    assert (before.pack, before.installed.version) == (newer, "12.9.1.4")
    assert done.name == packs.installed().version == "12.10.0.1"
    assert is_installed(newer)


def test_two_at_a_time_do_not_meet(hub, pack, porter, monkeypatch):
    monkeypatch.setattr(pack_removing, "_ENDING", 0.2)
    hub.fail(pack.archive, Fault(pause=0.2))
    with started(porter, InstallCardPack()) as process:
        next(line for line in process.stdout if b"fetching" in line)

        with pytest.raises(PorterError) as refused:
            pack_installing.install()
        with pytest.raises(PorterError) as not_removed:
            pack_removing.remove()
        with pytest.raises(PorterError) as not_tidied:
            pack_removing.tidy()

    assert {error.value.kind for error in (refused, not_removed, not_tidied)} == {ModelTrouble.NAME_TAKEN}


# --- it does not come ------------------------------------------------------------------------------------------------


def test_on_a_computer_for_which_there_is_none_it_says_so(tmp_path, pack):
    other = msgspec.structs.replace(pack, content=msgspec.structs.replace(pack.content, system="riscos-arm"))

    failed = last(porter_program(tmp_path, other), InstallCardPack())

    assert (failed.kind, failed.detail) == (ModelTrouble.NO_PACK, packs.system())
    assert is_nothing_left()


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        flip,
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"<html>Please log in</html>"),
    ],
    ids=["a byte", "cut", "empty", "a page"],
)
def test_a_file_that_is_not_the_known_archive_is_refused_before_it_is_opened(pack, porter, archive, spoil):
    spoil(archive)

    *progress, failed = told(porter, install_from(archive))

    assert failed.kind is ModelTrouble.NOT_THE_PACK
    assert PorterStage.UNPACKING not in {event.stage for event in progress}
    assert packs.installed() is None


@pytest.mark.parametrize(("system", "version"), [("linux-x86_64", "13.0.0.1"), ("windows-x86_64", "12.9.1.4")])
def test_the_pack_of_another_system_or_version_is_refused(pack, porter, tmp_path, system, version):
    libraries = {name: library(name) for name in gpu_pack.SYSTEMS[system].libraries}
    other = gpu_pack.make(system, [wheel(tmp_path / "other", version, libraries)], tmp_path / "other")

    assert last(porter, install_from(tmp_path / "other" / other.archive)).kind is ModelTrouble.NOT_THE_PACK
    assert is_nothing_left()


@pytest.mark.parametrize("what", ["missing", "a folder"])
def test_what_cannot_be_read_is_said_so(porter, tmp_path, what):
    source = tmp_path if what == "a folder" else tmp_path / "nothing.zip"

    assert last(porter, install_from(source)).kind is ModelTrouble.CANNOT_READ


def zipped(file: Path, *members: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)


def link(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = 3, 0o120777 << 16
    return made


ONE, TWO = library("one"), library("two")
RECORDED = ("pack.json", b"{}")
EVIL = {
    "above": [("../../../evil", b"x"), (A_LIBRARY, ONE), (ANOTHER, TWO), RECORDED],
    "absolute": [("/tmp/evil", b"x"), (A_LIBRARY, ONE), (ANOTHER, TWO), RECORDED],
    "more": [("lib/evil.so", b"x"), (A_LIBRARY, ONE), (ANOTHER, TWO), RECORDED],
    "twice": [(A_LIBRARY, ONE), (A_LIBRARY, TWO), (ANOTHER, TWO), RECORDED],
    "less": [(A_LIBRARY, ONE), RECORDED],
    "a link": [(link(A_LIBRARY), b"/etc/passwd"), (ANOTHER, TWO), RECORDED],
    "a bomb": [(A_LIBRARY, ONE), (ANOTHER, bytes(200_000_000)), RECORDED],
    "other content": [(A_LIBRARY, TWO), (ANOTHER, ONE), RECORDED],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("members", EVIL.values(), ids=EVIL.keys())
def test_even_an_archive_with_the_known_checksum_writes_nothing_but_what_is_listed(pack, tmp_path, home, members):
    """Nobody can make one who cannot also change the program; if its makers err, nothing is lost either."""
    evil = tmp_path / "evil.zip"
    zipped(evil, *members)
    files = tuple(
        packs.PackFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in ((A_LIBRARY, ONE), (ANOTHER, TWO))
    )
    known = msgspec.structs.replace(
        pack,
        size_bytes=evil.stat().st_size,
        sha256=hashlib.sha256(evil.read_bytes()).hexdigest(),
        content=msgspec.structs.replace(pack.content, files=files),
    )
    program = porter_program(tmp_path, known)
    before = {file for file in tmp_path.rglob("*") if home not in file.parents}

    *progress, failed = told(program, install_from(evil))

    assert failed.kind is ModelTrouble.DAMAGED
    assert packs.installed() is None
    assert {file for file in tmp_path.rglob("*") if home not in file.parents} == before
    assert all(event.done <= event.total for event in progress)
    assert is_nothing_left()


def test_a_file_that_lies_about_its_size_in_the_archive_is_written_no_further(pack, archive, tmp_path):
    """The directory of the archive says what is right, and more comes."""
    content = bytearray(archive.read_bytes())
    size = len(library("libcublas.so.12" + "12.9.1.4")).to_bytes(4, "little")
    wanted = pack.content.files[1]
    small = msgspec.structs.replace(wanted, size_bytes=1000)
    at = content.rindex(size, 0, content.rindex(A_LIBRARY.encode() + b"PK"))  # in the directory
    content[at : at + 4] = (1000).to_bytes(4, "little")
    archive.write_bytes(content)
    files = tuple(small if file.name == A_LIBRARY else file for file in pack.content.files)
    known = msgspec.structs.replace(
        pack,
        sha256=hashlib.sha256(content).hexdigest(),
        content=msgspec.structs.replace(pack.content, files=files),
    )

    *progress, failed = told(porter_program(tmp_path, known), install_from(archive))

    assert failed.kind is ModelTrouble.DAMAGED
    assert max(event.done for event in progress if event.stage is PorterStage.UNPACKING) <= known.content.size_bytes
    assert is_nothing_left()


def test_without_room_nothing_is_fetched_and_it_is_said_how_much_is_needed(hub, pack, tmp_path):
    greedy = "from desktop_app.models import disk; disk.SPARE = 1 << 60"

    failed = last(porter_program(tmp_path, pack, first=greedy), InstallCardPack())

    assert failed.kind is ModelTrouble.DISK_FULL
    assert failed.needed_bytes == pack.size_bytes + pack.content.size_bytes + (1 << 60)
    assert failed.free_bytes > 0
    assert hub.requests == []


@pytest.fixture
def small_disk(home) -> Iterator[Path]:
    """A home on a disk of 5 MB: enough for the archive, not for what is in it as well."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", home], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield home
    subprocess.run(["umount", "-l", home], check=True)


def test_a_disk_that_gets_full_in_the_middle_leaves_no_half_pack_and_it_goes_on_when_there_is_room(
    small_disk, hub, pack, tmp_path
):
    careless = "from desktop_app.models import disk; disk.check_room = lambda *_: None"

    failed = last(porter_program(tmp_path, pack, first=careless), InstallCardPack())
    before, left = packs.here(), [*packs.aside().iterdir()]
    subprocess.run(["mount", "-o", "remount,size=60m", small_disk], check=True)
    done = last(porter_program(tmp_path, pack), InstallCardPack())

    assert failed.kind is ModelTrouble.DISK_FULL
    assert (before.installed, before.half_bytes) == (None, pack.size_bytes)
    assert [file.name for file in left] == [pack.archive]
    assert isinstance(done, PorterDone)
    assert len(hub.requests) == 1
    assert is_installed(pack)


# --- killed ----------------------------------------------------------------------------------------------------------


def dies_in(where: str) -> str:
    """Return what has a porter die by a signal as soon as it calls that."""
    module, _, name = where.rpartition(".")
    return f"import os, signal; from {module.rpartition('.')[0]} import {module.rpartition('.')[2]} as at\n" + (
        f"at.{name} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)"
    )


OLD, NEW = "12.9.1.4", "12.10.0.1"
AT_INSTALLING = {
    "before it is unpacked": (dies_in("desktop_app.upkeep.pack_installing._unpacked"), OLD),
    "in the first file": (dies_in("desktop_app.models.disk.copy"), OLD),
    "before the record": (dies_in("desktop_app.models.disk.write"), OLD),
    "before it is put in place": (dies_in("desktop_app.upkeep.pack_installing._put_in_place"), OLD),
    "when it is in place": (dies_in("desktop_app.upkeep.pack_removing.remove_others"), NEW),
    "when the old one is taken away": (dies_in("desktop_app.upkeep.pack_removing._remove_pack"), NEW),
    "when the old one is deleted": (dies_in("desktop_app.models.disk.remove"), NEW),
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("moment", "version"), AT_INSTALLING.values(), ids=AT_INSTALLING.keys())
def test_killed_at_any_moment_there_is_the_old_pack_or_the_new_one(
    pack, porter, tmp_path, monkeypatch, moment, version
):
    last(porter, install_from(tmp_path / pack.archive))
    newer = little_pack(tmp_path, NEW)
    monkeypatch.setattr(packs, "published", lambda: (newer,))
    source = install_from(tmp_path / newer.archive)

    with started(porter_program(tmp_path, newer, first=moment), source) as process:
        ended = process.wait(60)
    after = packs.installed()
    wanted = {file.name: file.sha256 for file in packs.record(after.folder).files}
    found = {name: hashlib.sha256((after.folder / name).read_bytes()).hexdigest() for name in wanted}
    pack_removing.tidy()
    tidied = packs.installed()
    done = last(porter_program(tmp_path, newer), source)

    assert ended == -signal.SIGKILL
    assert found == wanted
    assert tidied.version == after.version == version
    assert not packs.aside().exists()
    assert isinstance(done, PorterDone)
    assert is_installed(newer)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_killed_while_it_is_removed_none_of_it_is_there_and_what_is_left_is_tidied(pack, porter, archive, tmp_path):
    last(porter, install_from(archive))

    dies = porter_program(tmp_path, pack, first=dies_in("desktop_app.models.disk.remove"))
    with started(dies, RemoveCardPack()) as process:
        ended = process.wait(60)
    found = packs.installed(), [*(paths.card_libraries() / "nvidia").glob("*/lib")]
    pack_removing.tidy()

    assert ended == -signal.SIGKILL
    assert found == (None, [])
    assert files_in(paths.card_libraries()) == {}


# --- it goes ---------------------------------------------------------------------------------------------------------


def test_it_goes_without_leaving_anything_and_says_what_that_freed(pack, porter, archive):
    last(porter, install_from(archive))
    record = len(packs.as_record(pack.content))

    *progress, done = told(porter, RemoveCardPack())

    assert done == PorterDone(size_bytes=pack.content.size_bytes + record)
    assert progress[-1] == PorterProgress(PorterStage.REMOVING, done.size_bytes, done.size_bytes)
    assert is_nothing_left()


def test_what_the_user_put_there_by_hand_is_neither_replaced_nor_removed(pack, porter, archive):
    gpu = paths.card_libraries()
    mine = {
        "nvidia/cublas/lib/libcublas.so.12": b"by pip",
        "nvidia_cublas_cu12-12.9.1.4.dist-info/RECORD": b"by pip",
        "libcublasLt.so.12": b"by hand",
    }
    for name, content in mine.items():
        (gpu / name).parent.mkdir(parents=True, exist_ok=True)
        (gpu / name).write_bytes(content)

    last(porter, install_from(archive))
    installed = packs.installed()
    (installed.folder / "lib" / "notes.txt").write_text("in the midst of it")
    last(porter, RemoveCardPack())

    assert installed.version == "12.9.1.4"
    assert files_in(gpu) == mine | {"nvidia/pack-12.9.1.4/lib/notes.txt": b"in the midst of it"}


def test_half_an_archive_goes_as_well(hub, pack, porter):
    packs.aside().mkdir(parents=True)
    (packs.aside() / pack.archive).write_bytes(bytes(1000))

    assert last(porter, RemoveCardPack()) == PorterDone(size_bytes=1000)
    assert is_nothing_left()


def test_where_there_is_none_it_says_so(porter):
    assert last(porter, RemoveCardPack()).kind is ModelTrouble.NO_PACK_HERE


def test_windows_does_not_let_go_of_what_a_program_has_open_and_that_is_said(pack, archive, monkeypatch):
    """No Windows is here: what it answers is told as it is documented."""
    pack_installing.install(archive)
    monkeypatch.setattr(pack_removing.sys, "platform", "win32")
    monkeypatch.setattr(packs, "system", lambda: pack.content.system)
    monkeypatch.setattr(pack_removing, "_ENDING", 0.3)
    tries = []

    def is_open(*_: object) -> None:
        tries.append(1)
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(Path, "replace", is_open)

    with pytest.raises(PorterError) as refused:
        pack_removing.remove()

    assert refused.value.kind is ModelTrouble.IN_USE
    assert len(tries) > 1
    assert is_installed(pack)


# --- the backend -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="builds a small library")
def test_a_backend_finds_what_the_pack_has_brought_and_not_any_more_when_it_is_gone(tmp_path, monkeypatch):
    from probes import built, probe

    driver = Path(__file__).parents[1] / "backend" / "nvidia_driver.c"
    for name in ("libcuda.so.1", "libnvidia-ml.so.1"):
        built(tmp_path / "driver", driver, name)
    names = gpu_pack.SYSTEMS["linux-x86_64"].libraries
    libraries = {name: built(tmp_path / "built", driver, name).read_bytes() for name in names}
    pack = little_pack(tmp_path, libraries=libraries)
    monkeypatch.setattr(packs, "published", lambda: (pack,))
    environment = {"LD_LIBRARY_PATH": str(tmp_path / "driver")}

    def found() -> list[tuple[str, bytes]]:
        return [(one.name, one.where) for one in probe("--glance", **environment).of(LibraryFound) if one.found]

    before = found()
    last(porter_program(tmp_path, pack), install_from(tmp_path / pack.archive))
    installed = found()
    last(porter_program(tmp_path, pack), RemoveCardPack())

    folder = packs.folder_of(pack.content) / "lib"
    assert before == []
    assert installed == [(name, os.fsencode(folder / name)) for name in names]
    assert found() == []
