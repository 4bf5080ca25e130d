"""The models on this machine: found and checked. Those that came with the program are only read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from desktop_app import paths
from desktop_app.models import abilities, catalogue, disk, label, recognised, starter
from desktop_app.models.abilities import Abilities, Languages
from desktop_app.models.errors import ModelBroken, ModelError, ModelMissing, ModelNoRoom, ModelsAway

__all__ = ["Languages", "ModelBroken", "ModelError", "ModelMissing", "ShelfModel", "find", "installed"]

_REQUIRED = ("model.bin", "config.json", "tokenizer.json")


class ShelfModel(msgspec.Struct, frozen=True):
    name: str
    folder: Path
    languages: Languages
    read_only: bool  # it came with the program
    size_bytes: int = 0
    repo: str = ""  # OWNER/NAME on the hub; empty: it came from a file or a folder
    damaged: str = ""  # why it cannot be used, for the log; empty: it can
    can_translate: bool = True  # into English


def on_shelf() -> list[ShelfModel]:
    """Return the models on this machine by name, those that cannot be used as well. Looks at sizes, not at every byte.

    The user's own copy goes before one that came with the program, if it can be used.
    """
    found: dict[str, ShelfModel] = {}
    for shelf in _shelves():
        for folder in _folders_on(shelf):
            known = found.get(folder.name)
            if known is None or known.damaged:
                model = _described(folder, read_only=shelf != paths.models() or comes_back(folder.name))
                if model is not None and (known is None or not model.damaged):
                    found[folder.name] = model
    return [found[name] for name in sorted(found)]


def installed() -> list[ShelfModel]:
    """Return the models that can be used, by name."""
    return [model for model in on_shelf() if not model.damaged]


def folder_is_there() -> bool:
    """Tell whether the folder of the user's models is there: the disk it was moved to may be unplugged."""
    return paths.models().is_dir()


def own_copy(name: str) -> Path | None:
    """Return the folder of the user's own model of that name, in whatever state it is."""
    return next((folder for folder in _folders_on(paths.models()) if folder.name == name), None)


def is_model(folder: Path) -> bool:
    """Tell whether a folder among the user's models is one of them, in whatever state, and not something of his own."""
    return label.read(folder) is not None or (folder / "model.bin").exists()


def standing(name: str) -> Path | None:
    """Return what stands in the folder of the user's models under that name, in whatever capitals; a file as well."""
    try:
        entries = sorted(paths.models().iterdir(), key=lambda entry: entry.name != name)  # first the very same
    except FileNotFoundError:
        return None
    return next((entry for entry in entries if entry.name.casefold() == name.casefold()), None)


def find(name_or_folder: str) -> Path:
    """Return the folder of the model of that name, or the folder itself if it holds a model.

    The starter model is first put together if only its parts are there, which takes about a second.
    Raise ModelMissing, ModelBroken, ModelNoRoom or ModelsAway.
    """
    places = _places(name_or_folder)
    if not places and comes_back(name_or_folder) and folder_is_there():
        return _starter_model()
    if not places and _exists(name_or_folder):
        places, published_as = [recognised.folder_of(Path(name_or_folder).absolute())], ""
    else:
        published_as = name_or_folder
    flaws = []
    for folder in places:
        found = damage(folder, published_as)
        if not found:
            return folder
        flaws.append(found)
    if flaws:
        raise ModelBroken(name_or_folder, flaws[0])
    raise ModelMissing(name_or_folder) if folder_is_there() else ModelsAway(str(paths.models()))


def comes_back(name: str) -> bool:
    """Tell whether a copy in the folder of the user's models came with the program, as the starter model's parts do."""
    return name == starter.NAME and starter.parts_are_here()


def _shelves() -> list[Path]:
    return [paths.models(), *paths.bundled_models()]


def _folders_on(shelf: Path) -> Iterator[Path]:
    try:
        entries = sorted(shelf.iterdir())
    except OSError:
        return  # no such shelf here, or not for us
    yield from (entry for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _places(name: str) -> list[Path]:
    """Return the folders of that name on the shelves; none if it is no name but a path."""
    return [folder for shelf in _shelves() for folder in _folders_on(shelf) if folder.name == name]


def _exists(path: str) -> bool:
    try:
        return bool(path) and Path(path).exists()
    except OSError:
        return False  # too long for a path, for example


def _starter_model() -> Path:
    try:
        return starter.join(paths.models()).folder
    except OSError as error:
        if disk.is_full(error):
            raise ModelNoRoom(f"the model {starter.NAME!r} could not be put together: {error}") from error
        raise ModelBroken(starter.NAME, f"it could not be put together: {error}") from error


def damage(folder: Path, published_as: str) -> str:
    """Return why the model in `folder` cannot be used: it has a flaw, or was found to be damaged. Empty: it can."""
    labelled = label.read(folder)
    return (labelled.damaged if labelled else "") or flaw(folder, published_as) or ""


def flaw(folder: Path, published_as: str = "", tokens: int | None = None) -> str | None:
    """Return what keeps the folder from being a model, or None if it is one. Looks at sizes, not at every byte.

    `tokens`: of its vocabulary, where that was read already.
    """
    model = catalogue.published().get(published_as)
    try:
        return (model and model.flaw(folder)) or _flaw_of_any_model(folder, tokens)
    except (OSError, ValueError, RecursionError) as error:
        return str(error) or type(error).__name__


def size_of(folder: Path) -> int:
    """Return how many bytes the files in the folder have."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())


def _described(folder: Path, read_only: bool) -> ShelfModel | None:
    """Return the model in `folder`, whole or not; None if nothing in it is of a model."""
    labelled, published = label.read(folder), catalogue.published().get(folder.name)
    if labelled is None and not any((folder / name).exists() for name in _REQUIRED):
        return None
    try:
        tokens = abilities.count_tokens(folder)
        can, size_bytes = abilities.of_folder(folder, tokens), size_of(folder)
    except (OSError, ValueError, RecursionError):  # what is wrong with it is said below
        tokens, can, size_bytes = None, Abilities(), 0
    repo = labelled.repo if labelled else published.repo if published else ""
    damaged = (labelled.damaged if labelled else "") or flaw(folder, folder.name, tokens) or ""
    return ShelfModel(
        folder.name, folder, can.languages, read_only, size_bytes, repo, damaged, can_translate=can.can_translate
    )


def _flaw_of_any_model(folder: Path, tokens: int | None) -> str | None:
    if not folder.is_dir():
        return "it is not a folder"
    for name in _REQUIRED:
        if not (folder / name).is_file():
            return f"{name} is missing"
        if not (folder / name).stat().st_size:
            return f"{name} is empty"
    with (folder / "model.bin").open("rb") as file:
        if not recognised.are_weights(file.read(recognised.ENOUGH_TO_TELL)):
            return "model.bin is no CTranslate2 Whisper model"
    msgspec.json.decode((folder / "config.json").read_bytes(), type=dict)
    return (
        None if (abilities.count_tokens(folder) if tokens is None else tokens) else "its vocabulary is missing or empty"
    )
