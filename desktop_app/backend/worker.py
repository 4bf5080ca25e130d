"""Carries out one command after the other: loads models, transcribes files, tells what it is doing."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator

import numpy as np

from desktop_app.backend.audio import EACH, Recording
from desktop_app.backend.batches import BatchSize
from desktop_app.backend.channels import chosen
from desktop_app.backend.decoding import Asking, Heard
from desktop_app.backend.devices import kind_of, setups
from desktop_app.backend.engine import Engine, told
from desktop_app.backend.failures import Cancelled, CannotTranscribe
from desktop_app.backend.live import LiveJob
from desktop_app.backend.live_channels import DETECTORS
from desktop_app.backend.speech import BLOCK, Listening, Silence, Span, VoiceActivity, spans
from desktop_app.backend.survey import Survey, survey
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
    Remark,
    Segment,
    SoundNote,
    SpeechHeard,
    Stage,
    Transcribe,
    Way,
)

log = logging.getLogger(__name__)

SURE_OF_LANGUAGE = 0.8
SPANS_TO_TELL_LANGUAGE = 4  # if the first does not tell it clearly
SIGN_OF_LIFE = 0.2  # seconds between two, while it listens for speech
SILENCE_TOLD = 1.0  # seconds between two positions in a long silence, and between two signs before it is listened to


class Worker:
    """Remembers nothing between two commands but the loaded model."""

    def __init__(
        self,
        send: Callable[[Message], None],
        is_cancelled: Callable[[int], bool],
        has_ended: Callable[[int], bool] = lambda _: True,
    ) -> None:
        """has_ended: tells whether the recording of a live job is complete."""
        self._send = send
        self._is_cancelled = is_cancelled
        self._has_ended = has_ended
        self._engine: Engine | None = None
        self._voices: list[VoiceActivity] = []

    def carry_out(self, command: Command) -> None:
        match command:
            case LoadModel():
                self._load_ahead(command)
            case Transcribe():
                self._run(command)

    def _load_ahead(self, command: LoadModel) -> None:
        before = self._engine
        try:
            engine = self._engine_for(
                command.model, command.device, command.compute_type, command.threads, command.ways
            )
            self._voices_for(1)
            if engine is before:
                self._send(ModelLoaded(command.model, engine.setup.device, engine.setup.compute_type, 0.0))
        except Exception as error:
            kind, detail = _explained(error)
            self._send(ModelFailed(command.model, kind, detail))

    def _run(self, job: Transcribe) -> None:
        try:
            if job.live:
                self._follow(job)
                return
            with Recording(job.audio, job.track or 0) as recording:
                sign = self._sign_of(job)
                looked = survey(job.audio, recording, job.track, self._voices_for, job.split_channels, sign)
                if looked.track == recording.track:
                    _Job(job, recording, looked, self).run()
                    return
            with Recording(job.audio, looked.track) as recording:
                _Job(job, recording, looked, self).run()
        except Cancelled:
            self._send(JobCancelled(job.job_id))
        except Exception as error:
            kind, detail = _explained(error)
            self._send(JobFailed(job.job_id, kind, detail))

    def _sign_of(self, job: Transcribe) -> Callable[[], None]:
        """Return what says now and then that the look at a recording goes on; raises Cancelled if nobody wants it."""
        position = job.begin if job.resume_at is None else job.resume_at
        last = time.monotonic()

        def give() -> None:
            nonlocal last
            if self._is_cancelled(job.job_id):
                raise Cancelled
            if time.monotonic() - last >= SILENCE_TOLD:
                last = time.monotonic()
                self._send(Progress(job.job_id, Stage.FINDING_SPEECH, position, None))

        return give

    def _follow(self, job: Transcribe) -> None:
        tuning, voices = job.tuning, self._voices_for(1 + DETECTORS)

        def load() -> Engine:
            return self._engine_for(job.model, job.device, tuning.compute_type, tuning.threads, job.ways)

        LiveJob(job, load, voices, self._send, self._is_cancelled, self._has_ended).run()

    def _voices_for(self, channels: int) -> list[VoiceActivity]:
        while len(self._voices) < channels:
            self._voices.append(VoiceActivity())
        return self._voices[:channels]

    def _engine_for(
        self, model: bytes, device: Device, compute_type: str, threads: int, ways: tuple[Way, ...]
    ) -> Engine:
        """Return the model loaded, this time or before."""
        engine = self._engine
        if engine is not None and engine.is_ready and engine.model == model:
            is_best = bool(ways) and engine.setup == next(setups(device, compute_type, threads, ways))
            if is_best or engine.asked_for == (device, compute_type, threads, ways):
                return engine
        self._engine = engine = None  # the old one goes before the new one comes: two may not fit
        self._engine = engine = Engine(model, device, compute_type, threads, ways)
        setup = engine.setup
        log.info(
            "model loaded in %.2f s: %s %s, %d threads", engine.seconds, setup.device, setup.compute_type, setup.threads
        )
        self._send(ModelLoaded(model, setup.device, setup.compute_type, engine.seconds))
        return engine


class _Job:
    """One recording on its way through the engine."""

    def __init__(self, job: Transcribe, recording: Recording, looked: Survey, worker: Worker) -> None:
        self._job = job
        self._recording = recording
        self._looked = looked
        self._channels: set[int] = set()  # those that what was said came from
        self._worker = worker
        self._send = worker._send
        self._asking = Asking(job.task, job.prompt, job.glossary, job.tuning.beam_size)
        self._language = job.language or job.main_language
        self._started = self._split = self._has_spoken = False
        self._position = job.begin if job.resume_at is None else job.resume_at  # everything before it is told
        self._signs = {SIGN_OF_LIFE: 0.0, SILENCE_TOLD: 0.0}  # when the last was given
        end = recording.duration if job.end is None else job.end
        self._duration = end if recording.duration is None or end is None else min(end, recording.duration)

    def run(self) -> None:
        job, tuning = self._job, self._job.tuning
        self._tell(Stage.LOADING_MODEL, 0.0)
        self._engine = self._worker._engine_for(job.model, job.device, tuning.compute_type, tuning.threads, job.ways)
        self._engine.check([job.language] if job.language else job.languages, job.task)
        self._batch = BatchSize(self._engine.setup.device, tuning.batch_size)
        begin = self._position
        self._tell(Stage.READING_AUDIO, begin)
        blocks, channels = self._blocks(begin)
        found = spans(
            blocks,
            self._worker._voices_for(channels),
            Listening(tuning.speech_threshold, tuning.speech_padding),
            begin,
            fresh=job.resume_at is None or job.resume_at <= job.begin,
        )
        waiting: list[Span] = []
        for span in found:  # a plain loop: see "The pipe" in desktop_app/README.md
            if isinstance(span, Span):
                waiting.append(span if self._split else self._in_mono(span))
            elif isinstance(span, Silence):
                self._pass_over(span, waiting)
            else:
                self._give_sign(span)
            if len(waiting) >= self._batch.now and self._knows_language(waiting):
                self._hear(waiting)
                waiting = []
        if waiting:
            self._knows_language(waiting, must=True)
            self._hear(waiting)
        if not self._started:
            self._start(job.main_language or "", 0.0)  # nobody spoke
        length = self._recording.length if job.end is None else min(self._recording.length, job.end)
        partial, broke_off = self._recording.partial, self._recording.broke_off
        why = Failure.MORE_THAN_DECLARED if partial and self._recording.has_unread_sound else None
        self._send(JobFinished(job.job_id, length, partial, broke_off, self._notes(), why))

    def _blocks(self, begin: float) -> tuple[Iterator[np.ndarray], int]:
        """Return the sound in blocks, and how many channels they have."""
        job, recording, speakers = self._job, self._recording, self._looked.speakers
        self._split = job.split_channels and (recording.channels == 2 or len(speakers) == 2)
        if self._split and recording.channels > 2:
            both = recording.blocks(BLOCK, begin, job.end, EACH)
            return (block[:, list(speakers)] for block in both), 2
        if self._split:
            return recording.blocks(BLOCK, begin, job.end, "stereo"), 2
        if self._looked.by_channel:
            return recording.blocks(BLOCK, begin, job.end, EACH), recording.channels
        return recording.blocks(BLOCK, begin, job.end), 1

    def _in_mono(self, span: Span) -> Span:
        found = chosen(span)
        self._channels.update(found.channels)
        return found.span

    def _notes(self) -> tuple[SoundNote, ...]:
        """Return what was done about the sound, as far as it is worth telling."""
        notes, count = [*self._looked.notes], self._recording.channels
        if self._looked.by_channel and not self._split and 0 < len(self._channels) < count:
            used = tuple(channel + 1 for channel in sorted(self._channels))
            notes.append(SoundNote(self._looked.trouble, used, count))
        levels = self._recording.levels
        for remark, was_done in (
            (Remark.RAISED, any(level.was_raised for level in levels)),
            (Remark.LOWERED, any(level.was_lowered for level in levels)),
            (Remark.FILTERED, any(level.was_filtered for level in levels)),
        ):
            if was_done and self._has_spoken:
                notes.append(SoundNote(remark))
        return tuple(notes)

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
        notes = self._looked.notes
        self._send(JobStarted(self._job.job_id, self._duration, language, probability, device, self._split, notes))

    def _hear(self, waiting: list[Span]) -> None:
        """Have a batch heard, and send what was said in each of its spans as soon as it is clear."""
        job = self._job
        assert self._language is not None
        self._tell(Stage.TRANSCRIBING, max(self._position, waiting[0].start), waiting[-1].end)
        self._batch.begin()
        choice = None if job.language else job.languages
        found = self._engine.hear(waiting, self._asking, self._language, choice, job.tuning.temperatures)
        for span, heard in zip(waiting, found, strict=True):
            self._send_what_was_said(heard, span.end)
            self._tell(Stage.TRANSCRIBING, span.end, waiting[-1].end if span is not waiting[-1] else None)
        self._batch.ended(len(waiting))

    def _send_what_was_said(self, heard: list[Heard], position: float) -> None:
        said: list[Segment] = []
        left_out: list[LeftOut] = []
        for one in heard:
            segments, not_believed = told(one, self._job.words)
            said += segments
            left_out += not_believed
        said.sort(key=lambda segment: segment.start)
        self._has_spoken = self._has_spoken or bool(said)
        self._send(SpeechHeard(self._job.job_id, tuple(said), tuple(left_out), position))
        self._position = position

    def _pass_over(self, silence: Silence, waiting: list[Span]) -> None:
        """Tell now and then how far a long silence reaches, so that nobody need listen to it again."""
        if self._started and not waiting:
            self._position = silence.position
            if self._is_due(SILENCE_TOLD):
                self._send(SpeechHeard(self._job.job_id, (), (), silence.position))

    def _give_sign(self, listened_to: float) -> None:
        """Tell now and then that it goes on. So it is noticed as well that nobody wants it to."""
        if not self._started:
            self._tell(Stage.FINDING_SPEECH, listened_to)
        elif self._is_due(SIGN_OF_LIFE):
            self._tell(Stage.TRANSCRIBING, self._position)

    def _is_due(self, interval: float) -> bool:
        """Tell whether so many seconds are over since this was true for `interval`."""
        now = time.monotonic()
        due = now - self._signs[interval] >= interval
        if due:
            self._signs[interval] = now
        return due

    def _tell(self, stage: Stage, position: float, until: float | None = None) -> None:
        if self._worker._is_cancelled(self._job.job_id):
            raise Cancelled
        self._send(Progress(self._job.job_id, stage, position, self._duration, until))


def _explained(error: Exception) -> tuple[Failure, str]:
    """Return what to tell the parent about an error; one we did not foresee is logged whole."""
    if isinstance(error, CannotTranscribe):
        log.info("refused: %s", error)
        return error.kind, error.detail
    log.error("unforeseen:\n%s", "".join(traceback.format_exception(error)))
    return kind_of(error), f"{type(error).__name__}: {error}"
