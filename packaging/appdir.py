"""Makes, from the bundle, what other Linux systems take: a .tar, an AppDir and an AppImage. Run by `make appdir`.

python packaging/appdir.py                       the first two
python packaging/appdir.py --appimage RUNTIME    the third, of the AppDir that is there

dist/sottovoce-VERSION-linux-x86_64.tar.xz    to be unpacked anywhere; bin/ has the two commands
dist/Sottovoce.AppDir                         the same, with what starts it
dist/Sottovoce-VERSION-x86_64.AppImage        one file: AppImage's runtime (type 2), which mounts the AppDir behind it
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

import installed

DIST = installed.BUNDLE.parent
APPDIR = DIST / "Sottovoce.AppDir"
RUN = """\
#!/bin/sh
# The window, or with a command, as in `Sottovoce.AppImage transcribe FILE`, the command line.
here=$(dirname "$(readlink -f "$0")")
exec "$here/usr/lib/sottovoce/sottovoce" "$@"
"""
RUNTIME_OF_TYPE_2 = (8, b"AI\x02")  # where it says so


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--appimage", type=Path, metavar="RUNTIME")
    runtime = parser.parse_args().appimage
    if runtime:
        made = make_appimage(runtime, APPDIR, DIST / f"Sottovoce-{installed.__version__}-x86_64.AppImage")
    else:
        make_appdir()
        print(APPDIR)
        made = make_tar()
    print(f"{made}: {made.stat().st_size / 1_000_000:.1f} MB")


def make_appdir() -> None:
    if APPDIR.exists():
        shutil.rmtree(APPDIR)
    installed.lay_out(APPDIR / "usr")
    run = APPDIR / "AppRun"
    run.write_text(RUN, encoding="utf-8")
    run.chmod(0o755)
    (APPDIR / "sottovoce.desktop").symlink_to("usr/share/applications/sottovoce.desktop")
    (APPDIR / "sottovoce.svg").symlink_to("usr/share/icons/hicolor/scalable/apps/sottovoce.svg")
    (APPDIR / ".DirIcon").symlink_to("usr/share/icons/hicolor/256x256/apps/sottovoce.png")


def make_tar() -> Path:
    name = f"sottovoce-{installed.__version__}-linux-x86_64"
    archive = DIST / f"{name}.tar.xz"
    unfinished = archive.with_suffix(".unfinished")
    place = APPDIR / "usr"
    subprocess.run(
        [
            *("tar", "--create", "--file", str(unfinished), "--use-compress-program", "xz --threads=0"),
            *("--sort=name", "--owner=0", "--group=0", "--numeric-owner"),
            f"--mtime=@{int(installed.released().timestamp())}",
            *("--transform", f"flags=r;s,^[.],{name},", "--directory", str(place), "."),
        ],
        check=True,
    )
    return unfinished.rename(archive)


def make_appimage(runtime: Path, appdir: Path, image: Path) -> Path:
    """Make `image` of the runtime and a file system with `appdir` in it."""
    started_by = runtime.read_bytes()
    offset, mark = RUNTIME_OF_TYPE_2
    if started_by[offset : offset + len(mark)] != mark:
        raise SystemExit(f"{runtime} is no runtime of an AppImage of type 2.")
    unfinished = image.with_suffix(".unfinished")
    time = str(int(installed.released().timestamp()))
    subprocess.run(
        [
            *("mksquashfs", str(appdir), str(unfinished), "-offset", str(len(started_by)), "-noappend"),
            *("-comp", "zstd", "-Xcompression-level", "22", "-b", "1M"),  # the runtime knows zlib besides, no other
            *("-root-owned", "-mkfs-time", time, "-all-time", time, "-quiet", "-no-progress"),
        ],
        check=True,
    )
    with unfinished.open("r+b") as file:
        file.write(started_by)
    unfinished.chmod(0o755)
    return unfinished.rename(image)


if __name__ == "__main__":
    main()
