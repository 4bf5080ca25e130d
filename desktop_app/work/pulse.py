"""Asks PulseAudio, or PipeWire in its place, which sources of sound there are, and from which of them we record.

Qt's list is not enough on Linux: it has no monitors, keeps sources that are gone, and does not know where our streams
are. PulseAudio moves a stream to another source when its own goes, and PortAudio never learns of it.
"""

from __future__ import annotations

import ctypes
import enum
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

NO_INDEX = 0xFFFFFFFF
READY, FAILED, TERMINATED = 4, 5, 6  # states of a context
NO_AUTOSPAWN = 1
SINK, SOURCE, SOURCE_OUTPUT, SERVER = 0x1, 0x2, 0x8, 0x80  # what we want to hear of
Answer = TypeVar("Answer")

PATIENCE = 3.0  # seconds, for an answer


class WhyNoServer(enum.Enum):
    """Why there is no sound server, as far as it can be told without asking one."""

    NO_LIBRARY = enum.auto()  # libpulse, by which it is asked
    ELSEWHERE = enum.auto()  # PULSE_SERVER names one, which does not answer
    NO_SESSION = enum.auto()  # this process belongs to nobody who is logged in: by sudo, cron or su, say
    PIPEWIRE_STOPPED = enum.auto()  # it is installed
    PULSEAUDIO_STOPPED = enum.auto()
    NONE_INSTALLED = enum.auto()


class PulseGone(Exception):
    """There is no sound server, or it does not answer."""


class Source(msgspec.Struct, frozen=True):
    """Something to record from."""

    name: str
    description: str
    rate: int
    channels: int
    monitors: str  # the sink whose sound it is; empty: a microphone
    is_default: bool = False


class Sources(msgspec.Struct, frozen=True):
    """What the server knew at one moment."""

    sources: tuple[Source, ...] = ()
    used: tuple[str, ...] = ()  # names of those that this process records from, one a stream


class Pulse:
    """A connection to the sound server. For one thread, which may wait."""

    def __init__(self) -> None:
        """Raise PulseGone."""
        try:
            self._lib = _library()
        except OSError as error:
            raise PulseGone(str(error)) from error
        self._loop = ctypes.c_void_p(self._lib.pa_mainloop_new())
        self._context = ctypes.c_void_p(
            self._lib.pa_context_new(ctypes.c_void_p(self._lib.pa_mainloop_get_api(self._loop)), b"Sottovoce")
        )
        self._changed = False
        self._on_event = _EVENT(self._note_change)  # kept: the server's messages come to it as long as we are connected
        try:
            if self._lib.pa_context_connect(self._context, None, NO_AUTOSPAWN, None) < 0:
                raise PulseGone("no connection")
            self._turn_until(lambda: self._state() == READY)
            self._lib.pa_context_set_subscribe_callback(self._context, self._on_event, None)
            self._forget(
                self._lib.pa_context_subscribe(self._context, SINK | SOURCE | SOURCE_OUTPUT | SERVER, None, None)
            )
        except PulseGone:
            self.close()
            raise

    def sources(self) -> Sources:
        """Return what there is now. Raise PulseGone."""
        self._changed = False
        default_source, default_sink = self._defaults()
        found = self._list(self._lib.pa_context_get_source_info_list, _source)
        outputs = self._list(self._lib.pa_context_get_source_output_info_list, self._output)
        names = {index: source.name for index, source in found}
        return Sources(
            tuple(
                msgspec.structs.replace(
                    source,
                    is_default=source.monitors == default_sink if source.monitors else source.name == default_source,
                )
                for _, source in found
            ),
            tuple(names[index] for index, process in outputs if process == os.getpid() and index in names),
        )

    def wait(self, seconds: float) -> None:
        """Wait until something may have changed, at most so long or until `wake`. Raise PulseGone."""
        if not self._changed:
            self._turn(seconds)

    def wake(self) -> None:
        """End a `wait`. From any thread."""
        self._lib.pa_mainloop_wakeup(self._loop)

    def close(self) -> None:
        self._lib.pa_context_disconnect(self._context)
        self._lib.pa_context_unref(self._context)
        self._lib.pa_mainloop_free(self._loop)

    def _defaults(self) -> tuple[str, str]:
        """Return the names of the default source and the default sink; empty where there is none."""
        answers: list[tuple[str, str]] = []

        def take(_: Any, info: int | None, __: Any) -> None:
            server = _Server.from_address(info) if info else _Server()
            answers.append((_text(server.default_source), _text(server.default_sink)))

        callback = _SERVER(take)
        self._forget(self._lib.pa_context_get_server_info(self._context, callback, None))
        self._turn_until(lambda: bool(answers))
        return answers[0]

    def _list(self, ask: Any, taken: Callable[[int], Answer]) -> list[Answer]:
        """Return the parts of an answer, each as `taken` makes it of its address."""
        parts: list[Answer] = []
        ends: list[int] = []

        def take(_: Any, info: int | None, end: int, __: Any) -> None:
            if end or not info:
                ends.append(end)
            else:
                parts.append(taken(info))

        callback = _LIST(take)
        self._forget(ask(self._context, callback, None))
        self._turn_until(lambda: bool(ends))
        return parts

    def _output(self, info: int) -> tuple[int, int]:
        output = _SourceOutput.from_address(info)
        pid = self._lib.pa_proplist_gets(ctypes.c_void_p(output.proplist), b"application.process.id")
        return output.source, int(pid) if pid and pid.isdigit() else 0

    def _note_change(self, _: Any, __: int, ___: int, ____: Any) -> None:
        self._changed = True

    def _forget(self, operation: int | None) -> None:
        if not operation:
            raise PulseGone("the server takes no questions")
        self._lib.pa_operation_unref(ctypes.c_void_p(operation))

    def _state(self) -> int:
        return self._lib.pa_context_get_state(self._context)

    def _turn_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                raise PulseGone("no answer")
            self._turn(0.2)

    def _turn(self, seconds: float) -> None:
        """Let the connection work once, waiting for at most so long."""
        lib, loop = self._lib, self._loop
        if lib.pa_mainloop_prepare(loop, int(seconds * 1e6)) < 0 or lib.pa_mainloop_poll(loop) < 0:
            raise PulseGone("the connection broke")
        lib.pa_mainloop_dispatch(loop)
        if self._state() in (FAILED, TERMINATED):
            raise PulseGone("the server is gone")


def why_no_server() -> WhyNoServer:
    """Return why there is no sound server, after it has been asked in vain."""
    try:
        _library()
    except OSError:
        return WhyNoServer.NO_LIBRARY
    if os.environ.get("PULSE_SERVER"):
        return WhyNoServer.ELSEWHERE
    if not Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}").is_dir():
        return WhyNoServer.NO_SESSION
    if shutil.which("pipewire-pulse"):
        return WhyNoServer.PIPEWIRE_STOPPED
    return WhyNoServer.PULSEAUDIO_STOPPED if shutil.which("pulseaudio") else WhyNoServer.NONE_INSTALLED


def _library() -> Any:
    """Return libpulse. Raise OSError if it is not there."""
    lib = ctypes.CDLL("libpulse.so.0")
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("pa_mainloop_new", pointer, ()),
        ("pa_mainloop_get_api", pointer, (pointer,)),
        ("pa_mainloop_prepare", ctypes.c_int, (pointer, ctypes.c_int)),
        ("pa_mainloop_poll", ctypes.c_int, (pointer,)),
        ("pa_mainloop_dispatch", ctypes.c_int, (pointer,)),
        ("pa_mainloop_wakeup", None, (pointer,)),
        ("pa_mainloop_free", None, (pointer,)),
        ("pa_context_new", pointer, (pointer, text)),
        ("pa_context_connect", ctypes.c_int, (pointer, text, ctypes.c_int, pointer)),
        ("pa_context_get_state", ctypes.c_int, (pointer,)),
        ("pa_context_disconnect", None, (pointer,)),
        ("pa_context_unref", None, (pointer,)),
        ("pa_context_set_subscribe_callback", None, (pointer, _EVENT, pointer)),
        ("pa_context_subscribe", pointer, (pointer, ctypes.c_int, pointer, pointer)),
        ("pa_context_get_server_info", pointer, (pointer, _SERVER, pointer)),
        ("pa_context_get_source_info_list", pointer, (pointer, _LIST, pointer)),
        ("pa_context_get_source_output_info_list", pointer, (pointer, _LIST, pointer)),
        ("pa_operation_unref", None, (pointer,)),
        ("pa_proplist_gets", text, (pointer, text)),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def _source(info: int) -> tuple[int, Source]:
    """Return the source at that address, and its index."""
    source = _SourceInfo.from_address(info)
    name = _text(source.name)
    monitors = _text(source.monitor_of_sink_name) if source.monitor_of_sink != NO_INDEX else ""
    return source.index, Source(
        name, _text(source.description) or name, source.spec.rate, source.spec.channels, monitors
    )


def _text(text: bytes | None) -> str:
    return (text or b"").decode(errors="replace")


_EVENT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)
_SERVER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_LIST = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Spec(ctypes.Structure):
    """pa_sample_spec of pulse/sample.h."""

    _fields_ = (("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8))


class _Map(ctypes.Structure):
    """pa_channel_map of pulse/channelmap.h; pa_cvolume of pulse/volume.h has the same form."""

    _fields_ = (("channels", ctypes.c_uint8), ("values", ctypes.c_uint32 * 32))


class _Server(ctypes.Structure):
    """The beginning of pa_server_info of pulse/introspect.h, as the two below."""

    _fields_ = (
        ("user_name", ctypes.c_char_p),
        ("host_name", ctypes.c_char_p),
        ("version", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("spec", _Spec),
        ("default_sink", ctypes.c_char_p),
        ("default_source", ctypes.c_char_p),
    )


class _SourceInfo(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("index", ctypes.c_uint32),
        ("description", ctypes.c_char_p),
        ("spec", _Spec),
        ("map", _Map),
        ("owner_module", ctypes.c_uint32),
        ("volume", _Map),
        ("mute", ctypes.c_int),
        ("monitor_of_sink", ctypes.c_uint32),
        ("monitor_of_sink_name", ctypes.c_char_p),
    )


class _SourceOutput(ctypes.Structure):
    _fields_ = (
        ("index", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("owner_module", ctypes.c_uint32),
        ("client", ctypes.c_uint32),
        ("source", ctypes.c_uint32),
        ("spec", _Spec),
        ("map", _Map),
        ("buffer_usec", ctypes.c_uint64),
        ("source_usec", ctypes.c_uint64),
        ("resample_method", ctypes.c_char_p),
        ("driver", ctypes.c_char_p),
        ("proplist", ctypes.c_void_p),
    )
