"""The app of macOS, as far as it can be told without a Mac: what it says of itself, and in which order it is signed."""

from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from desktop_app import __version__
from desktop_app.work import computer
from desktop_app.work.media_files import SUFFIXES

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "packaging"))

import macos_app  # noqa: E402

TOOLS = ("codesign", "xcrun", "ditto")
BINARY = b"\xcf\xfa\xed\xfe and so on"
NOTARY = {"NOTARY_KEY": "/secret/key.p8", "NOTARY_KEY_ID": "K1", "NOTARY_ISSUER": "I1"}

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for macOS's shell")


def test_the_app_says_who_it_is_and_why_it_wants_the_microphone_and_system_events():
    told = plistlib.loads(plistlib.dumps(macos_app.info_plist()))

    assert told["CFBundleExecutable"] == "sottovoce-gui"
    assert told["CFBundleShortVersionString"] == __version__
    assert told["LSBackgroundOnly"] is False  # else it would have neither window nor Dock icon
    assert told["NSHighResolutionCapable"] is True
    assert "records what you say" in told["NSMicrophoneUsageDescription"]
    assert "shut down this Mac" in told["NSAppleEventsUsageDescription"]


def test_every_kind_of_recording_can_be_opened_with_it():
    told = macos_app.info_plist()
    (documents,) = told["CFBundleDocumentTypes"]
    declared = {
        f".{suffix}"
        for kind in told["UTImportedTypeDeclarations"]
        if kind["UTTypeIdentifier"] in documents["LSItemContentTypes"]
        for suffix in kind["UTTypeTagSpecification"]["public.filename-extension"]
    }

    assert declared | {f".{suffix}" for suffix in macos_app.KNOWN_TO_MACOS} == SUFFIXES
    assert {"public.audio", "public.movie"} <= set(documents["LSItemContentTypes"])
    assert documents["LSHandlerRank"] == "Alternate"


@pytest.mark.parametrize(
    ("tags", "oldest"),
    [
        ("Tag: cp311-abi3-macosx_14_0_arm64\n", [(14, 0)]),
        ("Tag: cp311-cp311-macosx_13_0_universal2\nTag: cp311-cp311-macosx_11_0_arm64\n", [(11, 0)]),
        ("Tag: py3-none-any\n", []),
    ],
)
def test_the_oldest_system_is_that_of_the_wheels(tmp_path, tags, oldest):
    folder = tmp_path / "some-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: some\nVersion: 1.0\n")
    (folder / "WHEEL").write_text(f"Wheel-Version: 1.0\n{tags}")

    assert macos_app.wheel_systems(metadata.PathDistribution(folder)) == oldest


def test_the_hardened_runtime_lets_it_record_and_shut_the_mac_down_and_is_opened_no_further():
    entitlements = plistlib.loads((macos_app.SCRIPTS / "entitlements.plist").read_bytes())

    assert "System Events" in computer.SHUT_DOWN["darwin"][-1]  # to which it sends an Apple event
    assert entitlements == {
        "com.apple.security.automation.apple-events": True,
        "com.apple.security.device.audio-input": True,
    }


@on_unix
def test_links_to_what_was_removed_go_and_so_do_folders_with_nothing_else_in_them(tmp_path):
    (tmp_path / "Frameworks" / "lone").mkdir(parents=True)
    (tmp_path / "Frameworks" / "lone" / "gone").symlink_to("nowhere")
    (tmp_path / "Resources").mkdir()
    (tmp_path / "Resources" / "kept").touch()
    (tmp_path / "Frameworks" / "kept").symlink_to("../Resources/kept")

    macos_app.tidy(tmp_path)

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["Frameworks", "Resources", "kept", "kept"]


@pytest.fixture
def app(tmp_path) -> Path:
    """An app with a library, a framework, data and the three executables."""
    contents = tmp_path / "Some.app" / "Contents"
    for name in ("Frameworks/lib.dylib", "Frameworks/Qt.framework/Versions/A/Qt", "Resources/inside.so"):
        (contents / name).parent.mkdir(parents=True, exist_ok=True)
        (contents / name).write_bytes(BINARY)
    (contents / "Resources" / "data.txt").write_text("data")
    (contents / "MacOS").mkdir()
    for name in ("sottovoce", "sottovoce-backend", "sottovoce-gui"):
        (contents / "MacOS" / name).write_bytes(BINARY)
    return contents.parent


def signing(app: Path, tools: Path, **env: str) -> list[str]:
    """Return how the script calls the tools of a Mac, which write that down and do nothing."""
    tools.mkdir()
    calls = tools / "calls"
    for name in TOOLS:
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{calls}"\n')
        (tools / name).chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([macos_app.SCRIPTS / "sign.sh", app], env={"PATH": path, **env}, check=True, capture_output=True)
    return [line.replace(str(app), "APP") for line in calls.read_text().splitlines()]


@on_unix
def test_without_an_identity_it_is_signed_for_this_machine_and_nobody_else_is_asked(app, tmp_path):
    calls = signing(app, tmp_path / "tools")

    assert all(call.startswith(("codesign --force --sign - ", "codesign --verify")) for call in calls)
    assert not any("runtime" in call for call in calls)


@on_unix
def test_it_is_signed_from_the_inside_out_then_notarised(app, tmp_path):
    calls = signing(app, tmp_path / "tools", SIGNING_IDENTITY="Developer ID Application: We", **NOTARY)

    signed = [call.rsplit(" ", 1)[1] for call in calls if "--sign" in call]
    assert set(signed[:3]) == {
        "APP/Contents/Frameworks/lib.dylib",
        "APP/Contents/Frameworks/Qt.framework/Versions/A/Qt",
        "APP/Contents/Resources/inside.so",
    }
    assert signed[3:] == [
        "APP/Contents/Frameworks/Qt.framework",
        "APP/Contents/MacOS/sottovoce-backend",
        "APP/Contents/MacOS/sottovoce",
        "APP",  # with its main executable
    ]
    assert all("--timestamp --options runtime" in call for call in calls if "--sign" in call)
    assert ["entitlements.plist" in call for call in calls if "--sign" in call] == [False] * 4 + [True] * 3
    notarised = [call for call in calls if call.startswith("xcrun")]
    assert "notarytool submit" in notarised[0] and "--wait" in notarised[0]
    assert notarised[1:] == ["xcrun stapler staple APP"]


@on_unix
def test_a_library_that_cannot_be_signed_stops_it(app, tmp_path):
    (app / "Contents" / "Frameworks" / "refused.dylib").write_bytes(BINARY)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "codesign").write_text("#!/bin/sh\ncase $* in *refused*) exit 1 ;; esac\n")
    (tools / "codesign").chmod(0o755)
    env = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}

    assert subprocess.run([macos_app.SCRIPTS / "sign.sh", app], env=env, capture_output=True).returncode != 0
