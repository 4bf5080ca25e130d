"""The first lines of the command `sottovoce`: an interrupt during the imports ends it as any other does."""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command line, or the porter; return its exit code."""
    if sys.argv[1:] == ["--porter"]:  # in the bundle, which has no Python to start it with
        from desktop_app import porter

        return porter.main()
    for number in (signal.SIGINT, signal.SIGTERM):  # until terminal.Signals takes over
        signal.signal(number, lambda *_: os._exit(INTERRUPTED))
    from desktop_app import cli

    return cli.main()
