"""What Windows tells of our executables."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from desktop_app import __version__

sys.path.append(str(Path(__file__).resolve().parents[2] / "packaging"))

import version_resource


def test_a_version_has_four_numbers_for_windows():
    assert version_resource.numbers("1.20") == (1, 20, 0, 0)
    assert version_resource.numbers("1.2.3rc4") == (1, 2, 3, 4)


@pytest.mark.parametrize("executable", version_resource.DESCRIPTIONS)
def test_pyinstaller_understands_it(executable, tmp_path, monkeypatch):
    from PyInstaller import compat

    if sys.platform != "win32":  # with these it would write into an executable, which is not asked of it here
        monkeypatch.setitem(sys.modules, "pefile", ModuleType("pefile"))
        monkeypatch.setattr(compat, "win32api", None, raising=False)
    versioninfo = importlib.import_module("PyInstaller.utils.win32.versioninfo")
    file = tmp_path / "version"
    file.write_text(version_resource.text(executable), encoding="utf-8")

    told = versioninfo.load_version_info_from_text_file(str(file))

    strings = {each.name: each.val for each in told.kids[0].kids[0].kids}
    assert strings["OriginalFilename"] == f"{executable}.exe"
    assert strings["ProductVersion"] == __version__
    assert told.toRaw().startswith(len(told.toRaw()).to_bytes(2, "little"))
