"""A large library: how late is the window with 100,000 jobs, and a transcript of 100,000 segments with their words?

The real window on a real (virtual) screen is taken through what a user does with such a library: start, scroll the
list, open the transcript, scroll it, search it, export it, add a hundred recordings, select all. A precise timer rings
every 5 ms, as in window_latency.py; a frame is what one turn of the wheel, or one key, costs until it is painted. The
queue is paused: what the backend does to the window is measured there.

    .venv/bin/python tests/benchmarks/large_library.py [--jobs 100000] [--segments 100000] [--rounds 2] [--ahead]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.extend(str(folder) for folder in Path(__file__).resolve().parents[1:3])  # tests, and desktop_app's home

import msgspec
import workplace
from desktop.display import Display
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication
from window_latency import FRAME_MS, GOAL_P99_MS, PERIOD, CoreWait, Ring, Watch, _give_up, longest, p99

from desktop_app import paths
from desktop_app.messages import Doubt
from desktop_app.settings import Settings
from desktop_app.transcripts import export, migrations
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions, JobState, Output, Segment, Word
from desktop_app.ui.export_dialog import ExportDialog
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.model_actions import Models
from desktop_app.ui.recording_actions import Sound
from desktop_app.work.audio_devices import AudioDevices
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.collector import Collector
from desktop_app.work.computer import Computer, KeptAwake
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.hot_key import hot_key_on
from desktop_app.work.job_queue import Hold, JobQueue
from desktop_app.work.key_strokes import key_strokes_on
from desktop_app.work.line import Line
from desktop_app.work.model_work import ModelWork
from desktop_app.work.ownership import Ownership
from desktop_app.work.pack_work import PackWork
from desktop_app.work.probing import Probing
from desktop_app.work.recorder import Recorder
from desktop_app.work.steward import Steward
from desktop_app.work.update_work import UpdateWork

CACHE = workplace.CACHE
SAYS_NOTHING = [sys.executable, "-c", "import sys; sys.stdin.buffer.read()"]
PATIENCE = 600.0  # seconds for one window
LOOK_MS = 2  # between two looks whether something has come about
REST = 0.5  # seconds between two phases
FRAME = 0.016  # seconds between two turns of the wheel
TURNS, ADDED = 200, 100
COMMON, RARE, ABSENT = "people", "zeitgeist", "sottovoce"
VOCABULARY = (
    "the of and a to in is you that it he was for on are as with his they I at be this have from or one had by word but"
    " not what all were we when your can said there use an each which she do how their if will up other about out many"
    " then them these so some her would make like him into time has look two more write go see number no way could"
    " people my than first water been call who oil its now find long down day did get come made may part"
)

Wait = float | Callable[[], bool]  # seconds, or what is waited for


class Outcome(msgspec.Struct, frozen=True):
    """What one window, or several, went through."""

    rings: dict[str, list[Ring]]  # by phase
    frames: dict[str, list[Ring]]  # by phase; how long they took
    seconds: dict[str, list[float]]  # by what was waited for


# --- the library -----------------------------------------------------------------------------------------------------


def make_library(jobs: int, segments: int) -> Path:
    """Return the file of a library with so many jobs; the last but one of them has so many segments."""
    file = CACHE / f"library-{len(migrations.STEPS)}-{jobs}-{segments}.sqlite3"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        history = History(unfinished)
        _add_jobs(unfinished, jobs)
        large = history.jobs(most=2)[-1].id
        for first in range(0, segments, 10_000):
            history.add_segments(large, make_segments(first, min(first + 10_000, segments), segments), 3.0 * first)
        history.close()
        unfinished.rename(file)
    return file


def _add_jobs(file: Path, count: int) -> None:
    options = msgspec.json.encode(JobOptions()).decode()
    states = [JobState.DONE] * 18 + [JobState.FAILED, JobState.CANCELLED]
    rows = (
        (
            f"/home/somebody/Recordings/{number // 100:04}/Interview {number:06}.m4a".encode(),
            options,
            states[number % len(states)] if number < count - 2 else JobState.DONE,
            "unforeseen" if states[number % len(states)] is JobState.FAILED and number < count - 2 else None,
            *(1.7e9 + 100 * number + after for after in (0, 1, 60)),
        )
        for number in range(count)
    )
    with sqlite3.connect(file) as database:
        database.executemany(
            "INSERT INTO jobs (path, options, state, failure, owner, added_at, started_at, ended_at, duration,"
            " position, language) VALUES (?, ?, ?, ?, 'nobody', ?, ?, ?, 600.0, 600.0, 'en')",
            rows,
        )
    database.close()


def make_segments(first: int, end: int, count: int) -> list[Segment]:
    """Return segments number `first` to `end` of `count`. The last of all has the rare word."""
    chance, vocabulary = random.Random(first), VOCABULARY.split()
    made = []
    for number in range(first, end):
        said = chance.choices(vocabulary, k=chance.randint(5, 18)) + ([RARE] if number == count - 1 else [])
        start = 3.0 * number
        words = tuple(
            Word(round(start + 0.15 * place, 2), round(start + 0.15 * place + 0.14, 2), f" {word}", chance.random())
            for place, word in enumerate(said)
        )
        doubts = (Doubt.LOW_CONFIDENCE,) if number % 100 == 99 else ()
        made.append(Segment(start, start + 2.9, f" {' '.join(said)}.", words, -0.3, 0.01, "en", "", doubts))
    return made


# --- one window, measured from inside --------------------------------------------------------------------------------


class FrameClock:
    """How long the window's thread works for one frame."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, Ring]] = []  # when it was done
        self._core = CoreWait()
        self._late_ms = self._own_ms = 0.0

    @contextmanager
    def working(self) -> Iterator[None]:
        self._core.since_last()
        began = time.perf_counter()
        yield
        took = time.perf_counter() - began
        self._late_ms += 1000 * took
        self._own_ms += 1000 * max(0.0, took - self._core.since_last())

    def painted(self) -> None:
        self.frames.append((time.perf_counter(), Ring(self._late_ms, self._own_ms)))
        self._late_ms = self._own_ms = 0.0


class Window(MainWindow):
    """The window, which tells when it has painted."""

    clock: FrameClock

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.UpdateRequest:
            return super().event(event)
        with self.clock.working():
            done = super().event(event)
        self.clock.painted()
        return done


class Scene(QObject):
    """The window, taken through the phases one after the other."""

    def __init__(self, new_files: Sequence[Path], answer: Path, turns: int, rest: float) -> None:
        super().__init__()
        self._turns, self._rest = turns, rest
        self._new_files, self._answer = new_files, answer
        self._history = HistoryThread(paths.database())
        self._backend = BackendProcess(SAYS_NOTHING, paths.logs() / "backend.log")
        self._ownership = Ownership(paths.locks())
        self._queue = JobQueue(self._history, self._backend, self._ownership)
        line = Line(self._queue, self._history, self._ownership.id)
        self._steward = Steward(self._queue, line, Computer(), KeptAwake())
        devices = AudioDevices()
        self._sound = Sound(
            devices,
            Recorder(devices),
            Recorder(devices),
            hot_key_on("offscreen"),
            key_strokes_on("offscreen"),
            KeptAwake(),
        )
        self._models = Models(
            ModelWork(self._history),
            Probing(self._history, self._queue, SAYS_NOTHING),
            PackWork(self._history, self._queue),
        )
        chosen = Settings(model="tiny.en", welcomed=True)
        self._updates = UpdateWork(self._queue, self._history, chosen)
        self._window = Window(
            self._queue, self._history, chosen, self._steward, self._sound, self._models, self._updates
        )
        self._window.clock = self._clock = FrameClock()
        self._moments: dict[str, tuple[float, float]] = {}
        self._seconds: dict[str, list[float]] = {}
        self._script = self._play()
        self._history.start()
        self._window.show()
        self._watch = Watch()
        self._go_on()

    def end(self) -> None:
        self._models.close()
        self._updates.close()
        self._sound.close()
        self._steward.close()
        self._backend.stop()
        self._history.close()
        self._ownership.release()

    def _play(self) -> Iterator[Wait]:
        window, jobs, text = self._window, self._window.jobs, self._window.transcript.text
        with self._phase("start"):
            self._queue.hold(Hold.USER)
            self._queue.start()
            began = time.perf_counter()
            yield lambda: window.list.chosen() is not None and bool(self._clock.frames)
            self._note("the first jobs are shown", began)
            yield lambda: jobs.rowCount() > 2 * len(self._new_files)
            self._note("the whole list is there", began)
            yield 2 * self._rest
        yield from self._scroll("the list", window.list, Qt.KeyboardModifier.NoModifier)
        with self._phase("open the transcript"):
            began = time.perf_counter()
            window.list.choose_row(1)
            yield lambda: text.blockCount() > 1
            self._note("the first text is shown", began)
            yield lambda: window.transcript.is_filled
            self._note("the whole transcript is there", began)
            yield self._rest
        yield from self._scroll("the transcript", text, Qt.KeyboardModifier.ControlModifier)
        yield from self._search()
        with self._phase("copy all"):
            window.copy_all.trigger()
            yield self._rest
        for kind in export.FORMATS:
            yield from self._export(kind)
        with self._phase(f"add {ADDED} jobs"):
            before, began = jobs.rowCount(), time.perf_counter()
            window.add_files(self._new_files)
            yield lambda: jobs.rowCount() == before + len(self._new_files)
            self._note(f"{ADDED} new jobs are in the list", began)
            yield self._rest
        with self._phase("select all jobs"):
            window.list.setFocus()
            for _ in range(3):
                QTest.keyClick(window.list, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
                yield self._rest
                QTest.keyClick(window.list, Qt.Key.Key_Down)
                yield self._rest
        window.list.choose_row(ADDED + 1)
        yield lambda: window.transcript.is_filled
        yield self._rest
        with self._phase("leave the transcript"):
            window.list.choose_row(ADDED + 50)
            yield self._rest

    def _scroll(self, what: str, area: QAbstractScrollArea, to_the_end: Qt.KeyboardModifier) -> Iterator[Wait]:
        area.setFocus()
        yield self._rest
        with self._phase(f"scroll {what}: wheel"):
            for _ in range(self._turns):
                self._do(partial(_turn_wheel, area))
                yield FRAME
        with self._phase(f"scroll {what}: page keys"):
            for _ in range(self._turns // 2):
                self._do(lambda: QTest.keyClick(area, Qt.Key.Key_PageDown))
                yield 2 * FRAME
        bar = area.verticalScrollBar()
        with self._phase(f"scroll {what}: drag the bar"):
            bar.setSliderDown(True)
            places = self._turns // 2
            for place in range(places):
                self._do(partial(bar.setSliderPosition, bar.maximum() * (place + 1) // places))
                yield FRAME
            bar.setSliderDown(False)
            yield self._rest
        with self._phase(f"scroll {what}: Home and End"):
            for _ in range(10):
                for key in (Qt.Key.Key_Home, Qt.Key.Key_End):
                    self._do(partial(QTest.keyClick, area, key, to_the_end))
                    yield 4 * FRAME
            yield self._rest

    def _search(self) -> Iterator[Wait]:
        text, bar = self._window.transcript.text, self._window.transcript.find_bar
        self._window.find_text.trigger()
        yield self._rest
        for what, word in (("a common word", COMMON), ("the rarest word", RARE), ("a word that is not there", ABSENT)):
            QTest.keyClick(text, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
            bar.line.clear()
            yield self._rest
            with self._phase(f"search {what}"):
                for letter in word:
                    began = time.perf_counter()
                    QTest.keyClicks(bar.line, letter)
                    self._note(f"{what} is found, or not, at its last letter", began, last_only=True)
                    yield 6 * FRAME
                for number in range(self._turns // 4):
                    shift = Qt.KeyboardModifier.ShiftModifier if number % 5 == 4 else Qt.KeyboardModifier.NoModifier
                    QTest.keyClick(bar.line, Qt.Key.Key_Return, shift)
                    yield 2 * FRAME
            assert (text.textCursor().selectedText() == word) is (word != ABSENT), text.textCursor().selectedText()
        bar.leave()
        yield self._rest

    def _export(self, kind: str) -> Iterator[Wait]:
        window = self._window
        output = Output((kind,), files=True, folder=str(paths.home()), name="export")
        file = paths.home() / f"export{export.FORMATS[kind].suffix}"
        window.export.trigger()
        yield lambda: bool(window.findChildren(ExportDialog))
        dialog = window.findChildren(ExportDialog)[-1]
        yield self._rest
        with self._phase(f"export as {kind}"):
            began = time.perf_counter()
            dialog.chosen.emit(output)
            yield file.exists
            self._note(f"it is exported as {kind} ({file.stat().st_size / 1e6:.0f} MB)", began)
            yield self._rest
        dialog.reject()
        yield lambda: not window.findChildren(ExportDialog)

    # --- the clockwork ---

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.perf_counter() - PERIOD  # the ring that is due may come late already
        yield
        self._moments[name] = (began, time.perf_counter())

    def _note(self, what: str, began: float, last_only: bool = False) -> None:
        kept = [] if last_only else self._seconds.get(what, [])
        self._seconds[what] = [*kept, time.perf_counter() - began]

    def _do(self, act: Callable[[], object]) -> None:
        with self._clock.working():
            act()

    def _go_on(self) -> None:
        wait = next(self._script, None)
        if wait is None:
            QTimer.singleShot(0, self._write_answer)
        elif callable(wait):
            self._look(wait)
        else:
            QTimer.singleShot(round(1000 * wait), self._go_on)

    def _look(self, has_come_about: Callable[[], bool]) -> None:
        if has_come_about():
            self._go_on()
        else:
            QTimer.singleShot(LOOK_MS, partial(self._look, has_come_about))

    def _write_answer(self) -> None:
        self._watch.stop()
        outcome = Outcome(
            rings={phase: self._watch.between(*moments) for phase, moments in self._moments.items()},
            frames={
                phase: [frame for moment, frame in self._clock.frames if began <= moment < ended]
                for phase, (began, ended) in self._moments.items()
            },
            seconds=self._seconds,
        )
        self._answer.write_bytes(msgspec.json.encode(outcome))
        QApplication.quit()


def _turn_wheel(area: QAbstractScrollArea) -> None:
    middle = QPointF(area.viewport().rect().center())
    event = QWheelEvent(
        middle,
        QPointF(area.viewport().mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(area.viewport(), event)


def measure_inside(new_files: Path, answer: Path, turns: int, rest: float) -> int:
    """Show the window, take it through the phases, write the Outcome to `answer`."""
    sys.excepthook = _give_up
    application = QApplication(["sottovoce"])
    Collector(application)
    scene = Scene(sorted(new_files.iterdir()), answer, turns, rest)
    try:
        return application.exec()
    finally:
        scene.end()


# --- from outside ----------------------------------------------------------------------------------------------------


def measure(display: Display, library: Path, folder: Path, turns: int, rest: float) -> Outcome:
    """Run one window with a copy of the library and return what it found."""
    home = Path(tempfile.mkdtemp(dir=folder))
    shutil.copyfile(library, home / "library.sqlite3")
    new_files = home / "new"
    new_files.mkdir()
    for number in range(ADDED):
        (new_files / f"New {number:03}.wav").touch()
    answer = home / "answer.json"
    said = (home / "said").open("w+")
    process = display.start(
        [sys.executable, __file__, "--turns", str(turns), "--rest", str(rest), "--inside", str(new_files), str(answer)],
        env={"SOTTOVOCE_HOME": str(home)},
        stderr=said,
    )
    try:
        process.wait(PATIENCE)
    finally:
        display.end(process)
    if not answer.exists():
        said.seek(0)
        raise SystemExit(f"the window brought no figures:\n{said.read()}")
    said.close()
    outcome = msgspec.json.decode(answer.read_bytes(), type=Outcome)
    shutil.rmtree(home)
    return outcome


def pooled(outcomes: Sequence[Outcome]) -> Outcome:
    """Return one outcome with the rings, the frames and the times of all rounds."""
    first = outcomes[0]
    return Outcome(
        rings={phase: [ring for each in outcomes for ring in each.rings[phase]] for phase in first.rings},
        frames={phase: [frame for each in outcomes for frame in each.frames[phase]] for phase in first.frames},
        seconds={what: [time for each in outcomes for time in each.seconds[what]] for what in first.seconds},
    )


def print_phases(outcome: Outcome) -> None:
    print(
        "\n| phase | rings | p50 ms | p99 ms | own p99 ms | max ms | own max ms | frames | longest ms | own ms | goal |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|")
    for phase, rings in outcome.rings.items():
        own = [Ring(ring.own_ms, ring.own_ms) for ring in rings]
        frames = outcome.frames[phase] if phase.startswith("scroll") else []
        own_frames = [Ring(frame.own_ms, frame.own_ms) for frame in frames]
        verdict = "met" if _is_met(rings, frames) else "met by its own time" if _is_met(own, own_frames) else "missed"
        painted = f"{len(frames)} | {longest(frames):.1f} | {longest(own_frames):.1f}" if frames else "| |"
        print(
            f"| {phase} | {len(rings)} | {statistics.median(ring.late_ms for ring in rings):.2f} | {p99(rings):.2f} "
            f"| {p99(own):.2f} | {longest(rings):.1f} | {longest(own):.1f} | {painted} | {verdict} |"
        )


def _is_met(rings: Sequence[Ring], frames: Sequence[Ring]) -> bool:
    return p99(rings) <= GOAL_P99_MS and (not frames or longest(frames) <= FRAME_MS)


def print_times(outcome: Outcome) -> None:
    print("\n| until | median s | worst s |")
    print("|---|--:|--:|")
    for what, seconds in outcome.seconds.items():
        print(f"| {what} | {statistics.median(seconds):.3f} | {max(seconds):.3f} |")


def main() -> int:
    parser = argparse.ArgumentParser(description="How late the window is with a large library.")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--segments", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ahead", action="store_true", help="let others have a core only when this needs none (root)")
    parser.add_argument("--turns", type=int, default=TURNS, help="of the wheel; half as many keys and places")
    parser.add_argument("--rest", type=float, default=REST, help="seconds between two phases")
    parser.add_argument("--inside", nargs=2, metavar=("FILES", "ANSWER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        new_files, answer = arguments.inside
        return measure_inside(Path(new_files), Path(answer), arguments.turns, arguments.rest)

    library = make_library(arguments.jobs, arguments.segments)
    if arguments.ahead:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # the screen and the window inherit it
    with tempfile.TemporaryDirectory(dir=CACHE) as name, Display() as display:
        print(
            f"{workplace.machine()}; {arguments.jobs} jobs, {arguments.segments} segments, "
            f"{library.stat().st_size / 1e6:.0f} MB; {arguments.rounds} rounds",
            flush=True,
        )
        other = workplace.OtherPrograms()
        outcome = pooled(
            [measure(display, library, Path(name), arguments.turns, arguments.rest) for _ in range(arguments.rounds)]
        )
        print(f"Other programs took {other.cores():.2f} cores.")
    print_phases(outcome)
    print_times(outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main())
