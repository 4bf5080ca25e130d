"""What tests of the window's parts need: a real library with its thread, and a window whose backend says nothing."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from PySide6.QtWidgets import QApplication
from stand_ins import (
    BUILT_IN,
    HEADSET,
    SPEAKER,
    StandInDevices,
    StandInKey,
    StandInProbing,
    StandInRecorder,
    StandInStrokes,
)

from desktop_app import paths
from desktop_app.settings import Settings
from desktop_app.transcripts.history import History
from desktop_app.ui import appearance
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.model_actions import Models
from desktop_app.ui.recording_actions import Sound
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.computer import Computer, KeptAwake
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.line import Line
from desktop_app.work.model_work import ModelWork
from desktop_app.work.ownership import Ownership
from desktop_app.work.pack_work import PackWork
from desktop_app.work.steward import Steward
from desktop_app.work.update_work import UpdateWork


class StillComputer(Computer):
    """A computer whose surroundings are as the test says."""

    def watch(self) -> None:
        pass

    def rest(self) -> None:
        pass

    def see(self, mains: bool | None, idle: float | None) -> None:
        self.mains, self.idle = mains, idle
        self.looked.emit()


class NeverAwake(KeptAwake):
    """Remembers whether the computer is to stay awake."""

    is_held = False

    def hold(self, reason: str) -> None:
        self.is_held = True

    def release(self) -> None:
        self.is_held = False


SAYS_NOTHING = [sys.executable, "-c", "import sys; sys.stdin.buffer.read()"]


@pytest.fixture
def library(home) -> Iterator[History]:
    """The library, as a test looks into it and fills it."""
    opened = History(paths.database())
    yield opened
    opened.close()


@pytest.fixture
def history(qtbot, library) -> Iterator[HistoryThread]:
    """The thread through which the window uses the same library."""
    thread = HistoryThread(paths.database())
    thread.start()
    yield thread
    thread.close()


@pytest.fixture
def settle(qtbot, history) -> Callable[[], None]:
    """A function that waits until all that was asked of the library, and of other disks, so far has been answered."""

    def wait() -> None:
        answered: list[bool] = []
        history.ask_after(lambda: None, lambda *_: True, answered.append)
        qtbot.waitUntil(lambda: bool(answered))

    return wait


@pytest.fixture
def held_up(history, settle) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """A function that has the library's thread busy, for as long as one wants."""

    @contextlib.contextmanager
    def keep_busy() -> Iterator[None]:
        over = threading.Event()
        history.ask(lambda _: over.wait(60))
        try:
            yield
        finally:
            over.set()
            settle()

    return keep_busy


@pytest.fixture
def queue(home, history, tiny_model, settle) -> Iterator[JobQueue]:
    """The queue, with a backend that takes every job and says nothing."""
    (paths.models() / "tiny.en").symlink_to(tiny_model)
    backend = BackendProcess(SAYS_NOTHING, paths.logs() / "backend.log")
    ownership = Ownership(paths.locks())
    made = JobQueue(history, backend, ownership)
    yield made
    made.leave()
    settle()  # else what was asked of the library would start the backend again
    backend.stop()
    ownership.release()


@pytest.fixture
def steward(queue, history) -> Iterator[Steward]:
    """What sees to the time for work; the computer itself is never asked for anything."""
    line = Line(queue, history, queue._owner)
    made = Steward(queue, line, StillComputer(), NeverAwake(), now=lambda: datetime(2026, 11, 22, 12), actions={})
    yield made
    made.close()


@pytest.fixture
def sound() -> Sound:
    """Two microphones and a loudspeaker that are not real."""
    devices = StandInDevices(BUILT_IN, HEADSET, SPEAKER)
    return Sound(devices, StandInRecorder(), StandInRecorder(), StandInKey(), StandInStrokes(), NeverAwake())


@pytest.fixture
def models(history, queue) -> Iterator[Models]:
    """Real porters, and a computer that nobody has looked at yet."""
    work, pack = ModelWork(history), PackWork(history, queue)
    yield Models(work, StandInProbing(), pack)
    work.close()
    pack.close()


@pytest.fixture
def chosen() -> Settings:
    """What the user of the window has chosen."""
    return Settings(model="tiny.en", welcomed=True)


@pytest.fixture
def updates(queue, history, chosen) -> Iterator[UpdateWork]:
    """A program that was started from its source."""
    work = UpdateWork(queue, history, chosen)
    yield work
    work.close()


@pytest.fixture
def window(qtbot, queue, history, chosen, steward, sound, models, updates, settle) -> Iterator[MainWindow]:
    """The window, shown and in front. It is not the first start."""
    made = MainWindow(queue, history, chosen, steward, sound, models, updates)

    def end(_: MainWindow) -> None:
        queue.leave()  # else it would ask whether to close
        settle()  # else an answer would come to a window that is gone

    qtbot.addWidget(made, before_close_func=end)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.warm_up()
    made.elsewhere.stop()  # a test writes to the library as another program would, and says when to look
    settle()
    yield made


@pytest.fixture
def plain_appearance(qapp: QApplication) -> Iterator[None]:
    """Whatever a test does to the colours is undone after it."""
    yield
    appearance.apply("system")
