"""Joins what is known of newer versions and the window: the question, the news, the way to the new version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QWidget

from desktop_app import __version__
from desktop_app.messages import Installation, PorterFailed, PorterProgress, UpdateChecked
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import shown
from desktop_app.ui import update_wording
from desktop_app.ui.queue_actions import MakeAction
from desktop_app.ui.reveal import reveal
from desktop_app.ui.update_bar import UpdateBar
from desktop_app.ui.whats_new import WhatsNew
from desktop_app.work.update_work import UpdateWork

NOT_OURS_TO_OFFER = (Installation.FLATPAK, Installation.SOURCE)  # others see to it: nobody is asked whether we may

TO_BE_SHOWN = (Installation.ARCHIVE, Installation.APPIMAGE)  # the user puts it where the old one is


class UpdateActions(QObject):
    """said(sentence): something to tell the user in passing."""

    said = Signal(str)

    def __init__(
        self,
        work: UpdateWork,
        settings: Settings,
        is_recording: Callable[[], bool],
        make: MakeAction,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._work, self._settings, self._window = work, settings, window
        self._is_awaited = False  # the user has asked whether there is a newer version
        self._news: UpdateChecked | None = None  # that is to be told of when nothing else is done
        self._has_question = False
        self._dialog: WhatsNew | None = None
        work.is_recording = is_recording
        self.bar = UpdateBar()
        self.check = make(update_wording.CHECK_NOW, self._on_check)
        self.daily = make(update_wording.DAILY, self._on_daily)
        self.daily.setCheckable(True)
        self.daily.setChecked(bool(settings.updates))
        self._join()

    def _join(self) -> None:
        self.bar.allowed.connect(self._on_allowed)
        self.bar.news_wanted.connect(self._show_news)
        self.bar.news_put_off.connect(self._on_put_off)
        self._work.checked.connect(self._on_checked)
        self._work.check_failed.connect(self._on_check_failed)
        self._work.waiting.connect(self._on_waiting)
        self._work.progressed.connect(self._on_progressed)
        self._work.fetched.connect(self._on_fetched)
        self._work.handed_over.connect(self._on_handed_over)
        self._work.fetch_failed.connect(self._on_fetch_failed)
        self._work.idle_changed.connect(self._on_idle_changed)

    def all(self) -> list[QAction | None]:
        return [self.check, self.daily, None]

    def start(self) -> None:
        """Look for updates once a day, if that is wanted; if nobody was asked yet, ask: but not at the first start."""
        self._has_question = (
            self._settings.updates is None
            and self._settings.welcomed
            and self._work.installation not in NOT_OURS_TO_OFFER
        )
        self._work.start()
        self._say_what_waits()

    def look(self) -> None:
        """Something is recorded now, or no more."""
        self._work.look()

    # --- what the user does ---

    def _on_check(self) -> None:
        if self._dialog is not None:  # there it stands
            self._dialog.raise_()
            self._dialog.activateWindow()
            if self._dialog.stage != "new":
                return
        self._is_awaited = True
        self.said.emit(update_wording.ASKING)
        self._work.check()

    def _on_daily(self) -> None:
        self._on_allowed(self.daily.isChecked())

    def _on_allowed(self, may: bool) -> None:
        self._settings.updates = may
        self._has_question = False
        self.bar.hide()
        self.daily.setChecked(may)
        self.said.emit(update_wording.DAILY_ON if may else update_wording.DAILY_OFF)
        self._work.start()
        self._say_what_waits()

    def _on_put_off(self) -> None:
        self._news = None  # until it is asked again

    def _on_skipped(self) -> None:
        if self._dialog is not None:
            self._settings.skipped_update = self._dialog.version
            self._news = None

    # --- what is found ---

    def _on_checked(self, answer: UpdateChecked) -> None:
        is_awaited, self._is_awaited = self._is_awaited, False
        if not answer.releases:
            if is_awaited:
                self.said.emit(update_wording.newest(__version__))
            return
        if self._dialog is not None and self._dialog.stage == "new":
            self._dialog.show_answer(answer)
            return
        is_skipped = answer.releases[0].version == self._settings.skipped_update
        if is_awaited or not is_skipped:
            self._news = answer
        if is_awaited and self._dialog is None:
            self._show_news()
        else:
            self._say_what_waits()

    def _on_check_failed(self, failed: PorterFailed, was_asked: bool) -> None:
        self._is_awaited = False
        if was_asked:
            self.said.emit(update_wording.not_checked(failed))

    def _on_waiting(self) -> None:
        if self._dialog is not None and self._dialog.stage in ("fetching", "handing_over"):
            self._dialog.show_waiting()
        elif self._is_awaited:
            self.said.emit(update_wording.ASKED_LATER)

    def _on_idle_changed(self) -> None:
        if self._dialog is not None:
            self._dialog.allow(self._work.is_idle)
        self._say_what_waits()

    def _say_what_waits(self) -> None:
        """Nobody is spoken to while something is transcribed or recorded; what was said before stays."""
        if not self._work.is_idle or self.bar.isVisibleTo(self._window):
            return
        if self._has_question:
            self._has_question = False  # once
            self.bar.ask()
        elif self._news is not None and self._dialog is None:
            self.bar.tell(self._news.releases[0].version, __version__)

    # --- what is new ---

    def _show_news(self) -> None:
        answer, self._news = self._news, None
        if answer is None:
            return
        self.bar.hide()
        self._dialog = dialog = WhatsNew(answer, self._work.installation, __version__, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.allow(self._work.is_idle)
        dialog.download_pressed.connect(lambda: self._work.fetch(dialog.version))
        dialog.install_pressed.connect(lambda: self._work.hand_over(dialog.version))
        dialog.stop_pressed.connect(self._work.cancel)
        dialog.skip_pressed.connect(self._on_skipped)
        dialog.finished.connect(self._on_closed)
        dialog.show()  # not in the way of anything: a download can take long

    def _on_closed(self) -> None:
        """What has come of a download stays, and is gone on with."""
        self._dialog = self._news = None
        self._is_awaited = False
        self._work.cancel()

    def _on_progressed(self, told: PorterProgress) -> None:
        if self._dialog is not None:
            self._dialog.show_progress(told)

    def _on_fetched(self, _file: Path) -> None:
        if self._dialog is not None:
            self._dialog.show_ready()

    def _on_fetch_failed(self, failed: PorterFailed) -> None:
        if self._dialog is not None:
            if self._news is not None:  # it came during the download
                self._dialog.show_answer(self._news)
                self._news = None
            self._dialog.show_trouble(update_wording.not_fetched(failed))

    def _on_handed_over(self, file: Path) -> None:
        """Every byte of the installer was read just now; nothing else is done, or this would have been put off."""
        if self._dialog is None:
            return
        if not self._work.is_idle:
            self._dialog.show_ready()
            self._dialog.allow(False)
            return
        how = self._work.installation
        opened = reveal(file) if how in TO_BE_SHOWN else opened_by_the_system(file)
        if not opened:
            self._dialog.show_trouble(update_wording.NOT_OPENED.format(shown(file)))
        elif how is Installation.SETUP:
            self._dialog.close()
            self._window.close()
        else:
            self._dialog.show_ready()


def opened_by_the_system(file: Path) -> bool:
    """Have the setup started, or the disk image opened."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(file)))
