"""Finding words in the transcript."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from desktop_app.messages import Segment
from desktop_app.ui.find_bar import FindBar
from desktop_app.ui.transcript_pane import TranscriptText


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

    assert said
    assert bar.answer.text() == ""
    assert place(text) == (2, "<b>coffee")
