"""A desktop's portal that lends keys, on the session bus: it says yes or no, and presses the key when it is told to.

portal.py granted|denied    says `ready`; then on stdin: press, release, close. Says what it was asked for.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SHORTCUTS = DBusAddress(PATH, NAME, "org.freedesktop.portal.GlobalShortcuts")


def main() -> None:
    granted = sys.argv[1] == "granted"
    bus = open_dbus_connection("SESSION")
    bus.send_and_get_reply(message_bus.RequestName(NAME))
    print("ready", flush=True)
    sessions: list[str] = []

    def obey() -> None:
        for line in sys.stdin:
            word = line.strip()
            if word == "close":
                bus.send(new_signal(DBusAddress(sessions[-1], NAME, "org.freedesktop.portal.Session"), "Closed"))
            else:
                name = "Activated" if word == "press" else "Deactivated"
                bus.send(new_signal(SHORTCUTS, name, "osta{sv}", (sessions[-1], "dictate", 0, {})))

    threading.Thread(target=obey, daemon=True).start()
    while True:
        asked = bus.receive()
        if asked.header.message_type is not MessageType.method_call:
            continue
        name, sender = asked.header.fields[HeaderFields.member], asked.header.fields[HeaderFields.sender]
        who = sender.removeprefix(":").replace(".", "_")

        def answer(code: int, results: dict[str, Any], token: str, who: str = who) -> None:
            request = DBusAddress(f"{PATH}/request/{who}/{token}", NAME, "org.freedesktop.portal.Request")
            bus.send(new_signal(request, "Response", "ua{sv}", (code, results)))

        match name:
            case "Get":
                bus.send(new_method_return(asked, "v", (("u", 1),)))
            case "CreateSession":
                options = asked.body[0]
                token = options["handle_token"][1]
                sessions.append(f"{PATH}/session/{who}/{options['session_handle_token'][1]}")
                bus.send(new_method_return(asked, "o", (f"{PATH}/request/{who}/{token}",)))
                answer(0, {"session_handle": ("s", sessions[-1])}, token)
            case "BindShortcuts":
                _, shortcuts, _, options = asked.body
                token = options["handle_token"][1]
                print("asked for", shortcuts[0][1]["preferred_trigger"][1], flush=True)
                bus.send(new_method_return(asked, "o", (f"{PATH}/request/{who}/{token}",)))
                answer(0 if granted else 1, {"shortcuts": ("a(sa{sv})", shortcuts if granted else [])}, token)
            case _:
                bus.send(new_error(asked, "org.freedesktop.DBus.Error.UnknownMethod"))


if __name__ == "__main__":
    main()
