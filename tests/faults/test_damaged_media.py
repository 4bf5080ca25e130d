"""Damaged recordings, and ones meant to do harm: each is read or refused, none takes much, none ends the backend."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from backend.real_backend import Backend, of, text_of
from faults import hostile
from faults.conftest import FORMATS, FULL
from faults.damage import DAMAGES, Damaged, damaged
from faults.reader import Reader, Report, memory

from desktop_app.messages import FAST, Failure, JobFailed, JobFinished, SpeechHeard, Transcribe

EACH_WAY_ONCE = len(DAMAGES) * len(FORMATS)
FILES = EACH_WAY_ONCE * (50 if FULL else 2)
HEARD = 5 * EACH_WAY_ONCE if FULL else 40  # so many of them go all the way through the backend
MOST_SECONDS = 10.0  # of processor time
MOST_MB = 320.0  # the backend's own limit for such small files is 256 MB at once
MOST_MB_HEARD = 900.0  # the model included
REFUSED = {Failure.NOT_MEDIA, Failure.NO_AUDIO, Failure.FILE_EMPTY, Failure.CODEC_UNKNOWN}

pytestmark = pytest.mark.timeout(3600 if FULL else 300)


def test_damage_is_the_same_every_time_and_every_kind_of_it_does_some(good):
    first, second = (list(damaged(good, EACH_WAY_ONCE)) for _ in range(2))

    assert first == second
    assert {(file.suffix, file.damage) for file in first} == {(suffix, way) for suffix in FORMATS for way in DAMAGES}
    assert sum(file.content != good[file.suffix] for file in first) > 0.9 * EACH_WAY_ONCE


def test_damaged_files_are_read_or_refused_and_none_hangs_crashes_or_takes_much(good, reader, scratch, tell):
    found = [(file, _read(reader, scratch, file)) for file in damaged(good, FILES)]

    for line in _table(found):
        tell(line)
    assert not [(file.name, report) for file, report in found if not report.is_foreseen]
    assert not [(file.name, report) for file, report in found if _takes_too_much(report)]
    ends = {report.ended for _, report in found}
    assert {"read", "partial", Failure.NOT_MEDIA} <= ends <= {"read", "partial", *REFUSED}


@pytest.mark.parametrize("name", hostile.FILES)
def test_a_file_meant_to_do_harm_does_none(good, reader, scratch, name):
    file = scratch / f"{name}.{name.partition('_')[0]}"
    file.write_bytes(hostile.FILES[name](good))

    report = reader.read(file)

    assert report.is_foreseen, report
    assert not _takes_too_much(report), report
    assert report.length < 1000


def test_the_backend_ends_every_job_of_a_damaged_file_and_is_as_good_as_before(
    good, scratch, tiny_model, tmp_path_factory, tell
):
    files = Random(1).sample(list(damaged(good, FILES)), HEARD)
    backend = Backend(tmp_path_factory.mktemp("log") / "backend.log")
    before = _heard(backend, scratch, tiny_model, 0, Damaged(0, "wav", "none", good["wav"]))

    ends: list[str] = []
    surprises: list[tuple[str, str]] = []
    slowest = most_memory = 0.0
    for job_id, file in enumerate(files, 1):
        began = time.monotonic()
        event, _, peak_mb = _heard(backend, scratch, tiny_model, job_id, file)
        slowest, most_memory = max(slowest, time.monotonic() - began), max(most_memory, peak_mb)
        ends.append(event.kind if isinstance(event, JobFailed) else "partial" if event.partial else "read")
        if isinstance(event, JobFailed) and event.kind not in REFUSED:
            surprises.append((file.name, event.detail))
    after = _heard(backend, scratch, tiny_model, len(files) + 1, Damaged(0, "wav", "none", good["wav"]))
    is_alive = backend.is_running()
    backend.end()

    counts = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
    tell(f"heard by the backend: {len(ends)}: {counts}; slowest {slowest:.1f} s, peak {most_memory:.0f} MB")
    assert is_alive
    assert not surprises
    assert most_memory < MOST_MB_HEARD
    assert "short recording" in before[1] == after[1]


def test_a_file_that_claims_much_memory_is_refused_by_the_backend_which_goes_on(good, scratch, tiny_model, tmp_path):
    backend = Backend(tmp_path / "backend.log")
    greedy = hostile.m4a_of_eight_such_tracks(good)

    event, _, peak_mb = _heard(backend, scratch, tiny_model, 1, Damaged(1, "m4a", "greedy", greedy))
    _, text, _ = _heard(backend, scratch, tiny_model, 2, Damaged(2, "mp3", "none", good["mp3"]))
    backend.end()

    assert isinstance(event, JobFailed)
    assert event.kind is Failure.NOT_MEDIA
    assert peak_mb < MOST_MB_HEARD
    assert "short recording" in text


@pytest.mark.parametrize("make", [hostile.wav_of_what_is_no_number, hostile.wav_of_the_loudest_numbers])
def test_samples_that_cannot_be_calculated_with_do_not_garble_what_the_backend_says(
    good, scratch, tiny_model, tmp_path, make: Callable[[hostile.Good], bytes]
):
    backend = Backend(tmp_path / "backend.log")

    event, _, _ = _heard(backend, scratch, tiny_model, 1, Damaged(1, "wav", "strange", make(good)))
    backend.end()

    assert isinstance(event, JobFinished)


def _read(reader: Reader, folder: Path, damage: Damaged) -> Report:
    file = folder / damage.name
    file.write_bytes(damage.content)
    report = reader.read(file)
    file.unlink()
    return report


def _heard(
    backend: Backend, folder: Path, model: Path, job_id: int, damage: Damaged
) -> tuple[JobFinished | JobFailed, str, float]:
    """Return how the job ended, what was heard, and the most memory the backend had (MB; 0 where nothing tells)."""
    file = folder / damage.name
    file.write_bytes(damage.content)
    backend.send(Transcribe(job_id, os.fsencode(file), os.fsencode(model), "cpu", tuning=FAST))
    events = backend.until(JobFinished, JobFailed)
    file.unlink()
    assert {event.job_id for event in of(SpeechHeard, events)} <= {job_id}
    return events[-1], text_of(events), memory("VmHWM", backend.pid)


def _takes_too_much(report: Report) -> bool:
    return report.processor > MOST_SECONDS or report.grown_mb > MOST_MB


def _table(found: list[tuple[Damaged, Report]]) -> list[str]:
    lines = [
        "| kind | files | read | broke off | refused | slowest, processor s | most memory, MB | crashes | hangs |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for suffix in [*FORMATS, "all"]:
        theirs = [report for file, report in found if suffix in (file.suffix, "all")]
        ends = [report.ended for report in theirs]
        counts = [
            len(ends),
            ends.count("read"),
            ends.count("partial"),
            sum(end in REFUSED for end in ends),
            f"{max(report.processor for report in theirs):.2f}",
            f"{max(report.grown_mb for report in theirs):.0f}",
            ends.count("crashed"),
            ends.count("hung"),
        ]
        lines.append(f"| {suffix} | {' | '.join(map(str, counts))} |")
    return lines
