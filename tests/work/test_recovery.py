"""What is given up, step by step, when the backend dies again and again."""

from __future__ import annotations

import msgspec
import pytest

from desktop_app.messages import Tuning
from desktop_app.transcripts.transcript import JobOptions, Step
from desktop_app.work import recovery


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
        options, device="cpu", tuning=Tuning(batch_size=1, compute_type="float32")
    )
    assert recovery.stepped_down(options, (*steps, Step("skip", "", 12.0, ""))) == options
