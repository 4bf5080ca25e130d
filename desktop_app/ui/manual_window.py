"""The manual's window: its topics, a page, and a search through all pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAction,
    QDesktopServices,
    QKeyEvent,
    QKeySequence,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QWidget,
)

from desktop_app import manual
from desktop_app.ui import wording
from desktop_app.ui.announcing import announce
from desktop_app.ui.dialog import Dialog

SIZE = QSize(880, 640)
LEAST_LINES = 12  # of a page, that are seen at least
LIST_AND_PAGE = (1, 3)  # shares of the width
LEAST_WIDTH_OF_PAGE = 240
FEWEST_LETTERS = 2  # that are searched for
LETTERS_BEFORE, LETTERS_SHOWN = 16, 60  # of what is around a place, in the list of places
INDENT = 16  # points: of code
MARGIN = 12  # points around the text; also what is seen above a heading that a link leads to


class Place(NamedTuple):
    """Where a page is, or was, looked at."""

    topic: str
    scrolled: int


class Hit(NamedTuple):
    """A place where the words that are searched for were found."""

    topic: str
    start: int  # in the text of the page, as Qt counts
    end: int


class Manual(Dialog):
    """Shows one page at a time, beside the list of topics or, during a search, of the places that were found."""

    def __init__(
        self, pages: Sequence[manual.Page], topic: str = "", text_size: int = 0, parent: QWidget | None = None
    ) -> None:
        """text_size: in points; 0: the system's."""
        super().__init__(wording.MANUAL_TITLE, parent, SIZE)
        self._pages = {page.topic: page for page in pages}
        self._texts: dict[str, str] = {}  # of pages, as Qt shows them
        self._levels: dict[str, dict[int, int]] = {}  # of pages: where headings begin in the text, and their levels
        self._topic = ""
        self._hits: list[Hit] = []
        self._before: list[Place] = []  # what Back leads to, the last at the end
        self._make_controls()
        self._lay_out()
        self._join()
        self.show_in_size(text_size)
        self._list_topics()
        self.go_to(topic if topic in self._pages else manual.FIRST)
        self._before.clear()
        self._allow_back()
        self.list.setFocus()
        QTimer.singleShot(0, self, self._prepare_search)

    @property
    def topic(self) -> str:
        """That of the page that is shown."""
        return self._topic

    def go_to(self, topic: str, heading: str = "") -> None:
        """Show a page from that heading on; an unknown heading is the beginning, an unknown topic is left out."""
        if topic not in self._pages:
            return
        self._remember()
        self._show(topic)
        block = self.page.document().begin()
        while heading and block.isValid():
            if block.blockFormat().headingLevel() and manual.anchor(block.text()) == heading:
                self._select(block.position(), block.position())
                break
            block = block.next()
        self._choose_topic()

    def go_back(self) -> None:
        """Show what was shown before a link, a topic or a place was chosen."""
        if self._before:
            place = self._before.pop()
            self._show(place.topic)
            self.page.verticalScrollBar().setValue(place.scrolled)
            self._choose_topic()
        self._allow_back()

    def show_in_size(self, points: int) -> None:
        """Show pages with letters of this size; 0: the system's."""
        font = self.font()
        if points:
            font.setPointSize(points)
        self.page.setFont(font)
        self.page.document().setDefaultFont(font)

    def search(self, words: str) -> None:
        """List all places of these words, and show the first; with too few letters, list the topics."""
        words = words.strip()
        if len(words) < FEWEST_LETTERS:
            self._hits = []
            self.answer.clear()
            self._list_topics()
            return
        self._hits = [
            Hit(topic, start, end) for topic in self._pages for start, end in manual.places(self._text(topic), words)
        ]
        self._hits.sort(key=self._rank)
        self._list_hits()
        if not self._hits:
            self._say(wording.NOT_FOUND)

    # --- making ---

    def _make_controls(self) -> None:
        self.line = QLineEdit()
        self.line.setPlaceholderText(wording.MANUAL_SEARCH)
        self.line.setAccessibleName(wording.MANUAL_SEARCH)
        self.line.setAccessibleDescription(wording.MANUAL_SEARCH_HINT)
        self.line.setToolTip(wording.MANUAL_SEARCH_HINT)
        self.line.setClearButtonEnabled(True)
        self.line.installEventFilter(self)
        self.answer = QLabel()
        self.list = QListWidget()
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setSpacing(2)
        self.list.setMinimumWidth(self.list.fontMetrics().averageCharWidth() * 16)
        self.page = QTextBrowser()
        self.page.setAccessibleName(wording.MANUAL_TITLE)
        self.page.setOpenLinks(False)
        self.page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.page.setMinimumSize(LEAST_WIDTH_OF_PAGE, LEAST_LINES * self.page.fontMetrics().lineSpacing())
        self.back = QPushButton(wording.MANUAL_BACK)
        self.back.setAutoDefault(False)
        for keys, slot in (
            (QKeySequence.StandardKey.Find, self._on_find),
            (QKeySequence.StandardKey.Back, self.go_back),
        ):
            action = QAction(self)
            action.setShortcuts(keys)
            action.triggered.connect(lambda _checked=False, slot=slot: slot())
            self.addAction(action)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.answer)
        panes = QSplitter(Qt.Orientation.Horizontal)
        panes.setChildrenCollapsible(False)
        panes.addWidget(self.list)
        panes.addWidget(self.page)
        for number, share in enumerate(LIST_AND_PAGE):
            panes.setStretchFactor(number, share)
        width = SIZE.width() // sum(LIST_AND_PAGE)
        panes.setSizes([width * share for share in LIST_AND_PAGE])
        self.body.addLayout(row)
        self.body.addWidget(panes, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        buttons.addButton(self.back, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        self.foot.addWidget(buttons)

    def _join(self) -> None:
        self.line.textChanged.connect(self.search)
        self.list.currentRowChanged.connect(self._on_row)
        self.page.anchorClicked.connect(self._on_link)
        self.back.clicked.connect(self.go_back)

    # --- the list ---

    def _list_topics(self) -> None:
        self._fill(wording.MANUAL_LIST, [page.title for page in self._pages.values()])
        self._choose_topic()

    def _list_hits(self) -> None:
        self._fill(wording.MANUAL_FOUND, [f"{self._pages[hit.topic].title}\n{self._around(hit)}" for hit in self._hits])
        if self._hits:
            self.list.setCurrentRow(0)

    def _fill(self, name: str, lines: Sequence[str]) -> None:
        before = self.list.blockSignals(True)
        self.list.clear()
        self.list.setAccessibleName(name)
        for line in lines:
            item = QListWidgetItem(line)
            item.setToolTip(line)
            self.list.addItem(item)
        self.list.blockSignals(before)

    def _choose_topic(self) -> None:
        """Mark the page that is shown in the list of topics; a list of places stays as it is."""
        if not self._hits and self._topic and self.list.count() == len(self._pages):
            before = self.list.blockSignals(True)
            self.list.setCurrentRow([*self._pages].index(self._topic))
            self.list.blockSignals(before)

    def _around(self, hit: Hit) -> str:
        text = self._text(hit.topic)
        begin = max(text.rfind("\n", 0, hit.start) + 1, hit.start - LETTERS_BEFORE)
        end = text.find("\n", hit.end)
        around = text[begin : min(end if end >= 0 else len(text), begin + LETTERS_SHOWN)]
        is_inside = begin > 0 and text[begin - 1] != "\n"
        return f"…{around.partition(' ')[2] or around}" if is_inside and begin < hit.start else around

    def _rank(self, hit: Hit) -> int:
        """Return what comes first: the title of a page, another heading, everything else."""
        begin = self._text(hit.topic).rfind("\n", 0, hit.start) + 1
        return min(self._levels[hit.topic].get(begin, 3), 3)

    # --- the page ---

    def _show(self, topic: str) -> None:
        self._topic = topic
        document = self._document(topic)
        document.setDefaultFont(self.page.font())
        document.setDefaultTextOption(self.page.document().defaultTextOption())  # how lines are broken
        document.setTextWidth(self.page.viewport().width())  # else the first layout would be of another width
        self.page.setDocument(document)
        self._shown = document  # the browser does not own it

    def _document(self, topic: str) -> QTextDocument:
        document = QTextDocument()
        document.setMarkdown(self._pages[topic].text)
        document.setDocumentMargin(MARGIN)
        code = QTextBlockFormat()
        code.setNonBreakableLines(False)  # else it would need a horizontal scroll bar
        code.setLeftMargin(INDENT)
        block = document.begin()
        was_code = False
        while block.isValid():
            is_code = block.blockFormat().nonBreakableLines()
            if is_code:
                code.setTopMargin(0 if was_code else MARGIN / 2)
                QTextCursor(block).mergeBlockFormat(code)
            elif was_code and block.blockFormat().topMargin() < MARGIN:
                apart = QTextBlockFormat()
                apart.setTopMargin(MARGIN)
                QTextCursor(block).mergeBlockFormat(apart)
            was_code = is_code
            block = block.next()
        return document

    def _text(self, topic: str) -> str:
        if topic not in self._texts:
            document = self._document(topic)
            self._texts[topic] = document.toPlainText()
            levels = self._levels[topic] = {}
            block = document.begin()
            while block.isValid():
                if level := block.blockFormat().headingLevel():
                    levels[block.position()] = level
                block = block.next()
        return self._texts[topic]

    def _prepare_search(self) -> None:
        """Make the text of one page; the others follow, one at a time, so that the window never waits for all."""
        for topic in self._pages:
            if topic not in self._texts:
                self._text(topic)
                QTimer.singleShot(0, self, self._prepare_search)
                return

    def _select(self, start: int, end: int) -> None:
        """Mark a part of the page, and have it stand on top."""
        cursor = QTextCursor(self.page.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self.page.setTextCursor(cursor)
        bar = self.page.verticalScrollBar()
        bar.setValue(bar.value() + self.page.cursorRect().top() - MARGIN)

    def _remember(self) -> None:
        if self._topic:
            self._before.append(Place(self._topic, self.page.verticalScrollBar().value()))
        self._allow_back()

    def _allow_back(self) -> None:
        self.back.setEnabled(bool(self._before))

    # --- what the user does ---

    def _on_find(self) -> None:
        self.line.setFocus()
        self.line.selectAll()

    def _on_row(self, row: int) -> None:
        if row < 0:
            return
        if not self._hits:
            self.go_to([*self._pages][row])
            return
        hit = self._hits[row]
        if hit.topic != self._topic:
            self._remember()
            self._show(hit.topic)
        self._select(hit.start, hit.end)
        self._say(wording.found(row + 1, len(self._hits)))

    def _go_on(self, step: int) -> None:
        """Show the next place that was found, or the one before, round the end if need be."""
        if self._hits:
            self.list.setCurrentRow((self.list.currentRow() + step) % len(self._hits))

    def _on_link(self, link: QUrl) -> None:
        within = manual.link_within(link.toString())
        if within is None:
            QDesktopServices.openUrl(link)
        else:
            self.go_to(within.topic or self._topic, within.heading)

    def _say(self, answer: str) -> None:
        if answer != self.answer.text():
            self.answer.setText(answer)
            announce(answer, self.line)

    # --- as Qt calls ---

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self.line:
            key = event.key()
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._go_on(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._go_on(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key == Qt.Key.Key_Escape and self.line.text():
                self.line.clear()
                return True
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_topic") and self._topic:
            scrolled = self.page.verticalScrollBar().value()  # links have the colours of their document
            self._show(self._topic)
            self.page.verticalScrollBar().setValue(scrolled)
