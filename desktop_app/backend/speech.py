"""Voice activity -> spans of speech the model can take."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from desktop_app.backend.audio import SAMPLE_RATE

FRAME = 512  # samples the detector judges at once: 32 ms
FRAME_SECONDS = FRAME / SAMPLE_RATE
BLOCK = 64 * FRAME  # samples read at once: about 2 s
# Silence before a recording: the detector starts deaf. It found nobody in 34 of 500 prompts of 0.25 to 1.5 s, and with
# this in 16.
LEAD_IN = 8  # frames
JUDGED_AT_ONCE = 32  # frames; always as many from where a span began, so that the same sound gets the same figures
CONTEXT = 64  # samples of the frame before that the detector wants to see as well

STILL_SPEECH = 0.15  # so much less than the threshold is silence,
SURELY_SILENCE = 0.01  # and so is this: else with a low threshold it would never begin
LONGEST_SPAN = 30 * SAMPLE_RATE // FRAME  # frames: what the model hears at once
FIRST_SPAN = 15 * SAMPLE_RATE // FRAME  # frames: a short one, so that the first words come at once
LONGEST_PAUSE = 3 * SAMPLE_RATE // FRAME  # frames of silence kept inside a span
NEAR = 16  # frames: half a second
SPEAKERS = ("left", "right")
CUT_LOOKS_AT = 5  # frames whose mean probability says how good a place is for a cut


@dataclass(frozen=True)
class Listening:
    """How speech is found. threshold: a probability; padding: seconds kept before the first and after the last word."""

    threshold: float = 0.5
    padding: float = 0.4


@dataclass(frozen=True, eq=False)
class Span:
    """A stretch of the recording with speech in it, at most 30 s long, silences included.

    start: seconds, in the recording. samples: mono float32 at 16 kHz, shape (samples,).
    probabilities: of speech in each 32 ms, shape (samples / 512,). speaker: "left" or "right" if it is one channel of
    two, which have a second axis before they are told apart by `channels`.
    """

    start: float
    samples: np.ndarray
    probabilities: np.ndarray
    threshold: float = 0.5
    speaker: str = ""

    @property
    def length(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    @property
    def end(self) -> float:
        return self.start + self.length

    def voiced(self) -> list[tuple[float, float]]:
        """Return where somebody speaks, as (start, end) in seconds from the span's start, in order."""
        stretches: list[tuple[float, float]] = []
        begin: int | None = None
        for frame, probability in enumerate(self.probabilities.tolist()):
            if begin is None and probability >= self.threshold:
                begin = frame
            elif begin is not None and probability < still_speech(self.threshold):
                stretches.append((begin * FRAME_SECONDS, frame * FRAME_SECONDS))
                begin = None
        if begin is not None:
            stretches.append((begin * FRAME_SECONDS, self.length))
        return stretches

    def part(self, begin: int, end: int) -> Span:
        """Return the frames from `begin` up to `end` as a span."""
        return Span(
            self.start + begin * FRAME_SECONDS,
            self.samples[begin * FRAME : end * FRAME],
            self.probabilities[begin:end],
            self.threshold,
            self.speaker,
        )

    def channels(self) -> list[Span]:
        """Return the span itself, or one a channel in which somebody speaks.

        From their first word to their last: the aligner stretches words over the time in which only the other speaks.
        """
        if self.samples.ndim == 1:
            return [self]
        found = []
        for channel, speaker in enumerate(SPEAKERS):
            probabilities = self.probabilities[:, channel]
            spoken = np.flatnonzero(probabilities >= self.threshold).tolist()
            if spoken:
                whole = Span(self.start, self.samples[:, channel].copy(), probabilities, self.threshold, speaker)
                found.append(whole.part(max(0, spoken[0] - NEAR), spoken[-1] + 1 + NEAR))
        return found

    def pause_near(self, moment: float) -> int:
        """Return the frame within half a second of `moment` (seconds from the span's start) where speech is weakest."""
        frame = round(moment / FRAME_SECONDS)
        count = len(self.probabilities)
        return _quietest(self.probabilities, max(0, min(count - 1, frame - NEAR)), min(count, max(1, frame + NEAR)))

    def halved(self) -> tuple[Span, Span]:
        """Return two parts, cut where speech is least probable in the middle half."""
        count = len(self.probabilities)
        cut = _quietest(self.probabilities, count // 4, max(count // 4 + 1, 3 * count // 4))
        return self.part(0, cut), self.part(cut, count)


@dataclass(frozen=True)
class Silence:
    """Long silence, up to `position` in seconds. Who begins there gets the spans that follow as they are."""

    position: float


def still_speech(threshold: float) -> float:
    """Return how probable speech must be to go on where it has begun."""
    return min(threshold, max(SURELY_SILENCE, threshold - STILL_SPEECH))


class VoiceActivity:
    """How probable speech is in each 32 ms: the silero v6 network that comes with faster-whisper, run as a stream."""

    def __init__(self) -> None:
        self._session = _network()
        self.forget()

    def forget(self, lead_in: int = 0) -> None:
        """Listen anew, as if nothing had been heard before but so many frames of silence."""
        self._h = self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        if lead_in:
            self.probabilities(np.zeros(lead_in * FRAME, np.float32))

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """Return the probability of speech in each frame of `samples`, shape (frames * 512,), as shape (frames,)."""
        frames = samples.reshape(-1, FRAME)
        before = np.concatenate([self._context[None], frames[:-1, -CONTEXT:]])
        output, self._h, self._c = self._session.run(
            None, {"input": np.concatenate([before, frames], axis=1), "h": self._h, "c": self._c}
        )
        self._context = frames[-1, -CONTEXT:]
        return output.reshape(-1)


@functools.cache
def _network() -> Any:
    """Return the network, loaded once for all channels: what it remembers of the sound is passed in with each call."""
    import faster_whisper
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    network = Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx"
    # The bytes, not the name: it may stand in a folder whose name is not ASCII.
    return onnxruntime.InferenceSession(network.read_bytes(), options, providers=["CPUExecutionProvider"])


class SpanCutter:
    """Says where the next span ends, from the speech probabilities of frame after frame.

    A span is contiguous, silences included: gluing speech together over cut-out silences is what makes words vanish.
    It begins and ends in silence wherever there is any. One that is full is cut where speech is least probable in its
    last quarter. Every frame of speech is in exactly one span, in order.
    """

    def __init__(self, listening: Listening, longest: int = LONGEST_SPAN) -> None:
        self._threshold = listening.threshold
        self._padding = min(round(listening.padding / FRAME_SECONDS), LONGEST_PAUSE)  # more was not heard yet
        self._longest = longest
        self.probabilities: list[float] = []  # of the frames since the last span ended
        self._begin: int | None = None
        self._last_speech = 0

    @property
    def wanted_from(self) -> int:
        """The first frame that a span may still want."""
        return self._begin if self._begin is not None else max(0, len(self.probabilities) - self._padding)

    def feed(self, probability: float) -> tuple[int, int] | None:
        """Take the next frame. Return the first frame of the span it ends, and the one after its last.

        These are equal where there was only silence.
        """
        frame = len(self.probabilities)
        self.probabilities.append(probability)
        if self._begin is None:
            if probability >= self._threshold:
                self._begin = max(0, frame - self._padding)
                self._last_speech = frame
            elif frame >= LONGEST_SPAN:  # a long silence is let go, so that nothing grows with its length
                return frame - self._padding, frame - self._padding
            return None
        if probability >= self._threshold or (
            probability >= still_speech(self._threshold) and frame == self._last_speech + 1
        ):
            self._last_speech = frame
        if frame - self._last_speech >= LONGEST_PAUSE:
            return self._begin, self._last_speech + 1 + self._padding
        if frame + 1 - self._begin >= self._longest:
            return self._begin, self._cut(frame + 1)
        return None

    def finish(self) -> tuple[int, int] | None:
        """Return the span that the end of the recording ends, if there is one."""
        if self._begin is None:
            return None
        return self._begin, min(self._last_speech + 1 + self._padding, len(self.probabilities))

    def _cut(self, end: int) -> int:
        assert self._begin is not None
        if end - self._last_speech > self._padding:  # it ends in silence anyway
            return self._last_speech + 1 + self._padding
        return _quietest(np.array(self.probabilities[:end]), self._begin + 3 * (end - self._begin) // 4, end)


def spans(
    blocks: Iterable[np.ndarray],
    voices: Sequence[VoiceActivity],
    listening: Listening = Listening(),
    start: float = 0.0,
    fresh: bool = True,
) -> Iterator[Span | Silence | float]:
    """Yield the spans of speech in `blocks`, long silences, and after each block the position that was listened up to.

    The blocks begin at `start`, in any sizes, with a channel for each of `voices`; a frame is speech if it is in any.
    The detector forgets all at the end of every span: what comes then is the same, whether it was reached from before
    or whether somebody began there. `fresh`: nothing came before, so the first span is short.
    """
    held = np.zeros((0, len(voices)) if len(voices) > 1 else 0, np.float32)
    first = judged = 0  # frames since the last span's end: the first that is held, the first not judged yet
    origin = 0  # frames from the start of the blocks to the last span's end
    heard = 0
    judgements: list[np.ndarray] = []  # as the voices gave them, since the last span's end
    for voice in voices:
        voice.forget(LEAD_IN if fresh else 0)
    cutter = SpanCutter(listening, FIRST_SPAN if fresh else LONGEST_SPAN)

    def span_of(begin: int, end: int) -> Span:
        samples = held[(begin - first) * FRAME : (end - first) * FRAME]
        return Span(
            start + (origin + begin) * FRAME_SECONDS,
            samples.copy(),
            np.concatenate(judgements)[begin:end],
            listening.threshold,
        )

    for block in _with_end(blocks):
        at_end = block is None
        if block is not None:
            heard += len(block)
            held = np.concatenate([held, block])
        elif len(held) % FRAME:
            missing = FRAME - len(held) % FRAME
            held = np.concatenate([held, np.zeros((missing, *held.shape[1:]), np.float32)])
        while (ready := len(held) // FRAME - (judged - first)) > 0 and (at_end or ready >= JUDGED_AT_ONCE):
            at_once = min(ready, JUDGED_AT_ONCE)
            here = (judged - first) * FRAME
            ended = None
            judged_now = _judged(voices, held[here : here + at_once * FRAME])
            judgements.append(judged_now)
            for probability in (judged_now if judged_now.ndim == 1 else judged_now.max(axis=1)).tolist():
                judged += 1
                ended = cutter.feed(probability)
                if ended:
                    break
            if ended:
                if ended[0] < ended[1]:
                    yield span_of(*ended)
                else:
                    yield Silence(start + (origin + ended[1]) * FRAME_SECONDS)
                held = held[(ended[1] - first) * FRAME :]
                origin += ended[1]
                first = judged = 0
                judgements.clear()
                for voice in voices:
                    voice.forget()
                cutter = SpanCutter(listening)
            elif cutter.wanted_from > first:
                held = held[(cutter.wanted_from - first) * FRAME :]
                first = cutter.wanted_from
        if at_end:
            if last := cutter.finish():
                yield span_of(*last)
        else:
            yield start + heard / SAMPLE_RATE


def _judged(voices: Sequence[VoiceActivity], samples: np.ndarray) -> np.ndarray:
    if samples.ndim == 1:
        return voices[0].probabilities(samples)
    channels = np.ascontiguousarray(samples.T)
    return np.stack([judged(voice, one) for voice, one in zip(voices, channels, strict=True)], axis=1)


def judged(voice: VoiceActivity, samples: np.ndarray) -> np.ndarray:
    if len(samples) and not samples.any():  # of sixty channels most are silent
        return np.zeros(len(samples) // FRAME, np.float32)
    return voice.probabilities(samples)


def _with_end(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray | None]:
    yield from blocks
    yield None


def _quietest(probabilities: np.ndarray, begin: int, end: int) -> int:
    """Return the frame from `begin` up to `end` around which speech is least probable; of equals, the latest."""
    around = probabilities[begin:end]
    if len(around) <= CUT_LOOKS_AT:
        return begin + len(around) // 2
    means = np.convolve(around, np.full(CUT_LOOKS_AT, 1 / CUT_LOOKS_AT), mode="valid")
    return begin + len(means) - 1 - int(np.argmin(means[::-1])) + CUT_LOOKS_AT // 2
