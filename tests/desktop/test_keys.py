"""A key that all programs share and the key strokes that paste, on a real X11 screen."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .display import Display, Lines, wait_for

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
        self._wish("paste")

    def lend(self, text: str) -> None:
        self._wish(f"lend {text}")

    def _wish(self, wish: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{wish}\n")
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


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}")


def layout(display: Display, *wanted: str) -> None:
    subprocess.run(["setxkbmap", *wanted], env=display.env, check=True, timeout=30)


@needs("setxkbmap")
def test_the_key_follows_the_letter_when_the_keyboard_gets_another_layout(display: Display, hold) -> None:
    holder = hold("Ctrl+Alt+D")
    assert holder.lines.next() == "taken"

    for other in (["us", "-variant", "dvorak"], ["ru"], ["de"]):
        layout(display, *other)
        display.press("ctrl+alt")
        display.press("40" if other == ["ru"] else "d")  # by its place, where no key has the letter
        assert holder.lines.next() == "pressed", other
        display.release("40" if other == ["ru"] else "d")
        display.release("ctrl+alt")

        assert holder.lines.next() == "released", other


@needs("setxkbmap")
@pytest.mark.parametrize("key", ["Ctrl+Alt+D", "Ctrl+Alt+В"])
def test_a_keyboard_without_latin_letters_has_the_key_too(display: Display, hold, key) -> None:
    layout(display, "ru")

    holder = hold(key)

    assert holder.lines.next() == "taken"
    display.press("ctrl+alt+40")
    assert holder.lines.next() == "pressed"
    display.release("ctrl+alt+40")


@needs("setxkbmap")
def test_text_is_pasted_where_the_keyboard_has_no_latin_letters(display: Display, hold) -> None:
    layout(display, "ru")
    holder = hold("F9")
    assert holder.lines.next() == "taken"
    receiver = display.start([sys.executable, HERE / "receiver.py"], stdout=subprocess.PIPE)
    assert receiver.stdout
    said = Lines(receiver.stdout)
    display.activate(display.find_window("Receiver"))

    holder.lend("Привет")
    assert [holder.lines.next(), holder.lines.next()] == ["pasted", "fetched"]

    display.key(None, "Return")
    assert json.loads(said.next()) == ["typed", "Привет"]


@needs("xterm")
def test_a_terminal_gets_the_text_and_the_clipboard_is_given_back(display: Display, hold, tmp_path) -> None:
    holder = hold("F9")
    assert holder.lines.next() == "taken"
    typed = tmp_path / "typed"
    display.start(["xterm", "-T", "Shell", "-e", "sh", "-c", f'read -r line; printf %s "$line" > {typed}'])
    display.activate(display.find_window("Shell"))

    with display.copied("what was there"):
        holder.lend("can do. Give it")
        assert [holder.lines.next(), holder.lines.next()] == ["pasted", "fetched"]
        display.key(None, "Return")
        wait_for(lambda: typed.exists() and typed.read_text() == "can do. Give it", "the text in the terminal")

        assert display.clipboard() == "what was there"


@needs("xterm")
def test_a_window_that_takes_nothing_is_noticed_and_the_text_stays_on_the_clipboard(display: Display, hold) -> None:
    holder = hold("F9")
    assert holder.lines.next() == "taken"
    display.start(["xterm", "-T", "Shell", "-xrm", "XTerm*translations: #override Shift <Key>Insert: ignore()"])
    display.activate(display.find_window("Shell"))

    holder.lend("can do.")

    assert [holder.lines.next(), holder.lines.next()] == ["pasted", "not fetched"]
    assert display.clipboard() == "can do."
