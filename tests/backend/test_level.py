"""Sound that is too quiet, too loud or covered by hum is brought into range; sound that is in range is left alone."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speech import media, prompts, real_sound

from desktop_app import paths
from desktop_app.backend.audio import SAMPLE_RATE, Recording
from desktop_app.backend.level import LevelControl
from desktop_app.backend.speech import FRAME, VoiceActivity


def controlled(sound: np.ndarray, piece: int = 32_768, **options: Any) -> np.ndarray:
    level = LevelControl(**options)
    pieces = [level.feed(sound[at : at + piece]) for at in range(0, len(sound), piece)]
    return np.concatenate([*pieces, level.finish()])


@cache
def voice() -> np.ndarray:
    """The sample recording, a voice in range, with what comes before the first word and after the last."""
    with Recording(os.fsencode(paths.sample_recording())) as recording:
        return np.concatenate([*recording._pieces("mono")])


def spoken(sound: np.ndarray) -> np.ndarray:
    """Return in which frames the detector finds speech."""
    detector = VoiceActivity()
    whole = sound[: len(sound) // (32 * FRAME) * 32 * FRAME].astype(np.float32)
    return np.concatenate([detector.probabilities(part) for part in whole.reshape(-1, 32 * FRAME)]) >= 0.5


def share_found(sound: np.ndarray) -> float:
    """Return how much of the speech in the voice as it is the detector finds in another form of it."""
    clean = spoken(voice())
    return float(np.sum(spoken(sound) & clean) / clean.sum())


@pytest.mark.parametrize("live", [False, True], ids=["file", "live"])
def test_a_voice_in_range_is_passed_on_sample_by_sample(live):
    assert np.array_equal(controlled(voice(), live=live), voice())


@pytest.mark.parametrize("live", [False, True], ids=["file", "live"])
def test_human_speech_in_range_is_passed_on_sample_by_sample(live):
    spoken = prompts.spoken("fr", 120)
    sound = real_sound.resampled(spoken.samples, prompts.SAMPLE_RATE)

    assert np.array_equal(controlled(sound, live=live), sound)


@pytest.mark.parametrize(
    "sound", [media.tone(20), real_sound.noise(20 * SAMPLE_RATE, -60), np.zeros(20 * SAMPLE_RATE, np.float32)]
)
def test_what_nobody_speaks_in_is_not_raised(sound):
    assert np.array_equal(controlled(sound), sound)


TROUBLES = {
    "60 dB too quiet": lambda sound: sound * 1e-3,
    "60 dB too loud": lambda sound: sound * 1e3,
    "on a constant voltage": lambda sound: sound / 4 + 0.9,
    "in mains hum": lambda sound: sound / 4 + real_sound.hum(len(sound), -3),
    "in rumble": lambda sound: sound / 10 + real_sound.rumble(len(sound), -9),
    "quiet, and in hum": lambda sound: (sound / 4 + real_sound.hum(len(sound), -3)) * 1e-3,
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_detector_finds_a_voice_whatever_level_it_has_and_whatever_lies_below_it(trouble):
    spoilt = TROUBLES[trouble](voice()).astype(np.float32)

    assert share_found(spoilt) < 0.8
    assert share_found(controlled(spoilt)) > 0.9


def test_a_quiet_voice_behind_a_near_one_is_raised_and_the_near_one_is_not():
    sound = np.concatenate([voice(), voice() * np.float32(1e-3)])

    found = controlled(sound)

    near, far = found[: len(voice()) - 7 * SAMPLE_RATE], found[len(voice()) + 8 * SAMPLE_RATE :]
    assert np.array_equal(near, voice()[: len(near)])
    assert np.sqrt(np.mean(np.square(far))) > 0.01


@settings(max_examples=12, deadline=None)
@given(
    piece=st.integers(500, 60_000),
    begin=st.floats(0, 25),
    trouble=st.sampled_from(["60 dB too quiet", "in mains hum"]),
)
def test_neither_the_size_of_the_pieces_nor_where_one_goes_on_changes_a_sample(piece, begin, trouble):
    sound = TROUBLES[trouble](voice()).astype(np.float32)
    first = round(begin * SAMPLE_RATE)

    found = controlled(sound, piece, begin=first)

    assert np.array_equal(found[first:], controlled(sound)[first:])
    assert len(found) == len(sound)


@pytest.mark.parametrize("live", [False, True], ids=["file", "live"])
def test_what_is_held_does_not_grow_with_the_recording(live):
    level = LevelControl(live=live)
    held = []

    for _ in range(60):
        level.feed(voice()[: 2 * SAMPLE_RATE])
        held.append((len(level._held), len(level._measured)))

    assert max(held[30:]) <= max(held[:30])
    assert max(samples for samples, _ in held) < (1 if live else 6) * SAMPLE_RATE


@pytest.mark.parametrize("count", [0, 1, 100, 511, 8192, 8193])
def test_a_recording_of_any_length_keeps_it(count):
    assert len(controlled(voice()[:count] * np.float32(1e-3))) == count
