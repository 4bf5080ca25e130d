"""Lets one process at a time work on a model, or on the folder of all; the system lets go when that process ends."""

from __future__ import annotations

import contextlib
import hashlib
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from desktop_app import paths
from desktop_app.messages import ModelTrouble
from desktop_app.models.errors import PorterError

_ENDING = 5.0  # seconds that a process that was killed may take to be gone
_AGAIN = 0.05  # seconds
_ALL = "models.lock"


@contextlib.contextmanager
def on_model(name: str, patience: float = _ENDING) -> Iterator[None]:
    """Hold what belongs to the model `name`. Raise PorterError (NAME_TAKEN) if another process does not let go."""
    mark = hashlib.sha256(name.casefold().encode(errors="surrogateescape")).hexdigest()[:16]
    with (paths.locks() / f"model-{mark}.lock").open("ab") as file:
        until = time.monotonic() + patience
        while not _taken_while_all_stay(file):
            if time.monotonic() >= until:
                raise PorterError(ModelTrouble.NAME_TAKEN, f"another process works on {name!r}")
            time.sleep(_AGAIN)
        yield


@contextlib.contextmanager
def on_all() -> Iterator[None]:
    """Hold the folder of all models, which is to be moved. Raise PorterError (IN_USE) if somebody works in it."""
    with contextlib.ExitStack() as held:
        for file in (paths.locks() / _ALL, *paths.locks().glob("model-*.lock")):
            if not _taken(held.enter_context(file.open("ab"))):
                raise PorterError(ModelTrouble.IN_USE, "another process works on a model")
        yield


@contextlib.contextmanager
def on_file(file: Path, patience: float = math.inf) -> Iterator[None]:
    """Hold what the empty file `file` stands for. Raise PorterError (NAME_TAKEN) if that takes longer, in seconds."""
    until = time.monotonic() + patience
    with file.open("ab") as opened:
        while not _taken(opened):
            if time.monotonic() >= until:
                raise PorterError(ModelTrouble.NAME_TAKEN, f"another process holds {file.name}")
            time.sleep(_AGAIN)
        yield


def is_held(name: str) -> bool:
    """Tell whether a process works on the model right now."""
    try:
        with on_model(name, patience=0):
            return False
    except PorterError:
        return True


def _taken_while_all_stay(file: BinaryIO) -> bool:
    with (paths.locks() / _ALL).open("ab") as all_models:
        return _taken(all_models) and _taken(file)


if sys.platform == "win32":
    import msvcrt

    def _taken(file: BinaryIO) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _taken(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
