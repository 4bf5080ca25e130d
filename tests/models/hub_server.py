"""A hub of the tests' own: a real HTTP server on this machine, which answers as the real one does, or badly.

with HubServer() as hub:
    hub.publish("someone/small", "0123abc", {"config.json": b"{}", ...})
    hub.fail("model.bin", Fault(cut_after=1000))  # the next answer only; then it is itself again
"""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_BLOCK = 64 * 1024  # bytes
_RANGE = re.compile(r"bytes=(\d+)-")
LISTING = "the listing"  # beside the names of files, what can fail


@dataclass
class Fault:
    """One answer that is not as it should be."""

    status: int = 0  # 0: as it should be
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None  # instead of the file
    cut_after: int | None = None  # bytes, then the connection ends
    stall_after: int | None = None  # bytes, then nothing more comes
    pause: float = 0.0  # seconds before each block
    flip_at: int | None = None  # a byte that is not the published one
    ignore_range: bool = False
    wrong_range: bool = False  # another one than was asked for
    length: int | None = None  # what Content-Length says
    chunked: bool = False  # no Content-Length
    redirect: str = ""


@dataclass
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    what: str  # the file's name, or LISTING

    @property
    def start(self) -> int:
        """Where the range begins that was asked for."""
        found = _RANGE.fullmatch(self.headers.get("range", ""))
        return int(found[1]) if found else 0


class HubServer:
    """Answers until the end of the `with` block."""

    def __init__(self, certificate: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.requests: list[Asked] = []
        self.token = ""  # if there is one, nobody gets anything without it
        self.sent = 0  # bytes of files
        self._repositories: dict[str, tuple[str, dict[str, bytes | Path]]] = {}
        self._faults: dict[str, list[Fault]] = {}
        self._always: dict[str, Fault] = {}
        self._closing = threading.Event()
        self._server = _Server((host, 0), _Handler)
        self._server.daemon_threads = True
        self._server.hub = self
        if certificate:
            self._server.socket = certificate.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://{host}:{self.port}"

    def __enter__(self) -> HubServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def publish(self, repo: str, revision: str, files: dict[str, bytes | Path] | Path) -> None:
        """Have a repository: its files' contents, or where they are; or a folder with all of them."""
        if isinstance(files, Path):
            files = {file.name: file for file in files.iterdir() if file.is_file()}
        self._repositories[repo] = (revision, files)

    def fail(self, what: str, *faults: Fault) -> None:
        """Answer the next requests for a file, or for the LISTING, with these faults, one after the other."""
        self._faults.setdefault(what, []).extend(faults)

    def always_fail(self, what: str, fault: Fault | None) -> None:
        """Answer every request for it so; None: as it should be, again."""
        if fault:
            self._always[what] = fault
        else:
            self._always.pop(what, None)

    def asked_for(self, what: str) -> list[Asked]:
        return [asked for asked in self.requests if asked.what == what]

    def fault_for(self, what: str) -> Fault:
        waiting = self._faults.get(what)
        return waiting.pop(0) if waiting else self._always.get(what, Fault())

    def wait_for_the_end(self) -> None:
        self._closing.wait(60)

    def listing(self, repo: str) -> bytes | None:
        if repo not in self._repositories:
            return None
        revision, files = self._repositories[repo]
        siblings = [_sibling(name, _content(file)) for name, file in files.items()]
        return json.dumps({"id": repo, "sha": revision, "siblings": siblings}).encode()

    def file(self, repo: str, revision: str, name: str) -> bytes | None:
        known, files = self._repositories.get(repo, ("", {}))
        return _content(files[name]) if revision == known and name in files else None


class _Server(ThreadingHTTPServer):
    hub: HubServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients of these tests leave in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        parts = urllib.parse.unquote(url.path).strip("/").split("/")
        is_listing = parts[:2] == ["api", "models"]
        what = LISTING if is_listing else parts[-1]
        hub = self.server.hub
        headers = {name.lower(): value for name, value in self.headers.items()}
        hub.requests.append(Asked(self.path, headers, what))
        if hub.token and headers.get("authorization") != f"Bearer {hub.token}":
            return self._say(401, b"")
        if is_listing:
            content = hub.listing("/".join(parts[2:4]))
        else:
            content = hub.file("/".join(parts[:2]), parts[3] if len(parts) > 4 else "", parts[-1])
        fault = hub.fault_for(what)
        if fault.redirect:
            return self._say(302, b"", {"Location": fault.redirect.format(path=self.path)})
        if fault.status:
            return self._say(fault.status, fault.body or b"", fault.headers)
        if content is None:
            return self._say(404, b"")
        return self._give(content if fault.body is None else fault.body, fault, hub.requests[-1].start)

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _give(self, content: bytes, fault: Fault, start: int) -> None:
        whole = len(content)
        start = 0 if fault.ignore_range else start
        if start and start >= whole:
            return self._say(416, b"", {"Content-Range": f"bytes */{whole}"})
        self.send_response(206 if start else 200)
        if start:
            start = start // 2 if fault.wrong_range else start
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if fault.flip_at is not None:
            content = bytearray(content)
            content[fault.flip_at] ^= 1
        body = memoryview(content)[start:]
        if fault.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body) if fault.length is None else fault.length))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        self._send(body, fault)
        return None

    def _send(self, body: memoryview, fault: Fault) -> None:
        ends = fault.cut_after if fault.cut_after is not None else fault.stall_after
        limit = len(body) if ends is None else min(ends, len(body))
        for begin in range(0, limit, _BLOCK):
            time.sleep(fault.pause)
            block = body[begin : min(begin + _BLOCK, limit)]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), bytes(block)) if fault.chunked else block)
            self.server.hub.sent += len(block)
        if fault.stall_after is not None:
            self.server.hub.wait_for_the_end()
        if fault.cut_after is not None or fault.length is not None:
            self.close_connection = True
        elif fault.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _content(file: bytes | Path) -> bytes:
    return file if isinstance(file, bytes) else file.read_bytes()


def _sibling(name: str, content: bytes) -> dict[str, object]:
    told: dict[str, object] = {"rfilename": name, "size": len(content)}
    if name.endswith((".bin", ".safetensors")):
        told["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        told["blobId"] = hashlib.sha1(b"of the pointer", usedforsecurity=False).hexdigest()
    else:
        told["blobId"] = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    return told


def small_model(salt: str = "", size_bytes: int = 700_000) -> dict[str, bytes]:
    """Return the files of what looks like a Whisper model from outside, small enough for many tests."""
    block = hashlib.sha256(salt.encode()).digest()
    weights = b"\6\0\0\0\x0c\0WhisperSpec\0" + block * (size_bytes // len(block))
    return {
        "config.json": b'{"suppress_ids": [], "alignment_heads": [[1, 0]]}',
        "model.bin": weights[:size_bytes],
        "tokenizer.json": b'{"version": "1.0", "model": {}}',
        "vocabulary.txt": b"!\n<|endoftext|>\n<|startoftranscript|>\n" + salt.encode() + b"\n",
        "README.md": b"# A model",
        ".gitattributes": b"*.bin filter=lfs",
    }
