"""Spans of speech -> what the model hears in them: the calls into CTranslate2, a batch at a time."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from desktop_app.backend import memory
from desktop_app.backend.speech import Span
from desktop_app.messages import Task, Word

SEED = 1  # above temperature 0 the decoder draws lots: the same lots for the same span
MEL_FRAMES = 3000  # 30 s
MEL_FRAMES_A_SECOND = 100
PREPENDED, APPENDED = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"  # punctuation that belongs to the word after, before
LONGEST_HINT = 223  # tokens of glossary and prompt together: half of what the model reads, less one
ENOUGH_TEXTS = 4  # at a time, for which it pays to load the model once more: a short recording never has so many
MOST_TOKENS, TOKENS_A_SECOND = 25, 12  # to begin with, and more a second: nobody says so much


@dataclass(frozen=True)
class Asking:
    """What is asked of the model for every span."""

    task: Task
    prompt: str = ""
    glossary: str = ""
    beam_size: int = 5


@dataclass(frozen=True, eq=False)
class Heard:
    """What the model heard in a span.

    words: in the recording's time. average_log_probability: of a token. compression_ratio: high if the text repeats.
    """

    span: Span
    language: str
    text: str
    words: tuple[Word, ...]
    average_log_probability: float
    no_speech_probability: float
    compression_ratio: float
    temperature: float = 0.0
    has_broken_letters: bool = False  # the model wrote half a letter: bytes that are no UTF-8
    parts: tuple[Heard, ...] = field(default=())  # if it was heard piece by piece
    not_believed: tuple[Heard, ...] = field(default=())  # pieces whose text is left out

    @staticmethod
    def joined(span: Span, parts: Sequence[Heard], not_believed: Sequence[Heard] = ()) -> Heard:
        """Return what was heard in the parts of a span as what was heard in it."""
        text = "".join(part.text for part in parts)
        weights = [max(1, len(part.text)) for part in parts]
        return Heard(
            span=span,
            language=max(parts, key=lambda part: len(part.text)).language,
            text=text,
            words=tuple(word for part in parts for word in part.words),
            average_log_probability=float(np.average([p.average_log_probability for p in parts], weights=weights)),
            no_speech_probability=min(part.no_speech_probability for part in parts),
            compression_ratio=compression_ratio(text),
            temperature=max(part.temperature for part in parts),
            has_broken_letters=any(part.has_broken_letters for part in parts),
            parts=tuple(parts),
            not_believed=tuple(not_believed),
        )


class Decoder:
    """Asks the model. `whisper` is faster-whisper's WhisperModel, of which the parts are used, not the whole loop.

    load: loads once more the model that CTranslate2 runs. writers: how many workers that one has, each with a thread,
    if it is to write the texts. Writing, a token after the other, is too little work at a time for several threads:
    they wait for each other. It is loaded when a batch of ENOUGH_TEXTS comes. 0: the first model writes as well.
    """

    def __init__(self, whisper: Any, load: Callable[[], Any], writers: int = 0) -> None:
        self._whisper = whisper
        self._model = whisper.model
        self._load = load
        self._writers = writers
        self._writer = None if writers else whisper.model
        self._has_failed = False
        self._last: tuple[list[Span], int, Any] | None = None
        self._last_languages: tuple[Any, list[dict[str, float]]] | None = None

    def encoded(self, spans: Sequence[Span], context: int = MEL_FRAMES) -> Any:
        """Return the encoder's output for a batch of spans. That of the last batch is kept: it is asked for twice.

        context: mel frames to encode, the spans' own and the silence behind them. The model was trained on all 30 s;
        with less it takes one language for another (tests/benchmarks/README.md, "Short recordings").
        """
        if self._last is not None and self._last[:2] == (list(spans), context):
            return self._last[2]
        memory.give_back()
        mels = [self._whisper.feature_extractor(span.samples)[:, :MEL_FRAMES] for span in spans]
        encoded = self._encoded_in_turn(mels, context) if self._in_turn else self._encoded_together(mels, context)
        self._last = (list(spans), context, encoded)
        return encoded

    def _encoded_together(self, mels: Sequence[np.ndarray], context: int) -> Any:
        """Return the encoder's output for a batch, shape (batch, context / 2, width), in the computer's memory.

        On a graphics card it may not outlive the thread that made it, thus not the model.
        """
        import ctranslate2

        features = np.zeros((len(mels), self._model.n_mels, context), np.float32)
        for row, mel in zip(features, mels, strict=True):
            row[:, : mel.shape[1]] = mel
        return self._model.encode(ctranslate2.StorageView.from_array(features), to_cpu=True)

    def _encoded_in_turn(self, mels: Sequence[np.ndarray], context: int) -> Any:
        """Return the same, encoded one by one: a CPU is no faster at a batch, and takes more memory for it."""
        import ctranslate2

        if len(mels) == 1:
            return self._encoded_together(mels, context)
        rows = [np.asarray(self._encoded_together([mel], context)) for mel in mels]
        return ctranslate2.StorageView.from_array(np.concatenate(rows))

    @property
    def _in_turn(self) -> bool:
        """Whether spans are encoded and aligned one by one. numpy cannot hold rows of bfloat16."""
        return self._model.device == "cpu" and not self._model.compute_type.endswith("float16")

    def languages(self, encoded: Any) -> list[dict[str, float]]:
        """Return, for each span of the batch, how probable each language is."""
        if not self._model.is_multilingual:
            return [{"en": 1.0}] * encoded.shape[0]
        if self._last_languages is None or self._last_languages[0] is not encoded:
            found = [{token[2:-2]: p for token, p in one} for one in self._model.detect_language(encoded)]
            self._last_languages = (encoded, found)
        return self._last_languages[1]

    @property
    def is_ready(self) -> bool:
        """Whether the model is there: loading it once more may have failed."""
        return not self._has_failed

    def _forget_the_lots(self) -> None:
        """Have the lots drawn anew from the first: CTranslate2 takes the seed only when a thread of it begins to draw.

        The model brings the thread. The old one goes first: two may not fit into the memory.
        """
        import ctranslate2

        self._writer = None
        if not self._writers:
            self._whisper.model = self._model = None
        ctranslate2.set_random_seed(SEED)
        self._load_writer()
        if not self._writers:
            self._whisper.model = self._model = self._writer

    def _load_writer(self) -> None:
        self._has_failed = True
        self._writer = self._load()
        self._has_failed = False

    def heard(
        self,
        spans: Sequence[Span],
        encoded: Any,
        languages: Sequence[str],
        asking: Asking,
        temperature: float = 0.0,
        most_tokens: int = 0,
    ) -> list[Heard]:
        """Return what is heard in each span of the batch, in the order of the spans.

        most_tokens: for one span, where that is fewer than the model can; 0: as many as it can.
        """
        if temperature > 0 and len(spans) > 1:  # else the lots for one would depend on those for another
            return [
                self.heard([span], self.encoded([span]), [language], asking, temperature, most_tokens)[0]
                for span, language in zip(spans, languages, strict=True)
            ]
        if temperature > 0:
            self._forget_the_lots()
            search = {"beam_size": 1, "num_hypotheses": 5, "sampling_topk": 0, "sampling_temperature": temperature}
        else:
            search = {"beam_size": asking.beam_size, "patience": 1}
        prompts = [self._prompt(language, asking) for language in languages]
        results = self._written(
            encoded,
            prompts,
            max_length=self._longest(prompts, most_tokens),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=list(self._suppressed()),
            **search,
        )
        words = self._words(spans, encoded, languages, asking.task, [result.sequences_ids[0] for result in results])
        heard = []
        for span, language, result, its_words in zip(spans, languages, results, words, strict=True):
            tokens = result.sequences_ids[0]
            written = self._tokenizer(language, asking.task).decode(tokens)
            text = whole_letters(written)
            heard.append(
                Heard(
                    span=span,
                    language=language,
                    text=text,
                    words=its_words,
                    average_log_probability=result.scores[0] * len(tokens) / (len(tokens) + 1),
                    no_speech_probability=float(result.no_speech_prob),
                    compression_ratio=compression_ratio(text),
                    temperature=temperature,
                    has_broken_letters=text != written,
                )
            )
        return heard

    def _written(self, encoded: Any, prompts: Sequence[list[int]], **options: Any) -> list[Any]:
        """Return what the model writes for each row of the batch; each of its workers takes a part of them."""
        if self._writer is None and len(prompts) >= ENOUGH_TEXTS:
            self._load_writer()
        if self._writers < 2 or len(prompts) == 1 or self._writer is None:
            writer = self._model if self._writer is None else self._writer
            return list(writer.generate(encoded, prompts, **options))
        import ctranslate2

        rows = np.asarray(encoded)
        edges = [round(n * len(rows) / self._writers) for n in range(self._writers + 1)]
        begun = [
            self._writer.generate(  # of the rows themselves, not of copies: a batch is 20 MB
                ctranslate2.StorageView.from_array(rows[first:last]), prompts[first:last], asynchronous=True, **options
            )
            for first, last in itertools.pairwise(edges)
            if last > first
        ]
        return [one.result() for its in begun for one in its]

    def _words(
        self, spans: Sequence[Span], encoded: Any, languages: Sequence[str], task: Task, tokens: list[list[int]]
    ) -> list[tuple[Word, ...]]:
        """Return the words of each span with their times, found by the model's attention to the sound."""
        from faster_whisper.transcribe import merge_punctuations

        text_tokens = [[token for token in one if token < self._tokenizer("en", task).eot] for one in tokens]
        frames = [min(MEL_FRAMES, round(span.length * MEL_FRAMES_A_SECOND)) for span in spans]
        if not any(text_tokens):
            return [()] * len(spans)
        aligned = self._aligned(encoded, languages, task, text_tokens, frames)
        words = []
        for span, alignment in zip(spans, aligned, strict=True):
            merge_punctuations(alignment, PREPENDED, APPENDED)
            words.append(
                tuple(
                    Word(
                        start=span.start + min(float(word["start"]), span.length),
                        end=span.start + min(max(float(word["start"]), float(word["end"])), span.length),
                        text=whole_letters(word["word"]),
                        probability=round(float(word["probability"]), 3),
                    )
                    for word in alignment
                    if whole_letters(word["word"])
                )
            )
        return words

    def _aligned(
        self, encoded: Any, languages: Sequence[str], task: Task, tokens: list[list[int]], frames: list[int]
    ) -> list[Any]:
        import ctranslate2

        if not self._in_turn:
            # The language stands in front of the text the model aligns; a batch has one. That of the first does for
            # all: the text is given, and only its times are asked for.
            return list(self._whisper.find_alignment(self._tokenizer(languages[0], task), tokens, encoded, frames))
        # One by one: CTranslate2 makes a row of the whole vocabulary for each token, for the longest text in the batch.
        rows = np.asarray(encoded)
        return [
            self._whisper.find_alignment(
                self._tokenizer(language, task), [its], ctranslate2.StorageView.from_array(rows[[i]]), [count]
            )[0]
            if its
            else []
            for i, (language, its, count) in enumerate(zip(languages, tokens, frames, strict=True))
        ]

    def _prompt(self, language: str, asking: Asking) -> list[int]:
        tokenizer = self._tokenizer(language, asking.task)
        return list(self._whisper.get_prompt(tokenizer, self._hint(tokenizer, asking), without_timestamps=True))

    def _longest(self, prompts: Sequence[list[int]], most_tokens: int) -> int:
        """Return the length that CTranslate2 is to be told: it answers with half of it, and no more than is left."""
        begun = max(map(len, prompts))
        longest = max(2 * most_tokens, begun + most_tokens) if most_tokens else self._whisper.max_length
        return int(min(self._whisper.max_length, longest))

    def _hint(self, tokenizer: Any, asking: Asking) -> list[int]:
        """Return the glossary's tokens and behind them the prompt's. If both are too long, each gets half the room."""
        glossary, prompt = (
            tokenizer.encode(" " + text.strip()) if text.strip() else [] for text in (asking.glossary, asking.prompt)
        )
        glossary = glossary[: max(LONGEST_HINT // 2, LONGEST_HINT - len(prompt))]
        room = LONGEST_HINT - len(glossary)
        return [*glossary, *prompt[max(0, len(prompt) - room) :]]

    @lru_cache(maxsize=64)  # noqa: B019 (lives as long as the model)
    def _tokenizer(self, language: str, task: Task) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(
            self._whisper.hf_tokenizer, self._model.is_multilingual, task=task.value, language=language or "en"
        )

    @lru_cache(maxsize=1)  # noqa: B019
    def _suppressed(self) -> tuple[int, ...]:
        from faster_whisper.transcribe import get_suppressed_tokens

        return tuple(get_suppressed_tokens(self._tokenizer("en", Task.TRANSCRIBE), [-1]) or ())


def whole_letters(text: str) -> str:
    """Return a text without the replacement characters that stand for half a letter."""
    return text.replace("\ufffd", "")


def most_tokens(spans: Sequence[Span]) -> int:
    """Return more tokens than anybody says in the longest of the spans. What needs more goes round in circles."""
    return MOST_TOKENS + round(TOKENS_A_SECOND * max(span.length for span in spans))


def compression_ratio(text: str) -> float:
    """Return how many times shorter zlib makes the text, as openai-whisper counts it: over 2.4, it repeats itself."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0
