"""Opens every window and dialog there is, one after the other, and says what does not fit on the screen.

Run as a program, because a screen and its scale are chosen before Qt begins:

    QT_SCALE_FACTOR=2 PYTHONPATH=tests python tests/ui/every_window.py light|dark [FOLDER]

Prints one JSON object: the faults by window. With FOLDER, a picture of each is put there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from machines import card, workstation
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenuBar,
    QScrollArea,
    QWidget,
)
from stand_ins import (
    BUILT_IN,
    HEADSET,
    SPEAKER,
    StandInDevices,
    StandInKey,
    StandInModelWork,
    StandInPackWork,
    StandInProbing,
    StandInRecorder,
    StandInStrokes,
)

from desktop_app import manual, paths
from desktop_app.messages import TUNINGS, Doubt, Installation, Release, Segment, UpdateChecked
from desktop_app.settings import DictationChoices, Settings
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.ui import appearance
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.model_actions import Models
from desktop_app.ui.recording_actions import Sound
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.computer import Computer, KeptAwake
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.line import Line
from desktop_app.work.ownership import Ownership
from desktop_app.work.steward import Steward
from desktop_app.work.update_work import UpdateWork

MANY_WORDS = (
    "The committee met on a rainy morning, and everybody who had something to say about the new bridge said it at once,"
    " so that the minutes of that meeting are still the longest ones in the archive of the town."
)
TITLE_BAR = 40  # points that a window manager takes for a title and a frame
CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QLabel)


def _sound() -> Sound:
    devices = StandInDevices(BUILT_IN, HEADSET, SPEAKER)
    return Sound(devices, StandInRecorder(), StandInRecorder(), StandInKey(), StandInStrokes(), KeptAwake())


class _Program:
    """The main window on a real library, with a backend that says nothing."""

    def __init__(self, welcomed: bool = True) -> None:
        self.history = HistoryThread(paths.database())
        self.history.start()
        says_nothing = [sys.executable, "-c", "import sys; sys.stdin.buffer.read()"]
        self.backend = BackendProcess(says_nothing, paths.logs() / "backend.log")
        self.ownership = Ownership(paths.locks())
        self.queue = JobQueue(self.history, self.backend, self.ownership)
        line = Line(self.queue, self.history, self.ownership.id)
        self.steward = Steward(self.queue, line, Computer(), KeptAwake(), now=lambda: datetime(2026, 11, 22, 12))
        settings = Settings(welcomed=welcomed, spoken=("en", "de"))
        models = Models(StandInModelWork(), StandInProbing(workstation(card(8))), StandInPackWork(is_known=True))
        updates = UpdateWork(self.queue, self.history, settings)
        self.window = MainWindow(self.queue, self.history, settings, self.steward, _sound(), models, updates)

    def settle(self) -> None:
        """Wait until all that was asked of the library has been answered."""
        answered: list[bool] = []
        self.history.ask_after(lambda: None, lambda *_: True, answered.append)
        while not answered:
            QApplication.processEvents()
        QApplication.processEvents()

    def close(self) -> None:
        self.queue.leave()
        self.window.close_unasked()
        self.settle()
        self.steward.close()
        self.backend.stop()
        self.history.close()
        self.ownership.release()
        self.window.deleteLater()


def _fill_library() -> None:
    library = History(paths.database())
    for number, name in enumerate(("Lecture 4.flac", "Interview with the mayor, first part.m4a", "Voice message.ogg")):
        job = library.add_job(Path("/recordings", name), JobOptions(), "me")
        doubts = (Doubt.LOW_CONFIDENCE,) if number else ()
        library.add_segments(
            job.id,
            [Segment(60.0 * n, 60.0 * n + 50, MANY_WORDS, doubts=doubts if n == 2 else ()) for n in range(6)],
            360.0,
        )
        library.update(job.id, state=JobState.DONE, language="en", duration=360.0)
    library.close()


def main_windows() -> Iterator[tuple[str, QWidget]]:
    program = _Program(welcomed=False)
    program.window.show()
    program.window.warm_up()
    program.settle()
    yield "first start", program.window
    program.close()

    program = _Program()
    program.window.show()
    program.window.warm_up()
    program.settle()
    yield "empty", program.window
    program.window.recording.record.trigger()
    program.settle()
    yield "empty, with the recording bar", program.window
    program.close()

    _fill_library()
    program = _Program()
    program.window.show()
    program.window.warm_up()
    program.settle()
    program.settle()
    yield "transcript", program.window
    program.window.find_text.trigger()
    program.settle()
    yield "transcript, searched", program.window
    width = program.window.width()
    program.window.recording.record.trigger()
    program.settle()
    yield "transcript, with the recording bar", program.window
    program.window.recording.show_captions.trigger()
    program.settle()
    captions = program.window.recording._captions
    assert captions is not None
    captions.add_segments([Segment(0.0, 1.0, MANY_WORDS)])
    yield "captions", captions
    program.window.recording.panel.close_button.click()
    program.settle()
    if program.window.width() != width:
        raise SystemExit(f"the recording bar has widened the window from {width} to {program.window.width()}")
    program.close()


def dialogs() -> dict[type[QDialog], Callable[[QWidget], QDialog]]:
    """Return how each kind of dialog is made."""
    from desktop_app.ui.about import About
    from desktop_app.ui.dictation_dialog import DictationDialog
    from desktop_app.ui.export_dialog import ExportDialog
    from desktop_app.ui.farewell import Farewell
    from desktop_app.ui.job_options import JobOptionsDialog
    from desktop_app.ui.listening_dialog import ListeningDialog
    from desktop_app.ui.machine_page import MachinePage
    from desktop_app.ui.manual_window import Manual
    from desktop_app.ui.model_questions import ByNameDialog, HubDialog, TakeInDialog, TokenDialog
    from desktop_app.ui.model_survey import survey
    from desktop_app.ui.models_dialog import ModelsDialog
    from desktop_app.ui.shortcut_list import ShortcutList
    from desktop_app.ui.whats_new import WhatsNew

    machine = workstation(card(8))
    settings = Settings(spoken=("en", "de"))
    library = History(paths.database())
    job = library.jobs()[0]
    library.close()
    release = Release("0.9.0", datetime(2026, 11, 1).date(), "\n".join(f"- {MANY_WORDS}" for _ in range(9)))

    def models(parent: QWidget) -> QDialog:
        dialog = ModelsDialog(StandInModelWork(), settings, parent)  # type: ignore[arg-type]
        dialog.show_survey(survey(machine, settings.spoken))
        return dialog

    return {
        About: About,
        Manual: lambda parent: Manual(manual.pages(), "command-line", parent=parent),
        ShortcutList: lambda parent: ShortcutList(_menus(parent), parent),
        Farewell: lambda parent: Farewell("shut_down", parent),
        ModelsDialog: models,
        ListeningDialog: lambda parent: ListeningDialog(JobOptions(), TUNINGS["accurate"], parent),
        MachinePage: lambda parent: MachinePage(
            StandInProbing(machine),
            settings,
            StandInPackWork(is_known=True, installed="12.4"),
            parent,  # type: ignore[arg-type]
        ),
        DictationDialog: lambda parent: DictationDialog(DictationChoices(), False, parent),
        ExportDialog: lambda parent: ExportDialog([job, job], settings, parent),
        JobOptionsDialog: lambda parent: JobOptionsDialog(job, [], parent),
        TakeInDialog: lambda parent: TakeInDialog(Path("/somewhere/a model of my own"), parent),
        ByNameDialog: ByNameDialog,
        TokenDialog: lambda parent: TokenDialog("somebody/whisper-large", parent),
        HubDialog: lambda parent: HubDialog(settings, parent),
        WhatsNew: lambda parent: WhatsNew(
            UpdateChecked((release,), 300_000_000), Installation.ARCHIVE, "0.1.0", parent
        ),
    }


def _menus(parent: QWidget) -> QMenuBar:
    bar = QMenuBar(parent)
    menu = bar.addMenu("Recording")
    for number in range(30):
        menu.addAction(f"Do something {number}").setShortcut(f"Ctrl+F{number % 12 + 1}")
    return bar


def faults(window: QWidget) -> list[str]:
    """Return what of a window cannot be seen or reached on its screen."""
    room = window.screen().availableGeometry()
    found = []
    if window.width() > room.width() or window.height() + TITLE_BAR > room.height():
        found.append(f"it is {window.width()} x {window.height()} on a screen of {room.width()} x {room.height()}")
    for control in window.findChildren(QWidget):
        if not (control.isVisible() and isinstance(control, CONTROLS)) or _is_inside_a_control(control):
            continue
        area = _scroll_area_around(control, window)
        around = window if area is None else area.widget()
        place = QRect(control.mapTo(around, QPoint(0, 0)), control.size())
        called = f"{type(control).__name__} “{_called(control)}”"
        if not around.rect().contains(place):
            found.append(f"{called} lies outside: {place.getRect()} of {around.size().toTuple()}")
        least = control.heightForWidth(control.width()) if control.hasHeightForWidth() else 0
        if control.height() < min(max(least, control.minimumSizeHint().height()), control.maximumHeight()):
            found.append(f"{called} is {control.height()} high, and needs more")
    areas = [area for area in window.findChildren(QScrollArea) if area.isVisible()]
    sideways = [area.horizontalScrollBar().maximum() for area in areas]
    found += [f"something scrolls sideways by {points}" for points in sideways if points]
    return found


def _is_inside_a_control(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    inside = (*CONTROLS, QMenuBar, QAbstractScrollArea)
    while parent is not None and not isinstance(parent, QScrollArea):
        if isinstance(parent, inside):
            return True
        parent = parent.parentWidget() if not parent.isWindow() else None
    return False


def _scroll_area_around(control: QWidget, window: QWidget) -> QScrollArea | None:
    parent = control.parentWidget()
    while parent is not None and parent is not window:
        if isinstance(parent, QScrollArea):
            return parent
        parent = parent.parentWidget()
    return None


def _called(control: QWidget) -> str:
    text = getattr(control, "text", lambda: "")()
    return control.accessibleName() or str(text)[:40]


def _walk(scheme: str, pictures: Path | None) -> dict[str, list[str]]:
    appearance.apply(scheme)  # type: ignore[arg-type]
    found = {}

    def look_at(name: str, window: QWidget) -> None:
        for _ in range(3):  # a layout, and what follows from it
            QApplication.processEvents()
        found[name] = faults(window)
        if pictures is not None:
            window.grab().save(str(pictures / f"{name.replace(',', '').replace(' ', '_')}.png"))

    for name, window in main_windows():
        look_at(name, window)
    for kind, make in dialogs().items():
        parent = QWidget()
        dialog = make(parent)
        dialog.show()
        look_at(kind.__name__, dialog)
        dialog.close()
    return found


if __name__ == "__main__":
    application = QApplication([])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    print(json.dumps(_walk(sys.argv[1], folder)))
