"""Which files of a folder are recordings: by their suffix, or, where that tells nothing, by their first bytes."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from desktop_app.work import first_bytes

AUDIO = {
    *("3ga", "aac", "ac3", "adts", "aif", "aifc", "aiff", "amr", "ape", "au", "awb", "bw64", "bwf", "caf", "dts"),
    *("eac3", "ec3", "flac", "m4a", "m4b", "m4p", "m4r", "mka", "mp1", "mp2", "mp3", "mp4a", "mpa", "mpc", "mpga"),
    *("oga", "ogg", "oma", "opus", "qta", "ra", "rf64", "snd", "spx", "tta", "voc", "w64", "wav", "wav64", "wave"),
    *("weba", "wma", "wv"),
}
VIDEO = {
    *("3g2", "3gp", "asf", "avi", "divx", "dv", "dvr-ms", "evo", "f4v", "flv", "ismv", "lrv", "m1v", "m2p", "m2t"),
    *("m2ts", "m2v", "m4v", "mkv", "mov", "mp4", "mp4v", "mpe", "mpeg", "mpg", "mqv", "mts", "mxf", "ogm", "ogv"),
    *("ogx", "qt", "rm", "rmvb", "tod", "trp", "ts", "vob", "vro", "webm", "wmv", "wtv"),
}
SUFFIXES = frozenset(f".{suffix}" for suffix in AUDIO | VIDEO)
# Recordings of some devices, and something else of other programs: tables, playlists, music of trackers.
AMBIGUOUS = frozenset({".asx", ".bit", ".cmf", ".dat", ".dvr", ".m4s", ".mod", ".rec", ".tp", ".tsv"})
ALSO_PROGRAMS = frozenset({".ts", ".mts"})  # TypeScript
OFFERED = SUFFIXES | AMBIGUOUS  # in the dialog that opens files
NEVER = {
    *("7z", "ai", "ass", "avif", "bak", "bat", "bin", "blend", "bmp", "bz2", "c", "cab", "cfg", "class", "conf", "cpp"),
    *("cr2", "cr3", "cs", "css", "csv", "cue", "db", "deb", "dll", "dmg", "dng", "doc", "docx", "dylib", "eot", "epub"),
    *("exe", "gif", "go", "gz", "h", "heic", "heif", "hpp", "htm", "html", "ico", "idx", "ini", "iso", "jar", "java"),
    *("jpeg", "jpg", "js", "json", "jsonl", "jsx", "jxl", "key", "lock", "log", "lrc", "lua", "m3u", "m3u8", "map"),
    *("md", "mjs", "mobi", "msi", "nef", "nfo", "numbers", "o", "obj", "odp", "ods", "odt", "orf", "otf", "pack"),
    *("pages", "par2", "pdf", "php", "pkg", "pl", "plist", "pls", "png", "ppt", "pptx", "ps1", "psd", "pth", "py"),
    *("pyc", "pyd", "pyi", "rar", "raw", "rb", "rs", "rst", "rtf", "safetensors", "scss", "sh", "so", "sql", "sqlite"),
    *("sqlite3", "srt", "sub", "svg", "swift", "tar", "tbz", "tex", "tgz", "thm", "tif", "tiff", "toml", "torrent"),
    *("ttf", "txt", "url", "vtt", "webp", "whl", "woff", "woff2", "xls", "xlsx", "xml", "xmp", "xz", "yaml", "yml"),
    *("zip", "zst"),
}
NOT_MEDIA = frozenset(f".{suffix}" for suffix in NEVER)  # never looked into
MOST_SECONDS = 2.0  # of looking into files; what is left then counts by its suffix alone


def media_in(folder: Path) -> list[Path]:
    """Return the media files in `folder` and its folders, in the order of their names. Hidden ones are left out.

    Links to folders are not followed: they may lead round in a circle. Raise OSError if `folder` cannot be read.
    """
    os.scandir(folder).close()  # os.walk says nothing about a folder it may not read
    until = time.monotonic() + MOST_SECONDS
    found = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_order)
        found += [Path(where, name) for name in sorted(files, key=natural_order) if _is_media(where, name, until)]
    return found


def natural_order(name: str) -> tuple[object, ...]:
    """Return what names are sorted by as people and file managers do: "Part 2" comes before "part 10"."""
    parts = re.split(r"([0-9]+)", name.casefold())  # text and numbers by turns, text first
    return tuple(int(part) if number % 2 else part for number, part in enumerate(parts)), name


def _is_media(where: str, name: str, until: float) -> bool:
    if name.startswith("."):
        return False
    suffix = Path(name).suffix.lower()
    if suffix in NOT_MEDIA:
        return False
    if suffix in SUFFIXES:
        return suffix not in ALSO_PROGRAMS or not first_bytes.are_text(_start(Path(where, name), until))
    return first_bytes.are_media(_start(Path(where, name), until))


def _start(file: Path, until: float) -> bytes:
    """Return the first bytes of a file; none if it cannot be read, or there is no time left for it."""
    if time.monotonic() > until or not file.is_file():  # a pipe would be waited for
        return b""
    try:
        with file.open("rb", buffering=0) as opened:
            return opened.read(first_bytes.WANTED)
    except OSError:
        return b""
