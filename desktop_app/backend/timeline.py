"""Where on a player's clock the sound of a file stands: holes, late beginnings, clocks that jump."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import IO, Any

import av
from av.stream import Disposition

GAP_WORTH_FILLING = 0.2  # seconds; players hide shorter ones, and encoders' padding is shorter
LONGEST_SURE_GAP = 10.0  # seconds; FFmpeg takes longer ones in a broadcast for a new clock (dts_delta_threshold)
LEAST_SOUND = 1.0  # seconds between two longer ones; a clock that jumps more often is none
WAIT_FOR_PICTURE = 10.0  # seconds of sound after which a picture is no more expected to be the earlier one
MOST_HELD = 1000  # packets of sound, meanwhile
MATROSKA = "matroska,webm"  # as FFmpeg names the format
MOST_LOOKS = 1000  # jumps of a clock that are looked into; a file with more is cut to pieces anyway
LOOKED_AT_BEFORE, LOOKED_AT_BEHIND = 512 * 1024, 16 * 1024  # bytes before and behind a packet where a clock jumps
TS_PACKET = 188  # bytes
TS_STRIDES = (TS_PACKET, 192, 204)  # plain; of cameras, with a time before each; with checksums
TS_SYNC = 0x47
TS_FILLER = 0x1FFF
PACK = b"\0\0\1\xba"
OGG_PAGE, OGG_FIRST = b"OggS", 2


class Timeline:
    """Decides how much silence stands before each frame or packet of one sound track.

    A clock that jumps forward leaves a hole, which is filled, so that everything behind it keeps a player's time. A
    clock that goes back, or jumps because another recording begins, is a new one: its sound follows at once.
    """

    def __init__(
        self, origin: float, begin: float, latest: float, silence: float, is_new_clock: Callable[[float], bool]
    ) -> None:
        """Begin at `begin` (seconds from the start of the file), where the clock shows `origin`.

        latest: seconds that the file can reach at most; a clock that shows more lies. silence: seconds that all its
        holes may have. is_new_clock: whether another recording begins where the clock has just jumped forward, by so
        many seconds.
        """
        self._shift = begin - origin  # from the clock to seconds from the start of the file
        self._before: float | None = None  # the shift before the last jump
        self._expected = origin  # what the clock is to show next
        self._latest = latest
        self._silence_left = silence
        self._sound = LEAST_SOUND  # seconds since the last long hole
        self._is_new_clock = is_new_clock

    def gap_before(self, time: float | None, length: float, at: float, following: float | None = None) -> float:
        """Return the seconds of silence between what was delivered, up to `at`, and a frame.

        time: what the clock shows at the frame, None if it shows nothing. length: of the frame, seconds. following:
        what the clock shows at the next one, if that is known.
        """
        if time is None:
            return 0.0
        jump = time - self._expected
        if jump > GAP_WORTH_FILLING and following is not None and following < time - GAP_WORTH_FILLING:
            self._expected += length  # one time that lies: the next frame knows nothing of it
            return 0.0
        self._expected = time + length
        self._sound += length
        gap = time + self._shift - at
        if abs(jump) > GAP_WORTH_FILLING and self._is_back(time, at):
            return 0.0
        if jump < -GAP_WORTH_FILLING or self._is_another_clock(time, jump, gap):
            self._before, self._shift = self._shift, at - time
            return 0.0
        if gap <= GAP_WORTH_FILLING:
            return 0.0
        self._silence_left -= gap
        if gap > LONGEST_SURE_GAP:
            self._sound = 0.0
        return gap

    def _is_back(self, time: float, at: float) -> bool:
        """Go back to the clock before the last jump if `time` continues that one."""
        if self._before is None or abs(time + self._before - at) > GAP_WORTH_FILLING:
            return False
        self._before, self._shift = self._shift, self._before
        return True

    def _is_another_clock(self, time: float, jump: float, gap: float) -> bool:
        if gap <= GAP_WORTH_FILLING:
            return False
        lies = time + self._shift > self._latest or gap > self._silence_left
        lies = lies or (gap > LONGEST_SURE_GAP and self._sound < LEAST_SOUND)
        return lies or (jump > LONGEST_SURE_GAP and self._is_new_clock(jump))


def from_the_start(container: Any, stream: Any) -> tuple[float, Iterator[Any]]:
    """Return what the clock shows at the start of the file, and the packets of the track from there on.

    FFmpeg knows the start of a Matroska file without a picture's decoder only where the sound is not later, so the
    first packets of the pictures are looked at. Raise FFmpegError or OSError if they cannot be read.
    """
    begins = None if container.start_time is None else container.start_time / av.time_base
    pictures = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    if container.format.name != MATROSKA or not pictures:
        return begins or 0.0, container.demux(stream)
    packets = container.demux(stream, *pictures)
    held: list[Any] = []
    not_seen = {picture.index for picture in pictures}
    times = [] if begins is None else [begins]
    for packet in packets:
        if packet.stream_index == stream.index:
            held.append(packet)
        time = shown(packet)
        if time is None:
            continue
        times.append(time)
        not_seen.discard(packet.stream_index)
        if not not_seen or len(held) >= MOST_HELD or time - times[0] > WAIT_FOR_PICTURE:
            break
    rest = (packet for packet in packets if packet.stream_index == stream.index)
    return min(times, default=0.0), chain(held, rest)


def shown(timed: Any) -> float | None:
    """Return what the clock shows at a frame or packet, in seconds; None if nothing, or if it is too coarse a clock."""
    if timed.pts is None or timed.time_base is None or timed.time_base > GAP_WORTH_FILLING:
        return None
    return float(timed.pts * timed.time_base)


def with_next(packets: Iterator[Any]) -> Iterator[tuple[Any, float | None]]:
    """Yield each packet, and what the clock shows at the next one; None where that is not known."""
    last = None
    try:
        for packet in packets:
            if last is not None:
                yield last, shown(packet)
            last = packet
    except Exception:
        if last is not None:
            yield last, None
        raise
    if last is not None:
        yield last, None


class Beginnings:
    """Tells whether another recording begins where the clock of a broadcast jumps, by what the file holds there.

    at_byte: where in the file the packet lies that is looked at now; None if that is not known.
    """

    def __init__(self, file: IO[bytes], format_name: str) -> None:
        self._file = file
        self._look = {"mpegts": _counters_break, "mpeg": _system_clock_jumps, "ogg": _page_begins}.get(format_name)
        self._looks_left = MOST_LOOKS
        self.at_byte: int | None = None

    def is_here(self, jump: float) -> bool:
        if self._look is None or jump <= LONGEST_SURE_GAP:
            return False
        if self.at_byte is None or self._looks_left == 0:
            return True
        self._looks_left -= 1
        was_at = self._file.tell()
        begin = max(0, self.at_byte - LOOKED_AT_BEFORE)
        self._file.seek(begin)
        content = self._file.read(self.at_byte - begin + LOOKED_AT_BEHIND)
        self._file.seek(was_at)
        return self._look(content, begin == 0)


def _counters_break(content: bytes, is_start: bool) -> bool:
    """Whether packets of an MPEG transport stream are missing, or say that their clock changes (ISO/IEC 13818-1).

    The packets of each kind are counted from 0 to 15. Pieces that were joined do not go on with each other's numbers.
    """
    stride, at = _packets_of_ts(content)
    last: dict[int, int] = {}
    while stride and at + TS_PACKET <= len(content):
        if content[at] != TS_SYNC:
            return True
        kind = int.from_bytes(content[at + 1 : at + 3]) & 0x1FFF
        has_adaptation, has_content = content[at + 3] & 0x20, content[at + 3] & 0x10
        if has_adaptation and content[at + 4] and content[at + 5] & 0x80:
            return True
        count = content[at + 3] & 0x0F
        if has_content and kind != TS_FILLER:
            if kind in last and count not in (last[kind], (last[kind] + 1) % 16):
                return True
            last[kind] = count
        at += stride
    return False


def _packets_of_ts(content: bytes) -> tuple[int, int]:
    """Return from one packet to the next (bytes), and where the first begins; zeros if there are none."""
    for stride in TS_STRIDES:
        for first in range(stride):
            marks = content[first : first + 8 * stride : stride]
            if len(marks) == 8 and set(marks) == {TS_SYNC}:
                return stride, first
    return 0, 0


def _system_clock_jumps(content: bytes, is_start: bool) -> bool:
    """Whether the clock in the packs of an MPEG program stream jumps, and not that of the sound alone."""
    last: float | None = None
    at = content.find(PACK)
    while 0 <= at <= len(content) - 10:
        now = _pack_time(content[at + 4 : at + 10])
        if last is not None and now is not None and abs(now - last) > LONGEST_SURE_GAP:
            return True
        last = last if now is None else now
        at = content.find(PACK, at + 4)
    return False


def _pack_time(field: bytes) -> float | None:
    """Return the system clock reference, seconds: 33 bits of 90 kHz, with marker bits between (ISO/IEC 13818-1)."""
    bits = int.from_bytes(field)
    if field[0] >> 6 == 0b01:  # MPEG-2
        high, middle, low = bits >> 43 & 0x7, bits >> 27 & 0x7FFF, bits >> 11 & 0x7FFF
    elif field[0] >> 4 == 0b0010:  # MPEG-1
        high, middle, low = bits >> 41 & 0x7, bits >> 25 & 0x7FFF, bits >> 9 & 0x7FFF
    else:
        return None
    return (high << 30 | middle << 15 | low) / 90_000


def _page_begins(content: bytes, is_start: bool) -> bool:
    """Whether a page of an Ogg file says that a stream begins (RFC 3533), other than those at the file's start."""
    has_other = not is_start
    at = content.find(OGG_PAGE)
    while 0 <= at <= len(content) - 6:
        is_first = bool(content[at + 5] & OGG_FIRST)
        if is_first and has_other:
            return True
        has_other = has_other or not is_first
        at = content.find(OGG_PAGE, at + 4)
    return False
