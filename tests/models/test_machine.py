"""What is known of this computer: kept whole or not at all, and told apart from another one."""

from __future__ import annotations

import msgspec
import pytest
from machines import card, laptop, workstation

from desktop_app.messages import CardFound, EngineFound, LibraryFound, ProcessorFound, Tried, Trying
from desktop_app.models import machine
from desktop_app.models.machine import MOST_OF_ONE, MOST_SPEEDS, Speed

SPEED = Speed("base", "cpu", "int8", 12.5, 1000.0)


def test_what_is_kept_is_what_was_found(tmp_path):
    found = workstation(card(8))
    file = tmp_path / "machine.json"

    machine.save(found, file)

    assert machine.load(file) == found


def test_where_nothing_is_kept_nothing_is_known(tmp_path):
    assert machine.load(tmp_path / "machine.json") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"looked_at": "yesterday"}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_is_as_none(tmp_path, content):
    (tmp_path / "machine.json").write_bytes(content)

    assert machine.load(tmp_path / "machine.json") is None


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_beside_it(tmp_path, monkeypatch):
    file = tmp_path / "machine.json"
    machine.save(laptop(), file)

    def is_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", is_full)
    with pytest.raises(OSError, match="space"):
        machine.save(workstation(card(8)), file)

    assert machine.load(file) == laptop()
    assert [one.name for one in tmp_path.iterdir()] == ["machine.json"]


def test_a_name_of_a_folder_that_is_no_unicode_is_kept(tmp_path):
    library = LibraryFound("libcublas.so.12", True, b"/opt/\xff\xe9/libcublas.so.12")
    found = msgspec.structs.replace(workstation(card(8)), libraries=(library,))

    machine.save(found, tmp_path / "machine.json")

    assert machine.load(tmp_path / "machine.json") == found


def test_what_the_probe_tells_becomes_a_machine_as_far_as_it_came():
    told = [
        ProcessorFound("Core", "avx2", 4, 100, 50),
        CardFound(0, "Card", 8, 6, (8, 9), "550"),
        LibraryFound("libcublas.so.12", True),
        EngineFound("CTranslate2 4", 1),
        Trying("cuda", 0, "float16"),
        Tried("cuda", 0, "float16", True),
        Trying("cuda", 0, "int8"),
    ]

    found = machine.made_of(told, looked_at=5.0)

    assert (found.looked_at, found.processor.name, [one.name for one in found.cards]) == (5.0, "Core", ["Card"])
    assert found.works("cuda") == ["float16"]
    assert machine.made_of([]).engine is None


def test_it_is_the_same_computer_however_much_memory_is_free_and_whatever_was_tried():
    found = workstation(card(8))
    later = msgspec.structs.replace(
        found,
        looked_at=99.0,
        processor=msgspec.structs.replace(found.processor, free_bytes=1),
        cards=(msgspec.structs.replace(found.cards[0], free_bytes=None),),
        tried=(),
        measured=(),
    )

    assert later.is_same_as(found)


@pytest.mark.parametrize(
    "change",
    [
        {"processor": ProcessorFound("Another", "avx2", 4, 16, 8)},
        {"cards": (card(8, name="Another"),)},
        {"cards": (msgspec.structs.replace(card(8), driver="560.1"),)},
        {"cards": ()},
        {"libraries": ()},
        {"engine": EngineFound("CTranslate2 5", 1)},
        {"engine": None},
    ],
    ids=["processor", "card", "driver", "no card", "libraries", "engine", "no engine"],
)
def test_it_is_another_one_with_another_part_driver_or_version(change):
    found = workstation(card(8))

    assert not msgspec.structs.replace(found, **change).is_same_as(found)


def test_the_middle_of_the_last_speeds_of_a_model_on_a_device_is_the_one_that_counts():
    known = laptop()
    for speed in (4.0, 4.0, 4.0):
        known = known.with_speed(Speed("small", "cpu", "int8", speed, 1001.0))
    for speed in (1.0, 1.0, 1.0, 14.0, 12.0, 13.0, 400.0, 11.0):
        known = known.with_speed(msgspec.structs.replace(SPEED, speed=speed))

    assert [(one.model, one.speed) for one in known.typical_speeds] == [("small", 4.0), ("base", 13.0)]
    assert len(known.speeds) == 3 + MOST_OF_ONE


def test_jobs_on_a_busy_computer_push_no_others_out():
    known = laptop()
    for speed, others in [(12.0, 0.1), (11.0, 0.0), (13.0, 0.0), *[(2.0, 0.7)] * 20]:
        known = known.with_speed(msgspec.structs.replace(SPEED, speed=speed, others=others))

    assert [one.speed for one in known.typical_speeds] == [12.0]
    assert len(known.speeds) == 3 + MOST_OF_ONE


def test_speeds_do_not_grow_without_end():
    known = laptop()
    for number in range(MOST_SPEEDS + 50):
        known = known.with_speed(Speed(f"model {number}", "cpu", "int8", 1.0, 0.0))

    assert len(known.speeds) == MOST_SPEEDS
    assert known.speeds[-1].model == f"model {MOST_SPEEDS + 49}"


def test_what_work_has_shown_survives_another_look_at_the_same_computer_and_no_other(tmp_path):
    file = tmp_path / "machine.json"
    machine.keep(laptop(), file)
    machine.keep_speed(file, SPEED)

    again = machine.keep(laptop(), file)
    other = machine.keep(laptop(memory=32), file)

    assert again.speeds == (SPEED,)
    machine.keep(laptop(), file)
    assert machine.keep(msgspec.structs.replace(laptop(), measured=()), file).measured == laptop().measured
    assert other.speeds == ()


def test_a_speed_is_not_kept_of_a_computer_that_nobody_has_looked_at(tmp_path):
    assert machine.keep_speed(tmp_path / "machine.json", SPEED) is None
    assert not [*tmp_path.iterdir()]
