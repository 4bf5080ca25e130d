"""How large a Whisper model is inside, and how much that is to calculate and to keep in memory."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

import msgspec

FRAMES = 1500  # that the encoder makes of 30 s
READINGS = 5  # followed at once, as jobs do
TOKENS = 150  # for which memory is kept in each of them
MANY_VARIABLES = 100_000

_NAME, _COUNT = struct.Struct("<H"), struct.Struct("<I")


class Shape(msgspec.Struct, frozen=True):
    """The numbers that a Whisper model is made by."""

    width: int  # of what goes from layer to layer
    encoder_layers: int
    decoder_layers: int
    vocabulary: int

    @property
    def encoding(self) -> float:
        """Multiplications that the encoder needs for 30 s of sound, counted layer by layer."""
        width = self.width
        layer = 12 * width**2 + 2 * FRAMES * width  # the four matrices of attention and the two behind it; the scores
        return FRAMES * (self.encoder_layers * layer + 3 * width**2) + self.decoder_layers * 2 * FRAMES * width**2

    @property
    def writing(self) -> float:
        """Multiplications that the decoder needs for a token."""
        width = self.width
        return self.decoder_layers * (14 * width**2 + 2 * FRAMES * width) + self.vocabulary * width

    @property
    def weights(self) -> int:
        """How many there are, without the few of biases and norms."""
        width = self.width
        layers = 12 * self.encoder_layers + 16 * self.decoder_layers
        return width * (width * (layers + 3) + self.vocabulary + FRAMES)

    def memory_of_a_span(self, number_bytes: int) -> int:
        """Return the bytes that a span of 30 s takes while it is written down: what attention keeps, per layer."""
        return self.decoder_layers * 2 * (FRAMES + READINGS * TOKENS) * self.width * number_bytes


# As the models were published: OpenAI's paper and repository, and the cards of the distilled ones.
_MULTILINGUAL, _ENGLISH = 51865, 51864
_PUBLISHED = {
    "tiny": Shape(384, 4, 4, _MULTILINGUAL),
    "base": Shape(512, 6, 6, _MULTILINGUAL),
    "small": Shape(768, 12, 12, _MULTILINGUAL),
    "medium": Shape(1024, 24, 24, _MULTILINGUAL),
    "large-v1": Shape(1280, 32, 32, _MULTILINGUAL),
    "large-v2": Shape(1280, 32, 32, _MULTILINGUAL),
    "large-v3": Shape(1280, 32, 32, 51866),
    "large-v3-turbo": Shape(1280, 32, 4, 51866),
    "tiny.en": Shape(384, 4, 4, _ENGLISH),
    "base.en": Shape(512, 6, 6, _ENGLISH),
    "small.en": Shape(768, 12, 12, _ENGLISH),
    "medium.en": Shape(1024, 24, 24, _ENGLISH),
    "distil-small.en": Shape(768, 12, 4, _ENGLISH),
    "distil-medium.en": Shape(1024, 24, 2, _ENGLISH),
    "distil-large-v2": Shape(1280, 32, 2, _MULTILINGUAL),
    "distil-large-v3": Shape(1280, 32, 2, 51866),
    "distil-large-v3.5": Shape(1280, 32, 2, 51866),
}
BASE = _PUBLISHED["base"]


def of_published(name: str) -> Shape | None:
    """Return the shape of the published model of that name."""
    return _PUBLISHED.get(name)


def of_folder(folder: Path) -> Shape | None:
    """Return the shape of the model in `folder`, read from the names and sizes in its model.bin; None if it has none.

    Takes a few milliseconds, whatever the size: the weights themselves are passed over.
    """
    try:
        with (folder / "model.bin").open("rb") as file:
            sizes = _sizes_in(file)
        vocabulary, width = sizes["decoder/embeddings/weight"][:2]
        return Shape(width, _layers("encoder", sizes), _layers("decoder", sizes), vocabulary)
    except (OSError, ValueError, LookupError, struct.error):
        return None


def mels_of(folder: Path) -> int | None:
    """Return how many mel bands the encoder of the model in `folder` reads; None if it cannot be told."""
    try:
        with (folder / "model.bin").open("rb") as file:
            return _sizes_in(file)["encoder/conv1/weight"][1]
    except (OSError, ValueError, LookupError, struct.error):
        return None


def _sizes_in(file: BinaryIO) -> dict[str, tuple[int, ...]]:
    """Return the shape of every variable of a model.bin, by name: CTranslate2's format, version 6."""
    file.seek(4)  # its version
    _text(file)  # the kind of model
    _, count = _number(file), _number(file)
    if count > MANY_VARIABLES:
        raise ValueError("no CTranslate2 model")
    sizes = {}
    for _ in range(count):
        name = _text(file)
        rank = file.read(1)[0]
        sizes[name] = struct.unpack(f"<{rank}I", file.read(4 * rank))
        file.seek(1, os.SEEK_CUR)  # the kind of number
        file.seek(_number(file), os.SEEK_CUR)
    return sizes


def _text(file: BinaryIO) -> str:
    (length,) = _NAME.unpack(file.read(2))
    return file.read(length).rstrip(b"\0").decode()


def _number(file: BinaryIO) -> int:
    return int(_COUNT.unpack(file.read(4))[0])


def _layers(part: str, sizes: dict[str, tuple[int, ...]]) -> int:
    return len({name.split("/")[1] for name in sizes if name.startswith(f"{part}/layer_")} - {"layer_norm"})
