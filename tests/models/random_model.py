"""Whisper models of any shape that know nothing, in CTranslate2's form: they load and run as real ones do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec

WIDTH = 64
HEADS = 2


def write(folder: Path, like: Path, mels: int = 80, encoder: int = 1, decoder: int = 1, as_json: bool = False) -> Path:
    """Write a model with the tokenizer of the real model `like`; return its folder."""
    tokens = (like / "vocabulary.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    settings = json.loads((like / "config.json").read_text(encoding="utf-8"))
    specification = _specification(mels, len(tokens), encoder, decoder)
    specification.register_vocabulary(tokens)
    for name in ("suppress_ids", "suppress_ids_begin", "lang_ids"):
        specification.config.add_attribute(name, settings.get(name, []))
    specification.config.add_attribute("alignment_heads", [[0, 0]])
    specification.validate()
    folder.mkdir(parents=True)
    specification.save(str(folder))
    shutil.copy(like / "tokenizer.json", folder)
    if not as_json:
        (folder / "vocabulary.json").unlink(missing_ok=True)
        shutil.copy(like / "vocabulary.txt", folder)
    if mels != 80:
        (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": mels}), encoding="utf-8")
    return folder


def _specification(mels: int, tokens: int, encoder: int, decoder: int) -> Any:
    lots = np.random.default_rng(7)

    def some(*size: int) -> np.ndarray:
        return 0.05 * lots.standard_normal(size, dtype=np.float32)

    def fill(linear: Any, outputs: int, inputs: int) -> None:
        linear.weight, linear.bias = some(outputs, inputs), some(outputs)

    def even(norm: Any) -> None:
        norm.gamma, norm.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    model = WhisperSpec(encoder, HEADS, decoder, HEADS)
    model.encoder.conv1.weight, model.encoder.conv1.bias = some(WIDTH, mels, 3), some(WIDTH)
    model.encoder.conv2.weight, model.encoder.conv2.bias = some(WIDTH, WIDTH, 3), some(WIDTH)
    model.encoder.position_encodings.encodings = some(1500, WIDTH)
    model.decoder.position_encodings.encodings = some(448, WIDTH)
    model.decoder.embeddings.weight = model.decoder.projection.weight = some(tokens, WIDTH)
    for half in (model.encoder, model.decoder):
        even(half.layer_norm)
        for layer in half.layer:
            even(layer.self_attention.layer_norm)
            even(layer.ffn.layer_norm)
            fill(layer.self_attention.linear[0], 3 * WIDTH, WIDTH)
            fill(layer.self_attention.linear[1], WIDTH, WIDTH)
            fill(layer.ffn.linear_0, 4 * WIDTH, WIDTH)
            fill(layer.ffn.linear_1, WIDTH, 4 * WIDTH)
    for layer in model.decoder.layer:
        even(layer.attention.layer_norm)
        fill(layer.attention.linear[0], WIDTH, WIDTH)
        fill(layer.attention.linear[1], 2 * WIDTH, WIDTH)
        fill(layer.attention.linear[2], WIDTH, WIDTH)
    return model
