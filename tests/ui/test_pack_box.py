"""The GPU pack in the window: offered where it is needed, with what it takes; got, stopped, removed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from machines import card, laptop, workstation
from models.hub_server import HubServer
from PySide6.QtWidgets import QFileDialog, QMessageBox
from stand_ins import StandInPackWork, StandInProbing
from upkeep.little_packs import REPOSITORY, REVISION, little_pack, porter_program

from desktop_app import paths
from desktop_app.messages import ABOUT_PACKS, LibraryFound, ModelTrouble, PorterFailed, PorterStage
from desktop_app.models.machine import Machine
from desktop_app.settings import Settings
from desktop_app.ui import pack_wording
from desktop_app.ui.machine_page import MachinePage
from desktop_app.ui.pack_box import PackBox
from desktop_app.upkeep import packs

MISSING = (LibraryFound("libcublas.so.12", False, detail="no such file"),)
LACKING = msgspec.structs.replace(workstation(card(8), works=()), libraries=MISSING)
OFFERED = {
    "is_known": True,
    "archive": "sottovoce-cuda-12.9.1.4-linux-x86_64.zip",
    "newest": "12.9.1.4",
    "size_bytes": 580_969_699,
    "unpacked_bytes": 854_406_142,
}
INSTALLED = OFFERED | {"installed": "12.9.1.4", "installed_bytes": 854_406_142}


@pytest.fixture
def work(qapp) -> StandInPackWork:
    return StandInPackWork(**OFFERED)


@pytest.fixture
def page_of(qtbot, work) -> Callable[[Machine | None], PackBox]:
    """A function that opens the page of a computer, and returns what is on it about the pack."""

    pages = []

    def open_page(machine: Machine | None) -> PackBox:
        page = MachinePage(StandInProbing(machine), Settings(), work)
        qtbot.addWidget(page)
        pages.append(page)
        page.show()
        page.activateWindow()
        qtbot.waitUntil(page.isActiveWindow)
        return page.pack

    return open_page


@pytest.fixture
def box(page_of) -> PackBox:
    return page_of(LACKING)


def shown(box: PackBox) -> list[str]:
    buttons = (box.get, box.from_file, box.stop, box.remove)
    return [button.text().replace("&", "") for button in buttons if button.isVisible()]


@pytest.mark.parametrize("machine", [None, laptop(), workstation(card(8))], ids=["unknown", "no card", "it works"])
def test_who_does_not_need_it_sees_nothing_of_it(page_of, machine):
    assert not page_of(machine).isVisible()


def test_a_card_that_no_program_can_calculate_on_needs_a_driver_first(page_of):
    broken = msgspec.structs.replace(laptop(), cards=(card(8, index=-1),), libraries=MISSING)

    assert not page_of(broken).isVisible()


def test_where_the_libraries_are_missing_it_is_offered_with_what_it_takes(work, box):
    assert shown(box) == ["Get the GPU Pack (581 MB)", "From a File…"]
    assert "581 MB to download, 854 MB on the disk" in box.sentence.text()

    box.get.click()

    assert work.wanted == [("install", "")]


def test_a_file_can_be_chosen_instead(qtbot, work, box, tmp_path):
    file = tmp_path / "pack.zip"
    file.write_bytes(b"x")
    box.from_file.click()
    dialog = box.findChild(QFileDialog)

    dialog.fileSelected.emit(str(file))

    assert work.wanted == [("install", str(file))]
    dialog.reject()


def test_progress_is_shown_and_the_keyboard_stays_on_a_button(work, box):
    box.get.setFocus()

    work.be(doing="install", stage=PorterStage.FETCHING, done=145_000_000, total=580_969_699, speed=5.2e6)

    assert box.sentence.text().startswith("Downloading, 25% of 581 MB, 5.2 MB/s")
    assert (box.bar.isVisible(), box.bar.value()) == (True, 249)
    assert shown(box) == ["Stop"]
    assert box.stop.hasFocus()
    box.stop.click()
    assert work.wanted == [("stop",)]


def test_that_nothing_comes_is_said(work, box):
    work.be(doing="install", stage=PorterStage.FETCHING, done=1, total=2, is_quiet=True)
    quiet = box.sentence.text()
    work.be(retrying=ModelTrouble.NO_NETWORK)

    assert quiet.endswith("no data at the moment")
    assert "no response, trying again" in box.sentence.text()


def test_what_has_come_is_gone_on_with_or_removed_without_a_question(work, box):
    work.be(half_bytes=310_000_000)

    assert box.sentence.text().startswith("310 MB of 581 MB of the GPU pack are downloaded.")
    assert shown(box) == ["Resume", "From a File…", "Remove the Partial Download"]
    box.remove.click()
    assert work.wanted == [("remove",)]


def test_an_installed_one_is_told_with_its_size_and_removed_when_that_was_meant(qtbot, page_of, work):
    work.be(**INSTALLED)
    box = page_of(workstation(card(8)))
    said = box.sentence.text()

    box.remove.click()
    question = box.findChild(QMessageBox)
    buttons = {button.text(): button for button in question.buttons()}
    asked, default = list(work.wanted), question.defaultButton().text()
    buttons[pack_wording.REMOVE_IT].click()

    assert said == "The GPU pack 12.9.1.4 is installed: 854 MB on the disk."
    assert shown(box) == ["Remove…"]
    assert (asked, default) == ([], pack_wording.KEEP_IT)
    assert "854 MB" in question.text()
    assert work.wanted == [("remove",)]


def test_where_another_version_is_known_it_is_offered(page_of, work):
    work.be(**INSTALLED | {"installed": "12.4.0.1"})

    box = page_of(workstation(card(8)))

    assert shown(box) == ["Get 12.9.1.4 (581 MB)", "From a File…", "Remove…"]
    assert box.sentence.text().endswith("This version of Sottovoce needs 12.9.1.4.")


def test_where_there_is_none_for_this_kind_of_computer_it_says_so(page_of, work):
    work.be(archive="", newest="", size_bytes=0, unpacked_bytes=0)

    box = page_of(LACKING)

    assert box.sentence.text() == pack_wording.NONE_FOR_THIS
    assert shown(box) == []


def test_why_it_did_not_come_is_said_and_it_can_be_tried_again(work, box):
    work.be(failed=PorterFailed(ModelTrouble.NO_NETWORK, "for the log"))

    assert "the server is not responding" in box.trouble.text()
    assert box.trouble.isVisible()
    assert shown(box) == ["Get the GPU Pack (581 MB)", "From a File…"]


def test_a_wrong_file_is_refused_with_the_name_of_the_right_one(work, box):
    work.be(failed=PorterFailed(ModelTrouble.NOT_THE_PACK))

    assert "“sottovoce-cuda-12.9.1.4-linux-x86_64.zip” (581 MB)" in box.trouble.text()


@pytest.mark.parametrize("kind", list(ModelTrouble))
def test_every_trouble_has_a_sentence_that_says_nothing_of_models_or_hubs(kind):
    said = pack_wording.trouble(PorterFailed(kind, "detail for the log"), "pack.zip", 581_000_000)

    assert said.endswith(".")
    assert not {"model", "hub", "detail"} & set(said.lower().replace(",", " ").split())
    assert kind in ABOUT_PACKS or said.startswith("The GPU pack ")


def test_when_it_came_or_went_the_computer_is_looked_at_anew(qtbot, window, models):
    with qtbot.waitSignal(window.models.said):
        models.pack.came.emit("12.9.1.4")
    first = window.statusBar().currentMessage()
    with qtbot.waitSignal(window.models.said):
        models.pack.went.emit(854_406_142)

    assert models.probing.started == [True, True]
    assert first == pack_wording.has_come("12.9.1.4")
    assert window.statusBar().currentMessage() == "The GPU pack was removed. This freed 854 MB."


def test_in_the_window_it_is_fetched_and_removed_by_real_porters(qtbot, window, models, tmp_path, monkeypatch, settle):
    with HubServer() as hub:
        pack = little_pack(tmp_path, at=hub.url)
        hub.publish(REPOSITORY, REVISION, {pack.archive: tmp_path / pack.archive})
        monkeypatch.setattr(packs, "published", lambda: (pack,))
        monkeypatch.setattr(paths, "porter_command", lambda: porter_program(tmp_path, pack))
        models.probing.find(LACKING)
        window.models.show_machine.trigger()
        box = window.findChild(PackBox)
        qtbot.waitUntil(box.isVisible)

        box.get.click()
        qtbot.waitUntil(lambda: shown(box) == ["Remove…"], timeout=60_000)
        said = window.statusBar().currentMessage()
        box.remove.click()
        question = box.findChild(QMessageBox)
        next(one for one in question.buttons() if one.text() == pack_wording.REMOVE_IT).click()
        qtbot.waitUntil(lambda: shown(box) == ["Get the GPU Pack (3 MB)", "From a File…"], timeout=60_000)

    assert said == "The GPU pack 12.9.1.4 is installed."
    assert len(hub.requests) == 1
    assert models.probing.started == [True, True]
    assert not paths.card_libraries().exists()


def test_looking_again_looks_at_the_pack_too(page_of, work):
    box = page_of(LACKING)

    box.window().again.click()

    assert work.wanted == [("look",)]


def test_opening_the_page_looks_what_there_is(window, models, settle):
    window.models.show_machine.trigger()
    settle()

    assert models.pack.state.is_known
