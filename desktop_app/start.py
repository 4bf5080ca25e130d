"""The first lines of the command `sottovoce`: an interrupt during the imports ends it as any other does."""

from __future__ import annotations

import os
import signal

INTERRUPTED = 130


def main() -> int:
    """Run the command line; return its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):  # until terminal.Signals takes over
        signal.signal(number, lambda *_: os._exit(INTERRUPTED))
    from desktop_app import cli

    return cli.main()
