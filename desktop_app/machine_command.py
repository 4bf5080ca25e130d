"""The command `devices`: what this computer can do, and what will be used of it."""

from __future__ import annotations

import argparse
import logging
import sqlite3
from typing import TYPE_CHECKING

import msgspec

from desktop_app import paths, settings, terminal
from desktop_app.exit_codes import DONE, INTERRUPTED, SOME_FAILED
from desktop_app.models import machine
from desktop_app.models.machine import Machine
from desktop_app.transcripts.history import History, LibraryInUse, NewerDatabase
from desktop_app.ui import machine_wording

if TYPE_CHECKING:
    from PySide6.QtCore import QEventLoop

    from desktop_app.work.probe_process import Probed, ProbeProcess

log = logging.getLogger(__name__)


def devices(arguments: argparse.Namespace) -> int:
    """Print what is known of this computer. It is looked for first if it is not known, has changed, or if asked to."""
    from PySide6.QtCore import QCoreApplication, QEventLoop

    from desktop_app.work.choice import choose
    from desktop_app.work.probe_process import ProbeProcess

    application = QCoreApplication.instance() or QCoreApplication(["sottovoce"])
    process, loop = ProbeProcess(paths.backend_command(), application), QEventLoop()
    with terminal.Signals(loop.quit):
        found = _found(process, loop, again=arguments.again)
    process.close()
    if found is None:
        return INTERRUPTED
    wanted = settings.load(paths.settings_file())
    chosen = choose(found.machine, wanted.device, wanted.compute_type, wanted.batch_size, wanted.threads)
    if arguments.json:
        told = {"machine": found.machine, "choice": chosen, "trouble": found.trouble}
        terminal.print_out(msgspec.json.format(msgspec.json.encode(told)).decode())
    else:
        terminal.print_out(machine_wording.page(found.machine, chosen).rstrip("\n"))
    if found.trouble is not None:
        terminal.say(machine_wording.probe_trouble(found.trouble))
    return DONE if found.trouble is None else SOME_FAILED


def _found(process: ProbeProcess, loop: QEventLoop, again: bool) -> Probed | None:
    """Return what is known, or what the probe finds where that does not hold any more; None if it was interrupted."""
    from desktop_app.work.probe_process import Probed
    from desktop_app.work.probing import as_now, model_to_measure

    kept = None if again else machine.load(paths.machine_file())
    answers: list[Probed | None] = []
    process.ended.connect(answers.append)
    process.ended.connect(lambda _: loop.quit())
    if kept is not None:
        process.glance()
        loop.exec()
        seen = answers.pop() if answers else None
        if seen is None:
            return None
        kept = as_now(kept, seen.machine) if seen.machine.is_same_as(kept) else None
    model = None if (kept is not None and kept.is_measured) or _is_anybody_working() else model_to_measure()
    if kept is not None and model is None:
        return Probed(kept)
    folder, name = model or (None, "")
    process.look(folder, name, patient=kept is not None)  # then there was too little time for it before
    loop.exec()
    probed = answers.pop() if answers else None
    if probed is None or probed.trouble is not None:
        return probed
    return Probed(_kept(probed.machine))


def _kept(found: Machine) -> Machine:
    """Keep what was found, but not what was measured beside another program's job."""
    if _is_anybody_working():
        found = msgspec.structs.replace(found, measured=())
    try:
        return machine.keep(found, paths.machine_file())
    except OSError as error:
        log.warning("what is known of this computer could not be kept: %s", type(error).__name__)
        return found


def _is_anybody_working() -> bool:
    """Tell whether a program has a job running; not if the library does not say."""
    from desktop_app.work.probing import is_anybody_working

    if not paths.database().exists():
        return False
    try:
        history = History(paths.database())
    except (sqlite3.Error, OSError, NewerDatabase, LibraryInUse) as error:
        log.warning("the library could not be asked: %s", type(error).__name__)
        return False
    try:
        return is_anybody_working(history)
    finally:
        history.close()
