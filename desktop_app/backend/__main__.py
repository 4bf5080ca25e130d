"""Reads commands, runs one job at a time, writes events.

Before anything that could print is imported, the pipe is moved to descriptors of our own and descriptor 1 is pointed at
stderr: a library's stray print then lands in the log and not between two messages. The work is a plain loop on the main
thread. The only other thread sleeps in a blocking read of the commands, so that a cancel, a ping, or the end of the
parent is noticed at once.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import queue
import sys
import threading
from typing import NoReturn

from desktop_app.backend import cuda_libraries, limits, probe
from desktop_app.messages import (
    BackendReady,
    Cancel,
    Command,
    Garbled,
    LoadModel,
    Ping,
    Pipe,
    Pong,
    RecordingEnded,
    Transcribe,
    command_from,
    end_if_parent_is_of_another_version,
)

NICENESS = 5  # the window goes first; measured in tests/benchmarks/README.md


class Inbox:
    """What the parent asked for: filled by the reading thread, emptied by the main one."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._waiting: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._ended: set[int] = set()
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def next(self) -> Command:
        """Return the next command; wait for it."""
        return self._waiting.get()

    def is_cancelled(self, job_id: int) -> bool:
        return job_id in self._cancelled

    def has_ended(self, job_id: int) -> bool:
        """Tell whether the recording of a live job is complete."""
        return job_id in self._ended

    def _read(self) -> None:
        for line in self._pipe.commands:
            try:
                command = command_from(line)
            except Garbled as error:
                logging.error("a garbled command: %s", error)
                break
            match command:
                case Cancel(job_id=job_id):
                    self._cancelled.add(job_id)
                case RecordingEnded(job_id=job_id):
                    self._ended.add(job_id)
                case Ping(number=number):
                    self._pipe.send(Pong(number))
                case Transcribe(job_id=job_id):
                    self._cancelled.discard(job_id)  # a cancel from before came too late for the job done before
                    self._ended.discard(job_id)
                    self._waiting.put(command)
                case LoadModel():
                    self._waiting.put(command)
        leave()


def leave() -> NoReturn:
    """End the process now. Destroying a CUDA model can crash (CTranslate2 #1782), and nothing here needs tidying."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(0)


def main() -> None:
    end_if_parent_is_of_another_version()
    if sys.argv[1:2] == ["probe"]:  # another process than this one, from the same program
        probe.main(sys.argv[2:])
        leave()
    pipe = Pipe(leave)
    limits.of_the_process()
    faulthandler.enable(sys.stderr)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    inbox = Inbox(pipe)
    cuda_libraries.open_all()  # where CTranslate2 will find them
    from desktop_app.backend import engine  # the heavy imports, now that nothing can disturb the pipe
    from desktop_app.backend.worker import Worker

    worker = Worker(pipe.send, inbox.is_cancelled, inbox.has_ended)
    pipe.send(BackendReady(os.getpid(), engine.version()))
    while True:
        worker.carry_out(inbox.next())


if __name__ == "__main__":
    main()
