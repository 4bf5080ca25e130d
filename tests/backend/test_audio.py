"""Any media file as mono 16 kHz samples: what people really have on their disks, read by the real decoder."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from speech import media

from desktop_app.backend import audio
from desktop_app.backend.audio import SAMPLE_RATE, Recording
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.messages import Failure

BLOCK = 32_768
TEN_MS = SAMPLE_RATE // 100

FORMATS = [  # suffix, codec, rate
    ("mp3", "libmp3lame", 44_100),
    ("m4a", "aac", 44_100),
    ("opus", "libopus", 48_000),
    ("ogg", "flac", 44_100),
    ("flac", "flac", 96_000),
    ("wav", "pcm_s16le", 8_000),
    ("wav", "pcm_u8", 11_025),
    ("wav", "pcm_f32le", 44_100),
    ("aiff", "pcm_s16be", 22_050),
    ("mkv", "libopus", 48_000),
    ("webm", "libopus", 48_000),
    ("mov", "pcm_s16le", 48_000),
    ("avi", "libmp3lame", 44_100),
]
ODD_NAMES = [
    "two words.wav",
    'it\'s "quoted".wav',
    "<b>bold</b> & co.wav".replace("/", "⁄"),
    "🎤 Голос 声.wav",
    "%20{name}.wav",
    "-i.wav",
    "http:x.wav",
    "concat:a|b.wav",
    "line\nbreak.wav",
    "no suffix",
    os.fsdecode(b"caf\xe9 \xff.wav"),
]


def read(file: Path, block: int = BLOCK) -> tuple[np.ndarray, Recording]:
    with Recording(os.fsencode(file)) as recording:
        blocks = list(recording.blocks(block))
    assert all(block.dtype == np.float32 and block.ndim == 1 for block in blocks)
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32), recording


def refusal(file: Path) -> Failure:
    with pytest.raises(CannotTranscribe) as refused:
        Recording(os.fsencode(file))
    assert file.name not in refused.value.detail  # a name does not belong into the log
    return refused.value.kind


def loud(samples: np.ndarray) -> tuple[float, float]:
    """Return from when to when there is sound, in seconds."""
    where = np.flatnonzero(np.abs(samples) > 0.1) / SAMPLE_RATE
    return float(where[0]), float(where[-1])


# --- what can be read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "codec", "rate"), FORMATS, ids=[f"{f[0]}-{f[1]}" for f in FORMATS])
def test_a_recording_of_any_format_has_its_whole_length(tmp_path, suffix, codec, rate):
    file = tmp_path / f"tone.{suffix}"
    media.encode(file, media.tone(4, rate), rate, codec)

    samples, recording = read(file)

    padding = 0.05 if codec in ("aac", "libmp3lame") else 0.0  # of encoders whose container does not tell it
    assert abs(len(samples) - 4 * SAMPLE_RATE) <= TEN_MS + padding * SAMPLE_RATE
    assert recording.length == pytest.approx(len(samples) / SAMPLE_RATE)
    assert recording.duration == pytest.approx(4, abs=0.1)
    assert not recording.partial, recording.broke_off


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_the_length_is_right_to_ten_milliseconds_at_any_rate(tmp_path, rate):
    soundfile.write(tmp_path / "tone.wav", media.tone(3.3, rate), rate)

    samples, _ = read(tmp_path / "tone.wav")

    assert abs(len(samples) - 3.3 * SAMPLE_RATE) <= TEN_MS


def test_six_channels_are_heard_as_one(tmp_path):
    sound = np.zeros((48_000, 6), np.float32)
    sound[:, 2] = media.tone(1, 48_000)  # the one in the middle, where films have the voices
    soundfile.write(tmp_path / "film.wav", sound, 48_000)

    samples, _ = read(tmp_path / "film.wav")

    assert abs(len(samples) - SAMPLE_RATE) <= TEN_MS
    assert np.abs(samples).max() > 0.1


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_video_gives_its_sound(tmp_path, suffix):
    file = tmp_path / f"video.{suffix}"
    media.encode(file, media.tone(3, 48_000), 48_000, "aac", layout="stereo", pictures=3)

    samples, recording = read(file)

    assert len(samples) / SAMPLE_RATE == pytest.approx(3, abs=0.05)
    assert not recording.partial


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_that_begins_late_in_a_video_keeps_the_videos_time(tmp_path, suffix):
    file = tmp_path / f"video.{suffix}"
    media.encode(file, media.tone(2, 48_000), 48_000, "aac", pictures=6, late=3)

    samples, recording = read(file)

    begins, ends = loud(samples)
    assert begins == pytest.approx(3, abs=0.05)
    assert ends == pytest.approx(5, abs=0.05)
    assert not recording.partial


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_hole_in_the_sound_is_silence_and_not_left_out(tmp_path, suffix):
    file = tmp_path / f"video.{suffix}"
    media.encode(file, media.tone(4, 48_000), 48_000, "aac", pictures=6, hole=(2, 1.5))

    samples, _ = read(file)

    hole = samples[round(2.3 * SAMPLE_RATE) : round(3.2 * SAMPLE_RATE)]
    assert np.abs(hole).max() < 0.1
    assert loud(samples)[1] == pytest.approx(5.5, abs=0.05)


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_any_name_will_do(tmp_path, name):
    file = tmp_path / name
    try:
        file.touch()
    except OSError:
        pytest.skip("this system has no such names")
    soundfile.write(os.open(file, os.O_WRONLY), media.tone(1), SAMPLE_RATE, format="WAV", closefd=True)

    samples, _ = read(file)

    assert len(samples) == SAMPLE_RATE


def test_silence_is_delivered_as_silence(silence):
    samples, recording = read(silence)

    assert len(samples) == 3 * SAMPLE_RATE
    assert not samples.any()
    assert not recording.partial


def test_a_header_without_samples_is_a_recording_without_sound(tmp_path):
    soundfile.write(tmp_path / "nothing.wav", np.zeros(0, np.float32), SAMPLE_RATE)

    samples, recording = read(tmp_path / "nothing.wav")

    assert len(samples) == 0
    assert recording.length == 0
    assert not recording.partial


def test_a_recorder_that_could_not_know_the_length_is_not_said_to_break_off(tmp_path):
    soundfile.write(tmp_path / "piped.wav", media.tone(2), SAMPLE_RATE)
    content = bytearray((tmp_path / "piped.wav").read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"  # what ffmpeg and others write into a pipe
    (tmp_path / "piped.wav").write_bytes(content)

    samples, recording = read(tmp_path / "piped.wav")

    assert len(samples) == 2 * SAMPLE_RATE
    assert not recording.partial, recording.broke_off


# --- in blocks -------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(block=st.integers(1000, 60_000))
def test_the_size_of_the_blocks_changes_no_sample(speech, block):
    whole, _ = read(speech)

    with Recording(os.fsencode(speech)) as recording:
        blocks = list(recording.blocks(block))

    assert {len(each) for each in blocks[:-1]} <= {block}
    assert 0 < len(blocks[-1]) <= block
    assert np.array_equal(np.concatenate(blocks), whole)


def test_the_length_grows_with_what_was_delivered(speech):
    with Recording(os.fsencode(speech)) as recording:
        lengths = [recording.length for _ in recording.blocks(SAMPLE_RATE)]

    assert lengths[:3] == [1.0, 2.0, 3.0]


# --- what broke off --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("wav", "pcm_s16le"),
        ("flac", "flac"),
        ("mp3", "libmp3lame"),
        ("mkv", "libopus"),
        ("webm", "libopus"),
        ("opus", "libopus"),
        ("aiff", "pcm_s16be"),
        ("avi", "libmp3lame"),
    ],
)
def test_a_file_cut_in_the_middle_is_read_as_far_as_it_goes_and_said_to_be_partial(tmp_path, suffix, codec):
    file = tmp_path / f"tone.{suffix}"
    media.encode(file, media.tone(10, 48_000), 48_000, codec)

    samples, recording = read(media.cut(file, 0.5))

    assert 4 < len(samples) / SAMPLE_RATE < 6
    assert recording.partial
    assert recording.broke_off


def test_an_mp4_with_its_table_in_front_is_read_as_far_as_it_goes(tmp_path):
    with av.open(str(tmp_path / "a.m4a"), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("aac", rate=48_000)
        stream.layout = "mono"
        media.add_sound(container, stream, media.tone(10, 48_000), 48_000)

    samples, recording = read(media.cut(tmp_path / "a.m4a", 0.5))

    assert 4 < len(samples) / SAMPLE_RATE < 6
    assert recording.partial


def test_an_mp4_that_lost_its_table_cannot_be_read(tmp_path):
    media.encode(tmp_path / "a.m4a", media.tone(10, 48_000), 48_000, "aac")

    assert refusal(media.cut(tmp_path / "a.m4a", 0.5)) is Failure.NOT_MEDIA


def test_a_video_whose_sound_ends_early_is_whole(tmp_path):
    media.encode(tmp_path / "video.mkv", media.tone(2, 48_000), 48_000, "libopus", pictures=8)

    _, recording = read(tmp_path / "video.mkv")

    assert not recording.partial, recording.broke_off


def test_damage_in_the_middle_does_not_end_the_recording(tmp_path):
    media.encode(tmp_path / "a.mp3", media.tone(10, 44_100), 44_100, "libmp3lame")
    content = bytearray((tmp_path / "a.mp3").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = b"\x55" * 3000
    (tmp_path / "a.mp3").write_bytes(content)

    samples, _ = read(tmp_path / "a.mp3")

    assert len(samples) / SAMPLE_RATE > 9


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_of_any_kind_is_either_refused_or_read(tmp_path_factory, data):
    suffix, codec = data.draw(
        st.sampled_from(
            [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("mkv", "libopus"), ("m4a", "aac"), ("opus", "libopus")]
        )
    )
    file = tmp_path_factory.getbasetemp() / f"whole.{suffix}"
    if not file.exists():
        media.encode(file, media.tone(1, 48_000), 48_000, codec)
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, min(len(content) - 1, 4000)))] = data.draw(st.integers(0, 255))
    damaged = file.with_name(f"damaged.{suffix}")
    damaged.write_bytes(content[: data.draw(st.integers(1, len(content)))])

    try:
        samples, _ = read(damaged)
    except CannotTranscribe as error:
        assert error.kind in (Failure.NOT_MEDIA, Failure.NO_AUDIO, Failure.CODEC_UNKNOWN)
    else:
        assert len(samples) < 60 * SAMPLE_RATE


def test_a_file_that_ends_after_its_header_is_no_recording(tmp_path):
    soundfile.write(tmp_path / "talk.wav", media.tone(4), SAMPLE_RATE)
    content = (tmp_path / "talk.wav").read_bytes()
    (tmp_path / "talk.wav").write_bytes(content[:44])

    with pytest.raises(CannotTranscribe) as refused:
        read(tmp_path / "talk.wav")

    assert refused.value.kind is Failure.NOT_MEDIA


@pytest.mark.parametrize("rate", [1, 100, 1999, 3_000_001, 2**31 - 1])
def test_a_rate_at_which_nobody_speaks_is_not_believed(tmp_path, rate):
    soundfile.write(tmp_path / "talk.wav", media.tone(4), SAMPLE_RATE)
    content = bytearray((tmp_path / "talk.wav").read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    (tmp_path / "talk.wav").write_bytes(content)

    with pytest.raises(CannotTranscribe) as refused:
        read(tmp_path / "talk.wav")

    assert refused.value.kind is Failure.NOT_MEDIA


def test_a_duration_for_which_the_file_is_too_small_is_not_told(tmp_path):
    soundfile.write(tmp_path / "talk.wav", media.tone(4), SAMPLE_RATE)
    content = bytearray((tmp_path / "talk.wav").read_bytes())
    content[24:28] = (2).to_bytes(4, "little")  # samples a second
    (tmp_path / "talk.wav").write_bytes(content)

    with Recording(os.fsencode(tmp_path / "talk.wav")) as recording:
        assert recording.duration is None


def test_a_file_that_plays_more_than_it_can_hold_is_broken_off(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "HOLES", 2)
    monkeypatch.setattr(audio, "LEAST_A_SECOND", 1_000_000)
    soundfile.write(tmp_path / "talk.wav", media.tone(10), SAMPLE_RATE)

    samples, recording = read(tmp_path / "talk.wav")

    assert 2 < len(samples) / SAMPLE_RATE < 4
    assert recording.partial


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf, 3e38])
def test_samples_that_cannot_be_calculated_with_are_replaced(tmp_path, strange):
    tone = media.tone(1)
    tone[5000:5010] = strange
    soundfile.write(tmp_path / "talk.wav", tone, SAMPLE_RATE, subtype="FLOAT")

    samples, _ = read(tmp_path / "talk.wav")

    assert np.isfinite(np.square(samples)).all()
    assert np.array_equal(samples[:5000], tone[:5000])


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_missing(tmp_path):
    assert refusal(tmp_path / "gone.wav") is Failure.FILE_MISSING


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_to_nothing_is_told_from_a_missing_file(tmp_path):
    (tmp_path / "link.wav").symlink_to(tmp_path / "nothing.wav")

    assert refusal(tmp_path / "link.wav") is Failure.LINK_BROKEN


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_that_leads_round_in_a_circle_cannot_be_read(tmp_path):
    (tmp_path / "link.wav").symlink_to(tmp_path / "link.wav")

    assert refusal(tmp_path / "link.wav") is Failure.FILE_UNREADABLE


def test_a_name_that_is_too_long_cannot_be_read(tmp_path):
    assert refusal(tmp_path / ("x" * 5000)) in (Failure.FILE_UNREADABLE, Failure.FILE_MISSING)


def test_a_name_with_a_zero_byte_is_missing(tmp_path):
    with pytest.raises(CannotTranscribe) as refused:
        Recording(os.fsencode(tmp_path) + b"/a\0b.wav")

    assert refused.value.kind is Failure.FILE_MISSING


def test_an_empty_file_is_empty(tmp_path):
    (tmp_path / "empty.wav").touch()

    assert refusal(tmp_path / "empty.wav") is Failure.FILE_EMPTY


def test_a_folder_is_not_a_file(tmp_path):
    assert refusal(tmp_path) is Failure.NOT_A_FILE


@pytest.mark.skipif(sys.platform == "win32", reason="no such things there")
def test_a_pipe_or_a_device_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "fifo.wav")

    assert refusal(tmp_path / "fifo.wav") is Failure.NOT_A_FILE
    assert refusal(Path("/dev/zero")) is Failure.NOT_A_FILE


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp3", "subtitles.srt", "song.lrc", "page.html", "random.wav"])
def test_what_is_no_media_is_refused_whatever_its_name(tmp_path, name):
    contents = {
        ".srt": b"1\n00:00:01,000 --> 00:00:02,000\nhello\n",
        ".lrc": b"[ti:x]\n[00:01.00]hello\n",
        ".html": b"<html><body>hello</body></html>",
        ".wav": np.random.default_rng(1).bytes(5000),
    }
    file = tmp_path / name
    file.write_bytes(contents.get(file.suffix, b"hello there\n" * 100))

    assert refusal(file) is Failure.NOT_MEDIA


@pytest.mark.parametrize("name", ["random.flac", "random.thd"])
def test_bytes_that_ffmpeg_opens_for_their_name_alone_are_no_silent_recording(tmp_path, name):
    (tmp_path / name).write_bytes(np.random.default_rng(4).bytes(30000))

    with pytest.raises(CannotTranscribe) as refused:
        list(Recording(os.fsencode(tmp_path / name)).blocks(SAMPLE_RATE))

    assert refused.value.kind is Failure.NOT_MEDIA


@pytest.mark.parametrize(("name", "codec", "colours"), [("a.png", "png", "rgb24"), ("a.jpg", "mjpeg", "yuvj420p")])
def test_a_picture_has_no_sound(tmp_path, name, codec, colours):
    with av.open(str(tmp_path / name), "w", format="image2") as container:
        stream = container.add_stream(codec)
        stream.width, stream.height, stream.pix_fmt = 64, 48, colours
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(picture.reformat(format=colours)))
        container.mux(stream.encode())

    assert refusal(tmp_path / name) is Failure.NO_AUDIO


def test_a_silent_film_has_no_sound(tmp_path):
    media.encode(tmp_path / "film.mp4", None, 0, pictures=2)

    assert refusal(tmp_path / "film.mp4") is Failure.NO_AUDIO


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp3", "list.concat", "list.sdp", "list.asx"])
def test_a_playlist_never_reaches_out(tmp_path, name, speech):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        sdp = f"c=IN IP4 127.0.0.1\nt=0 0\nm=audio {address[10:]} RTP/AVP 0\n"
        contents = {
            ".concat": f"ffconcat version 1.0\nfile 'http://{address}/a.wav'\nfile '{speech}'\n",
            ".sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\n{sdp}",
            ".asx": f'<asx version="3.0"><entry><ref href="http://{address}/a.wav"/></entry></asx>',
        }
        hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nhttp://{address}/a.ts\n#EXT-X-ENDLIST\n"
        file = tmp_path / name
        file.write_text(contents.get(file.suffix, hls))

        assert refusal(file) in (Failure.NOT_MEDIA, Failure.NO_AUDIO)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_playlist_does_not_read_other_files_of_the_user(tmp_path, speech):
    (tmp_path / "list.mp3").write_text(f"ffconcat version 1.0\nfile '{speech}'\n")

    assert refusal(tmp_path / "list.mp3") in (Failure.NOT_MEDIA, Failure.NO_AUDIO)
