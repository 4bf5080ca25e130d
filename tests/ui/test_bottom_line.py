"""The bottom line of the window: nothing in it is cut without a sign, and everything can be read whole."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from desktop_app.ui.bottom_line import BottomLine

LONG = "The model could not be downloaded: the model hub is not responding. Check the network, or name a mirror of it."


@pytest.fixture
def line(qtbot) -> BottomLine:
    made = BottomLine()
    qtbot.addWidget(made)
    beside = QPushButton("Downloading: small · 25 %")
    made.addPermanentWidget(beside)
    made.addPermanentWidget(made.standing)
    made.standing.say("Ready: model base on the processor (int8)")
    made.resize(500, 30)
    made.show()
    return made


def shortened(line: BottomLine, sentence: str, room: int) -> str:
    return line.fontMetrics().elidedText(sentence, Qt.TextElideMode.ElideRight, room)


def test_what_is_said_in_passing_has_the_room_of_what_stands_there(line) -> None:
    line.showMessage("Copied.")
    meanwhile = line.standing.isVisible()
    line.clearMessage()

    assert not meanwhile and line.standing.isVisible()


def test_a_long_sentence_ends_in_an_ellipsis_and_can_be_read_whole(line) -> None:
    line.showMessage(LONG)
    seen = line.grab().toImage()
    short = shortened(line, LONG, line.room().width())
    line.showMessage(short)

    assert short.endswith("…") and seen == line.grab().toImage()
    line.showMessage(LONG)
    assert line.toolTip() == LONG


def test_a_long_sentence_that_stands_there_ends_in_an_ellipsis_and_can_be_read_whole(qtbot, line) -> None:
    line.standing.say(LONG)
    qtbot.waitUntil(lambda: line.standing.width() < line.fontMetrics().horizontalAdvance(LONG))
    seen = line.standing.grab().toImage()
    short = shortened(line, LONG, line.standing.contentsRect().width())
    whole = (line.standing.text(), line.standing.toolTip())
    wide = line.standing.width()
    line.standing.setText(short)
    line.standing.resize(wide, line.standing.height())

    assert whole == (LONG, LONG)
    assert short.endswith("…") and seen == line.standing.grab().toImage()
