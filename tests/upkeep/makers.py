"""The makers of the program, as tests play them: a key of their own, and a site that tells the truth, or lies.

with Makers(authority) as makers:
    makers.publish()
    makers.site.fail("feed.signed", Fault(...))  # the next answer only

Their key and their address get into a porter by the program that starts it (`porter`): there is no other way to have it
take them, and that way is open to nobody but who starts the program.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import ssl
import sys
import time
from pathlib import Path

import msgspec
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from models.hub_server import Asked, HubServer

from desktop_app.messages import Installation
from desktop_app.upkeep.feed import Feed, Installer, Published, signed

FEED, SETUP = "feed.signed", "Sottovoce-0.2.0-setup.exe"
PLATFORM = "windows-x86_64"
DAY = datetime.date(2026, 12, 1)
NOTES = "Added\n• Speakers are told apart."
_REPO, _REVISION = "sottovoce/site", "main"

PORTER = """
from desktop_app import porter
from desktop_app.messages import Installation
from desktop_app.upkeep import installation, keys, update
keys.PUBLIC = {keys!r}
update.ADDRESS = {address!r}
installation.how = lambda: Installation({installation!r})
installation.wanted = lambda: {platform!r}
{main}
"""


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


class Makers:
    def __init__(self, authority: trustme.CA) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.key = Ed25519PrivateKey.generate()
        self.site = HubServer(context)
        self.setup = hashlib.sha256(b"a setup").digest() * 40_000  # 1.3 MB

    def __enter__(self) -> Makers:
        self.site.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.site.__exit__()

    def address(self, name: str) -> str:
        return f"{self.site.url}/{_REPO}/resolve/{_REVISION}/{name}"

    def feed(self, *versions: str, **changes: object) -> Feed:
        """Return a feed as it should be, but for the changes."""
        releases = [Published(version, DAY, NOTES) for version in versions or ("0.1.0", "0.2.0")]
        installer = Installer(SETUP, self.address(SETUP), len(self.setup), hashlib.sha256(self.setup).hexdigest())
        expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
        feed = Feed("Sottovoce", 1, round(time.time()), expires, tuple(releases), {PLATFORM: installer})
        return msgspec.structs.replace(feed, **changes)

    def signed(self, feed: Feed | dict | bytes | None = None, *keys: Ed25519PrivateKey) -> bytes:
        content = feed if isinstance(feed, bytes) else msgspec.json.encode(feed or self.feed())
        return signed(content, *(keys or [self.key]))

    def publish(self, file: bytes | None = None) -> bytes:
        """Have the site give out this feed, and the setup."""
        file = self.signed() if file is None else file
        self.site.publish(_REPO, _REVISION, {FEED: file, SETUP: self.setup})
        return file

    def asked(self, name: str = FEED) -> list[Asked]:
        return self.site.asked_for(name)

    def program(
        self,
        main: str = "porter.main()",
        installation: Installation = Installation.SETUP,
        platform: str = PLATFORM,
        address: str = "",
    ) -> list[str]:
        """Return the program and the arguments that start a porter which believes these makers, and no others."""
        code = PORTER.format(
            keys=(public(self.key),),
            address=address or self.address(FEED),
            installation=installation.value,
            platform=platform,
            main=main,
        )
        return [sys.executable, "-P", "-c", code]


def trusted(folder: Path) -> tuple[trustme.CA, Path]:
    """Return somebody who certifies sites, and the file by which OpenSSL is made to believe him."""
    authority, file = trustme.CA(), folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return authority, file
