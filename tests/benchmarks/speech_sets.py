"""Test speech with known text: human prompts in five languages, the same over noise, a synthetic voice.

The prompts come from Debian packages and are unpacked into .cache/benchmarks; nothing of them is in the repository.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import soundfile
import workplace

CACHE = workplace.CACHE
RATE = 16_000
PROMPTS_RATE = 8_000
SPEAKERS = {
    "en": "en_US_f_Allison",
    "es": "es_MX_f_Allison",
    "fr": "fr_CA_f_June",
    "it": "it_IT_m_Carlo",
    "ru": "ru_RU_f_IvrvoiceRU",
}
OVERLAP = 0.9  # seconds
OTHER_VOICE = 0.6  # times as loud
LICENCE = Path("/usr/share/common-licenses/GPL-3")


class SpeechSet(NamedTuple):
    samples: np.ndarray  # mono float32 at 16 kHz
    text: str
    language: str


def speech_set(name: str, seconds: float = 600.0) -> SpeechSet:
    """Return a set: en, es, fr, it, ru; en-noise (the other prompts, at 5 dB over pink noise); en-voice (espeak-ng).

    en-overlap: prompts and a synthetic voice, each of which begins before the one before has ended.
    """
    if name == "en-overlap":
        return _overlapping(seconds)
    if name == "en-voice":
        return _spoken_licence(seconds)
    language = name.partition("-")[0]
    noisy = name.endswith("-noise")
    pieces, texts = [], []
    random = np.random.default_rng(7)
    total = 0.0
    found = list(prompts(language))
    for file, text, _ in reversed(found) if noisy else found:
        samples, rate = soundfile.read(file, dtype="float32")
        assert rate == PROMPTS_RATE
        pause = np.zeros(round(PROMPTS_RATE * random.uniform(0.2, 1.6)), np.float32)
        pieces += [samples, pause]
        texts.append(text)
        total += (len(samples) + len(pause)) / PROMPTS_RATE
        if total > seconds:
            break
    samples = _resampled(np.concatenate(pieces))
    return SpeechSet(_with_noise(samples, random) if noisy else samples, " ".join(texts), language)


def write(name: str, lead_in: float, seconds: float = 600.0) -> tuple[Path, SpeechSet]:
    """Return the set as a wav file that begins with `lead_in` seconds of silence."""
    file = CACHE / f"{name}-{lead_in:g}-{seconds:g}.wav"
    found = speech_set(name, seconds)
    if not file.exists():
        silence = np.zeros(round(lead_in * RATE), np.float32)
        soundfile.write(file, np.concatenate([silence, found.samples]), RATE, subtype="PCM_16")
    return file, found


def fetch() -> None:
    """Unpack the packages, once."""
    if (CACHE / "usr").exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    packages = [f"asterisk-core-sounds-{language}{kind}" for language in SPEAKERS for kind in ("", "-wav")]
    subprocess.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *packages], cwd=CACHE, check=True)
    for package in CACHE.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(CACHE)], check=True)
        package.unlink()


def prompts(language: str, words: int = 4) -> Iterator[tuple[Path, str, float]]:
    """Yield the prompts of at least so many words: the file, what is said in it, its length in seconds."""
    fetch()
    package = f"asterisk-core-sounds-{language}"
    lines = gzip.decompress((CACHE / "usr/share/doc" / package / f"core-sounds-{language}.txt.gz").read_bytes())
    for line in lines.decode("utf-8-sig").splitlines():
        key, _, text = line.partition(": ")
        file = CACHE / "usr/share/asterisk/sounds" / SPEAKERS[language] / f"{key}.wav"
        if len(text.split()) >= words and not re.search(r"[\[\]<>(\d]", text) and file.is_file():
            yield file, text.strip(), soundfile.info(file).duration


def samples_of(prompt: Path) -> np.ndarray:
    """Return the sound of a prompt, mono float32 at 16 kHz."""
    samples, rate = soundfile.read(prompt, dtype="float32")
    assert rate == PROMPTS_RATE
    return _resampled(samples)


def _resampled(samples: np.ndarray, rate: int = PROMPTS_RATE) -> np.ndarray:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="flt", layout="mono")
    frame.sample_rate = rate
    return np.concatenate([part.to_ndarray().ravel() for part in resampler.resample(frame) + resampler.resample(None)])


def _with_noise(samples: np.ndarray, random: np.random.Generator) -> np.ndarray:
    spectrum = np.fft.rfft(random.standard_normal(len(samples)))
    spectrum /= np.sqrt(np.maximum(1, np.arange(len(spectrum))))
    noise = np.fft.irfft(spectrum, len(samples))
    loud = samples[np.abs(samples) > 0.01]
    noise *= np.sqrt(np.mean(loud**2)) / np.sqrt(np.mean(noise**2)) / 10 ** (5 / 20)
    return (0.5 * (samples + noise)).astype(np.float32)


def _spoken_licence(seconds: float) -> SpeechSet:
    """A licence read by espeak-ng: one long text without the pauses between prompts."""
    text = " ".join(_licence()[: round(seconds * 2.4)])
    return SpeechSet(synthetic_voice(text, "en-us", 150), text, "en")


def _licence() -> list[str]:
    return re.sub(r"[^\w\s.,;:'-]", " ", LICENCE.read_text(encoding="utf-8")).split()


def _overlapping(seconds: float) -> SpeechSet:
    mixed, texts = np.zeros(0, np.float32), []
    at = 200  # words into the licence
    for file, text, length in prompts("en"):
        if length >= 6 or len(mixed) >= seconds * RATE:
            continue
        other = " ".join(_licence()[at : at + 9])
        at += 9
        spoken, _ = soundfile.read(file, dtype="float32")
        for samples in (_resampled(spoken), OTHER_VOICE * synthetic_voice(other, "en-gb", 160)):
            begin = max(0, len(mixed) - round(OVERLAP * RATE))
            mixed = np.concatenate([mixed, np.zeros(begin + len(samples) - len(mixed), np.float32)])
            mixed[begin:] += samples
        texts += [text, other]
        mixed = np.concatenate([mixed, np.zeros(round(1.2 * RATE), np.float32)])
    return SpeechSet(mixed, " ".join(texts), "en")


def synthetic_voice(text: str, voice: str, words_a_minute: int) -> np.ndarray:
    """Return what espeak-ng makes of a text, mono float32 at 16 kHz."""
    CACHE.mkdir(parents=True, exist_ok=True)
    spoken = CACHE / "voice.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(words_a_minute), "-w", str(spoken), text], check=True)
    samples, rate = soundfile.read(spoken, dtype="float32")
    return _resampled(samples, rate)
