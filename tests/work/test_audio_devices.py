"""Which devices there are: told by a real sound server, while they are plugged in and out."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from work import microphone
from work.microphone import SoundServer

from desktop_app.work.audio_devices import AudioDevice, AudioDevices
from desktop_app.work.pulse import WhyNoServer, why_no_server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the virtual microphones are PulseAudio's")

SPEAKER = AudioDevice("speaker.monitor", "Monitor of Null Output", "system", 48_000, 2, True)
PATIENCE_MS = 10_000


@pytest.fixture
def server() -> Iterator[SoundServer]:
    with microphone.sound_server() as started:
        yield started


@pytest.fixture
def devices(server, qapp) -> Iterator[AudioDevices]:
    watched = AudioDevices()
    yield watched
    watched.close()


@pytest.fixture
def until(qtbot) -> Callable[..., None]:
    return lambda is_so: qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)


def ids(devices: AudioDevices) -> set[str]:
    return {device.id for device in devices.found()}


def test_a_microphone_has_its_name_its_rate_and_its_channels(server, devices, until):
    server.plug_in("desk", 44_100)
    until(lambda: "desk" in ids(devices))

    desk = next(device for device in devices.found() if device.id == "desk")
    assert (desk.kind, desk.rate, desk.channels, desk.is_default) == ("microphone", 44_100, 1, True)
    assert "FIFO" in desk.name
    assert SPEAKER in devices.found()


def test_what_is_plugged_in_and_out_is_told_even_of_the_last_one(server, devices, until):
    told = []
    devices.changed.connect(lambda: told.append(ids(devices)))
    server.plug_in("first")
    until(lambda: ids(devices) == {"speaker.monitor", "first"})
    server.plug_in("second")
    until(lambda: ids(devices) == {"speaker.monitor", "first", "second"})
    server.unplug("first")
    until(lambda: ids(devices) == {"speaker.monitor", "second"})
    server.unplug("second")
    until(lambda: told and told[-1] == {"speaker.monitor"})


def test_another_default_is_told(server, devices, until):
    server.plug_in("first")
    server.plug_in("second")

    for name in ("second", "first"):
        server.make_default(name)
        until(lambda name=name: [d.id for d in devices.found() if d.is_default] == ["speaker.monitor", name])


def test_a_sound_server_that_ends_leaves_no_devices(server, devices, until):
    server.plug_in()
    until(lambda: len(ids(devices)) == 2)
    server.end()

    until(lambda: devices.found() == [])


def test_without_a_sound_server_there_is_nothing_and_nobody_waits(qapp, tmp_path, monkeypatch, until):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    began = time.monotonic()
    watched = AudioDevices()
    assert watched.found() == []
    assert time.monotonic() - began < 0.1
    until(lambda: watched.has_looked)

    assert watched.found() == []
    assert watched.lacks_server
    watched.close()


@pytest.mark.parametrize(
    ("programs", "variables", "why"),
    [
        (["pipewire-pulse", "pulseaudio"], {}, WhyNoServer.PIPEWIRE_STOPPED),
        (["pulseaudio"], {}, WhyNoServer.PULSEAUDIO_STOPPED),
        ([], {}, WhyNoServer.NONE_INSTALLED),
        (["pulseaudio"], {"PULSE_SERVER": "unix:/nowhere"}, WhyNoServer.ELSEWHERE),
        (["pulseaudio"], {"XDG_RUNTIME_DIR": "/nowhere"}, WhyNoServer.NO_SESSION),
    ],
)
def test_why_there_is_no_sound_server_is_told(tmp_path, monkeypatch, programs, variables, why):
    for name in programs:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    for name, value in {"PATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), **variables}.items():
        monkeypatch.setenv(name, value)

    assert why_no_server() is why


def test_the_end_of_the_program_is_not_held_up(devices, until):
    until(lambda: devices.has_looked)
    began = time.monotonic()
    devices.close()

    assert time.monotonic() - began < 0.5


LISTED_BY_QT = """
import json, sys, time
from PySide6.QtCore import QCoreApplication
from desktop_app.work import audio_devices
from desktop_app.work.pulse import PulseGone

def refuse():
    raise PulseGone("as on other systems")

audio_devices.Pulse, audio_devices.IS_LINUX = refuse, False
app = QCoreApplication([])
watched = audio_devices.AudioDevices()
assert watched.wait_until_looked(10)
print(json.dumps([(device.id, device.kind, device.rate) for device in watched.found()]))
watched.close()
"""


def test_where_there_is_no_pulseaudio_qt_lists_the_microphones(server):
    """As on Windows and macOS; here Qt asks PulseAudio, which it would go on doing in this process."""
    server.plug_in("desk", 44_100)

    listed = subprocess.run([sys.executable, "-c", LISTED_BY_QT], capture_output=True, text=True, timeout=60)

    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout) == [["desk", "microphone", 44_100]]
