"""The import table of desktop_app/README.md, held against the source and against what is really loaded."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import desktop_app
from desktop_app import exit_codes

ROOT = Path(desktop_app.__file__).parent


class Rule(NamedTuple):
    ours: set[str]  # rooms or modules of ours, beside its own room and the bare package (the version)
    others: set[str]  # packages, or modules of a package; the standard library is free for all


ENGINE = {"faster_whisper", "ctranslate2", "av", "numpy", "onnxruntime"}
NETWORK = {"httpx2", "truststore", "keyring", "cryptography"}  # for the porter and the command line, not for the window
QT_CORE, QT_NETWORK, QT_MULTIMEDIA = "PySide6.QtCore", "PySide6.QtNetwork", "PySide6.QtMultimedia"
ROOMS = {"manual", "messages", "models", "paths", "settings", "transcripts", "ui", "upkeep", "work"}
COMMANDS = {
    "gpu_command",
    "help_command",
    "live_text",
    "machine_command",
    "models_command",
    "quit_command",
    "record_command",
    "updates_command",
}
EVERYTHING_BUT_BACKEND = (
    ROOMS | COMMANDS | {"arguments", "cli", "exit_codes", "logs", "streams", "terminal", "typed_files"}
)

TABLE = {
    "__init__": Rule(set(), set()),
    "exit_codes": Rule(set(), set()),
    "messages": Rule({"exit_codes"}, {"msgspec"}),
    "logs": Rule(set(), set()),
    "paths": Rule(set(), {"platformdirs"}),
    "lenient": Rule(set(), {"msgspec"}),
    "settings": Rule({"lenient", "paths"}, {"msgspec"}),
    "manual": Rule({"paths"}, set()),
    "backend": Rule({"messages"}, {"msgspec"} | ENGINE),
    "models": Rule({"messages", "paths", "settings"}, {"msgspec", "httpx2", "truststore", "keyring"}),
    "upkeep": Rule({"messages", "models", "paths", "settings"}, {"msgspec", "httpx2", "cryptography"}),
    "porter": Rule({"exit_codes", "messages", "models", "upkeep"}, set()),
    "transcripts": Rule({"lenient", "messages"}, {"msgspec"}),
    "work": Rule(
        {"exit_codes", "messages", "transcripts", "models", "upkeep", "settings", "paths", "logs"},
        {"msgspec", QT_CORE, QT_NETWORK, QT_MULTIMEDIA, "sounddevice", "Xlib", "jeepney"},
    ),
    "ui": Rule({"work", "transcripts", "models", "messages", "settings", "paths", "manual"}, {"msgspec", "PySide6"}),
    "cli": Rule(EVERYTHING_BUT_BACKEND | {"__main__"}, {"msgspec", QT_CORE}),
    "record_command": Rule(EVERYTHING_BUT_BACKEND, {"msgspec", QT_CORE}),
    "live_text": Rule(EVERYTHING_BUT_BACKEND, {QT_CORE}),
    "machine_command": Rule(EVERYTHING_BUT_BACKEND, {"msgspec", QT_CORE}),
    "models_command": Rule(EVERYTHING_BUT_BACKEND, {"msgspec"}),
    "gpu_command": Rule(EVERYTHING_BUT_BACKEND, {"msgspec"}),
    "help_command": Rule(EVERYTHING_BUT_BACKEND, set()),
    "quit_command": Rule(EVERYTHING_BUT_BACKEND, {QT_CORE}),
    "updates_command": Rule(EVERYTHING_BUT_BACKEND, {"msgspec"}),
    "start": Rule({"__main__", "cli", "exit_codes", "porter", "streams", "terminal", "ui"}, set()),
    "start_trouble": Rule({"exit_codes", "terminal", "ui", "work"}, {"PySide6"}),
    "arguments": Rule({"__init__", "messages", "models", "transcripts"}, {"msgspec"}),
    "streams": Rule(set(), set()),
    "typed_files": Rule(EVERYTHING_BUT_BACKEND, set()),
    "terminal": Rule({"exit_codes", "streams", "ui"}, {"rich", QT_CORE}),
    "__main__": Rule(EVERYTHING_BUT_BACKEND | {"start", "start_trouble"}, {"msgspec", "PySide6"}),
}
# Of ui, what knows no widgets.
FOR_THE_COMMAND_LINE = {
    "ui.wording",
    "ui.model_wording",
    "ui.machine_wording",
    "ui.pack_wording",
    "ui.update_wording",
    "ui.display",
}
SQL_IS_IN = {
    "transcripts/history.py",
    "transcripts/mending.py",
    "transcripts/migrations.py",
    "transcripts/safekeeping.py",
    "transcripts/soundness.py",
}
STATES_ARE_CHANGED_IN = {"work/job_queue.py"}

SQL = re.compile(r"\b(SELECT\b.*\bFROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TABLE|INDEX)|PRAGMA)\b", re.S)
CHANGES_A_STATE = {"update", "start_over", "take_over", "add_job", "next_queued"}


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_module_imports_only_what_the_table_allows_its_room(file):
    room = file.relative_to(ROOT).parts[0].removesuffix(".py")
    rule = TABLE[room]

    forbidden = [name for name in _imported(file) if not _is_allowed(name, room, rule)]

    assert not forbidden


def test_the_table_knows_every_room():
    rooms = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}

    assert rooms <= TABLE.keys()


@pytest.mark.parametrize("file", [f"{name}.py" for name in sorted(COMMANDS | {"cli", "terminal"})])
def test_the_command_line_takes_from_ui_only_what_knows_no_widgets(file):
    taken = {name.removeprefix("desktop_app.") for name in _imported(ROOT / file) if name.startswith("desktop_app.ui")}

    assert taken <= FOR_THE_COMMAND_LINE
    for module in FOR_THE_COMMAND_LINE:
        assert not [name for name in _imported(ROOT / f"{module.replace('.', '/')}.py") if name.startswith("PySide6")]


def test_only_the_library_speaks_sql():
    speakers = {
        file.relative_to(ROOT).as_posix()
        for file in ROOT.rglob("*.py")
        if any(SQL.search(text) for text in _texts(file)) or "execute" in _methods_called(file)
    }

    assert speakers == SQL_IS_IN


def test_only_the_queue_changes_a_jobs_state():
    changers = {
        file.relative_to(ROOT).as_posix()
        for file in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CHANGES_A_STATE
        and isinstance(node.func.value, ast.Name)
        and "history" in node.func.value.id
    }

    assert changers == STATES_ARE_CHANGED_IN


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("desktop_app.ui.main_window", NETWORK | ENGINE),
        ("desktop_app.__main__", NETWORK | ENGINE),
        ("desktop_app.backend", {"PySide6"}),
        ("desktop_app.backend.__main__", {"PySide6"} | ENGINE),  # they come once the pipe is safe
        ("desktop_app.backend.worker", {"PySide6"}),
        ("desktop_app.transcripts.history", {"PySide6"} | ENGINE),
        ("desktop_app.transcripts.export", {"PySide6"} | ENGINE),
        ("desktop_app.models.shelf", {"PySide6"} | ENGINE),
        (
            "desktop_app.work.recorder",
            {"PySide6.QtGui", "PySide6.QtMultimedia", "PySide6.QtWidgets", "sounddevice"} | ENGINE,
        ),
        ("desktop_app.work.job_queue", {"PySide6.QtGui", "PySide6.QtWidgets"} | ENGINE),
        ("desktop_app.work.model_work", {"PySide6.QtGui", "PySide6.QtWidgets"} | NETWORK | ENGINE),
        ("desktop_app.work.pack_work", {"PySide6.QtGui", "PySide6.QtWidgets"} | NETWORK | ENGINE),
        ("desktop_app.work.update_work", {"PySide6.QtGui", "PySide6.QtWidgets"} | NETWORK | ENGINE),
        ("desktop_app.upkeep.update", {"PySide6"} | ENGINE),
        ("desktop_app.updates_command", {"PySide6", "rich"} | NETWORK | ENGINE),
        ("desktop_app.models_command", {"PySide6", "rich"} | NETWORK | ENGINE),
        ("desktop_app.gpu_command", {"PySide6", "rich"} | NETWORK | ENGINE),
        ("desktop_app.cli", {"PySide6.QtGui", "PySide6.QtWidgets", "rich"} | ENGINE),
    ],
)
def test_a_module_is_importable_by_itself_and_loads_nothing_forbidden(module, never):
    loaded = _loaded_by(f"import {module}")

    assert module in loaded
    assert not loaded & never


@pytest.mark.parametrize("module", ["desktop_app.backend.__main__", "desktop_app.backend.worker"])
def test_the_backend_loads_no_other_room_than_the_door(module):
    ours = {name for name in _loaded_by(f"import {module}") if name.startswith("desktop_app.")}

    assert {name for name in ours if not name.startswith("desktop_app.backend")} == {
        "desktop_app.exit_codes",  # by way of the door
        "desktop_app.messages",
    }


@pytest.mark.parametrize("room", ["transcripts", "models", "upkeep", "work", "ui", "cli", "porter", "__main__"])
def test_no_other_room_loads_the_backend(room):
    modules = [f"desktop_app.{room}"]
    if (ROOT / room).is_dir():
        modules += [f"desktop_app.{room}.{file.stem}" for file in (ROOT / room).glob("*.py") if file.stem != "__init__"]

    loaded = _loaded_by(f"import {', '.join(modules)}")

    assert not [name for name in loaded if name.startswith("desktop_app.backend")]


def test_listing_what_was_transcribed_loads_no_window_and_is_fast(home):
    listing = "from desktop_app import cli; cli.main(['history', 'list', '--json'])"

    loaded = _loaded_by(listing)
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", listing], check=True, capture_output=True)

    assert not loaded & ({"PySide6.QtGui", "PySide6.QtWidgets", "rich", "rich.progress"} | ENGINE)
    assert time.monotonic() - began < 3  # about 0.3 on a machine with nothing else to do


def test_no_property_is_set_by_a_keyword_in_a_constructor_of_qt():
    """PySide makes "setInterval" of "interval" by the C library's toupper(), which knows no I for a Turkish i."""
    calls = [(file, call) for file in sorted(ROOT.rglob("*.py")) for call in _calls_of_qt_constructors(file)]

    with_keywords = [f"{file.name}:{call.lineno}: {ast.unparse(call)}" for file, call in calls if call.keywords]

    assert len(calls) > 300  # or this looks in the wrong places
    assert with_keywords == []


def _imported(file: Path) -> Iterator[str]:
    """Yield the dotted names that `file` imports anywhere, those inside functions and under TYPE_CHECKING as well."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            if node.module in ("desktop_app", "PySide6", "desktop_app.ui"):  # what comes from these are modules
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


def _is_allowed(name: str, room: str, rule: Rule) -> bool:
    top, *rest = name.split(".")
    if top == "desktop_app":
        return not rest or rest[0] in {room, "__version__"} | rule.ours
    return top in sys.stdlib_module_names or top in rule.others or ".".join(name.split(".")[:2]) in rule.others


def _methods_called(file: Path) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Call))
    return {called.attr for called in calls if isinstance(called, ast.Attribute)}


def _texts(file: Path) -> Iterator[str]:
    """Yield the strings in `file` that are not docstrings."""
    tree = ast.parse(file.read_bytes())
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after `code`."""
    tell = "\nimport json, sys; print(); print(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-c", code + tell], check=True, capture_output=True, encoding="utf-8", env=dict(os.environ)
    )
    return set(json.loads(ended.stdout.splitlines()[-1]))


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


def test_exit_codes_are_numbers_in_one_file_and_the_manual_has_those_that_users_see():
    assigned = re.compile(r"^[A-Z_, ]+ = (0|1|2|130)(, \d+)*(  #.*)?$", re.MULTILINE)
    said = re.compile(r"(_exit|sys\.exit|complain\(.*,) ?\(?[1-9]")
    commands = [ROOT / "cli.py", ROOT / "porter.py", *ROOT.glob("*_command.py"), *ROOT.glob("start*.py")]

    for file in (*commands, ROOT / "terminal.py", ROOT / "__main__.py"):
        text = file.read_text(encoding="utf-8")
        assert not assigned.search(text) and not said.search(text), file

    manual = ROOT.parent / "resources" / "manual"
    scripts = (manual / "scripts.md").read_text(encoding="utf-8")
    quits = (manual / "command-line.md").read_text(encoding="utf-8").partition("## quit")[2]
    general = (exit_codes.DONE, exit_codes.SOME_FAILED, exit_codes.WRONG_USAGE, exit_codes.INTERRUPTED)
    assert all(f"| {code} |" in scripts for code in general)
    assert all(str(code) in quits for code in (exit_codes.RECORDING, exit_codes.WORKING, exit_codes.STILL_THERE))
