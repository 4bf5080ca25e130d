"""The command `gpu`: the libraries for the graphics card, installed and removed from a terminal."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator

import msgspec

from desktop_app import logs, paths, terminal
from desktop_app.exit_codes import DONE, INTERRUPTED, SOME_FAILED
from desktop_app.messages import PorterProgress
from desktop_app.models.errors import PorterError
from desktop_app.models.flow import Flow
from desktop_app.models.progress import Tell, a_few_times_a_second
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import pack_wording, wording
from desktop_app.upkeep import pack_removing, packs


def gpu(arguments: argparse.Namespace) -> int:
    """Do what was typed, and return the exit code."""
    actions = {"status": _status, "install": _install, "remove": _remove}
    terminal.raise_interrupts()
    try:
        logs.log_to(paths.logs() / "terminal.log")
    except OSError as error:
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    try:
        with contextlib.suppress(PorterError, OSError):  # somebody is at it
            pack_removing.tidy()
        return actions[arguments.action](arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\n" if sys.stderr.isatty() else "")
        is_kept = arguments.action == "install" and arguments.source is None
        terminal.say(pack_wording.HALF_IS_KEPT if is_kept else pack_wording.STOPPED)
        return INTERRUPTED


def _status(arguments: argparse.Namespace) -> int:
    here = packs.here()
    pack, installed = here.pack, here.installed
    if arguments.json:
        told = {
            "system": packs.system(),
            "pack": pack,
            "installed": installed and {**msgspec.structs.asdict(installed), "folder": shown(installed.folder)},
            "half_bytes": here.half_bytes,
        }
        terminal.print_out(msgspec.json.format(msgspec.json.encode(told)).decode())
        return DONE
    if installed is not None:
        told_of_it = pack_wording.installed(installed.version, installed.size_bytes)
        if pack is not None and installed.version != pack.content.version:
            told_of_it += f" {pack_wording.is_another(pack.content.version)}"
        terminal.print_out(f"{told_of_it}\n{shown(installed.folder)}")
    elif pack is None:
        terminal.print_out(pack_wording.NONE_FOR_THIS)
    elif here.half_bytes:
        terminal.print_out(pack_wording.half(here.half_bytes, pack.size_bytes))
    else:
        terminal.print_out(pack_wording.NOT_INSTALLED)
    if pack is not None and (installed is None or installed.version != pack.content.version):
        terminal.print_out(pack_wording.how_to_get(pack.address, pack.size_bytes, pack.content.size_bytes))
    return DONE


def _install(arguments: argparse.Namespace) -> int:
    from desktop_app.upkeep import pack_installing

    def install(tell: Tell) -> str:
        source = arguments.source.absolute() if arguments.source is not None else None
        version = pack_installing.install(source, tell).version
        return f"{pack_wording.has_come(version)} {pack_wording.USED_FROM_NOW_ON}"

    return _done(install)


def _remove(_: argparse.Namespace) -> int:
    return _done(lambda tell: pack_wording.has_gone(pack_removing.remove(tell)))


def _done(act: Callable[[Tell], str]) -> int:
    """Do it, and print what comes of it or say why it could not be done."""
    try:
        with _shown_progress() as tell:
            done = act(tell)
    except PorterError as error:
        failed = error.told()
        pack = packs.for_this_system()
        sentence = pack_wording.trouble(
            failed, pack.archive if pack else "", pack.size_bytes if pack else 0, in_terminal=True
        )
        return terminal.complain(sentence, SOME_FAILED)
    terminal.print_out(done)
    return DONE


@contextlib.contextmanager
def _shown_progress() -> Iterator[Tell]:
    """Give what shows progress in one line, if somebody looks at it."""
    line, flow, stage = terminal.StatusLine(sys.stderr.isatty()), Flow(), None

    def show(progress: PorterProgress) -> None:
        nonlocal flow, stage
        if progress.stage != stage:
            flow, stage = Flow(), progress.stage
        flow.reached(progress.done)
        line.show(pack_wording.progress(progress, flow.speed, flow.seconds_left(progress.total)))

    try:
        yield a_few_times_a_second(show)
    finally:
        line.clear()
