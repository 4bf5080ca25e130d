"""Nonsense at every place where text comes in, and the oddest texts where it goes out: none of it ends the program."""

from __future__ import annotations

import io
import itertools
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pysubs2
import pytest
import test_messages
import webvtt
from faults.conftest import FULL
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from desktop_app import settings
from desktop_app.messages import (
    LONGEST_LINE,
    BackendReady,
    Doubt,
    Failure,
    Garbled,
    LeftOut,
    Message,
    command_from,
    event_from,
    to_line,
)
from desktop_app.settings import Settings
from desktop_app.transcripts import export, subtitles
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Segment, Transcript, Word, speaker_name
from desktop_app.work.backend_process import BackendProcess

PATIENCE_MS = 30_000
thoroughly = hypothesis_settings(
    max_examples=20_000 if FULL else 300,
    deadline=timedelta(seconds=5),  # a line is decoded in microseconds; this finds what hangs, on a busy machine too
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=not FULL,
)
pytestmark = pytest.mark.timeout(3600 if FULL else 300)

# --- lines that are no messages, or strange ones ---------------------------------------------------------------------

HONEST = [to_line(message) for message in test_messages.COMMANDS + test_messages.EVENTS]
STRANGE = [
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e999",
    b"-1e999",
    b"1e308",
    b"5e-324",
    b"-0",
    b"9" * 400,
    b"18446744073709551616",
    b"0." + b"1" * 5000,
    b"null",
    b"true",
    b'""',
    b"[]",
    b"{}",
    b"[" * 5000,
    b'{"a":' * 5000,
    b'"\xff\xfe"',
    b'"\xed\xa0\x80"',  # half of a pair, as UTF-8 has no right to
    b'"\\ud800"',
    b'"\\u0000"',
    b'"' + b"a" * 10_000 + b'"',
    b"\x00",
    b"\n",
    b"\xef\xbb\xbf",
    b'"type":"Cancel",',
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
).map(lambda value: json.dumps(value).encode())


@st.composite
def changed(draw: st.DrawFn, honest: st.SearchStrategy[bytes]) -> bytes:
    """An honest text in which some things were replaced, left out, put in or repeated."""
    text = draw(honest)
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.sampled_from([0, 0, 1, 2, 8, 40])))
        new = draw(st.sampled_from(STRANGE) | st.binary(max_size=8) | anything | st.just(text[begin:end] * 3))
        text = text[:begin] + new + text[end:]
    return text


@st.composite
def with_a_strange_value(draw: st.DrawFn, honest: st.SearchStrategy[bytes]) -> bytes:
    """An honest text, one of whose values is another one."""
    text = draw(honest)
    ends = [at for at, sign in enumerate(text) if sign in b",}]"]
    end = draw(st.sampled_from(ends))
    begin = max(text.rfind(sign, 0, end) for sign in (b":", b",", b"[")) + 1
    return text[:begin] + draw(st.sampled_from(STRANGE) | anything) + text[end:]


honest_lines = st.sampled_from(HONEST)
lines = st.binary(max_size=300) | anything | changed(honest_lines) | with_a_strange_value(honest_lines)


@pytest.mark.parametrize("decode", [command_from, event_from])
@given(line=lines)
@thoroughly
def test_a_line_is_a_message_that_can_be_sent_on_or_garbled(decode: Callable[[bytes], Message], line):
    try:
        message = decode(line)
    except Garbled:
        return

    assert decode(to_line(message)) == message


@pytest.mark.parametrize(
    "line",
    [
        b"[" * LONGEST_LINE,
        b'{"a":' * (LONGEST_LINE // 5),
        b'{"type":"Cancel","job_id":' + b"9" * LONGEST_LINE + b"}",
        b'{"type":"Progress","job_id":1,"stage":"starting","duration":null,"position":0.' + b"1" * LONGEST_LINE + b"}",
        b'{"type":"' + b"x" * LONGEST_LINE + b'"}',
        b'{"type":"Cancel",' + b'"job_id":1,' * (LONGEST_LINE // 11) + b'"job_id":1}',
        b'{"type":"LoadModel","model":"' + b"A" * LONGEST_LINE + b'"}',
        b'{"type":"JobFailed","job_id":1,"kind":"not_media","detail":"' + b"\\u0000" * (LONGEST_LINE // 6) + b'"}',
        b'{"type":"SpeechHeard","job_id":1,"segments":[' + b"[]," * (LONGEST_LINE // 3),
        b" " * LONGEST_LINE,
        b"\x00" * LONGEST_LINE,
        b"\xff" * LONGEST_LINE,
    ],
    ids=lambda line: ascii(line[:30]),
)
def test_the_longest_lines_take_no_longer_than_their_length_does(line):
    began = time.process_time()

    for decode in (command_from, event_from):
        try:
            decode(line)
        except Garbled as complaint:
            assert len(f"{complaint}") < 200

    assert time.process_time() - began < 1


# --- a backend that speaks nonsense ----------------------------------------------------------------------------------

# Writes two files on its two outputs, and leaves at once, or not.
BABBLE = """
import sys, threading, time
def say(stream, name):
    try:
        with open(name, "rb") as what:
            stream.write(what.read())
            stream.flush()
    except OSError:
        pass
aside = threading.Thread(target=say, args=(sys.stderr.buffer, sys.argv[2]), daemon=True)
aside.start()
say(sys.stdout.buffer, sys.argv[1])
aside.join(5)
time.sleep(float(sys.argv[3]))
"""
READY = to_line(BackendReady(1, "babbler"))


class Listening:
    """A backend that babbles, and what came of it."""

    def __init__(self, folder: Path, on_stdout: bytes, on_stderr: bytes = b"", stays: float = 0.0) -> None:
        (folder / "stdout").write_bytes(on_stdout)
        (folder / "stderr").write_bytes(on_stderr)
        command = [sys.executable, "-S", "-c", BABBLE, str(folder / "stdout"), str(folder / "stderr"), f"{stays}"]
        self.process = BackendProcess(command, folder / "backend.log")
        self.events: list[Any] = []
        self.process.event_received.connect(self.events.append)

    def to_its_end(self, qtbot) -> Failure:
        with qtbot.waitSignal(self.process.died, timeout=PATIENCE_MS) as death:
            self.process.start()
        return death.args[0].kind


def babble(random: Random) -> bytes:
    """Return honest events with nonsense between, in or behind them."""
    said = [READY]
    events = [to_line(event) for event in test_messages.EVENTS]
    for _ in range(random.randrange(6)):
        line = random.choice(events)
        match random.randrange(6):
            case 0:
                line = random.randbytes(random.choice([1, 10, 1000, 100_000]))
            case 1:
                at = random.randrange(len(line))
                line = line[:at] + random.choice(STRANGE) + line[at + 1 :]
            case 2:
                line = line[: random.randrange(len(line))]
            case 3:
                line = b"\n" * random.randrange(100) + line
        said.append(line)
    return b"".join(said)


def test_whatever_a_backend_babbles_the_window_reads_messages_or_ends_it(qtbot, tmp_path):
    for seed in range(600 if FULL else 25):
        random = Random(seed)
        listening = Listening(tmp_path, babble(random), random.randbytes(random.choice([0, 10, 200_000])))

        kind = listening.to_its_end(qtbot)

        assert kind in (Failure.BACKEND_DIED, Failure.BACKEND_GARBLED)
        assert listening.events[0] == BackendReady(1, "babbler")
        assert all(isinstance(event, Message) for event in listening.events)
        assert not listening.process.is_running


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\n",
        b"\xff\xfe\n",
        b"null\n",
        b"[" * 100_000 + b"\n",
        b"\x00" * (LONGEST_LINE + 1),
        b"x" * (3 * LONGEST_LINE),
        b'{"type":"Ping","number":1}\n',
        b'{"type":"Progress","job_id":1,"stage":"starting","position":1e999,"duration":null}\n',
        READY.replace(b"babbler", b"\xed\xa0\x80"),
    ],
    ids=lambda nonsense: ascii(nonsense[:20]),
)
def test_a_backend_that_speaks_nonsense_and_stays_is_ended(qtbot, tmp_path, nonsense):
    listening = Listening(tmp_path, READY + nonsense, stays=600)

    assert listening.to_its_end(qtbot) is Failure.BACKEND_GARBLED
    assert len(listening.events) == 1


@pytest.mark.parametrize(
    "aside",
    [b"x" * 5_000_000, b"\n" * 500_000, b"\xff" * 1_000_000, b"'/" * 500_000],
    ids=lambda aside: ascii(aside[:2]),
)
def test_what_a_backend_prints_aside_neither_ends_the_window_nor_fills_the_disk(qtbot, tmp_path, aside):
    listening = Listening(tmp_path, READY, aside)

    assert listening.to_its_end(qtbot) is Failure.BACKEND_DIED
    assert sum(file.stat().st_size for file in tmp_path.glob("backend.log*")) < 8_000_000


# --- files of the program itself -------------------------------------------------------------------------------------

CHOICES = msgspec.json.encode(Settings(languages=("de", "fr"), geometry=b"\x01\x02", prompt="Grüße"))


@given(content=st.binary(max_size=300) | anything | changed(st.just(CHOICES)) | with_a_strange_value(st.just(CHOICES)))
@example(content=b'{"unknown":' * 100_000)
@example(content=b'{"geometry":"' + b"A" * 1_000_000)
@thoroughly
def test_whatever_stands_in_the_settings_there_are_settings_that_can_be_saved(tmp_path, content):
    file = tmp_path / "settings.json"
    file.write_bytes(content)

    found = settings.load(file)

    settings.save(found, file)
    assert settings.load(file) == found


IN_A_COLUMN = [
    None,
    "",
    b"",
    b"\xff\xfe",
    "{",
    "[]",
    "{}",
    "[" * 5000,
    '{"unknown":' * 5000,
    "nonsense",
    '["nonsense"]',
    '[{"start":1}]',
    '{"model":7}',
    '{"tuning":{"beam_size":1e99}}',
    "NaN",
    "\x00",
    -1,
    2**62,
    1.5,
    float("inf"),
    float("-inf"),
]
LIBRARY = ("jobs", "segments", "left_out")


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """A library with something in every table. Not to be changed."""
    file = tmp_path_factory.mktemp("library") / "library.sqlite3"
    history = History(file)
    job = history.add_job(Path("/a/talk.wav"), JobOptions(), "me")
    history.add_segments(
        job.id,
        [Segment(0.0, 1.0, "hi", (Word(0.0, 1.0, " hi", 0.5),), doubts=(Doubt.REPETITION,))],
        1.0,
        [LeftOut(1.0, 2.0, "ho", Doubt.NO_SPEECH)],
    )
    history.close()
    return file


def test_whatever_stands_in_a_column_the_library_opens_and_can_be_read(library, tmp_path):
    places = list(itertools.product(_columns(library), IN_A_COLUMN))

    for number, ((table, column), nonsense) in enumerate(places if FULL else Random(1).sample(places, 80)):
        file = tmp_path / f"{number}" / "library.sqlite3"
        file.parent.mkdir()
        file.write_bytes(library.read_bytes())
        if _stored(file, table, column, nonsense):
            history = History(file)
            for job in history.jobs():
                history.transcript(job.id)
                history.segments_shown(job.id, 0, 10)
            history.next_queued("me")
            history.close()


def _columns(library: Path) -> list[tuple[str, str]]:
    database = sqlite3.connect(library)
    found = [(table, row[1]) for table in LIBRARY for row in database.execute(f"PRAGMA table_info({table})")]
    database.close()
    return found


def _stored(library: Path, table: str, column: str, value: Any) -> bool:
    """Put `value` in a column; tell whether SQLite let it in."""
    database = sqlite3.connect(library, isolation_level=None)
    try:
        database.execute(f"UPDATE {table} SET {column} = ?", (value,))
    except sqlite3.Error:
        return False
    finally:
        database.close()
    return True


# --- what goes out ---------------------------------------------------------------------------------------------------

PIECES = [
    "<b>",
    "</b>",
    "<font color=red>",
    "<c.yellow>",
    "<00:00:01.000>",
    "{\\an8}",
    "{y:i}",
    "\\N",
    "\\h",
    "&lt;",
    "&",
    "-->",
    "--",
    ">",
    "00:00:01,000",
    "1",
    "WEBVTT",
    "NOTE",
    "STYLE",
    "REGION",
    "Dialogue: 0,0:00:00.00",
    "[Script Info]",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "\v",
    "\f",
    "\x00",
    "\x1a",
    "\x1b[31m",
    "\x85",
    "\u2028",
    "\u2029",
    "\u202e",
    "\ufeff",
    "\u2060",
    "\t",
    '"',
    "'",
    "=",
    "@",
    " ",
]
odd_texts = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=10
).map("".join)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Any texts, and who says them, in segments a second long one behind the other."""
    said = draw(st.lists(st.tuples(odd_texts, st.sampled_from(["", "left", "right", "SPEAKER_02"])), max_size=5))
    segments = tuple(
        Segment(float(number), number + 1.0, text, speaker=speaker) for number, (text, speaker) in enumerate(said)
    )
    job = Job(1, Path(draw(odd_texts).replace("/", "") or "x"), JobOptions(), JobState.DONE, 0.0)
    return Transcript(job, segments)


@given(transcripts())
@thoroughly
def test_whatever_was_said_every_export_can_be_written_and_holds_no_control_signs(transcript):
    for name in export.FORMATS:
        text = export.text_of(transcript, name)

        text.encode()
        assert not [sign for sign in text if sign < " " and sign not in "\n\t"]


@given(transcripts())
@thoroughly
def test_whatever_was_said_readers_of_subtitles_find_each_cue_at_its_time(transcript):
    cues = list(subtitles.cues(transcript.segments))
    named = list(subtitles.cues(transcript.segments, speaker_name))

    srt, vtt = export.text_of(transcript, "srt"), export.text_of(transcript, "vtt")

    assert _times(webvtt.WebVTT.from_string(vtt, strict=True).captions) == _rounded(cues)
    if all(_is_seen("".join(cue.lines)) for cue in named):  # readers pass over cues without text
        events = pysubs2.SSAFile.from_string(srt, format_="srt").events
        assert [(event.start, event.end) for event in events] == _rounded(named)
        if named:
            captions = webvtt.WebVTT.from_buffer(io.BytesIO(srt.encode()), format="srt").captions
            assert _times(captions) == _rounded(named)


def _rounded(cues: list[subtitles.Cue]) -> list[tuple[int, int]]:
    return [(round(cue.start * 1000), round(cue.end * 1000)) for cue in cues]


def _times(captions: list[Any]) -> list[tuple[int, int]]:
    return [(caption.start_time.in_milliseconds(), caption.end_time.in_milliseconds()) for caption in captions]


def _is_seen(text: str) -> bool:
    return any(sign.isalnum() for sign in text)
