"""Follows a recording that still grows: words that may still change at once, settled ones a little later.

The sound since the last cut, the window, is decoded in two ways as it grows. Its end is decoded quickly, about once a
second, for provisional words. All of it is decoded with care every few seconds; words on which two careful readings
agree are settled: local agreement, Macháček et al. 2023, "Turning Whisper into a Real-Time Transcription System". A
window is cut behind a sentence and a breath, some seconds before its end, so that it stays short and the model still
has what was said before.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence

import numpy as np

from desktop_app.backend import checks
from desktop_app.backend.decoding import Asking, Heard, compression_ratio
from desktop_app.backend.engine import Engine, told
from desktop_app.backend.failures import Cancelled
from desktop_app.backend.growing import GrowingFile
from desktop_app.backend.level import LevelControl
from desktop_app.backend.live_channels import LiveChannels
from desktop_app.backend.sentences import ends_sentence
from desktop_app.backend.speech import FRAME, FRAME_SECONDS, LEAD_IN, Span, VoiceActivity
from desktop_app.messages import (
    Doubt,
    JobFinished,
    JobStarted,
    Message,
    Progress,
    Provisional,
    SpeechHeard,
    Stage,
    Transcribe,
    Word,
)

log = logging.getLogger(__name__)

LOOK = 0.1  # seconds between two looks at the file
SIGN_OF_LIFE = 1.0  # seconds between two, while there is nothing to do
SILENCE_TOLD = 10.0  # seconds between two positions in a long silence
STEP = 0.8  # seconds of new sound that are worth another reading
REST = 0.25  # of the time that a reading took, to be left to others before the next
PAUSE = 1.2  # seconds of silence after which what was said is settled by one reading
EDGE = 0.12  # seconds that the time of a word may be wrong
TOO_NEAR = 1.0  # seconds: words that end so near to the end of the sound may still change
SAME_TIME = 1.0  # seconds: so far apart at most is the same word in two readings
HELD_BACK = 1.5  # seconds: so long a settled word waits for the end of its sentence
CAREFULLY_EVERY = 3.0  # seconds not told yet before a reading that is not worth showing is followed by a better one
LONG = 18.0  # seconds: a window to be cut at the next good place
LONGEST = 26.0  # seconds: one to be cut now
CONTEXT = 8.0  # seconds of told sound that stay in a window which is cut: what was said before helps to understand
TAIL = 10.0  # seconds at the end of the window that are decoded for provisional words
# Two readings that agree say more if more was spoken between them: 0.8 s apart they repeat each other's mistakes.
SETTLED_EVERY = 2.5  # seconds between two careful readings, whose agreement settles words
GONE = 3.0  # seconds of silence after which the window is let go
BEHIND = 2.0  # seconds of sound not read yet: it is no use to read what is there twice
SURE_OF_LANGUAGE = 0.8
ENOUGH_FOR_LANGUAGE = 6.0  # seconds
BEAM = 2  # readings followed at once: 1 makes twice the errors, 5 takes more time and makes as many
NOT_BELIEVED = {Doubt.REPETITION, Doubt.TOO_MANY_WORDS, Doubt.LOW_CONFIDENCE}


class Window:
    """The sound that may be read again: whole frames, with how probable speech is in each.

    start: seconds into the recording.
    """

    def __init__(self, start: float, voice: VoiceActivity, threshold: float) -> None:
        self._origin = start
        self._dropped = 0  # frames since
        self._voice = voice
        self._threshold = threshold
        self._rest = np.zeros(0, np.float32)  # less than a frame
        self.samples = np.zeros(0, np.float32)
        self.probabilities = np.zeros(0, np.float32)
        voice.forget(0 if start else LEAD_IN)

    @property
    def start(self) -> float:
        return self._origin + self._dropped * FRAME_SECONDS

    @property
    def length(self) -> float:
        return len(self.probabilities) * FRAME_SECONDS

    @property
    def end(self) -> float:
        return self.start + self.length

    def add(self, samples: np.ndarray, at_end: bool = False) -> None:
        """Take what comes next. `at_end`: it is the last, so a frame that is not full is filled with silence."""
        samples = np.concatenate([self._rest, samples])
        if at_end and len(samples) % FRAME:
            samples = np.concatenate([samples, np.zeros(FRAME - len(samples) % FRAME, np.float32)])
        whole = len(samples) - len(samples) % FRAME
        self._rest = samples[whole:]
        if whole:
            self.samples = np.concatenate([self.samples, samples[:whole]])
            self.probabilities = np.concatenate([self.probabilities, self._voice.probabilities(samples[:whole])])

    def drop(self, frames: int) -> None:
        """Let the first frames go."""
        self.samples, self.probabilities = self.samples[frames * FRAME :].copy(), self.probabilities[frames:].copy()
        self._dropped += frames

    def span(self) -> Span:
        return Span(self.start, self.samples, self.probabilities, self._threshold)

    def frame_at(self, moment: float) -> int:
        """Return the frame at `moment` (seconds into the recording), or the nearest edge of the window."""
        return max(0, min(len(self.probabilities), round((moment - self.start) / FRAME_SECONDS)))

    def time_of(self, frame: int) -> float:
        return self.start + frame * FRAME_SECONDS

    def speaks_from(self, frame: int) -> bool:
        """Tell whether somebody speaks at or after a frame."""
        return bool((self.probabilities[frame:] >= self._threshold).any())

    def speech_ends(self) -> int:
        """Return the frame after the last in which somebody speaks; 0 if nobody does."""
        spoken = np.flatnonzero(self.probabilities >= self._threshold)
        return int(spoken[-1]) + 1 if len(spoken) else 0

    def probability_at(self, frame: int) -> float:
        """Return how probable speech is in a frame; 0 behind the last."""
        return float(self.probabilities[frame]) if frame < len(self.probabilities) else 0.0

    def is_breath(self, frame: int) -> bool:
        return self.probability_at(frame) < self._threshold

    def quietest(self, begin: float, end: float) -> int:
        """Return the frame between two moments at which speech is least probable."""
        first, last = self.frame_at(begin), self.frame_at(end)
        return first + int(np.argmin(self.probabilities[first:last])) if last > first else first


class LiveJob:
    """One recording that is followed."""

    def __init__(
        self,
        job: Transcribe,
        load: Callable[[], Engine],
        voices: Sequence[VoiceActivity],
        send: Callable[[Message], None],
        is_cancelled: Callable[[int], bool],
        has_ended: Callable[[int], bool],
    ) -> None:
        """load: loads the model. voices: detectors, the first for the window, the others for LiveChannels.

        has_ended: tells whether the recording of a job is complete.
        """
        self._job = job
        self._load = load
        self._send = send
        self._is_cancelled = is_cancelled
        self._has_ended = has_ended
        self._voices = voices
        self._asking = Asking(job.task, job.prompt, job.glossary, BEAM)
        self._language = job.language or job.main_language
        self._started = False
        self._begin = job.resume_at or 0.0
        self._window = Window(self._begin, voices[0], job.tuning.speech_threshold)
        self._padding = round(job.tuning.speech_padding / FRAME_SECONDS)
        self._settled: list[Word] = []  # those in the window; the first `_told` of them were told
        self._told = 0
        self._position = self._begin  # everything before it is told
        self._before: Sequence[Word] = ()  # what the last careful reading gave behind the settled words
        self._provisional: tuple[Word, ...] = ()  # as it was sent last
        self._read_to = 0  # frames of the window that a reading has had
        self._read_with_care = 0  # frames that a careful one has had
        self._ready_at = 0.0  # when the next reading may begin
        self._signs: dict[float, float] = {}

    def run(self) -> None:
        """Follow the recording to its end. Raise Cancelled or CannotTranscribe."""
        job = self._job
        self._tell(Stage.LOADING_MODEL)
        self._engine = self._load()
        self._engine.check([job.language] if job.language else job.languages, job.task)
        self._tell(Stage.READING_AUDIO)
        processing: LevelControl | LiveChannels | None = None  # not known before the header is there
        with GrowingFile(job.audio, self._begin) as file:
            while True:
                over = self._has_ended(job.job_id)  # asked before the file is read: so nothing is missed
                new = file.read(LONGEST - self._window.length + STEP)
                if processing is None and file.is_begun:
                    processing = self._processing_for(file)
                if processing is not None:
                    self._window.add(processing.feed(new))
                behind = file.unread
                if over and not len(new) and behind < FRAME_SECONDS:
                    if processing is not None:
                        self._window.add(
                            np.concatenate([processing.feed(file.rest()), processing.finish()]), at_end=True
                        )
                    break
                self._give_sign()
                if self._is_due(behind, over):
                    self._read_again()
                elif not len(new):
                    time.sleep(LOOK)
                self._let_silence_go()
            self._finish()
            notes = processing.notes if isinstance(processing, LiveChannels) else ()
            self._send(JobFinished(job.job_id, file.position, False, "", notes))

    def _processing_for(self, file: GrowingFile) -> LevelControl | LiveChannels:
        """Return what makes level mono samples of those of the file."""
        if file.channels == 1:
            return LevelControl(live=True)
        return LiveChannels(self._voices[1:], self._job.tuning.speech_threshold)

    # --- when to read ---

    def _is_due(self, behind: float, over: bool) -> bool:
        window = self._window
        if window.length >= LONGEST:
            return True
        if behind > BEHIND or over:  # more comes at once
            return False
        if time.monotonic() < self._ready_at:
            return False
        if self._is_pause and (self._unsettled or window.speaks_from(max(self._read_with_care, self._frames_told))):
            return True
        if not window.speaks_from(self._frames_told):
            return False
        fresh = len(window.probabilities) - self._read_to
        return fresh * FRAME_SECONDS >= STEP and window.speaks_from(max(0, self._read_to - self._padding))

    @property
    def _is_pause(self) -> bool:
        return (len(self._window.probabilities) - self._window.speech_ends()) * FRAME_SECONDS >= PAUSE

    @property
    def _unsettled(self) -> bool:
        """Words were heard that are not told yet."""
        return bool(self._before) or len(self._settled) > self._told

    @property
    def _frames_told(self) -> int:
        return self._window.frame_at(self._position)

    def _let_silence_go(self) -> None:
        """Let the silence in front of what is to be read go, and the window itself when nobody has spoken for long."""
        window = self._window
        if self._settled:
            if (len(window.probabilities) - window.speech_ends()) * FRAME_SECONDS < GONE or self._unsettled:
                return
            self._cut(len(window.probabilities) - self._padding)
        elif not window.speaks_from(self._frames_told):
            self._cut(len(window.probabilities) - self._padding)
            self._before = ()
        if self._started and not self._settled and window.start > self._position:
            self._position = window.start
            if self._is_over(SILENCE_TOLD):
                self._send(SpeechHeard(self._job.job_id, (), (), self._position))

    def _cut(self, frame: int) -> None:
        """Let the window begin at a frame before which all is told."""
        if frame <= 0:
            return
        window = self._window
        gone = sum(word.start < window.time_of(frame) for word in self._settled[: self._told])
        self._settled = self._settled[gone:]
        self._told -= gone
        window.drop(frame)
        self._read_to = max(0, self._read_to - frame)
        self._read_with_care = max(0, self._read_with_care - frame)

    # --- reading ---

    def _read_again(self) -> None:
        """Read the window, settle what is sure, and tell."""
        window, span = self._window, self._window.span()
        if not window.speaks_from(0):
            self._cut(len(window.probabilities) - self._padding)
            return
        if not self._knows_language(span):
            return
        is_pause, is_full = self._is_pause, window.length >= LONGEST
        self._tell(Stage.TRANSCRIBING, window.end)
        began = time.monotonic()
        self._read_to = len(window.probabilities)
        if is_pause or is_full or self._is_over(SETTLED_EVERY):
            self._heard = self._decoded_with_care()
            self._read_with_care = len(window.probabilities)
            if is_pause:
                self._settle_all(self._heard)
            else:
                self._settle_agreed(self._heard)
                if is_full:
                    self._settle_some()
            self._shorten(is_full)
            self._tell_provisional(self._before)
        else:
            heard = self._decoded_tail()
            if not self._is_nonsense(heard):
                self._tell_provisional(self._behind(self._settled, heard))
        took = time.monotonic() - began
        self._ready_at = time.monotonic() + REST * took
        log.debug("%.1f s of sound read in %.2f s", span.length, took)

    def _decoded_tail(self) -> Heard:
        """Return what is said at the end of the window, decoded quickly: for provisional words."""
        window = self._window
        begin = 0
        if window.length > TAIL:
            latest = min(self._position, window.end - TAIL / 2)
            begin = window.quietest(max(window.start, latest - TAIL / 2), max(window.start, latest))
        span = window.span().part(begin, len(window.probabilities))
        return self._engine.read(span, self._asking, self._language or "", short=True)

    def _decoded_with_care(self) -> Heard:
        """Return what is said in the whole window, as the accurate pass would decode it: for words to be settled."""
        asking = dataclasses.replace(self._asking, beam_size=self._job.tuning.beam_size)
        return self._engine.read(self._window.span(), asking, self._language or "")

    def _knows_language(self, span: Span, must: bool = False) -> bool:
        """Tell whether the language is known; find it out if it is clear enough, or if it must be."""
        if self._language is None:
            language, probability = self._engine.language_of([span], self._job.languages)
            if probability < SURE_OF_LANGUAGE and span.length < ENOUGH_FOR_LANGUAGE and not must:
                self._read_to = len(span.probabilities)
                self._ready_at = time.monotonic() + STEP
                return False
            self._start(language, probability)
        elif not self._started:
            self._start(self._language, 1.0)
        return True

    def _start(self, language: str, probability: float) -> None:
        self._language, self._started = language, True
        device = self._engine.setup.device
        self._send(JobStarted(self._job.job_id, None, language, probability, device))

    # --- settling ---

    def _settle_agreed(self, heard: Heard) -> None:
        """Settle the words that the careful reading before gave as well."""
        words = self._behind(self._settled, heard)
        if self._is_nonsense(heard):
            if self._window.end - self._position < CAREFULLY_EVERY:
                return
            rest = self._heard_anew(self._rest_heard(len(self._window.probabilities), words))
            if self._is_nonsense(rest):
                return
            self._heard, words = rest, list(rest.words[len(self._settled) - self._told :])
        agreed = agreement(self._before, words)
        while agreed and words[agreed - 1].end > self._window.end - TOO_NEAR:
            agreed -= 1
        self._settled += words[:agreed]
        self._before = words[agreed:]
        ends = [number for number, word in enumerate(self._settled[self._told :], 1) if ends_sentence(word)]
        if ends:
            self._tell_settled(self._told + ends[-1])
        if self._is_held_back():
            self._tell_settled(len(self._settled))

    def _is_held_back(self) -> bool:
        """Tell whether a word has waited long enough for the end of its sentence."""
        return len(self._settled) > self._told and self._window.end - self._settled[self._told].end > HELD_BACK

    def _settle_all(self, heard: Heard) -> None:
        """Settle all that was heard: nobody speaks any more."""
        self._settled[self._told :] = self._behind(self._settled[: self._told], heard)
        self._before = ()
        self._settle_up_to(min(len(self._window.probabilities), self._window.speech_ends() + self._padding))

    def _settle_up_to(self, end: int) -> None:
        """Tell all settled words, which end before a frame. Where they are doubtful, have it read once more."""
        rest = self._rest_heard(end, self._settled[self._told :])
        if checks.doubts(rest) and not checks.is_phantom(rest):
            rest = self._heard_anew(rest)
            self._settled[self._told :] = rest.words
        if checks.is_phantom(rest):
            del self._settled[self._told :]
        self._tell_heard(rest, end, len(self._settled))

    def _heard_anew(self, rest: Heard) -> Heard:
        """Return what is heard in what was not told yet, read by itself and with more care."""
        asking = dataclasses.replace(self._asking, beam_size=self._job.tuning.beam_size)
        (found,) = next(iter(self._engine.hear([rest.span], asking, rest.language, None, (0.0,))))
        return found

    def _settle_some(self) -> None:
        """The window is full. If hardly anything in it is settled, settle what was heard up to a pause."""
        window = self._window
        if self._position > window.start + window.length / 3:
            return
        cut = window.quietest(window.start + window.length * 0.6, window.end - TOO_NEAR)
        words = [word for word in self._before if (word.start + word.end) / 2 < window.time_of(cut)]
        self._settled += words
        self._before = self._before[len(words) :]
        self._settle_up_to(cut)

    def _is_nonsense(self, heard: Heard) -> bool:
        """Tell whether a reading is not worth showing: the model guesses, goes round in circles, or nobody spoke."""
        return bool(NOT_BELIEVED.intersection(checks.doubts(heard))) or checks.is_phantom(heard)

    def _behind(self, settled: Sequence[Word], heard: Heard) -> list[Word]:
        """Return the words of a reading that follow `settled` ones, with times behind theirs."""
        earliest = settled[-1].end if settled else self._window.start
        known = [word for word in settled if word.end > heard.span.start]
        return [
            Word(max(earliest, word.start), max(earliest, word.end), word.text, word.probability)
            for word in heard.words[joint(known, heard.words) :]
        ]

    # --- telling ---

    def _tell_settled(self, count: int) -> None:
        """Tell the first `count` settled words of the window, as far as they are not told."""
        words = self._settled[self._told : count]
        following = [*self._settled[count:], *self._before]
        end = self._between(words[-1], following[0] if following else words[-1])
        rest = self._rest_heard(end, words)
        if Doubt.NO_SPEECH not in checks.doubts(rest):  # else they wait for what follows, which may be clearer
            self._tell_heard(rest, end, count)

    def _between(self, word: Word, following: Word) -> int:
        """Return the frame between two words at which speech is least probable."""
        return self._window.quietest(word.end - EDGE, max(word.end, following.start) + EDGE)

    def _rest_heard(self, end: int, words: Sequence[Word]) -> Heard:
        """Return the words that were not told yet as what was heard from there up to a frame."""
        begin = min(self._frames_told, end)
        span = self._window.span().part(begin, end)
        text = _text(words)
        return dataclasses.replace(
            self._heard, span=span, words=tuple(words), text=text, compression_ratio=compression_ratio(text)
        )

    def _tell_heard(self, heard: Heard, end: int, count: int) -> None:
        """Tell what was heard up to a frame; so many of the settled words of the window are told then."""
        segments, left_out = told(heard, self._job.words)
        self._position = max(self._position, self._window.time_of(end))
        self._told = count
        self._send(SpeechHeard(self._job.job_id, tuple(segments), tuple(left_out), self._position))
        self._tell_provisional(self._before)

    def _tell_provisional(self, unsettled: Sequence[Word]) -> None:
        """Tell what was heard and may still change: the settled words that wait, and those behind them."""
        words = (*self._settled[self._told :], *unsettled)
        if words != self._provisional:
            self._provisional = words
            self._send(Provisional(self._job.job_id, words, self._window.end))

    def _shorten(self, is_full: bool) -> None:
        """Cut a long window behind a sentence that is told and a breath; one that is full, where it hurts least."""
        window = self._window
        if window.length < LONG:
            return
        if is_full and not self._told:
            self._cut(self._frames_told)
            return
        following = [*self._settled[1:], *self._before][: self._told]
        places = [
            (self._between(word, other), ends_sentence(word))
            for word, other in zip(self._settled, following, strict=False)
            if word.end > window.start + window.length / 3
        ]
        breaths = [frame for frame, is_end in places if is_end and window.is_breath(frame)]
        if breaths:
            kept = [frame for frame in breaths if window.time_of(frame) <= window.end - CONTEXT]
            self._cut(kept[-1] if kept else breaths[0])
        elif is_full:
            self._cut(min((frame for frame, _ in places), key=window.probability_at, default=self._frames_told))

    def _finish(self) -> None:
        if self._window.speaks_from(self._frames_told) or self._unsettled:
            span = self._window.span()
            self._knows_language(span, must=True)
            self._tell(Stage.TRANSCRIBING, self._window.end)
            self._heard = self._decoded_with_care()
            self._settle_all(self._heard)
        if not self._started:
            self._start(self._language or "", 0.0)  # nobody spoke

    # --- signs of life ---

    def _give_sign(self) -> None:
        if self._is_cancelled(self._job.job_id):
            raise Cancelled
        if self._is_over(SIGN_OF_LIFE):
            self._tell(Stage.TRANSCRIBING if self._started else Stage.FINDING_SPEECH)

    def _is_over(self, interval: float) -> bool:
        """Tell whether so many seconds are over since this was true for `interval`."""
        now = time.monotonic()
        over = now - self._signs.get(interval, -interval) >= interval
        if over:
            self._signs[interval] = now
        return over

    def _tell(self, stage: Stage, until: float | None = None) -> None:
        if self._is_cancelled(self._job.job_id):
            raise Cancelled
        self._send(Progress(self._job.job_id, stage, self._position, None, until))


def agreement(before: Sequence[Word], now: Sequence[Word]) -> int:
    """Return on how many of its first words a reading agrees with the one before: in text, and about when."""
    agreed = 0
    for one, other in zip(before, now, strict=False):
        if plain(one) != plain(other) or abs(one.start - other.start) > SAME_TIME:
            break
        agreed += 1
    return agreed


def joint(settled: Sequence[Word], words: Sequence[Word]) -> int:
    """Return how many of the first words of a reading are the settled ones, or stand for them: at the least cost.

    A word that is missing, or is another one, costs 1; as much as one whose end is a second off that of the last.
    """
    if not settled:
        return 0
    costs = [float(number) for number in range(len(words) + 1)]
    for said in settled:
        before, costs = costs, [costs[0] + 1]
        for number, word in enumerate(words):
            costs.append(min(before[number] + (plain(word) != plain(said)), before[number + 1] + 1, costs[number] + 1))
    costs[1:] = [cost + abs(word.end - settled[-1].end) for cost, word in zip(costs[1:], words, strict=True)]
    costs[0] += settled[-1].end - settled[0].start
    return min(range(len(costs)), key=lambda number: costs[number])


def plain(word: Word) -> str:
    """Return a word without what two readings of it may differ in."""
    return "".join(sign for sign in word.text.casefold() if sign.isalnum())


def _text(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words)
