"""What is told of the licences of others, wherever it is told."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import licences  # noqa: E402


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
