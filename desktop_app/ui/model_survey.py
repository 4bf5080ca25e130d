"""Which models there are, where they are kept, and how each would do on this computer: for the lane for files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from desktop_app import paths
from desktop_app.models import catalogue, disk, fit, shelf
from desktop_app.models.catalogue import PublishedModel
from desktop_app.models.fit import Fit
from desktop_app.models.machine import Machine
from desktop_app.models.shelf import ShelfModel


class Survey(msgspec.Struct, frozen=True):
    here: Sequence[ShelfModel]  # those that cannot be used as well
    published: dict[str, PublishedModel]
    folder: Path  # of the user's own models
    free: int | None  # bytes there; None: its disk is not connected
    fits: dict[str, Fit]  # by the models' names; empty if this computer was not looked at yet
    proposed: str  # the published model that is best here; empty likewise, or if nothing could be measured
    instead_of: str = ""  # the model that was best before real jobs had shown how fast this computer is, if another
    pace: float = 1.0  # how many times faster than first estimated they were

    @property
    def usable(self) -> list[ShelfModel]:
        return [model for model in self.here if not model.damaged]


def survey(machine: Machine | None, languages: Sequence[str]) -> Survey:
    """Return what there is. languages: those the user speaks."""
    folder = paths.models()
    free = disk.free_bytes(folder)
    here, published = shelf.on_shelf(), catalogue.published()
    if machine is None:
        return Survey(here, published, folder, free, {}, "")
    fits = {name: fit.estimate(fit.facts_of(model), machine) for name, model in published.items()}
    fits |= {model.name: fit.estimate(fit.facts_in(model.folder, model.name), machine) for model in here}
    advice = fit.advice(machine, languages, free, [model.name for model in here if not model.damaged])
    best = advice.model.id
    is_timed = best in fits and fits[best].speed is not None  # else nothing was measured, and nothing speaks for it
    return Survey(here, published, folder, free, fits, best if is_timed else "", advice.instead_of, advice.pace)
