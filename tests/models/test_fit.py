"""How well a model suits a computer, and which one is proposed."""

from __future__ import annotations

import msgspec
import pytest
from machines import GIGABYTE, card, laptop, tried, workstation

from desktop_app.messages import Way
from desktop_app.models import catalogue, fit, shape
from desktop_app.models.fit import Fit, facts_of
from desktop_app.models.machine import Machine, Speed


def after(machine: Machine, model: str, *speeds: float, others: float = 0.0) -> Machine:
    """The machine after real jobs that were so fast, while other programs took this share of the processor."""
    for speed in speeds:
        machine = machine.with_speed(Speed(model, "cpu", "int8", speed, 0.0, others=others))
    return machine


def estimated(name: str, machine: Machine | None) -> Fit:
    return fit.estimate(facts_of(catalogue.published()[name]), machine)


# --- how fast, how much ---


def test_larger_models_are_slower_and_need_more_memory():
    fits = [estimated(name, laptop()) for name in ("tiny", "base", "small", "medium", "large-v3")]

    assert [one.speed for one in fits] == sorted((one.speed for one in fits), reverse=True)
    assert fits[0].memory_bytes < fits[2].memory_bytes < fits[4].memory_bytes
    assert not any(one.is_measured for one in fits)


def test_a_model_with_a_short_decoder_is_faster_than_its_teacher():
    assert estimated("large-v3-turbo", laptop()).speed > estimated("large-v3", laptop()).speed
    assert estimated("distil-small.en", laptop()).speed > estimated("small.en", laptop()).speed


def test_the_measured_model_itself_is_estimated_at_what_was_measured():
    speed = estimated("base", laptop(encoding=0.5, writing=0.01)).speed

    assert speed == pytest.approx(30 / (fit.REST * (0.5 + fit.TOKENS * 0.01)), rel=0.01)


def test_a_graphics_card_makes_everything_faster_and_holds_the_model():
    on_card = estimated("small", workstation(card(8)))

    assert on_card.device == "cuda"
    assert on_card.fits
    assert on_card.speed > 5 * estimated("small", laptop()).speed


def test_a_model_that_the_card_cannot_hold_is_estimated_on_the_processor():
    assert estimated("large-v3", workstation(card(1))).device == "cpu"


def test_a_model_that_is_larger_than_the_memory_does_not_fit():
    assert not estimated("large-v3", laptop(memory=2)).fits
    assert estimated("base", laptop(memory=2)).fits


def test_without_a_probe_nothing_is_said_about_the_speed():
    unknown = estimated("small", None)

    assert (unknown.speed, unknown.fits, unknown.device) == (None, True, "cpu")
    assert unknown.memory_bytes > 300_000_000


def test_a_model_whose_shape_cannot_be_told_fits_until_it_is_tried():
    unknown = fit.estimate(fit.Facts("mine", None), laptop())

    assert (unknown.speed, unknown.memory_bytes, unknown.fits) == (None, 0, True)


def test_a_model_of_the_users_own_is_estimated_by_its_shape(base):
    mine = fit.estimate(fit.facts_in(base, "mine"), laptop())

    assert mine.speed == pytest.approx(estimated("base", laptop()).speed)


def test_the_speeds_of_real_jobs_replace_the_estimate_once_there_are_some():
    at_first = estimated("small", laptop())

    assert estimated("small", after(laptop(), "small", 3.3)) == at_first
    assert estimated("small", after(laptop(), "small", 3.3, 3.5)) == at_first
    known = estimated("small", after(laptop(), "small", 3.3, 3.5, 3.1))
    assert (known.speed, known.is_measured) == (3.3, True)


def test_jobs_beside_other_work_change_no_estimate_and_no_advice():
    at_first = laptop()
    busy = after(at_first, "base", 1.0, 1.1, 0.9, 1.2, 0.8, others=0.6)

    assert estimated("base", busy) == estimated("base", at_first)
    assert fit.advice(busy, ("de",)) == fit.advice(at_first, ("de",))
    quiet = after(busy, "base", 12.0, 11.0, 13.0)
    assert estimated("base", quiet).speed == 12.0


def test_real_jobs_with_one_model_correct_the_estimate_of_another():
    guess = estimated("base", laptop()).speed
    known = after(laptop(), "base", *3 * [guess / 2])

    assert estimated("medium", known).speed == pytest.approx(estimated("medium", laptop()).speed / 2)
    assert not estimated("medium", known).is_measured


def test_a_speed_on_the_processor_says_nothing_about_the_card():
    known = after(workstation(card(8)), "base", 1.0, 1.0, 1.0)

    assert estimated("base", known) == estimated("base", workstation(card(8)))


# --- in which way ---


def test_the_card_comes_first_and_the_processor_last():
    ways = fit.ways_of(shape.BASE, workstation(card(8)))

    assert ways[0] == Way("cuda", 0, "float16")
    assert ways[-1] == Way("cpu", 0, "int8")


def test_the_largest_of_several_cards_comes_first():
    ways = fit.ways_of(shape.BASE, workstation(card(2, index=0), card(24, index=1)))

    assert ways[0].index == 1


def test_arithmetic_that_does_not_work_is_not_among_the_ways():
    ways = fit.ways_of(shape.BASE, workstation(card(8), works=("float32", "int8_float16")))

    assert [way.compute_type for way in ways if way.device == "cuda"] == ["int8_float16", "float32"]


def test_on_a_small_card_smaller_numbers_come_before_a_span_at_a_time():
    large = shape.of_published("large-v3")

    roomy, tight = (fit.ways_of(large, workstation(card(size))) for size in (24, 5))

    assert roomy[0].compute_type == "float16"
    assert tight[0].compute_type.startswith("int8")


def test_fewer_spans_at_once_on_a_card_that_cannot_hold_more():
    large, machine = shape.of_published("large-v3"), workstation(card(6))
    way = Way("cuda", 0, "float16")

    assert fit.batch(large, way, machine) in (1, 2, 4)
    assert fit.memory(large, way, fit.batch(large, way, machine)) <= 6 * GIGABYTE
    assert fit.batch(large, way, workstation(card(80))) == 0  # as many as usual
    assert fit.batch(large, Way("cpu", 0, "int8"), machine) == 0


def test_a_processor_that_cannot_calculate_with_int8_gets_what_works():
    machine = msgspec.structs.replace(laptop(), tried=tried("cpu", "float32"))

    assert fit.ways_of(shape.BASE, machine) == [Way("cpu", 0, "float32")]


# --- which one ---


@pytest.mark.parametrize(
    ("machine", "languages", "proposed"),
    [
        (workstation(card(24)), ("de", "en"), "large-v3"),
        (workstation(card(24)), ("en",), "large-v3"),
        (laptop(encoding=0.05, writing=0.001), ("de",), "large-v3"),
        (laptop(), ("de", "en"), "large-v3-turbo"),
        (laptop(encoding=0.7, writing=0.008), ("en",), "medium.en"),
        (laptop(encoding=0.7, writing=0.008), ("en", "fr"), "medium"),
        (laptop(encoding=2.0, writing=0.03), ("en",), "small.en"),
        (laptop(encoding=2.0, writing=0.03), (), "small"),
        (laptop(encoding=20.0, writing=0.5), ("de",), "base"),
        (None, ("de",), "base"),
    ],
)
def test_the_best_model_that_is_fast_enough_here_is_proposed(machine, languages, proposed):
    assert fit.proposed(machine, languages).id == proposed


def test_what_the_memory_or_the_disk_cannot_hold_is_not_proposed():
    assert fit.proposed(laptop(memory=2), ("de",)).size_bytes < 1_000_000_000
    assert fit.proposed(workstation(card(24)), ("de",), room=600_000_000).id == "small"


def test_what_is_here_already_needs_no_room():
    proposed = fit.proposed(workstation(card(24)), ("de",), room=600_000_000, installed=["large-v3"])

    assert proposed.id == "large-v3"


def test_the_memory_that_real_jobs_have_taken_replaces_the_estimate():
    known = laptop()
    for taken in (700_000_000, 900_000_000, 0):
        known = known.with_speed(Speed("small", "cpu", "int8", 3.0, 0.0, taken))

    assert estimated("small", known).memory_bytes == 900_000_000
    assert estimated("small", known.with_speed(Speed("small", "cpu", "int8", 3.0, 0.0, 2**40))).fits is False


def test_one_odd_recording_does_not_change_the_estimate():
    known = laptop()
    for speed in (9.0, 10.0, 300.0):
        known = known.with_speed(Speed("small", "cpu", "int8", speed, 0.0))

    assert estimated("small", known).speed == 10.0


def test_real_slowness_changes_what_is_proposed_and_the_reason_is_told():
    guess = estimated("large-v3-turbo", laptop()).speed
    once = after(laptop(), "large-v3-turbo", guess / 10)
    slow = after(laptop(), "large-v3-turbo", *3 * [guess / 10])

    assert fit.advice(once, ("de",)) == fit.advice(laptop(), ("de",))
    assert fit.advice(laptop(), ("de",)).instead_of == ""
    advice = fit.advice(slow, ("de",))
    assert advice.model == fit.proposed(slow, ("de",))
    assert advice.model.id != "large-v3-turbo"
    assert (advice.instead_of, advice.pace) == ("large-v3-turbo", pytest.approx(0.1))


def test_every_model_that_may_be_proposed_is_published():
    assert set(fit.BEST_FIRST) <= catalogue.published().keys()
