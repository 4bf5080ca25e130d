"""What is said about newer versions of the program."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Sequence

from desktop_app.messages import Installation, ModelTrouble, PorterFailed, PorterProgress, PorterStage, Release
from desktop_app.ui.model_wording import size

CHECK_NOW = "Chec&k for Updates…"
DAILY = "Check for &Updates Daily"
PAGE = "https://sottovoce.app"

BAR = "Updates"
MAY_WE_ASK = (
    "May Sottovoce check once a day for a new version? It downloads one file from sottovoce.app, and sends nothing"
    " about you, your computer or your recordings. You can change this later in the Help menu."
)
YES_DAILY = "Check Daily"
NO_NEVER = "No"
WHAT_IS_NEW = "What’s New…"
LATER = "Later"

TITLE = "What’s New"
NOTES = "What’s new in each version"
DOWNLOAD = "&Download"
STOP = "&Stop"
SKIP = "S&kip This Version"
CLOSE = "Close"

ASKING = "Checking for a new version…"
ASKED_LATER = "Sottovoce will check for a new version once nothing is being transcribed or recorded."
DAILY_ON = "Sottovoce checks for a new version once a day."
DAILY_OFF = "Sottovoce checks for updates only when you choose it in the menu."
WAITS = "Waiting until nothing is being transcribed or recorded."
READ_ONCE_MORE = "Checking the file again…"

INSTALL = {
    Installation.SETUP: "Close and &Install",
    Installation.IMAGE: "&Open",
    Installation.ARCHIVE: "&Show",
    Installation.APPIMAGE: "&Show",
}
_WHAT_FOLLOWS = {
    Installation.SETUP: "It is checked after the download; you then choose when to close Sottovoce and install it.",
    Installation.IMAGE: "It is checked after the download. Then close Sottovoce, and drag the new one to Applications.",
    Installation.ARCHIVE: "It is checked after the download. Then close Sottovoce, and unpack it in the same place.",
    Installation.APPIMAGE: "It is checked after the download. Then close Sottovoce, and replace the old file with it.",
}
_ELSEWHERE = {
    Installation.PACKAGE: (
        "Sottovoce was installed as a package. To update it, in a terminal:\n"
        "sottovoce updates --download .\n"
        "sudo apt install ./sottovoce_{0}_amd64.deb"
    ),
    Installation.FLATPAK: "Sottovoce was installed as a Flatpak. To update it, in a terminal: flatpak update",
    Installation.SOURCE: "Sottovoce is running from its source. Get the new version where you got this one.",
}
_READY = {
    Installation.SETUP: "Downloaded and checked. Your recordings and transcripts stay as they are.",
    Installation.IMAGE: "Downloaded and checked. Open it, close Sottovoce, and drag the new one into Applications.",
    Installation.ARCHIVE: "Downloaded and checked. Close Sottovoce before you unpack it.",
    Installation.APPIMAGE: (
        "Downloaded and checked. Close Sottovoce, replace the old file with it, and make it executable in its"
        " properties."
    ),
}
_NONE_FOR_THIS = "There is no installer for this computer yet. See {0}."
NOT_OPENED = "The system could not open it. It is here: {}"
_PROGRESS = {PorterStage.FETCHING: "Downloading", PorterStage.CHECKING: "Checking"}

# Why it could not be asked or brought, and what to do next.
_TROUBLES: dict[ModelTrouble, tuple[str, str]] = {
    ModelTrouble.NO_NETWORK: ("sottovoce.app is not responding", "Check your network."),
    ModelTrouble.STALLED: ("the download stalled", "Try again later."),
    ModelTrouble.CERTIFICATE: (
        "the server could not prove that it is sottovoce.app",
        "A company network may be inspecting the connection: have its certificate installed on this computer.",
    ),
    ModelTrouble.TOKEN_NEEDED: ("the server denied access", f"See {PAGE}."),
    ModelTrouble.NOT_ALLOWED: ("the server denied access", f"See {PAGE}."),
    ModelTrouble.NOT_FOUND: ("the file was not found on the server", f"See {PAGE}."),
    ModelTrouble.TOO_MANY_REQUESTS: ("the server is busy", "Try again later."),
    ModelTrouble.HUB_FAILED: ("the server reported an error", "Try again later."),
    ModelTrouble.NOT_SIGNED: (
        "the file is not signed by the makers of Sottovoce, so it is not used",
        "It may be a network’s login page. If this keeps happening, see " + PAGE + ".",
    ),
    ModelTrouble.REPLAYED: (
        "the file is older than the last one, so it is not used",
        f"Someone may be blocking your updates. If this keeps happening, see {PAGE}.",
    ),
    ModelTrouble.EXPIRED: (
        "the file is too old to be trusted",
        f"Check the date on this computer. If it is right, see {PAGE}.",
    ),
    ModelTrouble.NOT_UNDERSTOOD: ("the file is for other versions of Sottovoce", f"Get the newest from {PAGE}."),
    ModelTrouble.NO_UPDATE: ("there is none for this computer", f"See {PAGE}."),
    ModelTrouble.NEWER_UPDATE: ("there is a newer one now", "Check for updates again."),
    ModelTrouble.DAMAGED: (
        "the download did not match the published file, so it was deleted",
        f"Try again later. If this keeps happening, see {PAGE}.",
    ),
    ModelTrouble.NAME_TAKEN: ("the folder already has another file with that name", "Choose another folder."),
    ModelTrouble.IN_USE: ("another Sottovoce on this computer is downloading it", "Try again when it has finished."),
    ModelTrouble.UPDATED: ("Sottovoce has been updated in the meantime", "Restart Sottovoce."),
    ModelTrouble.DISK_FULL: ("there is not enough space on the disk", "Free up some space, and try again."),
    ModelTrouble.CANNOT_WRITE: ("it cannot be saved", "Check that the folder exists and is writable."),
    ModelTrouble.CANNOT_READ: ("it cannot be read", "Check that its disk is connected."),
}
_FAULT = ("of a bug in Sottovoce", "See the log for more. Please report it.")


def newest(version: str) -> str:
    return f"You have the latest version, {version}."


def there_is(version: str, mine: str) -> str:
    return f"Sottovoce {version} is available. You have {mine}."


def notes(releases: Sequence[Release]) -> str:
    """Return what is new in each version, the newest first."""
    return "\n\n\n".join(
        f"Version {release.version} · {day(release.date)}\n\n{release.notes}".rstrip() for release in releases
    )


def day(date: datetime.date) -> str:
    return f"{date.day} {date:%B %Y}"


def what_follows(how: Installation, version: str, size_bytes: int) -> str:
    """Return how the new version gets onto this computer."""
    if how in _ELSEWHERE:
        return _ELSEWHERE[how].format(version)
    if not size_bytes:
        return _NONE_FOR_THIS.format(PAGE)
    return f"To download: {size(size_bytes)}. {_WHAT_FOLLOWS[how]}"


def can_be_fetched(how: Installation, size_bytes: int) -> bool:
    """Tell whether the window can bring it."""
    return how in INSTALL and bool(size_bytes)


def ready(how: Installation) -> str:
    return _READY[how]


def progress(told: PorterProgress) -> str:
    again = " · trying again" if told.retrying is not None else ""
    return f"{_PROGRESS.get(told.stage, 'Downloading')}: {size(told.done)} of {size(told.total)}{again}"


def not_checked(failed: PorterFailed) -> str:
    """Return why it is not known whether there is a newer version."""
    return _sentence("Sottovoce could not check for a new version", failed)


def not_fetched(failed: PorterFailed) -> str:
    """Return why the new version could not be brought."""
    return _sentence("The new version could not be downloaded", failed)


def _sentence(beginning: str, failed: PorterFailed) -> str:
    why, advice = _TROUBLES.get(failed.kind, _FAULT)
    if failed.kind is ModelTrouble.DISK_FULL and failed.needed_bytes:
        why += f": it needs {size(failed.needed_bytes)}, and {size(failed.free_bytes)} are free"
    return f"{beginning}, because {why}. {advice}"


# --- in a terminal ---

NOT_KNOWN = "Not checked for updates yet. To check: “sottovoce updates --check”."


def as_known(version: str) -> str:
    return f"At the last check, {version} was the latest version. To check again: “sottovoce updates --check”."


def in_terminal(how: Installation, version: str, size_bytes: int) -> str:
    """Return how the new version is got."""
    if how in INSTALL and size_bytes:
        return f"To download and verify its installer ({size(size_bytes)}): “sottovoce updates --download FOLDER”."
    return what_follows(how, version, size_bytes)


def install_by(how: Installation, file: str) -> str:
    """Return what to do with an installer that was downloaded to `file`."""
    return f"Install it: sudo apt install {shlex.quote(file)}" if how is Installation.PACKAGE else ready(how)
