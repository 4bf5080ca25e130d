"""The few colours of our own, for light and for dark."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

LEAST_CONTRAST = 4.5  # of text; WCAG 2.2, 1.4.3
LEAST_EDGE_CONTRAST = 3.0  # of what shows that there is a control; WCAG 2.2, 1.4.11


# How Qt's Fusion style makes outlines of the palette's colours, in percent.
DARKER_EDGE = 140  # than Window
DARKER_CIRCLE = 150  # than Window: around a radio button
LIGHTER_BOX = 110  # than that: around a check box
DARKER_FOCUS = 125  # than Highlight: around what has the keyboard


def is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.ColorRole.Base).lightness() < 128


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


def edge(palette: QPalette) -> QColor:
    """The outline of fields, boxes and buttons: as near to the ground as can still be seen on it."""
    window, base = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.Base)
    text = palette.color(QPalette.ColorRole.WindowText)
    grounds = (window, base, notice(palette), news(palette))
    for percent in range(5, 100, 5):
        between = _between(window, text, percent / 100)
        drawn = [between, between.lighter(LIGHTER_BOX), between.darker(100 * DARKER_CIRCLE // DARKER_EDGE)]
        if min(contrast(one, ground) for one in drawn for ground in grounds) >= LEAST_EDGE_CONTRAST:
            return between
    return text


def focused_edge(palette: QPalette) -> QColor:
    """The same of what has the keyboard: the colour of what is chosen, taken away from the ground as far as needed."""
    colour = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Highlight)
    window, base = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.Base)
    text = palette.color(QPalette.ColorRole.WindowText)
    for _ in range(20):
        if min(contrast(colour.darker(DARKER_FOCUS), ground) for ground in (window, base)) >= LEAST_EDGE_CONTRAST:
            return colour
        colour = _between(colour, text, 0.1)
    return text


def selection(palette: QPalette) -> QColor:
    """The ground of what is chosen: the system's, taken as far from the text on it as that needs to be read."""
    ground = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Highlight)
    text = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.HighlightedText)
    away = max(QColor("black"), QColor("white"), key=lambda colour: contrast(colour, text))
    for _ in range(20):
        if contrast(ground, text) >= LEAST_CONTRAST:
            return ground
        ground = _between(ground, away, 0.1)
    return away


def notice(palette: QPalette) -> QColor:
    """The ground behind a sentence about what went wrong."""
    return QColor("#4a2b2a") if is_dark(palette) else QColor("#fdecea")


def news(palette: QPalette) -> QColor:
    """The ground behind a sentence about something that is no trouble."""
    return QColor("#23364f") if is_dark(palette) else QColor("#e6effc")


def contrast(one: QColor, other: QColor) -> float:
    """Return how well one can be read on the other, from 1 to 21, as the WCAG counts it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _between(one: QColor, other: QColor, share: float) -> QColor:
    return QColor.fromRgbF(
        one.redF() + (other.redF() - one.redF()) * share,
        one.greenF() + (other.greenF() - one.greenF()) * share,
        one.blueF() + (other.blueF() - one.blueF()) * share,
    )


def _luminance(colour: QColor) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def draw_edges(palette: QPalette) -> QPalette:
    """Return the palette with which Qt's Fusion style draws a control so that its edge can be seen."""
    role = QPalette.ColorRole
    drawn, outline = QPalette(palette), edge(palette)
    drawn.setColor(role.Window, QColor.fromHsvF(*_brighter(outline, DARKER_EDGE / 100)))
    focused = focused_edge(palette)
    if focused != palette.color(QPalette.ColorGroup.Active, role.Highlight):
        drawn.setColor(role.Highlight, focused)
        on_it = max(QColor("black"), QColor("white"), key=lambda colour: contrast(colour, focused))
        drawn.setColor(role.HighlightedText, on_it)
    placeholder = paler(palette.color(role.Text), palette.color(role.Base))
    drawn.setColor(role.PlaceholderText, placeholder)
    return drawn


def _brighter(colour: QColor, times: float) -> tuple[float, float, float]:
    return max(0.0, colour.hsvHueF()), colour.hsvSaturationF(), min(1.0, colour.valueF() * times)


def stand_back(label: QWidget) -> None:
    """Write a label in the quiet colour."""
    _write_in(label, quiet)


def warn(label: QWidget) -> None:
    """Write a label in the colour of what went wrong."""
    _write_in(label, bad)


def praise(label: QWidget) -> None:
    """Write a label in the colour of what went well."""
    _write_in(label, good)


def _write_in(label: QWidget, colour: Callable[[QPalette], QColor]) -> None:
    palette = QApplication.palette()
    palette.setColor(QPalette.ColorRole.WindowText, colour(palette))
    label.setPalette(palette)


def paler(text: QColor, ground: QColor) -> QColor:
    """Return the colour for what is not settled yet: as near to `ground` as can still be read on it."""
    for share in (0.45, 0.35, 0.25, 0.15):
        pale = _between(text, ground, share)
        if contrast(pale, ground) >= LEAST_CONTRAST:
            return pale
    return text
