"""The program's icon in the forms that Windows and macOS want."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QIcon, QImage

sys.path.append(str(Path(__file__).resolve().parents[2] / "packaging"))

import app_icon


def middle(picture: QImage) -> QColor:
    return picture.pixelColor(picture.width() // 2, picture.height() // 2)


def difference(one: QImage, other: QImage) -> int:
    """Return by how much a dot differs at the most, of 255."""
    assert one.size() == other.size()
    pairs = [(one.pixelColor(x, y), other.pixelColor(x, y)) for x in range(one.width()) for y in range(one.height())]
    return max(abs(a - b) for first, second in pairs for a, b in zip(seen(first), seen(second), strict=True))


def seen(colour: QColor) -> list[int]:
    """What is painted on white."""
    return [round(255 + (part - 255) * colour.alphaF()) for part in (colour.red(), colour.green(), colour.blue())]


@pytest.mark.parametrize("size", app_icon.ICO_SIZES)
def test_qt_reads_each_size_of_the_ico_as_it_was_drawn(qapp, tmp_path, size):
    (tmp_path / "sottovoce.ico").write_bytes(app_icon.ico())

    read = QIcon(str(tmp_path / "sottovoce.ico"))

    assert sorted(each.width() for each in read.availableSizes()) == list(app_icon.ICO_SIZES)
    drawn = QImage.fromData(app_icon.png(size))
    assert difference(read.pixmap(size, size).toImage(), drawn) <= 2
    assert middle(drawn).alpha() == 255


def test_every_part_of_the_icns_is_a_picture_of_its_size():
    file = app_icon.icns()

    kind, length = struct.unpack(">4sI", file[:8])
    found, at = {}, 8
    while at < len(file):
        name, size = struct.unpack(">4sI", file[at : at + 8])
        found[name] = QImage.fromData(file[at + 8 : at + size]).width()
        at += size
    assert (kind, length, at) == (b"icns", len(file), len(file))
    assert found == app_icon.ICNS_SIZES
