"""Fields for numbers that take a decimal point as well as a comma, and never another number than the one typed.

Qt's own take the decimal mark of another language for one between thousands, or swallow it: `0.5` became 5 in German,
and `1.5` became 15 where only whole numbers can be.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget

from desktop_app.transcripts.numbers import number_in

_MARK = re.compile("[.,٫]")


class NumberBox(QDoubleSpinBox):
    """`refused` is what was typed last and could not be taken; the field shows the number before it again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.refused = ""
        _set_up(self)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return _state(self, text, self.decimals()), text, position

    def valueFromText(self, text: str) -> float:
        number = number_in(_typed(self, text))
        return self.value() if number is None else number

    def fixup(self, text: str) -> str:
        self.refused = _typed(self, text)
        return text


class CountBox(QSpinBox):
    """The same for whole numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.refused = ""
        _set_up(self)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        if self.specialValueText() and text == self.specialValueText():
            return QValidator.State.Acceptable, text, position
        return _state(self, text, 0), text, position

    def valueFromText(self, text: str) -> int:
        number = number_in(_typed(self, text))
        return self.value() if number is None else int(number)

    def fixup(self, text: str) -> str:
        self.refused = _typed(self, text)
        return text


def _set_up(box: NumberBox | CountBox) -> None:
    box.setLocale(QLocale.c())  # shown as in the English around it; typed in any digits
    box.lineEdit().textEdited.connect(lambda: setattr(box, "refused", ""))


def _state(box: QDoubleSpinBox | QSpinBox, text: str, decimals: int) -> QValidator.State:
    """Tell whether `text` is a number that the box takes. What is not stays to be seen, so that it can be mended."""
    typed = _typed(box, text)
    number = number_in(typed)
    mark = _MARK.search(typed)
    fits = not mark or (decimals > 0 and len(typed) - mark.end() <= decimals)
    if number is None or not fits or not box.minimum() <= number <= box.maximum():
        return QValidator.State.Intermediate
    return QValidator.State.Acceptable


def _typed(box: QDoubleSpinBox | QSpinBox, text: str) -> str:
    return text.removesuffix(box.suffix()).removeprefix(box.prefix()).strip()
