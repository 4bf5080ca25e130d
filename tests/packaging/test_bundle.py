"""The bundle in dist/, made anew if it is older than the source: it runs by itself, and is no larger than it was."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from desktop.display import Display, missing_programs, wait_for

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import bundle  # noqa: E402
import smoke  # noqa: E402

MOST_SECONDS = 900  # the first test has it made

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the release workflow tries the bundle"),
    pytest.mark.timeout(MOST_SECONDS),
]


@pytest.fixture(scope="module", autouse=True)
def made() -> Path:
    """The folder of the bundle: the one that is there if it is as new as the source, else a new one."""
    if not bundle.is_fresh():
        making = [sys.executable, ROOT / "packaging" / "bundle.py"]
        done = subprocess.run(making, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            pytest.fail(f"the bundle could not be made:\n{done.stdout[-4000:]}", pytrace=False)
    return bundle.BUNDLE


@pytest.fixture
def display() -> Iterator[Display]:
    if missing := missing_programs():
        pytest.skip(f"a real window needs {', '.join(missing)}, which this machine lacks")
    with Display() as screen:
        yield screen


@pytest.mark.parametrize("check", smoke.CHECKS, ids=lambda check: check.__name__)
def test_with_an_empty_environment(check, made, tmp_path):
    check(smoke.Bundle(made, tmp_path))


def test_whatever_is_said_on_stderr_is_found_wrong(made, tmp_path):
    with pytest.raises(smoke.Wrong, match="nothing there"):
        smoke.Bundle(made, tmp_path).run("sottovoce", "transcribe", "nothing there.wav")


def test_its_window_comes_its_backend_has_no_qt_and_neither_says_a_word(made, tmp_path, display):
    env = {**smoke.environment(tmp_path), "DISPLAY": display.env["DISPLAY"]}
    window = subprocess.Popen(
        [made / "sottovoce-gui"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        display.find_window("Sottovoce$")
        backend = wait_for(lambda: _child(window.pid, "sottovoce-backend"), "the backend")
        loaded = wait_for(lambda: _loaded(backend, "libctranslate2"), "the engine")
        time.sleep(0.5)  # what is said, is said by then
        window.send_signal(signal.SIGTERM)
        said, _ = window.communicate(timeout=20)
    finally:
        window.kill()

    assert "libQt6" not in loaded
    assert (window.returncode, said) == (0, "")


def test_it_has_the_keyrings_and_the_licences(made):
    from PyInstaller.archive.readers import CArchiveReader

    command_line = CArchiveReader(str(made / "sottovoce"))
    archive = next(name for name in command_line.toc if name.startswith("PYZ"))
    modules = command_line.open_embedded_archive(archive).toc
    licences = (made / "THIRD-PARTY-LICENCES.txt").read_text(encoding="utf-8")

    assert {"keyring.backends.SecretService", "keyring.backends.libsecret", "secretstorage"} <= set(modules)
    assert list((made / "_internal").glob("keyring-*.dist-info/entry_points.txt"))
    for what in ("PySide6_Essentials", "faster-whisper", "numpy", "Python 3", "GNU LESSER GENERAL PUBLIC LICENSE"):
        assert what in licences


def test_it_knows_the_graphics_pack(made, tmp_path):
    told = smoke.Bundle(made, tmp_path).run("sottovoce", "gpu", "status", "--json")

    known = json.loads((ROOT / "resources" / "gpu-packs.json").read_text(encoding="utf-8"))
    assert json.loads(told)["pack"] in known


def test_its_bill_of_materials_names_every_package_and_every_library_in_it(made):
    import sbom

    bill = sbom.bill()

    named = {component["name"] for component in bill["components"]}
    packages = {folder.name.split("-")[0].lower() for folder in (made / "_internal").glob("*.dist-info")}
    assert packages <= {re.sub(r"[-.]", "_", name).lower() for name in named} | {name.lower() for name in named}
    beside = {file.relative_to(made).as_posix() for file in made.glob("_internal/*.libs/*") if not file.is_symlink()}
    assert beside and beside <= named
    assert {"Python", "Qt", "FFmpeg", "Whisper base", "pyinstaller"} <= named
    assert bill == sbom.bill()


def test_it_knows_nothing_of_the_machine_it_was_made_on(made):
    """A library that looks for others elsewhere takes whatever it finds there."""
    for file in made.rglob("*.so*"):
        if not file.is_symlink():
            assert not re.search(r"R(UN)?PATH.*\[/", bundle.dynamic(file)), file


def test_it_has_not_grown(made):
    written_down = json.loads(bundle.SIZES.read_text())["linux"]

    assert bundle.without_model() < bundle.MOST_GROWTH * written_down * bundle.MB
    assert bundle.without_model() < 440 * bundle.MB


def test_whatever_it_asks_the_system_for_has_its_package(made):
    import deb

    assert "libc6 (>= 2.36)" in deb.depends(made)


def _child(parent: int, name: str) -> int:
    """Return a process of that name, of which `parent` is the parent; 0 if there is none."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = entry.read_text().rsplit(")", 1)[1].split()
            program = entry.with_name("exe").readlink().name
        except OSError:
            continue
        if int(words[1]) == parent and program == name:
            return int(entry.parent.name)
    return 0


def _loaded(process: int, wanted: str) -> str:
    """Return what the memory of a process is mapped from, once `wanted` is among it."""
    maps = Path("/proc", str(process), "maps").read_text()
    return maps if wanted in maps else ""
