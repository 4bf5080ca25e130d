"""A keyring of the tests' own, for processes that are told so: PYTHON_KEYRING_BACKEND=file_keyring.FileKeyring.

SOTTOVOCE_KEYRING=file_keyring has it accepted.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):
    """Keeps everything in the file that FILE_KEYRING names."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return _read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        _file().write_text(json.dumps(_read() | {f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        _file().write_text(json.dumps({key: kept for key, kept in _read().items() if key != f"{service} {username}"}))


def _file() -> Path:
    return Path(os.environ["FILE_KEYRING"])


def _read() -> dict[str, str]:
    return json.loads(_file().read_text()) if _file().exists() else {}
