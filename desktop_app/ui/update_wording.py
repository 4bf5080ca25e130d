"""What is said about newer versions of the program."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Sequence

from desktop_app.messages import Installation, ModelTrouble, PorterFailed, PorterProgress, PorterStage, Release
from desktop_app.ui.model_wording import size

CHECK_NOW = "Chec&k for Updates…"
DAILY = "Look for &Updates Once a Day"
PAGE = "https://sottovoce.app"

BAR = "About updates"
MAY_WE_ASK = (
    "May Sottovoce look once a day whether there is a newer version? It asks sottovoce.app for one file, and says"
    " nothing about you, your computer or your recordings. The Help menu changes it later."
)
YES_DAILY = "Look Once a Day"
NO_NEVER = "No"
WHAT_IS_NEW = "What Is New…"
LATER = "Later"

TITLE = "What Is New"
NOTES = "What is new, version by version"
DOWNLOAD = "&Download"
STOP = "&Stop"
SKIP = "S&kip This Version"
CLOSE = "Close"

ASKING = "Asking whether there is a newer version…"
ASKED_LATER = "As soon as nothing is transcribed or recorded, it is asked whether there is a newer version."
DAILY_ON = "Once a day Sottovoce looks whether there is a newer version."
DAILY_OFF = "Sottovoce asks for updates only when you choose it in the menu."
WAITS = "Waits until nothing is transcribed or recorded."
READ_ONCE_MORE = "Reading it once more…"

INSTALL = {
    Installation.SETUP: "Close and &Install",
    Installation.IMAGE: "&Open It",
    Installation.ARCHIVE: "&Show It",
    Installation.APPIMAGE: "&Show It",
}
_WHAT_FOLLOWS = {
    Installation.SETUP: "It is checked when it is here; then you decide when Sottovoce closes and the setup starts.",
    Installation.IMAGE: "It is checked when it is here. Then close Sottovoce, and drag the new one into Applications.",
    Installation.ARCHIVE: "It is checked when it is here. Then close Sottovoce, and unpack it in its place.",
    Installation.APPIMAGE: "It is checked when it is here. Close Sottovoce then, and put it in place of the old one.",
}
_ELSEWHERE = {
    Installation.PACKAGE: (
        "This Sottovoce was installed as a package, so its new version is one, too. In a terminal:\n"
        "sottovoce updates --download .\n"
        "sudo apt install ./sottovoce_{0}_amd64.deb"
    ),
    Installation.FLATPAK: "This Sottovoce came as a Flatpak, which updates it. In a terminal: flatpak update",
    Installation.SOURCE: "This Sottovoce was started from its source. Get the new one where you got this one.",
}
_READY = {
    Installation.SETUP: "It is here, and it is what was published. Your recordings and transcripts stay as they are.",
    Installation.IMAGE: "It is here, and it is what was published. Open it, close Sottovoce, drag the new one over.",
    Installation.ARCHIVE: "It is here, and it is what was published. Close Sottovoce before you unpack it.",
    Installation.APPIMAGE: (
        "It is here, and it is what was published. Close Sottovoce, put it in place of the old one, and allow it to be"
        " executed, in its properties."
    ),
}
_NONE_FOR_THIS = "There is no installer for this computer yet. See {0}."
NOT_OPENED = "The system does not open it. It is here: {}"
_PROGRESS = {PorterStage.FETCHING: "Downloading", PorterStage.CHECKING: "Checking"}

# Why it could not be asked or brought, and what to do next.
_TROUBLES: dict[ModelTrouble, tuple[str, str]] = {
    ModelTrouble.NO_NETWORK: ("sottovoce.app does not answer", "Check the network."),
    ModelTrouble.STALLED: ("nothing more came", "Try again later."),
    ModelTrouble.CERTIFICATE: (
        "whoever answers cannot prove to be sottovoce.app",
        "A company network may inspect what passes: have its certificate installed on this computer.",
    ),
    ModelTrouble.TOKEN_NEEDED: ("it is not given out", f"See {PAGE}."),
    ModelTrouble.NOT_ALLOWED: ("it is not given out", f"See {PAGE}."),
    ModelTrouble.NOT_FOUND: ("it is not where it should be", f"See {PAGE}."),
    ModelTrouble.TOO_MANY_REQUESTS: ("the server has no time now", "Try again later."),
    ModelTrouble.HUB_FAILED: ("the server has a fault", "Try again later."),
    ModelTrouble.NOT_SIGNED: (
        "what came is not signed by those who make Sottovoce, so it is not used",
        "It may be the login page of a network. If it stays so, see " + PAGE + ".",
    ),
    ModelTrouble.REPLAYED: (
        "what came is older than what came before, so it is not used",
        f"Somebody may want to keep you from updates. If it stays so, see {PAGE}.",
    ),
    ModelTrouble.EXPIRED: (
        "what came is too old to be relied on",
        f"Check the date of this computer. If it is right, see {PAGE}.",
    ),
    ModelTrouble.NOT_UNDERSTOOD: ("what came is for other versions of Sottovoce", f"Get the newest from {PAGE}."),
    ModelTrouble.NO_UPDATE: ("there is none for this computer", f"See {PAGE}."),
    ModelTrouble.NEWER_UPDATE: ("there is a newer one by now", "Check for updates once more."),
    ModelTrouble.DAMAGED: (
        "what came is not what was published, so it was thrown away",
        f"Try again later. If it stays so, see {PAGE}.",
    ),
    ModelTrouble.NAME_TAKEN: ("another file of that name is in the folder", "Choose another folder."),
    ModelTrouble.IN_USE: ("another Sottovoce on this computer downloads it", "Try again when that one has ended."),
    ModelTrouble.UPDATED: ("Sottovoce has been updated meanwhile", "Close it and open it again."),
    ModelTrouble.DISK_FULL: ("there is no room on the disk", "Make room, and try again."),
    ModelTrouble.CANNOT_WRITE: ("it cannot be written", "Check that the folder is there and may be written to."),
    ModelTrouble.CANNOT_READ: ("it cannot be read", "Check that its disk is connected."),
}
_FAULT = ("of a fault of this program", "The log says more. Please report it.")


def newest(version: str) -> str:
    return f"This is the newest version, {version}."


def there_is(version: str, mine: str) -> str:
    return f"Sottovoce {version} is out. This is {mine}."


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
    return _sentence("Whether there is a newer version could not be found out", failed)


def not_fetched(failed: PorterFailed) -> str:
    """Return why the new version could not be brought."""
    return _sentence("The new version could not be downloaded", failed)


def _sentence(beginning: str, failed: PorterFailed) -> str:
    why, advice = _TROUBLES.get(failed.kind, _FAULT)
    if failed.kind is ModelTrouble.DISK_FULL and failed.needed_bytes:
        why += f": {size(failed.needed_bytes)} are needed, and {size(failed.free_bytes)} are free"
    return f"{beginning}, because {why}. {advice}"


# --- in a terminal ---

NOT_KNOWN = "Whether there is a newer version is not known. “sottovoce updates --check” asks."


def as_known(version: str) -> str:
    return f"No newer version than {version} was known when it was asked last. “sottovoce updates --check” asks again."


def in_terminal(how: Installation, version: str, size_bytes: int) -> str:
    """Return how the new version is got."""
    if how in INSTALL and size_bytes:
        return f"“sottovoce updates --download FOLDER” downloads its installer ({size(size_bytes)}) and checks it."
    return what_follows(how, version, size_bytes)


def install_by(how: Installation, file: str) -> str:
    """Return what to do with an installer that was downloaded to `file`."""
    return f"Install it: sudo apt install {shlex.quote(file)}" if how is Installation.PACKAGE else ready(how)
