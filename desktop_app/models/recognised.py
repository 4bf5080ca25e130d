"""Is this folder or zip archive a model, and no folder of recordings? Told by names alone.

The model may lie in a folder of its own there, as archives are packed and unpacked.
"""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

TELLING = {"config.json", "model.bin"}

_NOT_CONTENT = (".", "__MACOSX")  # what is hidden, and what macOS puts beside what it has packed


def model_in(folder: Path) -> Path | None:
    """Return the folder with a model's files: this one, or the one that is in it and nothing else. Raise OSError."""
    if _has_model(folder):
        return folder
    inside = [entry for entry in folder.iterdir() if not entry.name.startswith(_NOT_CONTENT)]
    return inside[0] if len(inside) == 1 and _has_model(inside[0]) else None


def _has_model(folder: Path) -> bool:
    return all((folder / name).is_file() for name in TELLING)


def looks_like_model(path: Path) -> bool:
    """Tell whether `path` is a folder, or a zip archive, with the files of a model; whether they are whole is open."""
    try:
        if path.is_dir():
            return model_in(path) is not None
        if path.suffix.lower() != ".zip" or not path.is_file():
            return False
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    folders = [{name.parent for name in names if name.name == telling} for telling in TELLING]
    return any(len(folder.parts) <= 1 for folder in set.intersection(*folders))
