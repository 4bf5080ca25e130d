"""Speaks `resources/sample.txt` and writes it as `resources/sample.flac`, the recording that ships with the program.

Run it by hand after the text has changed, from anywhere, in an environment of its own (the program needs none of this):

    python -m venv voice && voice/bin/pip install hibari-tts==0.2.1 soundfile numpy
    voice/bin/python packaging/make_sample.py

The voice is hibari's default one (inside its package, no network) and its noise is seeded: the same versions write the
same sound. `resources/README.md` has the licences. Listen to the result and transcribe it before you commit it.
"""

from pathlib import Path

import numpy as np
import soundfile
from hibari import Hibari

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
SAMPLE_RATE = 16_000  # what speech models listen at; more would only make the file larger
PACE = 0.95  # 1.0 is the voice's own; a little slower is easier to follow
SEED = 7
EDGE = 0.35  # seconds of silence before the first and after the last sentence
PAUSE = 0.42  # seconds between two sentences
BREATH = 0.03  # seconds kept around a sentence when its own silence is cut off, so that no consonant is
QUIET_DB = -46.0  # below the sentence's peak: silence
FADE = 0.012  # seconds, at both ends of a sentence, against clicks
LOUDNESS_DB = -21.0  # root mean square of all speech, re full scale
PEAK_DB = -2.0  # never louder than this


def main() -> None:
    text = (RESOURCES / "sample.txt").read_text(encoding="utf-8")
    sound = spoken(text)
    target = RESOURCES / "sample.flac"

    soundfile.write(target, sound, SAMPLE_RATE, format="FLAC", subtype="PCM_16", compression_level=1.0)
    print(f"{target.name}: {len(sound) / SAMPLE_RATE:.1f} s, {target.stat().st_size / 1024:.0f} KiB")


def spoken(text: str) -> np.ndarray:
    """Return `text` read aloud, mono float32 at SAMPLE_RATE, shape (samples,), with even pauses between sentences."""
    voice = Hibari()
    sentences = [
        trimmed(resampled(sentence, voice.sample_rate, SAMPLE_RATE)) for sentence in voice.stream(text, PACE, SEED)
    ]
    level = _decibels(np.sqrt(np.mean(np.concatenate(sentences) ** 2)))
    peak = _decibels(max(np.abs(sentence).max() for sentence in sentences))
    gain = 10 ** (min(LOUDNESS_DB - level, PEAK_DB - peak) / 20)
    edge, pause = (np.zeros(round(seconds * SAMPLE_RATE), np.float32) for seconds in (EDGE, PAUSE))
    parts = [edge]
    for sentence in sentences:
        parts += [sentence * np.float32(gain), pause]
    parts[-1] = edge
    return np.concatenate(parts)


def resampled(samples: np.ndarray, rate: int, wanted_rate: int) -> np.ndarray:
    """Return the same sound at a lower rate: its spectrum with everything above the new limit cut off."""
    count = round(len(samples) * wanted_rate / rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return (np.fft.irfft(spectrum, count) * (wanted_rate / rate)).astype(np.float32)


def trimmed(samples: np.ndarray) -> np.ndarray:
    """Return a sentence without the silence at its ends, faded in and out."""
    frame = SAMPLE_RATE // 100
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    loud = np.flatnonzero(np.abs(frames).max(axis=1) > np.abs(samples).max() * 10 ** (QUIET_DB / 20))
    margin = round(BREATH * SAMPLE_RATE)
    kept = samples[max(0, loud[0] * frame - margin) : (loud[-1] + 1) * frame + margin].copy()
    ramp = np.linspace(0, 1, round(FADE * SAMPLE_RATE), dtype=np.float32)
    kept[: len(ramp)] *= ramp
    kept[-len(ramp) :] *= ramp[::-1]
    return kept


def _decibels(amplitude: float) -> float:
    return float(20 * np.log10(amplitude))


if __name__ == "__main__":
    main()
