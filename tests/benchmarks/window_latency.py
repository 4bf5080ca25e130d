"""How late the window's event loop is: idle, while a model is loaded, and while it transcribes.

A precise timer rings every 5 ms in the real window on a real (virtual) screen, with the real queue, library and
backend; the table tells how late it rang. Beside it the same window with the same work done the simple way:
faster-whisper in a QThread of the window's own process. Each line of the table is a process of its own.

    .venv/bin/python tests/benchmarks/window_latency.py [--models tiny.en,base] [--ways process,thread]
"""

from __future__ import annotations

import argparse
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.extend(str(folder) for folder in Path(__file__).resolve().parents[1:3])  # tests, and desktop_app's home

import msgspec
import workplace
from desktop.display import Display
from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop_app import messages, paths
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import Job, JobState
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.model_actions import Models
from desktop_app.ui.recording_actions import Sound
from desktop_app.work.audio_devices import AudioDevices
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.computer import Computer, KeptAwake
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.hot_key import hot_key_on
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.key_strokes import key_strokes_on
from desktop_app.work.line import Line
from desktop_app.work.model_work import ModelWork
from desktop_app.work.ownership import Ownership
from desktop_app.work.pack_work import PackWork
from desktop_app.work.probing import Probing
from desktop_app.work.recorder import Recorder
from desktop_app.work.steward import Steward
from desktop_app.work.update_work import UpdateWork

PERIOD = 0.005
SETTLE_MS, IDLE_MS, REST_MS = 1000, 3000, 500
PATIENCE = 120.0  # seconds for one way
GOAL_P99_MS, GOAL_MAX_MS = 5.0, 50.0
FRAME_MS = 16.0  # of the screen
PHASES = ("idle", "loading", "running")
WAYS = {"process": "backend process (the program)", "thread": "QThread in the window (simple)"}


class Ring(msgspec.Struct, frozen=True, array_like=True):
    """One ring of the timer."""

    late_ms: float
    own_ms: float  # without the time the window's thread was ready to run and had no core; Linux alone tells


class Outcome(msgspec.Struct, frozen=True):
    """What one window, or several of the same kind, went through."""

    way: str
    model: str
    rings: dict[str, list[Ring]]  # by phase
    loading: list[float]  # seconds from asking for the model to having it
    running: list[float]  # seconds from the drop to the job's end
    letters: int  # of the transcript


# --- one window, measured from inside --------------------------------------------------------------------------------


class Watch:
    """Rings every 5 ms and notes how late it was.

    Qt rings on a grid; after a ring that came later than the next one was due, it begins a new grid there. So does
    this; and since no ring comes early, one that seems to tells where the grid really is.
    """

    def __init__(self) -> None:
        self._due = array("d")
        self._late = array("d")
        self._without_core = array("d")
        self._core = CoreWait()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(PERIOD * 1000))
        self._timer.timeout.connect(self._on_ring)
        self._timer.start()
        self._next = time.perf_counter() + PERIOD

    def stop(self) -> None:
        self._timer.stop()

    def between(self, begin: float, end: float) -> list[Ring]:
        noted = zip(self._due, self._late, self._without_core, strict=True)
        return [Ring(1000 * late, 1000 * max(0.0, late - wait)) for due, late, wait in noted if begin <= due < end]

    def _on_ring(self) -> None:
        now = time.perf_counter()
        self._next = min(self._next, now)
        self._due.append(self._next)
        self._late.append(now - self._next)
        self._without_core.append(self._core.since_last())
        self._next += PERIOD
        if self._next < now:
            self._next = now + PERIOD


class CoreWait:
    """How long this thread was ready to run and had no core."""

    def __init__(self) -> None:
        file = Path("/proc/thread-self/schedstat").resolve()
        self._file = file.open("rb", buffering=0) if file.exists() else None
        self._total = 0.0
        self.since_last()

    def since_last(self) -> float:
        """Return the seconds since the last call; 0.0 where the system does not tell."""
        if self._file is None:
            return 0.0
        self._file.seek(0)
        before, self._total = self._total, int(self._file.read(100).split()[1]) / 1e9
        return self._total - before


class Scene(QObject):
    """The window, taken through the phases one after the other."""

    def __init__(self, way: str, model: str, audio: Path, answer: Path) -> None:
        super().__init__()
        self._way, self._model, self._audio, self._answer = way, model, audio, answer
        self._history = HistoryThread(paths.database())
        self._backend = _backend(way)
        self._ownership = Ownership(paths.locks())
        self._queue = JobQueue(self._history, self._backend, self._ownership)
        line = Line(self._queue, self._history, self._ownership.id)
        self._steward = Steward(self._queue, line, Computer(), KeptAwake())
        devices = AudioDevices()
        self._sound = Sound(
            devices, Recorder(devices), Recorder(devices), hot_key_on(""), key_strokes_on(""), KeptAwake()
        )
        self._models = Models(
            ModelWork(self._history),
            Probing(self._history, self._queue, paths.backend_command()),
            PackWork(self._history, self._queue),
        )
        chosen = Settings(model=model, welcomed=True)
        self._updates = UpdateWork(self._queue, self._history, chosen)
        self._window = MainWindow(
            self._queue, self._history, chosen, self._steward, self._sound, self._models, self._updates
        )
        self._moments: dict[str, tuple[float, float]] = {}
        self._queue.model_loaded.connect(self._on_model_loaded)
        self._queue.job_changed.connect(self._on_job_changed)
        self._history.start()
        self._window.show()
        QTimer.singleShot(SETTLE_MS, self._begin_idle)

    def end(self) -> None:
        self._models.close()
        self._updates.close()
        self._sound.close()
        self._steward.close()
        self._backend.stop()
        self._history.close()
        self._ownership.release()

    def _begin_idle(self) -> None:
        self._watch = Watch()
        self._began = time.perf_counter()
        QTimer.singleShot(IDLE_MS, self._load)

    def _load(self) -> None:
        self._ended("idle")
        self._queue.start()
        self._window.warm_up()

    def _on_model_loaded(self) -> None:
        self._ended("loading")
        QTimer.singleShot(REST_MS, self._transcribe)

    def _transcribe(self) -> None:
        self._began = time.perf_counter()
        self._window.add_files([self._audio])

    def _on_job_changed(self, job: Job) -> None:
        if job.state in (JobState.QUEUED, JobState.RUNNING):
            return
        assert job.state is JobState.DONE, job
        self._ended("running")
        QTimer.singleShot(REST_MS, self._write_answer)

    def _ended(self, phase: str) -> None:
        now = time.perf_counter()
        self._moments[phase], self._began = (self._began, now), now

    def _write_answer(self) -> None:
        self._watch.stop()
        loading, running = self._moments["loading"], self._moments["running"]
        outcome = Outcome(
            way=self._way,
            model=self._model,
            rings={phase: self._watch.between(*moments) for phase, moments in self._moments.items()},
            loading=[loading[1] - loading[0]],
            running=[running[1] - running[0]],
            letters=len(self._window.transcript.text.toPlainText()),
        )
        self._answer.write_bytes(msgspec.json.encode(outcome))
        QApplication.quit()


def _backend(way: str) -> Any:
    if way == "thread":
        return BackendInThread()
    command = paths.backend_command()
    if way.startswith("nice-"):
        niceness = int(way.removeprefix("nice-"))
        script = f"from desktop_app.backend import __main__ as b; b.NICENESS = {niceness}; b.main()"
        command = [sys.executable, "-P", "-c", script]
    return BackendProcess(command, paths.logs() / "backend.log")


class BackendInThread(QObject):
    """The simple way, behind the face of BackendProcess: import, load and transcribe in a thread of the window."""

    event_received = Signal(object)
    died = Signal(object)
    program_updated = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.is_running = self.is_ready = True
        self.pid = os.getpid()
        self.most_memory = 0  # not known
        self._commands: queue.SimpleQueue[messages.Command | None] = queue.SimpleQueue()
        self._thread = _EngineThread(self._commands, self.event_received.emit)

    def start(self) -> None:
        self._thread.start()

    def send(self, command: messages.Command) -> None:
        self._commands.put(command)

    def kill(self) -> None:
        raise NotImplementedError("a thread cannot be killed: one more reason for a process")

    def stop(self) -> None:
        self._commands.put(None)
        self._thread.wait()


class _EngineThread(QThread):
    def __init__(self, commands: queue.SimpleQueue[Any], tell: Any) -> None:
        super().__init__()
        self._commands = commands
        self._tell = tell

    def run(self) -> None:
        model: Any = None
        while (command := self._commands.get()) is not None:
            if isinstance(command, messages.LoadModel):
                from faster_whisper import WhisperModel

                folder = os.fsdecode(command.model)
                model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=workplace.cores())
                self._tell(messages.ModelLoaded(command.model, "cpu", "int8", 0.0))
            elif isinstance(command, messages.Transcribe):
                self._transcribe(model, command)

    def _transcribe(self, model: Any, job: messages.Transcribe) -> None:
        segments, info = model.transcribe(
            os.fsdecode(job.audio),
            language=job.language,
            condition_on_previous_text=False,  # this, the beam and the temperatures as in backend/engine.py
            word_timestamps=job.words,
        )
        told = (job.job_id, info.duration, info.language, info.language_probability, "cpu")
        self._tell(messages.JobStarted(*told))
        for raw in segments:
            words = tuple(_word(word) for word in raw.words or ())
            self._tell(
                messages.SpeechHeard(
                    job.job_id, (messages.Segment(raw.start, raw.end, raw.text.strip(), words),), (), raw.end
                )
            )
            self._tell(messages.Progress(job.job_id, messages.Stage.TRANSCRIBING, raw.end, info.duration))
        self._tell(messages.JobFinished(job.job_id, info.duration, False, ""))


def _word(raw: Any) -> messages.Word:
    return messages.Word(float(raw.start), float(raw.end), raw.word, float(raw.probability))


def measure_inside(way: str, model: str, audio: Path, answer: Path) -> int:
    """Show the window, take it through the phases, write the Outcome to `answer`."""
    sys.excepthook = _give_up
    application = QApplication(["sottovoce"])
    scene = Scene(way, model, audio, answer)
    try:
        return application.exec()
    finally:
        scene.end()


def _give_up(*error: Any) -> None:
    """Qt would go on after an error in a slot, and the figures would be those of something else."""
    sys.__excepthook__(*error)
    sys.stderr.flush()
    os._exit(1)


# --- all windows, one after the other --------------------------------------------------------------------------------


def measure(display: Display, way: str, model: str, audio: Path, folder: Path) -> Outcome:
    """Run one window on the display and return what it found."""
    home = workplace.make_home(Path(tempfile.mkdtemp(dir=folder)), folder / "shelf")
    answer = home / "answer.json"
    command = [sys.executable, __file__, "--inside", way, model, str(audio), str(answer)]
    process = display.start(command, env={"SOTTOVOCE_HOME": str(home), "HF_HUB_OFFLINE": "1"}, stderr=subprocess.PIPE)
    said: list[str] = []
    assert process.stderr
    reader = threading.Thread(target=lambda stream: said.extend(stream), args=(process.stderr,), daemon=True)
    reader.start()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        said.append(f"it took more than {PATIENCE:g} s\n")
    finally:
        reader.join(1)
        display.end(process)
    if not answer.exists():
        raise SystemExit(f"{way} with {model} brought no figures:\n{''.join(said)}")
    return msgspec.json.decode(answer.read_bytes(), type=Outcome)


def pooled(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return one outcome for each model and way, with the rings of all rounds."""
    kinds: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault((outcome.model, outcome.way), []).append(outcome)
    return [
        Outcome(
            way=way,
            model=model,
            rings={phase: [ring for each in same for ring in each.rings[phase]] for phase in PHASES},
            loading=[seconds for each in same for seconds in each.loading],
            running=[seconds for each in same for seconds in each.running],
            letters=same[-1].letters,
        )
        for (model, way), same in kinds.items()
    ]


def p99(rings: Sequence[Ring]) -> float:
    return statistics.quantiles((ring.late_ms for ring in rings), n=100, method="inclusive")[98]


def longest(rings: Sequence[Ring]) -> float:
    return max(ring.late_ms for ring in rings)


def name_of(way: str) -> str:
    return WAYS.get(way, f"backend process, {way}")


def print_table(outcomes: Sequence[Outcome]) -> None:
    print(
        "\n| model | where the engine runs | phase | rings | p50 ms | p99 ms | max ms | own max ms | > 16 ms | goal |"
    )
    print("|---|---|---|--:|--:|--:|--:|--:|--:|---|")
    for outcome in outcomes:
        for phase in PHASES:
            rings = outcome.rings[phase]
            p50 = statistics.median(ring.late_ms for ring in rings)
            own = max(ring.own_ms for ring in rings)
            over = sum(ring.late_ms > FRAME_MS for ring in rings)
            met = p99(rings) <= GOAL_P99_MS and longest(rings) < GOAL_MAX_MS
            print(
                f"| {outcome.model} | {name_of(outcome.way)} | {phase} | {len(rings)} | {p50:.2f} | {p99(rings):.2f} "
                f"| {longest(rings):.1f} | {own:.1f} | {over} | {'met' if met else 'missed'} |"
            )


def print_walls(outcomes: Sequence[Outcome], seconds: float) -> None:
    print("\n| model | where the engine runs | import and load s | transcribe s | x real time | letters |")
    print("|---|---|--:|--:|--:|--:|")
    for outcome in outcomes:
        loading, running = statistics.median(outcome.loading), statistics.median(outcome.running)
        print(
            f"| {outcome.model} | {name_of(outcome.way)} | {loading:.2f} | {running:.1f} "
            f"| {seconds / running:.1f} | {outcome.letters} |"
        )


def print_ratios(outcomes: Sequence[Outcome]) -> None:
    """Print what the simple way costs, as a multiple of the program's figure."""
    found = {(outcome.model, outcome.way): outcome for outcome in outcomes}
    print("\n| thread : process | loading p99 | loading max | running p99 | running max | load s | transcribe s |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for model in dict.fromkeys(outcome.model for outcome in outcomes):
        ours, simple = found.get((model, "process")), found.get((model, "thread"))
        if ours is None or simple is None:
            continue
        phases = [(simple.rings[phase], ours.rings[phase]) for phase in ("loading", "running")]
        walls = [(simple.loading, ours.loading), (simple.running, ours.running)]
        ratios = [figure(theirs) / figure(our) for theirs, our in phases for figure in (p99, longest)]
        ratios += [statistics.median(theirs) / statistics.median(our) for theirs, our in walls]
        print(f"| {model} | {' | '.join(f'{ratio:.1f}' for ratio in ratios)} |")


def main() -> int:
    parser = argparse.ArgumentParser(description="How late the window's event loop is.")
    parser.add_argument("--models", default=",".join(workplace.MODELS))
    parser.add_argument(
        "--ways", default=",".join(WAYS), help="process, thread, or a backend as nice as nice-0, nice-10"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=120, help="of speech")
    parser.add_argument("--inside", nargs=4, metavar=("WAY", "MODEL", "AUDIO", "ANSWER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        way, model, audio, answer = arguments.inside
        return measure_inside(way, model, Path(audio), Path(answer))

    outcomes, others = [], []
    with tempfile.TemporaryDirectory() as name, Display() as display:
        folder = Path(name)
        workplace.make_shelf(folder / "shelf")
        seconds = workplace.write_speech(folder / "speech.wav", arguments.seconds)
        print(f"{workplace.machine()}; {seconds:.0f} s of speech, {arguments.rounds} rounds", flush=True)
        for _ in range(arguments.rounds):
            for model in arguments.models.split(","):
                for way in arguments.ways.split(","):
                    other = workplace.OtherPrograms()
                    outcomes.append(measure(display, way, model, folder / "speech.wav", folder))
                    others.append(other.cores())
                    print(f"{model}, {name_of(way)}: other programs took {others[-1]:.2f} cores", file=sys.stderr)
        print(f"Other programs took {statistics.mean(others):.2f} cores, {max(others):.2f} in the worst window.")
    outcomes = pooled(outcomes)
    print_table(outcomes)
    print_walls(outcomes, seconds)
    print_ratios(outcomes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
