"""Help: the manual, the list of the keys, and a size for the text."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QKeySequence

from desktop_app import paths
from desktop_app.ui.help import Manual, ShortcutList, without_pictures


def test_the_manual_opens_by_its_key_and_its_links_lead_to_its_headings(qtbot, window, settle) -> None:
    qtbot.keyClick(window, QKeySequence(QKeySequence.StandardKey.HelpContents)[0].key())
    settle()
    manual = window.findChild(Manual)

    manual.page.anchorClicked.emit(QUrl("#what-is-kept-where"))

    assert manual.isVisible()
    assert manual.page.textCursor().block().text() == "What is kept where"
    assert "Your first transcript" in manual.page.toPlainText()


def test_the_manual_has_all_but_the_pictures() -> None:
    readme = paths.manual().read_text(encoding="utf-8")

    shown = without_pictures(readme)

    assert "![" not in shown
    lost = set(readme.splitlines()) - set(shown.splitlines())
    assert lost and all("screenshots/" in line for line in lost)
    assert "| Ctrl+T | try the sample |" in shown


def test_the_list_of_keys_has_every_key_of_every_menu(window) -> None:
    window.shortcuts.trigger()
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
