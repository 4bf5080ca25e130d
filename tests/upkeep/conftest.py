"""A site of makers on this machine, whom the porters of the tests believe."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from makers import Makers, trusted

if sys.platform != "linux":  # elsewhere the system's own list of whom to trust is asked, and a test cannot add to it
    collect_ignore = ["test_check.py", "test_fetch.py"]


@pytest.fixture
def makers(home, tmp_path, monkeypatch, no_proxies) -> Iterator[Makers]:
    authority, file = trusted(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "0.005")
    with Makers(authority) as made:
        yield made
