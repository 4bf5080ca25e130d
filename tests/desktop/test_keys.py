"""A key that all programs share and the key strokes that paste, on a real X11 screen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .display import Display, Lines

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Holder:
    """A program that holds a key, and says what happens to it."""

    def __init__(self, display: Display, key: str) -> None:
        self._process = display.start(
            [sys.executable, HERE / "key_holder.py", key],
            env={"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout
        self.lines = Lines(self._process.stdout)

    def paste(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("paste\n")
        self._process.stdin.flush()


@pytest.fixture
def hold(display: Display) -> Iterator[Callable[[str], Holder]]:
    """A function that starts a program which holds a key."""
    return lambda key: Holder(display, key)


def test_a_key_is_noticed_whatever_window_has_the_keyboard(display: Display, hold) -> None:
    holder = hold("Ctrl+Alt+D")
    assert holder.lines.next() == "taken"
    receiver = display.start([sys.executable, HERE / "receiver.py"], stdout=subprocess.PIPE)
    window = display.find_window("Receiver")

    display.activate(window)
    display.press("ctrl+alt+d")
    assert holder.lines.next() == "pressed"
    display.release("ctrl+alt+d")

    assert holder.lines.next() == "released"
    assert receiver.poll() is None


def test_a_key_held_down_is_pressed_once_though_it_repeats(display: Display, hold) -> None:
    holder = hold("F9")
    assert holder.lines.next() == "taken"

    display.press("F9")
    assert holder.lines.next() == "pressed"
    assert not holder.lines.wait("released", 1.5)  # by now it has repeated many times
    display.release("F9")

    assert holder.lines.next() == "released"


def test_caps_lock_and_num_lock_make_no_difference(display: Display, hold) -> None:
    holder = hold("Ctrl+Alt+D")
    assert holder.lines.next() == "taken"
    display.key(None, "Num_Lock")
    display.key(None, "Caps_Lock")

    display.press("ctrl+alt+d")
    display.release("ctrl+alt+d")

    assert [holder.lines.next(), holder.lines.next()] == ["pressed", "released"]


def test_a_key_that_another_program_has_is_refused_and_free_again_when_that_ends(display: Display, hold) -> None:
    first = hold("Ctrl+Alt+D")
    assert first.lines.next() == "taken"

    second = hold("Ctrl+Alt+D")
    assert second.lines.next() == "key_taken"
    display.end(first._process)

    assert hold("Ctrl+Alt+D").lines.next() == "taken"


def test_what_is_on_the_clipboard_is_pasted_into_the_window_with_the_keyboard(display: Display, hold) -> None:
    holder = hold("F9")
    assert holder.lines.next() == "taken"
    receiver = display.start([sys.executable, HERE / "receiver.py"], stdout=subprocess.PIPE)
    assert receiver.stdout
    said = Lines(receiver.stdout)
    window = display.find_window("Receiver")
    display.activate(window)

    with display.copied("Grüße, Änne – 你好") as owner:
        owner.so_far()
        holder.paste()
        assert holder.lines.next() == "pasted"
        owner.expect("given")
        display.key(None, "Return")
        assert json.loads(said.next()) == ["typed", "Grüße, Änne – 你好"]


def test_it_is_not_pasted_while_the_user_still_holds_a_modifier(display: Display, hold) -> None:
    holder = hold("F9")
    assert holder.lines.next() == "taken"

    display.press("alt")
    holder.paste()
    assert not holder.lines.wait("pasted", 0.5)
    display.release("alt")

    assert holder.lines.next() == "pasted"
