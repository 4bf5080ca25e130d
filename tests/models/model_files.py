"""What happens to the files of a model: they are copied, cut short, damaged."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def copied(model: Path, folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copytree(model, folder))


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def flip_a_byte(file: Path) -> None:
    with file.open("r+b") as content:
        content.seek(file.stat().st_size // 2)
        byte = content.read(1)[0]
        content.seek(-1, os.SEEK_CUR)
        content.write(bytes([byte ^ 1]))
