"""The installer of a newer version, brought by real porters from a real site that may lie in every way."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec
import pytest
from makers import FEED, PLATFORM, SETUP, Makers
from models.hub_server import Fault, HubServer
from porters import outcome, started, told

from desktop_app import paths
from desktop_app.messages import (
    CheckForUpdate,
    FetchUpdate,
    ModelTrouble,
    PorterDone,
    PorterFailed,
    PorterProgress,
    PorterStage,
    TidyUpdates,
    porter_event_from,
)
from desktop_app.models import lock

FETCH = FetchUpdate("0.2.0")


@pytest.fixture
def checked(makers) -> Makers:
    """The makers, after a porter has asked them whether there is a newer version."""
    makers.publish()
    outcome(makers.program(), CheckForUpdate())
    return makers


def trouble_with(makers: Makers, command: FetchUpdate = FETCH, **how: object) -> ModelTrouble:
    answer = outcome(makers.program(**how), command)
    assert isinstance(answer, PorterFailed), answer
    assert not (paths.updates() / SETUP).exists()
    return answer.kind


def test_the_installer_comes_and_is_what_was_published(checked):
    *progress, done = told(checked.program(), FETCH)

    assert done == PorterDone("0.2.0", os.fsencode(paths.updates() / SETUP), len(checked.setup))
    assert (paths.updates() / SETUP).read_bytes() == checked.setup
    assert progress[-1] == PorterProgress(PorterStage.FETCHING, len(checked.setup), len(checked.setup))
    assert not list(paths.updates().glob("*.part"))


def test_what_is_here_is_read_again_and_not_fetched_again(checked):
    outcome(checked.program(), FETCH)

    *progress, done = told(checked.program(), FETCH)

    assert isinstance(done, PorterDone)
    assert {event.stage for event in progress} == {PorterStage.CHECKING}
    assert len(checked.asked(SETUP)) == 1


def test_what_was_exchanged_since_it_came_is_not_handed_over(checked):
    outcome(checked.program(), FETCH)
    (paths.updates() / SETUP).write_bytes(checked.setup[:-1] + b"!")

    done = outcome(checked.program(), FETCH)

    assert isinstance(done, PorterDone)
    assert (paths.updates() / SETUP).read_bytes() == checked.setup
    assert len(checked.asked(SETUP)) == 2


def test_a_download_that_was_cut_goes_on_where_it_was(checked):
    checked.site.fail(SETUP, Fault(cut_after=500_000))

    assert isinstance(outcome(checked.program(), FETCH), PorterDone)
    assert [request.start for request in checked.asked(SETUP)] == [0, 500_000]


def test_when_its_parent_lets_go_it_ends_and_the_next_one_goes_on(checked):
    checked.site.always_fail(SETUP, Fault(pause=0.05))
    with started(checked.program(), FETCH) as process:
        for line in process.stdout:
            if porter_event_from(line).done > 300_000:
                break
        process.stdin.close()
        process.wait(5)
    assert not (paths.updates() / SETUP).exists()
    checked.site.always_fail(SETUP, None)

    assert isinstance(outcome(checked.program(), FETCH), PorterDone)
    assert checked.asked(SETUP)[-1].start > 250_000


def test_what_comes_damaged_once_is_fetched_again(checked):
    checked.site.fail(SETUP, Fault(flip_at=700_000))

    assert isinstance(outcome(checked.program(), FETCH), PorterDone)


@pytest.mark.parametrize(
    ("lie", "kind"),
    [
        (Fault(flip_at=700_000), ModelTrouble.DAMAGED),
        (Fault(body=b"<html>Log in first</html>"), ModelTrouble.HUB_FAILED),
        (Fault(body=bytes(5_000_000), chunked=True), ModelTrouble.HUB_FAILED),
        (Fault(length=1 << 40), ModelTrouble.HUB_FAILED),
        (Fault(status=404), ModelTrouble.NOT_FOUND),
        (Fault(redirect="http://127.0.0.1:9/x"), ModelTrouble.HUB_FAILED),
        (Fault(redirect="file:///etc/passwd"), ModelTrouble.HUB_FAILED),
        (Fault(stall_after=0), ModelTrouble.STALLED),
    ],
    ids=["damaged", "login page", "endless", "huge", "gone", "sent to http", "sent to a file", "stalled"],
)
def test_what_is_not_what_was_published_is_never_there(checked, lie, kind):
    checked.site.always_fail(SETUP, lie)

    assert trouble_with(checked) is kind


def test_an_installer_that_was_never_whole_cannot_be_made_so_by_another_hash(makers):
    lying = msgspec.to_builtins(makers.feed())
    lying["installers"][PLATFORM]["sha256"] = hashlib.sha256(b"another").hexdigest()
    makers.publish(makers.signed(msgspec.json.encode(lying)))
    outcome(makers.program(), CheckForUpdate())

    assert trouble_with(makers) is ModelTrouble.DAMAGED


def test_without_a_feed_nothing_is_fetched(makers):
    makers.publish()

    assert trouble_with(makers) is ModelTrouble.NO_UPDATE
    assert not makers.site.requests


def test_a_kept_feed_that_was_changed_leads_nowhere(checked):
    file = paths.updates() / FEED
    file.write_bytes(file.read_bytes().replace(b'"size_bytes":1', b'"size_bytes":2'))

    assert trouble_with(checked) is ModelTrouble.NO_UPDATE
    assert not checked.asked(SETUP)


def test_only_the_newest_version_is_fetched(checked):
    for version in ("0.1.0", "0.1.9", "9.9.9", "", "../0.2.0"):
        assert trouble_with(checked, FetchUpdate(version)) is ModelTrouble.NO_UPDATE
    assert not checked.asked(SETUP)


def test_a_version_that_was_the_newest_is_said_to_be_so_no_more(makers):
    makers.publish(makers.signed(makers.feed("0.1.0", "0.2.0", "0.3.0")))
    outcome(makers.program(), CheckForUpdate())

    assert trouble_with(makers) is ModelTrouble.NEWER_UPDATE
    assert not makers.asked(SETUP)


def test_where_there_is_no_installer_for_this_computer_nothing_is_fetched(checked):
    assert trouble_with(checked, platform="macos-arm64") is ModelTrouble.NO_UPDATE
    assert trouble_with(checked, platform="") is ModelTrouble.NO_UPDATE
    assert not checked.asked(SETUP)


def test_room_that_is_missing_is_told_before_anything_is_fetched(checked):
    greedy = "from desktop_app.models import disk; disk.SPARE = 1 << 60; porter.main()"

    answer = outcome(checked.program(main=greedy), FETCH)

    assert answer.kind is ModelTrouble.DISK_FULL
    assert answer.needed_bytes > answer.free_bytes > 0
    assert not checked.asked(SETUP)


def test_it_goes_into_a_folder_of_any_name(checked, tmp_path):
    folder = tmp_path / "Téléchargements нов"
    folder.mkdir()

    done = outcome(checked.program(), FetchUpdate("0.2.0", os.fsencode(folder)))

    assert Path(os.fsdecode(done.folder)) == folder / SETUP
    assert (folder / SETUP).read_bytes() == checked.setup


def test_what_the_user_has_under_that_name_is_not_overwritten(checked, tmp_path):
    (tmp_path / SETUP).write_text("mine")

    assert trouble_with(checked, FetchUpdate("0.2.0", os.fsencode(tmp_path))) is ModelTrouble.NAME_TAKEN
    assert (tmp_path / SETUP).read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(checked, tmp_path):
    missing = os.fsencode(tmp_path / "missing")

    assert trouble_with(checked, FetchUpdate("0.2.0", missing)) is ModelTrouble.CANNOT_WRITE


def test_two_porters_never_fetch_it_at_once(checked):
    checked.site.always_fail(SETUP, Fault(pause=0.02))
    with started(checked.program(), FETCH) as first, started(checked.program(), FETCH) as second:
        last = [[porter_event_from(line) for line in one.stdout][-1] for one in (first, second)]

    assert [type(event) for event in last] == [PorterDone, PorterDone]
    assert len(checked.asked(SETUP)) == 1


def test_who_waits_too_long_for_another_one_that_fetches_is_told(checked):
    hasty = "update._ENDING = 0.5; porter.main()"
    with lock.on_file(paths.locks() / "update.lock"):
        assert trouble_with(checked, main=hasty) is ModelTrouble.IN_USE

    assert isinstance(outcome(checked.program(), FETCH), PorterDone)


def test_an_installer_is_kept_until_the_version_it_brings_is_here_and_then_deleted(checked):
    outcome(checked.program(), FETCH)
    requests = len(checked.site.requests)

    assert isinstance(outcome(checked.program(), TidyUpdates()), PorterDone)
    assert (paths.updates() / SETUP).exists()
    updated = 'update.__version__ = "0.2.0"; porter.main()'
    assert isinstance(outcome(checked.program(main=updated), TidyUpdates()), PorterDone)

    assert [file.name for file in paths.updates().iterdir() if file.name not in ("asked", FEED)] == []
    assert len(checked.site.requests) == requests


def test_a_site_that_was_plain_is_not_asked(makers):
    """The form forbids such an address; so nothing is ever asked by it."""
    with HubServer() as plain:
        told_so = msgspec.to_builtins(makers.feed())
        told_so["installers"][PLATFORM]["address"] = f"{plain.url}/setup.exe"
        makers.publish(makers.signed(msgspec.json.encode(told_so)))
        outcome(makers.program(), CheckForUpdate())
        outcome(makers.program(), FETCH)

        assert not plain.requests
