"""Light, dark, or as the system has it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop_app.settings import Appearance
from desktop_app.ui import colours

# Qt's names of the controls that have an edge; below, those in which much may be selected.
EDGED = ("QAbstractSpinBox", "QCheckBox", "QComboBox", "QLineEdit", "QPushButton", "QRadioButton")
EDGED_WITH_A_SELECTION = ("QMenu", "QPlainTextEdit", "QTextEdit", "QTreeView")
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
    draw_edges()


def draw_edges() -> None:
    """Have the edges of controls seen, where Qt's own style draws them; other styles are the system's business."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    if application.style().name().lower() != "fusion":
        return
    palette = application.palette()
    drawn = colours.draw_edges(palette)
    plain = QPalette(palette)
    for role in (QPalette.ColorRole.Window, QPalette.ColorRole.PlaceholderText):
        plain.setColor(role, drawn.color(role))
    for name in (*EDGED, *EDGED_WITH_A_SELECTION):
        wanted = drawn if name in EDGED else plain
        if QApplication.palette(name) != wanted:  # type: ignore[call-overload]  # the stubs say bytes, and are wrong
            application.setPalette(wanted, name)  # type: ignore[arg-type]


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
