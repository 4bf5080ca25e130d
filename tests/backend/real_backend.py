"""A backend process as its parent sees it, and what can be asked of the events that came from it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, TypeVar

import desktop_app
from desktop_app.messages import Command, Event, Segment, SpeechHeard, event_from, to_line

ROOT = Path(desktop_app.__file__).parent.parent
PATIENCE = 60  # seconds
Wanted = TypeVar("Wanted")


class Backend:
    """A real backend process. Events are read as they come, so that it never waits for us."""

    def __init__(self, log: Path, **environment: str) -> None:
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "desktop_app.backend"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, *commands: Command) -> None:
        self.write(b"".join(map(to_line, commands)))

    def write(self, data: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def hang_up(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()

    def next(self) -> Event | None:
        """Return the next event; None when there will be none any more."""
        return self._events.get(timeout=PATIENCE)

    def until(self, *kinds: type[Any]) -> list[Event]:
        """Return the events up to the first one of these kinds."""
        events = []
        while (event := self.next()) is not None:
            events.append(event)
            if isinstance(event, kinds):
                return events
        raise AssertionError(f"it ended after {events}")

    def exit_code(self) -> int:
        return self._process.wait(PATIENCE)

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._events.put(event_from(line))
        self._events.put(None)


def of(kind: type[Wanted], events: list[Event]) -> list[Wanted]:
    return [event for event in events if isinstance(event, kind)]


def segments_of(events: list[Event]) -> list[Segment]:
    return [segment for event in of(SpeechHeard, events) for segment in event.segments]


def text_of(events: list[Event]) -> str:
    return " ".join(segment.text for segment in segments_of(events))
