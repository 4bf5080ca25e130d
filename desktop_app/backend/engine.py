"""One loaded model: batches of spans -> segments with words, checked, and repaired where they can be."""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from desktop_app.backend import checks, sentences
from desktop_app.backend.decoding import Asking, Decoder, Heard
from desktop_app.backend.devices import Setup, kind_of, setups
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.speech import FRAME_SECONDS, Span
from desktop_app.messages import Device, Doubt, Failure, LeftOut, Segment, Task

log = logging.getLogger(__name__)

SERIOUS = {Doubt.MISSING_WORDS, Doubt.REPETITION, Doubt.LOW_CONFIDENCE, Doubt.TOO_MANY_WORDS}
A_SECOND_MISSING = 0.25  # what a second of speech without words counts, in units of average log probability
A_CIRCLE = 5.0  # what a repetition counts
SHORTEST_GAP = 1.5  # seconds: a gap shorter than this is read together with what stands beside it
PIECES_AT_ONCE = 8  # a span can have a dozen; memory grows with their number
SHORTEST_PART = 4.0  # seconds: shorter pieces tell the model too little
ONE_LANGUAGE = 0.9  # a span whose language is less probable is looked at in halves: it may hold two
SURE_OF_ANOTHER = 0.75  # how probable another language must be than the main one, to be believed


class Engine:
    """A model in memory, ready to hear.

    model: its folder, as bytes. setup: how it runs. seconds: that loading took.
    """

    def __init__(self, model: bytes, device: Device, compute_type: str = "", threads: int = 0) -> None:
        """Load the model in the best way `device` allows. Raise CannotTranscribe if there is none."""
        self.model = model
        self.asked_for = (device, compute_type, threads)
        started = time.monotonic()
        self._whisper, self.setup = _loaded(model, device, compute_type, threads)
        self._decoder = Decoder(self._whisper)
        self._decoder.get_ready()
        self.seconds = time.monotonic() - started

    def check(self, languages: Sequence[str], task: Task) -> None:
        """Raise CannotTranscribe if the model does not know one of the languages, or cannot translate."""
        for language in languages:
            if language not in self._whisper.supported_languages:
                raise CannotTranscribe(Failure.LANGUAGE_NOT_IN_MODEL, language)
        if task is Task.TRANSLATE and not self._whisper.model.is_multilingual:
            raise CannotTranscribe(Failure.TRANSLATION_NOT_IN_MODEL)

    def language_of(self, spans: Sequence[Span], allowed: Sequence[str]) -> tuple[str, float]:
        """Return the language spoken in most of `spans`, among those allowed (all if none are named)."""
        found = self._decoder.languages(self._decoder.encoded(spans))
        total: dict[str, float] = {}
        for span, probabilities in zip(spans, found, strict=True):
            for language, probability in _allowed(probabilities, allowed).items():
                total[language] = total.get(language, 0.0) + probability * span.length
        language = max(total, key=lambda language: total[language])
        return language, total[language] / sum(total.values())

    def hear(
        self,
        spans: Sequence[Span],
        asking: Asking,
        main: str,
        choice: Sequence[str] | None,
        temperatures: Sequence[float],
    ) -> list[Heard]:
        """Return what is said in the spans, in order: the first reading, or a better one where that was doubtful.

        main: the language. choice: the languages that single spans may be in instead; none if empty, None: `main` only.
        """
        encoded = self._decoder.encoded(spans)
        if choice is None:
            languages = [main] * len(spans)
        else:
            apart, languages = self._told_apart(spans, encoded, main, choice)
            if len(apart) > len(spans):
                spans, encoded = apart, self._decoder.encoded(apart)
        first = self._decoder.heard(spans, encoded, languages, asking, temperatures[0])
        return [self._repaired(heard, asking, temperatures) for heard in first]

    def _told_apart(
        self, spans: Sequence[Span], encoded: Any, main: str, choice: Sequence[str]
    ) -> tuple[list[Span], list[str]]:
        """Return the spans with their languages; one in which the language changes, as two."""
        apart: list[Span] = []
        languages: list[str] = []
        for span, found in zip(spans, self._decoder.languages(encoded), strict=True):
            halves = [span]
            if max(_allowed(found, choice).values()) < ONE_LANGUAGE and span.length >= 2 * SHORTEST_PART:
                halves = list(span.halved())
            theirs = self._decoder.languages(self._decoder.encoded(halves)) if len(halves) > 1 else [found]
            spoken = [_language(probabilities, main, choice) for probabilities in theirs]
            if len(set(spoken)) > 1:
                apart += halves
                languages += spoken
            else:
                apart.append(span)
                languages.append(_language(found, main, choice))
        return apart, languages

    def _repaired(self, heard: Heard, asking: Asking, temperatures: Sequence[float]) -> Heard:
        """Return the best of several readings, or the first if nothing speaks against it."""
        best = heard
        if not SERIOUS.intersection(checks.doubts(best)):
            return best
        if checks.is_phantom(best):
            return best
        for other in self._other_readings(heard, asking, temperatures):
            agreed = _plain(other.text) == _plain(best.text)
            if _cost(other) < _cost(best):
                best = other
            if agreed and not checks.missing(best):  # two readings that say the same: that is what was said
                break
            if not SERIOUS.intersection(checks.doubts(best)):
                break
        return best

    def _other_readings(self, heard: Heard, asking: Asking, temperatures: Sequence[float]) -> Any:
        """Yield other readings of a span: in pieces cut around the gaps, in small ones, then at other temperatures."""
        span, language = heard.span, heard.language
        if gaps := checks.uncovered(span, heard.words):
            yield self._read_in(_around(span, gaps), span, language, asking, temperatures[0])
        pieces = _pieces(span, 2)
        if len(pieces) > 1:
            yield self._read_in(pieces, span, language, asking, temperatures[0])
        finer = _pieces(span, 4)
        if len(finer) > len(pieces):
            yield self._read_in(finer, span, language, asking, temperatures[0])
        if set(checks.doubts(heard)) <= {Doubt.MISSING_WORDS}:
            return  # chance finds no words that were passed over
        encoded = self._decoder.encoded([span])
        for temperature in temperatures[1:]:
            yield self._decoder.heard([span], encoded, [language], asking, temperature)[0]

    def _read_in(self, pieces: Sequence[Span], span: Span, language: str, asking: Asking, temperature: float) -> Heard:
        parts: list[Heard] = []
        for some in _batches(pieces):
            parts += self._decoder.heard(some, self._decoder.encoded(some), [language] * len(some), asking, temperature)
        return Heard.joined(span, [part for part in parts if not checks.is_phantom(part)] or parts)


def told(heard: Heard, with_words: bool) -> tuple[list[Segment], list[LeftOut]]:
    """Return what to tell of a span: its segments with what is doubtful marked, and a text not believed."""
    if heard.text.strip() and checks.is_phantom(heard):
        return [], [LeftOut(heard.span.start, heard.span.end, heard.text.strip(), Doubt.NO_SPEECH)]
    return sentences.segments(heard, checks.doubts(heard), with_words), []


def version() -> str:
    """Return the names and versions of what does the work."""
    import ctranslate2
    import faster_whisper

    return f"faster-whisper {faster_whisper.__version__}, CTranslate2 {ctranslate2.__version__}"


def _allowed(probabilities: dict[str, float], allowed: Sequence[str]) -> dict[str, float]:
    chosen = {language: probabilities.get(language, 0.0) for language in allowed} if allowed else probabilities
    total = sum(chosen.values()) or 1.0
    return {language: probability / total for language, probability in chosen.items()}


def _language(probabilities: dict[str, float], main: str, allowed: Sequence[str]) -> str:
    """Return a span's language: the main one, unless another is clearly more probable."""
    chosen = _allowed(probabilities, allowed)
    best = max(chosen, key=lambda language: chosen[language])
    return best if chosen[best] >= SURE_OF_ANOTHER or main not in chosen else main


def _batches(pieces: Sequence[Span]) -> Iterator[Sequence[Span]]:
    for first in range(0, len(pieces), PIECES_AT_ONCE):
        yield pieces[first : first + PIECES_AT_ONCE]


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _cost(heard: Heard) -> float:
    """Return what speaks against a reading: how unsure it was, how much speech it leaves out, whether it circles."""
    circles = A_CIRCLE if {Doubt.REPETITION, Doubt.TOO_MANY_WORDS} & set(checks.doubts(heard)) else 0.0
    return A_SECOND_MISSING * checks.missing(heard) - heard.average_log_probability + circles


def _around(span: Span, gaps: Sequence[tuple[float, float]]) -> list[Span]:
    """Return the span cut into pieces at both ends of each gap, where speech pauses; none too short."""
    cuts = [0]
    for moment in (edge for gap in gaps for edge in gap):
        frame = span.pause_near(moment)
        if (frame - cuts[-1]) * FRAME_SECONDS >= SHORTEST_GAP:
            cuts.append(frame)
    end = len(span.probabilities)
    if len(cuts) > 1 and (end - cuts[-1]) * FRAME_SECONDS < SHORTEST_GAP:
        cuts.pop()
    return [span.part(first, last) for first, last in itertools.pairwise([*cuts, end])]


def _pieces(span: Span, most: int) -> list[Span]:
    """Return the span cut into up to `most` pieces (a power of two), in order; each long enough to be understood."""
    pieces = [span]
    while len(pieces) < most:
        halves: list[Span] = []
        for piece in pieces:
            halves += piece.halved() if piece.length >= 2 * SHORTEST_PART else [piece]
        if len(halves) == len(pieces):
            break
        pieces = halves
    return [piece for piece in pieces if len(piece.probabilities) * FRAME_SECONDS > 0.1]


def _loaded(model: bytes, device: Device, compute_type: str, threads: int) -> tuple[Any, Setup]:
    from faster_whisper import WhisperModel

    folder = os.fsdecode(model)
    if not (Path(folder) / "model.bin").is_file():
        raise CannotTranscribe(Failure.MODEL_MISSING, "no model.bin in its folder")
    trouble: Exception | None = None
    for setup in setups(device, compute_type, threads):
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
