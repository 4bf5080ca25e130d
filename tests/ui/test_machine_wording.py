"""What the user reads about this computer: sentences, for every case, and what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from machines import card, laptop, tried, workstation

from desktop_app import paths
from desktop_app.messages import CardFound, Failure, LibraryFound, ProcessorFound
from desktop_app.models import shape
from desktop_app.models.machine import Machine, Speed
from desktop_app.ui import machine_wording
from desktop_app.work.choice import Choice, Why, choose
from desktop_app.work.probe_process import ProbeTrouble

CODE = re.compile(r"[a-z]+_[a-z]+|None(?! of)|\bTrue\b|\bFalse\b|<|\{")


@pytest.fixture(autouse=True)
def a_home(home):
    """What is to be installed goes into it."""


def page(machine: Machine, *wanted: str) -> str:
    return machine_wording.page(machine, choose(machine, *wanted, model=shape.BASE))


def without_arithmetic(text: str) -> str:
    return re.sub(r"int8_float16|int8_float32", "", text)


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_its_sentence(why):
    told = machine_wording.used(laptop(), Choice("cpu", "int8", 0, 0, why))

    assert re.fullmatch(r"[A-Z].+\.", told[-1])
    assert not CODE.search(told[-1])


@pytest.mark.parametrize("trouble", ProbeTrouble)
def test_every_trouble_of_the_probe_has_its_sentence(trouble):
    assert re.fullmatch(r"[A-Z].+\.", machine_wording.probe_trouble(trouble))


@pytest.mark.parametrize("refused", [Failure.DEVICE_MISSING, Failure.COMPUTE_TYPE_MISSING, Failure.MODEL_TOO_LARGE])
def test_what_cannot_work_is_said_with_what_to_do(refused):
    told = machine_wording.used(laptop(), Choice("cuda", "", 0, 0, Why.FORCED, (), refused))

    assert told[0].startswith("Nothing: ")
    assert "Automatic" in told[1]


def test_only_what_was_chosen_is_named_and_taken_back():
    forced = choose(msgspec.structs.replace(laptop(), tried=tried("cpu", "int8", works=False)), "cpu")
    too_large = choose(laptop(memory=1), model=shape.of_published("large-v3"))

    assert machine_wording.used(laptop(), forced)[0].startswith("Nothing: you chose the CPU")
    assert machine_wording.used(laptop(), too_large)[1] == "Choose a smaller model."


def test_where_the_engine_does_not_start_nothing_is_promised():
    broken = msgspec.structs.replace(laptop(), engine=None, tried=())

    assert machine_wording.used(broken, choose(broken)) == ["Nothing: the transcription library does not start here."]


def test_a_model_that_was_used_often_has_one_speed_on_the_page():
    known = laptop()
    for speed in (9.0, 10.0, 300.0):
        known = known.with_speed(Speed("base", "cpu", "int8", speed, 0.0))

    assert page(known).count("on your recordings") == 1


def test_the_disk_is_not_asked_for_what_is_shown(monkeypatch, tmp_path):
    monkeypatch.setenv("SOTTOVOCE_HOME", str(tmp_path / "not made"))
    lacking = msgspec.structs.replace(workstation(card(8)), libraries=(LibraryFound("libcublas.so.12", False),))

    assert str(tmp_path / "not made") in " ".join(machine_wording.missing(lacking))
    assert paths.for_children()
    assert not (tmp_path / "not made").exists()


@pytest.mark.parametrize(
    "machine",
    [
        Machine(0.0),
        laptop(),
        workstation(card(8)),
        workstation(card(8), card(24, index=1), works=()),
        msgspec.structs.replace(laptop(), speeds=(Speed("base", "cpu", "int8", 12.0, 0.0),) * 3),
        msgspec.structs.replace(laptop(), processor=ProcessorFound("", "", 1, 0, 0)),
        msgspec.structs.replace(laptop(), cards=(CardFound(-1, "", 0, None, (0, 0), ""),)),
    ],
)
def test_the_page_is_made_of_words_whatever_was_found(machine):
    text = page(machine)

    assert text.startswith("What will be used\n  ")
    assert "Checked " in text
    assert not CODE.search(without_arithmetic(text))


def test_the_page_tells_what_is_used_and_why():
    assert "  The CPU, int8, 4 threads.\n  This computer has no NVIDIA graphics card." in page(laptop())
    assert "  Imagined Card, float16.\n  The fastest option that works here." in page(workstation(card(8)))
    assert "  The CPU, float32, 4 threads.\n  Set by you" in page(workstation(card(8)), "cpu", "float32")


def test_a_computer_in_which_all_is_well_lacks_nothing():
    assert machine_wording.missing(laptop()) == []
    assert machine_wording.missing(workstation(card(8))) == []
    assert "What is missing" not in page(laptop())


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (msgspec.structs.replace(laptop(), cards=(CardFound(-1, "", 0, None, (0, 0), ""),)), "has no NVIDIA driver"),
        (msgspec.structs.replace(laptop(), cards=(card(8, index=-1),)), "programs cannot use it"),
        (
            workstation(msgspec.structs.replace(card(8), cuda=(11, 8)), works=()),
            "The graphics driver is too old",
        ),
        (
            msgspec.structs.replace(
                workstation(card(8), works=()), libraries=(LibraryFound("libcublas.so.12", False),)
            ),
            "libcublas.so.12 cannot be loaded",
        ),
        (workstation(card(8), works=()), "Every test on Imagined Card failed"),
        (
            msgspec.structs.replace(laptop(), processor=ProcessorFound("Old", "avx", 2, 2**33, 2**32)),
            "The CPU lacks AVX2",
        ),
        (msgspec.structs.replace(laptop(), tried=tried("cpu", "int8", works=False)), "Reinstall Sottovoce"),
        (msgspec.structs.replace(laptop(), engine=None), "The transcription library does not start here"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(machine, said):
    (first, *_) = machine_wording.missing(machine)

    assert said in first
    assert first in page(machine)


def test_missing_libraries_are_named_with_how_to_get_them(home):
    machine = msgspec.structs.replace(
        workstation(card(8), works=()), libraries=(LibraryFound("libcublas.so.12", False, detail="no such file"),)
    )

    assert f'pip install --no-deps --target "{paths.card_libraries()}" nvidia-' in page(machine)
    assert "libcublas.so.12: not found (no such file)" in page(machine)


def test_what_is_to_be_installed_is_what_the_cuda_extra_brings():
    project = tomllib.loads((Path(paths.__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert [one.split(";")[0] for one in project["optional-dependencies"]["cuda"]] == [machine_wording.WHEEL]


def test_a_crash_of_a_trial_is_on_the_page():
    machine = msgspec.structs.replace(
        laptop(), tried=(*tried("cpu", "float32"), *tried("cpu", "int8", works=False, crashed=True))
    )

    assert "The CPU: float32 works\n  The CPU: int8 crashes (no)" in page(machine)


def test_a_folder_that_is_no_unicode_can_be_shown_and_copied():
    library = LibraryFound("libcublas.so.12", True, b"/opt/\xff/libcublas.so.12")
    machine = msgspec.structs.replace(workstation(card(8)), libraries=(library,))

    assert "/opt/�/libcublas.so.12" in page(machine)
    page(machine).encode()
