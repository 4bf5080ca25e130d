"""Fetches, checks, moves and removes models and what else is big, in a process of its own.

One command in, progress out, and it ends.

When the parent closes stdin the porter ends at once: that is how it is paused, and how it is cancelled. It
can be ended at any moment, for what it leaves behind is gone on with or cleared away by the next one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from pathlib import Path
from typing import NoReturn

from desktop_app.exit_codes import DONE, LEFT, SOME_FAILED
from desktop_app.messages import (
    CheckForUpdate,
    FetchModel,
    FetchUpdate,
    Garbled,
    InstallCardPack,
    KeepToken,
    ModelTrouble,
    MoveModels,
    Pipe,
    PorterCommand,
    PorterDone,
    PorterFailed,
    RemoveCardPack,
    RemoveModel,
    TakeInModel,
    TidyUpdates,
    UpdateChecked,
    VerifyModel,
    end_if_parent_is_of_another_version,
    porter_command_from,
)
from desktop_app.models.errors import PorterError
from desktop_app.models.progress import Tell, a_few_times_a_second

NICENESS = 5  # as the backend


def command_on(pipe: Pipe) -> PorterCommand:
    """Return the one command; from then on the end of the pipe ends the porter. Raise Garbled."""
    line = pipe.commands.readline()
    if not line:
        leave()
    threading.Thread(target=_watch, args=[pipe], name="stdin", daemon=True).start()
    return porter_command_from(line)


def _watch(pipe: Pipe) -> None:
    with contextlib.suppress(OSError, ValueError):
        while pipe.commands.readline():
            pass
    leave()


def leave(exit_code: int = LEFT) -> NoReturn:
    """End the process now, whatever it is at, and without waiting for the thread that sleeps in a read of stdin."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(exit_code)


def main() -> NoReturn:
    """Carry out the command on stdin, and end the process."""
    end_if_parent_is_of_another_version()
    pipe = Pipe(leave)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    )
    for library in ("httpx2", "httpcore2"):  # they write down whole addresses, with the signatures in them
        logging.getLogger(library).setLevel(logging.WARNING)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        answer: PorterDone | UpdateChecked | PorterFailed = carry_out(command_on(pipe), a_few_times_a_second(pipe.send))
    except PorterError as error:
        logging.error("%s", error)
        answer = PorterFailed(error.kind, _sayable(error.detail), error.needed_bytes, error.free_bytes)
    except Garbled as error:
        logging.error("a garbled command: %s", error)
        answer = PorterFailed(ModelTrouble.UNFORESEEN, str(error))
    except Exception as error:
        logging.exception("unforeseen")
        answer = PorterFailed(ModelTrouble.UNFORESEEN, _sayable(f"{type(error).__name__}: {error}"))
    pipe.send(answer)
    leave(SOME_FAILED if isinstance(answer, PorterFailed) else DONE)


def carry_out(command: PorterCommand, tell: Tell) -> PorterDone | UpdateChecked:
    """Do what the command says. Raise PorterError."""
    match command:  # each imports what it needs, and no more: the porter of a removal knows nothing of the network
        case FetchModel():
            from desktop_app.models import download

            at = (command.name, command.repo, command.revision, command.hub)
            return _model_in(download.fetch(*at, token=command.token, tell=tell))
        case TakeInModel(source=source, name=name):
            from desktop_app.models import importing

            return _model_in(importing.take_in(Path(os.fsdecode(source)), name, tell))
        case VerifyModel(name=name):
            from desktop_app.models import verifying

            return _model_in(verifying.verify(name, tell).folder)
        case RemoveModel(name=name):
            from desktop_app.models import removing

            return PorterDone(name, size_bytes=removing.remove(name, tell))
        case MoveModels(folder=folder):
            from desktop_app.models import moving

            return PorterDone(folder=os.fsencode(moving.move(Path(os.fsdecode(folder)), tell)))
        case KeepToken(hub=hub, token=token):
            return _kept(hub, token)
        case InstallCardPack(source=source):
            from desktop_app.upkeep import pack_installing

            found = pack_installing.install(Path(os.fsdecode(source)) if source else None, tell)
            return PorterDone(found.version, os.fsencode(found.folder), found.size_bytes)
        case RemoveCardPack():
            from desktop_app.upkeep import pack_removing

            return PorterDone(size_bytes=pack_removing.remove(tell))
        case CheckForUpdate():
            from desktop_app.upkeep import update

            return update.check()
        case FetchUpdate(version=version, folder=folder):
            from desktop_app.upkeep import update

            file = update.fetch(version, Path(os.fsdecode(folder)) if folder else None, tell)
            return PorterDone(version, os.fsencode(file), file.stat().st_size)
        case TidyUpdates():
            from desktop_app.upkeep import update

            update.tidy()
            return PorterDone()


def _model_in(folder: Path) -> PorterDone:
    from desktop_app.models import shelf

    return PorterDone(folder.name, os.fsencode(folder), shelf.size_of(folder))


def _kept(hub: str, token: str) -> PorterDone:
    from desktop_app.models import tokens

    if not (tokens.keep(hub, token) if token else tokens.forget(hub)):
        raise PorterError(ModelTrouble.NO_KEYRING)
    return PorterDone()


def _sayable(detail: str) -> str:
    """Return the detail without what the pipe cannot carry: bytes of a path that are no Unicode."""
    return detail.encode(errors="replace").decode()


if __name__ == "__main__":
    main()
