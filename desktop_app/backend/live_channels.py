"""Two channels of a recording that still grows -> mono, made of what carries speech.

Looks at channels as a file's are looked at (channels.py), but at the last seconds alone: nothing waits, and what was
passed on stays as it was. As long as the mean of both is the sound, the mean is used.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from desktop_app.backend.channels import ENOUGH, INVERTED, chosen, trouble_in
from desktop_app.backend.level import LevelControl
from desktop_app.backend.speech import FRAME, SAMPLE_RATE, Span, VoiceActivity
from desktop_app.messages import Remark, SoundNote

KEPT = 8 * SAMPLE_RATE // FRAME  # frames, 8 s: an echo of up to 2 s is found in them, by one FFT of 16 ms
EVERY = SAMPLE_RATE // FRAME // 2  # frames, half a second between two decisions
DETECTORS = 3  # of the left channel, of the right one, of their mean
SURELY_SOUND = 8  # decisions in a row, 4 s of them, after which a mean that was not the sound is it again
SAME_VOICE = {Remark.CHANNELS_INVERTED, Remark.CHANNELS_LATE}  # both channels say the same
HARDLY = 0.05  # of the speech in the other channel: the detector's mistakes
COVERS = 0.1  # of the power of a voice: quieter noise does no harm to words
BOTH = (0, 1)
MEAN = np.full(2, 0.5**0.5)  # weights by which the power stays, as FFmpeg mixes


class _Frame(NamedTuple):
    samples: np.ndarray  # shape (512, 2)
    spoken: np.ndarray  # whether each channel carries speech, shape (2,)
    spoken_in_mean: bool


class LiveChannels:
    """The way of two channels to one. Feed it in pieces of any size, then call `finish`. Holds about eight seconds."""

    def __init__(self, voices: Sequence[VoiceActivity], threshold: float) -> None:
        """voices: three detectors, for this alone."""
        self._voices = voices
        self._threshold = threshold
        for voice in voices:
            voice.forget()
        self._levels = [LevelControl(live=True) for _ in BOTH]
        self._rest = np.zeros((0, 2), np.float32)  # less than a frame
        self._kept: deque[_Frame] = deque(maxlen=KEPT)
        self._undecided = 0  # frames since the last decision
        self._products = np.zeros(3)  # sums since the start: left times left, right times right, left times right
        self._trouble: Remark | None = None  # why the mean of both is not the sound
        self._sound = 0  # decisions in a row that found nothing wrong with the mean
        self._used: tuple[int, ...] = BOTH  # the channels that the sound is made of, if it is not the mean
        self._weights = MEAN  # of the channels, at the end of the last frame
        self._spoke: set[int] = set()  # channels that speech was taken from

    @property
    def notes(self) -> tuple[SoundNote, ...]:
        """What there is to say about a channel that was left out."""
        if self._trouble is None or not self._spoke or len(self._spoke) == len(BOTH):
            return ()
        return (SoundNote(self._trouble, tuple(channel + 1 for channel in sorted(self._spoke)), len(BOTH)),)

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """Take what comes next, float32 of shape (samples, 2); return what is ready of it, shape (samples,)."""
        return self._mixed([level.feed(one) for level, one in zip(self._levels, _apart(samples), strict=True)])

    def finish(self) -> np.ndarray:
        """Return the rest, when there is nothing more to come."""
        whole = self._mixed([level.finish() for level in self._levels])
        rest, self._rest = self._rest @ self._weights, self._rest[:0]
        return np.concatenate([whole, rest], dtype=np.float32)

    def _mixed(self, channels: list[np.ndarray]) -> np.ndarray:
        samples = np.concatenate([self._rest, np.stack(channels, axis=1)])
        whole = len(samples) - len(samples) % FRAME
        self._rest = samples[whole:]
        if not whole:
            return np.zeros(0, np.float32)
        sounds = [*_apart(samples[:whole]), (samples[:whole] @ MEAN).astype(np.float32)]
        spoken = np.stack(
            [voice.probabilities(one) >= self._threshold for voice, one in zip(self._voices, sounds, strict=True)],
            axis=1,
        )
        return np.concatenate(
            [
                self._next(_Frame(one, said[:2], bool(said[2])))
                for one, said in zip(samples[:whole].reshape(-1, FRAME, 2), spoken, strict=True)
            ]
        )

    def _next(self, frame: _Frame) -> np.ndarray:
        """Return a frame in mono."""
        self._kept.append(frame)
        left, right = frame.samples.T.astype(np.float64)
        self._products += (left @ left, right @ right, left @ right)
        self._undecided += 1
        if self._undecided >= EVERY:
            self._decide()
        weights = self._weights_for(frame)
        fade = np.linspace(0, 1, FRAME, endpoint=False)[:, None]
        mono = (frame.samples * (self._weights + fade * (weights - self._weights))).sum(axis=1)
        self._weights = weights
        return mono.astype(np.float32)

    def _decide(self) -> None:
        """Look at the last seconds: is their mean the sound, and if not, which channels are?"""
        spoken = np.stack([frame.spoken for frame in self._kept])
        if spoken.any(axis=1).sum() < ENOUGH:  # nothing speaks against what was decided
            return
        self._undecided = 0
        samples = np.concatenate([frame.samples for frame in self._kept])
        said_in_mean = np.array([frame.spoken_in_mean for frame in self._kept])
        trouble = trouble_in(samples, spoken, samples @ MEAN, said_in_mean)
        if trouble is None and _one_is_noise(samples, spoken):
            trouble = Remark.CHANNELS_USED
        self._sound = self._sound + 1 if trouble is None else 0
        if trouble is None and self._sound < SURELY_SOUND and self._trouble is not None:
            return  # what was wrong a moment ago most likely is so again
        was_same_voice, self._trouble = self._trouble in SAME_VOICE, trouble
        if trouble is None:
            return
        amounts = spoken.sum(axis=0)
        if trouble not in SAME_VOICE:
            self._used = chosen(Span(0.0, samples, spoken.astype(np.float32), 0.5)).channels
        elif not was_same_voice or amounts[list(self._used)].sum() < amounts.max() / 2:
            self._used = (int(amounts.argmax()),)  # and that one from now on: the other says the same at another time

    def _weights_for(self, frame: _Frame) -> np.ndarray:
        used: tuple[int, ...] | None = self._used if self._trouble is not None else None
        speaking = tuple(int(channel) for channel in np.flatnonzero(frame.spoken))
        if used is None and self._is_inverted:  # known before anybody has said much
            used = (int(self._products[1] > self._products[0]),)
        elif self._trouble not in SAME_VOICE:
            heard = frame.spoken_in_mean if used is None else any(channel in used for channel in speaking)
            if not heard and speaking:  # somebody begins, whom the last seconds have not shown
                used = speaking
        if used is None:
            return MEAN
        self._spoke.update(channel for channel in used if channel in speaking)
        return np.array([1.0 if channel in used else 0.0 for channel in BOTH])

    @property
    def _is_inverted(self) -> bool:
        """Tell whether one channel has been the other one upside down: their mean would be silence."""
        return bool(self._products[2] < INVERTED * np.sqrt(self._products[0] * self._products[1]))


def _one_is_noise(samples: np.ndarray, spoken: np.ndarray) -> bool:
    """Tell whether nobody speaks in one channel, which covers what is said in the other: clear before any pause."""
    amounts = spoken.sum(axis=0)
    best = int(amounts.argmax())
    if amounts[1 - best] > HARDLY * amounts[best]:
        return False
    power = np.square(samples[np.repeat(spoken[:, best], FRAME)], dtype=np.float64).mean(axis=0)
    return bool(power[1 - best] > COVERS * power[best])


def _apart(samples: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(samples.T)
