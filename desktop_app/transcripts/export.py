"""A transcript as txt, srt, vtt, tsv, json: one pure function a format; the suffix picks the format.

Each gives the file piece by piece, about one a segment, so that a long transcript need not be in memory.

srt and vtt are written here and not by pysubs2: it takes any text for SubStation markup, so that `{y}` is lost and
`C:\\new` broken in two, and it stops the clock at 99:59:59,999.
"""
# ruff: noqa: A002 - "format" is the word for it

from __future__ import annotations

import contextlib
import csv
import errno
import html
import io
import itertools
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from desktop_app.messages import Segment, Task
from desktop_app.transcripts import subtitles
from desktop_app.transcripts.lines import as_lines, text_of_line
from desktop_app.transcripts.subtitles import legible
from desktop_app.transcripts.transcript import Job, JobState, Output, Transcript, display_name, speaker_name

_JOINER = "\u2060"  # WORD JOINER: has no width, allows no line break
_RIGHT_TO_LEFT_MARK = "\u200f"
_RIGHT_TO_LEFT = ("R", "AL")  # Unicode's names for the directions of Hebrew and Arabic letters


class UnknownFormat(ValueError):
    """There is no format of this name, or none with this suffix."""


class UnknownField(ValueError):
    """A template for file names asks for something a job does not have."""


# --- the formats ----------------------------------------------------------------------------------------------------


def as_txt(transcript: Transcript) -> Iterator[str]:
    """Yield the text, line by line: about one a segment, where that ends with a clause."""
    for line in as_lines(transcript.segments):
        yield f"{_line(line)}\n"


def as_txt_times(transcript: Transcript) -> Iterator[str]:
    """Yield the text line by line, each after the moment it starts: `[0:12:34] `."""
    for line in as_lines(transcript.segments):
        yield f"[{_clock(line[0].start)}] {_line(line)}\n"


def as_srt(transcript: Transcript) -> Iterator[str]:
    """Yield the transcript as SubRip.

    SubRip cannot escape. Where players would take text for a tag (`<b>`, `{\\an8}`) or for the start of a cue, an
    invisible U+2060 goes in between: it looks as it should, and without U+2060 it is the text again.
    """
    for number, cue in enumerate(subtitles.cues(transcript.segments, _name, _end_of(transcript.job)), 1):
        before = "\n" if number > 1 else ""
        yield before + "\n".join((str(number), _cue_times(cue, ","), *_srt_lines(_directed(cue.lines)), ""))


def as_vtt(transcript: Transcript) -> Iterator[str]:
    """Yield the transcript as WebVTT. Where speakers are told apart, each cue says whose voice it is."""
    yield "WEBVTT\n"
    for cue in subtitles.cues(transcript.segments, duration=_end_of(transcript.job)):
        first, *others = (html.escape(line, quote=False) for line in _directed(cue.lines))
        voice = f"<v {html.escape(_name(cue.speaker), quote=False)}>" if cue.speaker else ""
        yield "\n".join(("", _cue_times(cue, "."), voice + first, *others, ""))


def as_tsv(transcript: Transcript) -> Iterator[str]:
    """Yield a table of start, end (whole milliseconds) and text, as openai-whisper's, separated by tabs.

    A spreadsheet would calculate a text that begins with = + - or @, so an apostrophe goes before it, and before one
    that begins with apostrophes and then such a sign: to read back, take one apostrophe from what matches `'+[=+@-]`.
    A text with quotation marks is quoted as in CSV; otherwise a mark at its start would swallow the rows below it.
    """
    yield _table_row("start", "end", "text")
    for segment in transcript.segments:
        text = legible(_who(segment) + segment.shown_text).replace("\t", " ")
        yield _table_row(*_milliseconds(segment.start, segment.end), f"'{text}" if _FORMULA.match(text) else text)


def as_json(transcript: Transcript) -> Iterator[str]:
    """Yield everything that was heard, unrounded, and what it was heard in and with."""
    job = transcript.job
    head = _Head(
        name=job.name,
        language=job.language,
        duration=job.duration,
        model=_model_name(job),
        task=job.options.task,
        partial=job.partial,
    )
    yield _as_json(head).removesuffix("\n}") + ',\n  "segments": ['
    end_of_list = "]"
    for number, segment in enumerate(transcript.segments):
        yield (",\n    " if number else "\n    ") + _as_json(as_shown(segment), depth=2)
        end_of_list = "\n  ]"
    yield f'{end_of_list},\n  "left_out": {_as_json(transcript.left_out, depth=1)}\n}}\n'


class Format(NamedTuple):
    suffix: str
    label: str  # for the user
    pieces: Callable[[Transcript], Iterator[str]]


FORMATS = {
    "txt": Format(".txt", "Plain text", as_txt),
    "txt-times": Format(".times.txt", "Plain text with times", as_txt_times),
    "srt": Format(".srt", "Subtitles (SubRip)", as_srt),
    "vtt": Format(".vtt", "Subtitles (WebVTT)", as_vtt),
    "tsv": Format(".tsv", "Table (tab-separated)", as_tsv),
    "json": Format(".json", "All details (JSON)", as_json),
}


def format_of(file: Path) -> str:
    """Return the name of the format that the suffix of `file` stands for. Raise UnknownFormat if there is none."""
    for name, candidate in sorted(FORMATS.items(), key=lambda item: -len(item[1].suffix)):
        if file.name.lower().endswith(candidate.suffix):
            return name
    raise UnknownFormat(f"no format has the suffix {file.suffix!r}")


def text_of(transcript: Transcript, format: str) -> str:
    """Return `transcript` in the format of that name. Raise UnknownFormat if there is none."""
    return "".join(_format_named(format).pieces(transcript))


# --- the file -------------------------------------------------------------------------------------------------------


def write(transcript: Transcript, file: Path, format: str | None = None, *, replace: bool = False) -> Path:
    """Write `transcript` to `file`, whole or not at all, and return where it really is.

    The suffix picks the format if `format` does not. What has the name already is kept, and the transcript becomes
    `name (2).txt`, unless the user agreed to `replace` it. A name that the disk does not take, as `a:b.txt` on exFAT,
    becomes one that every disk takes. Raise UnknownFormat, or OSError if it cannot be written.
    """
    pieces = _format_named(format_of(file) if format is None else format).pieces(transcript)
    # Not from tempfile: its files can be read by their owner alone, and stay so when renamed.
    temporary = file.with_name(f".sottovoce-{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as stream:
            for piece in pieces:
                stream.write(piece.encode("utf-8", "replace"))
            stream.flush()
            os.fsync(stream.fileno())
        written = _named(temporary, file, replace)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it is there; only a power cut right now could take its name
        sync_folder(written.parent)
    return written


def file_name(template: str, job: Job, format: str) -> str:
    """Return a name for the export of `job`, from a template such as `"{name} - {language} - {date}"`.

    It is a file name and nothing more, and one that Windows allows as well. Fields: name (without its suffix),
    language, date and time (when the job was added), model, task. Raise UnknownField or UnknownFormat.
    """
    suffix = _format_named(format).suffix
    if template == "{name}" and os.name == "posix":  # beside its recording, it is called exactly as that
        return _fitted(job.path.stem, suffix)
    fields = _fields(job)

    def filled(match: re.Match[str]) -> str:
        if match[1] not in fields:
            raise UnknownField(f"unknown field {match[0]}; available: {', '.join(f'{{{name}}}' for name in fields)}")
        return fields[match[1]]

    return _fitted(_safe_stem(re.sub(r"\{([^{}]*)\}", filled, template)), suffix)


class Written:
    """The files that one call has written: it replaces none of them, even if it may replace others."""

    def __init__(self) -> None:
        self._files: set[tuple[int, int]] = set()  # by device and number, which case and links do not change

    def add(self, file: Path) -> None:
        with contextlib.suppress(OSError):
            self._files.add(_identity(file))

    def __contains__(self, file: Path) -> bool:
        try:
            return _identity(file) in self._files
        except OSError:  # there is no such file
            return False

    def free(self, file: Path) -> Path:
        """Return `file`, or the first `name (2).txt` and so on that is none of them."""
        return next(candidate for candidate in names_like(file) if candidate not in self)


def _identity(file: Path) -> tuple[int, int]:
    about = file.stat()
    return about.st_dev, about.st_ino


def write_wanted(
    transcript: Transcript, output: Output, before: Written | None = None
) -> Iterator[tuple[Path, Path | OSError]]:
    """Write the files that are wanted; yield of each where it was to be, and where it is, or why it is not.

    before: what the same call wrote of other recordings; what is written now is added to it.
    """
    job = transcript.job
    before = Written() if before is None else before
    folder = Path(output.folder) if output.folder else job.path.parent
    for kind in output.formats if output.files else ():
        wanted = folder / file_name(output.name, job, kind)
        try:
            free = before.free(wanted) if output.overwrite else wanted
            replace = output.overwrite and free != job.path  # a recording is never written over
            written = write(transcript, free, kind, replace=replace)
            before.add(written)
            yield wanted, written
        except OSError as error:
            yield wanted, error


# --- helpers --------------------------------------------------------------------------------------------------------

# Tags as in <b> and {\an8} and {y:i}; a time of day to the millisecond; an arrow after a time.
_SRT_MARKUP = re.compile(r"<(?=[\s/]*[a-zA-Z][^>]*>)|\{(?=\\|[a-zA-Z]:)|\d:\d+:\d+(?=[,.]\d)|:[\d,.]+\s*--(?=>)")
# What a spreadsheet would calculate begins with such a sign, of either width; signs without a look may stand before it.
_FORMULA = re.compile("['\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*[=+@＝＋－＠-]")
_UNFIT_FOR_NAMES = re.compile('[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]')
_RESERVED_NAME = re.compile(r"CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]", re.IGNORECASE)
# What file systems say to a name that they cannot store: FAT and NTFS the first, network shares the others.
_NAME_REFUSED = (errno.EINVAL, errno.ENOENT, errno.EILSEQ, errno.EPERM, errno.EACCES, errno.EIO)
_LONGEST_NAME = 255  # bytes on Linux, UTF-16 units on Windows and macOS, which are never more


class _Head(msgspec.Struct, frozen=True):
    """What as_json writes before the segments."""

    name: str
    language: str | None
    duration: float | None  # seconds
    model: str
    task: Task
    partial: bool


def _end_of(job: Job) -> float | None:
    """Return where a recording ends, in seconds; None while it is not known for sure, or not at all."""
    return job.duration if job.state is JobState.DONE and job.duration else None


def _table_row(*cells: int | str) -> str:
    row = io.StringIO()
    csv.writer(row, dialect="excel-tab", lineterminator="\n").writerow(cells)
    return row.getvalue()


def as_shown(segment: Segment) -> Segment:
    """Return a segment as users and scripts get it: speech without words is marked in its text."""
    return msgspec.structs.replace(segment, text=segment.shown_text)


def _as_json(value: object, depth: int = 0) -> str:
    """Return `value` as it stands so deep in a document. (In texts, line breaks are escaped.)"""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode().replace("\n", "\n" + "  " * depth)


def _line(line: Sequence[Segment]) -> str:
    return f"{_who(line[0])}{text_of_line(line)}"


def _who(segment: Segment) -> str:
    """Return who speaks, where two speakers are told apart by their channels."""
    return f"{_name(segment.speaker)}: " if segment.speaker else ""


def _name(speaker: str) -> str:
    return legible(speaker_name(speaker))


def _srt_lines(lines: Sequence[str]) -> Iterator[str]:
    before = ""
    for line in _SRT_MARKUP.sub(rf"\g<0>{_JOINER}", "\n".join(lines)).split("\n"):
        # Some readers take any arrow for the start of a cue if it is below a line of digits.
        yield line.replace("-->", f"--{_JOINER}>") if before.isdigit() else line
        before = line


def _directed(lines: Sequence[str]) -> list[str]:
    """Return the lines; where a text from right to left has one that begins otherwise, with a mark that says so.

    Players take a line's direction from its first letter: one that begins with a name in Latin letters would be turned.
    """
    directions = [
        [unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT for sign in line if sign.isalpha()] for line in lines
    ]
    letters = sum(map(len, directions))
    if 2 * sum(map(sum, directions)) <= letters:
        return list(lines)
    return [
        line if letters_of_it[:1] == [True] else f"{_RIGHT_TO_LEFT_MARK}{line}"
        for line, letters_of_it in zip(lines, directions, strict=True)
    ]


def _cue_times(cue: subtitles.Cue, decimal_mark: str) -> str:
    start, end = _milliseconds(cue.start, cue.end)
    return f"{_timestamp(start, decimal_mark)} --> {_timestamp(end, decimal_mark)}"


def _milliseconds(start: float, end: float) -> tuple[int, int]:
    """Return start and end. Rounding keeps their order: what does not overlap does not overlap here."""
    first = max(0, round(start * 1000))
    return first, max(first, round(end * 1000))


def _timestamp(milliseconds: int, decimal_mark: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{milliseconds:03}"


def _clock(seconds: float) -> str:
    minutes, whole_seconds = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole_seconds:02}"


def _model_name(job: Job) -> str:
    # The last part only: where this user's folders are is nothing to those who are given the file.
    return display_name(Path(job.options.model))


def _format_named(name: str) -> Format:
    if name not in FORMATS:
        raise UnknownFormat(f"no format is called {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def _named(temporary: Path, file: Path, replace: bool) -> Path:
    """Give `temporary` the name of `file`, or a safe one where the disk refuses that, and return it. Raise OSError."""
    try:
        return temporary.replace(file) if replace else _given_a_free_name(temporary, file)
    except OSError as error:
        safe = file.with_name(safe_name(file.name))
        if safe == file or error.errno not in _NAME_REFUSED:
            raise
        return _given_a_free_name(temporary, safe)


def safe_name(name: str) -> str:
    """Return a file name that every system and every disk takes, as like `name` as can be."""
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    return _safe_stem(stem) + dot + _UNFIT_FOR_NAMES.sub("_", suffix)


def _safe_stem(stem: str) -> str:
    stem = _UNFIT_FOR_NAMES.sub("_", stem).strip(" .") or "transcript"
    # Windows looks at what stands before the first dot: "con.notes.txt" is the console as well.
    return f"_{stem}" if _RESERVED_NAME.fullmatch(stem.partition(".")[0].rstrip()) else stem


def _given_a_free_name(temporary: Path, file: Path) -> Path:
    for candidate in names_like(file):
        with contextlib.suppress(FileExistsError):
            _rename_to_new(temporary, candidate)
            return candidate
    raise AssertionError("names do not run out")


def names_like(file: Path) -> Iterator[Path]:
    """Yield `file`, then `name (2).txt`, `name (3).txt`... beside it, none too long for a name."""
    yield file
    for number in itertools.count(2):
        yield file.with_name(_fitted(file.stem, f" ({number}){file.suffix}"))


def _rename_to_new(temporary: Path, file: Path) -> None:
    """Give `temporary` the name `file`. Raise FileExistsError if something has it, even since a moment ago."""
    try:
        file.hardlink_to(
            temporary
        )  # the one way, on every system, to name a whole file that fails if the name is taken
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):
        # No hard links here (FAT, exFAT, some network shares), so take the name first. Should all end right between
        # the two steps, an empty file is left.
        file.touch(exist_ok=False)
        try:
            temporary.replace(file)
        except BaseException:
            file.unlink()
            raise


def sync_folder(folder: Path) -> None:
    """See that a new name survives a power cut. Windows does so by itself. Raise OSError."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fields(job: Job) -> dict[str, str]:
    added = datetime.fromtimestamp(job.added_at)
    return {
        "name": Path(job.name).stem,
        "language": job.language or "unknown",
        "date": f"{added:%Y-%m-%d}",
        "time": f"{added:%H-%M-%S}",
        "model": _model_name(job),
        "task": job.options.task,
    }


def _fitted(stem: str, tail: str) -> str:
    """Return `stem` and `tail`, the stem cut if both are too long for a file name."""
    room = _LONGEST_NAME - len(os.fsencode(tail))
    encoded = os.fsencode(stem)
    if len(encoded) > room:
        stem = encoded[:room].decode("utf-8", "ignore").rstrip(" .")
    return stem + tail
