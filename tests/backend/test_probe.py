"""The probe: a real process, which tells what it finds as it finds it, whatever becomes of it then."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from probes import Told, built, probe, treacherous

from desktop_app.backend import cuda_libraries, trying
from desktop_app.messages import (
    CardFound,
    EngineFound,
    LibraryFound,
    Measured,
    Measuring,
    ProcessorFound,
    Tried,
    Trying,
    Unmeasured,
)

DRIVER = Path(__file__).with_name("nvidia_driver.c")
needs_a_compiler = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="builds a small library"
)


@pytest.fixture(scope="module")
def told(base_model, tmp_path_factory) -> Told:
    """What the probe tells of this computer, with a model to measure."""
    return probe(
        "--model",
        os.fsencode(base_model).hex(),
        "--name",
        "base",
        "--patient",
        SOTTOVOCE_HOME=str(tmp_path_factory.mktemp("home")),
    )


@pytest.fixture
def driver(home, tmp_path) -> dict[str, str]:
    """The environment of a computer with a card and NVIDIA's driver, as far as a small library can pretend that."""
    for name in ("libcuda.so.1", "libnvidia-ml.so.1"):
        built(tmp_path / "driver", DRIVER, name)
    return {"LD_LIBRARY_PATH": str(tmp_path / "driver")}


def test_it_tells_of_the_processor_and_tries_every_arithmetic_that_this_one_has(told):
    import ctranslate2

    processor, *_ = told.of(ProcessorFound)

    assert told.exit_code == 0
    assert told.events[0] == processor
    assert processor.cores >= 1
    assert processor.memory_bytes > processor.free_bytes > 0
    on_processor = {tried.compute_type: tried for tried in told.of(Tried) if tried.device == "cpu"}
    assert set(on_processor) == ctranslate2.get_supported_compute_types("cpu")
    assert all(tried.works and tried.seconds > 0 and not tried.detail for tried in on_processor.values())


def test_every_trial_is_announced_so_that_the_last_words_tell_what_it_died_of(told):
    announced = [(event.device, event.index, event.compute_type) for event in told.of(Trying)]

    assert announced == [(event.device, event.index, event.compute_type) for event in told.of(Tried)]


def test_it_measures_a_real_model_in_the_arithmetic_that_jobs_get(told):
    measured = told.of(Measured)[-1]

    assert (measured.model, measured.device, measured.compute_type) == ("base", "cpu", "int8")
    assert 0.02 < measured.encoding < 30
    assert 0.0001 < measured.writing < 1


def test_a_model_that_cannot_be_measured_is_told_and_the_rest_stands(home, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.bin").write_bytes(b"none")

    told = probe("--model", os.fsencode(tmp_path / "broken").hex(), "--name", "base", "--patient")

    assert told.exit_code == 0
    assert isinstance(told.events[-2], Measuring)
    (unmeasured,) = told.of(Unmeasured)
    assert (unmeasured.model, unmeasured.device, unmeasured.index) == ("base", "cpu", 0)
    assert unmeasured.detail
    assert "int8" in [tried.compute_type for tried in told.of(Tried) if tried.works]


def test_it_does_not_begin_again_to_measure_what_it_died_of(home, base_model):
    told = probe("--model", os.fsencode(base_model).hex(), "--name", "base", "--unmeasured", "cpu:0", "--patient")

    assert told.exit_code == 0
    assert not told.of(Measuring)


def test_a_glance_tells_what_the_whole_look_tells_of_the_same_things(home, told):
    glance = probe("--glance", PYTHONPROFILEIMPORTTIME="1")

    assert glance.exit_code == 0
    assert "ctranslate2" not in glance.log
    assert "numpy" not in glance.log
    assert [event.versions for event in glance.of(EngineFound)] == [event.versions for event in told.of(EngineFound)]
    assert [(one.name, one.level, one.cores, one.memory_bytes) for one in glance.of(ProcessorFound)] == [
        (one.name, one.level, one.cores, one.memory_bytes) for one in told.of(ProcessorFound)
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_it_found_before_it_died_is_told_and_without_that_it_comes_to_its_end(home, tmp_path):
    environment = treacherous(tmp_path, dies_of="int8")

    first = probe(**environment)
    second = probe("--without", "cpu:0:int8", **environment)

    assert first.exit_code < 0
    assert isinstance(first.events[-1], Trying)
    assert first.events[-1].compute_type == "int8"
    assert "float32" in [tried.compute_type for tried in first.of(Tried)]
    assert second.exit_code == 0
    assert "int8" not in [tried.compute_type for tried in second.of(Tried)]


# --- a graphics card -------------------------------------------------------------------------------------------------


@needs_a_compiler
def test_a_card_is_told_with_its_memory_its_driver_and_what_it_can_do(driver):
    (card,) = probe("--glance", **driver).of(CardFound)

    assert card == CardFound(0, "Imagined Card 8", 8 << 30, 6 << 30, (8, 9), "550.54.14", (12, 4))


@needs_a_compiler
def test_a_card_on_which_no_program_can_calculate_is_told_all_the_same(driver, tmp_path):
    built(tmp_path / "driver", DRIVER, "libcuda.so.1", "-DCUDA_FAILS")

    (card,) = probe("--glance", **driver).of(CardFound)

    assert (card.index, card.name, card.driver) == (-1, "Imagined Card 8", "550.54.14")


@needs_a_compiler
def test_libraries_that_are_missing_are_told_by_the_name_that_ctranslate2_asks_for(driver):
    libraries = probe("--glance", **driver).of(LibraryFound)

    assert [(library.name, library.found) for library in libraries] == [(name, False) for name in cuda_libraries.NAMES]
    assert all("cannot open" in library.detail for library in libraries)


@needs_a_compiler
def test_libraries_are_found_in_the_apps_folder_however_it_is_called_and_opened_by_their_full_path(driver, home):
    folder = home.parent / "Бібліотеки für 猫"
    files = [built(folder / "nvidia" / "cublas" / "lib", DRIVER, name) for name in cuda_libraries.NAMES]

    libraries = probe("--glance", **driver, SOTTOVOCE_CUDA=str(folder)).of(LibraryFound)

    assert [library.where for library in libraries] == [os.fsencode(file) for file in files]


@needs_a_compiler
def test_libraries_that_lie_beside_the_interpreter_are_found_without_being_named(driver, tmp_path):
    packages = tmp_path / "site-packages"
    files = [built(packages / "nvidia" / "cublas" / "lib", DRIVER, name) for name in cuda_libraries.NAMES]
    beside = os.pathsep.join([str(packages), os.environ.get("PYTHONPATH", "")])

    libraries = probe("--glance", **{**driver, "PYTHONPATH": f"{Path(__file__).parents[2]}{os.pathsep}{beside}"})

    assert [library.where for library in libraries.of(LibraryFound)] == [os.fsencode(file) for file in files]


@needs_a_compiler
def test_the_rest_is_found_out_though_the_card_is_of_no_use(driver):
    told = probe(**driver)

    assert told.exit_code == 0
    assert [card.index for card in told.of(CardFound)] == [0]
    assert [tried.compute_type for tried in told.of(Tried) if tried.device == "cpu" and tried.works]
    assert not [tried for tried in told.of(Tried) if tried.device == "cuda" and tried.works]


@pytest.mark.parametrize(
    ("device", "passed", "worked", "said"),
    [
        ("cpu", 0.4, 0.7, 0.4),  # nothing else to do: two threads, nearly all of the time
        ("cpu", 8.5, 0.7, 0.35),  # other programs had the processor most of the time
        ("cpu", 8.5, 0.0, 8.5),  # it cannot be told how long it worked
        ("cuda", 8.5, 0.7, 8.5),  # what a card works is not the processor's time
    ],
)
def test_how_fast_this_computer_is_does_not_hang_on_how_busy_it_is(monkeypatch, device, passed, worked, said):
    now = SimpleNamespace(monotonic=lambda: 100.0, process_time=lambda: 5.0)
    monkeypatch.setattr(trying, "time", now)
    clock = trying._Clock(device, 2)
    now.monotonic, now.process_time = lambda: 100.0 + passed, lambda: 5.0 + worked

    assert clock.seconds() == pytest.approx(said)
