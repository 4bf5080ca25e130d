"""The real probe, started by a test, and what it told."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import NamedTuple, TypeVar

from desktop_app import paths
from desktop_app.messages import Message, ProbeEvent, probe_event_from

Event = TypeVar("Event", bound=Message)

# Where it is found first, Python runs it before anything else. It dies of one kind of arithmetic, as a driver may.
TREACHERY = """
import os, signal
import ctranslate2
real = ctranslate2.models.Whisper
def whisper(*arguments, **options):
    if options.get("compute_type") == os.environ["DIES_OF"]:
        how = os.environ["DIES_BY"]
        once = os.path.join(os.path.dirname(__file__), "once")
        if how.endswith("once") and os.path.exists(once):
            return real(*arguments, **options)
        open(once, "w").close()
        if how.startswith("sleeping"):
            import time
            time.sleep(600)
        os.kill(os.getpid(), signal.SIGKILL if how.startswith("killed") else signal.SIGSEGV)
    return real(*arguments, **options)
ctranslate2.models.Whisper = whisper
"""


class Told(NamedTuple):
    events: list[ProbeEvent]
    exit_code: int
    seconds: float
    log: str

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def probe(*arguments: str, **environment: str) -> Told:
    """Run the probe to its end."""
    began = time.monotonic()
    ended = subprocess.run(
        [*paths.backend_command(), "probe", *arguments],
        env={**os.environ, **paths.for_children(), **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )
    events = [probe_event_from(line) for line in ended.stdout.splitlines()]
    return Told(events, ended.returncode, time.monotonic() - began, ended.stderr.decode("utf-8", "replace"))


def treacherous(folder: Path, dies_of: str, by: str = "signal") -> dict[str, str]:
    """Return the environment in which CTranslate2 kills its process as soon as it calculates so.

    by: "signal", "sleeping", "sleeping once" or "killed once".
    """
    (folder / "sitecustomize.py").write_text(TREACHERY)
    inherited = os.environ.get("PYTHONPATH", "")
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(folder), str(Path(paths.__file__).parent.parent), inherited])),
        "DIES_OF": dies_of,
        "DIES_BY": by,
    }


def built(folder: Path, source: Path, name: str, *options: str) -> Path:
    """Return the library made of a C file."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["cc", "-shared", "-fPIC", "-w", *options, f"-Wl,-soname,{name}", "-o", str(folder / name), str(source)]
    subprocess.run(command, check=True)
    return folder / name
