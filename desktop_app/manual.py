"""The manual: its pages, looking for words in them, and a page as plain text. Plain Python.

The pages are the Markdown files of resources/manual, one a topic; README.md there lists them in order. Only what
`as_text` knows may be used in them: headings, paragraphs, lists, tables whose last column may be long, fenced code, and
in a line `code`, **bold**, *italic* and [links](page.md#heading).
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from desktop_app import paths

FIRST = "getting-started"  # the topic that is shown where none is asked for
CONTENTS = "README.md"
MAX_WIDTH = 88  # characters of a line in a terminal
MAX_KEY_WIDTH = 28  # characters of the first column of a table; a longer one has a line of its own

_ENTRY = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<topic>[\w-]+)\.md\): (?P<about>.+)$", re.MULTILINE)
_LIST_ITEM = re.compile(r"(?P<mark>-|\d+\.) (?P<text>.*)")
_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)]+)\)")


class Page(NamedTuple):
    """One topic of the manual."""

    topic: str  # what it is called in links and in a terminal: "live-text"
    title: str
    about: str  # in a few words
    text: str  # Markdown


class Link(NamedTuple):
    """Where a link leads: to a heading of a page. No topic: of the same page; no heading: to the beginning."""

    topic: str
    heading: str


def pages(folder: Path | None = None) -> list[Page]:
    """Return the pages in their order. Raise OSError if one cannot be read."""
    folder = folder or paths.manual()
    contents = (folder / CONTENTS).read_text(encoding="utf-8")
    return [
        Page(**entry.groupdict(), text=(folder / f"{entry['topic']}.md").read_text(encoding="utf-8"))
        for entry in _ENTRY.finditer(contents)
    ]


def find_page(pages: Sequence[Page], name: str) -> Page | None:
    """Return the page of that topic or title, however it is written; None if there is none."""
    wanted = anchor(name)
    return next((page for page in pages if wanted in (page.topic, anchor(page.title))), None)


def similar(name: str, names: Sequence[str]) -> list[str]:
    """Return those of `names` that may be meant by `name`, the likeliest first."""
    wanted = anchor(name)
    containing = [known for known in names if wanted and wanted in known]
    return list(dict.fromkeys([*get_close_matches(wanted, names, n=3, cutoff=0.6), *containing]))[:3]


def topics_with(pages: Sequence[Page], words: str) -> list[str]:
    """Return the topics in whose pages `words` are, those with most places first; three at most."""
    counts = {page.topic: len(places(page.text, words)) for page in pages}
    return sorted((topic for topic, count in counts.items() if count), key=lambda topic: -counts[topic])[:3]


def anchor(heading: str) -> str:
    """Return what a heading is called in links, as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.strip().casefold()).replace(" ", "-")


def link_within(address: str) -> Link | None:
    """Return where a link between pages leads; None if it leads elsewhere."""
    match = re.fullmatch(r"(?:([\w-]+)\.md)?(?:#([\w-]+))?", address)
    return Link(match[1] or "", match[2] or "") if match and address else None


def places(text: str, words: str) -> list[tuple[int, int]]:
    """Return where `words` are found in a page's text as it is shown: of each line that has all of them, in any case,
    the first place (start, end) of all together, or else of the first word."""
    wanted = words.split()
    if not wanted:
        return []
    together = re.compile(r"\s+".join(map(re.escape, wanted)), re.IGNORECASE)
    each = [re.compile(re.escape(word), re.IGNORECASE) for word in wanted]
    found = []
    for line in re.finditer(r"[^\n]+", text):
        if all(word.search(line[0]) for word in each):
            match = together.search(line[0]) or each[0].search(line[0])
            assert match is not None
            found.append((line.start() + match.start(), line.start() + match.end()))
    return found


# --- as plain text ---------------------------------------------------------------------------------------------------


def as_text(markdown: str, width: int = MAX_WIDTH) -> str:
    """Return a page as plain text, in lines of at most `width` characters but for code."""
    blocks = ["\n".join(_block(lines, width)) for lines in _blocks(markdown)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _blocks(markdown: str) -> Iterator[list[str]]:
    """Yield what is divided by empty lines; code with the empty lines in it."""
    lines: list[str] = []
    is_code = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            if not is_code and lines:
                yield lines
                lines = []
            is_code = not is_code
        if line or is_code:
            lines.append(line)
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def _block(lines: list[str], width: int) -> Iterator[str]:
    first = lines[0]
    if first.startswith("```"):
        yield from (f"    {line}".rstrip() for line in lines[1:-1])
    elif first.startswith("#"):
        heading = _plain(first.lstrip("#").strip())
        yield heading
        if not first.startswith("###"):
            yield ("=" if first.startswith("# ") else "-") * len(heading)
    elif first.startswith("|"):
        yield from _table(lines[2:], width)
    elif _LIST_ITEM.match(first):
        yield from _list(lines, width)
    else:
        yield from _filled(" ".join(lines), width)


def _list(lines: list[str], width: int) -> Iterator[str]:
    items: list[str] = []
    for line in lines:
        if _LIST_ITEM.match(line):
            items.append(line)
        else:
            items[-1] += f" {line.strip()}"
    for item in items:
        match = _LIST_ITEM.match(item)
        assert match is not None
        mark = f"{match['mark']} "
        yield from _filled(match["text"], width, mark, " " * len(mark))


def _table(rows: list[str], width: int) -> Iterator[str]:
    """Yield a line or more for each row: all columns but the last are as wide as what is in them."""
    cells = [[_plain(cell.strip()) for cell in row.strip("|").split("|")] for row in rows]
    columns = [min(max(map(len, column)), MAX_KEY_WIDTH, width // 2) for column in zip(*cells, strict=True)][:-1]
    blank = " " * (2 + sum(column + 2 for column in columns))
    for *keys, text in cells:
        before = "".join(f"{key:<{column}}  " for key, column in zip(keys, columns, strict=True))
        yield from _filled_plain(text, width, f"  {before}", blank)


def _filled(markdown: str, width: int, before: str = "", then: str = "") -> list[str]:
    return _filled_plain(_plain(markdown), width, before, then)


def _filled_plain(text: str, width: int, before: str, then: str) -> list[str]:
    if len(before) > len(then):  # it leaves no room beside it
        own_lines = textwrap.wrap(before.strip(), width, initial_indent="  ", subsequent_indent="  ")
        return [*own_lines, *_filled_plain(text, width, then, then)]
    return textwrap.wrap(
        text,
        width,
        initial_indent=before,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [before.rstrip()]


def _plain(markdown: str) -> str:
    """Return a line without its marks; where a link leads out of the manual, with its address.

    Bold within a sentence is what something is called in the window: it gets quotation marks.
    """

    def shown(match: re.Match[str]) -> str:
        code, bold, italic, label, address = match.groups()
        if bold is not None:
            return f"“{bold}”" if match.start() else bold
        if label is None:
            return code or italic
        return label if link_within(address) else f"{_plain(label)} ({address})"

    return _INLINE.sub(shown, markdown)


def list_of_topics(pages: Sequence[Page], width: int = MAX_WIDTH) -> str:
    """Return the topics, a line each: what they are called, and what they are about."""
    column = max(len(page.topic) for page in pages)
    lines = [_filled_plain(page.about, width, f"  {page.topic:<{column}}  ", " " * (column + 4)) for page in pages]
    return "\n".join(itertools.chain.from_iterable(lines)) + "\n"
