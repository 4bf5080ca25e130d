"""A backend that behaves as its first argument says: it stands at the door in the place of the real one.

It speaks messages.py through the real pipe. It hears one second of a recording, then does its mischief in the next one:
every time, or the first time only, if a second argument names a file to remember that by. It goes on where it is told.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from desktop_app.messages import (
    BackendReady,
    Cancel,
    Failure,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    LoadModel,
    Message,
    ModelLoaded,
    Progress,
    Segment,
    SpeechHeard,
    Stage,
    Transcribe,
    command_from,
    to_line,
)


def send(message: Message) -> None:
    sys.stdout.buffer.write(to_line(message))
    sys.stdout.buffer.flush()


def misbehave(how: str, job_id: int) -> None:
    match how:
        case "dies":
            os._exit(3)
        case "crashes":
            os.abort()
        case "speaks nonsense":
            sys.stdout.buffer.write(b"Traceback (most recent call last):\n")
        case "speaks nonsense in a message":
            sys.stdout.buffer.write(b'{"type":"SpeechHeard","job_id":"one"}\n')
        case "says a line without end":
            while True:
                sys.stdout.buffer.write(b"x" * 1_000_000)
        case "has no memory":
            send(JobFailed(job_id, Failure.OUT_OF_MEMORY, "bad_alloc"))
            time.sleep(600)
        case "has a fault":
            send(JobFailed(job_id, Failure.UNFORESEEN, "ValueError: of this passage"))
            time.sleep(600)
        case "does not listen":
            time.sleep(600)
        case "speaks of other jobs":
            for other in (0, job_id + 1000):
                send(SpeechHeard(other, (Segment(0, 1, "nobody asked"),), (), 1.0))
                send(JobFinished(other, 1.0, False, ""))
                send(JobCancelled(other))
        case "waits to be cancelled" | "loads, and waits to be cancelled":
            for line in sys.stdin.buffer:
                if command_from(line) == Cancel(job_id):
                    send(JobCancelled(job_id))
                    return
    sys.stdout.buffer.flush()
    if how.startswith("speaks nonsense"):
        time.sleep(600)


def main() -> None:
    how = sys.argv[1]
    memory = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    send(BackendReady(os.getpid(), "fake"))
    for line in sys.stdin.buffer:
        command = command_from(line)
        if isinstance(command, LoadModel) and how.startswith("loads"):
            send(ModelLoaded(command.model, "cpu", "int8", 0.0))
        if not isinstance(command, Transcribe):
            continue
        job_id = command.job_id
        if how == "dies at once":
            os._exit(3)
        send(Progress(job_id, Stage.LOADING_MODEL, 0.0, 3.0))
        send(ModelLoaded(command.model, "cpu", "int8", 0.0))
        send(JobStarted(job_id, 3.0, "en", 1.0, "cpu"))
        start = command.resume_at or 0.0
        if start < 1.0:
            send(SpeechHeard(job_id, (Segment(0.0, 1.0, f"heard in job {job_id}"),), (), 1.0))
        send(Progress(job_id, Stage.TRANSCRIBING, 1.0, 3.0, until=2.0))
        if start < 2.0 and (memory is None or not memory.exists()):
            if memory is not None:
                memory.touch()
            misbehave(how, job_id)
            if how.endswith("waits to be cancelled"):
                continue
        if start < 3.0:
            send(SpeechHeard(job_id, (Segment(2.0, 3.0, "the end"),), (), 3.0))
        send(JobFinished(job_id, 3.0, False, ""))


if __name__ == "__main__":
    main()
