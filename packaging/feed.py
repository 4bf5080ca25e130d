"""Makes, signs and checks the feed: the file by which installed programs learn of a newer version.

python packaging/feed.py make-key FILE    make a key pair: the private half goes into FILE, the public one is printed
python packaging/feed.py check-key        say whether programs of this source take what is signed with a key
python packaging/feed.py sign             tell of this version and of the installers in dist/: dist/feed.signed
python packaging/feed.py check FILE       say what a feed tells, if programs with the keys of this source would take it

`check-key` and `sign` take private keys from --key FILE, or one from the environment: FEED_KEY, what such a file has.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hashlib
import os
import re
import sys
import time
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

import release_notes  # noqa: E402

from desktop_app import __version__  # noqa: E402
from desktop_app.models.errors import PorterError  # noqa: E402
from desktop_app.upkeep import feed, keys  # noqa: E402
from desktop_app.upkeep.feed import Feed, Installer, Published  # noqa: E402

ADDRESS = "https://sottovoce.app/releases/{version}"
DAYS = 180  # that a feed is good for; it is signed anew before they are over, also without a release
OF_PLATFORM = {  # the one file in dist/
    "windows-x86_64": "*{version}*.exe",
    "macos-arm64": "*{version}-arm64.dmg",
    "linux-x86_64-deb": "sottovoce_{version}_amd64.deb",
    "linux-x86_64-tar": "sottovoce-{version}-linux-x86_64.tar.xz",
    "linux-x86_64-appimage": "Sottovoce-{version}-x86_64.AppImage",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make-key")
    making.add_argument("file", type=Path)
    signing = commands.add_parser("sign")
    for command in (commands.add_parser("check-key"), signing):
        command.add_argument("--key", type=Path, action="append", default=[], help="a private key; may be given twice")
    signing.add_argument("--dist", type=Path, default=ROOT / "dist", help="where the installers are (default: dist/)")
    signing.add_argument("--address", default=ADDRESS, help=f"the folder they will be in (default: {ADDRESS})")
    signing.add_argument("--changelog", type=Path, default=ROOT / "CHANGELOG.md")
    signing.add_argument("--days", type=int, default=DAYS, help=f"that the feed is good for (default: {DAYS})")
    checking = commands.add_parser("check")
    checking.add_argument("file", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "make-key":
        make_key(arguments.file)
    elif arguments.command == "check-key":
        check_keys(keys_of(arguments.key))
    elif arguments.command == "sign":
        sign(arguments)
    else:
        check(arguments.file.read_bytes())


def make_key(file: Path) -> None:
    """Write the private half, readable by its owner alone; print the public one."""
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        written.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    print(f"The private key is in {file}. Keep it where only those are who make releases, and a copy of it.")
    print(f"Put this into desktop_app/upkeep/keys.py:\n{public(key)}")


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def sign(arguments: argparse.Namespace) -> None:
    """Write dist/feed.signed, and check it as an installed program would."""
    private_keys = keys_of(arguments.key)
    told = made(arguments.changelog.read_text(encoding="utf-8"), arguments.dist, arguments.address, arguments.days)
    file = feed.signed(msgspec.json.format(msgspec.json.encode(told)), *private_keys)
    check(file)
    (arguments.dist / "feed.signed").write_bytes(file)
    print(arguments.dist / "feed.signed")


def check_keys(private_keys: list[Ed25519PrivateKey]) -> None:
    """Leave if a program with the keys of this source would not take what is signed with these."""
    if not {public(key) for key in private_keys} & set(keys.PUBLIC):
        sys.exit("The public half of the key is not in desktop_app/upkeep/keys.py: programs will not take its feed.")
    print("Programs of this source take what is signed with it.")


def keys_of(files: list[Path]) -> list[Ed25519PrivateKey]:
    texts = [file.read_bytes() for file in files] or [os.environ.get("FEED_KEY", "").encode()]
    found = []
    for text in texts:
        try:
            key = load_pem_private_key(text, None)
        except ValueError:
            sys.exit("There is no private key: name its file with --key, or put its content into FEED_KEY.")
        if not isinstance(key, Ed25519PrivateKey):
            sys.exit("That is another kind of key: make one with `make-key`.")
        found.append(key)
    return found


def made(changelog: str, dist: Path, address: str, days: int) -> Feed:
    """Return the feed of this version. Leave if the changelog or the installers are not those of it."""
    releases = releases_in(changelog)
    if not releases or releases[0].version != __version__:
        sys.exit(f"CHANGELOG.md does not begin with version {__version__} and the day it was published.")
    installers = {platform: found for platform in OF_PLATFORM if (found := installer(platform, dist, address))}
    if not installers:
        sys.exit(f"There is no installer of version {__version__} in {dist}.")
    expires = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=days)
    return Feed(feed.PRODUCT, feed.FORMAT, int(time.time()), expires, releases, installers)


def installer(platform: str, dist: Path, address: str) -> Installer | None:
    """Return what is to be told of the installer for a platform; None if there is none. Leave if there are several."""
    found = sorted(dist.glob(OF_PLATFORM[platform].format(version=__version__)))
    if len(found) > 1:
        sys.exit(f"Which of them is for {platform}? {', '.join(file.name for file in found)}")
    if not found:
        return None
    content = found[0].read_bytes()
    where = f"{address.format(version=__version__).rstrip('/')}/{found[0].name}"
    return Installer(found[0].name, where, len(content), hashlib.sha256(content).hexdigest())


def releases_in(changelog: str) -> tuple[Published, ...]:
    """Return the versions that were published, the newest first, with what is new in them as plain text."""
    return tuple(Published(version, day, plain(text)) for version, day, text in release_notes.published(changelog))


def plain(markdown: str) -> str:
    """Return the text of a part of the changelog without its signs: headings, a line a change."""
    text = re.sub(r"\n +", " ", markdown.strip())
    text = re.sub(r"^### ", "", text, flags=re.MULTILINE)
    text = re.sub(r"^- ", "• ", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\*\*|`", "", text)


def check(file: bytes) -> None:
    """Say what the feed tells. Leave if a program with the keys of this source would not take it."""
    try:
        told = feed.read(file)
    except PorterError as error:
        sys.exit(f"The programs of this source will not take it: {error}\nTheir keys: desktop_app/upkeep/keys.py")
    if told.expires <= datetime.datetime.now(datetime.UTC):
        sys.exit(f"Its time is over since {told.expires:%Y-%m-%d}.")
    print(f"Good until {told.expires:%Y-%m-%d}, number {told.serial}.")
    for release in told.releases:
        print(f"{release.version} of {release.date}: {len(release.notes)} characters of news")
    for platform, one in told.installers.items():
        print(f"{platform}: {one.address}, {one.size_bytes / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
