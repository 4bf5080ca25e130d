"""The harness itself, tried on a small window of its own, so that a failing desktop test means a failing program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .display import Display, DisplayError, Lines

HARD_NAMES = ["two words.wav", 'it\'s "quoted".mp3', "100% déjà vu #1?.flac", "😀 laughing.m4a"]


class Receiver:
    """The small window, and what it says it was given."""

    def __init__(self, display: Display) -> None:
        process = display.start([sys.executable, Path(__file__).with_name("receiver.py")], stdout=subprocess.PIPE)
        assert process.stdout
        self._lines = Lines(process.stdout)
        self.window = display.find_window("^Receiver$")

    def said(self) -> tuple[str, object]:
        what, value = json.loads(self._lines.next())
        return what, value


@pytest.fixture
def receiver(display: Display) -> Receiver:
    return Receiver(display)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Files with names that are hard to hand over, and a folder."""
    made = [tmp_path / name for name in HARD_NAMES]
    for file in made:
        file.write_bytes(b"sound")
    folder = tmp_path / "a folder"
    folder.mkdir()
    return [*made, folder]


def test_files_and_folders_are_dropped_whatever_their_names(
    display: Display, receiver: Receiver, files: list[Path]
) -> None:
    taken = display.drop(files, receiver.window, at=(400, 200))

    assert taken
    assert receiver.said() == ("dropped", [str(file) for file in files])


def test_a_drop_where_the_window_takes_none_is_told_apart(
    display: Display, receiver: Receiver, files: list[Path]
) -> None:
    with display.dragging(files[:1], away_from=receiver.window) as drag:
        refused = not drag.hold_over(receiver.window, at=(60, 200), timeout=0.5)
        welcome = drag.hold_over(receiver.window, at=(400, 200))
        refused_again = not drag.hold_over(receiver.window, at=(60, 200), timeout=0.5)
        taken = drag.let_go()

    assert (refused, welcome, refused_again, taken) == (True, True, True, False)


def test_files_held_over_the_window_and_carried_back_are_not_dropped(
    display: Display, receiver: Receiver, files: list[Path]
) -> None:
    with display.dragging(files[:1], away_from=receiver.window) as drag:
        assert drag.hold_over(receiver.window, at=(400, 200))
    display.drop(files[1:2], receiver.window, at=(400, 200))

    assert receiver.said() == ("dropped", [str(files[1])])


def test_a_path_is_typed_into_the_file_dialog_whatever_its_name(
    display: Display, receiver: Receiver, files: list[Path]
) -> None:
    for file in (file for file in files if file.is_file() and '"' not in file.name):
        display.key(receiver.window, "ctrl+o")
        display.choose_file(file, "^Open$")

        assert receiver.said() == ("opened", str(file))


def test_a_place_to_save_is_typed_into_the_file_dialog(display: Display, receiver: Receiver, tmp_path: Path) -> None:
    display.key(receiver.window, "ctrl+s")
    display.choose_file(tmp_path / "naïve notes.txt", "^Save as$")

    assert receiver.said() == ("saved", str(tmp_path / "naïve notes.txt"))


def test_keys_and_clicks_and_pasted_text_arrive(display: Display, receiver: Receiver) -> None:
    display.activate(receiver.window)
    display.click(250, 20, receiver.window)
    display.type_text("It's 100% plain; ")
    display.paste("naïve 日本 😀")
    display.key(receiver.window, "Return")

    assert receiver.said() == ("typed", "It's 100% plain; naïve 日本 😀")


def test_what_was_copied_can_be_read(display: Display) -> None:
    with display.copied("two\nlines, naïve 😀"):
        assert display.clipboard() == "two\nlines, naïve 😀"


def test_a_picture_of_the_screen_is_taken(display: Display, receiver: Receiver, tmp_path: Path) -> None:
    picture = display.screenshot(tmp_path / "screen.png")

    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_window_is_measured_without_its_frame(display: Display, receiver: Receiver) -> None:
    x, y, width, height = display.geometry(receiver.window)
    display.click(x + width // 2, y + 20)  # in the text field, if the place is right
    display.type_text("here")
    display.key(None, "Return")

    assert (width, height) == (500, 300)
    assert receiver.said() == ("typed", "here")


def test_a_window_that_does_not_come_is_an_error(display: Display) -> None:
    with pytest.raises(DisplayError, match="nobody"):
        display.find_window("nobody", timeout=0.2)


def test_a_screen_and_what_runs_on_it_end_together_beside_another(display: Display) -> None:
    with Display() as screen:
        name = screen.env["DISPLAY"]
        assert name != display.env["DISPLAY"]
        process = screen.start([sys.executable, "-c", "import time; time.sleep(600)"])

    assert process.poll() is not None
    assert not Path(f"/tmp/.X11-unix/X{name[1:]}").exists()
