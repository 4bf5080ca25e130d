"""The About box: versions and licences."""

from __future__ import annotations

import platform
import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

import desktop_app
from desktop_app import paths
from desktop_app.ui import icons, wording

# Some packages do not state their licence where metadata can be read by a program, so it stands here.
LICENCES = {
    "PySide6-Essentials": "LGPL-3.0",
    "faster-whisper": "MIT",
    "ctranslate2": "MIT",
    "onnxruntime": "MIT",
    "av": "BSD-3-Clause, with FFmpeg, x264 and x265 GPL-3.0-or-later",
    "numpy": "BSD-3-Clause",
    "tokenizers": "Apache-2.0",
    "huggingface-hub": "Apache-2.0",
    "msgspec": "BSD-3-Clause",
    "platformdirs": "MIT",
    "rich": "MIT",
    "sounddevice": "MIT, with PortAudio MIT",
    "httpx2": "BSD-3-Clause",
    "truststore": "MIT",
    "keyring": "MIT",
    "cryptography": "Apache-2.0 or BSD-3-Clause",
}
if sys.platform == "linux":
    LICENCES |= {"python-xlib": "LGPL-2.1", "jeepney": "MIT"}


def about_box(parent: QWidget) -> QMessageBox:
    """Return the box, to be opened."""
    box = QMessageBox(parent)
    box.setWindowTitle(wording.ABOUT.replace("&", ""))
    box.setIconPixmap(icons.application_icon().pixmap(64, 64))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(wording.about_text(desktop_app.__version__, _libraries(), paths.licences()))
    box.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return box


def _libraries() -> list[tuple[str, str, str]]:
    python = ("Python", platform.python_version(), "PSF-2.0")
    return [python, *((name, _version(name), licence) for name, licence in LICENCES.items())]


def _version(name: str) -> str:
    from importlib import metadata  # not for a start in which nobody asks

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
