"""What can be typed after `sottovoce`, and the job options it stands for."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import msgspec

import desktop_app
from desktop_app.messages import TUNINGS, Task, Tuning
from desktop_app.models import shelf
from desktop_app.transcripts import export
from desktop_app.transcripts.languages import LANGUAGES, code_of
from desktop_app.transcripts.transcript import JobOptions

DEFAULT_FORMAT = "txt"
COMMANDS = ("transcribe", "history")
LONGEST_PADDING = 2.0  # seconds: a pause of three ends a span


def parsed(arguments: list[str]) -> argparse.Namespace:
    if arguments and arguments[0] in COMMANDS:
        parser = _parser_of_commands()
        options = parser.parse_args(arguments)
        if options.command == "transcribe" and options.end is not None and options.end <= options.begin:
            parser.error("--to must be later than --from")
        return options
    parser = argparse.ArgumentParser(
        prog="sottovoce",
        description="Turns speech into text on this computer. Without a command, opens the window.",
        epilog="Commands: sottovoce transcribe --help, sottovoce history --help",
    )
    parser.add_argument("files", metavar="FILE", nargs="*", help="recordings to queue in the window")
    _add_version(parser)
    parser.set_defaults(command=None)
    return parser.parse_args(arguments)


def _parser_of_commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sottovoce")
    commands = parser.add_subparsers(dest="command")
    formats = ", ".join(export.FORMATS)

    transcribe = commands.add_parser("transcribe", help="transcribe recordings", description="Transcribe recordings.")
    transcribe.add_argument("files", metavar="FILE", nargs="+", help="a recording, or a folder of recordings")
    transcribe.add_argument("--model", default="base", metavar="NAME|FOLDER", help="the model (default: base)")
    transcribe.add_argument(
        "--language", type=_language, default=None, metavar="CODE|auto", help="what is spoken (default: auto)"
    )
    transcribe.add_argument("--task", choices=[task.value for task in Task], default="transcribe")
    transcribe.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    transcribe.add_argument(
        "--no-words", dest="words", action="store_false", help="no times for single words: a little faster"
    )
    transcribe.add_argument(
        "--format", type=_formats, default=None, metavar="FORMAT,...", help=f"{formats} (default: {DEFAULT_FORMAT})"
    )
    transcribe.add_argument(
        "--output-dir", type=Path, metavar="DIR", help="where the files go (default: beside each recording)"
    )
    transcribe.add_argument(
        "--name", default="{name}", metavar="TEMPLATE", help="names of the files, e.g. '{name} {language} {date}'"
    )
    output = transcribe.add_mutually_exclusive_group()
    output.add_argument("--stdout", action="store_true", help="print the transcript; write no files unless asked to")
    output.add_argument(
        "--events", action="store_true", help="print one JSON object a line as things happen; write no files likewise"
    )
    transcribe.add_argument("--quiet", action="store_true", help="no progress bar")
    _add_listening(transcribe)

    history = commands.add_parser("history", help="what was transcribed before", description="Earlier transcripts.")
    actions = history.add_subparsers(dest="action")
    listing = actions.add_parser("list", help="list the jobs, the newest first")
    listing.add_argument("--json", action="store_true")
    show = actions.add_parser("show", help="print a transcript with times")
    show.add_argument("id", type=int)
    exporting = actions.add_parser("export", help="write a transcript to a file")
    exporting.add_argument("id", type=int)
    exporting.add_argument("--format", type=_formats, required=True, metavar="FORMAT,...", help=formats)
    exporting.add_argument("--stdout", action="store_true")
    exporting.add_argument("--output-dir", type=Path, metavar="DIR", help="default: beside the recording")
    exporting.add_argument("--name", default="{name}", metavar="TEMPLATE", help="names of the files")
    removing = actions.add_parser("remove", help="forget jobs and their transcripts; recordings are not touched")
    removing.add_argument("ids", type=int, nargs="+", metavar="id")
    history.set_defaults(action="list", json=False)
    _add_version(parser)
    return parser


def _add_listening(transcribe: argparse.ArgumentParser) -> None:
    what = transcribe.add_argument_group("what to listen to")
    what.add_argument("--from", dest="begin", type=_moment, default=0.0, metavar="TIME", help="as 90 or 1:30")
    what.add_argument("--to", dest="end", type=_moment, default=None, metavar="TIME", help="end there")
    what.add_argument("--track", type=_positive, default=1, metavar="N", help="of several sound tracks, the first is 1")
    what.add_argument(
        "--split-channels", action="store_true", help="left and right are two speakers, as in recorded telephone calls"
    )
    hints = transcribe.add_argument_group("what to expect")
    hints.add_argument("--prompt", default="", metavar="TEXT", help="what it is about, in the style you want")
    hints.add_argument("--glossary", default="", metavar="WORDS", help="names and terms, separated by commas")
    hints.add_argument(
        "--languages",
        type=_languages,
        default=(),
        metavar="CODE,...",
        help="with --language auto: only these may be spoken, changing as they like",
    )
    how = transcribe.add_argument_group("how to listen (the defaults are right for nearly everybody)")
    how.add_argument("--quality", choices=list(TUNINGS), default="accurate", help="default: accurate")
    how.add_argument("--words", action="store_true", default=True, help="times for every word (default)")
    how.add_argument("--beam", type=_positive, default=None, metavar="N", help="readings followed at once: 5, fast 1")
    how.add_argument(
        "--temperatures", type=_temperatures, default=None, metavar="T,...", help="tried in turn on doubtful speech"
    )
    how.add_argument(
        "--speech-threshold", type=_share, default=None, metavar="0-1", help="how sure it must be of speech: 0.5"
    )
    how.add_argument("--speech-padding", type=_padding, default=None, metavar="S", help="kept around speech: 0.4 s")
    how.add_argument("--batch", type=_positive, default=None, metavar="N", help="pieces heard at once: 8, on a GPU 16")
    how.add_argument("--compute-type", default=None, metavar="TYPE", help="of CTranslate2, as int8, float16, float32")
    how.add_argument("--threads", type=_positive, default=None, metavar="N", help="on the processor: one a core")


def job_options(arguments: argparse.Namespace) -> JobOptions:
    """Return what a job is to be done with, as typed."""
    model = arguments.model if arguments.model in _names_of_models() else str(Path(arguments.model).absolute())
    return JobOptions(
        model=model,
        language=arguments.language,
        task=Task(arguments.task),
        words=arguments.words,
        device=arguments.device,
        languages=arguments.languages,
        prompt=arguments.prompt,
        glossary=arguments.glossary,
        begin=arguments.begin,
        end=arguments.end,
        track=arguments.track - 1,
        split_channels=arguments.split_channels,
        tuning=_tuning(arguments),
    )


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
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d+)?", words):
        raise argparse.ArgumentTypeError(f"“{words}” is no time: write seconds (90.5), 1:30 or 0:01:30")
    seconds = 0.0
    for part in words.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def _positive(words: str) -> int:
    if not words.isascii() or not words.isdigit() or int(words) < 1:
        raise argparse.ArgumentTypeError(f"“{words}” is not 1, 2, 3, …")
    return int(words)


def _share(words: str) -> float:
    try:
        share = float(words)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"“{words}” is not between 0 and 1")
    return share


def _padding(words: str) -> float:
    seconds = _moment(words)
    if seconds > LONGEST_PADDING:
        raise argparse.ArgumentTypeError(f"“{words}” is more than {LONGEST_PADDING:g} seconds")
    return seconds


def _temperatures(words: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in words.split(","))
    except ValueError:
        found = ()
    if not found or not all(0 <= temperature <= 2 for temperature in found):
        raise argparse.ArgumentTypeError(f"“{words}”: write numbers from 0 to 2, as 0,0.2,0.4")
    return found


def _languages(words: str) -> tuple[str, ...]:
    codes = []
    for part in words.split(","):
        code = code_of(part)
        if code is None:
            raise argparse.ArgumentTypeError(f"“{part}” is no language Whisper knows. Known: {', '.join(LANGUAGES)}")
        codes.append(code)
    return tuple(codes)


def _add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action="version", version=f"Sottovoce {desktop_app.__version__}")


def _language(words: str) -> str | None:
    if words.casefold() == "auto":
        return None
    code = code_of(words)
    if code is None:
        raise argparse.ArgumentTypeError(f"“{words}” is no language Whisper knows. Known: {', '.join(LANGUAGES)}")
    return code


def _formats(words: str) -> list[str]:
    names = [name.strip() for name in words.split(",") if name.strip()]
    for name in names:
        if name not in export.FORMATS:
            raise argparse.ArgumentTypeError(f"“{name}” is no format. Formats: {', '.join(export.FORMATS)}")
    if not names:
        raise argparse.ArgumentTypeError(f"name at least one of: {', '.join(export.FORMATS)}")
    return names


def _names_of_models() -> set[str]:
    return {model.name for model in shelf.installed()} | {"base"}
