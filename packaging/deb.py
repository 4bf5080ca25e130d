"""Makes the package for Debian and its kin from the bundle: dist/sottovoce_VERSION_amd64.deb. Run by `make deb`.

python packaging/deb.py [--version VERSION] [--fast] [--into FOLDER]

--version gives it another number, and --fast leaves it uncompressed: both for trying an upgrade.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import installed

# The package of each library that the bundle asks the system for, or opens by its name.
PACKAGE_OF = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libasound.so.2": "libasound2",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgcc_s.so.1": "libgcc-s1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libpulse.so.0": "libpulse0",  # by its name
    "libstdc++.so.6": "libstdc++6 (>= 12)",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
C_LIBRARY = "libc6 (>= 2.36)"  # as old as the system that the bundle is made on
OF_THE_C_LIBRARY = re.compile(r"(ld-linux-x86-64|libc|libdl|libm|libmvec|libpthread|libresolv|librt|libutil)\.so\.\d")
OTHERS = ["libasound2-plugins | pipewire-alsa"]  # from ALSA, which PortAudio speaks, to the sound server
RECOMMENDED = ["libnotify-bin", "libxss1", "pipewire-pulse | pulseaudio"]
MAINTAINER = "The Sottovoce team <maintainers@sottovoce.app>"
MOST_MB = 260  # with the model
MB = 1_000_000
LINE = 76


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default=installed.__version__)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--into", type=Path, default=installed.BUNDLE.parent)
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    package = make(arguments.version, arguments.into.absolute(), fast=arguments.fast)
    size = package.stat().st_size / MB
    print(f"{package}: {size:.1f} MB")
    if size > MOST_MB and not arguments.fast:
        sys.exit(f"That is more than the {MOST_MB} MB that it may take.")


def make(version: str, into: Path, *, fast: bool) -> Path:
    tree = installed.ROOT / "build" / "deb"
    if tree.exists():
        shutil.rmtree(tree)
    installed.lay_out(tree / "usr", version)
    _put_papers(tree / "usr" / "share", version)
    control = tree / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(_control(tree, version), encoding="utf-8")
    (control / "md5sums").write_text(_checksums(tree), encoding="utf-8")
    package = into / f"sottovoce_{version}_amd64.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", *(["-Znone"] if fast else ["-Zxz"]), "--build", str(tree), str(package)],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(int(installed.released().timestamp()))},
    )
    shutil.rmtree(tree)
    return package


def depends(tree: Path) -> list[str]:
    """Return the packages that it needs. Leave if the bundle asks for a library nobody has thought of."""
    asked, brought = _libraries(tree)
    unknown = {name for name in asked - brought - PACKAGE_OF.keys() if not OF_THE_C_LIBRARY.fullmatch(name)}
    if unknown:
        sys.exit(f"Neither in the bundle nor in deb.PACKAGE_OF: {', '.join(sorted(unknown))}")
    return [C_LIBRARY, *sorted(set(PACKAGE_OF.values())), *OTHERS]


def wrapped(text: str) -> list[str]:
    """Return a change as lines of Debian's changelog."""
    lines, line = [], "  *"
    for word in text.split():
        if len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = "   "
        line += f" {word}"
    return [*lines, line]


def _control(tree: Path, version: str) -> str:
    size = sum(path.lstat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    return f"""\
Package: sottovoce
Version: {version}
Architecture: amd64
Maintainer: {MAINTAINER}
Installed-Size: {size // 1024}
Depends: {", ".join(depends(tree))}
Recommends: {", ".join(RECOMMENDED)}
Section: sound
Priority: optional
Description: transcribes recordings on your own computer
 Drop a recording on the window, or speak into the microphone, and get a
 transcript that you can check and export as text, subtitles or tables.
 Everything happens on your own computer; nothing is sent anywhere.
 .
 A speech model is included, so your first transcript needs no network.
 Python and its libraries are included as well.
"""


def _put_papers(share: Path, version: str) -> None:
    documents = share / "doc" / "sottovoce"
    shutil.copy(installed.LINUX / "copyright", documents / "copyright")
    lines = [f"sottovoce ({version}) stable; urgency=medium", ""]
    for change in installed.changes(version):
        lines += wrapped(change)
    lines += ["", f" -- {MAINTAINER}  {installed.released():%a, %d %b %Y %H:%M:%S +0000}", ""]
    installed.write_compressed(documents / "changelog.gz", "\n".join(lines))
    overrides = share / "lintian" / "overrides" / "sottovoce"
    overrides.parent.mkdir(parents=True)
    shutil.copy(installed.LINUX / "lintian-overrides", overrides)
    for file in (documents / "copyright", overrides):
        file.chmod(0o644)


def _libraries(tree: Path) -> tuple[set[str], set[str]]:
    """Return the names of the libraries that are asked for, and of those that are there."""
    files = [path for path in tree.rglob("*") if ".so" in path.name or path.name.startswith("sottovoce")]
    binaries = [str(path) for path in files if path.is_file() and not path.is_symlink()]
    told = subprocess.run(["readelf", "-d", *binaries], capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", told)), {path.name for path in files}


def _checksums(tree: Path) -> str:
    lines = []
    for path in sorted(tree.rglob("*")):
        if path.is_file() and not path.is_symlink() and "DEBIAN" not in path.parts:
            with path.open("rb") as file:
                lines.append(f"{hashlib.file_digest(file, 'md5').hexdigest()}  {path.relative_to(tree)}\n")
    return "".join(lines)


if __name__ == "__main__":
    main()
