"""How to listen, in detail: what few people need, each with one line that says what it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from desktop_app.messages import Device, Tuning
from desktop_app.transcripts.languages import LANGUAGES, code_of
from desktop_app.transcripts.numbers import seconds_in, temperatures_in, time_text
from desktop_app.transcripts.transcript import (
    LONGEST_PADDING,
    MOST_PIECES,
    MOST_READINGS,
    MOST_THREADS,
    MOST_TRACKS,
    JobOptions,
)
from desktop_app.ui import colours, wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.number_box import CountBox, NumberBox

COMPUTE_TYPES = ("", "int8", "int8_float32", "float32", "float16", "int8_float16", "bfloat16")
LONGEST = 99 * 3600.0


class ListeningDialog(Dialog):
    """chosen(options): what was set, over the options it was opened with."""

    manual_topic = "options"

    chosen = Signal(object)

    def __init__(
        self, options: JobOptions, defaults: Tuning, parent: QWidget | None = None, device: Device = "auto"
    ) -> None:
        """defaults, device: what it is set to by "Restore Defaults"."""
        super().__init__(wording.LISTENING_TITLE, parent, QSize(620, 620))
        self._options = options
        self._defaults = msgspec.structs.replace(JobOptions(), tuning=defaults, device=device)
        self._form = QFormLayout()
        self._read: dict[str, Callable[[], Any]] = {}
        self._explanations: dict[str, QLabel] = {}
        self._numbers: dict[str, NumberBox | CountBox] = {}
        self._make_fields(options)
        self.body.addLayout(self._form)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.RestoreDefaults
        )
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).clicked.connect(self._on_defaults)
        self.foot.addWidget(self._buttons)

    def _make_fields(self, options: JobOptions) -> None:
        tuning = options.tuning
        self._line("prompt", options.prompt)
        self._line("glossary", options.glossary)
        self._line("languages", ", ".join(LANGUAGES[code].english for code in options.languages))
        self._time("begin", options.begin, wording.FROM_THE_BEGINNING)
        self._time("end", options.end or 0.0, wording.TO_THE_END)
        self._count("track", 0 if options.track is None else options.track + 1, 0, MOST_TRACKS)
        self._check("split_channels", options.split_channels)
        self._count("beam_size", tuning.beam_size, 1, MOST_READINGS)
        self._line("temperatures", ", ".join(f"{temperature:g}" for temperature in tuning.temperatures))
        self._number("speech_threshold", tuning.speech_threshold, 0.95, 0.05, least=0.05)
        self._number("speech_padding", tuning.speech_padding, LONGEST_PADDING, 0.1)
        self._count("batch_size", tuning.batch_size, 0, MOST_PIECES)
        self._choice("device", options.device, wording.DEVICES)
        self._choice("compute_type", tuning.compute_type, dict.fromkeys(COMPUTE_TYPES, "") | {"": wording.AUTOMATIC})
        self._count("threads", tuning.threads, 0, MOST_THREADS)

    def options(self) -> JobOptions:
        """Return what is set now. What cannot be understood stays as it was: it is not accepted."""
        values = {name: read() for name, read in self._read.items()}
        tuning = msgspec.structs.replace(
            self._options.tuning,
            beam_size=values["beam_size"],
            temperatures=temperatures_in(values["temperatures"]) or self._options.tuning.temperatures,
            speech_threshold=values["speech_threshold"],
            speech_padding=values["speech_padding"],
            batch_size=values["batch_size"],
            compute_type=values["compute_type"],
            threads=values["threads"],
        )
        codes, unknown = _languages_in(values["languages"])
        return msgspec.structs.replace(
            self._options,
            prompt=values["prompt"].strip(),
            glossary=values["glossary"].strip(),
            languages=self._options.languages if unknown else codes,
            begin=self._options.begin if values["begin"] is None else values["begin"],
            end=self._options.end if values["end"] is None else values["end"] or None,
            track=values["track"] - 1 if values["track"] else None,
            split_channels=values["split_channels"],
            device=values["device"],
            tuning=tuning,
        )

    def _on_accepted(self) -> None:
        faults = self._mark_faults()
        if faults:
            explanation = self._explanations[next(iter(faults))]
            explanation.buddy().setFocus()
            self.scrolled.ensureWidgetVisible(explanation)
            return
        self.chosen.emit(self.options())
        self.accept()

    def _mark_faults(self) -> dict[str, str]:
        """Say below each field what cannot be understood in it, and return it, by the fields' names."""
        faults = self._faults()
        for name, explanation in self._explanations.items():
            _, hint = wording.LISTENING[name]
            explanation.setText(faults.get(name, hint))
            if name in faults:
                colours.warn(explanation)
            else:
                colours.stand_back(explanation)
            explanation.buddy().setAccessibleDescription(explanation.text())
        return faults

    def _faults(self) -> dict[str, str]:
        values = {name: read() for name, read in self._read.items()}
        faults = {}
        _, unknown = _languages_in(values["languages"])
        if unknown:
            faults["languages"] = wording.unknown_languages(unknown)
        for name, box in self._numbers.items():
            box.interpretText()  # where a button is pressed without taking the focus, as on macOS
            if box.refused:
                faults[name] = wording.no_number(box.refused, box.minimum(), box.maximum())
                box.refused = ""  # the field shows the number before it, which may be meant
        for name in ("begin", "end"):
            if values[name] is None:
                faults[name] = wording.NO_TIME
        if not faults.keys() & {"begin", "end"} and values["end"] and values["end"] <= values["begin"]:
            faults["end"] = wording.END_BEFORE_BEGINNING
        if not temperatures_in(values["temperatures"]):
            faults["temperatures"] = wording.NO_TEMPERATURES
        return faults

    def _on_defaults(self) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self._make_fields(self._defaults)

    # --- fields ---

    def _line(self, name: str, text: str) -> None:
        line = QLineEdit(text)
        self._add(name, line, line.text)

    def _time(self, name: str, value: float, at_zero: str) -> None:
        """at_zero: what an empty field means."""
        line = QLineEdit(time_text(value) if value else "")
        line.setPlaceholderText(at_zero)

        def read() -> float | None:
            seconds = seconds_in(line.text()) if line.text().strip() else 0.0
            return None if seconds is None or seconds > LONGEST else seconds

        self._add(name, line, read)

    def _number(self, name: str, value: float, most: float, step: float, least: float = 0.0) -> None:
        box = NumberBox()
        box.setRange(least, most)
        box.setSingleStep(step)
        box.setDecimals(2)
        box.setValue(value)
        box.setKeyboardTracking(False)
        self._numbers[name] = box
        self._add(name, box, box.value)

    def _count(self, name: str, value: int, least: int, most: int) -> None:
        box = CountBox()
        box.setRange(least, most)
        box.setValue(value)
        if least == 0:
            box.setSpecialValueText(wording.AUTOMATIC)
        box.setKeyboardTracking(False)
        self._numbers[name] = box
        self._add(name, box, box.value)

    def _check(self, name: str, value: bool) -> None:
        box = QCheckBox()
        box.setChecked(value)
        self._add(name, box, box.isChecked)

    def _choice(self, name: str, value: str, choices: Mapping[Any, str]) -> None:
        """choices: what can be chosen, and how it is called if not by itself."""
        box = QComboBox()
        for choice, label in choices.items():
            box.addItem(label or choice, choice)
        box.setCurrentIndex(max(0, box.findData(value)))
        self._add(name, box, box.currentData)

    def _add(self, name: str, field: QWidget, read: Callable[[], Any]) -> None:
        label, hint = wording.LISTENING[name]
        field.setAccessibleName(label)
        field.setAccessibleDescription(hint)
        field.setObjectName(name)
        explanation = QLabel(hint)
        explanation.setWordWrap(True)
        colours.stand_back(explanation)
        explanation.setBuddy(field)
        both = QVBoxLayout()
        both.setSpacing(1)
        both.addWidget(field)
        both.addWidget(explanation)
        self._form.addRow(label, both)
        self._read[name] = read
        self._explanations[name] = explanation


def _languages_in(text: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the codes of the languages that `text` names, and the names that are none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    codes = [code_of(name) for name in names]
    unknown = [name for name, code in zip(names, codes, strict=True) if code is None]
    return tuple(code for code in codes if code is not None), unknown
