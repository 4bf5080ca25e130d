"""How loud it is: a bar a channel, from -60 dB to full scale."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.ui import colours, wording
from desktop_app.work.recorder import Level

LOWEST = -60.0  # dBFS: what is lower is not shown
LOUD = -6.0  # dBFS: from here on it may soon clip
HELD = 1.5  # seconds that a peak is marked for
TOLD_EVERY = 1.0  # seconds: a screen reader shall not be told twenty times a second


class LevelMeter(QWidget):
    """A screen reader is told the level in words, once a second at most."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._peaks: tuple[float, ...] = ()  # dBFS
        self._marks: list[tuple[float, float]] = []  # a channel: its highest peak lately, and when that was
        self._clipped = False
        self._told = -math.inf
        self.setAccessibleName(wording.LEVEL)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clear()

    @property
    def peaks(self) -> tuple[float, ...]:
        """Return what is shown, in dBFS, a value a channel; empty if nothing is listened to."""
        return self._peaks

    def show_level(self, level: Level) -> None:
        now = time.monotonic()
        self._peaks, self._clipped = level.peaks, level.clipped
        self._marks = _marked(self._marks, level.peaks, now)
        if now - self._told >= TOLD_EVERY:
            self._told = now
            self._tell(wording.level(max(level.peaks, default=-math.inf), level.clipped))
        self.update()

    def clear(self) -> None:
        """Nothing is listened to."""
        self._peaks, self._marks, self._clipped = (), [], False
        self._told = -math.inf
        self._tell(wording.NOT_LISTENING)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, 18)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        peaks = self._peaks or (-math.inf,)
        gap = 3.0 if len(peaks) > 1 else 0.0
        height = (self.height() - gap * (len(peaks) - 1)) / len(peaks)
        for number, peak in enumerate(peaks):
            mark = self._marks[number][0] if number < len(self._marks) else -math.inf
            self._paint_bar(painter, QRectF(0, number * (height + gap), self.width(), height), peak, mark)
        painter.end()

    def _paint_bar(self, painter: QPainter, room: QRectF, peak: float, mark: float) -> None:
        palette = self.palette()
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.setPen(colours.edge(palette))
        painter.drawRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        inside = room.adjusted(2, 2, -2, -2)
        painter.setBrush(colours.bad(palette) if self._clipped or peak >= LOUD else colours.good(palette))
        painter.drawRect(QRectF(inside.left(), inside.top(), inside.width() * _share(peak), inside.height()))
        if _share(mark) > 0:
            painter.setBrush(palette.color(QPalette.ColorRole.WindowText))
            painter.drawRect(
                QRectF(inside.left() + (inside.width() - 2) * _share(mark), inside.top(), 2, inside.height())
            )

    def _tell(self, words: str) -> None:
        self.setAccessibleDescription(words)
        self.setToolTip(words)


def _share(peak: float) -> float:
    """Return how much of a bar a peak (dBFS) fills: 0 to 1."""
    return min(1.0, max(0.0, 1 - peak / LOWEST)) if peak > LOWEST else 0.0


def _marked(marks: Sequence[tuple[float, float]], peaks: Sequence[float], now: float) -> list[tuple[float, float]]:
    if len(marks) != len(peaks):
        return [(peak, now) for peak in peaks]
    return [
        (peak, now) if peak >= mark or now - moment > HELD else (mark, moment)
        for peak, (mark, moment) in zip(peaks, marks, strict=True)
    ]
