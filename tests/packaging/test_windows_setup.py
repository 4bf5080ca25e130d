"""The setup for Windows, compiled by NSIS and run under Wine. A stub plays the program, which is made elsewhere."""

from __future__ import annotations

import fnmatch
import inspect
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath
from typing import TypeAlias

import pytest

from desktop_app import paths
from desktop_app.work.media_files import SUFFIXES

HERE = Path(__file__).parent
sys.path.append(str(HERE.parents[1] / "packaging"))

import app_icon  # noqa: E402
import windows_setup  # noqa: E402

COMPILER = "x86_64-w64-mingw32-gcc"
USUAL = r"C:\users\somebody\AppData\Local\Programs\Sottovoce"
UNINSTALL = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Sottovoce"
CLASSES = r"HKCU\Software\Classes"
IS_RECORDING, IS_WORKING, DOES_NOT_CLOSE, IS_IN_USE, FOLDER_UNFIT, NO_ROOM, SETUP_RUNS = 3, 4, 5, 6, 7, 8, 9
PATIENCE = 30.0  # seconds
ALL, ALL_BUT_ONE = None, -1  # ends of a list

Tree: TypeAlias = dict[str, bytes]

needs_nsis = pytest.mark.skipif(not shutil.which("makensis"), reason="makensis is not installed")


class Windows:
    """A Windows of Wine's, with a disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "drive_c"
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in ("DISPLAY", "SOTTOVOCE_HOME")},
            "WINEPREFIX": str(folder),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "USER": "somebody",
            "LANG": "C.UTF-8",
        }
        self.run("wineboot", "--init")
        self.run("winecfg", "/v", "win10")

    def run(self, *command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["wine", *command], env={**self.env, **env}, capture_output=True, text=True, check=False, timeout=120
        )

    def start(self, *command: str | Path, **env: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["wine", *command], env={**self.env, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def at(self, path: str | PureWindowsPath) -> Path:
        """Return where a path of Windows' is on our disk."""
        return self.disk.joinpath(*PureWindowsPath(path).parts[1:])

    def values(self, key: str) -> dict[str, str]:
        """Return the values of a key in the registry; that without a name is called "@"."""
        exported = self.disk / "exported.reg"
        exported.unlink(missing_ok=True)
        if self.run("reg", "export", key, r"C:\exported.reg", "/y").returncode != 0:
            return {}
        own, *_ = exported.read_text(encoding="utf-16").split("\n\n[", 2)[1:]
        found = re.findall(r'^"?(.*?)"?="?(.*?)"?$', own, re.MULTILINE)
        return {name: value.replace("\\\\", "\\").replace('\\"', '"') for name, value in found}

    def has_key(self, key: str) -> bool:
        return self.run("reg", "query", key).returncode == 0

    def remove_all(self) -> None:
        """Have nothing of the program be left."""
        for key in (UNINSTALL, CLASSES):
            self.run("reg", "delete", key, "/f")
        for link in self.links():
            link.unlink(missing_ok=True)
        for folder in (self.at(USUAL).parent, self.at(r"C:\users\somebody\AppData\Local\Sottovoce"), self.disk / "x"):
            shutil.rmtree(folder, ignore_errors=True)

    def links(self) -> list[Path]:
        menu = self.at(r"C:\users\somebody\AppData\Roaming\Microsoft\Windows")
        return [menu / "Start Menu" / "Programs" / "Sottovoce.lnk", menu / "SendTo" / "Sottovoce.lnk"]


@pytest.fixture(scope="session")
def stub(tmp_path_factory) -> Path:
    if not shutil.which(COMPILER):
        pytest.skip(f"{COMPILER} is not installed")
    made = tmp_path_factory.mktemp("stub") / "stub.exe"
    subprocess.run([COMPILER, "-municode", "-s", "-Wall", "-Werror", "-o", made, HERE / "stub.c"], check=True)
    return made


@pytest.fixture(scope="session")
def computer(tmp_path_factory) -> Iterator[Windows]:
    if not shutil.which("wine") or not shutil.which("makensis"):
        pytest.skip("wine or makensis is not installed")
    made = Windows(tmp_path_factory.mktemp("wine"))
    # With somebody always there, Windows is not started anew for each command.
    with subprocess.Popen(["wine", "cmd"], env=made.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as somebody:
        assert somebody.stdout
        somebody.stdout.readline()
        yield made


@pytest.fixture
def windows(computer: Windows) -> Windows:
    computer.remove_all()
    return computer


@pytest.fixture(scope="session")
def setup(stub, tmp_path_factory) -> Callable[..., Path]:
    """Make a setup of a version, with these files beside the usual ones; each only once."""
    made: dict[str, Path] = {}

    def make(version: str, *more: str, **also: object) -> Path:
        if version not in made:
            folder = tmp_path_factory.mktemp(version)
            bundle = folder / "sottovoce"
            for name in ("_internal/deep/down/a file with a rather long name.txt", "_internal/Grüße.txt", *more):
                file = bundle / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(version)
            for name in ("sottovoce.exe", "sottovoce-gui.exe", "sottovoce-backend.exe"):
                shutil.copy(stub, bundle / name)
            made[version] = folder / f"sottovoce-{version}-setup.exe"
            windows_setup.make(bundle, made[version], version, {"SECONDS_TO_LET_GO": 1, **also})
        return made[version]

    return make


@pytest.fixture
def old(setup) -> Path:
    return setup("1.0", "_internal/only old.txt", "only-old.dll")


@pytest.fixture
def new(setup) -> Path:
    return setup("2.0", "_internal/only new.txt", "only-new.dll")


@pytest.fixture
def patient(setup) -> Path:
    """A setup that waits long for files."""
    return setup("2.5", "_internal/only new.txt", "only-new.dll", SECONDS_TO_LET_GO=60)


@pytest.fixture
def open_window(windows: Windows, tmp_path) -> Iterator[Callable[..., Path]]:
    """Open the installed "window"; return the file in which it notes how it is."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: str = USUAL, **env: str) -> Path:
        noted = tmp_path / "noted"
        started.append(windows.start(rf"{folder}\sottovoce-gui.exe", "window", f"Z:{noted}", **env))
        wait_for(lambda: noted.exists() and noted.read_text())
        return noted

    yield start
    for process in started:
        windows.run("taskkill", "/f", "/im", "sottovoce-gui.exe")
        process.wait(10)


def wait_for(seen: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def tree(folder: Path) -> Tree:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def install(windows: Windows, setup: Path, folder: str = "", **env: str) -> int:
    """Run the setup. The folder it takes as it is, without quotes."""
    into = f"/D={folder}".split(" ") if folder else []
    return windows.run(setup, "/S", *into, **env).returncode


def uninstall(windows: Windows, *arguments: str, folder: str = USUAL, **env: str) -> int:
    """Run the uninstaller where it is, so that it can be waited for; it then stays itself."""
    return windows.run(rf"{folder}\uninstall.exe", "/S", *arguments, *f"_?={folder}".split(" "), **env).returncode


def kept() -> list[str]:
    """Return files in each place of the home that paths.py knows, and such as others make beside them."""
    files = {
        paths.database(),
        paths.settings_file(),
        paths.machine_file(),
        paths.models_pointer(),
        paths.models_target(),
    }
    places = [
        function()
        for name, function in inspect.getmembers(paths, inspect.isfunction)
        if not name.startswith("_")
        and not inspect.signature(function).parameters
        and name not in ("home", "where_home_is")
    ]
    names = [
        place.relative_to(paths.home()).as_posix() + ("" if place in files else "/deep/down.bin")
        for place in places
        if isinstance(place, Path) and place.is_relative_to(paths.home())
    ]
    assert len(names) > len(files) + 5
    return [
        *names,
        "settings-damaged-20261128-120000.json",
        "library.sqlite3-wal",
        "library-next.sqlite3",
        "library.lock",
        "library.workshop/fresh",
        "backups/a",
    ]


# --- what can be seen without Windows ---


@needs_nsis
def test_the_setup_has_a_version_an_icon_and_knows_sharp_screens(new):
    made = new.read_bytes()

    assert re.search("ProductVersion".encode("utf-16-le") + rb"\0+" + "2.0".encode("utf-16-le"), made)
    assert app_icon.png(256) in made
    for wanted in (b"PerMonitorV2", b'level="asInvoker"', b"longPathAware"):
        assert wanted in made


@needs_nsis
@pytest.mark.parametrize("target", ["amd64-unicode", "x86-unicode"])
def test_nsis_has_nothing_to_complain_of(tmp_path, capfd, target):
    (tmp_path / "sottovoce").mkdir()
    (tmp_path / "sottovoce" / "sottovoce.exe").touch()

    windows_setup.make(tmp_path / "sottovoce", tmp_path / "sottovoce-setup.exe", also={"TARGET": target})

    assert capfd.readouterr() == ("", "")


@needs_nsis
def test_the_uninstaller_in_the_setup_is_signed(tmp_path):
    (tmp_path / "sottovoce").mkdir()
    (tmp_path / "sottovoce" / "sottovoce.exe").touch()
    sign = tmp_path / "sign.sh"
    sign.write_text(f'#!/bin/sh\nhead -c 2 "$1" > {tmp_path}/signed\n')
    sign.chmod(0o755)

    windows_setup.make(tmp_path / "sottovoce", tmp_path / "sottovoce-setup.exe", also={"SIGN": sign})

    assert (tmp_path / "signed").read_bytes() == b"MZ"


@needs_nsis
def test_a_name_that_the_setup_could_not_keep_is_refused(tmp_path):
    (tmp_path / "two words.dll").touch()

    with pytest.raises(windows_setup.Unfit):
        windows_setup.make(tmp_path, tmp_path / "sottovoce-setup.exe")


def test_the_uninstaller_knows_of_all_that_the_program_keeps(home):
    """A new place in paths.py must be made known to it."""
    script = windows_setup.SCRIPT.read_text(encoding="utf-8")
    files = re.findall(r'Delete "\$R1\\(.+)"', script)
    folders = re.findall(r'RMDir /r "\$R1\\(.+)"', script)

    for name in kept():
        first, *inside = name.split("/")
        assert [known for known in (folders if inside else files) if fnmatch.fnmatchcase(first, known)], name


# --- installing ---


def test_it_installs_for_this_user_and_is_offered_for_recordings(windows, new):
    assert install(windows, new) == 0

    there = tree(windows.at(USUAL))
    assert there["_internal/only new.txt"] == there["_internal/Grüße.txt"] == b"2.0"
    assert sorted(name for name in there if "/" not in name) == [
        *("installed.txt", "only-new.dll", "sottovoce-backend.exe", "sottovoce-gui.exe", "sottovoce.exe"),
        "uninstall.exe",
    ]
    entry = windows.values(UNINSTALL)
    program = rf"{USUAL}\sottovoce-gui.exe"
    assert (entry["DisplayName"], entry["DisplayVersion"], entry["DisplayIcon"]) == ("Sottovoce", "2.0", program)
    assert (entry["Publisher"], entry["InstallLocation"]) == ("Sottovoce contributors", USUAL)
    assert int(entry["EstimatedSize"].removeprefix("dword:"), 16) > 10  # KB
    opens = f'"{program}" "%1"'
    assert windows.values(rf"{CLASSES}\Sottovoce.Recording\shell\open\command") == {"@": opens}
    assert windows.values(rf"{CLASSES}\Applications\sottovoce-gui.exe\shell\open\command") == {"@": opens}
    assert set(windows.values(rf"{CLASSES}\Applications\sottovoce-gui.exe\SupportedTypes")) == SUFFIXES
    for suffix in (".mp3", ".m4a", ".mkv"):
        assert windows.values(rf"{CLASSES}\{suffix}\OpenWithProgids") == {"Sottovoce.Recording": ""}
        assert windows.values(rf"{CLASSES}\{suffix}") == {}  # what opens it is not changed
    for link in windows.links():
        assert "sottovoce-gui.exe".encode("utf-16-le") in link.read_bytes()


@pytest.mark.parametrize(
    "folder",
    [r"C:\x\Two words\Größe & Überfluß", r"C:\x\録音\文字起こし", r"C:\x" + r"\a folder of twenty" * 9],
    ids=["umlauts", "Japanese", "long"],
)
def test_it_installs_into_folders_of_any_name(windows, old, new, folder, open_window):
    assert install(windows, old, folder) == 0
    open_window(folder)
    assert install(windows, new) == 0  # where the old one is

    assert tree(windows.at(folder))["_internal/only new.txt"] == b"2.0"
    assert not windows.at(USUAL).exists()
    assert windows.values(UNINSTALL)["InstallLocation"] == folder
    assert uninstall(windows, folder=folder) == 0
    assert list(tree(windows.at(folder))) == ["uninstall.exe"]


def test_a_path_that_windows_would_not_take_is_refused(windows, new):
    assert install(windows, new, "C:\\x" + r"\a folder of twenty" * 11) == FOLDER_UNFIT

    assert not (windows.disk / "x").exists()


def test_a_folder_with_other_files_is_refused(windows, new):
    mine = windows.disk / "x" / "mine.txt"
    mine.parent.mkdir()
    mine.touch()

    assert install(windows, new, r"C:\x") == FOLDER_UNFIT

    assert [*mine.parent.iterdir()] == [mine]


def test_without_room_nothing_is_done(windows, setup, old):
    assert install(windows, old) == 0
    before = tree(windows.at(USUAL))

    assert install(windows, setup("3.0", NEEDED_KB=2**40)) == NO_ROOM

    assert tree(windows.at(USUAL)) == before


# --- upgrading ---


def test_an_upgrade_leaves_nothing_of_the_old_version_and_all_that_is_not_its_own(windows, old, new):
    assert install(windows, old) == 0
    mine = windows.at(USUAL) / "mine.txt"
    mine.touch()

    assert install(windows, new) == 0

    there = tree(windows.at(USUAL))
    assert "only-new.dll" in there and "_internal/only new.txt" in there and "mine.txt" in there
    assert not [name for name in there if "old" in name or "~" in name]
    assert windows.values(UNINSTALL)["DisplayVersion"] == "2.0"


def test_a_window_that_is_open_is_asked_to_close_and_stores_its_job(windows, old, new, open_window):
    assert install(windows, old) == 0
    noted = open_window()

    assert install(windows, new) == 0

    assert noted.read_text() == "its job is stored"
    assert tree(windows.at(USUAL))["_internal/only new.txt"] == b"2.0"


@pytest.mark.parametrize(("answer", "code"), [("3", IS_RECORDING), ("4", IS_WORKING), ("5", DOES_NOT_CLOSE)])
def test_a_window_that_must_not_be_closed_stays_and_so_does_the_old_version(
    windows, old, new, open_window, answer, code
):
    assert install(windows, old) == 0
    noted = open_window()
    before = tree(windows.at(USUAL))

    assert install(windows, new, STUB_ANSWER=answer) == code
    assert uninstall(windows, STUB_ANSWER=answer) == code

    assert noted.read_text() == "runs"
    assert tree(windows.at(USUAL)) == before
    assert windows.values(UNINSTALL)["DisplayVersion"] == "1.0"


def test_a_version_that_is_broken_can_be_replaced(windows, old, new):
    assert install(windows, old) == 0

    assert install(windows, new, STUB_ANSWER="1") == 0

    assert windows.values(UNINSTALL)["DisplayVersion"] == "2.0"


def test_what_runs_and_cannot_be_asked_is_never_ended(windows, old, new, open_window):
    assert install(windows, old) == 0
    noted = open_window(STUB_DEAF="1")
    before = tree(windows.at(USUAL))

    assert install(windows, new) == IS_IN_USE

    assert noted.read_text() == "runs"
    assert tree(windows.at(USUAL)) == before


def test_an_upgrade_that_cannot_be_finished_leaves_the_old_version_whole(windows, old, new):
    assert install(windows, old) == 0
    mine = windows.at(USUAL) / "only-new.dll"  # where the new version has something, too
    mine.write_text("mine")
    before = tree(windows.at(USUAL))

    assert install(windows, new) == IS_IN_USE

    assert tree(windows.at(USUAL)) == before


def break_off(windows: Windows, old: Path, new: Path, aside: int | None, in_place: int | None) -> tuple[Tree, Tree]:
    """Leave what a setup leaves that a power cut ends after so many moves; return what each version consists of."""
    folder, kept = windows.at(USUAL), windows.disk / "x"
    assert install(windows, new) == 0
    new_tree = tree(folder)
    shutil.move(folder, kept)
    assert install(windows, old) == 0
    old_tree = tree(folder)
    shutil.move(kept, folder / "~new")
    (folder / "~old").mkdir()
    for name in items(folder)[:aside]:
        (folder / name).rename(folder / "~old" / name)
    for name in items(folder / "~new")[:in_place]:
        (folder / "~new" / name).rename(folder / name)
    return old_tree, new_tree


def items(folder: Path) -> list[str]:
    """Return what is in the folder of a version, in the order in which the setup moves it."""
    return [*(folder / "installed.txt").read_text().split(), "installed.txt"]


@pytest.mark.parametrize(
    ("aside", "in_place"),
    [(2, 0), (ALL, 0), (ALL, 2), (ALL, ALL_BUT_ONE), (ALL, ALL)],
    ids=["some put aside", "all put aside", "some in place", "all but the list in place", "all in place"],
)
def test_what_a_setup_that_was_broken_off_has_left_is_put_right(windows, old, new, aside, in_place):
    old_tree, new_tree = break_off(windows, old, new, aside, in_place)

    assert install(windows, new, STUB_ANSWER="3") == IS_RECORDING

    assert tree(windows.at(USUAL)) == (new_tree if in_place == ALL else old_tree)
    assert install(windows, new) == 0
    assert tree(windows.at(USUAL)) == new_tree


def test_a_setup_that_is_ended_while_it_changes_the_versions_loses_neither(windows, old, patient):
    assert install(windows, old) == 0
    folder = windows.at(USUAL)
    before = tree(folder)
    (folder / "only-new.dll").write_text("mine")  # in the way, so that it waits in the middle
    with windows.start(patient, "/S"):
        wait_for(lambda: (folder / "_internal" / "only new.txt").exists())
        windows.run("taskkill", "/f", "/im", patient.name)
    (folder / "only-new.dll").unlink()

    assert install(windows, patient, STUB_ANSWER="3") == IS_RECORDING

    assert tree(folder) == before


def test_a_first_setup_that_was_broken_off_can_be_done_again(windows, new):
    assert install(windows, new) == 0
    folder = windows.at(USUAL)
    there = tree(folder)
    for name in ("~old", "~new"):
        (folder / name).mkdir()
    for name in items(folder)[2:]:
        (folder / name).rename(folder / "~new" / name)

    assert install(windows, new) == 0

    assert tree(folder) == there


def test_what_cannot_be_moved_back_is_not_lost(windows, old, new, open_window):
    old_tree, new_tree = break_off(windows, old, new, ALL, 0)
    folder = windows.at(USUAL)
    gui = "sottovoce-gui.exe"
    shutil.copy(folder / "~old" / gui, folder / gui)
    open_window()  # so that it cannot be replaced

    assert install(windows, new) == IS_IN_USE
    assert tree(folder / "~old") == {gui: old_tree[gui]}
    windows.run("taskkill", "/f", "/im", gui)
    assert install(windows, new) == 0

    assert tree(folder) == new_tree


def test_one_setup_at_a_time_and_none_beside_what_removes_the_program(windows, old, new, patient, open_window):
    assert install(windows, old) == 0
    open_window(STUB_DEAF="1")
    with windows.start(patient, "/S") as waiting:
        wait_for(lambda: (windows.at(USUAL) / "~new" / "installed.txt").exists())

        assert install(windows, new) == SETUP_RUNS
        assert uninstall(windows) == SETUP_RUNS

        windows.run("taskkill", "/f", "/im", "sottovoce-gui.exe")
        assert waiting.wait(PATIENCE) == 0
    assert windows.values(UNINSTALL)["DisplayVersion"] == "2.5"


def test_a_version_in_another_folder_gives_way(windows, old, new):
    assert install(windows, old, r"C:\x\there") == 0

    assert install(windows, new, r"C:\x\here") == 0

    assert not (windows.disk / "x" / "there").exists()
    assert windows.values(UNINSTALL)["InstallLocation"] == r"C:\x\here"


def test_what_runs_in_another_folder_is_asked_too(windows, old, new, open_window):
    assert install(windows, old, r"C:\x\there") == 0
    noted = open_window(r"C:\x\there")
    before = tree(windows.disk / "x" / "there")

    assert install(windows, new, USUAL, STUB_ANSWER="3") == IS_RECORDING
    assert (noted.read_text(), tree(windows.disk / "x" / "there")) == ("runs", before)
    assert install(windows, new, USUAL) == 0

    assert noted.read_text() == "its job is stored"
    assert not (windows.disk / "x" / "there").exists()


@pytest.mark.parametrize("folder", ["C:\\x\\there\\", r"c:\X\There", r"C:\x\.\there"])
def test_the_same_folder_written_otherwise_is_no_other_folder(windows, old, new, folder):
    assert install(windows, old, r"C:\x\there") == 0

    assert install(windows, new, folder) == 0

    assert "only-new.dll" in tree(windows.disk / "x" / "there")
    assert windows.values(UNINSTALL)["DisplayVersion"] == "2.0"


# --- removing ---


@pytest.fixture
def data(windows: Windows, home) -> Path:
    """What somebody has made with the program."""
    folder = windows.at(r"C:\users\somebody\AppData\Local\Sottovoce")
    for name in kept():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


def test_removing_it_keeps_what_was_made_with_it(windows, new, data):
    assert install(windows, new) == 0
    before = tree(data)

    assert windows.run(rf"{USUAL}\uninstall.exe", "/S").returncode == 0  # it goes on in a copy of itself
    wait_for(lambda: not windows.at(USUAL).exists())

    assert tree(data) == before
    wait_for(lambda: not windows.has_key(UNINSTALL))
    assert not [link for link in windows.links() if link.exists()]
    for key in (".mp3", "Sottovoce.Recording", r"Applications\sottovoce-gui.exe"):
        assert not windows.has_key(rf"{CLASSES}\{key}")


def test_other_programs_that_open_a_recording_are_left_alone(windows, new):
    theirs = rf"{CLASSES}\.mp3\OpenWithProgids"
    windows.run("reg", "add", theirs, "/v", "Another.Player", "/d", "", "/f")
    assert install(windows, new) == 0

    assert uninstall(windows) == 0

    assert windows.values(theirs) == {"Another.Player": ""}


def test_all_that_was_made_with_it_goes_if_that_is_said(windows, new, data):
    assert install(windows, new) == 0

    assert uninstall(windows, "/DATA") == 0

    assert not data.exists()


def test_of_a_home_of_ones_own_only_what_is_the_programs_goes(windows, new, data):
    assert install(windows, new) == 0
    own = windows.disk / "x"
    shutil.copytree(data, own)
    (own / "library card.txt").touch()

    assert uninstall(windows, "/DATA", SOTTOVOCE_HOME=r"C:\x") == 0

    assert list(tree(own)) == ["library card.txt"]
    assert data.exists()
