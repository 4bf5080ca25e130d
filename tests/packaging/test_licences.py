"""What is told of the licences of others, wherever it is told."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import licences  # noqa: E402
import sbom  # noqa: E402

from desktop_app.ui import about  # noqa: E402

TOLD = {
    "the README": lambda: (ROOT / "README.md").read_text(encoding="utf-8"),
    "the licences of the bundle": lambda: licences.PREFACE,
    "Debian's file": lambda: (ROOT / "packaging" / "linux" / "copyright").read_text(encoding="utf-8"),
    "the About box": lambda: about.LICENCES["av"],
}


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> str:
    """All texts, of a bundle without libraries of the system."""
    return licences.collect(tmp_path_factory.mktemp("bundle"))


@pytest.mark.parametrize("maker", licences.MAKERS)
def test_what_the_maker_of_the_executables_puts_into_them_has_its_licence_with_the_text(collected, maker):
    assert f"\n{maker} {metadata.version(maker)}, the parts in each executable: {licences.MAKERS[maker]}\n" in collected


def test_the_exception_for_the_boot_loader_and_the_licence_it_is_an_exception_to_are_there(collected):
    assert "unlimited permission to link or embed compiled bootloader" in collected
    assert "\nThe text of GPL-2\n" in collected


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_ffmpeg_which_is_linked_with_x264_and_x265_is_passed_on_under_the_gpl_3_or_later(told):
    text = " ".join(told().split())

    assert re.search(r"FFmpeg.*x264 and x265.*\bGPL[- ]3(\.0)?(\+|-or-later| or later)", text)


def test_the_bill_of_materials_says_of_ffmpeg_what_the_others_say():
    (ffmpeg,) = [component for component in sbom.inside_packages() if component["name"] == "FFmpeg"]

    assert ffmpeg["licenses"] == [{"license": {"id": "GPL-3.0-or-later"}}]
