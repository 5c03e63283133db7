"""An .ods file becomes grids: its content is walked cell by cell, so that no repetition it declares is laid out."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from lxml import etree

from report_builder.errors import UnreadableError
from report_builder.model import Grid
from report_builder.readers.books import (
    BROKEN_ZIP,
    MAX_CELLS,
    MAX_COLUMNS,
    Hidden,
    Sheets,
    damaged,
    hold_area,
    hold_inflated,
    hold_sheets,
    locked,
)

_NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}


def _name(short: str) -> str:
    prefix, _, local = short.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


_TABLE, _ROW, _COLUMN = _name("table:table"), _name("table:table-row"), _name("table:table-column")
_CELLS = frozenset({_name("table:table-cell"), _name("table:covered-table-cell")})
_ROWS_REPEATED, _COLUMNS_REPEATED = (
    _name("table:number-rows-repeated"),
    _name("table:number-columns-repeated"),
)
_VISIBILITY, _FORMULA = _name("table:visibility"), _name("table:formula")
_KIND, _VALUE = _name("office:value-type"), _name("office:value")
_PARAGRAPH, _SPACES, _BREAK = _name("text:p"), _name("text:s"), _name("text:line-break")
_STYLE, _PROPERTIES = _name("style:style"), _name("style:table-properties")
_NUMBERS = frozenset({"float", "currency", "percentage"})


def read(data: bytes) -> Sheets:
    """The sheets of an OpenDocument spreadsheet, with the results its formulas were stored with.

    Raises:
        UnreadableError: encrypted, damaged, or beyond the limits of :mod:`books`.
    """
    content = _content(data)
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as fault:
        raise damaged() from fault
    unseen = _unseen(root)
    tables = list(root.iter(_TABLE))
    hold_sheets(len(tables))
    read_tables = [_Table(table, unseen) for table in tables]
    return Sheets(
        tuple(one.grid for one in read_tables),
        {one.grid.name: one.unstored for one in read_tables if one.unstored},
        {one.grid.name: one.hidden for one in read_tables if one.hidden != Hidden()},
    )


def _content(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = package.namelist()
            if "META-INF/manifest.xml" in names:
                hold_inflated(package.getinfo("META-INF/manifest.xml").file_size)
                if b"encryption-data" in package.read("META-INF/manifest.xml"):
                    raise locked()
            hold_inflated(package.getinfo("content.xml").file_size)
            content = package.read("content.xml")
    except BROKEN_ZIP as fault:
        raise damaged() from fault
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnreadableError("文件里有不该有的实体声明", "请用 Excel 或 WPS 打开，另存为 .xlsx 后报送")
    return content


def _unseen(root: etree._Element) -> frozenset[str]:
    """The table styles that hide a sheet."""
    display = _name("table:display")
    return frozenset(
        style.get(_name("style:name"), "")
        for style in root.iter(_STYLE)
        if any(one.get(display) == "false" for one in style.iter(_PROPERTIES))
    )


class _Table:
    """One sheet: its rows up to the last that holds anything, its unstored formulas, what is hidden of it."""

    def __init__(self, table: etree._Element, unseen: frozenset[str]) -> None:
        self.name = table.get(_name("table:name"), "")
        self.rows: list[list[object]] = []
        self.unstored: dict[str, str] = {}
        self._formulas: list[tuple[int, int, str]] = []
        self._hidden_rows: set[int] = set()
        self._read(table)
        self.grid = Grid(self.name, self.rows, lettered=True)
        self.unstored = {self.grid.address(row, column): said for row, column, said in self._formulas}
        sheet = table.get(_name("table:style-name"), "") in unseen
        self.hidden = Hidden(sheet, frozenset(self._hidden_rows), frozenset(_hidden_columns(table)))

    def _read(self, table: etree._Element) -> None:
        waiting = cells = 0
        for element in _own(table, _ROW):
            times = _times(element, _ROWS_REPEATED)
            row = self._row(element, len(self.rows) + waiting)
            if not row:
                waiting += times
                continue
            hold_area(self.name, len(self.rows) + waiting + times, len(row))
            self.rows += [[] for _ in range(waiting)]
            first, waiting = len(self.rows), 0
            self.rows += [list(row) for _ in range(times)]
            cells += times * len(row)
            hold_area(self.name, len(self.rows), len(row) if cells <= MAX_CELLS else MAX_COLUMNS + 1)
            if element.get(_VISIBILITY) in {"collapse", "filter"}:
                self._hidden_rows.update(range(first, first + times))

    def _row(self, element: etree._Element, at: int) -> list[object]:
        """The row's contents up to the last cell that holds any."""
        row: list[object] = []
        waiting = 0
        for cell in element:
            if cell.tag not in _CELLS:
                continue
            times = _times(cell, _COLUMNS_REPEATED)
            content = _content_of(cell)
            if content is None:
                if cell.get(_FORMULA) and not cell.get(_KIND):
                    hold_area(self.name, at + 1, len(row) + waiting + 1)
                    self._formulas.append((at, len(row) + waiting, _formula(cell)))
                waiting += times
                continue
            hold_area(self.name, at + 1, len(row) + waiting + times)
            row += [None] * waiting + [content] * times
            waiting = 0
        return row


def _own(table: etree._Element, tag: str) -> Iterator[etree._Element]:
    """The table's own rows or columns, grouped or not, none of a table within it."""
    for element in table.iterdescendants(tag):
        above = next(element.iterancestors(_TABLE), None)
        if above is table:
            yield element


def _times(element: etree._Element, name: str) -> int:
    said = element.get(name, "1")
    return int(said) if said.isdecimal() and len(said) < 10 and int(said) > 0 else 1  # noqa: PLR2004 - beyond any sheet


def _hidden_columns(table: etree._Element) -> Iterator[int]:
    at = 0
    for element in _own(table, _COLUMN):
        times = _times(element, _COLUMNS_REPEATED)
        if element.get(_VISIBILITY) in {"collapse", "filter"}:
            yield from range(min(at, MAX_COLUMNS), min(at + times, MAX_COLUMNS))
        at += times


def _content_of(cell: etree._Element) -> object:
    """A number, day, truth or text as stored; None for a cell that holds nothing."""
    kind = cell.get(_KIND, "")
    try:
        if kind in _NUMBERS:
            return Decimal(cell.get(_VALUE, ""))
        if kind == "date":
            return dt.datetime.fromisoformat(cell.get(_name("office:date-value"), ""))
    except (InvalidOperation, ValueError):
        pass
    if kind == "boolean":
        return cell.get(_name("office:boolean-value")) == "true"
    return "\n".join(_paragraph(one) for one in cell.iterchildren(_PARAGRAPH)) or None


def _paragraph(element: etree._Element) -> str:
    """The words of one paragraph; comments stand outside of it."""
    words = [element.text or ""]
    for one in element.iterdescendants():
        if one.tag == _SPACES:
            words.append(" ")
        elif one.tag == _BREAK:
            words.append("\n")
        elif isinstance(one.tag, str):
            words.append(one.text or "")
        words.append(one.tail or "")
    return "".join(words)


def _formula(cell: etree._Element) -> str:
    """The formula without the prefix that names its dialect."""
    said = str(cell.get(_FORMULA, ""))
    return "=" + said.partition("=")[2] if "=" in said else said
