"""The page about this computer: what it shows, and what is chosen there for every recording."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication
from stand_ins import StandInPackWork, StandInProbing

from desktop_app.messages import LoadModel, ProcessorFound, Tried
from desktop_app.models.machine import Machine
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import JobState
from desktop_app.ui import machine_wording, wording
from desktop_app.ui.machine_page import MachinePage
from desktop_app.work import choice

GB = 2**30
LAPTOP = Machine(
    looked_at=0.0,
    processor=ProcessorFound("Swift Z80", "avx2", 4, 16 * GB, 8 * GB),
    tried=(Tried("cpu", 0, "int8", True), Tried("cpu", 0, "float32", True)),
)


@pytest.fixture
def probing(qapp) -> StandInProbing:
    return StandInProbing(LAPTOP)


@pytest.fixture
def chosen() -> Settings:
    return Settings()


@pytest.fixture
def page(qtbot, probing, chosen) -> MachinePage:
    made = MachinePage(probing, chosen, StandInPackWork())
    qtbot.addWidget(made)
    made.show()
    return made


def test_it_shows_what_is_known_and_copies_all_of_it(qtbot, page) -> None:
    with qtbot.waitSignal(page.said):
        page.copy.click()

    shown = page.page.toPlainText()
    assert shown == machine_wording.page(LAPTOP, choice.choose(LAPTOP))
    assert "Swift Z80" in shown
    assert QGuiApplication.clipboard().text() == shown


def test_looking_again_shows_what_is_found_then(qtbot, page, probing) -> None:
    page.again.click()
    meanwhile = (page.page.toPlainText(), page.again.isEnabled())

    probing.find(Machine(looked_at=1.0, processor=ProcessorFound("Swift Z90", "avx2", 4, 0, 0)))

    assert probing.started == [True]
    assert meanwhile == (wording.LOOKING_AT_COMPUTER, False)
    qtbot.waitUntil(lambda: "Swift Z90" in page.page.toPlainText())
    assert page.again.isEnabled()


def test_what_could_not_be_found_out_is_said_beside_what_could(qtbot, page, probing) -> None:
    page.again.click()

    probing.failed.emit(None)
    probing.find(LAPTOP)

    assert page.trouble.isVisible()
    qtbot.waitUntil(lambda: "Swift Z80" in page.page.toPlainText())


def test_a_computer_nobody_has_looked_at_is_no_empty_page(qtbot, chosen) -> None:
    made = MachinePage(StandInProbing(), chosen, StandInPackWork())
    qtbot.addWidget(made)
    made.show()

    assert made.page.toPlainText() == wording.NOT_LOOKED_AT


def test_what_is_forced_is_kept_told_and_shown_as_the_reason(qtbot, page, chosen) -> None:
    with qtbot.waitSignal(page.changed):
        page.device.setCurrentIndex(page.device.findData("cpu"))
    page.compute_type.setCurrentIndex(page.compute_type.findData("float32"))
    page.threads.setValue(2)
    page.batch_size.setValue(4)
    page.unload_after.setValue(0)

    assert (chosen.device, chosen.compute_type, chosen.threads) == ("cpu", "float32", 2)
    assert (chosen.batch_size, chosen.unload_after) == (4, 0)
    assert page.unload_after.text() == wording.NEVER
    assert page.page.toPlainText() == machine_wording.page(LAPTOP, choice.choose(LAPTOP, "cpu", "float32", 4, 2))


def test_steps_of_a_number_in_a_row_are_told_once(qtbot, page) -> None:
    told = []
    page.changed.connect(lambda: told.append(page.threads.value()))

    with qtbot.waitSignal(page.changed):
        for _ in range(5):
            page.threads.stepUp()

    assert told == [5]


def test_what_was_chosen_last_is_told_when_the_page_is_closed(qtbot, page) -> None:
    page.show()
    with qtbot.waitSignal(page.changed, timeout=0):
        page.threads.stepUp()
        page.close()


def test_what_was_forced_before_is_shown(qtbot, probing) -> None:
    forced = Settings(device="cuda", compute_type="float16", threads=3, unload_after=45)
    made = MachinePage(probing, forced, StandInPackWork())
    qtbot.addWidget(made)

    shown = (made.device.currentData(), made.compute_type.currentData(), made.threads.value(), made.unload_after.text())
    assert shown == ("cuda", "float16", 3, "45 min")


# --- in the window ---


def test_the_next_recording_is_calculated_as_the_page_says(qtbot, window, queue) -> None:
    window.models.show_machine.trigger()
    page = window.findChild(MachinePage)

    with qtbot.waitSignal(page.changed):
        page.device.setCurrentIndex(page.device.findData("cpu"))
        page.threads.setValue(2)

    options = window.options.options()
    assert (options.device, options.tuning.threads) == ("cpu", 2)
    assert window._settings.device == "cpu"


def test_memory_is_freed_on_request_and_not_while_a_recording_is_transcribed(
    qtbot, window, queue, silence, library, monkeypatch
) -> None:
    sent = []
    window.models.free_memory.trigger()
    freed = window.statusBar().currentMessage()
    monkeypatch.setattr(queue._backend, "restart", lambda: sent.append(LoadModel), raising=False)
    window.add_files([silence])
    qtbot.waitUntil(lambda: bool(library.jobs()) and library.jobs()[0].state is JobState.RUNNING)

    window.models.free_memory.trigger()

    assert freed == wording.MEMORY_FREED
    assert window.statusBar().currentMessage() == wording.MEMORY_IN_USE
    assert sent == []
