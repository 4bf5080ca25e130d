"""The AppImage, with a small AppDir, and something in the place of the runtime that the release workflow fetches."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import appdir  # noqa: E402

RUNTIME = b"\x7fELF\x02\x01\x01\x00AI\x02\x00" + bytes(range(256)) * 9


@pytest.mark.skipif(not shutil.which("mksquashfs"), reason="mksquashfs is not installed")
def test_an_appimage_is_the_runtime_and_behind_it_the_appdir(tmp_path):
    (tmp_path / "runtime").write_bytes(RUNTIME)
    tree = tmp_path / "Some.AppDir"
    tree.mkdir()
    (tree / "AppRun").write_text("#!/bin/sh\n")

    image = appdir.make_appimage(tmp_path / "runtime", tree, tmp_path / "Some.AppImage")

    assert image.read_bytes().startswith(RUNTIME)
    assert image.stat().st_mode & 0o111
    unpacked = tmp_path / "unpacked"
    unpack = ["unsquashfs", "-offset", str(len(RUNTIME)), "-dest", unpacked, image]
    subprocess.run(unpack, check=True, stdout=subprocess.DEVNULL)
    assert (unpacked / "AppRun").read_text() == "#!/bin/sh\n"


def test_what_is_no_runtime_is_refused(tmp_path):
    (tmp_path / "runtime").write_bytes(b"<html>Not found</html>")

    with pytest.raises(SystemExit, match="no runtime"):
        appdir.make_appimage(tmp_path / "runtime", tmp_path, tmp_path / "Some.AppImage")
