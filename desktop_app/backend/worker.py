"""Carries out one command after the other: loads models, transcribes files, tells what it is doing."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from desktop_app.backend.audio import Recording
from desktop_app.backend.devices import kind_of
from desktop_app.backend.engine import Engine
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.speech import BLOCK, Span, VoiceActivity, spans
from desktop_app.messages import (
    Command,
    Device,
    Failure,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    LoadModel,
    Message,
    ModelFailed,
    ModelLoaded,
    Progress,
    SegmentReady,
    Stage,
    Transcribe,
)

log = logging.getLogger(__name__)


class Cancelled(Exception):
    """The user does not want this job any more."""


class Worker:
    """Remembers nothing between two commands but the loaded model."""

    def __init__(self, send: Callable[[Message], None], is_cancelled: Callable[[int], bool]) -> None:
        self._send = send
        self._is_cancelled = is_cancelled
        self._engine: Engine | None = None
        self._voice: VoiceActivity | None = None

    def carry_out(self, command: Command) -> None:
        match command:
            case LoadModel():
                self._load_ahead(command)
            case Transcribe():
                self._run(command)

    def _load_ahead(self, command: LoadModel) -> None:
        try:
            self._engine_for(command.model, command.device)
            self._voice = self._voice or VoiceActivity()
        except Exception as error:
            kind, detail = _explained(error)
            self._send(ModelFailed(command.model, kind, detail))

    def _run(self, job: Transcribe) -> None:
        try:
            self._transcribe(job)
        except Cancelled:
            self._send(JobCancelled(job.job_id))
        except Exception as error:
            kind, detail = _explained(error)
            self._send(JobFailed(job.job_id, kind, detail))

    def _transcribe(self, job: Transcribe) -> None:
        with Recording(job.audio) as recording:
            duration = recording.duration

            def tell(stage: Stage, position: float = 0.0) -> None:
                if self._is_cancelled(job.job_id):
                    raise Cancelled
                self._send(Progress(job.job_id, stage, position, duration))

            tell(Stage.LOADING_MODEL)
            engine = self._engine_for(job.model, job.device)
            engine.check(job.language, job.task)
            tell(Stage.READING_AUDIO)
            self._voice = self._voice or VoiceActivity()
            language: str | None = None
            for found in spans(recording.blocks(BLOCK), self._voice):
                if not isinstance(found, Span):
                    if language is None:
                        tell(Stage.FINDING_SPEECH, found)
                    continue
                tell(Stage.TRANSCRIBING, found.start)
                if language is None:
                    language = self._started(job, engine, found, duration)
                for segment in engine.segments(found, language, job.task, job.words):
                    self._send(SegmentReady(job.job_id, segment))
                    tell(Stage.TRANSCRIBING, segment.end)
                tell(Stage.TRANSCRIBING, found.end)
            if language is None:
                self._started(job, engine, None, duration)
            self._send(JobFinished(job.job_id, recording.length, recording.partial, recording.broke_off))

    def _started(self, job: Transcribe, engine: Engine, first: Span | None, duration: float | None) -> str:
        """Tell that the first speech was found, and in which language; return it."""
        if job.language is not None:
            language, probability = job.language, 1.0
        elif first is not None:
            language, probability = engine.language_of(first)
        else:
            language, probability = "", 0.0  # nobody spoke
        self._send(JobStarted(job.job_id, duration, language, probability, engine.setup.device))
        return language

    def _engine_for(self, model: bytes, device: Device) -> Engine:
        """Return the model loaded, this time or before."""
        if self._engine is None or (self._engine.model, self._engine.asked_for) != (model, device):
            self._engine = None  # the old one goes before the new one comes: two may not fit
            self._engine = Engine(model, device)
            setup = self._engine.setup
            log.info(
                "model loaded in %.2f s: %s %s, %d threads",
                self._engine.seconds,
                setup.device,
                setup.compute_type,
                setup.threads,
            )
            self._send(ModelLoaded(model, setup.device, setup.compute_type, self._engine.seconds))
        return self._engine


def _explained(error: Exception) -> tuple[Failure, str]:
    """Return what to tell the parent about an error; one we did not foresee is logged whole."""
    if isinstance(error, CannotTranscribe):
        log.info("refused: %s", error)
        return error.kind, error.detail
    log.error("unforeseen:\n%s", "".join(traceback.format_exception(error)))
    return kind_of(error), f"{type(error).__name__}: {error}"
