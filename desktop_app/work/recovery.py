"""What to give up when the backend dies twice at the same place of a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from desktop_app.transcripts.transcript import JobOptions, Step

SMALLER = {"float32": "int8", "float16": "int8_float16", "bfloat16": "int8_float16"}  # in memory
PLAINER = {"int8": "float32", "int8_float16": "float16", "int8_float32": "float32", "float16": "float32"}
DEATHS_BEFORE_A_STEP = 2
MOST_GAPS = 3  # one behind the other, with nothing heard between them: then the recording is not to blame
SKIPPED_IF_UNKNOWN = 30.0  # seconds: what is let go where the backend did not say what it worked on


def stepped_down(options: JobOptions, steps: Sequence[Step]) -> JobOptions:
    """Return the options as they are after the steps since the last skip: what was skipped was to blame before it."""
    for step in _in_force(steps):
        if step.what == "device":
            # The arithmetic was the card's: the processor has others, of which the best is chosen.
            tuning = msgspec.structs.replace(options.tuning, compute_type="")
            options = msgspec.structs.replace(options, device="cpu", tuning=tuning)
        else:
            value = int(step.to) if step.what == "batch_size" else step.to
            options = msgspec.structs.replace(
                options, tuning=msgspec.structs.replace(options.tuning, **{step.what: value})
            )
    return options


def next_step(
    steps: Sequence[Step], ran_with: tuple[str, str], no_memory: bool, position: float, why: str
) -> Step | None:
    """Return what to give up next; None if nothing is left to give up.

    ran_with: the device and the compute type. no_memory: that was what it died of.
    """
    taken = {step.what for step in _in_force(steps)}
    return next((step for step in _ladder(ran_with, no_memory, position, why) if step.what not in taken), None)


def _ladder(ran_with: tuple[str, str], no_memory: bool, position: float, why: str) -> Iterator[Step]:
    device, compute_type = ran_with
    yield Step("batch_size", "1", position, why)
    if other := (SMALLER if no_memory else PLAINER).get(compute_type):
        yield Step("compute_type", other, position, why)
    if device == "cuda":
        yield Step("device", "cpu", position, why)


def _in_force(steps: Sequence[Step]) -> list[Step]:
    skips = [index for index, step in enumerate(steps) if step.what == "skip"]
    return list(steps[skips[-1] + 1 if skips else 0 :])
