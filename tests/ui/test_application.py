"""What macOS opens with the program comes as events of the application: here they are sent, in a program of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import sys
from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QFileOpenEvent
import desktop_app.__main__ as program

class Opened(program.Application):
    def exec(self):
        self.files_opened.connect(lambda files: print(len(files), "at once", flush=True))
        QTimer.singleShot(0, self.open_all)
        return super().exec()

    def open_all(self):
        for name in sys.argv[1:]:
            self.sendEvent(self, QFileOpenEvent(QUrl.fromLocalFile(name)))
        self.sendEvent(self, QFileOpenEvent(QUrl("https://example.org/")))

program.Application = Opened
sys.exit(program.open_window([]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that ends a program politely")
def test_files_that_macos_opens_with_the_program_are_queued_together(home, library, silence, tmp_path):
    files = [tmp_path / "один.wav", tmp_path / "two.wav"]
    for file in files:
        shutil.copy(silence, file)

    with subprocess.Popen([sys.executable, "-c", PROGRAM, *files], stdout=subprocess.PIPE, text=True) as program:
        deadline = time.monotonic() + 60
        while len(library.jobs()) < 2 and time.monotonic() < deadline and program.poll() is None:
            time.sleep(0.05)
        program.send_signal(signal.SIGTERM)
        said, _ = program.communicate(timeout=30)

    assert {job.path for job in library.jobs()} == set(files)
    assert (program.returncode, said) == (0, "2 at once\n")
