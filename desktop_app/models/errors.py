"""Why a model cannot be used; why something could not be done about it."""

from __future__ import annotations

from typing import ClassVar

from desktop_app.messages import Failure, ModelTrouble, PorterFailed


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


class ModelNoRoom(ModelError):
    """The starter model is put together at its first use, and there is no room for it on the disk."""

    kind = Failure.MODEL_NO_ROOM


class ModelsAway(ModelError):
    """The folder that the models were moved to is not there: its disk may be unplugged."""

    kind = Failure.MODELS_AWAY

    def __init__(self, folder: str) -> None:
        super().__init__(f"the folder of the models is not there: {folder!r}")


class PorterError(Exception):
    """Something that could not be done about a model; `kind` is what crosses the walls, the text is for the log."""

    def __init__(self, kind: ModelTrouble, detail: str = "", needed_bytes: int = 0, free_bytes: int = 0) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.needed_bytes = needed_bytes  # where there was no room
        self.free_bytes = free_bytes

    def told(self) -> PorterFailed:
        """Return it as a porter tells it."""
        return PorterFailed(self.kind, self.detail, self.needed_bytes, self.free_bytes)
