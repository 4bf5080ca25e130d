"""Makes the setup for Windows of the bundle: dist/sottovoce-VERSION-windows-x86_64.exe. On any system that has NSIS.

python packaging/windows_setup.py [--bundle FOLDER] [--out FILE] [--sign COMMAND]

COMMAND signs the file that is named behind it: the uninstaller in the setup. The setup itself is signed later.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import app_icon  # noqa: E402 (beside this file)
import version_resource  # noqa: E402

from desktop_app import __version__  # noqa: E402
from desktop_app.work import media_files  # noqa: E402

SCRIPT = ROOT / "packaging" / "windows" / "setup.nsi"
# NSIS as it is published for Windows makes setups of 32 bits alone; they do the same.
TARGET = "x86-unicode" if sys.platform == "win32" else "amd64-unicode"
PUT_THERE = ("uninstall.exe", "installed.txt")  # by the setup itself; the list last, which says that all is there
BAR = (328, 628)  # dots beside the last page, for a screen of twice as many
SPARE_KB = 50_000  # for the library that is about to be


class Unfit(Exception):
    """There is something in the bundle that the setup cannot install."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=ROOT / "dist" / "sottovoce")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / f"sottovoce-{__version__}-windows-x86_64.exe")
    parser.add_argument("--sign", metavar="COMMAND")
    arguments = parser.parse_args()
    if not (arguments.bundle / "sottovoce-gui.exe").exists():
        sys.exit("There is no bundle for Windows: make bundle, there")
    make(arguments.bundle, arguments.out, also={"SIGN": arguments.sign} if arguments.sign else {})
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1_000_000:.1f} MB")


def make(bundle: Path, out: Path, version: str = __version__, also: Mapping[str, object] | None = None) -> None:
    """Compile the setup. `also`: what is to be defined otherwise. Raise Unfit; CalledProcessError if NSIS complains."""
    files = [file for file in bundle.rglob("*") if file.is_file()]
    items = sorted(path.name for path in bundle.iterdir())
    _check(items)
    size_kb = sum(file.stat().st_size for file in files) // 1024 + 1
    needed_kb = size_kb + SPARE_KB
    with tempfile.TemporaryDirectory() as made:
        listed, types = Path(made, "installed.txt"), Path(made, "lists.nsh")
        icon, picture = Path(made, "sottovoce.ico"), Path(made, "bar.bmp")
        listed.write_bytes("".join(f"{name}\n" for name in [*items, "uninstall.exe"]).encode("ascii"))
        icon.write_bytes(app_icon.ico())
        app_icon.on_a_bar(*BAR).save(str(picture))
        # NSIS takes a file for UTF-8 if it begins so.
        types.write_text(
            _macro("EACH_TYPE", sorted(media_files.SUFFIXES)) + _macro("EACH_ITEM", [*items, *PUT_THERE]),
            encoding="utf-8-sig",
        )
        defined = {
            "TARGET": TARGET,
            "VERSION": version,
            "FOUR_NUMBERS": ".".join(map(str, version_resource.numbers(version))),
            "COMPANY": version_resource.COMPANY,
            "COPYRIGHT": version_resource.COPYRIGHT,
            "OUT": out.absolute(),
            "PAYLOAD": bundle.absolute(),
            "PAYLOAD_KB": size_kb,
            "NEEDED_KB": needed_kb,
            "NEEDED_MB": needed_kb // 1024 + 1,
            "LONGEST_NAME": max(len(str(file.relative_to(bundle))) for file in files),
            "LIST": listed,
            "LISTS": types,
            "ICON": icon,
            "PICTURE": picture,
        } | dict(also or {})
        subprocess.run(
            ["makensis", "-V2", "-INPUTCHARSET", "UTF8", *(f"-D{k}={v}" for k, v in defined.items()), SCRIPT],
            check=True,
        )


def _check(items: Iterable[str]) -> None:
    """Raise Unfit for a name that the setup's own list could not hold, or that is a word of NSIS's."""
    for name in items:
        if not re.fullmatch(r"[\w.-]+", name, re.ASCII) or name in PUT_THERE:
            raise Unfit(name)


def _macro(name: str, of: Iterable[str]) -> str:
    """Return a macro of NSIS that does the same with each of several words."""
    lines = "".join(f'  !insertmacro ${{DO}} "{word}"\n' for word in of)
    return f"!macro {name} DO\n{lines}!macroend\n"


if __name__ == "__main__":
    main()
