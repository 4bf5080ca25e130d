"""Whisper models of any shape that know nothing, in CTranslate2's form: they load and run as real ones do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from desktop_app.backend import little_model


def write(folder: Path, like: Path, mels: int = 80, encoder: int = 1, decoder: int = 1, as_json: bool = False) -> Path:
    """Write a model with the tokenizer of the real model `like`; return its folder."""
    tokens = (like / "vocabulary.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    settings = json.loads((like / "config.json").read_text(encoding="utf-8"))
    specification = little_model.specification_of(np.random.default_rng(7), mels, len(tokens), encoder, decoder)
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
