"""A player's time is our time: joined files, holes, sound that begins late, clocks that jump, headers that are old."""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from speech import media

from desktop_app.backend.audio import SAMPLE_RATE, Recording
from desktop_app.backend.timeline import Timeline
from desktop_app.backend.worker import Worker
from desktop_app.messages import Failure, JobFinished, Transcribe

BLOCK = 32_768
RATE = 48_000
LOW, HIGH = 440.0, 1000.0  # Hz, of the first and the second recording


def read(file: Path, begin: float = 0.0) -> tuple[np.ndarray, Recording]:
    with Recording(os.fsencode(file)) as recording:
        blocks = list(recording.blocks(BLOCK, begin))
    return np.concatenate(blocks), recording


def begins(samples: np.ndarray, hertz: float = LOW) -> list[float]:
    """Return where a tone of that pitch begins, in seconds, to a fiftieth."""
    step = SAMPLE_RATE // 50
    pieces = samples[: len(samples) // step * step].reshape(-1, step)
    turn = np.exp(-2j * np.pi * hertz * np.arange(step) / SAMPLE_RATE)
    is_on = np.abs(pieces @ turn) > 0.1 * step
    return [n / 50 for n in np.flatnonzero(is_on & ~np.concatenate([[False], is_on[:-1]]))]


def joined(folder: Path, suffix: str, codec: str, seconds: Sequence[float] = (3, 2)) -> Path:
    """Return two recordings of different pitch, one behind the other in one file, as `cat` makes it."""
    content = b""
    rate = 44_100 if codec == "wmav2" else RATE
    for number, (hertz, length) in enumerate(zip((LOW, HIGH), seconds, strict=True)):
        one = folder / f"{number}.{suffix}"
        media.encode(one, media.tone(length, rate, hertz), rate, codec)
        content += one.read_bytes()
    file = folder / f"joined.{suffix}"
    file.write_bytes(content)
    return file


def broadcast(
    file: Path, offset: float, hertz: float, seconds: float = 3, hole: tuple[float, float] | None = None
) -> bytes:
    """Return a piece of an MPEG transport stream whose clock begins at `offset` (seconds)."""
    options = {"output_ts_offset": str(offset), "fflags": "bitexact"}
    with av.open(str(file), "w", format="mpegts", container_options=options) as container:
        stream = container.add_stream("aac", rate=RATE)
        stream.layout = "mono"
        media.add_sound(container, stream, media.tone(seconds, RATE, hertz), RATE, hole=hole)
    return file.read_bytes()


def piped(file: Path, late: float = 0.0, hole: tuple[float, float] | None = None, pictures: float = 0.0) -> None:
    """Write a WebM file without a duration."""
    pipe = media.Pipe()
    with av.open(pipe, "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=media.PICTURES_A_SECOND) if pictures else None
        sound = container.add_stream("libopus", rate=RATE)
        sound.layout = "mono"
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            media.add_pictures(container, video, pictures)
        media.add_sound(container, sound, media.tone(4, RATE), RATE, late=late, hole=hole)
    file.write_bytes(pipe.content)


# --- joined files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("wav", "pcm_s16le"),
        ("m4a", "aac"),
        ("wma", "wmav2"),
        ("aiff", "pcm_s16be"),
        ("caf", "pcm_s16le"),
        ("au", "pcm_s16be"),
        ("avi", "libmp3lame"),
        ("flac", "flac"),
        ("mka", "aac"),
        ("webm", "libopus"),
        ("ogg", "libopus"),
        ("mp3", "libmp3lame"),
        ("ts", "aac"),
    ],
)
def test_of_files_joined_end_to_end_all_are_heard_one_after_the_other(tmp_path, suffix, codec):
    samples, recording = read(joined(tmp_path, suffix, codec))

    assert len(samples) / SAMPLE_RATE == pytest.approx(5, abs=0.2)
    assert begins(samples, LOW)[0] == pytest.approx(0, abs=0.1)
    assert begins(samples, HIGH) == [pytest.approx(3, abs=0.15)]
    assert recording.duration == pytest.approx(5, abs=0.2)
    assert not recording.partial, recording.broke_off


def test_joined_files_of_different_rates_are_heard(tmp_path):
    soundfile.write(tmp_path / "a.wav", media.tone(2, 8_000), 8_000)
    soundfile.write(tmp_path / "b.wav", np.repeat(media.tone(2, 44_100, HIGH)[:, None], 2, 1), 44_100, subtype="FLOAT")
    (tmp_path / "joined.wav").write_bytes((tmp_path / "a.wav").read_bytes() + (tmp_path / "b.wav").read_bytes())

    samples, _ = read(tmp_path / "joined.wav")

    assert len(samples) / SAMPLE_RATE == pytest.approx(4, abs=0.02)
    assert begins(samples, HIGH) == [pytest.approx(2, abs=0.03)]


@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_a_joined_file_read_from_the_middle_has_the_same_sound_at_the_same_time(tmp_path, suffix):
    file = joined(tmp_path, suffix, "pcm_s16le" if suffix == "wav" else "aac")
    whole, _ = read(file)

    for begin in (1.5, 3.7):
        rest, _ = read(file, begin)
        assert np.array_equal(rest, whole[round(begin * SAMPLE_RATE) :])


def test_of_joined_files_whose_second_cannot_be_read_the_first_is_heard_and_said_to_be_partial(tmp_path):
    file = joined(tmp_path, "wav", "pcm_s16le")
    content = bytearray(file.read_bytes())
    second = content.index(b"RIFF", 4)
    content[second + 20 : second + 22] = (0x5555).to_bytes(2, "little")  # a format that nobody has
    file.write_bytes(content)

    samples, recording = read(file)

    assert len(samples) / SAMPLE_RATE == pytest.approx(3, abs=0.1)
    assert recording.partial


def test_the_last_of_joined_files_may_be_cut(tmp_path):
    file = joined(tmp_path, "wav", "pcm_s16le", (3, 10))

    samples, recording = read(media.cut(file, 0.6))

    assert 7 < len(samples) / SAMPLE_RATE < 9
    assert recording.partial


# --- holes and late sound --------------------------------------------------------------------------------------------


def test_a_hole_in_a_webm_without_a_duration_is_silence(tmp_path):
    piped(tmp_path / "a.webm", hole=(2, 30))

    samples, recording = read(tmp_path / "a.webm")

    assert begins(samples) == [pytest.approx(0, abs=0.05), pytest.approx(32, abs=0.1)]
    assert recording.duration == pytest.approx(34, abs=0.2)
    assert not recording.partial


def test_late_sound_of_a_webm_without_a_duration_comes_as_late_as_in_a_player(tmp_path):
    piped(tmp_path / "a.webm", late=2, pictures=6)

    samples, _ = read(tmp_path / "a.webm")

    assert begins(samples) == [pytest.approx(2, abs=0.05)]


@pytest.mark.parametrize("late", [0.5, 2, 5])
def test_late_sound_beside_h264_comes_as_late_in_mkv_as_in_mp4(tmp_path, late):
    found = {}
    for suffix in ("mkv", "mp4"):
        file = tmp_path / f"film.{suffix}"
        media.encode(file, media.tone(3, RATE), RATE, "aac", pictures=late + 3, late=late, picture_codec="libx264")
        samples, recording = read(file)
        found[suffix] = begins(samples)[0]
        assert not recording.partial, recording.broke_off
        assert len(samples) / SAMPLE_RATE == pytest.approx(late + 3, abs=0.1)

    assert found["mkv"] == pytest.approx(late, abs=0.05)
    assert found["mp4"] == pytest.approx(late, abs=0.05)


# --- clocks that jump ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clocks", [(0, 70_000), (70_000, 0), (0, 300), (90_000, 20)])
def test_joined_pieces_of_a_broadcast_follow_one_another_whatever_their_clocks(tmp_path, clocks):
    pieces = [broadcast(tmp_path / "a.ts", clock, hertz) for clock, hertz in zip(clocks, (LOW, HIGH), strict=True)]
    (tmp_path / "joined.ts").write_bytes(b"".join(pieces))

    samples, recording = read(tmp_path / "joined.ts")

    assert len(samples) / SAMPLE_RATE == pytest.approx(6, abs=0.2)
    assert begins(samples, HIGH) == [pytest.approx(3, abs=0.15)]
    assert recording.duration == pytest.approx(6, abs=0.2)
    assert not recording.partial


def test_a_hole_in_a_broadcast_that_goes_on_is_silence(tmp_path):
    broadcast(tmp_path / "a.ts", 0, LOW, hole=(2, 30))

    samples, _ = read(tmp_path / "a.ts")

    assert begins(samples) == [pytest.approx(0, abs=0.05), pytest.approx(32, abs=0.1)]


def gaps(times: Sequence[float], length: float = 0.1, is_new_clock: bool = False) -> list[float]:
    """Return the silence before each of frames of a tenth of a second, by what the clock shows at them."""
    timeline = Timeline(0.0, 0.0, 3600.0, 3600.0, lambda jump: is_new_clock)
    at, found = 0.0, []
    for time, following in itertools.zip_longest(times, times[1:]):
        found.append(round(timeline.gap_before(time, length, at, following), 3))
        at += found[-1] + length
    return found


def test_one_time_that_lies_moves_nothing():
    assert gaps([0.0, 0.1, 900.0, 0.3, 0.4]) == [0, 0, 0, 0, 0]


def test_a_clock_that_goes_back_and_comes_again_moves_nothing():
    assert gaps([5.0, 5.1, 0.0, 0.1, 5.4, 5.5]) == [5.0, 0, 0, 0, 0, 0]


def test_a_hole_behind_a_clock_that_began_anew_is_filled():
    assert gaps([0.0, 0.1, 0.2, 0.0, 0.1, 2.2, 2.3]) == [0, 0, 0, 0, 0, 2.0, 0]


def test_a_clock_that_shows_more_than_the_file_can_hold_is_a_new_one():
    assert gaps([0.0, 1e9, 1e9 + 0.1, 1e9 + 5.2, 1e9 + 5.3]) == [0, 0, 0, 5.0, 0]


# --- how long it is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "codec"), [("aac", "aac"), ("mp3", "libmp3lame")])
def test_the_length_of_a_stream_without_a_table_is_known_before_it_is_heard(tmp_path, suffix, codec):
    """Loud sound after a long silence: by the bit rate of the start it would be many times as long, or as short."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 10 * RATE).astype(np.float32)
    sound = np.concatenate([np.zeros(50 * RATE, np.float32), noise])
    with av.open(
        str(tmp_path / f"a.{suffix}"), "w", options={"write_xing": "0"} if suffix == "mp3" else {}
    ) as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.layout = "mono"
        if suffix == "mp3":
            stream.codec_context.options = {"compression_level": "7"}
            stream.codec_context.qscale = True
            stream.codec_context.global_quality = 7 * 118
        media.add_sound(container, stream, sound, RATE)

    samples, recording = read(tmp_path / f"a.{suffix}")

    assert len(samples) / SAMPLE_RATE == pytest.approx(60, abs=0.2)
    assert recording.duration == pytest.approx(60, abs=0.2)


@pytest.mark.parametrize("suffix", ["flv", "avi"])
def test_a_film_whose_header_says_that_it_is_ten_times_as_long_is_not_believed(tmp_path, suffix):
    file = tmp_path / f"a.{suffix}"
    media.encode(file, media.tone(30, 44_100), 44_100, "libmp3lame", pictures=30 if suffix == "avi" else 0)
    content = bytearray(file.read_bytes())
    if suffix == "flv":
        struct.pack_into(">d", content, content.index(b"duration\0") + 9, 300.0)
    else:
        for at in (content.index(b"avih") + 24, content.index(b"vids") + 32, content.index(b"auds") + 32):
            struct.pack_into("<I", content, at, 10 * struct.unpack_from("<I", content, at)[0])
    file.write_bytes(content)

    samples, recording = read(file)

    assert recording._part.declared.seconds == pytest.approx(300, abs=1)  # as the header has it
    assert recording.duration == pytest.approx(30, abs=0.3)
    assert len(samples) / SAMPLE_RATE == pytest.approx(30, abs=0.3)


# --- headers that are older than their sound -------------------------------------------------------------------------


def _outdated(file: Path, part: float) -> None:
    """Have the header tell of that part of the sound only, as of a recorder that was killed."""
    content = bytearray(file.read_bytes())
    if file.suffix == ".wav":
        at = content.index(b"data") + 4
        size = struct.unpack_from("<I", content, at)[0]
        struct.pack_into("<I", content, at, round(size * part) & ~1)
        struct.pack_into("<I", content, 4, at - 4 + (round(size * part) & ~1))
    elif file.suffix == ".aiff":
        at = content.index(b"SSND") + 4
        size = struct.unpack_from(">I", content, at)[0]
        struct.pack_into(">I", content, at, round(size * part) & ~1)
    else:
        at = content.index(b"data") + 4
        size = struct.unpack_from(">q", content, at)[0]
        struct.pack_into(">q", content, at, round(size * part) & ~1)
    file.write_bytes(content)


@pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s16le"), ("aiff", "pcm_s16be"), ("caf", "pcm_s16le")])
def test_sound_behind_the_end_that_the_header_declares_is_told_of(tmp_path, suffix, codec):
    file = tmp_path / f"a.{suffix}"
    media.encode(file, media.tone(10, RATE), RATE, codec)
    _outdated(file, 0.4)

    samples, recording = read(file)

    assert len(samples) / SAMPLE_RATE == pytest.approx(4, abs=0.1)
    assert recording.partial
    assert recording.has_unread_sound


def test_a_job_of_such_a_file_is_done_and_says_that_there_is_more(tmp_path, tiny_model):
    soundfile.write(tmp_path / "a.wav", np.zeros(4 * SAMPLE_RATE), SAMPLE_RATE)
    _outdated(tmp_path / "a.wav", 0.5)
    events: list[Any] = []
    file, model = os.fsencode(tmp_path / "a.wav"), os.fsencode(tiny_model)

    Worker(events.append, lambda _: False).carry_out(Transcribe(1, file, model, "cpu", language="en"))

    assert isinstance(events[-1], JobFinished)
    assert events[-1].partial
    assert events[-1].why is Failure.MORE_THAN_DECLARED


def test_tags_behind_the_sound_are_not_taken_for_lost_sound(tmp_path):
    soundfile.write(tmp_path / "a.wav", media.tone(1), SAMPLE_RATE)
    content = bytearray((tmp_path / "a.wav").read_bytes()) + b"id3 " + struct.pack("<I", 8000) + bytes(8000)
    content[4:8] = struct.pack("<I", len(content) - 8)
    (tmp_path / "a.wav").write_bytes(content)

    _, recording = read(tmp_path / "a.wav")

    assert not recording.partial, recording.broke_off
