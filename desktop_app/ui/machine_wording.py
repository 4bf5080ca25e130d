"""What the user reads about this computer: what will be used and why, what was found, what is missing. Plain text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from desktop_app import paths
from desktop_app.messages import CardFound, Failure, LibraryFound, Measured, Tried
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import wording

if TYPE_CHECKING:  # the command line has no use for Qt
    from desktop_app.models.machine import Machine, Speed
    from desktop_app.work.choice import Choice
    from desktop_app.work.probe_process import ProbeTrouble

LEVELS = {"avx512": "AVX-512", "avx2": "AVX2", "avx": "AVX", "none": "without AVX", "": ""}
OLDEST_CUDA = (12, 0)  # what the graphics card's libraries need of the driver
SPAN = 30  # seconds of sound that were measured
WORDS_A_TOKEN = 0.75  # in English
WHEEL = "nvidia-cublas-cu12==12.9.1.4"  # as in pyproject.toml
DRIVER_PAGE = "Install the NVIDIA driver, then restart the computer."

_WHY = {
    "not_looked": "This computer has not been checked yet; the graphics card is tried first, if there is one.",
    "best_card": "The fastest option that works here.",
    "no_card": "This computer has no NVIDIA graphics card.",
    "no_driver": "This computer has an NVIDIA graphics card, but programs cannot use it.",
    "libraries_missing": "There is a graphics card, but the libraries it needs are missing.",
    "card_fails": "There is a graphics card, but every test on it failed.",
    "card_too_small": "The graphics card does not have enough memory for the model.",
    "forced": "Set by you, instead of automatic.",
}
_NO_ENGINE = "Nothing: the transcription library does not start here."
_REFUSED = {
    Failure.DEVICE_MISSING: (
        "Nothing: you chose the graphics card, and there is no usable one.",
        "Choose Automatic instead.",
    ),
    Failure.COMPUTE_TYPE_MISSING: (
        "Nothing: this computer does not support the precision you chose.",
        "Choose Automatic instead.",
    ),
    Failure.MODEL_TOO_LARGE: (
        "Nothing: the model does not fit into memory.",
        "Choose a smaller model, or Automatic.",
    ),
}
_NO_PROCESSOR = (
    "Nothing: you chose the CPU, and every test on it failed.",
    "Choose Automatic instead.",
)


def page(machine: Machine, choice: Choice) -> str:
    """Return all that is known of this computer, as it is shown and copied."""
    parts: list[tuple[str, Sequence[str]]] = [
        ("What will be used", used(machine, choice)),
        ("What is missing, and what to do", missing(machine)),
        ("CPU", _processor(machine)),
        ("Graphics cards", [_card(card, machine) for card in machine.cards] or ["No NVIDIA graphics card was found."]),
        ("Libraries for the graphics card", [_library(library) for library in machine.libraries]),
        ("What was tested", [*_tried(machine)]),
        ("Speed", [*map(_measured, machine.measured), *map(_real, machine.typical_speeds)]),
    ]
    versions = f", {machine.engine.versions}" if machine.engine else ""
    lines = [line for title, told in parts if told for line in (title, *(f"  {one}" for one in told), "")]
    return "\n".join([*lines, f"Checked {wording.when(machine.looked_at)}{versions}"]) + "\n"


def used(machine: Machine, choice: Choice) -> list[str]:
    """Return what jobs will run on, and why."""
    if choice.refused is Failure.DEVICE_MISSING and choice.device == "cpu":
        return [*_NO_PROCESSOR]
    if choice.refused is Failure.MODEL_TOO_LARGE and choice.device == "auto":
        return [_REFUSED[choice.refused][0], "Choose a smaller model."]
    if choice.refused is not None:
        return [*_REFUSED[choice.refused]]
    if machine.engine is None:
        return [_NO_ENGINE]
    if not choice.ways:
        return [_WHY[choice.why]]
    best = choice.ways[0]
    where = _name_of_device(machine, best.device, best.index)
    cores = choice.threads or machine.processor.cores
    by = f", {_count(cores, 'thread')}" if best.device == "cpu" else ""
    at_once = f", batch size {choice.batch_size}" if choice.batch_size else ""
    return [f"{where}, {best.compute_type}{by}{at_once}.", _WHY[choice.why]]


def missing(machine: Machine) -> list[str]:
    """Return what keeps this computer from doing its best, and what to do about it; nothing if all is well."""
    return [*_about_cards(machine), *_about_processor(machine)]


def probe_trouble(trouble: ProbeTrouble) -> str:
    """Return why the probe did not come to its end."""
    return {
        "not_started": "The program that checks this computer does not start. Reinstall Sottovoce.",
        "took_too_long": "Checking this computer took too long and was stopped. Some results are missing.",
        "updated": "Sottovoce has been updated. Restart it to check this computer.",
        "died": "Checking this computer ended unexpectedly. Some results are missing.",
    }[trouble]


def gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GB"


def _about_cards(machine: Machine) -> Iterator[str]:
    broken = [card for card in machine.cards if card.index < 0]
    if broken and not any(card.driver for card in broken):
        yield f"{_name(broken[0])} has no NVIDIA driver. {DRIVER_PAGE}"
    elif broken:
        yield f"{_name(broken[0])} is recognised by its driver, but programs cannot use it. {DRIVER_PAGE}"
    usable = [card for card in machine.cards if card.index >= 0]
    if any((0, 0) < card.cuda < OLDEST_CUDA for card in usable):
        yield "The graphics driver is too old: it must support CUDA 12. Install a newer NVIDIA driver."
    absent = [library.name for library in machine.libraries if not library.found]
    if usable and absent:
        they = "it" if len(absent) == 1 else "them"
        yield f"{' and '.join(absent)} cannot be loaded, and the graphics card needs {they}."
        yield "Get the GPU pack: in the window under Models → This Computer…, or with “sottovoce gpu install”."
        yield "Or, with Python:"
        yield f'pip install --no-deps --target "{shown(paths.card_libraries())}" {WHEEL}'
    elif usable and machine.tried and not any(machine.works("cuda", card.index) for card in usable):
        yield f"Every test on {_name(usable[0])} failed. A newer NVIDIA driver may help."


def _about_processor(machine: Machine) -> Iterator[str]:
    if machine.processor.level == "none" and not machine.works("cpu"):
        yield "The CPU lacks AVX, and transcribing does not work without it."
    elif machine.processor.level in ("none", "avx"):
        yield "The CPU lacks AVX2, so transcribing takes much longer. Use small models here."
    if machine.tried and not machine.works("cpu"):
        yield "Every test on the CPU failed. Reinstall Sottovoce."
    if machine.engine is None:
        yield "The transcription library does not start here. Reinstall Sottovoce."


def _processor(machine: Machine) -> list[str]:
    processor = machine.processor
    facts = [_count(processor.cores, "core"), LEVELS[processor.level]]
    told = [f"{processor.name or 'Unknown CPU'}: {', '.join(fact for fact in facts if fact)}"]
    if processor.memory_bytes:
        free = f", {gigabytes(processor.free_bytes)} free" if processor.free_bytes else ""
        told.append(f"Memory: {gigabytes(processor.memory_bytes)}{free}")
    return told


def _card(card: CardFound, machine: Machine) -> str:
    facts = [gigabytes(card.memory_bytes)] if card.memory_bytes else []
    facts += [f"{gigabytes(card.free_bytes)} free"] if card.free_bytes is not None else []
    facts += [f"driver {card.driver}"] if card.driver else []
    facts += [f"CUDA {card.cuda[0]}.{card.cuda[1]}"] if card.cuda > (0, 0) else []
    facts += [f"compute capability {card.capability[0]}.{card.capability[1]}"] if card.capability > (0, 0) else []
    state = "works" if machine.works("cuda", card.index) else "cannot be used"
    return f"{_name(card)}: {', '.join([*facts, state])}"


def _name(card: CardFound) -> str:
    return card.name or "The NVIDIA graphics card"


def _library(library: LibraryFound) -> str:
    if not library.found:
        return f"{library.name}: not found" + (f" ({library.detail})" if library.detail else "")
    where = os.fsencode(os.fsdecode(library.where)).decode("utf-8", "replace")
    return f"{library.name}: found" + (f" in {where}" if where else "")


def _tried(machine: Machine) -> Iterator[str]:
    for device, index in dict.fromkeys((one.device, one.index) for one in machine.tried):
        here = [one for one in machine.tried if (one.device, one.index) == (device, index)]
        name, works = _name_of_device(machine, device, index), [one.compute_type for one in here if one.works]
        if works:
            yield f"{name}: {', '.join(works)} {'works' if len(works) == 1 else 'work'}"
        yield from (f"{name}: {_failure(one)}" for one in here if not one.works)


def _failure(tried: Tried) -> str:
    what = "crashes" if tried.crashed else "does not work"
    return f"{tried.compute_type} {what}" + (f" ({tried.detail})" if tried.detail else "")


def _measured(measured: Measured) -> str:
    where = "the graphics card" if measured.device == "cuda" else "the CPU"
    words = max(1, round(WORDS_A_TOKEN / max(measured.writing, 1e-6)))
    return (
        f"{measured.model} on {where}, {measured.compute_type}: encodes {SPAN} s of audio in {measured.encoding:.2g} s,"
        f" then writes about {words} words per second"
    )


def _real(speed: Speed) -> str:
    where = "the graphics card" if speed.device == "cuda" else "the CPU"
    how_fast = wording.speed(speed.speed)
    return f"{speed.model} on {where}, {speed.compute_type}: {how_fast} on your recordings"


def _name_of_device(machine: Machine, device: str, index: int) -> str:
    if device == "cpu":
        return "The CPU"
    return next((_name(card) for card in machine.cards if card.index == index), "The graphics card")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
