"""The command `help`: a page of the manual, or the list of them."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys

from desktop_app import manual, terminal
from desktop_app.arguments import COMMANDS, parsed
from desktop_app.exit_codes import DONE, SOME_FAILED, WRONG_USAGE
from desktop_app.ui import wording

LESS = "FRX"  # its options where the user has none: a short text is only printed, and what was read stays


def show(arguments: argparse.Namespace) -> int:
    """Print the page that is asked for; return the exit code."""
    name = " ".join(arguments.topic)
    try:
        pages = manual.pages()
    except OSError as error:
        return terminal.complain(wording.no_manual(error), SOME_FAILED)
    width = max(20, min(shutil.get_terminal_size().columns, manual.MAX_WIDTH))
    if not name:
        terminal.print_out(f"{wording.MANUAL_TOPICS}\n\n{manual.list_of_topics(pages, width)}", end="")
    elif (page := manual.find_page(pages, name)) is not None:
        _print_in_pages(manual.as_text(page.text, width))
    elif name in COMMANDS:
        parsed([name, "--help"])  # prints it, and ends the program
    else:
        near = manual.similar(name, [*(page.topic for page in pages), *COMMANDS])
        return terminal.complain(wording.no_topic(name, near, manual.topics_with(pages, name)), WRONG_USAGE)
    return DONE


def _print_in_pages(text: str) -> None:
    """Print a text; in a terminal that is lower than the text by way of the user's pager, as git does."""
    pager = shlex.split(os.environ.get("PAGER", "less"))
    is_long = text.count("\n") >= shutil.get_terminal_size().lines
    if not (pager and is_long and os.name == "posix" and sys.stdin.isatty() and sys.stdout.isatty()):
        terminal.print_out(text, end="")
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the pager's
    try:
        subprocess.run(pager, input=text.encode(), env={"LESS": LESS, **os.environ}, check=False)
    except OSError:  # there is no such pager
        terminal.print_out(text, end="")
    finally:
        signal.signal(signal.SIGINT, before)
