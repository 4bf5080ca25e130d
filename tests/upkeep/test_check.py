"""Whether there is a newer version, asked by real porters of a real site that may lie in every way."""

from __future__ import annotations

import base64
import datetime
import gzip
import os
import time

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from makers import DAY, FEED, NOTES, PLATFORM, Makers
from models.hub_server import Fault, HubServer
from porters import outcome, started

from desktop_app import paths
from desktop_app.messages import (
    CheckForUpdate,
    Installation,
    ModelTrouble,
    PorterFailed,
    Release,
    UpdateChecked,
)
from desktop_app.upkeep import asked, feed, keys

AN_HOUR = datetime.timedelta(hours=1)


def checked(makers: Makers, **how: object) -> UpdateChecked | PorterFailed:
    return outcome(makers.program(**how), CheckForUpdate())


def trouble_with(makers: Makers, **how: object) -> ModelTrouble:
    """Return why nothing was taken; and nothing was kept either."""
    before = kept()
    answer = checked(makers, **how)
    assert isinstance(answer, PorterFailed), answer
    assert kept() == before
    return answer.kind


def kept() -> bytes | None:
    file = paths.updates() / FEED
    return file.read_bytes() if file.exists() else None


# --- the truth ---


def test_a_newer_version_is_told_with_what_is_new(makers):
    makers.publish()

    answer = checked(makers)

    assert answer == UpdateChecked((Release("0.2.0", DAY, NOTES),), len(makers.setup))


def test_all_versions_since_this_one_are_told_the_newest_first(makers):
    makers.publish(makers.signed(makers.feed("0.1.0", "0.1.10", "0.0.9", "0.1.9", "1.0")))

    assert [release.version for release in checked(makers).releases] == ["1.0", "0.1.10", "0.1.9"]


@pytest.mark.parametrize("version", ["0.1.0", "0.1", "0.1.0.0", "0.0.9"])
def test_this_version_and_older_ones_are_no_update(makers, version):
    makers.publish(makers.signed(makers.feed(version)))

    assert checked(makers) == UpdateChecked()


def test_a_version_without_an_installer_for_this_computer_is_told_as_such(makers):
    makers.publish()

    assert checked(makers, platform="linux-arm64-tar") == UpdateChecked((Release("0.2.0", DAY, NOTES),), 0)


def test_only_one_file_is_asked_for_and_nothing_told_about_the_user_or_the_computer(makers):
    makers.publish()

    checked(makers)

    request = makers.asked()[0]
    assert [one.what for one in makers.site.requests] == [FEED]
    assert request.path == makers.address(FEED).removeprefix(makers.site.url)
    assert request.headers.pop("host") == f"127.0.0.1:{makers.site.port}"
    assert request.headers == {
        "user-agent": "Sottovoce",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "keep-alive",
    }


def test_it_is_noted_when_it_was_asked(makers):
    makers.publish()
    assert asked.is_due()

    checked(makers)

    assert not asked.is_due()
    os.utime(paths.updates() / "asked", (time.time() - 25 * 3600,) * 2)
    assert asked.is_due()
    os.utime(paths.updates() / "asked", (time.time() + 3600,) * 2)  # the clock was wrong then
    assert asked.is_due()


def test_a_feed_signed_by_an_old_and_a_new_key_is_taken_by_who_knows_one_of_them(makers):
    makers.publish(makers.signed(None, Ed25519PrivateKey.generate(), makers.key))

    assert checked(makers).releases


def test_a_site_that_moved_is_found(makers):
    makers.publish()
    makers.site.fail(FEED, Fault(redirect=makers.site.url + "{path}"))

    assert checked(makers).releases


def test_a_fault_that_passes_is_survived(makers):
    makers.publish()
    makers.site.fail(FEED, Fault(status=503), Fault(cut_after=100))

    assert checked(makers).releases


# --- lies ---


def test_the_program_as_it_is_takes_a_feed_of_nobody_yet(makers):
    makers.publish()
    program = makers.program()
    program[-1] = "\n".join(line for line in program[-1].splitlines() if not line.startswith("keys.PUBLIC"))

    answer = outcome(program, CheckForUpdate())

    assert answer.kind is ModelTrouble.NOT_SIGNED
    assert len(makers.asked()) == 1
    assert [len(base64.b64decode(key)) for key in keys.PUBLIC] == [32]


def test_a_feed_without_a_signature_is_not_taken(makers):
    content = msgspec.json.encode(makers.feed())

    for file in (content, b"sottovoce-feed\n" + content, b"\n" + content, b""):
        makers.publish(file)
        assert trouble_with(makers) is ModelTrouble.NOT_SIGNED


def test_a_feed_signed_by_somebody_else_is_not_taken(makers):
    makers.publish(makers.signed(None, Ed25519PrivateKey.generate()))

    assert trouble_with(makers) is ModelTrouble.NOT_SIGNED


def test_a_feed_that_was_changed_after_it_was_signed_is_not_taken(makers):
    file = makers.signed()

    for changed in (
        file.replace(b'"0.2.0"', b'"9.9.9"'),
        file + b" ",
        file[:-1],
        file.replace(b"\n", b" \n", 1),
        file.replace(b"sottovoce-feed ", b"sottovoce-feed  ", 1),
    ):
        makers.publish(changed)
        if changed.partition(b"\n")[2] != file.partition(b"\n")[2]:
            assert trouble_with(makers) is ModelTrouble.NOT_SIGNED
        else:  # what was signed is as it was: one may write more signatures beside it, even empty ones
            assert isinstance(checked(makers), UpdateChecked)


def test_the_signature_of_one_feed_is_none_of_another(makers):
    signature = makers.signed().partition(b"\n")[0]
    makers.publish(signature + b"\n" + msgspec.json.encode(makers.feed("9.9.9")))

    assert trouble_with(makers) is ModelTrouble.NOT_SIGNED


def test_a_feed_from_before_is_not_taken_after_a_newer_one(makers):
    old = makers.signed(makers.feed("0.1.5", serial=1000))
    makers.publish(makers.signed(makers.feed(serial=2000)))
    checked(makers)

    makers.publish(old)

    assert trouble_with(makers) is ModelTrouble.REPLAYED
    assert feed.number("0.1.5") < feed.number("0.2.0")


def test_the_same_feed_again_is_taken(makers):
    makers.publish()
    checked(makers)

    assert checked(makers).releases


def test_a_kept_feed_that_was_tampered_with_is_of_no_use_and_of_no_harm(makers):
    makers.publish()
    (paths.updates() / FEED).write_bytes(makers.signed(makers.feed(serial=1 << 40), Ed25519PrivateKey.generate()))

    assert checked(makers).releases


def test_a_feed_whose_time_is_over_is_not_taken(makers):
    makers.publish(makers.signed(makers.feed(expires=datetime.datetime.now(datetime.UTC) - AN_HOUR)))

    assert trouble_with(makers) is ModelTrouble.EXPIRED


@pytest.mark.parametrize(
    "changes",
    [
        {"product": "Sottovoce Pro"},
        {"format": 2},
        {"format": 2, "releases": "in another form"},
        {"serial": 0},
        {"serial": "1"},
        {"expires": "2099-01-01T00:00:00"},  # in which time zone?
        {"expires": "some day"},
        {"releases": [{"version": "0.2.0-rc1", "date": "2026-12-01"}]},
        {"releases": [{"version": "0.2.0\n", "date": "2026-12-01"}]},
        {"releases": [{"version": "٠.٢", "date": "2026-12-01"}]},
        {"releases": [{"version": "9" * 5000, "date": "2026-12-01"}]},
        {"releases": [{"version": "0.2", "date": "2026-12-01"}, {"version": "0.2.0", "date": "2026-12-02"}]},
        {"releases": [{"version": "0.2.0"}]},
        {"releases": {}},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_what_is_signed_but_not_understood_is_not_taken(makers, changes):
    told = msgspec.to_builtins(makers.feed()) | changes
    makers.publish(makers.signed(msgspec.json.encode(told)))

    assert trouble_with(makers) is ModelTrouble.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "http://127.0.0.1/setup.exe"},
        {"address": "file:///etc/passwd"},
        {"address": "https://"},
        {"address": "https://[/setup.exe"},
        {"address": "https://example.org/a b"},
        {"size_bytes": 0},
        {"size_bytes": -1},
        {"size_bytes": 1 << 40},
        {"size_bytes": 1e9},
        {"name": "../setup.exe"},
        {"name": "C:\\setup.exe"},
        {"name": ".exe"},
        {"name": "setup.sh"},
        {"name": "setup.exe\n"},
        {"sha256": ""},
        {"sha256": "A" * 64},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_an_installer_that_cannot_be_one_spoils_the_whole_feed(makers, changes):
    told = msgspec.to_builtins(makers.feed())
    told["installers"][PLATFORM] |= changes
    makers.publish(makers.signed(msgspec.json.encode(told)))

    assert trouble_with(makers) is ModelTrouble.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"[" * 100_000, b"\xff\xfe", b'{"product": "Sottovoce", "format": 1}'], ids=len
)
def test_what_is_signed_and_no_feed_at_all_is_not_taken(makers, content):
    makers.publish(makers.signed(content))

    assert trouble_with(makers) is ModelTrouble.NOT_UNDERSTOOD


def test_what_later_versions_add_to_the_form_does_no_harm(makers):
    told = msgspec.to_builtins(makers.feed()) | {"motto": "soft"}
    told["installers"]["plan9-mips"] = told["installers"][PLATFORM]
    makers.publish(makers.signed(msgspec.json.encode(told)))

    assert checked(makers).releases


def test_notes_cannot_steer_the_screen(makers):
    told = msgspec.to_builtins(makers.feed())
    told["releases"] = [{"version": "0.2.0", "date": "2026-12-01", "notes": "a\x1b[2Jb\n\u202ec\r\td"}]
    makers.publish(makers.signed(msgspec.json.encode(told)))

    assert checked(makers).releases[0].notes == "a[2Jb\ncd"


def test_an_answer_without_end_is_not_read_to_its_end(makers):
    makers.publish()
    makers.site.fail(FEED, Fault(body=bytes(100_000_000), chunked=True))

    assert trouble_with(makers) is ModelTrouble.NOT_SIGNED
    assert makers.site.sent < 20_000_000  # what the system had in its pipes


def test_a_feed_that_is_too_long_is_not_taken_though_it_is_signed(makers):
    makers.publish(makers.signed(msgspec.json.encode(makers.feed()) + b" " * feed.LONGEST))

    assert trouble_with(makers) is ModelTrouble.NOT_SIGNED


def test_an_answer_that_never_comes_to_its_end_is_given_up(makers):
    makers.publish()
    makers.site.always_fail(FEED, Fault(body=bytes(64 * 1024 * 4), pause=0.9))  # each block in time
    began = time.monotonic()

    assert trouble_with(makers) is ModelTrouble.STALLED
    assert time.monotonic() - began < 15


def test_a_site_that_says_nothing_is_given_up(makers):
    makers.publish()
    makers.site.always_fail(FEED, Fault(stall_after=10))

    assert trouble_with(makers) is ModelTrouble.STALLED


def test_a_site_that_asks_for_patience_without_end_gets_none(makers):
    makers.publish()
    makers.site.always_fail(FEED, Fault(status=503, headers={"Retry-After": "500"}))
    began = time.monotonic()

    assert trouble_with(makers) is ModelTrouble.HUB_FAILED
    assert time.monotonic() - began < 15


def test_the_login_page_of_a_network_is_no_feed(makers):
    makers.publish()
    page = b"<!DOCTYPE html><html><body>Welcome to our hotel"
    makers.site.fail(FEED, Fault(body=page))

    assert trouble_with(makers) is ModelTrouble.NOT_SIGNED


def test_a_feed_that_comes_packed_is_no_feed(makers):
    makers.publish()
    makers.site.fail(FEED, Fault(body=gzip.compress(makers.signed()), headers={"Content-Encoding": "gzip"}))

    assert trouble_with(makers) is ModelTrouble.NOT_SIGNED


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/x", "file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_whoever_is_sent_away_from_what_is_encrypted_does_not_go(makers, target):
    makers.publish()
    with HubServer() as plain:
        makers.site.fail(FEED, Fault(redirect=target.format(port=plain.port)))

        assert trouble_with(makers) is ModelTrouble.HUB_FAILED
        assert not plain.requests


def test_a_site_that_sends_one_round_in_circles_is_left(makers):
    makers.publish()
    makers.site.always_fail(FEED, Fault(redirect=makers.site.url + "{path}"))

    assert trouble_with(makers) is ModelTrouble.HUB_FAILED
    assert len(makers.asked()) <= 10


def test_whoever_is_not_certified_is_not_asked(makers, monkeypatch, tmp_path):
    makers.publish()
    (tmp_path / "nobody.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nobody.pem"))

    assert trouble_with(makers) is ModelTrouble.CERTIFICATE
    assert not makers.asked()


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_a_site_that_has_no_feed_is_a_trouble_and_no_update(makers, status):
    makers.publish()
    makers.site.fail(FEED, Fault(status=status))

    assert trouble_with(makers) in (ModelTrouble.TOKEN_NEEDED, ModelTrouble.NOT_ALLOWED, ModelTrouble.NOT_FOUND)


# --- what else can be ---


def test_without_a_network_it_may_be_asked_again_before_the_day_is_over(makers):
    with HubServer() as gone:
        address = f"https://127.0.0.1:{gone.port}/feed"

    assert trouble_with(makers, address=address) is ModelTrouble.NO_NETWORK
    assert asked.is_due()


def test_a_refusal_counts_for_the_day(makers):
    makers.publish(b"")

    trouble_with(makers)

    assert not asked.is_due()


def test_a_porter_that_is_let_go_ends_at_once_and_keeps_nothing(makers):
    makers.publish()
    makers.site.always_fail(FEED, Fault(stall_after=10))
    with started(makers.program(), CheckForUpdate()) as process:
        while not makers.asked():
            time.sleep(0.01)
        process.stdin.close()
        began = time.monotonic()
        process.wait(5)

    assert time.monotonic() - began < 1
    assert kept() is None


def test_a_feed_that_cannot_be_kept_is_not_used(makers):
    makers.publish()
    (paths.updates() / f"{FEED}.new").mkdir()

    assert trouble_with(makers) is ModelTrouble.CANNOT_WRITE


def test_installers_that_are_of_no_more_use_go(makers):
    for name in ("Sottovoce-0.1.5-setup.exe", "Sottovoce-0.1.5-setup.exe.part", "Sottovoce-0.2.0-setup.exe.part"):
        (paths.updates() / name).touch()
    makers.publish()

    checked(makers, installation=Installation.SETUP)

    assert sorted(file.name for file in paths.updates().iterdir()) == [
        "Sottovoce-0.2.0-setup.exe.part",
        "asked",
        FEED,
    ]
