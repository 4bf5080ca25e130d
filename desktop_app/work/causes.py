"""Why a process ended, told by its exit code."""

from __future__ import annotations

import enum
import signal


class Cause(enum.StrEnum):
    """What ended the backend; `ui/wording.py` has the sentences."""

    ILLEGAL_INSTRUCTION = "illegal_instruction"  # the processor does not know it
    SEGFAULT = "segfault"
    BUS_ERROR = "bus_error"  # a file that was mapped into memory is not there any more
    ABORT = "abort"  # it gave up by itself: libraries do when their own parts are missing
    ACCESS_VIOLATION = "access_violation"  # what a segfault is called on Windows
    STACK_OVERRUN = "stack_overrun"  # on Windows, also what abort() is
    DLL_MISSING = "dll_missing"
    OUT_OF_MEMORY_KILL = "out_of_memory_kill"  # killed, and not by us: the system does so when memory runs out
    ENDED_FROM_OUTSIDE = "ended_from_outside"  # asked to leave, and not by us
    STALLED = "stalled"  # ended by us, since it made no progress
    CANCELLED = "cancelled"  # ended by us, since it did not leave off in time
    UNKNOWN = "unknown"


_SIGNALS = {
    "SIGILL": Cause.ILLEGAL_INSTRUCTION,
    "SIGSEGV": Cause.SEGFAULT,
    "SIGBUS": Cause.BUS_ERROR,
    "SIGABRT": Cause.ABORT,
    "SIGKILL": Cause.OUT_OF_MEMORY_KILL,
    "SIGTERM": Cause.ENDED_FROM_OUTSIDE,
    "SIGHUP": Cause.ENDED_FROM_OUTSIDE,
    "SIGINT": Cause.ENDED_FROM_OUTSIDE,
}
_EXCEPTIONS = {  # of Windows
    0xC000001D: Cause.ILLEGAL_INSTRUCTION,
    0xC0000005: Cause.ACCESS_VIOLATION,
    0xC0000006: Cause.BUS_ERROR,
    0xC0000409: Cause.STACK_OVERRUN,
    0xC0000135: Cause.DLL_MISSING,
    0xC0000139: Cause.DLL_MISSING,  # it is there, but of another version
    0xC06D007E: Cause.DLL_MISSING,  # it was looked for late
    0xC0000017: Cause.OUT_OF_MEMORY_KILL,
    0xC000012D: Cause.OUT_OF_MEMORY_KILL,
    0xC000013A: Cause.ENDED_FROM_OUTSIDE,
}
_FIRST_EXCEPTION = 0x8000_0000


def cause_of(exit_code: int, crashed: bool) -> Cause:
    """Return what an exit code of QProcess means: a signal's number if it `crashed`, or an exception of Windows."""
    if _unsigned(exit_code) >= _FIRST_EXCEPTION:
        return _EXCEPTIONS.get(_unsigned(exit_code), Cause.UNKNOWN)
    return _SIGNALS.get(_signal_name(exit_code), Cause.UNKNOWN) if crashed else Cause.UNKNOWN


def code_in_words(exit_code: int, crashed: bool) -> str:
    """Return an exit code as one looks it up: "signal 11 (SIGSEGV)", "exception 0xC0000409", "exit code 3"."""
    if _unsigned(exit_code) >= _FIRST_EXCEPTION:
        return f"exception 0x{_unsigned(exit_code):08X}"
    if not crashed:
        return f"exit code {exit_code}"
    name = _signal_name(exit_code)
    return f"signal {exit_code} ({name})" if name else f"signal {exit_code}"


def cause_in(detail: str) -> Cause:
    """Return the cause that a job's `failure_detail` begins with (see `Death.detail`)."""
    try:
        return Cause(detail.partition(":")[0])
    except ValueError:
        return Cause.UNKNOWN


def _unsigned(exit_code: int) -> int:
    return exit_code & 0xFFFF_FFFF


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
