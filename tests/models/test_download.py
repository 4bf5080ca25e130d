"""Fetching a model from a real server that does everything a network can do to it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hub_server import LISTING, Fault, HubServer, small_model
from model_files import copied, flip_a_byte
from proxy_server import ProxyServer

from desktop_app import paths
from desktop_app.messages import ModelTrouble, PorterProgress, PorterStage
from desktop_app.models import catalogue, disk, download, label, lock, patience, removing, shelf, transfer, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.unfinished import DownloadNote

REPO, COMMIT = "someone/little", "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = "model.bin"


@pytest.fixture
def files() -> dict[str, bytes]:
    return small_model()


@pytest.fixture
def small(home, hub, files) -> HubServer:
    """A hub that has a small model."""
    hub.publish(REPO, COMMIT, files)
    return hub


def fetch(server: HubServer, name: str = "little", **options) -> Path:
    return download.fetch(name, options.pop("repo", REPO), **{"hub": server.url, **options})


def refused(server: HubServer, **options) -> PorterError:
    with pytest.raises(PorterError) as raised:
        fetch(server, **options)
    return raised.value


def is_whole(folder: Path, files: dict[str, bytes]) -> bool:
    wanted = {name: content for name, content in files.items() if not name.startswith((".", "README"))}
    found = {file.name: file.read_bytes() for file in folder.iterdir() if file.name != label.FILE}
    return found == wanted and shelf.find(folder.name) == folder


def test_a_published_model_is_fetched_whole_and_then_stands_on_the_shelf(home, hub, tiny_en):
    model = catalogue.published()["tiny.en"]
    hub.publish(model.repo, model.revision, tiny_en)

    folder = download.fetch("tiny.en", hub=hub.url)

    assert shelf.find("tiny.en") == folder == paths.models() / "tiny.en"
    assert hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest() == model.model_bin_sha256
    assert label.read(folder).repo == model.repo
    assert label.read(folder).files[WEIGHTS] == label.LabelledFile(75537502, model.model_bin_sha256)
    assert not hub.asked_for(LISTING)  # all was known
    assert [path.name for path in paths.models().iterdir()] == ["tiny.en"]


def test_a_model_whose_repository_was_typed_in_is_fetched_at_the_newest_commit(small, files):
    folder = fetch(small)

    assert is_whole(folder, files)
    assert label.read(folder).revision == COMMIT
    assert [model.repo for model in shelf.on_shelf()] == [REPO]


def test_without_a_name_a_model_is_called_as_its_repository_is(small):
    assert fetch(small, name="").name == "little"


@pytest.mark.parametrize("name", ["дом с пробелом", "Bücher 日本語", "C users name"])
def test_a_home_of_any_name_will_do(small, files, home, monkeypatch, name):
    monkeypatch.setenv("SOTTOVOCE_HOME", str(home.with_name(name)))

    assert is_whole(fetch(small, name="Моя модель"), files)


def test_it_tells_how_far_it_is(small, files):
    told: list[PorterProgress] = []

    fetch(small, tell=told.append)

    total = sum(len(content) for name, content in files.items() if not name.startswith((".", "README")))
    fetching = [progress.done for progress in told if progress.stage is PorterStage.FETCHING]
    assert told[0].stage is PorterStage.ASKING
    assert fetching == sorted(fetching)
    assert fetching[-1] == total
    assert {progress.total for progress in told[1:]} == {total}


# --- what a network does --------------------------------------------------------------------------------------------


def test_a_cut_connection_is_gone_on_with_where_it_ended(small, files):
    small.fail(WEIGHTS, Fault(cut_after=200_000), Fault(cut_after=300_000))
    told: list[PorterProgress] = []

    folder = fetch(small, tell=told.append)

    assert is_whole(folder, files)
    assert [asked.start for asked in small.asked_for(WEIGHTS)] == [0, 200_000, 500_000]
    assert ModelTrouble.STALLED in {progress.retrying for progress in told}


def test_a_connection_on_which_nothing_more_comes_is_given_up_and_gone_on_with(small, files):
    small.fail(WEIGHTS, Fault(stall_after=200_000))

    assert is_whole(fetch(small), files)
    assert [asked.start for asked in small.asked_for(WEIGHTS)] == [0, 200_000]


def test_a_server_that_never_gets_on_is_given_up(small):
    small.always_fail("tokenizer.json", Fault(stall_after=0))

    assert refused(small).kind is ModelTrouble.STALLED
    assert [half.total_bytes > half.done_bytes for half in download.downloads()] == [True]


def test_a_connection_that_is_cut_again_and_again_is_not_given_up_as_long_as_something_comes(small, files):
    small.always_fail(WEIGHTS, Fault(cut_after=60_000))

    assert is_whole(fetch(small), files)
    assert len(small.asked_for(WEIGHTS)) == 12


def test_a_server_that_ignores_ranges_is_read_from_the_start(small, files):
    small.fail(WEIGHTS, Fault(cut_after=200_000), Fault(ignore_range=True))

    assert is_whole(fetch(small), files)


def test_a_server_that_ignores_ranges_and_never_comes_to_the_end_is_given_up(small):
    small.always_fail(WEIGHTS, Fault(cut_after=200_000, ignore_range=True))

    assert refused(small).kind is ModelTrouble.STALLED


def test_another_range_than_was_asked_for_is_not_taken(small, files):
    small.fail(WEIGHTS, Fault(cut_after=200_000), Fault(wrong_range=True))

    assert is_whole(fetch(small), files)
    assert [asked.start for asked in small.asked_for(WEIGHTS)] == [0, 200_000, 0]


@pytest.mark.parametrize("length", [100, 1_000_000])
def test_another_length_than_was_published_is_not_believed(small, files, length):
    small.fail(WEIGHTS, Fault(length=length))

    assert is_whole(fetch(small), files)


def test_a_file_that_is_another_one_there_is_given_up(small):
    small.always_fail(WEIGHTS, Fault(body=b"<html>Sign in to the hotel's network</html>"))

    assert refused(small).kind is ModelTrouble.HUB_FAILED


def test_more_than_was_published_is_not_taken(small, files):
    small.fail(WEIGHTS, Fault(body=files[WEIGHTS] + b"more", chunked=True))

    assert is_whole(fetch(small), files)


def test_an_end_that_comes_too_early_is_no_end(small, files):
    small.fail(WEIGHTS, Fault(body=files[WEIGHTS][:300_000], chunked=True))

    assert is_whole(fetch(small), files)
    assert [asked.start for asked in small.asked_for(WEIGHTS)] == [0, 300_000]


def test_a_file_that_is_shorter_there_than_what_is_here_is_fetched_from_the_start(small, files):
    small.fail(WEIGHTS, Fault(cut_after=300_000), Fault(body=b"short"))

    assert is_whole(fetch(small), files)
    assert [asked.start for asked in small.asked_for(WEIGHTS)] == [0, 300_000, 0]


@pytest.mark.parametrize("name", ["model.bin", "vocabulary.txt"])
def test_a_byte_that_changed_on_the_way_is_noticed_and_the_file_fetched_once_more(small, files, name):
    small.fail(name, Fault(flip_at=3))

    assert is_whole(fetch(small), files)
    assert len(small.asked_for(name)) == 2


def test_what_is_twice_not_what_was_published_never_gets_on_the_shelf(small):
    small.always_fail(WEIGHTS, Fault(flip_at=400_000))

    assert refused(small).kind is ModelTrouble.DAMAGED
    assert shelf.on_shelf() == []
    assert [half.paused for half in download.downloads()] == [True]  # or every start would fetch it again


def test_after_a_damaged_attempt_the_next_one_can_succeed(small, files):
    small.fail(WEIGHTS, Fault(flip_at=400_000), Fault(flip_at=400_000))
    refused(small)

    assert is_whole(fetch(small), files)
    assert download.downloads() == []


# --- what a hub says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [LISTING, "config.json", WEIGHTS])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ModelTrouble.TOKEN_NEEDED),
        (403, ModelTrouble.NOT_ALLOWED),
        (404, ModelTrouble.NOT_FOUND),
        (400, ModelTrouble.HUB_FAILED),
    ],
)
def test_a_no_is_taken_for_an_answer(small, what, status, kind):
    small.always_fail(what, Fault(status=status))

    assert refused(small).kind is kind
    assert len(small.asked_for(what)) == 1
    assert shelf.on_shelf() == []


NOT_NOW = [
    (429, ModelTrouble.TOO_MANY_REQUESTS),
    (500, ModelTrouble.HUB_FAILED),
    (502, ModelTrouble.HUB_FAILED),
    (503, ModelTrouble.HUB_FAILED),
    (504, ModelTrouble.HUB_FAILED),
]


@pytest.mark.parametrize("what", [LISTING, WEIGHTS])
@pytest.mark.parametrize(("status", "kind"), NOT_NOW)
def test_a_not_now_is_survived(small, files, what, status, kind):
    small.fail(what, Fault(status=status), Fault(status=status))
    told: list[PorterProgress] = []

    assert is_whole(fetch(small, tell=told.append), files)
    assert kind in {progress.retrying for progress in told}


@pytest.mark.parametrize(("status", "kind"), NOT_NOW)
def test_a_not_now_that_does_not_end_is_given_up(small, status, kind):
    small.always_fail(LISTING, Fault(status=status))

    assert refused(small).kind is kind
    assert len(small.asked_for(LISTING)) > 3


def test_it_waits_as_long_as_the_hub_wants(small, files):
    small.fail(WEIGHTS, Fault(status=429, headers={"Retry-After": "1"}))
    began = time.monotonic()

    assert is_whole(fetch(small), files)
    assert time.monotonic() - began >= 1


def test_it_does_not_wait_for_hours(small):
    small.fail(WEIGHTS, Fault(status=429, headers={"Retry-After": "86400"}))

    assert refused(small).kind is ModelTrouble.TOO_MANY_REQUESTS


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"sha": "../..", "siblings": []}', b"[" * 100_000])
def test_an_answer_that_is_no_listing_is_the_hubs_fault(small, body):
    small.fail(LISTING, Fault(body=body))

    assert refused(small).kind is ModelTrouble.HUB_FAILED


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("model.bin", ModelTrouble.NOT_A_MODEL),
        ("config.json", ModelTrouble.INCOMPLETE),
        ("vocabulary.txt", ModelTrouble.INCOMPLETE),
    ],
)
def test_a_repository_without_a_whole_model_is_refused_before_anything_is_fetched(small, files, missing, said):
    small.publish(REPO, COMMIT, {name: content for name, content in files.items() if name != missing})

    assert refused(small).kind is said
    assert small.sent < 10_000
    assert download.downloads() == []


def test_weights_of_another_program_are_told_from_a_model(small, files):
    del files[WEIGHTS]
    small.publish(REPO, COMMIT, files | {"model.safetensors": b"x" * 99})

    assert refused(small).kind is ModelTrouble.NOT_CONVERTED


def test_of_a_conversion_whose_tokenizer_is_missing_and_cannot_be_made_the_weights_are_not_fetched(small, files):
    small.publish(REPO, COMMIT, {name: content for name, content in files.items() if name != "tokenizer.json"})

    error = refused(small)

    assert (error.kind, error.detail) == (ModelTrouble.INCOMPLETE, "tokenizer.json")
    assert not small.asked_for(WEIGHTS)


def test_of_a_model_that_is_not_whisper_the_weights_are_not_even_fetched(small, files):
    small.publish(REPO, COMMIT, files | {"vocabulary.txt": b"a\nb\n"})

    assert refused(small).kind is ModelTrouble.NOT_A_MODEL
    assert not small.asked_for(WEIGHTS)
    assert download.downloads() == []


def test_weights_that_are_not_whispers_do_not_get_on_the_shelf(small, files):
    small.publish(REPO, COMMIT, files | {WEIGHTS: b"x" * 1000})

    assert refused(small).kind is ModelTrouble.NOT_A_MODEL
    assert list(paths.models().iterdir()) == []


@pytest.mark.parametrize("repo", ["", "a", "a/b/c", "../x", "a/..", "a b/c", "ä/b", "http://elsewhere.example/a"])
def test_what_is_no_repository_is_refused(small, repo):
    with pytest.raises(PorterError) as raised:
        download.fetch("", repo, hub=small.url)

    assert raised.value.kind is ModelTrouble.NAME_WRONG
    assert not small.requests


def test_the_address_of_a_repositorys_page_will_do(small, files):
    assert is_whole(fetch(small, repo=f"{small.url}/{REPO}/tree/main"), files)


@pytest.mark.parametrize("name", ["", " ", ".hidden", "a/b", "a\\b", "..", "con", "x" * 300])
def test_a_name_that_no_folder_can_have_is_refused(small, name):
    with pytest.raises(PorterError) as raised:
        download.fetch(name, REPO if name else "", hub=small.url)

    assert raised.value.kind is ModelTrouble.NAME_WRONG


def test_a_model_nobody_published_has_to_have_a_repository(small):
    with pytest.raises(PorterError) as raised:
        download.fetch("huge", hub=small.url)

    assert raised.value.kind is ModelTrouble.NO_SUCH_MODEL


# --- ways there -----------------------------------------------------------------------------------------------------


def test_a_redirect_to_another_host_is_followed_and_the_token_not_shown_there(small, files):
    small.token = "hf_secret"
    with HubServer(host="localhost") as elsewhere:
        elsewhere.publish(REPO, COMMIT, files)
        small.always_fail(WEIGHTS, Fault(redirect=elsewhere.url + "{path}"))

        assert is_whole(fetch(small, token="hf_secret"), files)

    assert small.asked_for(WEIGHTS)[0].headers["authorization"] == "Bearer hf_secret"
    assert [asked.headers.get("authorization") for asked in elsewhere.requests] == [None]


def test_a_range_survives_a_redirect(small, files):
    with HubServer(host="localhost") as elsewhere:
        elsewhere.publish(REPO, COMMIT, files)
        elsewhere.fail(WEIGHTS, Fault(cut_after=100_000))
        small.always_fail(WEIGHTS, Fault(redirect=elsewhere.url + "{path}"))

        assert is_whole(fetch(small), files)
        assert [asked.start for asked in elsewhere.requests] == [0, 100_000]


def test_where_it_was_sent_permission_may_run_out_and_the_hub_is_asked_again(small, files):
    with HubServer(host="localhost") as elsewhere:
        elsewhere.publish(REPO, COMMIT, files)
        elsewhere.fail(WEIGHTS, Fault(cut_after=100_000), Fault(status=403))
        small.always_fail(WEIGHTS, Fault(redirect=elsewhere.url + "{path}"))

        assert is_whole(fetch(small), files)
        assert len(small.asked_for(WEIGHTS)) == 3


@pytest.mark.parametrize("target", ["{path}", "ftp://localhost{path}", "file:///etc/hostname"])
def test_redirects_that_lead_nowhere_are_the_hubs_fault(small, target):
    small.always_fail(WEIGHTS, Fault(redirect=target))

    assert refused(small).kind is ModelTrouble.HUB_FAILED


def test_where_nobody_answers_there_is_no_network(home, hub):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        nobody = f"http://127.0.0.1:{silent.getsockname()[1]}"

        assert refused(hub, hub=nobody).kind is ModelTrouble.NO_NETWORK


@pytest.mark.parametrize("address", ["http://no-such-host.invalid", "ftp://127.0.0.1", "http://", "http://[", "a b"])
def test_an_address_that_leads_nowhere_is_no_network(home, hub, address):
    assert refused(hub, hub=address).kind is ModelTrouble.NO_NETWORK


def test_the_hub_of_the_environment_is_used(small, files, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", small.url + "/")

    assert is_whole(fetch(small, hub=""), files)


def test_a_proxy_of_the_environment_is_used(small, files, monkeypatch):
    with ProxyServer(small.port) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)

        assert is_whole(fetch(small, hub="http://hub.example"), files)

    assert proxy.asked_for[0].startswith(f"GET http://hub.example/api/models/{REPO}/")


@pytest.mark.parametrize("scheme", ["socks", "socks5"])
def test_a_socks_proxy_is_used_by_whatever_name_a_desktop_calls_it(small, files, monkeypatch, scheme):
    with ProxyServer(small.port) as proxy:
        monkeypatch.setenv("all_proxy", proxy.url.replace("http", scheme))

        assert is_whole(fetch(small, hub="http://hub.example"), files)

    assert set(proxy.asked_for) == {"SOCKS hub.example"}


def test_a_host_that_the_environment_excepts_is_reached_without_the_proxy(small, files, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert is_whole(fetch(small), files)


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://127.0.0.1:9", "socks://127.0.0.1:9"])
def test_a_proxy_that_does_not_work_is_no_network(small, monkeypatch, proxy):
    monkeypatch.setenv("all_proxy", proxy)

    assert refused(small).kind is ModelTrouble.NO_NETWORK


def test_a_token_is_not_sent_where_others_can_read_it(small, monkeypatch):
    small.token = "hf_secret"
    with ProxyServer(small.port) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)

        error = refused(small, hub="http://hub.example", token="hf_secret")

    assert error.kind is ModelTrouble.TOKEN_NOT_SENT  # asking the user for another one would be no help
    assert [asked.headers.get("authorization") for asked in small.requests] == [None]


@pytest.mark.parametrize("token", ["two words", "line\r\nHost: x", "päss"])
def test_a_token_that_cannot_be_one_is_not_sent(small, token):
    assert refused(small, token=token).kind is ModelTrouble.TOKEN_NEEDED
    assert not small.requests


def test_the_token_is_in_no_file(small):
    small.token = "hf_secret"
    small.fail(WEIGHTS, Fault(cut_after=1000), *[Fault(status=404)])

    refused(small, token="hf_secret")

    kept = [file for file in paths.home().rglob("*") if file.is_file()]
    assert kept
    assert not [file for file in kept if b"hf_secret" in file.read_bytes()]


# --- the disk -------------------------------------------------------------------------------------------------------


def test_a_disk_without_room_is_told_before_anything_is_fetched(small, monkeypatch):
    monkeypatch.setattr(disk, "SPARE", 1 << 60)

    error = refused(small)

    assert error.kind is ModelTrouble.DISK_FULL
    assert error.needed_bytes > error.free_bytes > 0
    assert not small.asked_for(WEIGHTS)


def test_a_disk_that_fills_up_meanwhile_keeps_what_came_and_is_told(small, files, monkeypatch, small_disk):
    monkeypatch.setenv("SOTTOVOCE_HOME", str(small_disk))
    monkeypatch.setattr(disk, "SPARE", -(1 << 60))
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 500_000)

    error = refused(small)
    half = download.downloads()
    filler.unlink()

    assert error.kind is ModelTrouble.DISK_FULL
    assert error.needed_bytes > error.free_bytes
    assert half[0].done_bytes > 100_000
    assert is_whole(fetch(small), files)
    assert small.asked_for(WEIGHTS)[-1].start > 100_000


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("no file system of one megabyte to be had")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_folder_that_is_not_there_any_more_is_told(small, tmp_path):
    paths.models_pointer().write_bytes(os.fsencode(tmp_path / "unplugged"))

    assert refused(small).kind is ModelTrouble.CANNOT_WRITE


# --- what is there already ------------------------------------------------------------------------------------------


def test_a_sound_model_is_not_fetched_again(small, files):
    fetch(small)
    small.requests.clear()

    assert is_whole(fetch(small), files)
    assert [asked.what for asked in small.requests] == [LISTING]


def test_of_a_damaged_model_only_what_is_damaged_is_fetched_anew(small, files):
    folder = fetch(small)
    flip_a_byte(folder / "vocabulary.txt")
    label.write(folder, label.Label(**{**_fields(label.read(folder)), "damaged": "vocabulary.txt"}))
    small.requests.clear()

    assert is_whole(fetch(small, revision=COMMIT), files)
    assert [asked.what for asked in small.requests] == ["vocabulary.txt"]
    assert [path.name for path in paths.models().iterdir()] == ["little"]


def test_a_published_model_with_a_flipped_byte_is_made_whole(home, hub, tiny_en):
    model = catalogue.published()["tiny.en"]
    hub.publish(model.repo, model.revision, tiny_en)
    flip_a_byte(copied(tiny_en, paths.models() / "tiny.en") / WEIGHTS)

    folder = download.fetch("tiny.en", hub=hub.url)

    assert hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest() == model.model_bin_sha256
    assert [asked.what for asked in hub.requests] == [WEIGHTS]


def test_what_a_disk_does_not_give_back_any_more_is_fetched_anew(small, files, monkeypatch):
    folder = fetch(small)
    really = transfer.counted

    def read(path, *rest):
        if path == folder / WEIGHTS:
            raise OSError(errno.EIO, "Input/output error")
        return really(path, *rest)

    monkeypatch.setattr(transfer, "counted", read)

    assert is_whole(fetch(small), files)
    assert len(small.asked_for(WEIGHTS)) == 2


def test_a_model_that_was_marked_as_damaged_and_is_not_is_freed_of_the_mark(small, files):
    folder = fetch(small)
    label.write(folder, label.Label(**{**_fields(label.read(folder)), "damaged": "read error"}))

    assert is_whole(fetch(small), files)


def test_a_sound_model_that_came_with_the_program_is_used(home, hub, environment_models, tiny_en):
    bundled = copied(tiny_en, environment_models / "tiny.en")

    assert download.fetch("tiny.en", hub=hub.url) == bundled
    assert not hub.requests


def test_a_newer_commit_takes_the_place_of_the_older_one(small, files):
    fetch(small)
    newer = small_model("newer")
    small.publish(REPO, "f" * 40, newer)

    assert is_whole(fetch(small), newer)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    ("room", "step"),
    [(label, "write"), (disk, "flush"), (removing, "put_away"), (Path, "rename"), (shutil, "rmtree")],
    ids=["labelled", "written", "put away", "renamed", "cleared away"],
)
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_whenever_it_is_killed_while_it_replaces_a_damaged_model_the_next_one_finishes(
    small, files, monkeypatch, room, step, done
):
    flip_a_byte(fetch(small) / WEIGHTS)
    really = getattr(room, step)

    def killed(*arguments, **options) -> None:
        if done:
            really(*arguments, **options)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(room, step, killed)
        fetch(small)
    found = [model for model in shelf.installed() if (model.folder / WEIGHTS).read_bytes() == files[WEIGHTS]]
    assert len(found) <= 1

    assert is_whole(fetch(small), files)
    removing.tidy()
    assert [path.name for path in paths.models().iterdir()] == ["little"]


@pytest.mark.parametrize(("name", "repo"), [("mine", REPO), ("tiny.en", REPO)])
def test_another_models_place_is_not_taken(small, mine, name, repo):
    copied(mine, paths.models() / "mine")

    assert refused(small, name=name, repo=repo).kind is ModelTrouble.NAME_TAKEN
    assert (paths.models() / "mine" / WEIGHTS).stat().st_size == 1000


@pytest.mark.parametrize("other", ["little", "LITTLE"])
def test_a_model_that_took_the_name_while_another_was_fetched_stays(small, mine, monkeypatch, other):
    theirs = paths.models() / other
    really = transfer.bring

    def meanwhile(*arguments):
        if not theirs.exists():
            copied(mine, theirs)
        return really(*arguments)

    monkeypatch.setattr(transfer, "bring", meanwhile)

    assert refused(small).kind is ModelTrouble.NAME_TAKEN
    assert (theirs / WEIGHTS).stat().st_size == 1000
    assert not list(paths.models().glob(".removing-*"))


def test_a_file_that_is_called_as_a_model_is_stays(small):
    (paths.models() / "little").write_text("a list of words")

    assert refused(small).kind is ModelTrouble.NAME_TAKEN
    assert (paths.models() / "little").read_text() == "a list of words"


def test_what_is_half_fetched_is_not_wiped_for_another_model_of_that_name(small):
    small.publish("another/little", COMMIT, small_model("another"))
    weights = half_of(small) / "model" / WEIGHTS
    so_far = weights.stat().st_size

    assert refused(small, repo="another/little").kind is ModelTrouble.NAME_TAKEN
    assert weights.stat().st_size == so_far
    assert fetch(small, name="", repo="another/little").name == "little (another)"


def test_room_that_another_download_will_need_is_not_counted_on(small, files, monkeypatch):
    small.publish("another/large", COMMIT, small_model("large", size_bytes=3_000_000))
    small.fail(WEIGHTS, Fault(cut_after=200_000), Fault(status=404))
    refused(small, name="large", repo="another/large")
    needed = sum(map(len, files.values())) + disk.SPARE
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**12, 0, needed + 1_000_000))

    with lock.on_model("large"):  # as its process holds it
        trouble = refused(small)

    assert trouble.kind is ModelTrouble.DISK_FULL
    assert trouble.needed_bytes > needed + 1_000_000
    assert is_whole(fetch(small), files)  # when the other one rests, its room is nobody's


def test_two_never_fetch_the_same_model_at_once(small, monkeypatch):
    monkeypatch.setattr(lock, "_ENDING", 0.1)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, "little"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        assert lock.is_held("LITTLE")
        with pytest.raises(PorterError) as raised, lock.on_model("little", patience=0.1):
            pass
        assert raised.value.kind is ModelTrouble.NAME_TAKEN
        assert not small.requests
    finally:
        holder.kill()
        holder.communicate()

    assert fetch(small).is_dir()  # a lock ends with its process, however that ended


HOLD = """
import sys
from desktop_app.models import lock
with lock.on_model(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


# --- what lies half done --------------------------------------------------------------------------------------------


def half_of(hub: HubServer) -> Path:
    """Break a download off in its weights; return the folder of what came."""
    hub.fail(WEIGHTS, Fault(cut_after=300_000), *[Fault(status=404)])
    refused(hub)
    return paths.models() / ".fetching-little"


def test_what_lies_half_done_is_told_and_is_no_model(small):
    half_of(small)

    (half,) = download.downloads()
    assert (half.name, half.repo, half.hub) == ("little", REPO, small.url)
    assert 300_000 < half.done_bytes < half.total_bytes < 800_000
    assert not half.paused
    assert not half.running
    assert shelf.on_shelf() == []


def test_what_lies_half_done_is_gone_on_with_without_asking_again(small, files):
    half_of(small)
    small.requests.clear()
    small.publish(REPO, COMMIT, files)

    assert is_whole(fetch(small), files)
    assert [(asked.what, asked.start) for asked in small.requests] == [(WEIGHTS, 300_000)]
    assert download.downloads() == []


def test_of_another_commit_nothing_is_gone_on_with(small):
    half_of(small)
    newer = small_model("newer")
    small.publish(REPO, "f" * 40, newer)

    assert is_whole(fetch(small, revision="f" * 40), newer)


def test_a_part_that_was_damaged_on_the_disk_is_fetched_anew(small, files):
    flip_a_byte(half_of(small) / "model" / WEIGHTS)

    assert is_whole(fetch(small), files)


def test_a_part_that_is_too_long_is_fetched_anew(small, files):
    with (half_of(small) / "model" / WEIGHTS).open("ab") as part:
        part.write(b"x" * 1_000_000)

    assert is_whole(fetch(small), files)


def test_a_pause_is_noted_and_taken_back(small):
    half_of(small)

    download.set_paused("little", True)
    paused = download.downloads()[0].paused
    download.set_paused("little", False)

    assert paused
    assert not download.downloads()[0].paused


def test_while_a_process_is_at_it_nobody_writes_into_its_note(small):
    half_of(small)
    with lock.on_model("little"):
        for change in (
            lambda: download.set_paused("little", True),
            lambda: unfinished.rest(DownloadNote("little", REPO, "", "elsewhere", paused=True)),
            lambda: download.forget("little"),
        ):
            began = time.monotonic()
            with pytest.raises(PorterError):
                change()
            assert time.monotonic() - began < 2  # a window's questions wait behind it

    [half] = download.downloads()
    assert (half.hub, half.paused) == (small.url, False)


def test_a_download_that_rests_keeps_its_listing_and_goes_on_at_another_hub(small):
    half_of(small)

    unfinished.rest(DownloadNote("little", REPO, "", "https://mirror.example", paused=True))

    [half] = download.downloads()
    assert (half.hub, half.paused) == ("https://mirror.example", True)
    assert half.total_bytes > half.done_bytes > 0


def test_a_download_that_is_not_wanted_any_more_leaves_nothing(small):
    half_of(small)

    download.forget("little")

    assert list(paths.models().iterdir()) == []


@pytest.mark.parametrize("note", [b"", b"{}", b"\xff", b'{"name": "other", "repo": "a/b", "revision": "", "hub": ""}'])
def test_a_note_that_cannot_be_read_is_no_download_and_stands_in_no_ones_way(small, files, note):
    (half_of(small) / "download.json").write_bytes(note)

    assert download.downloads() == []
    assert is_whole(fetch(small), files)


def test_patience_ends_and_is_renewed_by_every_byte(monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(patience.time, "sleep", waited.append)
    trouble = patience.Passing(ModelTrouble.STALLED, "")
    patient = patience.Patience()

    with pytest.raises(patience.Passing):
        for _ in range(100):
            patient.bear(trouble)
    first = waited.copy()
    patient.got_on()
    waited.clear()
    with pytest.raises(patience.Passing):
        for _ in range(100):
            patient.bear(trouble)

    assert first == [1, 2, 4, 8]
    assert waited == sorted(waited)
    assert 240 < sum(waited) < 600


def _fields(record) -> dict:
    return {name: getattr(record, name) for name in record.__struct_fields__}
