"""Updates in the window: asked for only with permission, never beside a job or a recording, and never run unchecked."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from models.hub_server import Fault
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from upkeep.makers import FEED, NOTES, SETUP, Makers, trusted
from work import fake_backend

import desktop_app
from desktop_app import paths
from desktop_app.messages import ABOUT_PACKS, Installation, ModelTrouble, PorterFailed, UpdateChecked
from desktop_app.transcripts.transcript import JobOptions, JobState
from desktop_app.ui import appearance, colours, update_actions, update_wording
from desktop_app.ui.whats_new import WhatsNew
from desktop_app.work import update_work
from desktop_app.work.backend_process import BackendProcess
from desktop_app.work.job_queue import JobQueue
from desktop_app.work.ownership import Ownership
from desktop_app.work.update_work import UpdateWork

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere no environment can name a site's authority as trusted"
)
PATIENCE_MS = 60_000  # a porter is a process, and there may be no core for it
MINE = desktop_app.__version__


@pytest.fixture
def makers(home, tmp_path, monkeypatch, no_proxies) -> Iterator[Makers]:
    authority, file = trusted(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SOTTOVOCE_PATIENCE", "0.005")
    with Makers(authority) as made:
        made.publish()
        yield made


@pytest.fixture
def queue(home, history, tiny_model, settle) -> Iterator[JobQueue]:
    """The queue, with a backend that has the model at once, and works on a recording until that is cancelled."""
    (paths.models() / "tiny.en").symlink_to(tiny_model)
    command = [sys.executable, fake_backend.__file__, "loads, and waits to be cancelled"]
    backend = BackendProcess(command, paths.logs() / "backend.log")
    ownership = Ownership(paths.locks())
    made = JobQueue(history, backend, ownership)
    yield made
    made.leave()
    settle()
    backend.stop()
    ownership.release()


@pytest.fixture
def how() -> Installation:
    return Installation.SETUP


@pytest.fixture
def updates(queue, history, chosen, makers, how, monkeypatch) -> Iterator[UpdateWork]:
    """A program that its setup installed, a moment after its start."""
    monkeypatch.setattr(update_work, "FIRST_LOOK_MS", 50)
    work = UpdateWork(queue, history, chosen, None, makers.program(installation=how), how)
    yield work
    work.close()


@pytest.fixture
def opened(monkeypatch) -> list[Path]:
    """What the system was given to open, instead of opening it."""
    files: list[Path] = []
    for name in ("opened_by_the_system", "reveal"):
        monkeypatch.setattr(update_actions, name, lambda file: files.append(file) or True)
    return files


@pytest.fixture
def asked(qtbot, window) -> Callable[[], WhatsNew]:
    """A function that chooses Check for Updates, and waits for what is new."""

    def ask() -> WhatsNew:
        window.updates.check.trigger()
        qtbot.waitUntil(lambda: dialog_of(window) is not None, timeout=PATIENCE_MS)
        return dialog_of(window)

    return ask


@pytest.fixture
def work_on(queue, library, tmp_path, qtbot) -> Callable[[], None]:
    """A function that has a recording transcribed, for as long as one wants."""

    def begin() -> None:
        recording = tmp_path / "talk.wav"
        recording.touch()
        queue.add([recording], JobOptions(model="tiny.en"), lambda _: None)
        qtbot.waitUntil(lambda: queue.running is not None)

    return begin


def dialog_of(window) -> WhatsNew | None:
    return next((dialog for dialog in window.findChildren(WhatsNew) if dialog.isVisible()), None)


def idle(queue) -> None:
    queue.end_all()


# --- permission ---


def long_enough(qtbot, window) -> None:
    """Wait until it would have been asked, if it were to be."""
    qtbot.waitUntil(lambda: window._updates.is_idle, timeout=PATIENCE_MS)
    qtbot.wait(1500)  # the first look comes after 50 ms, and then every 500 ms


def test_nobody_is_asked_for_anything_before_the_user_has_said_yes(qtbot, window, makers, chosen) -> None:
    long_enough(qtbot, window)

    assert window.updates.bar.isVisible()
    assert window.updates.bar.said.text() == update_wording.MAY_WE_ASK
    assert chosen.updates is None
    assert not makers.site.requests


def test_after_a_no_nobody_is_asked_and_the_question_does_not_come_again(qtbot, window, makers, chosen) -> None:
    window.updates.bar.no.click()
    long_enough(qtbot, window)

    assert chosen.updates is False
    assert not window.updates.bar.isVisible()
    window.updates.start()  # as at the next start
    long_enough(qtbot, window)
    assert not window.updates.bar.isVisible()
    assert not makers.site.requests


def test_after_a_yes_it_is_asked_and_the_news_are_told(qtbot, window, makers, chosen) -> None:
    window.updates.bar.yes.click()
    there_is = update_wording.there_is("0.2.0", MINE)
    qtbot.waitUntil(lambda: window.updates.bar.said.text() == there_is, timeout=PATIENCE_MS)

    assert chosen.updates is True
    assert window.updates.daily.isChecked()
    assert window.updates.bar.isVisible()
    assert len(makers.asked()) == 1
    window.updates.bar.yes.click()
    assert dialog_of(window).notes.toPlainText().endswith(NOTES)
    assert not window.updates.bar.isVisible()


def test_it_is_asked_once_a_day_however_often_the_program_starts(qtbot, window, makers) -> None:
    window.updates.bar.yes.click()
    qtbot.waitUntil(lambda: bool(makers.asked()), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not window._updates.is_at_work, timeout=PATIENCE_MS)

    window.updates.start()
    long_enough(qtbot, window)
    assert len(makers.asked()) == 1

    os.utime(paths.updates() / "asked", (0, 0))
    window.updates.start()
    qtbot.waitUntil(lambda: len(makers.asked()) == 2, timeout=PATIENCE_MS)


def test_the_menu_takes_the_permission_back(qtbot, window, makers, chosen) -> None:
    window.updates.daily.trigger()
    assert chosen.updates is True
    window.updates.daily.trigger()
    assert window.statusBar().currentMessage() == update_wording.DAILY_OFF
    long_enough(qtbot, window)

    assert chosen.updates is False
    assert not makers.site.requests


@pytest.mark.parametrize("how", [Installation.SOURCE, Installation.FLATPAK])
def test_where_others_see_to_updates_nobody_is_asked_whether_we_may(window, settle) -> None:
    settle()

    assert not window.updates.bar.isVisible()


def test_choosing_it_in_the_menu_is_permission_for_once(asked, makers, chosen) -> None:
    dialog = asked()

    assert dialog.version == "0.2.0"
    assert chosen.updates is None
    assert len(makers.site.requests) == 1


def test_an_installer_that_did_its_work_goes_though_a_daily_look_was_never_allowed(
    qtbot, queue, history, chosen, makers, how, monkeypatch
) -> None:
    monkeypatch.setattr(update_work, "FIRST_LOOK_MS", 50)
    (paths.updates() / FEED).write_bytes(makers.signed())
    installer = paths.updates() / SETUP
    installer.touch()
    updated = 'update.__version__ = "0.2.0"; porter.main()'
    work = UpdateWork(queue, history, chosen, None, makers.program(main=updated, installation=how), how)
    failures = []
    work.check_failed.connect(failures.append)
    work.fetch_failed.connect(failures.append)

    work.start()

    qtbot.waitUntil(lambda: not installer.exists(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not work.is_at_work, timeout=PATIENCE_MS)
    assert (chosen.updates, failures, makers.site.requests) == (None, [], [])
    work.close()


# --- what comes of it ---


def test_that_there_is_nothing_newer_is_said(qtbot, window, makers) -> None:
    makers.publish(makers.signed(makers.feed(MINE)))

    window.updates.check.trigger()

    newest = update_wording.newest(MINE)
    qtbot.waitUntil(lambda: window.statusBar().currentMessage() == newest, timeout=PATIENCE_MS)
    assert dialog_of(window) is None


def test_a_forged_feed_is_no_news_and_whoever_asked_is_told(qtbot, window, makers) -> None:
    makers.publish(makers.signed().replace(b"0.2.0", b"9.9.9"))

    window.updates.check.trigger()

    said = update_wording.not_checked(PorterFailed(ModelTrouble.NOT_SIGNED))
    qtbot.waitUntil(lambda: window.statusBar().currentMessage() == said, timeout=PATIENCE_MS)
    assert dialog_of(window) is None


def test_a_daily_look_that_fails_says_nothing(qtbot, window, makers, settle) -> None:
    makers.publish(b"<html>")
    window.updates.bar.yes.click()
    window.statusBar().clearMessage()

    qtbot.waitUntil(lambda: bool(makers.asked()), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not window._updates.is_at_work, timeout=PATIENCE_MS)

    assert window.statusBar().currentMessage() == ""
    assert not window.updates.bar.isVisible()


def test_a_version_that_is_skipped_is_not_spoken_of_again_unless_one_asks(qtbot, window, asked, chosen, makers) -> None:
    asked().skip.click()
    assert chosen.skipped_update == "0.2.0"
    assert dialog_of(window) is None
    window.updates.bar.no.click()

    os.utime(paths.updates() / "asked", (0, 0))
    window.updates.daily.trigger()
    qtbot.waitUntil(lambda: len(makers.asked()) == 2, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not window._updates.is_at_work, timeout=PATIENCE_MS)
    assert not window.updates.bar.isVisible()

    assert asked().version == "0.2.0"


def test_later_is_later(qtbot, window, makers) -> None:
    window.updates.bar.yes.click()
    there_is = update_wording.there_is("0.2.0", MINE)
    qtbot.waitUntil(lambda: window.updates.bar.said.text() == there_is, timeout=PATIENCE_MS)

    window.updates.bar.no.click()
    window.updates._on_idle_changed()

    assert not window.updates.bar.isVisible()


# --- never in the middle of a job ---


def test_beside_a_job_nobody_is_asked_until_it_has_ended(qtbot, window, makers, queue, work_on) -> None:
    work_on()

    window.updates.check.trigger()
    qtbot.wait(1200)  # it looks twice a second whether it may begin

    assert window.statusBar().currentMessage() == update_wording.ASKED_LATER
    assert not makers.site.requests
    idle(queue)
    qtbot.waitUntil(lambda: dialog_of(window) is not None, timeout=PATIENCE_MS)


def test_beside_a_recording_nobody_is_asked_until_it_has_ended(qtbot, window, makers, chosen) -> None:
    chosen.recording.live = chosen.recording.refine = False  # else a job would keep it from asking as well
    window.recording.record.trigger()
    window.recording.panel.record_pressed.emit()
    qtbot.waitUntil(lambda: window.recording.is_recording)

    window.updates.check.trigger()
    qtbot.wait(1200)

    assert not makers.site.requests
    assert not window._queue.is_busy
    window.recording.stop.trigger()
    qtbot.waitUntil(lambda: window._queue.running is not None)  # the recording is transcribed first
    qtbot.wait(1200)
    assert not makers.site.requests
    idle(window._queue)
    qtbot.waitUntil(lambda: dialog_of(window) is not None, timeout=PATIENCE_MS)


def test_while_another_program_has_a_job_running_nobody_is_asked(qtbot, window, makers, library, tmp_path) -> None:
    other = Ownership(paths.locks())
    job = library.add_job(tmp_path / "talk.wav", JobOptions(), other.id)
    library.update(job.id, state=JobState.RUNNING)

    window.updates.check.trigger()
    qtbot.waitUntil(lambda: window.statusBar().currentMessage() == update_wording.ASKED_LATER)
    qtbot.wait(1200)

    assert not makers.site.requests
    library.update(job.id, state=JobState.DONE)
    other.release()
    qtbot.waitUntil(lambda: dialog_of(window) is not None, timeout=PATIENCE_MS)


def test_while_another_program_records_nobody_is_asked(qtbot, window, makers, tmp_path) -> None:
    records = "import sys; from pathlib import Path; from desktop_app.work.unfinished import Note\n"
    records += f"note = Note(Path({str(tmp_path / 'talk.wav')!r}), 0.0); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", records]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        window.updates.check.trigger()
        qtbot.waitUntil(lambda: window.statusBar().currentMessage() == update_wording.ASKED_LATER)
        qtbot.wait(1200)
        assert not makers.site.requests

    qtbot.waitUntil(lambda: dialog_of(window) is not None, timeout=PATIENCE_MS)


def test_while_one_dictates_nobody_is_asked(qtbot, window, makers) -> None:
    window.dictation.on.trigger()
    window.dictation._key.pressed.emit()
    qtbot.waitUntil(lambda: window.dictation.is_listening)

    window.updates.check.trigger()
    qtbot.wait(1200)

    assert not makers.site.requests
    window.dictation._key.released.emit()
    qtbot.waitUntil(lambda: not window.dictation.is_listening)
    idle(window._queue)
    qtbot.waitUntil(lambda: idle(window._queue) or dialog_of(window) is not None, timeout=PATIENCE_MS)


def test_news_that_come_while_a_job_runs_wait_for_its_end(qtbot, window, queue, work_on, asked, makers) -> None:
    dialog = asked()
    answer = UpdateChecked(tuple(makers.feed().newer_than(MINE)), 1000)
    dialog.close()
    window.updates.bar.no.click()
    work_on()

    window._updates.checked.emit(answer)
    assert not window.updates.bar.isVisible()
    idle(queue)

    qtbot.waitUntil(window.updates.bar.isVisible)


def test_a_download_makes_way_for_a_job_and_goes_on_after_it(qtbot, window, queue, makers, asked, work_on) -> None:
    makers.site.always_fail(SETUP, Fault(pause=0.1))
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.bar.value() > 200, timeout=PATIENCE_MS)

    work_on()
    qtbot.waitUntil(lambda: dialog.about.text() == update_wording.WAITS)
    qtbot.waitUntil(lambda: window._updates._porter is None)
    before = len(makers.asked(SETUP))
    qtbot.wait(1200)
    assert len(makers.asked(SETUP)) == before
    makers.site.always_fail(SETUP, None)
    idle(queue)

    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)
    assert makers.asked(SETUP)[-1].start > 100_000


def test_nothing_is_installed_while_a_job_runs(qtbot, window, queue, asked, work_on, opened) -> None:
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)

    work_on()

    qtbot.waitUntil(lambda: not dialog.act.isEnabled())
    assert dialog.act.toolTip() == update_wording.WAITS
    idle(queue)
    qtbot.waitUntil(dialog.act.isEnabled)
    assert opened == []


# --- the way to the new version ---


def test_the_setup_is_brought_read_once_more_and_started_and_the_window_closes(
    qtbot, window, makers, asked, opened
) -> None:
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)
    assert opened == []  # nobody has asked for that
    requests = len(makers.site.requests)

    with qtbot.waitSignal(window.closing, timeout=PATIENCE_MS):
        dialog.act.click()

    assert opened == [paths.updates() / SETUP]
    assert opened[0].read_bytes() == makers.setup
    assert len(makers.site.requests) == requests


def test_a_setup_that_was_exchanged_after_it_came_is_never_started(qtbot, window, makers, asked, opened) -> None:
    makers.site.fail(SETUP, Fault())
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)
    (paths.updates() / SETUP).write_bytes(b"evil" + makers.setup[4:])
    makers.site.always_fail(SETUP, Fault(flip_at=5))

    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.trouble.isVisible(), timeout=PATIENCE_MS)

    assert dialog.trouble.text() == update_wording.not_fetched(PorterFailed(ModelTrouble.DAMAGED))
    assert opened == []
    assert window.isVisible()


def test_what_is_not_what_was_published_is_said_and_not_offered(qtbot, makers, asked, opened) -> None:
    makers.site.always_fail(SETUP, Fault(flip_at=1000))
    dialog = asked()

    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.trouble.isVisible(), timeout=PATIENCE_MS)

    assert dialog.act.text() == update_wording.DOWNLOAD
    assert not (paths.updates() / SETUP).exists()


def test_a_download_can_be_stopped_and_goes_on_where_it_was(qtbot, window, makers, asked) -> None:
    makers.site.always_fail(SETUP, Fault(pause=0.1))
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.bar.value() > 200, timeout=PATIENCE_MS)

    dialog.act.click()
    assert dialog.act.text() == update_wording.DOWNLOAD
    qtbot.waitUntil(lambda: window._updates._porter is None)
    makers.site.always_fail(SETUP, None)
    dialog.act.click()

    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)
    assert makers.asked(SETUP)[-1].start > 100_000


@pytest.mark.parametrize("how", [Installation.ARCHIVE, Installation.APPIMAGE, Installation.IMAGE])
def test_an_image_or_an_archive_is_shown_and_the_window_stays(qtbot, window, asked, opened) -> None:
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)

    dialog.act.click()

    qtbot.waitUntil(lambda: opened == [paths.updates() / SETUP], timeout=PATIENCE_MS)
    assert window.isVisible()
    assert dialog.stage == "ready"


@pytest.mark.parametrize("how", [Installation.PACKAGE, Installation.FLATPAK, Installation.SOURCE])
def test_where_it_came_from_elsewhere_the_way_is_told_and_nothing_is_downloaded(makers, asked, how) -> None:
    dialog = asked()

    assert not dialog.act.isVisible()
    assert dialog.about.text() == update_wording.what_follows(how, "0.2.0", 1)
    assert [request.what for request in makers.site.requests] == [FEED]


def test_the_system_that_does_not_open_it_is_no_secret(qtbot, asked, monkeypatch) -> None:
    monkeypatch.setattr(update_actions, "opened_by_the_system", lambda file: False)
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)

    dialog.act.click()

    qtbot.waitUntil(lambda: dialog.trouble.isVisible(), timeout=PATIENCE_MS)
    assert SETUP in dialog.trouble.text()


def test_asking_again_shows_the_dialog_that_is_open_and_disturbs_no_download(qtbot, window, makers, asked) -> None:
    makers.site.always_fail(SETUP, Fault(pause=0.05))
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.bar.value() > 0, timeout=PATIENCE_MS)

    window.updates.check.trigger()

    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)
    assert len(makers.asked()) == 1
    assert dialog_of(window) is dialog


def test_closing_the_dialog_stops_the_download(qtbot, window, makers, asked) -> None:
    makers.site.always_fail(SETUP, Fault(pause=0.1))
    dialog = asked()
    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.bar.value() > 0, timeout=PATIENCE_MS)

    dialog.close()

    qtbot.waitUntil(lambda: window._updates._porter is None)
    assert not window._updates.is_at_work


@pytest.fixture
def daily_look(qtbot, window, makers, chosen) -> Callable[[Fault], None]:
    """A function that has a porter ask as it does once a day, and the site answer so: slowly, say."""

    def begin(fault: Fault) -> None:
        makers.site.always_fail(FEED, fault)
        chosen.updates = True
        os.utime(paths.updates() / "asked", (0, 0))
        before = len(makers.asked())
        window.updates.start()
        qtbot.waitUntil(lambda: len(makers.asked()) > before, timeout=PATIENCE_MS)

    return begin


@pytest.mark.parametrize("answer", [Fault(pause=0.5), Fault(pause=0.5, body=b"<html>")], ids=["right", "wrong"])
def test_a_download_wanted_while_the_daily_look_is_on_follows_it(qtbot, window, asked, daily_look, answer) -> None:
    dialog = asked()
    failures = []
    window._updates.fetch_failed.connect(failures.append)
    daily_look(answer)

    dialog.act.click()
    assert window._updates._doing == "daily"

    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)
    assert failures == []


def test_what_was_stopped_and_answers_yet_is_not_taken_for_the_answer_to_what_is_wanted_since(
    qtbot, window, queue, history, chosen, makers, tmp_path, how
) -> None:
    answered = tmp_path / "answered"
    lingering = f"""
import os, pathlib, time
answered, leave = pathlib.Path({str(answered)!r}), os._exit
def linger(code):
    if not answered.exists():
        answered.touch()
        time.sleep(1)
    leave(code)
os._exit = linger
porter.main()"""
    work = UpdateWork(queue, history, chosen, None, makers.program(main=lingering, installation=how), how)
    checked, fetched, failed = [], [], []
    work.checked.connect(checked.append)
    work.fetched.connect(fetched.append)
    work.fetch_failed.connect(failed.append)
    work.check()
    qtbot.waitUntil(answered.exists, timeout=PATIENCE_MS)
    work.cancel()

    work.fetch("0.2.0")

    qtbot.waitUntil(lambda: bool(fetched or failed), timeout=PATIENCE_MS)
    assert (checked, failed, fetched) == ([], [], [paths.updates() / SETUP])
    work.close()


def test_an_open_dialog_shows_what_the_daily_look_finds(qtbot, window, makers, asked, daily_look) -> None:
    dialog = asked()
    makers.publish(makers.signed(makers.feed("0.1.0", "0.2.0", "0.3.0")))
    daily_look(Fault())

    qtbot.waitUntil(lambda: dialog.version == "0.3.0", timeout=PATIENCE_MS)
    assert "0.3.0" in dialog.notes.toPlainText()
    dialog.act.click()

    qtbot.waitUntil(lambda: dialog.stage == "ready", timeout=PATIENCE_MS)


def test_what_was_put_off_or_skipped_in_the_dialog_is_not_told_again_in_the_bar(
    qtbot, window, makers, asked, daily_look
) -> None:
    makers.site.always_fail(SETUP, Fault(pause=0.1))
    dialog = asked()
    dialog.act.click()
    with qtbot.waitSignal(window._updates.progressed, timeout=PATIENCE_MS):
        pass
    window._updates.checked.emit(UpdateChecked(makers.feed().newer_than(MINE), 1000))

    dialog.later.click()
    window.updates.bar.no.click()  # the question, which stood there
    window.updates._on_idle_changed()

    assert not window.updates.bar.isVisible()


def test_a_version_that_is_not_the_newest_any_more_is_not_downloaded_and_asking_again_shows_the_newest(
    qtbot, window, makers, asked
) -> None:
    dialog = asked()
    makers.publish(makers.signed(makers.feed("0.1.0", "0.2.0", "0.3.0")))
    (paths.updates() / FEED).write_bytes(makers.signed(makers.feed("0.1.0", "0.2.0", "0.3.0")))  # by another program

    dialog.act.click()
    qtbot.waitUntil(lambda: dialog.trouble.isVisible(), timeout=PATIENCE_MS)
    assert dialog.trouble.text() == update_wording.not_fetched(PorterFailed(ModelTrouble.NEWER_UPDATE))
    window.updates.check.trigger()

    qtbot.waitUntil(lambda: dialog.version == "0.3.0", timeout=PATIENCE_MS)
    assert dialog_of(window) is dialog
    assert not dialog.trouble.isVisible()


# --- the dialog ---


def test_the_dialog_can_be_walked_with_the_keyboard_and_every_control_has_a_name(qtbot, asked) -> None:
    dialog = asked()
    qtbot.waitUntil(dialog.notes.hasFocus)

    walked = [dialog.notes]
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        walked.append(QApplication.focusWidget())

    assert {dialog.act, dialog.later, dialog.skip} <= set(walked)
    assert dialog.notes.accessibleName()
    assert all(button.text() for button in (dialog.act, dialog.later, dialog.skip))
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_what_is_new_is_plain_text_whatever_is_in_it(qtbot, window, makers) -> None:
    told = makers.feed()
    release = type(told.releases[0])("0.2.0", told.releases[0].date, "<b>bold</b> <img src='https://127.0.0.1/x'>")
    makers.publish(makers.signed(type(told)(**{**_fields(told), "releases": (release,)})))

    window.updates.check.trigger()
    qtbot.waitUntil(lambda: dialog_of(window) is not None, timeout=PATIENCE_MS)

    assert isinstance(dialog_of(window).notes, QPlainTextEdit)
    assert "<b>bold</b>" in dialog_of(window).notes.toPlainText()


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bar_and_dialog_are_readable_in_light_and_dark(qtbot, window, asked, scheme, plain_appearance) -> None:
    dialog = asked()

    appearance.apply(scheme)
    qtbot.waitUntil(lambda: colours.is_dark(dialog.palette()) is (scheme == "dark"))

    for label in (window.updates.bar.said, dialog.about, dialog.trouble):
        palette = label.palette()
        ground = label.parentWidget().palette().color(palette.ColorRole.Window)
        assert colours.contrast(palette.color(palette.ColorRole.WindowText), ground) >= colours.LEAST_CONTRAST


# --- sentences ---


@pytest.mark.parametrize("kind", list(ModelTrouble))
def test_every_trouble_has_a_sentence_and_an_advice(kind) -> None:
    failed = PorterFailed(kind, "secret")
    for said in (update_wording.not_checked(failed), update_wording.not_fetched(failed)):
        assert said.endswith(".")
        assert said.count(". ") >= 1
        assert "secret" not in said


OF_MODELS_ALONE = {
    ModelTrouble.TOKEN_NOT_SENT,
    ModelTrouble.NOT_A_MODEL,
    ModelTrouble.CANNOT_RUN,
    ModelTrouble.NAME_WRONG,
    ModelTrouble.NO_SUCH_MODEL,
    ModelTrouble.READ_ONLY,
    ModelTrouble.ARCHIVE_BROKEN,
    ModelTrouble.NO_KEYRING,
    ModelTrouble.INCOMPLETE,
    ModelTrouble.NOT_CONVERTED,
    ModelTrouble.FOR_WHISPER_CPP,
    ModelTrouble.OTHER_ARCHIVE,
    ModelTrouble.WEIGHTS_ALONE,
}


@pytest.mark.parametrize("kind", sorted(set(ModelTrouble) - OF_MODELS_ALONE - ABOUT_PACKS - {ModelTrouble.UNFORESEEN}))
def test_nothing_foreseen_is_told_as_a_fault_of_the_program(kind) -> None:
    fault = update_wording.not_fetched(PorterFailed(ModelTrouble.UNFORESEEN))

    assert update_wording.not_fetched(PorterFailed(kind)) != fault


def test_the_command_that_installs_a_package_can_be_pasted_whatever_its_folder_is_called() -> None:
    said = update_wording.install_by(Installation.PACKAGE, "/home/anna/My Downloads/it's.deb")

    assert shlex.split(said.partition(": ")[2]) == ["sudo", "apt", "install", "/home/anna/My Downloads/it's.deb"]


@pytest.mark.parametrize("how", list(Installation))
def test_every_way_of_installing_is_told(how) -> None:
    assert update_wording.what_follows(how, "0.2.0", 250_000_000)
    assert update_wording.in_terminal(how, "0.2.0", 250_000_000)
    assert "sottovoce.app" in update_wording.what_follows(Installation.SETUP, "0.2.0", 0)
