"""The page of the first start: what it proposes, that nobody has to answer it, and that it is seen once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QLocale, QPoint, QRect
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from stand_ins import StandInModelWork, StandInPackWork, StandInProbing

from desktop_app import paths
from desktop_app.messages import Measured, ModelLoaded, ProcessorFound, Tried
from desktop_app.models.errors import ModelNoRoom
from desktop_app.models.machine import Machine
from desktop_app.settings import Settings
from desktop_app.ui import machine_wording, model_wording, spoken_languages, wording
from desktop_app.ui.first_start import FirstStart
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.model_actions import Models
from desktop_app.work.model_work import ModelTask

GB = 2**30


def computer(seconds: float) -> Machine:
    """Return a computer that takes so long to encode half a minute with base."""
    return Machine(
        looked_at=0.0,
        processor=ProcessorFound("Swift Z80", "avx2", 4, 16 * GB, 8 * GB),
        tried=(Tried("cpu", 0, "int8", True),),
        measured=(Measured("base", "cpu", 0, "int8", seconds, seconds / 50),),
    )


@pytest.fixture
def work(qapp) -> StandInModelWork:
    return StandInModelWork()


@pytest.fixture
def probing(qapp) -> StandInProbing:
    return StandInProbing()


@pytest.fixture
def start(qtbot, queue, history, steward, sound, updates, settle, work, probing) -> Iterator[Callable[..., MainWindow]]:
    """A function that starts the program."""
    windows = []

    def make(chosen: Settings) -> MainWindow:
        models = Models(work, probing, StandInPackWork())
        made = MainWindow(queue, history, chosen, steward, sound, models, updates)
        windows.append(made)
        made.show()
        made.activateWindow()
        qtbot.waitUntil(made.isActiveWindow)
        made.warm_up()
        settle()
        return made

    yield make
    queue.leave()
    settle()
    for made in windows:
        made.close()
        made.deleteLater()


@pytest.fixture
def chosen() -> Settings:
    return Settings(model="tiny.en", spoken=("en", "de"))


@pytest.fixture
def page(start, chosen) -> FirstStart:
    found = start(chosen).models.first_start
    assert found is not None and found.isVisible()
    return found


def window_of(page: FirstStart) -> MainWindow:
    window = page.window()
    assert isinstance(window, MainWindow)
    return window


# --- what is proposed ---


def test_until_the_computer_was_looked_at_one_can_start_with_what_is_here(page) -> None:
    assert page._found.text() == model_wording.MEASURING
    assert page.done.text() == model_wording.start_with("tiny.en")
    assert not page.download.isVisible()


def test_the_best_model_for_computer_and_languages_is_proposed_with_size_and_time(page, probing, settle) -> None:
    probing.find(computer(1.5))
    settle()

    assert "Swift Z80, 4 cores, 16.0 GB of memory" in page._found.text()
    assert page.proposal.text() == model_wording.proposal("small")
    assert "An hour of speech takes about " in page._about.text()
    assert page._cost.text() == "486 MB to download: 80 s at 50 Mbit/s."
    assert page.download.isVisible() and page.download.text() == model_wording.download_it("small")


def test_who_speaks_english_alone_is_proposed_a_model_for_it(page, probing, settle, chosen) -> None:
    probing.find(computer(1.5))
    settle()
    page.spoken.languages["de"].click()
    settle()

    assert chosen.spoken == ("en",)
    assert page.proposal.text().endswith(".en")
    assert not isinstance(page.spoken.languages["en"], QPushButton)  # somebody speaks something


def test_another_language_can_be_added(page, chosen, probing, settle) -> None:
    page.spoken.another.choose("nn")

    assert chosen.spoken == ("en", "de", "nn")
    assert list(page.spoken.languages) == ["en", "de", "nn"]
    assert page.spoken.another.code() is None


@pytest.mark.parametrize(
    ("system", "spoken"),
    [
        (["de-CH", "en-US", "de"], ("de", "en")),
        (["nb-NO"], ("no",)),
        (["zh-Hans-CN", "zh"], ("zh",)),
        (["tlh"], ("en",)),
        ([], ("en",)),
    ],
)
def test_the_users_languages_are_first_those_of_the_system(monkeypatch, system, spoken) -> None:
    monkeypatch.setattr(QLocale, "uiLanguages", lambda _self: system)

    assert spoken_languages.languages_of_the_system() == spoken


def test_a_computer_for_which_nothing_better_is_to_be_had_is_told_so(qtbot, start, probing, settle, base_model) -> None:
    (paths.models() / "base").symlink_to(base_model)
    page = start(Settings(model="base", spoken=("de",))).models.first_start

    probing.find(computer(9.0))
    settle()

    assert page.proposal.text() == model_wording.nothing_better("base")
    assert not page.download.isVisible()


def test_a_computer_too_busy_to_be_measured_is_proposed_nothing(page, probing, settle) -> None:
    probing.find(msgspec.structs.replace(computer(1.0), measured=()))
    settle()

    assert page.proposal.text() == model_wording.NOT_TIMED
    assert not page.download.isVisible()


def test_a_measurement_that_is_still_to_come_is_not_called_failed(page, probing, settle) -> None:
    unmeasured = msgspec.structs.replace(computer(1.0), measured=())
    probing.is_done = False
    probing.find(unmeasured)
    settle()
    meanwhile = page.proposal.text()
    probing.is_done = True
    probing.failed.emit(None)
    settle()

    assert meanwhile == model_wording.MEASURING
    assert page.proposal.text() == model_wording.NOT_TIMED


def test_download_does_not_appear_where_another_button_was(page, probing, settle) -> None:
    def place(button: QPushButton) -> QRect:
        return QRect(button.mapTo(page, QPoint()), button.size())

    before = [place(button) for button in page.findChildren(QPushButton) if button.isVisible()]
    probing.find(computer(1.5))
    settle()

    assert page.download.isVisible()
    assert len(before) >= 4  # to start, to open, to record, the sample
    assert not any(place(page.download).intersects(place_before) for place_before in before)


def test_a_computer_that_could_not_be_looked_at_is_told_so(page, probing) -> None:
    probing.failed.emit(None)

    assert page._found.text() == model_wording.NOT_MEASURED


# --- going on ---


def test_the_model_proposed_is_downloaded_and_chosen_when_it_is_here(
    qtbot, page, probing, work, settle, chosen, base_model
) -> None:
    window = window_of(page)
    probing.find(computer(1.5))
    settle()
    page.download.click()
    meanwhile = (chosen.model, window.empty.isVisible(), chosen.welcomed)
    work.get_on(ModelTask("small", "fetch", total=100, done=50))
    at_work = window.models.at_work.text()

    (paths.models() / "my small").symlink_to(base_model)
    work.end(ModelTask("small", "fetch", result="my small"))
    work.shelf_changed.emit()
    settle()

    assert work.wanted == [("fetch", "small")]
    assert meanwhile == ("tiny.en", True, True)
    assert "small · 50 %" in at_work and not window.models.at_work.isVisible()
    assert chosen.model == window.options.options().model == "my small"


def test_going_on_without_leaves_the_empty_window(qtbot, page, chosen) -> None:
    window = window_of(page)

    qtbot.waitUntil(page.done.hasFocus)
    page.done.click()

    assert chosen.welcomed
    assert window.empty.isVisible() and window.models.first_start is None
    qtbot.waitUntil(window.empty.open_button.hasFocus)


def test_a_recording_dropped_meanwhile_is_transcribed_and_the_page_leaves(qtbot, page, chosen, silence) -> None:
    window = window_of(page)

    window.models.take_dropped([silence], window.add_files)

    qtbot.waitUntil(lambda: window.models.first_start is None)
    assert window.list.isVisible()
    assert chosen.welcomed


def test_it_is_seen_once(start) -> None:
    window = start(Settings(model="tiny.en", welcomed=True))

    assert window.models.first_start is None
    assert window.empty.isVisible()


def test_a_library_with_recordings_in_it_is_not_hidden(qtbot, start, library, chosen) -> None:
    from desktop_app.transcripts.transcript import JobOptions

    library.add_job(Path("/recordings/talk.wav"), JobOptions(), "me")
    window = start(chosen)

    qtbot.waitUntil(window.list.isVisible)
    assert window.models.first_start is None


# --- the keyboard and the screen reader ---


def test_every_control_of_the_page_can_be_reached_and_has_a_name(qtbot, page, probing, settle) -> None:
    probing.find(computer(1.5))
    settle()
    controls = [page.download, page.done, page.spoken.another, *page.spoken.languages.values()]
    reached: set[QWidget] = set()

    for _ in range(40):
        qtbot.keyClick(QApplication.focusWidget(), "\t")
        reached.add(QApplication.focusWidget())

    assert set(controls) <= reached
    named = [page.spoken.another.accessibleName()]
    named += [
        QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)
        for one in controls
        if one is not page.spoken.another
    ]
    assert all(named) and len(set(named)) == len(named)
    assert model_wording.forget_language(wording.language("de")) in named


def test_a_proposal_that_comes_leaves_the_keyboard_where_it_is(qtbot, page, probing, settle, work) -> None:
    qtbot.waitUntil(page.done.hasFocus)

    probing.find(computer(1.5))
    settle()

    assert page.download.isVisible() and page.download.isDefault()
    assert page.done.hasFocus()  # so Return, pressed at this moment, starts no download
    page.spoken.another.setFocus()
    page.take_keyboard()
    assert page.isAncestorOf(QApplication.focusWidget()) and not page.done.hasFocus()
    page.download.setFocus()
    page.show_proposal(None, None, "none")
    assert page.done.hasFocus() and page.done.isDefault()


def test_a_model_that_does_not_work_is_said_to_on_the_page_too(page, queue, probing, settle) -> None:
    probing.find(computer(1.5))
    settle()
    queue.warm_up_failed.emit(ModelNoRoom("no room"))
    said = (page.trouble.isVisible(), page.trouble.text())
    promised = page._meanwhile.isVisible()
    queue.model_loaded.emit(ModelLoaded(b"/models/tiny.en", "cpu", "int8", 1.0))

    assert said == (True, wording.not_loaded(ModelNoRoom("no room"), "tiny.en"))
    assert not promised
    assert not page.trouble.isVisible() and page._meanwhile.isVisible()


def test_the_page_and_what_is_known_of_this_computer_tell_the_same_memory(page, probing, settle) -> None:
    probing.find(
        msgspec.structs.replace(computer(1.5), processor=ProcessorFound("Swift Z80", "avx2", 4, 25_232_000_000, GB))
    )
    settle()

    assert machine_wording.gigabytes(25_232_000_000) in page._found.text()
