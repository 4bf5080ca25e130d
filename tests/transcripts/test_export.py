from __future__ import annotations

import csv
import errno
import html
import io
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
import pysubs2
import pytest
import webvtt
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from desktop_app.messages import Doubt, SegmentKind, Task
from desktop_app.transcripts import export
from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Segment, Transcript, Word

as_txt = partial(export.text_of, format="txt")
as_txt_times = partial(export.text_of, format="txt-times")
as_srt = partial(export.text_of, format="srt")
as_vtt = partial(export.text_of, format="vtt")
as_tsv = partial(export.text_of, format="tsv")
as_json = partial(export.text_of, format="json")

JOINER, RIGHT_TO_LEFT = "\u2060", "\u200f"
NOON = datetime(2024, 5, 17, 12, 30, 5).timestamp()
ODD_TEXTS = [
    "<b>x</b>",
    "< b >x< / b >",
    r"{\an8}",
    "{y}",
    "{y:i}slanted",
    r"C:\new\Notes",
    "a --> b",
    "--> 12",
    "00:00:01,000 --> 00:00:02,000",
    "from 00:00:01,000 to 00:00:02.000",
    "12\n00:00:01,000 --> 00:00:02,000\nforged",
    "7\n--> eight",
    "0:01 --> 0:02",
    "&amp; &lt; & <3",
    "two\nlines",
    "a\n\n\nb",
    "a\r\n \r\nb\rc",
    "1999",
    "NOTE nothing",
    "WEBVTT",
    "STYLE",
    "👩‍👩‍👧 🇨🇭",
    "שלום, עולם! (مرحبا)",
    "日本語　テキスト",
    '"Hello," she said.',
    '"unbalanced',
    "",
    "   ",
]

# Not surrogates: neither the pipe nor the database lets them in. Not controls: they have no look and are left out (a
# test of their own says so). Not U+FEFF, U+2060, U+200F: the first is left out, the others are what subtitles need.
characters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff" + JOINER + RIGHT_TO_LEFT)
pieces = st.sampled_from(
    ["<b>", "</i>", "<", ">", "&", "&lt;", "{\\an8}", "{", "}", "\\N", "-->", "--", "00:00:01,000"]
)
separators = st.sampled_from(["\n", "\n\n", "\r\n", "\r", "\t", " ", "  ", "\u2028", "1", "=", "'", '"', "@", "-", "+"])
texts = st.lists(pieces | separators | st.text(characters, max_size=8), max_size=8).map("".join)
seconds = st.floats(0, 2_000_000, allow_nan=False)


@st.composite
def segment_lists(draw: st.DrawFn) -> list[Segment]:
    """Segments in order of time that may touch and do not overlap."""
    times = sorted(draw(st.lists(seconds, max_size=8)))
    return [Segment(start, end, draw(texts)) for start, end in zip(times[::2], times[1::2], strict=False)]


def transcript_of(*segments: Segment, job: Job | None = None) -> Transcript:
    return Transcript(job or job_of("talk.m4a"), segments)


def job_of(path: str | Path, model: str = "base", task: Task = Task.TRANSCRIBE, language: str | None = "en") -> Job:
    return Job(
        7, Path(path), JobOptions(model, task=task), JobState.DONE, added_at=NOON, duration=61.5, language=language
    )


def said(text: str) -> Transcript:
    """A transcript in which `text` stands between two others, so that what it breaks is seen."""
    return transcript_of(Segment(0, 1, "before"), Segment(10, 17, text), Segment(20, 21, "after"))


def seen(text: str) -> str:
    """The text without what a cue cannot hold: blank lines, and space around lines."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def in_one_line(text: str) -> str:
    """The text as a subtitle has it: where its lines end is a matter of room."""
    return " ".join(text.split())


def cues_of_srt(text: str) -> list[tuple[int, int, str]]:
    """The cues as SubRip is defined: blocks of a number, the times and the text, with a blank line in between."""
    cues = []
    for number, block in enumerate(text.removesuffix("\n").split("\n\n") if text else [], 1):
        first, times, *lines = block.split("\n")
        assert first == str(number)
        start, end = (milliseconds_of(time, ",") for time in times.split(" --> "))
        cues.append((start, end, "\n".join(lines).replace(JOINER, "")))
    return cues


def cues_of_vtt(text: str) -> list[tuple[int, int, str]]:
    """The cues as webvtt-py reads them; it leaves the escapes in."""
    captions = webvtt.WebVTT.from_string(text, strict=True).captions
    return [
        (caption.start_time.in_milliseconds(), caption.end_time.in_milliseconds(), html.unescape(caption.text))
        for caption in captions
    ]


def rows_of_tsv(text: str) -> list[tuple[int, int, str]]:
    header, *rows = csv.reader(io.StringIO(text, newline=""), dialect="excel-tab")
    assert header == ["start", "end", "text"]
    return [(int(start), int(end), cell[1:] if re.match("'+[=+@-]", cell) else cell) for start, end, cell in rows]


def milliseconds_of(time: str, decimal_mark: str) -> int:
    hours, minutes, rest = time.split(":")
    whole, fraction = rest.split(decimal_mark)
    return (int(hours) * 60 + int(minutes)) * 60_000 + int(whole) * 1000 + int(fraction)


# --- what goes in comes back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [cues_of_srt, cues_of_vtt])
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_subtitles_give_back_the_text_that_was_said_whatever_it_looks_like(read, text):
    transcript = said(text)

    cues = read(as_srt(transcript) if read is cues_of_srt else as_vtt(transcript))

    assert [(start, in_one_line(text)) for start, _, text in cues] == [
        (start, said) for start, said in [(0, "before"), (10_000, in_one_line(text)), (20_000, "after")] if said
    ]


@pytest.mark.parametrize("read", [cues_of_srt, cues_of_vtt])
@given(segments=segment_lists())
@settings(deadline=None)
def test_any_file_of_subtitles_reads_back_whole_and_in_order_of_time(read, segments):
    transcript = transcript_of(*segments)

    cues = read(as_srt(transcript) if read is cues_of_srt else as_vtt(transcript))

    said = "".join("".join(segment.text.split()) for segment in segments)
    assert "".join("".join(text.split()) for *_, text in cues).replace(RIGHT_TO_LEFT, "") == said
    times = [time for start, end, _ in cues for time in (start, end)]
    assert times == sorted(times)


@given(segment_lists())
@example([Segment(0, 1, "=1+1"), Segment(1, 2, "'=1+1"), Segment(2, 3, "''"), Segment(3, 4, "- '-'")])
@settings(deadline=None)
def test_any_table_reads_back_with_its_times_to_half_a_millisecond(segments):
    rows = rows_of_tsv(as_tsv(transcript_of(*segments)))

    assert [text for *_, text in rows] == [re.sub(r"[\n\t]", " ", seen(segment.text)) for segment in segments]
    assert_times_kept(rows, segments)


@given(segment_lists(), st.text(st.characters(exclude_categories=["Cs"])), seconds, st.floats(0, 1))
@settings(deadline=None)
def test_json_gives_back_every_segment_and_word_unrounded(segments, text, moment, probability):
    whole = Segment(moment, moment + 1, text, (Word(moment, moment + 1, text, probability),), -probability, probability)

    document = json.loads(as_json(transcript_of(*segments, whole)))

    assert msgspec.convert(document["segments"], list[Segment]) == [*segments, whole]


def assert_times_kept(read: list[tuple[int, int, str]], segments: list[Segment]) -> None:
    for (start, end, _), segment in zip(read, segments, strict=True):
        assert abs(start - segment.start * 1000) <= 0.5
        assert abs(end - segment.end * 1000) <= 0.5
    times = [time for start, end, _ in read for time in (start, end)]
    assert times == sorted(times)


# --- plain text -----------------------------------------------------------------------------------------------------


def test_plain_text_has_one_segment_a_line_and_no_empty_ones():
    transcript = transcript_of(Segment(0, 1, " Hello\nthere. "), Segment(1, 2, " "), Segment(2, 3, " Bye."))

    assert as_txt(transcript) == "Hello there.\nBye.\n"


def test_plain_text_with_times_says_when_each_line_begins():
    transcript = transcript_of(
        Segment(0, 1, " Hello."), Segment(59.999, 61, "One."), Segment(360_000, 360_001, "Late.")
    )

    assert as_txt_times(transcript) == "[0:00:00] Hello.\n[0:00:59] One.\n[100:00:00] Late.\n"


def test_controls_and_byte_order_marks_are_left_out_of_what_people_read():
    transcript = said("\ufeffa\x00b\x1b[1mc\x7f\x9f")

    for name in ("txt", "srt", "vtt", "tsv"):
        assert "ab[1mc" in export.text_of(transcript, name)


# --- subtitles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [text for text in ODD_TEXTS if "\\" not in text and seen(text)] + [r"{\an8}"])
def test_a_player_takes_nothing_that_was_said_for_a_tag_or_a_cue(text):
    events = pysubs2.SSAFile.from_string(as_srt(said(text)), format_="srt").events

    shown = [in_one_line(event.text.replace(r"\N", "\n").replace(JOINER, "")) for event in events]
    assert shown == ["before", in_one_line(text), "after"]
    assert not re.search(r"\{\\[ibus]\d\}|\{\\an", events[1].text)


@pytest.mark.parametrize("text", [text for text in ODD_TEXTS if seen(text)])
def test_another_reader_finds_the_same_cues_in_a_subrip_file(text):
    written = as_srt(said(text))

    captions = webvtt.WebVTT.from_buffer(io.BytesIO(written.encode()), format="srt").captions
    shown = [in_one_line(caption.raw_text.replace(JOINER, "")) for caption in captions]
    assert shown == ["before", in_one_line(text), "after"]


@pytest.mark.parametrize("text", ["0:01 --> 0:02", "0:01-->", "00:01,5 --> x", f"{'7' * 40} --> eight"])
def test_a_time_that_was_said_is_not_the_time_of_a_cue(text):
    written = as_srt(said(text))

    assert written.count("-->") == 3  # one a cue


@pytest.mark.parametrize("text", ["a < 3, b > c", "a < b", "a --> b", "{y}", "1:30.5", "I <3 you", "5 > 4"])
def test_text_that_cannot_be_mistaken_goes_into_a_subrip_file_as_it_is(text):
    assert f"\n{text}\n" in as_srt(said(text))


def test_subtitles_of_nothing_are_still_a_file_of_their_kind():
    assert as_srt(transcript_of()) == ""
    assert webvtt.WebVTT.from_string(as_vtt(transcript_of()), strict=True).captions == []


def test_subtitles_go_on_after_a_hundred_hours():
    transcript = transcript_of(Segment(359_999.9996, 360_003, "Late."))

    assert "100:00:00,000 --> 100:00:03,000\n" in as_srt(transcript)
    assert "100:00:00.000 --> 100:00:03.000\n" in as_vtt(transcript)


def test_a_cue_never_ends_before_it_starts():
    transcript = transcript_of(Segment(-0.01, -0.005, "y"), Segment(9.0, 8.5, "x"))

    assert [times for *times, _ in cues_of_srt(as_srt(transcript))] == [[0, 834], [9000, 9834]]


def test_webvtt_subtitles_look_as_players_expect():
    assert as_vtt(transcript_of(Segment(0, 1.5, " A & <b>"), Segment(4, 5, " c"))) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nA &amp; &lt;b&gt;\n\n00:00:04.000 --> 00:00:05.000\nc\n"
    )


def test_subrip_subtitles_look_as_players_expect():
    assert as_srt(transcript_of(Segment(0, 1.5, " A & b"), Segment(4, 5, " c"))) == (
        "1\n00:00:00,000 --> 00:00:01,500\nA & b\n\n2\n00:00:04,000 --> 00:00:05,000\nc\n"
    )


def test_subtitles_say_who_speaks_where_left_and_right_are_two_speakers():
    transcript = transcript_of(
        Segment(0, 2, "How are you?", speaker="left"),
        Segment(4, 6, "Still there?", speaker="left"),
        Segment(6, 8, "A & B, yes.", speaker="right"),
    )

    assert [text for *_, text in cues_of_srt(as_srt(transcript))] == [
        "Left: How are you?",
        "Still there?",
        "Right: A & B, yes.",
    ]
    voices = [caption.voice for caption in webvtt.WebVTT.from_string(as_vtt(transcript)).captions]
    assert voices == ["Left", "Left", "Right"]
    assert "\n<v Right>A &amp; B, yes.\n" in as_vtt(transcript)


@pytest.mark.parametrize("name", export.FORMATS)
def test_a_speaker_whose_label_is_not_known_is_called_by_it_in_every_format(name):
    text = export.text_of(transcript_of(Segment(0, 2, "How are you?", speaker="SPEAKER_02")), name)

    assert text.count("SPEAKER_02") == 1
    assert text.index("SPEAKER_02") < text.index("How are you?") or name == "json"


def test_a_label_is_no_markup():
    vtt = as_vtt(transcript_of(Segment(0, 2, "Yes.", speaker="<b>\nNOTE")))

    (caption,) = webvtt.WebVTT.from_string(vtt).captions
    assert (caption.text, vtt.count("<b>"), vtt.count("\nNOTE")) == ("Yes.", 0, 0)


def test_a_line_of_a_text_from_right_to_left_that_begins_with_a_latin_name_is_marked_as_such():
    transcript = transcript_of(
        Segment(0, 4, "Sottovoce כותבת את כל מה שנאמר"), Segment(8, 9, "שלום"), Segment(12, 13, "a ש b")
    )

    assert [text for *_, text in cues_of_srt(as_srt(transcript))] == [
        f"{RIGHT_TO_LEFT}Sottovoce כותבת את כל מה שנאמר",
        "שלום",
        "a ש b",
    ]


# --- table and json -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        " =1",
        "\t=1",
        "\n=1",
        "\r=1",
        "＝1+1",
        "＋1",
        "＠SUM(A1)",
        "\u200b=1",
        "\u2060\u200e=1",
    ],
)
def test_a_spreadsheet_calculates_nothing_from_what_was_said(text):
    table = as_tsv(said(text))

    assert table.splitlines()[2] == f"10000\t17000\t'{text.strip()}"


def test_a_table_is_the_one_that_whisper_writes():
    table = as_tsv(transcript_of(Segment(0, 1.2345, " It's\ta "), Segment(1.2345, 2, " b\nc")))

    assert table == "start\tend\ttext\n0\t1234\tIt's a\n1234\t2000\tb c\n"


def test_json_tells_what_was_transcribed_and_how():
    job = job_of("/home/ann/Interviews/talk.m4a", "/home/ann/models/my-model", Task.TRANSLATE, "de")

    document = json.loads(as_json(transcript_of(Segment(0, 1, "Hi"), job=job)))

    assert document == {
        "name": "talk.m4a",
        "language": "de",
        "duration": 61.5,
        "model": "my-model",
        "task": "translate",
        "partial": False,
        "segments": [
            {
                "start": 0.0,
                "end": 1.0,
                "text": "Hi",
                "words": [],
                "average_log_probability": 0.0,
                "no_speech_probability": 0.0,
                "language": "",
                "speaker": "",
                "doubts": [],
                "kind": "speech",
            }
        ],
        "left_out": [],
    }


GAPS = {SegmentKind.NOT_UNDERSTOOD: Doubt.MISSING_WORDS, SegmentKind.SKIPPED: Doubt.SKIPPED}


@pytest.mark.parametrize("kind", GAPS)
@pytest.mark.parametrize("name", export.FORMATS)
def test_a_passage_without_words_is_marked_in_every_format_and_json_tells_of_which_kind_it_is(name, kind):
    said = Segment(0, 3, "We left at dawn.")
    gap = Segment(3, 6, "", doubts=(GAPS[kind],), kind=kind)

    text = export.text_of(transcript_of(said, gap), name)

    assert text.count("[…]") == 1
    assert text.replace(f'"kind": "{kind}"', '"kind": "speech"') == export.text_of(
        transcript_of(said, msgspec.structs.replace(gap, text="[…]", kind=SegmentKind.SPEECH)), name
    )


def test_json_does_not_tell_where_the_users_folders_are():
    job = job_of("/home/ann/Interviews/talk.m4a", "/home/ann/models/my-model")

    assert "ann" not in as_json(transcript_of(job=job))


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_names_that_are_not_unicode_can_be_exported(tmp_path):
    job = job_of(os.fsdecode(b"/x/caf\xe9.m4a"), os.fsdecode(b"/x/mod\xe8le"))

    document = json.loads(as_json(transcript_of(job=job)))
    name = export.file_name("{name} {model}", job, "txt")

    assert (document["name"], document["model"]) == ("caf\ufffd.m4a", "mod\ufffdle")
    assert export.write(transcript_of(job=job), tmp_path / name).name == "caf\ufffd mod\ufffdle.txt"


# --- which format ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", export.FORMATS)
def test_every_format_has_a_label_and_is_written_by_its_name(name, tmp_path):
    transcript = said("Hello.")

    written = export.write(transcript, tmp_path / f"talk{export.FORMATS[name].suffix}", name)

    assert written.read_bytes() == export.text_of(transcript, name).encode()
    assert export.FORMATS[name].label


@pytest.mark.parametrize(
    ("file", "name"), [("a.txt", "txt"), ("a.SRT", "srt"), ("a.b.vtt", "vtt"), ("a.tsv", "tsv"), ("a.json", "json")]
)
def test_the_suffix_picks_the_format(file, name, tmp_path):
    transcript = said("Hello.")

    written = export.write(transcript, tmp_path / file)

    assert written == tmp_path / file
    assert written.read_text(encoding="utf-8") == export.text_of(transcript, name)


@pytest.mark.parametrize(("file", "name"), [("a.docx", None), ("a", None), ("a.txt", "docx"), ("a.txt", "")])
def test_an_unknown_format_is_refused_before_anything_is_written(file, name, tmp_path):
    with pytest.raises(export.UnknownFormat):
        export.write(said("Hello."), tmp_path / file, name)

    assert list(tmp_path.iterdir()) == []


def test_files_are_utf8_without_a_mark_and_with_plain_newlines(tmp_path):
    written = export.write(transcript_of(Segment(0, 1, "\ufeffé.\r\n"), Segment(1, 2, "ü")), tmp_path / "a.txt")

    assert written.read_bytes() == "é.\nü\n".encode()


# --- the file -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["hard links", "no hard links"])
def file_system(request, monkeypatch):
    """Both kinds of file systems. Without hard links there is FAT, say, on a memory stick."""
    if request.param == "no hard links":
        monkeypatch.setattr(os, "link", raising(PermissionError(errno.EPERM, "Operation not permitted")))


def raising(error: BaseException):
    def refuse(*_args, **_kwargs):
        raise error

    return refuse


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("as_format", [as_srt, as_vtt])
def test_no_subtitle_ends_behind_the_end_of_the_recording(as_format):
    said = [
        Segment(0, 3, " A sentence of which there is too much to be read in the time.", ()),
        Segment(3, 3.1, " Yes.", (Word(3, 3.1, " Yes.", 1.0),)),
        Segment(3.1, 4, " No.", (Word(3.1, 4, " No.", 1.0),)),
    ]
    job = Job(1, Path("talk.m4a"), JobOptions(), JobState.DONE, NOON, duration=3.5)
    read = cues_of_srt if as_format is as_srt else cues_of_vtt

    cues = read(as_format(Transcript(job, said)))
    while_it_runs = read(as_format(Transcript(msgspec.structs.replace(job, state=JobState.RUNNING), said)))

    assert cues[-1][1] == 3500
    assert all(start < end for start, end, _ in cues)
    assert [text for *_, text in cues] == [text for *_, text in while_it_runs]
    assert while_it_runs[-1][1] > 3500  # what is declared of a recording may be wrong


def test_an_export_never_overwrites_what_is_there(tmp_path):
    (tmp_path / "talk.v1.txt").write_text("mine")
    (tmp_path / "talk.v1 (2).txt").mkdir()

    first = export.write(said("a"), tmp_path / "talk.v1.txt")
    second = export.write(said("b"), tmp_path / "talk.v1.txt")

    assert [first.name, second.name] == ["talk.v1 (3).txt", "talk.v1 (4).txt"]
    assert (tmp_path / "talk.v1.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.usefixtures("file_system")
def test_exports_at_the_same_time_all_get_a_file_of_their_own(tmp_path):
    names = [f"text {number}" for number in range(40)]

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda name: export.write(said(name), tmp_path / "talk.txt"), names))

    assert [file.read_text() for file in written] == [as_txt(said(name)) for name in names]
    assert sorted(tmp_path.iterdir()) == sorted(written)


def test_a_link_to_nowhere_is_a_name_taken(tmp_path):
    try:
        (tmp_path / "talk.txt").symlink_to(tmp_path / "elsewhere")
    except OSError:
        pytest.skip("no symbolic links here")

    assert export.write(said("a"), tmp_path / "talk.txt").name == "talk (2).txt"
    assert not (tmp_path / "elsewhere").exists()


def test_an_export_replaces_a_file_if_the_user_agreed(tmp_path):
    (tmp_path / "talk.txt").write_text("old and longer than what comes")

    written = export.write(transcript_of(Segment(0, 1, "new")), tmp_path / "talk.txt", replace=True)

    assert written == tmp_path / "talk.txt"
    assert written.read_text() == "new\n"
    assert list(tmp_path.iterdir()) == [written]


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_export_that_fails_leaves_the_folder_as_it_was(step, replace, tmp_path, monkeypatch):
    (tmp_path / "talk.txt").write_text("mine")
    if step == "replace":
        monkeypatch.setattr(os, "link", raising(PermissionError(errno.EPERM, "Operation not permitted")))
    monkeypatch.setattr(os, step, raising(OSError(errno.ENOSPC, "No space left on device")))

    with pytest.raises(OSError, match="No space left"):
        export.write(said("a"), tmp_path / "talk.txt", replace=replace)

    assert [file.name for file in tmp_path.iterdir()] == ["talk.txt"]
    assert (tmp_path / "talk.txt").read_text() == "mine"


@pytest.mark.parametrize("replace", [False, True])
def test_a_crash_before_all_is_written_leaves_no_transcript_of_the_wrong_length(replace, tmp_path):
    (tmp_path / "talk.txt").write_text("mine")
    crash = """if True:
        import os, sys
        from pathlib import Path
        from desktop_app.messages import Segment
        from desktop_app.transcripts import export
        from desktop_app.transcripts.transcript import Job, JobOptions, JobState, Transcript
        os.fsync = lambda _: os._exit(9)
        job = Job(1, Path("a"), JobOptions(), JobState.DONE, added_at=0)
        transcript = Transcript(job, (Segment(0, 1, "x" * 100_000),))
        export.write(transcript, Path(sys.argv[1]), replace=sys.argv[2] == "True")
    """

    ended = subprocess.run([sys.executable, "-c", crash, str(tmp_path / "talk.txt"), str(replace)], check=False)

    assert ended.returncode == 9
    assert [file.read_text() for file in tmp_path.glob("*.txt")] == ["mine"]


@pytest.fixture
def windows_like_disk(monkeypatch):
    """A disk without hard links that takes no name with one of `:?*"<>|`, as exFAT under Linux."""

    def refuse_odd(real, position):
        def call(*arguments, **options):
            if re.search(r'[:?*"<>|]', Path(os.fsdecode(arguments[position])).name):
                raise OSError(errno.EINVAL, "Invalid argument")
            return real(*arguments, **options)

        return call

    monkeypatch.setattr(os, "link", raising(PermissionError(errno.EPERM, "Operation not permitted")))
    monkeypatch.setattr(os, "open", refuse_odd(os.open, 0))
    monkeypatch.setattr(os, "replace", refuse_odd(os.replace, 1))


@pytest.mark.usefixtures("windows_like_disk")
@pytest.mark.parametrize("replace", [False, True])
def test_a_name_that_the_disk_does_not_take_becomes_a_safe_one_and_overwrites_nothing(replace, tmp_path):
    (tmp_path / "9_30 why_.txt").write_text("mine")

    written = export.write(said("a"), tmp_path / "9:30 why?.txt", replace=replace)

    assert written == tmp_path / "9_30 why_ (2).txt"
    assert written.read_text() == as_txt(said("a"))
    assert (tmp_path / "9_30 why_.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_gone_is_said_to_be_gone(tmp_path):
    with pytest.raises(FileNotFoundError):
        export.write(said("a"), tmp_path / "gone" / "talk.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions there")
def test_others_may_read_an_export_if_they_may_read_the_users_files(tmp_path):
    (tmp_path / "usual").touch()

    written = export.write(said("a"), tmp_path / "talk.txt")

    assert written.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_the_longest_name_is_cut_to_make_room_for_its_number(tmp_path):
    name = "é" * 125 + ".json"  # 255 bytes

    written = [export.write(said("a"), tmp_path / name).name for _ in range(2)]

    assert written == [name, "é" * 123 + " (2).json"]


# --- names from a template ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{name}", "My talk.srt"),
        ("{name} - {language} - {date}", "My talk - en - 2024-05-17.srt"),
        ("{date}T{time} {model} {task}", "2024-05-17T12-30-05 base transcribe.srt"),
        ("", "transcript.srt"),
        ("..", "transcript.srt"),
        ("../{name}", "_My talk.srt"),
        ("/etc/passwd", "_etc_passwd.srt"),
        (r"C:\{name}", "C__My talk.srt"),
        ("{name", "{name.srt"),
        ("a\nb\tc", "a_b_c.srt"),
        ("con", "_con.srt"),
        ("Aux.{name}", "_Aux.My talk.srt"),
        ("lpt1 ", "_lpt1.srt"),
        ("LPT² .x", "_LPT² .x.srt"),
        ("{name}. . ", "My talk.srt"),
        ("x" * 250 + ".{name}", "x" * 250 + ".srt"),
    ],
)
def test_a_template_makes_a_file_name_and_nothing_more(template, name):
    assert export.file_name(template, job_of("/home/ann/My talk.m4a"), "srt") == name


@pytest.mark.parametrize("template", ["{nam}", "{}", "{0}", "{name.__class__}", "{name!r:>99999999999}"])
def test_a_template_that_asks_for_what_a_job_has_not_is_refused(template):
    with pytest.raises(export.UnknownField, match=re.escape(template) + r".*\{name\}, \{language\}"):
        export.file_name(template, job_of("a.m4a"), "txt")


def test_a_name_for_an_unknown_format_is_refused():
    with pytest.raises(export.UnknownFormat, match="docx"):
        export.file_name("{name}", job_of("a.m4a"), "docx")


def test_a_job_whose_language_is_not_known_has_a_name_all_the_same():
    assert export.file_name("{name} {language}", job_of("a.m4a", language=None), "txt") == "a unknown.txt"


@given(st.text(st.characters(exclude_characters="{}")), st.text(max_size=300), st.sampled_from(sorted(export.FORMATS)))
@example("../../", "..", "txt")
@example("", "👩" * 300, "json")
@example("con", ".", "srt")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_template_and_any_recording_give_a_name_that_can_be_written(tmp_path, template, recording, format_name):
    recording = recording.replace("/", "").replace("\0", "").encode("utf-8", "replace").decode()
    assume(recording not in ("", ".", ".."))

    # Beside its recording a transcript is called exactly as that; any other name is fit for any system.
    name = export.file_name(template + "{name} ", job_of(f"/x/{recording}.m4a"), format_name)

    suffix = export.FORMATS[format_name].suffix
    assert name.endswith(suffix)
    assert len(name.encode()) <= 255
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', name)
    assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d) *\.", name)
    stem = name.removesuffix(suffix)
    assert stem == stem.strip(" .") != ""
    written = export.write(said("a"), tmp_path / name, format_name, replace=True)
    assert written.parent == tmp_path
    written.unlink()
