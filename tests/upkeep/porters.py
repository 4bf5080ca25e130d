"""Porters as their parent sees them: one command in, events out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_app.messages import Message, PorterEvent, PorterProgress, porter_event_from, to_line

ROOT = Path(__file__).parents[2]


@contextmanager
def started(program: list[str], command: Message) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(program, env=environment, **pipes) as process:
        try:
            process.stdin.write(to_line(command))
            process.stdin.flush()
            yield process
        finally:
            process.kill()


def told(program: list[str], command: Message) -> list[PorterEvent]:
    """Return all that the porter says."""
    with started(program, command) as process:
        return [porter_event_from(line) for line in process.stdout]


def outcome(program: list[str], command: Message) -> PorterEvent:
    """Return the porter's last word."""
    *progress, last = told(program, command)
    assert all(isinstance(event, PorterProgress) for event in progress)
    return last
