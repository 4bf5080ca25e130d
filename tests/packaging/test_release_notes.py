"""What a release says of itself is what the changelog says, and the three numbers must be one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import release_notes  # noqa: E402

CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.2.0] - 2026-12-01

### Added

- Something new.

## [1.1.0] - 2026-11-01

- Something older.

[1.2.0]: https://example.org/1.2.0
"""


def test_the_notes_are_the_changes_of_that_version_and_no_other():
    notes = release_notes.notes("v1.2.0", "1.2.0", CHANGELOG)

    assert notes.startswith("### Added\n\n- Something new.\n\n### Verify your download")
    assert "older" not in notes
    assert "1.2.0-SYSTEM.cdx.json" in notes


def test_the_oldest_version_ends_where_the_links_begin():
    assert release_notes.section(CHANGELOG, "1.1.0") == "- Something older."


def test_they_say_in_plain_words_what_is_signed_and_what_is_not():
    none = release_notes.notes("v1.2.0", "1.2.0", CHANGELOG)
    some = release_notes.notes("v1.2.0", "1.2.0", CHANGELOG, ["macos"])

    assert "The Windows setup is not signed" in none and "The Mac app is not notarised" in none
    assert "The Windows setup is not signed" in some and "signed and notarised by Apple" in some


def test_they_say_how_it_is_verified_that_this_repository_made_it():
    notes = release_notes.notes("v1.2.0", "1.2.0", CHANGELOG, repository="some/where")

    assert "`gh attestation verify FILE --repo some/where`" in notes


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "why"),
    [
        ("v1.2.0", "1.3.0", CHANGELOG, "the version of the program 1.3.0"),
        ("1.2.0", "1.2.0", CHANGELOG, "The tag is 1.2.0"),
        ("v1.3.0", "1.3.0", CHANGELOG, r"nothing under \[1.3.0\]"),
        (
            "v1.2.0",
            "1.2.0",
            CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n- Half done.\n"),
            "unreleased changes",
        ),
        ("v1x2.0", "1x2.0", CHANGELOG, "nothing under"),
        ("v1.2.0", "1.2.0", CHANGELOG.replace("[1.2.0] - 2026-12-01", "[1.2.0]"), "the day it was published"),
        ("v1.1.0", "1.1.0", CHANGELOG, "does not begin with version 1.1.0"),
    ],
)
def test_nothing_is_released_under_a_number_that_is_not_its_own(tag, version, changelog, why):
    with pytest.raises(release_notes.Disagreement, match=why):
        release_notes.notes(tag, version, changelog)
