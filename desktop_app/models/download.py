"""Fetches a model from a hub, whatever the network does, and puts it on the shelf whole or not at all.

What has come of it meanwhile lies as `unfinished.py` describes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

import msgspec

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import (
    catalogue,
    completing,
    disk,
    hub,
    label,
    lock,
    names,
    removing,
    shelf,
    starter,
    tokens,
    transfer,
    unfinished,
)
from desktop_app.models.errors import PorterError
from desktop_app.models.label import Label, LabelledFile
from desktop_app.models.listing import HubFile, Listing
from desktop_app.models.patience import Passing, Patience
from desktop_app.models.progress import Tell, silent
from desktop_app.models.unfinished import DownloadNote, Unfinished, downloads, forget, set_paused
from desktop_app.models.web import Web

__all__ = ["Unfinished", "downloads", "fetch", "forget", "set_paused"]

_WHISPERS_TOKEN = b"<|startoftranscript|>"
_OF_NO_USE = (  # what has come of it goes
    *(ModelTrouble.NOT_A_MODEL, ModelTrouble.NOT_CONVERTED, ModelTrouble.FOR_WHISPER_CPP, ModelTrouble.INCOMPLETE),
)


def fetch(name: str, repo: str = "", revision: str = "", hub: str = "", token: str = "", tell: Tell = silent) -> Path:
    """Download a model and return its folder; done at once if it is there and every byte of it is right.

    `name` empty: as is usual for the repository. `repo` empty: the published model of that name. `hub` empty: the usual
    one. `token` empty: the one in the keyring, if the hub wants one. What is left of an earlier attempt, and what is
    sound of a damaged copy, is not fetched again; nor is the starter model where its parts came with the program: it is
    put together anew. Raise PorterError; what has come stays for the next attempt.
    """
    note = _meant(name, repo, revision, hub)
    with disk.troubles(paths.models()), lock.on_model(note.name):
        _check_place(note.name, note.repo)
        if shelf.comes_back(note.name):  # every byte of it is here: it is only put together again
            return starter.join(paths.models(), anew=True).folder
        return _Download(note, token, tell).run()


class _Download:
    """One run of it: from what is asked for to a model on the shelf."""

    def __init__(self, note: DownloadNote, token: str, tell: Tell) -> None:
        self._note = note
        self._token = token
        self._tell = tell
        self._patience = Patience()
        self._folder = unfinished.folder_of(note.name)
        self._new = self._folder / "model"
        self._target = paths.models() / note.name
        self._total = 0  # bytes
        self._behind = 0  # bytes of the files that are dealt with

    def run(self) -> Path:
        try:
            return self._run()
        except PorterError as error:
            if error.kind in _OF_NO_USE:
                shutil.rmtree(self._folder, ignore_errors=True)
            elif error.kind is ModelTrouble.DAMAGED:  # or each start of a program would fetch that again
                unfinished.write_paused(self._note.name, True)
            raise

    def _run(self) -> Path:
        address = hub.address(self._note.hub)
        with Web(address, self._token, lambda: tokens.token(self._note.hub)) as web:
            listing = self._note.listing or self._asked(web, address)
            self._total = listing.size_bytes
            copies = self._copies(listing)
            for folder, sound in copies.items():
                if self._is_whole(folder, listing, sound):
                    shutil.rmtree(self._folder, ignore_errors=True)
                    return folder
            self._prepare(listing, copies)
            with disk.troubles(self._folder, self._missing(listing)):
                checksums = self._bring_all(web, address, listing)
        self._put_on_shelf(listing, checksums)
        return self._target

    def _asked(self, web: Web, address: str) -> Listing:
        while True:
            self._tell(PorterProgress(PorterStage.ASKING))
            try:
                return hub.listing(web, address, self._note.repo, self._note.revision)
            except Passing as trouble:
                self._tell(PorterProgress(PorterStage.ASKING, retrying=trouble.kind))
                self._patience.bear(trouble)

    def _copies(self, listing: Listing) -> dict[Path, dict[str, str]]:
        """Return the folders that have the model already, and the SHA-256 of what is sound in each, by name."""
        shelves = [paths.models(), *paths.bundled_models()]
        folders = (shelf / self._note.name for shelf in shelves)
        return {folder: self._sound_in(folder, listing) for folder in folders if folder.is_dir()}

    def _sound_in(self, folder: Path, listing: Listing) -> dict[str, str]:
        sound = {}
        self._behind = 0
        for file in _as_labelled(listing, label.read(folder)):
            with contextlib.suppress(OSError):  # what cannot be read is not sound
                if (folder / file.name).stat().st_size == file.size_bytes:
                    content = transfer.counted(folder / file.name, file.size_bytes, self._told_of_checking)
                    if not content.flaw(file):
                        sound[file.name] = content.sha256
            self._behind += file.size_bytes
        return sound

    def _is_whole(self, folder: Path, listing: Listing, sound: dict[str, str]) -> bool:
        """Tell whether the folder has the model and can be used; one of the user's own gets a label that says so."""
        if len(sound) < len(listing.files) or shelf.flaw(folder, self._note.name):
            return False
        if folder == self._target and shelf.damage(folder, self._note.name):
            label.write(folder, _label(listing, sound))
        return True

    def _prepare(self, listing: Listing, copies: dict[Path, dict[str, str]]) -> None:
        """Have a note of what is fetched, what need not be fetched, and the room for the rest."""
        before = unfinished.read(self._folder)
        if before is None or before.listing is None or not before.listing.is_of(listing.repo, listing.revision):
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(exist_ok=True)
        self._new.mkdir(exist_ok=True)
        unfinished.write(self._folder, msgspec.structs.replace(self._note, listing=listing))
        for file in listing.files:
            for folder, sound in copies.items():
                if file.name in sound:
                    _link(folder / file.name, self._new / file.name)
        if missing := self._missing(listing):
            disk.check_room(self._folder, missing + self._missing_to_others())

    def _missing_to_others(self) -> int:
        """Return how many bytes are still to come of what other processes are fetching."""
        others = (half for half in downloads() if half.running and half.name != self._note.name)
        return sum(half.total_bytes - half.done_bytes for half in others)

    def _missing(self, listing: Listing) -> int:
        """Return how many bytes are still to come."""
        return listing.size_bytes - unfinished.size_so_far(self._new, listing)

    def _bring_all(self, web: Web, address: str, listing: Listing) -> dict[str, str]:
        """Bring what is not here yet; return the SHA-256 of every file, by name."""
        checksums = {}
        self._behind = 0
        for file in sorted(listing.files, key=lambda file: (file.name == "model.bin", file.size_bytes)):
            if file.name == "model.bin":  # the largest by far: first see what kind of model it belongs to
                _check_small_files(self._new, listing)
                _complete(self._new)
            place = hub.address_of(address, listing, file)
            checksums[file.name] = transfer.bring(
                web, place, file, self._new / file.name, self._patience, self._told_of_file
            )
            self._behind += file.size_bytes
        return checksums

    def _put_on_shelf(self, listing: Listing, checksums: dict[str, str]) -> None:
        """Let the model appear under its name, in the place of a damaged one."""
        _complete(self._new)
        if flaw := shelf.flaw(self._new, self._note.name):
            raise PorterError(ModelTrouble.NOT_A_MODEL, flaw)
        label.write(self._new, _label(listing, checksums))
        disk.flush(self._new)
        standing = _check_place(self._note.name, listing.repo)  # somebody may have come in the meantime
        damaged = removing.put_away(standing) if standing else None
        self._new.rename(self._target)
        disk.flush(self._target.parent)
        for left in (self._folder, damaged):
            if left is not None:
                shutil.rmtree(left, ignore_errors=True)

    def _told_of_file(self, stage: PorterStage, here: int, trouble: ModelTrouble | None) -> None:
        self._tell(PorterProgress(stage, self._behind + here, self._total, trouble))

    def _told_of_checking(self, here: int) -> None:
        self._told_of_file(PorterStage.CHECKING, here, None)


def _meant(name: str, repo: str, revision: str, hub_: str) -> DownloadNote:
    """Return what is to be fetched, with its listing if that is known without asking. Raise PorterError."""
    repo = hub.repository(repo) if repo else ""
    name = name or (names.of_repository(repo, revision) if repo else "")
    if names.safe(name) != name:
        raise PorterError(ModelTrouble.NAME_WRONG, f"{name!r}")
    if published := catalogue.published().get(name):
        listing = hub.listing_of_published(published)
        if repo.casefold() not in ("", listing.repo.casefold()) or revision not in ("", listing.revision):
            raise PorterError(ModelTrouble.NAME_TAKEN, f"{name!r} is the name of {listing.repo} {listing.revision}")
        return DownloadNote(name, listing.repo, listing.revision, hub_, listing)
    if not repo:
        raise PorterError(ModelTrouble.NO_SUCH_MODEL, f"no model was published as {name!r}")
    return DownloadNote(name, repo, revision, hub_, _known_listing(name, repo, revision))


def _check_place(name: str, repo: str) -> Path | None:
    """Return what stands where the model shall, and may be replaced by it: an earlier copy of the same model.

    Raise PorterError (NAME_TAKEN) if it is anything else, or if another one is half fetched under that name.
    """
    half = unfinished.read(unfinished.folder_of(name))
    if half is not None and half.repo.casefold() != repo.casefold():
        raise PorterError(ModelTrouble.NAME_TAKEN, f"{name!r} is being fetched from {half.repo}")
    standing = shelf.standing(name)
    if standing is None:
        return None
    labelled = label.read(standing)
    if labelled is None or not labelled.repo:
        is_the_same = standing.is_dir() and standing.name == name and name in catalogue.published()
    else:
        is_the_same = labelled.repo.casefold() == repo.casefold()
    if not is_the_same:
        raise PorterError(ModelTrouble.NAME_TAKEN, f"there is another model {standing.name!r}")
    return standing


def _known_listing(name: str, repo: str, revision: str) -> Listing | None:
    """Return what an earlier attempt was told, or what the label of the model says that is to be made whole again."""
    here = shelf.own_copy(name)
    labelled = label.read(here) if here else None
    before = unfinished.read(unfinished.folder_of(name))
    if before and before.listing and before.repo == repo and revision in (before.revision, before.listing.revision):
        return before.listing
    if labelled and labelled.files and revision and revision == labelled.revision:
        files = (HubFile(file, kept.size_bytes, kept.sha256) for file, kept in labelled.files.items())
        return Listing(repo, revision, tuple(files))
    return None


def _as_labelled(listing: Listing, labelled: Label | None) -> list[HubFile]:
    """Return the files with what the label of a copy of the same commit tells of them."""
    if labelled is None or not listing.is_of(labelled.repo, labelled.revision):
        return list(listing.files)
    known = {name: file.sha256 for name, file in labelled.files.items()}
    return [msgspec.structs.replace(file, sha256=file.sha256 or known.get(file.name, "")) for file in listing.files]


def _check_small_files(folder: Path, listing: Listing) -> None:
    """Raise PorterError unless they are a Whisper model's; what is damaged is removed."""
    for file in listing.files:
        content = (folder / file.name).read_bytes() if file.name != "model.bin" else b""
        if file.name in ("config.json", "tokenizer.json") and not _is_json_object(content):
            if file.sha256 or file.git_sha1:
                raise PorterError(ModelTrouble.NOT_A_MODEL, f"{file.name} is no JSON")
            (folder / file.name).unlink()
            raise PorterError(ModelTrouble.DAMAGED, f"{file.name} is no JSON")
        if file.name.startswith("vocabulary.") and _WHISPERS_TOKEN not in content:
            raise PorterError(ModelTrouble.NOT_A_MODEL, "its vocabulary is not Whisper's")


def _complete(folder: Path) -> None:
    """Add what the conversion left out. Raise PorterError (INCOMPLETE) if no tokenizer can be made."""
    with contextlib.suppress(ValueError):  # a vocabulary that cannot be read is a flaw of the model
        completing.complete(folder)
    if not (folder / completing.TOKENIZER).is_file():
        raise PorterError(ModelTrouble.INCOMPLETE, completing.TOKENIZER)


def _is_json_object(content: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(content), dict)
    except (ValueError, RecursionError):
        return False


def _label(listing: Listing, checksums: dict[str, str]) -> Label:
    files = {file.name: LabelledFile(file.size_bytes, checksums[file.name]) for file in listing.files}
    return Label(listing.repo, listing.revision, files, time.time())


def _link(source: Path, target: Path) -> None:
    """Have the same file at `target`, without a second copy of it where the disk can do that."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
