"""A web page becomes paragraphs and grids in reading order: our own exactly, other offices' as they come.

Their markup knows no headings: labels are broken over <p> or <br>, figures stand among &nbsp; and empty paragraphs,
numbers are split over spans, tables serve for layout. Pictures, scripts and our own draft mark are no text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from lxml import etree

from report_builder.errors import UnreadableError
from report_builder.model import Document, Grid

MAX_FILE = 16 * 2**20
MAX_COLUMNS = 200
MAX_ROWS = 5_000
GENERATOR = "report_builder"
"""What our own pages call themselves: nothing stands around the report in them."""
_MOST_STATED = 200
_CUT_SHORT = frozenset({"ERR_RESOURCE_LIMIT", "ERR_INTERNAL_ERROR"})

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
_CHINESE = frozenset({"gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk", "hz-gb-2312"})
_SKIPPED = frozenset(
    {"head", "script", "style", "noscript", "template", "svg", "figure", "select", "object", "iframe"}
)
_HIDDEN_CLASSES = frozenset({"notice", "quiet"})
"""Our own draft mark, and captions that repeat a heading for those who hear the page."""
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "mark",
        "o:p",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "nobr",
    ]
)
_COUNT = re.compile(r"[0-9]{1,5}")
_RUN = re.compile(r"\s+")


def read(data: bytes) -> Document:
    """The page in ``data``; headings are paragraphs, and a table that only serves for layout is no table.

    Raises:
        UnreadableError: it is too large, or holds no text.
    """
    if len(data) > MAX_FILE:
        raise UnreadableError(f"网页超过 {MAX_FILE // 2**20} MB", "请另存为只含正文的网页")
    root = _root(data)
    page = _Page()
    if root is not None:
        page.walk(root)
    if not page.items and page.pictures:
        raise UnreadableError("网页里没有文字，只有图片", "请提供 Word 版，或正文是文字的网页")
    if root is None or not page.items:
        raise UnreadableError("网页里没有文字", "请确认保存的是正文所在的网页")
    about = _about(root)
    return Document(
        tuple(page.items),
        _title(root),
        tuple(page.pictures),
        about,
        furnished=about.get("generator") != GENERATOR,
        depths=tuple(page.depths),
    )


def _root(data: bytes) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(_text(data).encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if any(entry.type_name in _CUT_SHORT for entry in parser.error_log):
        raise UnreadableError("网页的标签一层套一层，深得读不完", "请用浏览器打开，把正文另存为 Word 或网页")
    return root


def _text(data: bytes) -> str:
    """UTF-8 where that can be read without a fault, whatever is declared; else the Chinese encoding."""
    declared = _DECLARED.search(data[:4096])
    chinese = declared is not None and declared[1].decode("ascii").lower() in _CHINESE
    for encoding in ("gb18030", "utf-8-sig") if chinese else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    return data.decode("gb18030" if chinese else "utf-8-sig", "replace").replace("\0", "")


def _title(root: etree._Element) -> str:
    """The article's own title where the site states it apart from the page's."""
    for path in ("//meta[@name='ArticleTitle']/@content", "//title/text()"):
        for found in root.xpath(path):
            if said(found):
                return said(found)
    return ""


def _about(root: etree._Element) -> dict[str, str]:
    """What the page states of itself in its head, by lower-case name."""
    stated = (
        (one.get("name", "").strip().lower(), said(one.get("content", ""))) for one in root.iter("meta")
    )
    return {name: text for name, text in islice(stated, _MOST_STATED) if name and text}


@dataclass
class _Page:
    """What has been read so far: the items, before which of them pictures stand, and how far markup closed between."""

    items: list[str | Grid] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    tables: int = 0
    depth: int = 0
    words: list[str] = field(default_factory=list)

    def walk(self, root: etree._Element) -> None:
        """Takes everything in ``root`` in reading order."""
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if element.tag not in _INLINE:
                self._end_paragraph()
                self._go(1 if event == "start" else -1)
            if event == "end":
                self.words.append(element.tail or "")
            elif self._take(element):
                walk.skip_subtree()
            else:
                self.words.append(element.text or "")
        self._end_paragraph()

    def _take(self, element: etree._Element) -> bool:
        """Takes what is no text, and says whether that was the whole element."""
        grid = _grid(element, self.tables + 1) if element.tag == "table" else None
        whole = grid is not None or _is_hidden(element)
        if element.tag == "img" or (whole and next(element.iter("img"), None) is not None):
            self.pictures.append(len(self.items))
        if grid is not None:
            self.tables += 1
            for text in filter(None, (_cell_text(one) for one in element.iterchildren("caption"))):
                self._add(text)
            self._add(grid)
        return whole

    def _go(self, by: int) -> None:
        self.depth += by
        if self.depths:
            self.depths[-1] = min(self.depths[-1], self.depth)

    def _add(self, item: str | Grid) -> None:
        self.items.append(item)
        self.depths.append(self.depth)

    def _end_paragraph(self) -> None:
        for text in _paragraph(self.words):
            self._add(text)


def _paragraph(words: list[str]) -> Iterator[str]:
    """What was gathered, if it says anything; ``words`` is empty afterwards."""
    text = said("".join(words))
    words.clear()
    if text:
        yield text


def _is_hidden(element: etree._Element) -> bool:
    if element.tag in _SKIPPED:
        return True
    return not _HIDDEN_CLASSES.isdisjoint(element.get("class", "").split())


def said(text: str) -> str:
    """The text without the white space of its source; a line break between two Chinese characters is none."""
    return _RUN.sub(_kept_space, text).strip()


def _kept_space(run: re.Match[str]) -> str:
    text, start, end = run.string, run.start(), run.end()
    if "\n" not in run[0] or not start or end == len(text):
        return " "
    return "" if _is_wide(text[start - 1]) and _is_wide(text[end]) else " "


def _is_wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in "WF"


# --- tables ----------------------------------------------------------------------------------------------------


def _grid(table: etree._Element, number: int) -> Grid | None:
    """The table as a grid; None where it only serves for layout: it holds other tables, or has one column."""
    if next(table.iterdescendants("table"), None) is not None:
        return None
    rows = _resolved(list(table.iterdescendants("tr"))[:MAX_ROWS])
    return Grid(f"第{number}张表", rows) if len(rows[0] if rows else ()) > 1 else None


def _resolved(lines: list[etree._Element]) -> list[list[str | None]]:
    """Rows of equal length: a cell's text at its upper left place, None where a span or nothing stands."""
    rows: list[list[str | None]] = [[] for _ in lines]
    taken: set[tuple[int, int]] = set()
    for at, line in enumerate(lines):
        column = 0
        for cell in line.iterchildren("td", "th"):
            while (at, column) in taken:
                column += 1
            right = min(column + _span(cell, "colspan"), MAX_COLUMNS)
            bottom = min(at + _span(cell, "rowspan"), len(lines))
            if column >= right:
                break
            taken.update((row, place) for row in range(at, bottom) for place in range(column, right))
            rows[at] += [None] * (column - len(rows[at]))
            rows[at].append(_cell_text(cell))
            column = right
    width = max((place + 1 for _, place in taken), default=0)
    return [row + [None] * (width - len(row)) for row in rows]


def _span(cell: etree._Element, name: str) -> int:
    stated = cell.get(name, "1").strip()
    return max(1, min(int(stated), MAX_ROWS)) if _COUNT.fullmatch(stated) else 1


def _cell_text(cell: etree._Element) -> str:
    """The words of a cell or caption; a label broken over paragraphs is one label, two figures in it stay two."""
    if not len(cell):
        return "" if _is_hidden(cell) else said(cell.text or "")
    parts: list[str] = []
    words: list[str] = []
    walk = etree.iterwalk(cell, events=("start", "end"))
    for event, element in walk:
        if element.tag not in _INLINE:
            parts += _paragraph(words)
        if event == "end":
            words.append((element.tail or "") if element is not cell else "")
        elif _is_hidden(element):
            walk.skip_subtree()
        else:
            words.append(element.text or "")
    parts += _paragraph(words)
    return ("\n" if parts and all(map(_is_figure, parts)) else "").join(parts)


def _is_figure(text: str) -> bool:
    """Whether there are only digits and the signs between them: the text of a figure, or of a part of one."""
    return all(unicodedata.category(sign) in {"Nd", "Po", "Pd"} for sign in text)
