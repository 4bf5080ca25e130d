"""The graphics cards of NVIDIA's in this computer, as its driver tells of them.

CUDA's library tells which there are, in the order in which CTranslate2 counts them; that for their management (NVML)
how much of their memory is free, and which there are if CUDA knows of none. Both belong to the driver.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from desktop_app.messages import CardFound

CUDA, MANAGEMENT = ("nvcuda.dll", "nvml.dll") if sys.platform == "win32" else ("libcuda.so.1", "libnvidia-ml.so.1")
CAPABILITY = (75, 76)  # what CUDA calls the two parts of it
LONGEST_NAME = 128
NVIDIA, DISPLAY = "0x10de", "0x03"  # on the PCI bus


def look() -> list[CardFound]:
    """Return the cards that can be used; if there are none, those that cannot."""
    managed = dict(_managed())
    driver = next((card.driver for card in managed.values()), "")
    usable = dict(_of_cuda(managed, driver))
    if usable:
        return [*usable.values()]
    return [*managed.values()] or [CardFound(-1, "", 0, None, (0, 0), "") for _ in range(_on_the_bus())]


def driver_is_there() -> bool:
    return _opened(CUDA) is not None


def _of_cuda(managed: dict[str, CardFound], driver: str) -> Iterator[tuple[str, CardFound]]:
    """Yield the cards that programs can calculate with, each with its unchangeable name."""
    library = _opened(CUDA)
    if library is None or library.cuInit(0) != 0:
        return
    version, count = ctypes.c_int(), ctypes.c_int()
    library.cuDriverGetVersion(ctypes.byref(version))
    if library.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return
    cuda = (version.value // 1000, version.value % 1000 // 10)
    for index in range(count.value):
        device, memory = ctypes.c_int(), ctypes.c_size_t()
        name, identity = ctypes.create_string_buffer(LONGEST_NAME), (ctypes.c_ubyte * 16)()
        library.cuDeviceGet(ctypes.byref(device), index)
        library.cuDeviceGetName(name, LONGEST_NAME, device)
        library.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
        library.cuDeviceGetUuid(identity, device)
        known = managed.get(bytes(identity).hex())
        yield (
            bytes(identity).hex(),
            CardFound(
                index=index,
                name=_text(name),
                memory_bytes=memory.value,
                free_bytes=known.free_bytes if known else None,
                capability=(_attribute(library, CAPABILITY[0], device), _attribute(library, CAPABILITY[1], device)),
                driver=driver,
                cuda=cuda,
            ),
        )


def _attribute(library: Any, number: int, device: ctypes.c_int) -> int:
    value = ctypes.c_int()
    library.cuDeviceGetAttribute(ctypes.byref(value), number, device)
    return value.value


class _Memory(ctypes.Structure):  # nvmlMemory_t
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def _managed() -> Iterator[tuple[str, CardFound]]:
    """Yield the cards that the driver knows, each with its unchangeable name."""
    library = _opened(MANAGEMENT)
    if library is None or library.nvmlInit_v2() != 0:
        return
    driver, count = ctypes.create_string_buffer(LONGEST_NAME), ctypes.c_uint()
    library.nvmlSystemGetDriverVersion(driver, LONGEST_NAME)
    library.nvmlDeviceGetCount_v2(ctypes.byref(count))
    for index in range(count.value):
        card, memory = ctypes.c_void_p(), _Memory()
        name, identity = (ctypes.create_string_buffer(LONGEST_NAME) for _ in range(2))
        if library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(card)) != 0:
            continue
        library.nvmlDeviceGetName(card, name, LONGEST_NAME)
        library.nvmlDeviceGetUUID(card, identity, LONGEST_NAME)
        is_told = library.nvmlDeviceGetMemoryInfo(card, ctypes.byref(memory)) == 0
        free = memory.free if is_told else None
        yield (
            _text(identity).removeprefix("GPU-").replace("-", ""),
            CardFound(-1, _text(name), memory.total, free, (0, 0), _text(driver)),
        )
    library.nvmlShutdown()


def _on_the_bus() -> int:
    """Return how many cards are plugged in, with or without a driver. Linux alone tells it simply."""
    found = 0
    for device in Path("/sys/bus/pci/devices").glob("*"):
        try:
            vendor, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
        except OSError:
            continue
        found += vendor == NVIDIA and kind.startswith(DISPLAY)
    return found


def _opened(name: str) -> Any | None:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _text(buffer: Any) -> str:
    return bytes(buffer.value).decode("utf-8", "replace")
