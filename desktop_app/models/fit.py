"""How well a model suits this computer: how fast, how much memory; and which one to propose. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from desktop_app.messages import CardFound, Measured, Way
from desktop_app.models import catalogue, shape
from desktop_app.models.catalogue import PublishedModel
from desktop_app.models.machine import Machine, Speed
from desktop_app.models.shape import Shape

MEGABYTE = 1024 * 1024
PREFERRED = {
    "cpu": ("int8", "int8_float32", "float32", "int8_bfloat16", "bfloat16", "int16"),
    "cuda": ("float16", "int8_float16", "bfloat16", "int8_bfloat16", "float32", "int8_float32", "int8"),
}
BATCHES = (16, 8, 4, 2, 1)  # spans heard at once on a card, the first that fits
COMFORTABLE = 4  # spans: rather smaller numbers than a smaller batch
SHARE_OF_MEMORY = 0.75  # that a model may take of the computer's; the rest is for everything else
SHARE_OF_CARD = 0.9  # likewise; the screen is on it

# Seen with tiny.en and base, see tests/benchmarks/README.md; on a card: the context and the work space of cuBLAS.
PROGRAM = {"cpu": 300 * MEGABYTE, "cuda": 700 * MEGABYTE}
TWICE_IN_MEMORY = 250_000_000  # weights: up to there a second copy writes the texts on the processor
AS_PUBLISHED = 2  # bytes a weight on the disk; while a model is loaded it is in memory both ways
A_BATCH = 8.0  # seconds that a batch may take on the processor, of at most so many spans:
LARGEST_BATCH = 8

SPAN = 30.0  # seconds
TOKENS = 90  # written for a span of lively speech
REST = 1.1  # times what encoding and writing take: finding speech, the times of words, reading again what is doubtful
FAST_ENOUGH = 1.5  # times as fast as the recording is long

BEST_FIRST = (
    *("large-v3", "large-v3-turbo", "distil-large-v3.5", "distil-large-v3", "large-v2", "medium.en", "medium"),
    *("distil-medium.en", "small.en", "small", "distil-small.en", "base.en", "base"),
)
AT_HAND = "base"  # what is proposed if nothing better will do


class Facts(msgspec.Struct, frozen=True):
    """What matters of a model."""

    name: str
    shape: Shape | None  # None: it cannot be told


class Fit(msgspec.Struct, frozen=True):
    """How a model would run on this computer."""

    speed: float | None  # seconds of sound a second; None if nothing was measured yet
    memory_bytes: int  # of the card, if it runs there; else the computer's. 0 if it cannot be told
    fits: bool
    device: Literal["cpu", "cuda"]
    is_measured: bool = False  # by real work with this very model


def facts_of(model: PublishedModel) -> Facts:
    return Facts(model.id, shape.of_published(model.id))


def facts_in(folder: Path, name: str = "") -> Facts:
    """Return what matters of the model in a folder. Reads a little from the disk."""
    return Facts(name or folder.name, shape.of_folder(folder))


def estimate(model: Facts, machine: Machine | None) -> Fit:
    """Return how the model would run if everything is left to be chosen."""
    ways = ways_of(model.shape, machine) if machine else []
    way = ways[0] if ways else Way("cpu", 0, "int8")
    speed, is_measured = _speed(model, way, machine) if machine else (None, False)
    needed = memory(model.shape, way, _spans(speed, way, model.shape, machine)) if model.shape else 0
    needed = _memory_seen(model, way, machine) or needed
    return Fit(speed, needed, needed <= _room(way, machine), way.device, is_measured)


def proposed(
    machine: Machine | None, languages: Sequence[str], room: int | None = None, installed: Collection[str] = ()
) -> PublishedModel:
    """Return the best published model that is fast enough here, and fits into the memory and into `room` on the disk.

    languages: those the user speaks; a model for English alone is proposed to those who speak nothing else. installed:
    the names of those that are here, which need no more room.
    """
    published = catalogue.published()
    for name in BEST_FIRST:
        model = published.get(name)
        if model is None or (model.language is not None and set(languages) != {model.language}):
            continue
        fit = estimate(facts_of(model), machine)
        has_room = room is None or name in installed or model.size_bytes <= room
        if has_room and fit.fits and fit.speed is not None and fit.speed >= FAST_ENOUGH:
            return model
    return published[AT_HAND]


class Advice(msgspec.Struct, frozen=True):
    """Which model to propose, and why another one than at first."""

    model: PublishedModel
    instead_of: str = ""  # the model that was proposed before real jobs had shown how fast this computer is
    pace: float = 1.0  # how many times faster than first estimated real jobs were


def advice(
    machine: Machine | None, languages: Sequence[str], room: int | None = None, installed: Collection[str] = ()
) -> Advice:
    """Return the model that `proposed` returns; where real jobs have changed it, with what it was, and their speed."""
    model = proposed(machine, languages, room, installed)
    if machine is None or not machine.typical_speeds:
        return Advice(model)
    at_first = proposed(msgspec.structs.replace(machine, speeds=()), languages, room, installed)
    ways = ways_of(None, machine)
    pace = _correction(ways[0], machine) if ways else 1.0
    return Advice(model, at_first.id, pace) if at_first.id != model.id else Advice(model)


def ways_of(model: Shape | None, machine: Machine) -> list[Way]:
    """Return the ways of running a model that work here and for which there is memory, the best first.

    The processor is the last resort, however much memory there is.
    """
    return [way for card in _best_cards(machine) for way in _ways_on(card, model, machine)] + [
        Way("cpu", 0, kind) for kind in _in_order("cpu", machine.works("cpu"))[:1]
    ]


def every_way(machine: Machine) -> list[Way]:
    """Return all ways of running a model that work here, whatever its size, the best first."""
    cards = [Way("cuda", card.index, kind) for card in _best_cards(machine) for kind in _types_on(card, machine)]
    return cards + [Way("cpu", 0, kind) for kind in _in_order("cpu", machine.works("cpu"))]


def is_hopeless(model: Shape, way: Way, machine: Machine) -> bool:
    """Tell whether the weights alone are more than all the memory there is."""
    card = _card(way, machine)
    there_is = card.memory_bytes if card is not None else machine.processor.memory_bytes
    return 0 < there_is < weights_bytes(model, way.compute_type)


def batch(model: Shape | None, way: Way, machine: Machine) -> int:
    """Return how many spans a card can hear at once; 0 where nothing speaks against as many as usual."""
    card = _card(way, machine)
    if way.device == "cpu" or model is None or card is None or not card.memory_bytes:
        return 0
    fitting = (size for size in BATCHES if memory(model, way, size) <= _room_on(card))
    largest = next(fitting, 1)
    return 0 if largest == BATCHES[0] else largest


def memory(model: Shape, way: Way, spans: int = 1) -> int:
    """Return how many bytes it takes to hear so many spans at once."""
    copies = 2 if way.device == "cpu" and model.weights <= TWICE_IN_MEMORY else 1
    number = 4 if way.device == "cpu" or "float32" in way.compute_type else 2  # bytes, of what is calculated
    weights = weights_bytes(model, way.compute_type)
    running = copies * weights + spans * model.memory_of_a_span(number)
    loading = weights + AS_PUBLISHED * model.weights if way.device == "cpu" else 0
    return PROGRAM[way.device] + max(running, loading)


def weights_bytes(model: Shape, compute_type: str) -> int:
    """Return what the weights take in memory."""
    if compute_type.startswith("int8"):
        return model.weights
    return model.weights * (4 if compute_type == "float32" else 2)


def _ways_on(card: CardFound, model: Shape | None, machine: Machine) -> Iterator[Way]:
    """Yield the ways for which the card has memory; rather smaller numbers than hardly a span at a time."""
    ways = [Way("cuda", card.index, kind) for kind in _types_on(card, machine)]
    if model is None or not card.memory_bytes:
        yield from ways
        return
    room = _room_on(card)
    comfortable = [way for way in ways if memory(model, way, COMFORTABLE) <= room]
    yield from comfortable
    yield from (way for way in ways if way not in comfortable and memory(model, way) <= room)


def _types_on(card: CardFound, machine: Machine) -> list[str]:
    return _in_order("cuda", machine.works("cuda", card.index))


def _in_order(device: str, compute_types: Sequence[str]) -> list[str]:
    return [kind for kind in PREFERRED[device] if kind in compute_types]


def _best_cards(machine: Machine) -> list[CardFound]:
    usable = [card for card in machine.cards if card.index >= 0 and machine.works("cuda", card.index)]
    return sorted(usable, key=lambda card: (card.memory_bytes, card.capability), reverse=True)


def _card(way: Way, machine: Machine) -> CardFound | None:
    return next((card for card in machine.cards if card.index == way.index), None) if way.device == "cuda" else None


def _room_on(card: CardFound) -> int:
    return round(SHARE_OF_CARD * card.memory_bytes)


def _room(way: Way, machine: Machine | None) -> float:
    """Return the bytes there are for a model; no limit if it cannot be told."""
    card = _card(way, machine) if machine else None
    if card is not None and card.memory_bytes:
        return _room_on(card)
    if machine is None or way.device == "cuda" or not machine.processor.memory_bytes:
        return float("inf")
    return SHARE_OF_MEMORY * machine.processor.memory_bytes


def _spans(speed: float | None, way: Way, model: Shape | None, machine: Machine | None) -> int:
    """Return how many spans will be heard at once."""
    if way.device == "cuda" and machine is not None:
        return batch(model, way, machine) or BATCHES[0]
    return max(1, min(LARGEST_BATCH, int(A_BATCH * speed / SPAN))) if speed is not None else 1


def _memory_seen(model: Facts, way: Way, machine: Machine | None) -> int:
    """Return the most bytes that real work with the model has taken; 0 if it is not known. Of a card nobody tells."""
    if machine is None or way.device != "cpu":
        return 0
    about = (model.name, way.device, way.compute_type)
    seen = [one.memory_bytes for one in machine.speeds if (one.model, one.device, one.compute_type) == about]
    return max(seen, default=0)


# --- how fast ---


def _speed(model: Facts, way: Way, machine: Machine) -> tuple[float | None, bool]:
    """Return the speed, and whether it was seen in real work."""
    real = [one for one in machine.typical_speeds if (one.model, one.device) == (model.name, way.device)]
    same = [one for one in real if one.compute_type == way.compute_type]
    if same:
        return same[-1].speed, True
    calculated = _calculated(model.shape, way, machine)
    return (calculated * _correction(way, machine) if calculated else None), False


def _calculated(model: Shape | None, way: Way, machine: Machine) -> float | None:
    """Return the speed that follows from the one that was measured, by how much more there is to calculate."""
    measured = _measured(way, machine)
    if model is None or measured is None:
        return None
    known = shape.of_published(measured.model) or shape.BASE
    encoding = measured.encoding * model.encoding / known.encoding
    writing = TOKENS * measured.writing * model.writing / known.writing
    return SPAN / (REST * (encoding + writing))


def _measured(way: Way, machine: Machine) -> Measured | None:
    on_device = [one for one in machine.measured if (one.device, one.index) == (way.device, way.index)]
    return next(
        (one for one in on_device if one.compute_type == way.compute_type), on_device[-1] if on_device else None
    )


def _correction(way: Way, machine: Machine) -> float:
    """Return how many times faster real work with other models was than calculated; 1 if there was none."""
    ratios = [ratio for one in machine.typical_speeds if (ratio := _ratio(one, way, machine))]
    return sorted(ratios)[len(ratios) // 2] if ratios else 1.0


def _ratio(real: Speed, way: Way, machine: Machine) -> float | None:
    if real.device != way.device:
        return None
    calculated = _calculated(shape.of_published(real.model), way, machine)
    return real.speed / calculated if calculated else None
