"""The release workflow runs elsewhere; here it is read. What it starts is there, and it may do no more than it must."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(TEXT)


def steps() -> Iterator[dict[str, Any]]:
    for job in WORKFLOW["jobs"].values():
        yield from job["steps"]


def test_every_script_that_it_starts_is_there():
    started = set(re.findall(r"packaging/[\w./-]+\.(?:py|sh|ps1)", TEXT))

    assert "packaging/smoke.py" in started
    assert [script for script in started if not (ROOT / script).is_file()] == []


def test_every_target_of_make_that_it_wants_is_there():
    wanted = {match for step in steps() for match in re.findall(r"^make ([\w-]+)$", step.get("run", ""), re.MULTILINE)}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert {"bundle", "windows-check"} <= wanted
    assert [target for target in wanted if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_it_may_only_read_but_for_the_job_that_drafts_the_release():
    allowed = {name: job["permissions"] for name, job in WORKFLOW["jobs"].items() if "permissions" in job}

    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert set(allowed) == {"draft"}
    assert set(allowed["draft"]) == {"contents", "id-token", "attestations"}


def test_whatever_others_have_made_has_a_version_and_is_githubs_own():
    used = {step["uses"] for step in steps() if "uses" in step}

    assert used
    assert [action for action in used if not re.fullmatch(r"actions/[\w-]+@v\d+", action)] == []


def test_what_is_installed_to_make_the_setup_has_a_version():
    installed = [line for line in TEXT.splitlines() if "choco install" in line]

    assert installed
    assert [line for line in installed if not re.search(r"--version=\d", line)] == []


def test_no_secret_is_written_into_a_command():
    assert [step for step in steps() if "${{" in step.get("run", "")] == []


def test_all_that_is_made_is_published():
    made = {step["with"]["name"] for step in steps() if "upload-artifact" in step.get("uses", "")}
    (wanted,) = [
        step["with"]["pattern"] for step in WORKFLOW["jobs"]["draft"]["steps"] if "download" in step.get("uses", "")
    ]

    assert wanted == "release-*"
    assert {name for name in made if name.startswith("release-")} == made - {"licences"}
    makers = {name.removeprefix("release-") for name in made - {"licences"}}
    assert set(WORKFLOW["jobs"]["draft"]["needs"]) == {"feed-key", *makers}


def test_the_key_of_the_feed_is_tried_at_once():
    job = WORKFLOW["jobs"]["feed-key"]

    assert job["needs"] == "agreement"
    assert job["steps"][-1]["run"].endswith("packaging/feed.py check-key")


def test_whoever_verifies_a_download_is_told_of_which_repository_it_is():
    (draft,) = [step["run"] for step in WORKFLOW["jobs"]["draft"]["steps"] if "release_notes.py" in step.get("run", "")]

    assert '--repository "$GITHUB_REPOSITORY"' in draft
    page = ROOT / "resources" / "manual" / "installing.md"
    assert "gh attestation verify FILE --repo " in page.read_text(encoding="utf-8")
