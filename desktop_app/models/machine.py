"""What this computer can do, as the probe found it and as real work has shown it; kept in one small JSON file."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from pathlib import Path

import msgspec

from desktop_app.messages import (
    CardFound,
    EngineFound,
    LibraryFound,
    Measured,
    ProbeEvent,
    ProcessorFound,
    Tried,
    Unmeasured,
)

log = logging.getLogger(__name__)

UNKNOWN_PROCESSOR = ProcessorFound("", "", 1, 0, 0)
MOST_SPEEDS = 100  # kept, the newest
MOST_OF_ONE = 5  # of the same model on the same device: one odd recording does not change the picture
ENOUGH = 3  # jobs, of which the middle one is believed; fewer change nothing that is said or proposed
BUSY = 0.2  # of the processor, taken by other programs: then a job was slower than this computer is


class Speed(msgspec.Struct, frozen=True):
    """How fast a real job was, and how much memory it took."""

    model: str  # its name
    device: str  # "cpu" or "cuda"
    compute_type: str
    speed: float  # seconds of sound a second
    at: float  # seconds since 1970
    memory_bytes: int = 0  # of the computer, at the most; 0: it cannot be told
    others: float = 0.0  # the share of the processor that other programs took meanwhile, 0 to 1

    @property
    def is_quiet(self) -> bool:
        """Whether the job had this computer to itself, so that its speed is the computer's."""
        return self.others < BUSY


class Machine(msgspec.Struct, frozen=True):
    """What is in this computer, and what it can do."""

    looked_at: float  # seconds since 1970
    processor: ProcessorFound = UNKNOWN_PROCESSOR
    cards: tuple[CardFound, ...] = ()
    libraries: tuple[LibraryFound, ...] = ()
    engine: EngineFound | None = None  # None: it does not even start here
    tried: tuple[Tried, ...] = ()
    measured: tuple[Measured, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()  # what could not be, and is not begun again
    speeds: tuple[Speed, ...] = ()  # the oldest first

    @property
    def is_measured(self) -> bool:
        """Whether there is nothing left to be measured."""
        return bool(self.measured or self.unmeasured or not any(one.works for one in self.tried))

    @property
    def has_libraries(self) -> bool:
        """Whether nothing is missing of what a graphics card needs beside its driver."""
        return all(library.found for library in self.libraries)

    @property
    def typical_speeds(self) -> list[Speed]:
        """Return one speed for each model on a device: the one in the middle of the last few, if there are ENOUGH.

        Jobs beside which other programs kept the processor busy do not count.
        """
        quiet = [one for one in self.speeds if one.is_quiet]
        of_kinds = [[one for one in quiet if _about(one) == kind] for kind in dict.fromkeys(map(_about, quiet))]
        return [_middle(of_kind) for of_kind in of_kinds if len(of_kind) >= ENOUGH]

    def works(self, device: str, index: int = 0) -> list[str]:
        """Return the compute types that were tried on a device and work there."""
        return [one.compute_type for one in self.tried if one.works and (one.device, one.index) == (device, index)]

    def is_same_as(self, other: Machine) -> bool:
        """Tell whether what was found out about the other holds for this one: the same parts, the same software."""
        return _what_matters(self) == _what_matters(other)

    def with_speed(self, speed: Speed) -> Machine:
        """Return it with one more speed; of the same model on the same device a few are kept, quiet and busy apart."""
        kind = (*_about(speed), speed.is_quiet)
        of_it = [one for one in self.speeds if (*_about(one), one.is_quiet) == kind]
        forgotten = of_it[: max(0, len(of_it) + 1 - MOST_OF_ONE)]
        kept = [one for one in self.speeds if one not in forgotten]
        return msgspec.structs.replace(self, speeds=(*kept, speed)[-MOST_SPEEDS:])


def made_of(found: list[ProbeEvent], looked_at: float | None = None) -> Machine:
    """Return the machine that the probe told of, as far as it came."""
    processors = [one for one in found if isinstance(one, ProcessorFound)]
    engines = [one for one in found if isinstance(one, EngineFound)]
    return Machine(
        looked_at=time.time() if looked_at is None else looked_at,
        processor=processors[-1] if processors else UNKNOWN_PROCESSOR,
        cards=tuple(one for one in found if isinstance(one, CardFound)),
        libraries=tuple(one for one in found if isinstance(one, LibraryFound)),
        engine=engines[-1] if engines else None,
        tried=tuple(one for one in found if isinstance(one, Tried)),
        measured=tuple(one for one in found if isinstance(one, Measured)),
        unmeasured=tuple(one for one in found if isinstance(one, Unmeasured)),
    )


def load(file: Path) -> Machine | None:
    """Return the machine kept in `file`; None if there is none, or if it cannot be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Machine)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warning("what is known of this computer could not be read: %s", error)
        return None


def save(machine: Machine, file: Path) -> None:
    """Write it whole or not at all. Raise OSError."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(machine)))
        fresh.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def keep(found: Machine, file: Path) -> Machine:
    """Save what was found, and return what is kept. Raise OSError.

    If nothing has changed, what real work has shown before still holds, and what was measured if nothing was this time.
    """
    before = load(file)
    if before is not None and before.is_same_as(found):
        measured = (found if found.measured or found.unmeasured else before).measured
        found = msgspec.structs.replace(found, speeds=before.speeds, measured=measured)
    save(found, file)
    return found


def keep_speed(file: Path, speed: Speed) -> Machine | None:
    """Add a speed to what is kept in `file`, and return that; None if nothing is. Raise OSError."""
    machine = load(file)
    if machine is not None:
        machine = machine.with_speed(speed)
        save(machine, file)
    return machine


def _middle(speeds: list[Speed]) -> Speed:
    return sorted(speeds, key=lambda one: one.speed)[(len(speeds) - 1) // 2]


def _about(speed: Speed) -> tuple[str, str, str]:
    return speed.model, speed.device, speed.compute_type


def _what_matters(machine: Machine) -> tuple[object, ...]:
    """Return what the results hang on: not how much memory is free just now."""
    processor = machine.processor
    cards = [(card.index, card.name, card.memory_bytes, card.capability, card.driver) for card in machine.cards]
    libraries = [(library.name, library.found, library.where) for library in machine.libraries]
    versions = machine.engine.versions if machine.engine else ""
    return (processor.name, processor.level, processor.cores, processor.memory_bytes, cards, libraries, versions)
