"""The feed's form: whatever is in a file, it is a feed by the makers or it is refused by its kind."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st
from makers import public

from desktop_app.messages import ModelTrouble
from desktop_app.models.errors import PorterError
from desktop_app.upkeep import feed, keys
from desktop_app.upkeep.feed import Feed, Installer, Published, number

KEY = Ed25519PrivateKey.generate()
NEXT_YEAR = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
INSTALLER = Installer("a.exe", "https://example.org/a.exe", 1, "0" * 64)
TOLD = Feed("Sottovoce", 1, 7, NEXT_YEAR, (Published("0.2.0", NEXT_YEAR.date()),), {"windows-x86_64": INSTALLER})
FILE = feed.signed(msgspec.json.encode(TOLD), KEY)

versions = st.lists(st.integers(0, 999_999), min_size=2, max_size=4).map(lambda parts: ".".join(map(str, parts)))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.fixture(autouse=True, scope="module")
def believed():
    """The key of this test is the program's, as long as it runs."""
    before, keys.PUBLIC = keys.PUBLIC, (public(KEY),)
    yield
    keys.PUBLIC = before


def refusal(file: bytes) -> ModelTrouble | None:
    """Return why a file is not taken; None if it is. Nothing but a PorterError may come of any file."""
    try:
        feed.read(file)
    except PorterError as error:
        return error.kind
    return None


def test_a_feed_comes_out_as_it_went_in():
    assert feed.read(FILE) == TOLD


@given(st.binary())
def test_no_bytes_are_a_feed(file):
    assert refusal(file) is ModelTrouble.NOT_SIGNED


@example(FILE.index(b"\n") - 3, ord("A") ^ ord("B"))  # bits that base64 leaves unused
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_no_byte_of_what_is_signed_or_of_the_signature_can_be_changed(at, by):
    changed = bytearray(FILE)
    changed[at] ^= by

    assert refusal(bytes(changed)) is ModelTrouble.NOT_SIGNED


@given(st.integers(0, len(FILE) - 1))
def test_a_feed_that_was_cut_is_none(at):
    assert refusal(FILE[:at]) is ModelTrouble.NOT_SIGNED


@given(st.binary(max_size=200))
def test_whatever_is_signed_is_understood_or_refused_by_its_kind(content):
    assert refusal(feed.signed(content, KEY)) is ModelTrouble.NOT_UNDERSTOOD


@given(st.sampled_from([field for field in Feed.__struct_fields__ if field not in ("product", "format")]), anything)
def test_whatever_stands_in_a_field_is_understood_or_refused_by_its_kind(field, value):
    content = msgspec.json.encode(msgspec.to_builtins(TOLD) | {field: value})

    assert refusal(feed.signed(content, KEY)) in (None, ModelTrouble.NOT_UNDERSTOOD)


@given(st.sampled_from(Installer.__struct_fields__), anything)
def test_whatever_stands_in_an_installer_is_sane_or_refused(field, value):
    told = msgspec.to_builtins(TOLD)
    told["installers"]["windows-x86_64"][field] = value
    file = feed.signed(msgspec.json.encode(told), KEY)

    if refusal(file) is None:
        installer = feed.read(file).installers["windows-x86_64"]
        assert installer.address.startswith("https://")
        assert installer.name.endswith(".exe") and not set(installer.name) & set("/\\:\0")
        assert 0 < installer.size_bytes <= 2 << 30


@given(versions, versions)
def test_versions_are_compared_number_by_number(one, other):
    told = [int(part) for part in one.split(".")], [int(part) for part in other.split(".")]
    longest = max(map(len, told))
    filled = [parts + [0] * (longest - len(parts)) for parts in told]

    assert (number(one) > number(other)) is (filled[0] > filled[1])
    assert (number(one) == number(other)) is (filled[0] == filled[1])


@given(st.lists(versions, unique_by=number), versions)
def test_what_is_newer_is_newer_and_in_order(published, mine):
    told = msgspec.structs.replace(TOLD, releases=tuple(Published(each, NEXT_YEAR.date()) for each in published))

    newer = [number(release.version) for release in told.newer_than(mine)]

    assert newer == sorted((number(each) for each in published if number(each) > number(mine)), reverse=True)


@pytest.mark.parametrize(("mine", "theirs"), [("0.2.0.dev1", "0.2.0"), ("0.2.0rc1", "0.2.0"), ("0.2.0+local", "0.2.0")])
def test_a_version_that_is_made_on_the_way_is_as_new_as_what_it_leads_to(mine, theirs):
    assert number(mine) == number(theirs)
