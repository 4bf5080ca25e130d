"""A look at a recording before it is read: which of its tracks, and of its channels, carry speech.

What is found depends on the file alone, so that a job which goes on somewhere comes to the same.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desktop_app.backend.audio import EACH, Recording
from desktop_app.backend.channels import correlation, trouble_in
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.sound_tracks import Track, by_preference
from desktop_app.backend.speech import BLOCK, FRAME, FRAME_SECONDS, VoiceActivity, judged
from desktop_app.messages import Remark, SoundNote

SPEAKS = 1.0  # seconds of speech by which a track is known to carry some
ENOUGH = 8.0  # seconds of speech after which the channels can be judged
FARTHEST = 600.0  # seconds into the file that are looked at while nobody speaks,
FARTHEST_IN_OTHERS = 120.0  # and in tracks that are only to be mentioned
THOROUGH = 30  # blocks, a minute: so long every one is listened to, and then, while nobody has spoken, one of
ONE_OF = 5
KEPT = 15  # blocks, half a minute: the last of them are judged
THE_SAME = 0.98  # correlation of two channels
MOST_CHANNELS = 8  # that FFmpeg's mean is tried for: more are a recorder's
THRESHOLD = 0.5


@dataclass(frozen=True)
class Survey:
    """How a recording is to be read.

    by_channel: the mean of all channels is not the sound: see for each span which channels carry it; `trouble` says
    what is the matter. speakers: of more than two channels the first two in which somebody speaks, if asked for.
    """

    track: int
    notes: tuple[SoundNote, ...] = ()
    by_channel: bool = False
    trouble: Remark = Remark.CHANNELS_USED
    speakers: tuple[int, ...] = ()


def survey(
    path: bytes,
    recording: Recording,
    wanted: int | None,
    voices: Callable[[int], Sequence[VoiceActivity]],
    split: bool = False,
    give_sign: Callable[[], None] = lambda: None,
) -> Survey:
    """Look at the file, of which a track is open as `recording`, and leave that at its start.

    wanted: a track, from 0; None: to be chosen. voices: gives so many detectors. split: look for two speakers.
    give_sign: is called every few seconds of sound, as many minutes of it may be looked at; it may raise.
    """
    track = recording.track
    notes: tuple[SoundNote, ...] = ()
    if wanted is None and len(recording.tracks) > 1:
        track, notes = _chosen_track(path, recording.tracks, voices, give_sign)
    if recording.tracks[track].unknown_codec:
        return Survey(track, notes)
    if track == recording.track:
        channels = recording.channels
    else:
        with Recording(path, track) as other:
            channels = other.channels
    if channels == 1:
        return Survey(track, notes)
    found = _of_channels(path, track, channels, voices(channels + 1), give_sign)
    speakers = _speakers(path, track, voices(channels), give_sign) if split and channels > 2 else ()
    return replace(found, notes=notes, speakers=speakers)


def _chosen_track(
    path: bytes,
    tracks: tuple[Track, ...],
    voices: Callable[[int], Sequence[VoiceActivity]],
    give_sign: Callable[[], None],
) -> tuple[int, tuple[SoundNote, ...]]:
    """Return the track that players play, or the first in which somebody speaks; and what there is to say about it."""
    found = by_preference(tracks)
    if not found:
        return 0, ()
    first = found[0]
    used = first if _speaks(path, first.number, FARTHEST, voices, give_sign) else None
    others = []
    for track in found[1:]:
        farthest = FARTHEST if used is None else FARTHEST_IN_OTHERS
        if _speaks(path, track.number, farthest, voices, give_sign):
            if used is None:
                used = track
            else:
                others.append(track.number + 1)
    used = used or first
    notes = [
        SoundNote(Remark.TRACK_UNREADABLE, (track.number + 1,), len(tracks), track.unknown_codec)
        for track in tracks
        if track.unknown_codec
    ]
    if used.number or others:
        remark = Remark.TRACK_USED if used is first else Remark.TRACK_SPEAKS
        notes.append(SoundNote(remark, (used.number + 1,), len(tracks)))
    if others:
        notes.append(SoundNote(Remark.OTHER_TRACKS_SPEAK, tuple(sorted(others)), len(tracks)))
    return used.number, tuple(notes)


def _speaks(
    path: bytes,
    track: int,
    farthest: float,
    voices: Callable[[int], Sequence[VoiceActivity]],
    give_sign: Callable[[], None],
) -> bool:
    """Tell whether somebody speaks in a track, in any of its channels."""
    try:
        with Recording(path, track) as recording:
            detectors = voices(recording.channels)
            _forget(detectors)
            spoken = 0
            for number, block in enumerate(recording.blocks(BLOCK, end=farthest, layout=EACH)):
                give_sign()
                if _is_passed_over(number, spoken) or not block.any():
                    continue
                spoken += int(_spoken(detectors, block.reshape(len(block), -1)).any(axis=1).sum())
                if spoken * FRAME_SECONDS >= SPEAKS:
                    return True
    except CannotTranscribe:  # another one may be sound
        pass
    return False


def _is_passed_over(number: int, spoken: int) -> bool:
    """Whether a block need not be listened to, so that a long silence costs little: who speaks, speaks for longer."""
    return number >= THOROUGH and not spoken and number % ONE_OF > 0


def _of_channels(
    path: bytes, track: int, channels: int, voices: Sequence[VoiceActivity], give_sign: Callable[[], None]
) -> Survey:
    """Look at the channels of a track until enough was said, beside FFmpeg's mean of them."""
    if channels > MOST_CHANNELS:
        return Survey(track, by_channel=True)
    _forget(voices)
    kept: deque[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = deque(maxlen=KEPT)
    spoken = 0
    with Recording(path, track) as recording, Recording(path, track) as mixed:
        apart = recording.blocks(BLOCK, end=FARTHEST, layout=EACH)
        for number, (each, mean) in enumerate(itertools.zip_longest(apart, _as_far_as_it_goes(mixed))):
            give_sign()
            if each is None:
                break
            if mean is None or len(mean) != len(each):  # there is no mean of such channels
                return Survey(track, by_channel=True)
            if _is_passed_over(number, spoken):
                continue
            each, mean = _whole(each), _whole(mean)
            said, said_in_mean = _spoken(voices[:-1], each), _spoken(voices[-1:], mean[:, None])[:, 0]
            kept.append((each, said, mean, said_in_mean))
            spoken += int(said.any(axis=1).sum())
            if spoken * FRAME_SECONDS >= ENOUGH:
                break
    if not kept:
        return Survey(track)
    samples, said, mean, said_in_mean = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    if not said.any():
        return Survey(track, by_channel=not _are_the_same(samples))
    trouble = trouble_in(samples, said, mean, said_in_mean)
    return Survey(track, by_channel=trouble is not None, trouble=trouble or Remark.CHANNELS_USED)


def _speakers(
    path: bytes, track: int, voices: Sequence[VoiceActivity], give_sign: Callable[[], None]
) -> tuple[int, ...]:
    """Return the first two channels in which somebody speaks."""
    _forget(voices)
    spoken = np.zeros(len(voices), int)
    speaking: list[int] = []
    with Recording(path, track) as recording:
        for block in recording.blocks(BLOCK, end=FARTHEST, layout=EACH):
            give_sign()
            spoken += _spoken(voices, block).sum(axis=0)
            speaking = np.flatnonzero(spoken * FRAME_SECONDS >= SPEAKS).tolist()
            if len(speaking) > 1:
                break
    return tuple(speaking[:2]) if len(speaking) > 1 else ()


def _as_far_as_it_goes(recording: Recording) -> list[np.ndarray] | itertools.chain[np.ndarray]:
    """Return the mean of all channels in blocks; none if there is no sound in it."""
    blocks = recording.blocks(BLOCK, end=FARTHEST)
    try:
        first = next(blocks, None)
    except CannotTranscribe:
        return []
    return [] if first is None else itertools.chain([first], blocks)


def _are_the_same(samples: np.ndarray) -> bool:
    first = samples[:, 0]
    others = samples[:, 1:].T
    if not samples.any():
        return True
    return all(correlation(first, other) > THE_SAME for other in others)


def _spoken(voices: Sequence[VoiceActivity], samples: np.ndarray) -> np.ndarray:
    """Return in which frames of which channels somebody speaks, shape (frames, channels)."""
    whole = np.ascontiguousarray(_whole(samples).T)
    return np.stack([judged(voice, one) >= THRESHOLD for voice, one in zip(voices, whole, strict=True)], axis=1)


def _whole(samples: np.ndarray) -> np.ndarray:
    """Return the samples as whole frames: silence is added to the last."""
    missing = -len(samples) % FRAME
    return np.pad(samples, ((0, missing), *[(0, 0)] * (samples.ndim - 1))) if missing else samples


def _forget(voices: Sequence[VoiceActivity]) -> None:
    for voice in voices:
        voice.forget()
