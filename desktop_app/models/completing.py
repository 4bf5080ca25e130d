"""Adds to a converted model the small files that the conversion left out, where they can be told from what is here.

CTranslate2's converter copies tokenizer.json and preprocessor_config.json only when it is asked to (--copy_files).
https://opennmt.net/CTranslate2/guides/transformers.html#whisper
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import msgspec

from desktop_app.models import abilities, shape, shelf, starter
from desktop_app.models.errors import ModelError

TOKENIZER = "tokenizer.json"
PREPROCESSOR = "preprocessor_config.json"

_USUAL_MELS = 80  # what is taken if nothing is said
_MULTILINGUAL = 50257  # tokens of text
_END_OF_TEXT = "<|endoftext|>"  # with it the tokens begin that are no text
_IS_TIME = re.compile(r"<\|\d+\.\d+\|>")  # they are in no tokenizer.json


def complete(folder: Path) -> None:
    """Write what is missing in the folder of a model, as far as it can be told. Raise OSError or ValueError."""
    if not (folder / TOKENIZER).is_file() and (tokenizer := _tokenizer_for(folder)) is not None:
        (folder / TOKENIZER).write_bytes(msgspec.json.encode(tokenizer))
    mels = shape.mels_of(folder)
    if not (folder / PREPROCESSOR).is_file() and mels not in (None, _USUAL_MELS):
        (folder / PREPROCESSOR).write_bytes(msgspec.json.encode({"feature_size": mels}))


def _tokenizer_for(folder: Path) -> dict[str, Any] | None:
    """Return the tokenizer that belongs to the vocabulary in `folder`: that of a model here which writes text alike.

    All multilingual models of Whisper do; they differ in the tokens behind the text, which the vocabulary lists.
    """
    tokens = _vocabulary(folder)
    if _END_OF_TEXT not in tokens:
        return None
    end_of_text = tokens.index(_END_OF_TEXT)
    for donor in _donors(end_of_text):
        try:
            tokenizer = msgspec.json.decode((donor / TOKENIZER).read_bytes(), type=dict)
            text: dict[str, int] = tokenizer["model"]["vocab"]
            like = tokenizer["added_tokens"][0]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        of_text = {token: number for token, number in text.items() if token != _END_OF_TEXT}
        if of_text == {token: number for number, token in enumerate(tokens[:end_of_text])}:
            behind = enumerate(tokens[end_of_text:], end_of_text)
            tokenizer["added_tokens"] = [
                like | {"id": number, "content": token} for number, token in behind if not _IS_TIME.fullmatch(token)
            ]
            tokenizer["post_processor"] = None  # it names tokens by numbers of the other model; nobody asks it
            return tokenizer
    return None


def _donors(text_tokens: int) -> list[Path]:
    """Return the models here. The starter model is put together first if it is of use and only its parts are here."""
    here = [model.folder for model in shelf.installed()]
    if text_tokens != _MULTILINGUAL:
        return here
    with contextlib.suppress(ModelError):
        here.append(shelf.find(starter.NAME))
    return here


def _vocabulary(folder: Path) -> list[str]:
    for name in abilities.VOCABULARIES:
        if (folder / name).is_file():
            content = (folder / name).read_bytes()
            if name.endswith(".json"):
                return msgspec.json.decode(content, type=list[str])
            return content.decode().removesuffix("\n").split("\n")
    return []
