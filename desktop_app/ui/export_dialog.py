"""How transcripts are exported, one or many: in which formats, to which folder, under which names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.settings import Settings
from desktop_app.transcripts import export
from desktop_app.transcripts.transcript import Job, Output, shown
from desktop_app.ui import colours, wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.sentence import Sentence

SIZE = QSize(540, 470)


class ExportDialog(Dialog):
    """Opens with what was chosen last, and remembers in the settings what is chosen now.

    chosen(output): what is to be written, an Output.
    """

    manual_topic = "exports"

    chosen = Signal(object)

    def __init__(self, jobs: Sequence[Job], settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(wording.export_title(len(jobs)), parent, SIZE)
        self._jobs = jobs
        self._settings = settings
        self._make_formats()
        self._make_place()
        self._make_name()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._ok.setText(wording.EXPORT_NOW)
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        self.trouble = Sentence()
        colours.warn(self.trouble)
        self.body.addStretch(1)
        self.foot.addWidget(self.trouble)
        self.foot.addWidget(self.buttons)
        self._look()

    def _make_formats(self) -> None:
        self.formats: dict[str, QCheckBox] = {}
        grid = QGridLayout()
        for number, (name, kind) in enumerate(export.FORMATS.items()):
            box = QCheckBox(f"{kind.label} ({kind.suffix})")
            box.setChecked(name in self._settings.export_formats)
            box.toggled.connect(self._look)
            grid.addWidget(box, number // 2, number % 2)
            self.formats[name] = box
        self._add(wording.EXPORT_FORMATS, grid)

    def _make_place(self) -> None:
        self.beside = QRadioButton(wording.export_beside(len(self._jobs)))
        self.elsewhere = QRadioButton(wording.EXPORT_FOLDER)
        group = QButtonGroup(self)
        for button in (self.beside, self.elsewhere):
            group.addButton(button)
        (self.beside if self._settings.export_beside else self.elsewhere).setChecked(True)
        self.folder = QLineEdit(self._settings.export_folder)
        self.folder.setAccessibleName(wording.EXPORT_FOLDER.replace("&", ""))
        self.choose = QPushButton(wording.EXPORT_CHOOSE)
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._on_choose)
        for changed in (self.beside.toggled, self.folder.textChanged):
            changed.connect(self._look)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(self.choose)
        column = QVBoxLayout()
        column.addWidget(self.beside)
        column.addWidget(self.elsewhere)
        column.addLayout(row)
        self._add(wording.EXPORT_PLACE, column)

    def _make_name(self) -> None:
        self.name = QLineEdit(self._settings.export_name)
        self.name.setAccessibleName(wording.EXPORT_NAMES)
        self.name.setAccessibleDescription(wording.EXPORT_NAMES_HINT)
        self.name.textChanged.connect(self._look)
        hint = Sentence()
        hint.setText(wording.EXPORT_NAMES_HINT)
        colours.stand_back(hint)
        self.example = Sentence()
        column = QVBoxLayout()
        for widget in (self.name, hint, self.example):
            column.addWidget(widget)
        self._add(wording.EXPORT_NAMES, column)

    def _add(self, title: str, layout: QGridLayout | QVBoxLayout) -> None:
        heading = QLabel(title)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self.body.addWidget(heading)
        self.body.addLayout(layout)

    @property
    def output(self) -> Output:
        """What is chosen now."""
        chosen = tuple(name for name, box in self.formats.items() if box.isChecked())
        folder = "" if self.beside.isChecked() else str(Path(self.folder.text().strip()).expanduser())
        return Output(chosen, files=True, folder=folder, name=self.name.text())

    def _look(self) -> None:
        """Show an example of the names, or what is missing."""
        for widget in (self.folder, self.choose):
            widget.setEnabled(self.elsewhere.isChecked())
        output = self.output
        trouble, example = "", ""
        try:
            example = wording.export_example(export.file_name(output.name, self._jobs[0], [*output.formats, "txt"][0]))
        except export.UnknownField as error:
            trouble = wording.export_unknown_field(str(error))
        if self.elsewhere.isChecked() and not Path(output.folder).is_absolute():
            trouble = wording.EXPORT_NO_FOLDER
        if not output.formats:
            trouble = wording.EXPORT_NO_FORMAT
        self.example.setText(example)
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))
        self._ok.setEnabled(not trouble)

    def _on_choose(self) -> None:
        dialog = QFileDialog(self, wording.EXPORT_CHOOSE_TITLE)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setDirectory(self.folder.text() or str(self._jobs[0].path.parent))
        dialog.fileSelected.connect(lambda chosen: self.folder.setText(shown(Path(chosen))))
        dialog.open()

    def _on_accepted(self) -> None:
        output = self.output
        settings = self._settings
        settings.export_formats = output.formats
        settings.export_beside = not output.folder
        settings.export_folder = output.folder or settings.export_folder
        settings.export_name = output.name
        self.chosen.emit(output)
        self.accept()
