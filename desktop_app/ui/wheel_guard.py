"""Keeps the mouse wheel from changing a value that the user has not gone to: it scrolls what lies behind instead."""

from __future__ import annotations

from typing import TypeGuard

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QAbstractSlider, QAbstractSpinBox, QComboBox, QScrollBar, QTabBar, QWidget

ENTERED = "_entered_by_user"  # dynamic property of a control: the user has clicked it, or gone to it by a key
_BY_USER = (
    Qt.FocusReason.MouseFocusReason,
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)
_WHILE_AWAY = (  # the user comes back to where they were: nothing has changed
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)


class WheelGuard(QObject):
    """An event filter of the whole application, so that no control of any window or dialog can be forgotten.

    A control takes the wheel only while it has the keyboard focus, and only if it got that by a click, the Tab key or
    its mnemonic. Focus that a window gives to its first control when it opens does not count.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        application = QCoreApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Wheel:
            if takes_the_wheel(watched) and not _is_entered(watched):
                event.ignore()  # Qt then offers it to the parent, such as a scroll area
                return True
        elif kind == QEvent.Type.Polish:
            if takes_the_wheel(watched) and watched.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                watched.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # else turning the wheel would be a way in
        elif kind == QEvent.Type.FocusIn:
            if takes_the_wheel(watched) and isinstance(event, QFocusEvent):
                if watched.hasFocus() and event.reason() in _BY_USER:  # QDialog sends one to what has no focus
                    watched.setProperty(ENTERED, True)
                elif event.reason() not in _WHILE_AWAY:
                    watched.setProperty(ENTERED, False)
        elif kind == QEvent.Type.MouseButtonPress:
            control = watched if takes_the_wheel(watched) else watched.parent()  # an editable box has a line in it
            if takes_the_wheel(control):
                control.setProperty(ENTERED, True)
        return False


def takes_the_wheel(watched: object) -> TypeGuard[QWidget]:
    """Tell whether Qt lets the wheel change the value of this control."""
    return isinstance(watched, QComboBox | QAbstractSpinBox | QTabBar) or (
        isinstance(watched, QAbstractSlider) and not isinstance(watched, QScrollBar)
    )


def _is_entered(control: QObject) -> bool:
    return isinstance(control, QWidget) and control.hasFocus() and bool(control.property(ENTERED))
