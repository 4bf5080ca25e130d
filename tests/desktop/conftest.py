"""Gives each test of the real window a screen of its own, and skips it where there can be none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .display import Display, missing_programs
from .program import Program


@pytest.fixture
def display() -> Iterator[Display]:
    """An empty screen with a window manager. What is started on it ends with the test."""
    if missing := missing_programs():
        pytest.skip(f"a real window needs {', '.join(missing)}, which this machine lacks")
    with Display() as screen:
        yield screen


@pytest.fixture
def program(display: Display, tmp_path: Path, tiny_model: Path) -> Iterator[Program]:
    """The real program, not started yet. At the end of the test it must have had nothing to complain of."""
    made = Program(display, tmp_path / "home", tiny_model)
    try:
        yield made
    finally:
        made.end()
    assert made.complaints == ""
