"""The door: what goes in at one end comes out at the other, and nothing else does."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desktop_app import messages
from desktop_app.messages import (
    FAST,
    BackendReady,
    Cancel,
    CardFound,
    CheckForUpdate,
    Command,
    Doubt,
    EngineFound,
    Event,
    Failure,
    FetchModel,
    FetchUpdate,
    Garbled,
    InstallCardPack,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    KeepToken,
    LeftOut,
    LibraryFound,
    LoadModel,
    Measured,
    Measuring,
    Message,
    ModelFailed,
    ModelLoaded,
    ModelTrouble,
    MoveModels,
    Ping,
    Pong,
    PorterCommand,
    PorterDone,
    PorterEvent,
    PorterFailed,
    PorterProgress,
    PorterStage,
    ProbeEvent,
    ProcessorFound,
    Progress,
    Provisional,
    RecordingEnded,
    Release,
    RemoveCardPack,
    RemoveModel,
    Segment,
    SpeechHeard,
    Stage,
    TakeInModel,
    Task,
    TidyUpdates,
    Transcribe,
    Tried,
    Trying,
    Unmeasured,
    UpdateChecked,
    VerifyModel,
    Way,
    Word,
    command_from,
    event_from,
    porter_command_from,
    porter_event_from,
    probe_event_from,
    to_line,
)

NOT_UTF8 = b'/tmp/caf\xe9 \xff\x00\n".wav'

COMMANDS: list[Message] = [
    LoadModel(b"/models/base", "cuda"),
    Transcribe(7, NOT_UTF8, b"/models/base", "cpu", "fr", Task.TRANSLATE, words=False),
    Transcribe(8, b"a", b"b"),
    Transcribe(9, b"a", b"b", languages=("de", "fr"), prompt="p", glossary="g", end=3.0, tuning=FAST, resume_at=1.5),
    Transcribe(10, b"a", b"b", live=True),
    Transcribe(11, b"a", b"b", ways=(Way("cuda", 1, "float16"), Way("cpu", 0, "int8"))),
    RecordingEnded(10),
    Cancel(7),
    Ping(2**40),
]
EVENTS: list[Message] = [
    BackendReady(123, "faster-whisper 1"),
    ModelLoaded(b"/models/\xff", "cuda", "float16", 1.25),
    ModelFailed(b"/models/x", Failure.MODEL_BROKEN, "why"),
    JobStarted(7, None, "en", 0.5, "cpu"),
    JobStarted(7, 61.5, "", 0.0, "cpu"),
    JobStarted(7, 61.5, "en", 1.0, "cuda", split=True),
    Progress(7, Stage.FINDING_SPEECH, 1 / 3, None),
    SpeechHeard(
        7,
        (
            Segment(0.1, 1e6, 'line\nbreak "quoted" 👩‍👩‍👧 \u2028 \x00', (Word(0.1, 0.2, " a", 0.5),), -0.1, 0.9),
            Segment(0, 1, "", language="fr", speaker="left", doubts=(Doubt.REPETITION, Doubt.MISSING_WORDS)),
        ),
        (LeftOut(3.0, 4.0, "Thank you.", Doubt.NO_SPEECH),),
        5.5,
    ),
    SpeechHeard(7, (), (), 30.0),
    Provisional(7, (Word(0.1, 0.2, " a", 0.5),), 0.3),
    JobFinished(7, 12.5, True, "promised more"),
    JobFinished(7, 12.5, True, "", why=Failure.MORE_THAN_DECLARED),
    JobFailed(7, Failure.UNFORESEEN, "x"),
    JobCancelled(7),
    Pong(3),
]
PORTER_COMMANDS: list[Message] = [
    FetchModel("base", "owner/name", "main", "https://hub.example", "hf_secret"),
    TakeInModel(NOT_UTF8),
    VerifyModel("Моя модель"),
    RemoveModel("base"),
    MoveModels(NOT_UTF8),
    InstallCardPack(NOT_UTF8),
    RemoveCardPack(),
    KeepToken("", "hf_secret"),
    CheckForUpdate(),
    FetchUpdate("0.2.0", NOT_UTF8),
    TidyUpdates(),
]
PORTER_EVENTS: list[Message] = [
    PorterProgress(PorterStage.ASKING),
    PorterProgress(PorterStage.FETCHING, 2**40, 2**41, ModelTrouble.NO_NETWORK),
    PorterDone("base", NOT_UTF8, 2**40),
    PorterFailed(ModelTrouble.DISK_FULL, "x", 2, 1),
    UpdateChecked((Release("0.2.0", datetime.date(2026, 12, 1), "New: «…»"),), 2**31),
]
PROBE_EVENTS: list[Message] = [
    ProcessorFound("Core™", "avx2", 8, 2**34, 2**33),
    CardFound(-1, "", 0, None, (0, 0), ""),
    CardFound(0, "Card", 2**33, 2**32, (8, 9), "550.1", (12, 4)),
    LibraryFound("libcublas.so.12", True, NOT_UTF8),
    EngineFound("CTranslate2 4", 1),
    Trying("cuda", 1, "float16"),
    Measuring("base", "cuda", 1),
    Unmeasured("base", "cuda", 1, "CUDA failed with error out of memory"),
    Tried("cuda", 1, "float16", False, 0.5, "signal 11", crashed=True),
    Measured("base", "cpu", 0, "int8", 0.5, 0.01),
]
texts = st.text(st.characters(exclude_categories=["Cs"]))
times = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda message: type(message).__name__)
def test_a_command_arrives_as_it_was_sent(command):
    assert command_from(to_line(command)) == command


@pytest.mark.parametrize("event", EVENTS, ids=lambda message: type(message).__name__)
def test_an_event_arrives_as_it_was_sent(event):
    assert event_from(to_line(event)) == event


@pytest.mark.parametrize("command", PORTER_COMMANDS, ids=lambda message: type(message).__name__)
def test_the_porters_command_arrives_as_it_was_sent(command):
    assert porter_command_from(to_line(command)) == command


@pytest.mark.parametrize("event", PORTER_EVENTS, ids=lambda message: type(message).__name__)
def test_the_porters_event_arrives_as_it_was_sent(event):
    assert porter_event_from(to_line(event)) == event


@pytest.mark.parametrize("event", PROBE_EVENTS, ids=lambda message: type(message).__name__)
def test_what_the_probe_tells_arrives_as_it_was_sent(event):
    assert probe_event_from(to_line(event)) == event


def test_every_message_is_tried():
    assert {type(message) for message in PROBE_EVENTS} == set(get_args(ProbeEvent))
    assert {type(message) for message in PORTER_COMMANDS} == set(get_args(PorterCommand))
    assert {type(message) for message in PORTER_EVENTS} == set(get_args(PorterEvent))
    assert {type(message) for message in COMMANDS} == set(get_args(Command))
    assert {type(message) for message in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("message", COMMANDS + EVENTS, ids=lambda message: type(message).__name__)
def test_a_message_is_one_line_of_json_that_names_its_type(message):
    line = to_line(message)

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line)["type"] == type(message).__name__


@pytest.mark.parametrize("event", EVENTS, ids=lambda message: type(message).__name__)
def test_an_event_is_no_command(event):
    with pytest.raises(Garbled):
        command_from(to_line(event))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda message: type(message).__name__)
def test_a_command_is_no_event(command):
    with pytest.raises(Garbled):
        event_from(to_line(command))


@given(start=times, end=times, text=texts, words=st.lists(st.tuples(times, times, texts, times)))
def test_any_segment_survives_the_pipe(start, end, text, words):
    event = SpeechHeard(1, (Segment(start, end, text, tuple(Word(*word) for word in words)),), (), end)

    assert event_from(to_line(event)) == event


@given(st.binary())
def test_any_name_of_a_file_survives_the_pipe(name):
    assert command_from(to_line(Transcribe(1, name, name))).audio == name


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_path_that_is_no_unicode_comes_back_as_the_same_path():
    path = Path(os.fsdecode(b"/tmp/caf\xe9.wav"))

    arrived = command_from(to_line(Transcribe(1, os.fsencode(path), b"m"))).audio

    assert Path(os.fsdecode(arrived)) == path


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"hello",
        b"null",
        b"[]",
        b"{}",
        b'{"type":"Shutdown"}',
        b'{"type":"Cancel"}',
        b'{"type":"Cancel","job_id":"7"}',
        b'{"type":"Cancel","job_id":7.5}',
        b'{"type":"Cancel","job_id":7,"more":1}',
        b'{"type":"Cancel","job_id":7}{"type":"Cancel","job_id":7}',
        b'{"type":"Cancel","job_id":7',
        b'{"type":"LoadModel","model":"no base64!"}',
        b'{"type":"LoadModel","model":"YQ==","device":"abacus"}',
        b'{"type":"Cancel","job_id":\xff}',
        b'{"type":"\xff"}',
        b"\x00" * 100,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"type":"Cancel","job_id":' + b"9" * 5000 + b"}",
    ],
    ids=lambda line: ascii(line[:40]),
)
def test_what_is_no_message_is_garbled(line):
    for decode in (command_from, event_from):
        with pytest.raises(Garbled):
            decode(line)


def test_what_somebody_said_does_not_stand_in_the_complaint():
    for line in (
        b'{"type":"SpeechHeard","segments":[{"text":"my secret',
        b"my secret",
        b'{"type":"my secret"}',
        b'{"my secret":1}',
    ):
        with pytest.raises(Garbled) as complaint:
            event_from(line)
        assert "secret" not in f"{complaint.value}"


lines = st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | times | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
).map(lambda value: json.dumps(value).encode())
honest = st.sampled_from([to_line(message) for message in COMMANDS + EVENTS])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    line = bytearray(draw(honest))
    for _ in range(draw(st.integers(1, 5))):
        line[draw(st.integers(0, len(line) - 1))] = draw(st.integers(0, 255))
    return bytes(line[: draw(st.integers(0, len(line)))])


@given(lines | damaged())
@example(b"[" * 2000)
def test_any_line_is_a_message_or_garbled_and_nothing_else(line):
    for decode in (command_from, event_from):
        try:
            message = decode(line)
        except Garbled:
            continue
        assert isinstance(message, messages.Message)


def test_every_enumeration_is_written_as_its_value():
    for value in (*Stage, *Failure, *Task):
        assert value == value.value == value.lower()
