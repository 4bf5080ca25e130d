"""The About box: versions and licences."""

from __future__ import annotations

import platform
import sys

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialogButtonBox, QHBoxLayout, QLabel, QWidget

import desktop_app
from desktop_app import paths
from desktop_app.ui import icons, wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.sentence import Sentence

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


class About(Dialog):
    manual_topic = "getting-started"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(wording.ABOUT.replace("&", ""), parent, QSize(620, 0))
        picture = QLabel()
        picture.setPixmap(icons.application_icon().pixmap(64, 64))
        self.text = Sentence(wording.about_text(desktop_app.__version__, _libraries(), paths.licences()))
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        self.body.addLayout(row)
        self.body.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.foot.addWidget(buttons)


def _libraries() -> list[tuple[str, str, str]]:
    python = ("Python", platform.python_version(), "PSF-2.0")
    return [python, *((name, _version(name), licence) for name, licence in LICENCES.items())]


def _version(name: str) -> str:
    from importlib import metadata  # not for a start in which nobody asks

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
