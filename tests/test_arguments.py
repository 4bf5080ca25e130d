"""What can be typed, and the job options that it stands for."""

from __future__ import annotations

import re

import pytest

from desktop_app.arguments import job_options, parsed
from desktop_app.messages import ACCURATE, FAST, Task, Tuning
from desktop_app.transcripts.transcript import JobOptions


@pytest.fixture(autouse=True)
def _home(home) -> None:
    """Models are looked for in a fresh home."""


def typed(*arguments: str) -> JobOptions:
    return job_options(parsed(["transcribe", "talk.wav", *arguments]))


def test_without_a_wish_everything_is_as_a_novice_needs_it():
    assert typed() == JobOptions()


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("0", 0.0),
        ("90", 90.0),
        ("90.5", 90.5),
        ("1:30", 90.0),
        ("0:01:30.5", 90.5),
        ("2:00:00", 7200.0),
        ("100:00", 6000.0),
    ],
)
def test_a_time_may_be_written_in_seconds_or_as_a_clock_shows_it(words, seconds):
    assert typed("--from", words).begin == pytest.approx(seconds)
    if seconds:
        assert typed("--to", words).end == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--from", "10", "--to", "1:00"], JobOptions(begin=10.0, end=60.0)),
        (["--track", "2"], JobOptions(track=1)),
        (["--split-channels"], JobOptions(split_channels=True)),
        (["--prompt", "about: whales"], JobOptions(prompt="about: whales")),
        (["--glossary", "Asterysk, Digium"], JobOptions(glossary="Asterysk, Digium")),
        (["--languages", "en,fr"], JobOptions(languages=("en", "fr"))),
        (["--languages", "German, français"], JobOptions(languages=("de", "fr"))),
        (["--language", "fr", "--task", "translate"], JobOptions(language="fr", task=Task.TRANSLATE)),
        (["--no-words"], JobOptions(words=False)),
        (["--words"], JobOptions(words=True)),
        (["--quality", "fast"], JobOptions(tuning=FAST)),
        (["--quality", "accurate"], JobOptions(tuning=ACCURATE)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_each_wish_is_an_option_of_the_job(arguments, wanted):
    assert typed(*arguments) == wanted


def test_every_detail_of_listening_can_be_set():
    tuning = typed(
        *("--beam", "3", "--temperatures", "0,0.5", "--speech-threshold", "0.3", "--speech-padding", "0.2"),
        *("--batch", "4", "--compute-type", "float32", "--threads", "2"),
    ).tuning

    assert tuning == Tuning(3, (0.0, 0.5), 0.3, 0.2, 4, "float32", 2)


def test_a_detail_goes_over_the_quality():
    assert typed("--quality", "fast", "--batch", "2").tuning == Tuning(FAST.beam_size, FAST.temperatures, batch_size=2)
    assert typed("--beam", "2", "--quality", "fast").tuning.beam_size == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "soon"],
        ["--from", "-5"],
        ["--from", "1:2:3:4"],
        ["--from", "1:"],
        ["--from", ""],
        ["--from", "nan"],
        ["--from", "9" * 400],
        ["--to", "1e3"],
        ["--to", "0"],
        ["--from", "60", "--to", "59"],
        ["--from", "1:00", "--to", "60"],
        ["--track", "0"],
        ["--track", "first"],
        ["--quality", "best"],
        ["--languages", "en,klingon"],
        ["--languages", ""],
        ["--beam", "0"],
        ["--beam", "-1"],
        ["--beam", "1.5"],
        ["--beam", "²"],
        ["--batch", "none"],
        ["--threads", "0"],
        ["--temperatures", ""],
        ["--temperatures", "0,hot"],
        ["--temperatures", "0,-1"],
        ["--temperatures", "nan"],
        ["--temperatures", "0,inf"],
        ["--temperatures", "2.1"],
        ["--beam", "21"],
        ["--batch", "65"],
        ["--threads", "257"],
        ["--threads", "9" * 400],
        ["--track", "65"],
        ["--prompt", "caf\udce9"],
        ["--glossary", "caf\udce9"],
        ["--speech-threshold", "0"],
        ["--speech-threshold", "1"],
        ["--speech-threshold", "half"],
        ["--speech-padding", "60"],
    ],
    ids=" ".join,
)
def test_nonsense_is_refused_with_two_and_a_sentence(arguments, capsys):
    with pytest.raises(SystemExit) as refused:
        typed(*arguments)

    said = capsys.readouterr().err
    assert refused.value.code == 2
    assert arguments[0] in said or arguments[-2] in said
    assert "Traceback" not in said and "_" not in said.splitlines()[-1]


COMMANDS = ["transcribe", "resume", "history", *(f"history {do}" for do in ("list", "show", "export", "remove"))]
COMMANDS += ["gpu", *(f"gpu {do}" for do in ("status", "install"))]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_is_explained_in_words_of_its_own(capsys, command):
    with pytest.raises(SystemExit):
        parsed([*command.split(), "--help"])

    said = capsys.readouterr().out
    listed = said[re.search("^(positional arguments|options):", said, re.MULTILINE).start() :]
    entries = [entry.partition("\n\n")[0] for entry in re.split(r"^ {2}(?=\S)", listed, flags=re.MULTILINE)[1:]]
    sentences = [" ".join(re.split(r"\n\s+| {2,}", entry.strip(), maxsplit=1)[1:]) for entry in entries]
    assert all(re.search("[a-z]{2}", sentence) for sentence in sentences), entries
    assert len(set(sentences)) == len(sentences)
