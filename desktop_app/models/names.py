"""What a model is called: a name that its folder can have on every system, and that nothing else has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

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
    """Return `wanted`, safe; with a number behind it if it is taken, or is the name of a published model.

    What is being fetched has its name already.
    """
    name = safe(wanted)
    here = [entry.name.removeprefix(unfinished.PREFIX) for entry in paths.models().iterdir()]
    on_shelf = [model.name for model in shelf.on_shelf()]
    taken = {one.casefold() for one in (*catalogue.published(), *here, *on_shelf)}
    tries = (name if number == 1 else f"{name} ({number})" for number in range(1, len(taken) + 2))
    return next(one for one in tries if one.casefold() not in taken)


def of_repository(repo: str, revision: str = "", wanted: Mapping[str, str] = {}) -> str:
    """Return the name on the shelf of the model `repo` of a hub: the one it has, or a free one.

    A published one has its own; two of the same name by different owners are told apart. `wanted`: the repositories of
    what is to be fetched beside what lies half done, by name. Raise PorterError: NAME_WRONG if it is no OWNER/NAME,
    NAME_TAKEN.
    """
    if not is_repository(repo):
        raise PorterError(ModelTrouble.NAME_WRONG, f"{repo!r} is no OWNER/NAME")
    for model in catalogue.published().values():
        if model.repo.casefold() == repo.casefold() and revision in ("", model.revision):
            return model.id
    owner, _, short = repo.partition("/")
    holders = _holders() | {name.casefold(): of.casefold() for name, of in wanted.items()}
    possible = [safe(short), safe(f"{safe(short)} ({owner})")]
    its_own = [name for name in possible if holders.get(name.casefold()) == repo.casefold()]
    free_ones = [name for name in possible if name.casefold() not in holders]
    if not its_own and not free_ones:
        raise PorterError(ModelTrouble.NAME_TAKEN, f"{possible} are others'")
    return (its_own or free_ones)[0]


def _holders() -> dict[str, str]:
    """Return the repositories of what has a name, by name; empty: of none. All in small letters."""
    holders = {name.casefold(): "" for name in catalogue.published()}
    for half in unfinished.notes():
        holders[half.name.casefold()] = half.repo.casefold()
    for entry in paths.models().iterdir() if shelf.folder_is_there() else ():
        if not entry.name.startswith("."):
            labelled = label.read(entry)
            holders[entry.name.casefold()] = labelled.repo.casefold() if labelled else ""
    return holders


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
