"""The mouse wheel: it changes a value only where the user has gone to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QScrollArea,
    QSlider,
    QSpinBox,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from desktop_app.transcripts.transcript import JobOptions
from desktop_app.ui.job_options import JobOptionsDialog
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.wheel_guard import WheelGuard, takes_the_wheel

OPENERS: dict[str, Callable[[MainWindow], object]] = {
    "the options bar": lambda window: None,
    "the record panel": lambda window: window.recording.record.trigger(),
    "captions": lambda window: window.recording.show_captions.trigger(),
    "dictation settings": lambda window: window.dictation.change.trigger(),
    "how to listen": lambda window: window.options.more.click(),
    "this computer": lambda window: window.models.show_machine.trigger(),
    "models": lambda window: window.models.show_models.trigger(),
    "opening files": lambda window: window.open_files.trigger(),
}


def value_of(control: QWidget) -> object:
    if isinstance(control, QComboBox | QTabBar):
        return control.currentIndex()
    return control.value()


def controls_shown() -> list[QWidget]:
    everywhere = [widget for top in QApplication.topLevelWidgets() for widget in top.findChildren(QWidget)]
    return [widget for widget in everywhere if takes_the_wheel(widget) and widget.isVisible()]


def turn_the_wheel_over(control: QWidget, notches: int) -> None:
    """As the system does it: over a place of a window."""
    top = control.window()
    place = QPointF(control.mapTo(top, QPoint(6, control.height() // 2)))
    QTest.wheelEvent(top.windowHandle(), place, QPoint(0, 120 * notches))
    QApplication.processEvents()


@pytest.mark.parametrize("where", OPENERS)
def test_the_wheel_over_a_control_changes_nothing_before_the_user_has_gone_to_it(qtbot, window, chosen, where) -> None:
    window.resize(1280, 800)
    OPENERS[where](window)
    QApplication.processEvents()
    before = [(control, value_of(control)) for control in controls_shown()]
    language, task, quality = chosen.language, chosen.task, chosen.quality

    for control, _ in before:
        for notches in (-1, 1, -2):
            turn_the_wheel_over(control, notches)

    assert len(before) >= 3  # the options bar is always among them
    assert [(control.objectName(), value_of(control)) for control, _ in before] == [
        (control.objectName(), value) for control, value in before
    ]
    assert (chosen.language, chosen.task, chosen.quality) == (language, task, quality)
    for dialog in window.findChildren(QDialog):
        dialog.close()


def test_the_options_of_a_waiting_recording_are_guarded_as_well(qtbot, window, library) -> None:
    job = library.add_job("/recordings/talk.wav", JobOptions(), "me")
    dialog = JobOptionsDialog(job, [], window)
    dialog.open()
    qtbot.waitUntil(dialog.isActiveWindow)
    before = dialog.bar.options()

    for control in dialog.findChildren(QComboBox):
        turn_the_wheel_over(control, -1)

    assert dialog.bar.options() == before
    dialog.close()


@pytest.fixture
def page(qtbot):
    """A page of controls that scrolls, guarded."""
    area = QScrollArea()
    guard = WheelGuard(area)
    content = QWidget()
    column = QVBoxLayout(content)
    area.spin, area.box, area.slider = QSpinBox(), QComboBox(), QSlider(Qt.Orientation.Horizontal)
    area.editable = QComboBox()
    area.editable.setEditable(True)
    for box in (area.box, area.editable):
        box.addItems(["a", "b", "c"])
    for control in (area.spin, area.box, area.editable, area.slider):
        column.addWidget(control)
    column.addSpacing(2000)
    area.setWidget(content)
    area.resize(300, 200)
    qtbot.addWidget(area)
    area.show()
    area.activateWindow()
    qtbot.waitUntil(area.isActiveWindow)
    yield area
    QApplication.instance().removeEventFilter(guard)


@pytest.mark.parametrize("name", ["spin", "box", "editable", "slider"])
def test_over_a_control_the_wheel_scrolls_the_page_and_gives_no_focus(qtbot, page, name) -> None:
    control = getattr(page, name)
    had_focus = control.hasFocus()

    turn_the_wheel_over(control, -1)

    assert value_of(control) == 0
    assert page.verticalScrollBar().value() > 0
    assert control.hasFocus() == had_focus


@pytest.mark.parametrize("name", ["spin", "editable", "slider"])
def test_a_control_that_was_clicked_takes_the_wheel(qtbot, page, name) -> None:
    control = getattr(page, name)
    inner = control.lineEdit() if isinstance(control, QComboBox | QSpinBox) else control
    qtbot.mouseClick(inner, Qt.MouseButton.LeftButton, pos=QPoint(4, inner.height() // 2))
    before = value_of(control)

    turn_the_wheel_over(control, -1 if name == "editable" else 1)

    assert value_of(control) != before
    assert page.verticalScrollBar().value() == 0


def test_a_control_that_the_tab_key_came_to_takes_the_wheel_until_it_is_left(qtbot, page) -> None:
    page.spin.setFocus()
    turn_the_wheel_over(page.box, -1)
    page.verticalScrollBar().setValue(0)
    qtbot.keyClick(page.spin, Qt.Key.Key_Tab)

    turn_the_wheel_over(page.box, -1)
    chosen = page.box.currentIndex()
    qtbot.keyClick(page.box, Qt.Key.Key_Tab)
    turn_the_wheel_over(page.box, -1)

    assert chosen == 1
    assert page.box.currentIndex() == 1
