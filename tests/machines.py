"""Computers of several kinds, as the probe would tell of them."""

from __future__ import annotations

from desktop_app.messages import CardFound, EngineFound, LibraryFound, Measured, ProcessorFound, Tried
from desktop_app.models.machine import Machine

GIGABYTE = 2**30
CARD_TYPES = ("float16", "float32", "int8", "int8_float16")
PROCESSOR_TYPES = ("float32", "int8", "int8_float32")


def tried(device: str, *kinds: str, index: int = 0, works: bool = True, crashed: bool = False) -> tuple[Tried, ...]:
    return tuple(Tried(device, index, kind, works, 0.1, "" if works else "no", crashed) for kind in kinds)


def card(gigabytes: float, index: int = 0, name: str = "Imagined Card") -> CardFound:
    memory = round(gigabytes * GIGABYTE)
    return CardFound(index, name, memory, memory, (8, 9), "550.54.14", (12, 4))


def laptop(memory: float = 16, encoding: float = 0.5, writing: float = 0.008) -> Machine:
    """A computer without a graphics card that can be used."""
    processor = ProcessorFound("Imagined Core", "avx2", 4, round(memory * GIGABYTE), round(memory / 2 * GIGABYTE))
    return Machine(
        looked_at=0.0,
        processor=processor,
        engine=EngineFound("CTranslate2 4", 0),
        tried=tried("cpu", *PROCESSOR_TYPES),
        measured=(Measured("base", "cpu", 0, "int8", encoding, writing),),
    )


def workstation(*cards: CardFound, works: tuple[str, ...] = CARD_TYPES) -> Machine:
    """A computer with graphics cards on which some kinds of arithmetic work."""
    plain = laptop(memory=64)
    on_cards = [one for found in cards for one in tried("cuda", *CARD_TYPES, index=found.index)]
    return Machine(
        looked_at=0.0,
        processor=plain.processor,
        cards=cards,
        libraries=(LibraryFound("libcublas.so.12", True, b"/somewhere/libcublas.so.12"),),
        engine=EngineFound("CTranslate2 4", len(cards)),
        tried=(
            *(
                one if one.compute_type in works else Tried("cuda", one.index, one.compute_type, False)
                for one in on_cards
            ),
            *plain.tried,
        ),
        measured=(*(Measured("base", "cuda", one.index, "float16", 0.01, 0.0002) for one in cards), *plain.measured),
    )
