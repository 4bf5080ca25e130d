"""What can be typed after `sottovoce`, and the job options it stands for."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

import desktop_app
from desktop_app.messages import ACCURATE, FAST, TUNINGS, Task, Tuning
from desktop_app.models import shelf
from desktop_app.transcripts import export
from desktop_app.transcripts.languages import LANGUAGES, code_of
from desktop_app.transcripts.numbers import number_in, seconds_in, temperatures_in
from desktop_app.transcripts.transcript import (
    HOTTEST,
    LONGEST_PADDING,
    MOST_PIECES,
    MOST_READINGS,
    MOST_THREADS,
    MOST_TRACKS,
    JobOptions,
)

DEFAULT_FORMAT = "txt"
SHORTEST_RECORDING = 0.1  # seconds
LONGEST_PRE_ROLL = 60.0  # seconds
LONGEST_WAIT = 3600.0  # seconds
COMMANDS = (
    "transcribe",
    "record",
    "resume",
    "history",
    "library",
    "models",
    "devices",
    "gpu",
    "updates",
    "quit",
    "help",
)
WHICH_JOB = "its number, as shown by “sottovoce history list”"


def parsed(arguments: list[str]) -> argparse.Namespace:
    if arguments and arguments[0] in COMMANDS:
        parser = _parser_of_commands()
        options = parser.parse_args(arguments)
        if options.command == "transcribe" and options.end is not None and options.end <= options.begin:
            parser.error("--to must be later than --from")
        return options
    parser = argparse.ArgumentParser(
        prog="sottovoce",
        description="Transcribes recordings on this computer. Without a command, opens the window.",
        epilog="Commands, each with --help: " + ", ".join(f"sottovoce {command}" for command in COMMANDS),
    )
    parser.add_argument("files", metavar="FILE", nargs="*", help="recordings to transcribe in the window")
    _add_version(parser)
    parser.set_defaults(command=None)
    return parser.parse_args(arguments)


def _parser_of_commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sottovoce")
    commands = parser.add_subparsers(dest="command")
    formats = ", ".join(export.FORMATS)

    transcribe = commands.add_parser("transcribe", help="transcribe recordings", description="Transcribe recordings.")
    transcribe.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="a recording, a folder of recordings, a pattern such as '*.mp3', or - for standard input",
    )
    transcribe.add_argument("--model", default="base", metavar="NAME|FOLDER", help="the model (default: base)")
    transcribe.add_argument(
        "--language", type=_language, default=None, metavar="CODE|auto", help="the language spoken (default: auto)"
    )
    transcribe.add_argument(
        "--task",
        choices=[task.value for task in Task],
        default="transcribe",
        help="transcribe in the language spoken, or translate to English (default: transcribe)",
    )
    transcribe.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="CPU or NVIDIA graphics card (default: auto, the graphics card if there is a usable one)",
    )
    transcribe.add_argument("--no-words", dest="words", action="store_false", help="do not store word times")
    transcribe.add_argument(
        "--format",
        type=_formats,
        default=None,
        metavar="FORMAT,...",
        help=f"any of: {formats} (default: {DEFAULT_FORMAT})",
    )
    transcribe.add_argument(
        "--output-dir", type=Path, metavar="DIR", help="where to write the files (default: beside each recording)"
    )
    transcribe.add_argument(
        "--name", default="{name}", metavar="TEMPLATE", help="file names, e.g. '{name} {language} {date}'"
    )
    existing = transcribe.add_mutually_exclusive_group()
    existing.add_argument(
        "--skip-existing", action="store_true", help="skip recordings that already have all their files"
    )
    existing.add_argument(
        "--overwrite", action="store_true", help="replace existing files (default: write “name (2).txt”)"
    )
    output = transcribe.add_mutually_exclusive_group()
    output.add_argument(
        "--stdout", action="store_true", help="print the transcript; write files only with --format or --output-dir"
    )
    output.add_argument(
        "--events",
        action="store_true",
        help="print events as JSON, one object per line; write files only with --format or --output-dir",
    )
    transcribe.add_argument("--quiet", action="store_true", help="no progress bar")
    _add_listening(transcribe)

    _add_record(commands)

    resume = commands.add_parser(
        "resume",
        help="continue interrupted transcriptions",
        description="Continue interrupted jobs, each where it stopped. What was transcribed before is not printed"
        " again; the requested files are written as each job ends.",
    )
    resume.add_argument(
        "ids", type=int, nargs="*", metavar="id", help="only these jobs (default: all interrupted ones)"
    )
    resume.add_argument("--events", action="store_true", help="print events as JSON, one object per line")
    resume.add_argument("--quiet", action="store_true", help="no progress bar")

    history = commands.add_parser(
        "history",
        help="show, export or remove earlier transcripts",
        description="Show, export, remove or restore earlier transcripts.",
    )
    actions = history.add_subparsers(dest="action")
    listing = actions.add_parser("list", help="list the jobs, the newest first")
    listing.add_argument("--json", action="store_true", help="print everything about them as JSON")
    listing.add_argument("--removed", action="store_true", help="list removed jobs that can still be restored")
    show = actions.add_parser("show", help="print a transcript with times")
    show.add_argument("id", type=int, help=WHICH_JOB)
    exporting = actions.add_parser("export", help="write a transcript to a file")
    exporting.add_argument("id", type=int, help=WHICH_JOB)
    exporting.add_argument("--format", type=_formats, required=True, metavar="FORMAT,...", help=f"any of: {formats}")
    exporting.add_argument("--stdout", action="store_true", help="print it; write no file")
    exporting.add_argument(
        "--output-dir", type=Path, metavar="DIR", help="where to write the files (default: beside the recording)"
    )
    exporting.add_argument("--name", default="{name}", metavar="TEMPLATE", help="file names")
    removing = actions.add_parser("remove", help="remove jobs and their transcripts; recordings are not deleted")
    removing.add_argument("ids", type=int, nargs="+", metavar="id", help=WHICH_JOB)
    removing.add_argument("--for-good", action="store_true", help="immediately, instead of keeping them for 30 days")
    restoring = actions.add_parser("restore", help="restore removed jobs")
    restoring.add_argument("ids", type=int, nargs="+", metavar="id", help="its number, as shown by “list --removed”")
    history.set_defaults(action="list", json=False, removed=False)
    _add_library(commands)
    _add_models(commands)
    _add_updates(commands)
    devices = commands.add_parser(
        "devices",
        help="show what this computer can do, and what can be recorded",
        description="Show which device and precision this computer uses and why, or list what can be recorded.",
    )
    devices.add_argument(
        "--audio", action="store_true", help="list what can be recorded: microphones, and the computer's own sound"
    )
    devices.add_argument("--json", action="store_true", help="print everything as JSON")
    devices.add_argument("--again", action="store_true", help="check again, even if nothing seems to have changed")
    _add_gpu(commands)
    quitting = commands.add_parser(
        "quit",
        help="close the window, and wait until it has closed",
        description="Close the open window, and wait until it has closed. A recording that is being transcribed"
        " continues when you start Sottovoce again. Exit codes: 0 if no window is open and nothing is being transcribed"
        " or recorded any more; 3 if a recording is in progress, 4 if something is being transcribed in a terminal"
        " (nothing is closed in either case); 5 if the window does not close.",
    )
    quitting.add_argument(
        "--wait",
        type=_seconds_up_to(LONGEST_WAIT),
        default=30.0,
        metavar="N",
        help="how many seconds to wait (default: 30)",
    )
    helping = commands.add_parser(
        "help",
        help="show a page of the manual",
        description="Show a page of the manual, or list its topics.",
    )
    helping.add_argument(
        "topic", metavar="TOPIC", nargs="*", help="one of the topics, or a command (default: list them)"
    )
    _add_version(parser)
    return parser


def _add_record(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    record = commands.add_parser(
        "record",
        help="record from a microphone",
        description="Record from a microphone into a WAV file, until Ctrl+C. The audio is saved as it is recorded, so"
        " nothing is lost if this program ends unexpectedly.",
    )
    record.add_argument(
        "--device", metavar="NAME|ID", help="as listed by “sottovoce devices --audio” (default: the system’s default)"
    )
    record.add_argument(
        "--system",
        action="store_true",
        help="also record the computer's own sound: microphone left, computer right",
    )
    record.add_argument("--channels", type=int, choices=[1, 2], default=1, help="1 for mono, 2 for stereo (default: 1)")
    record.add_argument(
        "--output", type=Path, metavar="FILE", help="file or folder to write to (default: the recordings folder)"
    )
    record.add_argument(
        "--seconds",
        type=_length,
        metavar="N",
        help="stop after this much audio: 90 or 1:30. Audio lost to a full disk counts; time while a device is"
        " unplugged or sends nothing does not",
    )
    record.add_argument(
        "--pre-roll",
        type=_seconds_up_to(LONGEST_PRE_ROLL),
        default=0.0,
        metavar="N",
        help="include the last N seconds before the recording starts: listen for N seconds first",
    )

    live = record.add_argument_group("live text")
    live.add_argument(
        "--live", action="store_true", help="print the text while recording; the transcript stays in the library"
    )
    live.add_argument("--model", default="base", metavar="NAME|FOLDER", help="the model (default: base)")
    live.add_argument(
        "--language", type=_language, default=None, metavar="CODE|auto", help="the language spoken (default: auto)"
    )


def _add_library(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    library = commands.add_parser(
        "library",
        help="back up, restore or check what was transcribed",
        description="The library: all transcripts, in one file. Recordings are not in it.",
    )
    actions = library.add_subparsers(dest="action", required=True)
    backup = actions.add_parser("backup", help="write the library, as it is now, to a new file")
    backup.add_argument("file", type=Path, metavar="FILE", help="the backup; an existing file is not overwritten")
    restore = actions.add_parser("restore", help="replace the library with a backup; the previous library is kept")
    restore.add_argument("file", type=Path, metavar="FILE", help="the backup")
    actions.add_parser("check", help="check the whole library, and repair it if it is damaged")


def _add_models(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    models = commands.add_parser(
        "models",
        help="list, download, check, add or remove models",
        description="Speech recognition models. Larger ones are more accurate, but slower.",
    )
    actions = models.add_subparsers(dest="action")
    listing = actions.add_parser("list", help="list those on this computer, and those that can be downloaded")
    listing.add_argument("--json", action="store_true", help="print everything about them as JSON")
    download = actions.add_parser("download", help="download models, or repair damaged ones")
    download.add_argument(
        "names", metavar="NAME|OWNER/NAME", nargs="+", type=_text, help="as shown by “list”, or its name on the hub"
    )
    download.add_argument(
        "--revision", type=_text, default="", metavar="COMMIT", help="of OWNER/NAME (default: the newest)"
    )
    download.add_argument(
        "--token", action="store_true", help="ask for an access token for the hub, for private models"
    )
    download.add_argument("--hub", type=_text, default="", metavar="ADDRESS", help="a mirror of the hub")
    verify = actions.add_parser("verify", help="check every byte of models against what was published")
    verify.add_argument("names", metavar="NAME", nargs="*", type=_text, help="only these (default: all)")
    importing = actions.add_parser("import", help="add a model from a folder or a zip archive")
    importing.add_argument("source", type=Path, metavar="FILE|FOLDER", help="a Whisper model in CTranslate2 format")
    importing.add_argument(
        "--name", type=_text, default="", metavar="NAME", help="its name (default: the name of the folder)"
    )
    removing = actions.add_parser("remove", help="remove models that no recording in the queue needs")
    removing.add_argument("names", metavar="NAME", nargs="+", type=_text, help="as shown by “list”")
    where = actions.add_parser("where", help="print the models folder, or move it")
    where.add_argument("folder", type=Path, nargs="?", default=None, metavar="FOLDER", help="move them there")
    models.set_defaults(action="list", json=False)


def _add_gpu(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    gpu = commands.add_parser(
        "gpu",
        help="install or remove the libraries for an NVIDIA graphics card",
        description="The GPU pack: the libraries that an NVIDIA graphics card needs in addition to its driver.",
    )
    actions = gpu.add_subparsers(dest="action")
    status = actions.add_parser("status", help="show whether it is installed, and how to get it")
    status.add_argument("--json", action="store_true", help="print everything about it as JSON")
    install = actions.add_parser("install", help="download it (resuming a partial download), or install it from a file")
    install.add_argument(
        "--from", dest="source", type=Path, default=None, metavar="FILE", help="install this file, without a network"
    )
    actions.add_parser("remove", help="remove what “install” installed")
    gpu.set_defaults(action="status", json=False)


def _add_updates(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    updates = commands.add_parser(
        "updates",
        help="check for a new version, and download its installer",
        description="Show newer versions found so far. Uses the network only with --check or --download.",
    )
    updates.add_argument("--check", action="store_true", help="check with sottovoce.app, and show what is new")
    updates.add_argument(
        "--download", type=Path, default=None, metavar="FOLDER", help="check, and download the latest installer"
    )
    updates.add_argument("--json", action="store_true", help="print everything as JSON")


def _add_listening(transcribe: argparse.ArgumentParser) -> None:
    what = transcribe.add_argument_group("what to transcribe")
    what.add_argument("--from", dest="begin", type=_moment, default=0.0, metavar="TIME", help="start here: 90 or 1:30")
    what.add_argument("--to", dest="end", type=_moment, default=None, metavar="TIME", help="stop here")
    what.add_argument(
        "--track",
        type=_up_to(MOST_TRACKS),
        default=None,
        metavar="N",
        help="audio track; the first is 1 (default: the default track, or the first with speech)",
    )
    what.add_argument(
        "--split-channels", action="store_true", help="left and right are two speakers, as in recorded phone calls"
    )
    hints = transcribe.add_argument_group("what to expect")
    hints.add_argument(
        "--prompt",
        type=_text,
        default="",
        metavar="TEXT",
        help="a sentence or two about the recording, in the style you want",
    )
    hints.add_argument(
        "--glossary", type=_text, default="", metavar="WORDS", help="names and terms, separated by commas"
    )
    hints.add_argument(
        "--languages",
        type=_languages,
        default=(),
        metavar="CODE,...",
        help="with --language auto: only these, in any order",
    )
    how = transcribe.add_argument_group("advanced options (the defaults suit nearly everyone)")
    how.add_argument(
        "--quality",
        choices=list(TUNINGS),
        default="accurate",
        help="fast: beam size 1 instead of 5, and 1 retry instead of 5 where in doubt; about twice as fast, a little"
        " less accurate. The checks are the same (default: accurate)",
    )
    how.add_argument("--words", action="store_true", default=True, help="store the time of every word (default)")
    how.add_argument(
        "--beam", type=_up_to(MOST_READINGS), default=None, metavar="N", help="beam size (default: 5, fast 1)"
    )
    how.add_argument(
        "--temperatures",
        type=_temperatures,
        default=None,
        metavar="T,...",
        help=f"tried in turn on doubtful speech (default: {_written(ACCURATE)}; fast {_written(FAST)})",
    )
    how.add_argument(
        "--speech-threshold",
        type=_share,
        default=None,
        metavar="0-1",
        help="how certain it must be that someone is speaking (default: 0.5)",
    )
    how.add_argument(
        "--speech-padding",
        type=_seconds_up_to(LONGEST_PADDING),
        default=None,
        metavar="S",
        help="seconds kept before and after speech (default: 0.4)",
    )
    how.add_argument(
        "--batch",
        type=_up_to(MOST_PIECES),
        default=None,
        metavar="N",
        help="batch size (default: up to 8 on the CPU, up to 16 on a GPU)",
    )
    how.add_argument(
        "--compute-type",
        default=None,
        metavar="TYPE",
        help="precision: a compute type of CTranslate2, such as int8, float16 or float32",
    )
    how.add_argument(
        "--threads", type=_up_to(MOST_THREADS), default=None, metavar="N", help="CPU threads (default: one per core)"
    )


def job_options(arguments: argparse.Namespace) -> JobOptions:
    """Return what a job is to be done with, as typed."""
    return JobOptions(
        model=_model(arguments),
        language=arguments.language,
        task=Task(arguments.task),
        words=arguments.words,
        device=arguments.device,
        languages=arguments.languages,
        prompt=arguments.prompt,
        glossary=arguments.glossary,
        begin=arguments.begin,
        end=arguments.end,
        track=None if arguments.track is None else arguments.track - 1,
        split_channels=arguments.split_channels,
        tuning=_tuning(arguments),
    )


def live_options(arguments: argparse.Namespace) -> JobOptions:
    """Return what a recording is to be followed with, as typed."""
    return JobOptions(model=_model(arguments), language=arguments.language, split_channels=arguments.system)


def _model(arguments: argparse.Namespace) -> str:
    name: str = arguments.model
    return name if name in _names_of_models() else str(Path(name).absolute())


def _tuning(arguments: argparse.Namespace) -> Tuning:
    asked = {
        "beam_size": arguments.beam,
        "temperatures": arguments.temperatures,
        "speech_threshold": arguments.speech_threshold,
        "speech_padding": arguments.speech_padding,
        "batch_size": arguments.batch,
        "compute_type": arguments.compute_type,
        "threads": arguments.threads,
    }
    return msgspec.structs.replace(
        TUNINGS[arguments.quality], **{name: value for name, value in asked.items() if value is not None}
    )


def _moment(words: str) -> float:
    seconds = seconds_in(words)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"“{words}” is not a time: use seconds (90.5), 1:30 or 0:01:30")
    return seconds


def _length(words: str) -> float:
    seconds = _moment(words)
    if seconds < SHORTEST_RECORDING:
        raise argparse.ArgumentTypeError(f"“{words}” is less than {SHORTEST_RECORDING:g} seconds")
    return seconds


def _seconds_up_to(most: float) -> Callable[[str], float]:
    def seconds(words: str) -> float:
        found = _moment(words)
        if found > most:
            raise argparse.ArgumentTypeError(f"“{words}” is more than {most:g} seconds")
        return found

    return seconds


def _up_to(most: int) -> Callable[[str], int]:
    def number(words: str) -> int:
        if not re.fullmatch("[0-9]+", words) or not 1 <= float(words) <= most:
            raise argparse.ArgumentTypeError(f"“{words}” is not a whole number from 1 to {most}")
        return int(words)

    return number


def _text(words: str) -> str:
    """Return what was typed. In a locale that is not UTF-8 Python has taken its bytes for another encoding's."""
    with contextlib.suppress(UnicodeError):
        return os.fsencode(words).decode()
    try:
        words.encode()
    except UnicodeEncodeError:
        legible = words.encode(errors="replace").decode()
        raise argparse.ArgumentTypeError(f"“{legible}” is not valid UTF-8") from None
    return words


def _share(words: str) -> float:
    share = number_in(words)
    if share is None or not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"“{words}” is not between 0 and 1")
    return share


def _temperatures(words: str) -> tuple[float, ...]:
    found = temperatures_in(words)
    if not found:
        raise argparse.ArgumentTypeError(
            f"“{words}”: use numbers from 0 to {HOTTEST:g} with a decimal point, such as 0,0.2,0.4"
        )
    return found


def _written(tuning: Tuning) -> str:
    return ",".join(f"{temperature:g}" for temperature in tuning.temperatures)


def _languages(words: str) -> tuple[str, ...]:
    codes = []
    for part in words.split(","):
        code = code_of(part)
        if code is None:
            raise argparse.ArgumentTypeError(
                f"“{part}” is not a language Whisper supports. Supported: {', '.join(LANGUAGES)}"
            )
        codes.append(code)
    return tuple(codes)


def _add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action="version", version=f"Sottovoce {desktop_app.__version__}")


def _language(words: str) -> str | None:
    if words.casefold() == "auto":
        return None
    code = code_of(words)
    if code is None:
        raise argparse.ArgumentTypeError(
            f"“{words}” is not a language Whisper supports. Supported: {', '.join(LANGUAGES)}"
        )
    return code


def _formats(words: str) -> list[str]:
    names = [name.strip() for name in words.split(",") if name.strip()]
    for name in names:
        if name not in export.FORMATS:
            raise argparse.ArgumentTypeError(f"“{name}” is not a format. Formats: {', '.join(export.FORMATS)}")
    if not names:
        raise argparse.ArgumentTypeError(f"name at least one of: {', '.join(export.FORMATS)}")
    return names


def _names_of_models() -> set[str]:
    return {model.name for model in shelf.installed()} | {"base"}
