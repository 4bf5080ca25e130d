"""What Windows tells of an executable: its version, whose it is, what it does. In the form that PyInstaller reads."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from desktop_app import __version__

COMPANY = "Sottovoce contributors"
COPYRIGHT = f"Copyright © 2026 {COMPANY}"
PRODUCT = "Sottovoce"
DESCRIPTIONS = {  # which the Task Manager shows
    "sottovoce-gui": "Sottovoce",
    "sottovoce": "Sottovoce (command line)",
    "sottovoce-backend": "Sottovoce (transcription)",
}


def numbers(version: str = __version__) -> tuple[int, int, int, int]:
    """Return a version as Windows has it: four numbers."""
    found = [int(number) for number in re.findall(r"\d+", version)[:4]]
    first, second, third, fourth = (*found, 0, 0, 0, 0)[:4]
    return first, second, third, fourth


def text(executable: str) -> str:
    """Return the version resource of an executable of ours, as PyInstaller's `--version-file` wants it."""
    strings = {
        "CompanyName": COMPANY,
        "FileDescription": DESCRIPTIONS[executable],
        "FileVersion": __version__,
        "InternalName": executable,
        "LegalCopyright": COPYRIGHT,
        "OriginalFilename": f"{executable}.exe",
        "ProductName": PRODUCT,
        "ProductVersion": __version__,
    }
    told = ", ".join(f"StringStruct({name!r}, {value!r})" for name, value in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers()}, prodvers={numbers()}, mask=0x3F, flags=0, OS=0x40004,"
        f" fileType=1, subtype=0, date=(0, 0)), kids=[StringFileInfo([StringTable('040904B0', [{told}])]),"
        " VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n"
    )
