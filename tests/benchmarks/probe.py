"""Measures how long the probe takes: a glance, and all of it with *base* on the shelf; alone, and beside busy programs.

.venv/bin/python tests/benchmarks/probe.py [--runs N] [--busy N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from desktop_app import paths
from desktop_app.messages import Measured, probe_event_from
from desktop_app.models import shelf


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--busy", type=int, default=0, help="programs that take a core each, if they can get it")
    asked = parser.parse_args()
    measuring = ["--model", os.fsencode(shelf.find("base")).hex(), "--name", "base"]
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(asked.busy)]
    try:
        print("load", *(f"{load:.1f}" for load in os.getloadavg()))
        for name, arguments in (("glance", ["--glance"]), ("all of it", measuring)):
            runs = [_run(arguments) for _ in range(asked.runs)]
            times = [seconds for seconds, _ in runs]
            print(
                f"{name}: best {min(times):.2f}, median {statistics.median(times):.2f}, worst {max(times):.2f};"
                f" measured {sum(measured for _, measured in runs)} of {len(runs)} times"
            )
        print("load", *(f"{load:.1f}" for load in os.getloadavg()))
    finally:
        for program in busy:
            program.kill()
            program.wait()


def _run(arguments: list[str]) -> tuple[float, bool]:
    """Return the seconds that it took, its start and end included, and whether it came to measuring."""
    began = time.monotonic()
    told = subprocess.run(
        [*paths.backend_command(), "probe", *arguments],
        env={**os.environ, **paths.for_children()},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    ).stdout
    seconds = time.monotonic() - began
    return seconds, any(isinstance(probe_event_from(line), Measured) for line in told.splitlines())


if __name__ == "__main__":
    main()
