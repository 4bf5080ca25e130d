"""How long `sottovoce models list` takes with all published models installed, the process's start and end included.

The models have the published sizes, and vocabularies as large as the real ones; of the weights there is only the
beginning, the rest is a hole in the file. It ran a moment ago; what this computer can do is known.

    .venv/bin/python tests/benchmarks/model_list.py [--runs 15]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.extend(str(folder) for folder in Path(__file__).resolve().parents[1:3])  # tests, and desktop_app's home

import workplace

from desktop_app.messages import Measured, ProcessorFound, Tried
from desktop_app.models import catalogue, machine
from desktop_app.models.catalogue import PublishedModel

BEGINNING = b"\6\0\0\0\x0c\0WhisperSpec\0"
LIST = [sys.executable, "-m", "desktop_app.cli", "models", "list"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for model in catalogue.published().values():
            install(model, home / "models" / model.id)
        measured = Measured("base", "cpu", 0, "int8", encoding=0.5, writing=0.005)
        processor = ProcessorFound("A processor", "avx2", 2, 8 << 30, 6 << 30)
        tried = Tried("cpu", 0, "int8", works=True)
        machine.save(
            machine.Machine(1.0, processor, tried=(tried,), measured=(measured,)),
            home / "machine.json",
        )
        print(workplace.machine())
        for what in ([], ["--json"]):
            one_run(home, what)
            others = workplace.OtherPrograms()
            seconds = [one_run(home, what) for _ in range(runs)]
            least, middle, most = min(seconds), statistics.median(seconds), max(seconds)
            shown = f"best {least:.2f} s, median {middle:.2f} s, worst {most:.2f} s"
            print(f"{' '.join(['models list', *what])}: {shown}; others took {others.cores():.1f} cores")


def one_run(home: Path, what: list[str]) -> float:
    began = time.perf_counter()
    environment = os.environ | {"SOTTOVOCE_HOME": str(home)}
    listed = subprocess.run([*LIST, *what], env=environment, stdout=subprocess.PIPE, check=True).stdout
    seconds = time.perf_counter() - began
    assert b"damaged:" not in listed and b"large-v3" in listed
    return seconds


def install(model: PublishedModel, folder: Path) -> None:
    folder.mkdir(parents=True)
    for file in model.files:
        beginning = beginning_of(file.name, model.multilingual)
        with (folder / file.name).open("wb") as written:
            written.write(beginning if file.name == "model.bin" else beginning.ljust(file.size_bytes))
            written.truncate(file.size_bytes)


def beginning_of(name: str, multilingual: bool) -> bytes:
    tokens = [f"<{number}>" for number in range(51865 if multilingual else 51864)]
    if name == "model.bin":
        return BEGINNING
    if name == "vocabulary.json":
        return json.dumps(tokens).encode()
    return "\n".join(tokens).encode() if name == "vocabulary.txt" else b"{}"


if __name__ == "__main__":
    main()
