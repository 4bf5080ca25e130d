"""Prepares a job to be sent to the backend: its model, its recording, and how this computer does it best."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import msgspec

from desktop_app import messages
from desktop_app.messages import Failure, Task
from desktop_app.models import abilities, fit, shape, shelf
from desktop_app.models.errors import ModelError
from desktop_app.models.machine import Machine
from desktop_app.models.shape import Shape
from desktop_app.transcripts.transcript import Job, JobOptions
from desktop_app.work import choice, recovery
from desktop_app.work.choice import Choice

FINGERTIP = 65536  # bytes


class Known(msgspec.Struct, frozen=True):
    """What is known of this computer, and whether it is as it was then."""

    machine: Machine | None = None
    is_sure: bool = False

    def choice(self, options: JobOptions, inside: Shape | None) -> Choice:
        """Return how to run a model that is so inside."""
        tuning = options.tuning
        machine = self.machine if self._is_good_enough else None
        return choice.choose(machine, options.device, tuning.compute_type, tuning.batch_size, tuning.threads, inside)

    @property
    def _is_good_enough(self) -> bool:
        """Whether to go by it.

        A card may have come since, or what it needs, and would never be used: the backend looks for itself then. But
        not for what killed the probe.
        """
        if self.machine is None or self.is_sure or any(one.crashed for one in self.machine.tried):
            return True
        return any(way.device == "cuda" for way in fit.every_way(self.machine))


class Prepared(msgspec.Struct, frozen=True):
    """What the backend needs for a job. fingerprint: of its recording as it is now."""

    model: Path  # its folder
    model_bytes: int
    choice: Choice
    fingerprint: str
    language: str | None = None  # None: the backend finds it out


class CannotBegin(Exception):
    """A job cannot run as it is; `kind` and `detail` say why."""

    def __init__(self, kind: Failure, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


def prepare(job: Job, known: Known) -> Prepared:
    """Return what is needed to run the job. Raise CannotBegin. Reads from the disk."""
    try:
        model = shelf.find(job.options.model)
    except ModelError as error:
        raise CannotBegin(error.kind, str(error)) from error
    language = _language(job.options, model)
    fingerprint = _fingerprint(job.path)
    is_other = fingerprint and job.fingerprint and fingerprint != job.fingerprint
    if job.position and is_other and not job.options.live:  # what is being recorded grows
        raise CannotBegin(Failure.FILE_CHANGED, "")
    chosen = known.choice(recovery.stepped_down(job.options, job.steps), shape.of_folder(model))
    if chosen.refused is not None and known.is_sure and not job.steps:  # a step was not the user's choice
        raise CannotBegin(chosen.refused, chosen.detail)
    size = sum(file.stat().st_size for file in model.glob("*.bin"))
    return Prepared(model, size, chosen, fingerprint, language)


def _language(options: JobOptions, model: Path) -> str | None:
    """Return the language that the backend is to take. Raise CannotBegin if the model cannot do what is wanted.

    The backend looks at the tokens of a model, which some have without being trained for them.
    """
    try:
        can = abilities.of_folder(model)
    except (OSError, ValueError) as error:
        raise CannotBegin(Failure.MODEL_BROKEN, str(error)) from error
    if options.task is Task.TRANSLATE and not can.can_translate:
        raise CannotBegin(Failure.TRANSLATION_NOT_IN_MODEL, "")
    if not can.english_only:
        return options.language
    for language in [options.language] if options.language else options.languages:
        if language != "en":
            raise CannotBegin(Failure.LANGUAGE_NOT_IN_MODEL, language)
    return "en"


def tuned(options: JobOptions, chosen: Choice) -> messages.Tuning:
    """Return how the backend is to listen, with the batch size of the choice."""
    return msgspec.structs.replace(options.tuning, batch_size=chosen.batch_size)


def _fingerprint(path: Path) -> str:
    """Return what tells whether a file is still the same: its length, beginning and end; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            beginning = file.read(FINGERTIP)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - FINGERTIP))
            return f"{size}:{zlib.crc32(file.read(FINGERTIP), zlib.crc32(beginning)):08x}"
    except (OSError, ValueError):
        return ""
