"""Takes the sound of one device, by PortAudio: opened and closed in a thread of its own, because either may hang."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

log = logging.getLogger(__name__)

BLOCK = 0.05  # seconds
LATENCY = 0.15  # seconds of sound that the system keeps for us when we are late
LEAVE_PATIENCE = 1.0
LOOPBACK = "[Loopback]"  # what PortAudio's Windows builds call the sound of a loudspeaker

_lock = threading.RLock()  # PortAudio opens and lists one at a time
_open_streams = 0


class NoPortAudio(Exception):
    """PortAudio, the library that records, is not on this computer."""


class Capture:
    """One stream of 16-bit samples, interleaved. It is heard of in threads of PortAudio and of ours.

    device: its id, and its name for the systems on which PortAudio knows devices by their names.
    on_sound(capture, samples, lost): about 20 times a second; lost: the system dropped sound before this block.
    on_end(capture, error): the stream could not be opened, or ended by itself; never after `close`.
    """

    def __init__(
        self,
        device: tuple[str, str],
        rate: int,
        channels: int,
        on_sound: Callable[[Capture, bytes, bool], None],
        on_end: Callable[[Capture, Exception | None], None],
    ) -> None:
        self._device = device
        self._rate = rate
        self._channels = channels
        self._on_sound = on_sound
        self._on_end = on_end
        self.is_open = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more sound. Returns at once."""
        self._closing.set()

    def wait(self) -> None:
        """Wait until the device is free, a second at the very most."""
        self._thread.join(LEAVE_PATIENCE)

    def _run(self) -> None:
        try:
            stream = self._opened()
        except Exception as error:  # whatever PortAudio makes of a device that is going away
            log.warning("a device could not be opened: %s", error)
            self._tell_end(error)
            return
        self.is_open = True
        self._closing.wait()
        _closed(stream)

    def _opened(self) -> Any:
        global _open_streams
        with _lock:
            portaudio = _portaudio()
            with _source_chosen(self._device[0]):
                stream = portaudio.RawInputStream(
                    samplerate=self._rate,
                    blocksize=round(self._rate * BLOCK),
                    channels=self._channels,
                    dtype="int16",
                    latency=LATENCY,
                    callback=self._on_block,
                    finished_callback=lambda: self._tell_end(None),
                    **_where(portaudio, self._device[1]),
                )
                try:
                    stream.start()
                except Exception:
                    stream.close()
                    raise
            _open_streams += 1
        return stream

    def _on_block(self, samples: Any, _: int, __: Any, status: Any) -> None:
        if not self._closing.is_set():
            self._on_sound(self, bytes(samples), bool(status.input_overflow))

    def _tell_end(self, error: Exception | None) -> None:
        if not self._closing.is_set():
            self._on_end(self, error)


def is_possible() -> bool:
    """Tell whether PortAudio is there. Takes a moment the first time."""
    try:
        with _lock:
            _portaudio()
    except NoPortAudio:
        return False
    return True


def loopbacks() -> Iterator[tuple[str, int, int]]:
    """Yield the devices that play back what the loudspeakers get: name, rate, channels. Only some on Windows do."""
    try:
        with _lock:
            known = _portaudio().query_devices()
    except NoPortAudio:
        return
    for device in known:
        if LOOPBACK in device["name"] and device["max_input_channels"] > 0:
            yield device["name"], round(device["default_samplerate"]), device["max_input_channels"]


def _portaudio() -> Any:
    """Return sounddevice, its list of devices fresh if it can be. Raise NoPortAudio."""
    is_new = "sounddevice" not in sys.modules
    if is_new and sys.platform.startswith("linux"):
        _quieten_alsa()
    try:
        import sounddevice as portaudio  # which begins PortAudio, and is not there without it
    except (ImportError, OSError) as error:
        raise NoPortAudio(str(error)) from error
    if not is_new and _open_streams == 0 and _is_stale(portaudio):
        portaudio._terminate()  # its list is made once and for all when it begins
        portaudio._initialize()
    return portaudio


def _is_stale(portaudio: Any) -> bool:
    return not sys.platform.startswith("linux") or _pulse_among(portaudio) is None


def _pulse_among(portaudio: Any) -> int | None:
    for number, device in enumerate(portaudio.query_devices()):
        if device["name"] == "pulse" and device["max_input_channels"] > 0:
            return number
    return None


def _where(portaudio: Any, name: str) -> dict[str, Any]:
    """Return the arguments that make PortAudio open the device of that name."""
    if sys.platform.startswith("linux"):
        return {"device": _pulse_among(portaudio)}  # which source of PulseAudio: see _source_chosen
    if sys.platform == "win32":
        return {
            "device": _number_of(portaudio, name, "Windows WASAPI"),
            "extra_settings": portaudio.WasapiSettings(auto_convert=True),
        }
    return {"device": _number_of(portaudio, name, "Core Audio")}


def _number_of(portaudio: Any, name: str, system: str) -> int | None:
    """Return PortAudio's number of a microphone; None, its default one, if it does not know the name."""
    systems = [one["name"] for one in portaudio.query_hostapis()]
    for number, device in enumerate(portaudio.query_devices()):
        if device["name"] == name and device["max_input_channels"] > 0 and systems[device["hostapi"]] == system:
            return number
    return None


@contextlib.contextmanager
def _source_chosen(name: str) -> Iterator[None]:
    """Have PulseAudio's library open the source `name`: of ALSA's devices there is only one, "pulse"."""
    before = os.environ.get("PULSE_SOURCE")
    os.environ["PULSE_SOURCE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["PULSE_SOURCE"]
        else:
            os.environ["PULSE_SOURCE"] = before


def _closed(stream: Any) -> None:
    """Close a stream. Never by `stop`: that waits for sound, and for ever if the device gives none."""
    global _open_streams
    with _lock:
        try:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
        finally:
            _open_streams -= 1


def _quieten_alsa() -> None:
    """Keep ALSA from printing a dozen lines on stderr for the devices that this computer does not have."""
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_IGNORE)


_IGNORE = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)(
    lambda *_: None
)
