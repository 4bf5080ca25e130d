"""Is this folder or zip archive a model, and no folder of recordings? Told by names alone."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

TELLING = {"config.json", "model.bin"}


def looks_like_model(path: Path) -> bool:
    """Tell whether `path` is a folder, or a zip archive, with the files of a model; whether they are whole is open."""
    try:
        if path.is_dir():
            return all((path / name).is_file() for name in TELLING)
        if path.suffix.lower() != ".zip" or not path.is_file():
            return False
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    folders = [{name.parent for name in names if name.name == telling} for telling in TELLING]
    return any(len(folder.parts) <= 1 for folder in set.intersection(*folders))
