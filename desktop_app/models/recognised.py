"""What is this folder, archive or file: a model, a model in another program's form, or something else?

Told by names and by the first bytes. The model may lie in a folder of its own there, as archives are packed and
unpacked, or in the cache of Hugging Face's own programs: models--OWNER--NAME/snapshots/COMMIT, whose files are links.
https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from desktop_app.messages import ModelTrouble

if TYPE_CHECKING:  # what lists models has no use for it
    import zipfile

TELLING = {"config.json", "model.bin"}
WEIGHTS = "model.bin"

_NOT_CONTENT = (".", "__MACOSX")  # what is hidden, and what macOS puts beside what it has packed
_CACHED = "models--"
_SNAPSHOTS = "snapshots"
_SPECIFICATION = b"WhisperSpec\0"  # in model.bin, after its version and this one's length
ENOUGH_TO_TELL = 6 + len(_SPECIFICATION)  # bytes

# The first bytes of other forms.
_OF_WHISPER_CPP = (b"lmgg", b"GGUF", b"tjgg", b"fmgg")  # ggml writes its name as a little-endian number
_OF_ARCHIVES = (
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"),  # gzip, bzip2, xz, zstd
    *(b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"),
)
_TAR = (257, b"ustar")  # where, and what
_BEGINNING = 512  # bytes
_OF_TRAINING = (".pt", ".pth", ".ckpt", ".safetensors", ".h5", ".msgpack", ".onnx")
_WEIGHTS_OF_TRAINING = ("pytorch_model", "tf_model", "flax_model", "model.safetensors")


def model_in(folder: Path) -> Path | None:
    """Return the folder with a model's files: this one, or the one that is in it and nothing else. Raise OSError."""
    if _has_model(folder):
        return folder
    if (snapshot := _snapshot(folder)) is not None:
        return snapshot if _has_model(snapshot) else None
    inside = [entry for entry in folder.iterdir() if not entry.name.startswith(_NOT_CONTENT)]
    if len(inside) != 1 or not inside[0].is_dir():
        return None
    within = _snapshot(inside[0]) or inside[0]
    return within if _has_model(within) else None


def folder_of(source: Path) -> Path:
    """Return the folder of the model that was named: itself, the snapshot in a cache, or that of its model.bin."""
    try:
        if source.is_file() and source.name == WEIGHTS:
            return source.parent
        return _snapshot(source) or source
    except OSError:
        return source


def name_of(source: Path) -> str:
    """Return what a model that lies there is to be called, if nobody says: as its folder, archive or repository is."""
    if repo := repo_of_cache(source):
        return repo.rpartition("/")[2]
    if source.name == WEIGHTS:
        return source.parent.name
    return source.stem if source.suffix.lower() == ".zip" else source.name


def repo_of_cache(source: Path) -> str:
    """Return OWNER/NAME of a folder in the cache of Hugging Face's programs; empty if it is none."""
    is_snapshot = source.parent.name == _SNAPSHOTS
    name = (source.parents[1] if is_snapshot and len(source.parents) > 1 else source).name
    owner, _, repo = name.removeprefix(_CACHED).partition("--")
    return f"{owner}/{repo}" if name.startswith(_CACHED) and owner and repo else ""


def looks_like_model(path: Path) -> bool:
    """Tell whether `path` is a folder, a zip archive or a model.bin with the files of a model; whole or not is open."""
    import zipfile

    try:
        if path.is_dir():
            return model_in(path) is not None
        if path.name == WEIGHTS and are_weights(_beginning(path)):
            return _has_model(path.parent)
        if path.suffix.lower() != ".zip" or not path.is_file():
            return False
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    folders = [{name.parent for name in names if name.name == telling} for telling in TELLING]
    return any(len(folder.parts) <= 1 for folder in set.intersection(*folders))


def other_form(path: Path) -> ModelTrouble | None:
    """Return what a file or a folder is that is no model for us, or None: NOT_CONVERTED, FOR_WHISPER_CPP,
    OTHER_ARCHIVE or WEIGHTS_ALONE. Raise OSError.
    """
    if path.is_dir():
        return _other_form_in(_snapshot(path) or path)
    beginning = _beginning(path)
    if beginning.startswith(_OF_WHISPER_CPP):
        return ModelTrouble.FOR_WHISPER_CPP
    if are_weights(beginning):
        return ModelTrouble.WEIGHTS_ALONE
    if path.name.lower().endswith(_OF_TRAINING) or _is_of_training(path.name):
        return ModelTrouble.NOT_CONVERTED
    if beginning.startswith(_OF_ARCHIVES) or beginning[_TAR[0] :].startswith(_TAR[1]):
        return ModelTrouble.OTHER_ARCHIVE
    return None


def are_weights(beginning: bytes) -> bool:
    """Tell whether a file that begins so, with ENOUGH_TO_TELL bytes, has a Whisper model's weights."""
    return beginning[6:ENOUGH_TO_TELL] == _SPECIFICATION


def is_pickled(archive: zipfile.ZipFile) -> bool:
    """Tell whether a zip archive is what PyTorch saves a model as."""
    return any(PurePosixPath(name).name == "data.pkl" for name in archive.namelist())


def _other_form_in(folder: Path) -> ModelTrouble | None:
    for file in sorted(folder.iterdir()):
        if _is_of_training(file.name) or file.name.lower().endswith((".pt", ".pth", ".safetensors")):
            return ModelTrouble.NOT_CONVERTED
        if file.name.lower().startswith("ggml") or file.name.lower().endswith(".gguf"):
            return ModelTrouble.FOR_WHISPER_CPP
    return None


def _is_of_training(name: str) -> bool:
    return name.lower().startswith(_WEIGHTS_OF_TRAINING)


def _beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_BEGINNING)


def _snapshot(folder: Path) -> Path | None:
    """Return the model's files in a folder of the cache, of the commit that "main" was last; None if it is no such."""
    snapshots = folder / _SNAPSHOTS
    if not folder.name.startswith(_CACHED) or not snapshots.is_dir():
        return None
    try:
        commit = (folder / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        commit = ""
    if commit and (snapshots / commit).is_dir():
        return snapshots / commit
    there = sorted((one for one in snapshots.iterdir() if one.is_dir()), key=lambda one: one.stat().st_mtime)
    return there[-1] if there else None


def _has_model(folder: Path) -> bool:
    return all((folder / name).is_file() for name in TELLING)
