"""Voice activity -> spans of speech the model can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop_app.backend.audio import SAMPLE_RATE

FRAME = 512  # samples the detector judges at once: 32 ms
BLOCK = 64 * FRAME  # samples read at once: about 2 s
CONTEXT = 64  # samples of the frame before that the detector wants to see as well

SPEECH = 0.5  # a frame at least this probable begins speech
STILL_SPEECH = 0.35  # one below this is silence
LONGEST_SPAN = 30 * SAMPLE_RATE // FRAME  # frames: what the model hears at once
LONGEST_PAUSE = 3 * SAMPLE_RATE // FRAME  # frames of silence kept inside a span
PADDING = 13  # frames (0.4 s) kept before the first and after the last word
CUT_LOOKS_AT = 5  # frames whose mean probability says how good a place is for a cut


@dataclass(frozen=True)
class Span:
    """A stretch of the recording with speech in it, at most 30 s long."""

    start: float
    samples: np.ndarray  # mono float32 at 16 kHz, shape (samples,)

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / SAMPLE_RATE


class VoiceActivity:
    """How probable speech is in each 32 ms: the silero v6 network that comes with faster-whisper, run as a stream."""

    def __init__(self) -> None:
        import faster_whisper
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        network = Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx"
        # The bytes, not the name: it may stand in a folder whose name is not ASCII.
        self._session = onnxruntime.InferenceSession(network.read_bytes(), options, providers=["CPUExecutionProvider"])
        self.forget()

    def forget(self) -> None:
        """Begin a new recording."""
        self._h = self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """Return the probability of speech in each frame of `samples`, shape (frames * 512,), as shape (frames,)."""
        frames = samples.reshape(-1, FRAME)
        before = np.concatenate([self._context[None], frames[:-1, -CONTEXT:]])
        output, self._h, self._c = self._session.run(
            None, {"input": np.concatenate([before, frames], axis=1), "h": self._h, "c": self._c}
        )
        self._context = frames[-1, -CONTEXT:]
        return output.reshape(-1)


class SpanCutter:
    """Cuts a stream of samples and their speech probabilities into spans.

    A span is contiguous, silences included: gluing speech together over cut-out silences is what makes words vanish.
    It begins and ends in silence wherever there is any, and is at most 30 s long; a longer stretch of speech is cut
    where speech is least probable in its second half. Every frame of speech is in exactly one span, in order,
    whatever the sizes of the pieces fed.
    """

    def __init__(self) -> None:
        self._samples = np.zeros(0, np.float32)  # held, from frame `_first` on
        self._first = 0
        self._probabilities: list[float] = []  # of the frames held
        self._begin: int | None = None  # first frame of the span being gathered
        self._last_speech = 0  # last frame of speech in it
        self._free_from = 0  # frames before it belong to an earlier span

    def feed(self, samples: np.ndarray, probabilities: np.ndarray) -> Iterator[Span]:
        """Take the next frames: samples of shape (n * 512,), probabilities of shape (n,). Yield the spans they end."""
        self._samples = np.concatenate([self._samples, samples])
        for probability in probabilities.tolist():
            self._probabilities.append(probability)
            yield from self._judge(self._first + len(self._probabilities) - 1, probability)
        self._let_go()

    def finish(self) -> Iterator[Span]:
        """Yield the span that the end of the recording ends, if there is one."""
        if self._begin is not None:
            end = self._first + len(self._probabilities)
            yield self._span(self._begin, min(self._last_speech + 1 + PADDING, end))
            self._begin = None

    def _judge(self, frame: int, probability: float) -> Iterator[Span]:
        if self._begin is None:
            if probability >= SPEECH:
                self._begin = max(frame - PADDING, self._free_from, self._first)
                self._last_speech = frame
            return
        if probability >= SPEECH or (probability >= STILL_SPEECH and frame == self._last_speech + 1):
            self._last_speech = frame
        if frame - self._last_speech >= LONGEST_PAUSE:
            yield self._closed(self._last_speech + 1 + PADDING)
        elif frame + 1 - self._begin >= LONGEST_SPAN:
            yield from self._cut(frame + 1)

    def _cut(self, end: int) -> Iterator[Span]:
        """End the span, which is full, where speech is least probable; what comes after begins the next one."""
        begin, last_speech = self._begin or 0, self._last_speech
        if end - last_speech > PADDING:  # it ends in silence anyway
            yield self._closed(last_speech + 1 + PADDING)
            return
        middle = begin + LONGEST_SPAN // 2
        around = np.array(self._probabilities[middle - self._first : end - self._first])
        means = np.convolve(around, np.full(CUT_LOOKS_AT, 1 / CUT_LOOKS_AT), mode="valid")
        best = len(means) - 1 - int(np.argmin(means[::-1]))  # the latest of equals: long spans are cheaper
        cut = middle + best + CUT_LOOKS_AT // 2
        yield self._closed(cut)
        for frame in range(cut, end):  # the frames after the cut are heard again, for the next span
            yield from self._judge(frame, self._probabilities[frame - self._first])

    def _closed(self, end: int) -> Span:
        assert self._begin is not None
        span = self._span(self._begin, end)
        self._begin, self._free_from = None, end
        return span

    def _span(self, begin: int, end: int) -> Span:
        samples = self._samples[(begin - self._first) * FRAME : (end - self._first) * FRAME]
        return Span(begin * FRAME / SAMPLE_RATE, samples.copy())

    def _let_go(self) -> None:
        """Forget the frames that no span can want any more."""
        end = self._first + len(self._probabilities)
        keep = self._begin if self._begin is not None else max(end - PADDING, self._free_from, self._first)
        gone = keep - self._first
        self._samples = self._samples[gone * FRAME :]
        del self._probabilities[:gone]
        self._first = keep


def spans(blocks: Iterable[np.ndarray], voice: VoiceActivity) -> Iterator[Span | float]:
    """Yield the spans of speech in `blocks`, and after each block the position in seconds up to which was listened."""
    voice.forget()
    cutter = SpanCutter()
    heard = 0
    for block in blocks:
        whole = block if len(block) % FRAME == 0 else np.pad(block, (0, FRAME - len(block) % FRAME))
        yield from cutter.feed(whole, voice.probabilities(whole))
        heard += len(block)
        yield heard / SAMPLE_RATE
    yield from cutter.finish()
