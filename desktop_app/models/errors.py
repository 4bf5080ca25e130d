"""Why a model cannot be used."""

from __future__ import annotations

from typing import ClassVar

from desktop_app.messages import Failure


class ModelError(Exception):
    """A model that cannot be used; `kind` is what crosses the walls, the text is for the log."""

    kind: ClassVar[Failure]


class ModelMissing(ModelError):
    """There is no model of that name on this machine, nor a folder there."""

    kind = Failure.MODEL_MISSING

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no model {name!r}")
        self.name = name


class ModelBroken(ModelError):
    """There is one, but it is not whole, or it is no CTranslate2 Whisper model."""

    kind = Failure.MODEL_BROKEN

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"the model {name!r} cannot be used: {what}")
        self.name = name
        self.what = what
