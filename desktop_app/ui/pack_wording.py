"""What the user reads about the GPU pack: what it is for, how far it is, why it did not come. Plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.messages import ModelTrouble, PorterFailed, PorterProgress
from desktop_app.ui.model_wording import BUG, OUTDATED, size
from desktop_app.ui.model_wording import progress as progress_of_model

if TYPE_CHECKING:  # the command line has no use for Qt
    from desktop_app.work.pack_work import PackState

TITLE = "GPU pack"
GET_FROM_FILE = "From a F&ile…"
GO_ON = "&Resume"
STOP = "&Stop"
REMOVE = "&Remove…"
REMOVE_HALF = "&Remove the Partial Download"
TRY_AGAIN = "&Retry"
PROGRESS = "GPU pack progress"
FILE_TITLE = "Choose the GPU Pack File"
ZIP_FILES = "Zip files"
REMOVE_TITLE = "Remove the GPU Pack?"
REMOVE_IT = "Remove"
KEEP_IT = "Keep"
STARTING = "Starting"

WHAT_IT_IS = "The GPU pack lets Sottovoce use the graphics card: it contains the NVIDIA libraries that the card needs."
NOTHING_ELSE = "It changes nothing else on this computer. NVIDIA’s licence is included."
NONE_FOR_THIS = "There is no GPU pack for this type of computer."
NOT_INSTALLED = "The GPU pack is not installed."
HALF_IS_KEPT = "Stopped. What was downloaded is kept; run the same command again to resume."
STOPPED = "Stopped."
USED_FROM_NOW_ON = "If Sottovoce is open, restart it to use the pack."

_AGAIN_LATER = "Try again later; it resumes where it stopped."
_GET_FILE = "Or download its file on another computer, and choose it here."
_GET_FILE_IN_TERMINAL = "Or download its file on another computer, and use it with --from."

_TROUBLES: dict[ModelTrouble, tuple[str, str]] = {
    ModelTrouble.NO_NETWORK: (
        "could not be downloaded: the server is not responding",
        f"Check your network. What was already downloaded is kept. {_GET_FILE}",
    ),
    ModelTrouble.STALLED: ("could not be downloaded: the download stalled", _AGAIN_LATER),
    ModelTrouble.CERTIFICATE: (
        "was not downloaded: the server could not prove that it is sottovoce.app",
        "A company network may be inspecting the connection: have its certificate installed on this computer.",
    ),
    ModelTrouble.NOT_FOUND: (
        "was not found on the server",
        f"A newer version of Sottovoce may know where it is. {_GET_FILE}",
    ),
    ModelTrouble.TOO_MANY_REQUESTS: ("could not be downloaded: the server is busy", _AGAIN_LATER),
    ModelTrouble.HUB_FAILED: ("could not be downloaded: the server reported an error", _AGAIN_LATER),
    ModelTrouble.DAMAGED: (
        "was not installed: twice, the download did not match the published file",
        f"Try again later. {_GET_FILE}",
    ),
    ModelTrouble.DISK_FULL: ("does not fit on the disk", "Free up some space, and try again."),
    ModelTrouble.CANNOT_WRITE: (
        "could not be saved in Sottovoce’s folder",
        "Check that its disk is connected and writable.",
    ),
    ModelTrouble.CANNOT_READ: (
        "was not installed: its file could not be read",
        "Check that its disk is connected, and that you have permission to open it.",
    ),
    ModelTrouble.NAME_TAKEN: (
        "was left unchanged: another Sottovoce is working on it right now",
        "Wait until that is finished.",
    ),
    ModelTrouble.IN_USE: (
        "was left unchanged: a recording is being transcribed, or another program has its files open",
        "Wait until that is finished, or close that program.",
    ),
    ModelTrouble.NO_PACK: (
        "is not available for this type of computer",
        "It is available for Linux and Windows on 64-bit Intel and AMD CPUs.",
    ),
    ModelTrouble.NO_PACK_HERE: ("is not installed", "There is nothing to remove."),
    ModelTrouble.UPDATED: OUTDATED,
    ModelTrouble.UNFORESEEN: BUG,
}
_NOT_ALLOWED = ("was refused: the server denied access", f"A newer version of Sottovoce may help. {_GET_FILE}")


def trouble(failed: PorterFailed, archive: str = "", size_bytes: int = 0, in_terminal: bool = False) -> str:
    """Return why the pack did not come or go, and what can be done about that; archive: the name of the right file."""
    if failed.kind is ModelTrouble.NOT_THE_PACK:
        return (
            "That file is not the GPU pack for this version of Sottovoce and this computer, or it is incomplete."
            f" The right one is called “{archive}” ({size(size_bytes)})."
        )
    happened, advice = _TROUBLES.get(failed.kind, _NOT_ALLOWED)
    if failed.kind is ModelTrouble.DISK_FULL and failed.needed_bytes:
        happened += f": it needs {size(failed.needed_bytes)}, and {size(failed.free_bytes)} are free"
    if in_terminal:
        advice = advice.replace(_GET_FILE, _GET_FILE_IN_TERMINAL)
    return f"The GPU pack {happened}. {advice}"


def how_to_get(address: str, size_bytes: int, unpacked_bytes: int) -> str:
    """Return how to have it, in a terminal."""
    return (
        f"{offer(size_bytes, unpacked_bytes)}\n"
        "To install it: “sottovoce gpu install”. For a computer without a network, download this file on another one:\n"
        f"{address}\n"
        "and install it with “sottovoce gpu install --from FILE”."
    )


def get(size_bytes: int) -> str:
    return f"&Get the GPU Pack ({size(size_bytes)})"


def get_other(version: str, size_bytes: int) -> str:
    return f"&Get {version} ({size(size_bytes)})"


def offer(size_bytes: int, unpacked_bytes: int) -> str:
    """Return what the pack is, and what it takes."""
    takes = f"{size(size_bytes)} to download, {size(unpacked_bytes)} on the disk."
    return f"{WHAT_IT_IS} {takes} {NOTHING_ELSE}"


def half(half_bytes: int, size_bytes: int) -> str:
    return f"{size(half_bytes)} of {size(size_bytes)} of the GPU pack are downloaded."


def installed(version: str, size_bytes: int) -> str:
    return f"The GPU pack {version} is installed: {size(size_bytes)} on the disk."


def is_another(version: str) -> str:
    return f"This version of Sottovoce needs {version}."


def whether_to_remove(size_bytes: int) -> str:
    return (
        f"Remove the GPU pack? This frees {size(size_bytes)}. Sottovoce then uses the CPU, unless the graphics card"
        " has other libraries. You can download the pack again."
    )


def has_come(version: str) -> str:
    return f"The GPU pack {version} is installed."


def has_gone(freed_bytes: int) -> str:
    if not freed_bytes:
        return "There was no GPU pack to remove."
    return f"The GPU pack was removed. This freed {size(freed_bytes)}."


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
    return f"{told}, no data at the moment" if state.is_quiet and state.retrying is None else told
