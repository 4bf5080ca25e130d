"""What lets this user in at a hub: kept in the system's keyring and nowhere else.

A keyring may ask the user something and so may take its time: only a process or a thread that may wait calls this.
Without one, or with one that does not answer, there is no token and none is kept. Other backends of the library than
the systems' own are none to us: there are some that write a plain file. SOTTOVOCE_KEYRING names the module of one more,
for tests.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from desktop_app.models import hub as hubs

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "Sottovoce"
_OF_SYSTEMS = {f"keyring.backends.{name}" for name in ("macOS", "Windows", "SecretService", "kwallet", "libsecret")}
_SEVERAL = "keyring.backends.chainer"  # those that are there, the best first

log = logging.getLogger(__name__)


def token(hub: str = "") -> str:
    """Return the token that is kept for the hub; empty if there is none."""
    try:
        return _keyring().get_password(_SERVICE, hubs.address(hub)) or ""
    except Exception as error:  # what a system's keyring can raise is without end
        _note(error)
        return ""


def keep(hub: str, token: str) -> bool:
    """Keep the token for the hub, in the place of one from before; tell whether that could be done."""
    try:
        keyring = _keyring()
        keyring.set_password(_SERVICE, hubs.address(hub), token)
        return keyring.get_password(_SERVICE, hubs.address(hub)) == token  # some backends keep nothing
    except Exception as error:
        _note(error)
        return False


def forget(hub: str = "") -> bool:
    """Let the keyring forget the token of the hub; tell whether none is kept there now."""
    try:
        keyring = _keyring()
        if keyring.get_password(_SERVICE, hubs.address(hub)) is not None:
            keyring.delete_password(_SERVICE, hubs.address(hub))
    except Exception as error:
        _note(error)
        return False
    return True


def _keyring() -> KeyringBackend:
    """Return the system's keyring. Raise LookupError if it has none, or what the library raises."""
    import keyring

    chosen: Any = keyring.get_keyring()
    backends: list[KeyringBackend] = chosen.backends if type(chosen).__module__ == _SEVERAL else [chosen]
    accepted = _OF_SYSTEMS | {os.environ.get("SOTTOVOCE_KEYRING", "")}
    for backend in backends:
        if type(backend).__module__ in accepted:
            return backend
    raise LookupError


def _note(error: Exception) -> None:
    log.warning("the keyring could not be used: %s", type(error).__name__)  # never its text: it may quote the token
