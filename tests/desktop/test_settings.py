"""What the user has chosen, and a start of the real window that meets something it does not know."""

from __future__ import annotations

import json

from .display import Display, wait_for
from .program import Program


def test_a_value_of_another_version_is_said_and_the_rest_of_the_choices_stay(
    program: Program, display: Display
) -> None:
    file = program.home / "settings.json"
    chosen = json.loads(file.read_bytes()) | {"quality": "best", "glossary": "Sottovoce", "colour": "mauve"}
    file.write_text(json.dumps(chosen))

    program.process = program.start_again()
    wait_for(lambda: len(display.windows("^Sottovoce$")) == 2, "the box, above the window")
    program.process.terminate()
    assert program.wait_for_end() == 0

    after = json.loads(file.read_bytes())
    assert [after[name] for name in ("quality", "glossary", "colour", "model")] == [
        "best",
        "Sottovoce",
        "mauve",
        "tiny.en",
    ]


def test_damaged_settings_are_kept_aside(program: Program, display: Display) -> None:
    (program.home / "settings.json").write_text('{"model": "tiny.en", "gloss')

    program.start_again()

    aside = wait_for(lambda: list(program.home.glob("settings-damaged-*.json")), "the damaged settings")
    assert aside[0].read_text() == '{"model": "tiny.en", "gloss'
