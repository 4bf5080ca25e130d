"""What an exit code means."""

from __future__ import annotations

import signal
import sys

import pytest

from desktop_app.messages import Failure
from desktop_app.work.backend_process import Death
from desktop_app.work.causes import Cause, cause_in, cause_of, code_in_words


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of another kind there")
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("SIGILL", Cause.ILLEGAL_INSTRUCTION),
        ("SIGSEGV", Cause.SEGFAULT),
        ("SIGBUS", Cause.BUS_ERROR),
        ("SIGABRT", Cause.ABORT),
        ("SIGKILL", Cause.OUT_OF_MEMORY_KILL),
        ("SIGTERM", Cause.ENDED_FROM_OUTSIDE),
        ("SIGXCPU", Cause.UNKNOWN),
    ],
)
def test_a_signal_tells_the_cause(name, cause):
    number = signal.Signals[name].value

    assert cause_of(number, crashed=True) is cause
    assert cause_of(number, crashed=False) is Cause.UNKNOWN
    assert code_in_words(number, crashed=True) == f"signal {number} ({name})"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (0xC000001D, Cause.ILLEGAL_INSTRUCTION),
        (0xC0000005, Cause.ACCESS_VIOLATION),
        (0xC0000409, Cause.STACK_OVERRUN),
        (0xC0000135, Cause.DLL_MISSING),
        (0xC0000017, Cause.OUT_OF_MEMORY_KILL),
        (0xC0000374, Cause.UNKNOWN),
    ],
)
def test_an_exception_of_windows_tells_the_cause_however_its_number_is_given(code, cause):
    for given in (code, code - 2**32):
        for crashed in (True, False):
            assert cause_of(given, crashed) is cause
            assert code_in_words(given, crashed) == f"exception 0x{code:08X}"


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_a_process_that_left_by_itself_has_an_exit_code_and_no_cause(code):
    assert cause_of(code, crashed=False) is Cause.UNKNOWN
    assert code_in_words(code, crashed=False) == f"exit code {code}"


@pytest.mark.parametrize(
    ("death", "cause"),
    [
        (Death(Failure.BACKEND_DIED, 0xC0000409, True), Cause.STACK_OVERRUN),
        (Death(Failure.BACKEND_DIED, 9, True, killed_by_us=True), Cause.CANCELLED),
        (Death(Failure.BACKEND_STALLED, 9, True, killed_by_us=True), Cause.STALLED),
        (Death(Failure.BACKEND_GARBLED, 9, True, killed_by_us=True), Cause.UNKNOWN),
        (Death(Failure.BACKEND_NOT_STARTED, 0, False), Cause.UNKNOWN),
    ],
)
def test_a_death_tells_its_cause_and_so_does_its_detail(death, cause):
    assert death.cause is cause
    assert cause_in(death.detail) is cause
    assert not death.is_for_memory


def test_any_other_detail_has_no_cause():
    assert cause_in("") is cause_in("exit code 9, crashed") is Cause.UNKNOWN
