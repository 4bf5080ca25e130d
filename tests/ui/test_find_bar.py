"""Finding words in the transcript."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor, QTextDocument

from desktop_app.messages import Segment
from desktop_app.ui.find_bar import FindBar
from desktop_app.ui.transcript_text import PIECE, TranscriptText


@pytest.fixture
def text(qtbot) -> TranscriptText:
    made = TranscriptText()
    qtbot.addWidget(made)
    made.append([Segment(0, 1, "A cup of tea."), Segment(1, 2, "Another cup."), Segment(2, 3, "No <b>coffee</b>.")])
    return made


@pytest.fixture
def bar(qtbot, text) -> FindBar:
    made = FindBar(text)
    qtbot.addWidget(made)
    made.enter()
    return made


def place(text: TranscriptText) -> tuple[int, str]:
    cursor = text.textCursor()
    return cursor.blockNumber(), cursor.selectedText()


def test_return_goes_from_place_to_place_and_round_the_end(qtbot, bar, text) -> None:
    qtbot.keyClicks(bar.line, "CUP")
    places = [place(text)]
    for _ in range(2):
        qtbot.keyClick(bar.line, Qt.Key.Key_Return)
        places.append(place(text))
    qtbot.keyClick(bar.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    places.append(place(text))

    assert places == [(0, "cup"), (1, "cup"), (0, "cup"), (1, "cup")]


def test_what_is_not_there_is_said_so(qtbot, bar, text) -> None:
    qtbot.keyClicks(bar.line, "sugar")
    said = bar.answer.text()
    bar.line.setText("<b>coffee")

    assert said == "Not found"
    assert bar.answer.text() == "1 of 1"
    assert place(text) == (2, "<b>coffee")


@pytest.mark.parametrize("seed", range(20))
def test_the_places_found_are_those_that_qt_finds_in_the_whole_text(text, seed) -> None:
    chance = random.Random(seed)
    words = ["cup"] * 12 + ["Tee", "tee", "Straße", "ΟΔΟΣ", "x😀y", "zz", ""]
    for _ in range(3):
        said = [" ".join(chance.choices(words, k=chance.randint(0, 3))) for _ in range(chance.randint(1, PIECE))]
        text.append([Segment(0, 1, line) for line in said])

    for wanted in ["tee", "CUP", "ss", "ß", "οδοσ", "😀", "zz", "e c", "nowhere"]:
        backwards = chance.random() < 0.5
        start = QTextCursor(text.document())
        start.setPosition(chance.randrange(text.document().characterCount()))
        text.setTextCursor(start)
        direction = QTextDocument.FindFlag.FindBackward if backwards else QTextDocument.FindFlag(0)
        end = QTextCursor(text.document())
        end.movePosition(QTextCursor.MoveOperation.End if backwards else QTextCursor.MoveOperation.Start)
        expected = text.document().find(wanted, start, direction)
        if expected.isNull():
            expected = text.document().find(wanted, end, direction)

        assert text.find_round(wanted, backwards) is not expected.isNull()
        if not expected.isNull():
            assert text.textCursor().selectionStart() == expected.selectionStart()
            assert text.textCursor().selectedText() == expected.selectedText()


def test_it_says_which_of_how_many_places_is_shown(qtbot, bar, text) -> None:
    text.append([Segment(float(n), n + 1.0, "cup after cup") for n in range(3, 3 + PIECE)])
    qtbot.keyClicks(bar.line, "cup")
    said = [bar.answer.text()]
    for _ in range(3):
        qtbot.keyClick(bar.line, Qt.Key.Key_Return)
        said.append(bar.answer.text())
    qtbot.keyClick(bar.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    said.append(bar.answer.text())
    text.moveCursor(QTextCursor.MoveOperation.End)
    bar.search(backwards=True)
    said.append(bar.answer.text())

    total = 2 + 2 * PIECE
    assert said == [f"{number} of {total}" for number in (1, 2, 3, 4, 3, total)]
