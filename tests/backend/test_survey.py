"""Which track and which channels are taken, and what is said about it: real files, the real detector."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from speech import real_sound

from desktop_app import paths
from desktop_app.backend.audio import EACH, SAMPLE_RATE, Recording
from desktop_app.backend.channels import chosen
from desktop_app.backend.growing import GrowingFile
from desktop_app.backend.live_channels import LiveChannels
from desktop_app.backend.speech import FRAME, Span, VoiceActivity
from desktop_app.backend.survey import Survey, survey
from desktop_app.backend.worker import Worker
from desktop_app.messages import Event, JobCancelled, Remark, SoundNote, Transcribe
from desktop_app.work.sound_file import SoundFile

DETECTORS = [VoiceActivity() for _ in range(9)]


@cache
def voice() -> np.ndarray:
    """The first sentences of the sample, about 13 s."""
    samples, rate = soundfile.read(paths.sample_recording(), dtype="float32")
    return real_sound.resampled(samples[: round(12.8 * rate)], rate)


def silence() -> np.ndarray:
    return np.zeros_like(voice())


def looked_at(file: Path, track: int | None = None) -> Survey:
    with Recording(os.fsencode(file), track or 0) as recording:
        return survey(os.fsencode(file), recording, track, lambda count: DETECTORS[:count])


# --- tracks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_the_track_that_players_play_is_taken_and_the_others_that_have_speech_are_named(tmp_path, suffix):
    file = real_sound.write_tracks(tmp_path / f"film.{suffix}", [voice(), voice(), silence()], default=1)

    found = looked_at(file)

    assert found.track == 1
    assert found.notes == (
        SoundNote(Remark.TRACK_USED, (2,), 3),
        SoundNote(Remark.OTHER_TRACKS_SPEAK, (1,), 3),
    )


@pytest.mark.parametrize("suffix", ["mkv", "mov"])
def test_where_nobody_speaks_on_the_track_that_players_play_the_first_with_speech_is_taken(tmp_path, suffix):
    tracks = [silence(), real_sound.noise(len(voice()), -30), voice(), silence()]
    file = real_sound.write_tracks(tmp_path / f"camera.{suffix}", tracks)

    found = looked_at(file)

    assert (found.track, found.notes) == (2, (SoundNote(Remark.TRACK_SPEAKS, (3,), 4),))


def test_a_track_that_was_asked_for_is_taken_whatever_is_on_it(tmp_path):
    file = real_sound.write_tracks(tmp_path / "film.mkv", [voice(), silence()], default=0)

    assert looked_at(file, 1) == Survey(1)


def test_a_film_in_which_nobody_speaks_has_its_default_track_taken(tmp_path):
    file = real_sound.write_tracks(tmp_path / "film.mkv", [silence(), silence()], default=1)

    assert looked_at(file).track == 1


def test_a_track_in_a_format_that_is_not_known_is_named_and_another_one_taken(tmp_path):
    file = real_sound.make_undecodable(real_sound.write_tracks(tmp_path / "film.mp4", [voice(), voice()], default=0))

    found = looked_at(file)

    assert found.track == 1
    assert found.notes[0] == SoundNote(Remark.TRACK_UNREADABLE, (1,), 2, "Dolby AC-4")


# --- channels --------------------------------------------------------------------------------------------------------


def test_stereo_as_it_should_be_is_read_as_before(tmp_path):
    room = real_sound.noise(len(voice()), -60)
    for name, right in (("same", voice()), ("softer", voice() * 0.3 + room), ("silent", silence())):
        file = real_sound.write_channels(tmp_path / f"{name}.wav", [voice() + room, right])

        assert looked_at(file) == Survey(0), name


@pytest.mark.parametrize(
    ("right", "trouble"),
    [
        (lambda sound: -sound, Remark.CHANNELS_INVERTED),
        (lambda sound: -0.9 * sound, Remark.CHANNELS_INVERTED),
        (lambda sound: np.roll(sound, round(0.3 * SAMPLE_RATE)), Remark.CHANNELS_LATE),
        (lambda sound: real_sound.noise(len(sound), -15), Remark.CHANNELS_USED),
        (lambda sound: real_sound.hum(len(sound), -3), Remark.CHANNELS_USED),
    ],
    ids=["inverted", "nearly inverted", "late", "noise", "hum"],
)
def test_stereo_whose_mean_is_not_the_sound_is_read_channel_by_channel(tmp_path, right, trouble):
    room = real_sound.noise(len(voice()), -60)

    found = looked_at(real_sound.write_channels(tmp_path / "talk.wav", [voice() + room, right(voice()) + room]))

    assert (found.by_channel, found.trouble) == (True, trouble)


@pytest.mark.parametrize(("count", "live"), [(6, 4), (9, 1), (12, 4), (60, 1)])
def test_a_recorder_of_many_channels_is_read_channel_by_channel_where_a_mean_loses_speech(tmp_path, count, live):
    channels = [silence()] * count
    channels[live - 1] = voice()

    assert looked_at(real_sound.write_channels(tmp_path / "talk.wav", channels)).by_channel


def test_every_channel_can_be_had_as_it_is(tmp_path):
    channels = [voice() * np.float32(share) for share in np.linspace(0.1, 1, 9)]
    file = real_sound.write_channels(tmp_path / "talk.wav", channels)

    with Recording(os.fsencode(file)) as recording:
        found = np.concatenate([*recording.blocks(32_768, layout=EACH)])

    assert found.shape == (len(voice()), 9)
    assert np.abs(found - np.stack(channels, axis=1)).max() < 1e-4


def test_a_long_look_at_a_recording_in_which_nobody_speaks_can_be_cancelled(tmp_path):
    minute = 60 * SAMPLE_RATE
    file = real_sound.write_channels(tmp_path / "waves.wav", [real_sound.noise(minute, -30, seed) for seed in (1, 2)])
    events: list[Event] = []
    asked: list[int] = []

    def is_cancelled(job_id: int) -> bool:
        asked.append(job_id)
        return len(asked) > 3

    Worker(events.append, is_cancelled).carry_out(Transcribe(1, os.fsencode(file), b"/nowhere", "cpu"))

    assert (events, len(asked)) == ([JobCancelled(1)], 4)  # it has not even begun to load the model


# --- a span ----------------------------------------------------------------------------------------------------------


def span_of(*channels: tuple[np.ndarray, float, float]) -> Span:
    """Return a span of 10 s: each channel's sound, and between which seconds the detector finds speech in it."""
    frames = 10 * SAMPLE_RATE // FRAME
    probabilities = np.zeros((frames, len(channels)), np.float32)
    for number, (_, begin, end) in enumerate(channels):
        probabilities[round(begin * frames / 10) : round(end * frames / 10), number] = 0.9
    samples = np.stack([sound[: frames * FRAME] for sound, _, _ in channels], axis=1)
    return Span(0.0, samples.astype(np.float32), probabilities)


def test_of_channels_with_the_same_speech_the_clearest_is_taken():
    clear = np.where(np.arange(len(voice())) < 8 * SAMPLE_RATE, voice(), np.float32(0))
    noisy = clear + real_sound.noise(len(clear), -25)

    found = chosen(span_of((noisy, 0, 8), (clear, 0, 8), (clear, 0, 8)))

    assert found.channels == (1,)
    assert np.array_equal(found.span.samples, clear[: len(found.span.samples)])


def test_channels_on_which_others_speak_are_added():
    second = SAMPLE_RATE
    first = np.where(np.arange(len(voice())) < 5 * second, voice(), 0)
    then = np.where(np.arange(len(voice())) < 5 * second, 0, voice())

    found = chosen(span_of((first, 0, 5), (real_sound.noise(len(first), -20), 0, 0), (then, 5, 10)))

    assert found.channels == (0, 2)
    assert np.allclose(found.span.samples, voice()[: len(found.span.samples)])


# --- live ------------------------------------------------------------------------------------------------------------


def test_a_recording_that_grows_with_one_channel_upside_down_is_heard(tmp_path):
    stereo = (np.stack([voice(), -voice()], axis=1) * 32767).astype("<i2")
    sound = SoundFile(tmp_path / "live.wav", SAMPLE_RATE, 2)
    sound.append(stereo.tobytes())
    sound.close()

    ways = LiveChannels(DETECTORS[:3], 0.5)
    with GrowingFile(os.fsencode(tmp_path / "live.wav")) as file:
        found = np.concatenate([ways.feed(file.read(1.0)) for _ in range(13)])

    assert np.sqrt(np.mean(np.square(found))) > 0.5 * np.sqrt(np.mean(np.square(voice())))


def test_who_speaks_after_minutes_of_silence_is_found_though_little_of_it_is_listened_to(tmp_path):
    quiet = real_sound.noise(150 * real_sound.RATE, -60)
    late = np.concatenate([quiet, np.tile(voice(), 2)])
    file = real_sound.write_tracks(tmp_path / "film.mov", [np.resize(quiet, len(late)), late])
    listened = 0.0  # seconds

    class Counting(VoiceActivity):
        def probabilities(self, samples: np.ndarray) -> np.ndarray:
            nonlocal listened
            listened += samples.size / SAMPLE_RATE
            return super().probabilities(samples)

    detector = Counting()
    with Recording(os.fsencode(file)) as recording:
        found = survey(os.fsencode(file), recording, None, lambda count: [detector] * count)

    assert found.track == 1
    assert 0 < listened < 220  # of 350
