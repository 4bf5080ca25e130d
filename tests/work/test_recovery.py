"""What is given up, step by step, when the backend dies again and again."""

from __future__ import annotations

import msgspec
import pytest
from machines import card, workstation

from desktop_app.messages import Tuning, Way
from desktop_app.transcripts.transcript import JobOptions, Step
from desktop_app.work import recovery
from desktop_app.work.choice import choose


def ladder(device: str, compute_type: str, no_memory: bool) -> list[tuple[str, str]]:
    steps: tuple[Step, ...] = ()
    while (step := recovery.next_step(steps, (device, compute_type), no_memory, 12.0, "backend_died")) is not None:
        steps += (step,)
        assert len(steps) < 10
    return [(step.what, step.to) for step in steps]


@pytest.mark.parametrize(
    ("device", "compute_type", "no_memory", "steps"),
    [
        ("cpu", "int8", False, [("batch_size", "1"), ("compute_type", "float32")]),
        ("cpu", "int8", True, [("batch_size", "1")]),
        ("cpu", "float32", True, [("batch_size", "1"), ("compute_type", "int8")]),
        ("cuda", "float16", False, [("batch_size", "1"), ("compute_type", "float32"), ("device", "cpu")]),
        ("cuda", "float16", True, [("batch_size", "1"), ("compute_type", "int8_float16"), ("device", "cpu")]),
    ],
)
def test_the_steps_in_their_order(device, compute_type, no_memory, steps):
    assert ladder(device, compute_type, no_memory) == steps


def test_steps_change_the_options_and_a_skip_takes_them_back():
    options = JobOptions(device="cuda", tuning=Tuning(batch_size=16))
    steps = (
        Step("batch_size", "1", 12.0, ""),
        Step("compute_type", "float32", 12.0, ""),
        Step("device", "cpu", 12.0, ""),
    )

    assert recovery.stepped_down(options, steps) == msgspec.structs.replace(
        options, device="cpu", tuning=Tuning(batch_size=1)
    )
    assert recovery.stepped_down(options, (*steps, Step("skip", "", 12.0, ""))) == options


@pytest.mark.parametrize("forced", ["", "float16", "bfloat16", "int8_bfloat16"])
def test_a_card_without_memory_gives_way_to_a_processor_that_can_do_what_is_left(forced):
    import ctranslate2

    options, steps = JobOptions(device="cuda", tuning=Tuning(compute_type=forced)), ()
    while (step := recovery.next_step(steps, ("cuda", forced or "float16"), True, 12.0, "out_of_memory")) is not None:
        steps += (step,)
    last = recovery.stepped_down(options, steps)

    assert last.device == "cpu"
    assert last.tuning.compute_type in ("", *ctranslate2.get_supported_compute_types("cpu"))
    chosen = choose(workstation(card(8)), last.device, last.tuning.compute_type)
    assert chosen.refused is None
    assert chosen.ways == (Way("cpu", 0, "int8"), *chosen.ways[1:])
