"""Which channels of a recording carry what is said: in a span of it, and in what was looked at of it first.

FFmpeg makes one channel of many by their mean, or by where they stand in a cinema. That loses speech where a cable was
soldered the wrong way round, where a recorder has sixty channels and one microphone, where one channel is only noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from desktop_app.backend.speech import FRAME, SAMPLE_RATE, Span
from desktop_app.messages import Remark

NEARLY_AS_MUCH = 0.8  # of the most speech in a channel: then it is the clearest that counts
ENOUGH = 16  # frames, half a second: speech that the other channels do not have
MOST_LATE = 64  # frames: 2 s
SAME_SOUND = 0.8  # correlation of two loudnesses from there on: it is the same speech in both channels
SPEECH_LOST = 0.85  # of the speech in any channel: a mean that has less is not the sound
CLEARER = 6.0  # dB that a channel must be clearer than the mean of all
CLEAR = 30.0  # dB: more makes no difference
INVERTED = -0.5  # correlation of two channels
ECHO = round(0.02 * SAMPLE_RATE)  # samples: two microphones in a room are less apart
SURELY_LATE = 0.3  # correlation


class Chosen(NamedTuple):
    span: Span  # mono
    channels: tuple[int, ...]  # that it is made of, from 0


def chosen(span: Span) -> Chosen:
    """Return the span in mono, made of the clearest channel with most speech, and of those that add to it."""
    if span.samples.ndim == 1:
        return Chosen(span, (0,))
    count = span.samples.shape[1]
    power = _power(span.samples)
    spoken = span.probabilities >= span.threshold
    amounts = spoken.sum(axis=0)
    anywhere: np.ndarray = np.any(spoken, axis=1)
    nearly = [channel for channel in range(count) if amounts[channel] >= NEARLY_AS_MUCH * amounts.max()]
    best = max(nearly, key=lambda channel: (round(clarity(power[:, channel], anywhere)), -channel))
    used, covered = [best], spoken[:, best].copy()
    for channel in sorted(range(count), key=lambda channel: -amounts[channel]):
        adds = (spoken[:, channel] & ~covered).sum()
        if adds >= ENOUGH and not any(_is_same(power[:, channel], power[:, other]) for other in used):
            used.append(channel)
            covered |= spoken[:, channel]
    samples = span.samples[:, used].sum(axis=1) if len(used) > 1 else span.samples[:, best].copy()
    mono = Span(span.start, samples, span.probabilities[:, used].max(axis=1), span.threshold)
    return Chosen(mono, tuple(sorted(used)))


def trouble_in(samples: np.ndarray, spoken: np.ndarray, mean: np.ndarray, spoken_in_mean: np.ndarray) -> Remark | None:
    """Return why the mean of all channels is not the sound; None if it is.

    samples: shape (frames * 512, channels). spoken: in which of the frames each channel carries speech, shape (frames,
    channels). mean, spoken_in_mean: the same of the mean, with one channel. Somebody speaks in some of the frames.
    """
    anywhere: np.ndarray = np.any(spoken, axis=1)
    power = _power(samples)
    amounts = spoken.sum(axis=0)
    best = int(amounts.argmax())
    for other in range(samples.shape[1]):
        if other != best and amounts[other] >= 0.3 * amounts[best]:
            here = np.repeat(anywhere, FRAME)
            if correlation(samples[here, best], samples[here, other]) < INVERTED:
                return Remark.CHANNELS_INVERTED
            if _is_late(samples[:, best], samples[:, other]):
                return Remark.CHANNELS_LATE
    if spoken_in_mean.sum() < SPEECH_LOST * anywhere.sum():
        return Remark.CHANNELS_USED
    clearest = max(clarity(power[:, channel], anywhere) for channel in range(samples.shape[1]) if amounts[channel])
    return Remark.CHANNELS_USED if clarity(_power(mean[:, None])[:, 0], anywhere) + CLEARER < clearest else None


def clarity(power: np.ndarray, spoken: np.ndarray) -> float:
    """Return by how many dB the frames in which somebody speaks are louder than the others."""
    quiet = power[~spoken].mean() if not spoken.all() else float(np.quantile(power, 0.1))
    loud = power[spoken].mean() if spoken.any() else 0.0
    if loud <= 0:
        return -CLEAR
    return CLEAR if quiet <= 0 else float(np.clip(10 * np.log10(loud / quiet), -CLEAR, CLEAR))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return how alike two sounds of the same length are: 1 the same, -1 upside down, 0 nothing in common."""
    size = float(np.sqrt(np.dot(one, one) * np.dot(other, other)))
    return float(np.dot(one, other)) / size if size > 0 else 0.0


def _power(samples: np.ndarray) -> np.ndarray:
    """Return the mean square of each frame of each channel, shape (frames, channels)."""
    return np.square(samples.reshape(-1, FRAME, samples.shape[1]), dtype=np.float64).mean(axis=1)


def _is_same(power: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two channels get louder and softer together, if need be one after the other."""
    one, two = (np.log10(each + 1e-9) for each in (power, other))
    one, two = one - one.mean(), two - two.mean()
    size = np.sqrt(np.dot(one, one) * np.dot(two, two))
    if size == 0:
        return False
    lags = np.correlate(one, two, mode="full") / size
    middle = len(two) - 1
    return bool(lags[max(0, middle - MOST_LATE) : middle + MOST_LATE + 1].max() >= SAME_SOUND)


def _is_late(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether one channel carries what the other does, and later, so that it is an echo of it."""
    size = 1 << (2 * len(one) - 1).bit_length()
    both = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    norm = float(np.sqrt(np.dot(one, one) * np.dot(other, other)))
    if norm <= 0:
        return False
    lags = np.abs(both) / norm
    longest = min(MOST_LATE * FRAME, size // 2 - 1)
    late = max(lags[ECHO:longest].max(initial=0.0), lags[size - longest : size - ECHO].max(initial=0.0))
    together = max(lags[:ECHO].max(), lags[size - ECHO :].max())
    return bool(late > SURELY_LATE and late > 2 * together)
