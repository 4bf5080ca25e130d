"""Lays out the files of an installation on Linux: what the .deb, the AppDir and the .tar have in common."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desktop_app import __version__  # noqa: E402

BUNDLE = ROOT / "dist" / "sottovoce"
LINUX = ROOT / "packaging" / "linux"
COMMANDS = ("sottovoce", "sottovoce-gui")
ICON_SIZES = (48, 128, 256)
LICENCES = ("LICENSE.txt", "THIRD-PARTY-LICENCES.txt")


def lay_out(into: Path, version: str = __version__) -> None:
    """Make `into` what /usr is to have of the program."""
    if not (BUNDLE / "sottovoce").exists():
        sys.exit("There is no bundle: make bundle")
    if into.exists():
        shutil.rmtree(into)
    (into / "lib").mkdir(parents=True)
    shutil.copytree(BUNDLE, into / "lib" / "sottovoce", symlinks=True)
    _put_commands(into)
    put_desktop_files(into, version)
    put_icons(into / "share" / "icons" / "hicolor")
    _put_pages(into / "share" / "man" / "man1", version)
    _put_documents(into)
    _set_modes(into)


def released() -> datetime:
    """Return the time of the source, so that the same source gives the same bytes."""
    return datetime.fromtimestamp(source_time(), UTC)


def source_time() -> int:
    """Return when the source was committed last, in seconds since 1970.

    In a source archive, which is no repository, that is the time of its files; a system without git cannot be asked.
    """
    command = ["git", "log", "-1", "--format=%ct"]
    try:
        asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        asked = ""
    return int(asked) if asked and (ROOT / ".git").exists() else int((ROOT / "pyproject.toml").stat().st_mtime)


def changes(version: str) -> list[str]:
    """Return what CHANGELOG.md says is new in `version`, or else what is not released yet: one text a change."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## \[(.+?)\].*?\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    section = sections.get(version) or sections.get("Unreleased", "")
    return [
        " ".join(change.split()) for change in re.findall(r"^- (.*?)(?=^- |^#|\Z)", section, re.DOTALL | re.MULTILINE)
    ]


def write_compressed(file: Path, text: str) -> None:
    """Write the text with gzip, the same bytes at any time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _put_commands(into: Path) -> None:
    (into / "bin").mkdir()
    for command in COMMANDS:
        (into / "bin" / command).symlink_to(f"../lib/sottovoce/{command}")


def put_desktop_files(into: Path, version: str) -> None:
    entry = into / "share" / "applications" / "sottovoce.desktop"
    entry.parent.mkdir(parents=True)
    shutil.copy(LINUX / entry.name, entry)
    about = into / "share" / "metainfo" / "app.sottovoce.Sottovoce.metainfo.xml"
    about.parent.mkdir(parents=True)
    text = (LINUX / about.name).read_text(encoding="utf-8")
    release = (
        f'  <releases>\n    <release version="{version}" date="{released():%Y-%m-%d}"/>\n  </releases>\n</component>'
    )
    about.write_text(text.replace("</component>", release), encoding="utf-8")


def put_icons(into: Path) -> None:
    import app_icon

    scalable = into / "scalable" / "apps" / "sottovoce.svg"
    scalable.parent.mkdir(parents=True)
    shutil.copy(app_icon.DRAWING, scalable)
    for size in ICON_SIZES:
        file = into / f"{size}x{size}" / "apps" / "sottovoce.png"
        file.parent.mkdir(parents=True)
        file.write_bytes(app_icon.png(size))


def _put_pages(into: Path, version: str) -> None:
    for page in sorted(LINUX.glob("*.1")):
        text = (
            page.read_text(encoding="utf-8").replace("@VERSION@", version).replace("@DATE@", f"{released():%Y-%m-%d}")
        )
        write_compressed(into / f"{page.name}.gz", text)


def _put_documents(into: Path) -> None:
    """Put the licences where documents are; the program finds them beside itself, as in the bundle."""
    documents = into / "share" / "doc" / "sottovoce"
    documents.mkdir(parents=True)
    for name in LICENCES:
        (into / "lib" / "sottovoce" / name).rename(documents / name)
        (into / "lib" / "sottovoce" / name).symlink_to(f"../../share/doc/sottovoce/{name}")


def _set_modes(into: Path) -> None:
    """Let everybody read, nobody but the owner write, and only the executables run."""
    executables = {path for path in (into / "lib" / "sottovoce").iterdir() if path.name.startswith("sottovoce")}
    for path in [into, *into.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path in executables else 0o644)
