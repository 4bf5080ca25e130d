"""The models on this machine: found and checked. Those that came with the program are only read."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path

import msgspec

from desktop_app import paths
from desktop_app.models import catalogue, starter
from desktop_app.models.errors import ModelBroken, ModelError, ModelMissing

__all__ = ["InstalledModel", "Languages", "ModelBroken", "ModelError", "ModelMissing", "find", "installed", "languages"]

_REQUIRED = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
_SPECIFICATION = b"WhisperSpec\0"  # in model.bin, after its version and this one's length
_LEAST_MULTILINGUAL = 51865  # tokens; the engine counts the same way: English-only models have one less


class Languages(enum.StrEnum):
    MULTILINGUAL = "multilingual"
    ENGLISH = "english"  # and nothing else; such a model does not translate either


class InstalledModel(msgspec.Struct, frozen=True):
    name: str
    folder: Path
    languages: Languages
    read_only: bool  # it came with the program


def installed() -> list[InstalledModel]:
    """Return the models that can be used, by name; the user's own copy goes before one that came with the program."""
    found: dict[str, InstalledModel] = {}
    for shelf in _shelves():
        for folder in _folders_on(shelf):
            if folder.name not in found and _flaw(folder, folder.name) is None:
                read_only = shelf != paths.models()
                found[folder.name] = InstalledModel(folder.name, folder, languages(folder), read_only)
    return [found[name] for name in sorted(found)]


def find(name_or_folder: str) -> Path:
    """Return the folder of the model of that name, or the folder itself if it holds a model.

    The starter model is first put together if only its parts are there, which takes about a second.
    Raise ModelMissing or ModelBroken.
    """
    places = _places(name_or_folder)
    if not places and name_or_folder == starter.NAME and starter.parts_are_here():
        return _starter_model()
    if not places and _exists(name_or_folder):
        places, published_as = [Path(name_or_folder).absolute()], ""
    else:
        published_as = name_or_folder
    flaws = []
    for folder in places:
        flaw = _flaw(folder, published_as)
        if flaw is None:
            return folder
        flaws.append(flaw)
    raise ModelBroken(name_or_folder, flaws[0]) if flaws else ModelMissing(name_or_folder)


def languages(folder: Path) -> Languages:
    """Return what the model in `folder` understands, told by its vocabulary as the engine tells it."""
    return Languages.MULTILINGUAL if _tokens(folder) >= _LEAST_MULTILINGUAL else Languages.ENGLISH


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
        raise ModelBroken(starter.NAME, f"it could not be put together: {error}") from error


def _flaw(folder: Path, published_as: str) -> str | None:
    """Return what keeps the folder from being a model, or None if it is one."""
    model = catalogue.published().get(published_as)
    try:
        return (model and model.flaw(folder)) or _flaw_of_any_model(folder)
    except (OSError, ValueError, RecursionError) as error:
        return str(error)


def _flaw_of_any_model(folder: Path) -> str | None:
    if not folder.is_dir():
        return "it is not a folder"
    for name in _REQUIRED:
        if not (folder / name).is_file():
            return f"{name} is missing"
        if not (folder / name).stat().st_size:
            return f"{name} is empty"
    with (folder / "model.bin").open("rb") as file:
        if file.read(6 + len(_SPECIFICATION))[6:] != _SPECIFICATION:
            return "model.bin is no CTranslate2 Whisper model"
    msgspec.json.decode((folder / "config.json").read_bytes(), type=dict)
    return None if _tokens(folder) else "its vocabulary is missing or empty"


def _tokens(folder: Path) -> int:
    """Return how many tokens the vocabulary of the model has."""
    for name in _VOCABULARIES:
        if not (folder / name).is_file():
            continue
        content = (folder / name).read_bytes()
        if name.endswith(".json"):
            return len(msgspec.json.decode(content, type=list))
        return len(content.splitlines())
    return 0
