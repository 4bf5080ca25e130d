"""Models fetched, checked, moved and removed by real porters, from a real server, while the window only looks on."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from models.hub_server import LISTING, Fault, HubServer, small_model

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterStage
from desktop_app.models import flow, importing, shelf, unfinished
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.model_work import ModelTask, ModelWork

SLOW = Fault(pause=0.15)  # seconds a block of 64 KB: the model takes a second and a half
PATIENCE_MS = 15_000


@pytest.fixture(autouse=True)
def quick(home, monkeypatch) -> None:
    """Nobody waits long for a server that does not answer, and no keyring is asked."""
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "0.02")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setattr(sys, "prefix", str(home / "environment"))  # without models


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        for name in ("a", "b", "c"):
            server.publish(f"someone/{name}", "0123abc", small_model(name))
        yield server


@pytest.fixture
def history(qtbot, home) -> Iterator[HistoryThread]:
    thread = HistoryThread(paths.database())
    thread.start()
    yield thread
    thread.close()


class Watched:
    """A ModelWork, and what it said."""

    def __init__(self, work: ModelWork) -> None:
        self.work = work
        self.changed: list[ModelTask] = []
        self.ended: list[ModelTask] = []
        self.shelf_changes = 0
        work.task_changed.connect(self.changed.append)
        work.task_ended.connect(self.ended.append)
        work.shelf_changed.connect(self._count)

    def _count(self) -> None:
        self.shelf_changes += 1

    def task(self, name: str) -> ModelTask | None:
        return next((task for task in self.work.tasks() if task.name == name), None)

    def has_bytes(self, name: str) -> bool:
        task = self.task(name)
        return task is not None and task.stage is PorterStage.FETCHING and task.done > 100_000


@pytest.fixture
def started(history, hub, qtbot) -> Iterator[Callable[[], Watched]]:
    """Makes one; a second one stands for the program started anew."""
    all_of_them: list[ModelWork] = []

    def start() -> Watched:
        all_of_them.append(ModelWork(history, hub=lambda: hub.url))
        return Watched(all_of_them[-1])

    yield start
    for work in all_of_them:
        work.close()


@pytest.fixture
def watched(started) -> Watched:
    return started()


@pytest.mark.parametrize("time", ["once", "once more"])
def test_a_program_may_end_while_its_porters_are_at_work(watched, hub, qtbot, time):
    hub.always_fail("model.bin", SLOW)

    watched.work.fetch("", "someone/a")

    qtbot.waitUntil(lambda: watched.has_bytes("a"), timeout=PATIENCE_MS)  # what is left of the first would end it here


@pytest.fixture
def until(qtbot) -> Callable[[Callable[[], object]], None]:
    return lambda state: qtbot.waitUntil(lambda: bool(state()), timeout=PATIENCE_MS)


def asked(history: HistoryThread, qtbot, question):
    answers: list[object] = []
    history.ask(question, answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=PATIENCE_MS)
    return answers[0]


def test_a_model_is_fetched_and_stands_on_the_shelf(watched, hub, until):
    hub.always_fail("model.bin", Fault(pause=0.02))

    watched.work.fetch("", "someone/a")
    until(lambda: watched.ended)

    [task] = watched.ended
    assert (task.name, task.failed, task.result) == ("a", None, "a")
    assert task.size_bytes == shelf.size_of(paths.models() / "a")
    assert any(0 < told.done < told.total for told in watched.changed)
    assert watched.work.tasks() == []
    assert watched.shelf_changes == 1
    assert [model.name for model in shelf.installed()] == ["a"]


def test_a_porter_of_another_version_is_no_fault_of_the_model(watched, hub, until, monkeypatch):
    monkeypatch.setattr(paths, "__version__", "0.0.1")  # this program's; its porter is of the version it is

    watched.work.fetch("", "someone/a")
    until(lambda: (task := watched.task("a")) and task.failed)

    assert watched.task("a").failed.kind is ModelTrouble.UPDATED


def test_a_paused_download_goes_on_where_it_was(watched, hub, until):
    hub.fail("model.bin", SLOW)
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.has_bytes("a"))

    watched.work.pause("a")
    task = watched.task("a")
    assert task and task.paused and not task.waiting
    until(lambda: [half.paused for half in unfinished.downloads()] == [True])
    watched.work.resume("a")
    until(lambda: watched.ended)

    assert watched.ended[0].failed is None
    assert hub.asked_for("model.bin")[-1].start > 100_000


def test_a_download_paused_and_resumed_in_one_breath_goes_on(watched, hub, until):
    hub.fail("model.bin", SLOW)
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.has_bytes("a"))

    watched.work.pause("a")
    watched.work.resume("a")
    until(lambda: watched.ended)

    assert watched.ended[0].failed is None


def test_the_next_program_goes_on_with_what_nobody_had_paused(started, hub, until):
    before = started()
    hub.always_fail("model.bin", SLOW)
    before.work.fetch("a", "someone/a")
    before.work.fetch("b", "someone/b")
    until(lambda: before.has_bytes("a") and before.has_bytes("b"))
    before.work.pause("b")
    until(lambda: [half.paused for half in unfinished.downloads() if half.name == "b"] == [True])
    before.work.close()
    hub.always_fail("model.bin", None)

    after = started()
    after.work.start()
    until(lambda: after.ended)

    assert [(task.name, task.failed) for task in after.ended] == [("a", None)]
    left = after.task("b")
    assert left and left.paused and 100_000 < left.done < left.total
    after.work.resume("b")
    until(lambda: len(after.ended) == 2)
    assert [model.name for model in shelf.installed()] == ["a", "b"]


def test_downloads_that_had_not_begun_are_begun_by_the_next_program(started, hub, until):
    before = started()
    hub.always_fail("model.bin", SLOW)
    for name in ("a", "b", "c"):
        before.work.fetch(name, f"someone/{name}")
    until(lambda: {half.name for half in unfinished.downloads()} == {"a", "b", "c"})
    before.work.pause("c")
    until(lambda: [half.paused for half in unfinished.downloads() if half.name == "c"] == [True])
    before.work.close()
    hub.always_fail("model.bin", None)

    after = started()
    after.work.start()
    until(lambda: len(after.ended) == 2)
    after.work.resume("c")
    until(lambda: len(after.ended) == 3)

    assert [model.name for model in shelf.installed()] == ["a", "b", "c"]


def test_a_cancelled_download_leaves_nothing(watched, hub, until):
    hub.fail("model.bin", SLOW)
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.has_bytes("a"))

    watched.work.cancel("a")
    until(lambda: watched.ended)

    assert watched.ended[0].cancelled
    assert watched.work.tasks() == []
    until(lambda: not list(paths.models().iterdir()))


def test_the_third_download_waits_for_its_turn(watched, hub, until):
    hub.always_fail("model.bin", SLOW)
    for name in ("a", "b", "c"):
        watched.work.fetch(name, f"someone/{name}")
    until(lambda: watched.has_bytes("a") and watched.has_bytes("b"))

    third = watched.task("c")
    assert third and third.waiting
    assert not [request for request in hub.requests if "someone/c" in request.path]
    watched.work.pause("a")
    hub.always_fail("model.bin", None)
    until(lambda: {task.name for task in watched.ended} == {"b", "c"})


def test_a_failed_download_says_why_and_can_be_tried_again(watched, hub, until):
    hub.fail(LISTING, Fault(status=404))
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.ended)

    assert watched.ended[0].failed and watched.ended[0].failed.kind is ModelTrouble.NOT_FOUND
    kept = watched.task("a")
    assert kept and kept.failed
    watched.work.fetch("a")
    until(lambda: len(watched.ended) == 2)
    assert watched.ended[1].failed is None


def test_a_token_can_be_given_after_the_hub_had_wanted_one(watched, hub, until):
    hub.token = "hf_secret"
    watched.work.fetch("", hub.url + "/someone/a")
    until(lambda: watched.ended)
    assert watched.ended[0].failed and watched.ended[0].failed.kind is ModelTrouble.TOKEN_NEEDED

    watched.work.fetch("a", token="hf_secret")
    until(lambda: len(watched.ended) == 2)
    assert watched.ended[1].failed is None


def test_two_models_of_one_name_are_both_fetched_each_from_its_own_repository(watched, hub, until):
    hub.publish("another/a", "4567def", small_model("another"))

    watched.work.fetch("", "someone/a")
    watched.work.fetch("", "another/a")
    until(lambda: len(watched.ended) == 2)

    assert [task.failed for task in watched.ended] == [None, None]
    assert {model.name: model.repo for model in shelf.installed()} == {"a": "someone/a", "a (another)": "another/a"}


def test_while_one_is_paused_another_of_its_name_is_fetched_or_refused_and_the_one_stays_paused(watched, hub, until):
    hub.publish("another/a", "4567def", small_model("another"))
    hub.fail("model.bin", SLOW)
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.has_bytes("a"))
    watched.work.pause("a")
    until(lambda: [half.paused for half in unfinished.downloads()] == [True])

    watched.work.fetch("a", "another/a")
    until(lambda: watched.ended)
    assert watched.ended[0].name == "another/a"  # and not what is called "a"
    assert watched.ended[0].failed and watched.ended[0].failed.kind is ModelTrouble.NAME_TAKEN
    watched.work.fetch("", "another/a")
    until(lambda: len(watched.ended) == 2)

    assert watched.ended[1].result == "a (another)"
    left = watched.task("a")
    assert left and left.paused


def test_what_is_fetched_already_is_told_again_and_not_begun_twice(watched, hub, until):
    hub.fail("model.bin", SLOW)
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.has_bytes("a"))
    told = len(watched.changed)

    watched.work.fetch("a", hub.url + "/someone/a/tree/main")

    assert len(watched.changed) == told + 1
    until(lambda: watched.ended)
    assert [task.failed for task in watched.ended] == [None]


def test_a_download_that_is_resumed_asks_the_hub_that_is_wanted_by_then(history, hub, qtbot, until):
    hub.fail("model.bin", SLOW)
    wanted = [hub.url]
    work = ModelWork(history, hub=lambda: wanted[0])
    watched = Watched(work)
    with HubServer() as mirror:
        mirror.publish("someone/a", "0123abc", small_model("a"))
        work.fetch("a", "someone/a")
        until(lambda: watched.has_bytes("a"))
        work.pause("a")
        until(lambda: [half.paused for half in unfinished.downloads()] == [True])
        wanted[0] = mirror.url

        work.resume("a")
        until(lambda: watched.ended)
        work.close()

        assert watched.ended[0].failed is None
        assert mirror.asked_for("model.bin")[-1].start > 100_000


@pytest.mark.parametrize(
    ("name", "repo", "kind"),
    [("", "no repository", ModelTrouble.NAME_WRONG), ("enormous", "", ModelTrouble.NOT_FOUND)],
)
def test_what_cannot_be_a_model_is_refused(watched, until, name, repo, kind):
    watched.work.fetch(name, repo)
    until(lambda: watched.ended)

    assert watched.ended[0].failed and watched.ended[0].failed.kind is kind


def test_a_porter_that_is_killed_is_a_failure_and_the_next_one_goes_on(watched, hub, until):
    hub.fail("model.bin", SLOW)
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.has_bytes("a"))

    [errand] = watched.work._errands.values()
    assert errand.porter
    os.kill(errand.porter.pid, signal.SIGKILL)
    until(lambda: watched.ended)
    assert watched.ended[0].failed and watched.ended[0].failed.kind is ModelTrouble.UNFORESEEN

    watched.work.fetch("a", "someone/a")
    until(lambda: len(watched.ended) == 2)
    assert watched.ended[1].failed is None
    assert hub.asked_for("model.bin")[-1].start > 100_000


@pytest.mark.parametrize(
    "command", [["/nowhere/porter"], [sys.executable, "-c", "print('hello')"], [sys.executable, "-c", ""]]
)
def test_a_porter_that_is_none_is_a_failure(watched, until, monkeypatch, command):
    monkeypatch.setattr(paths, "porter_command", lambda: command)

    watched.work.verify("a")
    until(lambda: watched.ended)

    assert watched.ended[0].failed and watched.ended[0].failed.kind is ModelTrouble.UNFORESEEN


def test_a_model_in_a_folder_is_taken_in_after_it_was_tried(watched, tiny_model, tmp_path, until):
    source = tmp_path / "Мой файл"
    shutil.copytree(tiny_model, source)

    watched.work.take_in(source)
    until(lambda: watched.ended)

    assert (watched.ended[0].name, watched.ended[0].failed, watched.ended[0].result) == ("Мой файл", None, "tiny.en")
    assert PorterStage.TRYING in {task.stage for task in watched.changed}
    assert shelf.find("tiny.en") == paths.models() / "tiny.en"


def test_what_is_being_taken_in_can_be_cancelled(watched, tiny_model, tmp_path, until):
    source = tmp_path / "mine"
    shutil.copytree(tiny_model, source)
    watched.work.take_in(source)
    until(lambda: (task := watched.task("mine")) and task.stage is PorterStage.TRYING)

    watched.work.cancel("mine")
    until(lambda: watched.ended)

    assert watched.ended[0].cancelled
    until(lambda: not list(paths.models().iterdir()))


def test_two_folders_of_one_name_are_two_tasks(watched, tmp_path, until):
    for parent in ("one", "two"):
        (tmp_path / parent / "model").mkdir(parents=True)
        watched.work.take_in(tmp_path / parent / "model")

    until(lambda: len(watched.ended) == 2)

    assert [task.name for task in watched.ended] == ["model", "model (2)"]
    assert {task.failed.kind for task in watched.ended if task.failed} == {ModelTrouble.NOT_A_MODEL}


def test_one_flipped_byte_is_found_and_repaired(watched, hub, until):
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.ended)
    weights = paths.models() / "a" / "model.bin"
    sound = weights.read_bytes()
    weights.write_bytes(sound[:50_000] + bytes([sound[50_000] ^ 1]) + sound[50_001:])

    watched.work.verify("a")
    until(lambda: len(watched.ended) == 2)
    assert watched.ended[1].failed and watched.ended[1].failed.kind is ModelTrouble.DAMAGED
    assert shelf.installed() == []
    assert watched.shelf_changes == 2

    fetched = len(hub.asked_for("tokenizer.json"))
    watched.work.repair("a")
    until(lambda: len(watched.ended) == 3)
    assert watched.ended[2].failed is None
    assert weights.read_bytes() == sound
    assert [model.name for model in shelf.installed()] == ["a"]
    assert len(hub.asked_for("tokenizer.json")) == fetched  # it was sound


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.PAUSED])
def test_a_model_that_a_job_needs_is_not_removed(watched, history, tmp_path, qtbot, until, state):
    model = _with_model(tmp_path, "mine")
    job = asked(history, qtbot, lambda library: library.add_job(Path("/a.wav"), JobOptions(model="mine"), "me"))
    asked(history, qtbot, lambda library: library.update(job.id, state=state))

    watched.work.remove("mine")
    until(lambda: watched.ended)
    assert watched.ended[0].failed and watched.ended[0].failed.kind is ModelTrouble.IN_USE
    assert model.is_dir()

    asked(history, qtbot, lambda library: library.update(job.id, state=JobState.DONE))
    watched.work.remove("mine")
    until(lambda: len(watched.ended) == 2)
    assert watched.ended[1].failed is None
    assert watched.ended[1].size_bytes > 0
    assert shelf.on_shelf() == []
    assert watched.shelf_changes == 1


def test_a_model_that_a_job_came_to_need_while_its_removal_waited_is_not_removed(
    watched, history, tmp_path, qtbot, until, monkeypatch
):
    model = _with_model(tmp_path, "mine")
    with monkeypatch.context() as patch:  # something that takes its time
        patch.setattr(paths, "porter_command", lambda: [sys.executable, "-c", "import sys; sys.stdin.read()"])
        watched.work.verify("other")
    watched.work.remove("mine")
    until(lambda: (task := watched.task("mine")) and task.waiting)

    asked(history, qtbot, lambda library: library.add_job(Path("/a.wav"), JobOptions(model="mine"), "me"))
    watched.work.cancel("other")
    until(lambda: len(watched.ended) == 2)

    assert watched.ended[1].failed and watched.ended[1].failed.kind is ModelTrouble.IN_USE
    assert model.is_dir()
    assert watched.work.tasks() == []
    watched.work.verify("mine")  # and its turn was handed on
    until(lambda: len(watched.ended) == 3)
    assert watched.ended[2].failed is None


MOVE_AND_STOP = """
import time
from desktop_app import porter
from desktop_app.models import moving
moving._point_to = lambda target: time.sleep(60)
porter.main()
"""


@pytest.fixture
def half_moved(watched, tmp_path, until, monkeypatch) -> Path:
    """All of it is in the new folder, and nothing says yet that it is there."""
    _with_model(tmp_path, "mine")
    target = tmp_path / "other disk"
    with monkeypatch.context() as patch:
        patch.setattr(paths, "porter_command", lambda: [sys.executable, "-c", MOVE_AND_STOP])
        watched.work.move(target)
    until(lambda: (target / "mine").is_dir())
    return target


def test_a_move_can_be_cancelled_and_leaves_nothing_in_the_new_folder(watched, half_moved, until):
    watched.work.cancel("")
    until(lambda: watched.ended)

    assert watched.ended[0].cancelled
    until(lambda: not list(half_moved.iterdir()))
    assert [model.folder for model in shelf.installed()] == [paths.home() / "models" / "mine"]


def test_what_a_move_that_the_programs_end_stopped_has_brought_is_removed_at_the_next_start(
    watched, half_moved, started, until
):
    watched.work.close()
    assert list(half_moved.iterdir())

    started().work.start()
    until(lambda: not list(half_moved.iterdir()))

    assert [model.folder for model in shelf.installed()] == [paths.home() / "models" / "mine"]


def test_a_folder_that_is_moved_takes_its_downloads_along(watched, hub, tmp_path, until):
    _with_model(tmp_path, "mine")
    hub.fail("model.bin", SLOW)
    watched.work.fetch("a", "someone/a")
    until(lambda: watched.has_bytes("a"))

    watched.work.move(tmp_path / "новый диск")
    until(lambda: len(watched.ended) == 2)

    assert [(task.what, task.failed) for task in watched.ended] == [("move", None), ("fetch", None)]
    assert paths.models() == tmp_path / "новый диск"
    assert [model.name for model in shelf.installed()] == ["a", "mine"]
    assert hub.asked_for("model.bin")[-1].start > 100_000


def test_a_folder_that_cannot_be_moved_stays_and_work_goes_on(watched, until):
    watched.work.move(paths.models() / "inside")
    until(lambda: watched.ended)
    assert watched.ended[0].failed and watched.ended[0].failed.kind is ModelTrouble.NAME_WRONG

    watched.work.fetch("a", "someone/a")
    until(lambda: len(watched.ended) == 2)
    assert watched.ended[1].failed is None


def test_a_token_is_given_to_the_hub_and_never_written_down(watched, hub, until):
    hub.token = "hf_secret"

    watched.work.fetch("a", "someone/a", token="hf_secret")
    until(lambda: watched.ended)

    assert watched.ended[0].failed is None
    written = [file.read_bytes() for file in paths.home().rglob("*") if file.is_file()]
    assert not [content for content in written if b"hf_secret" in content]


def test_without_a_keyring_a_token_is_not_kept(watched, qtbot):
    with qtbot.waitSignal(watched.work.token_kept, timeout=PATIENCE_MS) as kept:
        watched.work.keep_token("hf_secret")

    assert kept.args == [False]


def _with_model(tmp_path: Path, name: str) -> Path:
    source = tmp_path / "source" / name
    source.mkdir(parents=True)
    for file, content in small_model(name).items():
        (source / file).write_bytes(content)
    return importing.take_in(source, try_it=lambda folder: None)


def test_a_download_that_failed_is_not_begun_again_by_the_next_program(started, hub, until):
    before = started()
    hub.fail("model.bin", SLOW)
    before.work.fetch("a", "someone/a")
    until(lambda: before.has_bytes("a"))
    before.work.pause("a")
    until(lambda: [half.paused for half in unfinished.downloads()] == [True])
    hub.always_fail("model.bin", Fault(status=404))
    before.work.resume("a")
    until(lambda: before.ended)
    until(lambda: [half.paused for half in unfinished.downloads()] == [True])
    before.work.close()
    hub.always_fail("model.bin", None)

    after = started()
    after.work.start()
    until(lambda: after.work.tasks())

    left = after.task("a")
    assert before.ended[0].failed and left and left.paused and left.repo == "someone/a"
    after.work.resume("a")
    until(lambda: after.ended)
    assert after.ended[0].failed is None


def test_a_download_that_stops_coming_says_so_without_a_speed(watched, hub, until, monkeypatch):
    monkeypatch.setattr(flow, "QUIET", 0.3)
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "1")
    hub.fail("model.bin", Fault(stall_after=300_000))
    watched.work.fetch("a", "someone/a")
    until(lambda: (task := watched.task("a")) and task.is_quiet)

    task = watched.task("a")
    watched.work.cancel("a")
    until(lambda: watched.ended)
    assert task and (task.speed, task.seconds_left, task.failed) == (None, None, None)
    assert 0 < task.done < task.total


def test_whether_a_job_needs_a_model_can_be_asked_before_it_is_removed(watched, history, qtbot, tmp_path, until):
    for name in ("mine", "another"):
        _with_model(tmp_path, name)
    asked(history, qtbot, lambda library: library.add_job(Path("/a.wav"), JobOptions(model="mine"), "me"))
    free: list[str] = []

    watched.work.if_not_needed("mine", lambda: free.append("mine"))
    watched.work.if_not_needed("another", lambda: free.append("another"))
    until(lambda: free)

    assert free == ["another"]
    assert [(task.name, task.failed and task.failed.kind) for task in watched.ended] == [("mine", ModelTrouble.IN_USE)]
    assert [model.name for model in shelf.installed()] == ["another", "mine"]
