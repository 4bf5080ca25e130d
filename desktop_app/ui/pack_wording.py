"""What the user reads about the graphics pack: what it is for, how far it is, why it did not come. Plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.messages import ModelTrouble, PorterFailed, PorterProgress
from desktop_app.ui.model_wording import progress as progress_of_model
from desktop_app.ui.model_wording import size

if TYPE_CHECKING:  # the command line has no use for Qt
    from desktop_app.work.pack_work import PackState

TITLE = "Graphics pack"
GET_FROM_FILE = "From a F&ile…"
GO_ON = "&Go On"
STOP = "&Stop"
REMOVE = "&Remove…"
REMOVE_HALF = "&Remove What Has Come"
TRY_AGAIN = "&Try Again"
PROGRESS = "How far the graphics pack is"
FILE_TITLE = "Choose the File of the Graphics Pack"
ZIP_FILES = "Zip files"
REMOVE_TITLE = "Remove the Graphics Pack?"
REMOVE_IT = "Remove"
KEEP_IT = "Keep It"
STARTING = "Starting"

WHAT_IT_IS = (
    "The graphics pack lets Sottovoce use the graphics card: it has the libraries of NVIDIA’s that the card needs."
)
NOTHING_ELSE = "Nothing else on this computer is changed. NVIDIA’s licence comes with them."
NONE_FOR_THIS = "There is no graphics pack for this kind of computer."
NOT_INSTALLED = "The graphics pack is not installed."
HALF_IS_KEPT = "Stopped. What has come is kept: the same command goes on with it."
STOPPED = "Stopped."
USED_FROM_NOW_ON = "A window of Sottovoce that is open uses it from its next start on."

_AGAIN_LATER = "Try again later; it goes on where it stopped."
_GET_FILE = "Or get its file on another computer, and choose it here."
_GET_FILE_IN_TERMINAL = "Or get its file on another computer, and name it with --from."

_TROUBLES: dict[ModelTrouble, tuple[str, str]] = {
    ModelTrouble.NO_NETWORK: (
        "could not be downloaded: nobody answers there",
        f"Check the network. What has come already is kept. {_GET_FILE}",
    ),
    ModelTrouble.STALLED: ("could not be downloaded: nothing more came", _AGAIN_LATER),
    ModelTrouble.CERTIFICATE: (
        "was not downloaded: whoever answers cannot prove to be sottovoce.app",
        "A company network may inspect what passes: have its certificate installed on this computer.",
    ),
    ModelTrouble.NOT_FOUND: (
        "could not be found where it was published",
        f"A newer version of Sottovoce may know another place. {_GET_FILE}",
    ),
    ModelTrouble.TOO_MANY_REQUESTS: ("could not be downloaded: the server asks to wait", _AGAIN_LATER),
    ModelTrouble.HUB_FAILED: ("could not be downloaded: the server has a fault", _AGAIN_LATER),
    ModelTrouble.DAMAGED: (
        "was not installed: what came is not what was published, twice",
        f"Try again later. {_GET_FILE}",
    ),
    ModelTrouble.DISK_FULL: ("has no room on the disk", "Make room, and try again."),
    ModelTrouble.CANNOT_WRITE: (
        "could not be written to the folder of Sottovoce",
        "Check that its disk is connected and may be written.",
    ),
    ModelTrouble.CANNOT_READ: (
        "was not installed: its file could not be read",
        "Check that its disk is connected, and that you may open it.",
    ),
    ModelTrouble.NAME_TAKEN: (
        "was left alone: another program of Sottovoce is at it just now",
        "Wait until that is done.",
    ),
    ModelTrouble.IN_USE: (
        "was left as it is: a recording is being transcribed, or another program has its files open",
        "Wait until that is done, or close that program.",
    ),
    ModelTrouble.NO_PACK: (
        "is not to be had for this kind of computer",
        "There is one for Linux and one for Windows, both for 64-bit processors of Intel’s and AMD’s kind.",
    ),
    ModelTrouble.NO_PACK_HERE: ("is not installed", "There is nothing to be removed."),
    ModelTrouble.UPDATED: (
        "was left as it is: Sottovoce has been updated meanwhile",
        "Close it and open it again, then try once more.",
    ),
    ModelTrouble.UNFORESEEN: (
        "could not be dealt with, because of a fault of this program",
        "The log says more. Please report it.",
    ),
}
_NOT_ALLOWED = ("was not given out: the server says no", f"A newer version of Sottovoce may help. {_GET_FILE}")


def trouble(failed: PorterFailed, archive: str = "", size_bytes: int = 0, in_terminal: bool = False) -> str:
    """Return why the pack did not come or go, and what can be done about that; archive: the name of the right file."""
    if failed.kind is ModelTrouble.NOT_THE_PACK:
        return (
            "That file is not the graphics pack for this version of Sottovoce and this computer, or it was not copied"
            f" completely. The right one is called “{archive}” and has {size(size_bytes)}."
        )
    happened, advice = _TROUBLES.get(failed.kind, _NOT_ALLOWED)
    if failed.kind is ModelTrouble.DISK_FULL and failed.needed_bytes:
        happened += f": {size(failed.needed_bytes)} are needed, and {size(failed.free_bytes)} are free"
    if in_terminal:
        advice = advice.replace(_GET_FILE, _GET_FILE_IN_TERMINAL)
    return f"The graphics pack {happened}. {advice}"


def how_to_get(address: str, size_bytes: int, unpacked_bytes: int) -> str:
    """Return how to have it, in a terminal."""
    return (
        f"{offer(size_bytes, unpacked_bytes)}\n"
        "“sottovoce gpu install” gets it. For a computer without network, get its file on another one:\n"
        f"{address}\n"
        "and name it with “sottovoce gpu install --from FILE”."
    )


def get(size_bytes: int) -> str:
    return f"&Get the Graphics Pack ({size(size_bytes)})"


def get_other(version: str, size_bytes: int) -> str:
    return f"&Get {version} ({size(size_bytes)})"


def offer(size_bytes: int, unpacked_bytes: int) -> str:
    """Return what the pack is, and what it takes."""
    takes = f"{size(size_bytes)} to download, {size(unpacked_bytes)} on the disk."
    return f"{WHAT_IT_IS} {takes} {NOTHING_ELSE}"


def half(half_bytes: int, size_bytes: int) -> str:
    return f"{size(half_bytes)} of the graphics pack’s {size(size_bytes)} are here."


def installed(version: str, size_bytes: int) -> str:
    return f"The graphics pack {version} is installed: {size(size_bytes)} on the disk."


def is_another(version: str) -> str:
    return f"This version of Sottovoce goes with {version}."


def whether_to_remove(size_bytes: int) -> str:
    return (
        f"Remove the graphics pack? That frees {size(size_bytes)}. The processor does the work then, if the graphics"
        " card has no other libraries. The pack can be had again."
    )


def has_come(version: str) -> str:
    return f"The graphics pack {version} is installed."


def has_gone(freed_bytes: int) -> str:
    if not freed_bytes:
        return "There was no graphics pack to remove."
    return f"The graphics pack was removed. That freed {size(freed_bytes)}."


def progress(progress: PorterProgress, speed: float | None, seconds_left: float | None) -> str:
    """Return how far it is, in a terminal."""
    return progress_of_model("", progress, speed, seconds_left)


def progress_of(state: PackState) -> str:
    """Return how far it is, in the window."""
    if state.stage is None:
        return STARTING
    told = progress_of_model(
        "", PorterProgress(state.stage, state.done, state.total, state.retrying), state.speed, state.seconds_left
    )
    return f"{told}, nothing comes at the moment" if state.is_quiet and state.retrying is None else told
