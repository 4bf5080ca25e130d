"""What lets the user in at a hub is kept in the system's keyring, or not at all."""

from __future__ import annotations

import importlib.util

import keyring
import keyring.backends.fail
import keyring.backends.null
import pytest
from file_keyring import FileKeyring
from keyring.backend import KeyringBackend
from keyring.backends import chainer

from desktop_app.models import hub, tokens

HUB = "https://hub.example"


class Broken(KeyringBackend):
    """A keyring that is locked, or whose service does not answer."""

    priority = 1

    def get_password(self, service, username):
        raise OSError("the service does not answer")

    def set_password(self, service, username, password):
        raise RuntimeError(f"locked, so {password} is not kept")

    def delete_password(self, service, username):
        raise ValueError


@pytest.fixture
def use(monkeypatch):
    """Lets a test choose the keyring."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    return keyring.set_keyring


@pytest.fixture
def kept(use, monkeypatch, tmp_path):
    """The file of a keyring that works."""
    monkeypatch.setenv("FILE_KEYRING", str(tmp_path / "keyring"))
    monkeypatch.setenv("SOTTOVOCE_KEYRING", FileKeyring.__module__)
    use(FileKeyring())
    return tmp_path / "keyring"


def test_a_token_is_kept_for_its_hub_alone(kept):
    assert tokens.keep(HUB, "hf_secret")

    assert tokens.token(HUB) == "hf_secret"
    assert tokens.token(f"{HUB}/") == "hf_secret"
    assert tokens.token("https://elsewhere.example") == ""
    assert tokens.token() == ""


def test_without_an_address_it_is_that_of_the_usual_hub(kept, monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)

    assert tokens.keep("", "hf_secret")
    assert tokens.token(hub.HUGGING_FACE) == "hf_secret"


def test_a_newer_token_takes_the_place_of_the_older_one(kept):
    tokens.keep(HUB, "old")

    assert tokens.keep(HUB, "new")
    assert tokens.token(HUB) == "new"


def test_a_token_can_be_forgotten(kept):
    tokens.keep(HUB, "hf_secret")

    assert tokens.forget(HUB)
    assert tokens.forget(HUB)  # there is none any more, which is as well

    assert tokens.token(HUB) == ""
    assert "hf_secret" not in kept.read_text()


def test_a_keyring_that_is_not_the_systems_is_none(kept, monkeypatch):
    tokens.keep(HUB, "hf_old")
    monkeypatch.delenv("SOTTOVOCE_KEYRING")

    assert not tokens.keep(HUB, "hf_secret")
    assert tokens.token(HUB) == ""
    assert "hf_secret" not in kept.read_text()


def test_of_several_keyrings_the_systems_is_taken(kept, use, monkeypatch):
    several = chainer.ChainerBackend()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [Broken(), FileKeyring()])
    use(several)

    assert tokens.keep(HUB, "hf_secret")
    assert tokens.token(HUB) == "hf_secret"


@pytest.mark.parametrize("module", ["macOS", "Windows", "SecretService", "kwallet", "libsecret"])
def test_the_systems_keyrings_are_called_as_the_library_calls_them(module):
    assert importlib.util.find_spec(f"keyring.backends.{module}")
    assert f"keyring.backends.{module}" in tokens._OF_SYSTEMS


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring, Broken])
def test_without_a_keyring_there_is_no_token_and_none_is_kept(use, backend, caplog):
    use(backend())

    assert tokens.token(HUB) == ""
    assert not tokens.keep(HUB, "hf_secret")
    assert isinstance(tokens.forget(HUB), bool)
    assert "hf_secret" not in caplog.text
