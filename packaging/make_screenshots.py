"""Takes the README's pictures of the real window, doing real work: resources/screenshots/.

Needs the speech of the tests and a display: make test-tools, then
    xvfb-run -a -s "-screen 0 1280x800x24" .venv/bin/python packaging/make_screenshots.py
Exits with 1 if a picture is missing, rather than leaving the old one in its place unsaid.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROBE_MS = 12_000  # in which the program finds out what the computer can do
LIMIT_S = 300  # for the pictures of one appearance: about 60 s on two idle cores
NAMES = ("empty", "queue", "transcript", "models")  # in the order in which they are taken
WELCOME, LONG = "Welcome.flac", "Interview, first part.flac"  # the one that is read, the one that takes a while
PICTURES = ROOT / "resources" / "screenshots"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def recordings(folder: Path) -> list[Path]:
    """Write a few recordings with names as people give them."""
    from speech import prompts

    from desktop_app import paths

    welcome = folder / WELCOME
    shutil.copy(paths.sample_recording(), welcome)
    for name, language, seconds in (
        ("Entretien avec Claire.flac", "fr", 40),
        (LONG, "en", 300),
        ("Lecture 4.flac", "en", 60),
    ):
        prompts.write(folder / name, language, seconds)  # type: ignore[arg-type]
    return [welcome, folder / "Entretien avec Claire.flac", folder / LONG, folder / "Lecture 4.flac"]


def take(appearance: str, pictures: Path, last: str = NAMES[-1]) -> list[str]:
    """Take the pictures up to `last` in `appearance`, light or dark. Return the names of those that were saved."""
    from PySide6.QtCore import QCoreApplication, QTimer
    from PySide6.QtWidgets import QApplication, QWidget

    from desktop_app import __main__ as program
    from desktop_app import paths, settings
    from desktop_app.transcripts.transcript import Job, JobState
    from desktop_app.ui.main_window import MainWindow
    from desktop_app.ui.models_dialog import ModelsDialog
    from desktop_app.work.job_queue import JobProgress

    folder = Path(tempfile.mkdtemp())
    os.environ["SOTTOVOCE_HOME"] = str(folder / "home")
    settings.save(settings.Settings(welcomed=True, spoken=("en", "fr")), paths.settings_file())
    files = recordings(folder) if last != NAMES[0] else []
    saved: list[str] = []

    def picture(window: QWidget, name: str) -> None:
        if name not in saved and window.grab().save(str(pictures / f"{name}-{appearance}.png")):
            saved.append(name)
        if last in saved:
            QCoreApplication.quit()

    def begin() -> None:
        window = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow))
        window.resize(1200, 740)
        window._on_appearance(appearance)  # type: ignore[arg-type]
        queue = window._queue
        asked: set[str] = set()
        ids: dict[str, int] = {}

        def once(name: str) -> bool:
            is_first = name not in asked
            asked.add(name)
            return is_first

        def when_ready() -> None:
            picture(window, "empty")
            window.add_files(files)

        def on_added(jobs: Sequence[Job]) -> None:
            ids.update((job.name, job.id) for job in jobs)

        def on_progress(progress: JobProgress) -> None:
            if progress.job_id == ids.get(LONG) and progress.speed and progress.position > 25 and once("queue"):
                window.list.choose(ids[LONG])
                QTimer.singleShot(400, lambda: picture(window, "queue"))

        def on_change(job: Job) -> None:
            if job.name == LONG and job.state is JobState.DONE and once("transcript"):
                window.list.choose(ids[WELCOME])
                QTimer.singleShot(400, finish)

        def finish() -> None:
            picture(window, "transcript")
            queue.became_idle.connect(on_idle)
            queue.end_all()

        def on_idle() -> None:
            if once("models"):
                QTimer.singleShot(PROBE_MS, show_models)

        def show_models() -> None:
            window.models.show_models.trigger()
            dialog = window.findChild(ModelsDialog)
            assert dialog is not None
            dialog.folder_line.setMaximumHeight(0)  # it names a folder of this machine
            QTimer.singleShot(1000, lambda: picture(dialog, "models"))

        queue.model_loaded.connect(lambda _: QTimer.singleShot(300, when_ready) if once("empty") else None)
        queue.jobs_added.connect(on_added)
        queue.progressed.connect(on_progress)
        queue.job_changed.connect(on_change)

    class Application(program.Application):
        @staticmethod
        def exec() -> int:
            QTimer.singleShot(0, begin)
            QTimer.singleShot(1000 * LIMIT_S, QCoreApplication.quit)
            return QApplication.exec()

    program.Application = Application  # type: ignore[misc]
    program.open_window([])
    shutil.rmtree(folder)
    return saved


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("appearances", nargs="*", metavar="light|dark", default=["light", "dark"])
    parser.add_argument("--into", type=Path, default=PICTURES, metavar="FOLDER")
    parser.add_argument("--last", choices=NAMES, default=NAMES[-1], help="stop after this picture")
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    if len(arguments.appearances) > 1:  # one process each: Qt does not start twice in one
        options = ["--into", arguments.into, "--last", arguments.last]
        return max(
            subprocess.run([sys.executable, __file__, appearance, *options], check=False).returncode
            for appearance in arguments.appearances
        )
    wanted = NAMES[: NAMES.index(arguments.last) + 1]
    saved = take(arguments.appearances[0], arguments.into, arguments.last)
    if missing := [name for name in wanted if name not in saved]:
        print(f"Not taken: {', '.join(missing)} ({arguments.appearances[0]})", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
