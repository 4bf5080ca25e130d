"""Makes, from the bundle, what other Linux systems take: an AppDir and a .tar. Run by `make appdir`.

dist/Sottovoce.AppDir             what appimagetool makes an AppImage of: the release workflow has that tool
dist/sottovoce-VERSION-linux-x86_64.tar.xz    to be unpacked anywhere; bin/ has the two commands
"""

from __future__ import annotations

import shutil
import subprocess
import sys
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


def main() -> None:
    make_appdir()
    print(APPDIR)
    print(make_tar())


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
    place = APPDIR / "usr"
    subprocess.run(
        [
            *("tar", "--create", "--file", str(archive), "--use-compress-program", "xz --threads=0"),
            *("--sort=name", "--owner=0", "--group=0", "--numeric-owner"),
            f"--mtime=@{int(installed.released().timestamp())}",
            *("--transform", f"flags=r;s,^[.],{name},", "--directory", str(place), "."),
        ],
        check=True,
    )
    return archive


if __name__ == "__main__":
    sys.exit(main())
