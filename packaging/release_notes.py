"""Prints what a release says of itself: what CHANGELOG.md says is new, and how to trust what was downloaded.

python packaging/release_notes.py TAG [--repository OWNER/NAME] [--signed SYSTEM ...]

Leaves with 1 if the tag (v1.2.3), the version of the program and CHANGELOG.md do not agree.
SYSTEM is one of: windows, macos, updates.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desktop_app import __version__  # noqa: E402

CHANGELOG = ROOT / "CHANGELOG.md"
ANY_REPOSITORY = "OWNER/NAME"
SIGNED = {
    "windows": ("The Windows setup is signed.", "The Windows setup is not signed: SmartScreen will warn you."),
    "macos": (
        "The Mac app is signed and notarised by Apple.",
        "The Mac app is not notarised: Gatekeeper will block it until you allow it.",
    ),
    "updates": (
        "Installed versions of Sottovoce verify this update by its signature.",
        "The update feed is not signed: installed versions of Sottovoce will not offer this release as an update.",
    ),
}
TRUST = """\
### Verify your download

{signed} The manual (resources/manual/installing.md) explains what to do if your system warns you.

`sha256sum --check --ignore-missing SHA256SUMS` checks that your download matches what we published, and
`gh attestation verify FILE --repo {repository}` that it was built by this repository's workflow. Everything in the
program is listed in `sottovoce-{version}-SYSTEM.cdx.json`.
"""


class Disagreement(Exception):
    """The tag, the program and the changelog do not tell of the same release."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tag")
    parser.add_argument("--repository", default=ANY_REPOSITORY)
    parser.add_argument("--signed", nargs="*", choices=list(SIGNED), default=[])
    arguments = parser.parse_args()
    changelog = CHANGELOG.read_text(encoding="utf-8")
    try:
        print(notes(arguments.tag, __version__, changelog, arguments.signed, arguments.repository))
    except Disagreement as disagreement:
        sys.exit(str(disagreement))


def notes(
    tag: str, version: str, changelog: str, signed: Collection[str] = (), repository: str = ANY_REPOSITORY
) -> str:
    """Return the notes. Raise Disagreement if tag, version and changelog do not agree."""
    if tag != f"v{version}":
        raise Disagreement(f"The tag is {tag}, the version of the program {version}.")
    changes = section(changelog, version)
    if not changes:
        raise Disagreement(f"CHANGELOG.md says nothing under [{version}].")
    if [released for released, _, _ in published(changelog)][:1] != [version]:
        raise Disagreement(f"CHANGELOG.md does not begin with version {version} and the day it was published.")
    if section(changelog, "Unreleased"):
        raise Disagreement(f"CHANGELOG.md has unreleased changes: do they belong to {version}?")
    told = " ".join(texts[0] if system in signed else texts[1] for system, texts in SIGNED.items())
    return f"{changes}\n\n{TRUST.format(signed=told, version=version, repository=repository)}"


def published(changelog: str) -> list[tuple[str, datetime.date, str]]:
    """Return the versions that have a day, the newest first, with that day and what is new in them."""
    headed = r"^## \[([0-9.]+)\] - (\d{4}-\d\d-\d\d)\n(.*?)(?=^## |^\[[^\n]*\]: |\Z)"
    found = re.findall(headed, changelog, re.DOTALL | re.MULTILINE)
    return [(version, datetime.date.fromisoformat(day), text) for version, day, text in found]


def section(changelog: str, version: str) -> str:
    """Return what the changelog says of a version, without its heading; nothing if it has none."""
    found = re.search(
        rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |^\[[^\n]*\]: |\Z)", changelog, re.DOTALL | re.MULTILINE
    )
    return found[1].strip() if found else ""


if __name__ == "__main__":
    main()
