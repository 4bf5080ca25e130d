"""Asks whether there is a newer version, and brings its installer: what is not signed and whole is not taken.

The feed that was taken last is kept as it came, with its signature. Whatever is done later is done by what that one
says, read and checked anew; and no feed that is older is taken after it.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import time
from collections.abc import Iterator
from pathlib import Path

from desktop_app import __version__, paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage, UpdateChecked
from desktop_app.models import disk, lock, transfer
from desktop_app.models.errors import PorterError
from desktop_app.models.listing import HubFile
from desktop_app.models.patience import Passing, Patience, scaled
from desktop_app.models.progress import Tell
from desktop_app.models.web import Web
from desktop_app.upkeep import asked, feed, installation
from desktop_app.upkeep.feed import Feed, Installer

ADDRESS = "https://sottovoce.app/releases/feed.signed"
LONGEST_ANSWER = 60.0  # seconds that the feed may take to come
_ENDING = 5.0  # seconds that a porter that was ended may take to be gone

log = logging.getLogger(__name__)


def check() -> UpdateChecked:
    """Ask for the feed; return what it says that is new. Raise PorterError."""
    with disk.troubles(paths.updates()):
        asked.note()
        try:
            file = _fetched()
        except PorterError as error:
            if error.kind is ModelTrouble.NO_NETWORK:
                asked.forget()
            raise
        _keep(file)
    return known()


def is_answered() -> bool:
    """Tell whether there is an answer that `known` goes by: one that came, and is not out of date."""
    told = _kept()
    return told is not None and not _is_over(told)


def known() -> UpdateChecked:
    """Return what the kept feed says that is new; nobody is asked. Nothing if there is none."""
    told = _kept()
    releases = told.newer_than(__version__) if told and not _is_over(told) else ()
    installer = told.installers.get(installation.wanted()) if told and releases else None
    return UpdateChecked(releases, installer.size_bytes if installer else 0)


def fetch(version: str, folder: Path | None, tell: Tell) -> Path:
    """Return the installer of the version that was told of last, every byte of it checked just now.

    What of it is in the folder (None: ours) is not fetched again. Raise PorterError.
    """
    installer = _installer_of(version)
    into = folder or paths.updates()
    with disk.troubles(into, installer.size_bytes), _alone():
        file = into / installer.name
        if not _is_whole(file, installer, tell):
            if file.exists() and folder is not None:
                raise PorterError(ModelTrouble.NAME_TAKEN, f"{file}")
            _bring(installer, file, tell)
        return file


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Be the one process that brings an installer. Raise PorterError (IN_USE) if another one is, and stays."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(lock.on_file(paths.locks() / "update.lock", _ENDING))
        except PorterError as error:
            raise PorterError(ModelTrouble.IN_USE, error.detail) from error
        yield


def tidy() -> None:
    """Delete the installers that are of no more use by what the kept feed says. Raise PorterError."""
    with disk.troubles(paths.updates()), lock.on_file(paths.locks() / "feed.lock"):
        told = _kept()
        if told is not None:
            _tidy(told)


def _fetched() -> bytes:
    """Return what lies at the address, as it comes."""
    until = time.monotonic() + scaled(LONGEST_ANSWER, least=2.0)
    patience = Patience()
    with Web(ADDRESS) as web:
        while True:
            try:
                return _answer(web, until)
            except Passing as trouble:
                if time.monotonic() + trouble.after >= until:
                    raise
                patience.bear(trouble)


def _answer(web: Web, until: float) -> bytes:
    came = bytearray()
    with web.get(ADDRESS) as answer:
        for block in answer.blocks():
            came += block
            if len(came) > feed.LONGEST:
                raise PorterError(ModelTrouble.NOT_SIGNED, f"more than {feed.LONGEST} bytes came")
            if time.monotonic() >= until:
                raise PorterError(ModelTrouble.STALLED, f"only {len(came)} bytes came in time")
    return bytes(came)


def _keep(file: bytes) -> None:
    """Take this feed, if it is as it should be. Raise PorterError."""
    told = feed.read(file)
    if _is_over(told):
        raise PorterError(ModelTrouble.EXPIRED, f"the feed was good until {told.expires}")
    with lock.on_file(paths.locks() / "feed.lock"):
        before = _kept()
        if before is not None and before.serial > told.serial:
            raise PorterError(ModelTrouble.REPLAYED, f"the feed {told.serial} came after {before.serial}")
        disk.write(_kept_file(), file)
        _tidy(told)


def _kept() -> Feed | None:
    """Return the feed that was taken last, if it is there and in order."""
    try:
        return feed.read(_kept_file().read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, PorterError) as error:
        log.warning("the kept feed is of no use: %s", error)
        return None


def _kept_file() -> Path:
    return paths.updates() / "feed.signed"


def _is_over(told: Feed) -> bool:
    return datetime.datetime.now(datetime.UTC) >= told.expires


def _installer_of(version: str) -> Installer:
    told = _kept()
    newer = [release.version for release in told.newer_than(__version__)] if told else []
    if told is None or version not in newer:
        raise PorterError(ModelTrouble.NO_UPDATE, f"{version} is not the newest version that is known")
    if version != newer[0]:
        raise PorterError(ModelTrouble.NEWER_UPDATE, f"{newer[0]} is newer than {version}")
    if _is_over(told):
        raise PorterError(ModelTrouble.EXPIRED, f"the feed was good until {told.expires}")
    installer = told.installers.get(installation.wanted())
    if installer is None:
        raise PorterError(ModelTrouble.NO_UPDATE, f"there is no installer for {installation.wanted() or 'this'}")
    return installer


def _is_whole(file: Path, installer: Installer, tell: Tell) -> bool:
    """Read all of the file, if it is there."""

    def told(size: int) -> None:
        tell(PorterProgress(PorterStage.CHECKING, size, installer.size_bytes))

    try:
        content = transfer.counted(file, installer.size_bytes, told)
    except FileNotFoundError:
        return False
    flaw = content.flaw(_as_wanted(installer))
    if flaw:
        log.warning("what is here is not taken: %s", flaw)
    return not flaw


def _bring(installer: Installer, file: Path, tell: Tell) -> None:
    def told(stage: PorterStage, size: int, trouble: ModelTrouble | None) -> None:
        tell(PorterProgress(stage, size, installer.size_bytes, trouble))

    part = file.with_name(f"{file.name}.part")
    here = part.stat().st_size if part.exists() else 0
    disk.check_room(file.parent, max(0, installer.size_bytes - here))
    with Web(installer.address) as web:
        transfer.bring(web, installer.address, _as_wanted(installer), part, Patience(), told)
    part.replace(file)
    disk.flush(file.parent)


def _as_wanted(installer: Installer) -> HubFile:
    return HubFile(installer.name, installer.size_bytes, installer.sha256)


def _tidy(told: Feed) -> None:
    """Delete the installers, whole or not, that are of no more use."""
    installer = told.installers.get(installation.wanted()) if told.newer_than(__version__) else None
    for file in paths.updates().iterdir():
        name = file.name.removesuffix(".part")
        if name.endswith(tuple(feed.SUFFIXES.values())) and (installer is None or name != installer.name):
            with contextlib.suppress(OSError):
                file.unlink()
