"""The files of a model as a hub has them."""

from __future__ import annotations

import msgspec


class HubFile(msgspec.Struct, frozen=True):
    name: str
    size_bytes: int
    sha256: str = ""  # empty: not known
    git_sha1: str = ""  # of the file as Git counts it; empty: not known


class Listing(msgspec.Struct, frozen=True):
    """The files of a model, as they are at one commit."""

    repo: str
    revision: str  # a commit
    files: tuple[HubFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    def is_of(self, repo: str, revision: str) -> bool:
        """Tell whether these are the files of that commit."""
        return (self.repo.casefold(), self.revision) == (repo.casefold(), revision)
