"""Brings speech that is far too quiet or too loud into range, and takes out hum and rumble that would cover it.

Both the voice activity detector and the model get what comes out. Sound that is in range and has no such disturbance is
passed on sample by sample as it came. What happens to a sample depends on the seconds around it alone, and not on where
reading began: a job that goes on somewhere hears the same as one that was never interrupted.
"""

from __future__ import annotations

import functools
from collections import deque
from typing import NamedTuple

import numpy as np

SAMPLE_RATE = 16_000
FRAME = 512  # samples that are measured at once: 32 ms
HOP = 16 * FRAME  # samples that are decided upon at once: about half a second
LIVE_HOP = 2 * FRAME  # the same where nobody can wait
LIVE_LEAST = 16  # such hops, a second: nothing is decided from less
BACK, AHEAD = 12 * HOP, 4 * HOP  # samples before and after that a decision looks at: 6 s, longer than most pauses; 2 s
FILTER_HALF = 1024  # samples: half the length of the high-pass. Its edge is 40 Hz wide.

# The bands of a frame's spectrum, in bins of 31 Hz. A voice is told by what lies above 312 Hz: that is what a telephone
# lets through, and mains hum with its first harmonics stays below.
BELOW_VOICES, LOW, VOICE = slice(0, 3), slice(3, 7), slice(10, None)
CUT_BELOW_VOICES, CUT_LOW = 80.0, 200.0  # Hz: below no voice; above mains hum at 50 Hz or 60 Hz and its harmonics

# Measured with the detector on human speech (tests/benchmarks/README.md): it begins to miss words where what lies below
# is 10 dB stronger than the voice, or where the voice is below -55 dB.
MUCH_BELOW, MUCH_LOW = 1.0, 2.0  # times the power of the voice
SPEECH_VARIES = 4.0  # times the power that the loudest frames have more than the quiet ones; steady noise has less
SURELY_VARIES = 30.0  # the same where nobody knows what comes: the sounds of a room before the first word have less
QUIET_DB, TOO_QUIET_TO_RAISE_DB = -45.0, -100.0  # of full scale; between them a voice is raised
RAISED_TO_DB = -20.0
LOUD_DB = 6.0  # peaks; decoders overshoot full scale by less than that
LOWERED_TO_DB = -3.0
WORTH_TELLING_DB = 6.0
WORTH_TELLING = 2 * SAMPLE_RATE  # samples


class _Measured(NamedTuple):
    """One hop: a value for each of its frames."""

    below: np.ndarray
    low: np.ndarray
    voice: np.ndarray
    peak: np.ndarray


class _Decision(NamedTuple):
    gain_db: float
    cut: float  # Hz; 0: no high-pass


class LevelControl:
    """One channel on its way through. Feed it in pieces of any size, then call `finish`.

    It gives back as many samples as it gets, those of the last seconds later. Holds about ten seconds.
    """

    def __init__(self, begin: int = 0, live: bool = False) -> None:
        """begin: the first sample that anybody wants; what is long before it is passed on unmeasured.

        live: decide without looking ahead, and give back all but the last tenth of a second.
        """
        self._hop = LIVE_HOP if live else HOP
        self._back = BACK // self._hop
        self._loud = 1.0 if live else 0.95  # which part of the frames is not louder than what counts as loud
        self._varies = SURELY_VARIES if live else SPEECH_VARIES
        self._ahead = 0 if live else AHEAD // self._hop
        self._least = LIVE_LEAST if live else 1
        self._unmeasured = max(0, begin // self._hop - self._back - 2) * self._hop  # samples still to be passed on
        self._held = np.zeros(0, np.float32)  # from `_before` samples before the next hop to be given back
        self._before = 0
        self._measured: deque[_Measured] = deque()  # the last of them is of the last whole hop that came
        self._count = 0  # hops measured
        self._done = 0  # hops given back
        self._last = _Decision(0.0, 0.0)
        self._raised = self._lowered = self._filtered = 0  # samples

    @property
    def was_raised(self) -> bool:
        return self._raised >= WORTH_TELLING

    @property
    def was_lowered(self) -> bool:
        return self._lowered >= WORTH_TELLING

    @property
    def was_filtered(self) -> bool:
        return self._filtered >= WORTH_TELLING

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """Take what comes next, float32 of shape (samples,); return what is ready of it and of what came before."""
        passed = samples[: self._unmeasured]
        self._unmeasured -= len(passed)
        self._held = np.concatenate([self._held, samples[len(passed) :]])
        while self._unused() >= self._hop:
            self._measure(self._hop)
        ready = [passed]
        while self._count - self._done > self._ahead and self._unread() >= self._hop + FILTER_HALF:
            ready.append(self._next(self._hop))
        return np.concatenate(ready)

    def finish(self) -> np.ndarray:
        """Return the rest, when there is nothing more to come."""
        if rest := self._unused():
            self._measure(rest)
        ready = [np.zeros(0, np.float32)]
        while self._done < self._count:
            ready.append(self._next(min(self._hop, self._unread())))
        return np.concatenate(ready)

    def _unread(self) -> int:
        """Return how many samples are held that were not given back."""
        return len(self._held) - self._before

    def _unused(self) -> int:
        """Return how many samples are held that were not measured."""
        return self._unread() - (self._count - self._done) * self._hop

    def _measure(self, count: int) -> None:
        begin = self._before + (self._count - self._done) * self._hop
        self._measured.append(_measured(self._held[begin : begin + count]))
        self._count += 1

    def _next(self, count: int) -> np.ndarray:
        """Return the next hop, of `count` samples."""
        decision = self._decide()
        hop = self._held[self._before : self._before + count]
        filtered = self._high_passed(count, decision.cut)
        if filtered is not None:
            hop = filtered
            self._filtered += count
        if self._last.gain_db or decision.gain_db:
            gains = 10 ** (np.linspace(self._last.gain_db, decision.gain_db, count, endpoint=False) / 20)
            hop = np.clip(hop * gains, -1.0, 1.0).astype(np.float32)
            self._raised += count if decision.gain_db >= WORTH_TELLING_DB else 0
            self._lowered += count if decision.gain_db <= -WORTH_TELLING_DB else 0
        self._last = decision
        self._done += 1
        keep = max(0, self._before + count - FILTER_HALF)
        hop = hop.copy()
        self._held, self._before = self._held[keep:], self._before + count - keep
        while len(self._measured) > self._count - self._done + self._back:
            self._measured.popleft()
        return hop

    def _decide(self) -> _Decision:
        """Decide about the next hop, from the hops around it."""
        first = self._count - len(self._measured)  # the hop that the first one measured is of
        near = [*self._measured][max(0, self._done - self._back - first) : self._done + 1 + self._ahead - first]
        if len(near) < self._least:
            return _Decision(0.0, 0.0)
        voices = np.sort(np.concatenate([hop.voice for hop in near]))
        loud, quiet = voices[int(self._loud * (len(voices) - 1))], voices[len(voices) // 5]
        peak = np.sort(np.concatenate([hop.peak for hop in near]))[int(0.95 * (len(voices) - 1))]
        if peak == 0 or loud <= 0:
            return _Decision(0.0, 0.0)
        peak_db = 20 * float(np.log10(peak))
        if loud < self._varies * quiet:  # nobody speaks, or not so that it could be told
            return _Decision(_lowering(peak_db), 0.0)
        voice_db = 10 * float(np.log10(loud))
        low = np.mean(np.concatenate([hop.low for hop in near]))
        below = np.mean(np.concatenate([hop.below for hop in near]))
        cut = CUT_LOW if low > MUCH_LOW * loud else CUT_BELOW_VOICES if below > MUCH_BELOW * loud else 0.0
        return _Decision(_raising(voice_db) or _lowering(peak_db), cut)

    def _high_passed(self, count: int, cut: float) -> np.ndarray | None:
        """Return the next hop with what lies below `cut` taken out, faded in or out; None if unchanged."""
        if not cut and not self._last.cut:
            return None
        begin = self._before - FILTER_HALF
        around = self._held[max(0, begin) : self._before + count + FILTER_HALF]
        if begin < 0:  # the recording begins here: as if its first sample had been there for ever, or a click would
            around = np.concatenate([np.full(-begin, around[0], np.float32), around])
        missing = count + 2 * FILTER_HALF - len(around)
        if missing:
            around = np.concatenate([around, np.full(missing, around[-1], np.float32)])
        hop = self._held[self._before : self._before + count].astype(np.float64)
        fade = np.linspace(0.0, 1.0, count, endpoint=False) if cut != self._last.cut else np.ones(count)
        if cut:
            hop -= fade * _below(around, cut)
        if self._last.cut and self._last.cut != cut:
            hop -= (1 - fade) * _below(around, self._last.cut)
        return hop.astype(np.float32)


def _measured(samples: np.ndarray) -> _Measured:
    missing = -len(samples) % FRAME
    frames = np.concatenate([samples, np.zeros(missing, np.float32)]).reshape(-1, FRAME)
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    powers = np.square(np.abs(np.fft.rfft(frames * window, axis=1))) * (2 / (FRAME * np.square(window).sum()))
    below, low, voice = (powers[:, band].sum(axis=1) for band in (BELOW_VOICES, LOW, VOICE))
    return _Measured(below, low, voice, np.abs(frames).max(axis=1))


def _raising(voice_db: float) -> float:
    """Return by how many dB to raise a voice: by twice what it lacks, so little at the edge."""
    if voice_db >= QUIET_DB or voice_db < TOO_QUIET_TO_RAISE_DB:
        return 0.0
    return min(2 * (QUIET_DB - voice_db), RAISED_TO_DB - voice_db)


def _lowering(peak_db: float) -> float:
    return max(-2 * (peak_db - LOUD_DB), LOWERED_TO_DB - peak_db) if peak_db > LOUD_DB else 0.0


def _below(samples: np.ndarray, cut: float) -> np.ndarray:
    """Return what of `samples` lies below `cut` (Hz), without the first and the last half of the filter."""
    size = 1 << (len(samples) + 2 * FILTER_HALF).bit_length()
    spectrum = np.fft.rfft(samples, size) * _low_pass(cut, size)
    return np.fft.irfft(spectrum, size)[2 * FILTER_HALF : len(samples)]


@functools.cache
def _low_pass(cut: float, size: int) -> np.ndarray:
    """Return the spectrum of a low-pass of linear phase: a sinc under a Blackman window."""
    taps = np.arange(-FILTER_HALF, FILTER_HALF + 1)
    kernel = np.sinc(2 * cut / SAMPLE_RATE * taps) * np.blackman(len(taps))
    return np.fft.rfft(kernel / kernel.sum(), size)
