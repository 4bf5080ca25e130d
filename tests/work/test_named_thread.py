"""Threads of Qt's are named before they start."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import desktop_app
from desktop_app.work.history_thread import HistoryThread

ROOT = Path(desktop_app.__file__).parent


def test_no_other_class_is_a_thread_of_qts():
    bare = [file.name for file in ROOT.rglob("*.py") if re.search(r"\(QThread\b|QThread\(", file.read_text("utf-8"))]

    assert bare == ["named_thread.py"]


@pytest.mark.skipif(sys.platform != "linux", reason="the names of threads are read from /proc")
def test_the_system_knows_its_name(qapp, tmp_path):
    names: list[str] = []
    thread = HistoryThread(tmp_path / "library.sqlite3")
    thread.start()
    thread.ask(lambda _: names.append(Path("/proc/thread-self/comm").read_text().strip()))
    thread.close()

    assert names == ["library"]
