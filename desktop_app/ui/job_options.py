"""The options of one recording that waits: those of the window's foot, for it alone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QDialogButtonBox, QWidget

from desktop_app.messages import TUNINGS, Tuning
from desktop_app.models.shelf import ShelfModel
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import Job, JobOptions
from desktop_app.ui import wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.options_bar import OptionsBar


class JobOptionsDialog(Dialog):
    """chosen(options): what the job is to be done with."""

    manual_topic = "options"

    chosen = Signal(object)

    def __init__(self, job: Job, models: Sequence[ShelfModel], parent: QWidget | None = None) -> None:
        super().__init__(wording.OPTIONS_TITLE.format(job.name), parent, QSize(660, 0))
        self.bar = OptionsBar(_as_settings(job.options), self, job.options)
        self.bar.show_models(models)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self.body.addWidget(self.bar)
        self.body.addStretch(1)
        self.foot.addWidget(buttons)

    def _on_accepted(self) -> None:
        self.chosen.emit(self.bar.options())
        self.accept()


def _as_settings(options: JobOptions) -> Settings:
    """Return settings under which the next job would have these options."""
    return Settings(
        model=options.model,
        language=options.language,
        task=options.task.value,
        words=options.words,
        quality="fast" if _how_it_listens(options.tuning) == TUNINGS["fast"] else "accurate",
        prompt=options.prompt,
        glossary=options.glossary,
        languages=options.languages,
        device=options.device,
        compute_type=options.tuning.compute_type,
        threads=options.tuning.threads,
        batch_size=options.tuning.batch_size,
    )


def _how_it_listens(tuning: Tuning) -> Tuning:
    """Return it without what says where and how it is calculated."""
    return msgspec.structs.replace(tuning, compute_type="", threads=0, batch_size=0)
