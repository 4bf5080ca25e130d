"""Makes the graphics packs: of NVIDIA's wheels, one archive a system with what CTranslate2 needs for a graphics card.

python packaging/gpu_pack.py             make them in dist/; fail if they are not those that the program knows
python packaging/gpu_pack.py --update    make them, and have the program know them (resources/gpu-packs.json)

The wheels are those in requirements-cuda.lock, and what is compressed in them is copied as it is: whoever makes the
packs makes the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import struct
import subprocess
import sys
import time
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402 (of the program, as what follows)

from desktop_app.backend import cuda_libraries  # noqa: E402
from desktop_app.upkeep import packs  # noqa: E402
from desktop_app.upkeep.packs import Content, Pack, PackFile  # noqa: E402

LOCK = ROOT / "requirements-cuda.lock"
KNOWN = ROOT / "resources" / packs.LIST
ADDRESS = "https://sottovoce.app/releases/{archive}"
ARCHIVE = "sottovoce-cuda-{version}-{system}.zip"
LICENCE = "NVIDIA-LICENCE.txt"

_BLOCK = 1 << 20
_LARGEST = (1 << 32) - 1  # bytes, of a zip archive without extensions
_MIDNIGHT, _1980 = 0, 0x21  # the earliest time that a zip archive can tell
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3 << 8
_ZIP_2 = 20


class System(NamedTuple):
    platform: str  # of the wheel, as pip calls it
    folder: str  # of the libraries, below the folder of a package
    libraries: tuple[str, ...]


SYSTEMS = {
    "linux-x86_64": System("manylinux_2_27_x86_64", "lib", cuda_libraries.ON_LINUX),
    "windows-x86_64": System("win_amd64", "bin", cuda_libraries.ON_WINDOWS),
}


class Member(NamedTuple):
    """A file for the archive, compressed or not."""

    name: str
    method: int
    crc: int
    packed_size: int
    size: int
    packed: Callable[[], Iterator[bytes]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--wheels", type=Path, default=ROOT / ".cache" / "cuda-wheels", help="where they are kept")
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    made = []
    for system in SYSTEMS:
        wheel = fetched(system, arguments.wheels)
        began = time.monotonic()
        made.append(make(system, [wheel], arguments.output))
        print(f"{made[-1].archive}  {made[-1].size_bytes} bytes, SHA-256 {made[-1].sha256}")
        print(f"    {made[-1].content.size_bytes} bytes unpacked; made in {time.monotonic() - began:.0f} s", flush=True)
    if arguments.update:
        KNOWN.write_bytes(listed(made))
    elif KNOWN.read_bytes() != listed(made):
        sys.exit(f"These are not the packs in {KNOWN.name}, and the program would refuse them. See --update.")


def listed(made: list[Pack]) -> bytes:
    """Return the list that the program knows the packs by."""
    return msgspec.json.format(msgspec.json.encode(made)) + b"\n"


# --- the wheels ------------------------------------------------------------------------------------------------------


def requirement() -> tuple[str, str, list[str]]:
    """Return name, version and SHA-256s of the wheels that the lock file pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [wanted] = project["optional-dependencies"]["cuda"]
    name, version = re.match(r"([\w-]+)==([\d.]+)", wanted).groups()
    found = re.search(rf"^{name}==([\d.]+)\b.*\n((?:    --hash=.*\n)+)", LOCK.read_text(encoding="utf-8"), re.M)
    if found is None or found[1] != version:
        sys.exit(f"{LOCK.name} has no {name}=={version}")
    return name, version, re.findall(r"sha256:(\w{64})", found[2])


def fetched(system: str, folder: Path) -> Path:
    """Return the wheel for a system; pip downloads it if it is not there, and compares its checksum in any case."""
    name, version, sha256s = requirement()
    folder.mkdir(parents=True, exist_ok=True)
    pinned = folder / "pinned.txt"
    pinned.write_text(f"{name}=={version} {' '.join(f'--hash=sha256:{one}' for one in sha256s)}\n", encoding="utf-8")
    platform = SYSTEMS[system].platform
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--platform", platform, "--dest", str(folder), "-r", str(pinned)]
    subprocess.run(command, check=True)
    [wheel] = folder.glob(f"{name.replace('-', '_')}-{version}-*{platform}*.whl")
    return wheel


# --- the archive -----------------------------------------------------------------------------------------------------


def make(system: str, wheels: list[Path], output: Path) -> Pack:
    """Make the pack of a system from wheels of one version."""
    [version] = {wheel.name.split("-")[1] for wheel in wheels}
    content, members = _found(system, version, wheels)
    archive = output / ARCHIVE.format(version=version, system=system)
    with archive.open("wb") as file:
        _write(file, sorted([*members, _stored(packs.RECORD, packs.as_record(content))]))
    sha256 = hashlib.sha256()
    with archive.open("rb") as file:
        while block := file.read(_BLOCK):
            sha256.update(block)
    size_bytes = archive.stat().st_size
    return Pack(archive.name, ADDRESS.format(archive=archive.name), size_bytes, sha256.hexdigest(), content)


def _found(system: str, version: str, wheels: list[Path]) -> tuple[Content, list[Member]]:
    """Return what the pack brings, and where that is: each library from the wheel that has it, and NVIDIA's licence."""
    folder, wanted = SYSTEMS[system].folder, SYSTEMS[system].libraries
    members, files = [], []
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as opened:
            for info in opened.infolist():
                path = info.filename.split("/")
                if path[0] == "nvidia" and path[-1] in wanted:
                    name = f"{folder}/{path[-1]}"
                elif ".dist-info/" in info.filename and re.fullmatch(r"licen[cs]e(\.txt)?", path[-1], re.I):
                    name = LICENCE
                else:
                    continue
                members.append(_copied(name, wheel, info))
                with opened.open(info) as content:
                    files.append(PackFile(name, info.file_size, hashlib.file_digest(content, "sha256").hexdigest()))
    expected = sorted([LICENCE, *(f"{folder}/{name}" for name in wanted)])
    if sorted(file.name for file in files) != expected:
        sys.exit(f"The wheels have {', '.join(file.name for file in files)}, and not {', '.join(expected)}.")
    return Content(version, system, tuple(sorted(files, key=lambda file: file.name))), members


def _copied(name: str, wheel: Path, info: zipfile.ZipInfo) -> Member:
    def packed() -> Iterator[bytes]:
        with wheel.open("rb") as file:
            file.seek(info.header_offset)
            names = struct.unpack("<26xHH", file.read(30))  # how long what stands between header and content is
            file.seek(sum(names), 1)
            left = info.compress_size
            while left:
                block = file.read(min(left, _BLOCK))
                left -= len(block)
                yield block

    return Member(name, info.compress_type, info.CRC, info.compress_size, info.file_size, packed)


def _stored(name: str, content: bytes) -> Member:
    return Member(name, zipfile.ZIP_STORED, zlib.crc32(content), len(content), len(content), lambda: iter([content]))


def _write(file: BinaryIO, members: list[Member]) -> None:
    """Write a zip archive in which nothing depends on when and where it is made."""
    directory = b""
    for member in members:
        name, at = member.name.encode("ascii"), file.tell()
        facts = struct.pack(
            "<HHHHHLLLHH",
            *(_ZIP_2, 0, member.method, _MIDNIGHT, _1980, member.crc, member.packed_size, member.size, len(name), 0),
        )
        file.write(b"PK\3\4" + facts + name)
        for block in member.packed():
            file.write(block)
        directory += b"PK\1\2" + struct.pack("<H", _UNIX | _ZIP_2) + facts
        directory += struct.pack("<HHHLL", 0, 0, 0, _PLAIN_FILE, at) + name
    at, count = file.tell(), len(members)
    if at + len(directory) > _LARGEST:
        sys.exit("That is more than a plain zip archive can hold.")
    file.write(directory + b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), at, 0))


if __name__ == "__main__":
    main()
