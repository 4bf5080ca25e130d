"""Collects the licences of everything of others that is in the bundle: one text file, and the names for the metadata.

What a package says of itself and the texts that it brings along are taken from where it is installed. A library of the
system comes with what its Debian package says; on other systems none is taken along.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# Debian has the full texts; elsewhere the release workflow brings them along.
COMMON = Path(os.environ.get("COMMON_LICENCES", "/usr/share/common-licenses"))
FULL_TEXTS = ("LGPL-3", "GPL-3", "LGPL-2.1", "GPL-2", "Apache-2.0", "MPL-2.0")  # packages name them, and bring none
TEXT_NAMES = ("licen", "copying", "notice", "authors")
NOT_IN_THE_BUNDLE = {"hf-xet", "pygments"}
FFMPEG = "GPL-3.0-or-later"  # itself LGPL-3.0-or-later; x264 and x265, which it is linked with, GPL-2.0-or-later
# What made the bundle, with the licence of what it puts into each executable: its boot loader, run-time hooks.
MAKERS = {
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception AND Apache-2.0",
    "pyinstaller-hooks-contrib": "Apache-2.0",
}
RULE = "=" * 100

PREFACE = """\
Sottovoce is under the MIT licence (LICENSE). It comes with the work of many others, under the licences that follow.

The package av brings FFmpeg along (LGPL-3.0 or later), which is linked with x264 and x265 (GPL-2.0 or later), so
whoever passes the program on together with them does so under the terms of the GPL-3.0 or later.
Qt and PySide6 are used under the LGPL-3.0: their libraries are separate files and may be replaced by others.
The sources of all of them can be had where their projects publish them, in the versions that are named here.
The model "base" is Whisper by OpenAI (MIT), converted by Systran (MIT). Speech is detected by Silero VAD (MIT).
"""


def collect(bundle: Path) -> str:
    """Return the text: each package, its licence, its texts; then the system's libraries in `bundle`."""
    parts = [PREFACE, *(_of_package(package) for package in packages()), _of_python(), *_of_makers()]
    parts += _of_system_libraries(bundle)
    parts += [_full_text(name) for name in FULL_TEXTS]
    return "\n".join(parts)


def packages() -> list[metadata.Distribution]:
    """Return the packages that the program needs, and what these need, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, metadata.Distribution] = {}
    todo = [Requirement(text) for text in project["dependencies"]]
    asked: set[tuple[str, frozenset[str]]] = set()
    while todo:
        wanted = todo.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if name in NOT_IN_THE_BUNDLE or (name, extras) in asked:
            continue
        asked.add((name, extras))
        found[name] = package = metadata.distribution(name)
        needs = [Requirement(text) for text in package.requires or []]
        todo += [need for need in needs if _applies(need, extras)]
    return [found[name] for name in sorted(found)]


def licence_of(package: metadata.Distribution) -> str:
    """Return what a package says is its licence, in a few words."""
    about = package.metadata
    licence = str(about.get("License-Expression") or about.get("License") or "").strip()
    if not licence or "\n" in licence:
        classified = [line.rsplit(" :: ", 1)[1] for line in about.get_all("Classifier") or [] if "License" in line]
        licence = ", ".join(classified) or "see below"
    return licence


def debian_packages(bundle: Path) -> dict[str, str]:
    """Return Debian's packages that libraries in `bundle` were taken from, with their versions; none elsewhere."""
    if not shutil.which("dpkg-query"):
        return {}
    names = {file.name for file in (bundle / "_internal").glob("lib*.so*") if not file.is_symlink()}
    cache = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    files = {line.split(" => ")[1] for line in cache.splitlines() if line.split(" ")[0].strip() in names}
    places = {
        place for file in files for place in (file, str(Path(file).resolve()), file.removeprefix("/usr"), f"/usr{file}")
    }
    asked = subprocess.run(["dpkg-query", "-S", *places], capture_output=True, text=True, check=False).stdout
    owners = {line.split(":")[0] for line in asked.splitlines()}
    return {owner: _debian_version(owner) for owner in sorted(owners)}


def _debian_version(package: str) -> str:
    asked = ["dpkg-query", "--show", "--showformat", "${Version}\n", package]  # a line an architecture
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _applies(need: Requirement, extras: Iterable[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _of_package(package: metadata.Distribution) -> str:
    texts = [_read(Path(str(package.locate_file(file)))) for file in _texts_of(package)]
    return _section(f"{package.metadata['Name']} {package.version}: {licence_of(package)}", *texts)


def _of_makers() -> Iterator[str]:
    for name, licence in MAKERS.items():
        package = metadata.distribution(name)
        texts = [_read(Path(str(package.locate_file(file)))) for file in _texts_of(package)]
        yield _section(f"{name} {package.version}, the parts in each executable: {licence}", *texts)


def _texts_of(package: metadata.Distribution) -> Iterator[metadata.PackagePath]:
    for file in package.files or []:
        if file.suffix not in (".py", ".pyc") and any(name in file.name.lower() for name in TEXT_NAMES):
            yield file


def _of_python() -> str:
    places = [Path(sysconfig.get_path("stdlib"), "LICENSE.txt"), Path(sys.base_prefix, "LICENSE.txt")]
    places.append(Path(f"/usr/share/doc/python{sys.version_info[0]}.{sys.version_info[1]}/copyright"))
    texts = [_read(place) for place in places if place.exists()]
    return _section(f"Python {sys.version.split()[0]}: PSF-2.0", *texts[:1])


def _of_system_libraries(bundle: Path) -> Iterator[str]:
    """Yield what Debian says of each package of its own that libraries were taken from."""
    for package in debian_packages(bundle):
        text = Path("/usr/share/doc", package, "copyright")
        if text.exists():
            yield _section(f"Debian's package {package}", _read(text))


def _full_text(name: str) -> str:
    if not (COMMON / name).exists() and "COMMON_LICENCES" in os.environ:
        sys.exit(f"There is no {name} in {COMMON}.")
    text = _read(COMMON / name) if (COMMON / name).exists() else f"See https://spdx.org/licenses/{name}"
    return _section(f"The text of {name}", text)


def _section(title: str, *texts: str) -> str:
    return "\n\n".join([f"{RULE}\n{title}\n{RULE}", *(text.strip() for text in texts)]) + "\n"


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
