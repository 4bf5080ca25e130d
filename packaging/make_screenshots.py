"""Takes the README's pictures of the real window, doing real work: resources/screenshots/.

Needs the speech of the tests and a display: make test-tools, then
    xvfb-run -s "-screen 0 1280x800x24" .venv/bin/python packaging/make_screenshots.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROBE_MS = 12_000  # in which the program finds out what the computer can do
PICTURES = ROOT / "resources" / "screenshots"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def recordings(folder: Path) -> list[Path]:
    """Write a few recordings with names as people give them."""
    from speech import prompts

    from desktop_app import paths

    welcome = folder / "Welcome.flac"
    shutil.copy(paths.sample_recording(), welcome)
    for name, language, seconds in (
        ("Entretien avec Claire.flac", "fr", 40),
        ("Interview, first part.flac", "en", 150),
        ("Lecture 4.flac", "en", 60),
        ("Voice message.flac", "en", 20),
    ):
        prompts.write(folder / name, language, seconds)  # type: ignore[arg-type]
    return [welcome, *(folder / f"{n}.flac" for n in ("Entretien avec Claire", "Interview, first part", "Lecture 4"))]


def take(appearance: str) -> None:
    """Take the four pictures in `appearance`, which is light or dark."""
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
    files = recordings(folder)

    def picture(window: QWidget, name: str) -> None:
        window.grab().save(str(PICTURES / f"{name}-{appearance}.png"))

    def begin() -> None:
        window = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow))
        window._on_appearance(appearance)  # type: ignore[arg-type]
        queue = window._queue
        taken: list[str] = []

        def when_ready() -> None:
            picture(window, "empty")
            window.add_files(files)

        def on_progress(progress: JobProgress) -> None:
            if progress.job_id == 3 and progress.speed and progress.position > 70 and not taken:
                taken.append("queue")
                window.list.choose(3)
                QTimer.singleShot(400, lambda: picture(window, "queue"))

        def on_change(job: Job) -> None:
            if job.id == 3 and job.state is JobState.DONE:
                window.list.choose(1)
                QTimer.singleShot(400, lambda: finish(window))

        def finish(window: MainWindow) -> None:
            picture(window, "transcript")
            queue.end_all()
            queue.became_idle.connect(lambda: QTimer.singleShot(PROBE_MS, lambda: show_models(window)))

        def show_models(window: MainWindow) -> None:
            window.models.show_models.trigger()
            dialog = window.findChild(ModelsDialog)
            dialog.folder_line.setMaximumHeight(0)  # it names a folder of this machine
            QTimer.singleShot(1000, lambda: picture(dialog, "models"))
            QTimer.singleShot(1500, QCoreApplication.quit)

        queue.model_loaded.connect(lambda _: QTimer.singleShot(300, when_ready))
        queue.progressed.connect(on_progress)
        queue.job_changed.connect(on_change)

    class Application(QApplication):
        @staticmethod
        def exec() -> int:
            QTimer.singleShot(0, begin)
            return QApplication.exec()

    program.QApplication = Application  # type: ignore[misc]
    program.open_window([])
    shutil.rmtree(folder)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    if len(sys.argv) > 1:
        take(sys.argv[1])
    else:
        for appearance in ("light", "dark"):
            subprocess.run([sys.executable, __file__, appearance], check=True)
