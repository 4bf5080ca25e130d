"""Real human speech with known text, made of the prompts that fetch.sh brings; and how well it was heard."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import jiwer
import numpy as np
import pytest
import soundfile
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

Language = Literal["en", "fr"]

SHARE = Path(__file__).parents[2] / ".cache" / "speech" / "usr" / "share"
SPEAKERS = {"en": "en_US_f_Allison", "fr": "fr_CA_f_June"}
SAMPLE_RATE = 8000
PAUSE = 0.6  # seconds after each prompt


class Speech(NamedTuple):
    samples: np.ndarray  # mono float32 at SAMPLE_RATE, shape (samples,)
    text: str

    @property
    def duration(self) -> float:
        return len(self.samples) / SAMPLE_RATE


def are_here() -> bool:
    """Tell whether the prompts were fetched."""
    return SHARE.is_dir()


def spoken(language: Language, seconds: float) -> Speech:
    """Return the first prompts that are whole sentences, pauses between them: always the same, at least `seconds` long.

    Skip the test that asks where the prompts could not be fetched.
    """
    if not are_here():
        pytest.skip("the recordings of human speech are not here: tests/speech/fetch.sh fetches them")
    pieces: list[np.ndarray] = []
    texts: list[str] = []
    for file, text in _sentences(language):
        samples, rate = soundfile.read(file, dtype="float32")
        assert rate == SAMPLE_RATE
        pieces += [samples, np.zeros(round(PAUSE * SAMPLE_RATE), np.float32)]
        texts.append(text)
        if sum(map(len, pieces)) >= seconds * SAMPLE_RATE:
            return Speech(np.concatenate(pieces), " ".join(texts))
    raise ValueError(f"there are fewer than {seconds} s of prompts in {language}")


def prompt(language: Language, key: str) -> Path:
    """Return the recording of one prompt. Skip the test that asks where the prompts could not be fetched."""
    if not are_here():
        pytest.skip("the recordings of human speech are not here: tests/speech/fetch.sh fetches them")
    return SHARE / "asterisk" / "sounds" / SPEAKERS[language] / f"{key}.wav"


def write(file: Path, language: Language, seconds: float) -> Speech:
    """Write such speech to `file`, wav or flac by its suffix, and return it."""
    speech = spoken(language, seconds)
    soundfile.write(file, speech.samples, SAMPLE_RATE)
    return speech


def word_error_rate(said: str, heard: str, language: Language = "en") -> float:
    """Return how many words in a hundred are wrong, whatever the case, the punctuation, and how numbers are written."""
    normalize = EnglishTextNormalizer() if language == "en" else BasicTextNormalizer()
    return 100 * jiwer.wer(normalize(said), normalize(heard))


def _sentences(language: Language) -> Iterator[tuple[Path, str]]:
    package = f"asterisk-core-sounds-{language}"
    texts = SHARE / "doc" / package / f"core-sounds-{language}.txt.gz"
    for line in gzip.decompress(texts.read_bytes()).decode().splitlines():
        key, _, text = line.partition(": ")
        file = SHARE / "asterisk" / "sounds" / SPEAKERS[language] / f"{key}.wav"
        if re.fullmatch(r"[A-ZÀ-Ý][^\d\[\]\"“(;:]*\.", text) and len(text.split()) >= 10 and file.is_file():
            yield file, text
