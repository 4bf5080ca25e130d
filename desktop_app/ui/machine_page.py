"""What this computer can do, what is used of it and why; and what is to hold for every recording."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from desktop_app.models import shape
from desktop_app.settings import Settings
from desktop_app.transcripts.transcript import MOST_PIECES, MOST_THREADS
from desktop_app.ui import colours, machine_wording, wording
from desktop_app.ui.dialog import Dialog
from desktop_app.ui.listening_dialog import COMPUTE_TYPES
from desktop_app.ui.number_box import CountBox
from desktop_app.ui.pack_box import PackBox
from desktop_app.work import choice
from desktop_app.work.pack_work import PackWork
from desktop_app.work.probing import Probing

LONGEST_IDLE = 24 * 60  # minutes
LEAST_LINES = 8  # of the page, that are seen at least
SETTLED_MS = 600  # without another choice: the model is loaded anew for each that is told


class MachinePage(Dialog):
    """changed(): the settings say something else about where and how jobs are calculated, and have for a moment.
    free_pressed(): the model is to leave the memory.
    said(sentence): something to tell the user in passing.
    """

    manual_topic = "devices"

    changed = Signal()
    free_pressed = Signal()
    said = Signal(str)

    def __init__(
        self, probing: Probing, settings: Settings, pack_work: PackWork, parent: QWidget | None = None
    ) -> None:
        super().__init__(wording.COMPUTER_TITLE, parent, QSize(720, 640))
        self._probing = probing
        self._settings = settings
        self._pack_work = pack_work
        self.page = QPlainTextEdit()
        self.page.setReadOnly(True)
        self.page.setAccessibleName(wording.COMPUTER_PAGE)
        self.page.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.page.setTabChangesFocus(True)
        self.trouble = QLabel(wording.LOOKING_FAILED)
        self.trouble.setTextFormat(Qt.TextFormat.PlainText)
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        self.pack = PackBox(pack_work, self)
        self.copy, self.again = QPushButton(wording.COPY_PAGE), QPushButton(wording.LOOK_AGAIN)
        self.free, self.close_button = QPushButton(wording.FREE_MEMORY), QPushButton(wording.CLOSE_PAGE)
        self.free.setToolTip(wording.FREE_MEMORY_HINT)
        self.free.setAccessibleDescription(wording.FREE_MEMORY_HINT)
        for button in (self.copy, self.again, self.free, self.close_button):
            button.setAutoDefault(False)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLED_MS)
        self._make_choices()
        self._lay_out()
        self._join()
        colours.warn(self.trouble)

    def _make_choices(self) -> None:
        settings = self._settings
        self.device, self.compute_type = QComboBox(), QComboBox()
        for device, label in wording.DEVICES.items():
            self.device.addItem(label, device)
        for kind in COMPUTE_TYPES:
            self.compute_type.addItem(kind or wording.AUTOMATIC, kind)
        if settings.compute_type not in COMPUTE_TYPES:  # it may be one of another version
            self.compute_type.addItem(settings.compute_type, settings.compute_type)
        self.device.setCurrentIndex(max(0, self.device.findData(settings.device)))
        self.compute_type.setCurrentIndex(max(0, self.compute_type.findData(settings.compute_type)))
        self.threads = _count(settings.threads, MOST_THREADS, wording.AUTOMATIC)
        self.batch_size = _count(settings.batch_size, MOST_PIECES, wording.AUTOMATIC)
        self.unload_after = _count(settings.unload_after, LONGEST_IDLE, wording.NEVER)
        self.unload_after.setSuffix(wording.MINUTES)

    def _lay_out(self) -> None:
        form = QFormLayout()
        for caption, box, hint in (
            (wording.DEVICE, self.device, wording.LISTENING["device"][1]),
            (wording.COMPUTE_TYPE, self.compute_type, wording.LISTENING["compute_type"][1]),
            (wording.THREADS, self.threads, wording.LISTENING["threads"][1]),
            (wording.BATCH_SIZE, self.batch_size, wording.LISTENING["batch_size"][1]),
            (wording.UNLOAD_AFTER, self.unload_after, wording.FREE_MEMORY_HINT),
        ):
            form.addRow(caption, box)
            box.setAccessibleName(caption.replace("&", ""))
            box.setAccessibleDescription(hint)
            box.setToolTip(hint)
        for_every_job = QGroupBox(wording.FOR_EVERY_JOB)
        for_every_job.setLayout(form)
        buttons = QHBoxLayout()
        for button in (self.copy, self.again, self.free):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        self.page.setMinimumHeight(LEAST_LINES * self.page.fontMetrics().lineSpacing())
        self.body.addWidget(self.page, 1)
        self.body.addWidget(self.trouble)
        self.body.addWidget(self.pack)
        self.body.addWidget(for_every_job)
        self.foot.addLayout(buttons)

    def _join(self) -> None:
        self.copy.clicked.connect(self._on_copy)
        self.again.clicked.connect(self._on_again)
        self.free.clicked.connect(self.free_pressed)
        self.close_button.clicked.connect(self.reject)
        for box in (self.device, self.compute_type):
            box.currentIndexChanged.connect(self._on_chosen)
        for count in (self.threads, self.batch_size, self.unload_after):
            count.valueChanged.connect(self._on_chosen)
        self._settled.timeout.connect(self.changed)
        self._probing.found.connect(self._on_found)
        self._probing.failed.connect(self._on_failed)

    # --- what happens ---

    def _show_page(self) -> None:
        machine, settings = self._probing.machine, self._settings
        self.again.setEnabled(not self._probing.is_looking)
        self.pack.show_machine(machine)
        if machine is None:
            self.page.setPlainText(wording.LOOKING_AT_COMPUTER if self._probing.is_looking else wording.NOT_LOOKED_AT)
            return
        chosen = choice.choose(
            machine,
            settings.device,
            settings.compute_type,
            settings.batch_size,
            settings.threads,
            shape.of_published(settings.model),
        )
        self.page.setPlainText(machine_wording.page(machine, chosen))

    def _on_found(self, _machine: object) -> None:
        # It is told while the probe has not let go of everything yet.
        QTimer.singleShot(0, self, self._show_page)

    def _on_failed(self, _why: object) -> None:
        self.trouble.show()

    def _on_again(self) -> None:
        self.trouble.hide()
        self._probing.start(again=True)
        self._pack_work.look()
        self.again.setEnabled(False)
        self.page.setPlainText(wording.LOOKING_AT_COMPUTER)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.page.toPlainText())
        self.said.emit(wording.COPIED_PAGE)

    def _on_chosen(self) -> None:
        settings = self._settings
        settings.device = self.device.currentData()
        settings.compute_type = self.compute_type.currentData()
        settings.threads = self.threads.value()
        settings.batch_size = self.batch_size.value()
        settings.unload_after = self.unload_after.value()
        self._show_page()
        self._settled.start()

    # --- as Qt calls ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_page()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._settled.isActive():  # nothing more will be chosen
            self._settled.stop()
            self.changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "trouble"):
            colours.warn(self.trouble)


def _count(value: int, most: int, at_zero: str) -> CountBox:
    box = CountBox()
    box.setRange(0, most)
    box.setValue(value)
    box.setSpecialValueText(at_zero)
    box.setKeyboardTracking(False)
    return box
