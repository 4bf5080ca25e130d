"""What the user has chosen, kept in one small JSON file."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from desktop_app import lenient

Appearance: TypeAlias = Literal["system", "light", "dark"]
Quality: TypeAlias = Literal["fast", "accurate"]
When: TypeAlias = Literal["now", "idle", "mains", "tonight"]
AfterAll: TypeAlias = Literal["nothing", "sleep", "shut_down"]
HowToTalk: TypeAlias = Literal["hold", "toggle"]  # the key is held down meanwhile, or pressed twice
DictateTo: TypeAlias = Literal["clipboard", "window"]

# What the program offers; other numbers are not understood.
Threads: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=256)]
Spans: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=64)]
Minutes: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=24 * 60)]
PreRoll: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=60)]

log = logging.getLogger(__name__)


class RecordingChoices(msgspec.Struct):
    """What is recorded, and what becomes of it."""

    microphone: str = ""  # the device's id; empty: the system's default
    with_microphone: bool = True
    system_sound: str | None = None  # the id of what is listened to; empty: the default; None: without
    channels: Literal[1, 2] = 1
    pre_roll: PreRoll = 0.0  # seconds kept from before the button
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
    threads: Threads = 0  # on the processor; 0: one a core
    batch_size: Spans = 0  # spans heard at once; 0: what the device likes
    unload_after: Minutes = 10  # minutes that an idle model is kept in memory; 0: always
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
    export_formats: tuple[str, ...] = ("txt",)  # of the last export
    export_beside: bool = True  # each transcript beside its recording; else in `export_folder`
    export_folder: str = ""
    export_name: str = "{name}"  # a template
    geometry: bytes = b""  # of the window, as Qt saves it
    splitter: bytes = b""
    recording: RecordingChoices = msgspec.field(default_factory=RecordingChoices)
    captions: CaptionChoices = msgspec.field(default_factory=CaptionChoices)
    dictation: DictationChoices = msgspec.field(default_factory=DictationChoices)


class Loaded(msgspec.Struct, frozen=True):
    """The settings that were read, and what could not be."""

    settings: Settings
    not_understood: tuple[str, ...] = ()  # choices that are as on the first day; in the file they stay
    kept_aside: Path | None = None  # the whole file, as it was damaged
    trouble: OSError | None = None  # the file cannot be read now; it stays as it is


def load(file: Path) -> Settings:
    """Return the settings in `file`; what is missing or not understood is as on the first day."""
    return load_all(file).settings


def load_all(file: Path, languages: Collection[str] = ()) -> Loaded:
    """Return the settings in `file`, and what could not be read. A damaged file is kept aside under another name.

    languages: the codes that are known, if unknown ones are to be told of. They stay chosen, for a later version.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return Loaded(Settings())
    except OSError as error:
        log.warning("the settings could not be read: %s", error)
        return Loaded(Settings(), trouble=error)
    raw = _object_in(content)
    if raw is None:
        return Loaded(Settings(), kept_aside=_kept_aside(file))
    found, not_understood = lenient.convert(raw, Settings)
    if languages:
        one = (found.language,) if found.language else ()
        chosen = {"language": one, "languages": found.languages, "spoken": found.spoken}
        not_understood += [name for name, codes in chosen.items() if not set(codes) <= set(languages)]
    if not_understood:
        log.warning("settings that are not understood: %s", ", ".join(not_understood))
    return Loaded(found, tuple(not_understood))


def save(settings: Settings, file: Path) -> None:
    """Write the settings whole or not at all. Raise OSError.

    What this version does not know, or does not understand and nobody has changed, stays in the file: another version
    wrote it.
    """
    try:
        before = _object_in(file.read_bytes())
    except FileNotFoundError:
        before = {}
    if before is None:
        _kept_aside(file)
        before = {}
    fresh = file.with_name(file.name + ".new")
    fresh.touch(mode=0o600)  # names and terms are in it
    with fresh.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(_merged(settings, before))))
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)


def _object_in(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object that `content` is; None if it is none."""
    try:
        raw = msgspec.json.decode(content)
        msgspec.json.encode(raw)  # what can be read can be kept, too
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None


def _kept_aside(file: Path) -> Path | None:
    """Give a damaged file another name, and return it; None if that cannot be done."""
    aside = file.with_name(f"{file.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}{file.suffix}")
    try:
        file.replace(aside)
    except OSError as error:
        log.warning("the damaged settings could not be kept aside: %s", error)
        return None
    log.warning("the settings were damaged, and are kept aside as %s", aside.name)
    return aside


def _merged(settings: msgspec.Struct, before: dict[str, Any]) -> dict[str, Any]:
    """Return `settings` as they are written over `before`, which is what the file says."""
    usual, merged = type(settings)(), dict(before)
    for field in msgspec.structs.fields(settings):
        value, was = getattr(settings, field.name), before.get(field.name)
        is_usual = value == getattr(usual, field.name)
        if isinstance(value, msgspec.Struct) and (was is None or isinstance(was, dict)):
            merged[field.name] = _merged(value, was or {})
        elif field.name not in before or not is_usual or lenient.is_readable(was, field.type):
            merged[field.name] = msgspec.to_builtins(value)
    return merged
