"""Where things live: what the user keeps, what came with the program, and how the backend is started."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import platformdirs

from desktop_app import __version__


class NoHome(OSError):
    """The user has no home folder."""


def home() -> Path:
    """Return the folder of everything the user keeps, made if need be; SOTTOVOCE_HOME moves it. Raise OSError."""
    return _made(_home())


def where_home_is() -> Path:
    """Return the folder of everything the user keeps, whether it is there or not."""
    return _home()


def database() -> Path:
    """Return the file of all jobs and their transcripts."""
    return home() / "library.sqlite3"


def settings_file() -> Path:
    """Return the file of what the user has chosen."""
    return home() / "settings.json"


def models() -> Path:
    """Return the folder of the user's own models, one folder each.

    It is made if need be, but not if the user has moved it: then its disk may only be unplugged.
    """
    try:
        moved_to = models_pointer().read_bytes()
    except OSError:
        moved_to = b""
    return Path(os.fsdecode(moved_to)) if moved_to else _made(home() / "models")


def models_pointer() -> Path:
    """Return the file that names the folder of the models, if the user has moved it."""
    return home() / "models-folder"


def models_target() -> Path:
    """Return the file that names the folder which the models are being moved into, while that lasts."""
    return home() / "models-on-their-way"


def machine_file() -> Path:
    """Return the file of what the probe found out about this computer."""
    return home() / "machine.json"


def card_libraries() -> Path:
    """Return the folder where the graphics card's libraries may lie, if they did not come with the program.

    The disk is not asked: the window's thread needs it.
    """
    return _home() / "gpu"


def updates() -> Path:
    """Return the folder of what is known of newer versions, and of their installers."""
    return _made(home() / "updates")


def logs() -> Path:
    """Return the folder of the logs."""
    return _made(home() / "logs")


def crashes() -> Path:
    """Return the folder of the crash reports, made when there is one."""
    return logs() / "crashes"


def locks() -> Path:
    """Return the folder of the files by which our processes keep out of each other's way."""
    return _made(home() / "locks")


def recordings_folder() -> Path:
    """Return the folder where new recordings go if nobody says otherwise."""
    return _made(home() / "recordings")


def unfinished() -> Path:
    """Return the folder of the notes of recordings that are being made."""
    return _made(home() / "unfinished")


def resources() -> Path:
    """Return the folder of what comes with the program: the sample recording, the icons, the model catalogue."""
    package = Path(__file__).resolve().parent
    bundle = getattr(sys, "_MEIPASS", None)  # PyInstaller's
    places = [package / "resources", package.parent / "resources"]
    if bundle:
        places.insert(0, Path(bundle, "resources"))
    return next((place for place in places if place.is_dir()), places[-1])


def manual() -> Path:
    """Return the folder of the manual's pages."""
    return resources() / "manual"


def licences() -> Path | None:
    """Return the file with the licences of all that came with the program; None where packages came by themselves."""
    if not getattr(sys, "frozen", False):
        return None
    beside = Path(sys.executable).with_name("THIRD-PARTY-LICENCES.txt")
    places = [beside, beside.parent.with_name("Resources") / beside.name]  # the second in an app of macOS
    return next((place for place in places if place.exists()), None)


def sample_recording() -> Path:
    """Return the recording one can try the program with."""
    return resources() / "sample.flac"


def bundled_models() -> list[Path]:
    """Return the folders where models may lie that came with the program: to be read, never to be changed."""
    return [Path(sys.prefix, "share", "sottovoce", "models"), resources() / "models"]


def backend_command() -> list[str]:
    """Return the program and the arguments that start the backend."""
    if getattr(sys, "frozen", False):
        name = "sottovoce-backend.exe" if sys.platform == "win32" else "sottovoce-backend"
        return [str(Path(sys.executable).with_name(name))]
    return [sys.executable, "-P", "-m", "desktop_app.backend"]


def porter_command() -> list[str]:
    """Return the program and the arguments that start the porter, which fetches, moves and removes models."""
    if getattr(sys, "frozen", False):
        name = "sottovoce.exe" if sys.platform == "win32" else "sottovoce"
        return [str(Path(sys.executable).with_name(name)), "--porter"]
    return [sys.executable, "-P", "-m", "desktop_app.porter"]


def for_children() -> dict[str, str]:
    """Return what a process of ours needs in its environment, beside ours.

    With it the child finds this very program, and no files of the folder that it is started in.
    """
    needed = {"PYTHONIOENCODING": "utf-8:backslashreplace", "SOTTOVOCE_VERSION": __version__}
    if not getattr(sys, "frozen", False):
        home_of_code, inherited = str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")
        needed["PYTHONPATH"] = home_of_code + (os.pathsep + inherited if inherited else "")
        needed["PYTHONSAFEPATH"] = "1"
    if "SOTTOVOCE_CUDA" not in os.environ:
        needed["SOTTOVOCE_CUDA"] = str(card_libraries())
    return needed


def _home() -> Path:
    chosen = os.environ.get("SOTTOVOCE_HOME")
    if chosen:
        return Path(chosen).absolute()
    try:
        return platformdirs.user_data_path("Sottovoce", appauthor=False)
    except RuntimeError as error:  # no HOME, and the system does not know the user
        raise NoHome(errno.ENOENT, str(error)) from error


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # what people said is nobody else's
    return folder
