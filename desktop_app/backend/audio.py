"""Any media file -> blocks of mono 16 kHz samples, streamed."""

from __future__ import annotations

import functools
import io
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self

import av
import av.error
import numpy as np

from desktop_app.backend import limits
from desktop_app.backend.cuts import what_is_missing
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.lengths import MOST_SECONDS, declared, measured
from desktop_app.backend.level import LevelControl
from desktop_app.backend.parts import WORTH_TELLING, PartOfFile, parts_of
from desktop_app.backend.sound_tracks import PROTECTED, Track, tracks_of
from desktop_app.backend.timeline import MATROSKA, Beginnings, Timeline, from_the_start, shown, with_next
from desktop_app.messages import Failure

SAMPLE_RATE = 16_000
ENDS_AS_DECLARED = {MATROSKA, "mov,mp4,m4a,3gp,3g2,mj2"}  # their clock does not go on behind their duration
EACH = "each"  # of the channels by itself, instead of a layout that they are mixed to
LOSS_WORTH_TELLING = 0.5  # seconds of sound
LOWEST_RATE, HIGHEST_RATE = 2_000, 3_000_000  # Hz; what has another is no speech, and a header that lies
LEAST_A_SECOND = 20  # bytes in which a second of sound can be stored, silence included
HOLES = 3600  # seconds that the smallest file may be longer than its size tells
SPEECH_A_SECOND = 1000  # bytes of what is said in a file whose holes are longer
LOUDEST = 2.0**31  # what 32-bit integers written as floats reach; the square of many such is still a float
MOST_MEMORY = 1024**3  # bytes that reading a file may take; the tables of a film of a day are less than half of it
NAMED_SO_THAT_THEIR_DURATION_IS_READ = {"wav", "flac", "mov,mp4,m4a,3gp,3g2,mj2", "aiff", "w64"}


class Recording:
    """An opened media file. Use it as a context manager, go once over `blocks`, then read `partial` and `length`.

    length: seconds of sound really delivered so far.
    track: its number, from 0.
    broke_off: what the reader said where the file turned out cut or damaged; empty if it was whole.
    levels: what has controlled the level of each channel that was delivered.

    Times count from the start of the file as a player shows it: sound that begins late, or has a hole, is preceded or
    filled by silence.
    """

    def __init__(self, path: bytes, track: int = 0) -> None:
        """Open `path`, bytes as from `os.fsencode`; of its sound tracks the one numbered `track`, from 0.

        Raise CannotTranscribe if there is no sound to be had.
        """
        self._closing = ExitStack()
        self._opened = self._closing.enter_context(ExitStack())  # what is closed with the part that is read
        self._path = path
        self.track = track
        self._file = self._closing.enter_context(opened(path))
        try:
            self._size = os.fstat(self._file.fileno()).st_size
            self._parts = parts_of(self._file)
            self._missing = what_is_missing(self._source_of(self._file, 0))
            self._enter(0)
        except OSError as error:  # opened, but the disk does not deliver
            self._closing.close()
            raise CannotTranscribe(Failure.FILE_UNREADABLE, _said(error)) from error
        except CannotTranscribe:
            self._closing.close()
            raise
        self.length = 0.0
        self.broke_off = ""
        self.levels: list[LevelControl] = []
        self._damage = ""  # what the decoder said last, even of damage that is not worth telling
        self._lost = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.close()

    def _source_of(self, file: IO[bytes], number: int) -> Any:
        """Return the file, or what of it is the part of that number, as a file."""
        return file if len(self._parts.all) == 1 else PartOfFile(file, self._parts.all[number])

    def _enter(self, number: int) -> None:
        """Go on with the part of that number. Raise CannotTranscribe if there is no sound to be had of it."""
        self._opened.close()
        self._part = part = self._opened_part(self._file, number, self._opened)
        self._container, self._stream = part.container, part.stream
        self._following: float | None = None  # what the clock shows at the next packet
        self._timeline: Timeline | None = None
        self._part_began = self._reached = 0.0  # seconds into the file

    def _opened_part(self, file: IO[bytes], number: int, closing: ExitStack) -> _Part:
        with limits.memory(self._most_memory):
            return _Part(file, self._source_of(file, number), self.track, closing)

    @functools.cached_property
    def duration(self) -> float | None:
        """Seconds, as the file declares or its packets tell, which takes a second; None if it cannot be told."""
        try:
            return self._believable(self._found_duration())
        except OSError as error:  # opened, but the disk does not deliver
            raise CannotTranscribe(Failure.FILE_UNREADABLE, _said(error)) from error

    @property
    def partial(self) -> bool:
        return bool(self.broke_off)

    @property
    def has_unread_sound(self) -> bool:
        """Whether a good part of the file lies behind the end that its header declares, where no player reads on."""
        return self._parts.unread > WORTH_TELLING * self._size

    @property
    def _most_memory(self) -> int:
        """How many bytes reading the file may take at once. A small one needs little."""
        return min(MOST_MEMORY, MOST_MEMORY // 4 + 4 * self._size)

    @property
    def _longest(self) -> float:
        """How many seconds the file can hold at most."""
        return HOLES + self._size / LEAST_A_SECOND

    @property
    def channels(self) -> int:
        return max(1, int(getattr(self._stream.codec_context, "channels", 1)))

    @functools.cached_property
    def tracks(self) -> tuple[Track, ...]:
        """The sound tracks in the file, in order."""
        return tracks_of(self._container, self._file)

    def blocks(
        self, samples: int, begin: float = 0.0, end: float | None = None, layout: str = "mono"
    ) -> Iterator[np.ndarray]:
        """Yield the track from `begin` to `end` (seconds) as float32 at 16 kHz; the last block may be shorter.

        Mono, shape (samples,) each; with the layout "stereo" left and right, shape (samples, 2); with EACH all
        channels as they are, shape (samples, channels), or (samples,) if there is one.
        Holds one block in memory, whatever the length of the file. Raise CannotTranscribe if no sound comes out of it.
        """
        first = round(begin * SAMPLE_RATE)
        found = _between(self._all_blocks(samples, layout, first), first, end)
        while True:
            with limits.memory(self._most_memory):
                block = next(found, None)
            if block is None:
                return
            yield block

    def _all_blocks(self, samples: int, layout: str, first: int) -> Iterator[np.ndarray]:
        if codec := self.tracks[self.track].unknown_codec:
            raise CannotTranscribe(Failure.PROTECTED if codec in PROTECTED else Failure.CODEC_UNKNOWN, codec)
        held: list[np.ndarray] = []
        count = 0
        channels = {"mono": 1, "stereo": 2}.get(layout, self.channels)
        self.levels = [LevelControl(first) for _ in range(channels)]
        for piece in _levelled(self._pieces(layout, channels), self.levels):
            held.append(piece)
            count += len(piece)
            while count >= samples:
                joined = np.concatenate(held)
                self.length += samples / SAMPLE_RATE
                yield joined[:samples]
                held, count = [joined[samples:]], count - samples
        if count:
            self.length += count / SAMPLE_RATE
            yield np.concatenate(held)
        if not self.length and (why := self.broke_off or self._damage or self._formless()):
            kind = Failure.PROTECTED if self.tracks[self.track].tag in PROTECTED else Failure.NOT_MEDIA
            raise CannotTranscribe(kind, why)

    def _formless(self) -> str:
        """Return why there can be no sound: no sample rate was declared. FFmpeg opens any bytes named *.flac."""
        return "" if self._stream.codec_context.sample_rate else "no sample rate"

    def _pieces(self, layout: str, channels: int = 1) -> Iterator[np.ndarray]:
        """Yield the decoded sound in whatever sizes the decoder delivers, holes filled by silence."""
        if layout == EACH:
            pieces = self._pieces_of("", np.zeros((0, channels), np.float32))
            yield from (_with_channels(piece, channels) for piece in pieces)
        else:
            yield from self._pieces_of(layout, np.zeros((0, channels) if channels > 1 else 0, np.float32))

    def _pieces_of(self, layout: str, empty: np.ndarray) -> Iterator[np.ndarray]:
        """layout: of what is yielded; empty: as the decoder gives it, which may change on the way."""
        resampler = resampler_to(layout or "mono")
        shape: tuple[str, str, int] | None = None
        delivered = 0
        for frame in self._frames():
            if delivered > self._longest * SAMPLE_RATE:  # a table in it says to play the same over and over
                self.broke_off = f"more than {self._longest:.0f} s"
                break
            if not LOWEST_RATE <= frame.sample_rate <= HIGHEST_RATE:
                self._lose(frame.samples / max(1, frame.sample_rate), f"{frame.sample_rate} Hz")
                continue
            missing = self._missing_before(frame, delivered)
            while missing > 0:
                silence = np.zeros((min(missing, SAMPLE_RATE), *empty.shape[1:]), np.float32)
                delivered += len(silence)
                missing -= len(silence)
                yield silence
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if now != shape:
                if shape is not None:  # some broadcasts change in the middle
                    for piece in resampled(resampler, None):
                        delivered += len(piece)
                        yield piece
                resampler = resampler_to(layout or frame.layout.name)
            frame.pts = None  # else the resampler minds the holes as well
            try:
                pieces = resampled(resampler, frame)
            except (av.error.FFmpegError, ValueError, MemoryError) as error:  # hundreds of channels
                self._lose(frame.samples / frame.sample_rate, _said(error))
                resampler, shape = resampler_to(layout or "mono"), None
                continue
            shape = now
            for piece in pieces:
                delivered += len(piece)
                yield piece
        if shape is not None:
            yield from resampled(resampler, None)

    def _frames(self) -> Iterator[Any]:
        """Yield the frames of all parts, one after the other."""
        for number in range(len(self._parts.all)):
            if number:
                try:
                    self._missing = what_is_missing(self._source_of(self._file, number))
                    self._enter(number)
                except (CannotTranscribe, OSError) as error:
                    self.broke_off = f"part {number + 1}: {error}"
                    continue
            yield from self._frames_of_part()
            self._notice_a_cut()
        if self.has_unread_sound and not self.broke_off:
            self.broke_off = f"{self._parts.unread} of {self._size} bytes lie behind the declared end"

    def _frames_of_part(self) -> Iterator[Any]:
        packets = with_next(self._part.packets)
        while True:
            try:
                packet, self._following = next(packets, (None, None))
            except (av.error.FFmpegError, OSError, MemoryError) as error:
                self.broke_off = f"reading: {_said(error)}"
                return
            if packet is None:
                return
            self._part.beginnings.at_byte = packet.pos
            try:
                yield from packet.decode()
            except av.error.EOFError:
                return
            except (av.error.FFmpegError, ValueError, MemoryError) as error:
                self._lose(float((packet.duration or 0) * (packet.time_base or 0)), _said(error))

    def _lose(self, seconds: float, why: str) -> None:
        self._lost += seconds
        self._damage = f"decoding: {why}"
        if self._lost > LOSS_WORTH_TELLING:
            self.broke_off = self._damage

    def _missing_before(self, frame: Any, delivered: int) -> int:
        """Return how many samples of silence stand between what was delivered and `frame`."""
        at = delivered / SAMPLE_RATE
        if self._timeline is None:
            self._part_began = at
            self._timeline = self._timeline_of(self._part, at)
        length = frame.samples / max(1, frame.sample_rate)
        gap = self._timeline.gap_before(shown(frame), length, at, self._following)
        self._reached = at + gap + length
        return round(gap * SAMPLE_RATE)

    def _timeline_of(self, part: _Part, at: float) -> Timeline:
        """Return the timeline of a part that begins so many seconds into the file."""
        latest, length = self._longest, part.declared
        silence = HOLES + self._size / SPEECH_A_SECOND
        if part.container.format.name in ENDS_AS_DECLARED and length.is_sure and length.seconds is not None:
            latest = at if self._believable(length.seconds) is None else at + length.seconds + 1
            silence = latest
        return Timeline(part.origin, at, latest, silence, part.beginnings.is_here)

    def _found_duration(self) -> float | None:
        """Return the seconds of sound in all parts, as far as the headers or the packets tell."""
        if len(self._parts.all) == 1 and self._part.declared.is_sure:
            return self._part.declared.seconds
        until = time.monotonic() + MOST_SECONDS
        found = 0.0
        with opened(self._path) as file, limits.memory(self._most_memory):
            for number in range(len(self._parts.all)):
                with ExitStack() as closing:
                    try:
                        part = self._opened_part(file, number, closing)
                    except (CannotTranscribe, OSError):
                        continue
                    if part.declared.is_sure:
                        found += part.declared.seconds or 0.0
                    else:
                        found += measured(part, self._timeline_of(part, found), found, until)
                if number + 1 < len(self._parts.all) and time.monotonic() > until:
                    return found * self._size / self._parts.all[number].end
        return found or self._part.declared.seconds

    def _believable(self, duration: float | None) -> float | None:
        """Return a duration for which the file is large enough. Holes are filled up to there, so a lie costs time."""
        return duration if duration is not None and 0 <= duration <= self._longest else None

    def _notice_a_cut(self) -> None:
        """Tell that a part broke off if it is shorter, or holds clearly less sound, than its header promises."""
        if self.broke_off:
            return
        self.broke_off = self._missing
        if self.broke_off:
            return
        promised, delivered = self._promised(), self._reached - self._part_began
        if promised is not None and promised - delivered > max(LOSS_WORTH_TELLING, 0.01 * promised):
            self.broke_off = f"promised {promised:.1f} s, delivered {delivered:.1f} s"

    def _promised(self) -> float | None:
        """Return the seconds of sound that the header promises; None if it does not, or only guesses."""
        name = self._part.container.format.name
        if name == MATROSKA:  # tells when its longest track ends, counted from 0
            is_sound_alone = len(self._container.streams) == 1 and self._container.duration is not None
            return self._container.duration / av.time_base - self._part.origin if is_sound_alone else None
        if name not in NAMED_SO_THAT_THEIR_DURATION_IS_READ:
            return None  # a guess from size and bit rate
        if not self._stream.duration or not self._stream.time_base:
            return None
        begins = float((self._stream.start_time or 0) * self._stream.time_base) - self._part.origin
        return begins + float(self._stream.duration * self._stream.time_base)


class _Part:
    """One recording in a file, opened, at the start of its sound track.

    origin: what its clock shows at its start. packets: of the track.
    """

    def __init__(self, file: IO[bytes], source: Any, track: int, closing: ExitStack) -> None:
        """Open `source`, which is `file` or a piece of it. Raise CannotTranscribe if that has no such track."""
        try:
            # The open file instead of its name: any bytes will do for a name, and a name such as "http:x" or
            # "concat:x" is not taken for an address. No protocol is allowed: a playlist cannot reach out. No picture
            # is decoded: FFmpeg looks into the first ones, and a small cover can be as large as the memory.
            allowed = {"protocol_whitelist": "none", "codec_whitelist": _audio_codecs()}
            self.size = source.seek(0, io.SEEK_END)
            source.seek(0)
            self.container = closing.enter_context(
                av.open(source, mode="r", metadata_errors="replace", options=allowed)
            )
            self._choose(track)
            self.origin, self.packets = from_the_start(self.container, self.stream)
        except (av.error.FFmpegError, ValueError, OSError, MemoryError) as error:
            raise CannotTranscribe(Failure.NOT_MEDIA, _said(error)) from error
        self.declared = declared(self.container, self.stream, source, self.origin)
        self.beginnings = Beginnings(file, self.container.format.name)

    def _choose(self, track: int) -> None:
        if not self.container.streams.audio:
            name = self.container.format.name
            # FFmpeg takes many a text for subtitles, or for a picture of letters.
            kind = Failure.NO_AUDIO if self.container.streams.video and name != "tty" else Failure.NOT_MEDIA
            raise CannotTranscribe(kind, f"format {name}")
        if track >= len(self.container.streams.audio):
            raise CannotTranscribe(Failure.TRACK_MISSING, f"{len(self.container.streams.audio)} tracks")
        self.stream: Any = self.container.streams.audio[track]


def opened(path: bytes, may_be_empty: bool = False) -> IO[bytes]:
    """Open a file that is to be read. Raise CannotTranscribe if it is none, or cannot be read."""
    try:
        about = Path(os.fsdecode(path)).stat()
        if not stat.S_ISREG(about.st_mode):
            raise CannotTranscribe(Failure.NOT_A_FILE, stat.filemode(about.st_mode))
        if about.st_size == 0 and not may_be_empty:
            raise CannotTranscribe(Failure.FILE_EMPTY)
        return Path(os.fsdecode(path)).open("rb")
    except (FileNotFoundError, ValueError) as error:
        raise CannotTranscribe(_missing_how(path), type(error).__name__) from error
    except OSError as error:
        raise CannotTranscribe(Failure.FILE_UNREADABLE, error.strerror or str(error.errno)) from error


def _missing_how(path: bytes) -> Failure:
    try:
        return Failure.LINK_BROKEN if Path(os.fsdecode(path)).is_symlink() else Failure.FILE_MISSING
    except ValueError:  # a zero byte, which no name can have
        return Failure.FILE_MISSING


@functools.cache
def _audio_codecs() -> str:
    return ",".join(sorted(name for name in av.codecs_available if _decodes_sound(name)))


def _decodes_sound(name: str) -> bool:
    try:
        return av.Codec(name, "r").type == "audio"
    except ValueError:  # it only encodes
        return False


def _said(error: Exception) -> str:
    """Return what went wrong, without the file's name, which does not belong into a log."""
    return getattr(error, "strerror", None) or type(error).__name__


def _between(blocks: Iterator[np.ndarray], begin: int, end: float | None) -> Iterator[np.ndarray]:
    """Yield what of the blocks lies between two samples. What comes before is decoded and let go, which is exact."""
    last = None if end is None else round(end * SAMPLE_RATE)
    at = 0
    for block in blocks:
        first, at = at, at + len(block)
        wanted = block[max(0, begin - first) : None if last is None else max(0, last - first)]
        if len(wanted):
            yield wanted
        if last is not None and at >= last:
            return


def _levelled(pieces: Iterator[np.ndarray], levels: Sequence[LevelControl]) -> Iterator[np.ndarray]:
    """Yield the pieces with the level of each of their channels controlled: as many samples, in other pieces."""
    for piece in pieces:
        ready = [level.feed(one) for level, one in zip(levels, _channels_of(_sane(piece)), strict=True)]
        if len(ready[0]):
            yield ready[0] if piece.ndim == 1 else np.stack(ready, axis=1)
    rest = [level.finish() for level in levels]
    if len(rest[0]):
        yield rest[0] if len(rest) == 1 else np.stack(rest, axis=1)


def _with_channels(samples: np.ndarray, channels: int) -> np.ndarray:
    """Return the samples with so many channels, where a broadcast has others for a while."""
    found = samples.reshape(len(samples), -1)
    if found.shape[1] == 1 or channels == 1:
        return np.repeat(found[:, :1], channels, axis=1) if channels > 1 else found[:, 0]
    missing = channels - found.shape[1]
    return np.pad(found, ((0, 0), (0, missing))) if missing > 0 else found[:, :channels]


def _channels_of(samples: np.ndarray) -> Sequence[np.ndarray]:
    return [samples] if samples.ndim == 1 else [*np.ascontiguousarray(samples.T)]


def _sane(samples: np.ndarray) -> np.ndarray:
    """Return the samples, or where a file of floats holds some that cannot be calculated with, others instead."""
    if np.abs(samples).max(initial=0.0) <= LOUDEST:  # not so if one is no number
        return samples
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -LOUDEST, LOUDEST)


def resampler_to(layout: str) -> av.AudioResampler:
    return av.AudioResampler(format="flt", layout=layout, rate=SAMPLE_RATE)


def resampled(resampler: av.AudioResampler, frame: Any) -> list[np.ndarray]:
    pieces = []
    for piece in resampler.resample(frame):
        samples, channels = piece.to_ndarray().reshape(-1), piece.layout.nb_channels
        pieces.append(samples.reshape(-1, channels) if channels > 1 else samples)
    return pieces
