"""The graphics packs: archives with the libraries that a graphics card needs, and what of them is on this computer.

Each installed pack is a folder of its own among the card's libraries, where the backend looks:

    gpu/nvidia/pack-12.9.1.4/lib/...     and pack.json, which lists what the pack has brought
    gpu/.aside/                          what is being fetched, unpacked or removed

What else lies in these folders was put there by the user, and is left alone.
"""

from __future__ import annotations

import functools
import platform
import sys
from pathlib import Path

import msgspec

from desktop_app import paths

LIST = "gpu-packs.json"  # among the resources; packaging/gpu_pack.py writes it
RECORD = "pack.json"  # in the archive, and in the installed pack

_SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_NAMED = "pack-{version}"


class PackFile(msgspec.Struct, frozen=True):
    name: str  # below the pack's folder, with slashes
    size_bytes: int
    sha256: str


class Content(msgspec.Struct, frozen=True):
    """What a pack brings."""

    version: str  # of NVIDIA's libraries
    system: str
    files: tuple[PackFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


class Pack(msgspec.Struct, frozen=True):
    """An archive that was published."""

    archive: str  # its name
    address: str
    size_bytes: int
    sha256: str
    content: Content


class InstalledPack(msgspec.Struct, frozen=True):
    version: str
    folder: Path
    size_bytes: int


class Here(msgspec.Struct, frozen=True):
    """What there is for this computer, and of that on it."""

    pack: Pack | None  # None: there is none for this kind of computer
    installed: InstalledPack | None
    half_bytes: int  # of the archive, half downloaded


def here() -> Here:
    """Look what there is. Reads small files."""
    pack = for_this_system()
    return Here(pack, installed(), _half_bytes(pack))


@functools.cache
def published() -> tuple[Pack, ...]:
    """Return the packs that this version of the program knows, of all systems."""
    return msgspec.json.decode((paths.resources() / LIST).read_bytes(), type=tuple[Pack, ...])


def for_this_system() -> Pack | None:
    return next((pack for pack in published() if pack.content.system == system()), None)


def system() -> str:
    """Return what kind of computer this is, as the packs are called: linux-x86_64."""
    machine = platform.machine().lower()
    return f"{_SYSTEMS.get(sys.platform, sys.platform)}-{_MACHINES.get(machine, machine)}"


def installed() -> InstalledPack | None:
    """Return the newest pack whose files are all here, as far as their sizes tell."""
    for folder in sorted(folders(), key=lambda folder: _numbers(folder.name), reverse=True):
        content = record(folder)
        if content is not None and is_complete(folder, content):
            return InstalledPack(content.version, folder, content.size_bytes)
    return None


def folders() -> list[Path]:
    """Return the folders of packs: those that have a record, whole or not."""
    return [file.parent for file in _all().glob(_NAMED.format(version="*") + f"/{RECORD}")]


def folder_of(content: Content) -> Path:
    return _all() / _NAMED.format(version=content.version)


def aside() -> Path:
    """Return the folder of what is being fetched, unpacked or removed: on the same disk, so that it can be renamed."""
    return paths.card_libraries() / ".aside"


def record(folder: Path) -> Content | None:
    """Return what the pack in a folder has brought; None if that cannot be told."""
    try:
        return msgspec.json.decode((folder / RECORD).read_bytes(), type=Content)
    except (OSError, ValueError, RecursionError):
        return None


def content_of(folder: Path) -> Content | None:
    """Return what the pack in a folder has brought, also where its record is damaged; None if nobody knows."""
    known = (pack.content for pack in published() if pack.content.system == system())
    return record(folder) or next((content for content in known if folder_of(content) == folder), None)


def as_record(content: Content) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content)) + b"\n"


def is_complete(folder: Path, content: Content) -> bool:
    try:
        return all((folder / file.name).stat().st_size == file.size_bytes for file in content.files)
    except OSError:
        return False


def lock() -> Path:
    """Return the file that is held by the one process that changes something here."""
    return paths.locks() / "card-libraries.lock"


def _all() -> Path:
    return paths.card_libraries() / "nvidia"


def _half_bytes(pack: Pack | None) -> int:
    try:
        return (aside() / pack.archive).stat().st_size if pack else 0
    except OSError:
        return 0


def _numbers(name: str) -> list[int]:
    return [int(part) for part in name.partition("-")[2].split(".") if part.isdecimal()]
