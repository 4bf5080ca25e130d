"""What a model is called: a name that its folder can have on every system, and that nothing else has."""

from __future__ import annotations

import re
import unicodedata

from desktop_app import paths
from desktop_app.messages import ModelTrouble
from desktop_app.models import catalogue, label, shelf, unfinished
from desktop_app.models.errors import PorterError

_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]+')
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # devices there, whatever follows
_MOST_BYTES = 180  # of 255: what is half done has a word before it


def is_repository(words: str) -> bool:
    """Tell whether that is how a model is called on a hub: OWNER/NAME."""
    return bool(_REPOSITORY.fullmatch(words)) and not {".", ".."} & set(words.split("/"))


def repository_in(typed: str) -> str:
    """Return what somebody typed as OWNER/NAME, or pasted as the address of a page about the model."""
    name = typed.strip()
    if "://" not in name:
        return name
    path = re.sub(r"[?#].*", "", name.partition("://")[2], flags=re.DOTALL).partition("/")[2]
    return "/".join(path.strip("/").split("/")[:2])


def safe(wanted: str) -> str:
    """Return `wanted` as a folder can be called on every system. Raise PorterError (NAME_WRONG) if nothing is left."""
    name = _NOT_IN_NAMES.sub("-", unicodedata.normalize("NFC", wanted)).strip(" .-")
    name = name.encode()[:_MOST_BYTES].decode(errors="ignore").strip(" .-")
    if not any(sign.isalnum() for sign in name):
        raise PorterError(ModelTrouble.NAME_WRONG, f"{wanted!r}")
    return f"{name} model" if _OF_WINDOWS.fullmatch(name) else name


def free(wanted: str) -> str:
    """Return `wanted`, safe; with a number behind it if it is taken, or is the name of a published model."""
    name = safe(wanted)
    taken = {one.casefold() for one in (*catalogue.published(), *(entry.name for entry in paths.models().iterdir()))}
    taken |= {model.name.casefold() for model in shelf.on_shelf()}
    tries = (name if number == 1 else f"{name} ({number})" for number in range(1, len(taken) + 2))
    return next(one for one in tries if one.casefold() not in taken)


def of_repository(repo: str, revision: str = "") -> str:
    """Return the name on the shelf of the model `repo` of a hub. Raise PorterError (NAME_WRONG) if it is no OWNER/NAME.

    A published one has its own; two of the same name by different owners are told apart.
    """
    if not is_repository(repo):
        raise PorterError(ModelTrouble.NAME_WRONG, f"{repo!r} is no OWNER/NAME")
    for model in catalogue.published().values():
        if model.repo.casefold() == repo.casefold() and revision in ("", model.revision):
            return model.id
    owner, _, short = repo.partition("/")
    name = safe(short)
    here = shelf.own_copy(name)
    labelled = label.read(here) if here else None
    is_other = here is not None and (labelled is None or labelled.repo.casefold() != repo.casefold())
    return safe(f"{name} ({owner})") if is_other or name in catalogue.published() else name


def origin(name: str) -> tuple[str, str]:
    """Return where the model of that name came from, or is published: repository and revision. Raise PorterError."""
    own = shelf.own_copy(name)
    labelled = label.read(own) if own else None
    if labelled is not None and labelled.repo:
        return labelled.repo, labelled.revision
    if (half := unfinished.read(unfinished.folder_of(name))) is not None:
        return half.repo, half.revision
    published = catalogue.published().get(name)
    if published is None:
        raise PorterError(ModelTrouble.NOT_FOUND, f"{name!r} neither came from a hub nor is published")
    return published.repo, published.revision
