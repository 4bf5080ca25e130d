"""Whether there is a screen to open a window on, and whether Qt can."""

from __future__ import annotations

import ctypes
import enum
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

# What Qt takes from the system on Linux, and the package of Debian that has it.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libpulse.so.0": "libpulse0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libzstd.so.1": "libzstd1",
}
# As the dynamic linker says it, which knows of one at a time. The last two: the file is damaged.
CANNOT_LOAD = re.compile(
    r"(?:^|[\s/])(lib[^\s/:]+\.so[.\d]*): (?:cannot open shared object file|file too short|invalid ELF header)"
)
BOXES = (  # programs that show a sentence to who started this one from a menu
    ("zenity", "--error", "--no-markup", "--title=Sottovoce", "--text={}"),
    ("kdialog", "--title", "Sottovoce", "--error", "{}"),
    ("xmessage", "-center", "{}"),
    ("notify-send", "--app-name=Sottovoce", "--urgency=critical", "Sottovoce", "{}"),
)


_connections: list[int] = []  # to the X server


class Kind(enum.Enum):
    """Why Qt cannot open a window. It would end the program without a word, or with a word about itself."""

    NO_SCREEN = enum.auto()
    REFUSED = enum.auto()  # by the X server
    NO_LIBRARY = enum.auto()
    NO_PLATFORM = enum.auto()  # QT_QPA_PLATFORM names one that Qt does not have


class Obstacle(msgspec.Struct, frozen=True):
    """What keeps a window from being opened."""

    kind: Kind
    names: tuple[str, ...] = ()  # of the libraries, of the screen, or of the platform


def is_there() -> bool:
    """Return False where there is no screen for a window."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM", "xcb") not in ("xcb", "wayland"):
        return True
    return _wayland_answers() or _x_answers()


def obstacle() -> Obstacle | None:
    """Return why no window can be opened; None if one can. Qt's libraries should be loaded already."""
    if not is_there():
        return Obstacle(Kind.NO_SCREEN)
    if not sys.platform.startswith("linux"):
        return None
    chosen = [name.partition(":")[0] for name in os.environ.get("QT_QPA_PLATFORM", "").split(";") if name]
    found = []
    for platform in chosen or ["wayland", "xcb"]:  # Qt tries one after the other
        against = _against(platform)
        if against is None:
            return None
        found.append(against)
    return next((one for one in found if one.kind is not Kind.NO_SCREEN), found[0])


def qt_is_connected() -> None:
    """Let go of the connection that `obstacle` has tried.

    An X server starts anew when its last client leaves it. If that were this one, Qt would meet it just then.
    """
    while _connections and (xcb := _xcb()) is not None:
        xcb.xcb_disconnect(_connections.pop())


def libraries_missing(error: Exception) -> tuple[str, ...]:
    """Return all libraries that the system lacks, if that is what `error` is about. It names the first alone."""
    first = CANNOT_LOAD.search(str(error.__cause__ or error))  # the cause: in the bundle, PyInstaller says it anew
    if first is None or first[1].startswith("libQt6"):
        return ()
    return (first[1], *(name for name in PACKAGES if name != first[1] and not _loads(name)))


def show_without_qt(sentence: str, obstacle: Obstacle) -> None:
    """Show a sentence to who cannot see stderr, by a program of the system if there is one."""
    if sys.platform == "win32":
        ctypes.windll.user32.MessageBoxW(None, sentence, "Sottovoce", 0x10)  # MB_ICONERROR
        return
    if obstacle.kind is Kind.NO_SCREEN or (sys.stderr is not None and sys.stderr.isatty()):
        return
    boxes = BOXES[-1:] if obstacle.kind is Kind.REFUSED else BOXES
    found = next((box for box in boxes if shutil.which(box[0])), None)
    if found is not None:
        command = [part.format(sentence) for part in found]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _against(platform: str) -> Obstacle | None:
    """Return why Qt's `platform` cannot be used."""
    if platform == "wayland" and not _wayland_answers():
        return Obstacle(Kind.NO_SCREEN)
    if platform == "xcb" and not _x_answers():
        return Obstacle(Kind.NO_SCREEN)
    files = [folder / f"libq{platform}.so" for folder in _plugins()]
    plugin = next((file for file in files if file.is_file()), None)
    if plugin is None:
        return Obstacle(Kind.NO_PLATFORM, (platform,)) if files else None
    try:
        ctypes.CDLL(str(plugin))  # Qt opens it next: it takes no time of its own
    except OSError as error:
        if missing := libraries_missing(error):
            return Obstacle(Kind.NO_LIBRARY, missing)
    if platform == "xcb" and _x_refuses():
        return Obstacle(Kind.REFUSED, (os.environ.get("DISPLAY", ""),))
    return None


def _plugins() -> list[Path]:
    """Return the folders where Qt looks for its platforms. In the bundle, PyInstaller names one in QT_PLUGIN_PATH."""
    own = [Path(folder) for folder in os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH", "").split(os.pathsep) if folder]
    named = [Path(folder) for folder in os.environ.get("QT_PLUGIN_PATH", "").split(os.pathsep) if folder]
    spec = importlib.util.find_spec("PySide6")
    ours = [Path(place, "Qt", "plugins") for place in (spec and spec.submodule_search_locations) or ()]
    return [folder for folder in (*own, *(each / "platforms" for each in (*named, *ours))) if folder.is_dir()]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _x_refuses() -> bool:
    """Ask as Qt will, by way of the same library: it knows the keys, and displays on other machines."""
    xcb = _xcb()
    if xcb is None:
        return False
    connection = xcb.xcb_connect(None, None)
    if xcb.xcb_connection_has_error(connection):
        xcb.xcb_disconnect(connection)
        return True
    _connections.append(connection)
    return False


def _xcb() -> ctypes.CDLL | None:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return None
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    return xcb


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY", "")
    return bool(name) and _answers(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/"), name)))


def _x_answers() -> bool:
    name = os.environ.get("DISPLAY", "")
    if not name:
        return False
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", name)
    if local is None:
        return True  # on another machine: Qt will see
    socket_of_x = f"/tmp/.X11-unix/X{local[1]}"
    return _answers(socket_of_x) or _answers(f"\0{socket_of_x}")


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(1)
        try:
            knock.connect(address)
        except OSError:
            return False
    return True
