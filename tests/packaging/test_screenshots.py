"""The script that takes the README's pictures: the first of them, of the real window."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "make_screenshots.py"


def test_a_picture_of_the_window_is_taken(tmp_path) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, SCRIPT, "dark", "--last", "empty", "--into", tmp_path / "pictures"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    picture = QImage(str(tmp_path / "pictures" / "empty-dark.png"))
    assert picture.width() > 600
    assert picture.pixelColor(picture.width() // 2, 60).lightness() < 80
