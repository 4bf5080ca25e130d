"""What the tests of faults share: good recordings to damage, and the figures of a full run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile
from faults.reader import Reader
from speech import media

FULL = os.environ.get("SOTTOVOCE_FAULTS") == "full"  # else the short form, as in `make test`
SECONDS = 4
FORMATS = {  # suffix: codec, whether there are pictures
    "wav": ("pcm_s16le", False),
    "flac": ("flac", False),
    "mp3": ("libmp3lame", False),
    "m4a": ("aac", False),
    "ogg": ("libopus", False),
    "mkv": ("libopus", False),
    "mp4": ("aac", True),
}
_told = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def good(tmp_path_factory, sample) -> dict[str, bytes]:
    """The first four seconds of the sample, in one file of each format."""
    folder = tmp_path_factory.mktemp("good")
    samples, rate = soundfile.read(sample, dtype="float32")
    made = {}
    for suffix, (codec, has_pictures) in FORMATS.items():
        file = folder / f"speech.{suffix}"
        media.encode(file, samples[: SECONDS * rate], rate, codec, pictures=SECONDS if has_pictures else 0)
        made[suffix] = file.read_bytes()
    return made


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    started = Reader()
    yield started
    started.end()


@pytest.fixture
def scratch(tmp_path) -> Iterator[Path]:
    """A folder whose files go when the test is over: there are thousands."""
    yield tmp_path
    for file in tmp_path.iterdir():
        if file.is_file():
            file.unlink()


@pytest.fixture(scope="session")
def tell(pytestconfig) -> Callable[[str], None]:
    """Have a line printed at the end of a full run."""
    return pytestconfig.stash.setdefault(_told, []).append


def pytest_terminal_summary(terminalreporter, config) -> None:
    if FULL:
        for line in config.stash.get(_told, []):
            terminalreporter.write_line(line)
