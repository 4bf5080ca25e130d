"""What a hostile recording can make this process take: memory, room on the disk; and what a crash may leave behind."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import resource

LARGEST_FILE = 64 * 1024 * 1024  # bytes; we write the log, and a graphics card's driver keeps what it compiled


def of_the_process() -> None:
    """Have no core dumped, which would hold what was said, and no file grow without end. Windows has no such limits."""
    if sys.platform == "win32":
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # what would be too large is refused, instead of our end
    _lower(resource.RLIMIT_FSIZE, LARGEST_FILE)


@contextlib.contextmanager
def memory(more: int) -> Iterator[None]:
    """Within, let nothing be allocated that takes this process `more` bytes above what it has now. Linux only.

    For the time of reading a file, and measured from what is in use: models are of any size, and CUDA reserves more
    addresses than any machine has memory. Those count for RLIMIT_AS; RLIMIT_DATA counts what can be written to.
    """
    in_use = _writable_memory()
    if sys.platform == "win32" or in_use is None:
        yield
        return
    before = _lower(resource.RLIMIT_DATA, in_use + more)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _writable_memory() -> int | None:
    """Return the bytes of memory of our own that could be written to; None where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[5]
    except OSError:
        return None
    return int(pages) * resource.getpagesize()


if sys.platform != "win32":

    def _lower(kind: int, most: int) -> tuple[int, int]:
        """Set a limit that can be lifted again, unless a lower one is set; return what was set."""
        before = soft, hard = resource.getrlimit(kind)
        if soft == resource.RLIM_INFINITY or soft > most:
            resource.setrlimit(kind, (most, hard))
        return before
