"""What the user has chosen, kept in one small JSON file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

Appearance: TypeAlias = Literal["system", "light", "dark"]
Quality: TypeAlias = Literal["fast", "accurate"]
When: TypeAlias = Literal["now", "idle", "mains", "tonight"]
AfterAll: TypeAlias = Literal["nothing", "sleep", "shut_down"]

log = logging.getLogger(__name__)


class Settings(msgspec.Struct):
    """The choices; a missing or unreadable one is as on the first day."""

    model: str = "base"
    language: str | None = None  # None: detect it
    task: Literal["transcribe", "translate"] = "transcribe"
    words: bool = True
    quality: Quality = "accurate"
    prompt: str = ""
    glossary: str = ""
    languages: tuple[str, ...] = ()  # to choose from, if `language` is None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    appearance: Appearance = "system"
    when: When = "now"  # jobs are worked on
    after_all: AfterAll = "nothing"  # once; then it is nothing again
    open_folder: str = ""  # where recordings were opened last
    export_folder: str = ""  # where the last export went
    export_format: str = "txt"
    geometry: bytes = b""  # of the window, as Qt saves it
    splitter: bytes = b""


def load(file: Path) -> Settings:
    """Return the settings in `file`. One that is missing or damaged gives those of the first day."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warning("the settings could not be read: %s", error)
        return Settings()


def save(settings: Settings, file: Path) -> None:
    """Write the settings whole or not at all. Raise OSError."""
    fresh = file.with_name(file.name + ".new")
    fresh.touch(mode=0o600)  # names and terms are in it
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(settings)))
    fresh.replace(file)
