"""What is dropped or pasted: the files in it, and how much of it is no file of this computer."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDropEvent


class Given(NamedTuple):
    files: list[Path]
    others: int  # addresses of web pages, files of other computers


def given_in(data: QMimeData) -> Given:
    """Return what is in a drop or on the clipboard. Looks at no disk."""
    urls = data.urls() if data.hasUrls() else _urls_in(data.text()) if data.hasText() else []
    files = [_local(url) for url in urls]
    return Given([file for file in files if file is not None], files.count(None))


def accept(event: QDropEvent) -> None:
    """Accept what is dragged as a copy, whatever its source proposes: one that moves would delete the user's files."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def _local(url: QUrl) -> Path | None:
    """Return the file of this computer that a URL names; None if it names something else.

    Some programs name the computer as well: file://localhost/..., file://its-name/... (RFC 8089).
    """
    if not url.isLocalFile():
        return None
    if url.host() in ("", "localhost", socket.gethostname().lower()):
        plain = QUrl(url)
        plain.setHost("")
        return Path(plain.toLocalFile())
    return Path(url.toLocalFile()) if sys.platform == "win32" else None  # a share


def _urls_in(text: str) -> list[QUrl]:
    """Return the URLs and whole paths that a text consists of, one a line; none if there is anything else in it.

    Older file managers put copied files on the clipboard in this way alone.
    """
    urls = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith(("file://", "http://", "https://")):
            urls.append(QUrl(line))
        elif Path(line).is_absolute():
            urls.append(QUrl.fromLocalFile(line))
        else:
            return []
    return urls
