"""Graphics packs of the tests' own: made as the real ones are, of little wheels; and porters that know them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from desktop_app.messages import Message, PorterEvent, porter_event_from, to_line
from desktop_app.upkeep import packs
from desktop_app.upkeep.packs import Pack

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "packaging"))

import gpu_pack  # noqa: E402

REPOSITORY, REVISION = "sottovoce/packs", "1"  # where the tests' hub has them
LIBRARY_SIZE = 1_500_000  # bytes
A_LIBRARY, ANOTHER = "lib/libcublas.so.12", "lib/libcublasLt.so.12"

# A porter to which only these packs are known.
PORTER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
import msgspec
from desktop_app import porter
from desktop_app.upkeep import packs
known = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=tuple[packs.Pack, ...])
packs.published = lambda: known
"""
RUN = "porter.main()\n"


def library(name: str, size_bytes: int = LIBRARY_SIZE) -> bytes:
    """Return what looks like nothing in particular, and hardly gets smaller when it is packed."""
    return random.Random(name).randbytes(size_bytes)


def wheel(
    folder: Path, version: str, libraries: dict[str, bytes], below: str = "nvidia/cublas/lib", platform: str = "any"
) -> Path:
    """Make a wheel as NVIDIA does."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"nvidia_cublas_cu12-{version}-py3-none-{platform}.whl"
    about = f"nvidia_cublas_cu12-{version}.dist-info"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("nvidia/__init__.py", "")
        made.writestr("nvidia/cublas/include/cublas.h", "/* nothing */")
        for name, content in libraries.items():
            made.writestr(f"{below}/{name}", content)
        made.writestr(f"{below}/libnvblas.so.12", "for others")
        made.writestr(f"{about}/licenses/License.txt", "You may. " * 100)
        made.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: nvidia-cublas-cu12\nVersion: {version}\n")
        made.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nTag: py3-none-{platform}\n")
    return file


def little_pack(
    folder: Path, version: str = "12.9.1.4", libraries: dict[str, bytes] | None = None, at: str = "http://127.0.0.1:9"
) -> Pack:
    """Make a pack for this computer in `folder`; at: the address of the tests' hub."""
    names = gpu_pack.SYSTEMS["linux-x86_64"].libraries
    made_of = wheel(folder / "wheels", version, libraries or {name: library(name + version) for name in names})
    pack = gpu_pack.make("linux-x86_64", [made_of], folder)
    return msgspec.structs.replace(
        pack,
        address=f"{at}/{REPOSITORY}/resolve/{REVISION}/{pack.archive}",
        content=msgspec.structs.replace(pack.content, system=packs.system()),
    )


def porter_program(folder: Path, *known: Pack, first: str = "") -> list[str]:
    """Return the program of a porter that knows these packs; first: what it does before."""
    listed = folder / "known-packs.json"
    listed.write_bytes(gpu_pack.listed([*known]))
    return [sys.executable, "-c", PORTER + first + "\n" + RUN, str(listed)]


@contextmanager
def started(program: list[str], command: Message, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(program, env=os.environ | environment, **pipes) as process:
        try:
            process.stdin.write(to_line(command))
            process.stdin.flush()
            yield process
        finally:
            process.kill()


def told(program: list[str], command: Message, **environment: str) -> list[PorterEvent]:
    """Return all that the porter says."""
    with started(program, command, **environment) as process:
        return [porter_event_from(line) for line in process.stdout]
