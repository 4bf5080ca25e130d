"""The hub the models are published on: its addresses, and what it says there is in a repository."""

from __future__ import annotations

import os
import re
import urllib.parse

import msgspec

from desktop_app.messages import ModelTrouble
from desktop_app.models import names
from desktop_app.models.catalogue import PublishedModel
from desktop_app.models.errors import PorterError
from desktop_app.models.listing import HubFile, Listing
from desktop_app.models.web import Web

HUGGING_FACE = "https://huggingface.co"

_LONGEST_ANSWER = 32 * 1024 * 1024  # bytes
_COMMIT = re.compile(r"[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_OF_A_MODEL = re.compile(r"config\.json|model\.bin|tokenizer\.json|vocabulary\.(txt|json)|preprocessor_config\.json")
_OTHER_WEIGHTS = (".safetensors", ".pt", "_model.bin")
_NEEDED = {"config.json", "model.bin"}  # a tokenizer.json that is missing can be made


def address(hub: str = "") -> str:
    """Return the address of the hub or mirror to ask: the one given, the environment's, or Hugging Face."""
    chosen = (hub or os.environ.get("HF_ENDPOINT", "")).strip().rstrip("/")
    if not chosen:
        return HUGGING_FACE
    return chosen if "://" in chosen else f"https://{chosen}"


def repository(typed: str) -> str:
    """Return the OWNER/NAME that somebody typed, or pasted as an address. Raise PorterError (NAME_WRONG)."""
    name = names.repository_in(typed)
    if not names.is_repository(name):
        raise PorterError(ModelTrouble.NAME_WRONG, f"{typed!r} is no OWNER/NAME")
    return name


def address_of(hub: str, listing: Listing, file: HubFile) -> str:
    """Return where the file is to be had."""
    parts = (urllib.parse.quote(part, safe="") for part in (listing.revision, file.name))
    return f"{hub}/{listing.repo}/resolve/{'/'.join(parts)}"


def listing_of_published(model: PublishedModel) -> Listing:
    """Return what is known of a published model without asking anybody."""
    checksums = {"model.bin": model.model_bin_sha256}
    files = (HubFile(file.name, file.size_bytes, checksums.get(file.name, "")) for file in model.files)
    return Listing(model.repo, model.revision, tuple(files))


def listing(web: Web, hub: str, repo: str, revision: str = "") -> Listing:
    """Ask the hub which files a model in a repository has. `revision` empty: the newest.

    Raise PorterError (NOT_A_MODEL, too), or Passing.
    """
    at = urllib.parse.quote(revision or "main", safe="")
    with web.get(f"{hub}/api/models/{repo}/revision/{at}?blobs=true") as answer:
        content = bytearray()
        for block in answer.blocks():
            content += block
            if len(content) > _LONGEST_ANSWER:
                raise PorterError(ModelTrouble.HUB_FAILED, "its answer has no end")
    try:
        told = msgspec.json.decode(content, type=_Told)
    except (ValueError, RecursionError) as error:
        raise PorterError(ModelTrouble.HUB_FAILED, f"its answer is no listing: {error}") from error
    if not _COMMIT.fullmatch(told.sha):
        raise PorterError(ModelTrouble.HUB_FAILED, "its answer names no commit")
    files = tuple(_file(sibling) for sibling in told.siblings if _OF_A_MODEL.fullmatch(sibling.rfilename))
    _check([sibling.rfilename for sibling in told.siblings], {file.name for file in files})
    return Listing(repo, told.sha, files)


class _Weights(msgspec.Struct):
    sha256: str = ""
    size: int | None = None


class _Sibling(msgspec.Struct, rename={"blob_id": "blobId"}):
    rfilename: str
    size: int | None = None
    blob_id: str = ""
    lfs: _Weights | None = None


class _Told(msgspec.Struct):
    """What we want to know of the hub's answer."""

    sha: str
    siblings: list[_Sibling]


def _file(sibling: _Sibling) -> HubFile:
    weights = sibling.lfs or _Weights()
    size = sibling.size if sibling.size is not None else weights.size
    if size is None or size < 0:
        raise PorterError(ModelTrouble.HUB_FAILED, f"it does not say how large {sibling.rfilename} is")
    git_sha1 = "" if sibling.lfs else sibling.blob_id  # that of large files is of what Git keeps in their place
    return HubFile(sibling.rfilename, size, weights.sha256.lower(), git_sha1.lower())


def _check(all_names: list[str], names: set[str]) -> None:
    missing = sorted(_NEEDED - names)
    if not missing and any(name.startswith("vocabulary.") for name in names):
        return
    if "model.bin" in missing:
        if any(name.endswith(_OTHER_WEIGHTS) for name in all_names):
            raise PorterError(ModelTrouble.NOT_CONVERTED)
        if any(name.endswith(".gguf") or name.rpartition("/")[2].startswith("ggml") for name in all_names):
            raise PorterError(ModelTrouble.FOR_WHISPER_CPP)
    elif names & _NEEDED:
        raise PorterError(ModelTrouble.INCOMPLETE, missing[0] if missing else "vocabulary.json")
    raise PorterError(ModelTrouble.NOT_A_MODEL, f"not there: {', '.join(missing)}")
