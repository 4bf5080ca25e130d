"""What the user has chosen, kept in one small JSON file."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

Appearance: TypeAlias = Literal["system", "light", "dark"]
Quality: TypeAlias = Literal["fast", "accurate"]
When: TypeAlias = Literal["now", "idle", "mains", "tonight"]
AfterAll: TypeAlias = Literal["nothing", "sleep", "shut_down"]
HowToTalk: TypeAlias = Literal["hold", "toggle"]  # the key is held down meanwhile, or pressed twice
DictateTo: TypeAlias = Literal["clipboard", "window"]

log = logging.getLogger(__name__)


class RecordingChoices(msgspec.Struct):
    """What is recorded, and what becomes of it."""

    microphone: str = ""  # the device's id; empty: the system's default
    with_microphone: bool = True
    system_sound: str | None = None  # the id of what is listened to; empty: the default; None: without
    channels: Literal[1, 2] = 1
    pre_roll: float = 0.0  # seconds kept from before the button
    live: bool = True  # the text appears while one speaks
    refine: bool = True  # then it is transcribed again, more accurately


class CaptionChoices(msgspec.Struct):
    """How captions look."""

    size: int = 40  # points
    text: str = "#ffffff"
    ground: str = "#000000"
    geometry: bytes = b""  # of the window, as Qt saves it


class DictationChoices(msgspec.Struct):
    """How one dictates. Off until the user wants it."""

    on: bool = False
    key: str = "Ctrl+Alt+D"  # as Qt writes keys
    how: HowToTalk = "hold"
    to: DictateTo = "clipboard"


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
    device: Literal["auto", "cpu", "cuda"] = "auto"  # this and the next three hold for every job
    compute_type: str = ""  # of CTranslate2; empty: the best for the device
    threads: int = 0  # on the processor; 0: one a core
    batch_size: int = 0  # spans heard at once; 0: what the device likes
    unload_after: int = 10  # minutes that an idle model is kept in memory; 0: always
    hub: str = ""  # the address models are downloaded from; empty: Hugging Face
    spoken: tuple[str, ...] = ()  # the user's languages, by which a model is proposed
    welcomed: bool = False  # the page of the first start was seen
    updates: bool | None = None  # once a day it is asked whether there is a newer version; None: nobody was asked yet
    skipped_update: str = ""  # the version that is not to be spoken of any more
    appearance: Appearance = "system"
    text_size: int = 0  # of transcripts, in points; 0: as the system has it, a little larger
    when: When = "now"  # jobs are worked on
    paused: bool = False  # the whole queue, until the user lets it go on
    after_all: AfterAll = "nothing"  # once; then it is nothing again
    open_folder: str = ""  # where recordings were opened last
    export_folder: str = ""  # where the last export went
    export_format: str = "txt"
    geometry: bytes = b""  # of the window, as Qt saves it
    splitter: bytes = b""
    recording: RecordingChoices = msgspec.field(default_factory=RecordingChoices)
    captions: CaptionChoices = msgspec.field(default_factory=CaptionChoices)
    dictation: DictationChoices = msgspec.field(default_factory=DictationChoices)


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
    with fresh.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(settings)))
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
