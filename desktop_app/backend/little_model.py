"""A Whisper model of a megabyte that knows nothing: whether a device calculates can be seen with it as well."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 64
HEADS = 2
MELS = 80
FRAMES = 1500  # that the encoder makes of 30 s
LONGEST = 448  # tokens
SPECIAL = ("endoftext", "startoftranscript", "en", "transcribe", "notimestamps", "nospeech", "startofprev", "startoflm")
TOKENS = 300
PROMPT = [1, 2, 3, 4]  # start, English, write down, without times


def files() -> dict[str, bytes]:
    """Return the files of the model, as CTranslate2 takes them from memory. The same ones every time."""
    specification = specification_of(np.random.default_rng(1))
    specification.register_vocabulary(
        [f"<|{name}|>" for name in SPECIAL] + [str(number) for number in range(TOKENS - len(SPECIAL))]
    )
    for name, value in {
        "suppress_ids": [],
        "suppress_ids_begin": [],
        "lang_ids": [PROMPT[1]],
        "alignment_heads": [[0, 0]],
    }.items():
        specification.config.add_attribute(name, value)
    specification.validate()
    with tempfile.TemporaryDirectory() as folder:
        specification.save(folder)
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def specification_of(
    lots: np.random.Generator, mels: int = MELS, tokens: int = TOKENS, encoder: int = 1, decoder: int = 1
) -> Any:
    """Return what CTranslate2 writes such a model from, with weights by chance. encoder, decoder: so many layers."""
    from ctranslate2.specs.whisper_spec import WhisperSpec

    def some(*size: int) -> np.ndarray:
        return 0.05 * lots.standard_normal(size, dtype=np.float32)

    def fill(linear: Any, outputs: int, inputs: int) -> None:
        linear.weight, linear.bias = some(outputs, inputs), some(outputs)

    def even(norm: Any) -> None:
        norm.gamma, norm.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def fill_layer(layer: Any) -> None:
        for part in (layer.self_attention, layer.ffn):
            even(part.layer_norm)
        fill(layer.self_attention.linear[0], 3 * WIDTH, WIDTH)
        fill(layer.self_attention.linear[1], WIDTH, WIDTH)
        fill(layer.ffn.linear_0, 4 * WIDTH, WIDTH)
        fill(layer.ffn.linear_1, WIDTH, 4 * WIDTH)

    specification = WhisperSpec(encoder, HEADS, decoder, HEADS)
    listening, writing = specification.encoder, specification.decoder
    listening.conv1.weight, listening.conv1.bias = some(WIDTH, mels, 3), some(WIDTH)
    listening.conv2.weight, listening.conv2.bias = some(WIDTH, WIDTH, 3), some(WIDTH)
    listening.position_encodings.encodings = some(FRAMES, WIDTH)
    writing.position_encodings.encodings = some(LONGEST, WIDTH)
    writing.embeddings.weight = writing.projection.weight = some(tokens, WIDTH)
    for half in (listening, writing):
        even(half.layer_norm)
        for layer in half.layer:
            fill_layer(layer)
    for layer in writing.layer:
        even(layer.attention.layer_norm)
        fill(layer.attention.linear[0], WIDTH, WIDTH)
        fill(layer.attention.linear[1], 2 * WIDTH, WIDTH)
        fill(layer.attention.linear[2], WIDTH, WIDTH)
    return specification
