"""The commands `record` and `devices`: the recorder, driven from a terminal."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from desktop_app import logs, paths, terminal
from desktop_app.arguments import live_options
from desktop_app.exit_codes import DONE, INTERRUPTED, SOME_FAILED, WRONG_USAGE
from desktop_app.transcripts.transcript import JobOptions, shown
from desktop_app.ui import wording

if TYPE_CHECKING:  # they need Qt: not loaded for `--help`
    from desktop_app.live_text import LiveText
    from desktop_app.work.audio_devices import AudioDevice, AudioDevices
    from desktop_app.work.recorder import Level, RecorderState, Sources, Trouble

log = logging.getLogger(__name__)

LOOK_PATIENCE = 5.0  # seconds, for the list of devices
MOST_WORDS = 60  # letters of them
SUFFIXES = (".wav", ".wave")
NOT_THERE = ("no_server", "no_device", "no_system_sound", "no_loopback")
NO_ROOM = ("cannot_write", "disk_full")


class CannotRecord(Exception):
    """A sentence for the user, and the exit code."""

    def __init__(self, sentence: str, code: int = WRONG_USAGE) -> None:
        super().__init__(sentence)
        self.code = code


def devices(arguments: argparse.Namespace) -> int:
    """List what can be recorded."""
    from PySide6.QtCore import QCoreApplication

    from desktop_app.work.audio_devices import AudioDevices

    watched = AudioDevices(QCoreApplication.instance() or QCoreApplication(["sottovoce"]))
    known = _looked_up(watched)
    lacks_server = watched.lacks_server
    watched.close()
    if arguments.json:
        terminal.print_out(msgspec.json.format(msgspec.json.encode(known)).decode())
    if lacks_server:
        return terminal.complain(wording.trouble("no_server"), SOME_FAILED)
    if arguments.json:
        return DONE
    if not known:
        terminal.say(wording.NO_AUDIO_DEVICES)
    for device in known:
        terminal.print_out(terminal.one_line(wording.audio_device(device)))
    return DONE


def record(arguments: argparse.Namespace) -> int:
    """Record until Ctrl+C, or for as long as was asked for; print where the recording is."""
    from PySide6.QtCore import QCoreApplication, QTimer

    from desktop_app.work import capture
    from desktop_app.work.audio_devices import AudioDevices
    from desktop_app.work.collector import Collector
    from desktop_app.work.computer import KeptAwake
    from desktop_app.work.recorder import Recorder

    if not capture.is_possible():
        return terminal.complain(wording.trouble("no_portaudio"), SOME_FAILED)
    application = QCoreApplication.instance() or QCoreApplication(["sottovoce"])
    Collector(application)
    watched = AudioDevices()
    try:
        file = _file(arguments.output)
        known = _looked_up(watched)
        if watched.lacks_server:
            raise CannotRecord(wording.trouble("no_server"), SOME_FAILED)
        sources = _sources(arguments, known)
        logs.log_to(paths.logs() / "terminal.log")
    except CannotRecord as error:
        watched.close()
        return terminal.complain(str(error), error.code)
    except OSError as error:
        watched.close()
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    tell_of_killed()
    recorder = Recorder(watched)
    awake = KeptAwake()
    awake.hold(wording.WHY_AWAKE_TO_RECORD)
    # By way of the event loop: a signal may come before it runs, and would be forgotten.
    run = _Run(recorder, file, arguments, lambda code: QTimer.singleShot(0, lambda: application.exit(code)))
    before, sys.excepthook = sys.excepthook, run.end_by_fault  # Qt swallows what a slot raises, and goes on
    try:
        with terminal.Signals(run.stop, again=run.leave_now):
            if arguments.live:
                run.write_down(live_options(arguments))
            run.begin(sources)
            return application.exec()
    except OSError as error:  # the library
        return terminal.complain(wording.library_failure(error), SOME_FAILED)
    finally:
        sys.excepthook = before
        run.close()
        recorder.close()
        watched.close()
        awake.close()


def tell_of_killed(but: Collection[Path] = ()) -> None:
    """Say that killed programs have left recordings, unless those are in `but`: one line, the newest with its name."""
    from desktop_app.work import unfinished

    try:
        left = [one for one in unfinished.found() if one.file not in but]
    except OSError as error:
        log.warning("it cannot be told which recordings were left: %s", error)
        return
    if left:
        newest = left[-1]
        terminal.say(wording.left_recording(shown(newest.file), newest.begun_at, newest.seconds, len(left) - 1))


class _Run:
    """One call of `sottovoce record`: what it prints, and the exit code it ends with."""

    def __init__(self, recorder: Any, file: Path, arguments: argparse.Namespace, leave: Callable[[int], Any]) -> None:
        self._recorder = recorder
        self._file = file
        self._pre_roll: float = arguments.pre_roll
        self._seconds: float | None = arguments.seconds
        self._leave = leave
        self._has_begun = self._is_recorded = self._failed = self._is_left = False
        self._is_whole = True  # nothing is missing in the recording
        self._live: LiveText | None = None
        self._words = ""  # that were said, and may still change
        self._line = terminal.StatusLine(shown=sys.stderr.isatty())
        recorder.level_changed.connect(self._on_level_changed)
        recorder.state_changed.connect(self._on_state_changed)
        recorder.troubled.connect(self._on_troubled)
        recorder.recorded.connect(self._on_recorded)

    def write_down(self, options: JobOptions) -> None:
        """Print what is said while it is recorded. Raise OSError."""
        from desktop_app.live_text import LiveText

        self._live = LiveText(options, self._show_words, self._say, self._on_text_ended, self._on_reader_gone)
        self._live.get_ready()

    def close(self) -> None:
        if self._live is not None:
            self._live.close()

    def begin(self, sources: Sources) -> None:
        from PySide6.QtCore import QTimer

        self._recorder.listen(sources)
        if self._pre_roll:
            terminal.say(wording.listening_first(self._pre_roll))
        QTimer.singleShot(round(1000 * self._pre_roll), lambda: self._recorder.record(self._file, self._seconds))

    def stop(self) -> None:
        """Finish the recording, and leave when it is complete."""
        self._line.clear()
        if self._has_begun:
            self._recorder.stop()
        else:
            self._leave(INTERRUPTED)

    def leave_now(self) -> None:
        """Wait for the text no longer: it goes on when it is resumed. The recording is complete all the same."""
        if self._live is None or not self._has_begun:
            return
        self._is_left = True
        if self._is_recorded:
            self._leave_text()

    def _leave_text(self) -> None:
        self._say(wording.PUT_OFF)
        self._leave(INTERRUPTED)

    def end_by_fault(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """End because of a bug of ours: it is logged whole, the user reads that it is ours."""
        try:
            log.critical("unforeseen", exc_info=(kind, error, trace))
            self._line.clear()
            terminal.say(f"{wording.FAULT} {paths.logs()}")
        finally:
            self._leave(SOME_FAILED)

    def _on_state_changed(self, state: RecorderState) -> None:
        if state != "recording" or self._has_begun:
            return
        self._has_begun = True
        file = self._recorder.file
        if file is not None and file.name != self._file.name:
            self._say(wording.recording_renamed(shown(Path(self._file.name)), shown(Path(file.name))))
        self._say(wording.recording_now(self._seconds))
        if self._live is not None and file is not None:
            self._live.follow(file)

    def _on_level_changed(self, level: Level) -> None:
        if self._has_begun:
            recorder = self._recorder
            self._line.show(
                self._words[-MOST_WORDS:]
                or wording.recording_line(recorder.seconds, max(level.peaks), recorder.seconds_of_space)
            )

    def _on_troubled(self, trouble: Trouble | None) -> None:
        if self._is_recorded:
            return
        if trouble is None:
            if self._has_begun:
                self._say(wording.RECORDING_WELL)
        elif self._has_begun or trouble not in (*NOT_THERE, *NO_ROOM):
            self._say(wording.trouble(trouble))
        else:
            why = wording.trouble(trouble)
            self._line.clear()
            terminal.complain(
                wording.cannot_record_to(shown(self._file), trouble) if trouble in NO_ROOM else why, SOME_FAILED
            )
            self._leave(SOME_FAILED)

    def _on_recorded(self, file: Path) -> None:
        self._line.clear()
        if self._recorder.lost_blocks:
            terminal.say(wording.lost_blocks(self._recorder.lost_blocks))
        missing, why = self._recorder.not_written
        if missing:
            terminal.say(wording.sound_not_written(missing, why))
        self._is_recorded, self._is_whole = True, not missing
        if self._live is None:
            terminal.print_out(shown(file))
            self._leave(DONE if self._is_whole else SOME_FAILED)
            return
        terminal.say(shown(file))  # stdout is for what is said
        self._live.finish()
        if self._failed:
            self._leave(SOME_FAILED)
        elif self._is_left:
            self._leave_text()

    def _show_words(self, words: str) -> None:
        """Show words that may still change in the place of the level."""
        self._words = words
        self._line.clear()
        if words:
            self._line.show(words[-MOST_WORDS:])

    def _on_reader_gone(self) -> None:
        """Nobody reads what is said any more: that ends the recording, as Ctrl+C does, unless it was begun by nohup."""
        if not self._is_recorded and not terminal.is_to_outlive_terminal():
            self.stop()

    def _on_text_ended(self, well: bool) -> None:
        """The text is complete, or could not be; the recording goes on all the same."""
        self._failed = not well
        if self._is_recorded:
            self._leave(DONE if well and self._is_whole else SOME_FAILED)

    def _say(self, sentence: str) -> None:
        self._line.clear()
        terminal.say(sentence)


def _looked_up(watched: AudioDevices) -> list[AudioDevice]:
    watched.wait_until_looked(LOOK_PATIENCE)
    return watched.found()


def _file(output: Path | None) -> Path:
    """Return where the recording is to be. Raise CannotRecord."""
    name = wording.recording_name(time.time())
    if output is None:
        try:
            return paths.recordings_folder() / name
        except OSError as error:
            folder = shown(Path(error.filename or ""))
            raise CannotRecord(wording.no_recordings_folder(folder, error), SOME_FAILED) from error
    file = output.absolute()
    try:
        is_folder, has_folder = file.is_dir(), file.parent.is_dir()
    except OSError as error:  # a name that is too long, say
        raise CannotRecord(wording.cannot_record_to(shown(file), "cannot_write"), SOME_FAILED) from error
    if is_folder:
        return file / name
    if not file.suffix:
        file = file.with_name(f"{file.name}.wav")
    if file.suffix.lower() not in SUFFIXES:
        raise CannotRecord(wording.only_wav(shown(output)))
    if not has_folder:
        raise CannotRecord(wording.no_such_folder(shown(file.parent)))
    return file


def _sources(arguments: argparse.Namespace, known: Sequence[AudioDevice]) -> Sources:
    """Return what is to be recorded. Raise CannotRecord."""
    from desktop_app.work.recorder import Sources

    chosen = _named(arguments.device, known) if arguments.device is not None else None
    is_system = chosen is not None and chosen.kind == "system"
    system = chosen.id if chosen is not None and is_system else "" if arguments.system else None
    return Sources(
        microphone=chosen.id if chosen is not None and not is_system else "",
        system=system,
        with_microphone=not is_system or arguments.system,
        channels=arguments.channels,
        pre_roll=arguments.pre_roll,
    )


def _named(words: str, known: Sequence[AudioDevice]) -> AudioDevice:
    """Return the device of that id or name, or the only one in whose name the words occur. Raise CannotRecord."""
    exact = [device for device in known if words in (device.id, device.name)]
    alike = [device for device in known if words.casefold() in device.name.casefold()]
    found = exact or alike
    if len(found) != 1 and not exact:
        raise CannotRecord(wording.no_such_device(words, [device.name for device in found or known]))
    return found[0]
