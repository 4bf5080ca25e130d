"""The few colours of our own, for light and for dark."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette


def is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def accent(palette: QPalette) -> QColor:
    return QColor("#6ea8fe") if is_dark(palette) else QColor("#2563c9")


def good(palette: QPalette) -> QColor:
    return QColor("#5cc48d") if is_dark(palette) else QColor("#1f7a4d")


def bad(palette: QPalette) -> QColor:
    return QColor("#ff8a80") if is_dark(palette) else QColor("#b3261e")


def quiet(palette: QPalette) -> QColor:
    """For what stands back: readable still (at least 4.5 : 1 on the window's ground)."""
    return QColor("#a8adb5") if is_dark(palette) else QColor("#5a6068")


def line(palette: QPalette) -> QColor:
    return QColor("#45494f") if is_dark(palette) else QColor("#d3d7dc")


def notice(palette: QPalette) -> QColor:
    """The ground behind a sentence about what went wrong."""
    return QColor("#4a2b2a") if is_dark(palette) else QColor("#fdecea")
