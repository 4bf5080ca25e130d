"""What was typed as recordings -> which they are: wildcards, standard input, those that have their transcripts."""

from __future__ import annotations

import argparse
import contextlib
import glob
import itertools
import os
import re
import shutil
import sys
import time
from pathlib import Path

from desktop_app import paths
from desktop_app.transcripts import export
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Output
from desktop_app.ui import wording
from desktop_app.work.media_files import media_in, natural_order

STANDARD_INPUT = "-"
NOT_KNOWN_BEFORE = re.compile(r"\{(date|time)\}")


class Unusable(Exception):
    """A sentence for the user."""


def check(arguments: argparse.Namespace) -> str:
    """Return why these files and options do not go together, or nothing."""
    if STANDARD_INPUT in arguments.files:
        if len(arguments.files) > 1:
            return wording.STANDARD_INPUT_ALONE
        if sys.stdin.isatty():
            return wording.STANDARD_INPUT_IS_TERMINAL
    needs_language = "{language}" in arguments.name and arguments.language is None
    if arguments.skip_existing and (needs_language or NOT_KNOWN_BEFORE.search(arguments.name)):
        return wording.SKIPS_BY_NAME
    return ""


def expanded(files: list[str]) -> tuple[list[str], list[str]]:
    """Return the files, those that match in the place of each pattern; and the patterns that nothing matches.

    What a file is called by is no pattern. A shell expands patterns as well, but not that of Windows, and none in
    quotation marks.
    """
    found: list[str] = []
    unmatched: list[str] = []
    for file in files:
        is_pattern = glob.has_magic(file) and not os.path.lexists(file)
        matching = glob.glob(file, recursive=True) if is_pattern else [file]  # noqa: PTH207 (not below one folder)
        found += sorted(matching, key=natural_order)
        if not matching:
            unmatched.append(file)
    return found, unmatched


def without_transcripts(files: list[str], output: Output, options: JobOptions) -> tuple[list[str], int]:
    """Return the recordings that do not have all their files yet, those in folders by themselves; and how many have."""
    wanted: list[str] = []
    skipped = 0
    of_one_name: dict[Path, list[Path]] = {}  # a.wav and a.mp3 both become a.txt, the second one a (2).txt
    for file in files:
        path = Path(file).absolute()
        found = [path]
        if path.is_dir():
            with contextlib.suppress(OSError):  # the queue says why it cannot be read, or that nothing is in it
                found = media_in(path) or [path]
        for recording in found:
            files_wanted = _files_of(recording, output, options)
            same = of_one_name.setdefault(files_wanted[0], [])
            if recording not in same:
                same.append(recording)
            number = same.index(recording)
            if all(_numbered(name, number).exists() for name in files_wanted):
                skipped += 1
            else:
                wanted.append(str(recording))
    return wanted, skipped


def _files_of(recording: Path, output: Output, options: JobOptions) -> list[Path]:
    """Return the files that the transcript of a recording would be in if no other had their names."""
    job = Job(0, recording, options, JobState.QUEUED, 0.0, language=options.language)
    folder = Path(output.folder) if output.folder else recording.parent
    return [folder / export.file_name(output.name, job, kind) for kind in output.formats]


def _numbered(file: Path, number: int) -> Path:
    """Return the name that a file gets if so many others have its own."""
    return next(itertools.islice(export.names_like(file), number, None))


def from_standard_input() -> Path:
    """Return a new file with what came on standard input, kept where recordings are. Raise Unusable, or OSError."""
    name = wording.name_of_standard_input(time.time())
    folder = paths.recordings_folder()
    number, file = 1, folder / name
    while os.path.lexists(file):
        number += 1
        file = folder / f"{name} ({number})"
    fresh = file.with_name(f".{file.name}.part")
    try:
        with fresh.open("xb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream, 1 << 20)
            length = stream.tell()
        if not length:
            raise Unusable(wording.STANDARD_INPUT_EMPTY)
        fresh.rename(file)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
    return file
