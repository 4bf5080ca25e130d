"""A sound server of our own with microphones into which real speech is spoken, in real time."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 16_000
STEP = 0.05  # seconds
PATIENCE = 10.0
COUNT_EVERY = 8  # samples that have the same number: numbers are unique for 16 s
PROGRAMS = ("pulseaudio", "pactl")


class Microphone:
    """Delivers silence while nobody speaks, and what is spoken into it."""

    def __init__(self, fifo: Path, rate: int = RATE) -> None:
        self.rate = rate
        self.spoken = 0  # samples that were delivered of what was said
        self._said: deque[bytes] = deque()
        self._ended = threading.Event()
        self._is_dead = threading.Event()
        self._fifo = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, samples: np.ndarray) -> float:
        """Speak from now on: float32 at the microphone's rate, shape (samples,). Return how many seconds it takes."""
        return self._say((np.clip(samples, -1, 1) * 32767).astype("<i2"))

    def count(self, seconds: float) -> None:
        """Say numbers that grow with time: what `counted` makes of a recording tells which samples are in it."""
        self._say((np.arange(round(seconds * self.rate)) // COUNT_EVERY % 32767 + 1).astype("<i2"))

    def hush(self) -> None:
        """Leave unsaid what was not said yet."""
        self._said = deque()

    def is_quiet(self) -> bool:
        """Tell whether all was spoken."""
        return not self._said

    def die(self) -> None:
        """Be there, but deliver nothing any more."""
        self._is_dead.set()

    def revive(self) -> None:
        self._is_dead.clear()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        os.close(self._fifo)

    def _say(self, samples: np.ndarray) -> float:
        data, step = samples.tobytes(), 2 * round(self.rate * STEP)
        self._said += [data[begin : begin + step].ljust(step, b"\0") for begin in range(0, len(data), step)]
        return len(samples) / self.rate

    def _run(self) -> None:
        silence = bytes(2 * round(self.rate * STEP))
        due = time.monotonic()
        while not self._ended.is_set():
            if not self._is_dead.is_set():
                with contextlib.suppress(BlockingIOError):  # nobody listens: the pipe is full of silence
                    said = self._said  # which `hush` may replace
                    if not said:
                        os.write(self._fifo, silence)
                    else:
                        self.spoken += os.write(self._fifo, said[0]) // 2
                        said.popleft()
            due = max(due + STEP, time.monotonic() - 1)
            self._ended.wait(max(0.0, due - time.monotonic()))


class SoundServer:
    """PulseAudio in a folder of its own, with a loudspeaker that nobody hears. Its microphones are plugged in later."""

    def __init__(self, folder: Path) -> None:
        self.env = {"XDG_RUNTIME_DIR": str(folder)}
        self._folder = folder
        self._modules: dict[str, str] = {}
        self._microphones: dict[str, Microphone] = {}
        folder.chmod(0o700)
        self.start()

    def start(self) -> None:
        """Start, again after an `end`. The microphones have to be plugged in anew."""
        self._process = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
                *("-L", "module-native-protocol-unix"),
                *("-L", "module-null-sink sink_name=speaker rate=48000 channels=2"),
            ],
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: self._pactl("info", check=False).returncode == 0)
        self._pactl("set-default-sink", "speaker")

    def plug_in(self, name: str = "mic", rate: int = RATE) -> Microphone:
        """Plug in a microphone of that name. It becomes the default one if there is none."""
        fifo = self._folder / f"{name}.fifo"
        arguments = f"source_name={name} file={fifo} format=s16le rate={rate} channels=1".split()
        loaded = self._pactl("load-module", "module-pipe-source", *arguments)
        self._modules[name] = loaded.stdout.decode().strip()
        self._microphones[name] = Microphone(fifo, rate)
        return self._microphones[name]

    def unplug(self, name: str = "mic") -> None:
        self._pactl("unload-module", self._modules.pop(name))
        self._microphones.pop(name).end()

    def make_default(self, name: str) -> None:
        self._pactl("set-default-source", name)

    def suspend(self, name: str, on: bool) -> None:
        self._pactl("suspend-source", name, "1" if on else "0")

    def suspend_loudspeaker(self, on: bool) -> None:
        """Have the computer's own sound deliver nothing any more, or again."""
        self._pactl("suspend-sink", "speaker", "1" if on else "0")

    def freeze(self, on: bool) -> None:
        """Have the sound server answer nobody any more, or again."""
        self._process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def move_streams(self, to: str) -> None:
        """Have whoever records record from `to`, as a user can in the system's mixer."""
        listed = self._pactl("list", "short", "source-outputs").stdout.decode()
        for line in listed.splitlines():
            self._pactl("move-source-output", line.split()[0], to)

    def play(self, samples: np.ndarray, rate: int, folder: Path) -> subprocess.Popen[bytes]:
        """Have another program play `samples`."""
        file = folder / "played.wav"
        soundfile.write(file, samples, rate)
        return subprocess.Popen(["paplay", file], env=self._environment())

    def end(self) -> None:
        for name in list(self._microphones):
            self._microphones.pop(name).end()
        self.freeze(False)
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def _pactl(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["pactl", *words], env=self._environment(), capture_output=True, check=check, timeout=20)

    def _environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("PULSE_")}
        return others | self.env | {"LC_ALL": "C"}


def counted(samples: np.ndarray) -> np.ndarray:
    """Return the numbers in a recording of `Microphone.count`, int16, without the silence before and after."""
    there = np.flatnonzero(samples)
    return samples[there[0] : there[-1] + 1] if len(there) else samples[:0]


@contextlib.contextmanager
def sound_server() -> Iterator[SoundServer]:
    """Run a sound server without any microphone, for this process and those it starts. Skip where there is none."""
    if not all(map(shutil.which, PROGRAMS)):
        pytest.skip("needs PulseAudio")
    # Not a folder of pytest: the names of sockets must be short.
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        server = SoundServer(Path(folder))
        for name, value in server.env.items():
            environment.setenv(name, value)
        for name in ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "PULSE_SOURCE"):
            environment.delenv(name, raising=False)
        try:
            yield server
        finally:
            server.end()


def wait_for(is_so: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
