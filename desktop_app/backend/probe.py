"""Looks what this computer can do, tells each fact as soon as it is found, and ends: drivers may crash it.

Started as `probe [--glance] [--without DEVICE:INDEX:TYPE]... [--model FOLDER --name NAME [--unmeasured DEVICE:INDEX]...
[--patient]]`. --glance: only what is there, without the engine. --without, --unmeasured: not to be tried, not to be
measured, since an earlier probe died of it. --model: to measure with. --patient: however long that takes.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib.metadata
import math
import os
import sys
import time
from collections.abc import Callable, Sequence

import desktop_app
from desktop_app.backend import cards, cuda_libraries, limits, processor
from desktop_app.messages import EngineFound, Message, to_line

LONGEST = 60  # seconds; whoever started it is less patient, and may be gone
NICENESS = 10
BELOW_NORMAL = 0x4000  # Windows' word for it
GOAL = 5.0  # seconds, for all of it


def main(arguments: Sequence[str]) -> None:
    began = time.monotonic()
    send = _take_pipe()
    faulthandler.enable(sys.stderr)
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    limits.of_the_process()
    _be_modest()
    asked = _parsed(arguments)
    send(processor.look())
    found = cards.look()
    for card in found:
        send(card)
    for library in cuda_libraries.open_all():
        send(library)
    if asked.glance:
        send(EngineFound(versions(), sum(card.index >= 0 for card in found)))
        return
    from desktop_app.backend import trying  # the heavy imports, now that the rest is told

    send(EngineFound(versions(), trying.cards()))
    works = trying.try_all(send, asked.without)
    if asked.model:
        ends = math.inf if asked.patient else began + GOAL
        folder = bytes.fromhex(asked.model)
        trying.measure(send, folder, asked.name, works, asked.unmeasured, lambda: ends - time.monotonic())


def versions() -> str:
    """Return what the results hang on, told without loading it."""
    try:
        engine = importlib.metadata.version("ctranslate2")
    except importlib.metadata.PackageNotFoundError:
        engine = "as delivered"
    return f"Sottovoce {desktop_app.__version__}, CTranslate2 {engine}"


def _take_pipe() -> Callable[[Message], None]:
    """Return what writes to stdout; for everybody else that is stderr from now on."""
    events = os.dup(1)
    os.dup2(2, 1)

    def send(message: Message) -> None:
        os.write(events, to_line(message))

    return send


def _be_modest() -> None:
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetPriorityClass(ctypes.windll.kernel32.GetCurrentProcess(), BELOW_NORMAL)
    else:
        os.nice(NICENESS)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="probe")
    parser.add_argument("--glance", action="store_true")
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--model", default="", help="its folder, as bytes in hexadecimal")
    parser.add_argument("--name", default="")
    parser.add_argument("--unmeasured", action="append", default=[])
    parser.add_argument("--patient", action="store_true")
    return parser.parse_args(arguments)
