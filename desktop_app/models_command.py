"""The command `models`: which there are, fetched, checked, taken in, moved and removed from a terminal."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from desktop_app import paths, settings, terminal
from desktop_app.messages import ModelTrouble, PorterFailed, PorterProgress
from desktop_app.models import catalogue, names, shelf, starter, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.flow import Flow
from desktop_app.models.progress import Tell, a_few_times_a_second
from desktop_app.transcripts.history import History, LibraryInUse, NewerDatabase
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import model_wording, wording

DONE, SOME_FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


class Listed(msgspec.Struct, frozen=True):
    """A line of the list."""

    name: str
    state: model_wording.State
    size_bytes: int
    languages: str
    repo: str
    folder: str = ""  # empty: it is not here
    read_only: bool = False
    done_bytes: int = 0  # of what is half downloaded
    detail: str = ""  # what is wrong with it


def models(arguments: argparse.Namespace) -> int:
    """Do what was typed, and return the exit code."""
    actions = {
        "list": _list,
        "download": _download,
        "verify": _verify,
        "import": _import,
        "remove": _remove,
        "where": _where,
    }
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return actions[arguments.action](arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\n" if sys.stderr.isatty() else "")
        kept = model_wording.HALF_IS_KEPT if arguments.action == "download" else model_wording.STOPPED
        terminal.say(kept)
        return INTERRUPTED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


# --- list ------------------------------------------------------------------------------------------------------------


def _list(arguments: argparse.Namespace) -> int:
    listed = listing()
    if arguments.json:
        terminal.print_out(msgspec.json.format(msgspec.json.encode(listed)).decode())
        return DONE
    if not shelf.folder_is_there():
        terminal.say(model_wording.folder_is_away(shown(paths.models())))
    width = max(len(model.name) for model in listed)
    for model in listed:
        state = model_wording.state(model.state, model.done_bytes, model.size_bytes)
        size = model_wording.size(model.size_bytes)
        languages = model_wording.languages(model.languages == shelf.Languages.ENGLISH) if model.languages else ""
        line = f"{model.name:<{width}}  {size:>8}  {languages:<12}  {state}"
        terminal.print_out(terminal.one_line(line))
    return DONE


def listing() -> list[Listed]:
    """Return the models on this computer, those that are half there, and those that were published."""
    found: dict[str, Listed] = {}
    for model in shelf.on_shelf():
        state: model_wording.State = "damaged" if model.damaged else "bundled" if model.read_only else "installed"
        found[model.name] = Listed(
            model.name,
            state,
            model.size_bytes,
            _languages(catalogue.published().get(model.name)) or model.languages.value,
            model.repo,
            shown(model.folder),
            model.read_only,
            detail=model.damaged,
        )
    for half in unfinished.downloads():
        published = catalogue.published().get(half.name)
        state = "running" if half.running else "paused"
        if half.name not in found:
            found[half.name] = Listed(
                half.name, state, half.total_bytes, _languages(published), half.repo, done_bytes=half.done_bytes
            )
    for published in catalogue.published().values():
        if published.id not in found:
            is_in_parts = published.id == starter.NAME and starter.parts_are_here()  # and is joined when it is needed
            state = "bundled" if is_in_parts else "available"
            found[published.id] = Listed(
                published.id, state, published.size_bytes, _languages(published), published.repo
            )
    return [*found.values()]


def _languages(published: catalogue.PublishedModel | None) -> str:
    """Return what a published model is good for, whatever its vocabulary: distilled ones know English only."""
    if published is None:
        return ""
    return (shelf.Languages.MULTILINGUAL if published.multilingual else shelf.Languages.ENGLISH).value


# --- download, verify, import, remove, where -------------------------------------------------------------------------


def _download(arguments: argparse.Namespace) -> int:
    from desktop_app.models import download, tokens

    try:
        meant = {words: _meant(words, arguments.revision) for words in arguments.names}
    except PorterError:
        return terminal.complain(model_wording.unknown(arguments.names, [*catalogue.published()]), WRONG_USAGE)
    hub = arguments.hub or settings.load(paths.settings_file()).hub
    token = getpass.getpass(model_wording.ASK_FOR_TOKEN, sys.stderr) if arguments.token else ""
    if token and not tokens.keep(hub, token):
        terminal.say(model_wording.TOKEN_NOT_KEPT)

    def fetch(words: str, tell: Tell) -> None:
        folder = download.fetch(*meant[words], hub, token, tell)
        terminal.print_out(shown(folder))

    return _one_by_one(arguments.names, fetch)


def _meant(words: str, revision: str) -> tuple[str, str, str]:
    """Return name, repository and revision of what is to be fetched. Raise PorterError."""
    if "/" in words:
        return "", words, revision
    return words, *names.origin(words)


def _verify(arguments: argparse.Namespace) -> int:
    from desktop_app.models import verifying

    def verify(name: str, tell: Tell) -> None:
        verifying.verify(name, tell)
        terminal.print_out(model_wording.verified(name))

    return _one_by_one(arguments.names or [model.name for model in shelf.on_shelf()], verify)


def _import(arguments: argparse.Namespace) -> int:
    from desktop_app.models import importing

    def take_in(_: str, tell: Tell) -> None:
        folder = importing.take_in(arguments.source.absolute(), arguments.name, tell)
        terminal.print_out(shown(folder))

    return _one_by_one([arguments.name or shown(Path(arguments.source.name))], take_in)


def _remove(arguments: argparse.Namespace) -> int:
    from desktop_app.models import removing

    try:
        needed = _needed()
    except (sqlite3.Error, OSError, NewerDatabase, LibraryInUse) as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)

    def remove(name: str, tell: Tell) -> None:
        if removing.is_needed(name, needed):
            raise PorterError(ModelTrouble.IN_USE)
        freed = removing.remove(name, tell)
        terminal.say(model_wording.removed(name, freed, name == starter.NAME and starter.parts_are_here()))

    return _one_by_one(arguments.names, remove)


def _needed() -> set[str]:
    """Return the models that jobs need. Raise what opening the library raises."""
    if not paths.database().exists():
        return set()
    history = History(paths.database())
    try:
        return history.models_needed()
    finally:
        history.close()


def _where(arguments: argparse.Namespace) -> int:
    if arguments.folder is None:
        terminal.print_out(shown(paths.models()))
        if not shelf.folder_is_there():
            return terminal.complain(model_wording.folder_is_away(shown(paths.models())), SOME_FAILED)
        return DONE
    from desktop_app.models import moving

    return _one_by_one([""], lambda _, tell: terminal.print_out(shown(moving.move(arguments.folder.absolute(), tell))))


# --- what is the same for all ----------------------------------------------------------------------------------------


def _one_by_one(wanted: list[str], act: Callable[[str, Tell], Any]) -> int:
    """Do it for each; say how it gets on, and why it could not be done."""
    code = DONE
    for name in wanted:
        try:
            with _shown_progress(name) as tell:
                act(name, tell)
        except PorterError as error:
            failed = PorterFailed(error.kind, error.detail, error.needed_bytes, error.free_bytes)
            code = terminal.complain(model_wording.trouble(failed, name), SOME_FAILED)
        except OSError as error:
            failed = PorterFailed(ModelTrouble.CANNOT_READ, str(error))
            code = terminal.complain(model_wording.trouble(failed, name), SOME_FAILED)
    return code


@contextlib.contextmanager
def _shown_progress(name: str) -> Iterator[Tell]:
    """Give what shows progress in one line, if somebody looks at it."""
    line = terminal.StatusLine(sys.stderr.isatty())
    flow = Flow()
    stage = None

    def show(progress: PorterProgress) -> None:
        nonlocal flow, stage
        if progress.stage != stage:
            flow, stage = Flow(), progress.stage
        flow.reached(progress.done)
        line.show(model_wording.progress(name, progress, flow.speed, flow.seconds_left(progress.total)))

    try:
        yield a_few_times_a_second(show)
    finally:
        line.clear()
