"""One loaded model: batches of spans -> segments with words, checked, and repaired where they can be."""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from desktop_app.backend import checks, memory, sentences
from desktop_app.backend.decoding import MEL_FRAMES, MEL_FRAMES_A_SECOND, Asking, Decoder, Heard, most_tokens
from desktop_app.backend.devices import Setup, kind_of, setups
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.speech import FRAME_SECONDS, Span
from desktop_app.messages import Device, Doubt, Failure, LeftOut, Segment, Task, Way

log = logging.getLogger(__name__)
T = TypeVar("T")

SERIOUS = {Doubt.MISSING_WORDS, Doubt.REPETITION, Doubt.LOW_CONFIDENCE, Doubt.TOO_MANY_WORDS}
A_SECOND_MISSING = 0.25  # what a second of speech without words counts, in units of average log probability
A_CIRCLE = 5.0  # what a repetition counts
SHORTEST_GAP = 1.5  # seconds: a gap shorter than this is read together with what stands beside it
PIECES_AT_ONCE = 8  # a span can have a dozen; memory grows with their number
SHORT_ANSWER = 2  # words: of so few the model is never sure, and chance knows no better
SHORTEST_PART = 4.0  # seconds: shorter pieces tell the model too little
ONE_LANGUAGE = 0.9  # a span whose language is less probable is looked at in halves: it may hold two
SMALL = 500_000_000  # bytes of weights on the disk of which a second copy in memory is no burden
MOST_WRITERS = 4
# Live text is decoded every second. Encoding 20 s takes a quarter of the time of 30 s, and where the language is known
# the text is as good; with 12 s it is not (tests/benchmarks/README.md, "Short recordings").
SHORT_CONTEXT = 20 * MEL_FRAMES_A_SECOND
SILENCE_BEHIND = 2.0  # seconds: without any the model does not find an end
SURE_OF_ANOTHER = 0.75  # how probable another language must be than the main one, to be believed


@dataclass(frozen=True, eq=False)
class Part:
    """A channel or a half of the span numbered `of`, or all of it."""

    of: int
    span: Span
    language: str


class Engine:
    """A model in memory, ready to hear.

    model: its folder, as bytes. setup: how it runs. seconds: that loading took.
    """

    def __init__(
        self, model: bytes, device: Device, compute_type: str = "", threads: int = 0, ways: Sequence[Way] = ()
    ) -> None:
        """Load the model in the best way `device` allows, or in the first of `ways` in which it runs.

        Raise CannotTranscribe if there is none.
        """
        self.model = model
        self.asked_for = (device, compute_type, threads, tuple(ways))
        memory.reuse_large_blocks()
        started = time.monotonic()
        self._whisper, self.setup = _loaded(model, setups(device, compute_type, threads, ways))
        writing = writers(model, self.setup)
        self._decoder = Decoder(self._whisper, lambda: weights(model, self.setup, writing), writing)
        self.seconds = time.monotonic() - started

    @property
    def is_ready(self) -> bool:
        return self._decoder.is_ready

    def check(self, languages: Sequence[str], task: Task) -> None:
        """Raise CannotTranscribe if the model does not know one of the languages, or cannot translate."""
        for language in languages:
            if not self._knows(language):
                raise CannotTranscribe(Failure.LANGUAGE_NOT_IN_MODEL, language)
        if task is Task.TRANSLATE and not self._whisper.model.is_multilingual:
            raise CannotTranscribe(Failure.TRANSLATION_NOT_IN_MODEL)

    def _knows(self, language: str) -> bool:
        """Tell whether the model has a token for it. faster-whisper has one list for all models, large-v3's."""
        if not self._whisper.model.is_multilingual:
            return language == "en"
        return self._whisper.hf_tokenizer.token_to_id(f"<|{language}|>") is not None

    def language_of(self, spans: Sequence[Span], allowed: Sequence[str]) -> tuple[str, float]:
        """Return the language spoken in most of `spans`, among those allowed (all if none are named)."""
        found = self._decoder.languages(self._decoder.encoded(spans))
        total: dict[str, float] = {}
        for span, probabilities in zip(spans, found, strict=True):
            for language, probability in _allowed(probabilities, allowed).items():
                total[language] = total.get(language, 0.0) + probability * span.length
        language = max(total, key=lambda language: total[language])
        return language, total[language] / (sum(total.values()) or 1.0)

    def hear(
        self,
        spans: Sequence[Span],
        asking: Asking,
        main: str,
        choice: Sequence[str] | None,
        temperatures: Sequence[float],
    ) -> Iterator[list[Heard]]:
        """Yield what is said in each span, in order: the first reading, or a better one where that was doubtful.

        A span of two channels, or of two languages, is heard in parts: of each what is said in it.
        main: the language. choice: the languages that single parts may be in instead; all if empty, None: `main` only.
        """
        parts = [Part(number, one, main) for number, span in enumerate(spans) for one in span.channels()]
        encoded = self._decoder.encoded([part.span for part in parts])
        batches: list[Sequence[Part]] = [parts]
        if choice is not None:
            apart = self._told_apart(parts, encoded, choice)
            batches = [apart] if len(apart) == len(parts) else list(_batches(apart))
            parts = apart
        first: list[Heard] = []
        for batch in batches:
            some, languages = [part.span for part in batch], [part.language for part in batch]
            first += self._decoder.heard(some, self._decoder.encoded(some), languages, asking, temperatures[0])
        for number in range(len(spans)):
            theirs = [one for part, one in zip(parts, first, strict=True) if part.of == number]
            yield [self._repaired(one, asking, temperatures, choice) for one in theirs]

    def read(self, span: Span, asking: Asking, language: str, short: bool = False) -> Heard:
        """Return the first reading of a span, however doubtful. `short`: encode no more of its 30 s than needed."""
        needed = round((span.length + SILENCE_BEHIND) * MEL_FRAMES_A_SECOND)
        context = max(SHORT_CONTEXT, min(MEL_FRAMES, needed)) if short else MEL_FRAMES
        encoded = self._decoder.encoded([span], context)
        return self._decoder.heard([span], encoded, [language], asking, most_tokens=most_tokens([span]))[0]

    def _told_apart(self, parts: Sequence[Part], encoded: Any, choice: Sequence[str]) -> list[Part]:
        """Return the parts with their languages; one in which the language changes, as several."""
        found = self._decoder.languages(encoded)
        return [
            one
            for part, its in zip(parts, found, strict=True)
            for one in _neighbours_joined(part, self._by_language(part, its, choice))
        ]

    def _by_language(self, part: Part, found: dict[str, float], choice: Sequence[str]) -> list[Part]:
        """Return a part with its language, which is one of `found`; halved as long as it may hold two."""
        whole = Part(part.of, part.span, _language(found, part.language, choice))
        if max(_allowed(found, choice).values()) >= ONE_LANGUAGE or part.span.length < 2 * SHORTEST_PART:
            return [whole]
        halves = list(part.span.halved())
        theirs = self._decoder.languages(self._decoder.encoded(halves))
        return [
            one
            for half, its in zip(halves, theirs, strict=True)
            for one in self._by_language(Part(part.of, half, part.language), its, choice)
        ]

    def _repaired(
        self, heard: Heard, asking: Asking, temperatures: Sequence[float], choice: Sequence[str] | None
    ) -> Heard:
        """Return the best of several readings, or the first if nothing speaks against it."""
        best = heard
        if not SERIOUS.intersection(checks.doubts(best)) or checks.is_phantom(best):
            return best
        said = {_plain(heard.text)}
        for other in self._other_readings(heard, asking, temperatures, choice):
            agreed = _plain(other.text) in said
            said.add(_plain(other.text))
            if _cost(other) < _cost(best):
                best = other
            if not SERIOUS.intersection(checks.doubts(best)):
                break
            if agreed and not checks.missing(best):  # two readings that say the same: that is what was said
                break
            if other.temperature > temperatures[0] and checks.goes_in_circles(other):  # nor does chance lead out
                break
        return best

    def _other_readings(
        self, heard: Heard, asking: Asking, temperatures: Sequence[float], choice: Sequence[str] | None
    ) -> Iterator[Heard]:
        """Yield other readings of a span: in pieces cut around the gaps, in small ones, then at other temperatures."""
        span = heard.span
        for pieces in _ways_to_cut(span, checks.uncovered(span, heard.words)):
            yield self._read_in(pieces, heard, asking, temperatures[0], choice)
        if set(checks.doubts(heard)) <= {Doubt.MISSING_WORDS}:
            return  # chance finds no words that were passed over
        if len(heard.words) <= SHORT_ANSWER:
            return
        encoded = self._decoder.encoded([span])
        for temperature in temperatures[1:]:
            yield self._decoder.heard([span], encoded, [heard.language], asking, temperature, most_tokens([span]))[0]

    def _read_in(
        self, pieces: Sequence[Span], whole: Heard, asking: Asking, temperature: float, choice: Sequence[str] | None
    ) -> Heard:
        """Return what is heard in a span piece by piece, each in its language."""
        parts: list[Heard] = []
        for some in _batches(pieces):
            encoded = self._decoder.encoded(some)
            languages = self._languages_of(some, encoded, whole.language, choice)
            parts += self._decoder.heard(some, encoded, languages, asking, temperature, most_tokens(some))
        phantoms = [part for part in parts if checks.is_phantom(part)]
        if len(phantoms) == len(parts):
            return Heard.joined(whole.span, parts)
        return Heard.joined(whole.span, [part for part in parts if part not in phantoms], phantoms)

    def _languages_of(self, pieces: Sequence[Span], encoded: Any, main: str, choice: Sequence[str] | None) -> list[str]:
        """Return the pieces' languages; `main` for one too short to tell."""
        if choice is None:
            return [main] * len(pieces)
        return [
            _language(found, main, choice) if piece.length >= SHORTEST_PART else main
            for piece, found in zip(pieces, self._decoder.languages(encoded), strict=True)
        ]


def told(heard: Heard, with_words: bool) -> tuple[list[Segment], list[LeftOut]]:
    """Return what to tell of a span: its segments with what is doubtful marked, and the texts not believed."""
    if heard.text.strip() and checks.is_phantom(heard):
        return [], [_left_out(heard)]
    segments = sentences.segments(heard, checks.doubts(heard), with_words)
    if not segments and checks.clear_speech(heard.span) >= checks.SPEECH_WITHOUT_WORDS:
        segments = sentences.without_words(heard)
    return segments, [_left_out(part) for part in heard.not_believed if part.text.strip()]


def _left_out(heard: Heard) -> LeftOut:
    return LeftOut(heard.span.start, heard.span.end, heard.text.strip(), Doubt.NO_SPEECH)


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


def _neighbours_joined(part: Part, apart: Sequence[Part]) -> list[Part]:
    """Return what a part was divided into, neighbours of one language as one: what is before helps to understand."""
    joined: list[Part] = []
    for language, some in itertools.groupby(apart, key=lambda one: one.language):
        spans = [one.span for one in some]
        begin = round((spans[0].start - part.span.start) / FRAME_SECONDS)
        frames = sum(len(span.probabilities) for span in spans)
        joined.append(Part(part.of, part.span.part(begin, begin + frames), language))
    return joined


def _batches(pieces: Sequence[T]) -> Iterator[Sequence[T]]:
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


def _ways_to_cut(span: Span, gaps: Sequence[tuple[float, float]]) -> Iterator[list[Span]]:
    if gaps:
        yield _around(span, gaps)
    halves, quarters = _pieces(span, 2), _pieces(span, 4)
    if len(halves) > 1:
        yield halves
    if len(quarters) > len(halves):
        yield quarters


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


def _loaded(model: bytes, ways: Iterator[Setup]) -> tuple[Any, Setup]:
    from faster_whisper import WhisperModel

    folder = os.fsdecode(model)
    if not (Path(folder) / "model.bin").is_file():
        raise CannotTranscribe(Failure.MODEL_MISSING, "no model.bin in its folder")
    trouble: Exception | None = None
    for setup in ways:
        try:
            whisper = WhisperModel(
                folder,
                device=setup.device,
                device_index=setup.index,
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


def writers(model: bytes, setup: Setup) -> int:
    """Return how many workers of one thread each write the texts of a batch; 0: the model itself, with all threads."""
    small = (Path(os.fsdecode(model)) / "model.bin").stat().st_size <= SMALL
    return min(setup.threads, MOST_WRITERS) if setup.device == "cpu" and setup.threads > 1 and small else 0


def weights(model: bytes, setup: Setup, workers: int) -> Any:
    """Return once more what CTranslate2 runs in faster-whisper's model: so many times at once, with a thread each."""
    import ctranslate2

    return ctranslate2.models.Whisper(
        os.fsdecode(model),
        device=setup.device,
        device_index=setup.index,
        compute_type=setup.compute_type,
        inter_threads=workers or 1,
        intra_threads=1 if workers else setup.threads,
    )
