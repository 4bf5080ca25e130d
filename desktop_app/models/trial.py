"""Tries a model: a few seconds of speech, heard by the real backend."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from pathlib import Path
from typing import IO

from desktop_app import paths
from desktop_app.messages import (
    Event,
    Garbled,
    JobFailed,
    JobFinished,
    ModelTrouble,
    Transcribe,
    Tuning,
    event_from,
    to_line,
)
from desktop_app.models.errors import PorterError

SECONDS = 3.0  # of the sample recording
PATIENCE = 180.0  # seconds: the largest model on a slow disk and two cores


def try_it(folder: Path, patience: float = PATIENCE) -> None:
    """Have the backend transcribe the beginning of the sample recording. Raise PorterError (CANNOT_RUN)."""
    backend = subprocess.Popen(
        paths.backend_command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | paths.for_children() | {"HF_HUB_OFFLINE": "1"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    limit = threading.Timer(patience, backend.kill)
    limit.start()
    try:
        assert backend.stdin and backend.stdout
        _ask(backend.stdin, folder)
        outcome = _outcome(backend.stdout)
    finally:
        limit.cancel()
        backend.kill()
        backend.communicate()
    if isinstance(outcome, JobFailed):
        raise PorterError(ModelTrouble.CANNOT_RUN, f"{outcome.kind}: {outcome.detail}")
    if outcome is None:
        raise PorterError(ModelTrouble.CANNOT_RUN, "the backend ended, or did not end in time")


def _ask(pipe: IO[bytes], folder: Path) -> None:
    tuning = Tuning(beam_size=1, temperatures=(0.0,))
    sample, model = os.fsencode(paths.sample_recording()), os.fsencode(folder)
    with contextlib.suppress(OSError):  # it is gone already, which shows below
        pipe.write(to_line(Transcribe(1, sample, model, "cpu", "en", words=False, end=SECONDS, tuning=tuning)))
        pipe.flush()


def _outcome(pipe: IO[bytes]) -> Event | None:
    """Return how the job ended; None if the backend did before."""
    for line in pipe:
        try:
            event = event_from(line)
        except Garbled:
            return None
        if isinstance(event, JobFinished | JobFailed):
            return event
    return None
