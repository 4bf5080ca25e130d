"""The Flatpak's manifest, as far as it can be tried without Flatpak's runtime: its commands, on what the .tar has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from desktop_app import __version__

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import installed  # noqa: E402

IDENTIFIER = "app.sottovoce.Sottovoce"
MANIFEST = ROOT / "packaging" / "flatpak" / f"{IDENTIFIER}.yml"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Flatpak is for Linux")


@pytest.fixture
def app(tmp_path) -> Path:
    """What its commands make of a .tar with nothing in it but what the desktop sees."""
    unpacked, made = tmp_path / "unpacked", tmp_path / "app"
    for folder in (unpacked / "bin", unpacked / "lib", made):
        folder.mkdir(parents=True)
    installed.put_desktop_files(unpacked, __version__)
    installed.put_icons(unpacked / "share" / "icons" / "hicolor")
    (module,) = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["modules"]
    env = {**os.environ, "FLATPAK_DEST": str(made), "FLATPAK_ID": IDENTIFIER}
    for command in module["build-commands"]:
        subprocess.run(["sh", "-ec", command], cwd=unpacked, env=env, check=True)
    return made


def test_it_is_made_of_the_tar_of_this_version():
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))

    assert manifest["id"] == IDENTIFIER
    assert manifest["command"] in installed.COMMANDS
    (module,) = manifest["modules"]
    archive = Path(module["sources"][0]["path"])
    assert (MANIFEST.parent / archive).resolve().parent == ROOT / "dist"
    assert archive.name == f"sottovoce-{__version__}-linux-x86_64.tar.xz"


def test_whatever_the_desktop_sees_has_the_name_that_a_flatpak_wants(app):
    names = {path.name.removesuffix(".png").removesuffix(".svg") for path in app.glob("share/icons/hicolor/*/apps/*")}

    assert names == {IDENTIFIER}
    assert f"Icon={IDENTIFIER}\n" in (app / "share" / "applications" / f"{IDENTIFIER}.desktop").read_text()


@pytest.mark.skipif(not shutil.which("appstreamcli"), reason="appstreamcli is not installed")
def test_what_it_says_of_itself_is_understood(app):
    said = subprocess.run(
        ["appstreamcli", "validate", "--no-net", app / "share" / "metainfo" / f"{IDENTIFIER}.metainfo.xml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stdout
    assert "sottovoce.desktop" not in (app / "share" / "metainfo" / f"{IDENTIFIER}.metainfo.xml").read_text()


@pytest.mark.skipif(not shutil.which("flatpak-builder"), reason="flatpak-builder is not installed")
def test_flatpak_builder_reads_it():
    shown = subprocess.run(["flatpak-builder", "--show-manifest", MANIFEST], capture_output=True, text=True, check=True)

    assert IDENTIFIER in shown.stdout
