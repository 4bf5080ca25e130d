"""The porter as its parent sees it: a real process, one command in, events out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub_server import Fault, small_model

from desktop_app import paths
from desktop_app.exit_codes import DONE, LEFT, SOME_FAILED
from desktop_app.messages import (
    FetchModel,
    KeepToken,
    Message,
    ModelTrouble,
    PorterDone,
    PorterEvent,
    PorterFailed,
    PorterProgress,
    PorterStage,
    RemoveModel,
    VerifyModel,
    porter_event_from,
    to_line,
)
from desktop_app.models import catalogue, shelf, unfinished

REPO, COMMIT = "someone/little", "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = "model.bin"


class Porter:
    """A porter that was started, and what it has said so far."""

    def __init__(self, command: Message | bytes, environment: dict[str, str], program: list[str]) -> None:
        self.process = subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | environment,
        )
        self.log = b""
        self.process.stdin.write(command if isinstance(command, bytes) else to_line(command))
        self.process.stdin.flush()

    def events(self) -> Iterator[PorterEvent]:
        for line in self.process.stdout:
            yield porter_event_from(line)

    def until(self, is_so: Callable[[PorterProgress], bool]) -> PorterProgress:
        return next(event for event in self.events() if isinstance(event, PorterProgress) and is_so(event))

    def end(self) -> tuple[list[PorterEvent], int]:
        """Wait for it; return what it said, and its exit code."""
        events = list(self.events())
        self.log = self.process.stderr.read()
        return events, self.process.wait()

    def clear_away(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


@pytest.fixture
def porter(home, tmp_path) -> Iterator[Callable[..., Porter]]:
    """Starts porters; those that still run at the end are ended."""
    started: list[Porter] = []
    keyring = {
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring",
        "SOTTOVOCE_KEYRING": "file_keyring",
        "FILE_KEYRING": str(tmp_path / "keyring"),
    }

    def start(command: Message | bytes, program: list[str] | None = None, **environment: str) -> Porter:
        started.append(Porter(command, keyring | environment, program or paths.porter_command()))
        return started[-1]

    yield start
    for one in started:
        one.clear_away()


@pytest.fixture
def little(hub):
    """A hub with a small model of which little comes at a time."""
    hub.publish(REPO, COMMIT, small_model(size_bytes=3_000_000))
    return hub


@pytest.mark.skipif(sys.platform == "win32", reason="such a name is a path there")
@pytest.mark.parametrize("name", [r"C:\Users\Zoë Müller\AppData", "дом с пробелом", "Bücher 日本語"])
def test_a_model_is_fetched_checked_and_removed_in_a_home_of_any_name(home, monkeypatch, little, porter, name):
    monkeypatch.setenv("SOTTOVOCE_HOME", str(home.with_name(name)))
    commands = [FetchModel("little", REPO, COMMIT, little.url), VerifyModel("little"), RemoveModel("little")]

    ended = [porter(command).end() for command in commands]

    assert [exit_code for _, exit_code in ended] == [DONE] * 3
    assert ended[0][0][-1].folder == os.fsencode(home.with_name(name) / "models" / "little")
    assert shelf.own_copy("little") is None


def test_it_fetches_a_model_whole_and_tells_where_it_is(home, hub, porter, tiny_en):
    model = catalogue.published()["tiny.en"]
    hub.publish(model.repo, model.revision, tiny_en)

    events, exit_code = porter(FetchModel("tiny.en", model.repo, model.revision, hub.url)).end()

    *progress, done = events
    assert exit_code == DONE
    assert done == PorterDone("tiny.en", os.fsencode(paths.models() / "tiny.en"), shelf.size_of(shelf.find("tiny.en")))
    assert {event.stage for event in progress} == {PorterStage.FETCHING}
    assert progress[-1].done == progress[-1].total == sum(file.size_bytes for file in model.files)


def test_what_cannot_be_done_is_said_by_its_kind(hub, porter):
    events, exit_code = porter(FetchModel("little", REPO, hub=hub.url)).end()

    assert exit_code == SOME_FAILED
    assert isinstance(events[-1], PorterFailed)
    assert events[-1].kind is ModelTrouble.NOT_FOUND


def test_room_that_is_missing_is_said_in_bytes(little, porter):
    greedy = "from desktop_app import porter; from desktop_app.models import disk; disk.SPARE = 1 << 60; porter.main()"

    events, _ = porter(FetchModel("little", REPO, hub=little.url), [sys.executable, "-c", greedy]).end()

    failed = events[-1]
    assert isinstance(failed, PorterFailed)
    assert failed.kind is ModelTrouble.DISK_FULL
    assert failed.needed_bytes > failed.free_bytes > 0


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b'{"type": "Ping", "number": 1}\n', b"\xff\n"])
def test_what_is_no_command_is_a_bug_of_ours(porter, line):
    events, exit_code = porter(line).end()

    assert exit_code == SOME_FAILED
    assert [event.kind for event in events] == [ModelTrouble.UNFORESEEN]


def test_without_a_command_it_just_ends(porter):
    one = porter(b"")
    one.process.stdin.close()

    assert one.end() == ([], LEFT)


def test_when_its_parent_lets_go_it_ends_at_once_and_the_next_one_goes_on(little, porter):
    little.always_fail(WEIGHTS, Fault(pause=0.05))
    one = porter(FetchModel("little", REPO, hub=little.url))
    one.until(lambda progress: progress.done > 300_000)

    one.process.stdin.close()
    began = time.monotonic()
    exit_code = one.process.wait(5)

    assert exit_code == LEFT
    assert time.monotonic() - began < 1
    assert shelf.on_shelf() == []

    little.always_fail(WEIGHTS, None)
    assert porter(FetchModel("little", REPO, hub=little.url)).end()[1] == DONE
    assert little.asked_for(WEIGHTS)[-1].start > 250_000
    assert [model.name for model in shelf.installed()] == ["little"]
    assert unfinished.downloads() == []


def test_whenever_it_is_killed_the_next_one_goes_on(little, porter):
    little.always_fail(WEIGHTS, Fault(pause=0.01))
    for reached in (0, 400_000, 1_200_000, 2_000_000, 2_800_000):
        one = porter(FetchModel("little", REPO, hub=little.url))
        one.until(lambda progress, reached=reached: progress.done >= reached)
        one.process.kill()
        one.process.wait()
        assert shelf.on_shelf() == []

    assert porter(FetchModel("little", REPO, hub=little.url)).end()[1] == DONE
    starts = [asked.start for asked in little.asked_for(WEIGHTS)]
    assert starts == sorted(starts)
    assert starts[-1] > 2_000_000


def test_two_porters_never_fetch_the_same_model_at_once(little, porter):
    little.always_fail(WEIGHTS, Fault(pause=0.02))
    first = porter(FetchModel("little", REPO, hub=little.url))
    first.until(lambda progress: progress.done > 100_000)
    running = [half.running for half in unfinished.downloads()]
    second = porter(FetchModel("little", REPO, hub=little.url))

    assert first.end()[1] == DONE
    assert second.end()[1] == DONE  # it waited, and then there was nothing left to do
    assert running == [True]
    assert len(little.asked_for(WEIGHTS)) == 1


def test_it_tells_how_far_it_is_neither_too_often_nor_too_seldom(little, porter):
    little.always_fail(WEIGHTS, Fault(pause=0.02))
    one = porter(FetchModel("little", REPO, hub=little.url))
    one.until(lambda progress: progress.stage is PorterStage.FETCHING)
    began = time.monotonic()

    events = [event for event in one.events() if isinstance(event, PorterProgress)]

    took = time.monotonic() - began
    assert took > 0.8
    assert took * 2 < len(events) < took * 10 + 5  # of 47 blocks


def test_what_is_survived_is_told_as_well(little, porter):
    little.fail(WEIGHTS, Fault(status=503))

    events, exit_code = porter(FetchModel("little", REPO, hub=little.url)).end()

    assert exit_code == DONE
    assert ModelTrouble.HUB_FAILED in {event.retrying for event in events if isinstance(event, PorterProgress)}


def test_a_token_that_was_kept_lets_in_later_and_is_in_no_log_and_no_file(little, porter, home):
    little.token = "hf_secret"
    private = FetchModel("little", REPO, hub=little.url)

    refused = porter(private)
    assert [event.kind for event in refused.end()[0] if isinstance(event, PorterFailed)] == [ModelTrouble.TOKEN_NEEDED]
    keeping = porter(KeepToken(little.url, "hf_secret"))
    assert keeping.end() == ([PorterDone()], DONE)
    let_in = porter(private)
    assert let_in.end()[1] == DONE
    forgetting = porter(KeepToken(little.url, ""))
    assert forgetting.end() == ([PorterDone()], DONE)

    assert b"hf_secret" not in refused.log + keeping.log + let_in.log + forgetting.log
    assert not [file for file in home.rglob("*") if file.is_file() and b"hf_secret" in file.read_bytes()]
    wrong = porter(private)  # the model is here, but what it should be is not known without asking
    assert wrong.end()[1] == SOME_FAILED


def test_without_a_keyring_nothing_is_kept_and_that_is_said(porter):
    events, exit_code = porter(KeepToken("", "hf_secret"), PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring").end()

    assert exit_code == SOME_FAILED
    assert [event.kind for event in events] == [ModelTrouble.NO_KEYRING]


def test_an_address_with_a_signature_is_in_no_log(little, porter):
    little.fail(WEIGHTS, Fault(redirect=little.url + "{path}?Signature=secret"), Fault(status=503))
    one = porter(FetchModel("little", REPO, hub=little.url))

    assert one.end()[1] == DONE
    assert b"503" in one.log
    assert b"secret" not in one.log


def test_it_checks_and_removes_what_it_fetched(little, porter):
    porter(FetchModel("little", REPO, hub=little.url)).end()

    verified, _ = porter(VerifyModel("little")).end()
    removed, _ = porter(RemoveModel("little")).end()

    assert isinstance(verified[-1], PorterDone)
    assert isinstance(removed[-1], PorterDone)
    assert removed[-1].size_bytes > 3_000_000
    assert shelf.on_shelf() == []
