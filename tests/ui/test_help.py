"""Help: the manual, the list of the keys, and a size for the text."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAccessible, QDesktopServices, QKeySequence, QPalette
from PySide6.QtWidgets import QApplication, QWidget

import desktop_app.ui
from desktop_app import manual
from desktop_app.messages import TUNINGS
from desktop_app.transcripts.transcript import JobOptions
from desktop_app.ui import appearance, colours
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.listening_dialog import ListeningDialog
from desktop_app.ui.manual_window import Manual
from desktop_app.ui.shortcut_list import ShortcutList

PAGES = manual.pages()
TOPICS = [page.topic for page in PAGES]
STALL = 0.016  # seconds


@pytest.fixture
def shown(qtbot) -> Manual:
    """The manual in a window of its own."""
    window = Manual(PAGES)
    qtbot.addWidget(window)
    window.show()
    QApplication.processEvents()
    return window


def rows(window: Manual) -> list[str]:
    return [window.list.item(row).text() for row in range(window.list.count())]


def kinds_of_dialog() -> list[type[Dialog]]:
    for module in pkgutil.iter_modules(desktop_app.ui.__path__):
        importlib.import_module(f"desktop_app.ui.{module.name}")
    kinds = Dialog.__subclasses__()
    return [kind for kind in kinds if kind.__module__.startswith("desktop_app")]


def press_f1(qtbot, widget: QWidget, settle) -> Manual:
    qtbot.keyClick(widget, QKeySequence(QKeySequence.StandardKey.HelpContents)[0].key())
    settle()
    (opened,) = [
        window for window in QApplication.topLevelWidgets() if isinstance(window, Manual) and window.isVisible()
    ]
    return opened


def test_f1_opens_the_manual_with_its_first_page_and_all_topics(qtbot, window, settle) -> None:
    opened = press_f1(qtbot, window, settle)

    assert opened.topic == manual.FIRST and "Your first transcript" in opened.page.toPlainText()
    assert rows(opened) == [page.title for page in PAGES]
    assert press_f1(qtbot, window, settle) is opened
    opened.close()


def test_f1_in_a_dialog_opens_the_page_about_it_in_front_of_it(qtbot, window, settle) -> None:
    opened = press_f1(qtbot, window, settle)
    dialog = ListeningDialog(JobOptions(), TUNINGS["accurate"], window)
    qtbot.waitUntil(opened.isActiveWindow)
    dialog.open()
    qtbot.waitUntil(dialog.isActiveWindow)
    in_front = press_f1(qtbot, dialog, settle)

    assert in_front.topic == "options" and in_front.parentWidget() is dialog
    assert in_front is not opened
    dialog.close()


def test_every_dialog_names_a_page_that_is_there() -> None:
    topics = {kind.__name__: kind.manual_topic for kind in kinds_of_dialog()}
    without = {name for name, topic in topics.items() if topic not in TOPICS}

    assert without == {"Manual"}


def test_a_link_leads_to_its_heading_and_back_returns_to_where_one_was(shown) -> None:
    shown.go_to("troubleshooting")
    shown.page.verticalScrollBar().setValue(40)
    shown.page.anchorClicked.emit(QUrl("devices.md#the-gpu-pack"))

    assert shown.topic == "devices" and shown.page.textCursor().block().text() == "The GPU pack"
    assert rows(shown)[shown.list.currentRow()] == "Devices and graphics cards"
    shown.back.click()
    assert (shown.topic, shown.page.verticalScrollBar().value()) == ("troubleshooting", 40)


def test_a_link_out_of_the_manual_is_opened_by_the_system(shown, monkeypatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    shown.page.anchorClicked.emit(QUrl("https://sottovoce.app"))

    assert opened == ["https://sottovoce.app"] and shown.topic == manual.FIRST


def test_a_search_lists_the_places_of_all_pages_and_enter_goes_from_one_to_the_next(qtbot, shown) -> None:
    qtbot.keyClick(shown, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(shown.line, "gpu pack")

    places = rows(shown)
    assert len(places) > 3 and places[0].startswith("Devices and graphics cards\n")  # a heading comes first
    seen = []
    for _ in places:
        assert shown.page.textCursor().selectedText().lower() in ("gpu pack", "gpu")
        seen.append((shown.topic, shown.page.textCursor().position()))
        qtbot.keyClick(shown.line, Qt.Key.Key_Return)
    assert len(set(seen)) == len(places) and shown.answer.text() == f"1 of {len(places)}"
    qtbot.keyClick(shown.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert shown.answer.text() == f"{len(places)} of {len(places)}"


def test_escape_ends_a_search_and_then_closes_the_manual(qtbot, shown) -> None:
    shown.line.setFocus()
    shown.line.setText("subtitles")
    qtbot.keyClick(shown.line, Qt.Key.Key_Escape)
    assert rows(shown) == [page.title for page in PAGES] and shown.isVisible()

    qtbot.keyClick(shown.line, Qt.Key.Key_Escape)
    assert not shown.isVisible()


def test_what_is_nowhere_is_said_not_to_be_found(shown) -> None:
    shown.line.setText("xyzzy")

    assert rows(shown) == [] and shown.answer.text() == "Not found"


def test_topics_are_walked_through_by_the_arrow_keys(qtbot, shown) -> None:
    qtbot.keyClick(shown.list, Qt.Key.Key_Down)
    qtbot.keyClick(shown.list, Qt.Key.Key_Down)
    assert shown.topic == PAGES[2].topic

    qtbot.keyClick(shown.list, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert shown.topic == PAGES[1].topic


@pytest.mark.parametrize("width", [420, 880, 1600])
@pytest.mark.parametrize("points", [0, 24])
def test_no_page_is_wider_than_its_window(shown, width, points) -> None:
    shown.resize(width, 400)
    shown.show_in_size(points)
    for page in PAGES:
        shown.go_to(page.topic)
        QApplication.processEvents()
        assert shown.page.horizontalScrollBar().maximum() == 0, page.topic
        assert shown.page.document().size().width() <= shown.page.viewport().width() + 1, page.topic


def test_a_page_is_there_at_once(shown) -> None:
    slow = {}
    for page in PAGES:
        times = []
        for _ in range(3):  # the machine may be busy with something else
            begin = time.perf_counter()
            shown.go_to(page.topic)
            times.append(time.perf_counter() - begin)
        if min(times) > STALL:
            slow[page.topic] = min(times)

    assert slow == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_links_can_be_read_in_light_and_dark_also_when_that_changes(shown, scheme) -> None:
    for other in ("dark", "light"):
        appearance.apply(other)
        QApplication.processEvents()
    appearance.apply(scheme)
    QApplication.processEvents()

    shown.go_to("command-line")
    link = re.search(r"color:(#[0-9a-f]{6})", shown.page.toHtml().partition("<a ")[2])
    palette = shown.page.palette()
    assert link is not None
    ground = palette.color(QPalette.ColorRole.Base)
    assert colours.contrast(type(ground)(link[1]), ground) >= colours.LEAST_CONTRAST
    appearance.apply("system")


def test_a_screen_reader_hears_what_the_parts_are_called(shown) -> None:
    parts = (shown.line, shown.list, shown.page)
    names = [QAccessible.queryAccessibleInterface(part).text(QAccessible.Text.Name) for part in parts]

    assert names == ["Search the manual", "Topics", "Manual"]
    shown.line.setText("subtitles")
    assert QAccessible.queryAccessibleInterface(shown.list).text(QAccessible.Text.Name) == "Places found"


def test_the_page_of_the_keys_is_as_the_menus_are(window) -> None:
    (page,) = [page for page in PAGES if page.topic == "keyboard"]
    told = dict(re.findall(r"^\| (\S.*?) \| (.*?) \|$", page.text, re.MULTILINE))
    del told["Keys"]
    actions = [action for menu in window.menuBar().actions() for action in _actions(menu)]
    keys = {
        ", ".join(key.toString() for key in action.shortcuts()): action.text().replace("&", "").rstrip("…")
        for action in actions
        if action.shortcuts()
    }

    told.pop("Ctrl+Q")  # the platform says by which key one quits: this one has none
    assert told == {key: name for key, name in keys.items() if name != "Quit"}


def _actions(action):
    menu = action.menu()
    return [below for inside in menu.actions() for below in _actions(inside)] if menu else [action]


def test_the_list_of_keys_has_every_key_of_every_menu(window) -> None:
    window.help.shortcuts.trigger()
    shown = window.findChild(ShortcutList)

    tops = [shown.list.topLevelItem(row) for row in range(shown.list.topLevelItemCount())]
    listed = {top.child(row).text(0): top.child(row).text(1) for top in tops for row in range(top.childCount())}
    actions = [action for menu in window.menuBar().actions() for action in menu.menu().actions()]

    assert listed["Open"] == "Ctrl+O"
    assert listed["Larger Text"] == "Ctrl++, Ctrl+="
    assert len(listed) == len([action for action in actions if action.shortcuts()])
    shown.close()


def test_the_text_grows_shrinks_and_is_as_before_by_keys_and_the_size_is_kept(qtbot, window) -> None:
    text = window.transcript.text
    sizes = [text.font().pointSizeF()]
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Minus):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        sizes.append(text.font().pointSizeF())
    kept = window._settings.text_size
    qtbot.keyClick(window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)

    assert sizes[0] < sizes[1] < sizes[2] and sizes[3] == sizes[1] == kept
    assert (text.font().pointSizeF(), window._settings.text_size) == (sizes[0], 0)
    text.show_in_size(kept)
    assert text.font().pointSizeF() == kept
    assert text.document().defaultFont().pointSizeF() == kept


def test_the_manual_has_the_size_of_the_transcripts_and_its_keys(qtbot, window, settle) -> None:
    opened = press_f1(qtbot, window, settle)
    qtbot.keyClick(opened, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)

    size = window._settings.text_size
    assert size > 0 and opened.page.document().defaultFont().pointSize() == size
    opened.close()
