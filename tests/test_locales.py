"""The program in countries whose letters, digits and marks are not those of English."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import system_locales

import desktop_app
from desktop_app.ui import wording

ROOT = Path(desktop_app.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def test_no_property_is_set_by_a_keyword_in_a_constructor_of_qt():
    """PySide makes "setInterval" of "interval" by the C library's toupper(), which knows no I for a Turkish i."""
    calls = [(file, call) for file in FILES for call in _calls_of_qt_constructors(file)]

    with_keywords = [f"{file.name}:{call.lineno}: {ast.unparse(call)}" for file, call in calls if call.keywords]

    assert len(calls) > 300  # or this looks in the wrong places
    assert with_keywords == []


@pytest.mark.parametrize("name", system_locales.NAMES)
def test_a_recording_is_transcribed_under_any_locale(name, home, tmp_path, tiny_model, speech):
    env = {**_without_locale(), **system_locales.environment(name, tmp_path / "locales")}
    options = ["--model", tiny_model, "--format", "json", "--output-dir", tmp_path]

    ended = subprocess.run(
        [sys.executable, "-m", "desktop_app.cli", "transcribe", speech, *options],
        env={**env, "SOTTOVOCE_HOME": str(home), "PYTHONPATH": str(ROOT.parent)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    written = json.loads((tmp_path / "speech.json").read_text("utf-8"))
    assert "recording" in " ".join(segment["text"] for segment in written["segments"])


def test_a_month_is_named_in_english_wherever_the_program_runs(tmp_path):
    env = {**_without_locale(), **system_locales.environment("tr_TR.UTF-8", tmp_path / "locales")}
    code = "import locale, time; locale.setlocale(locale.LC_ALL, ''); from desktop_app.ui import wording; "
    code += "print(wording.when(time.mktime((2020, 5, 6, 12, 0, 0, 0, 0, -1))))"

    said = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, encoding="utf-8")

    assert said.stdout.strip() == "6 May 2020"
    assert len(wording.MONTHS) == 12


def _without_locale() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONUTF8"))}


def _calls_of_qt_constructors(file: Path) -> Iterator[ast.Call]:
    """Yield the calls in `file` of Qt's classes, and of those made from them that have no constructor of their own."""
    tree = ast.parse(file.read_bytes())
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    from_qt = [node for node in imports if (node.module or "").startswith("PySide6")]
    qt = {alias.name for node in from_qt for alias in node.names} - {"Signal", "Slot"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).split(".")[0] in qt for base in node.bases):
            if "__init__" not in {part.name for part in node.body if isinstance(part, ast.FunctionDef)}:
                qt.add(node.name)
            yield from (call for call in _calls(node) if ast.unparse(call.func) == "super().__init__")
    for call in _calls(tree):
        first, *_, last = [*ast.unparse(call.func).split("."), ""]
        if first in qt and (not last or last[0].isupper()):
            yield call


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Call))
