"""A global key on Wayland: lent by the desktop's portal, org.freedesktop.portal.GlobalShortcuts.

QtDBus cannot write the list of (name, properties) that the portal wants, so Jeepney speaks to the bus.
https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.GlobalShortcuts.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call
from jeepney.bus_messages import MatchRule, message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import Properties
from PySide6.QtCore import QObject, QSocketNotifier

from desktop_app.work.hot_key import HotKey, Key, Refusal, key_from

log = logging.getLogger(__name__)

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = DBusAddress(PATH, NAME, "org.freedesktop.portal.GlobalShortcuts")
REGISTRY = DBusAddress(PATH, NAME, "org.freedesktop.host.portal.Registry")
APPLICATION = "sottovoce"  # the name of our .desktop file
OURS = "dictate"
MODIFIERS = {"Ctrl": "CTRL", "Alt": "ALT", "Shift": "SHIFT", "Meta": "LOGO"}
GRANTED = 0
GONE = (OSError, EOFError)  # what Jeepney raises where there is no bus, or none any more


class PortalHotKey(HotKey):
    """The desktop asks the user; it may give another key than the one that was asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bus: DBusConnection | None = None
        self._notifier: QSocketNotifier | None = None
        self._answers: dict[int, Callable[[Message], None]] = {}  # by the number of what was asked
        self._requests: dict[str, Callable[[int, dict[str, Any]], None]] = {}  # by the portal's path of what goes on
        self._session = ""
        self._key = Key(frozenset(), "")
        self._is_taken = False

    def take(self, key: str) -> None:
        self.give_back()
        wanted = key_from(key)
        if wanted is None:
            self.refused.emit(Refusal.KEY_UNKNOWN)
            return
        self._key = wanted
        try:
            self._bus = open_dbus_connection("SESSION")
            self._notifier = QSocketNotifier(self._bus.sock.fileno(), QSocketNotifier.Type.Read, self)
            self._notifier.activated.connect(self._on_readable)
            self._ask(message_bus.AddMatch(MatchRule(type="signal", sender=NAME)))
            self._ask(new_method_call(REGISTRY, "Register", "sa{sv}", (APPLICATION, {})))  # old portals know it not
            self._ask(Properties(SHORTCUTS).get("version"), self._on_version)
        except (*GONE, KeyError, ValueError) as trouble:
            self._lose(trouble, Refusal.NO_PORTAL)

    def give_back(self) -> None:
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._notifier = None
        if self._bus is not None:
            self._bus.close()  # and with it the session
            self._bus = None
        self._answers.clear()
        self._requests.clear()
        self._session = ""
        self._is_taken = False

    # --- what is asked, one thing after the other ---

    def _on_version(self, answer: Message) -> None:
        if answer.header.message_type is MessageType.error:
            self._refuse(Refusal.NO_PORTAL)
            return
        options = {"handle_token": ("s", OURS), "session_handle_token": ("s", OURS)}
        self._request(new_method_call(SHORTCUTS, "CreateSession", "a{sv}", (options,)), self._on_session)

    def _on_session(self, response: int, results: dict[str, Any]) -> None:
        if response != GRANTED or "session_handle" not in results:
            self._refuse(Refusal.NOT_ALLOWED)
            return
        self._session = results["session_handle"][1]
        about = {"description": ("s", "Dictate"), "preferred_trigger": ("s", trigger_of(self._key))}
        body = (self._session, [(OURS, about)], "", {"handle_token": ("s", OURS)})
        self._request(new_method_call(SHORTCUTS, "BindShortcuts", "oa(sa{sv})sa{sv}", body), self._on_bound)

    def _on_bound(self, response: int, results: dict[str, Any]) -> None:
        if response != GRANTED or not results.get("shortcuts", ("", []))[1]:
            self._refuse(Refusal.NOT_ALLOWED)
            return
        self._is_taken = True
        self.taken.emit()

    # --- the bus ---

    def _ask(self, message: Message, then: Callable[[Message], None] | None = None) -> None:
        assert self._bus is not None
        number = next(self._bus.outgoing_serial)
        if then is not None:
            self._answers[number] = then
        self._bus.send(message, serial=number)

    def _request(self, message: Message, then: Callable[[int, dict[str, Any]], None]) -> None:
        """Ask for something that the portal answers by a signal, when the user has decided."""

        def on_path(answer: Message) -> None:
            if answer.header.message_type is MessageType.error:
                self._refuse(Refusal.NOT_ALLOWED)

        assert self._bus is not None
        sender = self._bus.unique_name.removeprefix(":").replace(".", "_")
        self._requests[f"{PATH}/request/{sender}/{OURS}"] = then
        self._ask(message, on_path)

    def _on_readable(self) -> None:
        try:
            while self._bus is not None:
                self._on_message(self._bus.receive(timeout=0))
        except TimeoutError:
            return
        except GONE as trouble:
            self._lose(trouble, Refusal.LOST)

    def _on_message(self, message: Message) -> None:
        fields = message.header.fields
        if message.header.message_type in (MessageType.method_return, MessageType.error):
            then = self._answers.pop(fields.get(HeaderFields.reply_serial, 0), None)
            if then is not None:
                then(message)
        elif message.header.message_type is MessageType.signal:
            self._on_signal(fields.get(HeaderFields.path, ""), fields.get(HeaderFields.member, ""), message.body)

    def _on_signal(self, path: str, name: str, body: tuple[Any, ...]) -> None:
        if name == "Response" and path in self._requests:
            self._requests.pop(path)(*body)
        elif name == "Closed" and path == self._session:
            self._refuse(Refusal.LOST)
        elif name in ("Activated", "Deactivated") and self._is_taken and body[:2] == (self._session, OURS):
            (self.pressed if name == "Activated" else self.released).emit()

    def _refuse(self, why: Refusal) -> None:
        self.give_back()
        self.refused.emit(why)

    def _lose(self, trouble: Exception, why: Refusal) -> None:
        log.warning("no key from the portal: %s", trouble)
        self._refuse(why)


def trigger_of(key: Key) -> str:
    """Return a key as the portal writes it: "CTRL+ALT+d"."""
    name = key.name.lower() if len(key.name) == 1 else {"Space": "space", "Return": "Return"}.get(key.name, key.name)
    return "+".join([*(shown for modifier, shown in MODIFIERS.items() if modifier in key.modifiers), name])
