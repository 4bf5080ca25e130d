"""Lists all that is in the bundle, for programs that look for known faults: a bill of materials in CycloneDX's form.

python packaging/sbom.py FILE    made beside the bundle, on the system that the bundle was made on

It names what licences.py collects the licences of: the packages, Python, PyInstaller, Debian's libraries; besides what
comes inside packages: Qt, FFmpeg, the libraries that were put beside them, the model.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

import bundle  # noqa: E402
import installed  # noqa: E402
import licences  # noqa: E402

from desktop_app import __version__  # noqa: E402
from desktop_app.models import starter  # noqa: E402

OF_PACKAGES = ("*.libs", "*/.dylibs", "*/__dot__dylibs")  # the third is the second's name inside an app
Component = dict[str, Any]


def main() -> None:
    Path(sys.argv[1]).write_text(json.dumps(bill(), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def bill() -> dict[str, Any]:
    """Return the list; the same for the same bundle."""
    components = sorted(
        [*_packages(), *inside_packages(), *_libraries_of_packages(), *_debian_packages(), _model()],
        key=lambda component: component["bom-ref"],
    )
    told = json.dumps(components, sort_keys=True)
    system = f"{sys.platform}-{platform.machine().lower()}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'https://sottovoce.app/{__version__}/{system}/{told}')}",
        "version": 1,
        "metadata": {
            "timestamp": installed.released().isoformat(),
            "component": {
                "type": "application",
                "bom-ref": "sottovoce",
                "name": "Sottovoce",
                "version": __version__,
                "licenses": [{"license": {"id": "MIT"}}],
                "properties": [{"name": "system", "value": system}],
            },
        },
        "components": components,
        "dependencies": [{"ref": "sottovoce", "dependsOn": [component["bom-ref"] for component in components]}],
    }


def _packages() -> Iterator[Component]:
    for package in licences.packages():
        yield _package(package, _licence(package))
    for name, licence in licences.MAKERS.items():
        yield _package(metadata.distribution(name), {"expression": licence})
    python = platform.python_version()
    yield _library("Python", python, f"cpe:2.3:a:python:python:{python}:*:*:*:*:*:*:*", "PSF-2.0")


def inside_packages() -> Iterator[Component]:
    """Yield what has faults of its own, and is brought along by packages of other names."""
    import av
    from PySide6.QtCore import qVersion

    ffmpeg = av.ffmpeg_version_info.lstrip("n")
    yield _library("Qt", qVersion(), f"cpe:2.3:a:qt:qt:{qVersion()}:*:*:*:*:*:*:*", "LGPL-3.0-only")
    yield _library("FFmpeg", ffmpeg, f"cpe:2.3:a:ffmpeg:ffmpeg:{ffmpeg}:*:*:*:*:*:*:*", licences.FFMPEG)


def _libraries_of_packages() -> Iterator[Component]:
    """Yield the libraries that packages have put beside themselves, as auditwheel, delocate and delvewheel do."""
    for folder in OF_PACKAGES:
        for file in bundle.inside(f"{folder}/*"):
            if file.is_file() and not file.is_symlink():
                name = file.relative_to(bundle.BUNDLE).as_posix()
                yield {"type": "file", "bom-ref": name, "name": name, "hashes": [_sha256(file)]}


def _debian_packages() -> Iterator[Component]:
    system = platform.freedesktop_os_release() if sys.platform == "linux" else {}
    for name, version in licences.debian_packages(bundle.BUNDLE).items():
        purl = f"pkg:deb/{system['ID']}/{name}@{quote(version)}?distro={system['ID']}-{system['VERSION_ID']}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _model() -> Component:
    folder = next(path for path in bundle.BUNDLE.rglob(f"models/{starter.NAME}") if (path / "model.bin").is_file())
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{starter.NAME}",
        "name": f"Whisper {starter.NAME}",
        "hashes": [_sha256(folder / "model.bin")],
        "licenses": [{"license": {"id": "MIT"}}],
    }


def _package(package: metadata.Distribution, licence: dict[str, Any]) -> Component:
    name, version = package.metadata["Name"], package.version
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    told = {"name": name, "version": version, "purl": purl, "licenses": [licence]}
    return {"type": "library", "bom-ref": purl, **told}


def _library(name: str, version: str, cpe: str, licence: str) -> Component:
    return {
        "type": "library",
        "bom-ref": name.lower(),
        "name": name,
        "version": version,
        "cpe": cpe,
        "licenses": [{"license": {"id": licence}}],
    }


def _sha256(file: Path) -> dict[str, str]:
    with file.open("rb") as opened:
        return {"alg": "SHA-256", "content": hashlib.file_digest(opened, "sha256").hexdigest()}


def _licence(package: metadata.Distribution) -> dict[str, Any]:
    if expression := package.metadata.get("License-Expression"):
        return {"expression": expression}
    return {"license": {"name": licences.licence_of(package)}}


if __name__ == "__main__":
    main()
