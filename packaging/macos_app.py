"""What is special about the bundle on macOS, where it is an app: what it says of itself, tidying up, the signature."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

import licences  # noqa: E402

from desktop_app import __version__  # noqa: E402
from desktop_app.work.media_files import AUDIO, VIDEO  # noqa: E402

NAME = "Sottovoce"
IDENTIFIER = "app.sottovoce.Sottovoce"
SCRIPTS = ROOT / "packaging" / "macos"
# What macOS has a type for, all of them kinds of public.audio or public.movie.
KNOWN_TO_MACOS = {
    *("aac", "ac3", "aif", "aiff", "amr", "au", "caf", "flac", "m4a", "m4b", "mp2", "mp3", "w64", "wav", "wma"),
    *("3g2", "3gp", "asf", "avi", "m2ts", "m4v", "mov", "mp4", "mpeg", "mpg", "mts", "ts", "wmv"),
}
OLDEST_SYSTEM = re.compile(r"^Tag: .*macosx_(\d+)_(\d+)_(?:arm64|universal2)$", re.MULTILINE)


def info_plist() -> dict[str, Any]:
    """Return what the app says of itself, but for what PyInstaller adds."""
    return {
        "CFBundleExecutable": "sottovoce-gui",
        "CFBundleVersion": __version__,
        "CFBundleShortVersionString": __version__,
        "CFBundleDevelopmentRegion": "en",
        "LSBackgroundOnly": False,  # PyInstaller's guess, for one of the executables is for the terminal
        "LSApplicationCategoryType": "public.app-category.productivity",
        "LSMinimumSystemVersion": oldest_system(),
        "NSPrincipalClass": "NSApplication",
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,  # dark, where the system is
        "NSHumanReadableCopyright": "MIT licence. Included components have their own licences: see About Sottovoce.",
        "NSAppleEventsUsageDescription": (
            "Sottovoce asks System Events to shut down this Mac when everything is done, if you chose that."
        ),
        "NSMicrophoneUsageDescription": (
            "Sottovoce records what you say when you press Record, or use captions or dictation. "
            "The recording stays on this Mac."
        ),
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": "Recording",
                "CFBundleTypeRole": "Viewer",
                "LSHandlerRank": "Alternate",  # offered, but never the program that a double click opens
                "LSItemContentTypes": [
                    "public.audio",
                    "public.movie",
                    *(_type_of(name) for name in unknown_to_macos()),
                ],
            }
        ],
        "UTImportedTypeDeclarations": [
            {
                "UTTypeIdentifier": _type_of(name),
                "UTTypeDescription": f"{name.upper()} {'video' if name in VIDEO else 'audio'}",
                "UTTypeConformsTo": ["public.movie" if name in VIDEO else "public.audio"],
                "UTTypeTagSpecification": {"public.filename-extension": [name]},
            }
            for name in unknown_to_macos()
        ],
    }


def unknown_to_macos() -> list[str]:
    """Return the suffixes of recordings for which macOS has no type of its own."""
    return sorted((AUDIO | VIDEO) - KNOWN_TO_MACOS)


def oldest_system() -> str:
    """Return the oldest macOS on which every package runs that is taken along, by the names of their wheels."""
    versions = [(11, 0)]
    for package in licences.packages():
        versions += wheel_systems(package)
    return ".".join(str(number) for number in max(versions))


def wheel_systems(package: metadata.Distribution) -> list[tuple[int, int]]:
    """Return the oldest macOS that a package says it runs on; nothing if it runs on all."""
    tags = OLDEST_SYSTEM.findall(package.read_text("WHEEL") or "")
    return [min((int(major), int(minor)) for major, minor in tags)] if tags else []  # several: any of them will do


def tidy(contents: Path) -> None:
    """Remove the links to what was removed, and the folders that have nothing in them any more."""
    for path in sorted(contents.rglob("*"), key=lambda path: -len(path.parts)):
        if path.is_symlink():
            if not path.exists():
                path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def sign(app: Path) -> None:
    """Sign it: with the identity in the environment, or else so that this machine trusts it."""
    subprocess.run([SCRIPTS / "sign.sh", app], check=True)


def _type_of(suffix: str) -> str:
    return f"{IDENTIFIER}.{suffix}"
