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
DRIVER_PAGE = "Install NVIDIA's driver, then start the computer again."

_WHY = {
    "not_looked": "What this computer can do is not known yet; the graphics card is tried first, if there is one.",
    "best_card": "It is the fastest that works here.",
    "no_card": "There is no graphics card of NVIDIA's in this computer.",
    "no_driver": "There is a graphics card of NVIDIA's in this computer, but no program can calculate on it.",
    "libraries_missing": "There is a graphics card, but the libraries that it needs are not here.",
    "card_fails": "There is a graphics card, but nothing that was tried on it worked.",
    "card_too_small": "The graphics card has too little memory for the model.",
    "forced": "It was chosen so, instead of automatic.",
}
_NO_ENGINE = "Nothing: the library that transcribes does not start here."
_REFUSED = {
    Failure.DEVICE_MISSING: (
        "Nothing: the graphics card was chosen, and there is none that can be used.",
        "Choose automatic instead.",
    ),
    Failure.COMPUTE_TYPE_MISSING: (
        "Nothing: this computer does not calculate in the way chosen.",
        "Choose automatic instead.",
    ),
    Failure.MODEL_TOO_LARGE: (
        "Nothing: the model is larger than the memory.",
        "Choose a smaller model, or automatic instead.",
    ),
}
_NO_PROCESSOR = (
    "Nothing: the processor was chosen, and nothing that was tried on it worked.",
    "Choose automatic instead.",
)


def page(machine: Machine, choice: Choice) -> str:
    """Return all that is known of this computer, as it is shown and copied."""
    parts: list[tuple[str, Sequence[str]]] = [
        ("What will be used", used(machine, choice)),
        ("What is missing, and what to do", missing(machine)),
        ("Processor", _processor(machine)),
        ("Graphics cards", [_card(card, machine) for card in machine.cards] or ["None of NVIDIA's was found."]),
        ("Libraries for the graphics card", [_library(library) for library in machine.libraries]),
        ("What was tried", [*_tried(machine)]),
        ("Speed", [*map(_measured, machine.measured), *map(_real, machine.typical_speeds)]),
    ]
    versions = f", {machine.engine.versions}" if machine.engine else ""
    lines = [line for title, told in parts if told for line in (title, *(f"  {one}" for one in told), "")]
    return "\n".join([*lines, f"Looked at {wording.when(machine.looked_at)}{versions}"]) + "\n"


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
    at_once = f", {_count(choice.batch_size, 'piece')} of speech at once" if choice.batch_size else ""
    return [f"{where}, {best.compute_type}{by}{at_once}.", _WHY[choice.why]]


def missing(machine: Machine) -> list[str]:
    """Return what keeps this computer from doing its best, and what to do about it; nothing if all is well."""
    return [*_about_cards(machine), *_about_processor(machine)]


def probe_trouble(trouble: ProbeTrouble) -> str:
    """Return why the probe did not come to its end."""
    return {
        "not_started": "The program that looks what this computer can do does not start. Install Sottovoce again.",
        "took_too_long": "Looking what this computer can do took too long, and was ended. Some of it is not known.",
        "updated": "Sottovoce has been updated. Close it and open it again, and it looks what this computer can do.",
        "died": "Looking what this computer can do ended unexpectedly. Some of it is not known.",
    }[trouble]


def gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GB"


def _about_cards(machine: Machine) -> Iterator[str]:
    broken = [card for card in machine.cards if card.index < 0]
    if broken and not any(card.driver for card in broken):
        yield f"{_name(broken[0])} has no driver of NVIDIA's. {DRIVER_PAGE}"
    elif broken:
        yield f"{_name(broken[0])} is known to its driver, but no program can calculate on it. {DRIVER_PAGE}"
    usable = [card for card in machine.cards if card.index >= 0]
    if any((0, 0) < card.cuda < OLDEST_CUDA for card in usable):
        yield "The driver of the graphics card is too old: it must know CUDA 12. Install a newer driver of NVIDIA's."
    absent = [library.name for library in machine.libraries if not library.found]
    if usable and absent:
        they = "it" if len(absent) == 1 else "them"
        yield f"{' and '.join(absent)} cannot be opened, and the graphics card needs {they}."
        yield "Get the graphics pack: in the window on the page This Computer, or with “sottovoce gpu install”."
        yield "Or, with Python:"
        yield f'pip install --no-deps --target "{shown(paths.card_libraries())}" {WHEEL}'
    elif usable and machine.tried and not any(machine.works("cuda", card.index) for card in usable):
        yield f"Nothing that was tried on {_name(usable[0])} worked. A newer driver of NVIDIA's may help."


def _about_processor(machine: Machine) -> Iterator[str]:
    if machine.processor.level == "none" and not machine.works("cpu"):
        yield "The processor lacks AVX, and transcribing does not work on it."
    elif machine.processor.level in ("none", "avx"):
        yield "The processor lacks AVX2: transcribing takes much longer on it. Small models are the right ones here."
    if machine.tried and not machine.works("cpu"):
        yield "Nothing that was tried on the processor worked. Install Sottovoce again."
    if machine.engine is None:
        yield "The library that transcribes does not even start here. Install Sottovoce again."


def _processor(machine: Machine) -> list[str]:
    processor = machine.processor
    facts = [_count(processor.cores, "core"), LEVELS[processor.level]]
    told = [f"{processor.name or 'Of an unknown kind'}: {', '.join(fact for fact in facts if fact)}"]
    if processor.memory_bytes:
        free = f", {gigabytes(processor.free_bytes)} of it free" if processor.free_bytes else ""
        told.append(f"Memory: {gigabytes(processor.memory_bytes)}{free}")
    return told


def _card(card: CardFound, machine: Machine) -> str:
    facts = [gigabytes(card.memory_bytes)] if card.memory_bytes else []
    facts += [f"{gigabytes(card.free_bytes)} of it free"] if card.free_bytes is not None else []
    facts += [f"driver {card.driver}"] if card.driver else []
    facts += [f"CUDA {card.cuda[0]}.{card.cuda[1]}"] if card.cuda > (0, 0) else []
    facts += [f"compute capability {card.capability[0]}.{card.capability[1]}"] if card.capability > (0, 0) else []
    state = "works" if machine.works("cuda", card.index) else "cannot be used"
    return f"{_name(card)}: {', '.join([*facts, state])}"


def _name(card: CardFound) -> str:
    return card.name or "A graphics card of NVIDIA's"


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
    where = "the graphics card" if measured.device == "cuda" else "the processor"
    words = max(1, round(WORDS_A_TOKEN / max(measured.writing, 1e-6)))
    return (
        f"{measured.model} on {where}, {measured.compute_type}: hears {SPAN} s of sound in {measured.encoding:.2g} s,"
        f" then writes about {words} words a second"
    )


def _real(speed: Speed) -> str:
    where = "the graphics card" if speed.device == "cuda" else "the processor"
    how_fast = f"{wording.speed(speed.speed)} as fast as the recording is long"
    return f"{speed.model} on {where}, {speed.compute_type}: {how_fast}, in real work"


def _name_of_device(machine: Machine, device: str, index: int) -> str:
    if device == "cpu":
        return "The processor"
    return next((_name(card) for card in machine.cards if card.index == index), "The graphics card")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
