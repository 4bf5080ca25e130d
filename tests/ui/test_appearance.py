"""Light and dark."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.ui import appearance, colours, icons
from desktop_app.ui.queue_bar import QueueBar
from desktop_app.ui.transcript_text import TranscriptText
from desktop_app.ui.unfinished_bar import UnfinishedBar
from desktop_app.ui.update_bar import UpdateBar

pytestmark = pytest.mark.usefixtures("plain_appearance")

LEAST = 4.5  # what the WCAG asks of text
LEAST_OF_EDGES = 3.0  # what it asks of what shows that there is a control
ROLE = QPalette.ColorRole
GROUNDS = (ROLE.Window, ROLE.Base, ROLE.AlternateBase)


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two colours as the WCAG counts it; not with the program's own means."""

    def luminance(colour: QColor) -> float:
        parts = [part / 255 for part in (colour.red(), colour.green(), colour.blue())]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mean_lightness(widget) -> float:
    picture = widget.grab().toImage().scaled(40, 40)
    return sum(picture.pixelColor(x, y).lightness() for x in range(40) for y in range(40)) / 1600


@pytest.mark.parametrize("name", ["light", "dark"])
def test_our_colours_can_be_read_on_every_ground(qapp: QApplication, name) -> None:
    appearance.apply(name)
    palette = qapp.palette()

    readable = {
        (colour.__name__, ground.name): contrast(colour(palette), palette.color(ground))
        for colour in (colours.accent, colours.good, colours.bad, colours.quiet)
        for ground in GROUNDS
    }

    assert colours.is_dark(palette) == (name == "dark")
    assert {pair: ratio for pair, ratio in readable.items() if ratio < LEAST} == {}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_can_be_read_on_what_is_chosen_and_on_a_notice(qapp: QApplication, name) -> None:
    appearance.apply(name)
    palette = qapp.palette()

    assert contrast(palette.color(ROLE.HighlightedText), colours.selection(palette)) >= LEAST
    assert contrast(palette.color(ROLE.WindowText), colours.notice(palette)) >= LEAST
    for text, ground in ((ROLE.Text, ROLE.Base), (ROLE.WindowText, ROLE.Window), (ROLE.ButtonText, ROLE.Button)):
        assert contrast(palette.color(text), palette.color(ground)) >= LEAST


@pytest.mark.parametrize("ground", ["#308cc6", "#ffe08a", "#000000", "#ffffff", "#808080"])
@pytest.mark.parametrize("text", ["#ffffff", "#000000"])
def test_a_selection_of_any_colour_is_made_readable(ground, text) -> None:
    palette = QPalette()
    palette.setColor(ROLE.Highlight, QColor(ground))
    palette.setColor(ROLE.HighlightedText, QColor(text))

    assert contrast(colours.selection(palette), QColor(text)) >= LEAST


def test_the_window_changes_from_light_to_dark_and_back(qtbot, window) -> None:
    shades = []
    for name in ("light", "dark", "light"):
        appearance.apply(name)
        qtbot.waitUntil(lambda name=name: colours.is_dark(window.palette()) == (name == "dark"))
        shades.append(mean_lightness(window))

    assert shades[0] > 190
    assert shades[1] < 80
    assert shades[2] == pytest.approx(shades[0], abs=1)


def test_icons_are_drawn_anew_in_the_colour_of_the_text(qtbot, window) -> None:
    drawn = {}
    for name in ("light", "dark"):
        appearance.apply(name)
        qtbot.waitUntil(lambda name=name: colours.is_dark(window.palette()) == (name == "dark"))
        picture = window.open_files.icon().pixmap(32, 32).toImage()
        inked = [picture.pixelColor(x, y) for x in range(32) for y in range(32)]
        solid = [colour for colour in inked if colour.alpha() > 200]
        drawn[name] = sum(colour.lightness() for colour in solid) / len(solid)

    assert drawn["light"] < 60
    assert drawn["dark"] > 200


def test_the_choice_is_kept(window) -> None:
    dark = next(action for action in window._appearance_actions() if action.text() == "&Dark")

    dark.trigger()

    assert window._settings.appearance == "dark"


def test_every_icon_can_be_drawn(qapp) -> None:
    for file in (icons.paths.resources() / "icons").glob("*.svg"):
        picture = icons.pixmap(file.stem, 24, QColor("#123456")).toImage()

        assert any(picture.pixelColor(x, y).alpha() for x in range(24) for y in range(24)), file.name


@pytest.mark.parametrize(("bar", "ground"), [(UpdateBar, colours.news), (UnfinishedBar, colours.notice)])
def test_a_bar_has_the_colours_of_the_day_again_after_the_night(qtbot, plain_appearance, bar, ground):
    shown = bar()
    qtbot.addWidget(shown)
    shown.show()
    for mode in ("light", "dark", "light"):
        appearance.apply(mode)
        QApplication.processEvents()
        now = QApplication.palette()

        assert shown.palette().color(shown.backgroundRole()) == ground(now)
        assert shown.said.palette().windowText().color() == now.windowText().color()


def edge(picture: QImage, place: QRect) -> QColor:
    """Return the colour of the left edge of what is painted at `place`: the first that is not the ground."""
    y = place.center().y()
    ground = picture.pixelColor(max(0, place.left() - 3), y)
    row = (picture.pixelColor(x, y) for x in range(place.left() - 2, place.left() + 12))
    return next(colour for colour in row if colour != ground)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_edges_of_all_controls_can_be_seen_also_of_the_one_with_the_keyboard(qtbot, name) -> None:
    appearance.apply(name)
    window = QWidget()
    qtbot.addWidget(window)
    controls = [
        QLineEdit(),
        QComboBox(),
        QSpinBox(),
        QPushButton("Go"),
        QPlainTextEdit(),
        QCheckBox("On"),
        QRadioButton("One"),
        QLineEdit(),
    ]
    column = QVBoxLayout(window)
    for control in controls:
        column.addWidget(control)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    controls[-1].setFocus()

    picture = window.grab().toImage()
    edges = {f"{type(each).__name__} {number}": edge(picture, each.geometry()) for number, each in enumerate(controls)}

    palette = QApplication.palette()
    ratios = {
        (which, ground.name): contrast(colour, palette.color(ground))
        for which, colour in edges.items()
        for ground in (ROLE.Window, ROLE.Base)
    }
    assert {which: ratio for which, ratio in ratios.items() if ratio < LEAST_OF_EDGES} == {}
    placeholder = QApplication.palette("QLineEdit").color(ROLE.PlaceholderText)
    assert contrast(placeholder, palette.color(ROLE.Base)) >= LEAST


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_box_in_a_menu_can_be_seen_though_it_is_not_checked(qtbot, name) -> None:
    appearance.apply(name)
    menu = QMenu()
    qtbot.addWidget(menu)
    menu.addAction("Something")
    unchecked = menu.addAction("Pause the Queue")
    unchecked.setCheckable(True)
    menu.popup(QPoint(0, 0))
    qtbot.waitUntil(menu.isVisible)

    picture = menu.grab().toImage()
    place = menu.actionGeometry(unchecked)

    ground = picture.pixelColor(place.left() + 2, place.center().y())
    row = [picture.pixelColor(x, place.center().y()) for x in range(place.left() + 2, place.left() + 24)]
    assert max(contrast(colour, ground) for colour in row) >= LEAST_OF_EDGES


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_sign_that_the_tool_bar_goes_on_can_be_seen_and_has_a_name(qtbot, window, name) -> None:
    appearance.apply(name)
    qtbot.waitUntil(lambda: colours.is_dark(window.palette()) == (name == "dark"))
    sign = window.findChild(QToolButton, "qt_toolbar_ext_button")

    picture = sign.icon().pixmap(24, 24).toImage()
    inks = [picture.pixelColor(x, y) for x in range(24) for y in range(24) if picture.pixelColor(x, y).alpha() > 200]

    assert inks
    assert min(contrast(ink, window.palette().color(ROLE.Window)) for ink in inks) >= LEAST_OF_EDGES
    assert sign.accessibleName() == "More Actions"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_what_a_field_writes_in_our_colours_can_be_read_in_it(qtbot, name) -> None:
    appearance.apply(name)
    for field in (TranscriptText(), QLineEdit(), QPushButton()):
        qtbot.addWidget(field)
        palette = field.palette()
        for colour in (colours.quiet, colours.bad, colours.accent, colours.good):
            assert contrast(colour(palette), palette.color(ROLE.Base)) >= LEAST


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("bar", [QueueBar, UpdateBar, UnfinishedBar])
def test_the_buttons_of_a_bar_have_edges_that_can_be_seen_on_it(qtbot, bar, name) -> None:
    appearance.apply(name)
    shown = bar()
    qtbot.addWidget(shown)
    shown.resize(700, 60)
    shown.show()

    picture = shown.grab().toImage()

    for button in shown.findChildren(QPushButton):
        assert (
            contrast(edge(picture, button.geometry()), shown.palette().color(shown.backgroundRole())) >= LEAST_OF_EDGES
        )
