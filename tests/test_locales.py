"""The program in countries whose letters, digits and marks are not those of English."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import system_locales

import desktop_app
from desktop_app.ui import wording

ROOT = Path(desktop_app.__file__).parent


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
