"""The label in a model's folder: where it came from, and what its files were like when it came."""

from __future__ import annotations

from pathlib import Path

import msgspec

from desktop_app.models import disk

FILE = "sottovoce.json"


class LabelledFile(msgspec.Struct, frozen=True):
    size_bytes: int
    sha256: str


class Label(msgspec.Struct, frozen=True):
    repo: str = ""  # empty: it came from a file or a folder
    revision: str = ""
    files: dict[str, LabelledFile] = {}
    came_at: float = 0.0  # seconds since 1970
    damaged: str = ""  # what was found wrong with it since; empty: nothing


def read(folder: Path) -> Label | None:
    """Return the label of the model in `folder`; None if it has none, or none that can be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Label)
    except (OSError, ValueError, RecursionError):
        return None


def write(folder: Path, label: Label) -> None:
    """Put the label into the folder, whole or not at all. Raise OSError."""
    disk.write(folder / FILE, msgspec.json.format(msgspec.json.encode(label)))
