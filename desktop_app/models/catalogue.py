"""The published models: their files, sizes and checksums."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

from desktop_app import paths


class PublishedFile(msgspec.Struct, frozen=True):
    name: str
    size_bytes: int


class PublishedModel(msgspec.Struct, frozen=True):
    """A CTranslate2 conversion of a Whisper model, as published."""

    id: str
    repo: str
    revision: str
    model_bin_sha256: str
    files: tuple[PublishedFile, ...]
    language: str | None  # None: multilingual
    parameters_m: int  # millions
    translates: bool = True  # into English; a model for English alone never does

    @property
    def size_bytes(self) -> int:
        """What it takes on the disk, and to download."""
        return sum(file.size_bytes for file in self.files)

    @property
    def multilingual(self) -> bool:
        return self.language is None

    @property
    def can_translate(self) -> bool:
        return self.translates and self.multilingual

    def flaw(self, folder: Path) -> str | None:
        """Return what a copy in `folder` lacks to be this model, or None. Looks at sizes, not at every byte."""
        for file in self.files:
            try:
                size = (folder / file.name).stat().st_size
            except OSError as error:
                return f"{file.name}: {error.strerror}"
            if size != file.size_bytes:
                return f"{file.name} has {size} bytes instead of {file.size_bytes}"
        return None


class _Catalogue(msgspec.Struct, frozen=True):
    note: str
    models: tuple[PublishedModel, ...]


def with_weights(sha256: str) -> PublishedModel | None:
    """Return the published model whose weights have that SHA-256."""
    return next((model for model in published().values() if model.model_bin_sha256 == sha256), None)


def from_repo(repo: str) -> PublishedModel | None:
    """Return the published model that is kept in the repository `repo`, OWNER/NAME in whatever capitals."""
    return next((model for model in published().values() if model.repo.casefold() == repo.casefold()), None)


@functools.cache
def published() -> dict[str, PublishedModel]:
    """Return the published models by name."""
    text = (paths.resources() / "model-catalogue.json").read_bytes()
    return {model.id: model for model in msgspec.json.decode(text, type=_Catalogue).models}
