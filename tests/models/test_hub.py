"""What the hub is asked, and whom we believe to be the hub."""

from __future__ import annotations

import datetime
import ssl
import sys

import pytest
import trustme
from hub_server import Fault, HubServer, small_model
from proxy_server import ProxyServer

from desktop_app.messages import ModelTrouble
from desktop_app.models import hub as hubs
from desktop_app.models.errors import PorterError
from desktop_app.models.web import Web

REPO, COMMIT = "someone/little", "0123456789abcdef0123456789abcdef01234567"

by_openssl = pytest.mark.skipif(sys.platform != "linux", reason="only there an environment can name what is trusted")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("", "https://huggingface.co"),
        (" https://mirror.example/ ", "https://mirror.example"),
        ("mirror.example", "https://mirror.example"),
        ("http://localhost:8080/hub", "http://localhost:8080/hub"),
    ],
)
def test_a_hubs_address_is_understood_as_people_write_it(monkeypatch, given, address):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)

    assert hubs.address(given) == address


def test_a_mirror_of_the_environment_is_used_unless_one_is_chosen(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")

    assert hubs.address() == "https://mirror.example"
    assert hubs.address("https://other.example") == "https://other.example"


@pytest.mark.parametrize(
    "typed",
    [
        "owner/some.model-v3",
        "  owner/some.model-v3\n",
        "https://huggingface.co/owner/some.model-v3",
        "https://huggingface.co/owner/some.model-v3/tree/main?not-for-all=1",
        "https://mirror.example/owner/some.model-v3/",
    ],
)
def test_a_repository_is_understood_as_people_type_or_paste_it(typed):
    assert hubs.repository(typed) == "owner/some.model-v3"


def test_of_a_repository_only_what_a_model_needs_is_listed(hub):
    files = small_model() | {"preprocessor_config.json": b"{}", "examples.zip": b"x" * 9999, "sub/model.bin": b"x"}
    hub.publish(REPO, COMMIT, files)

    with Web(hub.url) as web:
        listing = hubs.listing(web, hub.url, REPO, "v1.0/beta")

    assert {file.name for file in listing.files} == {
        "config.json",
        "model.bin",
        "preprocessor_config.json",
        "tokenizer.json",
        "vocabulary.txt",
    }
    assert {file.name: len(files[file.name]) for file in listing.files} == {f.name: f.size_bytes for f in listing.files}
    assert [file.name for file in listing.files if file.sha256] == ["model.bin"]
    assert [file.name for file in listing.files if not file.git_sha1] == ["model.bin"]
    assert listing.revision == COMMIT
    assert hub.requests[0].path == f"/api/models/{REPO}/revision/v1.0%2Fbeta?blobs=true"


@pytest.fixture
def authority() -> trustme.CA:
    """Somebody who certifies hubs; whether they are trusted is another question."""
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch) -> trustme.CA:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


def secure(authority: trustme.CA, *names: str, **options) -> HubServer:
    """A hub that proves to be one of these hosts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    server = HubServer(context)
    server.publish(REPO, COMMIT, small_model())
    return server


def listing_from(address: str, token: str = "") -> hubs.Listing:
    with Web(address, token) as web:
        return hubs.listing(web, address, REPO)


def trouble_with(address: str, token: str = "") -> ModelTrouble:
    with pytest.raises(PorterError) as raised:
        listing_from(address, token)
    return raised.value.kind


@by_openssl
def test_whom_the_system_trusts_we_trust(hub, trusted):
    with secure(trusted, "127.0.0.1") as server:
        server.token = "hf_secret"

        assert listing_from(server.url, "hf_secret").revision == COMMIT


def test_whom_the_system_does_not_trust_we_do_not_ask(hub, authority):
    with secure(authority, "127.0.0.1") as server:
        assert trouble_with(server.url, "hf_secret") is ModelTrouble.CERTIFICATE

    assert not server.requests


@by_openssl
def test_who_is_somebody_else_is_not_asked(hub, trusted):
    with secure(trusted, "elsewhere.example") as server:
        assert trouble_with(server.url) is ModelTrouble.CERTIFICATE


@by_openssl
def test_a_certificate_that_has_expired_is_none(hub, trusted):
    long_ago = datetime.datetime(2001, 1, 1)
    with secure(trusted, "127.0.0.1", not_before=long_ago, not_after=long_ago) as server:
        assert trouble_with(server.url) is ModelTrouble.CERTIFICATE


@by_openssl
def test_who_proved_to_be_the_hub_cannot_send_us_where_others_read_along(hub, trusted):
    with secure(trusted, "127.0.0.1") as server:
        server.always_fail("the listing", Fault(redirect=hub.url + "{path}"))

        assert trouble_with(server.url) is ModelTrouble.HUB_FAILED

    assert not hub.requests


@by_openssl
def test_a_proxy_passes_on_what_it_cannot_read(hub, trusted, monkeypatch):
    with secure(trusted, "hub.example") as server, ProxyServer(server.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)

        assert listing_from("https://hub.example").revision == COMMIT

    assert proxy.asked_for == ["CONNECT hub.example:443 HTTP/1.1"]


def test_a_server_that_does_not_speak_that_language_is_no_hub(hub):
    assert trouble_with(hub.url.replace("http:", "https:")) is ModelTrouble.NO_NETWORK


@pytest.mark.parametrize("status", [401, 403])
def test_the_keyring_is_asked_only_when_the_hub_wants_to_know_who_asks(hub, status):
    hub.publish(REPO, COMMIT, small_model())
    asked: list[str] = []

    def kept_token() -> str:
        asked.append("the keyring")
        return "hf_kept"

    with Web(hub.url, "", kept_token) as web:
        hubs.listing(web, hub.url, REPO)
        before = asked.copy()
        hub.fail("the listing", Fault(status=status))
        hubs.listing(web, hub.url, REPO)

    assert before == []
    assert asked == ["the keyring"]
    assert hub.requests[-1].headers["authorization"] == "Bearer hf_kept"


def test_a_token_that_does_not_let_in_is_not_tried_for_ever(hub):
    hub.token = "another"

    with pytest.raises(PorterError) as raised, Web(hub.url, "", lambda: "hf_kept") as web:
        hubs.listing(web, hub.url, REPO)

    assert raised.value.kind is ModelTrouble.TOKEN_NEEDED
    assert len(hub.requests) == 2


def test_a_fault_of_our_own_while_an_answer_is_read_is_not_taken_for_the_networks(hub):
    hub.publish(REPO, COMMIT, small_model())

    address = f"{hub.url}/{REPO}/resolve/{COMMIT}/config.json"
    with Web(hub.url) as web, pytest.raises(ValueError, match="ours"), web.get(address):
        raise ValueError("ours")
