"""Tries a bundle on the system that it was made for: its three executables, with as good as nothing in the environment.

python packaging/smoke.py [FOLDER]    FOLDER has the executables: those in dist/ if none is named

The release workflow does so on each system, and tests/packaging on Linux. It stops at the first thing that is wrong.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "resources" / "sample.flac"
SAID = "Nothing you say ever leaves this computer"
WINDOWS = sys.platform == "win32"
PATIENCE = 300.0  # seconds; the machines of a workflow are slow when they start something for the first time


class Wrong(Exception):
    """The bundle does not do what it should."""


class Bundle:
    """The executables in `folder`, for a user whose home is `home`."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder = folder.absolute()
        self.env = environment(home)

    def executable(self, name: str) -> str:
        return str(self._folder / (f"{name}.exe" if WINDOWS else name))

    def run(self, name: str, *arguments: str) -> str:
        """Return what an executable prints. Raise Wrong if it fails, or has anything to say on stderr."""
        command = [self.executable(name), *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, timeout=PATIENCE, check=False)
        said, complained = _text(done.stdout), _text(done.stderr)
        if done.returncode != 0 or complained:
            raise Wrong(f"{name} {' '.join(arguments)}: exit code {done.returncode}\n{said}{complained}")
        return said

    def done(self) -> int:
        """Return how many recordings in the library are done."""
        return sum(job["state"] == "done" for job in json.loads(self.run("sottovoce", "history", "list", "--json")))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default_folder()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        bundle = Bundle(folder, Path(home))
        for check in CHECKS:
            began = time.monotonic()
            check(bundle)
            print(f"{time.monotonic() - began:6.2f} s  {check.__doc__}", flush=True)


def default_folder() -> Path:
    """Return the folder that `make bundle` puts the executables into."""
    if sys.platform == "darwin":
        return ROOT / "dist" / "Sottovoce.app" / "Contents" / "MacOS"
    return ROOT / "dist" / "sottovoce"


def environment(home: Path) -> dict[str, str]:
    """Return as good as none: no Python, no virtual environment, no language."""
    if WINDOWS:  # nothing runs there without the first three, and the home is not told by the environment
        needed = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
        system = Path(os.environ["SYSTEMROOT"], "System32")
        return {**needed, "PATH": str(system), "SOTTOVOCE_HOME": str(home)}
    return {"PATH": "/usr/bin:/bin", "HOME": str(home)}


def the_sample_is_understood(bundle: Bundle) -> None:
    """The sample is understood, and nothing else is said."""
    text = bundle.run("sottovoce", "transcribe", "--quiet", "--stdout", str(SAMPLE))
    _expect(SAID in text, f"This was understood instead:\n{text}")


def its_model_is_whole(bundle: Bundle) -> None:
    """Every byte of its model is as it should be."""
    said = bundle.run("sottovoce", "models", "verify")
    _expect(said == "base: intact, every byte checked\n", said)


def its_versions_are_known(bundle: Bundle) -> None:
    """The probe finds the engine, and knows its version."""
    said = bundle.run("sottovoce-backend", "probe", "--glance")
    versions = json.loads(said.splitlines()[-1])["versions"]
    _expect(re.fullmatch(r"Sottovoce [\d.]+, CTranslate2 [\d.]+", versions) is not None, said)


def its_manual_is_there(bundle: Bundle) -> None:
    """A page of the manual is printed."""
    said = bundle.run("sottovoce", "help", "queue")
    _expect(said.startswith("The queue\n"), said)


def the_porter_works(bundle: Bundle) -> None:
    """The porter does what it is told."""
    command = [bundle.executable("sottovoce"), "--porter"]
    with subprocess.Popen(command, env=bundle.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as porter:
        assert porter.stdin and porter.stdout
        porter.stdin.write(json.dumps({"type": "VerifyModel", "name": "base"}).encode() + b"\n")
        porter.stdin.flush()  # and stays open: the end of its commands would end it
        answers = porter.stdout.read().decode()
    _expect("PorterDone" in answers, answers)


def the_window_gets_a_recording_done(bundle: Bundle) -> None:
    """The window starts its backend, gets a recording done, and closes when it is asked to."""
    command = [bundle.executable("sottovoce-gui"), str(SAMPLE)]
    before = bundle.done()
    window = subprocess.Popen(command, env={**bundle.env, "QT_QPA_PLATFORM": "offscreen"})
    try:
        deadline = time.monotonic() + PATIENCE
        while bundle.done() == before:
            _expect(window.poll() is None, f"The window ended by itself: exit code {window.returncode}")
            _expect(time.monotonic() < deadline, "The recording is not done yet")
            time.sleep(1.0)
        bundle.run("sottovoce", "quit")
        exit_code = window.wait(60)
    finally:
        window.kill()
    _expect(exit_code == 0, f"The window ended with exit code {exit_code}")


CHECKS = [
    the_sample_is_understood,
    its_model_is_whole,
    its_versions_are_known,
    its_manual_is_there,
    the_porter_works,
    the_window_gets_a_recording_done,
]


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise Wrong(otherwise)


def _text(printed: bytes) -> str:
    return printed.decode("utf-8", "replace").replace("\r\n", "\n")


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        sys.exit(str(wrong))
