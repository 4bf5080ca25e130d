"""The real window in countries whose letters, digits and marks are not those of English."""

from __future__ import annotations

from pathlib import Path

import pytest
import system_locales

from .program import Program


@pytest.mark.parametrize("name", system_locales.NAMES)
def test_the_window_opens_and_transcribes_under_any_locale(
    name: str, program: Program, tmp_path: Path, speech: Path
) -> None:
    program.start(speech, env=system_locales.environment(name, tmp_path / "locales"))

    job = program.wait_until_done(speech.name)

    assert "recording" in program.text(job)
    assert "recording" in program.copied()
