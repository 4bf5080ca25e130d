"""The manual: held against the program, the command line and itself; and `sottovoce help`."""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app import arguments, cli, manual, paths
from desktop_app.transcripts import export
from desktop_app.ui import wording

ROOT = Path(__file__).resolve().parents[1]
PAGES = manual.pages()
TOPICS = [page.topic for page in PAGES]
TEXT = {page.topic: page.text for page in PAGES}
LINK = re.compile(r"\]\(([^)\s]+)\)")


def headings(markdown: str) -> set[str]:
    without_code = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return {manual.anchor(heading) for heading in re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)}


def parsers(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield every command, such as "models download", with its parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, below in action.choices.items():
                yield f"{name} {command}".strip(), below
                yield from parsers(below, f"{name} {command}".strip())


COMMANDS = dict(parsers(arguments._parser_of_commands()))


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings if option.startswith("--")}


def section(markdown: str, heading: str) -> str:
    """Return what stands below a heading of the second level."""
    match = re.search(rf"^## {heading}$\n(.*?)(?=^## |\Z)", markdown, re.MULTILINE | re.DOTALL)
    assert match is not None, heading
    return match[1]


def test_every_page_is_in_the_contents_and_begins_with_a_title():
    files = {file.stem for file in paths.manual().glob("*.md")} - {"README"}

    assert files == set(TOPICS) and len(TOPICS) == len(set(TOPICS))
    assert [page.topic for page in PAGES if not page.text.startswith("# ")] == []
    assert manual.FIRST in TOPICS


@pytest.mark.parametrize("file", [*sorted(paths.manual().glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
def test_what_a_link_leads_to_is_there(file):
    lost = []
    for address in LINK.findall(file.read_text(encoding="utf-8")):
        if re.match(r"https?://", address):
            continue
        name, _, heading = address.partition("#")
        target = file.parent / name if name else file
        if not target.exists() or (heading and heading not in headings(target.read_text(encoding="utf-8"))):
            lost.append(address)

    assert lost == []


def test_every_link_of_a_page_can_be_followed_in_the_window():
    addresses = [(topic, address) for topic in TOPICS for address in LINK.findall(TEXT[topic])]

    strays = [
        (topic, address)
        for topic, address in addresses
        if not address.startswith("https://") and manual.link_within(address) is None
    ]
    assert strays == []


def test_the_page_of_the_command_line_has_every_command_and_every_option_below_its_heading():
    page = TEXT["command-line"]
    for command in arguments.COMMANDS:
        told = section(page, command)
        below = {name: parser for name, parser in COMMANDS.items() if name.split()[0] == command}
        options = set().union(*map(options_of, below.values())) - {"--help", "--version"}

        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", told)) - {"--help"}
        assert options <= named, command
        plain = re.sub(r"[\[\]]", "", told)
        assert [name for name in below if f"sottovoce {name}" not in plain] == []


def test_every_option_and_command_that_is_named_anywhere_exists():
    known = set().union(*map(options_of, COMMANDS.values())) | {"--version"}
    foreign = {"--check", "--ignore-missing", "--repo", "--no-deps"}  # of sha256sum, gh and pip
    texts = {**TEXT, "README": (ROOT / "README.md").read_text(encoding="utf-8")}

    for name, text in texts.items():
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= known | foreign, name
        used = re.findall(r"(?:^|`)sottovoce ([a-z]+)(?= |`|$)", text, re.MULTILINE)
        assert set(used) <= set(arguments.COMMANDS), name


def test_every_format_and_every_field_of_a_file_name_is_explained():
    page = TEXT["exports"]

    assert [kind.suffix for kind in export.FORMATS.values() if f"({kind.suffix})" not in page] == []
    with pytest.raises(export.UnknownField) as refused:
        export.file_name("{nothing}", cli._specimen(), "txt")
    fields = re.findall(r"\{\w+\}", str(refused.value))[1:]
    assert [field for field in fields if f"`{field}`" not in section(page, "File names")] == []


def sentences() -> str:
    """Return all that the program says, in small letters."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in Path(wording.__file__).parent.glob("*wording.py")]
    constants = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    found = [value for value in constants if isinstance(value, str)]
    return "\n".join(found).replace("&", "").casefold()


@pytest.mark.parametrize("topic", ["troubleshooting", "checking"])
def test_a_message_that_is_explained_is_one_of_the_program(topic):
    rows = re.findall(r"^\| (\S.*?) \| .* \|$", TEXT[topic], re.MULTILINE)
    messages = [row for row in rows if row not in ("Message", "Reason")]

    known = sentences()
    assert len(messages) > 5
    assert [one for one in messages if any(part.strip().casefold() not in known for part in one.split("…"))] == []


def test_every_menu_and_button_that_is_named_with_its_way_is_in_the_program():
    known = sentences()
    ways = [(topic, way) for topic in TOPICS for way in re.findall(r"\*\*([^*]+ → [^*]+)\*\*", TEXT[topic])]

    assert len(ways) > 15
    strays = [
        (t, part) for t, way in ways for part in way.split(" → ") if " ".join(part.split()).casefold() not in known
    ]
    assert strays == []


def test_the_readme_is_short_and_has_the_two_commands_and_every_command_of_the_terminal():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert len(readme.splitlines()) <= 100
    assert "```\nmake run\n```" in readme and "```\nmake test\n```" in readme
    assert [command for command in arguments.COMMANDS if f"`sottovoce {command}" not in readme] == []


def test_a_page_is_written_with_nothing_that_plain_text_and_the_window_do_not_know():
    for page in PAGES:
        assert not re.search(r"^```\n\n\|", page.text, re.MULTILINE), page.topic  # Qt spoils a table behind code
        prose = re.sub(r"^```.*?^```", "", page.text, flags=re.MULTILINE | re.DOTALL)
        assert not re.search(r"^(>|\* |\+ |    |!\[|<)", prose, re.MULTILINE), page.topic


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("topic", TOPICS)
def test_as_plain_text_a_page_has_no_marks_and_no_long_lines(topic, width):
    lines = manual.as_text(TEXT[topic], width).splitlines()
    prose = [line for line in lines if not line.startswith("    ")]

    assert [line for line in prose if re.search(r"\]\(|\*\*|`", line)] == []
    assert [line for line in prose if len(line) > width and len(line.split()) > 2] == []


def test_no_word_is_lost_in_plain_text():
    for page in PAGES:
        shown = manual.as_text(page.text, 60)
        without_heads = re.sub(r"^\|.*\|\n\|[-|]+\|$", "", page.text, flags=re.MULTILINE)
        words = re.findall(r"[A-Za-z]{3,}", re.sub(r"\]\([^)]*\)", "", without_heads))
        assert set(words) <= set(re.findall(r"[A-Za-z]{3,}", shown)), page.topic


def test_places_are_lines_that_have_all_words_wherever_they_are():
    text = "The GPU pack\nA pack for\nthe gpu: get the pack"

    assert [text[start:end] for start, end in manual.places(text, "gpu pack")] == ["GPU pack", "gpu"]
    assert manual.places(text, "  ") == []


def test_help_lists_the_topics_and_prints_a_page_by_topic_or_title(capsys):
    assert cli.main(["help"]) == 0
    listed = capsys.readouterr().out
    assert cli.main(["help", "live", "text", "and", "captions"]) == 0
    page = capsys.readouterr().out
    assert cli.main(["help", "Live-Text"]) == 0

    assert [topic for topic in TOPICS if f"  {topic} " not in listed] == []
    assert page.startswith("Live text and captions\n=====")
    assert capsys.readouterr().out == page


def test_help_for_a_command_without_a_page_is_its_options(capsys):
    assert cli.main(["help", "transcribe"]) == 0

    assert "--skip-existing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "told"),
    [("modles", "Did you mean: models"), ("cuda", "It is mentioned in: devices"), ("xyzzy", "no topic “xyzzy”")],
)
def test_an_unknown_topic_is_refused_with_two_and_what_may_be_meant(typed, told, capsys):
    assert cli.main(["help", typed]) == 2

    said = capsys.readouterr()
    assert told in said.err and said.out == ""


def test_help_needs_no_folder_of_the_user(tmp_path):
    (tmp_path / "file").write_text("in the way")
    environment = {**os.environ, "SOTTOVOCE_HOME": str(tmp_path / "file" / "home")}

    done = subprocess.run(
        [sys.executable, "-m", "desktop_app.cli", "help", "queue"], env=environment, cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0 and b"The queue" in done.stdout, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX's")
@pytest.mark.parametrize("pager", ["tr a-z A-Z", "no-such-pager"])
def test_in_a_low_terminal_a_page_goes_through_the_users_pager(pager):
    import pty

    master, slave = pty.openpty()
    environment = {**os.environ, "PAGER": pager, "LINES": "10", "COLUMNS": "80"}
    code = (
        "import sys; from desktop_app import start; sys.argv = ['sottovoce', 'help', 'queue']; sys.exit(start.main())"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=slave, stdout=slave, cwd=ROOT, env=environment) as shown:
        os.close(slave)
        said = b""
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:  # its end, on Linux
                break
            if not piece:
                break
            said += piece
    os.close(master)

    assert shown.returncode == 0
    assert (b"THE QUEUE" in said) == pager.startswith("tr") and (b"The queue" in said) != pager.startswith("tr")
