"""What a job gets of the computer, and why; and what is refused before it starts."""

from __future__ import annotations

import msgspec
import pytest
from machines import CARD_TYPES, card, laptop, tried, workstation

from desktop_app.messages import Failure, LibraryFound, Way
from desktop_app.models import shape
from desktop_app.models.machine import Machine
from desktop_app.work.choice import Why, choose

LARGE = shape.of_published("large-v3")


def test_before_anybody_has_looked_everything_is_left_to_the_backend():
    chosen = choose(None, "auto", "", 4, 2)

    assert (chosen.device, chosen.compute_type, chosen.batch_size, chosen.threads) == ("auto", "", 4, 2)
    assert (chosen.ways, chosen.why, chosen.refused) == ((), Why.NOT_LOOKED, None)
    assert choose(Machine(0.0), "cuda").refused is None  # of a probe that found out nothing


def test_without_a_card_it_is_the_processor():
    chosen = choose(laptop())

    assert chosen.ways == (Way("cpu", 0, "int8"),)
    assert chosen.why is Why.NO_CARD


def test_with_a_card_it_is_the_card_and_behind_it_the_processor():
    chosen = choose(workstation(card(8)), model=shape.BASE)

    assert (chosen.device, chosen.compute_type, chosen.why) == ("cuda", "float16", Why.BEST_CARD)
    assert chosen.ways[-1] == Way("cpu", 0, "int8")


def test_arithmetic_that_crashed_while_it_was_tried_is_not_used():
    machine = workstation(card(8))
    crashed = tried("cuda", "float16", works=False, crashed=True)
    others = tuple(one for one in machine.tried if (one.device, one.compute_type) != ("cuda", "float16"))

    chosen = choose(msgspec.structs.replace(machine, tried=crashed + others), model=shape.BASE)

    assert "float16" not in [way.compute_type for way in chosen.ways]
    assert chosen.device == "cuda"


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (workstation(card(8), works=()), Why.CARD_FAILS),
        (workstation(card(0.5)), Why.CARD_TOO_SMALL),
        (msgspec.structs.replace(laptop(), cards=(card(8, index=-1),)), Why.NO_DRIVER),
        (
            msgspec.structs.replace(
                workstation(card(8), works=()), libraries=(LibraryFound("libcublas.so.12", False),)
            ),
            Why.LIBRARIES_MISSING,
        ),
    ],
)
def test_why_a_card_is_not_used_is_told(machine, why):
    chosen = choose(machine, model=LARGE)

    assert (chosen.device, chosen.why, chosen.refused) == ("cpu", why, None)


def test_a_model_too_large_for_the_card_as_it_is_gets_smaller_numbers_then_the_processor():
    on_card = choose(workstation(card(5)), model=LARGE)
    beside = choose(workstation(card(1.5)), model=LARGE)

    assert (on_card.device, on_card.compute_type) == ("cuda", "int8_float16")
    assert on_card.batch_size
    assert (beside.device, beside.why) == ("cpu", Why.CARD_TOO_SMALL)


def test_what_the_user_wants_is_done():
    chosen = choose(workstation(card(8)), "cpu", "float32", 3, 2, shape.BASE)

    assert chosen.ways == (Way("cpu", 0, "float32"),)
    assert (chosen.batch_size, chosen.threads, chosen.why) == (3, 2, Why.FORCED)


def test_a_device_alone_leaves_the_arithmetic_to_be_chosen():
    assert choose(workstation(card(8)), "cuda", model=shape.BASE).compute_type == "float16"
    assert {way.device for way in choose(workstation(card(8)), "cuda", model=shape.BASE).ways} == {"cuda"}


def test_arithmetic_alone_leaves_the_device_to_be_chosen():
    chosen = choose(workstation(card(8)), "auto", "float32", model=shape.BASE)

    assert [(way.device, way.compute_type) for way in chosen.ways] == [("cuda", "float32"), ("cpu", "float32")]
    assert choose(workstation(card(8)), "auto", "float16", model=shape.BASE).device == "cuda"


def test_who_insists_on_a_card_that_seems_too_small_may_try():
    chosen = choose(workstation(card(2.5)), "cuda", "float32", model=shape.of_published("medium"))

    assert chosen.refused is Failure.MODEL_TOO_LARGE  # 3 GB of weights
    assert choose(workstation(card(3.3)), "cuda", "float32", model=shape.of_published("medium")).ways


@pytest.mark.parametrize(
    ("machine", "device", "compute_type", "refused"),
    [
        (laptop(), "cuda", "", Failure.DEVICE_MISSING),
        (laptop(), "cuda", "float16", Failure.DEVICE_MISSING),
        (workstation(card(8), works=()), "cuda", "", Failure.DEVICE_MISSING),
        (laptop(), "cpu", "float16", Failure.COMPUTE_TYPE_MISSING),
        (laptop(), "auto", "float16", Failure.COMPUTE_TYPE_MISSING),
        (workstation(card(8), works=CARD_TYPES[:1]), "cuda", "int8", Failure.COMPUTE_TYPE_MISSING),
        (laptop(memory=1), "auto", "", Failure.MODEL_TOO_LARGE),
        (laptop(memory=1), "cpu", "int8", Failure.MODEL_TOO_LARGE),
    ],
)
def test_what_cannot_work_is_refused_before_it_starts(machine, device, compute_type, refused):
    chosen = choose(machine, device, compute_type, model=LARGE)

    assert (chosen.refused, chosen.ways) == (refused, ())


def test_where_nothing_works_the_backend_says_of_what_it_dies():
    hopeless = msgspec.structs.replace(laptop(), tried=tried("cpu", "int8", works=False))

    assert choose(hopeless).refused is None
    assert choose(hopeless).ways == ()
