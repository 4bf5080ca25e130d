"""One loaded model: spans of speech -> segments with words."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from desktop_app.backend.devices import Setup, kind_of, setups
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.speech import Span
from desktop_app.messages import Device, Failure, Segment, Task, Word

log = logging.getLogger(__name__)

BEAM_SIZE = 5
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
SEED = 1  # above temperature 0 the decoder draws lots: the same lots for the same span


class Engine:
    """A model in memory, ready to hear.

    model: its folder, as bytes. setup: how it runs. seconds: that loading took.
    """

    def __init__(self, model: bytes, device: Device) -> None:
        """Load the model in the best way `device` allows. Raise CannotTranscribe if there is none."""
        self.model = model
        self.asked_for = device
        started = time.monotonic()
        self._whisper, self.setup = _loaded(model, device)
        self.seconds = time.monotonic() - started

    def check(self, language: str | None, task: Task) -> None:
        """Raise CannotTranscribe if the model does not know the language, or cannot translate."""
        if language is not None and language not in self._whisper.supported_languages:
            raise CannotTranscribe(Failure.LANGUAGE_NOT_IN_MODEL, language)
        if task is Task.TRANSLATE and not self._whisper.model.is_multilingual:
            raise CannotTranscribe(Failure.TRANSLATION_NOT_IN_MODEL)

    def language_of(self, span: Span) -> tuple[str, float]:
        """Return the language spoken in `span`, as Whisper's code, and how probable it is."""
        if not self._whisper.model.is_multilingual:
            return "en", 1.0
        language, probability, _ = self._whisper.detect_language(audio=span.samples)
        return language, float(probability)

    def segments(self, span: Span, language: str, task: Task, words: bool) -> Iterator[Segment]:
        """Yield what is said in `span`, in order, each segment as soon as it exists."""
        import ctranslate2

        ctranslate2.set_random_seed(SEED)
        heard, _ = self._whisper.transcribe(
            span.samples,
            language=language,
            task=task.value,
            beam_size=BEAM_SIZE,
            temperature=TEMPERATURES,
            condition_on_previous_text=False,  # a little better without (measured), and an error cannot spread
            word_timestamps=words,
        )
        latest = span.start
        for raw in heard:  # a plain loop: see "The pipe" in desktop_app/README.md
            segment = _placed(raw, span, latest)
            latest = segment.end
            if segment.text:
                yield segment


def version() -> str:
    """Return the names and versions of what does the work."""
    import ctranslate2
    import faster_whisper

    return f"faster-whisper {faster_whisper.__version__}, CTranslate2 {ctranslate2.__version__}"


def _loaded(model: bytes, device: Device) -> tuple[Any, Setup]:
    from faster_whisper import WhisperModel

    folder = os.fsdecode(model)
    if not (Path(folder) / "model.bin").is_file():
        raise CannotTranscribe(Failure.MODEL_MISSING, "no model.bin in its folder")
    trouble: Exception | None = None
    for setup in setups(device):
        try:
            whisper = WhisperModel(
                folder,
                device=setup.device,
                compute_type=setup.compute_type,
                cpu_threads=setup.threads,
                local_files_only=True,
            )
            if setup.device == "cuda":  # its libraries are opened at the first use, and may be missing
                whisper.encode(np.zeros((whisper.model.n_mels, 3000), np.float32))
        except Exception as error:  # the tokenizer's library raises no narrower one
            log.warning("%s with %s does not run this model: %s", setup.device, setup.compute_type, error)
            trouble = error
        else:
            return whisper, setup
    assert trouble is not None
    kind = kind_of(trouble)
    raise CannotTranscribe(Failure.MODEL_BROKEN if kind is Failure.UNFORESEEN else kind, str(trouble)) from trouble


def _placed(raw: Any, span: Span, latest: float) -> Segment:
    """Return faster-whisper's segment as ours, in the recording's time, inside the span and after `latest`."""

    def moment(seconds: float) -> float:
        return round(min(max(span.start + float(seconds), latest), span.end), 3)

    start = moment(raw.start)
    words = tuple(
        Word(
            start=moment(word.start),
            end=max(moment(word.start), moment(word.end)),
            text=word.word,
            probability=round(float(word.probability), 3),
        )
        for word in raw.words or ()
    )
    return Segment(
        start=start,
        end=max(start, moment(raw.end)),
        text=raw.text.strip(),
        words=words,
        average_log_probability=round(float(raw.avg_logprob), 3),
        no_speech_probability=round(float(raw.no_speech_prob), 3),
    )
