"""Makes the bundle: dist/sottovoce/, a folder that runs on a machine without Python. Run by `make bundle`.

On macOS it is dist/Sottovoce.app.

python packaging/bundle.py            make it, check it, report what takes the space
python packaging/bundle.py --report   only report on the one that is there
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import app_icon  # noqa: E402 (beside this file)
import installed  # noqa: E402
import licences  # noqa: E402
import macos_app  # noqa: E402
import version_resource  # noqa: E402

from desktop_app import __version__  # noqa: E402
from desktop_app.models import starter  # noqa: E402

BUILD = ROOT / "build"
MADE = BUILD / "made"
DIST = ROOT / "dist"
APP = DIST / f"{macos_app.NAME}.app"
MACOS = sys.platform == "darwin"
BUNDLE = APP / "Contents" if MACOS else DIST / "sottovoce"
INSIDE = [BUNDLE / "Resources", BUNDLE / "Frameworks"] if MACOS else [BUNDLE / "_internal"]
DOCUMENTS = BUNDLE / "Resources" if MACOS else BUNDLE
SIZES = ROOT / "packaging" / "sizes.json"
LICENCES = "THIRD-PARTY-LICENCES.txt"
MADE_OF = [
    *("desktop_app/**/*.py", "resources/*.*", "resources/icons/*", "resources/manual/*"),
    *("pyproject.toml", "requirements-dev.lock"),
    *("packaging/bundle.py", "packaging/licences.py", "packaging/macos_app.py", "packaging/sottovoce.spec"),
    *("packaging/app_icon.py", "packaging/version_resource.py"),
    "packaging/entries/*.py",
]
MOST_GROWTH = 1.05
MB = 1_000_000

# Inside the bundle: what no part of the program ever asks for.
UNWANTED = [
    "**/__pycache__",
    "*.dist-info/RECORD",
    "*.dist-info/licenses",  # all in one file
    "*.dist-info/sboms",
    "PySide6/Qt/translations",  # of Qt's own sentences; the program says its own
    "PySide6/Qt/plugins/platforms/libq*eglfs*",
    "PySide6/Qt/plugins/platforms/libqlinuxfb*",
    "PySide6/Qt/plugins/platforms/libqvnc*",
    "PySide6/Qt/plugins/platforms/libqvkkhrdisplay*",
    "PySide6/Qt/plugins/platforms/libqminimal*",
    "PySide6/Qt/plugins/egldeviceintegrations",
    "PySide6/Qt/plugins/generic",
    "PySide6/Qt/plugins/platformthemes/libqgtk3*",
    "PySide6/Qt/plugins/imageformats/*pdf*",
    "PySide6/Qt/plugins/imageformats/*tiff*",
    "PySide6/Qt/plugins/imageformats/*webp*",
    "PySide6/Qt/plugins/networkinformation",
    "PySide6/Qt/plugins/tls",  # Qt's network is only the local socket of the single window here
    "PySide6/Qt/plugins/platforminputcontexts/*virtualkeyboard*",
    "PySide6/Qt/lib/libQt6VirtualKeyboard*",
    "PySide6/Qt/lib/libQt6Pdf*",
    "PySide6/Qt/lib/libQt6EglFS*",
    "PySide6/Qt/lib/QtPdf*.framework",  # the same on macOS
    "PySide6/Qt/lib/QtVirtualKeyboard*.framework",
]
# What must be the system's own on Linux: it belongs to the C library, speaks to the system's drivers and services, or
# loads plugins of the system that were made for it. packaging/deb.py has the packages.
SYSTEMS_OWN = [
    *("libmvec.so*", "libstdc++.so*", "libgcc_s.so*"),
    *("libX11.so*", "libX11-xcb.so*", "libXext.so*", "libXss.so*", "libwayland-*.so*", "libxkbcommon*.so*"),
    *("libasound.so*", "libpulse*.so*", "libdbus-1.so*", "libfontconfig.so*", "libfreetype.so*"),
    *("libglib-2.0.so*", "libgthread-2.0.so*", "libgssapi_krb5.so*"),
]
# What carries debug symbols. Not everything may be stripped: the libraries beside numpy and PyAV are patched.
STRIPPED = [
    "av/**/*.so",
    "cryptography/**/*.so",
    "ctranslate2/_ext*.so",
    "lib-dynload/*.so",
    "libpython3*",
    "tokenizers/*.so",
    "yaml/*.so",
]
OPENED_BY_NAME = ("libportaudio.", "libpython")  # no other library asks for these


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", action="store_true")
    if not parser.parse_args().report:
        make()
    report()


def make() -> None:
    prepare()
    subprocess.run(
        [
            *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
            *("--distpath", str(DIST), "--workpath", str(BUILD / "pyinstaller")),
            str(ROOT / "packaging" / "sottovoce.spec"),
        ],
        check=True,
        # The same hashes, the same order, the same bytes.
        env={
            **os.environ,
            "SOTTOVOCE_MADE": str(MADE),
            "PYTHONHASHSEED": "1",
            "SOURCE_DATE_EPOCH": str(installed.source_time()),
        },
    )
    remove(UNWANTED)
    if sys.platform.startswith("linux"):
        remove(SYSTEMS_OWN)
        remove_orphans()
        strip()
        forget_this_machine()
    (DOCUMENTS / "LICENSE.txt").write_bytes((ROOT / "LICENSE").read_bytes())
    (DOCUMENTS / LICENCES).write_text(licences.collect(BUNDLE), encoding="utf-8")
    if MACOS:
        shutil.rmtree(DIST / "sottovoce")  # of which PyInstaller has made the app
        macos_app.tidy(BUNDLE)
        macos_app.sign(APP)


def is_fresh() -> bool:
    """Return whether there is a bundle, and nothing that it is made of has changed since."""
    last = DOCUMENTS / LICENCES  # put there when all else is done
    made_of = [file for pattern in MADE_OF for file in ROOT.glob(pattern)]
    return last.exists() and max(file.stat().st_mtime for file in made_of) < last.stat().st_mtime


def prepare() -> None:
    """Make what the bundle takes in and the source does not have."""
    MADE.mkdir(parents=True, exist_ok=True)
    starter.join(MADE / "models")
    for leftover in (MADE / "models").glob(".*"):
        leftover.unlink()
    if sys.platform == "win32":
        (MADE / "sottovoce.ico").write_bytes(app_icon.ico())
        for executable in version_resource.DESCRIPTIONS:
            (MADE / f"{executable}.version").write_text(version_resource.text(executable), encoding="utf-8")
    if sys.platform == "darwin":
        (MADE / "sottovoce.icns").write_bytes(app_icon.icns())


def remove(patterns: Iterable[str]) -> None:
    for pattern in patterns:
        for found in inside(pattern):
            if found.is_dir() and not found.is_symlink():
                shutil.rmtree(found)
            else:
                found.unlink()


def remove_orphans() -> None:
    """Remove the libraries that only what was removed asked for."""
    while orphans := _orphans():
        for library in orphans:
            library.unlink()


def strip() -> None:
    for pattern in STRIPPED:
        for library in inside(pattern):
            subprocess.run(["strip", "--strip-unneeded", str(library)], check=True)


def forget_this_machine() -> None:
    """Remove the paths of the Python that it was made with: libraries are looked for in the bundle alone."""
    for file in BUNDLE.rglob("*.so*"):
        if not file.is_symlink() and re.search(r"R(?:UN)?PATH.*\[/", dynamic(file)):
            subprocess.run(["chrpath", "--delete", str(file)], check=True, stdout=subprocess.DEVNULL)


def report() -> None:
    """Print what takes the space. Leave with 1 if it is more than a little above what is written down."""
    sizes = measured()
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:25]:
        print(f"{size / MB:8.1f} MB  {name}")
    size = without_model()
    print(f"{sum(sizes.values()) / MB:8.1f} MB  in all, {size / MB:.1f} MB without the model")
    written_down = json.loads(SIZES.read_text()).get(sys.platform) if SIZES.exists() else None
    if written_down and size > MOST_GROWTH * written_down * MB:
        sys.exit(f"That is more than 5 % above the {written_down} MB in packaging/sizes.json: why?")


def measured() -> dict[str, int]:
    """Return how many bytes each part of the bundle takes."""
    sizes: Counter[str] = Counter()
    for file in BUNDLE.rglob("*"):
        if file.is_file() and not file.is_symlink():
            sizes[_part(file.relative_to(BUNDLE))] += file.stat().st_size
    return dict(sizes)


def without_model() -> int:
    """Return how many bytes it takes, but for the starter model."""
    return sum(size for name, size in measured().items() if name != "the starter model")


def inside(pattern: str) -> Iterator[Path]:
    """Yield what of the bundle's inside has a name as in `pattern`."""
    for folder in INSIDE:
        yield from folder.glob(pattern)


def dynamic(file: Path) -> str:
    """Return what a library or executable says of what it needs and where it looks for it."""
    return subprocess.run(["readelf", "-d", str(file)], capture_output=True, text=True, check=False).stdout


def _part(file: Path) -> str:
    parts = [part for part in file.parts if part not in ("_internal", "Resources", "Frameworks")]
    if parts[:2] == ["resources", "models"]:
        return "the starter model"
    if parts[0] == "PySide6":
        return "/".join(parts[:4])
    return parts[0] if len(parts) > 1 else file.name


def _orphans() -> list[Path]:
    """Return the system's and Qt's libraries in the bundle that nothing in it asks for."""
    everything = [
        file for file in BUNDLE.rglob("*") if ".so" in file.name or (file.parent == BUNDLE and file.is_file())
    ]
    asked_for = {name for file in everything if file.exists() for name in _needed_by(file)}
    candidates = [*inside("*.so*"), *inside("PySide6/Qt/lib/*.so*")]
    return [
        file
        for file in candidates
        if not file.exists()  # a link to what is gone
        or (file.name not in asked_for and "cpython" not in file.name and not file.name.startswith(OPENED_BY_NAME))
    ]


def _needed_by(file: Path) -> list[str]:
    return re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic(file))


if __name__ == "__main__":
    print(f"Sottovoce {__version__}, {sys.platform}")
    main()
