"""What a model can do: the languages it knows, and whether it translates.

The number of tokens tells an English-only model of OpenAI's from a multilingual one. It does not tell what a model was
trained for: distil-large-v3 has the tokens of all languages and was trained on English alone, large-v3-turbo has the
token for translation and was never trained to translate. Of a published model the catalogue knows it; of other
conversions of the same models, their name. https://huggingface.co/distil-whisper/distil-large-v3,
https://github.com/openai/whisper (README, on "turbo")
"""

from __future__ import annotations

import enum
import functools
import hashlib
import re
from pathlib import Path

import msgspec

from desktop_app.models import catalogue, label, recognised
from desktop_app.models.catalogue import PublishedModel

VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
_LEAST_MULTILINGUAL = 51865  # tokens; the engine counts the same way: English-only models have one less
_BLOCK = 1 << 20  # bytes

# Names of conversions. What was trained further has more in its name, a language most often, and may know more.
_CONVERSION = r"([-_.](ct2|ctranslate2|int8|fp16|float16|fp32|float32|int8[-_]float(16|32)))*"
_DISTILLED = re.compile(rf"(faster-)?distil-(whisper-)?large-v(2|3|3\.5){_CONVERSION}", re.IGNORECASE)
_TURBO = re.compile(rf"(faster-)?(whisper-)?(large-v3-)?turbo{_CONVERSION}", re.IGNORECASE)


class Languages(enum.StrEnum):
    MULTILINGUAL = "multilingual"
    ENGLISH = "english"  # and nothing else; such a model does not translate either


class Abilities(msgspec.Struct, frozen=True):
    languages: Languages = Languages.MULTILINGUAL
    can_translate: bool = True  # into English

    @property
    def english_only(self) -> bool:
        return self.languages is Languages.ENGLISH


def of_folder(folder: Path, tokens: int | None = None) -> Abilities:
    """Return what the model in `folder` can do. Reads its vocabulary; raise OSError or ValueError if it has none.

    `tokens`: of its vocabulary, where that was counted already.
    """
    labelled = label.read(folder)
    repo = (labelled.repo if labelled else "") or recognised.repo_of_cache(folder)
    if (published := _published(folder, repo, is_labelled=labelled is not None)) is not None:
        return of_published(published)
    called = repo.rpartition("/")[2] or folder.name
    if _DISTILLED.fullmatch(called):
        return Abilities(Languages.ENGLISH, can_translate=False)
    is_multilingual = (count_tokens(folder) if tokens is None else tokens) >= _LEAST_MULTILINGUAL
    can_translate = is_multilingual and not _TURBO.fullmatch(called)
    return Abilities(Languages.MULTILINGUAL if is_multilingual else Languages.ENGLISH, can_translate)


def of_published(model: PublishedModel) -> Abilities:
    return Abilities(Languages.MULTILINGUAL if model.multilingual else Languages.ENGLISH, model.can_translate)


def count_tokens(folder: Path) -> int:
    """Return how many tokens the vocabulary in `folder` has; 0 if there is none. Raise OSError, ValueError."""
    for name in VOCABULARIES:
        if not (folder / name).is_file():
            continue
        content = (folder / name).read_bytes()
        if name.endswith(".json"):
            return len(msgspec.json.decode(content, type=list))
        return len(content.splitlines())
    return 0


def _published(folder: Path, repo: str, is_labelled: bool) -> PublishedModel | None:
    """Return the published model in `folder`: by its repository, or by its name, or by its weights."""
    if repo:
        return catalogue.from_repo(repo)
    named = catalogue.published().get(folder.name)
    if named is not None and named.flaw(folder) is None:
        return named
    if is_labelled:  # it came from a file or a folder, and was compared then with all published ones
        return None
    others = (one for one in catalogue.published().values() if not one.can_translate and not one.id.endswith(".en"))
    alike = [model for model in others if model.flaw(folder) is None]  # of all the rest the tokens tell enough
    # A model trained further on other languages has files of the same sizes: only the weights themselves tell.
    return next((model for model in alike if _checksum(folder / "model.bin") == model.model_bin_sha256), None)


def _checksum(file: Path) -> str:
    at = file.stat()
    return _known_checksum(file, at.st_size, at.st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _known_checksum(file: Path, size_bytes: int, changed_ns: int) -> str:
    """Return the SHA-256 of `file`; read once, as long as its size and its time stay the same."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
