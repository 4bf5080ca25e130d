"""The window: builds the objects, joins them, runs the event loop."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # `python -m desktop_app`: the imports below may fail for want of one of Qt's libraries
    from desktop_app import start

    sys.exit(start.window())

import logging
import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import msgspec
from PySide6.QtCore import QLoggingCategory, QTimer

from desktop_app import __version__, logs, paths, settings, start_trouble
from desktop_app.exit_codes import DONE, SOME_FAILED
from desktop_app.settings import Settings
from desktop_app.terminal import Signals, complain, use_utf8_locale
from desktop_app.transcripts.languages import LANGUAGES
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import appearance, display, wording
from desktop_app.ui.application import Application
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.model_actions import Models
from desktop_app.ui.recording_actions import Sound
from desktop_app.work.audio_devices import AudioDevices
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.collector import Collector
from desktop_app.work.computer import Computer, KeptAwake
from desktop_app.work.crash_reports import CrashReports, watch_this_program
from desktop_app.work.history_thread import HistoryThread
from desktop_app.work.hot_key import hot_key_on
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.key_strokes import key_strokes_on
from desktop_app.work.line import Line
from desktop_app.work.model_work import ModelWork
from desktop_app.work.outputs import Outputs
from desktop_app.work.ownership import Ownership
from desktop_app.work.pack_work import PackWork
from desktop_app.work.probing import Probing
from desktop_app.work.recorder import Recorder
from desktop_app.work.single_instance import Answer, OpenElsewhere, Reply, SingleInstance
from desktop_app.work.steward import Steward
from desktop_app.work.update_work import UpdateWork

log = logging.getLogger(__name__)

SAVED_EVERY_MS = 5000


def main() -> int:
    """Open the window with the files named on the command line."""
    return open_window([Path(name) for name in sys.argv[1:] if not name.startswith("-")])


def open_window(files: Sequence[Path]) -> int:
    """Open the window, queue `files` in it, and return the exit code when it is closed.

    If a window is open already, the files go there.
    """
    if obstacle := display.obstacle():
        sentence = wording.cannot_show(obstacle)
        complain(sentence, SOME_FAILED)
        display.show_without_qt(sentence, obstacle)
        return SOME_FAILED
    use_utf8_locale()
    application = Application(sys.argv[:1])
    display.qt_is_connected()
    application.setApplicationName(wording.APPLICATION)
    application.setApplicationVersion(__version__)
    application.setDesktopFileName(os.environ.get("FLATPAK_ID", "sottovoce"))
    QLoggingCategory.setFilterRules("qt.text.font.db=false")  # a line a script and font that is not installed
    try:
        return _run(application, [file.absolute() for file in files])
    except Exception as error:  # at the start: later the event loop has it, and _log_bug
        log.critical("unforeseen", exc_info=error)
        traceback.print_exc()
        return start_trouble.tell(f"{wording.FAULT} {shown(paths.where_home_is() / 'logs')}")


def _run(application: Application, files: Sequence[Path]) -> int:
    try:
        instance = SingleInstance(paths.home(), paths.locks())
        if not _claim(instance):
            if instance.hand_over(files):
                return DONE
            if not _claim(instance):  # none may have been open: `quit` looks, and holds the lock for a moment
                why = instance.why_not()
                return start_trouble.tell(wording.cannot_start(why, _home()) if why else wording.WINDOW_DOES_NOT_ANSWER)
        _keep_log()
        ownership = Ownership(paths.locks())
    except OpenElsewhere as error:
        return complain(wording.open_elsewhere(error.holder, shown(error.file)), SOME_FAILED)  # a box has asked already
    except OSError as error:
        return start_trouble.tell(wording.cannot_start(error, _home()))

    loaded = settings.load_all(paths.settings_file(), LANGUAGES)
    chosen = loaded.settings
    appearance.apply(chosen.appearance)
    Collector(application)
    history = HistoryThread(paths.database())
    backend = BackendProcess(paths.backend_command(), paths.logs() / "backend.log")
    reports = CrashReports(backend, paths.crashes(), wording.crash_report, application)
    queue = JobQueue(history, backend, ownership)
    line = Line(queue, history, ownership.id)
    steward = Steward(queue, line, Computer(), KeptAwake(), wording.WHY_AWAKE)
    platform = application.platformName()
    devices = AudioDevices()
    sound = Sound(
        devices, Recorder(devices), Recorder(devices), hot_key_on(platform), key_strokes_on(platform), KeptAwake()
    )
    models = Models(
        ModelWork(history, hub=lambda: chosen.hub),
        Probing(history, queue, paths.backend_command(), glance_after=3.0),
        PackWork(history, queue),
    )
    updates = UpdateWork(queue, history, chosen)
    window = MainWindow(queue, history, chosen, steward, sound, models, updates)

    def receive(more: Sequence[Path]) -> None:
        window.add_files(more)
        window.come_forward()

    def close(reply: Reply) -> None:
        if window.is_recording:
            reply(Answer.RECORDS)
        else:
            reply(Answer.CLOSES)
            window.close_unasked()

    def save() -> None:
        settings.save(chosen, paths.settings_file())

    def end() -> None:
        queue.leave()
        window.recording.leave()
        history.files.ask(save, otherwise=_log_unsaved)
        application.quit()

    def begin() -> None:
        queue.unload_after(chosen.unload_after * 60)
        models.probing.start()  # first, so that what is known of this computer is used from the first job on
        queue.start()
        line.load()
        window.add_files(files)
        window.warm_up()
        models.work.start()
        if sentence := wording.settings_trouble(loaded):
            start_trouble.mention(window, sentence)

    outputs = Outputs(queue, history)
    outputs.written.connect(lambda files: window.say(wording.exported(", ".join(map(shown, files)))))
    outputs.failed.connect(
        lambda file, error: window.say(wording.cannot_write(shown(file), error.strerror or str(error)))
    )
    history.could_not_open.connect(lambda error: start_trouble.mention(window, wording.library_failure(error)))
    instance.files_arrived.connect(receive)
    application.files_opened.connect(receive)
    instance.asked_to_close.connect(close)
    reports.written.connect(window.offer_crash_report)
    window.closing.connect(end)
    _save_now_and_then(chosen, history, window)
    history.start()
    window.show()
    QTimer.singleShot(0, begin)  # the window first
    try:
        with Signals(end):
            return application.exec()
    finally:
        instance.close()
        models.close()
        updates.close()
        sound.close()
        steward.close()
        backend.stop()
        history.close()
        ownership.release()


def _claim(instance: SingleInstance) -> bool:
    """Be the one window. What another computer has left is put aside if the user says that it does not run there."""
    try:
        return instance.claim()
    except OpenElsewhere as error:
        if not start_trouble.ask_whether_it_runs_elsewhere(error.holder):
            raise
        instance.forget(error, paths.unfinished())
        return instance.claim()


def _home() -> str:
    return shown(paths.where_home_is())


def _save_now_and_then(chosen: Settings, history: HistoryThread, window: MainWindow) -> None:
    """Have what was chosen stay chosen, whatever ends the program."""
    saved = msgspec.json.encode(chosen)

    def save_changes() -> None:
        nonlocal saved
        if (now := msgspec.json.encode(chosen)) != saved:
            saved = now
            history.files.ask(
                lambda: settings.save(chosen, paths.settings_file()),
                otherwise=_log_unsaved,
            )

    timer = QTimer(window)
    timer.setInterval(SAVED_EVERY_MS)
    timer.timeout.connect(save_changes)
    timer.start()


def _log_unsaved(error: Exception) -> None:
    log.warning("the settings could not be saved: %s", error)


def _keep_log() -> None:
    logs.log_to(paths.logs() / "window.log")
    sys.excepthook = _log_bug
    watch_this_program(paths.logs() / "window-crash.txt", paths.crashes(), wording.own_crash_report)


def _log_bug(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    """The one handler at the top: a bug of ours is logged whole, and the window goes on."""
    log.critical("unforeseen:\n%s", "".join(traceback.format_exception(kind, error, where)))
