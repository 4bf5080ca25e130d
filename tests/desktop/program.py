"""The real program on a screen: started as a user starts it, watched through its library, title and clipboard."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from desktop_app import settings
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job, JobState

from .display import Display, DisplayError, wait_for

ROOT = Path(__file__).parents[2]
LONG = 60.0  # seconds that a transcription may take, on a busy machine
HARMLESS = (
    "QBackingStore::flush() called",  # Qt, of something to be painted in a window that was just closed
    "failed in 'src/hostapi/alsa/pa_linux_alsa.c'",  # PortAudio, of a stream that was ended while it waited for sound
    "child process “dbus-launch”",  # Qt, which looks for a tray where there is no session bus
)
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Program:
    """`python -m desktop_app` with a home of its own, in which tiny.en is installed and chosen."""

    def __init__(self, display: Display, home: Path, model: Path) -> None:
        self.display = display
        self.home = home
        self.window = 0
        self.env: dict[str, str] = {}
        self.command = [sys.executable, "-m", "desktop_app"]
        self._processes: list[subprocess.Popen[str]] = []
        self._library: History | None = None
        (home / "models").mkdir(parents=True)
        (home / "models" / "tiny.en").symlink_to(model)
        settings.save(settings.Settings(model="tiny.en", welcomed=True), home / "settings.json")

    # --- its life ---

    def start(self, *files: Path, env: Mapping[str, str] | None = None) -> int:
        """Start it and wait for its window; return that."""
        self.process = self.start_again(*files, env=env)
        try:
            self.window = self.display.find_window("Sottovoce$")
        except DisplayError as error:
            raise DisplayError(f"{error}\n{self._last_words()}") from error
        self.display.activate(self.window)
        return self.window

    def start_again(self, *files: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start it beside the one that may run already."""
        with self._said_file.open("ab") as said:
            process = self.display.start(
                [*self.command, *files],
                env={"SOTTOVOCE_HOME": str(self.home), **self.env, **(env or {})},
                cwd=ROOT,
                stdout=said,
                stderr=said,
            )
        self._processes.append(process)
        return process

    def _last_words(self) -> str:
        """End it, and return what it said and where it was."""
        exit_code = self.process.poll()
        self.process.send_signal(signal.SIGABRT)
        self.process.wait(10)
        files = [self._said_file, *sorted((self.home / "logs").glob("window*"))]
        return "\n".join([f"exit code {exit_code}", *(file.read_text() for file in files)])

    def wait_for_end(self) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        return self.process.wait(10)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End whatever of it still runs."""
        for process in self._processes:
            self.display.end(process)
        if self._library is not None:
            self._library.close()

    def backend(self) -> int:
        """Wait for the backend's process, and return its id."""
        return wait_for(lambda: children(self.process.pid), "the backend")[0]

    def kill_backend(self) -> None:
        os.kill(self.backend(), signal.SIGKILL)

    @property
    def complaints(self) -> str:
        """What it wrote where nobody reads it, and the bugs in its log."""
        log = self.home / "logs" / "window.log"
        logged = log.read_text() if log.exists() else ""
        bugs = logged[logged.index("CRITICAL") :] if "CRITICAL" in logged else ""
        said = self._said_file.read_text().splitlines(keepends=True)
        return "".join(line for line in said if not any(words in line for words in HARMLESS)) + bugs

    @property
    def _said_file(self) -> Path:
        return self.home / "said"

    # --- what has become of things ---

    @property
    def library(self) -> History:
        if self._library is None:
            self._library = History(self.home / "library.sqlite3")
        return self._library

    @property
    def jobs(self) -> list[Job]:
        """The jobs in its list, in the order of the queue."""
        return sorted(self.library.jobs(), key=lambda job: job.place)

    def job(self, name: str) -> Job:
        """Wait until a recording of that name is in the list, and return the job of the last one."""
        return wait_for(
            lambda: next((job for job in self.library.jobs() if job.name == name), None), f"{name} in the list"
        )

    def wait_for_state(self, name: str, *states: JobState) -> Job:
        """Wait until a recording has come to one of `states`, and return its job."""
        job_id = self.job(name).id

        def reached() -> Job | None:
            job = self.library.job(job_id)
            return job if job.state in states else None

        return wait_for(reached, f"{name} to be {' or '.join(states)}", LONG)

    def wait_until_done(self, name: str) -> Job:
        job = self.wait_for_state(name, *ENDED)
        assert job.state is JobState.DONE, (job.failure, job.failure_detail)
        return job

    def wait_until_heard(self, name: str) -> Job:
        """Wait until the first words of a recording that goes on are in the library."""
        job = self.job(name)
        wait_for(lambda: self.library.segments(job.id), f"the first words of {name}", LONG)
        return self.wait_for_state(name, JobState.RUNNING)

    def text(self, job: Job) -> str:
        return " ".join(segment.text.strip() for segment in self.library.segments(job.id))

    def copied(self) -> str:
        """Press Copy All, and return what is on the clipboard then: what the window shows."""
        self.display.key(self.window, "ctrl+shift+c")
        return wait_for(self.display.clipboard, "something on the clipboard")

    @property
    def title(self) -> str:
        said = subprocess.run(
            ["xprop", "-id", str(self.window), "_NET_WM_NAME"],
            env=self.display.env,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        found = re.search(r'= "(.*)"$', said.stdout.strip(), re.DOTALL)
        return found.group(1) if found else ""


def children(pid: int) -> list[int]:
    """Return the processes that process `pid` has started and that still run."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in listed.split() if runs(int(child))]


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state not in "ZX"
