"""Light, dark, or as the system has it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop_app.settings import Appearance
from desktop_app.ui import colours

SCHEMES: dict[Appearance, Qt.ColorScheme] = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


def apply(appearance: Appearance) -> None:
    """Have the whole program look so, now and when the system changes."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.styleHints().setColorScheme(SCHEMES[appearance])
    if appearance != "dark" or colours.is_dark(application.style().standardPalette()):
        application.setPalette(QPalette())  # the system's own
    else:
        # Away from GNOME, KDE, Windows and macOS, Qt 6.11 knows of no dark palette.
        application.setPalette(_dark())


def _dark() -> QPalette:
    role, disabled = QPalette.ColorRole, QPalette.ColorGroup.Disabled
    palette = QPalette(QColor("#3a3d42"), QColor("#2b2d31"))
    for which, colour in {
        role.WindowText: "#e8eaed",
        role.Text: "#e8eaed",
        role.ButtonText: "#e8eaed",
        role.BrightText: "#ffffff",
        role.Base: "#1e1f22",
        role.AlternateBase: "#2f3236",
        role.ToolTipBase: "#3a3d41",
        role.ToolTipText: "#e8eaed",
        role.PlaceholderText: "#9aa0a6",
        role.Highlight: "#2f65b8",
        role.HighlightedText: "#ffffff",
        role.Accent: "#6ea8fe",
        role.Link: "#6ea8fe",
        role.LinkVisited: "#c58af9",
    }.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(disabled, which, QColor("#7b8087"))
    palette.setColor(disabled, role.Highlight, QColor("#45494f"))
    return palette
