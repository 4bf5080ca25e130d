"""The command `updates`: whether there is a newer version, what is new in it, and its installer."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator

import msgspec

from desktop_app import __version__, logs, paths, terminal
from desktop_app.exit_codes import DONE, INTERRUPTED, SOME_FAILED
from desktop_app.messages import Release, UpdateChecked
from desktop_app.models.errors import PorterError
from desktop_app.models.progress import Tell, a_few_times_a_second
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import update_wording, wording
from desktop_app.upkeep import installation


class Told(msgspec.Struct, frozen=True):
    """What is printed as JSON."""

    version: str  # of this program
    installation: str
    asked_now: bool
    releases: tuple[Release, ...]  # newer than this one, the newest first
    size_bytes: int  # of the newest one's installer; 0: there is none for this computer
    file: str = ""  # the installer, if it was downloaded


def updates(arguments: argparse.Namespace) -> int:
    """Do what was typed, and return the exit code."""
    terminal.raise_interrupts()
    try:
        logs.log_to(paths.logs() / "terminal.log")
        return _tell(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\n" if sys.stderr.isatty() else "")
        return INTERRUPTED
    except OSError as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)


def _tell(arguments: argparse.Namespace) -> int:
    from desktop_app.upkeep import update

    asks = arguments.check or arguments.download is not None
    try:
        found = update.check() if asks else update.known()
    except PorterError as error:
        return terminal.complain(update_wording.not_checked(error.told()), SOME_FAILED)
    file = ""
    if found.releases and arguments.download is not None:
        if not installation.wanted():
            return terminal.complain(
                update_wording.what_follows(installation.how(), found.releases[0].version, 0), SOME_FAILED
            )
        try:
            with _shown_progress() as tell:
                file = shown(update.fetch(found.releases[0].version, arguments.download.absolute(), tell))
        except PorterError as error:
            return terminal.complain(update_wording.not_fetched(error.told()), SOME_FAILED)
    if arguments.json:
        told = Told(__version__, installation.how().value, asks, found.releases, found.size_bytes, file)
        terminal.print_out(msgspec.json.format(msgspec.json.encode(told)).decode())
    else:
        _print(found, asks, file)
    return DONE


def _print(found: UpdateChecked, asks: bool, file: str) -> None:
    from desktop_app.upkeep import update

    how = installation.how()
    if not found.releases:
        as_known = update_wording.as_known(__version__) if update.is_answered() else update_wording.NOT_KNOWN
        terminal.print_out(update_wording.newest(__version__) if asks else as_known)
        return
    version = found.releases[0].version
    terminal.print_out(update_wording.there_is(version, __version__) + "\n")
    terminal.print_out(update_wording.notes(found.releases) + "\n")
    if file:
        terminal.print_out(file)
        terminal.say(update_wording.install_by(how, file))
    else:
        terminal.print_out(update_wording.in_terminal(how, version, found.size_bytes))


@contextlib.contextmanager
def _shown_progress() -> Iterator[Tell]:
    """Give what shows progress in one line, if somebody looks at it."""
    line = terminal.StatusLine(sys.stderr.isatty())
    try:
        yield a_few_times_a_second(lambda progress: line.show(update_wording.progress(progress)))
    finally:
        line.clear()
