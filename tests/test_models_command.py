"""`sottovoce models` as its user meets it: real processes, a real server, exit codes, sentences."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from models.hub_server import Fault, HubServer, small_model

import desktop_app
from desktop_app import models_command, paths, settings
from desktop_app.messages import Measured, ProcessorFound, Tried
from desktop_app.models import catalogue, fit, importing, machine, removing, shelf, unfinished
from desktop_app.models.machine import Machine, Speed
from desktop_app.transcripts.history import History
from desktop_app.transcripts.transcript import JobOptions

ROOT = Path(desktop_app.__file__).parent.parent
SOTTOVOCE = [sys.executable, "-m", "desktop_app.cli"]
DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


@pytest.fixture(autouse=True)
def terminal(home, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "0.02")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def hub(monkeypatch) -> Iterator[HubServer]:
    with HubServer() as server:
        server.publish("someone/small-talk", "0123abc", small_model())
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def mine(tmp_path) -> Path:
    """A model of the user's own, taken in already."""
    source = tmp_path / "source" / "mine"
    source.mkdir(parents=True)
    for file, content in small_model("mine").items():
        (source / file).write_bytes(content)
    return importing.take_in(source, try_it=lambda folder: None)


def models(*arguments: str | Path) -> tuple[int, str, str]:
    """Run a command; return its exit code, what it printed, and what it said."""
    ended = subprocess.run(
        [*SOTTOVOCE, "models", *arguments], capture_output=True, check=False, timeout=60, encoding="utf-8"
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def test_all_published_models_are_listed_and_those_on_this_computer(mine):
    code, printed, said = models("list")

    assert code == DONE
    assert "sottovoce devices" in said  # which finds out how fast they would be
    lines = {line.split()[0]: line for line in printed.splitlines() if not line.startswith(" ")}
    assert lines.keys() >= catalogue.published().keys() | {"mine"}
    assert "on this computer" in lines["mine"]
    assert "available to download" in lines["large-v3"]
    assert "3.1 GB" in lines["large-v3"]


def test_the_list_as_json_tells_all_that_is_known(mine):
    os.truncate(mine / "model.bin", 3)

    listed = {model["name"]: model for model in json.loads(models("list", "--json")[1])}

    assert (listed["mine"]["state"], listed["mine"]["folder"]) == ("damaged", str(mine))
    assert listed["mine"]["detail"]
    assert listed["small"]["size_bytes"] == catalogue.published()["small"].size_bytes
    assert (listed["tiny.en"]["languages"], listed["tiny"]["languages"]) == ("english", "multilingual")


def test_the_list_tells_what_models_are_good_for_and_how_they_would_do_here():
    base = Measured("base", "cpu", 0, "int8", encoding=0.5, writing=0.005)
    processor = ProcessorFound("A processor", "avx2", 2, 4 << 30, 3 << 30)
    tried = Tried("cpu", 0, "int8", works=True)
    machine.save(Machine(1.0, processor, tried=(tried,), measured=(base,)), paths.machine_file())

    code, printed, said = models("list")
    listed = {model["name"]: model for model in json.loads(models("list", "--json")[1])}

    assert (code, said) == (DONE, "")
    after = dict(zip(printed.splitlines()[::2], printed.splitlines()[1::2], strict=True))
    facts = {line.split()[0]: more for line, more in after.items()}
    assert "A good balance" in facts["small"]
    assert "an hour of speech takes" in facts["small"]
    assert "Too large for the memory" in facts["large-v3"]
    assert listed["small"]["good_for"] in facts["small"]
    assert listed["small"]["fit"]["fits"] and not listed["large-v3"]["fit"]["fits"]
    assert listed["small"]["fit"]["speed"] < listed["base"]["fit"]["speed"]
    assert listed["small"]["fit"]["memory_bytes"] > 300_000_000


def test_the_list_says_why_another_model_is_recommended_than_at_first():
    base = Measured("base", "cpu", 0, "int8", encoding=0.5, writing=0.005)
    processor = ProcessorFound("A processor", "avx2", 8, 16 << 30, 12 << 30)
    known = Machine(1.0, processor, tried=(Tried("cpu", 0, "int8", works=True),), measured=(base,))
    for _ in range(3):
        known = known.with_speed(Speed("base", "cpu", "int8", 0.4, 0.0))
    machine.save(known, paths.machine_file())
    spoken = settings.load(paths.settings_file()).spoken
    advice = fit.advice(known, spoken)
    assert advice.instead_of

    printed = models("list")[1]

    assert printed.count("Recommended instead of") == 1
    assert f"Recommended instead of {advice.instead_of}, because your recordings took about" in printed


def test_the_list_is_quick_and_loads_neither_qt_nor_the_network(mine):
    code = "import sys; from desktop_app import start; sys.argv = ['sottovoce', 'models', 'list']; start.main()"
    tell = "; sys.stderr.write(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code + tell], capture_output=True, check=True).stderr.decode()
    began = time.monotonic()
    models("list")

    forbidden = {"PySide6", "httpx2", "httpcore2", "keyring", "rich", "numpy", "ctranslate2", "zipfile"}
    assert not forbidden & set(loaded.split())
    assert time.monotonic() - began < 3  # about 0.3 on a machine with nothing else to do


def test_a_model_is_downloaded_from_a_mirror_and_found(hub):
    code, printed, said = models("download", "someone/small-talk", "--hub", hub.url)

    assert (code, printed, said) == (DONE, f"{paths.models() / 'small-talk'}\n", "")
    assert shelf.find("small-talk") == paths.models() / "small-talk"
    listed = {model["name"]: model for model in json.loads(models("list", "--json")[1])}
    assert listed["small-talk"]["repo"] == "someone/small-talk"


@pytest.mark.parametrize("name", ["日本語 100% “mine”", "C:\\Users\\Jürgen"])
def test_in_a_home_of_any_name_models_come_are_checked_and_go(hub, tmp_path, monkeypatch, name):
    monkeypatch.setenv("SOTTOVOCE_HOME", str(tmp_path / name))

    downloaded = models("download", "someone/small-talk")
    checked = models("verify", "small-talk")
    removed = models("remove", "small-talk")

    folder = tmp_path / name / "models"
    assert downloaded == (DONE, f"{folder / 'small-talk'}\n", "")
    assert (checked[0], removed[0]) == (DONE, DONE)
    assert list(folder.iterdir()) == []


def test_a_damaged_model_is_downloaded_again_by_its_name(hub):
    models("download", "someone/small-talk")
    weights = paths.models() / "small-talk" / "model.bin"
    sound = weights.read_bytes()
    weights.write_bytes(sound[:1000] + b"?" + sound[1001:])

    found = models("verify")
    repaired = models("download", "small-talk")
    checked = models("verify", "small-talk")

    assert found[0] == FAILED
    assert "“small-talk” is damaged" in found[2]
    assert "“sottovoce models download”" in found[2]
    assert "Repair" not in found[2]
    assert repaired[0] == DONE
    assert checked == (DONE, "small-talk: intact, every byte checked\n", "")
    assert weights.read_bytes() == sound


def test_of_a_damaged_model_that_came_from_nowhere_nobody_says_that_it_can_be_fetched(mine):
    weights = mine / "model.bin"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")

    code, _, said = models("verify", "mine")
    listed = models("list")[1]
    fetched = models("download", "mine")

    assert code == FAILED
    assert "import it again" in said
    assert "downloads the damaged parts again" not in said
    assert "import it again" in next(line for line in listed.splitlines() if line.startswith("mine"))
    assert fetched[0] == WRONG_USAGE
    assert "“mine” came from a file or folder" in fetched[2]


def test_another_model_of_the_same_short_name_does_not_wipe_what_has_come(hub):
    hub.publish("another/small-talk", "4567def", small_model("another"))
    hub.fail("model.bin", Fault(cut_after=300_000), Fault(status=404))
    models("download", "someone/small-talk")

    other = models("download", "another/small-talk")

    assert other == (DONE, f"{paths.models() / 'small-talk (another)'}\n", "")
    [half] = unfinished.downloads()
    assert (half.repo, half.done_bytes > 200_000) == ("someone/small-talk", True)


def test_what_killed_processes_left_is_cleared_away(mine, tmp_path):
    leaving = removing.put_away(mine)

    models("where")

    assert not leaving.exists()


def test_an_interrupted_download_says_that_its_half_is_kept_and_goes_on(hub):
    hub.fail("model.bin", Fault(pause=0.1))
    running = subprocess.Popen([*SOTTOVOCE, "models", "download", "someone/small-talk"], stderr=subprocess.PIPE)
    until = time.monotonic() + 20
    while hub.sent < 200_000 and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=20)[1].decode()

    assert running.returncode == INTERRUPTED
    assert "kept" in said
    assert "Traceback" not in said
    [half] = unfinished.downloads()
    assert 0 < half.done_bytes < half.total_bytes
    assert "partly downloaded" in models("list")[1]
    assert models("download", "small-talk")[0] == DONE
    assert hub.asked_for("model.bin")[-1].start > 0


@pytest.mark.parametrize(("status", "words"), [(401, "--token"), (403, "licence"), (404, "OWNER/NAME")])
def test_what_the_hub_does_not_give_out_is_said_in_words(hub, status, words):
    hub.fail("the listing", Fault(status=status))

    code, printed, said = models("download", "someone/small-talk")

    assert (code, printed) == (FAILED, "")
    assert words in said


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_token_is_asked_for_and_neither_shown_nor_written_down(hub):
    import pty

    hub.token = "hf_secret"
    pid, terminal = pty.fork()
    if not pid:
        os.execv(sys.executable, [*SOTTOVOCE, "models", "download", "someone/small-talk", "--token"])
    shown = b""
    while b"hidden as you type" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, b"hf_secret\n")
    while shelf.own_copy("small-talk") is None:
        shown += os.read(terminal, 1000)
    exit_code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)

    assert exit_code == DONE
    assert b"hf_secret" not in shown
    assert b"asked for it each time" in shown
    assert not [file for file in paths.home().rglob("*") if file.is_file() and b"hf_secret" in file.read_bytes()]


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_token_that_nobody_is_there_to_type_is_done_without(hub):
    command = [*SOTTOVOCE, "models", "download", "someone/small-talk", "--token"]

    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60, start_new_session=True
    )

    assert ended.returncode == DONE, ended.stderr
    assert b"Traceback" not in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_somebody_at_a_terminal_is_asked_for_the_token_that_a_hub_wants_and_told_why_it_waits(hub):
    import pty

    hub.token = "hf_secret"
    hub.fail("model.bin", Fault(status=429, headers={"Retry-After": "1"}))
    pid, terminal = pty.fork()
    if not pid:
        os.execv(sys.executable, [*SOTTOVOCE, "models", "download", "someone/small-talk"])
    shown = b""
    while b"hidden as you type" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, b"hf_secret\n")
    with contextlib.suppress(OSError):  # its end
        while more := os.read(terminal, 1000):
            shown += more
    exit_code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)

    assert exit_code == DONE
    assert shelf.own_copy("small-talk")
    assert b"the hub is busy, waiting" in shown
    assert b"hf_secret" not in shown


def test_a_name_that_nobody_published_is_wrong_usage(hub):
    code, _, said = models("download", "enormous")

    assert code == WRONG_USAGE
    assert "large-v3" in said


def test_an_archive_is_imported_under_a_name_and_tried(tiny_model, tmp_path):
    archive = tmp_path / "мой архив.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for file in tiny_model.iterdir():
            opened.write(file, f"tiny/{file.name}")

    code, printed, said = models("import", archive, "--name", "whatever")

    assert (code, printed) == (DONE, f"{paths.models() / 'tiny.en'}\n")
    assert "byte for byte the published model “tiny.en”" in said


def test_what_is_no_model_is_not_imported(tmp_path):
    code, printed, said = models("import", tmp_path)

    assert (code, printed) == (FAILED, "")
    assert "CTranslate2" in said
    assert list(paths.models().iterdir()) == []


def test_a_model_that_a_recording_waits_for_is_not_removed(mine):
    history = History(paths.database())
    job = history.add_job(Path("/a.wav"), JobOptions(model="mine"), "me")

    refused = models("remove", "mine")
    history.delete(job.id)
    history.close()
    removed = models("remove", "mine")

    assert refused[0] == FAILED
    assert "recording" in refused[2]
    assert removed[0] == DONE
    assert "which freed 1 MB" in removed[1]
    assert shelf.own_copy("mine") is None


def test_a_model_that_a_job_came_to_need_while_another_was_removed_stays(mine, capsys, monkeypatch):
    shutil.copytree(mine, mine.with_name("other"))
    really = removing.remove

    def remove(name, tell):
        History(paths.database()).add_job(Path("/a.wav"), JobOptions(model="other"), "me")
        return really(name, tell)

    monkeypatch.setattr(removing, "remove", remove)

    code = models_command._remove(argparse.Namespace(names=["mine", "other"]))

    assert code == FAILED
    assert "“other” was not removed: a recording" in capsys.readouterr().err
    assert [model.name for model in shelf.on_shelf() if not model.read_only] == ["other"]


def test_what_is_not_there_cannot_be_removed(mine):
    code, _, said = models("remove", "mine", "nothing")

    assert code == FAILED
    assert "“nothing” is not on this computer" in said
    assert shelf.own_copy("mine") is None  # the one before it was removed all the same


def test_the_folder_is_told_and_moved(mine, tmp_path):
    target = tmp_path / "другой диск"

    before = models("where")
    moved = models("where", target)
    after = models("where")

    assert before == (DONE, f"{mine.parent}\n", "")
    assert moved == after == (DONE, f"{target}\n", "")
    assert shelf.find("mine") == target / "mine"


def test_a_folder_that_is_away_is_told(mine, tmp_path):
    models("where", tmp_path / "disk")
    (tmp_path / "disk").rename(tmp_path / "unplugged")

    code, printed, said = models("where")

    assert (code, printed) == (FAILED, f"{tmp_path / 'disk'}\n")
    assert "connected" in said
    assert "connected" in models("list")[2]
    assert models("remove", "mine")[0] == FAILED


def test_a_move_that_cannot_be_is_said_in_words(mine):
    code, printed, said = models("where", mine.parent / "inside")

    assert (code, printed) == (FAILED, "")
    assert said == (
        "sottovoce: The models were not moved: the new folder is inside the current one."
        " Choose a folder somewhere else.\n"
    )
