"""Memory of the C library: large blocks are reused instead of being returned to the system and taken from it again."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import lru_cache

# Parameters of mallopt, from glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
LARGEST_BLOCK = 1 << 30  # bytes: blocks up to this size come from the heap
NEVER = (1 << 31) - 1  # bytes: the heap is given back by `give_back` alone


@lru_cache(maxsize=1)
def reuse_large_blocks() -> None:
    """Have glibc keep large blocks in one heap. Does nothing where there is another C library.

    The attention of a layer takes 72 MB with a model as small as *base*. By default glibc asks the system for such a
    block and returns it at once, for every layer, and the system clears each page of it: of the processor's time for
    encoding 30 s, nearly half (tests/benchmarks/README.md, "What was tried"). Heaps of other threads hold at most
    64 MB, hence the one heap for all.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)
        mallopt(M_TRIM_THRESHOLD, NEVER)


@lru_cache(maxsize=1)
def _malloc_trim() -> Callable[[int], int] | None:
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def give_back() -> None:
    """Return what was freed to the system. Without it, ever more stays in pieces too small for the next batch."""
    if trim := _malloc_trim():
        trim(0)
