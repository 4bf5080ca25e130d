"""Every window and dialog on small screens and large scales: all can be seen, and all buttons can be reached."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import desktop_app.ui
from desktop_app.ui.dialog import Dialog

PROGRAM = Path(__file__).with_name("every_window.py")


def screen(folder: Path, width: int, height: int) -> str:
    """Return Qt's name of a platform that has a screen of this size, in pixels."""
    file = folder / "screen.json"
    one = {"name": "one", "x": 0, "y": 0, "width": width, "height": height, "dpr": 1}
    file.write_text(json.dumps({"screens": [one | {"logicalDpi": 96, "logicalBaseDpi": 96}]}))
    return f"offscreen:configfile={file}"


def walked(folder: Path, width: int, height: int, **settings: str) -> dict[str, list[str]]:
    """Return what does not fit on such a screen, by window; `settings` are of Qt."""
    home = folder / "home"
    home.mkdir()
    environment = os.environ | settings
    environment |= {
        "QT_QPA_PLATFORM": screen(folder, width, height),
        "SOTTOVOCE_HOME": str(home),
        "PYTHONPATH": str(PROGRAM.parents[1]),
    }
    done = subprocess.run([sys.executable, PROGRAM, "light"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[str]] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(
    ("width", "height", "settings"),
    [
        pytest.param(800, 600, {}, id="800x600"),
        pytest.param(1920, 1080, {"QT_SCALE_FACTOR": "2"}, id="1920x1080 at 200 percent"),
        pytest.param(1366, 768, {"QT_FONT_DPI": "192"}, id="1366x768 with fonts of 192 dpi"),
    ],
)
def test_every_window_fits_on_a_small_screen_and_no_button_is_out_of_reach(tmp_path, width, height, settings) -> None:
    found = walked(tmp_path, width, height, **settings)

    assert {window: faults for window, faults in found.items() if faults} == {}
    assert kinds_of_dialog() <= found.keys()


def kinds_of_dialog() -> set[str]:
    """Return the names of all dialogs of the program."""
    for module in pkgutil.iter_modules(desktop_app.ui.__path__):
        importlib.import_module(f"desktop_app.ui.{module.name}")
    kinds, more = set(), [Dialog]
    while more:
        kinds |= (below := set(more.pop().__subclasses__()))
        more += below
    return {kind.__name__ for kind in kinds if not kind.__name__.startswith("_")}


def test_every_dialog_is_made_of_a_body_that_scrolls_and_a_foot_that_stays() -> None:
    rooms = Path(desktop_app.ui.__path__[0])

    others = [file.name for file in rooms.glob("*.py") if "(QDialog)" in file.read_text(encoding="utf-8")]

    assert others == ["dialog.py"]
