"""A web page becomes paragraphs and grids: our own pages exactly, others' as far as their markup allows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import lxml.html
from lxml import etree

from report_builder.errors import UnreadableError
from report_builder.model import Document, Grid

MAX_PAGE = 32 * 2**20
_LARGEST_SPAN = 200
_SKIPPED = frozenset({"script", "style", "svg", "figure", "head", "caption", "noscript", "template", "select", "option"})
_INLINE = frozenset({"a", "b", "em", "font", "i", "ins", "mark", "o:p", "s", "small", "span", "strong", "sub", "sup", "u"})
_DECLARED = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f\xa0​]+")
_NOTICE = "notice"


def read(data: bytes) -> Document:
    """The page's paragraphs and tables in reading order; a table used for layout is read for what is in it.

    Raises:
        UnreadableError: empty, too large, or no text in it.
    """
    if len(data) > MAX_PAGE:
        raise UnreadableError(f"网页超过 {MAX_PAGE // 2**20} MB", "请另存为不含附件的网页")
    try:
        root = lxml.html.document_fromstring(_decoded(data), parser=lxml.html.HTMLParser(huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as fault:
        raise UnreadableError("网页是空的，或不是网页", "请重新保存网页后再试") from fault
    tables = 0
    items: list[str | Grid] = []
    for item in _items(root):
        if isinstance(item, str):
            items.append(item)
        else:
            tables += 1
            items.append(Grid(f"第{tables}张表", _rows(item)))
    if not items:
        raise UnreadableError("网页里没有文字", "请确认保存的是正文页面")
    return Document(tuple(items), _title(root))


def _decoded(data: bytes) -> str:
    declared = _DECLARED.search(data[:4096])
    for encoding in ("utf-8-sig", declared.group(1).decode().lower() if declared else "gb18030", "gb18030"):
        try:
            return data.decode("gb18030" if encoding in {"gb2312", "gbk"} else encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", "replace")


def _title(root: etree._Element) -> str:
    return next((_joined(heading) for heading in root.iter("h1")), "")


def _items(node: etree._Element) -> Iterator[str | etree._Element]:
    """Paragraphs and data tables below ``node``: text runs on through inline elements and breaks at all others."""
    pending = [node.text or ""]
    for child in node:
        tag = child.tag if isinstance(child.tag, str) else ""
        if tag in _INLINE and not _has_block(child):
            pending.append(_joined(child))
        else:
            yield from _flushed(pending)
            if tag == "table" and not _is_layout(child):
                yield child
            elif tag and tag not in _SKIPPED and _NOTICE not in (child.get("class") or "").split():
                yield from _items(child)
        pending.append(child.tail or "")
    yield from _flushed(pending)


def _flushed(pending: list[str]) -> Iterator[str]:
    text = _SPACES.sub(" ", "".join(pending)).strip()
    pending.clear()
    if text:
        yield text


def _has_block(node: etree._Element) -> bool:
    return any(isinstance(child.tag, str) and child.tag not in _INLINE | {"br"} for child in node.iter() if child is not node)


def _is_layout(table: etree._Element) -> bool:
    """A table around other tables sets the page, it holds no figures."""
    return next(table.iterdescendants("table"), None) is not None


def _joined(node: etree._Element) -> str:
    return _SPACES.sub(" ", "".join(node.itertext())).strip()


def _rows(table: etree._Element) -> list[list[object]]:
    """The cells at their places: what a merged cell covers is None."""
    rows: list[list[object]] = []
    covered: dict[tuple[int, int], None] = {}
    for at, row in enumerate(table.iter("tr")):
        cells: list[object] = []
        for cell in row:
            if cell.tag in {"td", "th"}:
                while (at, len(cells)) in covered:
                    cells.append(None)
                wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
                covered.update({(at + down, len(cells) + right): None for down in range(high) for right in range(wide)})
                cells.append(_cell_text(cell))
                cells.extend([None] * (wide - 1))
        rows.append(cells)
    return rows


def _span(cell: etree._Element, name: str) -> int:
    said = (cell.get(name) or "").strip()
    return min(max(int(said), 1), _LARGEST_SPAN) if said.isdigit() else 1


def _cell_text(cell: etree._Element) -> str:
    """A label may be broken over paragraphs and line breaks: it is one text all the same."""
    return "".join("".join(cell.itertext()).replace("\xa0", " ").split())
