"""What the tests of the real backend share: a process, or several, ended when the test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from real_backend import Backend


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Backend]]:
    started = []

    def start(**environment: str) -> Backend:
        started.append(Backend(tmp_path / "backend.log", **environment))
        return started[-1]

    yield start
    for backend in started:
        backend.end()


@pytest.fixture
def backend(start) -> Backend:
    return start()
