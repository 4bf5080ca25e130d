"""Reads media files as the backend does, up to the spans of speech, and tells what each took: in a process of its own.

That process gets the names on stdin, one a line, and answers each with a Report, a line of JSON.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import msgspec

import desktop_app
from desktop_app.backend import limits
from desktop_app.backend.audio import Recording
from desktop_app.backend.failures import CannotTranscribe
from desktop_app.backend.speech import BLOCK, VoiceActivity, spans

HANGS = 60  # seconds without an answer


class Report(msgspec.Struct, frozen=True):
    ended: str  # "read", "partial", the kind of failure; else what was raised, "crashed" or "hung"
    is_foreseen: bool
    processor: float = 0.0  # seconds
    grown_mb: float = 0.0  # what the memory peaked above what it was before; 0 where the system does not tell
    length: float = 0.0  # seconds of sound delivered
    duration: float | None = None
    detail: str = ""


class Reader:
    """The process, started again when it crashed or hung."""

    def __init__(self) -> None:
        self._start()

    def read(self, file: Path) -> Report:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(os.fsencode(file) + b"\n")
        self._process.stdin.flush()
        hangs = threading.Event()
        alarm = threading.Timer(HANGS, lambda: (hangs.set(), self._process.kill()))
        alarm.start()
        answer = self._process.stdout.readline()
        alarm.cancel()
        if answer:
            return msgspec.json.decode(answer, type=Report)
        code = self._process.wait()
        self._start()
        return Report("hung" if hangs.is_set() else "crashed", False, detail=f"exit code {code}")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        root = Path(desktop_app.__file__).parent.parent
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(root)},
        )


# --- in the process --------------------------------------------------------------------------------------------------


def _report_on(file: Path, voice: VoiceActivity) -> Report:
    before, began = memory("VmRSS"), time.process_time()
    _forget_the_peak()
    length, duration, detail, is_foreseen = 0.0, None, "", True
    try:
        with Recording(os.fsencode(file)) as recording:
            duration = recording.duration
            for _ in spans(recording.blocks(BLOCK), [voice]):
                length = recording.length
        ended, detail = ("partial" if recording.partial else "read"), recording.broke_off
    except CannotTranscribe as error:
        ended, detail = error.kind, error.detail
    except Exception as error:
        ended, detail, is_foreseen = f"{type(error).__name__}: {error}", traceback.format_exc(), False
    took, grown = time.process_time() - began, memory("VmHWM") - before
    return Report(ended, is_foreseen, took, max(0.0, grown), length, duration, detail)


def memory(what: str, pid: int | str = "self") -> float:
    """Return a figure of a process in MB, as Linux tells it; 0 elsewhere."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


def _forget_the_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    limits.of_the_process()
    voice = VoiceActivity()
    for line in sys.stdin.buffer:
        report = _report_on(Path(os.fsdecode(line.removesuffix(b"\n"))), voice)
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
