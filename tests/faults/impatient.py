"""The window with a less patient watch over the backend: one that was stopped is soon missed."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desktop_app import __main__ as program

program.JobQueue = functools.partial(program.JobQueue, patience=0.1)  # type: ignore[misc,assignment]

if __name__ == "__main__":
    sys.exit(program.open_window([Path(name) for name in sys.argv[1:]]))
