"""Reads every byte of a model, and compares it with what was published or with what it was when it came."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import catalogue, disk, label, lock, shelf
from desktop_app.models.errors import PorterError
from desktop_app.models.label import Label, LabelledFile
from desktop_app.models.progress import Tell, silent
from desktop_app.models.shelf import ShelfModel


def verify(name: str, tell: Tell = silent) -> ShelfModel:
    """Check the model and return it. Raise PorterError: DAMAGED, after it was noted in its label, or NO_SUCH_MODEL.

    What is not published and came without a label gets one now: later changes are noticed.
    """
    with lock.on_model(name):
        model = _on_shelf(name)
        flaw = shelf.flaw(model.folder, name)
        files = {} if flaw else _read(model, tell)
        labelled = label.read(model.folder)
        damage = flaw or _difference(name, files, labelled)
        if not model.read_only:
            _note(model.folder, labelled, files, damage)
        if damage:
            raise PorterError(ModelTrouble.DAMAGED, damage)
        return _on_shelf(name)


def _on_shelf(name: str) -> ShelfModel:
    for model in shelf.on_shelf():
        if model.name == name:
            return model
    raise PorterError(ModelTrouble.NO_SUCH_MODEL, f"{name!r}")


def _read(model: ShelfModel, tell: Tell) -> dict[str, LabelledFile]:
    """Return what the files of the model are like now. Raise PorterError (CANNOT_READ)."""
    done = total = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        tell(PorterProgress(PorterStage.CHECKING, done, total))

    with disk.reading():
        files = [file for file in sorted(model.folder.iterdir()) if file.is_file() and file.name != label.FILE]
        sizes = [file.stat().st_size for file in files]
        total = sum(sizes)
        return {
            file.name: LabelledFile(size_bytes, disk.checksum_of(file, count))
            for file, size_bytes in zip(files, sizes, strict=True)
        }


def _difference(name: str, files: dict[str, LabelledFile], labelled: Label | None) -> str:
    """Return what is not as it was; empty if nothing."""
    published = catalogue.published().get(name)
    if published is not None and files["model.bin"].sha256 != published.model_bin_sha256:
        return "model.bin is not what was published"
    for file, was in (labelled.files if labelled else {}).items():
        if files.get(file) != was:
            return f"{file} is not what it was when it came"
    return ""


def _note(folder: Path, labelled: Label | None, files: dict[str, LabelledFile], damage: str) -> None:
    if labelled is None:
        published = catalogue.published().get(folder.name)
        repo, revision = (published.repo, published.revision) if published else ("", "")
        labelled = Label(repo, revision, {} if damage else files, time.time())
    with disk.troubles(paths.models()):
        label.write(folder, msgspec.structs.replace(labelled, damaged=damage))
