"""What CTranslate2 can do on this computer: tried with a little model, measured with a real one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import ctranslate2
import numpy as np

from desktop_app.backend import little_model
from desktop_app.backend.devices import CARD_TYPES, PROCESSOR_TYPE, Setup, threads
from desktop_app.backend.engine import weights, writers
from desktop_app.messages import Measured, Measuring, Message, Tried, Trying, Unmeasured

FRAMES = 3000  # 30 s
SPANS = {"cpu": 2, "cuda": 16}  # heard at once while measuring
READINGS = 5  # as jobs do
WRITTEN = 16  # tokens
TO_MEASURE = 2.5  # seconds it takes with base, on two cores with nothing else to do
TO_CALCULATE = 1.2  # of these, when it is loaded
STARVED = 2.0  # times the time that its own work takes: then other programs had the processor, see `_Clock`
PROMPT = (50258, 50259, 50359, 50363)  # of the multilingual models: start, English, write down, without times
END = 50257


def cards() -> int:
    return int(ctranslate2.get_cuda_device_count())


def try_all(send: Callable[[Message], None], without: Sequence[str]) -> list[Setup]:
    """Try every arithmetic on every device, the cards first; return what works.

    without: what is not to be tried, as DEVICE:INDEX:TYPE.
    """
    devices: list[tuple[Literal["cpu", "cuda"], int]] = [("cuda", index) for index in range(cards())]
    devices.append(("cpu", 0))
    files = little_model.files()
    works = []
    for device, index in devices:
        for kind in sorted(ctranslate2.get_supported_compute_types(device, index)):
            if f"{device}:{index}:{kind}" not in without:
                send(Trying(device, index, kind))
                tried = _tried(files, device, index, kind)
                send(tried)
                works += [Setup(device, kind, threads(), index)] if tried.works else []
    return works


def _tried(files: dict[str, bytes], device: Literal["cpu", "cuda"], index: int, compute_type: str) -> Tried:
    began = time.monotonic()
    try:
        model = ctranslate2.models.Whisper(
            "little", device=device, device_index=index, compute_type=compute_type, intra_threads=threads(), files=files
        )
        encoded = model.encode(_sound(1, little_model.MELS), to_cpu=True)
        written = model.generate(encoded, [little_model.PROMPT], beam_size=2, max_length=16)
        detail = "" if written[0].sequences_ids[0] else "nothing was written"
    except Exception as error:  # CTranslate2 raises what it likes
        detail = f"{type(error).__name__}: {error}"
    return Tried(device, index, compute_type, not detail, round(time.monotonic() - began, 3), detail)


def measure(
    send: Callable[[Message], None],
    model: bytes,
    name: str,
    works: Sequence[Setup],
    without: Sequence[str],
    seconds_left: Callable[[], float],
) -> None:
    """Measure the model of that name on each device, in the arithmetic that jobs would get, while there is time.

    without: the devices on which it is not to be measured, as DEVICE:INDEX.
    """
    for device, index in dict.fromkeys((setup.device, setup.index) for setup in works):
        if f"{device}:{index}" in without or seconds_left() < TO_MEASURE:
            continue
        best = min((setup for setup in works if (setup.device, setup.index) == (device, index)), key=_rank)
        send(Measuring(name, device, index))
        try:
            measured = _measured(model, best, seconds_left)
        except Exception as error:  # of a full card, of a file that cannot be read: CTranslate2 raises what it likes
            send(Unmeasured(name, device, index, f"{type(error).__name__}: {error}"))
            continue
        if measured is not None:
            encoding, writing = measured
            send(Measured(name, device, index, best.compute_type, round(encoding, 4), round(writing, 6)))


def _measured(model: bytes, setup: Setup, seconds_left: Callable[[], float]) -> tuple[float, float] | None:
    """Return the seconds that encoding 30 s of sound takes, and writing a token, as jobs have it done.

    None if loading took so long that the rest would take too long.
    """
    spans = SPANS[setup.device]
    reader = weights(model, setup, 0)
    if seconds_left() < TO_CALCULATE:
        return None
    workers = writers(model, setup)
    writer = weights(model, setup, workers) if workers else reader
    if seconds_left() < TO_CALCULATE:
        return None
    clock = _Clock(setup.device, setup.threads)
    encoded = reader.encode(_sound(spans if setup.device == "cuda" else 1, reader.n_mels), to_cpu=True)
    encoding = clock.seconds() / encoded.shape[0]
    rows = np.resize(np.asarray(encoded), (spans, *encoded.shape[1:]))
    clock = _Clock(setup.device, min(workers, spans) if workers else setup.threads)
    begun = [
        writer.generate(
            ctranslate2.StorageView.from_array(np.ascontiguousarray(part)),
            [list(PROMPT)] * len(part),
            beam_size=READINGS,
            max_length=2 * WRITTEN,
            suppress_tokens=[END],
            asynchronous=True,
        )
        for part in np.array_split(rows, max(1, min(workers, spans)))
    ]
    count = sum(len(one.result().sequences_ids[0]) for part in begun for one in part)
    return encoding, clock.seconds() / max(1, count)


class _Clock:
    """Tells how long something takes on a computer that has nothing else to do, though this one may have."""

    def __init__(self, device: Literal["cpu", "cuda"], at_once: int) -> None:
        """at_once: the threads that calculate."""
        self._device, self._at_once = device, max(1, at_once)
        self._began, self._worked = time.monotonic(), time.process_time()

    def seconds(self) -> float:
        """Return the seconds since it was made; if the processor was busy with other programs, without their share."""
        passed = time.monotonic() - self._began
        own = (time.process_time() - self._worked) / self._at_once
        return own if self._device == "cpu" and 0 < STARVED * own < passed else passed


def _sound(spans: int, mels: int) -> Any:
    lots = np.random.default_rng(1)
    return ctranslate2.StorageView.from_array(lots.standard_normal((spans, mels, FRAMES), dtype=np.float32))


def _rank(setup: Setup) -> int:
    preferred = CARD_TYPES if setup.device == "cuda" else (PROCESSOR_TYPE,)
    return preferred.index(setup.compute_type) if setup.compute_type in preferred else len(preferred)
