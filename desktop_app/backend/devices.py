"""What this machine can run, and what to step down to."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from desktop_app.backend.failures import CannotTranscribe
from desktop_app.messages import Device, Failure, Way


@dataclass(frozen=True)
class Setup:
    """One way of running a model."""

    device: Literal["cpu", "cuda"]
    compute_type: str
    threads: int
    index: int = 0  # of several cards


# The best first. On the processor "int8" is what CTranslate2 makes of it there.
CARD_TYPES = ("float16", "int8_float16", "float32")
PROCESSOR_TYPE = "int8"


def setups(
    device: Device, compute_type: str = "", wanted_threads: int = 0, ways: Sequence[Way] = ()
) -> Iterator[Setup]:
    """Yield the ways to try, the best first. Raise CannotTranscribe if `device` is not in this machine, or cannot.

    ways: those that were found to work here, and suit; then no others are tried.
    """
    count = wanted_threads or threads()
    if ways:
        yield from (Setup(way.device, way.compute_type, count, way.index) for way in ways)
        return
    import ctranslate2

    graphics_cards = ctranslate2.get_cuda_device_count()
    if device == "cuda" and not graphics_cards:
        raise CannotTranscribe(Failure.DEVICE_MISSING, "CTranslate2 finds no CUDA device")
    found = False
    if device in ("auto", "cuda") and graphics_cards:
        supported = ctranslate2.get_supported_compute_types("cuda")
        for kind in [compute_type] if compute_type else CARD_TYPES:
            if kind in supported:
                found = True
                yield Setup("cuda", kind, count)
    if device != "cuda" and (not compute_type or compute_type in ctranslate2.get_supported_compute_types("cpu")):
        found = True
        yield Setup("cpu", compute_type or PROCESSOR_TYPE, count)
    if not found:
        raise CannotTranscribe(Failure.COMPUTE_TYPE_MISSING, compute_type)


def threads() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 4


def kind_of(error: Exception) -> Failure:
    """Return what an error from CTranslate2 means. It raises RuntimeError for everything; only the text tells."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or "out of memory" in text or re.search("bad_alloc|alloc_failed|allocat", text):
        return Failure.OUT_OF_MEMORY
    if any(word in text for word in ("cuda", "cublas", "cudnn", "gpu", "illegal memory access", "launch failure")):
        return Failure.DEVICE_MISSING
    return Failure.UNFORESEEN
