"""The program's icon in the forms that systems want, all from one drawing: PNG, .ico for Windows, .icns for macOS."""

from __future__ import annotations

import struct
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ROOT = Path(__file__).resolve().parent.parent
DRAWING = ROOT / "resources" / "icons" / "sottovoce.svg"
BAR_COLOUR = "#e8edf6"
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
ICNS_SIZES = {  # by the names of its parts; some are of the same number of dots, for screens of twice as many
    **{b"icp4": 16, b"icp5": 32, b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic10": 1024},
    **{b"ic11": 32, b"ic12": 64, b"ic13": 256, b"ic14": 512},
}


def png(size: int) -> bytes:
    """Return it as a PNG file of `size` dots square."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    _drawn(size).save(buffer, "PNG")
    return bytes(buffer.data().data())


def ico() -> bytes:
    """Return it as an .ico file: a PNG for the largest size, which Windows reads so, bitmaps for those below."""
    pictures = [png(size) if size == 256 else _bitmap(size) for size in ICO_SIZES]
    header = struct.pack("<HHH", 0, 1, len(pictures))
    at = len(header) + 16 * len(pictures)
    for size, picture in zip(ICO_SIZES, pictures, strict=True):
        header += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), at)
        at += len(picture)
    return header + b"".join(pictures)


def icns() -> bytes:
    """Return it as an .icns file."""
    parts = b"".join(name + struct.pack(">I", 8 + len(png(size))) + png(size) for name, size in ICNS_SIZES.items())
    return b"icns" + struct.pack(">I", 8 + len(parts)) + parts


def on_a_bar(width: int, height: int) -> QImage:
    """Return it in the upper half of a bar of a light colour."""
    bar = QImage(width, height, QImage.Format.Format_RGB888)
    bar.fill(QColor(BAR_COLOUR))
    size = width // 2
    painter = QPainter(bar)
    painter.drawImage((width - size) // 2, (height - size) // 4, _drawn(size))
    painter.end()
    return bar


def _bitmap(size: int) -> bytes:
    """Return it as .ico has it: a header that counts the rows twice, the rows from below, and a mask nobody needs."""
    drawn = _drawn(size).convertToFormat(QImage.Format.Format_ARGB32)
    rows = [bytes(drawn.constScanLine(row))[: 4 * size] for row in reversed(range(size))]
    header = struct.pack("<IiiHHIIiiII", 40, size, 2 * size, 1, 32, 0, 0, 0, 0, 0, 0)
    mask = bytes((size + 31) // 32 * 4 * size)
    return header + b"".join(rows) + mask


def _drawn(size: int) -> QImage:
    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(0)
    painter = QPainter(picture)
    QSvgRenderer(str(DRAWING)).render(painter)
    painter.end()
    return picture
