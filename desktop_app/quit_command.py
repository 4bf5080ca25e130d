"""The command `quit`: asks the open window to close, and waits until it is gone. An installer calls it."""

from __future__ import annotations

import argparse
import time

from desktop_app import paths, terminal
from desktop_app.exit_codes import DONE, RECORDING, STILL_THERE, WORKING
from desktop_app.ui import wording
from desktop_app.work import ownership
from desktop_app.work.single_instance import Answer, SingleInstance

AGAIN = 0.05  # seconds


def leave(arguments: argparse.Namespace) -> int:
    """Have nothing of the program run any more, or say what does; return the exit code.

    What runs in a terminal is somebody's command, who waits for it: it is told of, and never ended.
    """
    from PySide6.QtCore import QCoreApplication

    QCoreApplication.instance() or QCoreApplication(["sottovoce"])
    instance = SingleInstance(paths.home(), paths.locks())
    window = instance.process() if instance.is_open() else 0
    if ownership.running(paths.unfinished()):
        return terminal.complain(wording.CANNOT_QUIT_RECORDING, RECORDING)
    if at_work := ownership.running(paths.locks()) - {window}:
        return terminal.complain(wording.cannot_quit_terminal([*at_work]), WORKING)
    if not window:
        if (elsewhere := instance.elsewhere()) is not None:
            terminal.say(wording.not_open_here(elsewhere))
        return DONE
    if instance.ask_to_close() is Answer.RECORDS:
        return terminal.complain(wording.CANNOT_QUIT_RECORDING, RECORDING)
    end = time.monotonic() + arguments.wait
    while instance.is_open() or ownership.running(paths.locks()):  # the window lets go of its jobs last of all
        if time.monotonic() > end:
            return terminal.complain(wording.CANNOT_QUIT_WINDOW, STILL_THERE)
        time.sleep(AGAIN)
    return DONE
