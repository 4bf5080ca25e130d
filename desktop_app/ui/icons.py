"""The program's icons, in the colour of the text beside them."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktop_app import paths

SIZES = (16, 20, 24, 32, 48)
DRAWN_IN = "#000"  # the colour in the files, which is replaced


def application_icon() -> QIcon:
    return QIcon(str(paths.resources() / "icons" / "sottovoce.svg"))


def icon(name: str, colour: QColor, faded: QColor | None = None) -> QIcon:
    """Return the icon `name` in `colour`; disabled, in `faded`."""
    made = QIcon()
    for size in SIZES:
        made.addPixmap(pixmap(name, size, colour), QIcon.Mode.Normal)
        if faded is not None:
            made.addPixmap(pixmap(name, size, faded), QIcon.Mode.Disabled)
    return made


def pixmap(name: str, size: int, colour: QColor) -> QPixmap:
    """Return the icon `name` as a square of `size` points, sharp on any screen."""
    return _pixmap(name, size, colour.name(), QGuiApplication.primaryScreen().devicePixelRatio())


@lru_cache(maxsize=512)
def _pixmap(name: str, size: int, colour: str, ratio: float) -> QPixmap:
    drawn = QPixmap(round(size * ratio), round(size * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    drawn.setDevicePixelRatio(ratio)
    painter = QPainter(drawn)
    _renderer(name, colour).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return drawn


@lru_cache(maxsize=128)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = (paths.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(drawing.replace(DRAWN_IN, colour).encode()))
