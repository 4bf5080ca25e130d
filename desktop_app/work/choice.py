"""Which device and which arithmetic a job gets, and why. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from desktop_app.messages import Device, Failure, Way
from desktop_app.models import fit
from desktop_app.models.machine import Machine
from desktop_app.models.shape import Shape


class Why(enum.StrEnum):
    """The reason of a choice; `ui/machine_wording.py` has the sentences."""

    NOT_LOOKED = "not_looked"  # the probe has not run yet: the backend finds out
    BEST_CARD = "best_card"
    NO_CARD = "no_card"
    NO_DRIVER = "no_driver"  # there is a card, but no program can calculate with it
    LIBRARIES_MISSING = "libraries_missing"
    CARD_FAILS = "card_fails"  # whatever was tried on it
    CARD_TOO_SMALL = "card_too_small"  # for this model
    FORCED = "forced"  # the user wants it so


class Choice(msgspec.Struct, frozen=True):
    """How a job is to be done; or why it cannot be."""

    device: Device
    compute_type: str  # empty: the backend chooses
    batch_size: int  # 0: what the device likes
    threads: int  # 0: one a core
    why: Why
    ways: tuple[Way, ...] = ()  # to be tried in this order; empty: the backend finds them
    refused: Failure | None = None
    detail: str = ""  # for the log


def choose(
    machine: Machine | None,
    device: Device = "auto",
    compute_type: str = "",
    batch_size: int = 0,
    threads: int = 0,
    model: Shape | None = None,
) -> Choice:
    """Return how to do a job for which the user wants this; what is empty, 0 or "auto" is to be chosen.

    model: None if it is not known which.
    """
    if machine is None or not machine.tried:
        return Choice(device, compute_type, batch_size, threads, Why.NOT_LOOKED)
    why = _why(machine, device, compute_type, model)
    possible = [way for way in fit.every_way(machine) if _is_as_wanted(way, device, compute_type)]
    refused = _refusal(machine, device, possible, model)
    if refused is not None:
        return Choice(device, compute_type, batch_size, threads, why, (), refused, f"{device} {compute_type}".strip())
    fitting = [way for way in fit.ways_of(model, machine) if way in possible and way.device == "cuda"]
    on_processor = [way for way in possible if way.device == "cpu"][:1]
    ways = fitting + on_processor
    ways = ways or possible  # memory is estimated: who insists may try
    if not ways:
        return Choice(device, compute_type, batch_size, threads, why)
    best = ways[0]
    return Choice(
        best.device, best.compute_type, batch_size or fit.batch(model, best, machine), threads, why, tuple(ways)
    )


def _is_as_wanted(way: Way, device: Device, compute_type: str) -> bool:
    return device in ("auto", way.device) and compute_type in ("", way.compute_type)


def _refusal(machine: Machine, device: Device, possible: Sequence[Way], model: Shape | None) -> Failure | None:
    """Return why it cannot be done as wanted, as far as that is certain."""
    if not possible:
        works = any(way.device == device for way in fit.every_way(machine))
        if device == "auto" and not fit.every_way(machine):
            return None  # then nothing works here; the backend says of what it dies
        return Failure.COMPUTE_TYPE_MISSING if works or device == "auto" else Failure.DEVICE_MISSING
    if model is not None and all(fit.is_hopeless(model, way, machine) for way in possible):
        return Failure.MODEL_TOO_LARGE
    return None


def _why(machine: Machine, device: Device, compute_type: str, model: Shape | None) -> Why:
    if device != "auto" or compute_type:
        return Why.FORCED
    if any(way.device == "cuda" for way in fit.ways_of(model, machine)):
        return Why.BEST_CARD
    if any(way.device == "cuda" for way in fit.every_way(machine)):
        return Why.CARD_TOO_SMALL
    if not machine.cards:
        return Why.NO_CARD
    if all(card.index < 0 for card in machine.cards):
        return Why.NO_DRIVER
    return Why.CARD_FAILS if all(library.found for library in machine.libraries) else Why.LIBRARIES_MISSING
