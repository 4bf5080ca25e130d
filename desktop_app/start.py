"""The first lines of the command `sottovoce`: an interrupt during the imports ends it as any other does."""

from __future__ import annotations

import os
import signal
import sys

from desktop_app import streams
from desktop_app.exit_codes import INTERRUPTED, SOME_FAILED


def main() -> int:
    """Run the command line, or the porter; return its exit code."""
    if sys.argv[1:] == ["--porter"]:  # in the bundle, which has no Python to start it with
        from desktop_app import porter

        return porter.main()
    for number in (signal.SIGINT, signal.SIGTERM):  # until terminal.Signals takes over
        signal.signal(number, lambda *_: os._exit(INTERRUPTED))
    streams.take_over()
    try:
        from desktop_app import cli

        return cli.main()
    except ImportError as error:
        return _cannot_import(error)


def window() -> int:
    """Open the window, as an icon or a file that is opened with the program does; return its exit code."""
    streams.take_over()
    try:
        from desktop_app import __main__ as program

        return program.main()
    except ImportError as error:
        return _cannot_import(error)


def _cannot_import(error: ImportError) -> int:
    """Say which of the system's libraries Qt lacks, in a box as well if the window was wanted; return the exit code."""
    from desktop_app import terminal
    from desktop_app.ui import display, wording

    libraries = display.libraries_missing(error)
    if not libraries:
        raise error
    obstacle = display.Obstacle(display.Kind.NO_LIBRARY, libraries)
    terminal.complain(wording.cannot_show(obstacle), SOME_FAILED)
    display.show_without_qt(wording.cannot_show(obstacle), obstacle)
    return SOME_FAILED
