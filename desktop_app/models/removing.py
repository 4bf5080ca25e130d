"""Removes a model of the user's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import disk, lock, shelf, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.progress import Tell, silent

_LEAVING = ".removing-"


def remove(name: str, tell: Tell = silent) -> int:
    """Remove the user's own copy of a model, or what has come of one; return how many bytes that freed.

    It is gone from the shelf at once, and whole. One that came with the program stays: READ_ONLY. So does a folder that
    is no model: NO_SUCH_MODEL. Raise PorterError.
    """
    with lock.on_model(name):
        own = shelf.own_copy(name)
        if own is None and unfinished.folder_of(name).is_dir():
            own = unfinished.folder_of(name)
        elif own is None or not shelf.is_model(own) or shelf.comes_back(name):
            is_known = any(model.name == name for model in shelf.on_shelf())
            raise PorterError(ModelTrouble.READ_ONLY if is_known else ModelTrouble.NO_SUCH_MODEL, f"{name!r}")
        with disk.troubles(paths.models()):
            size_bytes = shelf.size_of(own)
            leaving = put_away(own)
    freed = 0

    def count(more: int) -> None:
        nonlocal freed
        freed += more
        tell(PorterProgress(PorterStage.REMOVING, freed, size_bytes))

    disk.remove(leaving, count)
    return freed


def put_away(folder: Path) -> Path:
    """Take a model off the shelf, to be deleted; return where it is. Raise OSError."""
    leaving = folder.with_name(f"{_LEAVING}{uuid.uuid4().hex}")
    folder.rename(leaving)
    disk.flush(folder.parent)
    return leaving


def tidy() -> None:
    """Delete what was on its way out when its process was killed."""
    for leaving in paths.models().glob(f"{_LEAVING}*"):
        disk.remove(leaving)


def is_needed(name: str, wanted: Iterable[str]) -> bool:
    """Tell whether the user's own copy of a model is among the models that jobs want, by name or by folder."""
    own = paths.models() / name
    return any(one == name or Path(one) == own for one in wanted)
