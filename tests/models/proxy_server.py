"""A proxy of the tests' own: passes on what comes by CONNECT, with a whole address, or by SOCKS, and notes for whom."""

from __future__ import annotations

import select
import socket
import socketserver
import threading
import urllib.parse


class ProxyServer:
    """Passes everything on to one server, whatever host was asked for: so names that no network knows can be tested."""

    def __init__(self, port: int) -> None:
        self.asked_for: list[str] = []  # the first line of each request
        self.target = ("127.0.0.1", port)
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.daemon_threads = True
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ProxyServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    proxy: ProxyServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients of these tests leave in the middle."""


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        if self.rfile.peek(1)[:1] == b"\5":
            self._speak_socks()
        else:
            self._speak_http()

    def _speak_socks(self) -> None:
        """SOCKS 5, RFC 1928: nobody has to say who they are, and all want to go to a name."""
        _, methods = self.rfile.read(2)
        self.rfile.read(methods)
        self.connection.sendall(b"\5\0")
        *_, length = self.rfile.read(5)
        self.server.proxy.asked_for.append(f"SOCKS {self.rfile.read(length).decode()}")
        self.rfile.read(2)
        with socket.create_connection(self.server.proxy.target) as there:
            self.connection.sendall(b"\5\0\0\1" + bytes(6))
            _pass_on(self.connection, there)

    def _speak_http(self) -> None:
        first = self.rfile.readline().decode()
        self.server.proxy.asked_for.append(first.strip())
        method, address, version = first.split()
        head = first if method == "CONNECT" else f"{method} {_without_host(address)} {version}\r\n"
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            if not line.lower().startswith(b"connection:"):
                head += line.decode()
        with socket.create_connection(self.server.proxy.target) as there:
            if method == "CONNECT":
                self.connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                there.sendall(f"{head}Connection: close\r\n\r\n".encode())
            _pass_on(self.connection, there)


def _without_host(address: str) -> str:
    url = urllib.parse.urlsplit(address)
    return url.path + (f"?{url.query}" if url.query else "")


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side has no more to say."""
    while True:
        for side in select.select([one, other], [], [])[0]:
            content = side.recv(65536)
            if not content:
                return
            (other if side is one else one).sendall(content)
