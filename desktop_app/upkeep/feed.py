"""The feed: what the makers of the program say of its versions, signed by them.

It is one file, so that no signature is ever beside what it does not sign: a first line with one signature or several,
each by another key, and then the bytes that they sign, which are JSON. Nothing of these is read before a signature is
found to be right.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from desktop_app.messages import ModelTrouble, Release
from desktop_app.models.errors import PorterError
from desktop_app.upkeep import keys

PRODUCT, FORMAT = "Sottovoce", 1
LONGEST = 256 * 1024  # bytes of the whole file
SUFFIXES = {  # of an installer, by the platform that it is for
    "windows-x86_64": ".exe",
    "macos-arm64": ".dmg",
    "linux-x86_64-deb": ".deb",
    "linux-x86_64-tar": ".tar.xz",
    "linux-x86_64-appimage": ".AppImage",
}

_MARK = b"sottovoce-feed"
_MOST_SIGNATURES = 4
_MOST_BYTES = 2 << 30  # of an installer
_NUMBERS = r"^[0-9]{1,6}(\.[0-9]{1,6}){1,3}\Z"


class Installer(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}\Z")]  # of the file
    address: Annotated[str, Meta(pattern=r"^https://[!-~]{1,2000}\Z")]
    size_bytes: Annotated[int, Meta(ge=1, le=_MOST_BYTES)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Published(msgspec.Struct, frozen=True):
    """A version, as the feed tells of it."""

    version: Annotated[str, Meta(pattern=_NUMBERS)]
    date: datetime.date
    notes: str = ""


class Feed(msgspec.Struct, frozen=True):
    """The form. What it does not know is left for later versions of the program."""

    product: str
    format: int
    serial: Annotated[int, Meta(ge=1, le=1 << 53)]  # rises with every feed: when it was signed, in seconds since 1970
    expires: Annotated[datetime.datetime, Meta(tz=True)]
    releases: tuple[Published, ...]
    installers: dict[str, Installer]  # of the newest version, by platform

    def newer_than(self, version: str) -> tuple[Release, ...]:
        """Return the releases after a version, the newest first, their notes without signs that steer a screen."""
        newer = sorted(
            (release for release in self.releases if number(release.version) > number(version)),
            key=lambda release: number(release.version),
            reverse=True,
        )
        return tuple(Release(release.version, release.date, _legible(release.notes)) for release in newer)


class _Heading(msgspec.Struct):
    """What every form of a feed has."""

    product: str
    format: int


def number(version: str) -> tuple[int, ...]:
    """Return what versions are compared by: 1.10 is later than 1.9, and 1.0 is 1.0.0."""
    parts = [int(part) for part in re.split("[^0-9.]", version)[0].split(".") if part]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def read(file: bytes) -> Feed:
    """Return what a feed says. Raise PorterError: NOT_SIGNED if it is not by one of `keys.PUBLIC`; NOT_UNDERSTOOD."""
    content = _signed_content(file)
    try:
        heading = msgspec.json.decode(content, type=_Heading)
        if (heading.product, heading.format) != (PRODUCT, FORMAT):
            raise PorterError(ModelTrouble.NOT_UNDERSTOOD, f"a feed of {heading.product!r}, form {heading.format}")
        feed = msgspec.json.decode(content, type=Feed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PorterError(ModelTrouble.NOT_UNDERSTOOD, f"{type(error).__name__}: {error}"[:300]) from None
    if flaw := _flaw(feed):
        raise PorterError(ModelTrouble.NOT_UNDERSTOOD, flaw)
    return feed


def signed(content: bytes, *private_keys: Ed25519PrivateKey) -> bytes:
    """Return the feed with that content, signed."""
    signatures = [base64.b64encode(key.sign(content)) for key in private_keys]
    return b" ".join([_MARK, *signatures]) + b"\n" + content


def _signed_content(file: bytes) -> bytes:
    line, _, content = file.partition(b"\n")
    mark, *signatures = line.split(b" ")
    if mark != _MARK or len(file) > LONGEST:
        raise PorterError(ModelTrouble.NOT_SIGNED, f"no feed: {file[:40]!r}, {len(file)} bytes")
    for signature in signatures[:_MOST_SIGNATURES]:
        for key in keys.PUBLIC:
            if _is_by(key, signature, content):
                return content
    raise PorterError(ModelTrouble.NOT_SIGNED, f"{len(signatures)} signatures, none of them ours")


def _is_by(key: str, signature: bytes, content: bytes) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(raw, content)
    except (InvalidSignature, binascii.Error):
        return False
    return base64.b64encode(raw) == signature  # one way of writing it, and no other


def _flaw(feed: Feed) -> str:
    """Return what is wrong with what the form alone allows; empty if nothing is."""
    versions = [number(release.version) for release in feed.releases]
    if len(set(versions)) != len(versions):
        return "a version is there twice"
    for platform, installer in feed.installers.items():
        if platform in SUFFIXES and not installer.name.endswith(SUFFIXES[platform]):
            return f"{installer.name!r} is no installer for {platform}"
        if not _has_host(installer.address):
            return f"{installer.address!r} is no address"
    return ""


def _has_host(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def _legible(notes: str) -> str:
    return "".join(sign for sign in notes if sign == "\n" or sign.isprintable()).strip()
