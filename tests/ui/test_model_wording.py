"""What is said about models: something for everything that can go wrong, and what to do about it."""

from __future__ import annotations

import msgspec
import pytest
from machines import card, laptop, workstation

from desktop_app.messages import (
    ABOUT_PACKS,
    ABOUT_UPDATES,
    LibraryFound,
    ModelTrouble,
    PorterFailed,
    PorterProgress,
    PorterStage,
)
from desktop_app.ui import model_wording


@pytest.mark.parametrize("kind", sorted(set(ModelTrouble) - ABOUT_PACKS - ABOUT_UPDATES))
@pytest.mark.parametrize("name", ["small", ""])
def test_every_trouble_has_a_sentence_and_an_advice(kind, name):
    said = model_wording.trouble(PorterFailed(kind, "detail for the log"), name)

    assert said.startswith("“small” " if name else "The models ")
    assert said.count(". ") >= 1
    assert said.endswith(".")
    assert "detail" not in said


@pytest.mark.parametrize("stage", list(PorterStage))
def test_every_stage_is_said(stage):
    assert model_wording.progress("small", PorterProgress(stage), None, None).startswith("small: ")


def test_where_there_is_no_room_it_is_said_how_much_is_needed():
    failed = PorterFailed(ModelTrouble.DISK_FULL, "", 3_100_000_000, 420_000_000)

    assert "3.1 GB, and 420 MB are free" in model_wording.trouble(failed, "large-v3")


def test_progress_is_told_with_speed_and_time():
    progress = PorterProgress(PorterStage.FETCHING, 193_000_000, 483_000_000)

    said = model_wording.progress("small", progress, 5_240_000.0, 55.0)

    assert said == "small: Downloading, 40% of 483 MB, 5.2 MB/s, 55 s left"


def test_at_the_first_start_a_card_that_lacks_its_libraries_is_told_with_where_to_get_them():
    missing = (LibraryFound("libcublas.so.12", False),)
    lacking = msgspec.structs.replace(workstation(card(8), works=()), libraries=missing)

    assert model_wording.computer_in_short(lacking).endswith(f", Imagined Card. {model_wording.LACKS_PACK}")
    assert model_wording.computer_in_short(workstation(card(8))).endswith(", Imagined Card.")
    assert model_wording.computer_in_short(laptop()).endswith(", no usable graphics card.")


@pytest.mark.parametrize(
    ("size_bytes", "said"), [(0, "0 MB"), (1, "1 MB"), (147_882_941, "148 MB"), (3_089_767_608, "3.1 GB")]
)
def test_sizes_are_said_as_a_hub_says_them(size_bytes, said):
    assert model_wording.size(size_bytes) == said


@pytest.mark.parametrize(
    ("what", "can_be_fetched", "in_terminal", "advice"),
    [
        ("verify", True, False, "Repair downloads the damaged parts again"),
        ("verify", False, False, "Remove it, and add it again"),
        ("verify", True, True, "“sottovoce models download”"),
        ("verify", False, True, "Remove it, and import it again"),
        ("fetch", True, False, "Try again later"),
        ("", None, False, "It is not used until it is repaired"),
    ],
)
def test_of_a_damaged_model_only_what_can_be_done_is_advised(what, can_be_fetched, in_terminal, advice):
    failed = PorterFailed(ModelTrouble.DAMAGED)

    said = model_wording.trouble(failed, "mine", what, can_be_fetched, in_terminal)

    assert advice in said
    assert ("Repair" in said) == (advice == "Repair downloads the damaged parts again")
    assert "  " not in said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ModelTrouble.STALLED, "the download stalled"),
        (ModelTrouble.TOO_MANY_REQUESTS, "the hub is busy, waiting"),
        (ModelTrouble.HUB_FAILED, "server error"),
    ],
)
def test_what_is_tried_again_is_said_as_what_it_is(kind, said):
    progress = PorterProgress(PorterStage.FETCHING, 1, 2, kind)

    assert said in model_wording.progress("small", progress, None, None)


def test_a_model_that_is_in_use_already_or_was_only_mended_is_not_to_be_chosen():
    assert "Choose it" in model_wording.model_arrived("small")
    assert "Choose it" not in model_wording.model_arrived("small", is_chosen=True)
    assert "Choose it" not in model_wording.model_arrived("small", was_here=True)


def test_where_the_advice_changes_the_reason_is_said():
    assert model_wording.why_proposed("", 0.4) == ""
    assert model_wording.why_proposed("large-v3-turbo", 0.4) == (
        "Recommended instead of large-v3-turbo, because your recordings took about 2.5 times as long as estimated."
    )
    assert model_wording.why_proposed("small", 2.0).endswith("were about 2 times faster than estimated.")
