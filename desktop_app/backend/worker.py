"""Carries out one command after the other: loads models, transcribes files, tells what it is doing."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from desktop_app.backend.audio import Recording
from desktop_app.backend.batches import BatchSize
from desktop_app.backend.decoding import Asking
from desktop_app.backend.devices import kind_of
from desktop_app.backend.engine import Engine, told
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.speech import BLOCK, Listening, Span, VoiceActivity, spans
from desktop_app.messages import (
    Command,
    Device,
    Failure,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    LeftOut,
    LoadModel,
    Message,
    ModelFailed,
    ModelLoaded,
    Progress,
    Segment,
    SpeechHeard,
    Stage,
    Transcribe,
)

log = logging.getLogger(__name__)

SURE_OF_LANGUAGE = 0.8
SPANS_TO_TELL_LANGUAGE = 4  # if the first does not tell it clearly


class Cancelled(Exception):
    """The user does not want this job any more."""


class Worker:
    """Remembers nothing between two commands but the loaded model."""

    def __init__(self, send: Callable[[Message], None], is_cancelled: Callable[[int], bool]) -> None:
        self._send = send
        self._is_cancelled = is_cancelled
        self._engine: Engine | None = None
        self._voices: list[VoiceActivity] = []

    def carry_out(self, command: Command) -> None:
        match command:
            case LoadModel():
                self._load_ahead(command)
            case Transcribe():
                self._run(command)

    def _load_ahead(self, command: LoadModel) -> None:
        try:
            self._engine_for(command.model, command.device, command.compute_type, command.threads)
            self._voices_for(1)
        except Exception as error:
            kind, detail = _explained(error)
            self._send(ModelFailed(command.model, kind, detail))

    def _run(self, job: Transcribe) -> None:
        try:
            with Recording(job.audio, job.track) as recording:
                _Job(job, recording, self).run()
        except Cancelled:
            self._send(JobCancelled(job.job_id))
        except Exception as error:
            kind, detail = _explained(error)
            self._send(JobFailed(job.job_id, kind, detail))

    def _voices_for(self, channels: int) -> list[VoiceActivity]:
        while len(self._voices) < channels:
            self._voices.append(VoiceActivity())
        return self._voices[:channels]

    def _engine_for(self, model: bytes, device: Device, compute_type: str, threads: int) -> Engine:
        """Return the model loaded, this time or before."""
        if self._engine is None or (self._engine.model, *self._engine.asked_for) != (
            model,
            device,
            compute_type,
            threads,
        ):
            self._engine = None  # the old one goes before the new one comes: two may not fit
            self._engine = Engine(model, device, compute_type, threads)
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


class _Job:
    """One recording on its way through the engine."""

    def __init__(self, job: Transcribe, recording: Recording, worker: Worker) -> None:
        self._job = job
        self._recording = recording
        self._worker = worker
        self._send = worker._send
        self._asking = Asking(job.task, job.prompt, job.glossary, job.tuning.beam_size)
        self._language = job.language or job.main_language
        self._started = False
        end = recording.duration if job.end is None else job.end
        self._duration = end if recording.duration is None or end is None else min(end, recording.duration)

    def run(self) -> None:
        job, tuning = self._job, self._job.tuning
        self._tell(Stage.LOADING_MODEL, 0.0)
        self._engine = self._worker._engine_for(job.model, job.device, tuning.compute_type, tuning.threads)
        self._engine.check([job.language] if job.language else job.languages, job.task)
        self._batch = BatchSize(self._engine.setup.device, tuning.batch_size)
        begin = job.begin if job.resume_at is None else job.resume_at
        self._tell(Stage.READING_AUDIO, begin)
        split = job.split_channels and self._recording.channels == 2
        found = spans(
            self._recording.blocks(BLOCK, begin, job.end, split),
            self._worker._voices_for(2 if split else 1),
            Listening(tuning.speech_threshold, tuning.speech_padding),
            begin,
            fresh=job.resume_at is None or job.resume_at <= job.begin,
        )
        waiting: list[Span] = []
        for span in found:  # a plain loop: see "The pipe" in desktop_app/README.md
            if isinstance(span, Span):
                waiting.append(span)
            elif not self._started:
                self._tell(Stage.FINDING_SPEECH, span)
            if len(waiting) >= self._batch.now and self._knows_language(waiting):
                self._hear(waiting)
                waiting = []
        if waiting:
            self._knows_language(waiting, must=True)
            self._hear(waiting)
        if not self._started:
            self._start("", 0.0)  # nobody spoke
        length = self._recording.length if job.end is None else min(self._recording.length, job.end)
        self._send(JobFinished(job.job_id, length, self._recording.partial, self._recording.broke_off))

    def _knows_language(self, waiting: list[Span], must: bool = False) -> bool:
        """Tell whether the main language is known; find it out if it can be from what was found so far."""
        if self._language is None:
            parts = [part for span in waiting for part in span.channels()]
            language, probability = self._engine.language_of(parts, self._job.languages)
            if probability < SURE_OF_LANGUAGE and len(waiting) < SPANS_TO_TELL_LANGUAGE and not must:
                return False
            self._start(language, probability)
        elif not self._started:
            self._start(self._language, 1.0)
        return True

    def _start(self, language: str, probability: float) -> None:
        self._language, self._started = language, True
        device = self._engine.setup.device
        self._send(JobStarted(self._job.job_id, self._duration, language, probability, device))

    def _hear(self, waiting: list[Span]) -> None:
        """Have a batch heard, and send what was said in it."""
        job = self._job
        assert self._language is not None
        self._tell(Stage.TRANSCRIBING, waiting[0].start)
        self._batch.begin()
        parts = [part for span in waiting for part in span.channels()]
        choice = None if job.language else job.languages
        said: list[Segment] = []
        left_out: list[LeftOut] = []
        for heard in self._engine.hear(parts, self._asking, self._language, choice, job.tuning.temperatures):
            segments, not_believed = told(heard, job.words)
            said += segments
            left_out += not_believed
        said.sort(key=lambda segment: segment.start)
        self._batch.ended(len(waiting))
        self._send(SpeechHeard(job.job_id, tuple(said), tuple(left_out), waiting[-1].end))
        self._tell(Stage.TRANSCRIBING, waiting[-1].end)

    def _tell(self, stage: Stage, position: float) -> None:
        if self._worker._is_cancelled(self._job.job_id):
            raise Cancelled
        self._send(Progress(self._job.job_id, stage, position, self._duration))


def _explained(error: Exception) -> tuple[Failure, str]:
    """Return what to tell the parent about an error; one we did not foresee is logged whole."""
    if isinstance(error, CannotTranscribe):
        log.info("refused: %s", error)
        return error.kind, error.detail
    log.error("unforeseen:\n%s", "".join(traceback.format_exception(error)))
    return kind_of(error), f"{type(error).__name__}: {error}"
