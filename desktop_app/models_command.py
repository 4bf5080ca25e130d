"""The command `models`: which there are, fetched, checked, taken in, moved and removed from a terminal."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from desktop_app import logs, paths, settings, terminal
from desktop_app.exit_codes import DONE, INTERRUPTED, SOME_FAILED, WRONG_USAGE
from desktop_app.messages import ModelTrouble, PorterFailed, PorterProgress
from desktop_app.models import catalogue, disk, machine, names, shelf, unfinished
from desktop_app.models.errors import PorterError
from desktop_app.models.fit import Fit, advice, estimate, facts_in, facts_of
from desktop_app.models.flow import Flow
from desktop_app.models.machine import Machine
from desktop_app.models.progress import Tell, a_few_times_a_second
from desktop_app.transcripts.history import History, LibraryInUse, NewerDatabase
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import model_wording, wording


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
    good_for: str = ""
    fit: Fit | None = None  # how it would run here; None: that is not known

    @property
    def can_be_fetched(self) -> bool:
        return bool(self.repo)


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
    terminal.raise_interrupts()
    try:
        logs.log_to(paths.logs() / "terminal.log")
    except OSError as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    try:
        if arguments.action != "list":
            _tidy()
        return actions[arguments.action](arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\n" if sys.stderr.isatty() else "")
        kept = model_wording.HALF_IS_KEPT if arguments.action == "download" else model_wording.STOPPED
        terminal.say(kept)
        return INTERRUPTED


def _tidy() -> None:
    """Delete what killed processes have left on its way out, or on its way to another folder."""
    from desktop_app.models import moving, removing

    for tidy in (removing.tidy, moving.tidy):
        with contextlib.suppress(PorterError, OSError):  # somebody is at it
            tidy()


# --- list ------------------------------------------------------------------------------------------------------------


def _list(arguments: argparse.Namespace) -> int:
    listed = listing()
    if arguments.json:
        terminal.print_out(msgspec.json.format(msgspec.json.encode(listed)).decode())
        return DONE
    if not shelf.folder_is_there():
        terminal.say(model_wording.folder_is_away(shown(paths.models())))
    if all(model.fit is None or model.fit.speed is None for model in listed):
        terminal.say(model_wording.NOT_MEASURED_YET)
    width = max(len(model.name) for model in listed)
    recommended = _recommended_since()
    for model in listed:
        state = model_wording.state(model.state, model.done_bytes, model.size_bytes, model.can_be_fetched)
        size = model_wording.size(model.size_bytes)
        languages = model_wording.languages(model.languages == shelf.Languages.ENGLISH) if model.languages else ""
        line = f"{model.name:<{width}}  {size:>8}  {languages:<12}  {state}"
        terminal.print_out(terminal.one_line(line))
        how = model_wording.how_it_runs(model.fit) if model.fit else ""
        why = recommended.get(model.name, "")
        terminal.print_out(f"    {terminal.one_line(' '.join(filter(None, [model.good_for, how, why])))}")
    return DONE


def _recommended_since() -> dict[str, str]:
    """Return why the recommended model is another one than at first, by its name; nothing if it is not."""
    computer, spoken = machine.load(paths.machine_file()), settings.load(paths.settings_file()).spoken
    free = disk.free_bytes(paths.models())
    found = advice(computer, spoken, free, [model.name for model in shelf.on_shelf() if not model.damaged])
    why = model_wording.why_proposed(found.instead_of, found.pace)
    return {found.model.id: why} if why else {}


def listing() -> list[Listed]:
    """Return the models on this computer, those that are half there, and those that were published."""
    computer = machine.load(paths.machine_file())
    return [_with_fit(model, computer) for model in _all_models()]


def _with_fit(model: Listed, computer: Machine | None) -> Listed:
    """Return it with what it is good for, and how it would run on the computer as far as that is known."""
    published = catalogue.published().get(model.name)
    here = shelf.own_copy(model.name) if published is None else None
    facts = facts_of(published) if published else facts_in(here) if here else None
    fit = estimate(facts, computer) if computer and facts and facts.shape else None
    return msgspec.structs.replace(model, good_for=model_wording.good_for(model.name), fit=fit)


def _all_models() -> list[Listed]:
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
            state = "bundled" if shelf.comes_back(published.id) else "available"  # it is joined when it is needed
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
        if own := next((name for name in arguments.names if shelf.own_copy(name) and not _can_be_fetched(name)), None):
            return terminal.complain(model_wording.nowhere_to_fetch(own), WRONG_USAGE)
        return terminal.complain(model_wording.unknown(arguments.names, [*catalogue.published()]), WRONG_USAGE)
    hub = arguments.hub or settings.load(paths.settings_file()).hub
    if hub and not hub.startswith(("http://", "https://")):
        return terminal.complain(f"--hub: {model_wording.MIRROR_WRONG}", WRONG_USAGE)
    token = ""

    def ask_for_token() -> bool:
        nonlocal token
        try:
            token = getpass.getpass(model_wording.ASK_FOR_TOKEN, sys.stderr)
        except EOFError:  # nobody is there to type one
            sys.stderr.write("\n")
        if token and not tokens.keep(hub, token):
            terminal.say(model_wording.TOKEN_NOT_KEPT)
        return bool(token)

    def can_help(error: PorterError) -> bool:
        is_asked = error.kind is ModelTrouble.TOKEN_NEEDED and not token
        return is_asked and sys.stdin.isatty() and sys.stderr.isatty() and ask_for_token()

    def fetch(words: str, tell: Tell) -> str:
        return shown(download.fetch(*meant[words], hub, token, tell))

    if arguments.token:
        ask_for_token()
    return _one_by_one(arguments.names, fetch, "fetch", can_help)


def _can_be_fetched(name: str) -> bool:
    try:
        return bool(names.origin(name))
    except PorterError:
        return False


def _meant(words: str, revision: str) -> tuple[str, str, str]:
    """Return name, repository and revision of what is to be fetched. Raise PorterError."""
    if "/" in words:
        return "", words, revision
    repo, usual = names.origin(words)
    return ("", repo, revision) if revision not in ("", usual) else (words, repo, usual)


def _verify(arguments: argparse.Namespace) -> int:
    from desktop_app.models import verifying

    def verify(name: str, tell: Tell) -> str:
        verifying.verify(name, tell)
        return model_wording.verified(name)

    return _one_by_one(arguments.names or [model.name for model in shelf.on_shelf()], verify)


def _import(arguments: argparse.Namespace) -> int:
    from desktop_app.models import importing

    taken_in: list[Path] = []

    def take_in(_: str, tell: Tell) -> str:
        taken_in.append(importing.take_in(arguments.source.absolute(), arguments.name, tell))
        return shown(taken_in[0])

    code = _one_by_one([shown(Path(arguments.source.name))], take_in)
    if arguments.name and taken_in and taken_in[0].name != arguments.name and taken_in[0].name in catalogue.published():
        terminal.say(model_wording.is_published_one(taken_in[0].name))
    return code


def _remove(arguments: argparse.Namespace) -> int:
    from desktop_app.models import removing

    def remove(name: str, tell: Tell) -> str:
        if removing.is_needed(name, _needed()):  # each time: a job may have come while the one before was removed
            raise PorterError(ModelTrouble.IN_USE)
        return model_wording.removed(name, removing.remove(name, tell))

    try:
        return _one_by_one(arguments.names, remove)
    except _NoLibrary as error:
        return terminal.complain(wording.library_failure(error.cause), SOME_FAILED)


class _NoLibrary(Exception):
    """It cannot be told which models jobs need."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _needed() -> set[str]:
    """Return the models that jobs need. Raise _NoLibrary."""
    if not paths.database().exists():
        return set()
    try:
        with contextlib.closing(History(paths.database())) as history:
            return history.models_needed()
    except (sqlite3.Error, OSError, NewerDatabase, LibraryInUse) as error:
        raise _NoLibrary(error) from error


def _where(arguments: argparse.Namespace) -> int:
    if arguments.folder is None:
        terminal.print_out(shown(paths.models()))
        if not shelf.folder_is_there():
            return terminal.complain(model_wording.folder_is_away(shown(paths.models())), SOME_FAILED)
        return DONE
    from desktop_app.models import moving

    return _one_by_one([""], lambda _, tell: shown(moving.move(arguments.folder.absolute(), tell)))


# --- what is the same for all ----------------------------------------------------------------------------------------


def _one_by_one(
    wanted: list[str],
    act: Callable[[str, Tell], str],
    what: str = "",
    can_help: Callable[[PorterError], bool] = lambda error: False,
) -> int:
    """Do it for each; print what comes of it, or say why it could not be done. Again where something can be helped."""
    code = DONE
    for name in wanted:
        failed = _failed(name, act, can_help)
        if failed is not None:
            sentence = model_wording.trouble(failed, name, what, _can_be_fetched(name), in_terminal=True)
            code = terminal.complain(sentence, SOME_FAILED)
    return code


def _failed(name: str, act: Callable[[str, Tell], str], can_help: Callable[[PorterError], bool]) -> PorterFailed | None:
    """Do it; return why it could not be done, or None."""
    try:
        with _shown_progress(name) as tell:
            done = act(name, tell)
        terminal.print_out(done)
    except PorterError as error:
        if can_help(error):
            return _failed(name, act, can_help)
        return error.told()
    except OSError as error:
        return PorterFailed(ModelTrouble.CANNOT_READ, str(error))
    return None


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
